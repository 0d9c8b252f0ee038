/* A connection to a server under a virtual clock, spoken to in the notation of
 * messages on TCP and on a WebSocket alike; or in bytes. */
#ifndef CS_TESTS_WIRED_H
#define CS_TESTS_WIRED_H

#include <stdio.h>
#include <string.h>

#include "begins.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "server/server.h"
#include "wire/notation.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

enum { WIRED_MAX = 1 << 17 };

typedef struct wired {
  cs_test_memory memory;
  cs_server *server;
  cs_time now;
  uint64_t peer;
  cs_wire_form form;
  size_t cut;  /* bytes that the server is given at a time; 0: all */
  size_t take; /* bytes that are taken from it at a time; 0: many */
  bool head;   /* the head of the server's HTTP response came */
  bool closed;
  uint8_t in[WIRED_MAX]; /* what the server sent and nobody has looked at */
  size_t in_len;
  char text[8192];
} wired;

/* Forms to loop over. */
static const cs_wire_form wired_forms[] = {CS_WIRE_TCP, CS_WIRE_WS};

static inline void wired_config(wired *w, cs_server_config *config) {
  memset(w, 0, sizeof *w);
  memset(config, 0, sizeof *config);
  cs_test_memory_init(&w->memory);
  w->now = 1000 * CS_SECOND;
  w->peer = 9;
  config->alloc = &w->memory.alloc;
  config->seed = 42;
}

/* A new connection, of which nothing has been said. */
static inline void wired_connect(wired *w, cs_wire_form form) {
  w->form = form;
  w->head = w->closed = false;
  w->in_len = 0;
  ck_assert_int_eq(cs_server_connect(w->server, ++w->peer, form, w->now), CS_OK);
}

/* A server with up to one defect (NULL: none), and a connection. */
static inline void wired_open(wired *w, cs_wire_form form, const char *defect) {
  cs_server_config config;
  wired_config(w, &config);
  config.defects = &defect;
  config.defect_count = defect ? 1 : 0;
  ck_assert_int_eq(cs_server_new(&config, w->now, &w->server, NULL), CS_OK);
  wired_connect(w, form);
}

/* Frees it; nothing may leak. */
static inline void wired_done(wired *w) {
  cs_server_free(w->server);
  ck_assert_uint_eq(w->memory.out_bytes, 0);
}

static inline void wired_pull(wired *w) {
  uint64_t peer;
  uint8_t buf[4096];
  size_t len;
  while (cs_server_transmit(w->server, w->now, buf, w->take ? w->take : sizeof buf, &peer, &len) ==
         CS_OK) {
    ck_assert_uint_eq(peer, w->peer);
    ck_assert(!w->closed && len > 0 && len <= sizeof w->in - w->in_len);
    memcpy(w->in + w->in_len, buf, len);
    w->in_len += len;
  }
  if (cs_server_closing(w->server, w->now, &peer)) {
    ck_assert_uint_eq(peer, w->peer);
    w->closed = true;
  }
}

static inline void wired_bytes(wired *w, const void *bytes, size_t len) {
  size_t n = w->cut ? w->cut : len;
  for (size_t at = 0; at < len && !w->closed; at += n) {
    /* A copy of exactly that length, so that a read beyond its end is seen. */
    size_t part = len - at < n ? len - at : n;
    uint8_t *copy = malloc(part);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, (const uint8_t *)bytes + at, part);
    ck_assert_int_eq(cs_server_receive(w->server, w->peer, false, cs_span_of(copy, part), w->now),
                     CS_OK);
    free(copy);
    wired_pull(w);
  }
}

/* One frame of a client; payload is what it holds before it is masked. */
static inline void wired_frame(wired *w, cs_wire_ws_frame f, const void *payload, size_t len) {
  uint8_t *buf = malloc(CS_WS_HEADER_MAX + len);
  ck_assert_ptr_nonnull(buf);
  f.length = len;
  size_t header = cs_wire_ws_frame_put(&f, buf);
  memcpy(buf + header, payload, len);
  if (f.masked)
    cs_wire_ws_mask(buf + header, len, f.mask, 0);
  wired_bytes(w, buf, header + len);
  free(buf);
}

static const cs_wire_ws_frame wired_binary = {
    .fin = true, .opcode = CS_WS_BINARY, .masked = true, .mask = {1, 2, 3, 4}};

/* A message as the form has it, in one frame on a WebSocket. */
static inline void wired_message(wired *w, const cs_wire_message *m) {
  size_t cap = cs_wire_size(m);
  uint8_t *buf = malloc(cap);
  size_t len;
  ck_assert_ptr_nonnull(buf);
  ck_assert_int_eq(cs_wire_build(m, buf, cap, &len), CS_OK);
  if (w->form == CS_WIRE_WS)
    wired_frame(w, wired_binary, buf, len);
  else
    wired_bytes(w, buf, len);
  free(buf);
}

