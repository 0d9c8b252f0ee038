/* Defects of the security layer: RFC 7252 section 9, RFC 8323 sections 8 and 9,
 * and what DTLS, TLS, pre-shared keys and ALPN say of a server. */
#include <string.h>

#include "server/defects_client_hello.h"

enum {
  RECORD_DTLS = 13, /* bytes of a record's header */
  RECORD_TLS = 5,
  ALERT = 21,
  HANDSHAKE = 22,
  DATA = 23,
  SERVER_NAME = 0, /* extensions */
  ALPN = 16,
  BAD_RECORD_MAC = 20, /* alerts */
  HANDSHAKE_FAILURE = 40,
  PROTOCOL_VERSION = 70
};

/* ---- records ---- */

static bool is_datagram(const cs_defect_wire *w) {
  return w->form == CS_WIRE_UDP;
}

static bool is_record(const cs_defect_wire *w, cs_span bytes) {
  size_t header = is_datagram(w) ? RECORD_DTLS : RECORD_TLS;
  return bytes.len >= header && bytes.at[0] >= 20 && bytes.at[0] <= 26;
}

static bool is_type(const cs_defect_wire *w, cs_span bytes, uint8_t type) {
  return is_record(w, bytes) && bytes.at[0] == type;
}

/* Of a DTLS record. */
static unsigned epoch(cs_span record) {
  return (unsigned)record.at[3] << 8 | record.at[4];
}

static uint64_t sequence(cs_span record) {
  uint64_t n = 0;
  for (size_t i = 5; i < 11; i++)
    n = n << 8 | record.at[i];
  return n;
}

/* An unprotected, a protected DTLS record of this type while there is a session. */
static bool is_clear(const cs_defect_wire *w, cs_span bytes, uint8_t type) {
  return w->established && is_type(w, bytes, type) && epoch(bytes) == 0;
}

static bool is_protected(const cs_defect_wire *w, cs_span bytes, uint8_t type) {
  return w->established && is_type(w, bytes, type) && epoch(bytes) != 0;
}

/* ---- what a defect remembers of each peer ---- */

/* A number of this peer's, 0 at first; the last three peers are remembered. */
static uint64_t *mark(const cs_defect_wire *w) {
  enum { PEERS = 3 };
  uint64_t *number = w->shared->number;
  for (size_t i = 0; i < PEERS; i++)
    if (number[i] == w->peer)
      return &number[PEERS + i];
  size_t i = w->shared->len++ % PEERS;
  number[i] = w->peer;
  number[PEERS + i] = 0;
  return &number[PEERS + i];
}

/* ---- messages in the clear (RFC 7252 section 9.1) ---- */

static void plain_taken(cs_defect_manner *m) {
  m->takes_plain = true;
}

static bool plain_taken_inside(const cs_defect_wire *w, cs_span bytes) {
  if (!w->established || is_record(w, bytes))
    return true;
  cs_defect_wire_take(w, bytes);
  return false;
}

