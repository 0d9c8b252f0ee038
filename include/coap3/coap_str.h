/* Strings and binary data with a length. */
#ifndef COAP_STR_H_
#define COAP_STR_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text that may be written to. */
typedef struct coap_string_t {
  size_t length; /* bytes, without a closing NUL */
  uint8_t *s;
} coap_string_t;

/* Text that is only read. */
typedef struct coap_str_const_t {
  size_t length;
  const uint8_t *s;
} coap_str_const_t;

#define COAP_SET_STR(st, l, v)                                                                     \
  { (st)->length = (l), (st)->s = (v); }

/* Bytes that may be written to. */
typedef struct coap_binary_t {
  size_t length; /* bytes */
  uint8_t *s;
} coap_binary_t;

/* Bytes that are only read. */
typedef struct coap_bin_const_t {
  size_t length;
  const uint8_t *s;
} coap_bin_const_t;

/* A new string with room for size bytes, which are not initialised, and a NUL
 * behind them; length is size. The caller owns it: coap_delete_string().
 * NULL when there is no memory. */
coap_string_t *coap_new_string(size_t size);

/* Frees a string; NULL is allowed. */
void coap_delete_string(coap_string_t *string);

/* A new string that holds a copy of size bytes at data, and a NUL behind them.
 * The caller owns it: coap_delete_str_const(). data may be NULL only when size
 * is 0. NULL when there is no memory. */
coap_str_const_t *coap_new_str_const(const uint8_t *data, size_t size);

/* Frees a string; NULL is allowed. */
void coap_delete_str_const(coap_str_const_t *string);

/* A new binary of size bytes, which are not initialised. The caller owns it:
 * coap_delete_binary(). NULL when there is no memory. */
coap_binary_t *coap_new_binary(size_t size);

/* Frees a binary; NULL is allowed. */
void coap_delete_binary(coap_binary_t *binary);

/* Makes binary new_size bytes long, keeping what fits; NULL makes a new one.
 * Returns the binary, which may have moved. NULL when there is no memory:
 * binary is then still there, as it was. */
coap_binary_t *coap_resize_binary(coap_binary_t *binary, size_t new_size);

/* A new binary that holds a copy of size bytes at data. The caller owns it:
 * coap_delete_bin_const(). data may be NULL only when size is 0. NULL when
 * there is no memory. */
coap_bin_const_t *coap_new_bin_const(const uint8_t *data, size_t size);

/* Frees a binary; NULL is allowed. */
void coap_delete_bin_const(coap_bin_const_t *binary);

#ifndef COAP_MAX_STR_CONST_FUNC
#define COAP_MAX_STR_CONST_FUNC 2
#endif

/* Wraps a NUL-terminated text without copying it. The result belongs to the
 * library; a thread has COAP_MAX_STR_CONST_FUNC of them in turn, so that one
 * call can use two. NULL when string is NULL. */
coap_str_const_t *coap_make_str_const(const char *string);

/* Whether two strings hold the same bytes. Either argument is a pointer to a
 * coap_string_t or coap_str_const_t. */
#define coap_string_equal(string1, string2)                                                        \
  ((string1)->length == (string2)->length &&                                                       \
   ((string1)->length == 0 ||                                                                      \
    ((string1)->s && (string2)->s && memcmp((string1)->s, (string2)->s, (string1)->length) == 0)))

/* Whether two binaries hold the same bytes. */
#define coap_binary_equal(binary1, binary2)                                                        \
  ((binary1)->length == (binary2)->length &&                                                       \
   ((binary1)->length == 0 ||                                                                      \
    ((binary1)->s && (binary2)->s && memcmp((binary1)->s, (binary2)->s, (binary1)->length) == 0)))

#endif
