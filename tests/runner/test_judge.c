/* The judge: each rule with a breach and with something like it that is none. */
#include <stdio.h>
#include <string.h>

#include "runner/judge.h"
#include "support/check_main.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

static cs_runner_arena arena;
static cs_report_packet packets[16];
static size_t count;

static void tear_down(void) {
  cs_runner_release(&arena);
}

static void set_up(void) {
  count = 0;
}

static void add_bytes(int sent, uint16_t port, cs_span bytes) {
  packets[count++] = (cs_report_packet){
      .sent = sent, .port = port, .bytes = cs_runner_copy(&arena, bytes), .notation = ""};
}

/* "> 40 01 00 01": sent; "< ...": came; a digit in front: on that port. */
static void add(const char *text) {
  uint8_t bytes[256];
  size_t len = 0;
  uint16_t port = 1;
  if (*text >= '0' && *text <= '9')
    port = (uint16_t)(*text++ - '0');
  for (const char *at = text + 1; *at;) {
    unsigned v;
    int n;
    if (sscanf(at, " %2x%n", &v, &n) != 1)
      break;
    bytes[len++] = (uint8_t)v;
    at += n;
  }
  add_bytes(*text == '>', port, cs_span_of(bytes, len));
}

static const char *verdict(cs_runner_transport t) {
  cs_runner_breach breach = {.statement = "none"};
  bool found = cs_runner_judge(packets, count, t, &arena, &breach);
  ck_assert(found == (strcmp(breach.statement, "none") != 0));
  if (found)
    ck_assert(!packets[breach.packet].sent && *breach.message);
  return breach.statement;
}

/* Lines divided by '/'. */
static const char *judge(cs_runner_transport t, const char *lines) {
  char line[256];
  count = 0;
  while (*lines) {
    size_t n = strcspn(lines, "/");
    ck_assert(n < sizeof line);
    memcpy(line, lines, n);
    line[n] = '\0';
    add(line);
    lines += n + (lines[n] == '/');
  }
  return verdict(t);
}

struct row {
  const char *statement;
  const char *breach;
  const char *near_miss; /* NULL: the one before says it */
};

