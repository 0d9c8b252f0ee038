/* The servers of the api_calls target: honest ones that the embedded core
 * serves, and others whose every byte is the input's. */
#ifndef CS_FUZZ_API_PEERS_H
#define CS_FUZZ_API_PEERS_H

#include "wire/message.h"
#include "wire/ws_upgrade.h"

#include "fuzz/api/world.h"

static void put(int fd, const cs_net_address *to, cs_span b) {
  size_t sent;
  if (fd >= 0)
    (void)w.servers.ops->send(w.servers.self, fd, to, b, &sent);
}

static void hang_up(connection *c) {
  if (c->e)
    cs_endpoint_close(c->e);
  if (c->fd >= 0)
    w.servers.ops->close(w.servers.self, c->fd);
  memset(c, 0, sizeof *c);
  c->fd = -1;
}

static void flush(connection *c) {
  cs_span b;
  cs_time now = cs_test_net_now(w.net);
  while (c->e && cs_endpoint_output(c->e, now, &b)) {
    size_t n = 0;
    cs_err e = w.servers.ops->send(w.servers.self, c->fd, NULL, b, &n);
    if (e == CS_ERR_AGAIN)
      return;
    if (e != CS_OK) {
      hang_up(c);
      return;
    }
    cs_endpoint_sent(c->e, n, now);
  }
  if (c->e && cs_endpoint_finished(c->e))
    hang_up(c);
}

static void serve(connection *c) {
  cs_core_event e;
  cs_time now = cs_test_net_now(w.net);
  while (cs_endpoint_next_event(c->e, &e)) {
    if (e.kind == CS_EVENT_REQUEST) {
      const cs_core_response_spec spec = {CS_CODE(2, 5), {NULL, 0}, cs_span_str("hi"), -1};
      if (cs_core_respond(cs_endpoint_session(c->e), e.exchange, &spec, now) != CS_OK)
        cs_core_ignore(cs_endpoint_session(c->e), e.exchange, now);
    }
    cs_endpoint_answer(c->e, &e, true, now);
  }
}

/* The tokens of what a stream has brought, so that the input can answer. */
static void read_tokens(connection *c) {
  size_t off = 0, all;
  while (off < c->len && cs_wire_tcp_frame(cs_span_of(c->in + off, c->len - off), &all) == CS_OK &&
         all <= c->len - off) {
    cs_wire_message m;
    if (cs_wire_parse(CS_WIRE_TCP, cs_span_of(c->in + off, all), NULL, &m) == CS_RULE_NONE &&
        m.token.len <= 8 && cs_wire_code_is_request(m.code)) {
      unsigned i = c->tokens++ % 16;
      c->token_len[i] = (uint8_t)m.token.len;
      if (m.token.len)
        memcpy(c->token[i], m.token.at, m.token.len);
    }
    off += all;
  }
  memmove(c->in, c->in + off, c->len - off);
  c->len -= off;
  if (c->len == sizeof c->in)
    c->len = 0;
}

static void take_stream(connection *c, uint8_t *buf, size_t cap) {
  size_t len;
  cs_err e;
  while (c->fd >= 0 && (e = w.servers.ops->receive(w.servers.self, c->fd, buf, cap, &len, NULL)) !=
                           CS_ERR_AGAIN) {
    if (e != CS_OK) {
      hang_up(c);
      return;
    }
    note(buf, len);
    if (c->e) {
      (void)cs_endpoint_receive(c->e, 0, false, cs_span_of(buf, len), cs_test_net_now(w.net));
      serve(c);
      continue;
    }
    size_t room = sizeof c->in - c->len;
    memcpy(c->in + c->len, buf, len < room ? len : room);
    c->len += len < room ? len : room;
    if (c->at == AT_TCP || c->at == AT_UNIX_STREAM)
      read_tokens(c);
  }
  if (!c->e)
    return;
  if (cs_endpoint_deadline(c->e) <= cs_test_net_now(w.net)) {
    cs_endpoint_expire(c->e, cs_test_net_now(w.net));
    serve(c);
  }
  flush(c);
}

