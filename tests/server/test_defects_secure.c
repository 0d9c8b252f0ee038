/* The defects of the security layer: each does what its row says to a client that
 * shakes hands, and none crashes or leaks. That scenarios catch them is shown by
 * coapspec selftest. */
#include <stdio.h>
#include <string.h>

#include "server/defects.h"
#include "server/guard.h"
#include "support/check_main.h"
#include "support/secured.h"
#include "wire/notation.h"

enum { ADDRESS = 5, MESSAGE = 2048 };

/* A client of a guarded server, from one address or with one connection at a time. */
typedef struct visit {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_server *server;
  cs_server_guard *guard;
  cs_test_secrets client;
  cs_tls *tls; /* the present session, NULL when its connection was closed */
  cs_wire_form form;
  uint64_t peer;
  size_t cut; /* bytes of a stream that the server is given at a time; 0: all */
  cs_time now;
  size_t records; /* of application data that came since the last request */
  size_t plain;   /* datagrams that were no records */
  uint8_t token;  /* of the last message that came */
} visit;

static const char *const client_key = CS_TEST_KEY;

/* A file of the test credentials. */
static cs_span credential(const char *name, uint8_t room[MESSAGE]) {
  char path[1024];
  snprintf(path, sizeof path, "%s/conformance/credentials/%s", TEST_SOURCE_DIR, name);
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s", path);
  size_t len = fread(room, 1, MESSAGE, f);
  ck_assert(len > 0 && len < MESSAGE);
  fclose(f);
  return cs_span_of(room, len);
}

static void visit_open_with(visit *v, cs_wire_form form, const char *defect, const char *key) {
  memset(v, 0, sizeof *v);
  cs_test_memory_init(&v->memory);
  cs_base_seeded_init(&v->seeded, 42);
  v->now = 1000 * CS_SECOND;
  v->form = form;
  v->peer = ADDRESS;
  cs_server_config server = {
      .alloc = &v->memory.alloc, .seed = 42, .defects = &defect, .defect_count = defect ? 1 : 0};
  ck_assert_int_eq(cs_server_new(&server, v->now, &v->server, NULL), CS_OK);
  uint8_t ca[MESSAGE], chain[MESSAGE], own[MESSAGE];
  cs_server_guard_config guard = {.alloc = &v->memory.alloc,
                                  .random = cs_base_seeded_random(&v->seeded),
                                  .credentials.identity = cs_span_str("coapspec"),
                                  .credentials.key = cs_span_str(CS_TEST_KEY),
                                  .credentials.ca = credential("ca.pem", ca),
                                  .credentials.certificate = credential("server.chain.pem", chain),
                                  .credentials.private_key = credential("server.key", own),
                                  .server = v->server};
  const char *why = "";
  cs_err err = cs_server_guard_new(&guard, &v->guard, &why);
  ck_assert_msg(err == CS_OK, "%s: %s", cs_base_err_text(err), why);
  cs_test_secrets_open(&v->client, CS_TLS_CLIENT, key, 7);
}

static void visit_open(visit *v, cs_wire_form form, const char *defect) {
  visit_open_with(v, form, defect, client_key);
}

static void visit_close(visit *v) {
  cs_tls_close(v->tls);
  cs_test_secrets_close(&v->client);
  cs_server_guard_free(v->guard);
  cs_server_free(v->server);
  ck_assert_uint_eq(v->memory.out_bytes, 0);
}

/* ---- what goes to and fro ---- */

static void give(visit *v, const void *bytes, size_t len) {
  size_t n = v->form == CS_WIRE_UDP || !v->cut ? len : v->cut;
  for (size_t at = 0; at < len; at += n) {
    size_t part = len - at < n ? len - at : n;
    /* A copy of exactly that length, so that a read beyond its end is seen. */
    uint8_t *copy = malloc(part);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, (const uint8_t *)bytes + at, part);
    (void)cs_server_guard_receive(v->guard, v->peer, cs_span_str("192.0.2.1"),
                                  cs_span_of(copy, part), v->now);
    free(copy);
  }
}

static void hear(visit *v, cs_span data) {
  cs_wire_message m;
  v->records++;
  if (cs_wire_parse(v->form, data, NULL, &m) == CS_RULE_NONE && m.token.len)
    v->token = m.token.at[0];
}

