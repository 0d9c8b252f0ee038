/* Defects of handshakes that are looked at alone: what a server's first flight says
 * of versions, suites, extensions and certificates. Most answer one ClientHello in
 * the server's place; those after it are answered rightly, so that the server is
 * seen to live. */
#include <string.h>

#include "server/defects_client_hello.h"
#include "server/flight.h"

enum {
  ALPN = 16,
  POINTS = 11,
  CERTIFICATE_TYPE = 20,
  HANDSHAKE_FAILURE = 40,
  INTERNAL_ERROR = 80,
  SSL_3 = 0x0300,
  SUITE_CCM_8 = 0xc0ae,
  SUITE_GCM = 0xc02b,
  SUITE_NULL = 0x00b0,
  SUITE_UNKNOWN = 0xfafa
};

/* ---- a flight of our own making ---- */

static void begin(cs_flight *f, const cs_defect_wire *w) {
  cs_flight_begin(f, w->form == CS_WIRE_UDP);
}

/* Sends it; the ClientHello is answered. */
static bool send_flight(const cs_defect_wire *w, cs_flight *f) {
  cs_flight_message(f, CS_FLIGHT_HELLO_DONE, cs_span_of(NULL, 0));
  cs_defect_wire_send(w, cs_flight_bytes(f));
  return false;
}

/* Answers a ClientHello by a ServerHello and nothing else. */
static bool say_hello(const cs_defect_wire *w, uint16_t version, uint16_t suite,
                      uint8_t compression, cs_span extensions) {
  cs_flight f;
  begin(&f, w);
  cs_flight_hello(&f, version, suite, compression, extensions);
  return send_flight(w, &f);
}

/* The first ClientHello that the server gets at all. */
static bool is_first(const cs_defect_wire *w, cs_span bytes, cs_client_hello *hello) {
  return cs_client_hello_read(w, bytes, hello) && w->shared->number[0]++ == 0;
}

/* ---- records and messages ---- */

static bool record_unknown(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_flight f;
  if (!is_first(w, bytes, &hello))
    return true;
  begin(&f, w);
  f.type = 24; /* a heartbeat */
  cs_flight_hello(&f, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
  return send_flight(w, &f);
}

static bool messages_out_of_order(const cs_defect_wire *w, cs_span bytes) {
  static const uint8_t exchange[] = {3, 0, 23, 0};
  static const uint8_t certificates[] = {0, 0, 0};
  cs_client_hello hello;
  cs_flight f;
  if (!is_first(w, bytes, &hello))
    return true;
  begin(&f, w);
  cs_flight_hello(&f, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
  cs_flight_message(&f, CS_FLIGHT_KEY_EXCHANGE, cs_span_of(exchange, sizeof exchange));
  cs_flight_message(&f, CS_FLIGHT_CERTIFICATE, cs_span_of(certificates, sizeof certificates));
  return send_flight(w, &f);
}

/* DTLS: a record whose length goes beyond its datagram. */
static bool record_cut(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_flight f;
  if (w->form != CS_WIRE_UDP || !is_first(w, bytes, &hello))
    return true;
  begin(&f, w);
  cs_flight_hello(&f, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
  cs_defect_wire_send(w, cs_span_of(f.bytes, cs_flight_bytes(&f).len - 5));
  return false;
}

/* ---- what is chosen ---- */

static bool unknown_suites_refused(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || !cs_client_hello_offers(&hello, SUITE_UNKNOWN))
    return true;
  return cs_client_hello_refuse(w, &hello, HANDSHAKE_FAILURE);
}

static bool no_suite_by_other_alert(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || hello.suites.len != 2)
    return true;
  return cs_client_hello_refuse(w, &hello, INTERNAL_ERROR);
}

static bool version_lower(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  return !is_first(w, bytes, &hello) || say_hello(w, 0x0302, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
}

static bool extension_unasked(const cs_defect_wire *w, cs_span bytes) {
  static const uint8_t info[] = {0xff, 0x01, 0, 1, 0};
  cs_client_hello hello;
  return !is_first(w, bytes, &hello) ||
         say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(info, sizeof info));
}

static bool old_version_taken(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || hello.version != SSL_3)
    return true;
  return say_hello(w, SSL_3, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
}

static bool null_suite_taken(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || !cs_client_hello_offers(&hello, SUITE_NULL))
    return true;
  return say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_NULL, 0, cs_span_of(NULL, 0));
}

