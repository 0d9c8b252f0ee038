#include "api/session_new.h"

#include <string.h>

#include "api/address.h"
#include "api/error.h"
#include "api/live.h"
#include "api/reentry.h"
#include "api/secure.h"
#include "api/stream.h"
#include "api/support.h"
#include "api/transmit.h"

bool cs_api_session_arguments(const char *function, const coap_context_t *ctx,
                              const coap_address_t *local_if, const coap_address_t *server,
                              coap_proto_t proto) {
  const char *name = cs_api_proto_name(proto);
  if (!ctx)
    cs_api_fail(function, "context is NULL");
  else if (ctx->freed)
    cs_api_fail(function, "the context is being freed");
  else if (!server)
    cs_api_fail(function, "server is NULL");
  else if (!name)
    cs_api_fail(function, "there is no protocol %d", (int)proto);
  else if (local_if && local_if->addr.sa.sa_family != server->addr.sa.sa_family)
    cs_api_fail(function, "local_if and server are of different address families");
  else if (!local_if && coap_is_af_unix(server))
    cs_api_fail(function, "AF_UNIX needs a local path of its own; local_if is NULL");
  else if (!cs_api_proto_supported(proto))
    cs_api_fail(function, "%s is not supported by this build", name);
  else
    return true;
  return false;
}

/* The two addresses as net takes them, the server's port filled in. */
static bool read_addresses(const char *function, const coap_address_t *local_if,
                           const coap_address_t *server, coap_proto_t proto, cs_net_address *local,
                           cs_net_address *peer) {
  const char *wrong = cs_api_address_read(server, peer);
  if (wrong) {
    cs_api_fail(function, "server: %s", wrong);
    return false;
  }
  wrong = local_if ? cs_api_address_read(local_if, local) : NULL;
  if (wrong) {
    cs_api_fail(function, "local_if: %s", wrong);
    return false;
  }
  if (cs_net_address_any(peer)) {
    cs_api_fail(function, "server is the unspecified address");
    return false;
  }
  if (proto != COAP_PROTO_UDP && cs_net_address_multicast(peer)) {
    cs_api_fail(function, "server is a multicast address, which %s cannot reach",
                cs_api_proto_name(proto));
    return false;
  }
  if (local_if && cs_net_address_multicast(local)) {
    cs_api_fail(function, "local_if is a multicast address");
    return false;
  }
  if (cs_net_address_family(peer) != AF_UNIX && cs_net_address_port(peer) == 0)
    cs_net_address_set_port(peer, cs_api_stream_port(proto));
  return true;
}

static void fail_open(const char *function, cs_err e, const cs_net_address *local,
                      const cs_net_address *peer) {
  char address[CS_NET_ADDRESS_TEXT];
  bool here = local && (e == CS_ERR_IN_USE || e == CS_ERR_NOT_FOUND || e == CS_ERR_ARGUMENT ||
                        e == CS_ERR_PERMISSION);
  cs_net_address_print(here ? local : peer, address, sizeof address);
  cs_api_fail(function, "%s %s: %s", here ? "local" : "server", address, cs_base_err_text(e));
}

/* The endpoint; a secured one has a handshake that can begin. */
static cs_err open_endpoint(coap_context_t *ctx, coap_session_t *s, cs_api_credentials *c) {
  cs_time now = cs_api_now(ctx);
  cs_err e = CS_OK;
  if (cs_api_streaming(s))
    e = cs_api_stream_begin(s, now);
  /* Each end of a stream, and of a handshake, depends on a timer. */
  if (e == CS_OK && (c || cs_api_streaming(s)))
    e = cs_api_reserve(s);
  /* It is taken at once: a callback of cs_api_secure_begin may make other sessions. */
  if (e == CS_OK && (c || cs_api_streaming(s)))
    cs_base_heap_set(&ctx->deadlines, &s->timer, CS_TIME_NEVER);
  if (e == CS_OK && cs_api_streaming(s))
    e = cs_endpoint_open(cs_api_stream_config(ctx, (coap_proto_t)s->proto), NULL,
                         CS_API_PDU_SIZE_MAX, now, &s->endpoint);
  else if (e == CS_OK)
    e = cs_endpoint_open(&ctx->endpoint, NULL, COAP_DEFAULT_MTU, now, &s->endpoint);
  if (e != CS_OK || !c)
    return e;
  const char *name = c->psk ? c->psk_data.client_sni : c->pki ? c->pki_data.client_sni : NULL;
  if (name)
    e = cs_api_stream_name(s, name);
  return e == CS_OK ? cs_api_secure_begin(s, c, now) : e;
}

/* Everything but the socket. */
static cs_err fill(coap_context_t *ctx, coap_session_t *s, const cs_net_address *peer,
                   cs_api_credentials *c) {
  if (cs_net_address_multicast(peer)) {
    cs_api_rare *rare = cs_api_rare_of(s);
    if (rare)
      rare->group = cs_base_get(ctx->alloc, sizeof *rare->group);
    if (!rare || !rare->group)
      return CS_ERR_MEMORY;
    memset(rare->group, 0, sizeof *rare->group);
  }
  return open_endpoint(ctx, s, c);
}

