/* The guard: what it is made of, and the turn of its driver. */
#include "server/guard.h"

#include "server/guard_inside.h"

enum { MAX_SESSIONS = 1024 };

/* What the defects of the security layer make of the server. */
static void take_manner(cs_server_guard *g, const cs_server_credentials *c) {
  g->manner.demands_client = true;
  g->manner.identity = c->identity;
  g->manner.key = c->key;
  for (size_t i = 0; i < g->server->defect_count; i++) {
    const cs_defect *d = g->server->defects[i];
    if (!(d->row.transports & CS_DEFECT_SECURED))
      continue;
    g->manner.no_cid = true;
    if (d->secure)
      d->secure(&g->manner);
  }
}

static cs_err make_setup(cs_server_guard *g, const cs_server_credentials *c, const char **why) {
  const cs_defect_manner *m = &g->manner;
  const cs_tls_psk psk = {.identity = m->identity, .key = m->key};
  const cs_tls_pki pki = {.encoding = CS_TLS_PEM,
                          .ca = c->ca,
                          .certificate = c->certificate,
                          .key = c->private_key,
                          .policy.verify_peer = true,
                          .policy.allow_self_signed = m->trusts_any,
                          .demand_client = m->demands_client};
  const cs_tls_credentials all = {.role = CS_TLS_SERVER,
                                  .psk = m->no_psk || !m->key.len ? NULL : &psk,
                                  .pki = m->no_certificate || !c->certificate.len ? NULL : &pki};
  g->has_certificate = all.pki != NULL;
  cs_err err = cs_tls_setup_new(g->shared, &all, &g->setup, why);
  if (err != CS_OK)
    return err;
  /* What the credentials were taken from may go now. */
  size_t len = m->key.len < sizeof g->key ? m->key.len : sizeof g->key;
  if (len)
    memcpy(g->key, m->key.at, len);
  g->manner.key = cs_span_of(g->key, len);
  g->manner.identity = cs_span_of(NULL, 0);
  return CS_OK;
}

cs_err cs_server_guard_new(const cs_server_guard_config *config, cs_server_guard **out,
                           const char **why) {
  cs_base_random random = config->random;
  cs_server_guard *g = cs_base_get(config->alloc, sizeof *g);
  if (!g)
    return CS_ERR_MEMORY;
  memset(g, 0, sizeof *g);
  g->alloc = config->alloc;
  g->server = config->server;
  g->max_sessions = config->max_sessions ? config->max_sessions : MAX_SESSIONS;
  g->seed = cs_base_random_u32(&random);
  take_manner(g, &config->credentials);
  cs_err err = cs_tls_shared_new(config->alloc, config->random, &g->shared);
  if (err == CS_OK)
    err = make_setup(g, &config->credentials, why);
  if (err != CS_OK) {
    cs_server_guard_free(g);
    return err;
  }
  *out = g;
  return CS_OK;
}

void cs_server_guard_free(cs_server_guard *g) {
  if (!g)
    return;
  while (g->senders.oldest)
    cs_guard_peer_drop(g, g->senders.oldest, 0);
  while (g->connections.oldest)
    cs_guard_peer_drop(g, g->connections.oldest, 0);
  while (g->first) {
    cs_guard_output *o = g->first;
    g->first = o->next;
    cs_base_put(g->alloc, o, sizeof *o + o->cap);
  }
  cs_tls_setup_free(g->setup);
  cs_tls_shared_free(g->shared);
  cs_base_table_free(&g->peers, g->alloc);
  cs_base_table_free(&g->sessions, g->alloc);
  cs_base_heap_free(&g->timers, g->alloc);
  cs_base_put(g->alloc, g, sizeof *g);
}

size_t cs_server_guard_sessions(const cs_server_guard *g) {
  return g->session_count;
}

/* ---- connections ---- */

cs_err cs_server_guard_connect(cs_server_guard *g, uint64_t number, cs_wire_form form,
                               cs_time now) {
  cs_guard_peer *p;
  if (form == CS_WIRE_UDP || cs_guard_peer_find(g, number))
    return CS_ERR_ARGUMENT;
  cs_err err = cs_guard_peer_open(g, number, form, cs_span_of(NULL, 0), &p);
  if (err != CS_OK)
    return err;
  err = cs_guard_session_open(g, p, now, &p->current);
  if (err != CS_OK) {
    cs_guard_peer_drop(g, p, now);
    return err;
  }
  cs_guard_session_expire(g, p->current, now);
  return CS_OK;
}

void cs_server_guard_hangup(cs_server_guard *g, uint64_t number, cs_time now) {
  cs_guard_peer *p = cs_guard_peer_find(g, number);
  if (p)
    cs_guard_peer_drop(g, p, now);
}

/* ---- in ---- */

/* A ClientHello: of the handshake that goes on, of a new one, or a late repeat of
 * what led to the present session. That one stays until the new one is complete
 * (RFC 6347 section 4.2.8). */
static cs_guard_session *session_for_hello(cs_server_guard *g, cs_guard_peer *p, cs_span random,
                                           cs_time now) {
  if (p->next && memcmp(p->next->random, random.at, random.len) == 0)
    return p->next;
  if (p->current &&
      (g->manner.deaf_to_new || memcmp(p->current->random, random.at, random.len) == 0))
    return NULL;
  if (p->next)
    cs_guard_session_drop(g, p->next, now);
  if (cs_guard_session_open(g, p, now, &p->next) != CS_OK)
    return NULL;
  memcpy(p->next->random, random.at, random.len);
  return p->next;
}

