/* What every message of a server has to be, whatever was sent to it: judged over
 * the packets of a conversation. Only rules that hold always, and only where what
 * we sent leaves no doubt: a breach that is none would be worse than one that is
 * missed. */
#ifndef CS_RUNNER_JUDGE_H
#define CS_RUNNER_JUDGE_H

#include "report/result.h"
#include "runner/arena.h"
#include "runner/scenario.h"

typedef struct cs_runner_breach {
  const char *statement; /* id of the rule, "RFC7252#3:token-length-reserved"; lives for ever */
  size_t packet;         /* index of the packet that shows it, one that the target sent */
  const char *message;   /* one line, in the arena or for ever */
} cs_runner_breach;

/* Judges what a target sent. packets are those of one conversation in the order
 * of time, as a report has them (cs_report_packet: what is on the wire, or what
 * is protected); several ports of ours may be among them, each of which is
 * looked at by itself. They have to begin with the conversation: what was sent
 * on these ports before would make answers look like made up ones. True when a
 * breach was found; *out is the first in the order of the packets. Otherwise
 * *out is untouched. */
bool cs_runner_judge(const cs_report_packet *packets, size_t count, cs_runner_transport t,
                     cs_runner_arena *arena, cs_runner_breach *out);

#endif
