#include "support/joined.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire/notation.h"

enum { TURNS_MAX = 3000000 };

cs_endpoint_config cs_test_stream_config(int kind) {
  cs_endpoint_config c;
  memset(&c, 0, sizeof c);
  c.link = kind == 0 ? CS_LINK_STREAM : CS_LINK_WEBSOCKET;
  c.core.form = kind == 0 ? CS_WIRE_TCP : CS_WIRE_WS;
  return c;
}

void cs_test_side_open(cs_test_side *s, const cs_endpoint_config *config, cs_core_role role,
                       size_t mtu, cs_time now) {
  memset(s, 0, sizeof *s);
  cs_test_memory_init(&s->memory);
  cs_base_seeded_init(&s->seeded, role + 1);
  s->config = *config;
  s->config.core.role = role;
  s->config.core.alloc = &s->memory.alloc;
  s->config.core.random = cs_base_seeded_random(&s->seeded);
  s->config.plain = s->plain;
  ck_assert_int_eq(cs_endpoint_open(&s->config, NULL, mtu, now, &s->e), CS_OK);
  if (config->link == CS_LINK_WEBSOCKET && role == CS_CLIENT)
    ck_assert_int_eq(cs_endpoint_ws_host(s->e, cs_span_str("example.org"), NULL), CS_OK);
}

void cs_test_side_close(cs_test_side *s) {
  cs_endpoint_close(s->e);
  ck_assert_uint_eq(s->memory.out_bytes, 0);
}

void cs_test_side_events(cs_test_side *s, cs_time now) {
  cs_core_event e;
  while (cs_endpoint_next_event(s->e, &e)) {
    s->kinds[e.kind]++;
    if (e.kind == CS_EVENT_REJECTED)
      ck_assert_int_ne(e.rule, CS_RULE_NONE);
    if (e.kind == CS_EVENT_ABORTED)
      s->aborted = e.rule;
    if (e.kind == CS_EVENT_NACK) {
      s->nack = e.reason;
      s->nack_rule = e.rule;
    }
    if (e.kind == CS_EVENT_RESPONSE)
      s->payload += e.message.payload.len;
    if (e.kind != CS_EVENT_REQUEST)
      continue;
    s->payload += e.message.payload.len;
    cs_core_response_spec spec = {.code = CS_CODE(2, 5), .payload = e.message.payload, .type = -1};
    cs_core_session *core = cs_endpoint_session(s->e);
    if (!s->hold && cs_core_respond(core, e.exchange, &spec, now) != CS_OK)
      cs_core_ignore(core, e.exchange, now);
  }
  ck_assert(!cs_endpoint_next_event(s->e, &e)); /* all was told */
}

/* Bytes come in a block of their own, so that a read past them shows. */
static bool give(cs_test_side *to, cs_span bytes, cs_time now) {
  uint8_t *copy = malloc(bytes.len);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, bytes.at, bytes.len);
  cs_err e = cs_endpoint_receive(to->e, 0, false, cs_span_of(copy, bytes.len), now);
  ck_assert(e == CS_OK || e == CS_ERR_CLOSED);
  cs_test_side_events(to, now);
  free(copy);
  return e == CS_OK;
}

void cs_test_joined_open(cs_test_joined *j, const cs_endpoint_config *client,
                         const cs_endpoint_config *server, size_t mtu) {
  memset(j, 0, sizeof *j);
  j->now = CS_SECOND;
  cs_test_side_open(&j->client, client, CS_CLIENT, mtu, j->now);
  cs_test_side_open(&j->server, server, CS_SERVER, mtu, j->now);
  cs_endpoint_up(j->client.e, j->now);
  cs_endpoint_up(j->server.e, j->now);
}

void cs_test_joined_open_secured(cs_test_joined *j, const cs_endpoint_config *client,
                                 const cs_endpoint_config *server, size_t mtu,
                                 cs_test_secrets secrets[2]) {
  memset(j, 0, sizeof *j);
  j->now = CS_SECOND;
  cs_test_side_open(&j->client, client, CS_CLIENT, mtu, j->now);
  cs_test_side_open(&j->server, server, CS_SERVER, mtu, j->now);
  for (unsigned i = 0; i < 2; i++) {
    cs_endpoint *e = i ? j->server.e : j->client.e;
    cs_tls *t = cs_test_secrets_begin(&secrets[i], CS_TLS_STREAM, mtu, j->now);
    ck_assert_int_eq(cs_endpoint_secure(e, t), CS_OK);
    ck_assert_ptr_eq(cs_endpoint_tls(e), t);
    cs_endpoint_up(e, j->now);
  }
}

static bool move(cs_test_joined *j, cs_test_side *from, cs_test_side *to, size_t cut_at) {
  cs_span bytes;
  cs_test_side_events(from, j->now);
  if (from->gone || !cs_endpoint_output(from->e, j->now, &bytes))
    return false;
  size_t n = j->chunk && j->chunk < bytes.len ? j->chunk : bytes.len;
  if (from->out < cut_at && from->out + n > cut_at)
    n = cut_at - from->out;
  if (!to->gone)
    (void)give(to, cs_span_of(bytes.at, n), j->now);
  from->out += n;
  cs_endpoint_sent(from->e, n, j->now);
  return true;
}

