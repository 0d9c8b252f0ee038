/* The variables of a case and their values. */
#ifndef CS_RUNNER_VALUES_H
#define CS_RUNNER_VALUES_H

#include "base/random.h"
#include "runner/profile.h"
#include "wire/message.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

typedef struct cs_runner_values {
  const cs_runner_profile *profile; /* what a role in a pattern stands for; or NULL */
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
/* Random bytes for a mask or a key. */
void cs_runner_fresh_bytes(cs_runner_fresh *f, uint8_t *out, size_t n);

/* What a message to send is made with. */
typedef struct cs_runner_maker {
  const cs_runner_scenario *scenario;
  const cs_runner_profile *profile;
  cs_runner_arena *arena;
  cs_runner_values *values;
  cs_runner_fresh *fresh;
  cs_wire_form form;
  const char *host; /* value of the Host field of an upgrade; NULL: "localhost" */
  uint8_t type;     /* of the case */
  cs_span echo;     /* the request again, with this Echo and a fresh Message ID */
} cs_runner_maker;

/* What was made, and the header of a message, for what follows it. */
typedef struct cs_runner_made {
  cs_span bytes;        /* on the wire */
  cs_span message;      /* the message in them; empty when they are something else */
  const char *notation; /* of something else */
  cs_span key;          /* that an upgrade says */
  uint8_t control;      /* opcode of a control frame, or 0 */
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  cs_span token;
} cs_runner_made;

/* Makes the bytes of a step, binding fresh values as needed. False with *why
 * set when it cannot be made: too large, or a role that the profile lacks. */
bool cs_runner_make(const cs_runner_maker *maker, const cs_runner_send *send, cs_runner_made *out,
                    const char **why);

/* The bytes of a message as they go out: on a WebSocket in a frame. */
cs_span cs_runner_wrap(cs_runner_arena *arena, cs_runner_fresh *fresh, cs_wire_form form,
                       cs_span message);
/* A frame with its payload; the mask is drawn when it is not said. */
cs_span cs_runner_make_frame(cs_runner_arena *arena, cs_runner_fresh *fresh,
                             const cs_runner_frame *frame, cs_span payload);
/* An upgrade request that "> upgrade" describes; *key is what it says. */
cs_span cs_runner_make_upgrade(const cs_runner_maker *maker, const cs_runner_send *send,
                               cs_span *key);
/* A field's value; a variable without one gets a fresh one. */
cs_span cs_runner_field_value(const cs_runner_maker *maker, const cs_runner_field *f);

/* The message in our notation, or "raw" and its bytes. limits NULL: raw. */
const char *cs_runner_notation(cs_runner_arena *arena, cs_wire_form form, cs_span bytes,
                               const cs_wire_limits *limits);
const char *cs_runner_raw_notation(cs_runner_arena *arena, cs_span bytes);
/* A frame, its payload not masked: "frame close status=1002 reason=\"x\"". A mask
 * is said where it is not as it should be. */
const char *cs_runner_frame_notation(cs_runner_arena *arena, const cs_wire_ws_frame *frame,
                                     cs_span payload, bool sent);
/* The head of an HTTP message: "upgrade 101 Upgrade=\"websocket\"". */
const char *cs_runner_head_notation(cs_runner_arena *arena, const cs_wire_http_head *head);

/* Whether m fits the pattern; captures are bound in values only if it does.
 * *why becomes a phrase for the first difference, in the arena. */
bool cs_runner_match(const cs_runner_pattern *pattern, const cs_wire_message *m,
                     cs_runner_arena *arena, cs_runner_values *values, const char **why);
/* The same of a frame and of the head that answers an upgrade with this key. */
bool cs_runner_match_frame(const cs_runner_pattern *pattern, const cs_wire_ws_frame *frame,
                           cs_span payload, cs_runner_arena *arena, cs_runner_values *values,
                           const char **why);
bool cs_runner_match_head(const cs_runner_pattern *pattern, const cs_wire_http_head *head,
                          cs_span key, cs_runner_arena *arena, cs_runner_values *values,
                          const char **why);
/* Whether value stands in the field's relation; binds a variable without a value. */
bool cs_runner_field_holds(const cs_runner_field *f, cs_span value, cs_runner_values *values);
bool cs_runner_code_fits(const cs_runner_pattern *pattern, unsigned class, unsigned detail);
/* Whether the payload is what a field "payload" wants. */
bool cs_runner_payload_fits(const cs_runner_field *f, cs_span payload, cs_runner_values *values,
                            const char **why);
/* The same of a field of links; of "payload=links" and of JSON. */
bool cs_runner_links_fit(const cs_runner_field *f, cs_span payload, cs_runner_arena *arena,
                         cs_runner_values *values, const char **why);
bool cs_runner_links_wellformed(cs_span payload, const char **why);
bool cs_runner_json_equal(cs_span payload, cs_span want);
/* Whether part is somewhere in all. */
bool cs_runner_contains(cs_span all, cs_span part);
/* Whether the pattern has a field of this kind. */
bool cs_runner_pattern_has(const cs_runner_pattern *pattern, cs_runner_field_kind kind);

#endif
