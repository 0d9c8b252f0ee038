#include "api/stream.h"

#include <stdio.h>
#include <string.h>

#include "api/address.h"
#include "api/deliver.h"
#include "api/error.h"
#include "api/event.h"
#include "api/reentry.h"
#include "api/secure.h"
#include "api/transmit.h"

/* How long a connection may take to be made. */
static const cs_time connect_timeout = 30 * CS_SECOND;
/* What one readiness may read and write: other sessions have their turn too. */
enum { READS_MAX = 16, WRITES_MAX = 16 };

uint16_t cs_api_stream_port(coap_proto_t proto) {
  enum { WS_PORT = 80, WSS_PORT = 443 };
  switch (proto) {
  case COAP_PROTO_WS:
    return WS_PORT;
  case COAP_PROTO_WSS:
    return WSS_PORT;
  case COAP_PROTO_DTLS:
  case COAP_PROTO_TLS:
    return COAPS_DEFAULT_PORT;
  default:
    return COAP_DEFAULT_PORT;
  }
}

const cs_endpoint_config *cs_api_stream_config(const coap_context_t *ctx, coap_proto_t proto) {
  return proto == COAP_PROTO_WS || proto == COAP_PROTO_WSS ? &ctx->ws : &ctx->tcp;
}

cs_err cs_api_stream_begin(coap_session_t *s, cs_time now) {
  cs_api_rare *rare = cs_api_rare_of(s);
  if (!rare)
    return CS_ERR_MEMORY;
  s->state = COAP_SESSION_STATE_CONNECTING;
  rare->connect_until = cs_time_add(now, connect_timeout);
  return CS_OK;
}

static cs_err watch(coap_session_t *s, unsigned what) {
  const cs_net *net = &s->context->net;
  return net->ops->watch(net->self, s->fd, what, s);
}

/* ---- the end ---- */

/* Any of the handlers may give the session up; it is then told no more. */
static void tell(coap_session_t *s, coap_event_t event) {
  if (!cs_api_gone(s))
    cs_api_event(s, event);
}

static void tell_end(coap_session_t *s, unsigned state) {
  if (state == COAP_SESSION_STATE_CONNECTING) {
    tell(s, COAP_EVENT_TCP_FAILED);
  } else {
    if (s->rare->upgraded)
      tell(s, COAP_EVENT_WS_CLOSED);
    cs_api_secure_tell_end(s);
    tell(s, COAP_EVENT_TCP_CLOSED);
  }
  tell(s, state == COAP_SESSION_STATE_ESTABLISHED ? COAP_EVENT_SESSION_CLOSED
                                                  : COAP_EVENT_SESSION_FAILED);
}

/* Our direction ends, and what came and was not looked at is read: a socket that
 * is closed over unread bytes is reset, and the reset may overtake what was said
 * last (RFC 1122 section 4.2.2.13). It is read into the buffer for datagrams that
 * go: a handler may have a view of the one for what comes. */
static void hang_up(coap_session_t *s) {
  coap_context_t *ctx = s->context;
  const cs_net *net = &ctx->net;
  size_t len;
  if (net->ops->finish(net->self, s->fd) != CS_OK)
    return;
  for (unsigned i = 0; i < READS_MAX; i++)
    if (net->ops->receive(net->self, s->fd, ctx->tx, CS_API_DATAGRAM_MAX, &len, NULL) != CS_OK)
      return;
}

void cs_api_stream_lost(coap_session_t *s, coap_nack_reason_t reason, cs_time now) {
  coap_context_t *ctx = s->context;
  unsigned state = s->rare->leaving ? s->rare->state : s->state;
  if (s->fd < 0)
    return;
  s->rare->leaving = false;
  s->nack = (unsigned)reason & 15u;
  s->state = COAP_SESSION_STATE_NONE;
  if (state != COAP_SESSION_STATE_CONNECTING)
    hang_up(s);
  ctx->net.ops->close(ctx->net.self, s->fd);
  s->fd = -1;
  cs_endpoint_link(s->endpoint, CS_LINK_CLOSED, cs_api_at(s, now));
  cs_api_deliver(s, now, false);
  tell_end(s, state);
}

void cs_api_stream_leave(coap_session_t *s, coap_nack_reason_t reason) {
  if (s->fd < 0 || s->rare->leaving)
    return;
  s->nack = (unsigned)reason & 15u;
  s->rare->state = s->state;
  s->rare->leaving = true;
  s->state = COAP_SESSION_STATE_NONE;
}

/* Why requests end when the connection does: what went wrong on the WebSocket
 * has reasons of its own. */
