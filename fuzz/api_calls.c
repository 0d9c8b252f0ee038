/* The public functions of <coap3/coap.h> with arguments of the input's choice:
 * contexts, client sessions over UDP, TCP, WebSockets, (D)TLS and Unix-domain
 * sockets of a simulated net, messages, option lists, URIs, addresses, and handlers that
 * call all of these again; servers that keep the rules and others that do not;
 * allocations and operations of the system that fail. Only what a caller may
 * hand in, and what the library promises to refuse (NULL, what has ended, what
 * is out of range).
 *
 * The library's cryptography is bypassed (tls/bypass.c), as that of TARGET.bypass.
 *
 * Byte 0 is the set-up: bit 0 servers keep the rules, bit 1 tokens of 300 bytes,
 * bits 2 and 3 the log: none, warnings, all, all with messages; bit 4 the net
 * delays and reorders. Then calls, a byte each (the table `calls`) with what
 * each takes behind it; a handler takes its own number of calls, and what it
 * returns, from the same input.
 *
 * Oracles: a function that refuses leaves a reason; a request is told at most
 * once, with its own message, and has been when its session ends or nothing is
 * pending any more; whatever is sent parses; a handler's messages stay as they
 * are while it runs; once everything is left to itself it ends within bounded
 * turns and time; after coap_free_context and the last release there are no
 * memory, no sockets; memory is capped; the same input does the same.
 *
 * covers: src/api/address.c src/api/block.c src/api/context.c src/api/deliver.c
 * covers: src/api/credentials.c src/api/dtls.c src/api/secure.c
 * covers: src/api/encode.c src/api/error.c src/api/event.c src/api/exchange.c
 * covers: src/api/filter.c src/api/group.c src/api/io.c src/api/live.c src/api/log.c
 * covers: src/api/memory.c src/api/option.c src/api/optlist.c src/api/pdu.c
 * covers: src/api/pdu_access.c src/api/recovery.c src/api/reentry.c
 * covers: src/api/reference.c src/api/session.c src/api/session_new.c
 * covers: src/api/settings.c src/api/show.c src/api/str.c src/api/stream.c
 * covers: src/api/stream_event.c src/api/token.c src/api/transmit.c src/api/uri.c
 * covers: src/api/uri_options.c */
#include "api/context.h"
#include "api/memory.h"

#include "fuzz/api/credentials.h"
#include "fuzz/api/messages.h"
#include "fuzz/api/peers.h"
#include "fuzz/api/values.h"
#include "fuzz/api/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void operation(void);

/* ---- handlers ---- */

/* The application's part of a handler. */
static int within(coap_session_t *s, const coap_pdu_t *sent, const coap_pdu_t *received) {
  uint64_t before[2] = {content(sent), content(received)};
  note(before, sizeof before);
  w.depth++;
  uint8_t n = w.depth <= DEPTH_MAX && w.operations < OPERATIONS_MAX ? u8() : 0;
  if (n & 4 && received)
    note_int(coap_send_message_type(s, received, (coap_pdu_type_t)(n >> 3 & 3)));
  if (n & 32 && received)
    coap_delete_pdu((coap_pdu_t *)(uintptr_t)received); /* not ours: left alone */
  if (n & 64 && received) {
    asks();
    CS_ORACLE(coap_send(s, (coap_pdu_t *)(uintptr_t)received) == COAP_INVALID_MID);
    said(false);
  }
  for (n &= 3; n; n--)
    operation();
  w.depth--;
  CS_ORACLE(before[0] == content(sent) && before[1] == content(received));
  (void)coap_session_str(s);
  return u8();
}

static coap_response_t on_response(coap_session_t *s, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  CS_ORACLE(sent && received && mid == coap_pdu_get_mid(received));
  coap_bin_const_t a = coap_pdu_get_token(sent), b = coap_pdu_get_token(received);
  CS_ORACLE(coap_binary_equal(&a, &b));
  told(s, sent, !coap_session_get_addr_mcast(s));
  return within(s, sent, received) & 1 ? COAP_RESPONSE_FAIL : COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                    const coap_mid_t mid) {
  note_int(reason);
  CS_ORACLE(!sent || mid == coap_pdu_get_mid(sent));
  if (sent)
    told(s, sent, true);
  (void)within(s, sent, NULL);
}

static void on_ping(coap_session_t *s, const coap_pdu_t *received, const coap_mid_t mid) {
  CS_ORACLE(mid == coap_pdu_get_mid(received));
  (void)within(s, NULL, received);
}

