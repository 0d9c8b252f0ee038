/* The one notation of messages: scenarios, logs, reports and debug output are
 * written in it, and it parses back.
 *
 *   CON GET mid=0x7d34 token=20 Uri-Path="temperature" Accept=0
 *   ACK 2.05 mid=0x7d34 token=20 payload="22.3 C"
 *   RST 0.00 mid=0x7d34
 *   GET token=01 Uri-Path="x"              (TCP and WebSocket: no type, no mid)
 *
 * type  CON NON ACK RST
 * code  c.dd, or a method name: GET POST PUT DELETE FETCH PATCH iPATCH, or a
 *       signaling name: CSM Ping Pong Release Abort; "Empty" is 0.00
 * token hex digits, token= alone is the empty token and may be left out
 * option  Name=value, an unknown number as Option-65000=value; values are
 *       "text" with \xHH \" \\ escapes, 0xHEX bytes (0x alone is zero bytes),
 *       a decimal for uint options, NUM/M/SZX written 3/1/6 for block options,
 *       and nothing after the name for an empty option (If-None-Match)
 * payload  payload="text", payload=0xHEX
 *
 * Printing yields the canonical form; print(parse(print(m))) is print(m). */
#ifndef CS_WIRE_NOTATION_H
#define CS_WIRE_NOTATION_H

#include "base/bytes.h"
#include "base/error.h"
#include "wire/message.h"
#include "wire/option.h"

/* Prints m, NUL-terminated; len (may be NULL) is set without the NUL.
 * CS_ERR_TOO_LARGE when cap is too small: buf then holds the longest prefix
 * that fits, still terminated. CS_ERR_RULE when the options were never parsed
 * and are malformed: those before the fault are printed. */
cs_err cs_wire_print(const cs_wire_message *m, char *buf, size_t cap, size_t *len);

/* One value in the notation, for an option of this format. */
cs_err cs_wire_print_value(cs_wire_format format, cs_span value, char *buf, size_t cap,
                           size_t *len);

typedef struct cs_wire_notation_error {
  size_t at;        /* byte offset in the text */
  const char *want; /* what was expected there: "mid=", to follow "expected" */
} cs_wire_notation_error;

/* Parses text into m; fields stand in any order but for the payload, which is
 * the last. m's spans point into scratch (token, encoded options,
 * payload), cap bytes of it. CS_ERR_RULE with *error set (may be NULL);
 * CS_ERR_TOO_LARGE when scratch is too small. Options may be written in any
 * order of equal numbers but ascending numbers are not required: they are
 * sorted, stably. */
cs_err cs_wire_read(cs_wire_form form, cs_span text, uint8_t *scratch, size_t cap,
                    cs_wire_message *m, cs_wire_notation_error *error);

/* Parses one value; the reader is left behind it (what may follow a value is
 * the caller's to say). error->at counts from where the reader stood. Used by
 * scenario fields. CS_ERR_RULE, CS_ERR_TOO_LARGE. */
cs_err cs_wire_read_value(cs_base_reader *in, cs_wire_format format, uint8_t *buf, size_t cap,
                          size_t *len, cs_wire_notation_error *error);

#endif
