/* coapspec replay: files of scenarios, reproducers above all, played one after the
 * other against a target. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report/report.h"
#include "runner/cli_target.h"
#include "runner/judge.h"
#include "runner/stage.h"
#include "runner/target.h"

struct replay {
  const cs_runner_args *args;
  cs_runner_library library;
  cs_runner_knowledge knowledge;
  cs_runner_list files; /* const char * */
  const char *uri;
  cs_net_address source;
  cs_runner_server server;
  cs_runner_list variants; /* cs_runner_variant */
  cs_runner_list names;    /* const char *: the file of each */
  cs_runner_spawn *spawn;
  cs_runner_spawn *reset;
  char *log; /* of the server, where no folder was asked for; or NULL */
  cs_runner_stage *stage;
  cs_runner_list cases;   /* cs_runner_case * */
  cs_runner_list results; /* cs_report_case */
  const char *trouble;
  cs_runner_exit code;
};

static bool wrong(const char *what, const char *how) {
  cs_runner_usage_error("replay: %s%s", what, how);
  return false;
}

/* ---- The command line ---- */

static bool is_uri(const char *word) {
  return strstr(word, "://") != NULL;
}

static bool sort_words(struct replay *x) {
  const char *const *words = x->args->words.items;
  for (size_t i = 0; i < x->args->words.count; i++) {
    if (strcmp(words[i], "embedded") == 0)
      return wrong("a target is a URI here, not embedded; ",
                   "coapspec serve runs the same server on sockets");
    if (!is_uri(words[i])) {
      *(const char **)cs_runner_push(&x->library.arena, &x->files, sizeof words[i]) = words[i];
      continue;
    }
    if (x->uri)
      return wrong(words[i], cs_runner_format(&x->library.arena,
                                              " and %s are two targets; replay has one", x->uri));
    x->uri = words[i];
  }
  if (!x->uri)
    return wrong("no target; ", "it stands among the files: coapspec replay FILE... coap://HOST");
  if (x->files.count == 0)
    return wrong("no file; ", "coapspec replay FILE... TARGET");
  return true;
}

static bool check_options(struct replay *x) {
  const cs_runner_args *a = x->args;
  const char *why;
  cs_runner_list words = {0};
  if (a->spawn && a->reset_cmd)
    return wrong("--reset-cmd is for a target that --spawn does not start", "");
  if (a->reset_cmd && !cs_runner_spawn_words(a->reset_cmd, &x->library.arena, &words, &why))
    return wrong("--reset-cmd: ", why);
  if (a->format == CS_RUNNER_OUTPUT_JSONL)
    return wrong("--format jsonl is for coapspec run; ", "here there are text and json");
  if (a->source && cs_net_address_literal(cs_span_str(a->source), 0, &x->source) != CS_OK)
    return wrong(a->source, " is no IP address of this machine");
  return true;
}

static bool check_target(struct replay *x) {
  const char *why;
  if (x->args->spawn) {
    if (!cs_runner_plan_servers("replay", x->args->spawn, &x->library.arena, &x->uri, 1, &x->server,
                                1))
      return false;
    x->uri = x->server.targets[0];
  }
  if (!cs_runner_target_check(x->uri, &x->library.arena, &why))
    return wrong(why, "");
  if (!cs_runner_transport_there(cs_runner_target_transport(x->uri)))
    return wrong(x->uri, ": this program was built without TLS");
  return true;
}

/* Parses every file; all that is wrong is printed. */
static bool read_files(struct replay *x) {
  const char *const *files = x->files.items;
  const cs_runner_transport t = cs_runner_target_transport(x->uri);
  bool good = true;
  for (size_t i = 0; i < x->files.count; i++) {
    cs_runner_variant v[2];
    if (!cs_runner_library_beside(&x->library, files[i])) {
      good = false;
      continue;
    }
    const cs_runner_scenario *s = cs_runner_library_file(&x->library, files[i]);
    size_t n = s ? cs_runner_expand(s, t, &x->library.arena, v) : 0;
    if (s && n == 0)
      wrong(files[i], cs_runner_format(&x->library.arena, " is no scenario for %s (%s)",
                                       cs_runner_transport_name(t), x->uri));
    for (size_t k = 0; k < n; k++) {
      *(cs_runner_variant *)cs_runner_push(&x->library.arena, &x->variants, sizeof *v) = v[k];
      *(const char **)cs_runner_push(&x->library.arena, &x->names, sizeof files[i]) = files[i];
    }
    good = good && n > 0;
  }
  return good;
}

/* ---- The target ---- */

static const char *halted(void *ctx) {
  (void)ctx;
  return cs_runner_signal() ? "interrupted by a signal" : NULL;
}

