/* Memory of the interface's objects. */
#include "fixture.h"

START_TEST(pieces) {
  size_t before = fx.memory.out_bytes;
  char *p = coap_malloc(5);
  memcpy(p, "abcd", 5);
  ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
  p = coap_realloc_type(COAP_STRING, p, 5000);
  ck_assert_str_eq(p, "abcd");
  p = coap_realloc_type(COAP_STRING, p, 3);
  ck_assert_mem_eq(p, "abc", 3);
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(coap_realloc_type(COAP_STRING, p, 10));
  ck_assert_mem_eq(p, "abc", 3);
  coap_free(p);
  coap_free(NULL);
  coap_free(coap_realloc_type(COAP_PDU, NULL, 7));
  ck_assert_ptr_null(coap_malloc_type(COAP_PDU, SIZE_MAX - 3));
  coap_memory_init();
  ck_assert_uint_eq(fx.memory.out_bytes, before);
}
END_TEST

START_TEST(a_piece_goes_back_to_where_it_came_from) {
  size_t before = fx.memory.out_bytes;
  void *p = coap_malloc(10);
  cs_api_set_alloc(NULL);
  void *q = coap_malloc(10);
  coap_free(p);
  ck_assert_uint_eq(fx.memory.out_bytes, before);
  cs_api_set_alloc(&fx.memory.alloc);
  coap_free(q);
  ck_assert_uint_eq(fx.memory.out_bytes, before);
}
END_TEST

FX_SUITE("memory", pieces, a_piece_goes_back_to_where_it_came_from)
