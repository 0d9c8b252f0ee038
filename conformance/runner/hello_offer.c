/* Makes a ClientHello. */
#include <string.h>

#include "runner/hello.h"

enum {
  HANDSHAKE = 22,
  CLIENT_HELLO = 1,
  SERVER_NAME = 0,
  GROUPS = 10,
  POINTS = 11,
  SIGNATURES = 13,
  ALPN = 16,
  SERVER_CERTIFICATE_TYPE = 20,
  MASTER_SECRET = 23,
  RENEGOTIATION = 0xff01,
  VERSIONS = 43
};

static const uint8_t usual_suites[] = {0xc0, 0xae, 0xc0, 0xa8, 0xc0, 0x2b, 0x00, 0xa8, 0x00, 0xff};
static const uint8_t usual_groups[] = {0, 23};
static const uint8_t usual_signatures[] = {4, 3, 4, 1};
static const uint8_t usual_points[] = {0};

const cs_runner_hello cs_runner_hello_usual = {
    .version = 0x0303,
    .suites = {usual_suites, sizeof usual_suites},
    .groups = {usual_groups, sizeof usual_groups},
    .signatures = {usual_signatures, sizeof usual_signatures},
    .points = {usual_points, sizeof usual_points},
    .renegotiation = true,
    .master_secret = true}; /* tinydtls refuses a client without */

/* DTLS counts its versions down from 1.0. */
static uint16_t on_wire(uint16_t version, bool datagrams) {
  if (!datagrams)
    return version;
  return version <= 0x0302 ? 0xfeff : (uint16_t)(0xfeff - (version - 0x0301));
}

static void put16(cs_base_writer *w, size_t v) {
  cs_base_put_u8(w, (uint8_t)(v >> 8));
  cs_base_put_u8(w, (uint8_t)v);
}

static void put24(cs_base_writer *w, size_t v) {
  cs_base_put_u8(w, (uint8_t)(v >> 16));
  put16(w, v & 0xffff);
}

/* An extension whose value is a list behind its length of one or two bytes. */
static void put_list(cs_base_writer *w, uint16_t number, cs_span list, unsigned length) {
  if (!list.len)
    return;
  put16(w, number);
  put16(w, list.len + length);
  if (length == 2)
    put16(w, list.len);
  else
    cs_base_put_u8(w, (uint8_t)list.len);
  cs_base_put_span(w, list);
}

static void put_name(cs_base_writer *w, const char *name) {
  if (!name)
    return;
  size_t len = strlen(name);
  put16(w, SERVER_NAME);
  put16(w, len + 5);
  put16(w, len + 3);
  cs_base_put_u8(w, 0);
  put16(w, len);
  cs_base_put_bytes(w, name, len);
}

static void put_extensions(cs_base_writer *w, const cs_runner_hello *h, bool datagrams) {
  static const uint8_t empty_info[] = {RENEGOTIATION >> 8, RENEGOTIATION & 0xff, 0, 1, 0};
  put_name(w, h->sni);
  put_list(w, GROUPS, h->groups, 2);
  put_list(w, POINTS, h->points, 1);
  put_list(w, SIGNATURES, h->signatures, 2);
  put_list(w, ALPN, h->protocols, 2);
  /* The list that a client sends of certificate types has its length in front. */
  put_list(w, SERVER_CERTIFICATE_TYPE, h->certificate_types, 1);
  if (h->version == 0x0304) {
    uint8_t version[2] = {(uint8_t)(on_wire(h->version, datagrams) >> 8),
                          (uint8_t)on_wire(h->version, datagrams)};
    put_list(w, VERSIONS, cs_span_of(version, 2), 1);
  }
  if (h->master_secret) {
    put16(w, MASTER_SECRET);
    put16(w, 0);
  }
  if (h->renegotiation)
    cs_base_put_bytes(w, empty_info, sizeof empty_info);
  if (h->extension) {
    put16(w, h->extension);
    put16(w, 0);
  }
}

static cs_span make_body(const cs_runner_hello *h, bool datagrams, const uint8_t *random,
                         cs_span cookie, cs_runner_arena *arena) {
  enum { BODY_MAX = 4096, EXTENSIONS_MAX = 2048 };
  uint8_t *extensions = cs_runner_get(arena, EXTENSIONS_MAX);
  cs_base_writer e = cs_base_writer_of(extensions, EXTENSIONS_MAX);
  uint8_t *body = cs_runner_get(arena, BODY_MAX);
  cs_base_writer w = cs_base_writer_of(body, BODY_MAX);
  uint16_t version = h->version == 0x0304 ? 0x0303 : h->version;
  put_extensions(&e, h, datagrams);
  put16(&w, on_wire(version, datagrams));
  cs_base_put_bytes(&w, random, CS_RUNNER_HELLO_RANDOM);
  cs_base_put_u8(&w, 0); /* no session to resume */
  if (datagrams) {
    cs_base_put_u8(&w, (uint8_t)cookie.len);
    cs_base_put_span(&w, cookie);
  }
  put16(&w, h->suites.len);
  cs_base_put_span(&w, h->suites);
  cs_base_put_u8(&w, (uint8_t)(h->compressions.len ? h->compressions.len : 1));
  if (h->compressions.len)
    cs_base_put_span(&w, h->compressions);
  else
    cs_base_put_u8(&w, 0);
  if (e.len) {
    put16(&w, e.len);
    cs_base_put_bytes(&w, extensions, e.len);
  }
  return cs_base_written(&w);
}

static cs_span make_stream(cs_span body, uint16_t version, cs_runner_arena *arena) {
  size_t size = 5 + 4 + body.len;
  cs_base_writer w = cs_base_writer_of(cs_runner_get(arena, size), size);
  cs_base_put_u8(&w, HANDSHAKE);
  /* The record of a first hello says 1.0 for the sake of old servers, or 3.0. */
  put16(&w, version < 0x0301 ? version : 0x0301);
  put16(&w, 4 + body.len);
  cs_base_put_u8(&w, CLIENT_HELLO);
  put24(&w, body.len);
  cs_base_put_span(&w, body);
  return cs_base_written(&w);
}

static cs_span make_datagram(cs_span body, uint16_t sequence, uint16_t record,
                             cs_runner_arena *arena) {
  size_t size = 13 + 12 + body.len;
  cs_base_writer w = cs_base_writer_of(cs_runner_get(arena, size), size);
  cs_base_put_u8(&w, HANDSHAKE);
  put16(&w, 0xfeff);
  put16(&w, 0); /* epoch */
  put24(&w, 0);
  put24(&w, record);
  put16(&w, 12 + body.len);
  cs_base_put_u8(&w, CLIENT_HELLO);
  put24(&w, body.len);
  put16(&w, sequence);
  put24(&w, 0);
  put24(&w, body.len);
  cs_base_put_span(&w, body);
  return cs_base_written(&w);
}

cs_span cs_runner_hello_make(const cs_runner_hello *hello, bool datagrams,
                             const uint8_t random[CS_RUNNER_HELLO_RANDOM], cs_span cookie,
                             uint16_t sequence, uint16_t record, cs_runner_arena *arena) {
  if (hello->raw.len)
    return cs_runner_copy(arena, hello->raw);
  cs_span body = make_body(hello, datagrams, random, cookie, arena);
  return datagrams ? make_datagram(body, sequence, record, arena)
                   : make_stream(body, hello->version, arena);
}
