/* A report's file is whole or absent, and a failure says which and why. */
#include "support/check_main.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/report.h"
#include "sample.h"

static char folder[] = "/tmp/coapspec-report-XXXXXX";

static void make(void) {
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void clear(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

static char *inside(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static size_t entries(const char *path) {
  DIR *dir = opendir(path);
  size_t n = 0;
  for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
    n += e->d_name[0] != '.';
  if (dir)
    closedir(dir);
  return n;
}

START_TEST(all_reports_appear_in_folders_that_are_made) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert_msg(cs_report_write_all(&sample_run, inside("a/b/c"), why, sizeof why), "%s", why);
  ck_assert_uint_eq(entries(inside("a/b/c")), 5);
  struct stat info;
  ck_assert_int_eq(stat(inside("a/b/c/report.json"), &info), 0);
  ck_assert_int_gt(info.st_size, 1000);
  /* Once more over the first ones. */
  ck_assert(cs_report_write_all(&sample_run, inside("a/b/c"), why, sizeof why));
  ck_assert_uint_eq(entries(inside("a/b/c")), 5);
}
END_TEST

START_TEST(a_file_in_the_place_of_a_folder_is_named) {
  char why[CS_REPORT_WHY_MAX] = "";
  close(open(inside("plain"), O_CREAT | O_WRONLY, 0600));
  ck_assert(!cs_report_write_text(&sample_run, inside("plain/x/report.txt"), why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "/plain: Not a directory"));
  ck_assert_ptr_null(strchr(why, '\n'));
}
END_TEST

START_TEST(a_folder_in_the_place_of_a_file_is_named) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert_int_eq(mkdir(inside("report.txt"), 0700), 0);
  ck_assert(!cs_report_write_text(&sample_run, inside("report.txt"), why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "report.txt: Is a directory"));
  ck_assert_uint_eq(entries(folder), 1);
}
END_TEST

START_TEST(an_empty_path_is_refused) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert(!cs_report_write_json(&sample_run, "", why, sizeof why));
  ck_assert_str_ne(why, "");
  why[0] = '\0';
  ck_assert(!cs_report_write_all(&sample_run, "", why, sizeof why));
  ck_assert_str_ne(why, "");
}
END_TEST

START_TEST(a_full_device_is_an_error) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert(!cs_report_write_json(&sample_run, "/dev/full", why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "/dev/full: No space left on device"));
}
END_TEST

START_TEST(a_failed_write_leaves_the_earlier_report) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert(cs_report_write_text(&sample_run, inside("report.txt"), why, sizeof why));
  struct stat before, after;
  ck_assert_int_eq(stat(inside("report.txt"), &before), 0);
  struct rlimit kept, small;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &kept), 0);
  small = kept;
  small.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  bool written = cs_report_write_text(&sample_run, inside("report.txt"), why, sizeof why);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &kept), 0);
  ck_assert(!written);
  ck_assert_ptr_nonnull(strstr(why, "report.txt: File too large"));
  ck_assert_int_eq(stat(inside("report.txt"), &after), 0);
  ck_assert_uint_eq(before.st_ino, after.st_ino);
  ck_assert_int_eq(before.st_size, after.st_size);
  ck_assert_uint_eq(entries(folder), 1);
}
END_TEST

START_TEST(an_odd_path_is_shown_harmlessly) {
  char why[CS_REPORT_WHY_MAX] = "";
  close(open(inside("x"), O_CREAT | O_WRONLY, 0600));
  ck_assert(!cs_report_write_text(&sample_run, inside("x/\x1b[2J/r.txt"), why, sizeof why));
  ck_assert_ptr_null(strchr(why, '\x1b'));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report file");
  TCase *tests = tcase_create("file");
  tcase_add_checked_fixture(tests, make, clear);
  tcase_add_test(tests, all_reports_appear_in_folders_that_are_made);
  tcase_add_test(tests, a_file_in_the_place_of_a_folder_is_named);
  tcase_add_test(tests, a_folder_in_the_place_of_a_file_is_named);
  tcase_add_test(tests, an_empty_path_is_refused);
  tcase_add_test(tests, a_full_device_is_an_error);
  tcase_add_test(tests, a_failed_write_leaves_the_earlier_report);
  tcase_add_test(tests, an_odd_path_is_shown_harmlessly);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
