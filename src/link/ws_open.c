#include "link/partial.h"
#include "link/websocket.h"

/* A head that is complete. The bytes it lies in go away afterwards. */
static cs_rule accept_head(cs_link_ws *ws, const cs_wire_http_head *head) {
  ws->http_status = head->status;
  cs_rule broken = ws->server
                       ? cs_wire_ws_request_check(head)
                       : cs_wire_ws_response_check(head, cs_span_of(ws->key, sizeof ws->key));
  if (broken != CS_RULE_NONE)
    return broken;
  cs_span key;
  if (ws->server && cs_wire_http_field(head, "Sec-WebSocket-Key", &key)) {
    memcpy(ws->key, key.at, sizeof ws->key); /* the check saw that it is as long */
    ws->upgrade_due = true;
  }
  ws->open = true;
  ws->deadline = CS_TIME_NEVER;
  return CS_RULE_NONE;
}

cs_err link_ws_opening(cs_link *l, cs_rule *broken) {
  cs_link_ws *ws = l->ws;
  cs_wire_http_head head;
  cs_rule rule = CS_RULE_NONE;
  size_t held = l->partial ? l->partial->len : 0;
  cs_span bytes = l->in;
  if (l->in.len == 0)
    return CS_ERR_AGAIN;
  if (held) {
    size_t n = l->in.len < CS_HTTP_HEAD_MAX - held ? l->in.len : CS_HTTP_HEAD_MAX - held;
    cs_err e = link_hold(l, held + n, CS_HTTP_HEAD_MAX);
    if (e != CS_OK)
      return e;
    memcpy(l->partial->at + held, l->in.at, n); /* not moved: the head may end before */
    bytes = cs_span_of(l->partial->at, held + n);
  }
  cs_err e = cs_wire_http_read(bytes, !ws->server, &head, &rule);
  if (e == CS_ERR_AGAIN) {
    e = link_hold(l, bytes.len, CS_HTTP_HEAD_MAX);
    if (e != CS_OK)
      return e;
    link_move_in(l, l->in.len);
    return CS_ERR_AGAIN;
  }
  if (e == CS_OK)
    rule = accept_head(ws, &head);
  if (rule != CS_RULE_NONE)
    return link_break(l, rule, broken);
  size_t used = head.size - held;
  l->in = cs_span_cut(l->in, used, l->in.len - used);
  link_drop(l);
  return CS_OK;
}

cs_err link_ws_put_opening(cs_link *l, uint8_t *buf, size_t cap, size_t *len) {
  cs_link_ws *ws = l->ws;
  if (ws->refusal != CS_RULE_NONE) {
    cs_err e = cs_wire_ws_refusing(ws->refusal, buf, cap, len);
    if (e == CS_OK)
      ws->over = true;
    if (e == CS_OK)
      ws->refusal = CS_RULE_NONE;
    return e;
  }
  if (!ws->upgrade_due)
    return CS_ERR_AGAIN;
  cs_err e = ws->server
                 ? cs_wire_ws_accepting(cs_span_of(ws->key, sizeof ws->key), buf, cap, len)
                 : cs_wire_ws_request(cs_span_of(ws->host, ws->host_len), ws->key, buf, cap, len);
  if (e == CS_OK)
    ws->upgrade_due = false;
  return e;
}
