/* The embedded server on sockets: UDP and TCP on one port, WebSockets on
 * another. */
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

static serve_peer *peer_of(serving *s, const cs_net_address *address) {
  uint32_t hash = cs_net_address_hash(0, address);
  for (cs_base_node *n = cs_base_table_chain(&s->table, hash); n; n = n->next) {
    serve_peer *p = (serve_peer *)n;
    if (n->hash == hash && cs_net_address_equal(&p->address, address))
      return p;
  }
  serve_peer *p = &s->peers[s->next % SERVE_PEERS_MAX];
  if (p->number)
    cs_base_table_remove(&s->table, &p->node);
  *p = (serve_peer){.node.hash = hash, .address = *address, .number = s->next};
  if (cs_base_table_add(&s->table, &cs_net_heap_alloc, &p->node) != CS_OK) {
    p->number = 0;
    return NULL;
  }
  s->next++;
  return p;
}

static const cs_net_address *address_of(const serving *s, uint64_t number) {
  const serve_peer *p = &s->peers[number % SERVE_PEERS_MAX];
  return p->number == number ? &p->address : NULL;
}

static void receive_datagrams(serving *s, uint8_t *buf) {
  enum { AT_ONCE = 1000 };
  cs_net_address from;
  size_t len;
  for (unsigned i = 0; i < AT_ONCE; i++) {
    cs_err err = s->net.ops->receive(s->net.self, s->udp.fd, buf, SERVE_BUFFER, &len, &from);
    /* The errors of datagrams sent earlier to peers that are gone by now. */
    if (err == CS_ERR_REFUSED || err == CS_ERR_UNREACHABLE || err == CS_ERR_TOO_LARGE)
      continue;
    if (err != CS_OK)
      return;
    const serve_peer *p = peer_of(s, &from);
    if (p)
      cs_server_receive(s->server, p->number, false, cs_span_of(buf, len), serve_now(s));
  }
}

static void send_all(serving *s, uint8_t *buf) {
  uint64_t number;
  size_t len;
  size_t sent;
  while (cs_server_transmit(s->server, serve_now(s), buf, SERVE_BUFFER, &number, &len) == CS_OK) {
    if (cs_runner_serve_is_link(number)) {
      cs_runner_serve_output(s, number, cs_span_of(buf, len));
      continue;
    }
    const cs_net_address *to = address_of(s, number);
    if (to)
      (void)s->net.ops->send(s->net.self, s->udp.fd, to, cs_span_of(buf, len), &sent);
  }
  while (cs_server_closing(s->server, serve_now(s), &number))
    cs_runner_serve_close(s, number);
}

static void handle(serving *s, const cs_net_ready *ready, uint8_t *buf) {
  serve_source *source = ready->user;
  switch (source->kind) {
  case SERVE_DATAGRAM:
    receive_datagrams(s, buf);
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
    cs_time deadline = cs_time_min(cs_server_deadline(s->server), cs_runner_serve_tend(s));
    size_t n = s->net.ops->wait(s->net.self, ready, READY_MAX, deadline);
    for (size_t i = 0; i < n; i++)
      handle(s, &ready[i], buf);
    cs_time now = serve_now(s);
    if (cs_server_deadline(s->server) <= now)
      cs_server_expire(s->server, now);
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
      !announce(s, &s->ws, "coap+ws"))
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

/* Binds UDP and TCP to the same port, also when that is free to choose. */
static bool open_both(serving *s, const cs_net_address *bind) {
  enum { TRIES = 50 };
  cs_net_address bound = *bind;
  for (unsigned i = 0; i < TRIES; i++) {
    cs_err err = s->net.ops->open(s->net.self, CS_NET_DATAGRAM, bind, NULL, &s->udp.fd);
    if (err == CS_OK)
      err = s->net.ops->local(s->net.self, s->udp.fd, &bound);
    if (err != CS_OK)
      return complain(bind, "UDP", err);
    err = s->net.ops->open(s->net.self, CS_NET_STREAM, &bound, NULL, &s->tcp.fd);
    if (err == CS_OK)
      return true;
    s->net.ops->close(s->net.self, s->udp.fd);
    if (err != CS_ERR_IN_USE || cs_net_address_port(bind) != 0)
      return complain(&bound, "TCP", err);
  }
  return complain(bind, "TCP", CS_ERR_IN_USE);
}

/* WebSockets are 3000 above the other port, where nobody says otherwise. */
static bool open_ws(serving *s, const struct places *places) {
  cs_net_address at = places->ws_given ? places->ws : places->bind;
  if (!places->ws_given) {
    unsigned port = cs_net_address_port(&at);
    cs_net_address_set_port(
        &at, port && port + WS_DISTANCE <= UINT16_MAX ? (uint16_t)(port + WS_DISTANCE) : 0);
  }
  cs_err err = s->net.ops->open(s->net.self, CS_NET_STREAM, &at, NULL, &s->ws.fd);
  return err == CS_OK || complain(&at, "TCP for WebSockets", err);
}

static bool make_server(serving *s, const cs_runner_args *a) {
  const char *unknown = "";
  cs_server_config config = {.alloc = &cs_net_heap_alloc,
                             .seed = a->seeded ? a->seed : 1,
                             .defects = a->defects.items,
                             .defect_count = a->defects.count,
                             .max_peers = SERVE_PEERS_MAX,
                             .token_max = a->token_max};
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
  s->udp = (serve_source){SERVE_DATAGRAM, CS_WIRE_UDP, -1};
  s->tcp = (serve_source){SERVE_LISTENER, CS_WIRE_TCP, -1};
  s->ws = (serve_source){SERVE_LISTENER, CS_WIRE_WS, -1};
  for (size_t i = 0; i < SERVE_LINKS_MAX; i++)
    s->links[i].source = (serve_source){.kind = SERVE_LINK, .fd = -1};
  if (open_both(s, &places->bind) && open_ws(s, places) && make_server(s, a)) {
    code = serve_on(s);
    cs_runner_serve_drop_all(s);
    cs_server_free(s->server);
  }
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
