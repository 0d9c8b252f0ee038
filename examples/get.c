/* A small client: coap-get URI sends a Confirmable GET and prints the payload
 * of the response.
 *
 *   cc get.c $(pkg-config --cflags --libs libcoap-3) -o get
 *   ./get coap://127.0.0.1/.well-known/core
 *
 * Exit code 0 for a 2.xx response, 1 for any other end, 2 for a bad URI. */
#include <coap3/coap.h>

#include <stdio.h>
#include <string.h>

typedef struct get_result {
  int done;
  int code; /* of the response; 0 when there was none */
} get_result;

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  get_result *result = coap_session_get_app_data(session);
  const uint8_t *data;
  size_t length;
  (void)sent;
  (void)mid;
  result->done = 1;
  result->code = (int)coap_pdu_get_code(received);
  if (coap_get_data(received, &length, &data)) {
    fwrite(data, 1, length, stdout);
    putchar('\n');
  }
  return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
                    const coap_nack_reason_t reason, const coap_mid_t mid) {
  static const char *const words[] = {"no answer",  "session ended", "Reset",
                                      "TLS failed", "unreachable",   "bad response"};
  get_result *result = coap_session_get_app_data(session);
  (void)sent;
  (void)mid;
  result->done = 1;
  fprintf(stderr, "get: %s\n", reason <= COAP_NACK_BAD_RESPONSE ? words[reason] : "failed");
}

/* A session with the host of uri, at the first address it has. */
static coap_session_t *connect_to(coap_context_t *context, const coap_uri_t *uri,
                                  coap_address_t *server) {
  coap_addr_info_t *info =
      coap_resolve_address_info(&uri->host, uri->port, uri->port, uri->port, uri->port, 0,
                                1 << uri->scheme, COAP_RESOLVE_TYPE_REMOTE);
  coap_session_t *session = NULL;
  if (info) {
    *server = info->addr;
    session = coap_new_client_session(context, NULL, server, info->proto);
    if (session && info->proto == COAP_PROTO_WS) {
      coap_str_const_t host = uri->host;
      coap_ws_set_host_request(session, &host);
    }
  }
  coap_free_address_info(info);
  return session;
}

static int send_get(coap_session_t *session, const coap_uri_t *uri, const coap_address_t *server) {
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  coap_optlist_t *options = NULL;
  uint8_t token[8];
  size_t length;
  int ready;
  if (!pdu)
    return 0;
  coap_session_new_token(session, &length, token);
  ready = coap_add_token(pdu, length, token) && coap_uri_into_optlist(uri, server, &options, 1) &&
          coap_add_optlist_pdu(pdu, &options);
  coap_delete_optlist(options);
  if (ready)
    return coap_send(session, pdu) != COAP_INVALID_MID;
  coap_delete_pdu(pdu);
  return 0;
}

int main(int argc, char **argv) {
  coap_uri_t uri;
  coap_address_t server;
  get_result result = {0, 0};
  coap_session_t *session;
  coap_context_t *context;

  /* Reasons are printed here, once, so the log has less to say. */
  coap_startup();
  coap_set_log_level(COAP_LOG_ERR);
  if (argc != 2 || coap_split_uri((const uint8_t *)argv[1], strlen(argv[1]), &uri) < 0) {
    fprintf(stderr, "usage: get URI\n%s\n", coap_last_error());
    return 2;
  }
  context = coap_new_context(NULL);
  session = context ? connect_to(context, &uri, &server) : NULL;
  if (session) {
    coap_register_response_handler(context, on_response);
    coap_register_nack_handler(context, on_nack);
    coap_session_set_app_data(session, &result);
    if (send_get(session, &uri, &server))
      while (!result.done)
        coap_io_process(context, COAP_IO_WAIT);
  }
  if (!result.done)
    fprintf(stderr, "get: %s\n", coap_last_error());
  coap_session_release(session);
  coap_free_context(context);
  coap_cleanup();
  return COAP_RESPONSE_CLASS(result.code) == 2 ? 0 : 1;
}
