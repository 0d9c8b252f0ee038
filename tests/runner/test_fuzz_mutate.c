/* Inputs of fuzzing: the same from the same seed, within their caps, and varied. */
#include <stdio.h>
#include <string.h>

#include "runner/fuzz_input.h"
#include "runner/fuzz_inside.h"
#include "support/check_main.h"

static cs_runner_arena arena;
static cs_runner_profile profile;

static const char *const texts[] = {
    "# t\nid a/b/c\ncovers R#1:must\ntransport udp\n---\n"
    "> CON PUT mid=$m token=$t @test If-Match=0x01 payload=\"x\"\n< ACK *\n"
    "> CON GET mid=$n token=$u @test Accept=0\n< ACK *\n",
    "# t\nid a/b/d\ncovers R#1:must\ntransport udp\n---\n> raw 40 00 $m aa\n< RST *\nport new\n"
    "> NON GET mid=$n token=$t Uri-Path=\"y\" Observe=0\n< NON *\n",
    "# t\nid a/b/e\ncovers R#1:must\ntransport tcp ws\n---\n> CSM Max-Message-Size=2000\n"
    "> Ping token=$t Custody\n< Pong\n",
    "# t\nid a/b/f\ncovers R#1:must\ntransport ws\nopen connected\n---\n> upgrade\n"
    "> frame binary fin=0 00 e2\n< upgrade 101\n"};

static void set_up(void) {
  static const char ini[] = "[target]\nname = x\n[resources]\ntest = /a/b\n";
  cs_runner_error e;
  ck_assert(cs_runner_profile_read(cs_span_str(ini), "x.ini", &arena, &profile, &e));
}

static void tear_down(void) {
  cs_runner_release(&arena);
}

static cs_runner_fuzz_corpus corpus_of(cs_runner_transport t) {
  cs_runner_variant all[8];
  size_t n = 0;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const cs_runner_scenario *s;
    cs_runner_error e;
    ck_assert_msg(cs_runner_parse(cs_span_str(texts[i]), "x.scn", NULL, &arena, &s, &e),
                  "%zu:%u: %s", i, e.line, e.message);
    n += cs_runner_expand(s, t, &arena, all + n);
  }
  cs_runner_fuzz_corpus corpus;
  cs_runner_fuzz_corpus_make(&corpus, &arena, t, all, n, &profile, "h");
  ck_assert_uint_eq(corpus.seeds.count, n);
  return corpus;
}

static bool same(const cs_runner_reproducer *a, const cs_runner_reproducer *b) {
  if (a->moves.count != b->moves.count || a->open != b->open)
    return false;
  for (size_t i = 0; i < a->moves.count; i++) {
    const cs_runner_move *x = &cs_runner_moves(a)[i];
    const cs_runner_move *y = &cs_runner_moves(b)[i];
    if (x->kind != y->kind || x->port != y->port || x->time != y->time ||
        !cs_span_equal(x->bytes, y->bytes))
      return false;
  }
  return true;
}

static const cs_runner_transport transports[] = {CS_RUNNER_UDP, CS_RUNNER_DTLS, CS_RUNNER_TCP,
                                                 CS_RUNNER_WS};

START_TEST(an_input_is_a_function_of_seed_and_number) {
  cs_runner_transport t = transports[_i];
  cs_runner_fuzz_corpus corpus = corpus_of(t);
  cs_runner_fuzz_corpus other = corpus_of(t);
  size_t different = 0;
  for (uint64_t i = 0; i < 300; i++) {
    cs_runner_arena own = {0};
    cs_runner_reproducer a, b, c;
    const char *id;
    cs_runner_fuzz_input(&corpus, 7, i, &own, &a, &id);
    cs_runner_fuzz_input(&other, 7, i, &own, &b, &id);
    cs_runner_fuzz_input(&corpus, 8, i, &own, &c, &id);
    ck_assert(same(&a, &b));
    different += !same(&a, &c);
    cs_runner_release(&own);
  }
  ck_assert_uint_gt(different, 280);
}
END_TEST

