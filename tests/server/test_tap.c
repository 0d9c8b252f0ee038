/* Hooks on streams: what they are shown, and what becomes of what they do. The
 * defects here are toys that are put in the place of a real one. */
#include "server/inside.h"
#include "wired.h"

enum { FORMS = 2 };
#define FORM wired_forms[_i]

static wired w;
static char seen[8192]; /* what the hooks noted, a line each */

static void note(const char *where, const char *what) {
  size_t len = strlen(seen);
  snprintf(seen + len, sizeof seen - len, "%s %s\n", where, what);
}

static void note_message(const char *where, const cs_defect_message *d) {
  char text[4096] = "malformed";
  ck_assert_int_eq(d->form, w.form);
  if (d->broken == CS_RULE_NONE)
    ck_assert_int_eq(cs_wire_print(&d->m, text, sizeof text, NULL), CS_OK);
  note(where, text);
}

static void note_unit(const char *where, const cs_defect_unit *u) {
  cs_wire_ws_frame f;
  uint8_t payload[CS_SERVER_MESSAGE_MAX];
  size_t len;
  char text[64] = "head";
  if (u->kind == CS_DEFECT_FRAME) {
    ck_assert(cs_defect_unit_read(u, &f, payload, &len));
    snprintf(text, sizeof text, "%s %zu", cs_wire_ws_opcode_name(f.opcode), len);
  }
  note(where, text);
}

static bool note_in(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  note_message("in", d);
  return true;
}

static bool note_out(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  note_message("out", d);
  return true;
}

static bool note_unit_in(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  note_unit("unit_in", u);
  return true;
}

static bool note_unit_out(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  note_unit("unit_out", u);
  return true;
}

/* A server whose only defects are these, and a connection. */
static void open_with_both(cs_wire_form form, const cs_defect *first, const cs_defect *second) {
  const char *const names[] = {"token-missing", "token-missing"};
  cs_server_config config;
  wired_config(&w, &config);
  config.defects = names;
  config.defect_count = 2;
  ck_assert_int_eq(cs_server_new(&config, w.now, &w.server, NULL), CS_OK);
  w.server->defects[0] = first;
  w.server->defects[1] = second;
  seen[0] = 0;
  wired_connect(&w, form);
}

static void open_with(cs_wire_form form, const cs_defect *toy) {
  static const cs_defect nothing = {.row = {.transports = CS_DEFECT_ANY}};
  open_with_both(form, toy, &nothing);
}

static const cs_defect noting = {
    .in = note_in, .out = note_out, .unit_in = note_unit_in, .unit_out = note_unit_out};

START_TEST(all_is_shown_once) {
  static const char *const want[] = {"out CSM Max-Message-Size=1048576 Block-Wise-Transfer\n"
                                     "in CSM\n"
                                     "in GET token=aa Uri-Path=\"seg1\"\n"
                                     "out 2.05 token=aa Content-Format=0 payload=\"one segment\"\n"
                                     "in 0.00\n"
                                     "in Ping token=01\n"
                                     "out Pong token=01\n",
                                     "unit_in head\n"
                                     "unit_out head\n"
                                     "out CSM Max-Message-Size=1048576 Block-Wise-Transfer\n"
                                     "unit_out binary 7\n"
                                     "unit_in binary 2\n"
                                     "in CSM\n"
                                     "unit_in binary 8\n"
                                     "in GET token=aa Uri-Path=\"seg1\"\n"
                                     "out 2.05 token=aa Content-Format=0 payload=\"one segment\"\n"
                                     "unit_out binary 16\n"
                                     "unit_in ping 1\n"
                                     "unit_out pong 1\n"
                                     "unit_in binary 2\n"
                                     "in 0.00\n"
                                     "unit_in binary 3\n"
                                     "in Ping token=01\n"
                                     "out Pong token=01\n"
                                     "unit_out binary 3\n"};
  for (size_t cut = 0; cut < 9; cut++) {
    open_with(FORM, &noting);
    w.cut = cut;
    wired_greet(&w);
    ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""),
                     "2.05 token=aa Content-Format=0 payload=\"one segment\"");
    if (FORM == CS_WIRE_WS) {
      cs_wire_ws_frame ping = wired_binary;
      ping.opcode = CS_WS_PING;
      wired_frame(&w, ping, "x", 1);
      ck_assert_str_eq(wired_next(&w), "frame pong 0");
    }
    wired_send(&w, "0.00");
    ck_assert_str_eq(wired_ask(&w, "Ping token=01"), "Pong token=01");
    ck_assert_str_eq(seen, want[_i]);
    wired_done(&w);
  }
}
END_TEST

