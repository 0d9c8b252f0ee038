#include "wire/option.h"

#include <stddef.h>

enum {
  CS_USE_BOTH = CS_USE_REQUEST | CS_USE_RESPONSE,
  SIGNAL_CODES = 6,   /* 7.00 to 7.05 */
  SIGNAL_NUMBERS = 7, /* 0 to 6 */
  NUMBERS = CS_OPT_REQUEST_TAG + 1
};

/* The place of each row, counted by the compiler. */
enum {
#define CS_OPTION(symbol, ...) ROW_##symbol,
#define CS_SIGNAL_OPTION(symbol, ...) ROW_SIGNAL_##symbol,
#include "wire/option_table.def"
#undef CS_OPTION
#undef CS_SIGNAL_OPTION
  ROW_COUNT
};

static const cs_wire_option_row rows[ROW_COUNT] = {
#define CS_OPTION(symbol, name, format, min, max, repeatable, use, section)                        \
  {0, CS_OPT_##symbol, name, CS_FORMAT_##format, min, max, repeatable, CS_USE_##use, section},
#define CS_SIGNAL_OPTION(symbol, detail, number, name, format, min, max, repeatable, section)      \
  {CS_CODE(7, detail), number,      name,   CS_FORMAT_##format, min, max,                          \
   repeatable,         CS_USE_BOTH, section},
#include "wire/option_table.def"
#undef CS_OPTION
#undef CS_SIGNAL_OPTION
};

/* Number to row, one more than its place so that 0 means none: one load per
 * option that a session looks at. */
static const uint8_t row_of[NUMBERS] = {
#define CS_OPTION(symbol, ...) [CS_OPT_##symbol] = ROW_##symbol + 1,
#define CS_SIGNAL_OPTION(...)
#include "wire/option_table.def"
#undef CS_OPTION
#undef CS_SIGNAL_OPTION
};

static const uint8_t signal_row_of[SIGNAL_CODES][SIGNAL_NUMBERS] = {
#define CS_OPTION(...)
#define CS_SIGNAL_OPTION(symbol, detail, number, ...) [detail][number] = ROW_SIGNAL_##symbol + 1,
#include "wire/option_table.def"
#undef CS_OPTION
#undef CS_SIGNAL_OPTION
};

const cs_wire_option_row *cs_wire_option_find(uint8_t space, uint32_t number) {
  unsigned place = 0;
  if (space == 0) {
    if (number < NUMBERS)
      place = row_of[number];
  } else if (cs_wire_code_is_signal(space)) {
    unsigned detail = CS_CODE_DETAIL(space);
    if (detail < SIGNAL_CODES && number < SIGNAL_NUMBERS)
      place = signal_row_of[detail][number];
  }
  return place ? &rows[place - 1] : NULL;
}

static unsigned lower(unsigned c) {
  return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool same_name(const char *name, cs_span text) {
  size_t i = 0;
  while (i < text.len && name[i] && lower((unsigned char)name[i]) == lower(text.at[i]))
    i++;
  return i == text.len && name[i] == '\0';
}

const cs_wire_option_row *cs_wire_option_named(uint8_t space, cs_span name) {
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].space == space && same_name(rows[i].name, name))
      return &rows[i];
  return NULL;
}

const cs_wire_option_row *cs_wire_option_at(size_t i) {
  return i < ROW_COUNT ? &rows[i] : NULL;
}