/* Where a server's output goes: into the folder of the reports, if there is one. */
static const char *log_path(struct replay *x, const char *name) {
  cs_runner_arena *arena = &x->library.arena;
  char trouble[CS_REPORT_WHY_MAX];
  const char *root = getenv("TMPDIR");
  if (x->args->out) {
    const char *path = cs_runner_format(arena, "%s/%s", x->args->out, name);
    if (cs_report_make_folders(path, trouble, sizeof trouble))
      return path;
    cs_runner_usage_error("replay: %s", trouble);
    return NULL;
  }
  x->log = cs_runner_format(arena, "%s/coapspec-XXXXXX", root && *root ? root : "/tmp");
  int fd = mkstemp(x->log);
  if (fd < 0) {
    cs_runner_usage_error("replay: cannot write %s: %s", x->log, strerror(errno));
    x->log = NULL;
    return NULL;
  }
  close(fd);
  return x->log;
}

static bool make_servant(struct replay *x) {
  cs_runner_arena *arena = &x->library.arena;
  const char *why;
  cs_runner_list *words = cs_runner_get(arena, sizeof *words);
  if (x->args->spawn) {
    const char *log = log_path(x, "server.log");
    if (log)
      x->spawn = cs_runner_spawn_new(arena, &x->server.words, log);
    return log != NULL;
  }
  if (!x->args->reset_cmd || !cs_runner_spawn_words(x->args->reset_cmd, arena, words, &why))
    return true;
  const char *log = log_path(x, "reset.log");
  if (!log)
    return false;
  x->reset = cs_runner_spawn_new(arena, words, log);
  cs_runner_spawn_spare(x->reset);
  return true;
}

static bool open_stage(struct replay *x) {
  const char *why;
  cs_runner_credentials *c = &x->knowledge.credentials;
  if (!c->server_name)
    c->server_name = cs_runner_target_name(x->uri, &x->library.arena);
  const cs_runner_stage_config config = {.uri = x->uri,
                                         .transport = cs_runner_target_transport(x->uri),
                                         .profile = &x->knowledge.profile,
                                         .requirements = &x->library.requirements,
                                         .credentials = c,
                                         .seed = cs_runner_seed_for(x->args, false),
                                         .spawn = x->spawn,
                                         .reset = x->reset,
                                         .timeout = x->args->timeout,
                                         .rate = (unsigned)x->args->rate,
                                         .source = x->args->source ? &x->source : NULL,
                                         .halted = halted};
  if (cs_runner_stage_open(&x->library.arena, &config, &x->stage, &why) &&
      cs_runner_stage_ready(x->stage, &why))
    return true;
  x->trouble = why;
  x->code = halted(NULL) ? CS_RUNNER_EXIT_CRASHED : CS_RUNNER_EXIT_UNREACHABLE;
  return false;
}

/* ---- Plays ---- */

static const char *circumstance(const struct replay *x) {
  if (!x->spawn)
    return "";
  const char *output = cs_runner_spawn_output(x->spawn, 5, " | ");
  return *output ? output : "nothing";
}

/* What the play says of the target: that it is gone, that it broke a rule whatever the
 * scenario was about, or the scenario's own verdict. */
static void judge(struct replay *x, cs_runner_outcome outcome, const char *why,
                  cs_report_case *result) {
  cs_runner_arena *arena = &x->library.arena;
  cs_runner_breach breach;
  bool breaks = cs_runner_judge(result->packets, result->packet_count,
                                cs_runner_target_transport(x->uri), arena, &breach);
  if (outcome == CS_RUNNER_ENDED || outcome == CS_RUNNER_HUNG) {
    result->verdict = CS_VERDICT_CRASH;
    result->statement = NULL;
    result->message = x->spawn ? cs_runner_format(arena, "the server %s; it printed last: %s", why,
                                                  circumstance(x))
                               : cs_runner_format(arena, "the target %s", why);
  } else if (outcome == CS_RUNNER_NOT_PLAYED) {
    result->verdict = CS_VERDICT_INCONCLUSIVE;
    result->message = why;
  } else if (breaks && result->verdict != CS_VERDICT_FAIL) {
    result->verdict = CS_VERDICT_FAIL;
    result->statement = breach.statement;
    result->message = breach.message;
  }
}

static cs_runner_exit code_of(const cs_report_case *c) {
  switch (c->verdict) {
  case CS_VERDICT_CRASH:
    return CS_RUNNER_EXIT_CRASHED;
  case CS_VERDICT_FAIL:
  case CS_VERDICT_INCONCLUSIVE:
    return CS_RUNNER_EXIT_FAIL;
  default:
    return CS_RUNNER_EXIT_OK;
  }
}

static void tell(const struct replay *x, const char *file, const cs_report_case *c) {
  const cs_report_run run = {.known = x->library.requirements.rows.items,
                             .known_count = x->library.requirements.rows.count};
  if (x->args->format != CS_RUNNER_OUTPUT_TEXT)
    return;
  bool quiet = c->verdict == CS_VERDICT_PASS;
  printf("%s: %s", file, cs_verdict_name(c->verdict));
  /* A server may have had its part in the message. */
  char *clean = cs_report_clean(quiet ? "nothing shown, the target is alive" : c->message);
  if (clean && *clean)
    printf(": %s", clean);
  free(clean);
  if (c->statement)
    printf(" [%s]", c->statement);
  putchar('\n');
  if (x->args->verbose)
    cs_report_print_case(&run, c, stdout);
  else
    cs_report_print_case_brief(&run, c, stdout);
  fflush(stdout);
}