static void take(visit *v, cs_span bytes) {
  static uint8_t data[CS_TLS_RECORD_MAX];
  size_t len;
  if (v->form == CS_WIRE_UDP && !cs_server_guard_is_record(bytes)) {
    v->plain++;
    return;
  }
  if (!v->tls || cs_tls_feed(v->tls, bytes, v->now) != CS_OK)
    return;
  while (cs_tls_read(v->tls, data, sizeof data, &len) == CS_OK)
    hear(v, cs_span_of(data, len));
}

/* All that either side has to send now. */
static void turn(visit *v) {
  static uint8_t buf[CS_TLS_RECORD_MAX];
  for (bool more = true; more;) {
    cs_span bytes;
    uint64_t peer;
    size_t len;
    more = false;
    while (v->tls && cs_tls_transmit(v->tls, &bytes) == CS_OK) {
      len = bytes.len;
      give(v, bytes.at, len);
      cs_tls_sent(v->tls, len, v->now);
      more = true;
    }
    while (cs_server_guard_transmit(v->guard, v->now, buf, sizeof buf, &peer, &len) == CS_OK) {
      if (peer == v->peer)
        take(v, cs_span_of(buf, len));
      more = true;
    }
    if (cs_server_guard_closing(v->guard, v->now, &peer)) {
      if (peer == v->peer && v->tls) {
        cs_tls_close(v->tls);
        v->tls = NULL;
      }
      more = true;
    }
  }
}

static void pass(visit *v, cs_time time) {
  cs_time end = v->now + time;
  turn(v);
  for (;;) {
    cs_time at = cs_server_guard_deadline(v->guard);
    if (v->tls)
      at = cs_time_min(at, cs_tls_deadline(v->tls));
    if (at > end)
      break;
    v->now = at > v->now ? at : v->now;
    cs_server_guard_expire(v->guard, v->now);
    if (v->tls)
      cs_tls_expire(v->tls, v->now);
    turn(v);
  }
  v->now = end;
}

/* Shakes hands: from the same address, or on a new connection. Whether it came to
 * a session. */
static bool shake(visit *v) {
  size_t len;
  uint8_t none;
  cs_tls_close(v->tls);
  if (v->form != CS_WIRE_UDP)
    ck_assert_int_eq(cs_server_guard_connect(v->guard, ++v->peer, v->form, v->now), CS_OK);
  v->tls = cs_test_secrets_begin(
      &v->client, v->form == CS_WIRE_UDP ? CS_TLS_DATAGRAM : CS_TLS_STREAM, 1200, v->now);
  (void)cs_tls_read(v->tls, &none, sizeof none, &len);
  pass(v, 5 * CS_SECOND);
  return v->tls && cs_tls_state_of(v->tls) == CS_TLS_ESTABLISHED;
}

/* Says a message in the session; false when there is none. */
static bool say(visit *v, const char *text) {
  uint8_t scratch[MESSAGE], buf[MESSAGE];
  size_t len;
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  ck_assert_int_eq(cs_wire_read(v->form, cs_span_str(text), scratch, sizeof scratch, &m, &error),
                   CS_OK);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  v->records = 0;
  return v->tls && cs_tls_write(v->tls, cs_span_of(buf, len), v->now) == CS_OK;
}

/* Whether a request in the session is answered. */
static bool served(visit *v) {
  static unsigned last;
  char text[64];
  unsigned n = ++last % 200 + 1;
  if (v->form == CS_WIRE_UDP)
    snprintf(text, sizeof text, "CON GET mid=%u token=%02x Uri-Path=\"test\"", 1000 + n, n);
  else
    snprintf(text, sizeof text, "GET token=%02x Uri-Path=\"test\"", n);
  v->token = 0;
  if (!say(v, text))
    return false;
  pass(v, CS_SECOND);
  return v->token == n;
}

/* A datagram in hexadecimal digits. */
static void raw(visit *v, const char *hex) {
  uint8_t bytes[128];
  size_t len = 0;
  for (; hex[0] && hex[1]; hex += 2) {
    unsigned byte;
    ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
    bytes[len++] = (uint8_t)byte;
  }
  give(v, bytes, len);
  pass(v, CS_SECOND);
}

/* ---- the table ---- */

static const cs_defect *row(size_t i) {
  return i < cs_defects_secure.count ? &cs_defects_secure.defects[i] : NULL;
}

