/* The parser of what only DTLS and TLS have: how to shake hands, how a handshake
 * ends, alerts, and what goes beside the security session. */
#include "runner/scenario_field.h"
#include "runner/suite.h"
#include "tls/tls.h"

const char *cs_runner_with_name(cs_runner_with with) {
  static const char *const names[] = {NULL, "psk", "certificate", "anonymous"};
  return names[with];
}

/* ---- How to shake hands ---- */

static bool read_with(state *p, cs_runner_offer *o, bool *found) {
  const uint8_t *start = p->in.at;
  for (unsigned w = CS_RUNNER_WITH_PSK; w <= CS_RUNNER_WITH_NOTHING; w++) {
    if (!cs_runner_take_word(p, cs_runner_with_name((cs_runner_with)w)))
      continue;
    *found = true;
    if (o->secure.with != CS_RUNNER_WITH_ANY)
      return cs_runner_expected_at(p, start, "one of psk, certificate and anonymous only");
    o->secure.with = (cs_runner_with)w;
    return true;
  }
  return true;
}

/* A word "name=value" that sets a flag of the offer. */
static bool read_flag(state *p, cs_runner_offer *o, bool *found) {
  static const char unknown[] = "identity=unknown";
  static const char wrong[] = "key=wrong";
  static const char none[] = "certificate=none";
  static const char untrusted[] = "certificate=untrusted";
  const uint8_t *start = p->in.at;
  unsigned column = cs_runner_column(p);
  bool *flag = NULL;
  bool psk = true;
  if (cs_runner_take_word(p, unknown)) {
    flag = &o->secure.identity_unknown;
  } else if (cs_runner_take_word(p, wrong)) {
    flag = &o->secure.key_wrong;
  } else {
    psk = false;
    if (cs_runner_take_word(p, none))
      flag = &o->secure.certificate_none;
    else if (cs_runner_take_word(p, untrusted))
      flag = &o->secure.certificate_untrusted;
    else
      return true;
  }
  *found = true;
  if (*flag || (!psk && (o->secure.certificate_none || o->secure.certificate_untrusted)))
    return cs_runner_expected_at(p, start, "identity=, key= and certificate= once only");
  *flag = true;
  *(psk ? &o->psk : &o->certificate) = (cs_runner_place){p->line, column};
  return true;
}

static bool read_suite(state *p, cs_runner_offer *o, const uint8_t *start) {
  unsigned column = (unsigned)(start - p->start) + 1;
  cs_span name = cs_runner_name(p);
  const cs_runner_suite *suite = cs_runner_suite_named(name);
  if (!suite)
    return cs_runner_expected_at(p, name.at,
                                 "the name of a suite, such as TLS_PSK_WITH_AES_128_CCM_8");
  if (o->secure.suite)
    return cs_runner_expected_at(p, start, "one suite= only");
  o->secure.suite = suite->number;
  if (suite->key == CS_RUNNER_SUITE_PSK)
    o->psk = (cs_runner_place){p->line, column};
  if (suite->key == CS_RUNNER_SUITE_CERTIFICATE && !o->certificate.line)
    o->certificate = (cs_runner_place){p->line, column};
  return true;
}

static bool read_text(state *p, const uint8_t *start, const char *name, const char **out,
                      bool may_lack) {
  cs_span word = cs_runner_word(p);
  if (*out)
    return cs_runner_expected_at(p, start, "one %s only", name);
  if (word.len == 0 || word.len > CS_TLS_SERVER_NAME_MAX)
    return cs_runner_expected_at(p, word.at, "a name behind %s", name);
  *out = may_lack && cs_span_equal(word, cs_span_str("none")) ? "" : cs_runner_text(p->arena, word);
  return true;
}

bool cs_runner_parse_offer_field(state *p, cs_runner_offer *o) {
  const uint8_t *start = p->in.at;
  bool found = false;
  if (!read_with(p, o, &found) || (!found && !read_flag(p, o, &found)))
    return false;
  if (found)
    return true;
  if (cs_runner_take(p, "suite="))
    return read_suite(p, o, start) && cs_runner_field_end(p);
  if (cs_runner_take(p, "sni="))
    return read_text(p, start, "sni=", &o->secure.sni, false) && cs_runner_field_end(p);
  if (cs_runner_take(p, "alpn="))
    return read_text(p, start, "alpn=", &o->secure.alpn, true) && cs_runner_field_end(p);
  return cs_runner_expected_at(
      p, start,
      "psk, certificate, anonymous, identity=unknown, key=wrong, certificate=none, "
      "certificate=untrusted, suite=, sni= or alpn=");
}

