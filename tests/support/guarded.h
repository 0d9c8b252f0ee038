/* A guarded server under a virtual clock, and clients of it: an address each, or
 * a connection. What they say is protected, what they hear is in notation. */
#ifndef CS_TESTS_GUARDED_H
#define CS_TESTS_GUARDED_H

#include <stdio.h>
#include <string.h>

#include "server/guard.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "support/tls_pair.h"
#include "wire/notation.h"

enum { GUARDED_CLIENTS = 6, GUARDED_HEARD = 4096 };

typedef struct guarded_client {
  cs_tls *tls;
  uint64_t peer;
  bool closed;  /* the server closed its connection */
  size_t plain; /* datagrams that were no records */
  size_t cookies;
  cs_err said;
  size_t heard_len; /* application data */
  uint8_t heard[GUARDED_HEARD];
  char text[GUARDED_HEARD];
} guarded_client;

typedef struct guarded {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_server *server;
  cs_server_guard *guard;
  cs_test_memory mine; /* of the clients */
  cs_tls_shared *shared;
  cs_wire_form form;
  cs_time now;
  size_t cut; /* bytes of a stream at a time; 0: all */
  guarded_client clients[GUARDED_CLIENTS];
} guarded;

static inline cs_server_credentials guarded_credentials(void) {
  cs_server_credentials c = {.identity = cs_span_str("coapspec"),
                             .key = cs_span_str(CS_TEST_TLS_KEY),
                             .ca = CS_TEST_TLS_FILE("ca.pem"),
                             .certificate = CS_TEST_TLS_FILE("server.chain.pem"),
                             .private_key = CS_TEST_TLS_FILE("server.key")};
  return c;
}

/* Makes all but the guard. */
static inline void guarded_begin(guarded *g, cs_wire_form form) {
  memset(g, 0, sizeof *g);
  cs_test_memory_init(&g->memory);
  cs_test_memory_init(&g->mine);
  cs_base_seeded_init(&g->seeded, 42);
  g->now = 1000 * CS_SECOND;
  g->form = form;
  for (size_t i = 0; i < GUARDED_CLIENTS; i++)
    g->clients[i].peer = i + 1;
  ck_assert_int_eq(cs_tls_shared_new(&g->mine.alloc, cs_base_seeded_random(&g->seeded), &g->shared),
                   CS_OK);
}

static inline cs_err guarded_make(guarded *g, size_t max_sessions) {
  const char *why = "";
  cs_server_config server = {.alloc = &g->memory.alloc, .seed = 42};
  cs_server_guard_config guard = {.alloc = &g->memory.alloc,
                                  .random = cs_base_seeded_random(&g->seeded),
                                  .credentials = guarded_credentials(),
                                  .max_sessions = max_sessions};
  cs_err err = cs_server_new(&server, g->now, &g->server, NULL);
  if (err != CS_OK)
    return err;
  guard.server = g->server;
  return cs_server_guard_new(&guard, &g->guard, &why);
}

static inline void guarded_open(guarded *g, cs_wire_form form, size_t max_sessions) {
  guarded_begin(g, form);
  ck_assert_int_eq(guarded_make(g, max_sessions), CS_OK);
}

/* Closes it; nothing may leak. */
static inline void guarded_close(guarded *g) {
  for (size_t i = 0; i < GUARDED_CLIENTS; i++)
    cs_tls_close(g->clients[i].tls);
  cs_tls_shared_free(g->shared);
  cs_server_guard_free(g->guard);
  cs_server_free(g->server);
  ck_assert_uint_eq(g->memory.out_bytes, 0);
  ck_assert_uint_eq(g->mine.out_bytes, 0);
}

static inline void guarded_give(guarded *g, guarded_client *c, cs_span bytes) {
  char address[16];
  snprintf(address, sizeof address, "192.0.2.%u", (unsigned)c->peer);
  size_t piece = g->form == CS_WIRE_UDP || !g->cut ? bytes.len : g->cut;
  for (size_t at = 0; at < bytes.len; at += piece) {
    size_t n = bytes.len - at < piece ? bytes.len - at : piece;
    (void)cs_server_guard_receive(g->guard, c->peer, cs_span_str(address),
                                  cs_span_cut(bytes, at, n), g->now);
  }
}

static inline guarded_client *guarded_whose(guarded *g, uint64_t peer) {
  for (size_t i = 0; i < GUARDED_CLIENTS; i++)
    if (g->clients[i].peer == peer)
      return &g->clients[i];
  return NULL;
}

static inline void guarded_take(guarded *g, guarded_client *c, cs_span bytes) {
  static uint8_t data[CS_TLS_RECORD_MAX];
  size_t len;
  if (g->form == CS_WIRE_UDP && !cs_server_guard_is_record(bytes)) {
    c->plain++;
    return;
  }
  if (g->form == CS_WIRE_UDP && bytes.at[0] == 22 && bytes.at[13] == 3)
    c->cookies++;
  if (!c->tls || cs_tls_feed(c->tls, bytes, g->now) != CS_OK)
    return;
  while ((c->said = cs_tls_read(c->tls, data, sizeof data, &len)) == CS_OK) {
    ck_assert_uint_le(c->heard_len + len, sizeof c->heard);
    memcpy(c->heard + c->heard_len, data, len);
    c->heard_len += len;
  }
}

