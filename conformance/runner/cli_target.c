/* What the commands that meet a target have in common. */
#include "runner/cli_target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "runner/target.h"

/* ---- Servers that are started ---- */

enum { TRIES = 100 };

static bool among(const uint16_t *all, size_t count, const uint16_t ports[CS_RUNNER_SPAWN_PORTS]) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < CS_RUNNER_SPAWN_PORTS; k++)
      if (all[i] == ports[k])
        return true;
  return false;
}

/* Ports for each server: no two have the same. */
static cs_err choose_ports(const cs_net_address *at, uint16_t *all, size_t servers) {
  unsigned tries = 0;
  for (size_t i = 0; i < servers;) {
    uint16_t *ports = all + i * CS_RUNNER_SPAWN_PORTS;
    cs_err err = cs_runner_spawn_ports(at, ports);
    if (err != CS_OK)
      return err;
    if (!among(all, i * CS_RUNNER_SPAWN_PORTS, ports))
      i++;
    else if (++tries == TRIES)
      return CS_ERR_SYSTEM;
  }
  return CS_OK;
}

/* Chooses the ports at the host of the first target. */
static bool find_ports(const char *command, const char *target, cs_runner_arena *arena,
                       uint16_t *all, size_t servers) {
  static const uint16_t any[CS_RUNNER_SPAWN_PORTS] = {1, 1, 1};
  cs_net_address at;
  const char *why;
  const char *first = cs_runner_spawn_fill(target, any, arena);
  if (!cs_runner_target_check(first, arena, &why) ||
      !cs_runner_target_resolve(first, arena, &at, &why)) {
    cs_runner_usage_error("%s: %s", command, why);
    return false;
  }
  cs_err err = choose_ports(&at, all, servers);
  if (err == CS_OK)
    return true;
  cs_runner_usage_error("%s: --spawn: no free ports at the host of %s: %s", command, target,
                        err == CS_ERR_ARGUMENT ? "it is not this machine" : cs_base_err_text(err));
  return false;
}

bool cs_runner_plan_servers(const char *command, const char *spawn, cs_runner_arena *arena,
                            const char *const *targets, size_t target_count,
                            cs_runner_server *servers, size_t count) {
  const char *why;
  cs_runner_list words = {0};
  uint16_t *ports = cs_runner_get(arena, count * CS_RUNNER_SPAWN_PORTS * sizeof *ports);
  if (!cs_runner_spawn_words(spawn, arena, &words, &why)) {
    cs_runner_usage_error("%s: --spawn: %s", command, why);
    return false;
  }
  if (!find_ports(command, targets[0], arena, ports, count))
    return false;
  for (size_t i = 0; i < count; i++) {
    const uint16_t *own = ports + i * CS_RUNNER_SPAWN_PORTS;
    const char **uris = cs_runner_get(arena, target_count * sizeof *uris);
    servers[i] = (cs_runner_server){.targets = uris};
    for (size_t k = 0; k < words.count; k++)
      *(const char **)cs_runner_push(arena, &servers[i].words, sizeof(const char *)) =
          cs_runner_spawn_fill(((const char *const *)words.items)[k], own, arena);
    for (size_t k = 0; k < target_count; k++)
      uris[k] = cs_runner_spawn_fill(cs_runner_target_with_port(targets[k], arena), own, arena);
  }
  return true;
}

/* ---- */

uint64_t cs_runner_seed_for(const cs_runner_args *a, bool memory) {
  cs_net net;
  uint64_t seed = 1;
  if (a->seeded)
    return a->seed;
  if (!memory && cs_net_posix_new(&cs_net_heap_alloc, &net) == CS_OK) {
    uint8_t bytes[4];
    net.ops->entropy(net.self, bytes, sizeof bytes);
    seed = (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
    cs_net_posix_free(&net, &cs_net_heap_alloc);
  }
  return seed;
}

/* Appends a line to the key log; what cannot be written is lost. */
static void log_key(void *ctx, const char *line) {
  FILE *to = ctx;
  fprintf(to, "%s\n", line);
  fflush(to);
}

/* Opens the key log, for its owner alone to read. */
bool cs_runner_open_keylog(const char *command, const char *path, FILE **out) {
  *out = NULL;
  if (!path)
    return true;
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  *out = fd >= 0 ? fdopen(fd, "a") : NULL;
  if (*out)
    return true;
  cs_runner_usage_error("%s: --tls-keylog %s: %s", command, path, strerror(errno));
  if (fd >= 0)
    close(fd);
  return false;
}

/* A profile may name roles that scenarios use; so it is read before them. And
 * what is wrong with any file shows before anything is run. */
bool cs_runner_learn(const cs_runner_args *a, cs_runner_library *l, bool embedded, bool secured,
                     FILE *keylog, cs_runner_knowledge *out) {
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