static int on_event(coap_session_t *s, const coap_event_t event) {
  note_int(event);
  return within(s, NULL, NULL);
}

static void on_log(coap_log_t level, const char *line) {
  CS_ORACLE((int)level >= 0 && strlen(line) < 1100);
}

/* ---- contexts ---- */

static void new_context(void) {
  if (w.context || w.depth)
    return; /* one at a time, so that what a handler is told is of this one */
  cs_net net = cs_test_net_as_net(w.net);
  asks();
  w.context = cs_api_new_context_on(&net);
  said(w.context);
  if (!w.context)
    return;
  coap_register_response_handler(w.context, on_response);
  coap_register_nack_handler(w.context, on_nack);
  coap_register_ping_handler(w.context, on_ping);
  coap_register_pong_handler(w.context, on_ping);
  coap_register_event_handler(w.context, on_event);
  coap_context_set_csm_max_message_size(w.context, 1 << 16);
}

static void free_context(void) {
  coap_context_t *context = w.context;
  if (!context)
    return;
  w.context = NULL;
  w.stale_context = context;
  for (slot *x = w.slots; x < w.slots + SESSIONS; x++)
    if (x->s && !x->orphan) {
      /* It takes one reference of each. */
      x->orphan = true;
      x->stale = --x->refs ? NULL : x->s;
      if (x->refs == 0)
        x->s = NULL;
    }
  coap_session_t *gone[SESSIONS] = {NULL};
  for (unsigned i = 0; i < SESSIONS && w.depth == 0; i++) {
    gone[i] = w.slots[i].stale;
    w.slots[i].stale = NULL; /* its handlers may still use it */
  }
  coap_free_context(context);
  for (unsigned i = 0; i < SESSIONS; i++)
    w.slots[i].stale = gone[i];
  for (asked *a = w.asked; a < w.asked + ASKED; a++)
    if (a->pdu && w.depth == 0)
      forget(a->s);
}

static void set_context(void) {
  uint8_t what = u8();
  uint16_t value = u16();
  coap_context_t *c = w.context;
  switch (what % 12) {
  case 0:
    coap_context_set_keepalive(c, value % 120);
    break;
  case 1:
    coap_context_set_max_token_size(c, value);
    break;
  case 2:
    coap_context_set_csm_timeout(c, value % 100);
    break;
  case 3:
    coap_context_set_csm_max_message_size(c, value * 64u);
    break;
  case 4:
    coap_context_set_block_mode(c, (uint8_t)value);
    break;
  case 5:
    coap_register_option(c, value);
    break;
  case 6:
    coap_context_set_max_idle_sessions(c, value);
    CS_ORACLE(!c || coap_context_get_max_idle_sessions(c) == value);
    break;
  case 7:
    coap_context_set_session_timeout(c, value);
    CS_ORACLE(!c || coap_context_get_session_timeout(c) == value);
    break;
  case 8:
    coap_context_set_max_handshake_sessions(c, value);
    note_int(coap_context_get_max_handshake_sessions(c));
    break;
  case 9:
    coap_set_app_data(c, &w);
    CS_ORACLE(coap_get_app_data(c) == (c ? &w : NULL));
    break;
  case 10:
    if (value & 7)
      break;
    coap_register_nack_handler(c, NULL);
    w.deaf = true;
    break;
  default:
    note_int(coap_context_get_csm_timeout(c));
    note_int(coap_context_get_csm_max_message_size(c));
    note_int(coap_context_get_coap_fd(c));
  }
}

static void process(void) {
  uint8_t how = u8();
  coap_context_t *c = w.context;
  asks();
  switch (how & 7) {
  case 0: {
    unsigned sockets = 7;
    note_int(coap_io_prepare_io(c, NULL, 0, &sockets, 0));
    coap_io_do_io(w.context, 0);
    break;
  }
  case 1:
    note_int(coap_io_prepare_epoll(c, 0));
    coap_io_do_epoll(w.context, NULL, 0);
    break;
  case 2:
    note_int(coap_io_pending(c) | coap_can_exit(c) << 1);
    break;
  default: {
    int spent = coap_io_process(c, how & 8 ? COAP_IO_NO_WAIT : 1 + (how >> 4) * 500u);
    CS_ORACLE(spent >= -1 && (spent >= 0 || *coap_last_error()));
    CS_ORACLE((c && !w.depth) || spent == -1);
    note_int(spent);
  }
  }
}

