/* What was found: which input did it, what is the least of it that still does, and
 * whether it is known. */
#include <errno.h>
#include <stdio.h>

#include "report/report.h"
#include "runner/fuzz_inside.h"
#include "runner/minimise.h"

enum {
  CRASH_TRIES = 250,
  HANG_TRIES = 16,
  BREACH_TRIES = 150,
  SEQUENCE_TRIES = 40,
  TOGETHER_MAX = 4,  /* inputs that are made one reproducer */
  A_STATEMENT = 3,   /* findings that break the same */
  DOUBTS_MAX = 3,    /* a statement */
  REPEATS_MAX = 2,   /* of a crash without words, that are looked at closely */
  KNOWN_ONE_IN = 16, /* inputs that show what is known are played */
  FILES_MAX = 16     /* of a window */
};
static const cs_time crash_limit = 20 * CS_SECOND;
static const cs_time hang_limit = 60 * CS_SECOND;
static const cs_time breach_limit = 10 * CS_SECOND;
static const cs_time at_the_end = 10 * CS_SECOND;
static const cs_time quick_patience = 2 * CS_SECOND;
static const cs_time death_patience = 2 * CS_SECOND;

const char *cs_runner_fuzz_what_name(cs_runner_fuzz_what w) {
  static const char *const names[] = {"crash", "hang", "breach"};
  return names[w];
}

static cs_runner_fuzz_finding *findings(const cs_runner_fuzzer *f) {
  return f->all->findings.items;
}

bool cs_runner_fuzz_known(const cs_runner_fuzzer *f, const cs_runner_reproducer *r,
                          uint64_t input) {
  for (size_t i = 0; i < f->all->findings.count; i++) {
    const cs_runner_fuzz_finding *x = &findings(f)[i];
    if (x->what == CS_RUNNER_FUZZ_BREACH || !x->reproduced ||
        !cs_runner_fuzz_contains(r, &x->r, true))
      continue;
    return x->what == CS_RUNNER_FUZZ_HANG || input % KNOWN_ONE_IN != 0;
  }
  return false;
}

/* ---- files ---- */

/* Writes a reproducer; NULL when that failed, which is the run's trouble. */
static const char *write_file(cs_runner_fuzzer *f, const cs_runner_reproducer *r,
                              const char *name) {
  cs_runner_arena *arena = f->all->arena;
  const char *path = cs_runner_format(arena, "%s/findings/%s.scn", f->all->config->out, name);
  const char *text =
      cs_runner_reproducer_text(arena, r, cs_runner_format(arena, "fuzz/0/%s", name));
  char why[CS_REPORT_WHY_MAX] = "";
  FILE *to = cs_report_make_folders(path, why, sizeof why) ? fopen(path, "w") : NULL;
  bool good = to && fputs(text, to) >= 0;
  if (to && fclose(to) != 0)
    good = false;
  if (good)
    return path;
  f->all->trouble = *why ? cs_runner_text(arena, cs_span_str(why))
                         : cs_runner_format(arena, "cannot write %s: %s", path, strerror(errno));
  f->all->code = CS_RUNNER_EXIT_USAGE;
  return NULL;
}

static const char *name_of(cs_runner_fuzzer *f, cs_runner_fuzz_what what) {
  size_t n = 1;
  for (size_t i = 0; i < f->all->findings.count; i++)
    n += findings(f)[i].what == what && findings(f)[i].transport == f->transport;
  return cs_runner_format(
      f->all->arena, "%s-seed%llu-%s-%zu", cs_runner_transport_name(f->transport),
      (unsigned long long)f->all->config->seed, cs_runner_fuzz_what_name(what), n);
}

static const char *how_text(cs_runner_fuzzer *f, uint64_t input, const char *seed) {
  return cs_runner_format(
      f->all->arena, "Found by coapspec fuzz %s --seed %llu: input %llu, made of %s.", f->uri,
      (unsigned long long)f->all->config->seed, (unsigned long long)input, seed);
}

