/* What a context and a session are. Both are touched by one thread at a time. */
#ifndef CS_API_CONTEXT_H
#define CS_API_CONTEXT_H

#include <stdbool.h>

#include <coap3/coap.h>

#include "api/live.h"
#include "api/pdu.h"
#include "base/heap.h"
#include "endpoint/endpoint.h"
#include "net/net.h"

enum {
  CS_API_DATAGRAM_MAX = 65536, /* one more than a datagram can have */
  CS_API_MTU_MIN = 64,
  CS_API_MTU_MAX = 65507, /* the most a UDP datagram carries over IPv4 */
  CS_API_OPTIONS_MAX = 32,
  CS_API_RESPONDERS_MAX = 64
};

struct coap_context_t {
  cs_api_node live;
  const cs_base_alloc *alloc;
  cs_net net;
  bool own_net;
  bool freed;                           /* coap_free_context() came from inside a handler */
  bool alarmed;                         /* the application waits on the descriptor itself */
  cs_endpoint_config endpoint, tcp, ws; /* what sessions are opened with, by protocol */
  cs_base_heap deadlines;
  coap_session_t *sessions; /* all of them */
  coap_session_t *ending;   /* released; to be torn down once no handler runs */
  uint32_t session_count;
  unsigned calling; /* handlers that are running */

  coap_response_handler_t on_response;
  coap_nack_handler_t on_nack;
  coap_ping_handler_t on_ping;
  coap_pong_handler_t on_pong;
  coap_event_handler_t on_event;
  void *app_data;

  /* One buffer for what is received, one for what is sent: a handler's views
   * point into the first while it sends out of the second. */
  uint8_t *rx, *tx;

  uint32_t open;    /* requests and pings that wait for an answer */
  uint32_t waiting; /* of those, what keeps coap_can_exit() from being true */
  uint32_t blocked; /* datagrams that the system had no room for yet */

  cs_time keepalive; /* 0: none */
  cs_time alarm;     /* when the descriptor was asked to become readable */
  uint16_t options[CS_API_OPTIONS_MAX];
  uint8_t option_count;
  uint8_t block_mode;
  struct cs_api_context_tls *tls; /* NULL until it is needed */
  unsigned max_idle_sessions, session_timeout, csm_timeout, max_handshakes;
};

/* The responders of a multicast session: the core knows them by number. */
typedef struct cs_api_group {
  uint64_t last; /* number given last; 0: none */
  struct {
    uint64_t number; /* 0: free */
    coap_address_t address;
  } known[CS_API_RESPONDERS_MAX];
  coap_address_t responder; /* of the response that was told last */
  bool answered;
} cs_api_group;

/* What few sessions need. */
typedef struct cs_api_rare {
  coap_address_t local;
  bool has_local;
  bool probing;      /* a keepalive ping is out */
  uint16_t pings;    /* asked for by the application, not answered yet */
  uint8_t token_len; /* 0: tokens are random */
  uint8_t token[8];
  cs_time last;        /* when something was sent or received; for keepalive */
  cs_api_group *group; /* only with a multicast server */
  uint8_t *stash;      /* a datagram that the system had no room for */
  size_t stash_len;
  cs_core_peer stash_to;
  cs_time stash_until; /* then it is lost, so that it does not keep back the rest for ever */

  struct cs_api_secure *secure; /* DTLS, TLS, WSS */
  size_t mtu;                   /* DTLS: of the transport */

  /* Streams: */
  cs_time connect_until; /* then connecting has failed */
  uint16_t mid;          /* what the API calls the next message by; none is sent */
  bool host_set;         /* the application has said what Host to ask for */
  bool upgraded;         /* the WebSocket was */
  bool writing;          /* room is waited for */
  bool aborted, refused; /* the connection ends by an Abort; by ours */
  bool leaving;          /* the application gave it up inside a handler, */
  uint8_t state;         /* when the session was in this state */
} cs_api_rare;

/* Programs have thousands of these, so each field is here for a reason and
 * what can wait is in the rare part. */
struct coap_session_t {
  cs_api_node live;
  cs_base_timer timer;
  coap_context_t *context; /* NULL once that was freed */
  union {
    coap_session_t *next;       /* in the context's sessions or ending */
    const cs_base_alloc *alloc; /* once the context was freed */
  } link;
  coap_session_t *prev;
  cs_endpoint *endpoint; /* NULL once the session has ended */
  coap_pdu_t *open;      /* requests that the core has borrowed, newest first */
  void *app_data;
  cs_api_rare *rare;
  coap_address_t remote;
  int fd;
  uint16_t refs;
  unsigned proto : 3;
  unsigned state : 3;
  unsigned nack : 4;  /* coap_nack_reason_t of requests that end with the session */
  unsigned ended : 1; /* in context->ending, or being torn down */
  unsigned delivering : 1;
  unsigned resent : 1; /* a Confirmable message went out again */
};

/* Whether the application has given s up, or its context: it is told nothing
 * any more but how its requests end. */
static inline bool cs_api_gone(const coap_session_t *s) {
  return s->ended || s->context->freed;
}

/* The session whose timer this is. */
static inline coap_session_t *cs_api_of_timer(cs_base_timer *t) {
  return (coap_session_t *)(void *)((char *)t - offsetof(coap_session_t, timer));
}

static inline cs_time cs_api_now(const coap_context_t *ctx) {
  return ctx->net.ops->now(ctx->net.self);
}

/* now, or the session's own time when that is ahead because a handler that ran
 * since then has used it. */
static inline cs_time cs_api_at(const coap_session_t *s, cs_time now) {
  cs_time told = cs_core_now(cs_endpoint_session(s->endpoint));
  return told > now ? told : now;
}

/* The responders of a multicast session, else NULL. */
static inline cs_api_group *cs_api_group_of(const coap_session_t *s) {
  return s->rare ? s->rare->group : NULL;
}

/* Something was sent or received: keepalive counts from here. */
static inline void cs_api_touch(coap_session_t *s, cs_time now) {
  if (s->rare)
    s->rare->last = now;
}

/* The core session of s, or NULL with a reason when s is NULL or has ended. */
cs_core_session *cs_api_core(const char *function, const coap_session_t *s);
/* s's rare part, made when needed; NULL when there is no memory. */
cs_api_rare *cs_api_rare_of(coap_session_t *s);

/* A context over a net that is not its own: tests bring a simulated one. */
coap_context_t *cs_api_new_context_on(const cs_net *net);

#endif
