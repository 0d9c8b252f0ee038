/* What the files of the judge share. */
#ifndef CS_RUNNER_JUDGE_INSIDE_H
#define CS_RUNNER_JUDGE_INSIDE_H

#include "runner/judge.h"
#include "wire/message.h"

/* A judgement under way: the first breach of a port is kept. */
typedef struct cs_runner_judging {
  const cs_report_packet *packets;
  size_t count;
  cs_runner_transport transport;
  cs_runner_arena *arena;
  bool found;
  cs_runner_breach breach;
} cs_runner_judging;

/* Notes a breach, unless one at an earlier packet is known. */
void cs_runner_judge_note(cs_runner_judging *j, const char *statement, size_t packet,
                          const char *message);
/* A message of the target that breaks a rule of the format; a rule of our own
 * breaks nothing. */
void cs_runner_judge_rule(cs_runner_judging *j, cs_rule broken, size_t packet);
/* What a well-formed response has to be whatever it answers. */
void cs_runner_judge_response(cs_runner_judging *j, const cs_wire_message *m, size_t packet);
/* All that came on one connection (judge_stream.c). */
void cs_runner_judge_stream(cs_runner_judging *j, uint16_t port);

/* Tokens that were sent. */
typedef struct cs_runner_tokens {
  cs_runner_list all; /* cs_span */
  bool doubtful;      /* a target may have read others */
} cs_runner_tokens;

void cs_runner_tokens_add(cs_runner_arena *arena, cs_runner_tokens *t, cs_span token);
bool cs_runner_tokens_have(const cs_runner_tokens *t, cs_span token);

#endif