static inline void wired_send(wired *w, const char *text) {
  uint8_t scratch[4096];
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  if (cs_wire_read(w->form, cs_span_str(text), scratch, sizeof scratch, &m, &error) != CS_OK)
    ck_abort_msg("%s: at %zu: %s", text, error.at, error.want);
  wired_message(w, &m);
}

static inline void wired_upgrade(wired *w) {
  uint8_t buf[1024];
  size_t len;
  ck_assert_int_eq(cs_wire_ws_request(cs_span_str("localhost"), "AAAAAAAAAAAAAAAAAAAAAA==", buf,
                                      sizeof buf, &len),
                   CS_OK);
  wired_bytes(w, buf, len);
}

static inline void wired_drop(wired *w, size_t n) {
  w->in_len -= n;
  memmove(w->in, w->in + n, w->in_len);
}

static inline const char *wired_print(wired *w, cs_span bytes) {
  const cs_wire_limits limits = {CS_WIRE_TOKEN_MAX};
  cs_wire_message m;
  if (cs_wire_parse(w->form, bytes, &limits, &m) != CS_RULE_NONE)
    return "malformed";
  ck_assert_int_eq(cs_wire_print(&m, w->text, sizeof w->text, NULL), CS_OK);
  return w->text;
}

static inline const char *wired_next_frame(wired *w) {
  cs_wire_ws_frame f;
  cs_rule broken;
  uint8_t payload[4096];
  if (cs_wire_ws_frame_read(cs_span_of(w->in, w->in_len), &f, &broken) == CS_ERR_AGAIN ||
      w->in_len < f.header + f.length)
    return "part of a frame";
  ck_assert_uint_le(f.length, sizeof payload);
  size_t len = (size_t)f.length;
  memcpy(payload, w->in + f.header, len);
  wired_drop(w, f.header + len);
  if (cs_wire_ws_frame_check(&f, false) != CS_RULE_NONE)
    return "bad frame";
  if (f.opcode == CS_WS_BINARY && f.fin)
    return wired_print(w, cs_span_of(payload, len));
  uint16_t status = 0;
  cs_span reason;
  if (f.opcode == CS_WS_CLOSE)
    ck_assert_int_eq(cs_wire_ws_close_read(cs_span_of(payload, len), &status, &reason),
                     CS_RULE_NONE);
  snprintf(w->text, sizeof w->text, "frame %s %u", cs_wire_ws_opcode_name(f.opcode), status);
  return w->text;
}

/* The next thing that the server says now: a message in notation, "HTTP 101",
 * "frame close 1002", "malformed", "closed", or "" for nothing. */
static inline const char *wired_next(wired *w) {
  wired_pull(w);
  if (w->in_len == 0)
    return w->closed ? "closed" : "";
  if (w->form == CS_WIRE_TCP) {
    size_t total;
    cs_span in = cs_span_of(w->in, w->in_len);
    if (cs_wire_tcp_frame(in, &total) != CS_OK || total > w->in_len)
      return "part of a message";
    const char *text = wired_print(w, cs_span_cut(in, 0, total));
    wired_drop(w, total);
    return text;
  }
  if (w->head)
    return wired_next_frame(w);
  cs_wire_http_head head;
  cs_rule broken;
  if (cs_wire_http_read(cs_span_of(w->in, w->in_len), true, &head, &broken) != CS_OK)
    return "bad head";
  snprintf(w->text, sizeof w->text, "HTTP %u", head.status);
  wired_drop(w, head.size);
  w->head = true;
  return w->text;
}

/* Lets time pass, deadline by deadline, until the server says something or the
 * time is up. */
static inline const char *wired_wait(wired *w, cs_time time) {
  cs_time end = w->now + time;
  for (;;) {
    const char *text = wired_next(w);
    if (*text)
      return text;
    cs_time at = cs_server_deadline(w->server);
    if (at > end) {
      w->now = end;
      return "";
    }
    w->now = at > w->now ? at : w->now;
    cs_server_expire(w->server, w->now);
  }
}

static inline const char *wired_ask(wired *w, const char *text) {
  wired_send(w, text);
  return wired_next(w);
}

/* The handshake of RFC 8323, on a WebSocket behind the upgrade. */
static inline void wired_greet(wired *w) {
  if (w->form == CS_WIRE_WS) {
    wired_upgrade(w);
    ck_assert_str_eq(wired_next(w), "HTTP 101");
  }
  ck_assert_begins(wired_next(w), "CSM Max-Message-Size=1048576");
  ck_assert_str_eq(wired_ask(w, "CSM"), "");
}

#endif