/* A secured server's endpoint, ready to shake hands; NULL without memory. */
static cs_endpoint *secured(const cs_endpoint_config *config, cs_span client) {
  cs_time now = cs_test_net_now(w.net);
  bool datagrams = config->link == CS_LINK_DATAGRAM;
  cs_tls_config t = {.setup = secrets.server[HONEST],
                     .kind = datagrams ? CS_TLS_DATAGRAM : CS_TLS_STREAM,
                     .mtu = 1152,
                     .client_address = client};
  cs_tls *tls;
  cs_endpoint *e;
  CS_ORACLE(cs_endpoint_open(config, NULL, datagrams ? 1152 : 1 << 20, now, &e) == CS_OK);
  CS_ORACLE(tls_side_open(&w.serving_side, CS_TLS_SERVER, w.secured++, &t, now, &tls) == CS_OK);
  CS_ORACLE(cs_endpoint_secure(e, tls) == CS_OK);
  cs_endpoint_up(e, now);
  return e;
}

static void welcome(int place) {
  int fd;
  while (w.servers.ops->accept(w.servers.self, w.fd[place], NULL, &fd) == CS_OK) {
    connection *c = w.connections;
    while (c < w.connections + CONNECTIONS && c->fd >= 0)
      c++;
    if (c == w.connections + CONNECTIONS) {
      w.servers.ops->close(w.servers.self, fd);
      continue;
    }
    c->fd = fd;
    c->at = place;
    if (!w.honest)
      continue;
    const cs_endpoint_config *config = &w.serving[place == AT_WS || place == AT_WSS];
    if (place == AT_TLS || place == AT_WSS) {
      c->e = secured(config, cs_span_of(NULL, 0));
      continue;
    }
    CS_ORACLE(cs_endpoint_open(config, NULL, 1 << 20, cs_test_net_now(w.net), &c->e) == CS_OK);
    cs_endpoint_up(c->e, cs_test_net_now(w.net));
  }
}

static void reply(uint8_t flags, uint8_t code, uint8_t off) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  if (!w.client.len ||
      cs_wire_parse(CS_WIRE_UDP, cs_span_of(w.last, w.last_len), &any, &m) != CS_RULE_NONE)
    return;
  m.type = flags & 3;
  m.code = code;
  if (!code)
    m.token.len = 0;
  m.options.len = 0;
  m.payload = cs_span_of("reply", code ? flags >> 4 & 4 : 0);
  m.mid = (uint16_t)(m.mid + off);
  uint8_t buf[400];
  size_t len;
  if (cs_wire_build(&m, buf, sizeof buf, &len) == CS_OK)
    put(w.fd[w.client_at], &w.client, cs_span_of(buf, len));
}

/* The DTLS server's turn: one client at a time, the latest. */
static void guard(cs_span datagram) {
  cs_time now = cs_test_net_now(w.net);
  bool same = w.guard && cs_net_address_equal(&w.guarded, &w.client);
  if (w.guard && (!same || cs_endpoint_finished(w.guard))) {
    cs_endpoint_close(w.guard);
    w.guard = NULL;
  }
  if (!w.guard) {
    w.guarded = w.client;
    w.guard = secured(&w.serving[2], cs_span_str("a client"));
  }
  connection c = {.fd = -1, .e = w.guard};
  (void)cs_endpoint_receive(w.guard, 0, false, datagram, now);
  serve(&c);
  uint8_t buf[2048];
  cs_core_peer to;
  size_t len;
  while (cs_endpoint_transmit(w.guard, now, buf, sizeof buf, &to, &len) == CS_OK)
    put(w.fd[AT_DTLS], &w.client, cs_span_of(buf, len));
}

