/* (D)TLS below a session: the bytes of the transport are records, each record on
 * datagrams is a message, and nothing of the session is sent before the handshake is
 * complete. The end of TLS ends the session (RFC 7252 section 9.1.1). */
#include <assert.h>

#include "endpoint/internal.h"
#include "wire/message.h"

/* The longest payload of UDP over IPv4; no datagram is longer. */
enum { DATAGRAM_MAX = 65507 };

/* ---- below either ---- */

/* The longest message of the session. Before the handshake it may be underrated, never
 * overrated. 0: none fits. */
static size_t message_max(size_t mtu, const cs_tls *t) {
  if (mtu > DATAGRAM_MAX)
    mtu = DATAGRAM_MAX;
  size_t overhead = cs_tls_overhead(t);
  size_t most = mtu > overhead ? mtu - overhead : 0;
  return most < CS_TLS_RECORD_MAX ? most : CS_TLS_RECORD_MAX;
}

static cs_err set_tls_mtu(cs_tls *t, size_t mtu) {
  return cs_tls_set_mtu(t, mtu < DATAGRAM_MAX ? mtu : DATAGRAM_MAX);
}

cs_rule endpoint_secure_why(const struct secure *s) {
  cs_tls_failure failure;
  return cs_tls_failure_of(s->tls, &failure) ? failure.rule : CS_RULE_NONE;
}

enum tls_change endpoint_secure_note(struct secure *s, cs_time now) {
  cs_tls_state state = cs_tls_state_of(s->tls);
  if (s->ended || (state == CS_TLS_HANDSHAKING && !s->ready))
    return TLS_SAME;
  /* A close_notify that could not even be said ends it too. */
  if (state == CS_TLS_ESTABLISHED && !(s->finishing && !cs_tls_wants_transmit(s->tls))) {
    bool news = !s->ready;
    s->ready = true;
    return news ? TLS_READY : TLS_SAME;
  }
  s->ended = true;
  /* A server's client begins anew (RFC 6347 section 4.2.8): that is another session,
   * for another cs_tls, which the client's next try comes to. */
  if (state == CS_TLS_HANDSHAKING)
    s->mute = true;
  /* The peer's close_notify is answered by ours (RFC 5246 section 7.2.1). */
  if (state == CS_TLS_CLOSED)
    cs_tls_finish(s->tls, now);
  return TLS_OVER;
}

void endpoint_secure_tap(const cs_endpoint *e, bool sent, cs_span bytes) {
  if (e->config->tap)
    e->config->tap(e->config->tap_ctx, sent, bytes);
}

cs_err endpoint_secure_read(cs_endpoint *e, cs_span *plain) {
  uint8_t *buf = e->config->plain;
  size_t n = 0;
  cs_err err = cs_tls_read(secure_of(e)->tls, buf, CS_TLS_RECORD_MAX, &n);
  if (err == CS_OK) {
    *plain = cs_span_of(buf, n);
    endpoint_secure_tap(e, false, *plain);
  }
  return err;
}

/* TLS goes on without anything from the peer. */
static void go_on(cs_endpoint *e) {
  cs_span none;
  if (!e->feeding)
    (void)endpoint_secure_read(e, &none);
}

void endpoint_secure_up(cs_endpoint *e, cs_time now) {
  struct secure *s = secure_of(e);
  if (s->up || s->ended)
    return;
  s->up = true;
  e->now = now;
  go_on(e);
}

void endpoint_secure_expire(cs_endpoint *e, cs_time now) {
  struct secure *s = secure_of(e);
  if (!s->up || s->ended)
    return;
  cs_tls_expire(s->tls, now);
  go_on(e);
}

void endpoint_secure_finish(struct secure *s, cs_time now) {
  s->finishing = true;
  cs_tls_finish(s->tls, now);
}

void endpoint_secure_close(cs_endpoint *e) {
  struct secure *s = secure_of(e);
  cs_tls_close(s->tls);
  cs_base_put(memory(e), s, sizeof *s);
}

cs_tls *cs_endpoint_tls(const cs_endpoint *e) {
  if (is_plain(e))
    return NULL;
  const struct secure *s = secure_of(e);
  return s ? s->tls : NULL;
}

/* ---- securing ---- */

