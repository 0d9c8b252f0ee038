#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "report/report.h"
#include "runner/cli_target.h"
#include "runner/probe.h"
#include "runner/target.h"

enum { TARGETS_MAX = CS_RUNNER_TRANSPORT_COUNT_ + 1 };

/* What is to be run: URIs make one run, "embedded" another. */
struct plan {
  bool embedded;
  const char *uris[TARGETS_MAX];
  size_t uri_count;
  bool secured;              /* a URI of them is */
  cs_runner_server *servers; /* to start, or NULL; their targets are the words', in order */
  size_t server_count;
  cs_net_address source; /* where to send from; empty: anywhere */
};

static bool is_embedded(const char *target) {
  return strcmp(target, "embedded") == 0;
}

/* Takes one checked URI into the plan. */
static bool add_uri(struct plan *p, const char *uri) {
  cs_runner_transport t = cs_runner_target_transport(uri);
  for (size_t i = 0; i < p->uri_count; i++) {
    if (cs_runner_target_transport(p->uris[i]) == t) {
      cs_runner_usage_error("run: %s and %s are both targets over %s; a run has one a transport",
                            p->uris[i], uri, cs_runner_transport_name(t));
      return false;
    }
  }
  if (!cs_runner_transport_there(t)) {
    cs_runner_usage_error("run: %s: this program was built without TLS", uri);
    return false;
  }
  p->secured = p->secured || (1u << t & CS_RUNNER_SECURED);
  p->uris[p->uri_count++] = uri;
  return true;
}

static bool plan_spawn(const cs_runner_args *a, cs_runner_arena *arena, struct plan *p,
                       const char **targets) {
  if (!a->spawn && a->workers > 1) {
    cs_runner_usage_error("run: --workers is for servers that --spawn starts");
    return false;
  }
  if (!a->spawn)
    return true;
  for (size_t i = 0; i < a->words.count; i++)
    if (is_embedded(targets[i])) {
      cs_runner_usage_error("run: --spawn is for targets that are URIs, not for embedded");
      return false;
    }
  if (a->reset_cmd) {
    cs_runner_usage_error("run: --reset-cmd is for a target that --spawn does not start");
    return false;
  }
  p->server_count = (size_t)a->workers;
  p->servers = cs_runner_get(arena, p->server_count * sizeof *p->servers);
  if (!cs_runner_plan_servers("run", a->spawn, arena, targets, a->words.count, p->servers,
                              p->server_count))
    return false;
  for (size_t i = 0; i < a->words.count; i++)
    targets[i] = p->servers[0].targets[i];
  return true;
}

/* What --require and --reset-cmd say. */
static bool check_care(const cs_runner_args *a, cs_runner_arena *arena) {
  const char *why;
  cs_runner_list words = {0};
  if (a->reset_cmd && !cs_runner_spawn_words(a->reset_cmd, arena, &words, &why)) {
    cs_runner_usage_error("run: --reset-cmd: %s", why);
    return false;
  }
  const char *const *caps = a->require.items;
  for (size_t i = 0; i < a->require.count; i++) {
    const cs_runner_probe *probe = cs_runner_probe_named(caps[i]);
    if (!probe || !probe->text) {
      cs_runner_usage_error("run: --require: %s is no capability; there are %s", caps[i],
                            cs_runner_probe_names(arena));
      return false;
    }
  }
  return true;
}

static bool is_own(const cs_net_address *at) {
  cs_net net;
  int fd;
  if (cs_net_posix_new(&cs_net_heap_alloc, &net) != CS_OK)
    return true; /* what is wrong will be said elsewhere */
  cs_err err = net.ops->open(net.self, CS_NET_DATAGRAM, at, NULL, &fd);
  cs_net_posix_free(&net, &cs_net_heap_alloc);
  return err != CS_ERR_ARGUMENT;
}

/* The address to send from has to be ours, and of the family of every target. */
static bool check_source(const cs_runner_args *a, cs_runner_arena *arena, struct plan *p) {
  if (!a->source)
    return true;
  if (cs_net_address_literal(cs_span_str(a->source), 0, &p->source) != CS_OK) {
    cs_runner_usage_error("run: --source: %s is no IP address", a->source);
    return false;
  }
  if (p->embedded) {
    cs_runner_usage_error("run: --source is for targets that are URIs, not for embedded");
    return false;
  }
  if (cs_net_address_any(&p->source) || cs_net_address_multicast(&p->source) ||
      !is_own(&p->source)) {
    cs_runner_usage_error("run: --source: %s is no address of this machine", a->source);
    return false;
  }
  for (size_t i = 0; i < p->uri_count; i++) {
    cs_net_address at;
    const char *why;
    if (!cs_runner_target_resolve(p->uris[i], arena, &at, &why))
      continue; /* it will turn out not to be there */
    if (cs_net_address_family(&at) != cs_net_address_family(&p->source)) {
      char text[CS_NET_ADDRESS_TEXT];
      cs_net_address_print(&at, text, sizeof text);
      cs_runner_usage_error("run: --source: from %s nothing can be sent to %s, which is %s",
                            a->source, p->uris[i], text);
      return false;
    }
  }
  return true;
}