START_TEST(rows_are_of_secured_transports_and_do_something) {
  ck_assert_uint_gt(cs_defects_secure.count, 30);
  for (size_t i = 0; i < cs_defects_secure.count; i++) {
    const cs_defect *d = row(i);
    ck_assert_msg(d->row.transports && !(d->row.transports & ~(unsigned)CS_DEFECT_SECURED), "%s",
                  d->row.name);
    ck_assert_msg(d->secure || d->wire_in || d->wire_out, "%s does nothing", d->row.name);
    ck_assert_ptr_eq(cs_defect_find(d->row.name), d);
  }
}
END_TEST

/* Records and messages that nobody has asked for. */
static const char *const oddities[] = {
    "4001123461",                         /* plain */
    "17fefd0001000000000064000401020304", /* forged */
    "17fefd0000000000000065000440010001", /* unprotected */
    "15fefd000000000000006600020228",     /* the same, an alert */
    "16fefd0000000000000067000401000000", /* part of a ClientHello */
    "17fefd00010000000000680fff01",       /* shorter than it says */
    "16",
    "1603030004010000",
    "ffffffffffffffffffffffffffffffffffffffffffff",
};

static void storm(const cs_defect *d, cs_wire_form form) {
  static visit v;
  visit_open(&v, form, d->row.name);
  v.cut = 7;
  for (int round = 0; round < 2; round++) {
    if (form == CS_WIRE_UDP)
      for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++)
        raw(&v, oddities[i]);
    (void)shake(&v);
    if (form == CS_WIRE_UDP)
      (void)say(&v, "CON GET mid=7 token=01 Uri-Path=\"separate\"");
    pass(&v, CS_SECOND);
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++)
      raw(&v, oddities[i]);
    (void)served(&v);
  }
  if (v.tls)
    cs_tls_alert(v.tls, 80, v.now);
  pass(&v, 60 * CS_SECOND);
  visit_close(&v);
}

START_TEST(no_defect_crashes_or_leaks) {
  const cs_defect *d = row((size_t)_i);
  for (int form = CS_WIRE_UDP; d && form <= CS_WIRE_WS; form++)
    if (cs_server_defect_secured(&d->row, (cs_wire_form)form))
      storm(d, (cs_wire_form)form);
}
END_TEST

/* ---- what they do ---- */

/* What comes in from an address with a session, and whether that is still served
 * behind it: by a right server, by one with the defect. */
static const struct {
  const char *defect, *hex;
} ended[] = {
    {"plain-ends-session", "4001123461"},
    {"forged-record-ends-session", "17fefd000100000000006400100102030405060708090a0b0c0d0e0f10"},
    {"forged-record-alerted", "17fefd000100000000006400100102030405060708090a0b0c0d0e0f10"},
    {"window-moved-by-anyone", "17fefd000100000000006400100102030405060708090a0b0c0d0e0f10"},
    {"unprotected-record-ends-session", "17fefd0000000000000065000440000001"},
    {"unprotected-alert-heard", "15fefd000000000000006600020228"},
    {"hello-destroys-session",
     "16fefd0000000000000067003801000"
     "02c000000000000002cfefd0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
     "00000004c0a8c0ae0100"},
};

START_TEST(a_datagram_of_anyone_ends_a_session_under_its_defect_alone) {
  static visit v;
  for (int bad = 0; bad < 2; bad++) {
    visit_open(&v, CS_WIRE_UDP, bad ? ended[_i].defect : NULL);
    ck_assert(shake(&v));
    ck_assert(served(&v));
    raw(&v, ended[_i].hex);
    ck_assert_msg(served(&v) == !bad, "%s", ended[_i].defect);
    visit_close(&v);
  }
}
END_TEST

START_TEST(what_is_not_protected_is_taken_in_the_session_under_its_defect_alone) {
  static const struct {
    const char *defect, *hex;
  } taken[] = {
      /* CON GET of /.well-known/core with token ee: as it is; in an unprotected record */
      {"plain-answered-inside", "41011234eebb2e77656c6c2d6b6e6f776e04636f7265"},
      {"unprotected-record-processed", "17fefd00000000000000650016"
                                       "41011234eebb2e77656c6c2d6b6e6f776e04636f7265"},
  };
  static visit v;
  for (size_t i = 0; i < 2 * (sizeof taken / sizeof *taken); i++) {
    bool bad = i % 2;
    visit_open(&v, CS_WIRE_UDP, bad ? taken[i / 2].defect : NULL);
    ck_assert(shake(&v));
    v.token = 0;
    raw(&v, taken[i / 2].hex);
    ck_assert_msg((v.token == 0xee) == bad, "%s", taken[i / 2].defect);
    ck_assert_uint_eq(v.plain, 0);
    ck_assert(served(&v));
    visit_close(&v);
  }
}
END_TEST