/* Moves and their bytes, in the arena of all. */
static cs_runner_reproducer keep(cs_runner_fuzzer *f, const cs_runner_reproducer *r) {
  cs_runner_reproducer out = *r;
  out.moves = (cs_runner_list){0};
  for (size_t i = 0; i < r->moves.count; i++)
    cs_runner_reproducer_add(f->all->arena, &out, &cs_runner_moves(r)[i]);
  return out;
}

static void add_finding(cs_runner_fuzzer *f, const cs_runner_fuzz_finding *x) {
  cs_runner_fuzz_finding copy = *x;
  cs_runner_fuzzing *all = f->all;
  if (all->findings.count == CS_RUNNER_FUZZ_FINDINGS_MAX)
    return;
  copy.count = 1;
  copy.transport = f->transport;
  copy.r = keep(f, &x->r);
  copy.r.what = x->how;
  copy.r.how = how_text(f, x->input, x->seed);
  copy.r.statement = x->statement;
  if (!copy.file)
    copy.file = write_file(f, &copy.r, name_of(f, x->what));
  cs_runner_fuzz_finding *to = cs_runner_push(all->arena, &all->findings, sizeof *to);
  *to = copy;
  all->code = cs_runner_worse(all->code, x->what == CS_RUNNER_FUZZ_BREACH ? CS_RUNNER_EXIT_FAIL
                                                                          : CS_RUNNER_EXIT_CRASHED);
  cs_runner_fuzz_print_finding(all, to);
}

/* ---- making smaller ---- */

struct hunt {
  cs_runner_fuzzer *f;
  cs_runner_arena arena; /* of what plays say */
  bool gone;             /* the target has to be brought back first */
  bool lost;             /* and cannot be */
  bool hung;             /* what is looked for */
  const char *gist;
  const char *statement; /* of a breach */
  uint8_t code;          /* of the message that broke it last */
};

static bool bring_back(struct hunt *h) {
  const char *why = NULL;
  if (!h->gone)
    return true;
  if (h->lost || cs_runner_signal() || !cs_runner_fuzz_restartable(h->f))
    return false;
  if (cs_runner_fuzz_restart(h->f, &why)) {
    h->gone = false;
    return true;
  }
  h->lost = true;
  h->f->all->trouble = cs_runner_text(h->f->all->arena, cs_span_str(why));
  return false;
}

/* Plays once; whether the target ended as it is looked for. */
static bool kills(struct hunt *h, const cs_runner_reproducer *r, cs_runner_fuzz_played *played) {
  cs_runner_fuzz_alone(h->f, r, &h->arena, played);
  h->gone = played->dead;
  if (!played->dead || played->hung != h->hung)
    return false;
  return !*h->gist || strcmp(cs_runner_fuzz_printed(h->f->all), h->gist) == 0;
}

/* The target may only seem to end by it where others have played before: then it has
 * to do so again from the beginning. */
static bool kills_for_sure(struct hunt *h, const cs_runner_reproducer *r,
                           cs_runner_fuzz_played *played) {
  if (!bring_back(h))
    return false;
  bool fresh = h->f->fresh;
  if (!kills(h, r, played))
    return false;
  return fresh || (bring_back(h) && kills(h, r, played));
}

static bool over_limit(const cs_runner_fuzzer *f) {
  return cs_runner_signal() || (f->limit && cs_runner_fuzz_wall() >= f->limit);
}

static bool shows_end(void *ctx, const cs_runner_reproducer *r) {
  struct hunt *h = ctx;
  cs_runner_fuzz_played played;
  return !over_limit(h->f) && kills_for_sure(h, r, &played);
}

static bool shows_breach(void *ctx, const cs_runner_reproducer *r) {
  struct hunt *h = ctx;
  cs_runner_fuzz_played played;
  if (over_limit(h->f) || h->gone)
    return false;
  cs_runner_fuzz_alone(h->f, r, &h->arena, &played);
  h->gone = played.dead;
  h->code = played.code;
  bool same = played.breached && strcmp(played.breach.statement, h->statement) == 0;
  cs_runner_release(&h->arena);
  return same && !played.dead;
}

