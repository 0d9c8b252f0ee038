/* What each program around an example of the page does with the session that
 * the example made: one Confirmable GET of /.well-known/core, answered. */
#ifndef EXAMPLES_PAGE_EXCHANGE_H
#define EXAMPLES_PAGE_EXCHANGE_H

#include <coap3/coap.h>

#include <stdio.h>

static int exchange_code;
static int exchange_done;

static coap_response_t exchange_response(coap_session_t *session, const coap_pdu_t *sent,
                                         const coap_pdu_t *received, const coap_mid_t mid) {
  (void)session;
  (void)sent;
  (void)mid;
  exchange_done = 1;
  exchange_code = (int)coap_pdu_get_code(received);
  return COAP_RESPONSE_OK;
}

static void exchange_nack(coap_session_t *session, const coap_pdu_t *sent,
                          const coap_nack_reason_t reason, const coap_mid_t mid) {
  (void)session;
  (void)sent;
  (void)mid;
  exchange_done = 1;
  fprintf(stderr, "no response, reason %d\n", (int)reason);
}

/* Exit code: 0 when a 2.05 came back, else 1. Ends the session and its
 * context. */
static int exchange(coap_session_t *session) {
  coap_context_t *context;
  coap_pdu_t *pdu;
  uint8_t token[8];
  size_t length;
  if (!session) {
    fprintf(stderr, "no session: %s\n", coap_last_error());
    return 1;
  }
  context = coap_session_get_context(session);
  coap_register_response_handler(context, exchange_response);
  coap_register_nack_handler(context, exchange_nack);
  pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  coap_session_new_token(session, &length, token);
  coap_add_token(pdu, length, token);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 11, (const uint8_t *)".well-known");
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"core");
  if (coap_send(session, pdu) == COAP_INVALID_MID)
    fprintf(stderr, "not sent: %s\n", coap_last_error());
  else
    while (!exchange_done)
      coap_io_process(context, COAP_IO_WAIT);
  printf("%s: %d.%02d\n", coap_session_str(session), exchange_code >> 5, exchange_code & 31);
  coap_session_release(session);
  coap_free_context(context);
  return exchange_code == COAP_RESPONSE_CODE_CONTENT ? 0 : 1;
}

#endif