static coap_nack_reason_t reason_of(const coap_session_t *s) {
  const cs_api_secure *x = cs_api_secure_of(s);
  if (x && !x->established)
    return COAP_NACK_TLS_FAILED;
  if (cs_api_on_websocket(s) && !s->rare->upgraded)
    return COAP_NACK_WS_FAILED;
  if (s->rare->aborted)
    return s->rare->refused && cs_api_on_websocket(s) ? COAP_NACK_WS_LAYER_FAILED : COAP_NACK_RST;
  if (x && x->state == CS_TLS_FAILED)
    return COAP_NACK_TLS_LAYER_FAILED;
  return COAP_NACK_NOT_DELIVERABLE;
}

void cs_api_stream_farewell(coap_session_t *s, cs_time now) {
  if (s->fd < 0 || s->state == COAP_SESSION_STATE_CONNECTING)
    return;
  const cs_net *net = &s->context->net;
  cs_span bytes;
  size_t sent;
  cs_endpoint_release(s->endpoint, cs_api_at(s, now));
  for (unsigned i = 0; i < WRITES_MAX && cs_endpoint_output(s->endpoint, cs_api_at(s, now), &bytes);
       i++) {
    if (net->ops->send(net->self, s->fd, NULL, bytes, &sent) != CS_OK)
      break;
    cs_endpoint_sent(s->endpoint, sent, cs_api_at(s, now));
  }
  hang_up(s);
}

/* ---- the beginning ---- */

/* The value of the Host field when the application has set none. */
static cs_err default_host(coap_session_t *s) {
  cs_net_address a;
  char host[CS_NET_ADDRESS_TEXT];
  cs_rule broken;
  if (coap_is_af_unix(&s->remote) || cs_api_address_read(&s->remote, &a))
    return cs_endpoint_ws_host(s->endpoint, cs_span_str("localhost"), &broken);
  if (cs_net_address_family(&a) == AF_INET6)
    a.u.in6.sin6_scope_id = 0; /* a zone means nothing to the server (RFC 4007 section 11.2) */
  size_t len = cs_net_address_print(&a, host, sizeof host);
  cs_span text = cs_span_of(host, len);
  char port[8];
  int n = snprintf(port, sizeof port, ":%u", (unsigned)cs_api_stream_port(s->proto));
  if (n > 0 && len > (size_t)n &&
      cs_span_equal(cs_span_of(host + len - (size_t)n, (size_t)n), cs_span_of(port, (size_t)n)))
    text.len -= (size_t)n; /* the default port is not said (RFC 6455 section 4.1) */
  return cs_endpoint_ws_host(s->endpoint, text, &broken);
}

cs_err cs_api_stream_name(coap_session_t *s, const char *name) {
  enum { HOST_MAX = 300 };
  char host[HOST_MAX];
  cs_rule broken;
  uint16_t port = coap_address_get_port(&s->remote);
  if (!cs_api_on_websocket(s) || strchr(name, ':'))
    return CS_OK;
  int n = port == 0 || port == cs_api_stream_port((coap_proto_t)s->proto)
              ? snprintf(host, sizeof host, "%s", name)
              : snprintf(host, sizeof host, "%s:%u", name, (unsigned)port);
  if (n <= 0 || (size_t)n >= sizeof host)
    return CS_OK;
  cs_err e = cs_endpoint_ws_host(s->endpoint, cs_span_of(host, (size_t)n), &broken);
  if (e == CS_OK)
    s->rare->host_set = true;
  return e == CS_ERR_MEMORY ? e : CS_OK;
}

int coap_ws_set_host_request(coap_session_t *session, coap_str_const_t *ws_host) {
  if (!session || !ws_host) {
    cs_api_fail(__func__, "%s is NULL", session ? "ws_host" : "session");
    return 0;
  }
  if (!cs_api_core(__func__, session))
    return 0;
  if (!cs_api_on_websocket(session)) {
    cs_api_fail(__func__, "the session is no WebSocket session");
    return 0;
  }
  if (session->state != COAP_SESSION_STATE_CONNECTING) {
    cs_api_fail(__func__, "the upgrade was requested already");
    return 0;
  }
  cs_rule broken = CS_RULE_NONE;
  cs_err e =
      cs_endpoint_ws_host(session->endpoint, cs_span_of(ws_host->s, ws_host->length), &broken);
  if (e) {
    cs_api_fail_err(__func__, e, broken, "ws_host");
    return 0;
  }
  session->rare->host_set = true;
  return 1;
}

/* The connection is there: what comes first goes out, and reading begins. */
static void connected(coap_session_t *s, cs_time now) {
  if (cs_api_on_websocket(s) && !s->rare->host_set && default_host(s) != CS_OK) {
    cs_api_fail("coap_new_client_session", "%s: the upgrade cannot be requested",
                coap_session_str(s));
    cs_api_stream_lost(s, COAP_NACK_WS_FAILED, now);
    return;
  }
  s->state = cs_api_secure_of(s) ? COAP_SESSION_STATE_HANDSHAKE : COAP_SESSION_STATE_CSM;
  cs_endpoint_up(s->endpoint, cs_api_at(s, now));
  if (cs_api_secure_of(s))
    s->context->net.ops->quick(s->context->net.self, s->fd);
  cs_api_touch(s, now);
  if (watch(s, CS_NET_READ) != CS_OK)
    cs_api_stream_leave(s, COAP_NACK_NOT_DELIVERABLE);
  cs_api_event(s, COAP_EVENT_TCP_CONNECTED);
}

