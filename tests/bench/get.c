/* get ADDRESS PORT block|plain|tcp|dtls|tls COUNT: COUNT GET requests, one after the
 * other; every response must be 2.05. With "block" the context has the block mode
 * that the manual page's examples set, with "plain" none, both over UDP; with
 * "tcp", "dtls" and "tls" they go over that, with the block mode. */
#include <string.h>

#include "peer.h"

static unsigned long answered;
static int waiting;

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  (void)session;
  (void)sent;
  (void)mid;
  if (coap_pdu_get_code(received) == COAP_RESPONSE_CODE_CONTENT)
    answered++;
  waiting = 0;
  return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
                    const coap_nack_reason_t reason, const coap_mid_t mid) {
  (void)session;
  (void)sent;
  (void)reason;
  (void)mid;
  bench_fail("a request got no answer");
}

static coap_proto_t proto_of(const char *mode) {
  if (strcmp(mode, "block") == 0 || strcmp(mode, "plain") == 0)
    return COAP_PROTO_UDP;
  if (strcmp(mode, "dtls") == 0)
    return COAP_PROTO_DTLS;
  if (strcmp(mode, "tls") == 0)
    return COAP_PROTO_TLS;
  return strcmp(mode, "tcp") == 0 ? COAP_PROTO_TCP : COAP_PROTO_NONE;
}

static void get(coap_context_t *context, coap_session_t *session) {
  uint8_t token[8];
  size_t token_length = 0;
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  if (!pdu)
    bench_fail("no PDU");
  coap_session_new_token(session, &token_length, token);
  if (!coap_add_token(pdu, token_length, token) ||
      !coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"time"))
    bench_fail("the request could not be built");
  waiting = 1;
  if (coap_send(session, pdu) == COAP_INVALID_MID)
    bench_fail("the request could not be sent");
  while (waiting)
    if (coap_io_process(context, COAP_IO_WAIT) < 0)
      bench_fail("coap_io_process failed");
}

int main(int argc, char **argv) {
  coap_proto_t proto = argc == 5 ? proto_of(argv[3]) : COAP_PROTO_NONE;
  if (proto == COAP_PROTO_NONE)
    bench_fail("usage: get ADDRESS PORT block|plain|tcp|dtls|tls COUNT");
  unsigned long count = bench_count(argv[4]);
  coap_address_t peer;
  bench_peer(&peer, argv[1], argv[2]);
  coap_startup();
  coap_context_t *context = coap_new_context(NULL);
  if (!context)
    bench_fail("no context");
  if (strcmp(argv[3], "plain") != 0)
    coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
  coap_register_response_handler(context, on_response);
  coap_register_nack_handler(context, on_nack);
  coap_session_t *session = bench_session(context, &peer, proto);
  if (!session)
    bench_fail("no session");
  for (unsigned long i = 0; i < count; i++)
    get(context, session);
  coap_session_release(session);
  coap_free_context(context);
  coap_cleanup();
  if (answered != count)
    bench_fail("not every response was 2.05");
  return 0;
}
