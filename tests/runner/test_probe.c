/* Probes are scenarios that can be read, for every transport. */
#include <string.h>

#include "runner/driver.h"
#include "runner/library.h"
#include "runner/probe.h"
#include "runner/select.h"
#include "support/check_main.h"

static cs_runner_credentials credentials;

static cs_verdict play(cs_runner_library *l, const cs_runner_profile *profile, const char *text,
                       cs_runner_transport t) {
  static const cs_time exact = 0;
  cs_runner_error e;
  const cs_runner_scenario *s;
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "probe", &l->names, &l->arena, &s, &e),
                "%u:%u: %s", e.line, e.column, e.message);
  if (!(s->transports >> t & 1u))
    return CS_VERDICT_SKIP;
  cs_runner_case_config config = {
      .variant = {s, s->id, 0, t}, .profile = profile, .seed = 1, .tolerance = &exact};
  cs_runner_case *c = cs_runner_case_new(&config);
  cs_report_case r;
  const cs_runner_memory_config memory = {.transport = t, .seed = 1, .credentials = &credentials};
  cs_runner_play_memory(c, &memory);
  cs_runner_case_result(c, &r);
  cs_runner_case_free(c);
  return r.verdict;
}

/* What the verdict of each probe is at the embedded server. What is not there passes
 * elsewhere: see tests/conformance/test_devices.py. */
static cs_verdict expected_of(const char *cap) {
  static const struct {
    const char *cap;
    cs_verdict verdict;
  } rows[] = {{"observe", CS_VERDICT_FAIL},
              {"block1", CS_VERDICT_QUIRK}, /* "lacks": it says 4.02 */
              {"echo", CS_VERDICT_INCONCLUSIVE},
              {"no-response", CS_VERDICT_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (strcmp(rows[i].cap, cap) == 0)
      return rows[i].verdict;
  return CS_VERDICT_PASS;
}

/* The roles that its profile lacks because the server has nothing of the kind. */
static void add_roles(cs_runner_library *l, cs_runner_profile *profile) {
  static const char *const roles[] = {"observe", "large-update"};
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
    if (!cs_runner_profile_path(profile, roles[i])) {
      cs_runner_resource *r = cs_runner_push(&l->arena, &profile->resources, sizeof *r);
      *r = (cs_runner_resource){roles[i], "/test"};
    }
}

START_TEST(what_the_embedded_server_has) {
  cs_runner_library l;
  cs_runner_profile profile;
  ck_assert(cs_runner_library_open(&l));
  ck_assert(cs_runner_library_profile(&l, "embedded", &profile));
  add_roles(&l, &profile);
  static const cs_runner_credential_files none;
  ck_assert(cs_runner_credentials_read(&profile, &none, &l.arena, &credentials));
  for (cs_runner_transport t = CS_RUNNER_UDP; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    if (!cs_runner_transport_there(t))
      continue;
    ck_assert_int_eq(play(&l, &profile, cs_runner_probe_sanity, t), CS_VERDICT_PASS);
    const cs_runner_probe *p;
    size_t seen = 0;
    for (size_t i = 0; (p = cs_runner_probe_at(i)); i++) {
      ck_assert_ptr_eq(cs_runner_probe_named(p->cap), p);
      if (!p->text) /* nothing to play */
        continue;
      cs_verdict v = play(&l, &profile, cs_runner_probe_text(p, t), t);
      ck_assert_msg(v == expected_of(p->cap) || v == CS_VERDICT_SKIP, "%s on %s: %s", p->cap,
                    cs_runner_transport_name(t), cs_verdict_name(v));
      seen += v != CS_VERDICT_SKIP;
    }
    ck_assert_uint_ge(seen, 6);
  }
  ck_assert_ptr_null(cs_runner_probe_named("telepathy"));
  cs_runner_library_close(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("probe");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, what_the_embedded_server_has);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
