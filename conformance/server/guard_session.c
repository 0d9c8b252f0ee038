/* One security session: its handshake, what comes out of it for the server, its
 * end. */
#include "server/guard_inside.h"

/* Room for the longest message of the server and what DTLS adds. */
enum { MTU = CS_SERVER_MESSAGE_MAX + 128 };
static const cs_time patience = 30 * CS_SECOND;

cs_guard_session *cs_guard_session_find(const cs_server_guard *g, uint64_t inner) {
  uint32_t hash = cs_base_hash_u64(g->seed, inner);
  for (cs_base_node *n = cs_base_table_chain(&g->sessions, hash); n; n = n->next) {
    cs_guard_session *s = (cs_guard_session *)n;
    if (n->hash == hash && s->inner == inner)
      return s;
  }
  return NULL;
}

static bool key_of(void *ctx, cs_span identity, cs_span *key) {
  const cs_server_guard *g = ctx;
  (void)identity;
  *key = g->manner.key;
  return true;
}

/* RFC 8323 section 9.1: "coap" for CoAP over TCP; a WebSocket has none of its own. */
static const char *const *alpn_of(const cs_server_guard *g, cs_wire_form form) {
  static const char *const coap[] = {"coap", NULL};
  static const char *const none[] = {NULL};
  if (g->manner.alpn)
    return g->manner.alpn;
  return form == CS_WIRE_TCP ? coap : none;
}