START_TEST(a_second_handshake_is_lost_or_its_session_unserved) {
  static visit v;
  static const char *const defects[] = {NULL, "second-handshake-ignored", "new-session-unserved"};
  for (size_t i = 0; i < 3; i++) {
    visit_open(&v, CS_WIRE_UDP, defects[i]);
    ck_assert(shake(&v));
    ck_assert(served(&v));
    ck_assert_int_eq(shake(&v), i != 1);
    ck_assert_int_eq(served(&v), i == 0);
    visit_close(&v);
  }
}
END_TEST

START_TEST(a_session_serves_one_exchange) {
  static visit v;
  for (int bad = 0; bad < 2; bad++) {
    visit_open(&v, CS_WIRE_UDP, bad ? "session-for-one-exchange" : NULL);
    ck_assert(shake(&v));
    ck_assert(served(&v));
    ck_assert_int_eq(served(&v), !bad);
    visit_close(&v);
  }
}
END_TEST

START_TEST(who_has_sent_an_alert_cannot_come_again) {
  static visit v;
  for (int bad = 0; bad < 2; bad++) {
    visit_open(&v, CS_WIRE_UDP, bad ? "deaf-after-alert" : NULL);
    ck_assert(shake(&v));
    cs_tls_finish(v.tls, v.now);
    pass(&v, CS_SECOND);
    ck_assert_int_eq(shake(&v), !bad);
    visit_close(&v);
  }
}
END_TEST

START_TEST(a_wrong_key_opens) {
  static visit v;
  char wrong[sizeof CS_TEST_KEY] = "";
  cs_defect_wrong_key(cs_span_str(CS_TEST_KEY), (uint8_t *)wrong);
  ck_assert_str_ne(wrong, CS_TEST_KEY);
  for (int form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++) {
    for (int bad = 0; bad < 2; bad++) {
      visit_open_with(&v, (cs_wire_form)form, bad ? "finished-not-verified" : NULL, wrong);
      ck_assert_int_eq(shake(&v), bad);
      visit_close(&v);
    }
  }
}
END_TEST

/* A ClientHello is refused also where it comes in pieces. */
START_TEST(the_version_is_refused_by_its_alert) {
  static visit v;
  static const char *const defects[] = {"version-refused", "version-refused-by-tls",
                                        "version-refused-by-wss"};
  for (int form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++) {
    cs_tls_failure f;
    visit_open(&v, (cs_wire_form)form, defects[form]);
    v.cut = 5;
    cs_tls *tls = NULL;
    size_t len;
    uint8_t none;
    if (form != CS_WIRE_UDP)
      ck_assert_int_eq(cs_server_guard_connect(v.guard, ++v.peer, v.form, v.now), CS_OK);
    tls = v.tls = cs_test_secrets_begin(
        &v.client, form == CS_WIRE_UDP ? CS_TLS_DATAGRAM : CS_TLS_STREAM, 1200, v.now);
    (void)cs_tls_read(tls, &none, sizeof none, &len);
    cs_span bytes;
    ck_assert_int_eq(cs_tls_transmit(tls, &bytes), CS_OK);
    give(&v, bytes.at, bytes.len);
    uint64_t peer;
    uint8_t alert[64];
    ck_assert_int_eq(cs_server_guard_transmit(v.guard, v.now, alert, sizeof alert, &peer, &len),
                     CS_OK);
    cs_tls_sent(tls, bytes.len, v.now);
    ck_assert_int_eq(cs_tls_feed(tls, cs_span_of(alert, len), v.now), CS_OK);
    ck_assert_int_eq(cs_tls_read(tls, &none, sizeof none, &len), CS_ERR_RULE);
    ck_assert(cs_tls_failure_of(tls, &f));
    ck_assert(f.alerted && f.alert_by_peer);
    ck_assert_str_eq(cs_tls_alert_name(f.alert), "protocol_version");
    /* A connection is closed behind it. */
    ck_assert_int_eq(cs_server_guard_closing(v.guard, v.now, &peer), form != CS_WIRE_UDP);
    visit_close(&v);
  }
}
END_TEST

