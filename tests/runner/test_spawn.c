/* The command of --spawn, and a process that is started, watched and ended. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/spawn.h"
#include "support/check_main.h"

START_TEST(a_command_is_split_into_words) {
  static const struct {
    const char *command;
    const char *words[5];
  } rows[] = {{"a b", {"a", "b"}},
              {"  a\t  b  ", {"a", "b"}},
              {"a 'b c' d", {"a", "b c", "d"}},
              {"a \"b 'c' \\\" \\\\ \\d\"", {"a", "b 'c' \" \\ \\d"}},
              {"a'b'\"c\"d", {"abcd"}},
              {"a '' \"\"", {"a", "", ""}},
              {"a\\ b \\'", {"a b", "'"}},
              {"a $HOME *", {"a", "$HOME", "*"}}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    cs_runner_list list = {0};
    const char *why = NULL;
    ck_assert(cs_runner_spawn_words(rows[i].command, &arena, &list, &why));
    const char *const *words = list.items;
    for (size_t k = 0; k < list.count; k++)
      ck_assert_str_eq(words[k], rows[i].words[k]);
    ck_assert_ptr_null(rows[i].words[list.count]);
    cs_runner_release(&arena);
  }
}
END_TEST

START_TEST(a_broken_command_is_refused) {
  static const struct {
    const char *command, *why;
  } rows[] = {{"", "empty"},
              {"   ", "empty"},
              {"a 'b", "not closed"},
              {"a \"b\\\"", "not closed"},
              {"a \\", "nothing is behind"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    cs_runner_list list = {0};
    const char *why = "";
    ck_assert(!cs_runner_spawn_words(rows[i].command, &arena, &list, &why));
    ck_assert_msg(strstr(why, rows[i].why) != NULL, "%s: %s", rows[i].command, why);
    cs_runner_release(&arena);
  }
}
END_TEST

START_TEST(ports_are_filled_in) {
  static const uint16_t ports[CS_RUNNER_SPAWN_PORTS] = {1, 65535, 30};
  cs_runner_arena arena = {0};
  ck_assert_str_eq(cs_runner_spawn_fill("-p {port}{port2} {port4} {x", ports, &arena),
                   "-p 165535 {port4} {x");
  ck_assert_str_eq(cs_runner_spawn_fill("{port3}", ports, &arena), "30");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(ports_are_free_and_differ) {
  uint16_t ports[CS_RUNNER_SPAWN_PORTS];
  cs_net_address at;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("127.0.0.1"), 5683, &at), CS_OK);
  ck_assert_int_eq(cs_runner_spawn_ports(&at, ports), CS_OK);
  ck_assert(ports[0] != 0 && ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("192.0.2.1"), 5683, &at), CS_OK);
  ck_assert_int_eq(cs_runner_spawn_ports(&at, ports), CS_ERR_ARGUMENT);
}
END_TEST

static cs_runner_arena arena;
static char log_path[64];

static cs_runner_spawn *spawned(const char *command) {
  const char *why = "";
  cs_runner_list *words = cs_runner_get(&arena, sizeof *words);
  ck_assert(cs_runner_spawn_words(command, &arena, words, &why));
  snprintf(log_path, sizeof log_path, "/tmp/coapspec-spawn-%ld.log", (long)getpid());
  cs_runner_spawn *s = cs_runner_spawn_new(&arena, words, log_path);
  ck_assert_msg(cs_runner_spawn_start(s, &why), "%s", why);
  return s;
}

static void finish(cs_runner_spawn *s) {
  cs_runner_spawn_free(s);
  unlink(log_path);
  cs_runner_release(&arena);
}

START_TEST(how_a_process_ended_is_known) {
  cs_runner_spawn *s = spawned("sh -c 'echo one; echo two >&2; exit 3'");
  ck_assert(cs_runner_spawn_ended(s, 10 * CS_SECOND));
  ck_assert_str_eq(cs_runner_spawn_how(s), "exit code 3");
  ck_assert_str_eq(cs_runner_spawn_output(s, 5, "|"), "one|two");
  ck_assert_str_eq(cs_runner_spawn_output(s, 1, "|"), "two");
  finish(s);
  s = spawned("sh -c 'kill -SEGV $$'");
  ck_assert(cs_runner_spawn_ended(s, 10 * CS_SECOND));
  ck_assert_ptr_nonnull(strstr(cs_runner_spawn_how(s), "signal 11 ("));
  /* A restart shows what the new process prints. */
  const char *why = "";
  ck_assert_str_eq(cs_runner_spawn_output(s, 5, "|"), "");
  ck_assert(cs_runner_spawn_start(s, &why));
  finish(s);
}
END_TEST