static cs_guard_session *session_for(cs_server_guard *g, cs_guard_peer *p, cs_span bytes,
                                     cs_time now) {
  cs_span random;
  switch (cs_guard_kind_of(bytes, &random)) {
  case CS_GUARD_HELLO:
    return session_for_hello(g, p, random, now);
  case CS_GUARD_HANDSHAKE:
    return p->next ? p->next : p->current;
  case CS_GUARD_ALERT:
    if (p->current && (g->manner.ignores_close || g->manner.ignores_fatal))
      return NULL;
    return p->current ? p->current : p->next;
  default:
    return p->current ? p->current : p->next;
  }
}

static cs_err receive_datagram(cs_server_guard *g, cs_guard_peer *p, uint64_t number,
                               cs_span address, cs_span bytes, cs_time now) {
  cs_span random;
  if (!cs_server_guard_is_record(bytes)) {
    if (!g->manner.takes_plain)
      return CS_OK;
    uint64_t inner = CS_GUARD_BIT | CS_GUARD_PLAIN | (number & CS_GUARD_NUMBER);
    return cs_server_receive(g->server, inner, false, bytes, now);
  }
  if (!p) {
    if (cs_guard_kind_of(bytes, &random) != CS_GUARD_HELLO)
      return CS_OK;
    cs_err err = cs_guard_peer_open(g, number, CS_WIRE_UDP, address, &p);
    if (err != CS_OK)
      return err;
  }
  cs_guard_peer_used(g, p);
  if (cs_guard_raw_key(g, p, bytes, now)) {
    if (!p->current && !p->next && !p->ghosts)
      cs_guard_peer_drop(g, p, now);
    return CS_OK;
  }
  cs_guard_session *s = session_for(g, p, bytes, now);
  if (s && s->tls)
    cs_guard_session_feed(g, s, bytes, now);
  else if (!p->current && !p->next && !p->ghosts)
    cs_guard_peer_drop(g, p, now);
  return CS_OK;
}

cs_err cs_server_guard_receive(cs_server_guard *g, uint64_t number, cs_span address, cs_span bytes,
                               cs_time now) {
  if (!cs_guard_wire_in(g, number, bytes, now))
    return CS_OK;
  cs_guard_peer *p = cs_guard_peer_find(g, number);
  if (!p || p->form == CS_WIRE_UDP)
    return receive_datagram(g, p, number, address, bytes, now);
  if (!p->ending && p->current && bytes.len)
    cs_guard_session_feed(g, p->current, bytes, now);
  return CS_OK;
}

/* ---- out ---- */

/* What the server says to a peer of ours. */
static void protect(cs_server_guard *g, uint64_t inner, cs_span bytes, cs_time now) {
  if (inner & CS_GUARD_PLAIN) {
    cs_guard_post(g, NULL, inner & CS_GUARD_NUMBER, false, bytes);
    return;
  }
  cs_guard_session *s = cs_guard_session_find(g, inner);
  if (s)
    cs_guard_session_send(g, s, bytes, now);
}

static bool is_ours(uint64_t number) {
  return (number >> 62) == 1;
}

/* The connections that the server closes: of ours the last word is still to be
 * said, another one is the driver's to close. */
static void close_ours(cs_server_guard *g, cs_time now) {
  uint64_t number;
  while (!g->closing && cs_server_closing(g->server, now, &number)) {
    cs_guard_session *s = is_ours(number) ? cs_guard_session_find(g, number) : NULL;
    if (s)
      cs_guard_session_finish(g, s, now);
    else if (!is_ours(number))
      g->closing = number;
  }
}

cs_err cs_server_guard_transmit(cs_server_guard *g, cs_time now, uint8_t *buf, size_t cap,
                                uint64_t *number, size_t *len) {
  for (;;) {
    cs_err err = cs_guard_take(g, buf, cap, number, len);
    if (err != CS_ERR_AGAIN)
      return err;
    uint64_t whose;
    size_t n;
    err = cs_server_transmit(g->server, now, buf, cap < CS_TLS_RECORD_MAX ? cap : CS_TLS_RECORD_MAX,
                             &whose, &n);
    if (err == CS_ERR_AGAIN) {
      close_ours(g, now);
      if (g->first)
        continue;
    }
    if (err != CS_OK)
      return err;
    if (is_ours(whose)) {
      protect(g, whose, cs_span_of(buf, n), now);
      continue;
    }
    *number = whose;
    *len = n;
    return CS_OK;
  }
}

bool cs_server_guard_closing(cs_server_guard *g, cs_time now, uint64_t *number) {
  close_ours(g, now);
  if (g->closing) {
    *number = g->closing;
    g->closing = 0;
    return true;
  }
  for (cs_guard_peer *p = g->connections.oldest; p && g->ending_count; p = p->newer) {
    if (!p->ending || p->waiting)
      continue;
    *number = p->number;
    cs_guard_peer_drop(g, p, now);
    return true;
  }
  return false;
}

cs_time cs_server_guard_deadline(const cs_server_guard *g) {
  return cs_time_min(cs_base_heap_deadline(&g->timers), cs_server_deadline(g->server));
}

void cs_server_guard_expire(cs_server_guard *g, cs_time now) {
  cs_base_timer *first;
  while ((first = cs_base_heap_first(&g->timers)) && first->at <= now) {
    cs_guard_session *s =
        (cs_guard_session *)((uint8_t *)first - offsetof(cs_guard_session, timer));
    cs_guard_session_expire(g, s, now);
  }
  if (cs_server_deadline(g->server) <= now)
    cs_server_expire(g->server, now);
}