/* ---- changing and dropping ---- */

static bool other_path(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t path[] = {0xb5, 'q', 'u', 'e', 'r', 'y'};
  (void)t;
  if (d->m.code != CS_CODE(0, 1))
    return true;
  cs_wire_message m = d->m;
  m.form = CS_WIRE_UDP; /* which set does not mind */
  m.options = cs_span_of(path, sizeof path);
  return cs_defect_set(d, &m);
}

static bool other_token(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->m.code != CS_CODE(2, 5))
    return true;
  cs_wire_message m = d->m;
  m.token = cs_span_of("\xbb\xcc", 2);
  return cs_defect_set(d, &m);
}

START_TEST(messages_may_be_changed) {
  static const cs_defect toy = {.in = other_path, .out = other_token};
  open_with(FORM, &toy);
  w.cut = 2;
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""),
                   "2.05 token=bbcc Content-Format=0");
  wired_done(&w);
}
END_TEST

static bool no_get(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->m.code != CS_CODE(0, 1);
}

static bool no_pong(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->m.code != CS_CODE(7, 3);
}

START_TEST(messages_may_be_dropped) {
  static const cs_defect toy = {.in = no_get, .out = no_pong};
  open_with(FORM, &toy);
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""), "");
  ck_assert_str_eq(wired_ask(&w, "Ping token=aa"), "");
  ck_assert_begins(wired_ask(&w, "DELETE token=ab Uri-Path=\"seg1\""), "4.05 token=ab");
  wired_done(&w);
}
END_TEST

/* ---- units ---- */

/* Takes frames that no server may take: unmasked ones, by masking them. */
static bool mask_it(cs_defect_turn *t, cs_defect_unit *u) {
  cs_wire_ws_frame f;
  uint8_t payload[CS_SERVER_MESSAGE_MAX];
  size_t len;
  (void)t;
  if (cs_defect_unit_read(u, &f, payload, &len) && !f.masked) {
    f.masked = true;
    return cs_defect_unit_write(u, &f, cs_span_of(payload, len));
  }
  return true;
}

/* Masks what the server sends, in which it must not. */
static bool mask_out(cs_defect_turn *t, cs_defect_unit *u) {
  return u->kind == CS_DEFECT_HEAD || mask_it(t, u);
}

START_TEST(frames_may_be_changed) {
  static const cs_defect toy = {.unit_in = mask_it, .in = note_in};
  open_with(CS_WIRE_WS, &toy);
  wired_greet(&w);
  cs_wire_ws_frame f = wired_binary;
  f.masked = false;
  wired_frame(&w, f, "\x00\xe2", 2);
  ck_assert_str_eq(wired_next(&w), "Pong");
  ck_assert_str_eq(seen, "in CSM\nin Ping\n");
  wired_done(&w);
  static const cs_defect masking = {.unit_out = mask_out};
  open_with(CS_WIRE_WS, &masking);
  wired_upgrade(&w);
  ck_assert_str_eq(wired_next(&w), "HTTP 101");
  ck_assert_str_eq(wired_next(&w), "bad frame");
  wired_done(&w);
}
END_TEST

static bool drop_control(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return u->kind == CS_DEFECT_HEAD || (u->bytes[0] & 8) == 0;
}

START_TEST(frames_may_be_dropped) {
  static const cs_defect in = {.unit_in = drop_control};
  static const cs_defect out = {.unit_out = drop_control};
  const cs_defect *const toys[] = {&in, &out};
  for (size_t i = 0; i < 2; i++) {
    open_with(CS_WIRE_WS, toys[i]);
    wired_greet(&w);
    cs_wire_ws_frame ping = wired_binary;
    ping.opcode = CS_WS_PING;
    wired_frame(&w, ping, "x", 1);
    ck_assert_str_eq(wired_next(&w), "");
    ck_assert_str_eq(wired_ask(&w, "Ping"), "Pong");
    wired_done(&w);
  }
}
END_TEST

