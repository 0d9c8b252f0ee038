/* The search for a sign of life: a CoAP ping, then also a GET, both once
 * more, until something answers or the profile's patience ends. */
#include "runner/case_inside.h"

enum { PING = 1, GET = 2 };

static const struct {
  cs_time at;
  unsigned what;
} schedule[] = {{0, PING}, {CS_SECOND, GET}, {3 * CS_SECOND, PING | GET}};
enum { SCHEDULED = sizeof schedule / sizeof schedule[0] };

void cs_runner_life_begin(cs_runner_case *c, bool closing) {
  cs_runner_life *l = &c->life;
  *l = (cs_runner_life){.looking = true, .closing = closing, .began = c->now, .used = true};
  l->ping_mid = cs_runner_fresh_mid(&c->fresh);
  l->get_mid = cs_runner_fresh_mid(&c->fresh);
  cs_runner_fresh_token(&c->fresh, l->token);
}

static cs_time patience(const cs_runner_case *c) {
  return c->config.profile ? c->config.profile->alive : 8 * CS_SECOND;
}

/* GET of the resource that every target should have, or of the list that it
 * may have: any answer will do. */
static void send_get(cs_runner_case *c) {
  static const cs_runner_field role = {.kind = CS_RUNNER_FIELD_ROLE, .var = -1, .role = "test"};
  static const cs_runner_field core[] = {{.kind = CS_RUNNER_FIELD_OPTION,
                                          .number = 11,
                                          .var = -1,
                                          .literal = {(const uint8_t *)".well-known", 11}},
                                         {.kind = CS_RUNNER_FIELD_OPTION,
                                          .number = 11,
                                          .var = -1,
                                          .literal = {(const uint8_t *)"core", 4}}};
  const cs_runner_life *l = &c->life;
  uint8_t mid[2] = {(uint8_t)(l->get_mid >> 8), (uint8_t)l->get_mid};
  bool has_role = c->config.profile && cs_runner_profile_path(c->config.profile, "test");
  cs_runner_field fields[4] = {
      {.kind = CS_RUNNER_FIELD_MID, .var = -1, .literal = cs_span_of(mid, sizeof mid)},
      {.kind = CS_RUNNER_FIELD_TOKEN, .var = -1, .literal = cs_span_of(l->token, sizeof l->token)},
      has_role ? role : core[0],
      core[1]};
  cs_runner_send get = {
      .type = CS_CON, .code = CS_CODE(0, 1), .fields = fields, .field_count = has_role ? 3 : 4};
  cs_runner_maker maker = {.scenario = c->config.variant.scenario,
                           .profile = c->config.profile,
                           .arena = &c->arena,
                           .values = &c->values,
                           .fresh = &c->fresh};
  cs_runner_made made;
  const char *why;
  if (cs_runner_make(&maker, &get, &made, &why))
    cs_runner_case_send(c, c->port, made.bytes);
}

bool cs_runner_life_turn(cs_runner_case *c) {
  cs_runner_life *l = &c->life;
  if (!l->looking)
    return true;
  if (l->found || c->now >= cs_time_add(l->began, patience(c))) {
    l->looking = false;
    return true;
  }
  while (l->sent < SCHEDULED && c->now >= cs_time_add(l->began, schedule[l->sent].at)) {
    if (schedule[l->sent].what & PING)
      cs_runner_case_send_empty(c, c->port, CS_CON, l->ping_mid);
    if (schedule[l->sent].what & GET)
      send_get(c);
    l->sent++;
  }
  return false;
}

cs_time cs_runner_life_deadline(const cs_runner_case *c) {
  const cs_runner_life *l = &c->life;
  cs_time end = cs_time_add(l->began, patience(c));
  if (l->sent == SCHEDULED)
    return end;
  return cs_time_min(end, cs_time_add(l->began, schedule[l->sent].at));
}

bool cs_runner_life_takes(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_life *l = &c->life;
  if (!l->used || a->broken != CS_RULE_NONE)
    return false;
  bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) &&
                (a->m.mid == l->ping_mid || a->m.mid == l->get_mid);
  bool by_token = cs_wire_code_is_response(a->m.code) &&
                  cs_span_equal(a->m.token, cs_span_of(l->token, sizeof l->token));
  if (!by_mid && !by_token)
    return false;
  if (a->m.type == CS_CON)
    cs_runner_case_send_empty(c, a->port, CS_ACK, a->m.mid);
  l->found = true;
  return true;
}
