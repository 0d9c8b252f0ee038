/* Options (RFC 7252 sections 3.1, 5.4, 5.10): codec and the one table of what
 * is known about each number. */
#ifndef CS_WIRE_OPTION_H
#define CS_WIRE_OPTION_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"
#include "wire/message.h"

/* Option numbers, request/response space. */
enum {
  CS_OPT_IF_MATCH = 1,
  CS_OPT_URI_HOST = 3,
  CS_OPT_ETAG = 4,
  CS_OPT_IF_NONE_MATCH = 5,
  CS_OPT_OBSERVE = 6,
  CS_OPT_URI_PORT = 7,
  CS_OPT_LOCATION_PATH = 8,
  CS_OPT_OSCORE = 9,
  CS_OPT_URI_PATH = 11,
  CS_OPT_CONTENT_FORMAT = 12,
  CS_OPT_MAX_AGE = 14,
  CS_OPT_URI_QUERY = 15,
  CS_OPT_HOP_LIMIT = 16,
  CS_OPT_ACCEPT = 17,
  CS_OPT_Q_BLOCK1 = 19,
  CS_OPT_LOCATION_QUERY = 20,
  CS_OPT_EDHOC = 21,
  CS_OPT_BLOCK2 = 23,
  CS_OPT_BLOCK1 = 27,
  CS_OPT_SIZE2 = 28,
  CS_OPT_Q_BLOCK2 = 31,
  CS_OPT_PROXY_URI = 35,
  CS_OPT_PROXY_SCHEME = 39,
  CS_OPT_SIZE1 = 60,
  CS_OPT_ECHO = 252,
  CS_OPT_NO_RESPONSE = 258,
  CS_OPT_REQUEST_TAG = 292
};

typedef enum cs_wire_format {
  CS_FORMAT_EMPTY,
  CS_FORMAT_OPAQUE,
  CS_FORMAT_UINT,
  CS_FORMAT_STRING,
  CS_FORMAT_BLOCK /* a uint that carries NUM, M, SZX (RFC 7959 section 2.2) */
} cs_wire_format;

/* One row of the table. An option number means something else in each
 * signaling code (RFC 8323 section 5.2), so the key is (space, number):
 * space 0 is requests and responses, else the signaling code (7.01 ...). */
typedef struct cs_wire_option_row {
  uint8_t space;
  uint16_t number;
  const char *name; /* "Uri-Path" */
  cs_wire_format format;
  uint16_t min_len;
  uint16_t max_len;
  bool repeatable;
  uint8_t use;         /* CS_USE_REQUEST, CS_USE_RESPONSE or both */
  const char *section; /* "RFC7252#5.10.1" */
} cs_wire_option_row;

enum { CS_USE_REQUEST = 1, CS_USE_RESPONSE = 2 };

/* The option space a message of this code lives in. */
static inline uint8_t cs_wire_option_space(uint8_t code) {
  return cs_wire_code_is_signal(code) ? code : 0;
}

/* The row of a known option, or NULL. */
const cs_wire_option_row *cs_wire_option_find(uint8_t space, uint32_t number);
/* By name, case-insensitive, not NUL-terminated; or NULL. */
const cs_wire_option_row *cs_wire_option_named(uint8_t space, cs_span name);
/* Row i of the table, or NULL past its end. */
const cs_wire_option_row *cs_wire_option_at(size_t i);

static inline bool cs_wire_option_critical(uint32_t number) {
  return number & 1;
}
static inline bool cs_wire_option_unsafe(uint32_t number) {
  return number & 2;
}
static inline bool cs_wire_option_no_cache_key(uint32_t number) {
  return (number & 0x1e) == 0x1c;
}

typedef struct cs_wire_option {
  uint16_t number;
  cs_span value;
} cs_wire_option;

/* Walks an encoded option span that cs_wire_parse has accepted:
 *   cs_wire_option_iter it = cs_wire_options(m.options);
 *   while (cs_wire_option_next(&it, &o)) ...
 * On bytes that were never parsed it stops at the first malformed option and
 * leaves the rule in it.broken. */
typedef struct cs_wire_option_iter {
  cs_base_reader in;
  uint32_t number;
  cs_rule broken;
} cs_wire_option_iter;

cs_wire_option_iter cs_wire_options(cs_span encoded);
bool cs_wire_option_next(cs_wire_option_iter *it, cs_wire_option *out);

/* The first option with this number; false when there is none. */
bool cs_wire_option_get(cs_span encoded, uint16_t number, cs_span *value);
/* A uint value (RFC 7252 section 3.2), leading zeros allowed; CS_ERR_RULE when
 * it is over 4 bytes long. */
cs_err cs_wire_uint(cs_span value, uint32_t *out);
/* The shortest encoding of v into buf; returns its length, 0 to 4. */
size_t cs_wire_uint_put(uint32_t v, uint8_t buf[4]);

/* Appends options to a writer, in order of their numbers. last starts at 0. */
typedef struct cs_wire_option_writer {
  cs_base_writer *out;
  uint16_t last;
} cs_wire_option_writer;

/* Appends one; CS_ERR_ARGUMENT when number is below the last one or the value
 * is over 65804 bytes; an overflow shows in the writer. */
cs_err cs_wire_option_put(cs_wire_option_writer *w, uint16_t number, cs_span value);
cs_err cs_wire_option_put_uint(cs_wire_option_writer *w, uint16_t number, uint32_t v);

/* Inserts one option in its place into an encoded span held in buf (len bytes
 * used of cap), after those of the same number. On failure nothing changes.
 * CS_ERR_TOO_LARGE, CS_ERR_ARGUMENT. */
cs_err cs_wire_option_insert(uint8_t *buf, size_t *len, size_t cap, uint16_t number, cs_span value);

/* The same with room for a value of value_len bytes that the caller fills in
 * at *value. */
cs_err cs_wire_option_open(uint8_t *buf, size_t *len, size_t cap, uint16_t number, size_t value_len,
                           uint8_t **value);

/* What a receiver is to make of the options of a message (RFC 7252 5.4):
 * the first critical option that is unrecognised, supernumerary or of a length
 * outside its range. known (may be NULL) says which critical options the
 * receiver understands: called with a number, returns whether it is understood
 * (one outside the table is then taken as it comes); NULL means all in the
 * table. Elective faults are not faults.
 * Returns CS_RULE_NONE, or the rule with *at set to the offending option. */
cs_rule cs_wire_option_check(const cs_wire_message *m, bool (*known)(void *ctx, uint16_t number),
                             void *ctx, cs_wire_option *at);

/* The strict check for what we are about to send: every option known is within
 * its length, repeated only where it may be, valid UTF-8 where it is a string,
 * and defined for a request or response as the code says. */
cs_rule cs_wire_option_check_sent(const cs_wire_message *m, cs_wire_option *at);

#endif
