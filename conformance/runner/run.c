#include "runner/run.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "runner/run_inside.h"
#include "runner/target.h"

static volatile sig_atomic_t signal_seen;

static void on_signal(int number) {
  signal_seen = number;
}

void cs_runner_catch_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
    sigaction(signals[i], &action, NULL);
}

int cs_runner_signal(void) {
  return signal_seen;
}

const char *cs_runner_halted(const cs_runner_running *r) {
  cs_time limit = r->config->time_limit;
  if (signal_seen)
    return "interrupted by a signal";
  if (!r->until || cs_runner_wall() < r->until)
    return NULL;
  if (limit % CS_SECOND)
    return cs_runner_format(r->arena, "the time limit of %llums came",
                            (unsigned long long)(limit / CS_MILLISECOND));
  return cs_runner_format(r->arena, "the time limit of %llus came",
                          (unsigned long long)(limit / CS_SECOND));
}

/* Of a signal the program dies in the end. */
cs_runner_exit cs_runner_halted_code(void) {
  return signal_seen ? CS_RUNNER_EXIT_CRASHED : CS_RUNNER_EXIT_FAIL;
}

/* The transports that are run in memory, and in what order targets are. */
static const cs_runner_transport transports[] = {CS_RUNNER_UDP,  CS_RUNNER_TCP, CS_RUNNER_WS,
                                                 CS_RUNNER_DTLS, CS_RUNNER_TLS, CS_RUNNER_WSS};
enum { TRANSPORTS = sizeof transports / sizeof transports[0] };

static bool wanted(const cs_runner_selection *s, const char *name) {
  const char *const *words = s->transports.items;
  for (size_t i = 0; i < s->transports.count; i++)
    if (strcasecmp(words[i], name) == 0)
      return true;
  return s->transports.count == 0;
}

static const char *uri_for(const cs_runner_run_config *config, cs_runner_transport t) {
  for (size_t i = 0; i < config->target_count; i++)
    if (cs_runner_target_transport(config->targets[i]) == t)
      return config->targets[i];
  return NULL;
}

/* How hands are shaken where a scenario does not say, and whom we trust. */
static void secure_side(cs_runner_side *s) {
  cs_runner_credentials *c = &s->credentials;
  *c = *s->run->config->credentials;
  if (!c->server_name && !s->run->memory)
    c->server_name = cs_runner_target_name(s->uri, s->run->arena);
  bool psk = cs_runner_credentials_usual(c, s->transport) == CS_RUNNER_WITH_PSK;
  bool own = cs_runner_credentials_usual(c, s->transport) == CS_RUNNER_WITH_CERTIFICATE;
  s->security = psk                ? "by a pre-shared key"
                : own && c->ca.len ? "by certificates; the target's was verified"
                : own              ? "by certificates; the target's was not verified: no --cacert"
                                   : "anonymously; the target's certificate was not verified";
}

/* The side of one transport, if there are cases for it; its variants are left
 * in *variants. */
static void add_side(cs_runner_running *r, cs_runner_transport t,
                     const cs_runner_variant **variants, size_t *slow) {
  const cs_runner_run_config *config = r->config;
  const char *name = cs_runner_transport_name(t);
  const char *uri = r->memory ? "embedded" : uri_for(config, t);
  cs_runner_selection selection = config->selection;
  if (!uri || !wanted(&selection, name) || !cs_runner_transport_there(t))
    return;
  selection.fast = config->selection.fast && !r->memory;
  selection.transports = (cs_runner_list){0};
  *(const char **)cs_runner_push(r->arena, &selection.transports, sizeof name) = name;
  cs_runner_side *s = &r->sides[r->side_count];
  *s = (cs_runner_side){.run = r, .uri = uri, .transport = t, .first = r->count};
  if (!r->memory)
    s->host = cs_runner_target_host(uri, r->arena);
  if (1u << t & CS_RUNNER_SECURED)
    secure_side(s);
  *variants = cs_runner_select(config->library, &selection, &s->count, &s->slow);
  *slow += s->slow;
  if (s->count == 0)
    return;
  r->count += s->count;
  r->side_count++;
}