static bool make_plan(const cs_runner_args *a, cs_runner_library *l, struct plan *p) {
  const char *word;
  if (a->words.count == 0) {
    cs_runner_usage_error("run: no target; try coapspec run embedded");
    return false;
  }
  if (!cs_runner_selection_check(&a->selection, &word)) {
    cs_runner_usage_error(
        "run: %s is no level (MUST, SHOULD, MAY) or transport (udp, tcp, ws, dtls, "
        "tls, wss)",
        word);
    return false;
  }
  if (!check_care(a, &l->arena))
    return false;
  const char **targets = cs_runner_get(&l->arena, a->words.count * sizeof *targets);
  memcpy(targets, a->words.items, a->words.count * sizeof *targets);
  if (!plan_spawn(a, &l->arena, p, targets))
    return false;
  for (size_t i = 0; i < a->words.count; i++) {
    const char *why;
    if (is_embedded(targets[i])) {
      p->embedded = true;
      continue;
    }
    if (a->memory) {
      cs_runner_usage_error("run: --memory is for the target embedded, not for %s", targets[i]);
      return false;
    }
    if (!cs_runner_target_check(targets[i], &l->arena, &why)) {
      cs_runner_usage_error("run: %s", why);
      return false;
    }
    if (!add_uri(p, targets[i]))
      return false;
  }
  return check_source(a, &l->arena, p);
}

/* The folder of a run: named after its targets, unless --out names the only one. */
static const char *folder_for(const cs_runner_args *a, cs_runner_arena *arena,
                              const char *const *targets, size_t count, bool alone) {
  const char *out = a->out ? a->out : "out/conformance";
  const char *all = "";
  char folder[128];
  if (a->out && alone)
    return out;
  for (size_t i = 0; i < count; i++)
    all = cs_runner_format(arena, "%s%s%s", all, i ? " " : "", targets[i]);
  cs_report_folder_name(all, folder, sizeof folder);
  return cs_runner_format(arena, "%s/%s", out, folder);
}

static cs_runner_exit run_one(const cs_runner_args *a, cs_runner_library *l, const struct plan *p,
                              const cs_runner_knowledge *k, const char *const *targets,
                              size_t count) {
  cs_runner_run_config config = {
      .library = l,
      .profile = &k->profile,
      .profile_name = k->name,
      .credentials = &k->credentials,
      .targets = targets,
      .target_count = count,
      .servers = is_embedded(targets[0]) ? NULL : p->servers,
      .server_count = is_embedded(targets[0]) ? 0 : p->server_count,
      .selection = a->selection,
      .jobs = (unsigned)a->jobs,
      .seed = cs_runner_seed_for(a, is_embedded(targets[0])),
      .shuffle = a->seeded,
      .out = folder_for(a, &l->arena, targets, count, !p->embedded || p->uri_count == 0),
      .pcap = a->pcap,
      .output = a->format,
      .verbose = a->verbose,
      .rate = (unsigned)a->rate,
      .retries = (unsigned)a->retries,
      .timeout = a->timeout,
      .time_limit = a->time_limit,
      .reset_cmd = a->reset_cmd,
      .read_only = a->read_only,
      .robustness = a->robustness,
      .require = a->require,
      .source = p->source.len ? &p->source : NULL,
      .multicast = a->multicast};
  config.selection.fast = !a->slow;
  return cs_runner_run(&config);
}

int cs_runner_command_run(cs_runner_args *a) {
  static const char *const embedded[] = {"embedded"};
  cs_runner_library l;
  cs_runner_knowledge inside = {0}, outside = {0};
  struct plan p = {.embedded = false};
  FILE *keylog = NULL;
  cs_runner_exit code = CS_RUNNER_EXIT_USAGE;
  bool good = cs_runner_library_open(&l) && make_plan(a, &l, &p) &&
              cs_runner_open_keylog("run", a->keylog, &keylog) &&
              (!p.embedded || cs_runner_learn(a, &l, true, true, keylog, &inside)) &&
              (!p.uri_count || cs_runner_learn(a, &l, false, p.secured, keylog, &outside)) &&
              cs_runner_library_load(&l, a->scenarios);
  if (good) {
    if (p.uri_count)
      cs_runner_library_note_roles(&l, &outside.profile);
    cs_runner_catch_signals();
    code = CS_RUNNER_EXIT_OK;
    if (p.embedded)
      code = cs_runner_worse(code, run_one(a, &l, &p, &inside, embedded, 1));
    if (p.uri_count && !cs_runner_signal())
      code = cs_runner_worse(code, run_one(a, &l, &p, &outside, p.uris, p.uri_count));
  }
  if (keylog)
    fclose(keylog);
  cs_runner_library_close(&l);
  /* Everything is written and ended: now the signal does what it always does. */
  if (cs_runner_signal()) {
    signal(cs_runner_signal(), SIG_DFL);
    fflush(NULL); /* dying of a signal writes nothing out */
    raise(cs_runner_signal());
  }
  return (int)code;
}
