/* Peers that mean harm, on TCP and WebSocket: each is cut off at a documented
 * count or deadline, by words that name the rule, within a stated amount of
 * memory, while another session of the same context goes on being served. */
#include "stream_fixture.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

enum { CAP = 1 << 16, TURNS = 3000 };

static size_t memory_before;
static bool upgraded;
static void (*flood)(void); /* what the peer does in each turn, once it may */

/* Answers the upgrade as a server that is right so far. */
static bool upgrade(void) {
  cs_wire_http_head head;
  cs_rule broken;
  cs_span key;
  uint8_t out[512];
  size_t len;
  if (upgraded)
    return true;
  if (cs_wire_http_read(cs_span_of(sp.bytes, sp.received), false, &head, &broken) != CS_OK ||
      !cs_wire_http_field(&head, "Sec-WebSocket-Key", &key))
    return false;
  ck_assert_int_eq(cs_wire_ws_accepting(key, out, sizeof out, &len), CS_OK);
  sp_write(out, len);
  upgraded = true;
  return true;
}

static void nothing(void) {
}

/* Every turn of the loop is one of the flood too. */
static void turn(void *ctx) {
  sp_idle(ctx);
  if (sp.fd >= 0 && flood)
    flood();
}

/* Plain text of what the client sent: its frames unmasked. */
static const char *words(void) {
  static char text[sizeof sp.bytes + 1];
  size_t n = sp.received < sizeof sp.bytes ? sp.received : sizeof sp.bytes;
  memcpy(text, sp.bytes, n);
  cs_wire_http_head head;
  cs_rule broken;
  cs_wire_ws_frame f;
  size_t at = 0;
  if (upgraded && cs_wire_http_read(cs_span_of(text, n), false, &head, &broken) == CS_OK)
    for (at = head.size; cs_wire_ws_frame_read(cs_span_of(text + at, n - at), &f, &broken) == CS_OK;
         at += f.header + f.length) {
      ck_assert(f.masked);
      if (at + f.header + f.length > n)
        break;
      cs_wire_ws_mask((uint8_t *)text + at + f.header, f.length, f.mask, 0);
    }
  for (size_t i = 0; i < n; i++)
    if (text[i] == '\0')
      text[i] = '.';
  text[n] = '\0';
  return text;
}

static void attack(coap_proto_t proto, void (*with)(void)) {
  upgraded = false;
  flood = NULL;
  fx.serve = fx_serve_hi;
  coap_context_set_csm_max_message_size(fx.ctx, CAP);
  memory_before = fx.memory.out_bytes;
  sp_open(proto);
  sp.act = nothing;
  cs_test_net_set_idle(fx.net, turn, NULL);
  flood = with;
}

/* Turns until the session has ended, the other one being served all the while;
 * memory stays within the cap and what a message of it may need besides. */
static void ends_by(const char *rule, unsigned seconds) {
  unsigned asked = 0;
  cs_time begin = cs_test_net_now(fx.net);
  size_t most = 0;
  for (unsigned i = 0; i < TURNS && !strstr(fx.logged, "ended"); i++) {
    if (i % 100 == 0) {
      fx_ask(COAP_MESSAGE_CON);
      asked++;
    }
    ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
    if (fx.memory.out_bytes > most)
      most = fx.memory.out_bytes;
    if (coap_session_get_state(sp.session) == COAP_SESSION_STATE_NONE)
      break;
    if (strlen(fx.heard) > sizeof fx.heard / 2)
      fx.heard[0] = '\0';
  }
  ck_assert_msg(coap_session_get_state(sp.session) == COAP_SESSION_STATE_NONE,
                "the session goes on after %u turns", TURNS);
  ck_assert_uint_le(cs_test_net_now(fx.net) - begin, (seconds + 1) * CS_SECOND);
  ck_assert_uint_le(most - memory_before, 3 * CAP);
  coap_io_process(fx.ctx, 10);
  unsigned served = 0;
  for (const char *p = fx.told; (p = strstr(p, "response 2.05")) != NULL; p++)
    served++;
  ck_assert_uint_eq(served, asked);
  if (rule) {
    sp.deaf = false;
    flood = NULL;
    sp_idle(NULL);
    ck_assert_msg(strstr(words(), rule) || strstr(coap_last_error(), rule),
                  "neither \"%s\" nor what was sent names %s", coap_last_error(), rule);
  }
  coap_clear_last_error();
  sp_close();
}

static void repeat(const void *bytes, size_t len, unsigned times) {
  for (unsigned i = 0; i < times; i++)
    sp_write(bytes, len);
}

static void csms(void) {
  repeat("\x00\xe1", 2, 100);
}

START_TEST(csms_without_end) {
  attack(COAP_PROTO_TCP, csms);
  ends_by("OURS#idle-traffic", 30);
}
END_TEST

/* A CSM of 60,000 bytes of elective options, over and over. */
static void csm_options(void) {
  static uint8_t message[60000 + 5];
  static bool made;
  if (!made) {
    size_t content = sizeof message - 4;
    message[0] = 14 << 4;
    message[1] = (uint8_t)((content - 269) >> 8);
    message[2] = (uint8_t)(content - 269);
    message[3] = 0xe1;
    /* 64, then zero deltas: the same elective number again and again. */
    message[4] = 0xd0;
    message[5] = 64 - 13;
    made = true;
  }
  sp_write(message, sizeof message);
}

START_TEST(csm_options_without_end) {
  attack(COAP_PROTO_TCP, csm_options);
  ends_by("OURS#", 300);
}
END_TEST