/* False when there is no going on. */
static bool play(struct replay *x, const cs_runner_variant *v, const char *file) {
  cs_runner_arena *arena = &x->library.arena;
  cs_report_case *result = cs_runner_push(arena, &x->results, sizeof *result);
  cs_runner_case *c = NULL;
  const char *why = NULL;
  cs_runner_outcome outcome = cs_runner_stage_play(x->stage, v, &c, &why);
  if (c) {
    *(cs_runner_case **)cs_runner_push(arena, &x->cases, sizeof c) = c;
    cs_runner_case_result(c, result);
  } else {
    *result = (cs_report_case){.id = v->id,
                               .title = v->scenario->title,
                               .file = file,
                               .transport = cs_runner_transport_name(v->transport),
                               .requirements = v->scenario->covers,
                               .requirement_count = v->scenario->cover_count};
  }
  judge(x, outcome, why, result);
  x->code = cs_runner_worse(x->code, code_of(result));
  tell(x, file, result);
  if (outcome != CS_RUNNER_NOT_PLAYED)
    return true;
  x->trouble = why;
  x->code = cs_runner_worse(x->code, CS_RUNNER_EXIT_CRASHED);
  return false;
}

static void play_all(struct replay *x) {
  const cs_runner_variant *v = x->variants.items;
  const char *const *names = x->names.items;
  for (size_t i = 0; i < x->variants.count; i++)
    if (!play(x, &v[i], names[i]))
      return;
}

/* ---- The end ---- */

static bool report(const struct replay *x, cs_time duration) {
  char why[CS_REPORT_WHY_MAX];
  const cs_runner_transport t = cs_runner_target_transport(x->uri);
  const cs_report_target target = {x->uri, cs_runner_transport_name(t), x->trouble, NULL};
  const cs_report_run run = {.tool = "coapspec",
                             .version = COAPSPEC_VERSION,
                             .target = x->uri,
                             .profile = x->knowledge.name,
                             .driver = "sockets",
                             .seed = x->args->seed,
                             .started = (int64_t)time(NULL),
                             .duration = duration,
                             .cases = x->results.items,
                             .case_count = x->results.count,
                             .trouble = x->trouble,
                             .targets = &target,
                             .target_count = 1,
                             .known = x->library.requirements.rows.items,
                             .known_count = x->library.requirements.rows.count};
  bool good = !x->args->out || cs_report_write_all(&run, x->args->out, why, sizeof why);
  if (!good)
    fprintf(stderr, "coapspec: %s\n", why);
  if (x->args->format == CS_RUNNER_OUTPUT_JSON)
    cs_report_print_json(&run, stdout);
  return good;
}

static void release(struct replay *x) {
  cs_runner_case *const *cases = x->cases.items;
  cs_runner_stage_close(x->stage);
  for (size_t i = 0; i < x->cases.count; i++)
    cs_runner_case_free(cases[i]);
  cs_runner_spawn_free(x->spawn);
  cs_runner_spawn_free(x->reset);
  if (x->log)
    unlink(x->log);
  cs_runner_library_close(&x->library);
}

static cs_time wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

int cs_runner_command_replay(cs_runner_args *a) {
  struct replay x = {.args = a, .code = CS_RUNNER_EXIT_USAGE};
  FILE *keylog = NULL;
  bool good = cs_runner_library_open(&x.library) && sort_words(&x) && check_options(&x) &&
              check_target(&x) && cs_runner_open_keylog("replay", a->keylog, &keylog) &&
              cs_runner_learn(a, &x.library, false,
                              1u << cs_runner_target_transport(x.uri) & CS_RUNNER_SECURED, keylog,
                              &x.knowledge) &&
              read_files(&x) && make_servant(&x);
  if (good) {
    cs_time began = wall();
    cs_runner_catch_signals();
    x.code = CS_RUNNER_EXIT_OK;
    if (open_stage(&x))
      play_all(&x);
    char *trouble = x.trouble ? cs_report_clean(x.trouble) : NULL;
    if (trouble) /* a server may have had its part in it */
      fprintf(stderr, "coapspec: %s\n", trouble);
    free(trouble);
    if (!report(&x, wall() - began))
      x.code = CS_RUNNER_EXIT_USAGE;
  }
  release(&x);
  if (keylog)
    fclose(keylog);
  if (cs_runner_signal()) {
    signal(cs_runner_signal(), SIG_DFL);
    fflush(NULL); /* dying of a signal writes nothing out */
    raise(cs_runner_signal());
  }
  return (int)x.code;
}
