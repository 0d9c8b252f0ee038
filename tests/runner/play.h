/* A case that a test plays by hand: what it sends is read in notation, what it
 * is to receive is written in it. */
#ifndef CS_TESTS_PLAY_H
#define CS_TESTS_PLAY_H

#include <stdio.h>
#include <string.h>

#include "runner/case.h"
#include "support/check_main.h"
#include "wire/notation.h"

#define PLAY_HEAD "# t\nid a/b/c\ncovers R#1:must\ntransport udp\n---\n"

typedef struct played {
  cs_runner_arena arena;
  cs_runner_profile profile;
  cs_runner_requirements requirements;
  cs_runner_case *c;
  cs_time now;
  cs_time tolerance;
  char text[4096];
} played;

static inline void play_open(played *p, const char *scenario, uint8_t type) {
  static const char tsv[] = "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                            "R#1:must\t1\t1\tMUST\tx\ty\n"
                            "R#1:should\t1\t1\tSHOULD\tx\ty\n";
  static const char ini[] = "[target]\nname = x\n[resources]\ntest = /a/b%20c\n";
  const cs_runner_scenario *s = NULL;
  cs_runner_error e;
  memset(p, 0, sizeof *p);
  ck_assert(cs_runner_requirements_read(cs_span_str(tsv), &p->arena, &p->requirements, &e));
  ck_assert(cs_runner_profile_read(cs_span_str(ini), "x.ini", &p->arena, &p->profile, &e));
  ck_assert_msg(cs_runner_parse(cs_span_str(scenario), "x.scn", NULL, &p->arena, &s, &e),
                "%u:%u: %s", e.line, e.column, e.message);
  p->now = 100 * CS_SECOND;
  cs_runner_case_config config = {.variant = {s, s->id, type, CS_RUNNER_UDP},
                                  .profile = &p->profile,
                                  .requirements = &p->requirements,
                                  .seed = 7,
                                  .tolerance = &p->tolerance};
  p->c = cs_runner_case_new(&config);
  cs_runner_case_start(p->c, p->now);
}

static inline void play_close(played *p) {
  cs_runner_case_free(p->c);
  cs_runner_release(&p->arena);
}

/* The next message that the case sends, in notation or as "raw ..."; "" when
 * there is none. */
static inline const char *play_sent(played *p) {
  unsigned port;
  cs_span bytes;
  cs_wire_message m;
  p->text[0] = '\0';
  if (!cs_runner_case_transmit(p->c, &port, &bytes))
    return p->text;
  if (cs_wire_parse(CS_WIRE_UDP, bytes, NULL, &m) == CS_RULE_NONE) {
    ck_assert_int_eq(cs_wire_print(&m, p->text, sizeof p->text, NULL), CS_OK);
  } else {
    size_t at = (size_t)snprintf(p->text, sizeof p->text, "raw");
    for (size_t i = 0; i < bytes.len; i++)
      at += (size_t)snprintf(p->text + at, sizeof p->text - at, " %02x", bytes.at[i]);
  }
  return p->text;
}

static inline void play_bytes(played *p, const void *bytes, size_t len) {
  cs_runner_case_receive(p->c, 0, cs_span_of(bytes, len), p->now);
}

/* Gives the case a message. */
static inline void play_gets(played *p, const char *notation) {
  uint8_t scratch[2048];
  uint8_t bytes[2048];
  size_t len = 0;
  cs_wire_message m;
  cs_wire_notation_error e;
  ck_assert_msg(cs_wire_read(CS_WIRE_UDP, cs_span_str(notation), scratch, sizeof scratch, &m, &e) ==
                    CS_OK,
                "%s", notation);
  ck_assert_int_eq(cs_wire_build(&m, bytes, sizeof bytes, &len), CS_OK);
  play_bytes(p, bytes, len);
}

/* Lets time pass, at each deadline on the way. */
static inline void play_wait(played *p, cs_time by) {
  cs_time end = p->now + by;
  while (cs_runner_case_deadline(p->c) <= end) {
    p->now = cs_runner_case_deadline(p->c);
    cs_runner_case_expire(p->c, p->now);
  }
  p->now = end;
}

/* Answers the ping that ends the case, if one is due, and returns the result. */
static inline cs_report_case play_result(played *p) {
  cs_report_case r;
  char answer[64];
  for (unsigned i = 0; i < 8 && !cs_runner_case_done(p->c); i++) {
    const char *sent = play_sent(p);
    if (strncmp(sent, "CON 0.00 mid=", 13) == 0) {
      snprintf(answer, sizeof answer, "RST 0.00 mid=%s", sent + 13);
      play_gets(p, answer);
    }
  }
  ck_assert_msg(cs_runner_case_done(p->c), "the case is not over");
  cs_runner_case_result(p->c, &r);
  return r;
}

#endif
