/* The part of the api_calls target that makes sessions with keys and certificates,
 * good and bad, and the callbacks in their set-ups, which call the library again as
 * handlers do. */
#ifndef CS_FUZZ_API_CREDENTIALS_H
#define CS_FUZZ_API_CREDENTIALS_H

#include "fuzz/api/messages.h"

static int within(coap_session_t *s, const coap_pdu_t *sent, const coap_pdu_t *received);

static const coap_dtls_cpsk_info_t *on_hint(coap_str_const_t *hint, coap_session_t *s, void *arg) {
  static coap_dtls_cpsk_info_t info;
  CS_ORACLE(arg == &w && hint && hint->length > 0);
  note(hint->s, hint->length);
  info.identity = (coap_bin_const_t){8, (const uint8_t *)"coapspec"};
  info.key = (coap_bin_const_t){13, (const uint8_t *)"Secret_key123"};
  return within(s, NULL, NULL) & 1 ? NULL : &info;
}

static int on_certificate(const char *cn, const uint8_t *der, size_t len, coap_session_t *s,
                          unsigned depth, int validated, void *arg) {
  CS_ORACLE(arg == &w && cn && der && len > 0);
  note(cn, strlen(cn));
  note_int(depth * 2 + (validated != 0));
  return !(within(s, NULL, NULL) & 1);
}

static int on_setup(void *tls_session, coap_dtls_pki_t *setup) {
  CS_ORACLE(tls_session && setup);
  return (within(NULL, NULL, NULL) & 3) != 1;
}

/* The right key, or what the input makes of it. */
static coap_session_t *with_psk(const coap_address_t *local, const coap_address_t *server,
                                coap_proto_t proto) {
  uint8_t how = u8();
  char identity[140] = "coapspec";
  uint8_t key[80] = "Secret_key123";
  size_t identity_len = 8, key_len = 13;
  char name[] = "localhost";
  if (how & 1) {
    cs_span b = bytes();
    key_len = b.len < sizeof key ? b.len : sizeof key;
    memcpy(key, b.at, key_len);
  }
  if (how & 2) {
    cs_span b = bytes();
    identity_len = b.len < sizeof identity - 1 ? b.len : sizeof identity - 1;
    memcpy(identity, b.at, identity_len);
    identity[identity_len] = 0;
  }
  if (how & 4)
    return coap_new_client_session_psk(w.context, local, server, proto, how & 8 ? NULL : identity,
                                       how & 16 ? NULL : key, (unsigned)key_len);
  coap_dtls_cpsk_t psk;
  memset(&psk, 0, sizeof psk);
  psk.version = how & 8 ? u8() : COAP_DTLS_CPSK_SETUP_VERSION;
  psk.client_sni = how & 32 ? name : NULL;
  psk.psk_info.identity = (coap_bin_const_t){identity_len, (const uint8_t *)identity};
  psk.psk_info.key = (coap_bin_const_t){key_len, how & 16 ? NULL : key};
  if (how & 64) {
    psk.validate_ih_call_back = on_hint;
    psk.ih_call_back_arg = &w;
  }
  return coap_new_client_session_psk2(w.context, local, server, proto, how & 128 ? NULL : &psk);
}

static void fill_pki(coap_dtls_pki_t *pki, char *name) {
  uint8_t how = u8();
  static uint8_t changed[512];
  memset(pki, 0, sizeof *pki);
  pki->version = how & 1 ? u8() : COAP_DTLS_PKI_SETUP_VERSION;
  pki->verify_peer_cert = 1;
  if (how & 2) { /* a policy, and what is reserved */
    cs_span b = bytes();
    memcpy(&pki->verify_peer_cert, b.at, b.len < 15 ? b.len : 15);
  }
  pki->pki_key.key_type = how & 4 ? (coap_pki_key_t)(u8() % 6) : COAP_PKI_KEY_PEM_BUF;
  pki->pki_key.key.pem_buf =
      (coap_pki_key_pem_buf_t){.ca_cert = ca_pem, .ca_cert_len = sizeof ca_pem};
  if (how & 8) {
    pki->pki_key.key.pem_buf.public_cert = server_pem;
    pki->pki_key.key.pem_buf.public_cert_len = sizeof server_pem;
    pki->pki_key.key.pem_buf.private_key = u8() & 3 ? server_key : intruder_key;
    pki->pki_key.key.pem_buf.private_key_len = sizeof server_key;
  }
  /* Other members of the union than those that were set hold no pointers to texts. */
  if (pki->pki_key.key_type != COAP_PKI_KEY_PEM_BUF && pki->pki_key.key_type != COAP_PKI_KEY_ASN1)
    memset(&pki->pki_key.key, 0, sizeof pki->pki_key.key);
  if (how & 16) {
    memcpy(changed, ca_pem, sizeof changed);
    changed[u16() % sizeof changed] = u8();
    pki->pki_key.key.pem_buf.ca_cert = changed;
    pki->pki_key.key.pem_buf.ca_cert_len = u16() % (sizeof changed + 1);
    pki->pki_key.key_type = COAP_PKI_KEY_PEM_BUF;
  }
  pki->client_sni = how & 32 ? name : NULL;
  if (how & 64) {
    pki->validate_cn_call_back = on_certificate;
    pki->cn_call_back_arg = &w;
  }
  if (how & 128)
    pki->additional_tls_setup_call_back = on_setup;
}

static coap_session_t *with_pki(const coap_address_t *local, const coap_address_t *server,
                                coap_proto_t proto) {
  coap_dtls_pki_t pki;
  char name[] = "localhost";
  fill_pki(&pki, name);
  coap_session_t *s = coap_new_client_session_pki(w.context, local, server, proto, &pki);
  memset(name, 'x', sizeof name - 1); /* it was copied */
  return s;
}

static void set_pki(void) {
  coap_dtls_pki_t pki;
  char name[] = "localhost";
  uint8_t how = u8();
  fill_pki(&pki, name);
  asks();
  if (how & 3)
    said(coap_context_set_pki(w.context, how & 4 ? NULL : &pki));
  else
    said(coap_context_set_pki_root_cas(w.context, how & 4 ? "" : NULL, NULL));
  memset(name, 'x', sizeof name - 1);
}

static coap_session_t *construct(uint8_t how, const coap_address_t *local,
                                 const coap_address_t *server, coap_proto_t proto) {
  bool secured = proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TLS || proto == COAP_PROTO_WSS;
  switch (secured ? how >> 4 & 3 : how >> 4 & 7) {
  case 0:
    return with_psk(local, server, proto);
  case 1:
    return with_pki(local, server, proto);
  default:
    return coap_new_client_session(w.context, local, server, proto);
  }
}

#endif
