#include "support/ws_side.h"

#include <check.h>
#include <stdlib.h>

void cs_test_ws_open(cs_test_ws *s, bool server, uint32_t cap) {
  cs_test_memory_init(&s->memory);
  cs_base_seeded_init(&s->seed, 7);
  s->broken = CS_RULE_NONE;
  cs_test_ws_forget(s);
  cs_link_init(&s->link, CS_LINK_WEBSOCKET, &s->memory.alloc, cap);
  cs_link_ws_config config = {server, cs_base_seeded_random(&s->seed), cs_span_str("h"),
                              30 * CS_SECOND};
  cs_rule broken;
  ck_assert_int_eq(cs_link_ws_open(&s->link, &config, 0, &broken), CS_OK);
}

void cs_test_ws_close(cs_test_ws *s) {
  cs_link_free(&s->link);
  ck_assert_uint_eq(s->memory.out_bytes, 0);
}

void cs_test_ws_forget(cs_test_ws *s) {
  s->count = 0;
  s->used = 0;
}

static cs_err take(cs_test_ws *s) {
  cs_span m;
  for (;;) {
    cs_err e = cs_link_next(&s->link, &m, &s->broken);
    if (e != CS_OK)
      return e;
    ck_assert_uint_lt(s->count, CS_TEST_WS_MESSAGES);
    ck_assert_uint_le(s->used + m.len, sizeof s->bytes);
    memcpy(s->bytes + s->used, m.at, m.len);
    s->sizes[s->count++] = m.len;
    s->used += m.len;
  }
}

cs_err cs_test_ws_give(cs_test_ws *s, cs_span bytes, size_t step) {
  cs_err e = CS_ERR_AGAIN;
  if (step == 0)
    step = bytes.len;
  for (size_t at = 0; at < bytes.len && e == CS_ERR_AGAIN; at += step) {
    size_t n = bytes.len - at < step ? bytes.len - at : step;
    /* A copy of its own, so that a look past its end is seen. */
    uint8_t *piece = malloc(n);
    ck_assert_ptr_nonnull(piece);
    memcpy(piece, bytes.at + at, n);
    cs_link_feed(&s->link, cs_span_of(piece, n));
    e = take(s);
    free(piece);
  }
  return e;
}

cs_span cs_test_ws_own(cs_test_ws *s) {
  static uint8_t out[4 * CS_LINK_OWN_MAX];
  size_t used = 0;
  while (cs_link_wants_transmit(&s->link)) {
    size_t n = 0;
    ck_assert_uint_le(used + CS_LINK_OWN_MAX, sizeof out);
    ck_assert_int_eq(cs_link_transmit(&s->link, out + used, CS_LINK_OWN_MAX, &n), CS_OK);
    ck_assert_uint_gt(n, 0);
    used += n;
  }
  size_t none = 77;
  ck_assert_int_eq(cs_link_transmit(&s->link, out, 0, &none), CS_ERR_AGAIN);
  return cs_span_of(out, used);
}

void cs_test_ws_pair(cs_test_ws *client, cs_test_ws *server, uint32_t cap) {
  cs_test_ws_open(client, false, cap);
  cs_test_ws_open(server, true, cap);
  ck_assert_int_eq(cs_test_ws_give(server, cs_test_ws_own(client), 0), CS_ERR_AGAIN);
  ck_assert_int_eq(cs_test_ws_give(client, cs_test_ws_own(server), 0), CS_ERR_AGAIN);
  ck_assert(cs_link_ready(&client->link) && cs_link_ready(&server->link));
  client->memory.peak_bytes = client->memory.out_bytes;
  server->memory.peak_bytes = server->memory.out_bytes;
}

size_t cs_test_ws_frame(uint8_t *out, bool fin, uint8_t opcode, bool masked, cs_span payload) {
  cs_wire_ws_frame f;
  memset(&f, 0, sizeof f);
  f.fin = fin;
  f.opcode = opcode;
  f.masked = masked;
  f.length = payload.len;
  memcpy(f.mask, "\x37\xfa\x21\x3d", 4);
  uint8_t header[CS_WS_HEADER_MAX];
  size_t n = cs_wire_ws_frame_put(&f, header);
  memcpy(out, header, n);
  if (payload.len)
    memcpy(out + n, payload.at, payload.len);
  if (masked)
    cs_wire_ws_mask(out + n, payload.len, f.mask, 0);
  return n + payload.len;
}
