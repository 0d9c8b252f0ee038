#include <check.h>
#include <errno.h>

#include "net/posix.h"
#include "support/check_main.h"

START_TEST(errors_of_the_system_have_one_meaning_each) {
  static const struct {
    int errnum;
    cs_err err;
  } rows[] = {
      {EAGAIN, CS_ERR_AGAIN},
      {EINPROGRESS, CS_ERR_AGAIN},
      {ECONNREFUSED, CS_ERR_REFUSED},
      {ENETUNREACH, CS_ERR_UNREACHABLE},
      {EHOSTUNREACH, CS_ERR_UNREACHABLE},
      {ETIMEDOUT, CS_ERR_UNREACHABLE},
      {EADDRINUSE, CS_ERR_IN_USE},
      {EACCES, CS_ERR_PERMISSION},
      {EPERM, CS_ERR_PERMISSION},
      {EMSGSIZE, CS_ERR_TOO_LARGE},
      {EPIPE, CS_ERR_CLOSED},
      {ECONNRESET, CS_ERR_CLOSED},
      {EMFILE, CS_ERR_LIMIT},
      {ENOBUFS, CS_ERR_MEMORY},
      {ENOENT, CS_ERR_NOT_FOUND},
      {EADDRNOTAVAIL, CS_ERR_ARGUMENT},
      {EAFNOSUPPORT, CS_ERR_UNSUPPORTED},
      {EIO, CS_ERR_SYSTEM},
      {0, CS_ERR_SYSTEM},
      {-1, CS_ERR_SYSTEM},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_int_eq(cs_net_posix_error(rows[i].errnum), rows[i].err);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix_error");
  TCase *c = tcase_create("posix_error");
  tcase_add_test(c, errors_of_the_system_have_one_meaning_each);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
