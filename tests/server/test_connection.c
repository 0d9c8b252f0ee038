/* A client's endpoint and the server, joined in memory: what one says the other
 * understands, cut anywhere. */
#include "endpoint/endpoint.h"
#include "wired.h"

enum { FORMS = 2 };
#define FORM wired_forms[_i]

typedef struct joined {
  cs_test_memory memory; /* of the client */
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *client;
  size_t cut;
  bool server_closed;
  unsigned csm, responses, pongs, nacks;
  cs_rule rule;  /* of the last NACK or rejection */
  uint8_t code;  /* of the last response */
  char body[64]; /* its payload's beginning */
} joined;

static wired w;
static joined j;

static void join(cs_wire_form form, const char *defect, size_t cut) {
  wired_open(&w, form, defect);
  memset(&j, 0, sizeof j);
  cs_test_memory_init(&j.memory);
  cs_base_seeded_init(&j.seeded, 7);
  j.cut = cut;
  j.config.core.role = CS_CLIENT;
  j.config.core.form = form;
  j.config.core.alloc = &j.memory.alloc;
  j.config.core.random = cs_base_seeded_random(&j.seeded);
  j.config.link = form == CS_WIRE_TCP ? CS_LINK_STREAM : CS_LINK_WEBSOCKET;
  ck_assert_int_eq(cs_endpoint_open(&j.config, NULL, 1 << 20, w.now, &j.client), CS_OK);
  if (form == CS_WIRE_WS)
    ck_assert_int_eq(cs_endpoint_ws_host(j.client, cs_span_str("localhost"), NULL), CS_OK);
  cs_endpoint_up(j.client, w.now);
}

static void part(void) {
  cs_endpoint_close(j.client);
  ck_assert_uint_eq(j.memory.out_bytes, 0);
  wired_done(&w);
}

static void take_events(void) {
  cs_core_event e;
  while (cs_endpoint_next_event(j.client, &e)) {
    j.csm += e.kind == CS_EVENT_CSM;
    j.pongs += e.kind == CS_EVENT_PONG;
    if (e.kind == CS_EVENT_NACK || e.kind == CS_EVENT_REJECTED) {
      j.nacks++;
      j.rule = e.rule;
    }
    if (e.kind == CS_EVENT_RESPONSE) {
      j.responses++;
      j.code = e.message.code;
      size_t len =
          e.message.payload.len < sizeof j.body - 1 ? e.message.payload.len : sizeof j.body - 1;
      if (len)
        memcpy(j.body, e.message.payload.at, len);
      j.body[len] = 0;
    }
    cs_endpoint_answer(j.client, &e, true, w.now);
  }
}

/* Carries bytes both ways until neither side has any. */
static void carry(void) {
  for (bool moved = true; moved;) {
    cs_span out;
    moved = false;
    while (cs_endpoint_output(j.client, w.now, &out)) {
      size_t n = j.cut && j.cut < out.len ? j.cut : out.len;
      ck_assert_int_eq(cs_server_receive(w.server, w.peer, false, cs_span_cut(out, 0, n), w.now),
                       CS_OK);
      cs_endpoint_sent(j.client, n, w.now);
      moved = true;
    }
    wired_pull(&w);
    for (size_t at = 0; at < w.in_len;) {
      size_t n = j.cut && j.cut < w.in_len - at ? j.cut : w.in_len - at;
      (void)cs_endpoint_receive(j.client, 0, false, cs_span_of(w.in + at, n), w.now);
      take_events();
      at += n;
      moved = true;
    }
    w.in_len = 0;
    take_events();
  }
  if (w.closed && !j.server_closed) {
    j.server_closed = true;
    cs_endpoint_link(j.client, CS_LINK_CLOSED, w.now);
    take_events();
  }
}

static void pass(cs_time by) {
  w.now += by;
  cs_server_expire(w.server, w.now);
  cs_endpoint_expire(j.client, w.now);
  carry();
}

