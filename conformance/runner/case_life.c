/* The search for a sign of life: a ping of CoAP, then also a GET, on UDP both again
 * and again, until something answers or the profile's patience ends. At the end of a
 * case on a stream it is made on a new connection, since the target may have had
 * every right to close those of the case. */
#include "runner/case_inside.h"

enum { PING = 1, GET = 2, TRIES = 2 };
/* DTLS: how long the present session has to answer before a new one is made. */
static const cs_time elsewhere_after = 4 * CS_SECOND;

struct due {
  cs_time at;
  unsigned what;
};
/* So often that a network which loses every seventh message does not pass for a death. */
static const struct due on_udp[] = {{0, PING},
                                    {CS_SECOND, GET},
                                    {3 * CS_SECOND, PING | GET},
                                    {4500 * CS_MILLISECOND, PING | GET},
                                    {6 * CS_SECOND, PING | GET}};
static const struct due on_streams[] = {{0, PING}, {500 * CS_MILLISECOND, GET}};

static unsigned scheduled(const cs_runner_case *c) {
  return c->form == CS_WIRE_UDP ? sizeof on_udp / sizeof on_udp[0]
                                : sizeof on_streams / sizeof on_streams[0];
}

static struct due due_of(const cs_runner_case *c, unsigned i) {
  return c->form == CS_WIRE_UDP ? on_udp[i] : on_streams[i];
}

static bool new_connection(cs_runner_case *c) {
  if (c->ports == CS_RUNNER_PORTS_MAX)
    return false;
  c->life.port = c->ports++;
  c->port_names[c->life.port] = (uint16_t)(c->life.port + 1);
  cs_runner_open_begin(c, c->life.port, CS_RUNNER_OPEN_FULL, NULL);
  return true;
}

/* A session that lives: the present one, or one made for such a search before; else
 * a new one from a new port. */
static void choose_session(cs_runner_case *c) {
  cs_runner_life *l = &c->life;
  l->ready = true;
  if (cs_runner_session_lives(cs_runner_stream_of(c, c->port)))
    return;
  l->elsewhere = true;
  l->port = c->spare;
  if (c->spare && cs_runner_session_lives(cs_runner_stream_of(c, c->spare)))
    return;
  l->ready = false;
  l->port = c->port;
  if (new_connection(c))
    c->spare = l->port;
}

void cs_runner_life_begin(cs_runner_case *c, bool closing) {
  cs_runner_life *l = &c->life;
  *l = (cs_runner_life){.looking = true,
                        .closing = closing,
                        .began = c->now,
                        .since = c->now,
                        .ready = c->form == CS_WIRE_UDP || !closing,
                        .port = c->port,
                        .used = true};
  l->ping_mid = cs_runner_fresh_mid(&c->fresh);
  l->get_mid = cs_runner_fresh_mid(&c->fresh);
  cs_runner_fresh_token(&c->fresh, l->token);
  if (c->form == CS_WIRE_UDP && c->secured)
    choose_session(c);
  if (c->form == CS_WIRE_UDP)
    return;
  cs_runner_fresh_token(&c->fresh, l->ping_token);
  for (unsigned i = 0; closing && i < c->ports; i++)
    cs_runner_stream_close(c, i);
  if (closing)
    new_connection(c);
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
      {.kind = CS_RUNNER_FIELD_TOKEN,
       .var = -1,
       .literal = cs_runner_copy(&c->arena, cs_span_of(l->token, sizeof l->token))},
      has_role ? role : core[0],
      core[1]};
  cs_runner_send get = {
      .type = CS_CON, .code = CS_CODE(0, 1), .fields = fields, .field_count = has_role ? 3 : 4};
  cs_runner_maker maker = cs_runner_case_maker(c);
  cs_runner_made made;
  const char *why;
  if (cs_runner_make(&maker, &get, &made, &why))
    cs_runner_case_send(c, l->port, &made);
}

static void send_ping(cs_runner_case *c) {
  const cs_runner_life *l = &c->life;
  if (c->form == CS_WIRE_UDP)
    cs_runner_case_send_empty(c, l->port, CS_CON, l->ping_mid);
  else
    cs_runner_case_send_plain(c, l->port, CS_CODE(7, 2),
                              cs_span_of(l->ping_token, sizeof l->ping_token), 0);
}

