#include <signal.h>
#include <string.h>

#include "report/report.h"
#include "runner/cli_target.h"
#include "runner/fuzz.h"
#include "runner/run_inside.h"
#include "runner/target.h"

enum { TARGETS_MAX = CS_RUNNER_TRANSPORT_COUNT_, SECONDS = 60 };

struct plan {
  const char *uris[TARGETS_MAX];
  size_t count;
  bool secured;
  cs_runner_server server; /* to start */
};

static bool fail(const char *line) {
  cs_runner_usage_error("fuzz: %s", line);
  return false;
}

/* Fuzzing strains a device in every way there is: over a network only who says so. */
static bool may_fuzz(const cs_runner_args *a, cs_runner_arena *arena, const char *uri) {
  cs_net_address at;
  const char *why;
  if (a->robustness)
    return true;
  if (!cs_runner_target_resolve(uri, arena, &at, &why))
    return fail(why);
  if (cs_runner_is_local(&at))
    return true;
  return fail(cs_runner_format(arena,
                               "%s is not on this machine; fuzzing may stop a device or change "
                               "what it stores. --robustness says that it may",
                               uri));
}

static bool add_uri(const cs_runner_args *a, cs_runner_arena *arena, struct plan *p,
                    const char *uri) {
  const char *why;
  if (strcmp(uri, "embedded") == 0)
    return fail("the target is the URI of a server; coapspec serve starts the embedded one");
  if (!cs_runner_target_check(uri, arena, &why))
    return fail(why);
  cs_runner_transport t = cs_runner_target_transport(uri);
  for (size_t i = 0; i < p->count; i++)
    if (cs_runner_target_transport(p->uris[i]) == t)
      return fail(cs_runner_format(arena, "%s and %s are both targets over %s; one a transport",
                                   p->uris[i], uri, cs_runner_transport_name(t)));
  if (!cs_runner_transport_there(t))
    return fail(cs_runner_format(arena, "%s: this program was built without TLS", uri));
  p->secured = p->secured || (1u << t & CS_RUNNER_SECURED);
  p->uris[p->count++] = uri;
  return may_fuzz(a, arena, uri);
}

static bool make_plan(const cs_runner_args *a, cs_runner_library *l, struct plan *p) {
  const char *word;
  const char *const *targets = a->words.items;
  cs_runner_list words = {0};
  if (a->words.count == 0)
    return fail("no target; coapspec fuzz --help tells more");
  if (!cs_runner_selection_check(&a->selection, &word))
    return fail(cs_runner_format(&l->arena,
                                 "%s is no level (MUST, SHOULD, MAY) or transport (udp, tcp, ws, "
                                 "dtls, tls, wss)",
                                 word));
  if (a->spawn && a->reset_cmd)
    return fail("--reset-cmd is for a target that --spawn does not start");
  if (a->reset_cmd && !cs_runner_spawn_words(a->reset_cmd, &l->arena, &words, &word))
    return fail(cs_runner_format(&l->arena, "--reset-cmd: %s", word));
  if (a->spawn) {
    if (!cs_runner_plan_servers("fuzz", a->spawn, &l->arena, targets, a->words.count, &p->server,
                                1))
      return false;
    targets = p->server.targets;
  }
  for (size_t i = 0; i < a->words.count; i++)
    if (!add_uri(a, &l->arena, p, targets[i]))
      return false;
  return true;
}

static const char *folder_for(const cs_runner_args *a, cs_runner_arena *arena,
                              const struct plan *p) {
  const char *all = "";
  char folder[128];
  const char *const *words = a->words.items; /* with {port}, not the port of today */
  if (a->out)
    return a->out;
  for (size_t i = 0; i < p->count; i++)
    all = cs_runner_format(arena, "%s%s%s", all, i ? " " : "", words[i]);
  cs_report_folder_name(all, folder, sizeof folder);
  return cs_runner_format(arena, "out/fuzz/%s", folder);
}

static bool make_folder(cs_runner_arena *arena, const char *path) {
  char why[CS_REPORT_WHY_MAX];
  return cs_report_make_folders(cs_runner_format(arena, "%s/", path), why, sizeof why) || fail(why);
}

int cs_runner_command_fuzz(cs_runner_args *a) {
  cs_runner_library l;
  struct plan p = {.count = 0};
  cs_runner_knowledge known = {0};
  FILE *keylog = NULL;
  cs_runner_exit code = CS_RUNNER_EXIT_USAGE;
  bool good = cs_runner_library_open(&l) && make_plan(a, &l, &p) &&
              cs_runner_open_keylog("fuzz", a->keylog, &keylog) &&
              cs_runner_learn(a, &l, false, p.secured, keylog, &known) &&
              cs_runner_library_load(&l, a->scenarios);
  const char *out = good ? folder_for(a, &l.arena, &p) : NULL;
  if (good && make_folder(&l.arena, out)) {
    cs_runner_fuzz_config config = {.library = &l,
                                    .profile = &known.profile,
                                    .credentials = &known.credentials,
                                    .targets = p.uris,
                                    .target_count = p.count,
                                    .spawn = a->spawn ? &p.server.words : NULL,
                                    .reset_cmd = a->reset_cmd,
                                    .selection = a->selection,
                                    .robustness = a->robustness,
                                    .length = (a->seconds ? a->seconds : SECONDS) * CS_SECOND,
                                    .seed = cs_runner_seed_for(a, false),
                                    .jobs = (unsigned)a->jobs,
                                    .out = out,
                                    .output = a->format,
                                    .verbose = a->verbose};
    cs_runner_catch_signals();
    code = cs_runner_fuzz(&config);
  }
  if (keylog)
    fclose(keylog);
  cs_runner_library_close(&l);
  if (cs_runner_signal()) {
    signal(cs_runner_signal(), SIG_DFL);
    fflush(NULL); /* dying of a signal writes nothing out */
    raise(cs_runner_signal());
  }
  return (int)code;
}