static void request(uint8_t code, const char *token, const char *path, cs_span payload) {
  static uint8_t options[8][64];
  static unsigned used;
  uint8_t *at = options[used++ % 8];
  size_t len = 0;
  ck_assert_int_eq(
      cs_wire_option_insert(at, &len, sizeof *options, CS_OPT_URI_PATH, cs_span_str(path)), CS_OK);
  const cs_core_request_spec spec = {.code = code,
                                     .mid = -1,
                                     .token = cs_span_str(token),
                                     .options = cs_span_of(at, len),
                                     .payload = payload};
  cs_core_request *r;
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(j.client), &spec, w.now, &r, NULL),
                   CS_OK);
}

START_TEST(client_and_server_understand_each_other) {
  static const size_t cuts[] = {0, 1, 2, 3, 7, 50};
  static const char *const defects[] = {NULL, "leading-zeros-sent", "content-format-twice",
                                        "critical-ignored"};
  for (size_t d = 0; d < sizeof defects / sizeof *defects; d++) {
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
      join(FORM, defects[d], cuts[i]);
      request(1, "\x01", "seg1", cs_span_of(NULL, 0));
      request(1, "\x02", "separate", cs_span_of(NULL, 0));
      carry();
      ck_assert(cs_endpoint_ready(j.client));
      ck_assert_uint_eq(j.csm, 1);
      ck_assert_uint_eq(j.responses, 1);
      ck_assert_str_eq(j.body, "one segment");
      pass(CS_SECOND);
      ck_assert_uint_eq(j.responses, 2);
      ck_assert_str_eq(j.body, "what took a while");
      uint16_t mid;
      ck_assert_int_eq(cs_core_ping(cs_endpoint_session(j.client), NULL, w.now, &mid), CS_OK);
      carry();
      ck_assert_uint_eq(j.pongs, 1);
      ck_assert(!w.closed);
      part();
    }
  }
}
END_TEST

START_TEST(release_ends_both) {
  join(FORM, NULL, 3);
  request(1, "\x01", "separate", cs_span_of(NULL, 0));
  carry();
  cs_endpoint_release(j.client, w.now);
  carry();
  ck_assert(!w.closed);
  pass(CS_SECOND);
  ck_assert_uint_eq(j.responses, 1);
  carry();
  ck_assert(w.closed);
  ck_assert(cs_endpoint_finished(j.client));
  part();
}
END_TEST

START_TEST(abort_ends_both) {
  join(FORM, NULL, 0);
  request(1, "\x01", "separate", cs_span_of(NULL, 0));
  carry();
  cs_core_abort(cs_endpoint_session(j.client), CS_RULE_OUT_OF_MEMORY, 0, w.now);
  carry();
  carry();
  ck_assert(w.closed);
  ck_assert_uint_eq(j.nacks, 1);
  ck_assert(cs_endpoint_finished(j.client));
  part();
}
END_TEST

START_TEST(large_bodies_go_through) {
  static uint8_t body[1000000];
  join(FORM, NULL, 4096);
  carry();
  request(3, "\x01", "bulk", cs_span_of(body, sizeof body));
  carry();
  ck_assert_uint_eq(j.responses, 1);
  ck_assert_uint_eq(j.code, CS_CODE(4, 13));
  request(3, "\x02", "bulk", cs_span_of(body, 1024));
  carry();
  ck_assert_uint_eq(j.code, CS_CODE(2, 1));
  part();
}
END_TEST

int main(void) {
  Suite *suite = suite_create("connection");
  TCase *t = tcase_create("connection");
  suite_add_tcase(suite, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, client_and_server_understand_each_other, 0, FORMS);
  tcase_add_loop_test(t, release_ends_both, 0, FORMS);
  tcase_add_loop_test(t, abort_ends_both, 0, FORMS);
  tcase_add_loop_test(t, large_bodies_go_through, 0, FORMS);
  return cs_test_main(suite);
}