/* All that either side has to send now. */
static inline void guarded_turn(guarded *g) {
  static uint8_t buf[CS_TLS_RECORD_MAX];
  for (bool more = true; more;) {
    cs_span bytes;
    uint64_t peer;
    size_t len;
    more = false;
    for (size_t i = 0; i < GUARDED_CLIENTS; i++) {
      guarded_client *c = &g->clients[i];
      while (c->tls && cs_tls_transmit(c->tls, &bytes) == CS_OK) {
        len = bytes.len;
        guarded_give(g, c, bytes);
        cs_tls_sent(c->tls, len, g->now);
        more = true;
      }
    }
    while (cs_server_guard_transmit(g->guard, g->now, buf, sizeof buf, &peer, &len) == CS_OK) {
      guarded_client *c = guarded_whose(g, peer);
      if (c)
        guarded_take(g, c, cs_span_of(buf, len));
      more = true;
    }
    if (cs_server_guard_closing(g->guard, g->now, &peer)) {
      guarded_client *c = guarded_whose(g, peer);
      if (c)
        c->closed = true;
      more = true;
    }
  }
}

/* Lets time pass, deadline by deadline. */
static inline void guarded_pass(guarded *g, cs_time time) {
  cs_time end = g->now + time;
  guarded_turn(g);
  for (;;) {
    cs_time at = cs_server_guard_deadline(g->guard);
    for (size_t i = 0; i < GUARDED_CLIENTS; i++)
      if (g->clients[i].tls)
        at = cs_time_min(at, cs_tls_deadline(g->clients[i].tls));
    if (at > end)
      break;
    g->now = at > g->now ? at : g->now;
    cs_server_guard_expire(g->guard, g->now);
    for (size_t i = 0; i < GUARDED_CLIENTS; i++)
      if (g->clients[i].tls)
        cs_tls_expire(g->clients[i].tls, g->now);
    guarded_turn(g);
  }
  g->now = end;
}

/* A client's new session; on a stream a new connection. Nothing is sent yet. */
static inline void guarded_session(guarded *g, guarded_client *c, const cs_tls_psk *psk,
                                   const cs_tls_pki *pki) {
  cs_tls_credentials credentials = {.role = CS_TLS_CLIENT, .psk = psk, .pki = pki};
  cs_tls_setup *setup = NULL;
  const char *why = "";
  cs_err err = cs_tls_setup_new(g->shared, &credentials, &setup, &why);
  ck_assert_msg(err == CS_OK, "%s", why);
  bool datagrams = g->form == CS_WIRE_UDP;
  cs_tls_config config = {
      .setup = setup, .kind = datagrams ? CS_TLS_DATAGRAM : CS_TLS_STREAM, .mtu = 1200};
  cs_tls_close(c->tls);
  ck_assert_int_eq(cs_tls_open(&config, g->now, &c->tls), CS_OK);
  cs_tls_setup_free(setup);
  c->closed = false;
  c->heard_len = 0;
  c->said = CS_ERR_AGAIN;
}

/* With the right key, as far as it comes; whether that is to a session. */
static inline bool guarded_shake(guarded *g, guarded_client *c) {
  const cs_tls_psk psk = {.identity = cs_span_str(CS_TEST_TLS_IDENTITY),
                          .key = cs_span_str(CS_TEST_TLS_KEY)};
  if (g->form != CS_WIRE_UDP &&
      cs_server_guard_connect(g->guard, c->peer, g->form, g->now) != CS_OK)
    return false;
  guarded_session(g, c, &psk, NULL);
  guarded_turn(g);
  return cs_tls_state_of(c->tls) == CS_TLS_ESTABLISHED;
}

/* Says a message in its session; what is heard from then on is kept. */
static inline bool guarded_say(guarded *g, guarded_client *c, const char *text) {
  uint8_t scratch[1024], buf[1024];
  size_t len;
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  ck_assert_int_eq(cs_wire_read(g->form, cs_span_str(text), scratch, sizeof scratch, &m, &error),
                   CS_OK);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  c->heard_len = 0;
  return cs_tls_write(c->tls, cs_span_of(buf, len), g->now) == CS_OK;
}

/* What it heard, as notation: one message. "" for nothing. */
static inline const char *guarded_heard(guarded *g, guarded_client *c) {
  cs_wire_message m;
  size_t len;
  if (c->heard_len == 0)
    return "";
  if (cs_wire_parse(g->form, cs_span_of(c->heard, c->heard_len), NULL, &m) != CS_RULE_NONE)
    return "raw";
  ck_assert_int_eq(cs_wire_print(&m, c->text, sizeof c->text, &len), CS_OK);
  return c->text;
}

#endif