/* ---- sessions ---- */

static void new_session(void) {
  static const coap_proto_t usual[PLACES] = {
      COAP_PROTO_UDP, COAP_PROTO_TCP, COAP_PROTO_WS,   COAP_PROTO_UDP, COAP_PROTO_TCP,
      COAP_PROTO_UDP, COAP_PROTO_TCP, COAP_PROTO_DTLS, COAP_PROTO_TLS, COAP_PROTO_WSS};
  slot *x = any_slot();
  uint8_t where = u8(), how = 0x70;
  if (x->s)
    return;
  coap_proto_t proto = usual[where % 16 % PLACES];
  const coap_address_t *server = &w.places[where % 16 % PLACES], *local = NULL;
  coap_address_t own;
  if (server->addr.sa.sa_family == AF_UNIX) {
    coap_address_init(&own);
    (void)coap_address_set_unix_domain(&own, (const uint8_t *)&"/a/b/c/d/e"[where >> 5 & 6], 2);
    local = &own;
  }
  if (where % 16 >= AT_DTLS)
    how = u8() & 0x30;
  if (where & 16) { /* anything else */
    how = u8();
    server = how & 1 ? &w.addresses[u8() % ADDRESSES] : server;
    local = how & 2 ? &w.addresses[u8() % ADDRESSES] : local;
    proto = how & 4 ? (coap_proto_t)u8() : proto;
    server = how & 8 ? NULL : server;
  }
  unsigned calls_before = w.operations;
  asks();
  coap_session_t *s = construct(how, local, server, proto);
  bool alone = w.operations == calls_before; /* no callback has called anything */
  if (alone)
    said(s);
  if (!s)
    return;
  CS_ORACLE(coap_session_get_proto(s) == proto);
  CS_ORACLE(!alone || coap_session_get_context(s) == w.context);
  CS_ORACLE(coap_session_get_type(s) == COAP_SESSION_TYPE_CLIENT);
  if (x->s || !w.context) { /* the place was taken meanwhile, or the context freed */
    coap_session_release(s);
    return;
  }
  *x = (slot){.s = s, .refs = 1};
}

static void release(slot *x) {
  coap_session_t *s = x->s;
  if (!s)
    return;
  if (--x->refs == 0) {
    x->s = NULL;
    x->stale = s;
  }
  coap_session_release(s);
  if (x->stale == s && w.depth == 0)
    forget(s);
}

static void reference(void) {
  slot *x = any_slot();
  if (u8() & 3) {
    release(x);
  } else if (x->s) {
    CS_ORACLE(coap_session_reference(x->s) == x->s);
    x->refs++;
  } else {
    /* What has ended is refused, and not touched. */
    asks();
    CS_ORACLE(!coap_session_reference(x->stale));
    said(false);
    coap_session_release(x->stale);
    if (!w.context && w.stale_context && w.depth == 0)
      coap_free_context(w.stale_context);
  }
}

static coap_fixed_point_t fixed(void) {
  uint8_t whole = u8();
  return (coap_fixed_point_t){whole, u16() % 1100};
}

static void set_session(void) {
  coap_session_t *s = any_slot()->s;
  uint8_t what = u8();
  switch (what % 14) {
  case 0:
    coap_session_set_nstart(s, u8());
    note_int(coap_session_get_nstart(s));
    break;
  case 1:
    coap_session_set_mtu(s, u8() * 8u);
    break;
  case 2:
    coap_session_set_max_retransmit(s, u8() % 14);
    note_int(coap_session_get_max_retransmit(s));
    break;
  case 3:
    coap_session_set_ack_timeout(s, fixed());
    note_int(coap_session_get_ack_timeout(s).integer_part);
    break;
  case 4:
    coap_session_set_ack_random_factor(s, fixed());
    note_int(coap_session_get_ack_random_factor(s).integer_part);
    break;
  case 5:
    coap_session_set_default_leisure(s, fixed());
    note_int(coap_session_get_default_leisure(s).integer_part);
    break;
  case 6:
    coap_session_set_probing_rate(s, u16());
    note_int(coap_session_get_probing_rate(s));
    break;
  case 7: {
    cs_span b = bytes();
    coap_session_init_token(s, b.len, b.at);
    break;
  }
  case 8: {
    cs_span b = bytes();
    coap_str_const_t host = {b.len, b.at};
    asks();
    said(coap_ws_set_host_request(s, u8() & 1 ? &host : NULL));
    break;
  }
  case 9:
    asks();
    said(coap_mcast_set_hops(s, u16()));
    break;
  case 10:
    coap_session_set_app_data(s, &w);
    CS_ORACLE(coap_session_get_app_data(s) == (s ? &w : NULL));
    break;
  case 11:
    coap_session_set_max_payloads(s, u8());
    coap_session_set_non_max_retransmit(s, u8());
    coap_session_set_non_timeout(s, fixed());
    coap_session_set_non_receive_timeout(s, fixed());
    break;
  case 12:
    (void)coap_handle_event(w.context, (coap_event_t)u16(), s);
    break;
  default:
    coap_session_set_no_observe_cancel(s);
  }
}

