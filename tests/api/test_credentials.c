/* Keys and certificates as applications hand them in: each fault gives NULL and
 * a reason that names it, at once. */
#include "secure_fixture.h"

static void refused(const coap_dtls_pki_t *data, const char *words) {
  coap_dtls_pki_t copy = *data;
  size_t sockets = cs_test_net_open_sockets(fx.net);
  ck_assert_ptr_null(coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &copy));
  fx_reason(words);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), sockets);
}

static void accepted(const coap_dtls_pki_t *data) {
  coap_dtls_pki_t copy = *data;
  fx.session = coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &copy);
  ck_assert_msg(fx.session != NULL, "%s", coap_last_error());
  fx.told[0] = '\0';
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 30));
  coap_session_release(fx.session);
}

static void psk_refused(const coap_bin_const_t *identity, const coap_bin_const_t *key,
                        const char *words) {
  coap_dtls_cpsk_t data = se_psk("", "");
  data.psk_info.identity = *identity;
  data.psk_info.key = *key;
  ck_assert_ptr_null(
      coap_new_client_session_psk2(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data));
  fx_reason(words);
}

START_TEST(identities_and_keys_have_bounds) {
  static const uint8_t bytes[200];
  const coap_bin_const_t good = {4, bytes}, empty = {0, bytes}, null = {4, NULL},
                         identity = {CS_TLS_IDENTITY_MAX + 1, bytes},
                         key = {CS_TLS_KEY_MAX + 1, bytes};
  psk_refused(&empty, &good, "identity");
  psk_refused(&null, &good, "identity");
  psk_refused(&identity, &good, "identity");
  psk_refused(&good, &empty, "key");
  psk_refused(&good, &null, "key");
  psk_refused(&good, &key, "key");
}
END_TEST

START_TEST(files) {
  coap_dtls_pki_t data = se_pki("/nonexistent/ca.pem");
  refused(&data, "ca_file: /nonexistent/ca.pem");
  data.pki_key.key.pem.ca_file = se_path("");
  refused(&data, "not a file");
  data.pki_key.key.pem.ca_file = "/dev/null";
  refused(&data, "not a file, or an empty one");
  data.pki_key.key.pem.ca_file = se_path("make.sh");
  refused(&data, "ca");
  data.pki_key.key.pem.ca_file = se_path("ca.pem");
  data.pki_key.key.pem.public_cert = se_path("client.pem");
  refused(&data, "key");
  data.pki_key.key.pem.private_key = se_path("server.key");
  refused(&data, "key");
  data.pki_key.key.pem.private_key = "/nonexistent";
  refused(&data, "private_key: /nonexistent");
  data.pki_key.key.pem.private_key = se_path("client.key");
  data.pki_key.key.pem.public_cert = NULL;
  refused(&data, "certificate");
  data.pki_key.key.pem.public_cert = se_path("client.pem");
  accepted(&data);
}
END_TEST

START_TEST(types_of_keys) {
  coap_dtls_pki_t data = se_pki(NULL);
  data.pki_key.key_type = COAP_PKI_KEY_PKCS11;
  refused(&data, "PKCS #11");
  data.pki_key.key_type = (coap_pki_key_t)17;
  refused(&data, "key_type 17");
}
END_TEST

START_TEST(buffers) {
  coap_dtls_pki_t data = se_pki(NULL);
  cs_span ca = se_file("ca.pem"), certificate = se_file("client.pem"), key = se_file("client.key");
  data.pki_key.key_type = COAP_PKI_KEY_PEM_BUF;
  coap_pki_key_pem_buf_t *b = &data.pki_key.key.pem_buf;
  *b = (coap_pki_key_pem_buf_t){ca.at, certificate.at, key.at, ca.len, certificate.len, key.len};
  accepted(&data);
  b->ca_cert_len = 0;
  refused(&data, "CA certificate has length 0");
  b->ca_cert = NULL;
  b->ca_cert_len = ca.len;
  refused(&data, "CA certificate has a length, but is NULL");
  b->ca_cert = key.at;
  b->ca_cert_len = key.len;
  refused(&data, "ca");
}
END_TEST

/* The DER within a PEM block. */
static size_t der_of(cs_span pem, uint8_t *out) {
  const char *text = (const char *)pem.at;
  const char *at = strchr(strstr(text, "-----BEGIN") + 10, '\n') + 1;
  size_t n = 0;
  uint32_t bits = 0;
  unsigned have = 0;
  for (; *at != '-' && *at != '='; at++) {
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *v = strchr(set, *at);
    if (*at == '\n' || !v)
      continue;
    bits = bits << 6 | (uint32_t)(v - set);
    if ((have += 6) >= 8)
      out[n++] = (uint8_t)(bits >> (have -= 8));
  }
  return n;
}

START_TEST(der) {
  static uint8_t ca[4096], certificate[4096], key[4096];
  coap_dtls_pki_t data = se_pki(NULL);
  data.pki_key.key_type = COAP_PKI_KEY_ASN1;
  coap_pki_key_asn1_t *a = &data.pki_key.key.asn1;
  *a = (coap_pki_key_asn1_t){.ca_cert = ca, .public_cert = certificate, .private_key = key};
  a->ca_cert_len = der_of(se_file("ca.pem"), ca);
  a->public_cert_len = der_of(se_file("client.pem"), certificate);
  a->private_key_len = der_of(se_file("client.key"), key);
  a->private_key_type = COAP_ASN1_PKEY_EC;
  accepted(&data);
  a->public_cert_len--;
  refused(&data, "certificate");
  a->public_cert_len++;
  a->private_key_len /= 2;
  refused(&data, "key");
}
END_TEST

START_TEST(something_has_to_be_trusted) {
  coap_dtls_pki_t data = se_pki(NULL);
  refused(&data, "trust");
  data.check_common_ca = 1;
  refused(&data, "ca");
}
END_TEST

START_TEST(without_verification_the_other_flags_mean_nothing) {
  coap_dtls_pki_t data = se_pki(NULL);
  data.check_common_ca = data.cert_chain_validation = data.check_cert_revocation = 1;
  data.verify_peer_cert = 0;
  accepted(&data);
}
END_TEST

SE_SUITE("credentials", identities_and_keys_have_bounds, files, types_of_keys, buffers, der,
         something_has_to_be_trusted, without_verification_the_other_flags_mean_nothing)