/* A capability that the fields need, as if "needs" said it. */
static void need(state *p, const char *cap) {
  const cs_runner_need *needs = p->needs.items;
  for (size_t i = 0; i < p->needs.count; i++)
    if (needs[i].kind == CS_RUNNER_NEED_CAP && strcmp(needs[i].name, cap) == 0)
      return;
  *(cs_runner_need *)cs_runner_push(p->arena, &p->needs, sizeof *needs) =
      (cs_runner_need){CS_RUNNER_NEED_CAP, false, cap};
}

bool cs_runner_settle_offer(state *p, cs_runner_offer *o, cs_runner_secure *out) {
  cs_runner_with *with = &o->secure.with;
  const cs_runner_place *psk = &o->psk;
  const cs_runner_place *certificate = &o->certificate;
  if (*with == CS_RUNNER_WITH_ANY && psk->line)
    *with = CS_RUNNER_WITH_PSK;
  if (*with == CS_RUNNER_WITH_ANY && certificate->line)
    *with = CS_RUNNER_WITH_CERTIFICATE;
  if (psk->line && *with != CS_RUNNER_WITH_PSK)
    return cs_runner_expected_on(p, psk->line, psk->column,
                                 "psk: identity=, key= and suites of PSK mean nothing with %s",
                                 cs_runner_with_name(*with));
  if (certificate->line && *with == CS_RUNNER_WITH_PSK)
    return cs_runner_expected_on(p, certificate->line, certificate->column,
                                 "certificate: certificate= and suites of certificates mean "
                                 "nothing with psk");
  if (*with == CS_RUNNER_WITH_NOTHING &&
      (o->secure.certificate_none || o->secure.certificate_untrusted))
    return cs_runner_expected_on(p, certificate->line, certificate->column,
                                 "certificate: certificate= means nothing with anonymous");
  if (*with != CS_RUNNER_WITH_ANY)
    need(p, cs_runner_with_name(*with));
  *out = o->secure;
  return true;
}

bool cs_runner_parse_open_secure(state *p, cs_runner_secure *out) {
  cs_runner_offer o = {0};
  while (!cs_runner_at_end(p))
    if (!cs_runner_parse_offer_field(p, &o))
      return false;
  return cs_runner_settle_offer(p, &o, out);
}

/* ---- Alerts ---- */

static const char want_alert[] = "the name of an alert, such as handshake_failure";

bool cs_runner_parse_alert(state *p, cs_runner_send *out) {
  cs_span name = cs_runner_name(p);
  out->kind = CS_RUNNER_SEND_ALERT;
  if (!cs_tls_alert_named(name, &out->alert))
    return cs_runner_expected_at(p, name.at, "%s", want_alert);
  return cs_runner_at_end(p) || cs_runner_expected(p, "the end of the line");
}

/* "handshake_failure|unknown_ca", a byte each. */
static bool read_alerts(state *p, cs_runner_field *field) {
  uint8_t bytes[CS_RUNNER_CODES_MAX];
  size_t len = 0;
  do {
    cs_span name = cs_runner_name(p);
    uint8_t alert;
    if (!cs_tls_alert_named(name, &alert))
      return cs_runner_expected_at(p, name.at, "%s", want_alert);
    if (len == sizeof bytes)
      return cs_runner_expected_at(p, name.at, "at most %d alerts", CS_RUNNER_CODES_MAX);
    bytes[len++] = alert;
  } while (cs_runner_take(p, "|"));
  field->kind = CS_RUNNER_FIELD_ALERT;
  field->literal = cs_runner_copy(p->arena, cs_span_of(bytes, len));
  return true;
}

static bool finish(cs_runner_fields *f, cs_runner_pattern *out) {
  out->fields = f->list.items;
  out->field_count = f->list.count;
  return true;
}

bool cs_runner_parse_alert_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  if (cs_runner_take_word(p, "*"))
    return true;
  cs_runner_field *field = cs_runner_add_field(p, &f, CS_RUNNER_FIELD_ALERT);
  return field && read_alerts(p, field) && cs_runner_field_end(p) && finish(&f, out);
}

/* ---- How a handshake ends ---- */