static bool ends_by_plain(const cs_defect_wire *w, cs_span bytes) {
  if (!w->established || is_record(w, bytes))
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

static void answered_plain(cs_defect_manner *m) {
  m->answers_plain = true;
}

/* ---- sessions and what belongs to them ---- */

static void one_endpoint(cs_defect_manner *m) {
  m->one_endpoint = true;
}

static void late_replies(cs_defect_manner *m) {
  m->late_replies = true;
}

static bool one_exchange(const cs_defect_wire *w, cs_span bytes) {
  if (!is_protected(w, bytes, DATA) || (*mark(w))++ == 0)
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

static void deaf_to_new(cs_defect_manner *m) {
  m->deaf_to_new = true;
}

static bool deaf_after_alert(const cs_defect_wire *w, cs_span bytes) {
  if (is_protected(w, bytes, ALERT))
    *mark(w) = 1;
  cs_client_hello hello;
  return !cs_client_hello_read(w, bytes, &hello) || *mark(w) == 0;
}

/* 1: it has sent something in a session; 2: it has begun another one then. */
static bool unserved(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  uint64_t *m = mark(w);
  if (cs_client_hello_read(w, bytes, &hello) && *m)
    *m = 2;
  if (!is_protected(w, bytes, DATA))
    return true;
  *m = *m ? *m : 1;
  return *m < 2;
}

static bool ends_by_hello(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  if (w->established && cs_client_hello_read(w, bytes, &hello) && hello.cookie.len == 0)
    cs_defect_wire_end(w, -1);
  return true;
}

static void no_cookie(cs_defect_manner *m) {
  m->no_cookie = true;
}

/* ---- records that are not right ---- */

static bool clear_data_taken(const cs_defect_wire *w, cs_span bytes) {
  if (!is_clear(w, bytes, DATA))
    return true;
  cs_defect_wire_take(w, cs_span_cut(bytes, RECORD_DTLS, bytes.len - RECORD_DTLS));
  return false;
}

static bool ends_by_clear_data(const cs_defect_wire *w, cs_span bytes) {
  if (!is_clear(w, bytes, DATA))
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

static bool ends_by_clear_alert(const cs_defect_wire *w, cs_span bytes) {
  if (!is_clear(w, bytes, ALERT))
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

/* A record that nobody has sent is known here by a number that is not its turn. */
static bool is_forged(const cs_defect_wire *w, cs_span bytes) {
  enum { AHEAD = 4 };
  if (!is_protected(w, bytes, DATA))
    return false;
  uint64_t *last = mark(w);
  bool forged = sequence(bytes) > *last + AHEAD;
  if (!forged)
    *last = sequence(bytes);
  return forged;
}

static bool ends_by_forged(const cs_defect_wire *w, cs_span bytes) {
  if (!is_forged(w, bytes))
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

/* Bytes that begin like a record and are not one. */
static bool ends_by_malformed(const cs_defect_wire *w, cs_span bytes) {
  size_t whole = bytes.len >= RECORD_DTLS ? RECORD_DTLS + ((size_t)bytes.at[11] << 8 | bytes.at[12])
                                          : RECORD_DTLS;
  if (!w->established || (is_record(w, bytes) && bytes.len >= whole))
    return true;
  cs_defect_wire_end(w, -1);
  return false;
}

static bool alerted_by_forged(const cs_defect_wire *w, cs_span bytes) {
  if (!is_forged(w, bytes))
    return true;
  cs_defect_wire_end(w, BAD_RECORD_MAC);
  return false;
}

static bool window_moved(const cs_defect_wire *w, cs_span bytes) {
  enum { WINDOW = 64 };
  if (!is_protected(w, bytes, DATA))
    return true;
  uint64_t *highest = mark(w);
  uint64_t n = sequence(bytes);
  if (n > *highest)
    *highest = n;
  return n + WINDOW > *highest;
}

/* ---- keys, certificates, cipher suites ---- */

static void wrong_key_taken(cs_defect_manner *m) {
  if (m->key.len == 0 || m->key.len > sizeof m->room)
    return;
  cs_defect_wrong_key(m->key, m->room);
  m->key = cs_span_of(m->room, m->key.len);
}

static void guest_taken(cs_defect_manner *m) {
  wrong_key_taken(m);
  m->identity = cs_span_str(CS_DEFECT_UNKNOWN_IDENTITY);
}

static void anyone_trusted(cs_defect_manner *m) {
  m->trusts_any = true;
}

/* The suites of AES-128 with a pre-shared key (CCM_8, CCM, GCM), with ECDHE and
 * ECDSA (CCM_8, CCM, GCM). */
static void psk_suite_unknown(cs_defect_manner *m) {
  static const uint16_t suites[] = {0xc0a4, 0x00a8, 0xc0ae, 0xc0ac, 0xc02b, 0};
  m->suites = suites;
}

static void certificate_suite_unknown(cs_defect_manner *m) {
  static const uint16_t suites[] = {0xc0a8, 0xc0a4, 0x00a8, 0xc0ac, 0xc02b, 0};
  m->suites = suites;
}

/* Nor has it what RFC 7525 recommends instead. */
static void certificate_suites_unknown(cs_defect_manner *m) {
  static const uint16_t suites[] = {0xc0a8, 0xc0a4, 0x00a8, 0xc0ac, 0};
  m->suites = suites;
}

/* ---- what a ClientHello says ---- */

static bool version_refused(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  return !cs_client_hello_read(w, bytes, &hello) ||
         cs_client_hello_refuse(w, &hello, PROTOCOL_VERSION);
}

static bool extension_refused(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_span value;
  return !cs_client_hello_read(w, bytes, &hello) ||
         !cs_client_hello_extension(&hello, ALPN, &value) ||
         cs_client_hello_refuse(w, &hello, HANDSHAKE_FAILURE);
}

/* Knows itself as localhost: a list of one name of type 0. */
static bool name_refused(const cs_defect_wire *w, cs_span bytes) {
  static const uint8_t known[] = {0, 12, 0, 0, 9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't'};
  cs_client_hello hello;
  cs_span value;
  return !cs_client_hello_read(w, bytes, &hello) ||
         !cs_client_hello_extension(&hello, SERVER_NAME, &value) ||
         cs_span_equal(value, cs_span_of(known, sizeof known)) ||
         cs_client_hello_refuse(w, &hello, HANDSHAKE_FAILURE);
}

static void alpn_unknown(cs_defect_manner *m) {
  static const char *const none[] = {NULL};
  m->alpn = none;
}

static void any_protocol(cs_defect_manner *m) {
  static const char *const any[] = {"coap", "h2", "coapspec-unknown", NULL};
  m->alpn = any;
}

/* Remembers connections whose ClientHello is without ALPN. */
static bool alpn_missed(const cs_defect_wire *w, cs_span bytes) {
  cs_client_hello hello;
  cs_span value;
  if (cs_client_hello_read(w, bytes, &hello) && !cs_client_hello_extension(&hello, ALPN, &value))
    *mark(w) = 1;
  return true;
}

/* Takes the records of a type out of what goes out. */
static bool lose(const cs_defect_wire *w, uint8_t type, uint8_t *bytes, size_t *len) {
  size_t header = is_datagram(w) ? RECORD_DTLS : RECORD_TLS;
  size_t kept = 0;
  for (size_t at = 0; at < *len;) {
    size_t n = *len - at;
    if (n >= header) {
      size_t whole = header + ((size_t)bytes[at + header - 2] << 8 | bytes[at + header - 1]);
      n = whole < n ? whole : n;
    }
    if (bytes[at] != type) {
      memmove(bytes + kept, bytes + at, n);
      kept += n;
    }
    at += n;
  }
  *len = kept;
  return kept > 0;
}

static bool mute(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  return !w->established || lose(w, DATA, bytes, len);
}

static bool mute_without_alpn(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  return *mark(w) == 0 || mute(w, bytes, len, cap);
}

/* ---- ends ---- */

static void ignores_close(cs_defect_manner *m) {
  m->ignores_close = true;
}

static void stays_open(cs_defect_manner *m) {
  m->stays_open = true;
}

static void ignores_fatal(cs_defect_manner *m) {
  m->ignores_fatal = true;
}

static bool alerts_lost(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap) {
  (void)cap;
  return lose(w, ALERT, bytes, len);
}

static const cs_defect table[] = {
    {.row = {"unknown-identity-served", "RFC4279#2:identity-unknown",
             "An identity that nobody knows is served with a key of its own.", CS_DEFECT_SECURED},
     .secure = guest_taken},
    {.row = {"close-notify-unsent", "RFC5246#7.2.1:closure-alert",
             "Connections are closed without close_notify.", CS_DEFECT_TLS},
     .wire_out = alerts_lost},
    {.row = {"close-notify-unanswered", "RFC5246#7.2.1:close-notify-answered",
             "close_notify is ignored.", CS_DEFECT_DTLS | CS_DEFECT_TLS},
     .secure = ignores_close},
    {.row = {"connection-open-behind-close", "RFC5246#7.2.1:connection-closed",
             "The connection stays open when close_notify was answered.", CS_DEFECT_TLS},
     .secure = stays_open},
    {.row = {"fatal-alert-unheard", "RFC5246#7.2.2:fatal-closes",
             "The connection stays open behind a fatal alert.", CS_DEFECT_TLS | CS_DEFECT_WSS},
     .secure = ignores_fatal},
    {.row = {"extension-refused", "RFC5246#7.4.1.2:extensions",
             "A ClientHello with the extension of ALPN is refused.", CS_DEFECT_DTLS},
     .wire_in = extension_refused},
    {.row = {"finished-not-verified", "RFC5246#7.4.9:finished",
             "A client with a wrong key gets a session.", CS_DEFECT_SECURED},
     .secure = wrong_key_taken},
    {.row = {"unprotected-record-processed", "RFC5246#7.4.9:data-after-finished",
             "A request in an unprotected record is processed in the session.", CS_DEFECT_DTLS},
     .wire_in = clear_data_taken},
    {.row = {"unknown-name-refused", "RFC6066#3:name-unknown",
             "A server name other than localhost is refused by handshake_failure.",
             CS_DEFECT_SECURED},
     .wire_in = name_refused},
    {.row = {"unprotected-record-ends-session", "RFC6347#4.1:earlier-epoch",
             "Application data in an unprotected record ends the session.", CS_DEFECT_DTLS},
     .wire_in = ends_by_clear_data},
    {.row = {"unprotected-alert-heard", "RFC6347#4.1:earlier-epoch",
             "An alert in an unprotected record ends the session.", CS_DEFECT_DTLS},
     .wire_in = ends_by_clear_alert},
    {.row = {"window-moved-by-anyone", "RFC6347#4.1.2.6:window",
             "A record that does not authenticate moves the window against replays.",
             CS_DEFECT_DTLS},
     .wire_in = window_moved},
    {.row = {"plain-ends-session", "RFC6347#4.1.2.7:invalid-record",
             "A message in the clear ends the session of its address.", CS_DEFECT_DTLS},
     .wire_in = ends_by_plain},
    {.row = {"forged-record-ends-session", "RFC6347#4.1.2.7:invalid-record",
             "A record that does not authenticate ends the session.", CS_DEFECT_DTLS},
     .wire_in = ends_by_forged},
    {.row = {"malformed-record-ends-session", "RFC6347#4.1.2.7:invalid-record",
             "A datagram that is no whole record of a known type ends the session.",
             CS_DEFECT_DTLS},
     .wire_in = ends_by_malformed},
    {.row = {"forged-record-alerted", "RFC6347#4.1.2.7:invalid-record",
             "A record that does not authenticate brings a fatal alert about.", CS_DEFECT_DTLS},
     .wire_in = alerted_by_forged},
    {.row = {"cookie-unasked", "RFC6347#4.2.1:cookie", "A handshake begins without a cookie.",
             CS_DEFECT_DTLS},
     .secure = no_cookie},
    {.row = {"deaf-after-alert", "RFC6347#4.2.8:new-association",
             "A client that has sent an alert cannot shake hands again.", CS_DEFECT_DTLS},
     .wire_in = deaf_after_alert},
    {.row = {"second-handshake-ignored", "RFC6347#4.2.8:new-association",
             "A ClientHello from an address with a session is ignored.", CS_DEFECT_DTLS},
     .secure = deaf_to_new},
    {.row = {"hello-destroys-session", "RFC6347#4.2.8:existing-kept",
             "A ClientHello without a cookie ends the session of its address.", CS_DEFECT_DTLS},
     .wire_in = ends_by_hello},
    {.row = {"new-session-unserved", "RFC6347#4.2.8:previous-abandoned",
             "What comes in the second session of an address is not taken.", CS_DEFECT_DTLS},
     .wire_in = unserved},
    {.row = {"version-refused", "RFC7252#9.1:dtls-version", "DTLS 1.2 is refused.", CS_DEFECT_DTLS},
     .wire_in = version_refused},
    {.row = {"plain-answered", "RFC7252#9.1.1:application-data",
             "A message in the clear is processed at the secure port.", CS_DEFECT_DTLS},
     .secure = plain_taken},
    {.row = {"plain-answered-inside", "RFC7252#9.1.1:application-data",
             "A message in the clear is taken for one of the session of its address.",
             CS_DEFECT_DTLS},
     .wire_in = plain_taken_inside},
    {.row = {"session-for-one-exchange", "RFC7252#9.1.1:kept-open",
             "A session is given up behind its first exchange.", CS_DEFECT_DTLS},
     .wire_in = one_exchange},
    {.row = {"retransmission-across-sessions", "RFC7252#9.1.1:retransmission-epoch",
             "Responses without an Acknowledgement are retransmitted in the next session.",
             CS_DEFECT_DTLS},
     .secure = late_replies},
    {.row = {"mid-known-across-sessions", "RFC7252#9.1.1:same-message",
             "Message IDs are remembered by address, not by session.", CS_DEFECT_DTLS},
     .secure = one_endpoint},
    {.row = {"response-in-the-clear", "RFC7252#9.1.2:response-secured",
             "Responses are sent in the clear.", CS_DEFECT_DTLS},
     .secure = answered_plain},
    {.row = {"response-in-next-session", "RFC7252#9.1.2:response-session",
             "Late responses are sent in the next session of the address.", CS_DEFECT_DTLS},
     .secure = late_replies},
    {.row = {"psk-suite-unknown", "RFC7252#9.1.3.1:psk-suite",
             "TLS_PSK_WITH_AES_128_CCM_8 is not supported.", CS_DEFECT_DTLS},
     .secure = psk_suite_unknown},
    {.row = {"certificate-suite-unknown", "RFC7252#9.1.3.3:certificate-suite",
             "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 is not supported.", CS_DEFECT_DTLS},
     .secure = certificate_suite_unknown},
    {.row = {"anyone-trusted", "RFC7252#9.1.3.3:certificate-trusted",
             "Certificates of clients are demanded, but not verified.", CS_DEFECT_SECURED},
     .secure = anyone_trusted},
    {.row = {"any-protocol-taken", "RFC7301#3.2:no-common-protocol",
             "The protocols of HTTP are selected by ALPN as well.", CS_DEFECT_TLS},
     .secure = any_protocol},
    {.row = {"alpn-unknown", "RFC8323#8.2:alpn-other-ports", "ALPN is not supported.",
             CS_DEFECT_TLS},
     .secure = alpn_unknown},
    {.row = {"mute-without-alpn", "RFC8323#8.2:alpn-implicit",
             "A client without ALPN gets no message.", CS_DEFECT_TLS},
     .wire_in = alpn_missed,
     .wire_out = mute_without_alpn},
    {.row = {"upgrade-over-tls-unanswered", "RFC8323#8.4:path",
             "Over TLS the upgrade to a WebSocket is not answered.", CS_DEFECT_WSS},
     .wire_out = mute},
    {.row = {"version-refused-by-tls", "RFC8323#9.1:tls-version", "TLS 1.2 is refused.",
             CS_DEFECT_TLS},
     .wire_in = version_refused},
    {.row = {"psk-suite-unknown-by-tls", "RFC8323#9.1:psk-suite",
             "TLS_PSK_WITH_AES_128_CCM_8 is not supported over TCP.", CS_DEFECT_TLS},
     .secure = psk_suite_unknown},
    {.row = {"certificate-suite-unknown-by-tls", "RFC8323#9.1:certificate-suite",
             "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 is not supported over TCP.", CS_DEFECT_TLS},
     .secure = certificate_suites_unknown},
    {.row = {"certificate-suite-unknown-by-wss", "RFC8323#9.2:certificate-suite",
             "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 is not supported below WebSockets.",
             CS_DEFECT_WSS},
     .secure = certificate_suites_unknown},
    {.row = {"version-refused-by-wss", "RFC8323#9.2:tls-version",
             "TLS 1.2 is refused below WebSockets.", CS_DEFECT_WSS},
     .wire_in = version_refused},
};

const cs_defect_family cs_defects_secure = {table, sizeof table / sizeof *table};
