/* A reproducer sends what the case sent, byte for byte, and says it so that the
 * parser reads it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/driver.h"
#include "runner/library.h"
#include "runner/reproducer.h"
#include "runner/select.h"
#include "support/check_main.h"

static cs_runner_library library;
static cs_runner_profile profile;
static cs_runner_credentials credentials;

static void open_library(void) {
  static const cs_runner_credential_files none;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_load(&library, NULL));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  if (cs_runner_transport_there(CS_RUNNER_DTLS))
    ck_assert(cs_runner_credentials_read(&profile, &none, &library.arena, &credentials));
}

static void close_library(void) {
  cs_runner_library_close(&library);
}

static cs_runner_case *play(const cs_runner_variant *v) {
  static const cs_time exact = 0;
  cs_runner_case_config config = {.variant = *v,
                                  .profile = &profile,
                                  .requirements = &library.requirements,
                                  .seed = 7,
                                  .tolerance = &exact};
  cs_runner_case *c = cs_runner_case_new(&config);
  const cs_runner_memory_config memory = {
      .transport = v->transport, .seed = 1, .credentials = &credentials};
  cs_runner_play_memory(c, &memory);
  return c;
}

/* What was sent before the closing search: the bytes, with their channels. */
static size_t sent(const cs_report_case *r, const cs_report_packet **out, size_t cap) {
  size_t n = 0;
  for (size_t i = 0; i < r->packet_count; i++) {
    const cs_report_packet *p = &r->packets[i];
    if (p->sent && !p->closing && p->kind == CS_REPORT_BYTES && n < cap)
      out[n++] = p;
  }
  return n;
}

/* Whether the target ended the connection of the packet: what was to go over it behind
 * that is dropped. */
static bool ended(const cs_report_case *r, unsigned channel) {
  for (size_t i = 0; i < r->packet_count; i++) {
    const cs_report_packet *p = &r->packets[i];
    if (!p->sent && p->channel == channel &&
        (p->kind == CS_REPORT_ENDED || p->kind == CS_REPORT_RESET))
      return true;
  }
  return false;
}

/* The same bytes, on ports that correspond. */
static bool same(const cs_report_case *second, const cs_report_packet *const *a, size_t n,
                 const cs_report_packet *const *b, size_t m) {
  enum { PORTS = 16, NONE = PORTS };
  unsigned other[PORTS];
  size_t k = 0;
  for (size_t i = 0; i < PORTS; i++)
    other[i] = NONE;
  for (size_t i = 0; i < n; i++) {
    unsigned *port = &other[a[i]->channel];
    if (k < m && *port == NONE)
      *port = b[k]->channel;
    if (k < m && cs_span_equal(a[i]->bytes, b[k]->bytes) && *port == b[k]->channel)
      k++;
    else if (!ended(second, *port))
      return false;
  }
  return k == m;
}

struct tally {
  unsigned cases, packets, raw, different;
};

static void compare(const cs_runner_variant *v, struct tally *t) {
  enum { MOST = 4000 };
  static const cs_report_packet *a[MOST], *b[MOST];
  cs_runner_arena arena = {0};
  cs_runner_reproducer r;
  cs_report_case first, second;
  cs_runner_case *c = play(v);
  cs_runner_case_result(c, &first);
  if (!cs_runner_reproducer_of(&arena, first.packets, first.packet_count, v->transport, &r)) {
    ck_assert_uint_eq(sent(&first, a, MOST), 0);
    cs_runner_case_free(c);
    return;
  }
  const char *text = cs_runner_reproducer_text(&arena, &r, "crash/0/x");
  const cs_runner_scenario *s = cs_runner_reproducer_scenario(&arena, &r, "crash/0/x");
  cs_runner_error e = {0};
  if (!s)
    cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e);
  ck_assert_msg(s != NULL, "%s over %s: %u:%u: %s\n%s", v->id,
                cs_runner_transport_name(v->transport), e.line, e.column, e.message, text);
  cs_runner_variant again = {s, s->id, CS_CON, v->transport};
  cs_runner_case *d = play(&again);
  cs_runner_case_result(d, &second);
  size_t n = sent(&first, a, MOST);
  size_t m = sent(&second, b, MOST);
  t->cases++;
  t->packets += (unsigned)n;
  for (const char *at = text; (at = strstr(at, "raw ")); at += 4)
    t->raw++;
  if (!same(&second, a, n, b, m)) {
    t->different++;
    printf("%s over %s: %zu and %zu packets (%s: %s)\n", v->id,
           cs_runner_transport_name(v->transport), n, m, cs_verdict_name(second.verdict),
           second.message);
    for (size_t i = 0; i < n || i < m; i++)
      printf("  %s\n    | %s\n", i < n ? a[i]->notation : "-", i < m ? b[i]->notation : "-");
    printf("%s\n", text);
    fflush(stdout);
  }
  cs_runner_case_free(c);
  cs_runner_case_free(d);
  cs_runner_release(&arena);
}

