/* Conversations over sockets, many at the same time: cases of scenarios that only
 * send. Each ends with a search for a sign of life, on datagrams a ping behind what
 * was sent: so no answer has to be waited for. */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "runner/fuzz_inside.h"
#include "runner/stage.h"
#include "runner/target.h"

enum { STARTS = 3 };
/* How long a server that we started, or a target that was reset, may take to answer. */
static const cs_time start_patience = 10 * CS_SECOND;
static const cs_time reset_patience = 60 * CS_SECOND;
/* How long one that answers no more may take to die of it. */
static const cs_time death_patience = 2 * CS_SECOND;

cs_time cs_runner_fuzz_wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

static bool has_ended(const cs_runner_fuzzer *f) {
  return f->all->spawn && cs_runner_spawn_ended(f->all->spawn, 0);
}

static const char *halted(void *ctx) {
  (void)ctx;
  return cs_runner_signal() ? "interrupted by a signal" : NULL;
}

static const char *stop(void *ctx) {
  cs_runner_fuzzer *f = ctx;
  if (halted(NULL))
    return halted(NULL);
  if (has_ended(f))
    return "the server that was started has ended";
  if (f->ready_by && cs_runner_fuzz_wall() >= f->ready_by)
    return "the target does not answer";
  return NULL;
}

static bool await(cs_runner_fuzzer *f, cs_time patience, const char **why) {
  struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
  f->ready_by = cs_runner_fuzz_wall() + patience;
  bool there;
  while (!(there = cs_runner_net_sanity(f->net, why)) && !stop(f))
    nanosleep(&nap, NULL);
  const char *stopped = there ? NULL : stop(f);
  f->ready_by = 0;
  if (there)
    return true;
  const char *how = f->all->spawn ? cs_runner_spawn_how(f->all->spawn) : NULL;
  const char *output = how ? cs_runner_spawn_output(f->all->spawn, 10, " | ") : "";
  if (how && !halted(NULL))
    *why = cs_runner_format(f->arena, "%s: the server ended by %s before it answered%s%s", f->uri,
                            how, *output ? "; it printed: " : "", output);
  else if (!*why)
    *why = stopped;
  return false;
}

void cs_runner_fuzz_mark_log(cs_runner_fuzzing *all) {
  struct stat info;
  all->log_from = stat(all->log, &info) == 0 ? (size_t)info.st_size : 0;
}

const char *cs_runner_fuzz_printed(cs_runner_fuzzing *all) {
  enum { MOST = 65536 }; /* the report of a sanitizer has thousands of bytes */
  static char text[MOST + 1];
  struct stat info;
  FILE *in = all->spawn ? fopen(all->log, "r") : NULL;
  size_t len = 0;
  if (in && fstat(fileno(in), &info) == 0) {
    size_t size = (size_t)info.st_size;
    size_t from = all->log_from <= size ? all->log_from : 0; /* it was cut */
    from = size - from > MOST ? size - MOST : from;
    if (fseek(in, (long)from, SEEK_SET) == 0)
      len = fread(text, 1, MOST, in);
  }
  if (in)
    fclose(in);
  for (size_t i = 0; i < len; i++)
    if (text[i] == '\0')
      text[i] = '?';
  text[len] = '\0';
  return cs_runner_fuzz_gist(all->arena, text);
}

bool cs_runner_fuzz_restartable(const cs_runner_fuzzer *f) {
  return f->all->spawn || f->all->reset;
}

bool cs_runner_fuzz_restart(cs_runner_fuzzer *f, const char **why) {
  bool good;
  f->refused = f->lifeless = false;
  f->tally->restarts++;
  if (f->all->spawn) {
    cs_runner_spawn_stop(f->all->spawn);
    cs_runner_spawn_tend(f->all->spawn);
    cs_runner_fuzz_mark_log(f->all);
    good = cs_runner_spawn_start(f->all->spawn, why) && await(f, start_patience, why);
    /* One that ends at once may have met what was on its way to the one before it. */
    for (unsigned i = 0; !good && i < STARTS - 1 && has_ended(f) && !halted(NULL); i++) {
      cs_runner_fuzz_mark_log(f->all);
      good = cs_runner_spawn_start(f->all->spawn, why) && await(f, start_patience, why);
    }
  } else {
    good = cs_runner_reset(f->all->reset, halted, NULL, f->arena, why) &&
           await(f, reset_patience, why);
  }
  f->fresh = good;
  return good;
}

bool cs_runner_fuzz_lives(cs_runner_fuzzer *f) {
  const char *why;
  return !has_ended(f) && cs_runner_net_sanity(f->net, &why);
}

