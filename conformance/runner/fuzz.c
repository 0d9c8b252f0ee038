/* The loop: inputs go out, conversations end and are judged, and what ends the target
 * is looked for. */
#include "runner/fuzz_inside.h"
#include "runner/target.h"

enum { DATAGRAM_JOBS = 8, SKIPPED_AT_ONCE = 1000 };
/* How long conversations that are under way at the end may take. */
static const cs_time last_patience = 12 * CS_SECOND;

static bool time_is_over(const cs_runner_fuzzer *f) {
  return cs_runner_signal() || cs_runner_fuzz_wall() >= f->until;
}

static bool busy(const cs_runner_fuzzer *f) {
  for (unsigned i = 0; i < f->jobs; i++)
    if (f->slots[i].used)
      return true;
  return false;
}

static void fill(cs_runner_fuzzer *f) {
  for (unsigned i = 0; i < f->jobs && !time_is_over(f); i++)
    for (unsigned tries = 0; !f->slots[i].used && tries < SKIPPED_AT_ONCE; tries++)
      cs_runner_fuzz_launch(f, &f->slots[i], f->next++);
}

static void judge(cs_runner_fuzzer *f, const cs_runner_fuzz_slot *slot) {
  cs_runner_arena arena = {0};
  cs_report_case r;
  cs_runner_breach breach;
  cs_runner_case_result(slot->c, &r);
  for (size_t i = 0; i < r.packet_count; i++)
    f->tally->answers += !r.packets[i].sent && r.packets[i].kind == CS_REPORT_BYTES;
  if (cs_runner_judge(r.packets, r.packet_count, f->transport, &arena, &breach))
    cs_runner_fuzz_breached(f, slot, &breach, cs_runner_fuzz_code(&r.packets[breach.packet]));
  cs_runner_release(&arena);
}

/* Takes what is over. What was under way when the target ended is left for those who
 * look for the reason. */
static void collect(cs_runner_fuzzer *f) {
  for (unsigned i = 0; i < f->jobs; i++) {
    cs_runner_fuzz_slot *slot = &f->slots[i];
    if (!slot->used || !cs_runner_fuzz_over(f, slot))
      continue;
    if (f->refused || f->lifeless)
      return;
    judge(f, slot);
    f->recent[f->recent_count++ % CS_RUNNER_FUZZ_WINDOW] = slot->input;
    cs_runner_fuzz_drop(f, slot);
  }
}

static bool suspicious(const cs_runner_fuzzer *f) {
  return f->refused || f->lifeless || (f->all->spawn && cs_runner_spawn_ended(f->all->spawn, 0));
}

static void note_trouble(cs_runner_fuzzing *all, cs_runner_exit code, const char *why) {
  why = cs_runner_text(all->arena, cs_span_str(why));
  all->trouble = all->trouble ? cs_runner_format(all->arena, "%s; %s", all->trouble, why) : why;
  all->code = cs_runner_worse(all->code, code);
}

static void loop(cs_runner_fuzzer *f) {
  cs_time last = f->until + last_patience;
  while (!cs_runner_signal() && (!time_is_over(f) || busy(f)) && cs_runner_fuzz_wall() < last) {
    fill(f);
    if (busy(f))
      cs_runner_net_turn(f->net);
    collect(f);
    if (suspicious(f) && !cs_runner_fuzz_died(f))
      return;
    if (f->all->spawn)
      cs_runner_spawn_tend(f->all->spawn);
    cs_runner_fuzz_print_progress(f);
    if (f->next > 100 * (uint64_t)SKIPPED_AT_ONCE && f->tally->inputs * 10000 < f->next) {
      note_trouble(f->all, CS_RUNNER_EXIT_OK,
                   "nearly every input would end the target as others did: no more were tried");
      return;
    }
  }
}