/* ---- the filters of what goes out ---- */

static const cs_defect *named(const char *name) {
  const cs_defect *d = cs_defect_find(name);
  ck_assert_ptr_nonnull(d);
  return d;
}

START_TEST(records_of_a_type_are_cut_out_of_what_goes_out) {
  static const uint8_t both[] = {23, 3, 3, 0, 2, 1, 2, 21, 3, 3, 0, 2, 9, 9, 23, 3, 3, 0, 1, 7};
  static const uint8_t data[] = {23, 3, 3, 0, 2, 1, 2, 23, 3, 3, 0, 1, 7};
  cs_defect_memory shared = {{0}, {0}, 0};
  cs_defect_wire w = {.form = CS_WIRE_TCP, .peer = 3, .established = true, .shared = &shared};
  uint8_t bytes[64];
  size_t len = sizeof both;
  memcpy(bytes, both, len);
  ck_assert(named("close-notify-unsent")->wire_out(&w, bytes, &len, sizeof bytes));
  ck_assert_uint_eq(len, sizeof data);
  ck_assert_mem_eq(bytes, data, len);

  len = sizeof both;
  memcpy(bytes, both, len);
  ck_assert(named("upgrade-over-tls-unanswered")->wire_out(&w, bytes, &len, sizeof bytes));
  ck_assert_uint_eq(len, 7);
  ck_assert_uint_eq(bytes[0], 21);

  len = 7; /* an alert alone: nothing is left */
  memcpy(bytes, both + 7, len);
  ck_assert(!named("close-notify-unsent")->wire_out(&w, bytes, &len, sizeof bytes));
}
END_TEST

START_TEST(a_client_without_alpn_gets_no_data) {
  /* A ClientHello: no session id, one suite, no compression, no extension. */
  uint8_t hello[5 + 4 + 2 + 32 + 1 + 4 + 2] = {22, 3, 3, 0, 45, 1, 0, 0, 41, 3, 3};
  const size_t tail = 5 + 4 + 2 + 32;
  hello[tail + 2] = 2;
  hello[tail + 3] = 0xc0;
  hello[tail + 4] = 0xa8;
  hello[tail + 5] = 1;
  uint8_t data[] = {23, 3, 3, 0, 1, 7};
  const cs_defect *d = named("mute-without-alpn");
  cs_defect_memory shared = {{0}, {0}, 0};
  for (int known = 0; known < 2; known++) {
    cs_defect_wire w = {.form = CS_WIRE_TCP, .peer = 3 + (uint64_t)known, .shared = &shared};
    for (size_t at = 0; !known && at < sizeof hello; at++)
      ck_assert(d->wire_in(&w, cs_span_of(hello + at, 1)));
    w.established = true;
    size_t len = sizeof data;
    ck_assert_int_eq(d->wire_out(&w, data, &len, sizeof data), known);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("defects_secure");
  TCase *table = tcase_create("table");
  tcase_add_test(table, rows_are_of_secured_transports_and_do_something);
  tcase_add_test(table, records_of_a_type_are_cut_out_of_what_goes_out);
  tcase_add_test(table, a_client_without_alpn_gets_no_data);
  suite_add_tcase(suite, table);
  if (cs_tls_available(CS_TLS_DATAGRAM)) {
    TCase *acts = tcase_create("acts");
    tcase_set_timeout(acts, 60);
    tcase_add_loop_test(acts, no_defect_crashes_or_leaks, 0, (int)cs_defects_secure.count);
    tcase_add_loop_test(acts, a_datagram_of_anyone_ends_a_session_under_its_defect_alone, 0,
                        (int)(sizeof ended / sizeof *ended));
    tcase_add_test(acts, what_is_not_protected_is_taken_in_the_session_under_its_defect_alone);
    tcase_add_test(acts, a_second_handshake_is_lost_or_its_session_unserved);
    tcase_add_test(acts, a_session_serves_one_exchange);
    tcase_add_test(acts, who_has_sent_an_alert_cannot_come_again);
    tcase_add_test(acts, a_wrong_key_opens);
    tcase_add_test(acts, the_version_is_refused_by_its_alert);
    suite_add_tcase(suite, acts);
  }
  return cs_test_main(suite);
}
