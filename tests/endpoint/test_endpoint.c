/* A client and a server endpoint joined by a lossy, duplicating, reordering
 * link with a seed: every request ends, and each is processed once (RFC 7252
 * sections 4.2 and 4.5). */
#include <check.h>
#include <string.h>

#include "endpoint/endpoint.h"
#include "support/check_main.h"
#include "support/memory.h"

enum { REQUESTS = 40, IN_FLIGHT = 64 };

struct datagram {
  cs_time at;
  bool to_server;
  size_t len;
  uint8_t bytes[64];
};

struct world {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_endpoint_config client_config, server_config;
  cs_endpoint *client, *server;
  cs_time now;
  struct datagram air[IN_FLIGHT];
  size_t flying;
  unsigned loss, duplicate;
  unsigned handled[REQUESTS];
  unsigned answered[REQUESTS];
  unsigned failed[REQUESTS];
};

static void world_open(struct world *w, uint64_t seed, unsigned loss) {
  memset(w, 0, sizeof *w);
  cs_test_memory_init(&w->memory);
  cs_base_seeded_init(&w->seeded, seed);
  w->loss = loss;
  w->duplicate = 20;
  w->now = CS_SECOND;
  w->client_config.core.role = CS_CLIENT;
  w->server_config.core.role = CS_SERVER;
  w->client_config.core.alloc = w->server_config.core.alloc = &w->memory.alloc;
  w->client_config.core.random = w->server_config.core.random = cs_base_seeded_random(&w->seeded);
  ck_assert_int_eq(cs_endpoint_open(&w->client_config, NULL, 1152, w->now, &w->client), CS_OK);
  ck_assert_int_eq(cs_endpoint_open(&w->server_config, NULL, 1152, w->now, &w->server), CS_OK);
}

static void world_close(struct world *w) {
  cs_endpoint_close(w->client);
  cs_endpoint_close(w->server);
  ck_assert_uint_eq(w->memory.out_bytes, 0);
}

static unsigned percent(struct world *w) {
  return (unsigned)(cs_base_seeded_next(&w->seeded) >> 32) % 100;
}

static void fly(struct world *w, bool to_server, const uint8_t *bytes, size_t len) {
  if (w->flying == IN_FLIGHT || percent(w) < w->loss)
    return;
  struct datagram *d = &w->air[w->flying++];
  d->at = w->now + 1000 + cs_base_seeded_next(&w->seeded) % (3 * CS_SECOND);
  d->to_server = to_server;
  d->len = len;
  memcpy(d->bytes, bytes, len);
}

static void flush(struct world *w, cs_endpoint *e, bool to_server) {
  uint8_t buf[64];
  cs_core_peer to;
  size_t len;
  while (cs_endpoint_transmit(e, w->now, buf, sizeof buf, &to, &len) == CS_OK) {
    fly(w, to_server, buf, len);
    if (percent(w) < w->duplicate)
      fly(w, to_server, buf, len);
  }
}

static void server_turn(struct world *w) {
  cs_core_event e;
  while (cs_endpoint_next_event(w->server, &e)) {
    if (e.kind != CS_EVENT_REQUEST)
      continue;
    ck_assert_uint_eq(e.message.token.len, 1);
    w->handled[e.message.token.at[0]]++;
    cs_core_response_spec spec = {.code = CS_CODE(2, 5), .type = percent(w) < 50 ? -1 : CS_CON};
    ck_assert_int_eq(cs_core_respond(cs_endpoint_session(w->server), e.exchange, &spec, w->now),
                     CS_OK);
  }
  flush(w, w->server, false);
}

static void client_turn(struct world *w) {
  cs_core_event e;
  while (cs_endpoint_next_event(w->client, &e)) {
    if (e.kind == CS_EVENT_RESPONSE)
      w->answered[*(uint8_t *)e.app]++;
    else if (e.kind == CS_EVENT_NACK)
      w->failed[*(uint8_t *)e.app]++;
  }
  flush(w, w->client, true);
}

