/* A case that a test plays by hand: what it sends is read in notation, what it
 * is to receive is written in it. */
#ifndef CS_TESTS_PLAY_H
#define CS_TESTS_PLAY_H

#include <stdio.h>
#include <string.h>

#include "runner/case.h"
#include "support/check_main.h"
#include "wire/notation.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

#define PLAY_HEAD "# t\nid a/b/c\ncovers R#1:must\ntransport udp\n---\n"

#define PLAY_TCP "# t\nid a/b/c\ncovers R#1:must\ntransport tcp\n"
#define PLAY_DTLS "# t\nid a/b/c\ncovers R#1:must\ntransport dtls\n"
#define PLAY_TLS "# t\nid a/b/c\ncovers R#1:must\ntransport tls\n"
#define PLAY_WSS "# t\nid a/b/c\ncovers R#1:must\ntransport wss\n"
#define PLAY_WS "# t\nid a/b/c\ncovers R#1:must\ntransport ws\n"

typedef struct played {
  cs_runner_arena arena;
  cs_runner_profile profile;
  cs_runner_requirements requirements;
  cs_runner_case *c;
  cs_runner_transport transport;
  unsigned port;                  /* of the last act; what is given goes there */
  const cs_runner_secure *secure; /* of the last CONNECT */
  char key[CS_WS_KEY_SIZE];
  cs_time now;
  cs_time tolerance;
  char text[8192];
} played;

static inline void play_open_on(played *p, const char *scenario, uint8_t type,
                                cs_runner_transport transport) {
  static const char tsv[] = "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                            "R#1:must\t1\t1\tMUST\tx\ty\n"
                            "R#1:should\t1\t1\tSHOULD\tx\ty\n"
                            "RFC7252#4.4:mid-unmatched\t7252\t4.4\tMUST\tx\ty\n"
                            "RFC7252#5.3.2:response-source\t7252\t5.3.2\tMUST\tx\ty\n";
  static const char ini[] = "[target]\nname = x\n[resources]\ntest = /a/b%20c\n";
  const cs_runner_scenario *s = NULL;
  cs_runner_error e;
  memset(p, 0, sizeof *p);
  ck_assert(cs_runner_requirements_read(cs_span_str(tsv), &p->arena, &p->requirements, &e));
  ck_assert(cs_runner_profile_read(cs_span_str(ini), "x.ini", &p->arena, &p->profile, &e));
  ck_assert_msg(cs_runner_parse(cs_span_str(scenario), "x.scn", NULL, &p->arena, &s, &e),
                "%u:%u: %s", e.line, e.column, e.message);
  p->now = 100 * CS_SECOND;
  p->transport = transport;
  cs_runner_case_config config = {.variant = {s, s->id, type, transport},
                                  .profile = &p->profile,
                                  .requirements = &p->requirements,
                                  .seed = 7,
                                  .tolerance = &p->tolerance};
  p->c = cs_runner_case_new(&config);
  cs_runner_case_start(p->c, p->now);
}

static inline void play_open(played *p, const char *scenario, uint8_t type) {
  play_open_on(p, scenario, type, CS_RUNNER_UDP);
}

static inline void play_close(played *p) {
  cs_runner_case_free(p->c);
  cs_runner_release(&p->arena);
}

static inline const char *play_hex(played *p, cs_span bytes) {
  size_t at = (size_t)snprintf(p->text, sizeof p->text, "raw");
  for (size_t i = 0; i < bytes.len && at + 4 < sizeof p->text; i++)
    at += (size_t)snprintf(p->text + at, sizeof p->text - at, " %02x", bytes.at[i]);
  return p->text;
}

static inline const char *play_print(played *p, cs_wire_form form, cs_span bytes) {
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  cs_wire_message m;
  const cs_wire_limits *limits = form == CS_WIRE_UDP ? NULL : &any;
  if (cs_wire_parse(form, bytes, limits, &m) != CS_RULE_NONE)
    return play_hex(p, bytes);
  ck_assert_int_eq(cs_wire_print(&m, p->text, sizeof p->text, NULL), CS_OK);
  return p->text;
}