START_TEST(inputs_stay_within_their_caps) {
  cs_runner_transport t = transports[_i];
  cs_runner_fuzz_corpus corpus = corpus_of(t);
  size_t most = t == CS_RUNNER_DTLS ? CS_RUNNER_FUZZ_DTLS_MAX : CS_RUNNER_FUZZ_MESSAGE_MAX;
  size_t longest = 0;
  for (uint64_t i = 0; i < 3000; i++) {
    cs_runner_arena own = {0};
    cs_runner_reproducer r;
    const char *id = NULL;
    size_t total = 0;
    bool over[CS_RUNNER_FUZZ_PORTS_MAX] = {false};
    cs_runner_fuzz_input(&corpus, 1, i, &own, &r, &id);
    ck_assert(id && r.transport == t);
    ck_assert_uint_le(r.moves.count, CS_RUNNER_FUZZ_MOVES_MAX);
    for (size_t k = 0; k < r.moves.count; k++) {
      const cs_runner_move *m = &cs_runner_moves(&r)[k];
      ck_assert_uint_lt(m->port, CS_RUNNER_FUZZ_PORTS_MAX);
      ck_assert_uint_le(m->bytes.len, most);
      ck_assert(m->kind == CS_RUNNER_MOVE_WAIT || !over[m->port]); /* nothing behind an end */
      over[m->port] |= m->kind == CS_RUNNER_MOVE_END || m->kind == CS_RUNNER_MOVE_CLOSE;
      ck_assert(m->kind != CS_RUNNER_MOVE_ALERT || t == CS_RUNNER_DTLS);
      if (m->kind == CS_RUNNER_MOVE_WAIT)
        ck_assert_uint_le(m->time, CS_SECOND);
      total += m->bytes.len;
      longest = m->bytes.len > longest ? m->bytes.len : longest;
    }
    ck_assert_uint_le(total, CS_RUNNER_FUZZ_INPUT_MAX);
    cs_runner_release(&own);
  }
  ck_assert_uint_gt(longest, 1000);
}
END_TEST

START_TEST(most_messages_stay_valid_and_every_kind_of_fault_comes) {
  cs_runner_fuzz_corpus corpus = corpus_of(CS_RUNNER_UDP);
  size_t good = 0, all = 0;
  size_t broken[CS_RULE_COUNT_] = {0};
  static const cs_rule wanted[] = {CS_RULE_VERSION,
                                   CS_RULE_TKL_RESERVED,
                                   CS_RULE_TOKEN_SHORT,
                                   CS_RULE_MARKER_WITHOUT_PAYLOAD,
                                   CS_RULE_OPTION_SHORT,
                                   CS_RULE_OPTION_DELTA_RESERVED,
                                   CS_RULE_OPTION_LENGTH_RESERVED,
                                   CS_RULE_OPTION_NUMBER_RANGE,
                                   CS_RULE_EMPTY_WITH_CONTENT,
                                   CS_RULE_CODE_CLASS_RESERVED,
                                   CS_RULE_RST_NOT_EMPTY,
                                   CS_RULE_ACK_WITH_REQUEST,
                                   CS_RULE_MESSAGE_SHORT};
  for (uint64_t i = 0; i < 6000; i++) {
    cs_runner_arena own = {0};
    cs_runner_reproducer r;
    const char *id;
    cs_runner_fuzz_input(&corpus, 3, i, &own, &r, &id);
    for (size_t k = 0; k < r.moves.count; k++) {
      cs_wire_message m;
      if (cs_runner_moves(&r)[k].kind != CS_RUNNER_MOVE_SEND)
        continue;
      cs_rule rule = cs_wire_parse(CS_WIRE_UDP, cs_runner_moves(&r)[k].bytes, NULL, &m);
      broken[rule]++;
      good += rule == CS_RULE_NONE;
      all++;
    }
    cs_runner_release(&own);
  }
  ck_assert_uint_gt(good * 10, all * 5); /* of three scenarios' messages one is malformed itself */
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    ck_assert_msg(broken[wanted[i]] > 0, "%s", cs_base_rule_id(wanted[i]));
}
END_TEST

