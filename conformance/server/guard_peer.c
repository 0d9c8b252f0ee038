/* Addresses and connections that are guarded, and what waits to go out to them. */
#include "server/guard_inside.h"

static cs_guard_list *list_of(cs_server_guard *g, const cs_guard_peer *p) {
  return p->form == CS_WIRE_UDP ? &g->senders : &g->connections;
}

static void unlink_age(cs_guard_list *l, cs_guard_peer *p) {
  *(p->older ? &p->older->newer : &l->oldest) = p->newer;
  *(p->newer ? &p->newer->older : &l->newest) = p->older;
  p->older = p->newer = NULL;
  l->count--;
}

static void link_newest(cs_guard_list *l, cs_guard_peer *p) {
  p->older = l->newest;
  *(l->newest ? &l->newest->newer : &l->oldest) = p;
  l->newest = p;
  l->count++;
}

cs_guard_peer *cs_guard_peer_find(const cs_server_guard *g, uint64_t number) {
  uint32_t hash = cs_base_hash_u64(g->seed, number);
  for (cs_base_node *n = cs_base_table_chain(&g->peers, hash); n; n = n->next) {
    cs_guard_peer *p = (cs_guard_peer *)n;
    if (n->hash == hash && p->number == number)
      return p;
  }
  return NULL;
}

/* The sender that goes first when there are too many: the one silent longest of
 * those that have not come to a session, else of all. */
static cs_guard_peer *least_wanted(const cs_server_guard *g) {
  for (cs_guard_peer *p = g->senders.oldest; p; p = p->newer)
    if (!p->current)
      return p;
  return g->senders.oldest;
}

cs_err cs_guard_peer_open(cs_server_guard *g, uint64_t number, cs_wire_form form, cs_span address,
                          cs_guard_peer **out) {
  bool stream = form != CS_WIRE_UDP;
  if (stream && g->connections.count >= g->max_sessions)
    return CS_ERR_LIMIT;
  if (!stream && g->senders.count >= g->max_sessions)
    cs_guard_peer_drop(g, least_wanted(g), 0);
  cs_guard_peer *p = cs_base_get(g->alloc, sizeof *p);
  if (!p)
    return CS_ERR_MEMORY;
  memset(p, 0, sizeof *p);
  p->number = number;
  p->form = form;
  p->node.hash = cs_base_hash_u64(g->seed, number);
  p->address_len = address.len < sizeof p->address ? address.len : sizeof p->address;
  if (p->address_len)
    memcpy(p->address, address.at, p->address_len);
  if (cs_base_table_add(&g->peers, g->alloc, &p->node) != CS_OK) {
    cs_base_put(g->alloc, p, sizeof *p);
    return CS_ERR_MEMORY;
  }
  link_newest(list_of(g, p), p);
  *out = p;
  return CS_OK;
}

void cs_guard_peer_drop(cs_server_guard *g, cs_guard_peer *p, cs_time now) {
  if (p->current)
    cs_guard_session_drop(g, p->current, now);
  if (p->next)
    cs_guard_session_drop(g, p->next, now);
  while (p->ghosts)
    cs_guard_session_drop(g, p->ghosts, now);
  for (cs_guard_output *o = g->first; o && p->waiting; o = o->next)
    if (o->peer == p)
      o->peer = NULL;
  unlink_age(list_of(g, p), p);
  g->ending_count -= p->ending;
  cs_base_table_remove(&g->peers, &p->node);
  cs_base_put(g->alloc, p, sizeof *p);
}

void cs_guard_peer_used(cs_server_guard *g, cs_guard_peer *p) {
  unlink_age(list_of(g, p), p);
  link_newest(list_of(g, p), p);
}

bool cs_guard_post(cs_server_guard *g, cs_guard_peer *p, uint64_t number, bool stream,
                   cs_span bytes) {
  cs_guard_output *o = cs_base_get(g->alloc, sizeof *o + bytes.len);
  if (!o)
    return false;
  *o = (cs_guard_output){.peer = p, .number = number, .stream = stream, .len = bytes.len};
  o->cap = bytes.len;
  memcpy(o->bytes, bytes.at, bytes.len);
  *(g->last ? &g->last->next : &g->first) = o;
  g->last = o;
  if (p)
    p->waiting++;
  return true;
}

cs_err cs_guard_take(cs_server_guard *g, uint8_t *buf, size_t cap, uint64_t *number, size_t *len) {
  cs_guard_output *o = g->first;
  if (!o)
    return CS_ERR_AGAIN;
  size_t n = o->len - o->from;
  if (n > cap && (!o->stream || cap == 0))
    return CS_ERR_TOO_LARGE;
  n = n < cap ? n : cap;
  memcpy(buf, o->bytes + o->from, n);
  o->from += n;
  *number = o->number;
  *len = n;
  if (o->from == o->len) {
    g->first = o->next;
    if (!g->first)
      g->last = NULL;
    if (o->peer)
      o->peer->waiting--;
    cs_base_put(g->alloc, o, sizeof *o + o->cap);
  }
  return CS_OK;
}