/* Makes a path that the server refuses into the one that it takes. */
static bool any_path(cs_defect_turn *t, cs_defect_unit *u) {
  static const char right[] = "GET " CS_WS_PATH;
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  (void)t;
  if (u->kind != CS_DEFECT_HEAD)
    return true;
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  size_t from = 4;
  while (from < u->len && u->bytes[from] != ' ')
    from++;
  cs_base_put_str(&out, right);
  cs_base_put_bytes(&out, u->bytes + from, u->len - from);
  return cs_defect_unit_set(u, cs_base_written(&out));
}

static bool other_reason(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    u->bytes[11] = '2';
  return true;
}

START_TEST(heads_may_be_changed) {
  static const char get[] = "GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                            "Sec-WebSocket-Protocol: coap\r\n\r\n";
  static const cs_defect toy = {.unit_in = any_path, .unit_out = other_reason, .out = note_out};
  open_with(CS_WIRE_WS, &toy);
  w.cut = 7;
  wired_bytes(&w, get, sizeof get - 1);
  ck_assert_str_eq(wired_next(&w), "HTTP 102");
  ck_assert_begins(wired_next(&w), "CSM ");
  ck_assert_begins(seen, "out CSM");
  wired_done(&w);
}
END_TEST

/* ---- what passes by ---- */

START_TEST(what_is_too_large_passes_by) {
  static uint8_t body[70000];
  static const uint8_t path[] = {0xb3, 'b', 'i', 'g'};
  open_with(FORM, &noting);
  wired_greet(&w);
  static const size_t sizes[] = {1100, 1600, 5000, 70000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    w.cut = i * 501;
    seen[0] = 0;
    cs_wire_message m = {.form = w.form,
                         .code = CS_CODE(0, 3),
                         .token = cs_span_of("\xaa", 1),
                         .options = cs_span_of(path, sizeof path),
                         .payload = cs_span_of(body, sizes[i])};
    wired_message(&w, &m);
    ck_assert_begins(wired_next(&w), "4.13 token=aa");
    ck_assert_int_eq(strstr(seen, "in PUT") != NULL, sizes[i] < 1500);
    ck_assert_ptr_nonnull(strstr(seen, "out 4.13"));
    ck_assert_begins(wired_ask(&w, "GET token=ab Uri-Path=\"seg1\""), "2.05 token=ab");
    ck_assert_ptr_nonnull(strstr(seen, "in GET token=ab"));
  }
  wired_done(&w);
}
END_TEST

START_TEST(fragments_are_units_but_no_messages) {
  open_with(CS_WIRE_WS, &noting);
  wired_greet(&w);
  seen[0] = 0;
  cs_wire_ws_frame f = wired_binary;
  f.fin = false;
  wired_frame(&w, f, "\x00", 1);
  f.fin = true;
  f.opcode = CS_WS_CONTINUATION;
  wired_frame(&w, f, "\xe2", 1);
  ck_assert_str_eq(wired_next(&w), "Pong");
  ck_assert_str_eq(seen, "unit_in binary 1\nunit_in continuation 1\nout Pong\nunit_out binary 2\n");
  wired_done(&w);
}
END_TEST

/* Filled up to this many bytes. */
static void upgrade_of(size_t size) {
  static const char before[] = "GET " CS_WS_PATH " HTTP/1.1\r\nHost: x\r\nX-Long: ";
  static const char behind[] = "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                               "Sec-WebSocket-Protocol: coap\r\n\r\n";
  uint8_t head[4096];
  memset(head, 'x', sizeof head);
  memcpy(head, before, sizeof before - 1);
  memcpy(head + size - (sizeof behind - 1), behind, sizeof behind - 1);
  wired_bytes(&w, head, size);
}