cs_err cs_guard_session_open(cs_server_guard *g, cs_guard_peer *p, cs_time now,
                             cs_guard_session **out) {
  if (cs_base_heap_reserve(&g->timers, g->alloc, (uint32_t)g->session_count + 1) != CS_OK)
    return CS_ERR_MEMORY;
  cs_guard_session *s = cs_base_get(g->alloc, sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->peer = p;
  bool cookie = p->form == CS_WIRE_UDP && !g->manner.no_cookie;
  cs_tls_config config = {.setup = g->setup,
                          .kind = p->form == CS_WIRE_UDP ? CS_TLS_DATAGRAM : CS_TLS_STREAM,
                          .mtu = MTU,
                          .handshake_timeout = patience,
                          .no_cid = g->manner.no_cid,
                          .client_address = cs_span_of(p->address, cookie ? p->address_len : 0),
                          .suites = g->manner.suites,
                          .alpn = alpn_of(g, p->form),
                          .callbacks.key = g->manner.any_identity ? key_of : NULL,
                          .callbacks.ctx = g};
  cs_err err = cs_tls_open(&config, now, &s->tls);
  if (err != CS_OK) {
    cs_base_put(g->alloc, s, sizeof *s);
    return err;
  }
  g->session_count++;
  *out = s;
  return CS_OK;
}

/* Its TLS is no more; the server does not know it any more unless it is to be a
 * ghost. */
static void silence(cs_server_guard *g, cs_guard_session *s) {
  cs_base_heap_remove(&g->timers, &s->timer);
  g->session_count -= s->tls != NULL;
  cs_tls_close(s->tls);
  s->tls = NULL;
}

static void unlink_session(cs_guard_session *s) {
  cs_guard_peer *p = s->peer;
  if (p->current == s)
    p->current = NULL;
  if (p->next == s)
    p->next = NULL;
  for (cs_guard_session **at = &p->ghosts; *at; at = &(*at)->next_ghost)
    if (*at == s) {
      *at = s->next_ghost;
      break;
    }
}

/* The server's peer of this session is forgotten; all sessions of an address that
 * are one endpoint leave theirs. */
static void forget(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  if (!s->inner)
    return;
  cs_base_table_remove(&g->sessions, &s->node);
  if (!(s->inner & CS_GUARD_ADDRESS))
    cs_server_hangup(g->server, s->inner, now);
  s->inner = 0;
}

void cs_guard_session_drop(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  silence(g, s);
  unlink_session(s);
  forget(g, s, now);
  cs_base_put(g->alloc, s, sizeof *s);
}

/* A session of datagrams is over, by its end or by the next one. */
static void retire(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_guard_peer *p = s->peer;
  size_t count = 0;
  if (!g->manner.late_replies || !s->inner) {
    cs_guard_session_drop(g, s, now);
    return;
  }
  silence(g, s);
  unlink_session(s);
  for (cs_guard_session *q = p->ghosts; q; q = q->next_ghost)
    if (++count == CS_GUARD_GHOSTS_MAX) {
      cs_guard_session_drop(g, q, now);
      break;
    }
  s->next_ghost = p->ghosts;
  p->ghosts = s;
}

/* ---- out ---- */

/* Takes what the session has for the wire; false when there is nothing. */
static bool drain(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  bool any = false;
  cs_span bytes;
  while (cs_tls_transmit(s->tls, &bytes) == CS_OK) {
    size_t len = bytes.len;
    cs_guard_wire_out(g, s->peer, bytes, now);
    cs_tls_sent(s->tls, len, now);
    any = true;
  }
  return any;
}

static void settle(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_time at = s->tls ? cs_tls_deadline(s->tls) : CS_TIME_NEVER;
  if (at == CS_TIME_NEVER)
    cs_base_heap_remove(&g->timers, &s->timer);
  else
    cs_base_heap_set(&g->timers, &s->timer, at > now ? at : now + 1);
}

void cs_guard_session_send(cs_server_guard *g, cs_guard_session *s, cs_span bytes, cs_time now) {
  if (!s->tls)
    s = s->peer->current;
  if (!s || !s->tls)
    return;
  if (g->manner.answers_plain) {
    cs_guard_wire_out(g, s->peer, bytes, now);
    return;
  }
  if (cs_tls_write(s->tls, bytes, now) != CS_OK)
    return;
  drain(g, s, now);
  settle(g, s, now);
}

static void end_connection(cs_server_guard *g, cs_guard_peer *p) {
  g->ending_count += !p->ending;
  p->ending = true;
}

void cs_guard_session_finish(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_base_table_remove(&g->sessions, &s->node);
  s->inner = 0;
  cs_tls_finish(s->tls, now);
  drain(g, s, now);
  settle(g, s, now);
  end_connection(g, s->peer);
}

/* ---- in ---- */

/* The handshake is complete: the server hears of it. False when it takes no more. */
static bool establish(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_guard_peer *p = s->peer;
  uint64_t inner = CS_GUARD_BIT | ++g->serial;
  if (p->form != CS_WIRE_UDP) {
    if (cs_server_connect(g->server, inner, p->form, now) != CS_OK)
      return false;
  } else {
    cs_guard_session *old = p->current;
    p->current = s;
    p->next = NULL;
    if (old) {
      p->current = NULL;
      retire(g, old, now);
      p->current = s;
    }
    if (g->manner.one_endpoint)
      inner = CS_GUARD_BIT | CS_GUARD_ADDRESS | (p->number & CS_GUARD_NUMBER);
  }
  s->inner = inner;
  s->node.hash = cs_base_hash_u64(g->seed, inner);
  if (cs_base_table_add(&g->sessions, g->alloc, &s->node) == CS_OK)
    return true;
  cs_server_hangup(g->server, inner, now);
  s->inner = 0;
  return false;
}

/* Reads what came; the server gets the application data. */
static cs_err unprotect(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_err err;
  size_t len = 0;
  for (;;) {
    err = cs_tls_read(s->tls, g->plain, sizeof g->plain, &len);
    if (!s->inner && cs_tls_state_of(s->tls) == CS_TLS_ESTABLISHED && !establish(g, s, now)) {
      cs_tls_finish(s->tls, now);
      return CS_ERR_CLOSED;
    }
    if (err != CS_OK)
      return err;
    if (s->inner && len)
      (void)cs_server_receive(g->server, s->inner, false, cs_span_of(g->plain, len), now);
  }
}

/* Whether a defect keeps the session, or the connection, although it ended. */
static bool goes_on(const cs_server_guard *g, const cs_guard_session *s, cs_err err) {
  cs_tls_failure f;
  if (err == CS_ERR_CLOSED)
    return s->peer->form != CS_WIRE_UDP && g->manner.stays_open;
  return g->manner.ignores_fatal && cs_tls_failure_of(s->tls, &f) && f.alerted && f.alert_by_peer;
}

/* It is over: an address may come back, a connection is closed. */
static void end(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_guard_peer *p = s->peer;
  if (p->form != CS_WIRE_UDP) {
    forget(g, s, now);
    settle(g, s, now);
    end_connection(g, p);
    return;
  }
  retire(g, s, now);
  if (!p->current && !p->next && !p->ghosts)
    cs_guard_peer_drop(g, p, now);
}

void cs_guard_session_end(cs_server_guard *g, cs_guard_session *s, int alert, cs_time now) {
  if (alert == 0)
    cs_tls_finish(s->tls, now);
  else if (alert > 0)
    cs_tls_alert(s->tls, (uint8_t)alert, now);
  drain(g, s, now);
  end(g, s, now);
}

static void work(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_err err;
  do {
    err = unprotect(g, s, now);
  } while (drain(g, s, now) && err == CS_ERR_AGAIN);
  if (err == CS_ERR_CLOSED && !g->manner.ignores_close) { /* RFC 5246 section 7.2.1: an answer */
    cs_tls_finish(s->tls, now);
    drain(g, s, now);
  }
  if (err == CS_ERR_AGAIN || goes_on(g, s, err))
    settle(g, s, now);
  else
    end(g, s, now);
}

void cs_guard_session_feed(cs_server_guard *g, cs_guard_session *s, cs_span bytes, cs_time now) {
  if (cs_tls_feed(s->tls, bytes, now) == CS_OK)
    work(g, s, now);
}

void cs_guard_session_expire(cs_server_guard *g, cs_guard_session *s, cs_time now) {
  cs_tls_expire(s->tls, now);
  work(g, s, now);
}
