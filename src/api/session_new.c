#include "api/session_new.h"

#include <string.h>

#include "api/address.h"
#include "api/error.h"
#include "api/live.h"
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
static bool read_addresses(const coap_address_t *local_if, const coap_address_t *server,
                           coap_proto_t proto, cs_net_address *local, cs_net_address *peer) {
  const char *function = "coap_new_client_session";
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

static void fail_open(cs_err e, const cs_net_address *local, const cs_net_address *peer) {
  char address[CS_NET_ADDRESS_TEXT];
  bool here = local && (e == CS_ERR_IN_USE || e == CS_ERR_NOT_FOUND || e == CS_ERR_ARGUMENT ||
                        e == CS_ERR_PERMISSION);
  cs_net_address_print(here ? local : peer, address, sizeof address);
  cs_api_fail("coap_new_client_session", "%s %s: %s", here ? "local" : "server", address,
              cs_base_err_text(e));
}

/* Everything but the socket. */
static cs_err fill(coap_context_t *ctx, coap_session_t *s, const cs_net_address *peer) {
  if (cs_net_address_multicast(peer)) {
    cs_api_rare *rare = cs_api_rare_of(s);
    if (rare)
      rare->group = cs_base_get(ctx->alloc, sizeof *rare->group);
    if (!rare || !rare->group)
      return CS_ERR_MEMORY;
    memset(rare->group, 0, sizeof *rare->group);
  }
  cs_time now = cs_api_now(ctx);
  if (!cs_api_streaming(s))
    return cs_endpoint_open(&ctx->endpoint, NULL, COAP_DEFAULT_MTU, now, &s->endpoint);
  cs_err e = cs_api_stream_begin(s, now);
  if (e == CS_OK)
    e = cs_api_reserve(s);
  if (e == CS_OK)
    e = cs_endpoint_open(cs_api_stream_config(ctx, (coap_proto_t)s->proto), NULL,
                         CS_API_PDU_SIZE_MAX, now, &s->endpoint);
  return e;
}

static void undo(coap_context_t *ctx, coap_session_t *s) {
  if (s->endpoint)
    cs_endpoint_close(s->endpoint);
  if (s->rare)
    cs_base_put(ctx->alloc, s->rare->group, sizeof *s->rare->group);
  cs_base_put(ctx->alloc, s->rare, sizeof *s->rare);
  if (s->fd >= 0)
    ctx->net.ops->close(ctx->net.self, s->fd);
  cs_base_put(ctx->alloc, s, sizeof *s);
}

static coap_session_t *session_new(coap_context_t *ctx, const cs_net_address *local,
                                   const cs_net_address *peer, coap_proto_t proto) {
  coap_session_t *s = cs_base_get(ctx->alloc, sizeof *s);
  if (!s) {
    cs_api_fail_err("coap_new_client_session", CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  memset(s, 0, sizeof *s);
  s->context = ctx;
  s->refs = 1;
  s->fd = -1;
  s->proto = (unsigned)proto & 7u;
  s->state = COAP_SESSION_STATE_ESTABLISHED;
  s->nack = COAP_NACK_NOT_DELIVERABLE;
  cs_api_address_write(peer, &s->remote);
  const cs_net *net = &ctx->net;
  bool stream = cs_api_streaming(s);
  /* The socket comes last but for what cannot fail in a way that matters, so
   * that a path is only made for a session that will be. */
  cs_err e = fill(ctx, s, peer);
  if (e) {
    cs_api_fail_err("coap_new_client_session", e, CS_RULE_NONE, NULL);
  } else if ((e = net->ops->open(net->self, stream ? CS_NET_STREAM : CS_NET_DATAGRAM, local, peer,
                                 &s->fd)) != CS_OK) {
    s->fd = -1;
    fail_open(e, local, peer);
  } else if ((e = net->ops->watch(net->self, s->fd, stream ? CS_NET_WRITE : CS_NET_READ, s)) !=
             CS_OK) {
    cs_api_fail_err("coap_new_client_session", e, CS_RULE_NONE, "the socket");
  } else if (!cs_api_live_add(&s->live)) {
    cs_api_fail_err("coap_new_client_session", CS_ERR_MEMORY, CS_RULE_NONE, NULL);
  } else {
    return s;
  }
  undo(ctx, s);
  return NULL;
}

coap_session_t *coap_new_client_session(coap_context_t *ctx, const coap_address_t *local_if,
                                        const coap_address_t *server, coap_proto_t proto) {
  cs_net_address local, peer;
  if (!cs_api_session_arguments(__func__, ctx, local_if, server, proto) ||
      !read_addresses(local_if, server, proto, &local, &peer))
    return NULL;
  coap_session_t *s = session_new(ctx, local_if ? &local : NULL, &peer, proto);
  if (!s)
    return NULL;
  s->link.next = ctx->sessions;
  if (ctx->sessions)
    ctx->sessions->prev = s;
  ctx->sessions = s;
  ctx->session_count++;
  cs_api_rearm(s);
  coap_log_debug("%s: session %p\n", coap_session_str(s), (void *)s);
  return s;
}