/* A message, or a record of DTLS. */
static void check_datagram(cs_span b) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  bool record = b.len >= 13 && b.at[0] >= 20 && b.at[0] <= 25 && b.at[1] == 0xfe;
  CS_ORACLE(record || cs_wire_parse(CS_WIRE_UDP, b, &any, &m) == CS_RULE_NONE);
  /* Nothing of the application is in the first epoch. */
  CS_ORACLE(!record || b.at[0] != 23 || b.at[3] || b.at[4]);
}

static void take_datagrams(int place, uint8_t *buf, size_t cap) {
  size_t len;
  while (w.servers.ops->receive(w.servers.self, w.fd[place], buf, cap, &len, &w.client) == CS_OK) {
    check_datagram(cs_span_of(buf, len));
    note(buf, len);
    w.client_at = place;
    w.last_len = len < sizeof w.last ? len : sizeof w.last;
    memcpy(w.last, buf, w.last_len);
    if (w.honest && place == AT_DTLS)
      guard(cs_span_of(buf, len));
    else if (w.honest && len >= 4 && buf[1])
      reply(buf[0] >> 4 & 3 ? CS_NON : CS_ACK, CS_CODE(2, 5), 0);
    else if (w.honest && len >= 4 && (buf[0] >> 4 & 3) == CS_CON)
      reply(CS_RST, 0, 0);
  }
}

/* The servers' turn, whenever the net has nothing for the client. */
static void peers_turn(void *ctx) {
  static uint8_t buf[65536];
  bool was_on = tls_arena_on;
  (void)ctx;
  tls_arena_on = false; /* their memory is not what is counted */
  take_datagrams(AT_UDP, buf, sizeof buf);
  take_datagrams(AT_UNIX, buf, sizeof buf);
  take_datagrams(AT_DTLS, buf, sizeof buf);
  static const int streams[] = {AT_TCP, AT_WS, AT_UNIX_STREAM, AT_TLS, AT_WSS};
  for (unsigned i = 0; i < sizeof streams / sizeof *streams; i++)
    welcome(streams[i]);
  for (connection *c = w.connections; c < w.connections + CONNECTIONS; c++)
    if (c->fd >= 0 && !c->deaf)
      take_stream(c, buf, sizeof buf);
  tls_arena_on = was_on;
}

static void frame(connection *c, uint8_t first, cs_span payload) {
  uint8_t buf[2 + 125];
  size_t n = payload.len < 125 ? payload.len : 125;
  buf[0] = first;
  buf[1] = (uint8_t)n;
  if (n)
    memcpy(buf + 2, payload.at, n);
  put(c->fd, NULL, cs_span_of(buf, 2 + n));
}

/* A message in its form of TCP; on a WebSocket its Len nibble is 0. */
static void message(connection *c, cs_span m) {
  uint8_t buf[125];
  if (c->at != AT_WS) {
    put(c->fd, NULL, m);
    return;
  }
  size_t n = m.len < sizeof buf ? m.len : sizeof buf;
  if (n) {
    memcpy(buf, m.at, n);
    buf[0] &= 15;
  }
  frame(c, 0x82, cs_span_of(buf, n));
}

static void upgrade(connection *c) {
  static const char *const odd[] = {"HTTP/1.1 404 Not Found\r\n\r\n",
                                    "HTTP/1.1 101 x\r\nA: b\r\n",
                                    "\r\n",
                                    "HTTP/1.1",
                                    "HTTP/1.1 101 \r\n\r\n",
                                    "HTTP/1.1\r\n",
                                    " fold\r\n",
                                    "Sec-WebSocket-Accept: x\r\n"};
  cs_wire_http_head head;
  cs_rule broken;
  cs_span key;
  uint8_t out[512];
  size_t len;
  uint8_t how = u8();
  if (how % 8 == 7) {
    put(c->fd, NULL, cs_span_str(odd[u8() % 8]));
  } else if (cs_wire_http_read(cs_span_of(c->in, c->len), false, &head, &broken) == CS_OK &&
             cs_wire_http_field(&head, "Sec-WebSocket-Key", &key) &&
             cs_wire_ws_accepting(key, out, sizeof out, &len) == CS_OK) {
    put(c->fd, NULL, cs_span_of(out, len));
    c->upgraded = true;
  }
}