bool cs_runner_parse_refused_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  while (!cs_runner_at_tail(p)) {
    const uint8_t *start = p->in.at;
    cs_runner_field *field = cs_runner_add_field(p, &f, CS_RUNNER_FIELD_ALERT);
    if (!field)
      return false;
    if (!cs_runner_take(p, "alert="))
      return cs_runner_expected(p, "alert=, within, -> or [");
    if (f.list.count > 1)
      return cs_runner_expected_at(p, start, "one alert= only");
    if (cs_runner_take_word(p, "none"))
      field->relation = CS_RUNNER_ABSENT;
    else if (!read_alerts(p, field) || !cs_runner_field_end(p))
      return false;
  }
  return finish(&f, out);
}

/* "TLS_A|TLS_B": two bytes each. */
static bool read_suites(state *p, cs_runner_field *field) {
  uint8_t bytes[2 * CS_RUNNER_CODES_MAX];
  size_t len = 0;
  do {
    cs_span name = cs_runner_name(p);
    const cs_runner_suite *suite = cs_runner_suite_named(name);
    if (!suite || len == sizeof bytes)
      return cs_runner_expected_at(p, name.at,
                                   "the name of a suite, such as TLS_PSK_WITH_AES_128_CCM_8");
    bytes[len++] = (uint8_t)(suite->number >> 8);
    bytes[len++] = (uint8_t)suite->number;
  } while (cs_runner_take(p, "|"));
  field->kind = CS_RUNNER_FIELD_SUITE;
  field->literal = cs_runner_copy(p->arena, cs_span_of(bytes, len));
  return true;
}

static bool read_version(state *p, cs_runner_field *field) {
  static const char *const versions[] = {"1.2", "1.3"};
  cs_span word = cs_runner_word(p);
  field->kind = CS_RUNNER_FIELD_TLS_VERSION;
  for (unsigned i = 0; i < 2; i++) {
    if (cs_span_equal(word, cs_span_str(versions[i]))) {
      field->number = (uint16_t)(0x0303 + i);
      return true;
    }
  }
  return cs_runner_expected_at(p, word.at, "1.2 or 1.3");
}

static bool read_secured_field(state *p, cs_runner_fields *f) {
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_ALPN);
  if (!field)
    return false;
  if (cs_runner_take(p, "suite="))
    return read_suites(p, field);
  if (cs_runner_take(p, "version="))
    return read_version(p, field);
  const uint8_t *start = p->in.at;
  if (cs_runner_take(p, "!"))
    field->relation = CS_RUNNER_ABSENT;
  if (cs_runner_take(p, "cookie")) {
    field->kind = CS_RUNNER_FIELD_COOKIE;
    return cs_runner_only_on(p, start, 1u << CS_RUNNER_DTLS, "cookie");
  }
  if (field->relation == CS_RUNNER_ABSENT && cs_runner_take(p, "alpn"))
    return true;
  if (field->relation == CS_RUNNER_ABSENT || !cs_runner_take(p, "alpn="))
    return cs_runner_expected_at(
        p, start, "suite=, version=, alpn=, !alpn, cookie, !cookie, within, -> or [");
  cs_span word = cs_runner_word(p);
  if (word.len == 0)
    return cs_runner_expected(p, "a name behind alpn=");
  field->literal = cs_runner_copy(p->arena, word);
  return true;
}

bool cs_runner_parse_secured_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  while (!cs_runner_at_tail(p))
    if (!read_secured_field(p, &f) || !cs_runner_field_end(p))
      return false;
  return finish(&f, out);
}

/* ---- In the clear ---- */

static bool read_plain_bytes(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  while (!cs_runner_at_tail(p)) {
    cs_runner_field *field = cs_runner_add_field(p, &f, CS_RUNNER_FIELD_RAW);
    if (!field)
      return false;
    if (cs_runner_hex(p, 0) > 15)
      return cs_runner_expected(p, "bytes as pairs of hex digits, within, -> or [");
    if (!cs_runner_token_value(p, field) || !cs_runner_field_end(p))
      return false;
  }
  return finish(&f, out) &&
         (out->field_count || cs_runner_expected(p, "bytes as pairs of hex digits behind raw"));
}

bool cs_runner_parse_plain_pattern(state *p, cs_runner_pattern *out) {
  if (cs_runner_at_tail(p))
    return true;
  if (cs_runner_take_word(p, "raw"))
    return read_plain_bytes(p, out);
  return cs_runner_parse_pattern(p, false, out);
}