/* Chooses the cases; false when there are none. */
static bool choose(cs_runner_running *r) {
  const cs_runner_variant *variants[TRANSPORTS] = {NULL};
  size_t slow = 0;
  for (size_t i = 0; i < TRANSPORTS; i++)
    add_side(r, transports[i], &variants[r->side_count], &slow);
  if (r->count == 0) {
    fprintf(stderr, "coapspec: the selection leaves no case%s\n",
            slow ? " (those it names last over 100 s: --slow runs them)" : "");
    return false;
  }
  r->variants = cs_runner_get(r->arena, r->count * sizeof *r->variants);
  for (size_t i = 0; i < r->side_count && variants[i]; i++)
    memcpy(r->variants + r->sides[i].first, variants[i], r->sides[i].count * sizeof *r->variants);
  r->cases = cs_runner_get(r->arena, r->count * sizeof(cs_runner_case *));
  r->first = cs_runner_get(r->arena, r->count * sizeof(cs_runner_case *));
  r->results = cs_runner_get(r->arena, r->count * sizeof *r->results);
  r->over = cs_runner_get(r->arena, r->count * sizeof *r->over);
  r->cut = cs_runner_get(r->arena, r->count * sizeof *r->cut);
  r->away = cs_runner_get(r->arena, r->count * sizeof *r->away);
  r->away_again = cs_runner_get(r->arena, r->count * sizeof *r->away_again);
  r->settled = cs_runner_get(r->arena, r->count * sizeof *r->settled);
  return true;
}

/* Cases without a result say why. */
static void give_up_rest(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  for (size_t i = s->first; i < s->first + s->count; i++) {
    if (r->settled[i])
      continue;
    if (!r->cases[i])
      r->cases[i] = cs_runner_side_case(s, &r->variants[i], r->config->seed);
    const char *why =
        cs_runner_format(r->arena, "not run: %s", s->trouble ? s->trouble : r->trouble);
    cs_runner_case_stop(r->cases[i], CS_VERDICT_INCONCLUSIVE, why, 0);
    cs_runner_case_result(r->cases[i], &r->results[i]);
    r->results[i].verdict = CS_VERDICT_INCONCLUSIVE;
    r->results[i].message = why;
    r->settled[i] = true;
    cs_runner_lines_case(s, &r->results[i]);
  }
}

/* The output of a server that never answered, for whoever wrote its command. */
static void show_output(const cs_runner_side *s) {
  enum { LINES = 20 };
  cs_runner_running *r = s->run;
  if (!s->silent || !s->silent->spawn)
    return;
  const char *text = cs_runner_spawn_output(s->silent->spawn, LINES, "\n  | ");
  if (r->config->output == CS_RUNNER_OUTPUT_TEXT && *text)
    fprintf(stderr, "coapspec: the server printed:\n  | %s\n", text);
}

/* Whether every case of the side has its result, and the target is not known to be
 * gone. */
static bool is_settled(const cs_runner_side *s) {
  if (s->code == CS_RUNNER_EXIT_CRASHED && !s->run->spawn && !s->run->reset)
    return false;
  for (size_t i = s->first; i < s->first + s->count; i++)
    if (!s->run->settled[i])
      return false;
  return true;
}

static void play_side(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  cs_runner_lines_target(s);
  bool reached = cs_runner_side_reach(s);
  cs_runner_sign_first(s, reached);
  if (!reached && !cs_runner_halted(r))
    show_output(s);
  if (reached) {
    if (r->config->output == CS_RUNNER_OUTPUT_TEXT)
      printf("%s: %zu case%s%s%s%s%s%s\n", s->uri, s->count, s->count == 1 ? "" : "s",
             r->memory ? " over " : "", r->memory ? cs_runner_transport_name(s->transport) : "",
             s->security ? ", " : "", s->security ? s->security : "",
             r->worker_count > 1
                 ? cs_runner_format(r->arena, ", dealt to %u servers", r->worker_count)
                 : "");
    cs_runner_side_probe(s);
    cs_runner_side_required(s);
    cs_runner_side_play(s);
  }
  bool settled = reached && is_settled(s);
  give_up_rest(s);
  cs_runner_sign_last(s, settled);
}

