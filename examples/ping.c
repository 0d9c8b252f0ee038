/* Asks whether a CoAP endpoint is alive (RFC 7252 section 4.3):
 *
 *   ping ADDRESS [PORT]      ADDRESS is an IP address or a host name
 *
 * Exit code 0 when it answered, 1 when not, 2 for a bad argument. */
#include <coap3/coap.h>

#include <stdio.h>
#include <stdlib.h>

static int answered = -1;

static void on_pong(coap_session_t *session, const coap_pdu_t *received, const coap_mid_t mid) {
  (void)received;
  (void)mid;
  answered = 1;
  printf("%s is alive\n", coap_session_str(session));
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
                    const coap_nack_reason_t reason, const coap_mid_t mid) {
  (void)sent;
  (void)mid;
  answered = 0;
  printf("%s %s\n", coap_session_str(session),
         reason == COAP_NACK_ICMP_ISSUE ? "is unreachable" : "does not answer");
}

int main(int argc, char **argv) {
  long port = argc == 3 ? strtol(argv[2], NULL, 10) : COAP_DEFAULT_PORT;
  coap_addr_info_t *info;
  coap_context_t *context;
  coap_session_t *session;
  if (argc < 2 || argc > 3 || port < 1 || port > 65535) {
    fprintf(stderr, "usage: ping ADDRESS [PORT]\n");
    return 2;
  }
  coap_startup();
  info = coap_resolve_address_info(coap_make_str_const(argv[1]), (uint16_t)port, 0, 0, 0, 0,
                                   COAP_URI_SCHEME_COAP_BIT, COAP_RESOLVE_TYPE_REMOTE);
  context = coap_new_context(NULL);
  session =
      info && context ? coap_new_client_session(context, NULL, &info->addr, info->proto) : NULL;
  coap_free_address_info(info);
  if (session) {
    coap_register_pong_handler(context, on_pong);
    coap_register_nack_handler(context, on_nack);
    if (coap_session_send_ping(session) != COAP_INVALID_MID)
      while (answered < 0)
        coap_io_process(context, COAP_IO_WAIT);
  }
  coap_session_release(session);
  coap_free_context(context);
  coap_cleanup();
  return answered == 1 ? 0 : session ? 1 : 2;
}
