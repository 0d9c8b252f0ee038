/* Whether the end of a handshake, or an alert, is what a pattern wants, and how
 * both are written in reports. */
#include "runner/case_inside.h"

static const char *alert_text(cs_runner_arena *arena, uint8_t alert) {
  const char *name = cs_tls_alert_name(alert);
  return name ? name : cs_runner_format(arena, "%u", alert);
}

const char *cs_runner_alert_notation(cs_runner_arena *arena, uint8_t alert) {
  return cs_runner_format(arena, "alert %s", alert_text(arena, alert));
}

const char *cs_runner_secured_notation(cs_runner_arena *arena, const cs_tls_negotiated *n,
                                       bool datagrams) {
  char *text = cs_runner_format(arena, "secured %s %s 1.%u", n->name ? n->name : "by some suite",
                                datagrams ? "DTLS" : "TLS", (n->version & 0xffu) - 1u);
  return n->alpn ? cs_runner_format(arena, "%s alpn=%s", text, n->alpn) : text;
}

const char *cs_runner_failure_text(cs_runner_arena *arena, const cs_tls_failure *f) {
  const char *rule = f->rule == CS_RULE_NONE ? NULL : cs_base_rule_text(f->rule);
  if (f->alerted && f->alert_by_peer)
    return cs_runner_format(arena, "alert %s by the target", alert_text(arena, f->alert));
  if (f->alerted)
    return cs_runner_format(arena, "alert %s by us%s%s", alert_text(arena, f->alert),
                            rule ? ": it does not hold that " : "", rule ? rule : "");
  if (rule && f->rule != CS_RULE_TLS_CLOSED_EARLY)
    return cs_runner_format(arena, "given up by us: it does not hold that %s", rule);
  return "the target closed the connection";
}

static const char *secure_text(cs_runner_arena *arena, const char *text, const char *word) {
  return cs_runner_format(arena, "%s %s", text, word);
}

const char *cs_runner_open_notation(cs_runner_arena *arena, const cs_runner_secure *s) {
  if (s->hello)
    return cs_runner_hello_offered(arena, s->hello);
  const char *text = "open secure";
  const cs_runner_suite *suite = s->suite ? cs_runner_suite_numbered(s->suite) : NULL;
  if (s->with != CS_RUNNER_WITH_ANY)
    text = secure_text(arena, text, cs_runner_with_name(s->with));
  if (s->identity_unknown)
    text = secure_text(arena, text, "identity=unknown");
  if (s->key_wrong)
    text = secure_text(arena, text, "key=wrong");
  if (s->certificate_none)
    text = secure_text(arena, text, "certificate=none");
  if (s->certificate_untrusted)
    text = secure_text(arena, text, "certificate=untrusted");
  if (suite)
    text = cs_runner_format(arena, "%s suite=%s", text, suite->name);
  if (s->sni)
    text = cs_runner_format(arena, "%s sni=%s", text, s->sni);
  if (s->alpn)
    text = cs_runner_format(arena, "%s alpn=%s", text, *s->alpn ? s->alpn : "none");
  return text;
}

/* ---- */

/* Whether one of the field's bytes, or pairs of them, is this. */
static bool among(const cs_runner_field *f, const uint8_t *value, size_t size) {
  for (size_t i = 0; i + size <= f->literal.len; i += size)
    if (memcmp(f->literal.at + i, value, size) == 0)
      return true;
  return false;
}

static bool secured_field_fits(const cs_runner_field *f, const cs_tls_negotiated *n, bool cookie,
                               const char **why) {
  uint8_t suite[2] = {(uint8_t)(n->suite >> 8), (uint8_t)n->suite};
  switch (f->kind) {
  case CS_RUNNER_FIELD_SUITE:
    *why = "the suite is another";
    return among(f, suite, sizeof suite);
  case CS_RUNNER_FIELD_TLS_VERSION:
    *why = "the version is another";
    return n->version == f->number;
  case CS_RUNNER_FIELD_COOKIE:
    *why = cookie ? "the target wanted a cookie" : "the target wanted no cookie";
    return cookie == (f->relation != CS_RUNNER_ABSENT);
  default:
    if (f->relation == CS_RUNNER_ABSENT) {
      *why = "a protocol was selected by ALPN";
      return n->alpn == NULL;
    }
    *why = n->alpn ? "the protocol of ALPN is another" : "no protocol was selected by ALPN";
    return n->alpn && cs_span_equal(cs_span_str(n->alpn), f->literal);
  }
}

bool cs_runner_match_secured(const cs_runner_pattern *pattern, const cs_tls_negotiated *n,
                             bool cookie, const char **why) {
  for (size_t i = 0; i < pattern->field_count; i++)
    if (!secured_field_fits(&pattern->fields[i], n, cookie, why))
      return false;
  return true;
}

bool cs_runner_match_alert(const cs_runner_pattern *pattern, uint8_t alert, const char **why) {
  *why = "the alert is another";
  return pattern->field_count == 0 || among(&pattern->fields[0], &alert, 1);
}

/* close_notify is a way of closing. */
bool cs_runner_match_refused(const cs_runner_pattern *pattern, const cs_tls_failure *f,
                             const char **why) {
  bool by_alert = f->alerted && f->alert_by_peer && f->alert != 0;
  if (cs_runner_by_us(f)) {
    *why = "it was not the target who ended the handshake";
    return false;
  }
  if (pattern->field_count == 0)
    return true;
  if (pattern->fields[0].relation == CS_RUNNER_ABSENT) {
    *why = "it was an alert";
    return !by_alert;
  }
  *why = by_alert ? "the alert is another" : "there was no alert";
  return f->alerted && among(&pattern->fields[0], &f->alert, 1);
}

static bool is_raw(const cs_runner_pattern *pattern, cs_span bytes) {
  for (size_t i = 0; i < pattern->field_count; i++) {
    cs_span want = pattern->fields[i].literal;
    if (want.len > bytes.len || !cs_span_equal(cs_span_cut(bytes, 0, want.len), want))
      return false;
    bytes = cs_span_cut(bytes, want.len, bytes.len - want.len);
  }
  return bytes.len == 0;
}

bool cs_runner_match_plain(const cs_runner_pattern *pattern, cs_span bytes,
                           const cs_wire_message *m, const char *fault, cs_runner_arena *arena,
                           cs_runner_values *values, const char **why) {
  if (pattern->code_count == 0) {
    *why = "the bytes are others";
    return pattern->field_count == 0 || is_raw(pattern, bytes);
  }
  *why = fault;
  return !fault && cs_runner_match(pattern, m, arena, values, why);
}

bool cs_runner_by_us(const cs_tls_failure *f) {
  return f->alerted ? !f->alert_by_peer
                    : f->rule != CS_RULE_NONE && f->rule != CS_RULE_TLS_CLOSED_EARLY;
}

/* What a peer's certificate has to be is settled by what we trust, and by our
 * patience when it ends: no fault of the target's for sure. */
bool cs_runner_failed_by_ours(const cs_tls_failure *f) {
  switch (f->rule) {
  case CS_RULE_TLS_CERTIFICATE:
  case CS_RULE_TLS_CERTIFICATE_NAME:
  case CS_RULE_TLS_CERTIFICATE_DATES:
  case CS_RULE_TLS_CERTIFICATE_REVOKED:
  case CS_RULE_TLS_CRL_DATES:
  case CS_RULE_TLS_CRL_SIGNATURE:
    return true;
  default:
    return f->rule != CS_RULE_NONE && cs_base_rule_basis(f->rule) == CS_BASIS_OURS;
  }
}
