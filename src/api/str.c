#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"
#include "api/memory.h"

/* A string and its bytes are one piece of memory: the four public structures
 * have the same layout, a length and a pointer. */
typedef struct cs_api_text {
  coap_string_t head;
  uint8_t bytes[];
} cs_api_text;

_Static_assert(sizeof(coap_str_const_t) == sizeof(coap_string_t) &&
                   sizeof(coap_binary_t) == sizeof(coap_string_t) &&
                   sizeof(coap_bin_const_t) == sizeof(coap_string_t),
               "strings and binaries share one layout");

static cs_api_text *text_new(const char *function, size_t size) {
  cs_api_text *t = size < SIZE_MAX - sizeof *t ? cs_api_get(sizeof *t + size + 1) : NULL;
  if (!t) {
    cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  t->head.length = size;
  t->head.s = t->bytes;
  t->bytes[size] = '\0';
  return t;
}

static cs_api_text *text_copy(const char *function, const uint8_t *data, size_t size) {
  if (!data && size > 0) {
    cs_api_fail(function, "data is NULL but size is %zu", size);
    return NULL;
  }
  cs_api_text *t = text_new(function, size);
  if (t && size > 0)
    memcpy(t->bytes, data, size);
  return t;
}

coap_string_t *coap_new_string(size_t size) {
  return (coap_string_t *)text_new(__func__, size);
}

void coap_delete_string(coap_string_t *string) {
  cs_api_put(string);
}

coap_str_const_t *coap_new_str_const(const uint8_t *data, size_t size) {
  return (coap_str_const_t *)text_copy(__func__, data, size);
}

void coap_delete_str_const(coap_str_const_t *string) {
  cs_api_put(string);
}

coap_binary_t *coap_new_binary(size_t size) {
  return (coap_binary_t *)text_new(__func__, size);
}

void coap_delete_binary(coap_binary_t *binary) {
  cs_api_put(binary);
}

coap_binary_t *coap_resize_binary(coap_binary_t *binary, size_t new_size) {
  cs_api_text *t = text_new(__func__, new_size);
  if (!t || !binary)
    return (coap_binary_t *)t;
  size_t kept = binary->length < new_size ? binary->length : new_size;
  if (kept > 0)
    memcpy(t->bytes, binary->s, kept);
  cs_api_put(binary);
  return (coap_binary_t *)t;
}

coap_bin_const_t *coap_new_bin_const(const uint8_t *data, size_t size) {
  return (coap_bin_const_t *)text_copy(__func__, data, size);
}

void coap_delete_bin_const(coap_bin_const_t *binary) {
  cs_api_put(binary);
}

coap_str_const_t *coap_make_str_const(const char *string) {
  static _Thread_local coap_str_const_t made[COAP_MAX_STR_CONST_FUNC];
  static _Thread_local unsigned next;
  if (!string) {
    cs_api_fail(__func__, "string is NULL");
    return NULL;
  }
  coap_str_const_t *s = &made[next];
  next = (next + 1) % COAP_MAX_STR_CONST_FUNC;
  s->length = strlen(string);
  s->s = (const uint8_t *)string;
  return s;
}
