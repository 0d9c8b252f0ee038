/* As much of X.509 as says what kind of key a certificate has, how it is signed
 * and when it holds (RFC 5280 section 4.1). */
#include <string.h>

#include "runner/hello.h"

enum { INTEGER = 0x02, OID = 0x06, UTC_TIME = 0x17, GENERALIZED_TIME = 0x18, SEQUENCE = 0x30 };

/* Takes the next value off s; its content in *out. False when there is none. */
static bool take(cs_span *s, uint8_t *tag, cs_span *out) {
  if (s->len < 2)
    return false;
  size_t header = 2;
  size_t len = s->at[1];
  if (len > 0x80 && len <= 0x84) {
    size_t n = len - 0x80;
    if (s->len < 2 + n)
      return false;
    len = 0;
    for (size_t i = 0; i < n; i++)
      len = len << 8 | s->at[2 + i];
    header += n;
  } else if (len >= 0x80) {
    return false;
  }
  if (len > s->len - header)
    return false;
  *tag = s->at[0];
  *out = cs_span_cut(*s, header, len);
  *s = cs_span_cut(*s, header + len, s->len - header - len);
  return true;
}

static bool take_as(cs_span *s, uint8_t wanted, cs_span *out) {
  uint8_t tag;
  return take(s, &tag, out) && tag == wanted;
}

static bool is(cs_span oid, const uint8_t *bytes, size_t len) {
  return oid.len == len && memcmp(oid.at, bytes, len) == 0;
}

static int64_t digits(const uint8_t *at, size_t n) {
  int64_t v = 0;
  for (size_t i = 0; i < n; i++)
    v = at[i] >= '0' && at[i] <= '9' ? v * 10 + (at[i] - '0') : -1000000;
  return v;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days(int64_t year, int64_t month, int64_t day) {
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int64_t leaps = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return (year - 1970) * 365 + leaps - 477 + before[month - 1] + (month > 2 && leap) + day - 1;
}

static bool read_time(cs_span *s, int64_t *out) {
  uint8_t tag;
  cs_span text;
  if (!take(s, &tag, &text) || (tag != UTC_TIME && tag != GENERALIZED_TIME))
    return false;
  size_t n = tag == UTC_TIME ? 2 : 4;
  if (text.len < n + 8)
    return false;
  /* DER wants seconds; a certificate without is read all the same. */
  bool seconds = text.len >= n + 10 && text.at[n + 8] >= '0' && text.at[n + 8] <= '9';
  int64_t year = digits(text.at, n);
  if (tag == UTC_TIME)
    year += year < 50 ? 2000 : 1900;
  const uint8_t *at = text.at + n;
  int64_t month = digits(at, 2), day = digits(at + 2, 2);
  int64_t time = digits(at + 4, 2) * 3600 + digits(at + 6, 2) * 60;
  time += seconds ? digits(at + 8, 2) : 0;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || time < 0)
    return false;
  *out = days(year, month, day) * 86400 + time;
  return true;
}

static bool read_key(cs_span key, cs_runner_hello_certificate *out) {
  static const uint8_t ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
  static const uint8_t p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  cs_span algorithm, oid;
  if (!take_as(&key, SEQUENCE, &algorithm) || !take_as(&algorithm, OID, &oid))
    return false;
  out->ecdsa = is(oid, ec, sizeof ec);
  out->p256 = out->ecdsa && take_as(&algorithm, OID, &oid) && is(oid, p256, sizeof p256);
  return true;
}

static bool read_x509(cs_span der, cs_runner_hello_certificate *out) {
  static const uint8_t ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  cs_span all, tbs, skipped, dates, key, algorithm, oid;
  uint8_t tag;
  if (!take_as(&der, SEQUENCE, &all) || !take_as(&all, SEQUENCE, &tbs))
    return false;
  /* The version is tagged and may be left out; then serial number, signature, issuer. */
  if (!take(&tbs, &tag, &skipped) || (tag != INTEGER && !take_as(&tbs, INTEGER, &skipped)) ||
      !take_as(&tbs, SEQUENCE, &skipped) || !take_as(&tbs, SEQUENCE, &skipped) ||
      !take_as(&tbs, SEQUENCE, &dates) || !take_as(&tbs, SEQUENCE, &skipped) ||
      !take_as(&tbs, SEQUENCE, &key))
    return false;
  out->dated = read_time(&dates, &out->from) && read_time(&dates, &out->to);
  if (!read_key(key, out) || !take_as(&all, SEQUENCE, &algorithm) ||
      !take_as(&algorithm, OID, &oid))
    return false;
  out->ecdsa_sha256 = is(oid, ecdsa_sha256, sizeof ecdsa_sha256);
  return out->dated;
}

void cs_runner_hello_certificate_read(cs_span der, bool raw, cs_runner_hello_certificate *out) {
  cs_span key;
  *out = (cs_runner_hello_certificate){.there = true, .raw = raw};
  out->readable = raw ? take_as(&der, SEQUENCE, &key) && read_key(key, out) : read_x509(der, out);
}
