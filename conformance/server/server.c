#include "server/server.h"

#include <string.h>

#include "base/heap.h"
#include "base/table.h"
#include "endpoint/endpoint.h"
#include "server/defects.h"
#include "server/resource.h"
#include "server/store.h"

enum {
  MAX_PEERS = 1024,
  MAX_DELAYED = 16, /* separate responses that one peer waits for */
  MAX_OUTBOX = 64,  /* datagrams of defects that wait */
  MTU = 1152
};

/* A separate response that is due later. */
typedef struct delayed {
  struct delayed *next;
  cs_core_exchange *exchange;
  cs_time due;
  cs_server_reply reply;
} delayed;

typedef struct peer {
  cs_base_node node; /* in the table, by number; first, so that a node is a peer */
  cs_base_timer timer;
  uint64_t number;
  cs_endpoint *endpoint;
  delayed *waiting;
  size_t waiting_count;
  struct peer *older, *newer; /* by last use */
  struct peer *next_ready;
  bool ready; /* in the queue of those that have something to send */
  cs_defect_memory *memories;
} peer;

/* A datagram that a defect sent or let through. */
typedef struct outgoing {
  struct outgoing *next;
  uint64_t peer;
  cs_time due;
  size_t len;
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
} outgoing;

struct cs_server {
  const cs_base_alloc *alloc;
  cs_base_seeded generator;
  cs_endpoint_config config;
  cs_core_params params;
  size_t max_peers;
  cs_base_table peers;
  uint32_t peers_seed;
  cs_base_heap timers;
  peer *oldest, *newest;
  peer *ready_first, *ready_last;
  cs_server_store store;
  const cs_defect **defects;
  size_t defect_count;
  cs_defect_memory *shared; /* one a defect */
  cs_defect_message scratch;
  outgoing *outbox; /* by due time, then by order */
  size_t outbox_count;
  bool multicast; /* of the datagram being handled */
};

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
  case CS_OPT_PROXY_URI:
  case CS_OPT_PROXY_SCHEME:
    return true;
  default:
    return false;
  }
}

/* ---- peers ---- */

static peer *find_peer(const cs_server *s, uint64_t number) {
  uint32_t hash = cs_base_hash_u64(s->peers_seed, number);
  for (cs_base_node *n = cs_base_table_chain(&s->peers, hash); n; n = n->next) {
    peer *p = (peer *)n;
    if (n->hash == hash && p->number == number)
      return p;
  }
  return NULL;
}

static void unlink_age(cs_server *s, peer *p) {
  *(p->older ? &p->older->newer : &s->oldest) = p->newer;
  *(p->newer ? &p->newer->older : &s->newest) = p->older;
  p->older = p->newer = NULL;
}

static void link_newest(cs_server *s, peer *p) {
  p->older = s->newest;
  p->newer = NULL;
  *(s->newest ? &s->newest->newer : &s->oldest) = p;
  s->newest = p;
}

static void unlink_ready(cs_server *s, peer *p) {
  peer *before = NULL;
  for (peer *q = s->ready_first; q && q != p; q = q->next_ready)
    before = q;
  *(before ? &before->next_ready : &s->ready_first) = p->next_ready;
  if (s->ready_last == p)
    s->ready_last = before;
  p->next_ready = NULL;
  p->ready = false;
}

static void drop_peer(cs_server *s, peer *p) {
  if (p->ready)
    unlink_ready(s, p);
  unlink_age(s, p);
  cs_base_heap_remove(&s->timers, &p->timer);
  cs_base_table_remove(&s->peers, &p->node);
  while (p->waiting) {
    delayed *d = p->waiting;
    p->waiting = d->next;
    cs_base_put(s->alloc, d, sizeof *d);
  }
  cs_endpoint_close(p->endpoint);
  cs_base_put(s->alloc, p->memories, s->defect_count * sizeof *p->memories);
  cs_base_put(s->alloc, p, sizeof *p);
}

