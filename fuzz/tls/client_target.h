/* The entry points of a target that drives one client (client.h). */
#ifndef CS_FUZZ_TLS_CLIENT_TARGET_H
#define CS_FUZZ_TLS_CLIENT_TARGET_H

#include "fuzz/tls/pump.h"

#ifndef FUZZ_TRANSCRIPTS
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What the environment's FUZZ_EXPECT demands of every input: "established" is a
 * handshake that is completed and data of the application in both directions. */
static bool expect_established;

/* Bits of the set-up that choose other keys or other hellos. */
enum { KEYED_BY = 3 | 16 | 64 };

/* Adds the secrets that a client of this set-up comes to with this server, one a
 * security session. */
static void secrets_learn(tls_side *side, uint8_t setup, kind_of_server kind) {
  static client c;
  static live s;
  static pump p;
  pump_begin(&p, &c, &s, setup, kind, 1152);
  for (unsigned i = 0; i < CLIENT_SESSIONS_MAX; i++) {
    pump_run(&p);
    CS_ORACLE(c.is_established);
    pump_do1(&p, OP_RELEASE);
    pump_run(&p);
    pump_do1(&p, OP_AGAIN);
    if (client_streams(&c))
      break;
  }
  for (unsigned i = 0; i < c.side.count; i++)
    side->secrets[side->count++] = c.side.secrets[i];
  pump_end(&p);
}

static const cs_link_kind target_links[] = {TARGET_LINKS};
static const trust target_trusts[] = {TARGET_TRUSTS};
enum {
  LINKS = sizeof target_links / sizeof *target_links,
  ALL_TRUSTS = sizeof target_trusts / sizeof *target_trusts
};

/* By the bits of KEYED_BY; where a bit chooses nothing, only those without it. */
static tls_side secrets_table[KEYED_BY + 1];

static unsigned setup_kind(unsigned setup) {
  unsigned kind = setup & KEYED_BY;
  kind &= LINKS > 1 ? ~0u : ~64u;
  return kind & (ALL_TRUSTS > 1 ? ~0u : ~16u);
}

static bool setup_differs(unsigned setup) {
  return setup_kind(setup) == setup;
}

/* Those with the reference server, and with any whom such a client takes. */
static void secrets_fill(uint8_t setup) {
  tls_side *side = &secrets_table[setup];
  secrets_learn(side, setup, HONEST);
  if (target_trusts[(setup >> 4 & 1) % ALL_TRUSTS] == BY_NOTHING)
    secrets_learn(side, setup, INTRUDER);
}

#ifndef FUZZ_BYPASS
static const tls_side *secrets_known(uint8_t setup) {
  return &secrets_table[setup_kind(setup)];
}
#endif

static uint64_t run(cs_span input) {
  static client c;
  cs_base_reader in = cs_base_reader_of(input);
  uint8_t op;
  if (!cs_base_take_u8(&in, &op))
    return 0;
  fuzz_arena_init(&tls_arena, CLIENT_CAP);
  tls_arena_on = true;
  client_begin(&c, op, NULL, NULL);
  for (unsigned i = 0; i < CLIENT_OPERATIONS_MAX && cs_base_take_u8(&in, &op); i++)
    client_operation(&c, op % CLIENT_OPERATIONS, &in);
  /* Most inputs just end, which leaves time for others. */
  if (c.digest % 4 == 0 || expect_established)
    client_rest(&c);
  client_end(&c);
  CS_ORACLE(tls_arena.out == 0);
  tls_arena_on = false;
#ifndef FUZZ_BYPASS
  for (unsigned i = 0; i < c.established && i < CLIENT_SESSIONS_MAX; i++)
    CS_ORACLE(tls_side_has(secrets_known(c.setup), c.reached[i]));
#endif
  CS_ORACLE(!expect_established || (c.established > 0 && c.responses > 0));
  return c.digest;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  const char *expect = getenv("FUZZ_EXPECT");
  expect_established = expect && strcmp(expect, "established") == 0;
  secrets_begin();
  /* All at once, so that no input is the first to ask; and what the library keeps
   * with our credentials from the first use on is made while memory is the heap's. */
  for (unsigned setup = 0; setup <= KEYED_BY; setup++)
    if ((setup & KEYED_BY) == setup && setup_differs(setup))
      secrets_fill((uint8_t)setup);
  atexit(secrets_end);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  /* One in eight is enough to notice, and leaves time for the others. */
  if (first % 8 == 0)
    CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
#endif

#endif