/* The variants that are seeds. */
static cs_runner_variant *select_seeds(const cs_runner_fuzz_config *config, cs_runner_transport t,
                                       size_t *count) {
  cs_runner_selection selection = config->selection;
  selection.fast = false;
  cs_runner_variant *all = cs_runner_select(config->library, &selection, count, NULL);
  size_t n = 0;
  for (size_t i = 0; i < *count; i++)
    if (all[i].transport == t && (config->robustness || !all[i].scenario->hostile) &&
        !all[i].scenario->multicast)
      all[n++] = all[i];
  *count = n;
  return all;
}

static void fuzz_one(cs_runner_fuzzing *all, const char *uri, cs_time share) {
  const cs_runner_fuzz_config *config = all->config;
  cs_runner_arena arena = {0};
  cs_runner_fuzzer *f = cs_runner_get(&arena, sizeof *f);
  *f = (cs_runner_fuzzer){.all = all,
                          .arena = &arena,
                          .tally = &all->tallies[all->tally_count++],
                          .profile = *config->profile,
                          .uri = uri,
                          .host = cs_runner_target_host(uri, &arena),
                          .transport = cs_runner_target_transport(uri)};
  if (config->credentials)
    f->credentials = *config->credentials;
  if (!f->credentials.server_name)
    f->credentials.server_name = cs_runner_target_name(uri, &arena);
  bool datagrams = 1u << f->transport & CS_RUNNER_DATAGRAMS;
  f->jobs = datagrams && config->jobs > DATAGRAM_JOBS ? DATAGRAM_JOBS : config->jobs;
  if (f->jobs > CS_RUNNER_FUZZ_JOBS_MAX)
    f->jobs = CS_RUNNER_FUZZ_JOBS_MAX;
  size_t count;
  cs_runner_variant *variants = select_seeds(config, f->transport, &count);
  cs_runner_fuzz_corpus_make(&f->corpus, &arena, f->transport, variants, count, config->profile,
                             f->host);
  *f->tally =
      (cs_runner_fuzz_tally){.uri = uri, .transport = f->transport, .seeds = f->corpus.seeds.count};
  const char *why = NULL;
  if (f->corpus.seeds.count == 0) {
    note_trouble(
        all, CS_RUNNER_EXIT_NOTHING,
        cs_runner_format(&arena, "%s: the selection leaves no scenario to begin with", uri));
  } else if (!cs_runner_fuzz_open(f, &why)) {
    if (!cs_runner_signal())
      note_trouble(all, CS_RUNNER_EXIT_UNREACHABLE, why);
  } else {
    cs_time began = cs_runner_fuzz_wall();
    f->until = began + share;
    cs_runner_fuzz_print_begin(f);
    loop(f);
    f->tally->time = cs_runner_fuzz_wall() - began;
  }
  cs_runner_fuzz_close(f);
  cs_runner_release(&arena);
}

cs_runner_exit cs_runner_fuzz(const cs_runner_fuzz_config *config) {
  cs_runner_arena arena = {0};
  cs_runner_fuzzing all = {.config = config, .arena = &arena, .began = cs_runner_fuzz_wall()};
  all.log = cs_runner_format(&arena, "%s/server.log", config->out);
  if (config->spawn)
    all.spawn = cs_runner_spawn_new(&arena, config->spawn, all.log);
  cs_runner_list words = {0};
  const char *why;
  if (config->reset_cmd && cs_runner_spawn_words(config->reset_cmd, &arena, &words, &why)) {
    all.reset =
        cs_runner_spawn_new(&arena, &words, cs_runner_format(&arena, "%s/reset.log", config->out));
    cs_runner_spawn_spare(all.reset);
  }
  for (size_t i = 0; i < config->target_count && !cs_runner_signal(); i++)
    fuzz_one(&all, config->targets[i], config->length / config->target_count);
  cs_runner_fuzz_print_end(&all);
  cs_runner_spawn_free(all.spawn);
  cs_runner_spawn_free(all.reset);
  cs_runner_exit code = all.code;
  cs_runner_release(&arena);
  return code;
}
