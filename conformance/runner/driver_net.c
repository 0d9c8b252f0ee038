/* A driver over sockets: what it is made of, and its own questions to the
 * target. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/driver_inside.h"
#include "runner/probe.h"
#include "wire/message.h"

enum { SANITY_ROUNDS = 5 };

/* What a time may be missed by on a wire, beside what was measured. */
static const cs_time slack = 100 * CS_MILLISECOND;
static const cs_time slack_max = 2 * CS_SECOND;

/* A folder for the paths of our datagram sockets; only they need one. */
static cs_err make_folder(cs_runner_net *u) {
  if (!(1u << u->config.transport & CS_RUNNER_DATAGRAMS) ||
      cs_net_address_family(&u->config.target) != AF_UNIX)
    return CS_OK;
  const char *root = getenv("TMPDIR");
  char *folder = cs_runner_format(&u->arena, "%s/coapspec-XXXXXX", root && *root ? root : "/tmp");
  if (!mkdtemp(folder))
    return CS_ERR_SYSTEM;
  u->folder = folder;
  return CS_OK;
}

cs_err cs_runner_net_open(const cs_runner_net_config *config, cs_runner_net **out) {
  cs_net net;
  cs_err err = cs_net_posix_new(&cs_net_heap_alloc, &net);
  if (err != CS_OK)
    return err;
  cs_runner_arena arena = {0};
  cs_runner_net *u = cs_runner_get(&arena, sizeof *u);
  u->config = *config;
  u->net = net;
  u->base = u->tolerance = slack + config->profile->tolerance;
  u->flight_count = (size_t)config->jobs + 1;
  u->flights = cs_runner_get(&arena, u->flight_count * sizeof *u->flights);
  cs_runner_error broken;
  cs_runner_parse(cs_span_str(cs_runner_probe_sanity), "sanity", NULL, &arena, &u->sanity, &broken);
  u->arena = arena;
  err = make_folder(u);
  if (err == CS_OK && 1u << config->transport & CS_RUNNER_SECURED)
    err = cs_runner_veils_new(config->credentials, cs_net_random(&u->net), &u->veils);
  if (err != CS_OK) {
    cs_runner_net_close(u);
    return err;
  }
  *out = u;
  return CS_OK;
}

void cs_runner_net_close(cs_runner_net *u) {
  if (!u)
    return;
  for (size_t i = 0; i < u->flight_count; i++)
    if (u->flights[i].used)
      cs_runner_land(u, &u->flights[i]);
  cs_runner_case_free(u->sign);
  cs_runner_veils_free(u->veils);
  cs_net_posix_free(&u->net, &cs_net_heap_alloc);
  if (u->folder)
    rmdir(u->folder);
  cs_runner_arena arena = u->arena;
  cs_runner_release(&arena);
}

const cs_time *cs_runner_net_tolerance(const cs_runner_net *u) {
  return &u->tolerance;
}

void cs_runner_net_one_by_one(cs_runner_net *u) {
  u->config.jobs = 1;
}

const char *cs_runner_net_stop(const cs_runner_net *u) {
  return u->config.stop ? u->config.stop(u->config.ctx) : NULL;
}

/* Whether a handshake of the flight is not complete. */
static bool is_shaking(const cs_runner_flight *f) {
  for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX; k++)
    if (f->plugs[k].veil && cs_runner_veil_shaking(f->plugs[k].veil))
      return true;
  return false;
}

/* Whether the target ended a connection of the flight. */
static bool was_ended(const cs_runner_flight *f) {
  cs_report_case r;
  cs_runner_case_result(f->c, &r);
  for (size_t i = 0; i < r.packet_count; i++)
    if (!r.packets[i].sent &&
        (r.packets[i].kind == CS_REPORT_ENDED || r.packets[i].kind == CS_REPORT_RESET))
      return true;
  return false;
}

