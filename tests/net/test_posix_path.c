#include "net/posix_path.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check_main.h"
#include "support/memory.h"

static char folder[] = "/tmp/coapspec-path-XXXXXX";
static cs_net_address address;
static cs_test_memory memory;

static void set_up(void) {
  char path[64];
  memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/s", folder);
  ck_assert_int_eq(cs_net_address_unix(cs_span_of(path, strlen(path)), &address), CS_OK);
  cs_test_memory_init(&memory);
}

static void tear_down(void) {
  unlink(address.u.un.sun_path);
  rmdir(folder);
}

static int bound(void) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(bind(fd, &address.u.sa, address.len), 0);
  return fd;
}

static bool exists(void) {
  return access(address.u.un.sun_path, F_OK) == 0;
}

START_TEST(the_path_that_was_made_is_removed) {
  cs_net_path *list = NULL, *p = cs_net_path_new(&memory.alloc, &address);
  int fd = bound();
  cs_net_path_made(&list, p, fd);
  cs_net_path_remove(&list, fd + 1, &memory.alloc);
  ck_assert(exists());
  cs_net_path_remove(&list, fd, &memory.alloc);
  ck_assert(!exists());
  ck_assert_ptr_null(list);
  ck_assert_uint_eq(memory.out_bytes, 0);
  close(fd);
}
END_TEST

START_TEST(a_file_put_in_its_place_is_left_alone) {
  cs_net_path *list = NULL;
  int fd = bound();
  cs_net_path_made(&list, cs_net_path_new(&memory.alloc, &address), fd);
  ck_assert_int_eq(unlink(address.u.un.sun_path), 0);
  int other = open(address.u.un.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ck_assert_int_ge(other, 0);
  cs_net_path_remove(&list, fd, &memory.alloc);
  ck_assert(exists());
  close(other);
  close(fd);
}
END_TEST

START_TEST(another_socket_at_the_path_is_left_alone) {
  cs_net_path *list = NULL;
  int fd = bound();
  cs_net_path_made(&list, cs_net_path_new(&memory.alloc, &address), fd);
  ck_assert_int_eq(unlink(address.u.un.sun_path), 0);
  int other = bound();
  cs_net_path_remove(&list, fd, &memory.alloc);
  ck_assert(exists());
  close(other);
  close(fd);
}
END_TEST

START_TEST(no_memory_means_no_record) {
  memory.fail_at = 1;
  ck_assert_ptr_null(cs_net_path_new(&memory.alloc, &address));
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix_path");
  TCase *c = tcase_create("posix_path");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, the_path_that_was_made_is_removed);
  tcase_add_test(c, a_file_put_in_its_place_is_left_alone);
  tcase_add_test(c, another_socket_at_the_path_is_left_alone);
  tcase_add_test(c, no_memory_means_no_record);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
