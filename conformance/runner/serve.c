/* The embedded server on sockets: UDP and TCP on one port, WebSockets on
 * another, DTLS, TLS and secured WebSockets each one port above. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/cli.h"
#include "runner/serve_inside.h"
#include "runner/target.h"

enum { READY_MAX = 64, WS_DISTANCE = 3000 };

static volatile sig_atomic_t stopped;

static void on_signal(int signal) {
  (void)signal;
  stopped = 1;
}

static serve_peer *peer_of(serving *s, const serve_source *source, const cs_net_address *address) {
  uint32_t hash = cs_net_address_hash(source->secured, address);
  for (cs_base_node *n = cs_base_table_chain(&s->table, hash); n; n = n->next) {
    serve_peer *p = (serve_peer *)n;
    if (n->hash == hash && p->source == source && cs_net_address_equal(&p->address, address))
      return p;
  }
  serve_peer *p = &s->peers[s->next % SERVE_PEERS_MAX];
  if (p->number)
    cs_base_table_remove(&s->table, &p->node);
  *p = (serve_peer){.node.hash = hash, .address = *address, .source = source, .number = s->next};
  if (cs_base_table_add(&s->table, &cs_net_heap_alloc, &p->node) != CS_OK) {
    p->number = 0;
    return NULL;
  }
  s->next++;
  return p;
}

static const serve_peer *peer_numbered(const serving *s, uint64_t number) {
  const serve_peer *p = &s->peers[number % SERVE_PEERS_MAX];
  return p->number == number ? p : NULL;
}

void cs_runner_serve_hangup(serving *s, const serve_source *source, uint64_t peer) {
  if (source->secured)
    cs_server_guard_hangup(s->guard, peer, serve_now(s));
  else
    cs_server_hangup(s->server, peer, serve_now(s));
}

static void take_datagram(serving *s, const serve_peer *p, bool multicast, cs_span bytes) {
  char address[CS_NET_ADDRESS_TEXT];
  if (!p->source->secured) {
    cs_server_receive(s->server, p->number, multicast, bytes, serve_now(s));
    return;
  }
  cs_net_address_print(&p->address, address, sizeof address);
  cs_server_guard_receive(s->guard, p->number, cs_span_str(address), bytes, serve_now(s));
}

static void receive_datagrams(serving *s, const serve_source *source, uint8_t *buf) {
  enum { AT_ONCE = 1000 };
  cs_net_address from;
  size_t len;
  for (unsigned i = 0; i < AT_ONCE; i++) {
    cs_err err = s->net.ops->receive(s->net.self, source->fd, buf, SERVE_BUFFER, &len, &from);
    /* The errors of datagrams sent earlier to peers that are gone by now. */
    if (err == CS_ERR_REFUSED || err == CS_ERR_UNREACHABLE || err == CS_ERR_TOO_LARGE)
      continue;
    if (err != CS_OK)
      return;
    bool multicast = source == &s->group;
    const serve_peer *p = peer_of(s, multicast ? &s->udp : source, &from);
    if (p)
      take_datagram(s, p, multicast, cs_span_of(buf, len));
  }
}

static bool transmit(serving *s, uint8_t *buf, uint64_t *number, size_t *len) {
  cs_time now = serve_now(s);
  cs_err err = s->guard ? cs_server_guard_transmit(s->guard, now, buf, SERVE_BUFFER, number, len)
                        : cs_server_transmit(s->server, now, buf, SERVE_BUFFER, number, len);
  return err == CS_OK;
}

static bool closing(serving *s, uint64_t *number) {
  return s->guard ? cs_server_guard_closing(s->guard, serve_now(s), number)
                  : cs_server_closing(s->server, serve_now(s), number);
}

static void send_all(serving *s, uint8_t *buf) {
  uint64_t number;
  size_t len;
  size_t sent;
  for (;;) {
    while (transmit(s, buf, &number, &len)) {
      if (cs_runner_serve_is_link(number)) {
        cs_runner_serve_output(s, number, cs_span_of(buf, len));
        continue;
      }
      const serve_peer *to = peer_numbered(s, number);
      bool elsewhere = to && !to->source->secured && cs_server_elsewhere(s->server);
      if (to)
        (void)s->net.ops->send(s->net.self,
                               elsewhere ? cs_runner_serve_elsewhere(s) : to->source->fd,
                               &to->address, cs_span_of(buf, len), &sent);
    }
    if (!closing(s, &number))
      return;
    cs_runner_serve_close(s, number);
  }
}

static cs_time deadline_of(const serving *s) {
  return s->guard ? cs_server_guard_deadline(s->guard) : cs_server_deadline(s->server);
}

static void expire(serving *s) {
  cs_time now = serve_now(s);
  if (deadline_of(s) > now)
    return;
  if (s->guard)
    cs_server_guard_expire(s->guard, now);
  else
    cs_server_expire(s->server, now);
}