bool cs_runner_fuzz_open(cs_runner_fuzzer *f, const char **why) {
  cs_runner_net_config config = {.transport = f->transport,
                                 .uri = f->uri,
                                 .host = f->host,
                                 .profile = &f->profile,
                                 .credentials = &f->credentials,
                                 .requirements = &f->all->config->library->requirements,
                                 .seed = f->all->config->seed,
                                 .jobs = f->jobs + 1,
                                 .stop = stop,
                                 .ctx = f};
  if (!cs_runner_target_resolve(f->uri, f->arena, &config.target, why))
    return false;
  cs_err err = cs_runner_net_open(&config, &f->net);
  if (err != CS_OK) {
    *why = cs_runner_format(f->arena, "%s: %s", f->uri, cs_base_err_text(err));
    return false;
  }
  if (!f->all->spawn)
    return cs_runner_net_sanity(f->net, why);
  cs_runner_fuzz_mark_log(f->all);
  if (has_ended(f) && !cs_runner_spawn_start(f->all->spawn, why))
    return false;
  f->fresh = true;
  return await(f, start_patience, why);
}

void cs_runner_fuzz_close(cs_runner_fuzzer *f) {
  for (unsigned i = 0; i < f->jobs; i++)
    cs_runner_fuzz_drop(f, &f->slots[i]);
  cs_runner_net_close(f->net);
}

/* ---- scenarios ---- */

/* The same that cs_runner_reproducer_scenario makes, without a text between. */
static const cs_runner_scenario *scenario_of(cs_runner_arena *arena, const cs_runner_reproducer *r,
                                             const char *id) {
  cs_runner_list steps = {0};
  unsigned numbers[CS_RUNNER_PORTS_MAX] = {0};
  unsigned ports = 0;
  unsigned port = 0;
  for (size_t i = 0; i < r->moves.count; i++) {
    const cs_runner_move *m = &cs_runner_moves(r)[i];
    bool begins = m->kind != CS_RUNNER_MOVE_WAIT && !numbers[m->port];
    if (begins)
      numbers[m->port] = ++ports;
    if (m->kind != CS_RUNNER_MOVE_WAIT && numbers[m->port] != port) {
      port = numbers[m->port];
      if (ports > 1) /* else it is the one that a case begins with */
        *(cs_runner_step *)cs_runner_push(arena, &steps, sizeof(cs_runner_step)) = (cs_runner_step){
            .kind = begins ? CS_RUNNER_PORT_NEW : CS_RUNNER_PORT_NUMBER, .port = port};
    }
    cs_runner_step *s = cs_runner_push(arena, &steps, sizeof *s);
    cs_runner_field *field;
    switch (m->kind) {
    case CS_RUNNER_MOVE_SEND:
    case CS_RUNNER_MOVE_PLAIN:
      field = cs_runner_get(arena, sizeof *field);
      *field = (cs_runner_field){.kind = CS_RUNNER_FIELD_RAW, .var = -1, .literal = m->bytes};
      *s = (cs_runner_step){.kind = CS_RUNNER_SEND,
                            .send = {.kind = CS_RUNNER_SEND_RAW,
                                     .slowly = m->slowly,
                                     .plain = m->kind == CS_RUNNER_MOVE_PLAIN,
                                     .fields = field,
                                     .field_count = 1}};
      break;
    case CS_RUNNER_MOVE_ALERT:
      *s = (cs_runner_step){.kind = CS_RUNNER_SEND,
                            .send = {.kind = CS_RUNNER_SEND_ALERT, .alert = m->alert}};
      break;
    case CS_RUNNER_MOVE_END:
      *s = (cs_runner_step){.kind = CS_RUNNER_END};
      break;
    case CS_RUNNER_MOVE_CLOSE:
      *s = (cs_runner_step){.kind = CS_RUNNER_CLOSE};
      break;
    default:
      *s = (cs_runner_step){.kind = CS_RUNNER_WAIT, .time = m->time};
      break;
    }
  }
  cs_runner_scenario *out = cs_runner_get(arena, sizeof *out);
  *out = (cs_runner_scenario){.file = "fuzz",
                              .id = id,
                              .title = "",
                              .transports = 1u << r->transport,
                              .open = r->open,
                              .bare = true,
                              .steps = steps.items,
                              .step_count = steps.count};
  return out;
}

