#include "link/link.h"

#include "link/partial.h"
#include "link/stream.h"
#include "link/websocket.h"

void cs_link_init(cs_link *l, cs_link_kind kind, const cs_base_alloc *alloc, uint32_t cap) {
  memset(l, 0, sizeof *l);
  l->alloc = alloc;
  l->cap = cap;
  l->kind = (uint8_t)kind;
}

void cs_link_free(cs_link *l) {
  link_drop(l);
  if (l->ws)
    cs_base_put(l->alloc, l->ws, sizeof *l->ws + l->ws->host_len);
  l->ws = NULL;
}

void cs_link_feed(cs_link *l, cs_span bytes) {
  l->in = bytes;
  l->fed = true;
}

cs_err cs_link_next(cs_link *l, cs_span *message, cs_rule *broken) {
  if (l->broken != CS_RULE_NONE) {
    link_drop(l); /* a message that was given out before, if time broke the rule */
    *broken = l->broken;
    return CS_ERR_RULE;
  }
  if (l->kind == CS_LINK_STREAM)
    return link_stream_next(l, message, broken);
  if (l->kind == CS_LINK_WEBSOCKET)
    return l->ws ? link_ws_next(l, message, broken) : CS_ERR_STATE;
  if (!l->fed)
    return CS_ERR_AGAIN;
  l->fed = false;
  *message = l->in;
  return CS_OK;
}

bool cs_link_ready(const cs_link *l) {
  if (l->kind != CS_LINK_WEBSOCKET)
    return true;
  const cs_link_ws *ws = l->ws;
  return ws && ws->open && !ws->upgrade_due && !ws->over && ws->close == LINK_WS_NO_CLOSE;
}

size_t cs_link_header_size(const cs_link *l, size_t len) {
  return l->ws ? cs_wire_ws_header_size(len, !l->ws->server) : 0;
}

void cs_link_seal(cs_link *l, uint8_t *at, size_t len) {
  if (l->ws)
    link_ws_seal(l, at, len);
}

cs_err cs_link_transmit(cs_link *l, uint8_t *buf, size_t cap, size_t *len) {
  if (!l->ws || l->ws->over)
    return CS_ERR_AGAIN;
  cs_err e = link_ws_put_opening(l, buf, cap, len);
  return e == CS_ERR_AGAIN ? link_ws_put_control(l, buf, cap, len) : e;
}

bool cs_link_wants_transmit(const cs_link *l) {
  const cs_link_ws *ws = l->ws;
  return ws && !ws->over &&
         (ws->upgrade_due || ws->refusal != CS_RULE_NONE || ws->pong_due ||
          ws->close == LINK_WS_CLOSE_DUE);
}

/* A client's key needs 16 random bytes in each connection (section 4.1). */
static void make_key(cs_link_ws *ws) {
  uint8_t nonce[16];
  cs_base_random_fill(&ws->random, nonce, sizeof nonce);
  cs_wire_ws_key(nonce, ws->key);
}

cs_err cs_link_ws_open(cs_link *l, const cs_link_ws_config *config, cs_time now, cs_rule *broken) {
  if (l->kind != CS_LINK_WEBSOCKET || l->ws)
    return CS_ERR_STATE;
  size_t host_len = config->server ? 0 : config->host.len;
  if (!config->server) {
    cs_rule rule = cs_wire_ws_host_check(config->host);
    if (rule != CS_RULE_NONE) {
      *broken = rule;
      return CS_ERR_RULE;
    }
  }
  cs_link_ws *ws = cs_base_get(l->alloc, sizeof *ws + host_len);
  if (!ws)
    return CS_ERR_MEMORY;
  memset(ws, 0, sizeof *ws);
  ws->random = config->random;
  ws->timeout = config->timeout;
  ws->deadline = cs_time_add(now, config->timeout);
  ws->window = now;
  ws->server = config->server;
  ws->host_len = host_len;
  if (!ws->server) {
    memcpy(ws->host, config->host.at, host_len);
    make_key(ws);
    ws->upgrade_due = true;
  }
  l->ws = ws;
  return CS_OK;
}

/* The handshake has not been done: only a server that knows why not says so. */
static void close_unopened(cs_link *l, cs_rule why) {
  cs_link_ws *ws = l->ws;
  ws->upgrade_due = false;
  if (!ws->server || why == CS_RULE_NONE)
    ws->over = true;
  else
    ws->refusal = why;
}

void cs_link_close(cs_link *l, cs_rule why, cs_time now) {
  cs_link_ws *ws = l->ws;
  if (!ws || ws->over || ws->close != LINK_WS_NO_CLOSE || ws->refusal != CS_RULE_NONE)
    return;
  if (why == CS_RULE_NONE)
    why = l->broken;
  ws->deadline = cs_time_add(now, ws->timeout);
  if (!ws->open) {
    close_unopened(l, why);
    return;
  }
  ws->close = LINK_WS_CLOSE_DUE;
  ws->why = why;
}

bool cs_link_closed(const cs_link *l) {
  if (l->kind != CS_LINK_WEBSOCKET)
    return true;
  const cs_link_ws *ws = l->ws;
  /* After a broken rule nothing of the peer is read, a Close neither (section
   * 7.1.7): ours ends it. */
  return !ws || ws->over ||
         (ws->close == LINK_WS_CLOSE_SENT && (ws->peer_closed || l->broken != CS_RULE_NONE));
}

cs_time cs_link_deadline(const cs_link *l) {
  return l->ws && !cs_link_closed(l) ? l->ws->deadline : CS_TIME_NEVER;
}

cs_err cs_link_expire(cs_link *l, cs_time now, cs_rule *broken) {
  cs_link_ws *ws = l->ws;
  if (now < cs_link_deadline(l) || cs_link_deadline(l) == CS_TIME_NEVER)
    return CS_OK;
  bool closing = ws->close != LINK_WS_NO_CLOSE || ws->refusal != CS_RULE_NONE;
  ws->deadline = CS_TIME_NEVER;
  ws->over = closing;
  if (l->broken == CS_RULE_NONE)
    l->broken = closing ? CS_RULE_WS_CLOSE_TIMEOUT : CS_RULE_WS_OPEN_TIMEOUT;
  *broken = closing ? CS_RULE_WS_CLOSE_TIMEOUT : CS_RULE_WS_OPEN_TIMEOUT;
  return CS_ERR_RULE;
}

void cs_link_tick(cs_link *l, cs_time now) {
  cs_link_ws *ws = l->ws;
  if (!ws || now < cs_time_add(ws->window, CS_LINK_WS_CONTROL_WINDOW))
    return;
  ws->window = now;
  ws->controls = 0;
}

bool cs_link_ws_peer_said(const cs_link *l, cs_link_ws_said *out) {
  const cs_link_ws *ws = l->ws;
  if (!ws)
    return false;
  memset(out, 0, sizeof *out);
  out->http_status = ws->http_status;
  out->closed = ws->peer_closed;
  /* The payload was read before, when the Close came. */
  if (ws->peer_closed)
    (void)cs_wire_ws_close_read(cs_span_of(ws->control, ws->control_len), &out->status,
                                &out->reason);
  return true;
}