static void handle(serving *s, const cs_net_ready *ready, uint8_t *buf) {
  serve_source *source = ready->user;
  switch (source->kind) {
  case SERVE_DATAGRAM:
    receive_datagrams(s, source, buf);
    break;
  case SERVE_LISTENER:
    cs_runner_serve_accept(s, source);
    break;
  case SERVE_LINK:
    cs_runner_serve_ready(s, (serve_link *)source, ready->what, buf);
    break;
  }
  send_all(s, buf);
}

static void loop(serving *s) {
  static uint8_t buf[SERVE_BUFFER];
  while (!stopped) {
    cs_net_ready ready[READY_MAX];
    cs_time deadline = cs_time_min(deadline_of(s), cs_runner_serve_tend(s));
    size_t n = s->net.ops->wait(s->net.self, ready, READY_MAX, deadline);
    for (size_t i = 0; i < n; i++)
      handle(s, &ready[i], buf);
    expire(s);
    send_all(s, buf);
  }
}

static int list_defects(void) {
  const cs_server_defect *row;
  for (size_t i = 0; (row = cs_server_defect_at(i)); i++)
    printf("%-32s %-44s %s\n", row->name, row->requirement, row->what);
  return CS_RUNNER_EXIT_OK;
}

static bool announce(serving *s, serve_source *source, const char *scheme) {
  cs_net_address bound;
  char text[CS_NET_ADDRESS_TEXT];
  if (s->net.ops->local(s->net.self, source->fd, &bound) != CS_OK ||
      s->net.ops->watch(s->net.self, source->fd, CS_NET_READ, source) != CS_OK)
    return false;
  cs_net_address_print(&bound, text, sizeof text);
  printf("coapspec: serving on %s://%s\n", scheme, text);
  return true;
}

static int serve_on(serving *s) {
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (!announce(s, &s->udp, "coap") || !announce(s, &s->tcp, "coap+tcp") ||
      !announce(s, &s->ws, "coap+ws") ||
      (s->guard && (!announce(s, &s->dtls, "coaps") || !announce(s, &s->tls, "coaps+tcp") ||
                    !announce(s, &s->wss, "coaps+ws"))))
    return cs_runner_usage_error("serve: the socket cannot be used");
  fflush(stdout);
  loop(s);
  return CS_RUNNER_EXIT_OK;
}

/* Where to listen. */
struct places {
  cs_net_address bind, ws;
  bool ws_given;
};

static bool complain(const cs_net_address *at, const char *transport, cs_err err) {
  char text[CS_NET_ADDRESS_TEXT];
  cs_net_address_print(at, text, sizeof text);
  /* The address is well-formed, so what cannot be bound is not ours. */
  cs_runner_usage_error("serve: %s over %s: %s", text, transport,
                        err == CS_ERR_ARGUMENT ? "not an address of this machine"
                                               : cs_base_err_text(err));
  return false;
}

/* An address that is so many ports above another; a free one where that is free to
 * choose, or there is none. */
static cs_net_address above(const cs_net_address *at, unsigned distance) {
  cs_net_address out = *at;
  unsigned port = cs_net_address_port(at);
  cs_net_address_set_port(&out,
                          port && port + distance <= UINT16_MAX ? (uint16_t)(port + distance) : 0);
  return out;
}

/* Binds datagrams and streams to the same port, also when that is free to choose. */
static bool open_both(serving *s, const cs_net_address *bind, serve_source *datagrams,
                      serve_source *streams) {
  enum { TRIES = 50 };
  cs_net_address bound = *bind;
  for (unsigned i = 0; i < TRIES; i++) {
    cs_err err = s->net.ops->open(s->net.self, CS_NET_DATAGRAM, bind, NULL, &datagrams->fd);
    if (err == CS_OK)
      err = s->net.ops->local(s->net.self, datagrams->fd, &bound);
    if (err != CS_OK)
      return complain(bind, datagrams->secured ? "DTLS" : "UDP", err);
    err = s->net.ops->open(s->net.self, CS_NET_STREAM, &bound, NULL, &streams->fd);
    if (err == CS_OK)
      return true;
    s->net.ops->close(s->net.self, datagrams->fd);
    if (err != CS_ERR_IN_USE || cs_net_address_port(bind) != 0)
      return complain(&bound, streams->secured ? "TLS" : "TCP", err);
  }
  return complain(bind, streams->secured ? "TLS" : "TCP", CS_ERR_IN_USE);
}

static bool open_ws(serving *s, const cs_net_address *at, serve_source *source) {
  cs_err err = s->net.ops->open(s->net.self, CS_NET_STREAM, at, NULL, &source->fd);
  return err == CS_OK ||
         complain(at, source->secured ? "TLS for WebSockets" : "TCP for WebSockets", err);
}

