#include "runner/suite.h"

#define PSK CS_RUNNER_SUITE_PSK
#define CERT CS_RUNNER_SUITE_CERTIFICATE

/* The AEAD suites of pre-shared keys and of ECDHE with certificates; those of
 * TLS 1.3; and a few that no endpoint of CoAP should be content with. */
static const cs_runner_suite suites[] = {
    {0x00a8, PSK, "TLS_PSK_WITH_AES_128_GCM_SHA256"},
    {0x00a9, PSK, "TLS_PSK_WITH_AES_256_GCM_SHA384"},
    {0x00aa, PSK, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256"},
    {0x00ab, PSK, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384"},
    {0xc0a4, PSK, "TLS_PSK_WITH_AES_128_CCM"},
    {0xc0a5, PSK, "TLS_PSK_WITH_AES_256_CCM"},
    {0xc0a6, PSK, "TLS_DHE_PSK_WITH_AES_128_CCM"},
    {0xc0a7, PSK, "TLS_DHE_PSK_WITH_AES_256_CCM"},
    {0xc0a8, PSK, "TLS_PSK_WITH_AES_128_CCM_8"},
    {0xc0a9, PSK, "TLS_PSK_WITH_AES_256_CCM_8"},
    {0xc0aa, PSK, "TLS_PSK_DHE_WITH_AES_128_CCM_8"},
    {0xc0ab, PSK, "TLS_PSK_DHE_WITH_AES_256_CCM_8"},
    {0xccab, PSK, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccac, PSK, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccad, PSK, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    {0xd001, PSK, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"},
    {0xd002, PSK, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384"},
    {0xd003, PSK, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256"},
    {0xd005, PSK, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"},
    {0xc02b, CERT, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, CERT, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc0ac, CERT, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
    {0xc0ad, CERT, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
    {0xc0ae, CERT, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
    {0xc0af, CERT, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
    {0xcca9, CERT, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xc02f, CERT, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, CERT, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, CERT, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0x1301, CS_RUNNER_SUITE_ANY, "TLS_AES_128_GCM_SHA256"},
    {0x1302, CS_RUNNER_SUITE_ANY, "TLS_AES_256_GCM_SHA384"},
    {0x1303, CS_RUNNER_SUITE_ANY, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, CS_RUNNER_SUITE_ANY, "TLS_AES_128_CCM_SHA256"},
    {0x1305, CS_RUNNER_SUITE_ANY, "TLS_AES_128_CCM_8_SHA256"},
    {0xc08e, PSK, "TLS_PSK_WITH_CAMELLIA_128_GCM_SHA256"},
    {0xc08f, PSK, "TLS_PSK_WITH_CAMELLIA_256_GCM_SHA384"},
    {0x00ae, PSK, "TLS_PSK_WITH_AES_128_CBC_SHA256"},
    {0x00b0, PSK, "TLS_PSK_WITH_NULL_SHA256"},
    {0x003b, CERT, "TLS_RSA_WITH_NULL_SHA256"},
    {0xc023, CERT, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
};

enum { COUNT = sizeof suites / sizeof suites[0] };

const cs_runner_suite *cs_runner_suite_named(cs_span name) {
  for (size_t i = 0; i < COUNT; i++)
    if (cs_span_equal(name, cs_span_str(suites[i].name)))
      return &suites[i];
  return NULL;
}

const cs_runner_suite *cs_runner_suite_numbered(uint16_t number) {
  for (size_t i = 0; i < COUNT; i++)
    if (suites[i].number == number)
      return &suites[i];
  return NULL;
}

const cs_runner_suite *cs_runner_suite_at(size_t i) {
  return i < COUNT ? &suites[i] : NULL;
}