static cs_runner_case *case_of(cs_runner_fuzzer *f, cs_runner_arena *arena,
                               const cs_runner_reproducer *r) {
  const cs_runner_scenario *s = scenario_of(arena, r, "fuzz/0/input");
  cs_runner_case_config config = {.variant = {s, s->id, CS_CON, f->transport},
                                  .profile = &f->profile,
                                  .requirements = &f->all->config->library->requirements,
                                  .seed = f->all->config->seed +
                                          ++f->cases * UINT64_C(0x9e3779b97f4a7c15),
                                  .host = f->host,
                                  .tolerance = cs_runner_net_tolerance(f->net)};
  return cs_runner_case_new(&config);
}

/* The first flight is for what is played alone, and for searches of the driver. */
static cs_runner_flight *flight_of(cs_runner_fuzzer *f, const cs_runner_fuzz_slot *slot) {
  return &f->net->flights[1 + (slot - f->slots)];
}

void cs_runner_fuzz_launch(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot, uint64_t input) {
  *slot = (cs_runner_fuzz_slot){.input = input};
  cs_runner_fuzz_input(&f->corpus, f->all->config->seed, input, &slot->arena, &slot->r,
                       &slot->seed);
  if (cs_runner_fuzz_known(f, &slot->r, input)) {
    cs_runner_release(&slot->arena);
    return;
  }
  slot->used = true;
  slot->c = case_of(f, &slot->arena, &slot->r);
  f->fresh = false;
  f->tally->inputs++;
  f->tally->messages += slot->r.moves.count;
  cs_runner_take_off(f->net, flight_of(f, slot), slot->c, (size_t)(slot - f->slots));
}

void cs_runner_fuzz_drop(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot) {
  if (!slot->used)
    return;
  cs_runner_land(f->net, flight_of(f, slot));
  cs_runner_case_free(slot->c);
  cs_runner_release(&slot->arena);
  slot->used = false;
}

bool cs_runner_fuzz_over(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot) {
  const cs_runner_flight *flight = flight_of(f, slot);
  bool refused =
      flight->broken == CS_ERR_REFUSED || flight->broken == CS_ERR_UNREACHABLE || flight->refused;
  f->refused = f->refused || refused;
  if (flight->broken)
    return true;
  if (!cs_runner_case_done(slot->c))
    return false;
  f->lifeless = f->lifeless || cs_runner_case_lifeless(slot->c);
  return true;
}

/* ---- one alone ---- */

/* What became of the target. lifeless: a search for a sign of life was in vain; refused: a
 * socket said so, or the conversation was broken off. */
static void look(cs_runner_fuzzer *f, bool lifeless, bool refused, cs_runner_fuzz_played *out) {
  cs_runner_spawn *spawn = f->all->spawn;
  if (halted(NULL))
    return;
  bool ended = spawn && cs_runner_spawn_ended(spawn, refused ? death_patience : 0);
  if (!ended && !lifeless && (!refused || cs_runner_fuzz_lives(f) || halted(NULL)))
    return;
  out->dead = true;
  if (ended || (spawn && cs_runner_spawn_ended(spawn, 0))) {
    out->how = cs_runner_format(f->arena, "ended by %s", cs_runner_spawn_how(spawn));
    return;
  }
  out->hung = true;
  out->how = spawn ? "stopped answering although its process was there" : "stopped answering";
}

uint8_t cs_runner_fuzz_code(const cs_report_packet *p) {
  cs_wire_message m;
  return cs_wire_parse(CS_WIRE_UDP, p->bytes, NULL, &m) == CS_RULE_NONE ? m.code : 0;
}

void cs_runner_fuzz_alone(cs_runner_fuzzer *f, const cs_runner_reproducer *r,
                          cs_runner_arena *arena, cs_runner_fuzz_played *out) {
  cs_runner_arena own = {0};
  cs_runner_case *c = case_of(f, &own, r);
  cs_runner_flight *flight = &f->net->flights[0];
  *out = (cs_runner_fuzz_played){0};
  f->fresh = false;
  cs_runner_take_off(f->net, flight, c, f->jobs);
  while (!flight->broken && !cs_runner_case_done(c) && !stop(f))
    cs_runner_net_turn(f->net);
  cs_report_case result;
  cs_runner_case_result(c, &result);
  out->breached =
      cs_runner_judge(result.packets, result.packet_count, f->transport, arena, &out->breach);
  bool lifeless = cs_runner_case_done(c) && cs_runner_case_lifeless(c) && !flight->refused;
  bool refused = flight->broken || flight->refused || !cs_runner_case_done(c);
  if (out->breached)
    out->code = cs_runner_fuzz_code(&result.packets[out->breach.packet]);
  cs_runner_land(f->net, flight);
  cs_runner_case_free(c);
  cs_runner_release(&own);
  look(f, lifeless, refused, out);
}
