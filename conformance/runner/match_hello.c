/* Whether a server's first flight is what a pattern wants. */
#include <time.h>

#include "runner/case_inside.h"

static bool suite_fits(const cs_runner_field *f, uint16_t suite) {
  for (size_t i = 0; i + 1 < f->literal.len; i += 2)
    if ((f->literal.at[i] << 8 | f->literal.at[i + 1]) == suite)
      return true;
  return false;
}

static bool holds_now(const cs_runner_hello_certificate *c) {
  int64_t now = (int64_t)time(NULL);
  return c->from <= now && now <= c->to;
}

static bool is_fact(const cs_runner_hello_event *e, cs_runner_hello_fact fact) {
  const cs_runner_hello_seen *s = e->seen;
  const cs_runner_hello_certificate *c = &s->certificate;
  switch (fact) {
  case CS_RUNNER_FACT_CERTIFICATE:
    return c->there && !c->raw;
  case CS_RUNNER_FACT_RAW_KEY:
    return c->there && c->raw;
  case CS_RUNNER_FACT_KEY_P256:
    return c->p256;
  case CS_RUNNER_FACT_KEY_ECDSA:
    return c->ecdsa;
  case CS_RUNNER_FACT_SIGNED_ECDSA_SHA256:
    return c->ecdsa_sha256;
  case CS_RUNNER_FACT_DATES_VALID:
    return c->raw || (c->dated && holds_now(c));
  case CS_RUNNER_FACT_CURVE_P256:
    return s->curve_p256;
  case CS_RUNNER_FACT_REQUEST:
    return s->request;
  case CS_RUNNER_FACT_HINT:
    return s->hint.len > 0;
  case CS_RUNNER_FACT_REPEATED_EXTENSION:
    return s->repeated;
  case CS_RUNNER_FACT_NAME_WARNING:
    return s->name_warning;
  case CS_RUNNER_FACT_HTTP_101:
    return e->http == 101;
  case CS_RUNNER_FACT_HTTP:
    return e->http != 0;
  case CS_RUNNER_FACT_VERIFY:
    return e->verify;
  case CS_RUNNER_FACT_AGAIN:
    return e->again;
  default:
    return false;
  }
}

static bool field_fits(const cs_runner_field *f, const cs_runner_hello_event *e, const char **why) {
  const cs_runner_hello_seen *s = e->seen;
  cs_span value;
  switch (f->kind) {
  case CS_RUNNER_FIELD_SUITE:
    *why = "the suite is another";
    return suite_fits(f, s->suite);
  case CS_RUNNER_FIELD_TLS_VERSION:
    *why = "the version is another";
    return s->version == f->number;
  case CS_RUNNER_FIELD_COMPRESSION:
    *why = "the compression is another";
    return s->compression == f->number;
  case CS_RUNNER_FIELD_EXTENSION:
    *why = f->relation == CS_RUNNER_ABSENT ? "the extension is there" : "the extension is missing";
    return cs_runner_hello_extension(s, f->number, &value) == (f->relation != CS_RUNNER_ABSENT);
  case CS_RUNNER_FIELD_ALPN:
    *why = f->relation == CS_RUNNER_ABSENT ? "a protocol is selected" : "the protocol is another";
    return f->relation == CS_RUNNER_ABSENT ? s->alpn.len == 0 : cs_span_equal(s->alpn, f->literal);
  case CS_RUNNER_FIELD_FACT:
    *why = "it is another";
    return is_fact(e, (cs_runner_hello_fact)f->number) == (f->relation != CS_RUNNER_ABSENT);
  default:
    return false;
  }
}

static bool speaks_of(const cs_runner_pattern *p, cs_runner_hello_fact fact) {
  for (size_t i = 0; i < p->field_count; i++)
    if (p->fields[i].kind == CS_RUNNER_FIELD_FACT && p->fields[i].number == fact)
      return true;
  return false;
}

bool cs_runner_match_hello(const cs_runner_pattern *pattern, const cs_runner_hello_event *e,
                           const char **why) {
  if (e->fault && !(e->http && (speaks_of(pattern, CS_RUNNER_FACT_HTTP) ||
                                speaks_of(pattern, CS_RUNNER_FACT_HTTP_101)))) {
    *why = e->fault;
    return false;
  }
  if (e->verify && !speaks_of(pattern, CS_RUNNER_FACT_VERIFY)) {
    *why = "a HelloVerifyRequest came";
    return false;
  }
  for (size_t i = 0; i < pattern->field_count; i++)
    if (!field_fits(&pattern->fields[i], e, why))
      return false;
  return true;
}
