/* Files as certificates and keys come: whole, or with the reason why not. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/file.h"
#include "support/check_main.h"
#include "support/memory.h"

static char folder[] = "/tmp/coapspec-file-XXXXXX";
static cs_test_memory memory;

static const char *in(const char *name) {
  static char path[8][128];
  static unsigned next;
  char *p = path[next++ % 8];
  snprintf(p, sizeof path[0], "%s/%s", folder, name);
  return p;
}

static void put(const char *name, const char *text) {
  FILE *f = fopen(in(name), "w");
  ck_assert_ptr_nonnull(f);
  fputs(text, f);
  fclose(f);
}

static void setup(void) {
  cs_test_memory_init(&memory);
  memcpy(strrchr(folder, '-') + 1, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  ck_assert_int_eq(system(command), 0);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

static cs_err reading(const char *path, size_t max) {
  uint8_t *at = NULL;
  size_t len = 0, cap = 0;
  cs_err e = cs_net_file_read(path, &memory.alloc, max, &at, &len, &cap);
  if (e == CS_OK) {
    ck_assert_uint_ge(cap, len);
    cs_base_put(&memory.alloc, at, cap);
  } else {
    ck_assert_ptr_null(at);
  }
  return e;
}

START_TEST(a_file_is_read_whole) {
  uint8_t *at;
  size_t len, cap;
  put("a", "certificate");
  ck_assert_int_eq(cs_net_file_read(in("a"), &memory.alloc, 11, &at, &len, &cap), CS_OK);
  ck_assert_uint_eq(len, 11);
  ck_assert_mem_eq(at, "certificate", 11);
  cs_base_put(&memory.alloc, at, cap);
}
END_TEST

START_TEST(what_cannot_be_read_has_its_reason) {
  put("long", "123456");
  put("empty", "");
  ck_assert_int_eq(mkdir(in("folder"), 0700), 0);
  ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
  ck_assert_int_eq(reading(in("absent"), 100), CS_ERR_NOT_FOUND);
  ck_assert_int_eq(reading(in("long/absent"), 100), CS_ERR_NOT_FOUND);
  ck_assert_int_eq(reading(in("long"), 5), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(reading(in("empty"), 100), CS_ERR_ARGUMENT);
  ck_assert_int_eq(reading(in("folder"), 100), CS_ERR_ARGUMENT);
  ck_assert_int_eq(reading(in("pipe"), 100), CS_ERR_ARGUMENT);
  memory.fail_at = memory.calls + 1;
  ck_assert_int_eq(reading(in("long"), 100), CS_ERR_MEMORY);
}
END_TEST

static char seen[256];

static cs_err note(void *ctx, const char *file) {
  const char *name = strrchr(file, '/') + 1;
  (void)ctx;
  strncat(seen, name, sizeof seen - strlen(seen) - 2);
  strncat(seen, " ", 2);
  return strcmp(name, "stop") == 0 ? CS_ERR_LIMIT : CS_OK;
}

START_TEST(a_folder_gives_its_files_by_name) {
  put("b.pem", "x");
  put("a.pem", "x");
  put(".hidden", "x");
  ck_assert_int_eq(mkdir(in("folder"), 0700), 0);
  ck_assert_int_eq(symlink("a.pem", in("c.0")), 0);
  ck_assert_int_eq(symlink("nowhere", in("d.0")), 0);
  seen[0] = '\0';
  ck_assert_int_eq(cs_net_folder_each(folder, note, NULL), CS_OK);
  ck_assert_str_eq(seen, "a.pem b.pem c.0 ");
  put("stop", "x");
  put("z", "x");
  seen[0] = '\0';
  ck_assert_int_eq(cs_net_folder_each(folder, note, NULL), CS_ERR_LIMIT);
  ck_assert_str_eq(seen, "a.pem b.pem c.0 stop ");
  ck_assert_int_eq(cs_net_folder_each(in("a.pem"), note, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_folder_each(in("absent"), note, NULL), CS_ERR_NOT_FOUND);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/file");
  TCase *c = tcase_create("file");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_file_is_read_whole);
  tcase_add_test(c, what_cannot_be_read_has_its_reason);
  tcase_add_test(c, a_folder_gives_its_files_by_name);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
