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

static void drop_host(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_base_put(memory(e), st->host, st->host_len);
  st->host = NULL;
  st->host_len = 0;
}

void endpoint_stream_close(cs_endpoint *e) {
  endpoint_drop_output(e);
  drop_host(e);
  cs_link_free(&e->stream->link);
  cs_base_put(memory(e), e->stream, sizeof *e->stream);
}

cs_err cs_endpoint_ws_host(cs_endpoint *e, cs_span host, cs_rule *broken) {
  struct stream *st = e->stream;
  if (!st || !is_websocket(e) || st->up || e->config->core.role != CS_CLIENT)
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

/* The session ends and nothing of it can be sent. */
static void silence(cs_endpoint *e, cs_rule why, cs_time now) {
  if (why != CS_RULE_NONE)
    cs_core_abort(e->session, why, 0, now);
  cs_core_link(e->session, CS_LINK_CLOSED, now);
}

static void cut_short(cs_endpoint *e, cs_rule why, cs_time now) {
  silence(e, why, now);
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
  silence(e, why, now);
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

/* Writes what waits, or ends a session that has no memory to speak. */
static void serve(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (st->up && !st->done && cs_link_ready(&st->link))
    cs_core_up(e->session, now);
  go_on(e, now);
  if (!endpoint_fill(e, now))
    cut_short(e, CS_RULE_OUT_OF_MEMORY, now);
}

void cs_endpoint_up(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (!st || st->up || st->done)
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

bool cs_endpoint_ready(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  return !st || (st->up && !st->done && cs_link_ready(&st->link));
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

/* Gives the session the next message, or says that there is none. */
static bool next_message(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_span message;
  cs_rule broken = CS_RULE_NONE;
  cs_time now = later(e);
  cs_err err = cs_link_next(&st->link, &message, &broken);
  if (err == CS_OK) {
    /* The session has no message pending, so it takes this one. */
    (void)cs_core_receive(e->session, e->from, false, message, now);
    return true;
  }
  e->feeding = false;
  if (err == CS_ERR_AGAIN)
    return false;
  if (err == CS_ERR_CLOSED) {
    /* Its Close came, and ours is due if it was not sent yet. */
    st->deaf = st->peer_left = st->closing = true;
    silence(e, CS_RULE_NONE, now);
  } else {
    broken_link(e, err == CS_ERR_RULE ? broken : CS_RULE_OUT_OF_MEMORY, now);
  }
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
  if (!st->up || st->done)
    return false;
  serve(e, now);
  if (st->len == st->sent)
    return false;
  *bytes = cs_span_of(st->out + st->sent, st->len - st->sent);
  return true;
}

bool cs_endpoint_ws_peer_said(const cs_endpoint *e, cs_link_ws_said *out) {
  return e->stream && cs_link_ws_peer_said(&e->stream->link, out);
}

bool cs_endpoint_finished(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  if (!st || st->done)
    return st != NULL;
  if (!cs_core_over(e->session) || st->len > st->sent || endpoint_pending(e))
    return false;
  if (!st->up || st->aborted)
    return !is_websocket(e) || st->closing || !st->up;
  if (is_websocket(e))
    return st->closing && cs_link_closed(&st->link);
  return st->peer_left || !st->releasing;
}

void cs_endpoint_release(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  if (!st || st->releasing || st->done)
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

cs_time endpoint_stream_deadline(const cs_endpoint *e, cs_time at) {
  const struct stream *st = e->stream;
  if (!st->up || st->done || cs_endpoint_finished(e))
    return at;
  if (st->len == st->sent && endpoint_pending(e))
    return cs_core_now(e->session);
  if (is_websocket(e))
    at = cs_time_min(at, cs_link_deadline(&st->link));
  return cs_time_min(at, cs_time_min(st->stall_due, st->end_due));
}

void endpoint_stream_expire(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  cs_rule broken = CS_RULE_NONE;
  if (!st->up || st->done)
    return;
  if (now >= st->stall_due)
    cut_short(e, CS_RULE_PEER_STALLED, now);
  else if (is_websocket(e) && cs_link_expire(&st->link, now, &broken) == CS_ERR_RULE)
    cut_short(e, st->closing ? CS_RULE_NONE : broken, now);
  else if (now >= st->end_due)
    cut_short(e, CS_RULE_NONE, now);
}

void endpoint_stream_gone(cs_endpoint *e, cs_time now) {
  e->feeding = false;
  if (!e->stream->done)
    cut_short(e, CS_RULE_NONE, now);
}