static const struct row datagrams[] = {
    /* Where long tokens were sent, the form of RFC 8974 is right and no other is. */
    {"RFC7252#3:token-length-reserved",
     ">4d 01 00 01 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d/"
     "<6d 45 00 01 20 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d",
     ">4d 01 00 01 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d/"
     "<6d 45 00 01 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d"},
    {"RFC7252#3:version-set", ">40 01 00 01/<a0 45 00 01", ">40 01 00 01/<60 45 00 01"},
    {"RFC7252#3:header-incomplete", ">40 01 00 01/<60 45", ">40 01 00 01/<60 45 00 01"},
    {"RFC7252#3:token-length-reserved", ">40 01 00 01/<69 45 00 01 01 02 03 04 05 06 07 08 09",
     ">49 01 00 01 01 02 03 04 05 06 07 08 09/<70 00 00 01"},
    {"RFC7252#3:token-incomplete", ">42 01 00 01 aa bb/<62 45 00 01 aa",
     ">42 01 00 01 aa bb/<62 45 00 01 aa bb"},
    {"RFC7252#3:marker-without-payload", ">40 01 00 01/<60 45 00 01 ff",
     ">40 01 00 01/<60 45 00 01 ff 61"},
    {"RFC7252#3.1:option-delta-reserved", ">40 01 00 01/<60 45 00 01 f0",
     ">40 01 00 01/<60 45 00 01 c0"},
    {"RFC7252#3.1:option-length-reserved", ">40 01 00 01/<60 45 00 01 cf",
     ">40 01 00 01/<60 45 00 01 c1 00"},
    {"RFC7252#3.1:option-incomplete", ">40 01 00 01/<60 45 00 01 c2 00",
     ">40 01 00 01/<60 45 00 01 c2 00 00"},
    {"RFC7252#3.1:option-number-range", ">40 01 00 01/<60 45 00 01 e0 ff ff",
     ">40 01 00 01/<60 45 00 01 e0 fe f2"},
    {"RFC7252#4.1:empty-sent-bare", ">40 00 00 01/<70 00 00 01 00", ">40 00 00 01/<70 00 00 01"},
    {"RFC7252#4.2:code-class-reserved", ">40 01 00 01/<60 c0 00 01", ">40 01 00 01/<60 bf 00 01"},
    {"RFC7252#5.2:response-class", ">40 01 00 01/<60 61 00 01", ">40 01 00 01/<60 5f 00 01"},
    {"RFC7252#4.2:ack-response-or-empty", ">40 01 00 01/<60 01 00 01", ">40 01 00 01/<60 00 00 01"},
    {"RFC7252#4.2:rst-empty", ">40 01 00 01/<70 45 00 01", ">40 01 00 01/<70 00 00 01"},
    {"RFC7252#4.3:non-empty", ">50 01 00 01/<50 00 00 09", ">50 01 00 01/<50 45 00 09"},
    {"RFC7252#4.2:ack-echoes-mid", ">40 01 00 01/<60 45 00 02", ">40 01 00 02/<60 45 00 02"},
    {"RFC7252#4.2:ack-echoes-mid", "1>40 01 00 01/2>40 01 00 02/2<60 45 00 01",
     "1>40 01 00 01/2>40 01 00 02/1<60 45 00 01"},
    /* What has no Message ID may be answered with any. */
    {"RFC7252#4.2:rst-echoes-mid", ">40 01 00 01/<70 00 00 02", ">40 01/>40 01 00 01/<70 00 00 02"},
    {"RFC7252#4.3:non-not-acknowledged", ">50 01 00 01/<60 00 00 01", ">50 01 00 01/<70 00 00 01"},
    {"RFC7252#4.2:no-reply-to-ack-or-rst", ">60 00 00 01/<70 00 00 01",
     ">60 00 00 01/>40 00 00 01/<70 00 00 01"},
    {"RFC7252#3:version-unknown", ">80 01 00 01/<70 00 00 01",
     ">80 01 00 01/>40 01 00 01/<70 00 00 01"},
    {"RFC7252#5.3.1:token-echoed", ">41 01 00 01 aa/<61 45 00 01 bb",
     ">41 01 00 01 aa/<61 45 00 01 aa"},
    /* A repeated Message ID may get the answer to the first. */
    {"RFC7252#5.3.1:token-echoed", ">41 01 00 01 aa/>41 01 00 02 bb/<61 45 00 02 aa",
     ">41 01 00 01 aa/>41 01 00 01 bb/<61 45 00 01 aa"},
    /* Of what is malformed nobody knows the token. */
    {"RFC7252#5.3.1:token-echoed", ">41 01 00 01 aa/<51 45 00 07 bb",
     ">41 01 00 01 aa f0/<51 45 00 07 bb"},
    {"RFC7252#5.4.5:repeated-sent", ">40 01 00 01/<60 45 00 01 c0 00",
     ">40 01 00 01/<60 45 00 01 80 00"},
    {"RFC7252#5.10.6.1:etag-once", ">40 01 00 01/<60 45 00 01 41 01 01 02",
     ">40 01 00 01/<60 45 00 01 41 01"},
    {"RFC7959#2.2:block-size-reserved", ">40 01 00 01/<60 45 00 01 d1 0a 07",
     ">40 01 00 01/<60 45 00 01 d1 0a 06"},
    {"RFC7252#5.9.1.3:valid-without-payload", ">40 01 00 01/<60 43 00 01 41 01 ff 61",
     ">40 01 00 01/<60 43 00 01 41 01"},
    {"RFC7252#5.9.1.3:valid-with-etag", ">40 01 00 01/<60 43 00 01",
     ">40 01 00 01/<60 43 00 01 41 01"},
    {"RFC7252#5.5.2:diagnostic-utf8", ">40 01 00 01/<60 84 00 01 ff c3",
     ">40 01 00 01/<60 84 00 01 c0 ff c3"},
};

