/* A byte stream and its session: what comes is cut into messages, and each way
 * in which it can end is brought to its end (RFC 8323 sections 5.5, 5.6; on a
 * WebSocket the closing handshake behind it). */
#include "endpoint/internal.h"

#include "wire/ws_upgrade.h"

enum { MESSAGE_DEFAULT = 1 << 20, TIMEOUT_DEFAULT = 30 };

static bool is_websocket(const cs_endpoint *e) {
  return e->config->link == CS_LINK_WEBSOCKET;
}

static cs_time or_default(cs_time t) {
  return t ? t : TIMEOUT_DEFAULT * CS_SECOND;
}

cs_err endpoint_stream_open(cs_endpoint *e) {
  uint32_t most = e->config->core.max_message;
  struct stream *st = cs_base_get(memory(e), sizeof *st);
  if (!st)
    return CS_ERR_MEMORY;
  memset(st, 0, sizeof *st);
  st->stall_due = st->end_due = CS_TIME_NEVER;
  cs_link_init(&st->link, e->config->link, memory(e), most ? most : MESSAGE_DEFAULT);
  e->stream = st;
  return CS_OK;
}

/* Bytes may go, if only TLS's own. */
static bool is_connected(const struct stream *st) {
  return st->up || (st->secure && st->secure->up);
}

static void drop_host(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_base_put(memory(e), st->host, st->host_len);
  st->host = NULL;
  st->host_len = 0;
}

void endpoint_stream_close(cs_endpoint *e) {
  if (e->stream->secure)
    endpoint_secure_close(e);
  e->stream->secure = NULL;
  endpoint_drop_output(e);
  drop_host(e);
  cs_link_free(&e->stream->link);
  cs_base_put(memory(e), e->stream, sizeof *e->stream);
}

cs_err cs_endpoint_ws_host(cs_endpoint *e, cs_span host, cs_rule *broken) {
  struct stream *st = e->stream;
  if (!is_websocket(e) || st->up || (st->secure && st->secure->up) ||
      e->config->core.role != CS_CLIENT)
    return CS_ERR_STATE;
  cs_rule rule = cs_wire_ws_host_check(host);
  if (rule != CS_RULE_NONE) {
    if (broken)
      *broken = rule;
    return CS_ERR_RULE;
  }
  uint8_t *copy = cs_base_get(memory(e), host.len);
  if (!copy)
    return CS_ERR_MEMORY;
  memcpy(copy, host.at, host.len);
  drop_host(e);
  st->host = copy;
  st->host_len = host.len;
  return CS_OK;
}

static void cut_short(cs_endpoint *e, cs_rule why, cs_time now) {
  cs_core_lost(e->session, why, now);
  endpoint_drop_output(e);
  e->stream->deaf = e->stream->done = true;
}

/* An end has begun that needs only our last bytes to go out. */
static void last_words(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  st->deaf = st->aborted = true;
  st->end_due = cs_time_min(st->end_due, cs_time_add(now, or_default(e->config->stall_timeout)));
}

/* A rule of the link was broken. On a WebSocket its Close names the rule and
 * nothing else is sent; a plain stream has only the Abort of the session. */
static void broken_link(cs_endpoint *e, cs_rule why, cs_time now) {
  last_words(e, now);
  if (!is_websocket(e)) {
    cs_core_abort(e->session, why, 0, now);
    return;
  }
  cs_core_lost(e->session, why, now);
  cs_link_close(&e->stream->link, why, now);
  e->stream->closing = true;
}

/* The closing handshake follows on the end of the session. */
static void go_on(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (st->done || st->closing || !st->up || !is_websocket(e) || !cs_core_over(e->session))
    return;
  st->closing = true;
  cs_link_close(&st->link, st->why, now);
}

/* The session has come to its end, and all that it had to say was put out. */
static bool is_over(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  if (!cs_core_over(e->session) || st->len > st->sent || endpoint_pending(e))
    return false;
  if (!st->up || st->aborted)
    return !is_websocket(e) || st->closing || !st->up;
  if (is_websocket(e))
    return st->closing && cs_link_closed(&st->link);
  return st->peer_left || !st->releasing;
}

/* TLS has the last word, once what came before it went. */
static bool finish_due(const cs_endpoint *e) {
  const struct secure *s = e->stream->secure;
  return s && s->ready && !s->ended && !s->finishing && !e->stream->done &&
         !cs_tls_wants_transmit(s->tls) && is_over(e);
}

