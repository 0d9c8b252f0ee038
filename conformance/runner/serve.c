/* The embedded server on a UDP socket. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "net/net.h"
#include "runner/cli.h"
#include "runner/target.h"
#include "server/server.h"

enum { DATAGRAM_MAX = 65536, PEERS_MAX = 4096 };

/* Addresses by the numbers that the server knows them by. The oldest makes
 * room, and its number is never used again. */
struct peer {
  cs_base_node node;
  cs_net_address address;
  uint64_t number;
};

struct serving {
  cs_net net;
  int fd;
  cs_server *server;
  cs_base_table table;
  struct peer *peers;
  uint64_t next; /* number of the next new peer */
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal) {
  (void)signal;
  stopped = 1;
}

static struct peer *peer_of(struct serving *s, const cs_net_address *address) {
  uint32_t hash = cs_net_address_hash(0, address);
  for (cs_base_node *n = cs_base_table_chain(&s->table, hash); n; n = n->next) {
    struct peer *p = (struct peer *)n;
    if (n->hash == hash && cs_net_address_equal(&p->address, address))
      return p;
  }
  struct peer *p = &s->peers[s->next % PEERS_MAX];
  if (p->number)
    cs_base_table_remove(&s->table, &p->node);
  *p = (struct peer){.node.hash = hash, .address = *address, .number = s->next};
  if (cs_base_table_add(&s->table, &cs_net_heap_alloc, &p->node) != CS_OK) {
    p->number = 0;
    return NULL;
  }
  s->next++;
  return p;
}

static const cs_net_address *address_of(const struct serving *s, uint64_t number) {
  const struct peer *p = &s->peers[number % PEERS_MAX];
  return p->number == number ? &p->address : NULL;
}

static void receive_all(struct serving *s, uint8_t *buf) {
  cs_net_address from;
  size_t len;
  for (;;) {
    cs_err err = s->net.ops->receive(s->net.self, s->fd, buf, DATAGRAM_MAX, &len, &from);
    /* The errors of datagrams sent earlier to peers that are gone by now. */
    if (err == CS_ERR_REFUSED || err == CS_ERR_UNREACHABLE || err == CS_ERR_TOO_LARGE)
      continue;
    if (err != CS_OK)
      return;
    const struct peer *p = peer_of(s, &from);
    if (p)
      cs_server_receive(s->server, p->number, false, cs_span_of(buf, len),
                        s->net.ops->now(s->net.self));
  }
}

static void send_all(struct serving *s, uint8_t *buf) {
  uint64_t number;
  size_t len;
  size_t sent;
  while (cs_server_transmit(s->server, s->net.ops->now(s->net.self), buf, DATAGRAM_MAX, &number,
                            &len) == CS_OK) {
    const cs_net_address *to = address_of(s, number);
    if (to)
      (void)s->net.ops->send(s->net.self, s->fd, to, cs_span_of(buf, len), &sent);
  }
}

static void loop(struct serving *s) {
  static uint8_t buf[DATAGRAM_MAX];
  while (!stopped) {
    cs_net_ready ready;
    s->net.ops->wait(s->net.self, &ready, 1, cs_server_deadline(s->server));
    receive_all(s, buf);
    cs_time now = s->net.ops->now(s->net.self);
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

static int serve_on(struct serving *s) {
  cs_net_address bound;
  char text[CS_NET_ADDRESS_TEXT];
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (s->net.ops->local(s->net.self, s->fd, &bound) != CS_OK ||
      s->net.ops->watch(s->net.self, s->fd, CS_NET_READ, s) != CS_OK)
    return cs_runner_usage_error("serve: the socket cannot be used");
  cs_net_address_print(&bound, text, sizeof text);
  printf("coapspec: serving on coap://%s\n", text);
  fflush(stdout);
  loop(s);
  return CS_RUNNER_EXIT_OK;
}

static int serve(cs_runner_args *a, const cs_net_address *local, const char *where) {
  struct serving s = {.fd = -1, .next = 1};
  const char *unknown = "";
  int code = CS_RUNNER_EXIT_USAGE;
  if (cs_net_posix_new(&cs_net_heap_alloc, &s.net) != CS_OK)
    return cs_runner_usage_error("serve: no event loop");
  cs_server_config config = {.alloc = &cs_net_heap_alloc,
                             .seed = a->seeded ? a->seed : 1,
                             .defects = a->defects.items,
                             .defect_count = a->defects.count,
                             .max_peers = PEERS_MAX};
  s.peers = calloc(PEERS_MAX, sizeof *s.peers);
  cs_err err =
      s.peers ? s.net.ops->open(s.net.self, CS_NET_DATAGRAM, local, NULL, &s.fd) : CS_ERR_MEMORY;
  if (err != CS_OK) {
    /* The address is well-formed, so what cannot be bound is not ours. */
    cs_runner_usage_error("serve: %s: %s", where,
                          err == CS_ERR_ARGUMENT ? "not an address of this machine"
                                                 : cs_base_err_text(err));
  } else {
    err = cs_server_new(&config, s.net.ops->now(s.net.self), &s.server, &unknown);
    if (err == CS_ERR_NOT_FOUND)
      cs_runner_usage_error("serve: no defect has the name %s; --list-defects lists them", unknown);
    else if (err != CS_OK)
      cs_runner_usage_error("serve: %s", cs_base_err_text(err));
    else
      code = serve_on(&s);
  }
  if (s.server)
    cs_server_free(s.server);
  cs_base_table_free(&s.table, &cs_net_heap_alloc);
  free(s.peers);
  cs_net_posix_free(&s.net, &cs_net_heap_alloc);
  return code;
}

int cs_runner_command_serve(cs_runner_args *a) {
  cs_net_address local;
  const char *where = a->bind ? a->bind : "127.0.0.1:5683";
  const char *why;
  if (a->list_defects)
    return list_defects();
  if (a->words.count)
    return cs_runner_usage_error("serve: takes options only");
  if (!cs_runner_bind_address(where, &a->arena, &local, &why))
    return cs_runner_usage_error("serve: %s", why);
  return serve(a, &local, where);
}