/* Of every scenario, on every transport. */
START_TEST(the_same_bytes_are_sent) {
  const cs_runner_transport t = (cs_runner_transport)_i;
  struct tally tally = {0};
  if (!cs_runner_transport_there(t))
    return;
  open_library();
  const cs_runner_scenario *const *all = library.scenarios.items;
  for (size_t i = 0; i < library.scenarios.count; i++) {
    cs_runner_variant v[2];
    size_t n = cs_runner_expand(all[i], t, &library.arena, v);
    for (size_t k = 0; k < n; k++)
      compare(&v[k], &tally);
  }
  printf("%s: %u cases, %u packets, %u raw lines\n", cs_runner_transport_name(t), tally.cases,
         tally.packets, tally.raw);
  ck_assert_uint_gt(tally.cases, 20);
  ck_assert_uint_eq(tally.different, 0);
  close_library();
}
END_TEST

static cs_runner_move datagram(unsigned port, const char *bytes, size_t len) {
  return (cs_runner_move){
      .kind = CS_RUNNER_MOVE_SEND, .port = port, .bytes = cs_span_of((const uint8_t *)bytes, len)};
}

START_TEST(the_file_is_for_people) {
  cs_runner_arena arena = {0};
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP,
                            .what = "The server ended by signal 11\n(Segmentation fault).",
                            .how = "Made of the case 7252/3/x.",
                            .tries = 3};
  cs_runner_move moves[] = {
      {.kind = CS_RUNNER_MOVE_WAIT, .time = CS_SECOND},
      datagram(7, "\x40\x01\x12\x34\xb4test", 9),
      {.kind = CS_RUNNER_MOVE_WAIT, .time = 1500 * CS_MILLISECOND},
      datagram(3, "\x4f\x01\x12\x35", 4),
      datagram(7, "\x70\x00\x12\x36", 4),
      datagram(3, "\x60\x00\x12\x37", 4),
  };
  for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
    cs_runner_reproducer_add(&arena, &r, &moves[i]);
  ck_assert_str_eq(cs_runner_reproducer_text(&arena, &r, "crash/0/7252-3-x"),
                   "# The server ended by signal 11 (Segmentation fault).\n"
                   "# Made of the case 7252/3/x.\n"
                   "# Made as small as it goes in 3 tries.\n"
                   "id         crash/0/7252-3-x\n"
                   "transport  udp\n"
                   "---\n"
                   "> CON GET mid=0x1234 Uri-Path=\"test\"\n"
                   "wait 1500ms\n"
                   "port new\n"
                   "# token lengths 9 to 15 are reserved unless RFC 8974 gives them a meaning\n"
                   "> raw 4f011235\n"
                   "port first\n"
                   "> RST 0.00 mid=0x1236\n"
                   "port 2\n"
                   "> ACK 0.00 mid=0x1237\n"
                   "alive\n");
  const cs_runner_scenario *s = cs_runner_reproducer_scenario(&arena, &r, "crash/0/7252-3-x");
  ck_assert_ptr_nonnull(s);
  ck_assert(s->bare);
  ck_assert_uint_eq(s->step_count, 8); /* the last alive is the end that every case has */
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_name_is_one_of_an_id) {
  cs_runner_arena arena = {0};
  ck_assert_str_eq(cs_runner_reproducer_name(&arena, "7252/4.3/Ping+con"), "7252-4.3-ping-con");
  ck_assert_str_eq(cs_runner_reproducer_name(&arena, ""), "unnamed");
  cs_runner_release(&arena);
}
END_TEST

/* More than a scenario of people may have: long messages, and many of them. */
START_TEST(large_ones_are_parsed) {
  enum { LONG = 65000, MANY = 3000 };
  static char bytes[LONG];
  cs_runner_arena arena = {0};
  cs_runner_reproducer r = {.transport = CS_RUNNER_TCP, .open = CS_RUNNER_OPEN_CONNECTED};
  memset(bytes, 0xf5, sizeof bytes);
  cs_runner_move big = datagram(0, bytes, LONG);
  cs_runner_move small = datagram(0, "\x00\x00", 2);
  cs_runner_reproducer_add(&arena, &r, &big);
  for (unsigned i = 0; i < MANY; i++)
    cs_runner_reproducer_add(&arena, &r, &small);
  const cs_runner_scenario *s = cs_runner_reproducer_scenario(&arena, &r, "fuzz/0/large");
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(s->step_count, MANY + 2); /* and a wait before the connection closes */
  cs_runner_release(&arena);
}
END_TEST

/* Nothing sent: nothing to make one of. */
START_TEST(of_nothing_there_is_none) {
  cs_runner_arena arena = {0};
  cs_runner_reproducer r;
  const cs_report_packet packets[] = {
      {.sent = 0, .kind = CS_REPORT_BYTES, .notation = "x"},
      {.sent = 1, .kind = CS_REPORT_BYTES, .notation = "x", .closing = true}};
  ck_assert(!cs_runner_reproducer_of(&arena, packets, 2, CS_RUNNER_UDP, &r));
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("reproducer");
  TCase *small = tcase_create("small");
  tcase_add_test(small, the_file_is_for_people);
  tcase_add_test(small, a_name_is_one_of_an_id);
  tcase_add_test(small, large_ones_are_parsed);
  tcase_add_test(small, of_nothing_there_is_none);
  suite_add_tcase(suite, small);
  TCase *tc = tcase_create("library");
  tcase_set_timeout(tc, 250);
  tcase_add_loop_test(tc, the_same_bytes_are_sent, 0, CS_RUNNER_TRANSPORT_COUNT_);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
