#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "report/report.h"
#include "runner/cli.h"
#include "runner/target.h"

static bool check(const cs_runner_args *a, cs_runner_library *l) {
  const char *const *targets = a->words.items;
  const char *word;
  if (a->words.count == 0) {
    cs_runner_usage_error("run: no target; try coapspec run embedded");
    return false;
  }
  if (!cs_runner_selection_check(&a->selection, &word)) {
    cs_runner_usage_error("run: %s is no level (MUST, SHOULD, MAY) or transport (udp ...)", word);
    return false;
  }
  for (size_t i = 0; i < a->words.count; i++) {
    const char *why;
    bool embedded = strcmp(targets[i], "embedded") == 0;
    if (a->memory && !embedded) {
      cs_runner_usage_error("run: --memory is for the target embedded, not for %s", targets[i]);
      return false;
    }
    if (!embedded && !cs_runner_target_check(targets[i], &l->arena, &why)) {
      cs_runner_usage_error("run: %s", why);
      return false;
    }
  }
  return true;
}

/* A seed that nobody gave: in memory always the same, on a wire never, since a
 * target remembers Message IDs for minutes. */
static uint64_t seed_for(const cs_runner_args *a, bool embedded) {
  cs_net net;
  uint64_t seed = 1;
  if (a->seeded)
    return a->seed;
  if (!embedded && cs_net_posix_new(&cs_net_heap_alloc, &net) == CS_OK) {
    uint8_t bytes[4];
    net.ops->entropy(net.self, bytes, sizeof bytes);
    seed = (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
    cs_net_posix_free(&net, &cs_net_heap_alloc);
  }
  return seed;
}

static cs_runner_exit run_one(const cs_runner_args *a, cs_runner_library *l, const char *target) {
  bool embedded = strcmp(target, "embedded") == 0;
  const char *name = a->profile ? a->profile : embedded ? "embedded" : "default";
  cs_runner_profile profile;
  char folder[128];
  cs_report_folder_name(target, folder, sizeof folder);
  if (!cs_runner_library_profile(l, name, &profile))
    return CS_RUNNER_EXIT_USAGE;
  const char *out = a->out ? a->out : "out/conformance";
  cs_runner_run_config config = {.library = l,
                                 .profile = &profile,
                                 .profile_name = name,
                                 .target = target,
                                 .selection = a->selection,
                                 .jobs = a->jobs,
                                 .seed = seed_for(a, embedded),
                                 .shuffle = a->seeded,
                                 .out = out,
                                 .pcap = a->pcap,
                                 .json = a->json,
                                 .verbose = a->verbose};
  config.selection.fast = !a->slow;
  /* One target writes into --out itself, several into a folder each. */
  if (!a->out || a->words.count > 1)
    config.out = cs_runner_format(&l->arena, "%s/%s", out, folder);
  return cs_runner_run(&config);
}

int cs_runner_command_run(cs_runner_args *a) {
  cs_runner_library l;
  cs_runner_profile profile;
  const char *const *targets = a->words.items;
  cs_runner_exit code = CS_RUNNER_EXIT_USAGE;
  /* A profile may name roles that scenarios use; so it is read before them. */
  bool good = cs_runner_library_open(&l) && check(a, &l) &&
              (!a->profile || cs_runner_library_profile(&l, a->profile, &profile)) &&
              cs_runner_library_load(&l, a->scenarios);
  if (good) {
    code = CS_RUNNER_EXIT_OK;
    for (size_t i = 0; i < a->words.count; i++)
      code = cs_runner_worse(code, run_one(a, &l, targets[i]));
  }
  cs_runner_library_close(&l);
  return (int)code;
}