static void connecting(coap_session_t *s, cs_time now) {
  const cs_net *net = &s->context->net;
  cs_err e = net->ops->connected(net->self, s->fd);
  if (e == CS_ERR_AGAIN)
    return;
  if (e == CS_OK) {
    connected(s, now);
    return;
  }
  cs_api_fail("coap_new_client_session", "%s: connecting failed: %s", coap_session_str(s),
              cs_base_err_text(e));
  cs_api_stream_lost(s, COAP_NACK_NOT_DELIVERABLE, now);
}

cs_time cs_api_stream_deadline(const coap_session_t *s, cs_time endpoint) {
  if (s->fd < 0)
    return CS_TIME_NEVER;
  if (s->rare->leaving)
    return cs_core_now(cs_endpoint_session(s->endpoint));
  return s->state == COAP_SESSION_STATE_CONNECTING ? s->rare->connect_until : endpoint;
}

void cs_api_stream_expire(coap_session_t *s, cs_time now) {
  if (s->rare->leaving)
    cs_api_stream_lost(s, (coap_nack_reason_t)s->nack, now);
  if (s->fd < 0 || s->state != COAP_SESSION_STATE_CONNECTING || now < s->rare->connect_until)
    return;
  cs_api_fail("coap_new_client_session", "%s: no connection within %u s", coap_session_str(s),
              (unsigned)(connect_timeout / CS_SECOND));
  cs_api_stream_lost(s, COAP_NACK_NOT_DELIVERABLE, now);
}

/* ---- bytes ---- */

void cs_api_stream_transmit(coap_session_t *s, cs_time now) {
  const cs_net *net = &s->context->net;
  cs_span bytes;
  if (s->fd < 0 || s->state == COAP_SESSION_STATE_CONNECTING || s->rare->leaving)
    return;
  bool waits = cs_endpoint_output(s->endpoint, cs_api_at(s, now), &bytes);
  for (unsigned i = 0; waits && i < WRITES_MAX; i++) {
    size_t sent = 0;
    cs_err e = net->ops->send(net->self, s->fd, NULL, bytes, &sent);
    if (e == CS_ERR_AGAIN || (e == CS_OK && sent == 0))
      break;
    if (e != CS_OK) {
      cs_api_stream_leave(s, reason_of(s));
      return;
    }
    cs_api_touch(s, now);
    cs_endpoint_sent(s->endpoint, sent, cs_api_at(s, now));
    waits = cs_endpoint_output(s->endpoint, cs_api_at(s, now), &bytes);
  }
  bool over = !waits && cs_endpoint_finished(s->endpoint);
  if (!over && waits != s->rare->writing) {
    s->rare->writing = waits;
    over = watch(s, waits ? CS_NET_READ | CS_NET_WRITE : CS_NET_READ) != CS_OK;
  }
  if (over)
    cs_api_stream_leave(s, reason_of(s));
}

/* Reads what came, at most a few buffers full, telling what is in each before
 * the next is read into the same buffer. */
static void take(coap_session_t *s, cs_time now) {
  coap_context_t *ctx = s->context;
  for (unsigned i = 0; i < READS_MAX && s->fd >= 0 && !cs_api_gone(s) && !s->rare->leaving; i++) {
    size_t len = 0;
    cs_err e =
        ctx->net.ops->receive(ctx->net.self, s->fd, ctx->rx, CS_API_DATAGRAM_MAX, &len, NULL);
    if (e == CS_ERR_AGAIN)
      return;
    if (e != CS_OK) {
      cs_api_stream_lost(s, reason_of(s), now);
      return;
    }
    cs_api_touch(s, now);
    /* A flight, and the CSM behind it, come in several writes, each of which may
     * wait for us to have seen the one before. */
    if (s->state != COAP_SESSION_STATE_ESTABLISHED)
      ctx->net.ops->quick(ctx->net.self, s->fd);
    (void)cs_endpoint_receive(s->endpoint, 0, false, cs_span_of(ctx->rx, len), cs_api_at(s, now));
    cs_api_deliver(s, now, false);
    if (cs_api_gone(s)) {
      cs_api_deliver(s, now, true);
      return;
    }
    cs_api_secure_look(s);
    cs_api_stream_look(s);
    if (len < CS_API_DATAGRAM_MAX)
      return;
  }
}

void cs_api_stream_ready(coap_session_t *s, unsigned what, cs_time now) {
  if (s->fd < 0 || s->rare->leaving)
    return;
  if (s->state == COAP_SESSION_STATE_CONNECTING)
    connecting(s, now);
  else if (what & (CS_NET_READ | CS_NET_HANGUP))
    take(s, now);
}
