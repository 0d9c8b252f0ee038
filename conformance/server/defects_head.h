/* Editing the heads of HTTP messages: what the defects of the handshake share. */
#ifndef CS_SERVER_DEFECTS_HEAD_H
#define CS_SERVER_DEFECTS_HEAD_H

#include "server/defects.h"

/* A line of a head: its name and its value, and all of it with its end. Its
 * spans are in the unit, and good until that is changed. */
typedef struct cs_head_line {
  cs_span whole, name, value;
} cs_head_line;

/* The line that begins at; false behind the last, which is empty. */
bool cs_head_line_at(const cs_defect_unit *u, size_t at, cs_head_line *out);
/* Where the fields begin, behind the first line. */
size_t cs_head_first_field(const cs_defect_unit *u);
/* Equal but for case. */
bool cs_head_same(cs_span a, const char *b);
/* The field of this name that comes after n others of it. */
bool cs_head_find(const cs_defect_unit *u, const char *name, size_t n, cs_head_line *out);
bool cs_head_has(const cs_defect_unit *u, const char *name);

/* Puts text where len bytes begin at; too much is left undone. */
void cs_head_splice(cs_defect_unit *u, const uint8_t *at, size_t len, const char *text);
/* Takes all fields of this name out. */
void cs_head_drop(cs_defect_unit *u, const char *name);
/* line: "Name: value", with its end. It becomes the first field. */
void cs_head_add(cs_defect_unit *u, const char *line);
/* Sets the value of the first field of this name, if there is one. */
void cs_head_set(cs_defect_unit *u, const char *name, const char *value);

/* For hooks, which may be given frames too; they return true. A field that is
 * not there is taken for this line; the value of one that is, for this value. */
bool cs_head_suppose(cs_defect_unit *u, const char *name, const char *line);
bool cs_head_overlook(cs_defect_unit *u, const char *name, const char *value);
/* Sets the n-th word of the first line, from 0. */
bool cs_head_set_word(cs_defect_unit *u, size_t n, const char *text);
/* Whether the unit is the head of a response with this status. */
bool cs_head_is_response(const cs_defect_unit *u, const char *status);

#endif
