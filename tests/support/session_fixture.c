#include "support/session_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "wire/notation.h"

void cs_test_session_open(cs_test_session *t, cs_core_role role, const cs_core_params *params) {
  memset(t, 0, sizeof *t);
  cs_test_memory_init(&t->memory);
  cs_base_seeded_init(&t->seeded, 1);
  t->config.role = role;
  t->config.form = CS_WIRE_UDP;
  t->config.alloc = &t->memory.alloc;
  t->config.random = cs_base_seeded_random(&t->seeded);
  t->now = 1000 * CS_SECOND;
  ck_assert_int_eq(cs_core_open(&t->config, params, 1152, t->now, &t->s), CS_OK);
}

void cs_test_session_open_reliable(cs_test_session *t, cs_core_role role,
                                   const cs_core_config *with) {
  memset(t, 0, sizeof *t);
  cs_test_memory_init(&t->memory);
  cs_base_seeded_init(&t->seeded, 1);
  if (with)
    t->config = *with;
  t->config.role = role;
  t->config.form = CS_WIRE_TCP;
  t->config.alloc = &t->memory.alloc;
  t->config.random = cs_base_seeded_random(&t->seeded);
  t->now = 1000 * CS_SECOND;
  ck_assert_int_eq(cs_core_open(&t->config, NULL, 1 << 20, t->now, &t->s), CS_OK);
  cs_core_up(t->s, t->now);
}

void cs_test_greet(cs_test_session *t, const char *csm) {
  ck_assert_msg(strncmp(cs_test_transmit(t), "CSM", 3) == 0, "our CSM is the first message");
  cs_test_receive(t, csm);
  cs_test_told(t, CS_EVENT_CSM, CS_RULE_NONE);
  cs_test_no_event(t);
}

cs_core_event cs_test_told(cs_test_session *t, cs_core_event_kind kind, cs_rule rule) {
  cs_core_event e = cs_test_event(t);
  ck_assert_msg(e.kind == kind && e.rule == rule, "event %d %s, not %d %s", (int)e.kind,
                cs_base_rule_id(e.rule), (int)kind, cs_base_rule_id(rule));
  return e;
}

void cs_test_session_close(cs_test_session *t) {
  cs_core_close(t->s);
  ck_assert_uint_eq(t->memory.out_bytes, 0);
}

void cs_test_receive_from(cs_test_session *t, cs_core_peer from, bool multicast,
                          const char *notation) {
  uint8_t scratch[2048];
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  cs_err e =
      cs_wire_read(t->config.form, cs_span_str(notation), scratch, sizeof scratch, &m, &error);
  ck_assert_msg(e == CS_OK, "%s: at %zu expected %s", notation, error.at, error.want);
  size_t len;
  ck_assert_int_eq(cs_wire_build(&m, t->in, sizeof t->in, &len), CS_OK);
  ck_assert_int_eq(cs_core_receive(t->s, from, multicast, cs_span_of(t->in, len), t->now), CS_OK);
}

void cs_test_receive(cs_test_session *t, const char *notation) {
  cs_test_receive_from(t, 0, false, notation);
}

void cs_test_receive_bytes(cs_test_session *t, cs_span bytes) {
  ck_assert_uint_le(bytes.len, sizeof t->in);
  memcpy(t->in, bytes.at, bytes.len);
  ck_assert_int_eq(cs_core_receive(t->s, 0, false, cs_span_of(t->in, bytes.len), t->now), CS_OK);
}

const char *cs_test_transmit(cs_test_session *t) {
  uint8_t buf[2048];
  size_t len;
  t->text[0] = '\0';
  size_t size = cs_core_next_size(t->s);
  if (cs_core_transmit(t->s, t->now, buf, sizeof buf, &t->to, &len) != CS_OK)
    return t->text;
  ck_assert_uint_eq(size, len);
  cs_wire_message m;
  const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  ck_assert_int_eq(cs_wire_parse(t->config.form, cs_span_of(buf, len),
                                 t->config.form == CS_WIRE_UDP ? NULL : &any, &m),
                   CS_RULE_NONE);
  size_t printed;
  ck_assert_int_eq(cs_wire_print(&m, t->text, sizeof t->text, &printed), CS_OK);
  return t->text;
}

cs_core_event cs_test_event(cs_test_session *t) {
  cs_core_event e;
  ck_assert_msg(cs_core_next_event(t->s, &e), "an event was expected");
  return e;
}

void cs_test_no_event(cs_test_session *t) {
  cs_core_event e;
  ck_assert_msg(!cs_core_next_event(t->s, &e), "no event was expected");
}

void cs_test_pinged(cs_test_session *t) {
  cs_core_event e = cs_test_event(t);
  ck_assert_int_eq(e.kind, CS_EVENT_PING);
  cs_test_no_event(t);
}

void cs_test_pass(cs_test_session *t, cs_time by) {
  t->now += by;
  cs_core_expire(t->s, t->now);
}

cs_time cs_test_to_deadline(cs_test_session *t) {
  cs_time deadline = cs_core_deadline(t->s);
  ck_assert_uint_ne(deadline, CS_TIME_NEVER);
  ck_assert_uint_ge(deadline, t->now);
  cs_time by = deadline - t->now;
  cs_test_pass(t, by);
  return by;
}

cs_core_request *cs_test_get(cs_test_session *t, uint8_t type, int32_t mid, const char *token,
                             void *app) {
  cs_core_request_spec spec = {
      .type = type, .code = CS_CODE(0, 1), .mid = mid, .token = cs_span_str(token), .app = app};
  cs_core_request *r = NULL;
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(t->s, &spec, t->now, &r, &broken);
  ck_assert_msg(e == CS_OK, "request refused: %s, %s", cs_base_err_text(e),
                cs_base_rule_id(broken));
  return r;
}