START_TEST(a_datagram_breaks_a_rule_or_does_not) {
  const struct row *row = &datagrams[_i];
  ck_assert_str_eq(judge(CS_RUNNER_UDP, row->breach), row->statement);
  ck_assert_str_eq(judge(CS_RUNNER_UDP, row->near_miss), "none");
  ck_assert_str_eq(judge(CS_RUNNER_DTLS, row->breach), row->statement);
}
END_TEST

START_TEST(what_goes_beside_a_session_is_not_judged) {
  add(">40 01 00 01");
  add("<60 45 00 02");
  packets[1].notation = "plain ACK 2.05 mid=2";
  ck_assert_str_eq(verdict(CS_RUNNER_DTLS), "none");
}
END_TEST

START_TEST(the_first_breach_is_the_one_that_is_told) {
  cs_runner_breach breach;
  add("1>40 01 00 01");
  add("2>40 01 00 02");
  add("2<60 45 00 09");
  add("1<60 45 00 01 ff");
  ck_assert(cs_runner_judge(packets, count, CS_RUNNER_UDP, &arena, &breach));
  ck_assert_uint_eq(breach.packet, 2);
}
END_TEST

/* ---- TCP ---- */

static const struct row tcp[] = {
    {"RFC8323#3.3:csm-first", ">00 e1/<01 45 aa", ">00 e1/<00 e1"},
    {"RFC8323#3.3:csm-first", ">00 e1/<00 e3", ">00 e1/<00 e5"}, /* an Abort may be first */
    {"RFC7252#5.3.1:token-echoed", ">00 e1/>01 01 aa/<00 e1/<01 45 bb",
     ">00 e1/>01 01 aa/<00 e1/<01 45 aa"},
    /* A message of ours that is malformed hides every token. */
    {"RFC7252#5.3.1:token-echoed", ">00 e1/>11 01 aa c0/<00 e1/<01 45 bb",
     ">00 e1/>11 01 aa ff/<00 e1/<01 45 bb"},
    {"RFC8323#5.4:pong", ">00 e1/>01 e2 aa/<00 e1/<01 e3 bb", ">00 e1/>01 e2 aa/<00 e1/<01 e3 aa"},
    {"RFC7252#3.1:option-incomplete", ">00 e1/>00 01/<00 e1/<10 45 c1",
     ">00 e1/>00 01/<00 e1/<20 45 c1"}, /* the end cut it */
    {"RFC7252#5.4.5:repeated-sent", ">00 e1/>00 01/<00 e1/<20 45 c0/<00",
     ">00 e1/>00 01/<00 e1/<10 45 c0"},
    {"RFC7252#4.2:code-class-reserved", ">00 e1/>00 01/<00 e1/<00 c0",
     ">00 e1/>00 01/<00 e1/<00 84"},
};

START_TEST(a_stream_breaks_a_rule_or_does_not) {
  const struct row *row = &tcp[_i];
  ck_assert_str_eq(judge(CS_RUNNER_TCP, row->breach), row->statement);
  ck_assert_str_eq(judge(CS_RUNNER_TCP, row->near_miss), "none");
  ck_assert_str_eq(judge(CS_RUNNER_TLS, row->breach), row->statement);
}
END_TEST

START_TEST(a_new_connection_begins_anew) {
  add(">00 e1");
  add("<00 e1");
  packets[count++] =
      (cs_report_packet){.sent = 1, .port = 1, .kind = CS_REPORT_OPENED, .notation = "open"};
  add(">00 e1");
  add("<00 e3");
  ck_assert_str_eq(verdict(CS_RUNNER_TCP), "RFC8323#3.3:csm-first");
}
END_TEST

/* ---- WebSocket ---- */

static const char nonce_key[] = "AAAAAAAAAAAAAAAAAAAAAA==";

static void upgrade(const char *more, bool right) {
  char head[512];
  char accept[CS_WS_ACCEPT_SIZE + 1] = "";
  int n = snprintf(head, sizeof head,
                   "GET /.well-known/coap HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Protocol: coap\r\n%s\r\n",
                   nonce_key, more);
  add_bytes(1, 1, cs_span_of(head, (size_t)n));
  cs_wire_ws_accept(cs_span_str(nonce_key), accept);
  if (!right)
    accept[0] = accept[0] == 'x' ? 'y' : 'x';
  n = snprintf(head, sizeof head,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: coap\r\n\r\n",
               accept);
  add_bytes(0, 1, cs_span_of(head, (size_t)n));
}