/* There is nothing to play against. */
static void leave_out(cs_runner_side *s) {
  cs_runner_sign_first(s, false);
  give_up_rest(s);
  cs_runner_sign_last(s, false);
}

static void release(cs_runner_running *r) {
  for (size_t i = 0; i < r->count; i++) {
    if (r->first[i] != r->cases[i])
      cs_runner_case_free(r->first[i]);
    cs_runner_case_free(r->cases[i]);
  }
  for (size_t i = 0; i < r->side_count; i++) {
    cs_runner_side *s = &r->sides[i];
    cs_runner_case *const *kept = s->keep.items;
    for (size_t k = 0; k < s->keep.count; k++)
      cs_runner_case_free(kept[k]);
    cs_runner_means_free(s->means);
    cs_runner_net_close(s->net);
  }
}

/* Whether the reports can be written: nobody wants to learn that after the run. */
static bool writable(const cs_runner_running *r) {
  const cs_runner_run_config *config = r->config;
  const char *paths[] = {cs_runner_format(r->arena, "%s/report.txt", config->out), config->pcap};
  char why[CS_REPORT_WHY_MAX];
  for (size_t i = 0; i < 2 && paths[i]; i++) {
    const char *slash = strrchr(paths[i], '/');
    const char *folder =
        slash ? cs_runner_text(r->arena, cs_span_of(paths[i], (size_t)(slash - paths[i]) + 1))
              : ".";
    if (!cs_report_make_folders(paths[i], why, sizeof why)) {
      fprintf(stderr, "coapspec: %s\n", why);
      return false;
    }
    if (access(folder, W_OK) != 0) {
      fprintf(stderr, "coapspec: %s: %s\n", folder, strerror(errno));
      return false;
    }
  }
  return true;
}

cs_runner_exit cs_runner_run(const cs_runner_run_config *config) {
  cs_runner_running r = {.config = config, .arena = &config->library->arena};
  cs_runner_exit code = CS_RUNNER_EXIT_OK;
  r.memory = strcmp(config->targets[0], "embedded") == 0;
  if (!choose(&r))
    return CS_RUNNER_EXIT_NOTHING;
  if (!writable(&r))
    return CS_RUNNER_EXIT_USAGE;
  cs_time began = cs_runner_wall();
  if (!r.memory)
    r.started = (int64_t)time(NULL);
  if (config->time_limit)
    r.until = cs_time_add(began, config->time_limit);
  if (config->output == CS_RUNNER_OUTPUT_TEXT && !config->verbose)
    r.progress = cs_runner_progress_new(r.arena, r.count);
  cs_runner_lines_run(&r);
  bool started = cs_runner_workers_start(&r);
  for (size_t i = 0; i < r.side_count; i++) {
    cs_runner_side *s = &r.sides[i];
    if (started && cs_runner_workers_ready(s))
      play_side(s);
    else
      leave_out(s);
    cs_runner_side_leave(s);
    code = cs_runner_worse(code, s->code);
  }
  cs_runner_progress_clear(r.progress);
  cs_runner_workers_stop(&r);
  /* In memory time is virtual, and reports of equal runs are equal. */
  if (!r.memory)
    r.duration = cs_runner_wall() - began;
  cs_report_run run;
  cs_runner_describe(&r, &run);
  code = cs_runner_worse(code, cs_runner_exit_of(&run));
  bool written = cs_runner_write_reports(&r, &run);
  if (!written)
    code = CS_RUNNER_EXIT_USAGE;
  cs_runner_tell(&r, &run, written, code);
  release(&r);
  return code;
}