static const char *gone(cs_runner_net *u, const cs_runner_flight *f) {
  const char *uri = u->config.uri;
  bool datagrams = 1u << u->config.transport & CS_RUNNER_DATAGRAMS;
  unsigned long long patience = u->config.profile->alive / CS_SECOND;
  cs_err err = f->broken ? f->broken : f->refused;
  if (err == CS_OK && f->unsecured)
    return cs_runner_format(&u->arena, "%s: %s", uri, f->unsecured);
  if (err == CS_OK && is_shaking(f))
    return cs_runner_format(&u->arena, "%s: the handshake was not complete within %llu s", uri,
                            patience);
  if (err == CS_OK && was_ended(f))
    return cs_runner_format(&u->arena, "%s: it closes the connection before it answers", uri);
  switch (err) {
  case CS_ERR_REFUSED:
  case CS_ERR_NOT_FOUND: /* a path that is no socket */
    return cs_runner_format(&u->arena, "%s: nothing listens there (port refused)", uri);
  case CS_ERR_UNREACHABLE:
    return cs_runner_format(&u->arena, "%s: no route to that host (unreachable)", uri);
  case CS_OK:
    return cs_runner_format(&u->arena, "%s: no answer within %llu s, neither to %s nor to a GET",
                            uri, patience, datagrams ? "a CoAP ping" : "a Ping");
  default:
    return cs_runner_format(&u->arena, "%s: %s", uri, cs_base_err_text(err));
  }
}

static cs_runner_case *new_sanity(cs_runner_net *u) {
  cs_runner_case_config config = {
      .variant = {u->sanity, u->sanity->id, CS_CON, u->config.transport},
      .profile = u->config.profile,
      .requirements = u->config.requirements,
      .seed = u->config.seed + ++u->sanity_runs * UINT64_C(0x9e3779b97f4a7c15),
      .tolerance = &u->tolerance,
      .host = u->config.host};
  return cs_runner_case_new(&config);
}

void cs_runner_search(cs_runner_net *u) {
  if (u->searching)
    return;
  u->searching = true;
  cs_runner_take_off(u, &u->flights[u->flight_count - 1], new_sanity(u), 0);
}

bool cs_runner_searched(cs_runner_net *u, const cs_runner_flight *f, const char **why) {
  if (!f->broken && !cs_runner_case_done(f->c))
    return false;
  cs_report_case r;
  cs_runner_case_result(f->c, &r);
  /* Who answers from elsewhere is there; the cases say what is wrong. */
  if (f->broken || (r.verdict != CS_VERDICT_PASS && !cs_runner_case_elsewhere(f->c)))
    *why = gone(u, f);
  return true;
}

bool cs_runner_net_sanity(cs_runner_net *u, const char **why) {
  cs_runner_flight *f = &u->flights[0];
  cs_time slowest = 0;
  *why = NULL;
  for (unsigned round = 0; round < SANITY_ROUNDS && !*why; round++) {
    cs_runner_case *c = new_sanity(u);
    cs_runner_take_off(u, f, c, 0);
    while (!*why && !cs_runner_searched(u, f, why)) {
      cs_runner_net_turn(u);
      *why = cs_runner_net_stop(u);
    }
    cs_report_case r;
    cs_runner_case_result(c, &r);
    cs_runner_land(u, f);
    cs_runner_case_free(u->sign);
    u->sign = c;
    /* Two signs of life a round. */
    if (r.duration / 2 > slowest)
      slowest = r.duration / 2;
    if (slowest > CS_SECOND / 2)
      break;
  }
  u->base = cs_time_min(slack + 4 * slowest, slack_max) + u->config.profile->tolerance;
  u->tolerance = u->base;
  return *why == NULL;
}

cs_runner_case *cs_runner_net_take_sign(cs_runner_net *u) {
  cs_runner_case *c = u->sign;
  u->sign = NULL;
  return c;
}

void cs_runner_net_probe(cs_runner_net *u, cs_runner_case *c) {
  cs_runner_flight *f = &u->flights[0];
  const char *why = NULL;
  cs_runner_take_off(u, f, c, 0);
  while (!f->broken && !why && !cs_runner_case_done(c)) {
    cs_runner_net_turn(u);
    why = cs_runner_net_stop(u);
  }
  cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, why ? why : cs_base_err_text(f->broken),
                      cs_runner_flight_now(u, f));
  cs_runner_land(u, f);
}
