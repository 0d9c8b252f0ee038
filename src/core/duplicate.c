/* Duplicates (RFC 7252 section 4.5): a Message ID that came within
 * EXCHANGE_LIFETIME is answered as it was the first time and not processed
 * again. Records expire in the order they came and their number is capped. */
#include "core/internal.h"

static uint32_t hash(const cs_core_session *s, cs_core_peer peer, uint16_t mid) {
  return cs_base_hash_u64(s->hash_seed, peer << 16 | mid);
}

struct seen *cs_core_seen_find(const cs_core_session *s, cs_core_peer peer, uint16_t mid) {
  uint32_t h = hash(s, peer, mid);
  for (cs_base_node *n = cs_base_table_chain(&s->seen, h); n; n = n->next) {
    struct seen *r = (struct seen *)n;
    if (n->hash == h && r->mid == mid && r->peer == peer && r->until > s->now)
      return r;
  }
  return NULL;
}

static void forget(cs_core_session *s, struct seen *r, struct seen *older) {
  if (older)
    older->newer = r->newer;
  else
    s->oldest = r->newer;
  if (s->newest == r)
    s->newest = older;
  cs_core_unqueue(s, &r->out);
  cs_base_table_remove(&s->seen, &r->by_mid);
  cs_base_put(memory(s), r->bytes, r->len);
  cs_base_put(memory(s), r, sizeof *r);
}

/* A record is kept while its request is being answered, and while an event
 * that was taken still owes it a reply. */
static bool busy(const cs_core_session *s, const struct seen *r) {
  return r->exchange || r == s->held_seen;
}

cs_time cs_core_seen_deadline(const cs_core_session *s) {
  return s->oldest && !busy(s, s->oldest) ? s->oldest->until : CS_TIME_NEVER;
}

static bool make_place(cs_core_session *s) {
  uint32_t cap = s->config->max_duplicates ? s->config->max_duplicates : DUPLICATES_DEFAULT;
  if (s->seen.count < cap)
    return true;
  struct seen *older = NULL;
  for (struct seen *r = s->oldest; r; older = r, r = r->newer) {
    if (!busy(s, r)) {
      forget(s, r, older);
      return true;
    }
  }
  return false;
}

struct seen *cs_core_seen_add(cs_core_session *s, cs_core_peer peer, const cs_wire_message *m) {
  if (!make_place(s))
    return NULL;
  struct seen *r = cs_base_get(memory(s), sizeof *r);
  if (!r)
    return NULL;
  memset(r, 0, sizeof *r);
  r->by_mid.hash = hash(s, peer, m->mid);
  if (cs_base_table_add(&s->seen, memory(s), &r->by_mid) != CS_OK) {
    cs_base_put(memory(s), r, sizeof *r);
    return NULL;
  }
  r->out.kind = OUT_REPLY;
  r->peer = peer;
  r->mid = m->mid;
  r->type = m->type;
  const cs_core_params *p = cs_core_get_params(s);
  r->until = cs_time_add(s->now, m->type == CS_CON ? cs_core_exchange_lifetime(p)
                                                   : cs_core_non_lifetime(p));
  if (s->newest)
    s->newest->newer = r;
  else
    s->oldest = r;
  s->newest = r;
  return r;
}

void cs_core_seen_reply(cs_core_session *s, struct seen *r, uint8_t reply) {
  r->reply = reply;
  if (reply != REPLY_NONE)
    cs_core_queue(s, &r->out);
}

void cs_core_seen_expire(cs_core_session *s) {
  while (s->oldest && s->oldest->until <= s->now && !busy(s, s->oldest))
    forget(s, s->oldest, NULL);
}

void cs_core_seen_clear(cs_core_session *s) {
  while (s->oldest)
    forget(s, s->oldest, NULL);
}