/* Bytes for a WebSocket: an upgrade, whose key is kept, or one frame. */
static inline const char *play_frame(played *p, cs_span bytes) {
  uint8_t plain[4096];
  cs_wire_ws_frame f;
  cs_rule broken;
  cs_wire_http_head head;
  cs_span key;
  if (cs_wire_http_read(bytes, false, &head, &broken) == CS_OK) {
    if (cs_wire_http_field(&head, "Sec-WebSocket-Key", &key) && key.len == sizeof p->key)
      memcpy(p->key, key.at, sizeof p->key);
    snprintf(p->text, sizeof p->text, "upgrade");
    return p->text;
  }
  if (cs_wire_ws_frame_read(bytes, &f, &broken) != CS_OK || !f.masked ||
      f.header + f.length != bytes.len || f.length > sizeof plain)
    return play_hex(p, bytes);
  memcpy(plain, bytes.at + f.header, (size_t)f.length);
  cs_wire_ws_mask(plain, (size_t)f.length, f.mask, 0);
  cs_span payload = cs_span_of(plain, (size_t)f.length);
  if (f.opcode == CS_WS_BINARY && f.fin)
    return play_print(p, CS_WIRE_WS, payload);
  char name[32];
  snprintf(name, sizeof name, "%s%s", cs_wire_ws_opcode_name(f.opcode), f.fin ? "" : " fin=0");
  play_hex(p, payload);
  memmove(p->text + strlen(name), p->text + 3, strlen(p->text + 3) + 1);
  memcpy(p->text, name, strlen(name));
  return p->text;
}

/* The next thing that the case does: a message in notation or as "raw ...", a
 * frame as "close 03 e8", an alert as "alert close_notify", what goes beside a
 * session as "plain ...", or "connect", "end" and "close"; "" when nothing. */
static inline const char *play_sent(played *p) {
  cs_runner_act act;
  p->text[0] = '\0';
  if (!cs_runner_case_transmit(p->c, &act))
    return p->text;
  p->port = act.port;
  if (act.kind == CS_RUNNER_ACT_CONNECT)
    p->secure = act.secure;
  if (act.kind == CS_RUNNER_ACT_ALERT) {
    snprintf(p->text, sizeof p->text, "alert %s", cs_tls_alert_name(act.alert));
    return p->text;
  }
  if (act.kind == CS_RUNNER_ACT_PLAIN) {
    play_print(p, CS_WIRE_UDP, act.bytes);
    memmove(p->text + 6, p->text, sizeof p->text - 6);
    memcpy(p->text, "plain ", 6);
    return p->text;
  }
  if (act.kind == CS_RUNNER_ACT_GROUP) {
    play_print(p, CS_WIRE_UDP, act.bytes);
    memmove(p->text + 6, p->text, sizeof p->text - 6);
    memcpy(p->text, "group ", 6);
    return p->text;
  }
  if (act.kind != CS_RUNNER_ACT_SEND) {
    static const char *const names[] = {"", "connect", "end", "close"};
    snprintf(p->text, sizeof p->text, "%s", names[act.kind]);
    return p->text;
  }
  cs_wire_form form = cs_runner_form(p->transport);
  return form == CS_WIRE_WS ? play_frame(p, act.bytes) : play_print(p, form, act.bytes);
}

static inline void play_bytes(played *p, const void *bytes, size_t len) {
  cs_runner_case_receive(p->c, p->port, cs_span_of(bytes, len), p->now);
}

static inline void play_text(played *p, const char *text) {
  play_bytes(p, text, strlen(text));
}

/* A frame of the target's, without a mask. */
static inline void play_gets_frame(played *p, uint8_t opcode, bool fin, const void *payload,
                                   size_t len) {
  uint8_t bytes[4096];
  cs_wire_ws_frame f = {.fin = fin, .opcode = opcode, .length = len};
  size_t header = cs_wire_ws_frame_put(&f, bytes);
  memcpy(bytes + header, payload, len);
  play_bytes(p, bytes, header + len);
}