static void look_at_session(void) {
  coap_session_t *s = any_slot()->s;
  coap_tls_library_t library;
  note_int(coap_session_get_state(s));
  note_int((long long)coap_session_max_pdu_size(s));
  note_int(coap_session_get_ifindex(s));
  note(coap_session_str(s), strlen(coap_session_str(s)));
  CS_ORACLE(!s == !coap_session_get_addr_remote(s));
  asks();
  said(coap_session_get_addr_local(s));
  (void)coap_session_get_tls(s, &library);
  (void)coap_session_get_psk_hint(s);
  (void)coap_session_get_psk_identity(s);
  (void)coap_session_get_psk_key(s);
  note_int(coap_new_message_id(s));
}

static void disconnect(void) {
  coap_session_t *s = any_slot()->s;
  coap_session_disconnected(s, (coap_nack_reason_t)(u8() % 12));
}

static void ping(void) {
  coap_session_t *s = any_slot()->s;
  asks();
  said((u8() & 1 ? coap_session_send_ping(s)
                 : coap_cancel_observe(s, NULL, COAP_MESSAGE_CON) - 1) != COAP_INVALID_MID);
}

/* ---- what fails, and time ---- */

static void fail(void) {
  static const char *const what[] = {"open", "send", "receive", "watch"};
  static const cs_err how[] = {CS_ERR_AGAIN,  CS_ERR_REFUSED,     CS_ERR_MEMORY, CS_ERR_TOO_LARGE,
                               CS_ERR_CLOSED, CS_ERR_UNREACHABLE, CS_ERR_RESET,  CS_ERR_SYSTEM};
  uint8_t k = u8();
  if (k & 128) {
    tls_arena.fail_in = 1 + k % 32;
    return;
  }
  cs_err e = how[k >> 2 & 7];
  /* What open cannot say. */
  if (k % 4 == 0 && (e == CS_ERR_AGAIN || e == CS_ERR_TOO_LARGE))
    e = CS_ERR_LIMIT;
  cs_test_net_fail(w.net, what[k & 3], 1 + (k >> 5), e);
}

static void pass(void) {
  uint8_t t = u8();
  cs_test_net_advance(w.net, (cs_time)t * t * 10 * CS_MILLISECOND);
}

static void call_with_null(void) {
  coap_session_release(NULL);
  coap_free_context(NULL);
  coap_session_disconnected(NULL, COAP_NACK_RST);
  coap_delete_pdu(NULL);
  asks();
  said(coap_session_reference(NULL));
  asks();
  said(coap_send(NULL, NULL) != COAP_INVALID_MID);
  asks();
  said(coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, NULL));
  asks();
  said(coap_send_error(NULL, NULL, COAP_RESPONSE_CODE_NOT_FOUND, NULL) != COAP_INVALID_MID);
  asks();
  said(coap_io_process(NULL, COAP_IO_NO_WAIT) >= 0);
  asks();
  said(coap_pdu_parse(COAP_PROTO_UDP, NULL, 0, NULL));
  (void)coap_session_get_state(NULL);
  (void)coap_session_max_pdu_size(NULL);
  (void)coap_session_get_ack_timeout(NULL);
  (void)content(NULL);
}

static void end_context(void) {
  if (u8() % 4 == 0)
    free_context();
}

/* Numbers have their places in seeds and in the dictionary; what is not in use is
 * what moves things on. */
