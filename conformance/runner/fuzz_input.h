/* Inputs of fuzzing: conversations as steps that can be changed piece by piece,
 * and the bytes that they become. Pure: an input is a function of the seed, its
 * number and the scenarios. */
#ifndef CS_RUNNER_FUZZ_INPUT_H
#define CS_RUNNER_FUZZ_INPUT_H

#include "base/random.h"
#include "runner/case.h"
#include "runner/reproducer.h"
#include "wire/message.h"

/* What an input holds at most. */
enum {
  CS_RUNNER_FUZZ_STEPS_MAX = 24,
  CS_RUNNER_FUZZ_OPTIONS_MAX = 80, /* a message */
  CS_RUNNER_FUZZ_PORTS_MAX = 6,
  CS_RUNNER_FUZZ_MOVES_MAX = 160,
  CS_RUNNER_FUZZ_MESSAGE_MAX = 60000, /* bytes on the wire */
  CS_RUNNER_FUZZ_DTLS_MAX = 1200,     /* the same over DTLS */
  CS_RUNNER_FUZZ_INPUT_MAX = 200000   /* bytes of all messages */
};

typedef struct cs_runner_fuzz_option {
  uint16_t number;
  cs_span value;
  int16_t delta;   /* this nibble instead of the right one; -1: none */
  int16_t length;  /* the same */
  int32_t claimed; /* a length that is claimed in place of the value's; -1: none */
} cs_runner_fuzz_option;

typedef enum cs_runner_fuzz_kind {
  CS_RUNNER_FUZZ_MESSAGE,
  CS_RUNNER_FUZZ_BYTES, /* raw: a datagram, more of the stream, an upgrade */
  CS_RUNNER_FUZZ_FRAME, /* ws: a frame whose payload is bytes */
  CS_RUNNER_FUZZ_ALERT,
  CS_RUNNER_FUZZ_END,
  CS_RUNNER_FUZZ_CLOSE,
  CS_RUNNER_FUZZ_WAIT
} cs_runner_fuzz_kind;

/* One step of an input. Of a message everything may be wrong. */
typedef struct cs_runner_fuzz_step {
  cs_runner_fuzz_kind kind;
  uint8_t port;
  bool slowly;
  bool plain;
  uint8_t alert;
  cs_time time; /* WAIT */
  /* MESSAGE */
  uint8_t version, type, code;
  uint16_t mid;
  cs_span token;
  int16_t tkl; /* this nibble instead of the right one; -1: none */
  cs_runner_fuzz_option *options;
  size_t option_count;
  cs_span payload;
  bool marker;           /* a marker even without a payload */
  int64_t length;        /* tcp: the Length that is said; ws: the Len nibble; -1: the right one */
  cs_runner_frame frame; /* ws: MESSAGE, FRAME */
  uint8_t fragments;     /* ws: of a message; 0 and 1: one frame */
  uint8_t segments;      /* streams: 0 and 1: one */
  cs_span bytes;         /* BYTES, FRAME */
  /* Changes of the bytes when they are made: so many, from this. */
  uint8_t edits;
  uint64_t edit_seed;
} cs_runner_fuzz_step;

/* A scenario as a seed. */
typedef struct cs_runner_fuzz_seed {
  const char *id;
  cs_runner_open open;
  cs_runner_fuzz_step *steps;
  size_t step_count;
  unsigned ports;
} cs_runner_fuzz_seed;

typedef struct cs_runner_fuzz_corpus {
  cs_runner_arena *arena;
  cs_runner_transport transport;
  cs_runner_list seeds; /* cs_runner_fuzz_seed */
} cs_runner_fuzz_corpus;

/* Makes seeds of these variants; those that need a resource which the profile lacks,
 * that shake hands themselves, or that send nothing are left out. Everything lives
 * in the arena. host: for upgrades, or NULL. */
void cs_runner_fuzz_corpus_make(cs_runner_fuzz_corpus *corpus, cs_runner_arena *arena,
                                cs_runner_transport transport, const cs_runner_variant *variants,
                                size_t count, const cs_runner_profile *profile, const char *host);

/* Input number i, in the arena; the corpus is not empty. *id names its seed. */
void cs_runner_fuzz_input(const cs_runner_fuzz_corpus *corpus, uint64_t seed, uint64_t i,
                          cs_runner_arena *arena, cs_runner_reproducer *out, const char **id);

/* ---- fuzz_mutate.c, fuzz_message.c ---- */

/* An input that is being made. */
typedef struct cs_runner_fuzz_draft {
  const cs_runner_fuzz_corpus *corpus;
  cs_runner_arena *arena;
  cs_base_seeded random;
  cs_runner_fuzz_step steps[CS_RUNNER_FUZZ_STEPS_MAX];
  size_t count;
  unsigned ports;
  cs_runner_open open;
} cs_runner_fuzz_draft;

/* A number below n, n at least 1. */
static inline uint32_t cs_runner_fuzz_below(cs_runner_fuzz_draft *d, uint32_t n) {
  return (uint32_t)((cs_base_seeded_next(&d->random) >> 16) % n);
}
static inline bool cs_runner_fuzz_chance(cs_runner_fuzz_draft *d, uint32_t one_in) {
  return cs_runner_fuzz_below(d, one_in) == 0;
}

/* Changes one thing about a message. */
void cs_runner_fuzz_change_message(cs_runner_fuzz_draft *d, cs_runner_fuzz_step *s);
/* Changes one thing about raw bytes or the frame around them. */
void cs_runner_fuzz_change_bytes(cs_runner_fuzz_draft *d, cs_runner_fuzz_step *s);

/* ---- fuzz_encode.c ---- */

/* The steps as moves. */
void cs_runner_fuzz_encode(cs_runner_fuzz_draft *d, cs_runner_reproducer *out);

#endif