/* From the beginning, as a replay will do it. */
static bool shows_afresh(struct hunt *h, const cs_runner_reproducer *r) {
  cs_runner_fuzz_played played;
  h->gone = true;
  return bring_back(h) && kills(h, r, &played);
}

/* ---- ends ---- */

static bool same_end(const cs_runner_fuzz_finding *x, const cs_runner_fuzz_finding *y) {
  if (x->what != y->what || x->transport != y->transport || strcmp(x->how, y->how) != 0)
    return false;
  if (*x->gist || *y->gist)
    return strcmp(x->gist, y->gist) == 0;
  return true;
}

/* A finding of the same words; or without words, one that this input holds, when that was
 * looked at closely often enough. */
static cs_runner_fuzz_finding *known_end(cs_runner_fuzzer *f, const cs_runner_fuzz_finding *x) {
  for (size_t i = 0; i < f->all->findings.count; i++) {
    cs_runner_fuzz_finding *k = &findings(f)[i];
    if (!same_end(k, x))
      continue;
    if (*x->gist || (k->reproduced && x->r.moves.count && k->repeats >= REPEATS_MAX &&
                     cs_runner_fuzz_contains(&x->r, &k->r, false)))
      return k;
  }
  return NULL;
}

/* Until when something is made smaller that was found now. */
static cs_time limit_of(const cs_runner_fuzzer *f, cs_time limit) {
  cs_time now = cs_runner_fuzz_wall();
  cs_time end =
      f->until + at_the_end > now + at_the_end / 2 ? f->until + at_the_end : now + at_the_end / 2;
  return cs_time_min(now + limit, end);
}

/* It is certain that x->r does it: makes it smaller, and notes it where it is new. */
static void settle_end(struct hunt *h, cs_runner_fuzz_finding *x) {
  cs_runner_fuzzer *f = h->f;
  cs_runner_reproducer whole = x->r;
  cs_runner_arena scratch = {0};
  h->hung = x->what == CS_RUNNER_FUZZ_HANG;
  h->gist = x->gist;
  f->limit = limit_of(f, h->hung ? hang_limit : crash_limit);
  cs_runner_minimise(&scratch, &x->r, shows_end, h, h->hung ? HANG_TRIES : CRASH_TRIES);
  f->profile.alive = f->all->config->profile->alive; /* now as patiently as a replay */
  f->limit = 0;
  x->reproduced = shows_afresh(h, &x->r);
  if (!x->reproduced) {
    x->r = whole;
    x->reproduced = shows_afresh(h, &x->r);
  }
  x->shape = cs_runner_fuzz_shape(f->all->arena, &x->r);
  for (size_t i = 0; i < f->all->findings.count; i++) {
    cs_runner_fuzz_finding *k = &findings(f)[i];
    if (k->what == x->what && k->transport == x->transport && strcmp(k->how, x->how) == 0 &&
        strcmp(k->shape, x->shape) == 0) {
      k->count++;
      k->repeats++;
      cs_runner_release(&scratch);
      return;
    }
  }
  add_finding(f, x);
  cs_runner_release(&scratch);
}

/* What was under way when the target ended. */
struct suspects {
  uint64_t inputs[CS_RUNNER_FUZZ_WINDOW + CS_RUNNER_FUZZ_JOBS_MAX];
  size_t count;
  size_t under_way; /* the last of them were */
};

static void make_input(cs_runner_fuzzer *f, uint64_t input, cs_runner_arena *arena,
                       cs_runner_reproducer *out, const char **seed) {
  cs_runner_fuzz_input(&f->corpus, f->all->config->seed, input, arena, out, seed);
}

static void list_suspects(cs_runner_fuzzer *f, struct suspects *s) {
  uint64_t n = f->recent_count < CS_RUNNER_FUZZ_WINDOW ? f->recent_count : CS_RUNNER_FUZZ_WINDOW;
  *s = (struct suspects){.count = 0};
  for (uint64_t i = f->recent_count - n; i < f->recent_count; i++)
    s->inputs[s->count++] = f->recent[i % CS_RUNNER_FUZZ_WINDOW];
  size_t first = s->count;
  for (unsigned i = 0; i < f->jobs; i++)
    if (f->slots[i].used)
      s->inputs[s->count++] = f->slots[i].input;
  s->under_way = s->count - first;
  for (size_t i = first + 1; i < s->count; i++) /* in their order */
    for (size_t k = i; k > first && s->inputs[k] < s->inputs[k - 1]; k--) {
      uint64_t t = s->inputs[k];
      s->inputs[k] = s->inputs[k - 1];
      s->inputs[k - 1] = t;
    }
}