/* ---- findings ---- */

static cs_runner_reproducer reproducer_of(const char *const *hex) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  for (; *hex; hex++) {
    uint8_t bytes[128];
    size_t len = 0;
    unsigned v;
    int n;
    for (const char *at = *hex; sscanf(at, " %2x%n", &v, &n) == 1; at += n)
      bytes[len++] = (uint8_t)v;
    cs_runner_reproducer_add(
        &arena, &r,
        &(cs_runner_move){.kind = CS_RUNNER_MOVE_SEND, .bytes = cs_span_of(bytes, len)});
  }
  return r;
}
#define R(...) reproducer_of((const char *const[]){__VA_ARGS__, NULL})

START_TEST(an_input_contains_what_a_finding_needs) {
  cs_runner_reproducer known = R("40 03 00 01 11 aa", "40 03 00 02 d1 0e 18");
  cs_runner_reproducer more =
      R("40 01 00 07", "41 03 00 01 ee 12 aa bb b1 61", "40 03 00 02 d2 0e 18 11");
  cs_runner_reproducer turned = R("40 03 00 02 d1 0e 18", "40 03 00 01 11 aa");
  cs_runner_reproducer method = R("40 02 00 01 11 aa", "40 02 00 02 d1 0e 18");
  ck_assert(cs_runner_fuzz_contains(&known, &known, false));
  ck_assert(cs_runner_fuzz_contains(&more, &known, false));
  ck_assert(!cs_runner_fuzz_contains(&turned, &known, false));
  ck_assert(!cs_runner_fuzz_contains(&method, &known, false));
  ck_assert(cs_runner_fuzz_contains(&method, &known, true));
}
END_TEST

START_TEST(shapes_tell_options_and_lengths_apart_and_no_values) {
  cs_runner_reproducer a = R("40 01 00 01 b1 61");
  cs_runner_reproducer b = R("40 01 12 34 b1 62");
  cs_runner_reproducer c = R("40 01 00 01 b9 61 61 61 61 61 61 61 61 61");
  const char *shape = cs_runner_fuzz_shape(&arena, &a);
  ck_assert_str_eq(shape, cs_runner_fuzz_shape(&arena, &b));
  ck_assert_str_ne(shape, cs_runner_fuzz_shape(&arena, &c));
}
END_TEST

START_TEST(the_gist_of_an_output_has_no_numbers_of_one_run) {
  ck_assert_str_eq(cs_runner_fuzz_gist(&arena, "GET /x\nanother line\n"), "");
  ck_assert_str_eq(cs_runner_fuzz_gist(&arena, "==12==ERROR: X: SEGV on 0x7f12\n"
                                               "SUMMARY: X: SEGV a.c:117:3 in f (BuildId: 12ab)\n"),
                   "SUMMARY: X: SEGV a.c:117:3 in f");
  ck_assert_str_eq(cs_runner_fuzz_gist(&arena, "s[812]: Assertion `n < 10' failed."),
                   "s[#]: Assertion `n < #' failed.");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fuzz_mutate");
  TCase *t = tcase_create("fuzz_mutate");
  int n = sizeof transports / sizeof transports[0];
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, an_input_is_a_function_of_seed_and_number, 0, n);
  tcase_add_loop_test(t, inputs_stay_within_their_caps, 0, n);
  tcase_add_test(t, most_messages_stay_valid_and_every_kind_of_fault_comes);
  tcase_add_test(t, an_input_contains_what_a_finding_needs);
  tcase_add_test(t, shapes_tell_options_and_lengths_apart_and_no_values);
  tcase_add_test(t, the_gist_of_an_output_has_no_numbers_of_one_run);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
