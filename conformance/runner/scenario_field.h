/* What fields of messages to send and of patterns share in the parser. */
#ifndef CS_RUNNER_SCENARIO_FIELD_H
#define CS_RUNNER_SCENARIO_FIELD_H

#include "runner/scenario_text.h"
#include "wire/option.h"

typedef struct cs_runner_fields {
  cs_runner_list list; /* cs_runner_field */
} cs_runner_fields;

/* A new field that begins at the present place; NULL after an error. */
cs_runner_field *cs_runner_add_field(state *p, cs_runner_fields *f, cs_runner_field_kind kind);
/* Literal values behind the equals sign; the place is behind the value then. */
bool cs_runner_mid_value(state *p, cs_runner_field *field);
bool cs_runner_token_value(state *p, cs_runner_field *field);
bool cs_runner_value(state *p, cs_wire_format format, cs_runner_field *field);
/* The name of an option; its row's format. */
bool cs_runner_option_name(state *p, uint8_t code, cs_runner_field *field, cs_wire_format *format,
                           const char *want);
/* Whether the present place is the end of a field; else an error. */
bool cs_runner_field_end(state *p);
/* A field of this kind that stands there already, or NULL. */
const cs_runner_field *cs_runner_field_of(const cs_runner_fields *f, cs_runner_field_kind kind);
/* The type word of a message, CS_RUNNER_TYPE_CASE for $type. False and no
 * error when there is none. */
bool cs_runner_take_type(state *p, uint8_t *type);
/* "2.05", "GET", "Empty". False and no error when there is none. */
bool cs_runner_take_code(state *p, uint8_t *code);
/* A number up to the next space. */
bool cs_runner_number(state *p, uint64_t max, uint64_t *out);
/* The opcode of a frame: its name or its number. False and no error when there
 * is none. */
bool cs_runner_take_opcode(state *p, uint8_t *opcode);
/* The name of a header field of HTTP, into field->name. */
bool cs_runner_header_name(state *p, cs_runner_field *field, const char *want);
/* "frame ..." and "upgrade ..." behind ">". */
bool cs_runner_parse_frame(state *p, cs_runner_send *out);
bool cs_runner_parse_upgrade(state *p, cs_runner_send *out);
/* What stands behind "payload" in a pattern; "=", "!=" or "~", PRESENT when
 * none of them is there; whether a field's value ends here; whether the pattern
 * is over. */
bool cs_runner_payload_pattern(state *p, cs_runner_field *field);
cs_runner_relation cs_runner_take_relation(state *p);
/* "link(", "links(", "!link(" or "!links(", false and no error when there is none;
 * what stands behind it; JSON behind "json=". */
bool cs_runner_take_links(state *p, cs_runner_relation *relation);
bool cs_runner_links_pattern(state *p, cs_runner_field *field);
bool cs_runner_json_value(state *p, cs_runner_field *field);
bool cs_runner_at_value_end(const state *p);
bool cs_runner_at_tail(state *p);
/* One hex digit's value at the present place, or 16. */
unsigned cs_runner_hex(const state *p, size_t ahead);

#endif
