/* The main of every Check program: one suite, one exit code. */
#ifndef CS_TESTS_CHECK_MAIN_H
#define CS_TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite with normal verbosity; EXIT_FAILURE when any test failed or
 * when the suite holds no test. */
int cs_test_main(Suite *suite);

#endif