static void (*const calls[64])(void) = {
    new_session,    new_session,  request,       request,         process,
    process,        process,      peer_acts,     peer_acts,       peer_acts,
    reference,      new_pdu,      fill_pdu,      fill_pdu,        send_pdu,
    parse_pdu,      set_session,  set_context,   look_at_session, ping,
    disconnect,     fail,         pass,          make_address,    look_at_address,
    resolve,        split_uri,    copy_uri,      split_parts,     grow_list,
    drop_list,      parse_option, encode_option, filter,          strings,
    numbers,        body,         pieces,        settings,        refused_constructors,
    call_with_null, end_context,  new_context,   set_pki};

static void operation(void) {
  w.operations++;
  void (*call)(void) = calls[u8() % 64];
  if (!call)
    call = w.operations & 1 ? process : peer_acts;
  call();
  if (w.depth == 0)
    forget_ended();
}

/* ---- an input ---- */

static void place(int at, cs_net_kind kind, const char *host, uint16_t port) {
  cs_net_address a;
  coap_address_t *out = &w.places[at];
  coap_address_init(out);
  if (*host == '/') {
    CS_ORACLE(cs_net_address_unix(cs_span_str(host), &a) == CS_OK);
    out->addr.cun.sun_family = AF_UNIX;
    memcpy(out->addr.cun.sun_path, host, strlen(host));
  } else {
    CS_ORACLE(cs_net_address_literal(cs_span_str(host), port, &a) == CS_OK);
    out->addr.sin = a.u.in;
  }
  if (at != AT_NOWHERE && at != AT_GROUP)
    CS_ORACLE(w.servers.ops->open(w.servers.self, kind, &a, NULL, &w.fd[at]) == CS_OK);
  if (at == AT_GROUP)
    CS_ORACLE(w.servers.ops->multicast_join(w.servers.self, w.fd[AT_UDP], &a) == CS_OK);
}

static void begin(cs_span input) {
  memset(&w, 0, sizeof w);
  w.at = input.at;
  w.end = input.len ? input.at + input.len : input.at;
  uint8_t setup = u8();
  fuzz_arena_init(&tls_arena, CONTEXT_CAP);
  fuzz_memory_init(&w.server_memory, SERVER_CAP);
  cs_base_seeded_init(&w.random, 4875);
  w.honest = setup & 1;
  cs_api_set_alloc(&tls_arena.alloc);
  coap_startup();
  coap_set_log_handler(on_log);
  coap_set_show_pdu_output(0);
  static const coap_log_t levels[] = {COAP_LOG_EMERG, COAP_LOG_WARN, COAP_LOG_DEBUG,
                                      COAP_LOG_OSCORE};
  coap_set_log_level(levels[setup >> 2 & 3]);
  static const cs_wire_form forms[] = {CS_WIRE_TCP, CS_WIRE_WS, CS_WIRE_UDP};
  static const cs_link_kind links[] = {CS_LINK_STREAM, CS_LINK_WEBSOCKET, CS_LINK_DATAGRAM};
  static uint8_t plain[CS_TLS_RECORD_MAX];
  for (int i = 0; i < 3; i++)
    w.serving[i] = (cs_endpoint_config){.core = {.role = CS_SERVER,
                                                 .form = forms[i],
                                                 .alloc = &w.server_memory.alloc,
                                                 .random = cs_base_seeded_random(&w.random)},
                                        .link = links[i],
                                        .plain = plain};
  for (unsigned i = 0; i < CONNECTIONS; i++)
    w.connections[i].fd = -1;
  w.net = cs_test_net_new(1);
  w.servers = cs_test_net_as_net(w.net);
  if (setup & 16)
    cs_test_net_set_link(w.net, &(cs_test_net_link){.delay_max = 300 * CS_MILLISECOND});
  place(AT_UDP, CS_NET_DATAGRAM, "192.0.2.9", COAP_DEFAULT_PORT);
  place(AT_TCP, CS_NET_STREAM, "192.0.2.9", COAP_DEFAULT_PORT);
  place(AT_WS, CS_NET_STREAM, "192.0.2.9", 80);
  place(AT_UNIX, CS_NET_DATAGRAM, "/d", 0);
  place(AT_UNIX_STREAM, CS_NET_STREAM, "/s", 0);
  place(AT_GROUP, CS_NET_DATAGRAM, "224.0.1.187", COAP_DEFAULT_PORT);
  place(AT_NOWHERE, CS_NET_STREAM, "192.0.2.8", 1);
  place(AT_DTLS, CS_NET_DATAGRAM, "192.0.2.9", COAPS_DEFAULT_PORT);
  place(AT_TLS, CS_NET_STREAM, "192.0.2.9", COAPS_DEFAULT_PORT);
  place(AT_WSS, CS_NET_STREAM, "192.0.2.9", 443);
  cs_test_net_set_idle(w.net, peers_turn, NULL);
  tls_arena_on = true;
  new_context();
  if (setup & 2)
    coap_context_set_max_token_size(w.context, 300);
}