static cs_err open_peer(cs_server *s, uint64_t number, cs_time now, peer **out) {
  if (s->peers.count >= s->max_peers)
    drop_peer(s, s->oldest);
  if (cs_base_heap_reserve(&s->timers, s->alloc, s->peers.count + 1) != CS_OK)
    return CS_ERR_MEMORY;
  peer *p = cs_base_get(s->alloc, sizeof *p);
  if (!p)
    return CS_ERR_MEMORY;
  memset(p, 0, sizeof *p);
  p->number = number;
  p->node.hash = cs_base_hash_u64(s->peers_seed, number);
  if (s->defect_count) {
    p->memories = cs_base_get(s->alloc, s->defect_count * sizeof *p->memories);
    if (!p->memories)
      goto no_memories;
    memset(p->memories, 0, s->defect_count * sizeof *p->memories);
  }
  cs_err err = cs_endpoint_open(&s->config, &s->params, MTU, now, &p->endpoint);
  if (err != CS_OK)
    goto no_endpoint;
  if (cs_base_table_add(&s->peers, s->alloc, &p->node) != CS_OK)
    goto no_node;
  link_newest(s, p);
  *out = p;
  return CS_OK;
no_node:
  cs_endpoint_close(p->endpoint);
no_endpoint:
  cs_base_put(s->alloc, p->memories, s->defect_count * sizeof *p->memories);
no_memories:
  cs_base_put(s->alloc, p, sizeof *p);
  return CS_ERR_MEMORY;
}

/* After anything happened to a peer: its deadline, its place in the queue. */
static void settle(cs_server *s, peer *p, cs_time now) {
  cs_time at = cs_endpoint_deadline(p->endpoint);
  for (const delayed *d = p->waiting; d; d = d->next)
    at = cs_time_min(at, d->due);
  if (at != CS_TIME_NEVER)
    cs_base_heap_set(&s->timers, &p->timer, at > now ? at : now + 1);
  else
    cs_base_heap_remove(&s->timers, &p->timer);
  if (cs_endpoint_wants_transmit(p->endpoint)) {
    if (!p->ready) {
      *(s->ready_last ? &s->ready_last->next_ready : &s->ready_first) = p;
      s->ready_last = p;
      p->ready = true;
    }
  } else if (!p->waiting && !s->defect_count && cs_core_idle(cs_endpoint_session(p->endpoint))) {
    drop_peer(s, p);
  }
}

/* ---- defects ---- */

static cs_defect_turn turn_of(cs_server *s, peer *p, size_t i, cs_time now) {
  cs_defect_turn t = {s, p->number, now, &p->memories[i], &s->shared[i]};
  return t;
}

static void post(cs_server *s, uint64_t number, cs_span bytes, cs_time due) {
  if (s->outbox_count >= MAX_OUTBOX || bytes.len > CS_SERVER_MESSAGE_MAX)
    return;
  outgoing *o = cs_base_get(s->alloc, sizeof *o);
  if (!o)
    return;
  o->peer = number;
  o->due = due;
  o->len = bytes.len;
  if (bytes.len)
    memcpy(o->bytes, bytes.at, bytes.len);
  outgoing **at = &s->outbox;
  while (*at && (*at)->due <= due)
    at = &(*at)->next;
  o->next = *at;
  *at = o;
  s->outbox_count++;
}

void cs_defect_send(cs_defect_turn *t, cs_span bytes, cs_time delay) {
  post(t->server, t->peer, bytes, cs_time_add(t->now, delay));
}

/* Shows the datagram in s->scratch to the defects; false when one took it. */
static bool pass_hooks(cs_server *s, peer *p, bool in, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    bool (*hook)(cs_defect_turn *, cs_defect_message *) =
        in ? s->defects[i]->in : s->defects[i]->out;
    cs_defect_turn t = turn_of(s, p, i, now);
    if (hook && !hook(&t, &s->scratch))
      return false;
  }
  return true;
}

/* ---- requests ---- */

