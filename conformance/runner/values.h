/* The variables of a case and their values. */
#ifndef CS_RUNNER_VALUES_H
#define CS_RUNNER_VALUES_H

#include "base/random.h"
#include "runner/profile.h"
#include "wire/message.h"

typedef struct cs_runner_values {
  cs_span of[CS_RUNNER_VARS_MAX];
  uint32_t bound; /* a bit each */
} cs_runner_values;

static inline bool cs_runner_bound(const cs_runner_values *v, int var) {
  return v->bound >> var & 1u;
}

static inline void cs_runner_bind(cs_runner_values *v, int var, cs_span value) {
  v->of[var] = value;
  v->bound |= 1u << var;
}

/* What a case draws fresh Message IDs and tokens from. */
typedef struct cs_runner_fresh {
  cs_base_seeded random;
  uint16_t mid; /* the next one */
} cs_runner_fresh;

void cs_runner_fresh_init(cs_runner_fresh *f, uint64_t seed, const char *id);
uint16_t cs_runner_fresh_mid(cs_runner_fresh *f);
/* Four bytes. */
void cs_runner_fresh_token(cs_runner_fresh *f, uint8_t out[4]);

/* What a message to send is made with. */
typedef struct cs_runner_maker {
  const cs_runner_scenario *scenario;
  const cs_runner_profile *profile;
  cs_runner_arena *arena;
  cs_runner_values *values;
  cs_runner_fresh *fresh;
  uint8_t type; /* of the case */
  cs_span echo; /* the request again, with this Echo and a fresh Message ID */
} cs_runner_maker;

/* The header of a made message, for what follows it. */
typedef struct cs_runner_made {
  cs_span bytes;
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  cs_span token;
} cs_runner_made;

/* Makes the bytes of a step, binding fresh values as needed. False with *why
 * set when it cannot be made: too large, or a role that the profile lacks. */
bool cs_runner_make(const cs_runner_maker *maker, const cs_runner_send *send, cs_runner_made *out,
                    const char **why);

/* Whether m fits the pattern; captures are bound in values only if it does.
 * *why becomes a phrase for the first difference, in the arena. */
bool cs_runner_match(const cs_runner_pattern *pattern, const cs_wire_message *m,
                     cs_runner_arena *arena, cs_runner_values *values, const char **why);
/* Whether the pattern has a field of this kind. */
bool cs_runner_pattern_has(const cs_runner_pattern *pattern, cs_runner_field_kind kind);

#endif