static bool compression_taken(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || hello.compressions.len < 2)
    return true;
  return say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 1, cs_span_of(NULL, 0));
}

/* Takes all protocols that are offered. */
static bool several_protocols(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_span list;
  uint8_t extension[128] = {0, ALPN, 0};
  if (!cs_client_hello_read(w, bytes, &hello) || !cs_client_hello_extension(&hello, ALPN, &list) ||
      list.len > sizeof extension - 4 || w->shared->number[0]++)
    return true;
  extension[3] = (uint8_t)list.len;
  memcpy(extension + 4, list.at, list.len);
  return say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(extension, 4 + list.len));
}

static bool protocol_unoffered(const cs_defect_wire *w, cs_span bytes) {
  static const uint8_t coap[] = {0, ALPN, 0, 7, 0, 5, 4, 'c', 'o', 'a', 'p'};
  cs_client_hello hello;
  cs_span list;
  if (!cs_client_hello_read(w, bytes, &hello) || !cs_client_hello_extension(&hello, ALPN, &list) ||
      w->shared->number[0]++)
    return true;
  return say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(coap, sizeof coap));
}

/* ---- DTLS: cookies and flights ---- */

static bool any_cookie_taken(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || !hello.cookie.len || w->shared->number[0]++)
    return true;
  return say_hello(w, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
}

/* Each message of a handshake goes out once to each peer. */
static bool flight_sent_once(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  enum { SEQUENCE = 17, EPOCH = 3 };
  uint64_t *peer = &w->shared->number[1];
  uint64_t *next = &w->shared->number[2];
  (void)cap;
  if (*len < SEQUENCE + 2 || bytes[0] != CS_CLIENT_HELLO_HANDSHAKE || bytes[EPOCH + 1] != 0)
    return true;
  uint64_t sequence = (uint64_t)bytes[SEQUENCE] << 8 | bytes[SEQUENCE + 1];
  if (*peer != w->peer || sequence == 0) {
    *peer = w->peer;
    *next = 0;
  }
  if (sequence < *next)
    return false;
  *next = sequence + 1;
  return true;
}

/* ---- certificates ---- */

/* Changes bytes of what the first peer gets: those that stand n behind these. */
static bool change(const cs_defect_wire *w, uint8_t *bytes, size_t len, const char *where,
                   size_t where_len, size_t n, const char *to, size_t to_len) {
  uint64_t *peer = &w->shared->number[1];
  if (*peer == 0)
    *peer = w->peer + 1;
  if (w->established || *peer != w->peer + 1)
    return true;
  uint8_t *at = memmem(bytes, len, where, where_len);
  if (at && (size_t)(at - bytes) + n + to_len <= len)
    memcpy(at + n, to, to_len);
  return true;
}

#define EC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define EC_SHA_256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"

static bool key_no_ecdsa(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  return change(w, bytes, *len, EC_KEY, 7, 6, "\x7f", 1);
}

static bool signed_otherwise(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  /* It stands in the certificate twice: the second one is that of its signature. */
  uint8_t *first = memmem(bytes, *len, EC_SHA_256, 8);
  size_t skip = first ? (size_t)(first - bytes) + 8 : *len;
  return change(w, bytes + skip, *len - skip, EC_SHA_256, 8, 7, "\x01", 1);
}

static bool dates_over(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  /* notBefore is 15 bytes with its header, and notAfter, with a year of four digits, stands
   * behind it. */
  return change(w, bytes, *len, "\x30\x20\x17\x0d", 4, 4 + 13 + 2, "2001", 4);
}

static bool curve_p384(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  return change(w, bytes, *len, "\x03\x00\x17\x41\x04", 5, 2, "\x18", 1);
}

/* The point with which guard_raw_key.c exchanges keys. */
static bool raw_curve_p384(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  uint8_t *at = memmem(bytes, *len, "\x03\x00\x17\x41\x04\x6b\x17\xd1\xf2", 9);
  (void)cap;
  if (!w->established && at)
    at[2] = 24;
  return true;
}