static void gigabytes(void) {
  static const uint8_t csm_then[] = {0x00, 0xe1, 0xf0, 0xff, 0xff, 0xff, 0xff, 0x45};
  sp_write(csm_then, sizeof csm_then);
  repeat("aaaaaaaaaaaaaaaa", 16, 100);
}

START_TEST(a_message_of_4_gib_is_announced) {
  attack(COAP_PROTO_TCP, gigabytes);
  ends_by("OURS#message-cap", 5);
}
END_TEST

static void pings(void) {
  static bool first = true;
  if (first)
    sp_write("\x00\xe1", 2);
  first = false;
  repeat("\x01\xe2\x42", 3, 100);
}

START_TEST(pings_without_end) {
  attack(COAP_PROTO_TCP, pings);
  ends_by("OURS#idle-traffic", 60);
}
END_TEST

/* A first frame, then the other one over and over. */
static void frames(const char *first, const char *other, size_t len) {
  static unsigned sent;
  if (!upgrade())
    return;
  for (unsigned i = 0; i < 200; i++)
    sp_write(sent++ == 0 ? first : other, len);
}

static void fragments(void) {
  frames("\x02\x01\x00", "\x00\x01\x00", 3);
}

START_TEST(a_message_in_fragments_without_end) {
  attack(COAP_PROTO_WS, fragments);
  ends_by("OURS#ws-fragments", 5);
}
END_TEST

static void empty_fragments(void) {
  frames("\x02\x00", "\x00\x00", 2);
}

START_TEST(empty_fragments_without_end) {
  attack(COAP_PROTO_WS, empty_fragments);
  ends_by("OURS#ws-empty-fragments", 5);
}
END_TEST

static void header_lines(void) {
  static bool first = true;
  if (first)
    sp_write("HTTP/1.1 101 Switching Protocols\r\n", 34);
  first = false;
  repeat("X-Line: and so on\r\n", 19, 10);
}

START_TEST(header_lines_without_end) {
  attack(COAP_PROTO_WS, header_lines);
  ends_by("OURS#http-fields", 5);
}
END_TEST

static void one_line(void) {
  repeat("and on and on ", 14, 20);
}

START_TEST(a_header_line_without_end) {
  attack(COAP_PROTO_WS, one_line);
  ends_by("#", 5);
}
END_TEST

static void frame_pings(void) {
  if (upgrade())
    repeat("\x89\x04ping", 6, 100);
}

START_TEST(websocket_pings_without_end) {
  attack(COAP_PROTO_WS, frame_pings);
  ends_by("OURS#ws-control-flood", 30);
}
END_TEST

static void huge_frame(void) {
  if (upgrade())
    sp_write("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10);
}

START_TEST(a_frame_of_exabytes_is_announced) {
  attack(COAP_PROTO_WS, huge_frame);
  ends_by("OURS#message-cap", 5);
}
END_TEST

static void silent(void) {
}

START_TEST(no_csm_ever_comes) {
  attack(COAP_PROTO_TCP, silent);
  ends_by("RFC8323#3.3", 31);
}
END_TEST

START_TEST(no_answer_to_the_upgrade_ever_comes) {
  attack(COAP_PROTO_WS, silent);
  ends_by("#", 31);
}
END_TEST

static void csm_then_deaf(void) {
  if (sp.deaf)
    return;
  sp_write("\x00\xe1", 2);
  sp.deaf = true;
}

START_TEST(the_peer_stops_reading) {
  attack(COAP_PROTO_TCP, csm_then_deaf);
  ck_assert(sp_until("event 2001\n", 5));
  for (int i = 0; i < 200; i++)
    ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_PUT, 1000)),
                     COAP_INVALID_MID);
  memory_before = fx.memory.out_bytes;
  ends_by("OURS#peer-stalled", 40);
}
END_TEST

/* Takes a byte every second, so that it is never quite still. */
static void csm_then_sip(void) {
  static cs_time next;
  uint8_t byte;
  size_t len;
  if (!sp.deaf)
    sp_write("\x00\xe1", 2);
  else if (cs_test_net_now(fx.net) >= next)
    (void)fx.server_net.ops->receive(fx.server_net.self, sp.fd, &byte, 1, &len, NULL);
  else
    return;
  next = cs_test_net_now(fx.net) + CS_SECOND;
  sp.deaf = true;
}

START_TEST(the_peer_reads_a_byte_at_a_time) {
  attack(COAP_PROTO_TCP, csm_then_sip);
  ck_assert(sp_until("event 2001\n", 5));
  for (int i = 0; i < 200; i++)
    ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_PUT, 1000)),
                     COAP_INVALID_MID);
  memory_before = fx.memory.out_bytes;
  ends_by("OURS#peer-stalled", 40);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {csms_without_end,
                                csm_options_without_end,
                                a_message_of_4_gib_is_announced,
                                pings_without_end,
                                a_message_in_fragments_without_end,
                                empty_fragments_without_end,
                                header_lines_without_end,
                                a_header_line_without_end,
                                websocket_pings_without_end,
                                a_frame_of_exabytes_is_announced,
                                no_csm_ever_comes,
                                no_answer_to_the_upgrade_ever_comes,
                                the_peer_stops_reading,
                                the_peer_reads_a_byte_at_a_time};
  Suite *suite = suite_create("api hostile");
  TCase *tc = tcase_create("hostile");
  tcase_add_checked_fixture(tc, fx_open, fx_close);
  tcase_set_timeout(tc, 60);
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    tcase_add_test(tc, tests[i]);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