/* Writes what waits, or ends a session that has no memory to speak. */
static void serve(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (st->up && !st->done && cs_link_ready(&st->link))
    cs_core_up(e->session, now);
  go_on(e, now);
  if (!endpoint_fill(e, now))
    cut_short(e, CS_RULE_OUT_OF_MEMORY, now);
  if (finish_due(e)) {
    endpoint_secure_finish(st->secure, now);
    (void)endpoint_secure_note(st->secure, now); /* the session has ended already */
    last_words(e, now);
  }
}

/* What comes from here on is messages. */
static void begin(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (st->up || st->done)
    return;
  st->up = true;
  e->now = now;
  if (is_websocket(e)) {
    cs_link_ws_config c = {.server = e->config->core.role == CS_SERVER,
                           .random = e->config->core.random,
                           .host = cs_span_of(st->host, st->host_len),
                           .timeout = or_default(e->config->handshake_timeout)};
    cs_rule broken = CS_RULE_NONE;
    cs_err err = cs_link_ws_open(&st->link, &c, now, &broken);
    drop_host(e);
    if (err != CS_OK) {
      st->up = false;
      cut_short(e, err == CS_ERR_RULE ? broken : CS_RULE_OUT_OF_MEMORY, now);
      return;
    }
  }
  serve(e, now);
}

/* TLS has ended: what it still has to say goes out, nothing else. */
static void tls_over(cs_endpoint *e, cs_rule why, cs_time now) {
  struct stream *st = e->stream;
  if (st->done)
    return;
  endpoint_drop_output(e);
  last_words(e, now);
  st->closing = true; /* a WebSocket is closed without a word of its own */
  cs_core_lost(e->session, why, now);
}

/* Takes over what TLS came to. */
static void heed(cs_endpoint *e, cs_time now) {
  struct secure *s = e->stream->secure;
  enum tls_change change = s ? endpoint_secure_note(s, now) : TLS_SAME;
  if (change == TLS_READY)
    begin(e, now);
  else if (change == TLS_OVER)
    tls_over(e, endpoint_secure_why(s), now);
}

void endpoint_stream_up(cs_endpoint *e, cs_time now) {
  if (!e->stream->secure) {
    begin(e, now);
    return;
  }
  endpoint_secure_up(e, now);
  heed(e, now);
}

cs_err endpoint_stream_receive(cs_endpoint *e, cs_span bytes, cs_time now) {
  struct stream *st = e->stream;
  if (st->deaf)
    return CS_ERR_CLOSED;
  if (st->secure ? !st->secure->up : !st->up)
    return CS_ERR_STATE;
  if (st->secure) {
    cs_err err = cs_tls_feed(st->secure->tls, bytes, now);
    if (err != CS_OK)
      return err;
  }
  cs_link_tick(&st->link, now);
  if (!st->secure)
    cs_link_feed(&st->link, bytes);
  return CS_OK;
}

bool cs_endpoint_ready(const cs_endpoint *e) {
  if (is_plain(e))
    return true;
  const struct secure *s = secure_of(e);
  const struct stream *st = e->stream;
  if (s && (!s->ready || s->ended))
    return false;
  return !is_stream(e) || (st->up && !st->done && cs_link_ready(&st->link));
}

void endpoint_stream_told(cs_endpoint *e, const cs_core_event *event) {
  struct stream *st = e->stream;
  if (event->kind == CS_EVENT_RELEASE) {
    st->peer_left = true;
  } else if (event->kind == CS_EVENT_ABORT) {
    if (!is_websocket(e))
      endpoint_drop_output(e); /* nothing is read any more; a Close stays to be sent */
    last_words(e, later(e));
  } else if (event->kind == CS_EVENT_ABORTED && !st->done) {
    last_words(e, later(e));
    st->why = event->rule;
    if (!st->up || !cs_link_ready(&st->link))
      cs_core_link(e->session, CS_LINK_CLOSED, later(e));
  }
}

/* The link's next message, of as many records as it takes. */
static cs_err cut_message(cs_endpoint *e, cs_span *message, cs_rule *broken, cs_time now) {
  struct stream *st = e->stream;
  if (!st->secure)
    return cs_link_next(&st->link, message, broken);
  for (;;) {
    cs_span plain;
    cs_err err = st->up ? cs_link_next(&st->link, message, broken) : CS_ERR_AGAIN;
    if (err != CS_ERR_AGAIN || st->deaf)
      return err;
    err = endpoint_secure_read(e, &plain);
    heed(e, now);
    if (err != CS_OK || !st->up)
      return CS_ERR_AGAIN;
    cs_link_feed(&st->link, plain);
  }
}

