/* Messages of ours that an Acknowledgement or a Reset can match (RFC 7252
 * section 4.4), by peer and Message ID. */
#include "core/internal.h"

void cs_core_flight_init(struct flight *f, uint8_t kind, uint8_t type, cs_core_peer peer) {
  f->kind = kind;
  f->type = type;
  f->peer = peer;
  f->out.kind = OUT_FLIGHT;
}

static uint32_t hash(const cs_core_session *s, cs_core_peer peer, uint16_t mid) {
  return cs_base_hash_u64(s->hash_seed, peer << 16 | mid);
}

cs_err cs_core_flight_match(cs_core_session *s, struct flight *f, uint16_t mid) {
  f->mid = mid;
  f->by_mid.hash = hash(s, f->peer, mid);
  cs_err e = cs_base_table_add(&s->by_mid, memory(s), &f->by_mid);
  f->matchable = e == CS_OK;
  return e;
}

void cs_core_flight_stop(cs_core_session *s, struct flight *f) {
  cs_core_unqueue(s, &f->out);
  cs_base_heap_remove(&s->timers, &f->timer);
  if (f->matchable)
    cs_base_table_remove(&s->by_mid, &f->by_mid);
  f->matchable = false;
}

struct flight *cs_core_flight_find(const cs_core_session *s, cs_core_peer peer, uint16_t mid) {
  if (s->by_mid.count == 0)
    return NULL;
  uint32_t h = hash(s, peer, mid);
  for (cs_base_node *n = cs_base_table_chain(&s->by_mid, h); n; n = n->next) {
    struct flight *f = (struct flight *)n;
    if (n->hash == h && f->mid == mid && f->peer == peer)
      return f;
  }
  return NULL;
}