/* Nothing fails any more and nobody calls but the loop: everything comes to an
 * end, and then it is quiet. */
static void come_to_rest(void) {
  enum { TURNS_MAX = 20000, QUIET_TURNS = 1000 };
  if (!w.context)
    return;
  coap_context_set_keepalive(w.context, 0);
  for (slot *x = w.slots; x < w.slots + SESSIONS; x++)
    if (x->s && !x->orphan)
      coap_session_set_probing_rate(x->s, 1000000);
  unsigned turns = 0;
  while (coap_io_pending(w.context)) {
    CS_ORACLE(coap_io_process(w.context, 100000) >= 0);
    CS_ORACLE(turns++ < TURNS_MAX);
  }
  for (asked *a = w.asked; a < w.asked + ASKED; a++)
    CS_ORACLE(!a->pdu || a->quiet || w.deaf);
  /* A session whose server neither speaks nor hangs up ends by its own timers. */
  cs_time since = cs_test_net_now(w.net);
  for (turns = 0; cs_test_net_now(w.net) - since < 120 * CS_SECOND; turns++) {
    CS_ORACLE(coap_io_process(w.context, 10000) >= 0);
    CS_ORACLE(turns < QUIET_TURNS);
  }
  for (slot *x = w.slots; x < w.slots + SESSIONS; x++)
    if (x->s && !x->orphan && COAP_PROTO_RELIABLE(coap_session_get_proto(x->s))) {
      coap_session_state_t state = coap_session_get_state(x->s);
      CS_ORACLE(state == COAP_SESSION_STATE_NONE || state == COAP_SESSION_STATE_ESTABLISHED);
    }
}

static void end(void) {
  free_context();
  for (slot *x = w.slots; x < w.slots + SESSIONS; x++)
    while (x->s)
      release(x);
  free_values();
  cs_api_set_alloc(NULL);
  coap_cleanup();
  CS_ORACLE(tls_arena.out == 0);
  tls_arena_on = false;
  if (w.guard)
    cs_endpoint_close(w.guard);
  cs_test_net_set_idle(w.net, NULL, NULL);
  /* The servers hear of it. */
  w.honest = false;
  for (unsigned i = 0; i < 3; i++) {
    for (connection *c = w.connections; c < w.connections + CONNECTIONS; c++)
      if (c->fd >= 0)
        hang_up(c);
    cs_test_net_advance(w.net, CS_SECOND);
    peers_turn(NULL);
  }
  for (connection *c = w.connections; c < w.connections + CONNECTIONS; c++)
    if (c->fd >= 0)
      hang_up(c);
  CS_ORACLE(cs_test_net_open_sockets(w.net) == 8);
  CS_ORACLE(w.server_memory.out == 0);
  cs_test_net_free(w.net);
}

static uint64_t run(cs_span input) {
  begin(input);
  while (w.at < w.end && w.operations < OPERATIONS_MAX)
    operation();
  w.end = w.at;
  w.operations = OPERATIONS_MAX;
  tls_arena.fail_in = 0;
  static const char *const what[] = {"open", "send", "receive", "watch"};
  for (unsigned i = 0; i < 4; i++)
    cs_test_net_fail(w.net, what[i], 0, CS_OK);
  come_to_rest();
  note_int((long long)cs_test_net_now(w.net));
  uint64_t digest = w.digest;
  end();
  return digest;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  secrets_begin();
  /* What the library keeps with the servers' keys from the first use on: made now, so
   * that no input is the first. A session with certificates, and one over TLS. */
  static const uint8_t first[][12] = {{1, 0, 0, 7, 0x10, 0x60, 4, 0xf3, 4, 0xf3, 4, 0xf3},
                                      {1, 0, 1, 8, 0x10, 0x20, 4, 0xf3, 4, 0xf3, 4, 0xf3}};
  for (unsigned i = 0; i < 2; i++)
    (void)run(cs_span_of(first[i], sizeof first[i]));
  atexit(secrets_end);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  /* One in four is enough to notice, and leaves time for the others. */
  if (first % 4 == 0 && !cs_tls_has_tls13()) /* which draws from a generator that is not ours */
    CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