/* Whether the connection is ready for the schedule. *over: it never will be. */
static bool stream_turn(cs_runner_case *c, bool *over) {
  cs_runner_life *l = &c->life;
  cs_runner_stream *s = cs_runner_stream_of(c, l->port);
  if (l->again_at) {
    if (c->now < l->again_at)
      return false;
    l->again_at = 0;
    *over = !new_connection(c);
    return false;
  }
  if (!s) {
    *over = true;
    return false;
  }
  if (!cs_runner_open_turn(c, l->port))
    return false;
  if (s->stage == CS_RUNNER_STAGE_OPEN && !s->ended && !s->closed && !s->alerted) {
    if (!l->ready)
      l->since = c->now;
    l->ready = true;
    return true;
  }
  /* A server that is busy with the end of other connections gets another try. */
  if (l->closing && !s->refused && ++l->tries < TRIES) {
    cs_runner_stream_close(c, l->port);
    l->ready = false;
    l->sent = 0;
    l->again_at = cs_time_add(c->now, CS_SECOND);
    return false;
  }
  *over = true;
  return false;
}

/* The target may have lost the present session, which other steps judge. */
static void go_elsewhere(cs_runner_case *c) {
  cs_runner_life *l = &c->life;
  if (!c->secured || c->form != CS_WIRE_UDP || !l->closing || l->elsewhere || !l->ready ||
      c->now < cs_time_add(l->since, elsewhere_after))
    return;
  l->elsewhere = true;
  l->ready = !new_connection(c);
  l->sent = l->ready ? l->sent : 0;
}

bool cs_runner_life_turn(cs_runner_case *c) {
  cs_runner_life *l = &c->life;
  bool over = false;
  if (!l->looking)
    return true;
  if (l->found || c->now >= cs_runner_stray_due(&l->stray) ||
      c->now >= cs_time_add(l->began, patience(c))) {
    l->looking = false;
    return true;
  }
  go_elsewhere(c);
  if (cs_runner_opens(c) && !stream_turn(c, &over)) {
    l->looking = !over;
    return over;
  }
  while (l->sent < scheduled(c) && c->now >= cs_time_add(l->since, due_of(c, l->sent).at)) {
    if (due_of(c, l->sent).what & PING)
      send_ping(c);
    if (due_of(c, l->sent).what & GET)
      send_get(c);
    l->sent++;
  }
  return false;
}

cs_time cs_runner_life_deadline(const cs_runner_case *c) {
  const cs_runner_life *l = &c->life;
  cs_time end = cs_time_min(cs_time_add(l->began, patience(c)), cs_runner_stray_due(&l->stray));
  if (!l->ready && l->again_at)
    return cs_time_min(end, l->again_at);
  if (!l->ready)
    return c->streams[l->port] ? cs_time_min(end, c->streams[l->port]->due) : end;
  if (c->secured && c->form == CS_WIRE_UDP && l->closing && !l->elsewhere)
    end = cs_time_min(end, cs_time_add(l->since, elsewhere_after));
  if (l->sent == scheduled(c))
    return end;
  return cs_time_min(end, cs_time_add(l->since, due_of(c, l->sent).at));
}

bool cs_runner_life_takes(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_life *l = &c->life;
  if (!l->used || (!cs_runner_is_message(a) && !a->from))
    return false;
  bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) &&
                (a->m.mid == l->ping_mid || a->m.mid == l->get_mid);
  bool by_token = cs_wire_code_is_response(a->m.code) &&
                  cs_span_equal(a->m.token, cs_span_of(l->token, sizeof l->token));
  /* Whatever token it has: that one is for scenarios about Pings. */
  bool own = cs_span_equal(a->m.token, cs_span_of(l->ping_token, sizeof l->ping_token));
  bool pong = c->form != CS_WIRE_UDP && (l->looking || own) && a->port == l->port &&
              a->m.code == CS_CODE(7, 3);
  if (!by_mid && !by_token && !pong)
    return false;
  if (a->from) {
    if (!l->stray.there)
      l->stray = (cs_runner_stray){true, a->at, by_token, 0, a->from, a->notation};
    return true;
  }
  cs_runner_case_acknowledge(c, a);
  l->found = true;
  return true;
}