static void undo(coap_context_t *ctx, coap_session_t *s) {
  cs_base_heap_remove(&ctx->deadlines, &s->timer);
  if (s->endpoint)
    cs_endpoint_close(s->endpoint);
  if (s->rare) {
    cs_api_secure_free(ctx->alloc, s->rare->secure);
    cs_base_put(ctx->alloc, s->rare->group, sizeof *s->rare->group);
  }
  cs_base_put(ctx->alloc, s->rare, sizeof *s->rare);
  if (s->fd >= 0)
    ctx->net.ops->close(ctx->net.self, s->fd);
  cs_base_put(ctx->alloc, s, sizeof *s);
}

/* Why TLS could not begin, where that is another reason than memory. */
static void fail_fill(const char *function, cs_err e) {
  if (e == CS_ERR_STATE)
    cs_api_fail(function, "additional_tls_setup_call_back refused");
  else
    cs_api_fail_err(function, e, CS_RULE_NONE, NULL);
}

static coap_session_t *session_new(const char *function, coap_context_t *ctx,
                                   const cs_net_address *local, const cs_net_address *peer,
                                   coap_proto_t proto, cs_api_credentials *c) {
  coap_session_t *s = cs_base_get(ctx->alloc, sizeof *s);
  if (!s) {
    cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  memset(s, 0, sizeof *s);
  s->context = ctx;
  s->refs = 1;
  s->fd = -1;
  s->proto = (unsigned)proto & 7u;
  s->state = c ? COAP_SESSION_STATE_HANDSHAKE : COAP_SESSION_STATE_ESTABLISHED;
  s->nack = COAP_NACK_NOT_DELIVERABLE;
  cs_api_address_write(peer, &s->remote);
  const cs_net *net = &ctx->net;
  bool stream = cs_api_streaming(s);
  /* The socket comes last but for what cannot fail in a way that matters, so
   * that a path is only made for a session that will be. */
  cs_err e = fill(ctx, s, peer, c);
  if (e) {
    fail_fill(function, e);
  } else if ((e = net->ops->open(net->self, stream ? CS_NET_STREAM : CS_NET_DATAGRAM, local, peer,
                                 &s->fd)) != CS_OK) {
    s->fd = -1;
    fail_open(function, e, local, peer);
  } else if ((e = net->ops->watch(net->self, s->fd, stream ? CS_NET_WRITE : CS_NET_READ, s)) !=
             CS_OK) {
    cs_api_fail_err(function, e, CS_RULE_NONE, "the socket");
  } else if (ctx->freed) {
    cs_api_fail(function, "the context was freed inside additional_tls_setup_call_back");
  } else if (!cs_api_live_add(&s->live)) {
    cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
  } else {
    return s;
  }
  undo(ctx, s);
  return NULL;
}

/* The session is one of the context's: its first words go out. */
static void enter(coap_context_t *ctx, coap_session_t *s) {
  s->link.next = ctx->sessions;
  if (ctx->sessions)
    ctx->sessions->prev = s;
  ctx->sessions = s;
  ctx->session_count++;
  if (s->proto == COAP_PROTO_DTLS) {
    cs_time now = cs_api_at(s, cs_api_now(ctx));
    cs_endpoint_up(s->endpoint, now);
    cs_api_transmit(s, now);
  }
  cs_api_rearm(s);
  coap_log_debug("%s: session %p\n", coap_session_str(s), (void *)s);
}

coap_session_t *cs_api_session_new(const char *function, coap_context_t *ctx,
                                   const coap_address_t *local_if, const coap_address_t *server,
                                   coap_proto_t proto, cs_api_credentials *c) {
  cs_net_address local, peer;
  if (!read_addresses(function, local_if, server, proto, &local, &peer))
    return NULL;
  coap_session_t *s = session_new(function, ctx, local_if ? &local : NULL, &peer, proto, c);
  if (s)
    enter(ctx, s);
  else
    cs_api_settle(ctx); /* that callback may have freed it */
  return s;
}

coap_session_t *coap_new_client_session(coap_context_t *ctx, const coap_address_t *local_if,
                                        const coap_address_t *server, coap_proto_t proto) {
  if (!cs_api_session_arguments(__func__, ctx, local_if, server, proto))
    return NULL;
  if (!cs_api_is_secured(proto))
    return cs_api_session_new(__func__, ctx, local_if, server, proto, NULL);
  cs_api_credentials c;
  cs_api_context_tls *t = cs_api_tls_of(__func__, ctx);
  if (!t || !cs_api_credentials_inherit(__func__, t, &c))
    return NULL;
  coap_session_t *s = cs_api_session_new(__func__, ctx, local_if, server, proto, &c);
  cs_api_credentials_drop(&c);
  return s;
}