/* What came after the end is not looked at, but TLS has to let go of the bytes. */
static void disregard(cs_endpoint *e, cs_time now) {
  cs_span plain;
  if (!e->stream->secure || !e->stream->deaf)
    return;
  while (endpoint_secure_read(e, &plain) == CS_OK)
    ;
  heed(e, now);
}

/* Gives the session the next message, or says that there is none. */
static bool next_message(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_span message;
  cs_rule broken = CS_RULE_NONE;
  cs_time now = later(e);
  bool was_deaf = st->deaf;
  cs_err err = cut_message(e, &message, &broken, now);
  if (err == CS_OK) {
    /* The session has no message pending, so it takes this one. */
    (void)cs_core_receive(e->session, e->from, false, message, now);
    return true;
  }
  e->feeding = false;
  if (err == CS_ERR_AGAIN) {
    disregard(e, now);
    return st->deaf && !was_deaf; /* TLS has ended, which is to be told */
  }
  if (err == CS_ERR_CLOSED) {
    /* Its Close came, and ours is due if it was not sent yet. */
    st->deaf = st->peer_left = st->closing = true;
    cs_core_lost(e->session, CS_RULE_NONE, now);
  } else {
    broken_link(e, err == CS_ERR_RULE ? broken : CS_RULE_OUT_OF_MEMORY, now);
  }
  disregard(e, now);
  return true;
}

bool endpoint_stream_more(cs_endpoint *e) {
  bool was_done = e->stream->done;
  /* Replies go to the output as they come, so that they do not count as waiting
   * while there is room for them. */
  serve(e, later(e));
  if (e->feeding && next_message(e))
    return true;
  serve(e, later(e));
  return e->stream->done != was_done; /* the end of it is to be told */
}

bool endpoint_stream_output(cs_endpoint *e, cs_time now, cs_span *bytes) {
  struct stream *st = e->stream;
  if (!is_connected(st) || st->done)
    return false;
  serve(e, now);
  cs_err err = st->done ? CS_ERR_AGAIN : endpoint_show(e, now, bytes);
  if (err == CS_ERR_MEMORY)
    cut_short(e, CS_RULE_OUT_OF_MEMORY, now);
  heed(e, now);
  return err == CS_OK;
}

void endpoint_stream_sent(cs_endpoint *e, size_t n, cs_time now) {
  endpoint_taken(e, n, now);
  heed(e, now);
}

bool endpoint_stream_wants_transmit(const cs_endpoint *e) {
  return endpoint_waits(e) || endpoint_pending(e) || finish_due(e);
}

bool cs_endpoint_ws_peer_said(const cs_endpoint *e, cs_link_ws_said *out) {
  return is_stream(e) && cs_link_ws_peer_said(&e->stream->link, out);
}

bool endpoint_stream_finished(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  return st->done || (is_over(e) && !endpoint_waits(e) && !finish_due(e));
}

void endpoint_stream_release(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (st->releasing || st->done)
    return;
  st->releasing = true;
  if (!st->up) {
    cut_short(e, CS_RULE_NONE, now);
    return;
  }
  st->end_due =
      cs_time_min(st->end_due, cs_time_add(now, or_default(e->config->handshake_timeout)));
  cs_core_release(e->session, now);
}

cs_time endpoint_stream_deadline(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  cs_time now = cs_core_now(e->session), at = cs_core_deadline(e->session);
  if (!is_connected(st) || st->done || endpoint_stream_finished(e))
    return at;
  if (!endpoint_waits(e) && endpoint_stream_wants_transmit(e))
    return now;
  if (st->up && is_websocket(e))
    at = cs_time_min(at, cs_link_deadline(&st->link));
  at = cs_time_min(at, cs_time_min(st->stall_due, st->end_due));
  if (!st->secure || st->secure->ended)
    return at;
  at = cs_time_min(at, cs_tls_deadline(st->secure->tls));
  return at > now ? at : now;
}

void endpoint_stream_expire(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  cs_rule broken = CS_RULE_NONE;
  if (st->secure && !st->done) {
    endpoint_secure_expire(e, now);
    heed(e, now);
  }
  if (!is_connected(st) || st->done)
    return;
  if (now >= st->stall_due)
    cut_short(e, CS_RULE_PEER_STALLED, now);
  else if (st->up && is_websocket(e) && cs_link_expire(&st->link, now, &broken) == CS_ERR_RULE)
    cut_short(e, st->closing ? CS_RULE_NONE : broken, now);
  else if (now >= st->end_due)
    cut_short(e, CS_RULE_NONE, now);
}

void endpoint_stream_gone(cs_endpoint *e, cs_time now) {
  e->feeding = false;
  if (!e->stream->done)
    cut_short(e, CS_RULE_NONE, now);
}