/* Moves to the next thing that happens; false when nothing ever will. */
static bool step(struct world *w) {
  cs_time at = cs_time_min(cs_endpoint_deadline(w->client), cs_endpoint_deadline(w->server));
  size_t first = w->flying;
  for (size_t i = 0; i < w->flying; i++) {
    if (w->air[i].at <= at) {
      at = w->air[i].at;
      first = i;
    }
  }
  if (at == CS_TIME_NEVER)
    return false;
  w->now = at > w->now ? at : w->now;
  cs_endpoint_expire(w->client, w->now);
  cs_endpoint_expire(w->server, w->now);
  if (first < w->flying) {
    struct datagram d = w->air[first];
    w->air[first] = w->air[--w->flying];
    cs_span bytes = cs_span_of(d.bytes, d.len);
    ck_assert_int_eq(
        cs_endpoint_receive(d.to_server ? w->server : w->client, 0, false, bytes, w->now), CS_OK);
    server_turn(w);
    client_turn(w);
  }
  server_turn(w);
  client_turn(w);
  return true;
}

static void run(uint64_t seed, unsigned loss, unsigned *answered) {
  static struct world w;
  static uint8_t token[REQUESTS];
  world_open(&w, seed, loss);
  for (unsigned i = 0; i < REQUESTS; i++) {
    token[i] = (uint8_t)i;
    cs_core_request_spec spec = {.type = CS_CON,
                                 .code = CS_CODE(0, 2),
                                 .mid = -1,
                                 .token = cs_span_of(&token[i], 1),
                                 .app = &token[i]};
    ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(w.client), &spec, w.now, NULL, NULL),
                     CS_OK);
  }
  client_turn(&w);
  size_t steps = 0;
  while (step(&w))
    ck_assert_uint_lt(steps++, 100000);
  for (unsigned i = 0; i < REQUESTS; i++) {
    ck_assert_uint_le(w.handled[i], 1);                /* at most once, whatever was repeated */
    ck_assert_uint_eq(w.answered[i] + w.failed[i], 1); /* ends exactly once */
    ck_assert_uint_le(w.answered[i], w.handled[i]);
    *answered += w.answered[i];
  }
  ck_assert(cs_core_idle(cs_endpoint_session(w.client)));
  ck_assert(cs_core_idle(cs_endpoint_session(w.server)));
  world_close(&w);
}

START_TEST(over_lossy_links_every_request_ends_and_is_handled_once) {
  unsigned answered = 0;
  for (uint64_t seed = 1; seed <= 50; seed++)
    run(seed, 30, &answered);
  ck_assert_uint_gt(answered, 50 * REQUESTS * 8 / 10);
}
END_TEST

START_TEST(over_a_clean_link_all_are_answered) {
  unsigned answered = 0;
  run(1, 0, &answered);
  ck_assert_uint_eq(answered, REQUESTS);
}
END_TEST

START_TEST(over_a_dead_link_all_end) {
  unsigned answered = 0;
  run(1, 100, &answered);
  ck_assert_uint_eq(answered, 0);
}
END_TEST

START_TEST(open_reports_each_failed_allocation) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_seeded g;
  cs_base_seeded_init(&g, 1);
  cs_endpoint_config c = {.core = {.alloc = &m.alloc, .random = cs_base_seeded_random(&g)}};
  for (size_t n = 1; n <= 2; n++) {
    cs_endpoint *e = NULL;
    m.fail_at = m.calls + n;
    ck_assert_int_eq(cs_endpoint_open(&c, NULL, 1152, 0, &e), CS_ERR_MEMORY);
    ck_assert_ptr_null(e);
    ck_assert_uint_eq(m.out_bytes, 0);
  }
}
END_TEST

/* Where the next message begins is lost for good, so nothing more is read, the
 * peer is told, and what was asked is told off. */
