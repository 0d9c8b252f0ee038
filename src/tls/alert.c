#include "tls/tls.h"

/* RFC 5246 section 7.2, RFC 6066, RFC 4279, RFC 7301, RFC 8446. */
static const struct {
  uint8_t description;
  const char *name;
} alerts[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
};

enum { COUNT = sizeof alerts / sizeof *alerts };

const char *cs_tls_alert_name(uint8_t description) {
  for (size_t i = 0; i < COUNT; i++)
    if (alerts[i].description == description)
      return alerts[i].name;
  return NULL;
}

static bool is_text(cs_span name, const char *text) {
  size_t n = 0;
  while (n < name.len && text[n] && (uint8_t)text[n] == name.at[n])
    n++;
  return n == name.len && text[n] == 0;
}

bool cs_tls_alert_named(cs_span name, uint8_t *description) {
  for (size_t i = 0; i < COUNT; i++)
    if (is_text(name, alerts[i].name)) {
      *description = alerts[i].description;
      return true;
    }
  return false;
}
