/* What is read from a session, and its MTU. */
#include <stdio.h>

#include "api/address.h"
#include "api/context.h"
#include "api/error.h"
#include "api/secure.h"
#include "api/stream.h"
#include "api/support.h"

cs_core_session *cs_api_core(const char *function, const coap_session_t *s) {
  if (s && s->endpoint)
    return cs_endpoint_session(s->endpoint);
  cs_api_fail(function, s ? "the session has ended" : "session is NULL");
  return NULL;
}

cs_api_rare *cs_api_rare_of(coap_session_t *s) {
  if (!s->rare) {
    s->rare = cs_base_get(s->context->alloc, sizeof *s->rare);
    if (s->rare)
      memset(s->rare, 0, sizeof *s->rare);
  }
  return s->rare;
}

static bool usable(const char *function, const coap_session_t *s) {
  if (!s)
    cs_api_fail(function, "session is NULL");
  return s != NULL;
}

void coap_session_set_app_data(coap_session_t *session, void *data) {
  if (usable(__func__, session))
    session->app_data = data;
}

void *coap_session_get_app_data(const coap_session_t *session) {
  return usable(__func__, session) ? session->app_data : NULL;
}

const coap_address_t *coap_session_get_addr_remote(const coap_session_t *session) {
  if (!usable(__func__, session))
    return NULL;
  const cs_api_group *g = cs_api_group_of(session);
  return g && g->answered ? &g->responder : &session->remote;
}

const coap_address_t *coap_session_get_addr_mcast(const coap_session_t *session) {
  return usable(__func__, session) && cs_api_group_of(session) ? &session->remote : NULL;
}

const coap_address_t *coap_session_get_addr_local(const coap_session_t *session) {
  if (!cs_api_core(__func__, session))
    return NULL;
  /* Asked of the system on first use: most programs never do, and an address
   * for each idle session would be memory for nothing. */
  coap_session_t *s = (coap_session_t *)(uintptr_t)session;
  cs_api_rare *rare = cs_api_rare_of(s);
  if (!rare) {
    cs_api_fail_err(__func__, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  if (!rare->has_local && s->fd < 0) {
    cs_api_fail(__func__, "the session has no connection any more");
    return NULL;
  }
  if (!rare->has_local) {
    cs_net_address a;
    const cs_net *net = &s->context->net;
    cs_err e = net->ops->local(net->self, s->fd, &a);
    if (e) {
      cs_api_fail_err(__func__, e, CS_RULE_NONE, NULL);
      return NULL;
    }
    cs_api_address_write(&a, &rare->local);
    rare->has_local = true;
  }
  return &rare->local;
}

coap_proto_t coap_session_get_proto(const coap_session_t *session) {
  return usable(__func__, session) ? (coap_proto_t)session->proto : COAP_PROTO_NONE;
}

coap_session_type_t coap_session_get_type(const coap_session_t *session) {
  return usable(__func__, session) ? COAP_SESSION_TYPE_CLIENT : COAP_SESSION_TYPE_NONE;
}

coap_session_state_t coap_session_get_state(const coap_session_t *session) {
  return usable(__func__, session) ? (coap_session_state_t)session->state : COAP_SESSION_STATE_NONE;
}

int coap_session_get_ifindex(const coap_session_t *session) {
  if (!usable(__func__, session))
    return -1;
  if (session->remote.addr.sa.sa_family != AF_INET6)
    return 0;
  return (int)session->remote.addr.sin6.sin6_scope_id;
}

coap_context_t *coap_session_get_context(const coap_session_t *session) {
  return usable(__func__, session) ? session->context : NULL;
}

const char *coap_session_str(const coap_session_t *session) {
  enum { ADDRESS_TEXT = 80 };
  static _Thread_local char text[2 * ADDRESS_TEXT + 16];
  if (!session)
    return "no session";
  char local[ADDRESS_TEXT] = "?";
  char remote[ADDRESS_TEXT] = "?";
  if (session->rare && session->rare->has_local)
    coap_print_addr(&session->rare->local, (unsigned char *)local, sizeof local);
  else if (session->endpoint && coap_session_get_addr_local(session))
    coap_print_addr(&session->rare->local, (unsigned char *)local, sizeof local);
  coap_print_addr(coap_session_get_addr_remote(session), (unsigned char *)remote, sizeof remote);
  (void)snprintf(text, sizeof text, "%s <-> %s %s", local, remote,
                 cs_api_proto_name((coap_proto_t)session->proto));
  return text;
}

void coap_session_set_mtu(coap_session_t *session, unsigned mtu) {
  cs_core_session *core = cs_api_core(__func__, session);
  if (!core)
    return;
  unsigned max = cs_api_streaming(session) ? CS_API_PDU_SIZE_MAX : CS_API_MTU_MAX;
  if (mtu < CS_API_MTU_MIN || mtu > max) {
    cs_api_fail(__func__, "an MTU of %u bytes is not within %d to %u", mtu, CS_API_MTU_MIN, max);
    return;
  }
  if (cs_api_secure_of(session) && cs_api_secure_of(session)->inside) {
    cs_api_fail(__func__, "called from inside a callback of the handshake");
    return;
  }
  cs_err e = cs_endpoint_set_mtu(session->endpoint, mtu);
  if (e == CS_ERR_ARGUMENT)
    cs_api_fail(__func__, "an MTU of %u bytes has no room for a message", mtu);
  else if (e)
    cs_api_fail_err(__func__, e, CS_RULE_NONE, NULL);
  else if (cs_api_secure_of(session))
    session->rare->mtu = mtu;
}

/* Bytes of a TCP header's extended Length for so much content (RFC 8323 section
 * 3.2), at most: the token does not count, but may be empty. */
static size_t length_size(size_t content) {
  static const size_t from[] = {13, 269, 65805};
  static const size_t size[] = {0, 1, 2, 4};
  size_t i = 0;
  while (i < sizeof from / sizeof *from && content >= from[i])
    i++;
  return size[i];
}

/* What a message of size bytes has left for token, options and payload in its
 * header form. */
static size_t content_of(const coap_session_t *s, size_t size) {
  enum { UDP_HEADER = 4, STREAM_HEADER = 2, LENGTH_MAX = 4 };
  size_t header = cs_api_streaming(s) ? STREAM_HEADER : UDP_HEADER;
  size_t left = size > header ? size - header : 0;
  if (s->proto != COAP_PROTO_TCP && s->proto != COAP_PROTO_TLS)
    return left;
  size_t length = 0;
  while (length < LENGTH_MAX && length < left && length_size(left - length) > length)
    length++;
  return left - length;
}

size_t coap_session_max_pdu_size(const coap_session_t *session) {
  cs_core_session *core = cs_api_core(__func__, session);
  return core ? content_of(session, cs_core_max_send(core)) : 0;
}

void coap_session_set_no_observe_cancel(coap_session_t *session) {
  /* Nothing is observed yet, so there is nothing to leave alone. */
  (void)usable(__func__, session);
}