static const struct row frames[] = {
    {"RFC6455#5.1:server-masked", "<82 82 00 00 00 00 00 e1", "<82 02 00 e1"},
    {"RFC6455#5.2:reserved-bits-sent", "<c2 02 00 e1", "<82 02 00 e1"},
    {"RFC6455#5.2:opcode", "<83 00", "<89 00"},
    {"RFC6455#5.2:length-form", "<82 7e 00 02 00 e1", "<82 02 00 e1"},
    {"RFC6455#5.5:control-fragmented", "<09 00", "<89 00"},
    {"RFC6455#5.4:continuation", "<80 00", "<02 01 00/<80 01 e1"},
    {"RFC6455#5.4:interleaved", "<02 01 00/<82 02 00 e1", "<02 01 00/<89 00/<80 01 e1"},
    {"RFC6455#5.5.1:close-payload", "<88 01 03", "<88 02 03 e8"},
    {"RFC6455#5.5.1:close-reason", "<88 03 03 e8 c3", "<88 03 03 e8 61"},
    {"RFC6455#7.4:close-status", "<88 02 03 ed", "<88 02 04 00"},
    {"RFC6455#5.5.1:data-after-close", "<82 02 00 e1/<88 00/<82 02 00 00", "<82 02 00 e1/<88 00"},
    {"RFC8323#4.2:binary", "<81 02 00 61", "<82 02 00 e1"},
    {"RFC8323#4.2:message-empty", "<82 00", "<8a 00"},
    {"RFC8323#4.2:length-sent", "<82 03 10 e1 20", "<82 03 00 e1 20"},
    {"RFC8323#3.3:csm-first", "<82 02 00 e3", "<82 02 00 e1"},
};

START_TEST(a_websocket_breaks_a_rule_or_does_not) {
  const struct row *row = &frames[_i];
  for (unsigned k = 0; k < 2; k++) {
    const char *lines = k ? row->near_miss : row->breach;
    count = 0;
    upgrade("", true);
    char copy[256];
    snprintf(copy, sizeof copy, "%s", lines);
    for (char *line = copy; line;) {
      char *next = strchr(line, '/');
      if (next)
        *next++ = '\0';
      add(line);
      line = next;
    }
    ck_assert_str_eq(verdict(CS_RUNNER_WS), k ? "none" : row->statement);
  }
}
END_TEST

START_TEST(the_accept_value_belongs_to_the_key) {
  upgrade("", false);
  ck_assert_str_eq(verdict(CS_RUNNER_WS), "RFC6455#4.2.2:accept");
  count = 0;
  upgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAQ==\r\n", false); /* which of them? */
  ck_assert_str_eq(verdict(CS_RUNNER_WS), "none");
}
END_TEST

START_TEST(who_offers_an_extension_may_see_it_used) {
  upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n", true);
  add("<c2 02 00 e1");
  ck_assert_str_eq(verdict(CS_RUNNER_WS), "none");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("judge");
  TCase *t = tcase_create("judge");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, a_datagram_breaks_a_rule_or_does_not, 0,
                      sizeof datagrams / sizeof datagrams[0]);
  tcase_add_test(t, what_goes_beside_a_session_is_not_judged);
  tcase_add_test(t, the_first_breach_is_the_one_that_is_told);
  tcase_add_loop_test(t, a_stream_breaks_a_rule_or_does_not, 0, sizeof tcp / sizeof tcp[0]);
  tcase_add_test(t, a_new_connection_begins_anew);
  tcase_add_loop_test(t, a_websocket_breaks_a_rule_or_does_not, 0,
                      sizeof frames / sizeof frames[0]);
  tcase_add_test(t, the_accept_value_belongs_to_the_key);
  tcase_add_test(t, who_offers_an_extension_may_see_it_used);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
