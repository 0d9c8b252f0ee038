/* The server: what it is made of, and the turn of its driver. */
#include "server/server.h"

#include <string.h>

#include "server/inside.h"
#include "server/resource.h"

enum { MAX_PEERS = 1024 };

/* The critical options that a server without Block and without a proxy
 * understands; the proxy options are understood well enough to say 5.05. */
static bool understood(void *ctx, uint16_t number) {
  (void)ctx;
  switch (number) {
  case CS_OPT_IF_MATCH:
  case CS_OPT_URI_HOST:
  case CS_OPT_IF_NONE_MATCH:
  case CS_OPT_URI_PORT:
  case CS_OPT_URI_PATH:
  case CS_OPT_URI_QUERY:
  case CS_OPT_ACCEPT:
  case CS_OPT_BLOCK2:
  case CS_OPT_PROXY_URI:
  case CS_OPT_PROXY_SCHEME:
    return true;
  default:
    return false;
  }
}

static cs_err find_defects(cs_server *s, const cs_server_config *config, const char **unknown) {
  if (!config->defect_count)
    return CS_OK;
  size_t n = config->defect_count;
  s->defects = cs_base_get(s->alloc, n * sizeof *s->defects);
  if (!s->defects)
    return CS_ERR_MEMORY;
  s->defect_count = n;
  s->shared = cs_base_get(s->alloc, n * sizeof *s->shared);
  if (!s->shared)
    return CS_ERR_MEMORY;
  memset(s->shared, 0, n * sizeof *s->shared);
  for (size_t i = 0; i < n; i++) {
    const cs_defect *d = s->defects[i] = cs_defect_find(config->defects[i]);
    if (!d) {
      if (unknown)
        *unknown = config->defects[i];
      return CS_ERR_NOT_FOUND;
    }
    for (int form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++)
      if (d->setup && cs_server_defect_on(&d->row, (cs_wire_form)form))
        d->setup(&s->forms[form].config.core, &s->forms[form].params);
  }
  return CS_OK;
}

static void init_form(cs_server *s, cs_wire_form form, cs_link_kind link,
                      const cs_server_config *config) {
  cs_server_form *f = &s->forms[form];
  f->config.core.role = CS_SERVER;
  f->config.core.form = form;
  f->config.core.alloc = s->alloc;
  f->config.core.random = cs_base_seeded_random(&s->generator);
  f->config.core.known = understood;
  f->config.core.token_max = config->token_max;
  f->config.core.block_wise = form != CS_WIRE_UDP;
  f->config.link = link;
  f->params = config->params ? *config->params : cs_core_params_default;
}

static cs_err check_params(const cs_server *s) {
  cs_err err = CS_OK;
  for (int form = CS_WIRE_UDP; form <= CS_WIRE_WS && err == CS_OK; form++)
    err = cs_core_params_check(&s->forms[form].params, NULL);
  return err;
}

