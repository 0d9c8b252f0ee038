/* Answers that a session on a reliable form makes itself: 5.01, 5.03, 4.02 and
 * Pong. At most CS_CORE_REPLIES_MAX are held. A Pong that the peer asked to be
 * delayed waits until the requests that came before its Ping are answered (RFC
 * 8323 section 5.4.1). */
#include "core/internal.h"

cs_err cs_core_reply(cs_core_session *s, cs_wire_message *m, bool late) {
  struct reliable *r = s->reliable;
  if (r->replies >= CS_CORE_REPLIES_MAX)
    return CS_ERR_LIMIT;
  m->form = s->config->form;
  if (cs_wire_size(m) > cs_core_max_send(s))
    m->payload.len = 0;
  size_t size = cs_wire_size(m);
  struct reply *p = cs_base_get(memory(s), sizeof *p + size);
  if (!p)
    return CS_ERR_MEMORY;
  memset(p, 0, sizeof *p);
  size_t len;
  (void)cs_wire_build(m, p->bytes, size, &len); /* the size is its own */
  p->out.kind = OUT_OWN;
  p->len = (uint32_t)size;
  p->serial = r->serial;
  r->replies++;
  if (!late) {
    cs_core_queue(s, &p->out);
    return CS_OK;
  }
  if (r->latest)
    r->latest->later = p;
  else
    r->late = p;
  r->latest = p;
  cs_core_reply_due(s);
  return CS_OK;
}

/* Whether a request that came no later than this is not answered yet. */
static bool awaited(const cs_core_session *s, uint32_t serial) {
  for (const cs_core_exchange *x = s->exchanges; x; x = x->next)
    if (!x->answered && (int32_t)(x->serial - serial) <= 0)
      return true;
  return false;
}

void cs_core_reply_due(cs_core_session *s) {
  struct reliable *r = s->reliable;
  while (r->late && !awaited(s, r->late->serial)) {
    struct reply *p = r->late;
    r->late = p->later;
    if (!r->late)
      r->latest = NULL;
    cs_core_queue(s, &p->out);
  }
}

void cs_core_reply_free(cs_core_session *s, struct reply *p) {
  cs_core_unqueue(s, &p->out);
  s->reliable->replies--;
  cs_base_put(memory(s), p, sizeof *p + p->len);
}

void cs_core_replies_drop(cs_core_session *s) {
  struct reliable *r = s->reliable;
  while (r->late) {
    struct reply *p = r->late;
    r->late = p->later;
    cs_core_reply_free(s, p);
  }
  r->latest = NULL;
  struct out *next;
  for (struct out *o = s->out_first; o; o = next) {
    next = o->next;
    if (o->kind == OUT_OWN)
      cs_core_reply_free(s, (struct reply *)o);
  }
}
