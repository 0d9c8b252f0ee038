/* A client and a server endpoint joined by a stream or a WebSocket: exchanges,
 * cut anywhere, and every orderly end. Each test runs over both (loop 0 and 1). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/check_main.h"
#include "support/joined.h"

static cs_test_joined j;

static void open_joined(int kind) {
  cs_endpoint_config c = cs_test_stream_config(kind);
  cs_test_joined_open(&j, &c, &c, 1152);
}

static void put(const char *token, const uint8_t *body, size_t len, cs_err want) {
  cs_core_request_spec spec = {
      .code = CS_CODE(0, 3), .mid = -1, .token = cs_span_str(token), .payload = {body, len}};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(cs_endpoint_session(j.client.e), &spec, j.now, NULL, &broken);
  ck_assert_msg(e == want, "%s, %s", cs_base_err_text(e), cs_base_rule_id(broken));
}

START_TEST(requests_are_answered) {
  static const uint8_t body[500];
  open_joined(_i);
  put("a", body, 100, CS_OK);
  put("b", body, 500, CS_OK);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_CSM], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_CSM], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_REQUEST], 2);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_uint_eq(j.client.payload, 600);
  ck_assert(cs_endpoint_ready(j.client.e) && cs_endpoint_ready(j.server.e));
  ck_assert(cs_core_idle(cs_endpoint_session(j.client.e)));
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), CS_TIME_NEVER);
  ck_assert_uint_eq(cs_endpoint_deadline(j.server.e), CS_TIME_NEVER);
  ck_assert(!cs_endpoint_wants_transmit(j.client.e));
  cs_test_joined_close(&j);
}
END_TEST

START_TEST(nothing_is_sent_and_no_time_runs_before_it_is_up) {
  cs_endpoint_config c = cs_test_stream_config(_i);
  cs_test_side s;
  cs_span bytes;
  cs_test_side_open(&s, &c, CS_CLIENT, 1152, 5);
  cs_core_request_spec spec = {.code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(s.e), &spec, 5, NULL, NULL), CS_OK);
  ck_assert(!cs_endpoint_wants_transmit(s.e));
  ck_assert(!cs_endpoint_output(s.e, 6, &bytes));
  ck_assert(!cs_endpoint_ready(s.e));
  ck_assert_uint_eq(cs_endpoint_deadline(s.e), CS_TIME_NEVER);
  ck_assert_int_eq(cs_endpoint_receive(s.e, 0, false, cs_span_of("x", 1), 6), CS_ERR_STATE);
  uint8_t buf[64];
  cs_core_peer to;
  size_t n;
  ck_assert_int_eq(cs_endpoint_transmit(s.e, 6, buf, sizeof buf, &to, &n), CS_ERR_STATE);
  ck_assert(!cs_endpoint_finished(s.e));
  cs_endpoint_release(s.e, 7); /* nobody is there to be told */
  ck_assert(cs_endpoint_finished(s.e));
  cs_test_side_events(&s, 7);
  ck_assert_int_eq(s.nack, CS_NACK_CLOSED);
  cs_endpoint_up(s.e, 8);
  ck_assert(!cs_endpoint_output(s.e, 8, &bytes));
  cs_test_side_close(&s);
}
END_TEST

START_TEST(the_form_and_the_link_agree) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  for (int form = 0; form < 3; form++) {
    for (int link = 0; link < 3; link++) {
      cs_base_seeded g;
      cs_base_seeded_init(&g, 1);
      cs_endpoint_config c = {.core = {.form = (cs_wire_form)form,
                                       .alloc = &m.alloc,
                                       .random = cs_base_seeded_random(&g)},
                              .link = (cs_link_kind)link};
      cs_endpoint *e;
      cs_err err = cs_endpoint_open(&c, NULL, 1152, 0, &e);
      ck_assert_int_eq(err, form == link ? CS_OK : CS_ERR_ARGUMENT);
      if (err == CS_OK)
        cs_endpoint_close(e);
    }
  }
  ck_assert_uint_eq(m.out_bytes, 0);
}
END_TEST