static void respond(peer *p, cs_core_exchange *x, const cs_server_reply *reply, cs_time now) {
  cs_core_session *session = cs_endpoint_session(p->endpoint);
  cs_core_response_spec spec = {reply->code, cs_span_of(reply->options, reply->options_len),
                                cs_span_of(reply->payload, reply->payload_len), reply->type};
  if (reply->silent || cs_core_respond(session, x, &spec, now) != CS_OK)
    cs_core_ignore(session, x, now);
}

/* Acknowledges now; the response waits. */
static void respond_later(cs_server *s, peer *p, cs_core_exchange *x, cs_server_reply *reply,
                          cs_time now) {
  delayed *d = p->waiting_count < MAX_DELAYED ? cs_base_get(s->alloc, sizeof *d) : NULL;
  if (!d) {
    cs_server_reply_error(reply, CS_CODE(5, 3), "too many wait");
    respond(p, x, reply, now);
    return;
  }
  d->exchange = x;
  d->due = cs_time_add(now, reply->delay);
  d->reply = *reply;
  d->next = p->waiting;
  p->waiting = d;
  p->waiting_count++;
  cs_core_defer(cs_endpoint_session(p->endpoint), x, now);
}

static void handle(cs_server *s, peer *p, const cs_core_event *e, cs_time now) {
  cs_server_request q = {p->number, s->multicast, e->message};
  cs_server_reply reply;
  bool answered = false;
  for (size_t i = 0; i < s->defect_count && !answered; i++) {
    cs_defect_turn t = turn_of(s, p, i, now);
    cs_server_reply_init(&reply, CS_CODE(5, 0));
    answered = s->defects[i]->request && !s->defects[i]->request(&t, &q, &reply);
  }
  if (!answered)
    cs_server_handle(&s->store, &q, &reply);
  for (size_t i = 0; i < s->defect_count; i++) {
    cs_defect_turn t = turn_of(s, p, i, now);
    if (s->defects[i]->reply)
      s->defects[i]->reply(&t, &q, &reply);
  }
  if (reply.delay && !reply.silent)
    respond_later(s, p, e->exchange, &reply, now);
  else
    respond(p, e->exchange, &reply, now);
}

static void handle_events(cs_server *s, peer *p, cs_time now) {
  cs_core_event e;
  while (cs_endpoint_next_event(p->endpoint, &e)) {
    if (e.kind == CS_EVENT_REQUEST)
      handle(s, p, &e, now);
    cs_endpoint_answer(p->endpoint, &e, true, now);
  }
}

static void send_due(cs_server *s, peer *p, cs_time now) {
  delayed **at = &p->waiting;
  while (*at) {
    delayed *d = *at;
    if (d->due > now) {
      at = &d->next;
      continue;
    }
    *at = d->next;
    p->waiting_count--;
    respond(p, d->exchange, &d->reply, now);
    cs_base_put(s->alloc, d, sizeof *d);
  }
}

/* ---- the server ---- */

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
    s->defects[i] = cs_defect_find(config->defects[i]);
    if (!s->defects[i]) {
      if (unknown)
        *unknown = config->defects[i];
      return CS_ERR_NOT_FOUND;
    }
    if (s->defects[i]->setup)
      s->defects[i]->setup(&s->config.core, &s->params);
  }
  return CS_OK;
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
  s->params = config->params ? *config->params : cs_core_params_default;
  cs_base_seeded_init(&s->generator, config->seed);
  s->peers_seed = (uint32_t)cs_base_seeded_next(&s->generator);
  s->config.core.role = CS_SERVER;
  s->config.core.form = CS_WIRE_UDP;
  s->config.core.alloc = s->alloc;
  s->config.core.random = cs_base_seeded_random(&s->generator);
  s->config.core.known = understood;
  s->config.link = CS_LINK_DATAGRAM;
  cs_server_store_init(&s->store, s->alloc);
  cs_err err = cs_server_resources_fill(&s->store);
  if (err == CS_OK)
    err = find_defects(s, config, unknown);
  if (err == CS_OK)
    err = cs_core_params_check(&s->params, NULL);
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
  while (s->oldest)
    drop_peer(s, s->oldest);
  while (s->outbox) {
    outgoing *o = s->outbox;
    s->outbox = o->next;
    cs_base_put(s->alloc, o, sizeof *o);
  }
  cs_base_table_free(&s->peers, s->alloc);
  cs_base_heap_free(&s->timers, s->alloc);
  cs_server_store_free(&s->store);
  cs_base_put(s->alloc, s->shared, s->defect_count * sizeof *s->shared);
  cs_base_put(s->alloc, s->defects, s->defect_count * sizeof *s->defects);
  cs_base_put(s->alloc, s, sizeof *s);
}