cs_err cs_server_new(const cs_server_config *config, cs_time now, cs_server **out,
                     const char **unknown) {
  (void)now;
  cs_server *s = cs_base_get(config->alloc, sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->alloc = config->alloc;
  s->max_peers = config->max_peers ? config->max_peers : MAX_PEERS;
  cs_base_seeded_init(&s->generator, config->seed);
  s->peers_seed = (uint32_t)cs_base_seeded_next(&s->generator);
  init_form(s, CS_WIRE_UDP, CS_LINK_DATAGRAM, config);
  init_form(s, CS_WIRE_TCP, CS_LINK_STREAM, config);
  init_form(s, CS_WIRE_WS, CS_LINK_WEBSOCKET, config);
  cs_server_store_init(&s->store, s->alloc);
  cs_err err = cs_server_resources_fill(&s->store);
  if (err == CS_OK)
    err = find_defects(s, config, unknown);
  if (err == CS_OK)
    err = check_params(s);
  if (err != CS_OK) {
    cs_server_free(s);
    return err;
  }
  *out = s;
  return CS_OK;
}

void cs_server_free(cs_server *s) {
  if (!s)
    return;
  while (s->senders.oldest)
    cs_server_peer_drop(s, s->senders.oldest);
  while (s->connections.oldest)
    cs_server_peer_drop(s, s->connections.oldest);
  cs_server_outbox_free(s);
  cs_base_table_free(&s->peers, s->alloc);
  cs_base_heap_free(&s->timers, s->alloc);
  cs_server_store_free(&s->store);
  cs_base_put(s->alloc, s->shared, s->defect_count * sizeof *s->shared);
  cs_base_put(s->alloc, s->defects, s->defect_count * sizeof *s->defects);
  cs_base_put(s->alloc, s, sizeof *s);
}

/* ---- in ---- */

static cs_err receive_datagram(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  cs_err err = CS_OK;
  if (!s->defect_count || !cs_server_show(s, p, bytes))
    err = cs_endpoint_receive(p->endpoint, 0, s->multicast, bytes, now);
  else if (cs_server_pass_message(s, p, true, now))
    err = cs_endpoint_receive(p->endpoint, 0, s->multicast,
                              cs_span_of(s->scratch.bytes, s->scratch.len), now);
  cs_server_handle_events(s, p, now);
  return err;
}

static void receive_stream(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  if (p->life != CS_LIFE_OPEN || !cs_server_pass_bytes(s, p, bytes, now))
    return;
  if (s->defect_count)
    cs_server_tap_in(s, p, bytes, now);
  else
    cs_server_feed(s, p, bytes, now);
}

cs_err cs_server_receive(cs_server *s, uint64_t number, bool multicast, cs_span bytes,
                         cs_time now) {
  cs_server_peer *p = cs_server_peer_find(s, number);
  cs_err err = CS_OK;
  if (!p) {
    if (s->senders.count >= s->max_peers)
      cs_server_peer_drop(s, s->senders.oldest);
    err = cs_server_peer_open(s, number, CS_WIRE_UDP, now, &p);
    if (err != CS_OK)
      return err;
  } else if (p->form == CS_WIRE_UDP) {
    cs_server_peer_used(s, p);
  }
  s->multicast = multicast && p->form == CS_WIRE_UDP;
  if (p->form == CS_WIRE_UDP)
    err = receive_datagram(s, p, bytes, now);
  else
    receive_stream(s, p, bytes, now);
  cs_server_peer_settle(s, p, now);
  return err;
}

/* ---- out ---- */

/* Takes what a sender of datagrams is owed past the defects into the outbox. */
static void filter_out(cs_server *s, cs_server_peer *p, cs_time now) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  cs_core_peer to;
  size_t len;
  while (cs_endpoint_transmit(p->endpoint, now, buf, sizeof buf, &to, &len) == CS_OK)
    if (cs_server_show(s, p, cs_span_of(buf, len)) && cs_server_pass_message(s, p, false, now))
      cs_server_post(s, p, cs_span_of(s->scratch.bytes, s->scratch.len), now, false);
}

/* What the peer has to send now. CS_ERR_AGAIN when it is nothing, or when it
 * went into the outbox. */
static cs_err transmit_one(cs_server *s, cs_server_peer *p, cs_time now, uint8_t *buf, size_t cap,
                           size_t *len) {
  cs_core_peer to;
  if (p->form != CS_WIRE_UDP) {
    cs_err err = cs_server_draw(s, p, now, buf, cap, len);
    cs_server_handle_events(s, p, now);
    return err;
  }
  if (!s->defect_count)
    return cs_endpoint_transmit(p->endpoint, now, buf, cap, &to, len);
  filter_out(s, p, now);
  return CS_ERR_AGAIN;
}

cs_err cs_server_transmit(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *number,
                          size_t *len) {
  for (;;) {
    s->elsewhere = false;
    cs_err err = cs_server_take(s, now, buf, cap, number, len);
    if (err != CS_ERR_AGAIN || !s->ready_first)
      return err;
    cs_server_peer *p = s->ready_first;
    err = transmit_one(s, p, now, buf, cap, len);
    if (err == CS_ERR_TOO_LARGE)
      return err;
    uint64_t whose = p->number;
    cs_server_peer_not_ready(s, p);
    cs_server_peer_settle(s, p, now);
    if (err != CS_ERR_AGAIN) {
      *number = whose;
      return err;
    }
  }
}

bool cs_server_elsewhere(const cs_server *s) {
  return s->elsewhere;
}

cs_time cs_server_deadline(const cs_server *s) {
  cs_time at = cs_base_heap_deadline(&s->timers);
  return s->outbox ? cs_time_min(at, s->outbox->due) : at;
}

void cs_server_expire(cs_server *s, cs_time now) {
  cs_base_timer *first;
  while ((first = cs_base_heap_first(&s->timers)) && first->at <= now) {
    cs_server_peer *p = (cs_server_peer *)((uint8_t *)first - offsetof(cs_server_peer, timer));
    s->multicast = false;
    cs_server_send_due(s, p, now);
    cs_endpoint_expire(p->endpoint, now);
    cs_server_handle_events(s, p, now);
    cs_server_peer_settle(s, p, now);
  }
}