static bool points_refused(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_span list;
  if (!cs_client_hello_read(w, bytes, &hello) ||
      !cs_client_hello_extension(&hello, POINTS, &list) || !hello.cookie.len ||
      w->shared->number[0]++ != 1)
    return true;
  return cs_client_hello_refuse(w, &hello, HANDSHAKE_FAILURE);
}

static bool wants_raw_key(const cs_client_hello *hello) {
  cs_span types;
  return cs_client_hello_extension(hello, CERTIFICATE_TYPE, &types) && types.len == 2 &&
         types.at[1] == 2;
}

/* Raw public keys. */
static bool raw_suite_unknown(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (!cs_client_hello_read(w, bytes, &hello) || !wants_raw_key(&hello) || !hello.cookie.len ||
      cs_client_hello_offers(&hello, SUITE_GCM))
    return true;
  return cs_client_hello_refuse(w, &hello, HANDSHAKE_FAILURE);
}

static bool raw_points_refused(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  return !cs_client_hello_read(w, bytes, &hello) || !wants_raw_key(&hello) ||
         points_refused(w, bytes);
}

/* A warning that the name is not known goes before the flight. */
static bool name_warned(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  static const uint8_t stream[] = {21, 3, 3, 0, 2, 1, 112};
  static const uint8_t datagram[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 40, 0, 2, 1, 112};
  bool dtls = w->form == CS_WIRE_UDP;
  size_t more = dtls ? sizeof datagram : sizeof stream;
  size_t message = dtls ? 13 : 5;
  uint64_t *peer = &w->shared->number[1];
  if (w->established || *peer || *len <= message || bytes[0] != CS_CLIENT_HELLO_HANDSHAKE ||
      bytes[message] != CS_FLIGHT_SERVER_HELLO || cap - *len < more)
    return true;
  *peer = w->peer + 1;
  memmove(bytes + more, bytes, *len);
  memcpy(bytes, dtls ? datagram : stream, more);
  *len += more;
  return true;
}

/* A TLS port that takes an upgrade request in the clear. */
static bool clear_upgrade(const cs_defect_wire *w, cs_span bytes) {
  static const char response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n\r\n";
  if (w->established || bytes.len < 4 || memcmp(bytes.at, "GET ", 4) != 0)
    return true;
  cs_defect_wire_send(w, cs_span_str(response));
  return false;
}

/* A certificate, be it what it may, and no CertificateRequest. */
static bool clients_unasked(const cs_defect_wire *w, cs_span bytes) {
  static const uint8_t certificates[] = {0, 0, 5, 0, 0, 2, 0x30, 0};
  cs_client_hello hello;
  cs_flight f;
  if (!is_first(w, bytes, &hello))
    return true;
  begin(&f, w);
  cs_flight_hello(&f, CS_FLIGHT_TLS_1_2, SUITE_CCM_8, 0, cs_span_of(NULL, 0));
  cs_flight_message(&f, CS_FLIGHT_CERTIFICATE, cs_span_of(certificates, sizeof certificates));
  return send_flight(w, &f);
}

