/* What has passed the defects, or was sent by one, until the driver takes it. */
#include <string.h>

#include "server/inside.h"

enum { MAX_POSTED = 64 /* messages of defects that wait */ };

/* Puts a piece behind what is due until then; bytes of a connection join those
 * that are already there. */
static bool post_piece(cs_server *s, const cs_server_peer *p, cs_span bytes, cs_time due,
                       bool posted) {
  cs_server_outgoing *before = NULL;
  for (cs_server_outgoing *o = s->outbox; o && o->due <= due; o = o->next)
    before = o;
  bool stream = p->form != CS_WIRE_UDP;
  if (before && stream && !posted && before->peer == p->number &&
      bytes.len <= sizeof before->bytes - before->len) {
    memcpy(before->bytes + before->len, bytes.at, bytes.len);
    before->len += bytes.len;
    return true;
  }
  cs_server_outgoing *o = cs_base_get(s->alloc, sizeof *o);
  if (!o)
    return false;
  cs_server_outgoing **at = before ? &before->next : &s->outbox;
  o->next = *at;
  o->peer = p->number;
  o->due = due;
  o->stream = stream;
  o->posted = posted;
  o->elsewhere = !stream && !posted && s->scratch.elsewhere;
  o->from = 0;
  o->len = bytes.len;
  if (bytes.len)
    memcpy(o->bytes, bytes.at, bytes.len);
  *at = o;
  s->posted_count += posted;
  return true;
}

bool cs_server_post(cs_server *s, const cs_server_peer *p, cs_span bytes, cs_time due,
                    bool posted) {
  if (posted && s->posted_count >= MAX_POSTED)
    return false;
  if (p->form == CS_WIRE_UDP)
    return bytes.len <= CS_SERVER_MESSAGE_MAX && post_piece(s, p, bytes, due, posted);
  for (size_t from = 0; from < bytes.len; from += CS_SERVER_MESSAGE_MAX) {
    size_t left = bytes.len - from;
    size_t n = left < CS_SERVER_MESSAGE_MAX ? left : CS_SERVER_MESSAGE_MAX;
    if (!post_piece(s, p, cs_span_cut(bytes, from, n), due, posted))
      return false;
  }
  return true;
}

static void release(cs_server *s, cs_server_outgoing **at) {
  cs_server_outgoing *o = *at;
  *at = o->next;
  s->posted_count -= o->posted;
  cs_base_put(s->alloc, o, sizeof *o);
}

cs_err cs_server_take(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *number,
                      size_t *len) {
  cs_server_outgoing *o = s->outbox;
  if (!o || o->due > now)
    return CS_ERR_AGAIN;
  size_t n = o->len - o->from;
  if (n > cap && (!o->stream || cap == 0))
    return CS_ERR_TOO_LARGE;
  n = n < cap ? n : cap;
  memcpy(buf, o->bytes + o->from, n);
  o->from += n;
  *len = n;
  *number = o->peer;
  s->elsewhere = o->elsewhere;
  if (o->from == o->len)
    release(s, &s->outbox);
  return CS_OK;
}

bool cs_server_is_due(const cs_server *s, uint64_t number, cs_time now) {
  for (const cs_server_outgoing *o = s->outbox; o && o->due <= now; o = o->next)
    if (o->peer == number)
      return true;
  return false;
}

void cs_server_unpost(cs_server *s, uint64_t number) {
  cs_server_outgoing **at = &s->outbox;
  while (*at) {
    if ((*at)->peer == number)
      release(s, at);
    else
      at = &(*at)->next;
  }
}

void cs_server_outbox_free(cs_server *s) {
  while (s->outbox)
    release(s, &s->outbox);
}