/* Tries those that were under way, each alone. True when one of them did it, and x says
 * how. */
static bool try_each(struct hunt *h, const struct suspects *s, cs_runner_fuzz_finding *x) {
  cs_runner_fuzzer *f = h->f;
  for (size_t i = s->count - s->under_way; i < s->count; i++) {
    cs_runner_arena arena = {0};
    cs_runner_reproducer r;
    cs_runner_fuzz_played played;
    const char *seed;
    make_input(f, s->inputs[i], &arena, &r, &seed);
    h->hung = x->what == CS_RUNNER_FUZZ_HANG;
    h->gist = "";
    bool guilty = !over_limit(f) && kills_for_sure(h, &r, &played);
    if (guilty) {
      x->how = cs_runner_text(f->all->arena,
                              cs_span_str(cs_runner_format(&arena, "The server %s.", played.how)));
      x->gist = cs_runner_fuzz_printed(f->all);
      x->input = s->inputs[i];
      x->seed = seed;
      x->r = keep(f, &r);
    }
    cs_runner_release(&arena);
    if (guilty || h->lost)
      return guilty;
  }
  return false;
}

/* Plays inputs one after the other from the beginning; how many it took, or 0. */
static size_t play_sequence(struct hunt *h, const uint64_t *inputs, size_t count) {
  h->gone = true;
  if (over_limit(h->f) || !bring_back(h))
    return 0;
  for (size_t i = 0; i < count; i++) {
    cs_runner_arena arena = {0};
    cs_runner_reproducer r;
    cs_runner_fuzz_played played;
    const char *seed;
    make_input(h->f, inputs[i], &arena, &r, &seed);
    bool done = kills(h, &r, &played);
    cs_runner_release(&arena);
    if (done)
      return i + 1;
    if (h->gone || cs_runner_signal())
      return 0;
  }
  return 0;
}

/* Drops inputs that are not needed. */
static size_t thin_out(struct hunt *h, uint64_t *inputs, size_t count) {
  unsigned tries = 0;
  uint64_t left[CS_RUNNER_FUZZ_WINDOW + CS_RUNNER_FUZZ_JOBS_MAX];
  for (size_t size = count / 2; size > 0; size /= 2)
    for (size_t at = 0; at < count && count > 1 && tries < SEQUENCE_TRIES;) {
      size_t n = count - at < size ? count - at : size;
      size_t k = 0;
      for (size_t i = 0; i < count; i++)
        if (i < at || i >= at + n)
          left[k++] = inputs[i];
      tries++;
      size_t needed = k ? play_sequence(h, left, k) : 0;
      if (needed) {
        memcpy(inputs, left, needed * sizeof *left);
        count = needed;
      } else {
        at += n;
      }
    }
  return count;
}

/* Several inputs become one conversation, where there are ports enough. */
static bool join(cs_runner_fuzzer *f, const uint64_t *inputs, size_t count,
                 cs_runner_fuzz_finding *x) {
  cs_runner_reproducer all = {.transport = f->transport};
  unsigned ports = 0;
  for (size_t i = 0; i < count; i++) {
    cs_runner_reproducer r;
    make_input(f, inputs[i], f->all->arena, &r, &x->seed);
    unsigned most = 0;
    for (size_t k = 0; k < r.moves.count; k++) {
      cs_runner_move move = cs_runner_moves(&r)[k];
      if (move.port > most)
        most = move.port;
      if (move.port + ports >= CS_RUNNER_PORTS_MAX - 2)
        return false;
      move.port += ports;
      cs_runner_reproducer_add(f->all->arena, &all, &move);
    }
    ports += most + 1;
    if (i > 0 && r.open != all.open)
      return false;
    all.open = r.open;
  }
  x->r = all;
  x->input = inputs[count - 1];
  return true;
}