START_TEST(a_long_head_passes_by) {
  enum { MAX = CS_SERVER_MESSAGE_MAX };
  static const size_t sizes[] = {MAX, MAX + 1, MAX + 2, MAX + 3, MAX + 4, MAX + 900};
  static const size_t cuts[] = {0, 1, 2, 399, MAX};
  for (size_t i = 0; i < 30; i++) {
    size_t size = sizes[i % 6];
    open_with(CS_WIRE_WS, &noting);
    w.cut = cuts[i / 6];
    upgrade_of(size);
    ck_assert_str_eq(wired_next(&w), "HTTP 101");
    ck_assert_begins(wired_next(&w), "CSM ");
    ck_assert_str_eq(wired_ask(&w, "CSM"), "");
    const char *rest = strncmp(seen, "unit_in head\n", 13) == 0 ? seen + 13 : seen;
    ck_assert_int_eq(rest == seen, size > MAX);
    ck_assert_str_eq(
        rest,
        "unit_out head\nout CSM Max-Message-Size=1048576 Block-Wise-Transfer\nunit_out binary 7\n"
        "unit_in binary 2\nin CSM\n");
    wired_done(&w);
  }
}
END_TEST

static bool note_bytes(cs_defect_turn *t, cs_span bytes) {
  char text[16];
  (void)t;
  snprintf(text, sizeof text, "%zu", bytes.len);
  note("bytes_in", text);
  return bytes.len != 3;
}

START_TEST(segments_are_shown_as_they_come) {
  static const cs_defect toy = {.bytes_in = note_bytes, .in = note_in};
  open_with(CS_WIRE_TCP, &toy);
  wired_greet(&w);
  wired_bytes(&w, "\x00", 1);
  wired_bytes(&w, "\xe2\x01\xe2\x42", 4);
  wired_bytes(&w, "\x01\xe2\x43", 3);
  ck_assert_str_eq(wired_next(&w), "Pong");
  ck_assert_str_eq(wired_next(&w), "Pong token=42");
  ck_assert_str_eq(wired_next(&w), "");
  ck_assert_str_eq(seen, "bytes_in 2\nin CSM\nbytes_in 1\nbytes_in 4\nin Ping\n"
                         "in Ping token=42\nbytes_in 3\n");
  wired_done(&w);
}
END_TEST

/* ---- what hooks call ---- */

/* Before its Pong the server sends a Ping; half a second later half of one. */
static bool talkative(cs_defect_turn *t, cs_defect_message *d) {
  const cs_wire_message ping = {.code = CS_CODE(7, 2), .token = cs_span_of("\x77", 1)};
  if (d->m.code == CS_CODE(7, 3)) {
    cs_defect_send_message(t, &ping, 0);
    cs_defect_send_raw(t, cs_span_of("\x01", 1), CS_SECOND / 2);
    cs_defect_send_empty(t, CS_ACK, 77, CS_SECOND / 4);
  }
  return true;
}

START_TEST(hooks_send) {
  static const cs_defect toy = {.out = talkative};
  open_with(FORM, &toy);
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "Ping token=01"), "Ping token=77");
  ck_assert_str_eq(wired_next(&w), "Pong token=01");
  ck_assert_str_eq(wired_next(&w), "");
  cs_time before = w.now;
  ck_assert_str_eq(wired_wait(&w, CS_SECOND), "0.00");
  ck_assert_uint_eq(w.now - before, CS_SECOND / 4);
  ck_assert_begins(wired_wait(&w, CS_SECOND), "part of a ");
  ck_assert_uint_eq(w.now - before, CS_SECOND / 2);
  wired_done(&w);
}
END_TEST

static bool hasty(cs_defect_turn *t, cs_defect_message *d) {
  if (d->m.code == CS_CODE(0, 1)) {
    const cs_wire_message m = {.code = CS_CODE(5, 3), .token = d->m.token};
    cs_defect_send_message(t, &m, 0);
    cs_defect_send_message(t, &m, CS_SECOND);
    cs_defect_close(t);
  }
  return true;
}

