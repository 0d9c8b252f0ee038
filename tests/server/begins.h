/* An assertion that both ways of speaking to a server use. */
#ifndef CS_TESTS_BEGINS_H
#define CS_TESTS_BEGINS_H

#include <string.h>

#include "support/check_main.h"

/* Asserts that text begins with what is wanted. */
#define ck_assert_begins(text, wanted)                                                             \
  do {                                                                                             \
    const char *begins_text = (text);                                                              \
    if (strncmp(begins_text, wanted, strlen(wanted)) != 0)                                         \
      ck_abort_msg("\"%s\" does not begin with \"%s\"", begins_text, wanted);                      \
  } while (0)

#endif
