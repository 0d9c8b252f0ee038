/* Peers: who they are, in which order they go, when they are due. */
#include <string.h>

#include "server/inside.h"

/* What may be sent in one message: on streams as much as the peer accepts. */
enum { DATAGRAM_MTU = 1152, STREAM_MTU = 1 << 20 };

cs_server_peer *cs_server_peer_find(const cs_server *s, uint64_t number) {
  uint32_t hash = cs_base_hash_u64(s->peers_seed, number);
  for (cs_base_node *n = cs_base_table_chain(&s->peers, hash); n; n = n->next) {
    cs_server_peer *p = (cs_server_peer *)n;
    if (n->hash == hash && p->number == number)
      return p;
  }
  return NULL;
}

static cs_server_list *list_of(cs_server *s, const cs_server_peer *p) {
  return p->form == CS_WIRE_UDP ? &s->senders : &s->connections;
}

static void unlink_age(cs_server_list *l, cs_server_peer *p) {
  *(p->older ? &p->older->newer : &l->oldest) = p->newer;
  *(p->newer ? &p->newer->older : &l->newest) = p->older;
  p->older = p->newer = NULL;
  l->count--;
}

static void link_newest(cs_server_list *l, cs_server_peer *p) {
  p->older = l->newest;
  p->newer = NULL;
  *(l->newest ? &l->newest->newer : &l->oldest) = p;
  l->newest = p;
  l->count++;
}

void cs_server_peer_used(cs_server *s, cs_server_peer *p) {
  unlink_age(list_of(s, p), p);
  link_newest(list_of(s, p), p);
}

void cs_server_peer_not_ready(cs_server *s, cs_server_peer *p) {
  if (!p->ready)
    return;
  cs_server_peer *before = NULL;
  for (cs_server_peer *q = s->ready_first; q && q != p; q = q->next_ready)
    before = q;
  *(before ? &before->next_ready : &s->ready_first) = p->next_ready;
  if (s->ready_last == p)
    s->ready_last = before;
  p->next_ready = NULL;
  p->ready = false;
}

static void make_ready(cs_server *s, cs_server_peer *p) {
  if (p->ready)
    return;
  *(s->ready_last ? &s->ready_last->next_ready : &s->ready_first) = p;
  s->ready_last = p;
  p->ready = true;
}

/* Releases what a peer owns, and itself. */
static void release(cs_server *s, cs_server_peer *p) {
  if (p->endpoint)
    cs_endpoint_close(p->endpoint);
  cs_base_put(s->alloc, p->memories, s->defect_count * sizeof *p->memories);
  cs_base_put(s->alloc, p->ways, 2 * sizeof *p->ways);
  cs_base_put(s->alloc, p, sizeof *p);
}

void cs_server_peer_drop(cs_server *s, cs_server_peer *p) {
  cs_server_peer_not_ready(s, p);
  unlink_age(list_of(s, p), p);
  s->ending_count -= p->ending;
  cs_base_heap_remove(&s->timers, &p->timer);
  cs_base_table_remove(&s->peers, &p->node);
  while (p->waiting) {
    cs_server_delayed *d = p->waiting;
    p->waiting = d->next;
    cs_base_put(s->alloc, d, sizeof *d);
  }
  if (p->form != CS_WIRE_UDP)
    cs_server_unpost(s, p->number);
  release(s, p);
}

/* What it remembers for defects, and how its bytes are cut for them. */
static cs_err open_for_defects(cs_server *s, cs_server_peer *p) {
  if (!s->defect_count)
    return CS_OK;
  p->memories = cs_base_get(s->alloc, s->defect_count * sizeof *p->memories);
  if (!p->memories)
    return CS_ERR_MEMORY;
  memset(p->memories, 0, s->defect_count * sizeof *p->memories);
  if (p->form == CS_WIRE_UDP)
    return CS_OK;
  p->ways = cs_base_get(s->alloc, 2 * sizeof *p->ways);
  if (!p->ways)
    return CS_ERR_MEMORY;
  cs_server_tap_init(s, p);
  return CS_OK;
}

cs_err cs_server_peer_open(cs_server *s, uint64_t number, cs_wire_form form, cs_time now,
                           cs_server_peer **out) {
  if (cs_base_heap_reserve(&s->timers, s->alloc, s->peers.count + 1) != CS_OK)
    return CS_ERR_MEMORY;
  cs_server_peer *p = cs_base_get(s->alloc, sizeof *p);
  if (!p)
    return CS_ERR_MEMORY;
  memset(p, 0, sizeof *p);
  p->number = number;
  p->form = form;
  p->node.hash = cs_base_hash_u64(s->peers_seed, number);
  const cs_server_form *f = &s->forms[form];
  size_t mtu = form == CS_WIRE_UDP ? DATAGRAM_MTU : STREAM_MTU;
  if (open_for_defects(s, p) != CS_OK ||
      cs_endpoint_open(&f->config, &f->params, mtu, now, &p->endpoint) != CS_OK ||
      cs_base_table_add(&s->peers, s->alloc, &p->node) != CS_OK) {
    release(s, p);
    return CS_ERR_MEMORY;
  }
  link_newest(list_of(s, p), p);
  *out = p;
  return CS_OK;
}

void cs_server_peer_ends(cs_server *s, cs_server_peer *p) {
  s->ending_count += !p->ending;
  p->ending = true;
}

void cs_server_peer_settle(cs_server *s, cs_server_peer *p, cs_time now) {
  if (p->life != CS_LIFE_OPEN) {
    cs_base_heap_remove(&s->timers, &p->timer);
    cs_server_peer_not_ready(s, p);
    return;
  }
  cs_time at = cs_endpoint_deadline(p->endpoint);
  for (const cs_server_delayed *d = p->waiting; d; d = d->next)
    at = cs_time_min(at, d->due);
  if (at != CS_TIME_NEVER)
    cs_base_heap_set(&s->timers, &p->timer, at > now ? at : now + 1);
  else
    cs_base_heap_remove(&s->timers, &p->timer);
  if (cs_endpoint_wants_transmit(p->endpoint)) {
    make_ready(s, p);
    return;
  }
  if (p->form != CS_WIRE_UDP) {
    if (cs_endpoint_finished(p->endpoint))
      cs_server_peer_ends(s, p);
  } else if (!p->waiting && !s->defect_count && cs_core_idle(cs_endpoint_session(p->endpoint))) {
    cs_server_peer_drop(s, p);
  }
}