static cs_err secure_stream(cs_endpoint *e, cs_tls *t) {
  struct stream *st = e->stream;
  if (st->secure || st->up || st->done)
    return CS_ERR_STATE;
  struct secure *s = cs_base_get(memory(e), sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->tls = t;
  st->secure = s;
  return CS_OK;
}

static cs_err secure_datagrams(cs_endpoint *e, cs_tls *t) {
  size_t mtu = cs_core_get_mtu(e->session);
  if (set_tls_mtu(t, mtu) != CS_OK)
    return CS_ERR_ARGUMENT;
  struct secure *s = cs_base_get(memory(e), sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  cs_err err = cs_core_set_mtu(e->session, message_max(mtu, t));
  if (err != CS_OK) {
    cs_base_put(memory(e), s, sizeof *s);
    return err;
  }
  memset(s, 0, sizeof *s);
  s->tls = t;
  s->mtu = mtu;
  e->secure = s;
  return CS_OK;
}

/* A new security session is a new endpoint to CoAP: no Message ID and no token of
 * the one before may match in it. */
static cs_err secure_again(cs_endpoint *e, cs_tls *t) {
  struct secure *s = e->secure;
  const cs_core_params *params = cs_core_get_params(e->session);
  cs_core_session *fresh;
  if (!s->ended || !s->told)
    return CS_ERR_STATE;
  if (set_tls_mtu(t, s->mtu) != CS_OK)
    return CS_ERR_ARGUMENT;
  cs_err err = cs_core_open(&e->config->core, params == &cs_core_params_default ? NULL : params,
                            message_max(s->mtu, t), cs_core_now(e->session), &fresh);
  if (err != CS_OK)
    return err;
  cs_core_close(e->session);
  e->session = fresh;
  cs_tls_close(s->tls);
  size_t mtu = s->mtu;
  memset(s, 0, sizeof *s);
  s->tls = t;
  s->mtu = mtu;
  return CS_OK;
}

cs_err cs_endpoint_secure(cs_endpoint *e, cs_tls *t) {
  cs_tls_kind kind = is_stream(e) ? CS_TLS_STREAM : CS_TLS_DATAGRAM;
  if (!e->config->plain || cs_tls_kind_of(t) != kind)
    return CS_ERR_ARGUMENT;
  if (e->feeding)
    return CS_ERR_STATE;
  if (is_stream(e))
    return secure_stream(e, t);
  return e->secure ? secure_again(e, t) : secure_datagrams(e, t);
}

cs_err cs_endpoint_set_mtu(cs_endpoint *e, size_t mtu) {
  if (is_plain(e) || is_stream(e))
    return cs_core_set_mtu(e->session, mtu);
  struct secure *s = e->secure;
  size_t before = cs_core_get_mtu(e->session);
  if (cs_core_set_mtu(e->session, mtu) != CS_OK)
    return CS_ERR_ARGUMENT;
  if (cs_core_set_mtu(e->session, message_max(mtu, s->tls)) != CS_OK ||
      set_tls_mtu(s->tls, mtu) != CS_OK) {
    (void)cs_core_set_mtu(e->session, before);
    return CS_ERR_ARGUMENT;
  }
  s->mtu = mtu;
  return CS_OK;
}

/* ---- datagrams ---- */

static void over(cs_endpoint *e, cs_rule why, cs_time now) {
  e->secure->ended = true;
  cs_core_lost(e->session, why, now);
}

/* Takes over what TLS came to. */
static void heed(cs_endpoint *e, cs_time now) {
  struct secure *s = e->secure;
  enum tls_change change = endpoint_secure_note(s, now);
  if (change == TLS_READY)
    (void)cs_core_set_mtu(e->session, message_max(s->mtu, s->tls));
  else if (change == TLS_OVER)
    over(e, endpoint_secure_why(s), now);
}

void endpoint_datagram_up(cs_endpoint *e, cs_time now) {
  endpoint_secure_up(e, now);
  heed(e, now);
}

void endpoint_datagram_expire(cs_endpoint *e, cs_time now) {
  endpoint_secure_expire(e, now);
  heed(e, now);
}

cs_err endpoint_datagram_receive(cs_endpoint *e, cs_span bytes, cs_time now) {
  struct secure *s = e->secure;
  if (s->ended)
    return CS_ERR_CLOSED;
  return s->up ? cs_tls_feed(s->tls, bytes, now) : CS_ERR_STATE;
}

bool endpoint_datagram_more(cs_endpoint *e) {
  struct secure *s = e->secure;
  cs_span message;
  bool had_ended = s->ended;
  if (e->feeding && !s->ended) {
    cs_time now = later(e);
    cs_err err = endpoint_secure_read(e, &message);
    heed(e, now);
    if (err == CS_OK) {
      /* The session has no message pending, so it takes this one. */
      (void)cs_core_receive(e->session, e->from, false, message, now);
      return true;
    }
  }
  e->feeding = false;
  s->told = had_ended;
  return s->ended && !had_ended; /* the end of it is to be told */
}

/* Whether messages may be sent. */
static bool open_for_messages(const struct secure *s) {
  return s->ready && !s->ended && !s->finishing;
}

static bool finish_due(const struct secure *s) {
  return s->releasing && open_for_messages(s);
}

/* Protects the session's next message; what is larger than the MTU has become since, or
 * finds no memory, is lost as a datagram may be. */
static cs_err protect(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to) {
  struct secure *s = e->secure;
  size_t n;
  cs_err err = cs_core_transmit(e->session, now, buf, cap, to, &n);
  if (err != CS_OK)
    return err;
  cs_span message = cs_span_of(buf, n);
  bool went = cs_tls_write(s->tls, message, now) == CS_OK;
  if (went)
    endpoint_secure_tap(e, true, message);
  s->carried = went && cs_wire_peek(message, &s->type, &s->code, &s->mid);
  heed(e, now);
  return CS_OK;
}

cs_err endpoint_datagram_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap,
                                  cs_core_peer *to, size_t *len) {
  struct secure *s = e->secure;
  cs_span datagram;
  if (!s->up || s->mute)
    return CS_ERR_AGAIN;
  s->carried = false;
  while (cs_tls_transmit(s->tls, &datagram) != CS_OK) {
    cs_err err = open_for_messages(s) ? protect(e, now, buf, cap, to) : CS_ERR_AGAIN;
    if (err == CS_ERR_AGAIN && finish_due(s)) {
      endpoint_secure_finish(s, now);
      heed(e, now);
    } else if (err != CS_OK) {
      return err;
    }
  }
  if (datagram.len > cap)
    return CS_ERR_TOO_LARGE;
  memcpy(buf, datagram.at, datagram.len);
  *to = 0;
  *len = datagram.len;
  cs_tls_sent(s->tls, datagram.len, now);
  heed(e, now);
  return CS_OK;
}

bool cs_endpoint_carried(const cs_endpoint *e, uint8_t *type, uint8_t *code, uint16_t *mid) {
  if (is_plain(e) || is_stream(e) || !e->secure->carried)
    return false;
  *type = e->secure->type;
  *code = e->secure->code;
  *mid = e->secure->mid;
  return true;
}

bool endpoint_datagram_wants_transmit(const cs_endpoint *e) {
  const struct secure *s = e->secure;
  if (!s->up || s->mute)
    return false;
  return cs_tls_wants_transmit(s->tls) || finish_due(s) ||
         (open_for_messages(s) && cs_core_wants_transmit(e->session));
}

cs_time endpoint_datagram_deadline(const cs_endpoint *e) {
  const struct secure *s = e->secure;
  cs_time now = cs_core_now(e->session);
  if (endpoint_datagram_wants_transmit(e) || (s->ended && !s->told))
    return now;
  if (s->ended)
    return CS_TIME_NEVER;
  cs_time at = cs_core_deadline_held(e->session);
  if (s->up)
    at = cs_time_min(at, cs_tls_deadline(s->tls));
  return at > now ? at : now;
}

void endpoint_datagram_release(cs_endpoint *e, cs_time now) {
  struct secure *s = e->secure;
  if (s->releasing || s->ended)
    return;
  s->releasing = true;
  if (s->ready) {
    cs_core_lost(e->session, CS_RULE_NONE, now);
  } else {
    s->mute = true; /* nothing to close yet */
    over(e, CS_RULE_NONE, now);
  }
}

void endpoint_datagram_link(cs_endpoint *e, cs_core_link_event what, cs_time now) {
  struct secure *s = e->secure;
  if (what == CS_LINK_CLOSED) {
    e->feeding = false;
    s->mute = true;
  } else if (s->ready && !s->ended) {
    cs_core_link(e->session, what, now);
    return;
  } else if (!s->ended) {
    /* Who is not there shakes no hands: it ends as requests in the clear would. */
    cs_core_drain(e->session, CS_NACK_UNREACHABLE);
    s->mute = true;
  }
  if (!s->ended)
    over(e, CS_RULE_NONE, now);
}

bool endpoint_datagram_finished(const cs_endpoint *e) {
  const struct secure *s = e->secure;
  return s->ended && s->told && !endpoint_datagram_wants_transmit(e);
}