/* WebSockets are 3000 above the other port, where nobody says otherwise; what is
 * secured is one port above what is not. */
static bool open_all(serving *s, const struct places *places) {
  cs_net_address ws = places->ws_given ? places->ws : above(&places->bind, WS_DISTANCE);
  cs_net_address secured = above(&places->bind, 1);
  cs_net_address wss = above(&ws, 1);
  if (!open_both(s, &places->bind, &s->udp, &s->tcp) || !open_ws(s, &ws, &s->ws))
    return false;
  return !cs_runner_transport_there(CS_RUNNER_DTLS) ||
         (open_both(s, &secured, &s->dtls, &s->tls) && open_ws(s, &wss, &s->wss));
}

static bool make_guard(serving *s, cs_runner_args *a) {
  const char *why = NULL;
  cs_server_guard_config config = {.alloc = &cs_net_heap_alloc,
                                   .random = cs_net_random(&s->net),
                                   .server = s->server,
                                   .max_sessions = SERVE_PEERS_MAX};
  if (!cs_runner_transport_there(CS_RUNNER_DTLS))
    return true;
  cs_runner_credentials_server(&a->arena, &config.credentials);
  cs_err err = cs_server_guard_new(&config, &s->guard, &why);
  if (err != CS_OK)
    cs_runner_usage_error("serve: (D)TLS: %s", why ? why : cs_base_err_text(err));
  return err == CS_OK;
}

static bool make_server(serving *s, const cs_runner_args *a) {
  const char *unknown = "";
  cs_server_config config = {.alloc = &cs_net_heap_alloc,
                             .seed = a->seeded ? a->seed : 1,
                             .defects = a->defects.items,
                             .defect_count = a->defects.count,
                             .max_peers = SERVE_PEERS_MAX,
                             .token_max = (uint32_t)a->token_max};
  cs_err err = cs_server_new(&config, serve_now(s), &s->server, &unknown);
  if (err == CS_ERR_NOT_FOUND)
    cs_runner_usage_error("serve: no defect has the name %s; --list-defects lists them", unknown);
  else if (err != CS_OK)
    cs_runner_usage_error("serve: %s", cs_base_err_text(err));
  return err == CS_OK;
}

static int serve(cs_runner_args *a, const struct places *places) {
  serving *s = calloc(1, sizeof *s);
  serve_peer *peers = calloc(SERVE_PEERS_MAX, sizeof *peers);
  int code = CS_RUNNER_EXIT_USAGE;
  if (!s || !peers || cs_net_posix_new(&cs_net_heap_alloc, &s->net) != CS_OK) {
    free(s);
    free(peers);
    return cs_runner_usage_error("serve: out of memory");
  }
  s->peers = peers;
  s->next = 1;
  s->udp = (serve_source){SERVE_DATAGRAM, CS_WIRE_UDP, false, -1};
  s->tcp = (serve_source){SERVE_LISTENER, CS_WIRE_TCP, false, -1};
  s->ws = (serve_source){SERVE_LISTENER, CS_WIRE_WS, false, -1};
  s->dtls = (serve_source){SERVE_DATAGRAM, CS_WIRE_UDP, true, -1};
  s->tls = (serve_source){SERVE_LISTENER, CS_WIRE_TCP, true, -1};
  s->wss = (serve_source){SERVE_LISTENER, CS_WIRE_WS, true, -1};
  s->group = (serve_source){SERVE_DATAGRAM, CS_WIRE_UDP, false, -1};
  s->elsewhere = (serve_source){SERVE_DATAGRAM, CS_WIRE_UDP, false, -1};
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++)
    s->links[i].source = (serve_source){.kind = SERVE_LINK, .fd = -1};
  if (open_all(s, places) && make_server(s, a) && make_guard(s, a) &&
      (!a->multicast || cs_runner_serve_join(s, &places->bind))) {
    code = serve_on(s);
    cs_runner_serve_drop_all(s);
  }
  cs_server_guard_free(s->guard);
  cs_server_free(s->server);
  cs_base_table_free(&s->table, &cs_net_heap_alloc);
  free(peers);
  cs_net_posix_free(&s->net, &cs_net_heap_alloc);
  free(s);
  return code;
}

int cs_runner_command_serve(cs_runner_args *a) {
  struct places places = {.ws_given = a->ws != NULL};
  const char *why;
  if (a->list_defects)
    return list_defects();
  if (a->words.count)
    return cs_runner_usage_error("serve: takes options only");
  if (!cs_runner_bind_address(a->bind ? a->bind : "127.0.0.1:5683", &a->arena, &places.bind,
                              &why) ||
      (a->ws && !cs_runner_bind_address(a->ws, &a->arena, &places.ws, &why)))
    return cs_runner_usage_error("serve: %s", why);
  return serve(a, &places);
}
