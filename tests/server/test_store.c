/* The store's caps, and paths as keys. */
#include "support/check_main.h"
#include "support/memory.h"
#include "server/store.h"

#include <string.h>

static cs_test_memory memory;
static cs_server_store store;

static void open_store(void) {
  cs_test_memory_init(&memory);
  cs_server_store_init(&store, &memory.alloc);
}

static void close_store(void) {
  cs_server_store_free(&store);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

static cs_server_path numbered(unsigned n) {
  uint8_t segment[3] = {'n', (uint8_t)(n >> 8), (uint8_t)n};
  uint8_t options[8];
  cs_base_writer out = cs_base_writer_of(options, sizeof options);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_put(&w, CS_OPT_URI_PATH, cs_span_of(segment, 3));
  cs_server_path path;
  cs_server_path_of_options(cs_base_written(&out), &path);
  return path;
}

START_TEST(the_oldest_created_one_gives_way) {
  bool created;
  ck_assert_int_eq(cs_server_store_keep(&store, "test", "stays"), CS_OK);
  for (unsigned n = 0; n <= CS_SERVER_CREATED_MAX; n++) {
    cs_server_path path = numbered(n);
    ck_assert_int_eq(cs_server_store_put(&store, &path, 0, cs_span_str("x"), &created), CS_OK);
    ck_assert(created);
  }
  cs_server_path first = numbered(0);
  cs_server_path second = numbered(1);
  cs_server_path kept;
  cs_server_path_of_text("test", &kept);
  ck_assert_ptr_null(cs_server_store_find(&store, &first));
  ck_assert_ptr_nonnull(cs_server_store_find(&store, &second));
  ck_assert_ptr_nonnull(cs_server_store_find(&store, &kept));
  ck_assert_uint_eq(store.count, CS_SERVER_CREATED_MAX + 1);
}
END_TEST

START_TEST(a_failed_put_changes_nothing) {
  static uint8_t large[CS_SERVER_PAYLOAD_MAX + 1];
  bool created;
  cs_server_path path = numbered(1);
  ck_assert_int_eq(cs_server_store_put(&store, &path, 0, cs_span_of(large, sizeof large), &created),
                   CS_ERR_TOO_LARGE);
  path.too_long = true;
  ck_assert_int_eq(cs_server_store_put(&store, &path, 0, cs_span_str("x"), &created),
                   CS_ERR_ARGUMENT);
  path.too_long = false;
  memory.fail_at = memory.calls + 2;
  ck_assert_int_eq(cs_server_store_put(&store, &path, 0, cs_span_str("x"), &created),
                   CS_ERR_MEMORY);
  ck_assert_uint_eq(store.count, 0);
}
END_TEST

START_TEST(every_change_is_another_version) {
  bool created;
  cs_server_path path = numbered(1);
  cs_server_store_put(&store, &path, 0, cs_span_str("x"), &created);
  uint32_t before = cs_server_store_find(&store, &path)->version;
  cs_server_store_put(&store, &path, 0, cs_span_str("x"), &created);
  ck_assert(!created);
  ck_assert_uint_ne(cs_server_store_find(&store, &path)->version, before);
}
END_TEST

START_TEST(a_slash_in_a_segment_is_no_separator) {
  static const uint8_t joined[] = {0xb3, 'a', '/', 'b'};
  static const uint8_t apart[] = {0xb1, 'a', 0x01, 'b'};
  cs_server_path one;
  cs_server_path two;
  cs_server_path_of_options(cs_span_of(joined, sizeof joined), &one);
  cs_server_path_of_options(cs_span_of(apart, sizeof apart), &two);
  ck_assert(!cs_server_path_equal(&one, &two));
  ck_assert(cs_server_path_is(&two, "a/b"));
  ck_assert(!cs_server_path_is(&one, "a/b"));
}
END_TEST

START_TEST(a_long_path_is_nowhere) {
  uint8_t options[400];
  uint8_t segment[200] = {0};
  cs_base_writer out = cs_base_writer_of(options, sizeof options);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_put(&w, CS_OPT_URI_PATH, cs_span_of(segment, 190));
  cs_wire_option_put(&w, CS_OPT_URI_PATH, cs_span_of(segment, 190));
  ck_assert(!out.overflow);
  cs_server_path path;
  cs_server_path_of_options(cs_base_written(&out), &path);
  ck_assert(path.too_long);
  ck_assert(!cs_server_path_equal(&path, &path));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("store");
  TCase *t = tcase_create("store");
  suite_add_tcase(suite, t);
  tcase_add_checked_fixture(t, open_store, close_store);
  tcase_add_test(t, the_oldest_created_one_gives_way);
  tcase_add_test(t, a_failed_put_changes_nothing);
  tcase_add_test(t, every_change_is_another_version);
  tcase_add_test(t, a_slash_in_a_segment_is_no_separator);
  tcase_add_test(t, a_long_path_is_nowhere);
  return cs_test_main(suite);
}