/* Who started us may have left SIGCHLD ignored: then the system reaps, and nobody would
 * be told how a process ended. */
START_TEST(an_end_is_known_although_sigchld_was_ignored) {
  signal(SIGCHLD, SIG_IGN);
  cs_runner_spawn *s = spawned("sh -c 'exit 3'");
  ck_assert(cs_runner_spawn_ended(s, 10 * CS_SECOND));
  ck_assert_str_eq(cs_runner_spawn_how(s), "exit code 3");
  finish(s);
}
END_TEST

/* Whether the process runs: a dead one may still wait for its reaper. */
static bool runs(long pid) {
  char name[64], line[256] = "";
  snprintf(name, sizeof name, "/proc/%ld/stat", pid);
  FILE *stat = fopen(name, "re");
  if (!stat)
    return false;
  bool there = fgets(line, sizeof line, stat) != NULL;
  fclose(stat);
  const char *state = strrchr(line, ')');
  return there && state && state[2] != 'Z' && state[2] != 'X';
}

START_TEST(one_that_ignores_sigterm_is_killed_with_its_children) {
  cs_runner_spawn *s = spawned("sh -c 'trap \"\" TERM; sleep 100 & echo $! up; wait; sleep 100'");
  ck_assert(!cs_runner_spawn_ended(s, 0));
  ck_assert_ptr_null(cs_runner_spawn_how(s));
  for (int i = 0; i < 2000 && !strstr(cs_runner_spawn_output(s, 9, "|"), "up"); i++)
    usleep(5000);
  long child = strtol(cs_runner_spawn_output(s, 9, "|"), NULL, 10);
  ck_assert(child > 1 && runs(child));
  cs_runner_spawn_stop(s);
  ck_assert(cs_runner_spawn_ended(s, 0));
  for (int i = 0; i < 2000 && runs(child); i++)
    usleep(5000);
  ck_assert(!runs(child));
  finish(s);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_named) {
  const char *why = "";
  cs_runner_list words = {0};
  ck_assert(cs_runner_spawn_words("/nonexistent/server 1", &arena, &words, &why));
  snprintf(log_path, sizeof log_path, "/tmp/coapspec-spawn-%ld.log", (long)getpid());
  cs_runner_spawn *s = cs_runner_spawn_new(&arena, &words, log_path);
  ck_assert(!cs_runner_spawn_start(s, &why));
  ck_assert_str_eq(why, "cannot start /nonexistent/server: No such file or directory");
  finish(s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("spawn");
  TCase *tc = tcase_create("all");
  tcase_set_timeout(tc, 30);
  tcase_add_test(tc, a_command_is_split_into_words);
  tcase_add_test(tc, a_broken_command_is_refused);
  tcase_add_test(tc, ports_are_filled_in);
  tcase_add_test(tc, ports_are_free_and_differ);
  tcase_add_test(tc, how_a_process_ended_is_known);
  tcase_add_test(tc, an_end_is_known_although_sigchld_was_ignored);
  tcase_add_test(tc, one_that_ignores_sigterm_is_killed_with_its_children);
  tcase_add_test(tc, a_program_that_is_not_there_is_named);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