START_TEST(the_host_of_a_websocket_is_checked) {
  cs_endpoint_config c = cs_test_stream_config(1);
  cs_test_side s;
  cs_rule broken = CS_RULE_NONE;
  cs_test_side_open(&s, &c, CS_CLIENT, 1152, 5);
  ck_assert_int_eq(cs_endpoint_ws_host(s.e, cs_span_str("a\r\nb"), &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_HOST);
  ck_assert_int_eq(cs_endpoint_ws_host(s.e, cs_span_str("b.example:81"), NULL), CS_OK);
  s.memory.fail_at = s.memory.calls + 1;
  ck_assert_int_eq(cs_endpoint_ws_host(s.e, cs_span_str("c.example"), NULL), CS_ERR_MEMORY);
  cs_endpoint_up(s.e, 6);
  ck_assert_int_eq(cs_endpoint_ws_host(s.e, cs_span_str("d.example"), NULL), CS_ERR_STATE);
  cs_span bytes;
  ck_assert(cs_endpoint_output(s.e, 6, &bytes));
  uint8_t text[512] = {0};
  memcpy(text, bytes.at, bytes.len < 511 ? bytes.len : 511);
  ck_assert_ptr_nonnull(strstr((char *)text, "Host: b.example:81\r\n"));
  cs_test_side_close(&s);
}
END_TEST

START_TEST(without_a_host_there_is_no_upgrade) {
  cs_endpoint_config c = cs_test_stream_config(1);
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_seeded g;
  cs_base_seeded_init(&g, 1);
  c.core.alloc = &m.alloc;
  c.core.random = cs_base_seeded_random(&g);
  cs_endpoint *e;
  ck_assert_int_eq(cs_endpoint_open(&c, NULL, 1152, 0, &e), CS_OK);
  cs_endpoint_up(e, 1);
  cs_core_event event;
  ck_assert(cs_endpoint_next_event(e, &event));
  ck_assert_int_eq(event.kind, CS_EVENT_ABORTED);
  ck_assert_int_eq(event.rule, CS_RULE_WS_HOST);
  ck_assert(!cs_endpoint_next_event(e, &event));
  ck_assert(cs_endpoint_finished(e));
  cs_endpoint_close(e);
  ck_assert_uint_eq(m.out_bytes, 0);
}
END_TEST

/* One conversation that has every frame in it, orderly end included. */
static void converse(int kind, size_t chunk, size_t to_server, size_t to_client) {
  static const uint8_t body[300];
  open_joined(kind);
  j.chunk = chunk;
  j.cut_at[0] = to_server;
  j.cut_at[1] = to_client;
  put("a", body, 0, CS_OK);
  put("b", body, 300, CS_OK);
  ck_assert_int_eq(cs_core_ping(cs_endpoint_session(j.client.e), NULL, j.now, NULL), CS_OK);
  cs_test_joined_run(&j);
  cs_endpoint_release(j.client.e, j.now);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_uint_eq(j.client.payload, 300);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_PONG], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_PING], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_RELEASE], 1);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED] + j.server.kinds[CS_EVENT_ABORTED], 0);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_REJECTED] + j.server.kinds[CS_EVENT_REJECTED], 0);
  ck_assert(cs_endpoint_finished(j.client.e) && cs_endpoint_finished(j.server.e));
}

START_TEST(the_stream_may_be_cut_anywhere) {
  converse(_i, 0, 0, 0);
  size_t to_server = j.client.out, to_client = j.server.out;
  cs_test_joined_close(&j);
  ck_assert_uint_gt(to_server, 300);
  ck_assert_uint_gt(to_client, 300);
  for (size_t at = 1; at < to_server || at < to_client; at++) {
    converse(_i, 0, at, at);
    ck_assert_uint_eq(j.client.out, to_server);
    ck_assert_uint_eq(j.server.out, to_client);
    cs_test_joined_close(&j);
  }
  for (size_t chunk = 1; chunk < 20; chunk++) {
    converse(_i, chunk, 0, 0);
    cs_test_joined_close(&j);
  }
}
END_TEST

START_TEST(a_thousand_requests_at_once) {
  enum { REQUESTS = 1000 };
  static char tokens[REQUESTS][4];
  static const uint8_t body[16];
  open_joined(_i);
  for (unsigned i = 0; i < REQUESTS; i++) {
    tokens[i][0] = (char)('0' + i / 100);
    tokens[i][1] = (char)('0' + i / 10 % 10);
    tokens[i][2] = (char)('0' + i % 10);
    put(tokens[i], body, sizeof body, CS_OK);
  }
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], REQUESTS);
  ck_assert_uint_eq(j.client.payload, REQUESTS * sizeof body);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_REJECTED], 0);
  cs_test_joined_close(&j);
}
END_TEST

/* A PUT of exactly the size that the peer announced, and of one byte more. */
START_TEST(a_put_of_the_announced_size) {
  static const size_t sizes[] = {1 << 20, 8 << 20};
  cs_endpoint_config c = cs_test_stream_config(_i);
  for (unsigned i = 0; i < 2; i++) {
    uint8_t *body = calloc(1, sizes[i]);
    ck_assert_ptr_nonnull(body);
    /* A message of this size has six bytes before its payload over TCP (Len/TKL
     * and four of length, code, marker make seven), three over WebSocket. */
    size_t payload = sizes[i] - (_i ? 3 : 7);
    c.core.max_message = (uint32_t)sizes[i];
    cs_test_joined_open(&j, &c, &c, 16 << 20);
    cs_test_joined_run(&j);
    put("", body, payload + 1, CS_ERR_TOO_LARGE);
    put("", body, payload, CS_OK);
    cs_test_joined_run(&j);
    ck_assert_uint_eq(j.server.payload, payload);
    ck_assert_uint_eq(j.client.payload, payload);
    ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED] + j.server.kinds[CS_EVENT_ABORTED], 0);
    /* The client holds the output, then what comes back in it. */
    ck_assert_uint_lt(j.client.memory.peak_bytes, 2 * sizes[i] + 65536);
    cs_test_joined_close(&j);
    free(body);
  }
}
END_TEST