/* A message's bytes, on a WebSocket without the frame. */
static inline size_t play_build(const played *p, const char *notation, uint8_t *bytes, size_t cap) {
  uint8_t scratch[2048];
  size_t len = 0;
  cs_wire_message m;
  cs_wire_notation_error e;
  ck_assert_msg(cs_wire_read(cs_runner_form(p->transport), cs_span_str(notation), scratch,
                             sizeof scratch, &m, &e) == CS_OK,
                "%s", notation);
  ck_assert_int_eq(cs_wire_build(&m, bytes, cap, &len), CS_OK);
  return len;
}

/* Gives the case a message. */
static inline void play_gets(played *p, const char *notation) {
  uint8_t bytes[2048];
  size_t len = play_build(p, notation, bytes, sizeof bytes);
  if (cs_runner_form(p->transport) == CS_WIRE_WS)
    play_gets_frame(p, CS_WS_BINARY, true, bytes, len);
  else
    play_bytes(p, bytes, len);
}

static inline void play_closed(played *p, bool reset) {
  cs_runner_case_closed(p->c, p->port, reset, p->now);
}

/* The handshake of the port that was asked for last is complete, in DTLS 1.2 or TLS
 * 1.2 with the mandatory suite. */
static inline void play_secured(played *p) {
  cs_tls_negotiated n = {.version = 0x0303, .suite = 0xc0a8, .name = "TLS-PSK-WITH-AES-128-CCM-8"};
  cs_runner_case_secured(p->c, p->port, &n, p->now);
}

/* It was refused by this alert of the target. */
static inline void play_refused(played *p, uint8_t alert) {
  cs_tls_failure by = {
      .rule = CS_RULE_TLS_ALERT, .alerted = true, .alert_by_peer = true, .alert = alert};
  cs_runner_case_refused(p->c, p->port, &by, p->now);
}

static inline bool play_is_secured(const played *p) {
  return (1u << p->transport & CS_RUNNER_SECURED) != 0;
}

static inline void play_upgraded(played *p) {
  uint8_t bytes[512];
  size_t len;
  ck_assert_int_eq(
      cs_wire_ws_accepting(cs_span_of(p->key, sizeof p->key), bytes, sizeof bytes, &len), CS_OK);
  play_bytes(p, bytes, len);
}

/* Does the target's part of opening the connection that was asked for last, as
 * far as our CSM; the target's is left to the test. */
static inline void play_connect(played *p) {
  ck_assert_str_eq(play_sent(p), "connect");
  cs_runner_case_connected(p->c, p->port, p->now);
  if (play_is_secured(p))
    play_secured(p);
}

static inline void play_full(played *p) {
  play_connect(p);
  if (cs_runner_form(p->transport) == CS_WIRE_WS) {
    ck_assert_str_eq(play_sent(p), "upgrade");
    play_upgraded(p);
  }
  if (cs_runner_form(p->transport) != CS_WIRE_UDP)
    ck_assert_int_eq(strncmp(play_sent(p), "CSM", 3), 0);
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
  for (unsigned i = 0; i < 24 && !cs_runner_case_done(p->c); i++) {
    const char *sent = play_sent(p);
    if (strncmp(sent, "CON 0.00 mid=", 13) == 0) {
      snprintf(answer, sizeof answer, "RST 0.00 mid=%s", sent + 13);
      play_gets(p, answer);
    } else if (strcmp(sent, "connect") == 0) {
      cs_runner_case_connected(p->c, p->port, p->now);
      if (play_is_secured(p))
        play_secured(p);
    } else if (strcmp(sent, "upgrade") == 0) {
      play_upgraded(p);
    } else if (strncmp(sent, "Ping", 4) == 0) {
      play_gets(p, "Pong");
    }
  }
  ck_assert_msg(cs_runner_case_done(p->c), "the case is not over; sent last: %s", p->text);
  cs_runner_case_result(p->c, &r);
  return r;
}

#endif
