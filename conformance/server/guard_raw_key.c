/* Raw public keys (RFC 7250), which the TLS library does not know: a client of DTLS that
 * takes nothing else is shown one, as far as ServerHelloDone. Such a handshake is never
 * completed: the key is the generator of secp256r1, and the signature none. */
#include "server/defects_client_hello.h"
#include "server/flight.h"
#include "server/guard_inside.h"

enum {
  GROUPS = 10,
  POINTS = 11,
  CERTIFICATE_TYPE = 20,
  X509 = 0,
  RAW_KEY = 2,
  P256 = 23,
  POINT = 65,
  SUITE_CCM_8 = 0xc0ae,
  SUITE_GCM = 0xc02b
};

/* An uncompressed point. */
static const uint8_t generator[POINT] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static bool has(cs_span list, uint8_t value) {
  return list.len && memchr(list.at, value, list.len) != NULL;
}

/* The client takes raw keys alone, and what goes with them here. */
static bool wants_raw_key(const cs_client_hello *hello, uint16_t *suite) {
  cs_span types, groups;
  bool p256 = true;
  *suite = cs_client_hello_offers(hello, SUITE_CCM_8) ? SUITE_CCM_8 : SUITE_GCM;
  if (!cs_client_hello_extension(hello, CERTIFICATE_TYPE, &types) || types.len < 2)
    return false;
  types = cs_span_cut(types, 1, types.len - 1);
  if (cs_client_hello_extension(hello, GROUPS, &groups)) {
    p256 = false;
    for (size_t i = 2; i + 1 < groups.len; i += 2)
      p256 = p256 || (groups.at[i] << 8 | groups.at[i + 1]) == P256;
  }
  return p256 && has(types, RAW_KEY) && !has(types, X509) && cs_client_hello_offers(hello, *suite);
}

/* A SubjectPublicKeyInfo behind its length. */
static void put_key(cs_flight *f) {
  static const uint8_t head[] = {0,    0,    91,   0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
                                 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  uint8_t body[sizeof head + POINT];
  memcpy(body, head, sizeof head);
  memcpy(body + sizeof head, generator, POINT);
  cs_flight_message(f, CS_FLIGHT_CERTIFICATE, cs_span_of(body, sizeof body));
}

static void put_exchange(cs_flight *f) {
  static const uint8_t curve[] = {3, 0, P256, POINT};
  /* ECDSA with SHA-256: two numbers, both 1. */
  static const uint8_t signature[] = {4, 3, 0, 8, 0x30, 6, 2, 1, 1, 2, 1, 1};
  uint8_t body[sizeof curve + POINT + sizeof signature];
  memcpy(body, curve, sizeof curve);
  memcpy(body + sizeof curve, generator, POINT);
  memcpy(body + sizeof curve + POINT, signature, sizeof signature);
  cs_flight_message(f, CS_FLIGHT_KEY_EXCHANGE, cs_span_of(body, sizeof body));
}

bool cs_guard_raw_key(cs_server_guard *g, cs_guard_peer *p, cs_span bytes, cs_time now) {
  enum { MESSAGE_SEQUENCE = 17 };
  static const uint8_t extensions[] = {0, CERTIFICATE_TYPE, 0, 1, RAW_KEY, 0, POINTS, 0, 2, 1, 0};
  const cs_defect_wire w = {.form = CS_WIRE_UDP, .peer = p->number, .now = now, .guard = g};
  cs_client_hello hello;
  cs_flight f;
  cs_span points;
  uint16_t suite;
  /* The library asks for the cookie. */
  if (!g->has_certificate || !cs_client_hello_read(&w, bytes, &hello) ||
      (!hello.cookie.len && !g->manner.no_cookie) || !wants_raw_key(&hello, &suite))
    return false;
  bool pointed = cs_client_hello_extension(&hello, POINTS, &points);
  cs_flight_begin(&f, true);
  f.sequence = (uint16_t)(bytes.at[MESSAGE_SEQUENCE] << 8 | bytes.at[MESSAGE_SEQUENCE + 1]);
  cs_flight_hello(&f, CS_FLIGHT_TLS_1_2, suite, 0,
                  cs_span_of(extensions, pointed ? sizeof extensions : 5));
  put_key(&f);
  put_exchange(&f);
  cs_flight_message(&f, CS_FLIGHT_HELLO_DONE, cs_span_of(NULL, 0));
  cs_guard_wire_out(g, p, cs_flight_bytes(&f), now);
  return true;
}