START_TEST(a_stream_that_cannot_go_on_ends_the_session) {
  static const uint8_t too_long[] = {0xd0, 200, 0x45, 0};
  static const uint8_t begins[] = {0x20, 0x45, 0};
  for (unsigned memory = 0; memory < 2; memory++) {
    cs_test_memory m;
    cs_test_memory_init(&m);
    cs_base_seeded g;
    cs_base_seeded_init(&g, 1);
    cs_endpoint_config c = {.core = {.form = CS_WIRE_TCP,
                                     .alloc = &m.alloc,
                                     .random = cs_base_seeded_random(&g),
                                     .max_message = 64},
                            .link = CS_LINK_STREAM};
    cs_rule why = memory ? CS_RULE_OUT_OF_MEMORY : CS_RULE_MESSAGE_CAP;
    cs_endpoint *e;
    ck_assert_int_eq(cs_endpoint_open(&c, NULL, 1152, 0, &e), CS_OK);
    cs_endpoint_up(e, 0);
    cs_core_request_spec spec = {.code = 1, .mid = -1, .app = &m};
    cs_core_session *s = cs_endpoint_session(e);
    ck_assert_int_eq(cs_core_send_request(s, &spec, 0, NULL, NULL), CS_OK);
    cs_span bytes = memory ? cs_span_of(begins, 3) : cs_span_of(too_long, 4);
    cs_core_event event;
    ck_assert(!cs_endpoint_next_event(e, &event)); /* the output has its memory now */
    m.fail_at = memory ? m.calls + 1 : 0;
    ck_assert_int_eq(cs_endpoint_receive(e, 0, false, bytes, 5), CS_OK);
    ck_assert(cs_endpoint_next_event(e, &event));
    ck_assert_int_eq(event.kind, CS_EVENT_ABORTED);
    ck_assert_int_eq(event.rule, why);
    ck_assert(cs_endpoint_next_event(e, &event));
    ck_assert_int_eq(event.kind, CS_EVENT_NACK);
    ck_assert_int_eq(event.reason, CS_NACK_CLOSED);
    ck_assert_int_eq(event.rule, why);
    ck_assert_ptr_eq(event.app, &m);
    ck_assert(!cs_endpoint_next_event(e, &event));
    ck_assert_int_eq(cs_endpoint_receive(e, 0, false, cs_span_of(begins, 3), 6), CS_ERR_CLOSED);
    ck_assert(!cs_endpoint_finished(e));
    cs_span out;
    ck_assert(cs_endpoint_output(e, 6, &out));
    size_t id = cs_base_rule_id_len(why);
    ck_assert(out.len > id && memcmp(out.at + out.len - id, cs_base_rule_id(why), id) == 0);
    cs_endpoint_sent(e, out.len, 6);
    ck_assert(cs_endpoint_finished(e));
    cs_endpoint_close(e);
    ck_assert_uint_eq(m.out_bytes, 0);
  }
}
END_TEST

START_TEST(bytes_are_taken_one_run_at_a_time_and_never_back_in_time) {
  static struct world w;
  static const uint8_t ping[] = {0x40, 0, 0, 1};
  world_open(&w, 1, 0);
  cs_core_event event;
  uint16_t mid;
  ck_assert_int_eq(cs_endpoint_receive(w.client, 0, false, cs_span_of(ping, 4), w.now), CS_OK);
  ck_assert_int_eq(cs_endpoint_receive(w.client, 0, false, cs_span_of(ping, 4), w.now),
                   CS_ERR_STATE);
  ck_assert_uint_eq(cs_endpoint_deadline(w.client), w.now);
  /* The owner uses the session before it asks what the bytes were. */
  ck_assert_int_eq(cs_core_new_mid(cs_endpoint_session(w.client), w.now + 5, &mid), CS_OK);
  ck_assert(cs_endpoint_next_event(w.client, &event));
  ck_assert_int_eq(event.kind, CS_EVENT_PING);
  ck_assert(!cs_endpoint_next_event(w.client, &event));
  ck_assert(cs_endpoint_wants_transmit(w.client));
  ck_assert_uint_eq(cs_core_now(cs_endpoint_session(w.client)), w.now + 5);
  world_close(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint");
  TCase *c = tcase_create("endpoint");
  tcase_add_test(c, over_lossy_links_every_request_ends_and_is_handled_once);
  tcase_add_test(c, over_a_clean_link_all_are_answered);
  tcase_add_test(c, over_a_dead_link_all_end);
  tcase_add_test(c, open_reports_each_failed_allocation);
  tcase_add_test(c, a_stream_that_cannot_go_on_ends_the_session);
  tcase_add_test(c, bytes_are_taken_one_run_at_a_time_and_never_back_in_time);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
