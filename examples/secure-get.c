/* A small client for secured servers: sends a Confirmable GET over DTLS, TLS or
 * a secure WebSocket and prints the payload of the response.
 *
 *   cc secure-get.c $(pkg-config --cflags --libs libcoap-3) -o secure-get
 *   ./secure-get -k psk.txt coaps://127.0.0.1/.well-known/core
 *   ./secure-get -C ca.pem -n localhost coaps+tcp://127.0.0.1/.well-known/core
 *
 *   -k FILE    pre-shared key: one line, identity:key, the key in hex
 *   -C FILE    the server's certificate has to lead to a CA in FILE (PEM)
 *   -c FILE    our own certificate; its key is given by
 *   -j FILE
 *   -n NAME    the server's name: asked for, and looked for in its certificate
 *   -l PATH    our own path, for a server on a Unix-domain socket
 * Without -k and -C the server is not checked at all. A key in an argument could be
 * seen by everyone on the machine, so it comes from a file.
 *
 * Exit code 0 for a 2.xx response, 1 for any other end, 2 for wrong arguments. */
#include <coap3/coap.h>

#include <stdio.h>
#include <string.h>

typedef struct options {
  const char *psk, *ca, *certificate, *key, *local, *uri;
  char *name;
} options;

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
  get_result *result = coap_session_get_app_data(session);
  (void)sent;
  (void)mid;
  result->done = 1;
  fprintf(stderr, "secure-get: %s: %s\n",
          reason == COAP_NACK_TLS_FAILED ? "no secure session" : "no answer", coap_last_error());
}

static int arguments(int argc, char **argv, options *o) {
  int i;
  memset(o, 0, sizeof *o);
  for (i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "-k") == 0)
      o->psk = argv[i + 1];
    else if (strcmp(argv[i], "-C") == 0)
      o->ca = argv[i + 1];
    else if (strcmp(argv[i], "-c") == 0)
      o->certificate = argv[i + 1];
    else if (strcmp(argv[i], "-j") == 0)
      o->key = argv[i + 1];
    else if (strcmp(argv[i], "-n") == 0)
      o->name = argv[i + 1];
    else if (strcmp(argv[i], "-l") == 0)
      o->local = argv[i + 1];
    else
      return 0;
  }
  if (i + 1 != argc)
    return 0;
  o->uri = argv[i];
  return !(o->psk && (o->ca || o->certificate));
}

/* Reads identity:hexkey. */
static int read_psk(const char *path, coap_dtls_cpsk_t *psk) {
  static uint8_t identity[128], key[64];
  char line[300];
  unsigned byte;
  size_t n = 0;
  char *colon;
  FILE *file = fopen(path, "r");
  int got = file && fgets(line, sizeof line, file) != NULL;
  if (file)
    fclose(file);
  if (!got || !(colon = strchr(line, ':')) || (size_t)(colon - line) > sizeof identity)
    return 0;
  memcpy(identity, line, (size_t)(colon - line));
  while (n < sizeof key && sscanf(colon + 1 + 2 * n, "%2x", &byte) == 1)
    key[n++] = (uint8_t)byte;
  psk->psk_info.identity.s = identity;
  psk->psk_info.identity.length = (size_t)(colon - line);
  psk->psk_info.key.s = key;
  psk->psk_info.key.length = n;
  return n > 0;
}

static coap_session_t *new_session(coap_context_t *context, const options *o,
                                   const coap_address_t *local, const coap_address_t *server,
                                   coap_proto_t proto) {
  if (o->psk) {
    coap_dtls_cpsk_t psk;
    memset(&psk, 0, sizeof psk);
    psk.version = COAP_DTLS_CPSK_SETUP_VERSION;
    psk.client_sni = o->name;
    if (!read_psk(o->psk, &psk)) {
      fprintf(stderr, "secure-get: %s: no line of identity:key\n", o->psk);
      return NULL;
    }
    return coap_new_client_session_psk2(context, local, server, proto, &psk);
  }
  if (o->ca || o->certificate) {
    coap_dtls_pki_t pki;
    memset(&pki, 0, sizeof pki);
    pki.version = COAP_DTLS_PKI_SETUP_VERSION;
    pki.verify_peer_cert = o->ca != NULL;
    pki.client_sni = o->name;
    pki.pki_key.key_type = COAP_PKI_KEY_PEM;
    pki.pki_key.key.pem.ca_file = o->ca;
    pki.pki_key.key.pem.public_cert = o->certificate;
    pki.pki_key.key.pem.private_key = o->key;
    return coap_new_client_session_pki(context, local, server, proto, &pki);
  }
  return coap_new_client_session(context, local, server, proto);
}

static coap_session_t *connect_to(coap_context_t *context, const options *o, const coap_uri_t *uri,
                                  coap_address_t *server) {
  coap_addr_info_t *info =
      coap_resolve_address_info(&uri->host, uri->port, uri->port, uri->port, uri->port, 0,
                                1 << uri->scheme, COAP_RESOLVE_TYPE_REMOTE);
  coap_session_t *session = NULL;
  coap_address_t local;
  if (info && o->local &&
      !coap_address_set_unix_domain(&local, (const uint8_t *)o->local, strlen(o->local))) {
    coap_free_address_info(info);
    return NULL;
  }
  if (info) {
    *server = info->addr;
    session = new_session(context, o, o->local ? &local : NULL, server, info->proto);
  }
  coap_free_address_info(info);
  return session;
}

static int send_get(coap_session_t *session, const coap_uri_t *uri, const coap_address_t *server) {
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  coap_optlist_t *list = NULL;
  uint8_t token[8];
  size_t length;
  int ready;
  if (!pdu)
    return 0;
  coap_session_new_token(session, &length, token);
  ready = coap_add_token(pdu, length, token) && coap_uri_into_optlist(uri, server, &list, 1) &&
          coap_add_optlist_pdu(pdu, &list);
  coap_delete_optlist(list);
  if (ready)
    return coap_send(session, pdu) != COAP_INVALID_MID;
  coap_delete_pdu(pdu);
  return 0;
}

int main(int argc, char **argv) {
  options o;
  coap_uri_t uri;
  coap_address_t server;
  get_result result = {0, 0};
  coap_session_t *session;
  coap_context_t *context;

  coap_startup();
  coap_set_log_level(COAP_LOG_ERR);
  if (!arguments(argc, argv, &o) ||
      coap_split_uri((const uint8_t *)o.uri, strlen(o.uri), &uri) < 0) {
    fprintf(stderr,
            "usage: secure-get [-k FILE | -C FILE [-c FILE -j FILE]] [-n NAME] [-l PATH] URI\n%s\n",
            coap_last_error());
    return 2;
  }
  context = coap_new_context(NULL);
  session = context ? connect_to(context, &o, &uri, &server) : NULL;
  if (session) {
    coap_register_response_handler(context, on_response);
    coap_register_nack_handler(context, on_nack);
    coap_session_set_app_data(session, &result);
    if (send_get(session, &uri, &server))
      while (!result.done)
        coap_io_process(context, COAP_IO_WAIT);
  }
  if (!result.done)
    fprintf(stderr, "secure-get: %s\n", coap_last_error());
  coap_session_release(session);
  coap_free_context(context);
  coap_cleanup();
  return COAP_RESPONSE_CLASS(result.code) == 2 ? 0 : 1;
}