static void answer(connection *c) {
  uint8_t m[16];
  size_t n = 0;
  if (!c->tokens)
    return;
  unsigned i = u8() % (c->tokens < 16 ? c->tokens : 16);
  m[n++] = (uint8_t)(0x30 | c->token_len[i]);
  m[n++] = u8();
  memcpy(m + n, c->token[i], c->token_len[i]);
  n += c->token_len[i];
  m[n++] = 0xff;
  m[n++] = 'o';
  m[n++] = 'k';
  message(c, cs_span_of(m, n));
}

static void flood(connection *c) {
  static uint8_t pings[8000];
  for (size_t i = 1; i < sizeof pings; i += 2)
    pings[i] = CS_CODE(7, 2);
  if (c->at != AT_WS)
    put(c->fd, NULL, cs_span_of(pings, u8() * (size_t)30 & ~(size_t)1));
}

/* What a server does that keeps no rules. */
static void misbehave(connection *c) {
  static const char *const messages[] = {"\x00\xe1",
                                         "\x00\xe2",
                                         "\x11\xe2\x42\x20",
                                         "\x00\xe4",
                                         "\x00\x00",
                                         "\x40\xe5\xff\x62\x79\x65",
                                         "\x30\xe1\x22\x04\x00",
                                         "\x01\x01\x42"};
  static const uint8_t lengths[] = {2, 2, 4, 2, 2, 6, 5, 3};
  uint8_t how = u8();
  if (c->at == AT_WS && !c->upgraded) {
    upgrade(c);
  } else if (how % 16 < 8) {
    message(c, cs_span_of(messages[how % 16], lengths[how % 16]));
  } else {
    switch (how % 16) {
    case 8:
    case 9:
    case 10:
      answer(c);
      break;
    case 11:
      message(c, bytes());
      break;
    case 12:
      put(c->fd, NULL, bytes());
      break;
    case 13:
      frame(c, u8() & 0x8f, bytes());
      break;
    case 14:
      flood(c);
      break;
    default:
      c->deaf = !c->deaf;
    }
  }
}

static void end_honestly(connection *c, uint8_t how) {
  cs_time now = cs_test_net_now(w.net);
  if (how & 1)
    cs_endpoint_release(c->e, now);
  else
    cs_core_abort(cs_endpoint_session(c->e), CS_RULE_OUT_OF_MEMORY, 0, now);
  flush(c);
}

static void peer_acts_on(void);

static void peer_acts(void) {
  peers_turn(NULL);
  tls_arena_on = false;
  peer_acts_on();
  tls_arena_on = true;
}

static void peer_acts_on(void) {
  uint8_t how = u8();
  connection *c = &w.connections[how >> 4 & 7];
  for (unsigned i = 0; i < CONNECTIONS && c->fd < 0; i++)
    c = &w.connections[i];
  switch (how & 15) {
  case 0:
  case 1:
  case 2: {
    uint8_t flags = u8(), code = u8();
    reply(flags, code, flags & 128 ? u8() : 0);
    break;
  }
  case 3: {
    cs_span b = bytes();
    if (w.client.len)
      put(w.fd[w.client_at], &w.client, b);
    break;
  }
  case 4:
    hang_up(c);
    break;
  case 5:
    if (c->fd >= 0)
      (void)w.servers.ops->finish(w.servers.self, c->fd);
    break;
  case 6:
    if (c->fd >= 0 && c->e)
      end_honestly(c, u8());
    break;
  case 7:
    w.honest = !w.honest;
    break;
  default:
    if (c->fd >= 0 && !c->e)
      misbehave(c);
  }
}

#endif