static const cs_defect table[] = {
    {.row = {"hello-record-unknown", "RFC5246#6.2:record",
             "the first flight comes in records of an unknown type", CS_DEFECT_SECURED},
     .wire_in = record_unknown},
    {.row = {"hello-out-of-order", "RFC5246#7.4:handshake",
             "the certificate comes behind the key exchange", CS_DEFECT_SECURED},
     .wire_in = messages_out_of_order},
    {.row = {"hello-unknown-suites-refused", "RFC5246#7.4.1.2:suites-unknown",
             "a ClientHello with a suite that is not known is refused", CS_DEFECT_SECURED},
     .wire_in = unknown_suites_refused},
    {.row = {"hello-no-suite-internal-error", "RFC5246#7.4.1.3:no-common-suite",
             "where no suite is common the alert is internal_error", CS_DEFECT_SECURED},
     .wire_in = no_suite_by_other_alert},
    {.row = {"hello-version-lower", "RFC5246#7.4.1.3:version",
             "a client of TLS 1.2 is answered in 1.1", CS_DEFECT_SECURED},
     .wire_in = version_lower},
    {.row = {"hello-extension-unasked", "RFC5246#7.4.1.4:extension-unasked",
             "the ServerHello has an extension that was not asked for", CS_DEFECT_SECURED},
     .wire_in = extension_unasked},
    {.row = {"hello-record-cut", "RFC6347#4.1.1:record-in-datagram",
             "a record goes on in the next datagram", CS_DEFECT_DTLS},
     .wire_in = record_cut},
    {.row = {"hello-any-cookie", "RFC6347#4.2.1:cookie-invalid", "every cookie is taken",
             CS_DEFECT_DTLS},
     .wire_in = any_cookie_taken},
    {.row = {"hello-flight-once", "RFC6347#4.2.4:retransmission", "no flight is sent again",
             CS_DEFECT_DTLS},
     .wire_out = flight_sent_once},
    {.row = {"hello-ssl-3", "RFC7525#3.1.1:old-versions", "SSL 3 is spoken",
             CS_DEFECT_TLS | CS_DEFECT_WSS},
     .wire_in = old_version_taken},
    {.row = {"hello-compression", "RFC7525#3.3:compression", "compression is chosen",
             CS_DEFECT_SECURED},
     .wire_in = compression_taken},
    {.row = {"hello-null-suite", "RFC7525#4.1:null-suites", "a suite without encryption is chosen",
             CS_DEFECT_SECURED},
     .wire_in = null_suite_taken},
    {.row = {"hello-several-protocols", "RFC7301#3.2:one-selected",
             "all protocols that are offered are selected", CS_DEFECT_TLS | CS_DEFECT_WSS},
     .wire_in = several_protocols},
    {.row = {"hello-protocol-unoffered", "RFC8323#9.1:alpn",
             "coap is selected though it was not offered", CS_DEFECT_TLS},
     .wire_in = protocol_unoffered},
    {.row = {"hello-key-unknown", "RFC7252#9.1.3.3:certificate-key",
             "the key of the certificate is none of ECDSA", CS_DEFECT_DTLS},
     .wire_out = key_no_ecdsa},
    {.row = {"hello-signed-otherwise", "RFC7252#9.1.3.3:certificate-signature",
             "the certificate is not signed by ECDSA with SHA-256", CS_DEFECT_DTLS},
     .wire_out = signed_otherwise},
    {.row = {"hello-dates-over", "RFC7252#9.1.3.3:certificate-dates",
             "the certificate is past its dates", CS_DEFECT_DTLS},
     .wire_out = dates_over},
    {.row = {"hello-curve-p384", "RFC7252#9.1.3.3:certificate-curve",
             "the key exchange is not on secp256r1", CS_DEFECT_DTLS},
     .wire_out = curve_p384},
    {.row = {"hello-points-refused", "RFC7252#9.1.3.3:certificate-extensions",
             "a client that names point formats is refused", CS_DEFECT_DTLS},
     .wire_in = points_refused},
    {.row = {"raw-key-suite-unknown", "RFC7252#9.1.3.2:raw-key-suite",
             "with raw public keys TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 alone is refused",
             CS_DEFECT_DTLS},
     .wire_in = raw_suite_unknown},
    {.row = {"raw-key-unknown", "RFC7252#9.1.3.2:raw-key-ecdsa",
             "the raw public key is none of ECDSA", CS_DEFECT_DTLS},
     .wire_out = key_no_ecdsa},
    {.row = {"raw-key-curve-p384", "RFC7252#9.1.3.2:raw-key-curve",
             "with a raw public key the exchange is not on secp256r1", CS_DEFECT_DTLS},
     .wire_out = raw_curve_p384},
    {.row = {"raw-key-points-refused", "RFC7252#9.1.3.2:raw-key-extensions",
             "a client that wants a raw public key and names point formats is refused",
             CS_DEFECT_DTLS},
     .wire_in = raw_points_refused},
    {.row = {"hello-name-warning", "RFC6066#3:name-warning",
             "unrecognized_name goes out as a warning", CS_DEFECT_SECURED},
     .wire_out = name_warned},
    {.row = {"upgrade-in-clear", "RFC6455#4.2.2:tls",
             "an upgrade in the clear is accepted at the TLS port", CS_DEFECT_WSS},
     .wire_in = clear_upgrade},
    {.row = {"clients-unasked", "RFC7252#9.1.1:mutual-authentication",
             "no client is asked for a certificate", CS_DEFECT_DTLS},
     .wire_in = clients_unasked},
};

const cs_defect_family cs_defects_hello = {table, sizeof table / sizeof *table};
