#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "report/report.h"
#include "runner/cli.h"
#include "runner/target.h"

enum { TARGETS_MAX = CS_RUNNER_TRANSPORT_COUNT_ + 1 };

/* What is to be run: URIs make one run, "embedded" another. */
struct plan {
  bool embedded;
  const char *uris[TARGETS_MAX];
  size_t uri_count;
  bool secured;         /* a URI of them is */
  cs_runner_list words; /* const char *: the command of the server to start */
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

/* Chooses the ports of the server that is started and writes them into its
 * command and the targets. */
static bool fill_in_ports(struct plan *p, cs_runner_arena *arena, const char **targets,
                          size_t count) {
  static const uint16_t any[CS_RUNNER_SPAWN_PORTS] = {1, 1, 1};
  uint16_t ports[CS_RUNNER_SPAWN_PORTS];
  cs_net_address at;
  const char *why;
  const char *first = cs_runner_spawn_fill(targets[0], any, arena);
  if (!cs_runner_target_check(first, arena, &why) ||
      !cs_runner_target_resolve(first, arena, &at, &why)) {
    cs_runner_usage_error("run: %s", why);
    return false;
  }
  cs_err err = cs_runner_spawn_ports(&at, ports);
  if (err != CS_OK) {
    cs_runner_usage_error("run: --spawn: no free ports at the host of %s: %s", targets[0],
                          err == CS_ERR_ARGUMENT ? "it is not this machine"
                                                 : cs_base_err_text(err));
    return false;
  }
  const char **words = p->words.items;
  for (size_t i = 0; i < p->words.count; i++)
    words[i] = cs_runner_spawn_fill(words[i], ports, arena);
  for (size_t i = 0; i < count; i++)
    targets[i] = cs_runner_spawn_fill(cs_runner_target_with_port(targets[i], arena), ports, arena);
  return true;
}

static bool plan_spawn(const cs_runner_args *a, cs_runner_arena *arena, struct plan *p,
                       const char **targets) {
  const char *why;
  if (!a->spawn)
    return true;
  for (size_t i = 0; i < a->words.count; i++)
    if (is_embedded(targets[i])) {
      cs_runner_usage_error("run: --spawn is for targets that are URIs, not for embedded");
      return false;
    }
  if (!cs_runner_spawn_words(a->spawn, arena, &p->words, &why)) {
    cs_runner_usage_error("run: --spawn: %s", why);
    return false;
  }
  return fill_in_ports(p, arena, targets, a->words.count);
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

/* What is known of the embedded server, or of the URIs, before it is run. */
struct knowledge {
  const char *name; /* of the profile */
  cs_runner_profile profile;
  cs_runner_credentials credentials;
};

/* Appends a line to the key log; what cannot be written is lost. */
static void log_key(void *ctx, const char *line) {
  FILE *to = ctx;
  fprintf(to, "%s\n", line);
  fflush(to);
}

/* Opens the key log, for its owner alone to read. */
static bool open_keylog(const char *path, FILE **out) {
  *out = NULL;
  if (!path)
    return true;
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  *out = fd >= 0 ? fdopen(fd, "a") : NULL;
  if (*out)
    return true;
  cs_runner_usage_error("run: --tls-keylog %s: %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  return false;
}

/* A profile may name roles that scenarios use; so it is read before them. And
 * what is wrong with any file shows before anything is run. */
static bool learn(const cs_runner_args *a, cs_runner_library *l, bool embedded, bool secured,
                  FILE *keylog, struct knowledge *out) {
  const cs_runner_credential_files *f = &a->credentials;
  out->name = a->profile ? a->profile : embedded ? "embedded" : "default";
  if (!cs_runner_library_profile(l, out->name, &out->profile))
    return false;
  bool given = f->psk || f->ca || f->certificate || f->key;
  if (!secured && !given)
    return true;
  /* Who says nothing meets the embedded server with what it knows. */
  cs_runner_profile own;
  const cs_runner_profile *p = &out->profile;
  if (embedded && !given && !cs_runner_profile_secured(p)) {
    if (!cs_runner_library_profile(l, "embedded", &own))
      return false;
    p = &own;
  }
  if (!cs_runner_credentials_read(p, f, &l->arena, &out->credentials))
    return false;
  out->credentials.keylog = keylog ? log_key : NULL;
  out->credentials.keylog_ctx = keylog;
  return true;
}

static cs_runner_exit run_one(const cs_runner_args *a, cs_runner_library *l, const struct plan *p,
                              const struct knowledge *k, const char *const *targets, size_t count) {
  cs_runner_run_config config = {
      .library = l,
      .profile = &k->profile,
      .profile_name = k->name,
      .credentials = &k->credentials,
      .targets = targets,
      .target_count = count,
      .spawn = p->words.count ? &p->words : NULL,
      .selection = a->selection,
      .jobs = a->jobs,
      .seed = seed_for(a, is_embedded(targets[0])),
      .shuffle = a->seeded,
      .out = folder_for(a, &l->arena, targets, count, !p->embedded || p->uri_count == 0),
      .pcap = a->pcap,
      .json = a->json,
      .verbose = a->verbose};
  config.selection.fast = !a->slow;
  return cs_runner_run(&config);
}

int cs_runner_command_run(cs_runner_args *a) {
  static const char *const embedded[] = {"embedded"};
  cs_runner_library l;
  struct knowledge inside = {0}, outside = {0};
  struct plan p = {.embedded = false};
  FILE *keylog = NULL;
  cs_runner_exit code = CS_RUNNER_EXIT_USAGE;
  bool good = cs_runner_library_open(&l) && make_plan(a, &l, &p) &&
              open_keylog(a->keylog, &keylog) &&
              (!p.embedded || learn(a, &l, true, true, keylog, &inside)) &&
              (!p.uri_count || learn(a, &l, false, p.secured, keylog, &outside)) &&
              cs_runner_library_load(&l, a->scenarios);
  if (good) {
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
    raise(cs_runner_signal());
  }
  return (int)code;
}