/* None does it alone: perhaps they do together. */
static bool try_together(struct hunt *h, struct suspects *s, cs_runner_fuzz_finding *x) {
  cs_runner_fuzzer *f = h->f;
  h->hung = x->what == CS_RUNNER_FUZZ_HANG;
  h->gist = x->gist;
  if (h->hung) /* would take too long */
    return false;
  f->limit = limit_of(f, crash_limit);
  size_t count = play_sequence(h, s->inputs, s->count);
  count = count ? thin_out(h, s->inputs, count) : 0;
  f->limit = 0;
  return count && count <= TOGETHER_MAX && join(f, s->inputs, count, x) && shows_afresh(h, &x->r);
}

/* What cannot be made to happen again is said with all that was under way. */
static void note_window(cs_runner_fuzzer *f, const struct suspects *s, cs_runner_fuzz_finding *x) {
  const char *name = name_of(f, x->what);
  size_t first = s->count - s->under_way;
  if (s->under_way == 0 && s->count) /* it ended when all was over */
    first = s->count > FILES_MAX ? s->count - FILES_MAX : 0;
  for (size_t i = first; i < s->count && i < first + FILES_MAX; i++) {
    cs_runner_reproducer r;
    make_input(f, s->inputs[i], f->all->arena, &r, &x->seed);
    x->input = s->inputs[i];
    r.what = x->how;
    r.how = how_text(f, s->inputs[i], x->seed);
    const char *file =
        write_file(f, &r, cs_runner_format(f->all->arena, "%s-window-%zu", name, i - first + 1));
    if (!x->file)
      x->file = file;
  }
  x->reproduced = false;
  x->shape = "?";
  if (s->count)
    add_finding(f, x);
}

/* How the target is; false when it turns out to be there. */
static bool examine(cs_runner_fuzzer *f, cs_runner_fuzz_finding *x) {
  cs_runner_spawn *spawn = f->all->spawn;
  const char *how = NULL;
  if (f->profile.alive > quick_patience) /* a conversation has waited long already */
    f->profile.alive = quick_patience;
  if (spawn && cs_runner_spawn_ended(spawn, f->refused ? death_patience : 0))
    how = cs_runner_spawn_how(spawn);
  else if (cs_runner_fuzz_lives(f) && !cs_runner_signal())
    return false;
  else if (spawn && cs_runner_spawn_ended(spawn, death_patience))
    how = cs_runner_spawn_how(spawn);
  bool ended = how || (!spawn && f->refused);
  x->what = ended ? CS_RUNNER_FUZZ_CRASH : CS_RUNNER_FUZZ_HANG;
  x->how = how          ? cs_runner_format(f->all->arena, "The server ended by %s.", how)
           : spawn      ? "The server stopped answering although its process was there."
           : f->refused ? "The target ended: its port is refused."
                        : "The target stopped answering.";
  x->gist = how ? cs_runner_fuzz_printed(f->all) : "";
  return true;
}

static void find_guilty(struct hunt *h, struct suspects *s, cs_runner_fuzz_finding *x) {
  cs_runner_fuzzer *f = h->f;
  if (x->what == CS_RUNNER_FUZZ_HANG && f->profile.alive > quick_patience)
    f->profile.alive = quick_patience;
  if (try_each(h, s, x)) {
    cs_runner_fuzz_finding *known = known_end(f, x);
    if (known)
      known->count++;
    else
      settle_end(h, x);
  } else if (!h->lost && !cs_runner_signal()) {
    if (try_together(h, s, x))
      settle_end(h, x);
    else if (!cs_runner_signal())
      note_window(f, s, x);
  }
}

