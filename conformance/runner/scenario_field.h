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
/* One hex digit's value at the present place, or 16. */
unsigned cs_runner_hex(const state *p, size_t ahead);

#endif
