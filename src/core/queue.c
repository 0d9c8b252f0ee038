/* The queue of what is to be transmitted, and the bare Empty replies that are
 * in nothing but it. */
#include "core/internal.h"

void cs_core_queue(cs_core_session *s, struct out *o) {
  if (o->queued)
    return;
  o->queued = true;
  o->next = NULL;
  o->prev = s->out_last;
  if (s->out_last)
    s->out_last->next = o;
  else
    s->out_first = o;
  s->out_last = o;
}

void cs_core_unqueue(cs_core_session *s, struct out *o) {
  if (!o->queued)
    return;
  o->queued = false;
  if (o->prev)
    o->prev->next = o->next;
  else
    s->out_first = o->next;
  if (o->next)
    o->next->prev = o->prev;
  else
    s->out_last = o->prev;
}

void cs_core_bare(cs_core_session *s, uint8_t type, uint16_t mid, cs_core_peer peer) {
  if (s->bare_count == BARE_MAX)
    return;
  struct bare *b = cs_base_get(memory(s), sizeof *b);
  if (!b)
    return;
  memset(b, 0, sizeof *b);
  b->out.kind = OUT_BARE;
  b->peer = peer;
  b->mid = mid;
  b->type = type;
  s->bare_count++;
  cs_core_queue(s, &b->out);
}

cs_err cs_core_send_empty(cs_core_session *s, uint8_t type, uint16_t mid, cs_time now) {
  cs_core_time(s, now);
  if (is_reliable(s))
    return CS_ERR_UNSUPPORTED;
  if (type != CS_ACK && type != CS_RST)
    return CS_ERR_ARGUMENT;
  if (s->closed)
    return CS_ERR_STATE;
  if (s->bare_count == BARE_MAX)
    return CS_ERR_LIMIT;
  uint8_t before = s->bare_count;
  cs_core_bare(s, type, mid, 0);
  return s->bare_count > before ? CS_OK : CS_ERR_MEMORY;
}