START_TEST(hooks_close) {
  static const cs_defect toy = {.in = hasty};
  open_with(FORM, &toy);
  wired_greet(&w);
  /* Not before its last words were taken. */
  static const uint8_t get[] = {0x01, 0x01, 0xaa};
  static const uint8_t framed[] = {0x82, 0x83, 0, 0, 0, 0, 0x01, 0x01, 0xaa};
  cs_span bytes =
      FORM == CS_WIRE_TCP ? cs_span_of(get, sizeof get) : cs_span_of(framed, sizeof framed);
  uint64_t peer;
  ck_assert_int_eq(cs_server_receive(w.server, w.peer, false, bytes, w.now), CS_OK);
  ck_assert(!cs_server_closing(w.server, w.now, &peer));
  ck_assert_str_eq(wired_next(&w), "5.03 token=aa");
  ck_assert_str_eq(wired_next(&w), "closed");
  ck_assert_uint_eq(cs_server_deadline(w.server), CS_TIME_NEVER);
  wired_connect(&w, FORM);
  wired_greet(&w);
  wired_done(&w);
}
END_TEST

static bool stay(cs_defect_turn *t) {
  t->shared->number[0]++;
  return false;
}

START_TEST(hooks_keep_open) {
  static const cs_defect toy = {.closing = stay};
  open_with(FORM, &toy);
  wired_greet(&w);
  const char *text = wired_ask(&w, "Release");
  if (FORM == CS_WIRE_WS) {
    ck_assert_str_eq(text, "frame close 1000");
    cs_wire_ws_frame f = wired_binary;
    f.opcode = CS_WS_CLOSE;
    wired_frame(&w, f, "\x03\xe8", 2);
  }
  ck_assert_str_eq(wired_next(&w), "");
  ck_assert_uint_eq(w.server->shared->number[0], 1);
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""), "");
  ck_assert_str_eq(wired_wait(&w, 100 * CS_SECOND), "");
  ck_assert_uint_eq(w.server->shared->number[0], 1);
  cs_server_hangup(w.server, w.peer, w.now);
  ck_assert_uint_eq(w.server->connections.count, 0);
  wired_done(&w);
}
END_TEST

/* ---- where defects show ---- */

START_TEST(hooks_are_called_where_the_row_shows) {
  static const cs_defect udp = {.row = {.transports = CS_DEFECT_UDP}, .in = note_in};
  static const cs_defect streams = {.row = {.transports = CS_DEFECT_STREAM}, .in = note_in};
  static const cs_defect ws = {.row = {.transports = CS_DEFECT_WS}, .in = note_in};
  open_with_both(FORM, &udp, &streams);
  wired_greet(&w);
  ck_assert_str_eq(seen, "in CSM\n");
  wired_done(&w);
  open_with(FORM, &udp);
  wired_greet(&w);
  ck_assert_str_eq(seen, "");
  wired_done(&w);
  open_with(FORM, &streams);
  wired_greet(&w);
  ck_assert_str_eq(seen, "in CSM\n");
  wired_done(&w);
  open_with(FORM, &ws);
  wired_greet(&w);
  ck_assert_str_eq(seen, FORM == CS_WIRE_WS ? "in CSM\n" : "");
  wired_done(&w);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tap");
  TCase *t = tcase_create("tap");
  suite_add_tcase(suite, t);
  tcase_add_loop_test(t, all_is_shown_once, 0, FORMS);
  tcase_add_loop_test(t, messages_may_be_changed, 0, FORMS);
  tcase_add_loop_test(t, messages_may_be_dropped, 0, FORMS);
  tcase_add_test(t, frames_may_be_changed);
  tcase_add_test(t, frames_may_be_dropped);
  tcase_add_test(t, heads_may_be_changed);
  tcase_add_loop_test(t, what_is_too_large_passes_by, 0, FORMS);
  tcase_add_test(t, fragments_are_units_but_no_messages);
  tcase_add_test(t, a_long_head_passes_by);
  tcase_add_test(t, segments_are_shown_as_they_come);
  tcase_add_loop_test(t, hooks_send, 0, FORMS);
  tcase_add_loop_test(t, hooks_close, 0, FORMS);
  tcase_add_loop_test(t, hooks_keep_open, 0, FORMS);
  tcase_add_loop_test(t, hooks_are_called_where_the_row_shows, 0, FORMS);
  return cs_test_main(suite);
}