START_TEST(an_idle_session_holds_little) {
  open_joined(_i);
  cs_test_joined_run(&j);
  ck_assert_uint_lt(j.client.memory.out_bytes, _i ? 1600 : 800);
  cs_test_joined_close(&j);
}
END_TEST

START_TEST(the_server_may_release_too) {
  open_joined(_i);
  cs_test_joined_run(&j);
  put("a", NULL, 0, CS_OK); /* on its way when the Release is sent */
  cs_endpoint_release(j.server.e, j.now);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RELEASE], 1);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 1);
  put("b", NULL, 0, CS_ERR_STATE);
  ck_assert(cs_endpoint_finished(j.client.e) && cs_endpoint_finished(j.server.e));
  cs_test_joined_close(&j);
}
END_TEST

START_TEST(a_release_that_is_not_answered_ends_with_its_time) {
  cs_endpoint_config c = cs_test_stream_config(_i);
  c.handshake_timeout = 7 * CS_SECOND;
  cs_test_played p;
  cs_test_played_open(&p, &c, CS_CLIENT);
  cs_test_say(&p, "CSM");
  cs_test_hear(&p);
  cs_core_request_spec spec = {.code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                   CS_OK);
  cs_endpoint_release(p.side.e, p.now);
  ck_assert_str_eq(cs_test_hear(&p), "GET");
  ck_assert_str_eq(cs_test_hear(&p), "Release");
  ck_assert_str_eq(cs_test_hear(&p), "");
  ck_assert(!cs_endpoint_finished(p.side.e));
  ck_assert_uint_eq(cs_test_played_wait(&p), 7 * CS_SECOND);
  ck_assert(cs_endpoint_finished(p.side.e));
  ck_assert_int_eq(p.side.nack, CS_NACK_CLOSED);
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_ABORTED], 0);
  cs_test_played_close(&p);
}
END_TEST

START_TEST(the_end_of_the_transport_ends_everything) {
  open_joined(_i);
  cs_test_joined_run(&j);
  put("a", NULL, 0, CS_OK);
  cs_span bytes;
  ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes)); /* never sent */
  cs_endpoint_link(j.client.e, CS_LINK_CLOSED, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(j.client.nack, CS_NACK_CLOSED);
  ck_assert(cs_endpoint_finished(j.client.e));
  ck_assert(!cs_endpoint_output(j.client.e, j.now, &bytes));
  ck_assert(!cs_endpoint_wants_transmit(j.client.e));
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), CS_TIME_NEVER);
  ck_assert_int_eq(cs_endpoint_receive(j.client.e, 0, false, cs_span_of("x", 1), j.now),
                   CS_ERR_CLOSED);
  cs_test_joined_close(&j);
}
END_TEST

/* Each allocation fails in turn: the conversation ends well or with an event
 * that says why, and nothing is left behind. */
START_TEST(each_failed_allocation_ends_the_session_or_does_no_harm) {
  static const uint8_t body[300];
  for (unsigned side = 0; side < 2; side++) {
    for (size_t n = 1;; n++) {
      open_joined(_i);
      cs_test_side *s = side ? &j.server : &j.client;
      size_t from = s->memory.calls;
      s->memory.fail_at = from + n;
      cs_core_request_spec spec = {.code = CS_CODE(0, 3), .mid = -1, .payload = {body, 300}};
      cs_core_session *core = cs_endpoint_session(j.client.e);
      unsigned asked = cs_core_send_request(core, &spec, j.now, NULL, NULL) == CS_OK;
      asked += cs_core_ping(core, NULL, j.now, NULL) == CS_OK;
      j.chunk = 7;
      cs_test_joined_run(&j);
      cs_endpoint_release(j.client.e, j.now);
      cs_test_joined_run(&j);
      bool all = s->memory.calls < from + n;
      unsigned ended = j.client.kinds[CS_EVENT_RESPONSE] + j.client.kinds[CS_EVENT_PONG] +
                       j.client.kinds[CS_EVENT_NACK];
      ck_assert_uint_eq(ended, asked);
      if (s->kinds[CS_EVENT_ABORTED])
        ck_assert_int_eq(s->aborted, CS_RULE_OUT_OF_MEMORY);
      ck_assert(cs_endpoint_finished(j.client.e) && cs_endpoint_finished(j.server.e));
      cs_test_joined_close(&j);
      if (all)
        break;
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint/stream");
  TCase *c = tcase_create("stream");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, requests_are_answered, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, nothing_is_sent_and_no_time_runs_before_it_is_up, 0, CS_TEST_KINDS);
  tcase_add_test(c, the_form_and_the_link_agree);
  tcase_add_test(c, the_host_of_a_websocket_is_checked);
  tcase_add_test(c, without_a_host_there_is_no_upgrade);
  tcase_add_loop_test(c, the_stream_may_be_cut_anywhere, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_thousand_requests_at_once, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_put_of_the_announced_size, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, an_idle_session_holds_little, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, the_server_may_release_too, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_release_that_is_not_answered_ends_with_its_time, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, the_end_of_the_transport_ends_everything, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, each_failed_allocation_ends_the_session_or_does_no_harm, 0, CS_TEST_KINDS);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