cs_err cs_server_receive(cs_server *s, uint64_t number, bool multicast, cs_span bytes,
                         cs_time now) {
  peer *p = find_peer(s, number);
  if (!p) {
    cs_err err = open_peer(s, number, now, &p);
    if (err != CS_OK)
      return err;
  } else {
    unlink_age(s, p);
    link_newest(s, p);
  }
  s->multicast = multicast;
  cs_err err = CS_OK;
  if (s->defect_count && cs_defect_set_bytes(&s->scratch, bytes)) {
    if (pass_hooks(s, p, true, now))
      err = cs_endpoint_receive(p->endpoint, 0, multicast,
                                cs_span_of(s->scratch.bytes, s->scratch.len), now);
  } else {
    err = cs_endpoint_receive(p->endpoint, 0, multicast, bytes, now);
  }
  handle_events(s, p, now);
  settle(s, p, now);
  return err;
}

/* The first datagram of the outbox that is due. */
static cs_err take_posted(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *number,
                          size_t *len) {
  outgoing *o = s->outbox;
  if (!o || o->due > now)
    return CS_ERR_AGAIN;
  if (o->len > cap)
    return CS_ERR_TOO_LARGE;
  memcpy(buf, o->bytes, o->len);
  *len = o->len;
  *number = o->peer;
  s->outbox = o->next;
  s->outbox_count--;
  cs_base_put(s->alloc, o, sizeof *o);
  return CS_OK;
}

/* Takes what p has to send past the defects into the outbox. */
static void filter_out(cs_server *s, peer *p, cs_time now) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  cs_core_peer to;
  size_t len;
  while (cs_endpoint_transmit(p->endpoint, now, buf, sizeof buf, &to, &len) == CS_OK) {
    cs_defect_set_bytes(&s->scratch, cs_span_of(buf, len));
    if (pass_hooks(s, p, false, now))
      post(s, p->number, cs_span_of(s->scratch.bytes, s->scratch.len), now);
  }
}

cs_err cs_server_transmit(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *number,
                          size_t *len) {
  for (;;) {
    cs_err err = take_posted(s, now, buf, cap, number, len);
    if (err != CS_ERR_AGAIN || !s->ready_first)
      return err;
    peer *p = s->ready_first;
    if (s->defect_count) {
      unlink_ready(s, p);
      filter_out(s, p, now);
      settle(s, p, now);
      continue;
    }
    cs_core_peer to;
    err = cs_endpoint_transmit(p->endpoint, now, buf, cap, &to, len);
    if (err != CS_ERR_TOO_LARGE)
      unlink_ready(s, p);
    if (err != CS_ERR_AGAIN) {
      *number = p->number;
      settle(s, p, now);
      return err;
    }
    settle(s, p, now);
  }
}

cs_time cs_server_deadline(const cs_server *s) {
  cs_time at = cs_base_heap_deadline(&s->timers);
  return s->outbox ? cs_time_min(at, s->outbox->due) : at;
}

void cs_server_expire(cs_server *s, cs_time now) {
  cs_base_timer *first;
  while ((first = cs_base_heap_first(&s->timers)) && first->at <= now) {
    peer *p = (peer *)((uint8_t *)first - offsetof(peer, timer));
    s->multicast = false;
    send_due(s, p, now);
    cs_endpoint_expire(p->endpoint, now);
    handle_events(s, p, now);
    settle(s, p, now);
  }
}