/* One side is done with its transport, so the other loses it. */
static bool part(cs_test_joined *j, cs_test_side *from, cs_test_side *to) {
  if (from->gone || !cs_endpoint_finished(from->e))
    return false;
  from->gone = true;
  if (!to->gone && !cs_endpoint_finished(to->e))
    cs_endpoint_link(to->e, CS_LINK_CLOSED, j->now);
  cs_test_side_events(to, j->now);
  return true;
}

void cs_test_joined_run(cs_test_joined *j) {
  bool moved = true;
  while (moved) {
    moved = move(j, &j->client, &j->server, j->cut_at[0]);
    moved |= move(j, &j->server, &j->client, j->cut_at[1]);
    moved |= part(j, &j->client, &j->server);
    moved |= part(j, &j->server, &j->client);
    ck_assert_uint_lt(j->turns++, TURNS_MAX);
  }
}

void cs_test_joined_close(cs_test_joined *j) {
  cs_test_side_close(&j->client);
  cs_test_side_close(&j->server);
}

/* The link's bytes into the endpoint. */
static void speak(cs_test_played *p) {
  uint8_t buf[CS_LINK_OWN_MAX];
  size_t n;
  while (cs_link_transmit(&p->link, buf, sizeof buf, &n) == CS_OK)
    (void)give(&p->side, cs_span_of(buf, n), p->now);
}

void cs_test_played_open(cs_test_played *p, const cs_endpoint_config *config, cs_core_role role) {
  memset(p, 0, sizeof *p);
  p->now = CS_SECOND;
  cs_test_side_open(&p->side, config, role, 16 << 20, p->now);
  cs_test_memory_init(&p->memory);
  cs_base_seeded_init(&p->seeded, 99);
  cs_link_init(&p->link, config->link, &p->memory.alloc, 16 << 20);
  cs_endpoint_up(p->side.e, p->now);
  if (config->link != CS_LINK_WEBSOCKET)
    return;
  cs_link_ws_config c = {.server = role == CS_CLIENT,
                         .random = cs_base_seeded_random(&p->seeded),
                         .host = cs_span_str("example.org"),
                         .timeout = CS_TIME_NEVER};
  cs_rule broken;
  ck_assert_int_eq(cs_link_ws_open(&p->link, &c, p->now, &broken), CS_OK);
  if (role == CS_SERVER) {
    speak(p);
    return;
  }
  cs_span request;
  ck_assert(cs_endpoint_output(p->side.e, p->now, &request));
  cs_link_feed(&p->link, request);
  cs_span none;
  ck_assert_int_eq(cs_link_next(&p->link, &none, &broken), CS_ERR_AGAIN);
  cs_endpoint_sent(p->side.e, request.len, p->now);
  speak(p);
}

void cs_test_played_close(cs_test_played *p) {
  cs_link_free(&p->link);
  ck_assert_uint_eq(p->memory.out_bytes, 0);
  cs_test_side_close(&p->side);
}

bool cs_test_say_bytes(cs_test_played *p, cs_span bytes) {
  return give(&p->side, bytes, p->now);
}

bool cs_test_say(cs_test_played *p, const char *notation) {
  uint8_t scratch[4096], frame[4096];
  cs_wire_message m;
  ck_assert_msg(cs_wire_read(p->side.config.core.form, cs_span_str(notation), scratch,
                             sizeof scratch, &m, NULL) == CS_OK,
                "%s", notation);
  size_t size = cs_wire_size(&m), header = cs_link_header_size(&p->link, size), n;
  ck_assert_int_eq(cs_wire_build(&m, frame + header, sizeof frame - header, &n), CS_OK);
  cs_link_seal(&p->link, frame, n);
  return cs_test_say_bytes(p, cs_span_of(frame, header + n));
}

const char *cs_test_hear(cs_test_played *p) {
  p->text[0] = '\0';
  cs_span bytes, message;
  cs_rule broken = CS_RULE_NONE;
  cs_err e;
  cs_test_side_events(&p->side, p->now);
  while ((e = cs_link_next(&p->link, &message, &broken)) == CS_ERR_AGAIN) {
    uint8_t byte; /* one at a time: nothing stays borrowed */
    if (!cs_endpoint_output(p->side.e, p->now, &bytes))
      return p->text;
    byte = bytes.at[0];
    cs_endpoint_sent(p->side.e, 1, p->now);
    cs_link_feed(&p->link, cs_span_of(&byte, 1));
    e = cs_link_next(&p->link, &message, &broken);
    if (e != CS_ERR_AGAIN)
      break;
  }
  if (e == CS_ERR_CLOSED) {
    memcpy(p->text, "(closed)", sizeof "(closed)");
    return p->text;
  }
  ck_assert_msg(e == CS_OK, "%s", cs_base_rule_id(broken));
  cs_wire_message m;
  const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  ck_assert_int_eq(cs_wire_parse(p->side.config.core.form, message, &any, &m), CS_RULE_NONE);
  ck_assert_int_eq(cs_wire_print(&m, p->text, sizeof p->text, NULL), CS_OK);
  return p->text;
}

cs_time cs_test_played_wait(cs_test_played *p) {
  cs_time at = cs_endpoint_deadline(p->side.e);
  ck_assert_uint_ne(at, CS_TIME_NEVER);
  ck_assert_uint_ge(at, p->now);
  cs_time by = at - p->now;
  p->now = at;
  cs_endpoint_expire(p->side.e, p->now);
  cs_test_side_events(&p->side, p->now);
  return by;
}
