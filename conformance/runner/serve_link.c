/* The connections of the embedded server. No client can hold it up: each has a
 * bound on what waits for it, and when there are too many, the one that was
 * silent longest makes room. */
#include <stdlib.h>
#include <string.h>

#include "runner/serve_inside.h"

static const uint64_t link_bit = UINT64_C(1) << 63;
/* How long a connection that is being closed may take to empty itself. */
static const cs_time linger = 2 * CS_SECOND;

bool cs_runner_serve_is_link(uint64_t peer) {
  return (peer & link_bit) != 0;
}

static serve_link *link_of(serving *s, uint64_t peer) {
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++)
    if (s->links[i].source.fd >= 0 && s->links[i].peer == peer)
      return &s->links[i];
  return NULL;
}

/* The server forgets the connection; it is closed at once. */
static void drop(serving *s, serve_link *l) {
  if (l->source.fd < 0)
    return;
  if (l->peer)
    cs_runner_serve_hangup(s, &l->source, l->peer);
  s->net.ops->close(s->net.self, l->source.fd);
  free(l->out);
  memset(l, 0, sizeof *l);
  l->source.kind = SERVE_LINK;
  l->source.fd = -1;
}

static void watch(serving *s, serve_link *l) {
  bool paused = l->out_len > SERVE_OUTPUT_PAUSE || (l->closing && !l->finished);
  unsigned what = (paused ? 0 : CS_NET_READ) | (l->out_len ? CS_NET_WRITE : 0);
  if (s->net.ops->watch(s->net.self, l->source.fd, what, l) != CS_OK)
    drop(s, l);
}

/* Sends what the client takes. */
static void push(serving *s, serve_link *l) {
  while (l->out_len > 0) {
    size_t sent = 0;
    cs_err err =
        s->net.ops->send(s->net.self, l->source.fd, NULL, cs_span_of(l->out, l->out_len), &sent);
    if (err == CS_ERR_AGAIN)
      break;
    if (err != CS_OK) {
      drop(s, l);
      return;
    }
    l->out_len -= sent;
    memmove(l->out, l->out + sent, l->out_len);
  }
  if (l->closing && l->out_len == 0 && !l->finished) {
    l->finished = true;
    (void)s->net.ops->finish(s->net.self, l->source.fd);
  }
  watch(s, l);
}

void cs_runner_serve_output(serving *s, uint64_t peer, cs_span bytes) {
  serve_link *l = link_of(s, peer);
  if (!l || bytes.len == 0)
    return;
  if (bytes.len > SERVE_OUTPUT_MAX - l->out_len) {
    drop(s, l);
    return;
  }
  size_t need = l->out_len + bytes.len;
  if (need > l->out_cap) {
    size_t cap = 2 * need < SERVE_OUTPUT_MAX ? 2 * need : SERVE_OUTPUT_MAX;
    uint8_t *out = realloc(l->out, cap);
    if (!out) {
      drop(s, l);
      return;
    }
    l->out = out;
    l->out_cap = cap;
  }
  memcpy(l->out + l->out_len, bytes.at, bytes.len);
  l->out_len += bytes.len;
  push(s, l);
}

/* From now on the connection only empties itself. */
static void begin_closing(serving *s, serve_link *l) {
  l->peer = 0;
  l->closing = true;
  l->until = cs_time_add(serve_now(s), linger);
  push(s, l);
}

void cs_runner_serve_close(serving *s, uint64_t peer) {
  serve_link *l = link_of(s, peer);
  if (l)
    begin_closing(s, l);
}

static serve_link *room(serving *s) {
  serve_link *oldest = &s->links[0];
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++) {
    if (s->links[i].source.fd < 0)
      return &s->links[i];
    if (s->links[i].active < oldest->active)
      oldest = &s->links[i];
  }
  drop(s, oldest);
  return oldest;
}

void cs_runner_serve_accept(serving *s, const serve_source *listener) {
  enum { AT_ONCE = 64 };
  for (unsigned i = 0; i < AT_ONCE; i++) {
    int fd;
    if (s->net.ops->accept(s->net.self, listener->fd, NULL, &fd) != CS_OK)
      return;
    serve_link *l = room(s);
    *l = (serve_link){.source = {SERVE_LINK, listener->form, listener->secured, fd},
                      .peer = link_bit | ++s->next_link,
                      .active = serve_now(s)};
    cs_err err = listener->secured
                     ? cs_server_guard_connect(s->guard, l->peer, listener->form, serve_now(s))
                     : cs_server_connect(s->server, l->peer, listener->form, serve_now(s));
    if (err != CS_OK) {
      l->peer = 0;
      drop(s, l);
      continue;
    }
    watch(s, l);
  }
}

/* The client's side is over. What it asked for before is still answered. */
static void ended(serving *s, serve_link *l) {
  if (l->peer)
    cs_runner_serve_hangup(s, &l->source, l->peer);
  l->peer = 0;
  if (l->finished || l->out_len == 0)
    drop(s, l);
  else
    begin_closing(s, l);
}

void cs_runner_serve_ready(serving *s, serve_link *l, unsigned what, uint8_t *buf) {
  size_t len;
  if (l->source.fd < 0)
    return;
  if (what & CS_NET_WRITE)
    push(s, l);
  if (l->source.fd < 0 || !(what & (CS_NET_READ | CS_NET_HANGUP)))
    return;
  cs_err err = s->net.ops->receive(s->net.self, l->source.fd, buf, SERVE_BUFFER, &len, NULL);
  if (err == CS_ERR_AGAIN)
    return;
  if (err == CS_ERR_CLOSED) {
    ended(s, l);
  } else if (err != CS_OK) {
    drop(s, l);
  } else if (l->peer) {
    l->active = serve_now(s);
    cs_span bytes = cs_span_of(buf, len);
    if (l->source.secured)
      (void)cs_server_guard_receive(s->guard, l->peer, cs_span_of(NULL, 0), bytes, l->active);
    else
      (void)cs_server_receive(s->server, l->peer, false, bytes, l->active);
  }
}

cs_time cs_runner_serve_tend(serving *s) {
  cs_time now = serve_now(s);
  cs_time next = CS_TIME_NEVER;
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++) {
    serve_link *l = &s->links[i];
    if (l->source.fd < 0 || !l->closing)
      continue;
    if (l->until <= now)
      drop(s, l);
    else
      next = cs_time_min(next, l->until);
  }
  return next;
}

void cs_runner_serve_drop_all(serving *s) {
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++)
    drop(s, &s->links[i]);
}