bool cs_runner_fuzz_died(cs_runner_fuzzer *f) {
  struct suspects s;
  cs_runner_fuzz_finding x = {.gist = "", .shape = "", .how = "", .seed = "?"};
  struct hunt h = {.f = f, .gist = ""};
  list_suspects(f, &s);
  for (unsigned i = 0; i < f->jobs; i++)
    cs_runner_fuzz_drop(f, &f->slots[i]);
  bool gone = examine(f, &x);
  f->profile.alive = f->all->config->profile->alive;
  f->refused = f->lifeless = false;
  f->recent_count = 0;
  if (!gone) {
    f->tally->unconfirmed++;
    return true;
  }
  if (cs_runner_signal())
    return false;
  if (!cs_runner_fuzz_restartable(f)) {
    note_window(f, &s, &x);
    f->all->trouble = cs_runner_format(f->all->arena,
                                       "%s: the target stopped answering; without --spawn or "
                                       "--reset-cmd nothing brings it back",
                                       f->uri);
    return false;
  }
  h.gone = true;
  cs_runner_fuzz_finding *known = *x.gist ? known_end(f, &x) : NULL;
  if (known)
    known->count++;
  else
    find_guilty(&h, &s, &x);
  f->profile.alive = f->all->config->profile->alive;
  h.gone = h.gone || !cs_runner_fuzz_lives(f);
  bool back = bring_back(&h);
  cs_runner_release(&h.arena);
  return back;
}

/* ---- breaches ---- */

static cs_runner_fuzz_doubt *doubt_of(cs_runner_fuzzer *f, const char *statement) {
  cs_runner_fuzz_doubt *all = f->all->doubted.items;
  for (size_t i = 0; i < f->all->doubted.count; i++)
    if (strcmp(all[i].statement, statement) == 0)
      return &all[i];
  cs_runner_fuzz_doubt *d = cs_runner_push(f->all->arena, &f->all->doubted, sizeof *d);
  d->statement = statement;
  return d;
}

/* One of the same statement, broken by such a message, or one too many; or NULL. */
static cs_runner_fuzz_finding *known_breach(cs_runner_fuzzer *f, const char *statement,
                                            uint8_t code) {
  cs_runner_fuzz_finding *last = NULL;
  size_t n = 0;
  for (size_t i = 0; i < f->all->findings.count; i++) {
    cs_runner_fuzz_finding *x = &findings(f)[i];
    if (x->what != CS_RUNNER_FUZZ_BREACH || x->transport != f->transport ||
        strcmp(x->statement, statement) != 0)
      continue;
    if (x->code == code)
      return x;
    last = x;
    n++;
  }
  return n >= A_STATEMENT ? last : NULL;
}

void cs_runner_fuzz_breached(cs_runner_fuzzer *f, const cs_runner_fuzz_slot *slot,
                             const cs_runner_breach *breach, uint8_t code) {
  cs_runner_fuzz_finding *known = known_breach(f, breach->statement, code);
  cs_runner_fuzz_doubt *doubt = doubt_of(f, breach->statement);
  struct hunt h = {.f = f, .gist = "", .statement = breach->statement};
  cs_runner_arena scratch = {0};
  if (known) {
    known->count++;
    return;
  }
  if (doubt->count >= DOUBTS_MAX)
    return;
  cs_runner_fuzz_finding x = {
      .what = CS_RUNNER_FUZZ_BREACH,
      .statement = breach->statement,
      .how = cs_runner_format(f->all->arena, "The target broke a rule: %s.", breach->message),
      .gist = "",
      .input = slot->input,
      .seed = slot->seed,
      .r = slot->r};
  f->limit = limit_of(f, breach_limit);
  x.reproduced = shows_breach(&h, &x.r);
  if (x.reproduced) {
    cs_runner_minimise(&scratch, &x.r, shows_breach, &h, BREACH_TRIES);
    f->limit = 0;
    x.reproduced = shows_breach(&h, &x.r);
  }
  f->limit = 0;
  x.code = h.code;
  known = x.reproduced ? known_breach(f, breach->statement, x.code) : NULL;
  if (known)
    known->count++;
  else if (x.reproduced)
    add_finding(f, &x);
  else {
    doubt->count++;
    f->tally->unconfirmed++;
  }
  f->refused = f->refused || h.gone;
  cs_runner_release(&scratch);
  cs_runner_release(&h.arena);
}
