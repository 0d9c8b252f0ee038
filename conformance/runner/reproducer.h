/* What a case sent, as a scenario of its own (docs/scenarios.md, "Reproducers"):
 * exactly these bytes, in this order, on these ports, and nothing else. Made of
 * a case that ended a target, or by fuzzing; written as a file that people read,
 * the one parser parses and "coapspec replay" plays. */
#ifndef CS_RUNNER_REPRODUCER_H
#define CS_RUNNER_REPRODUCER_H

#include "runner/scenario.h"

/* What is done, one after the other. Unless a field is named, it means nothing. */
typedef enum cs_runner_move_kind {
  CS_RUNNER_MOVE_SEND,  /* bytes as they go over the wire: a datagram, or more of the stream in a
                           segment of its own (frames and heads of HTTP with their headers); on a
                           secured transport before they are protected. slowly: a segment a byte */
  CS_RUNNER_MOVE_PLAIN, /* dtls: bytes, as a datagram beside the security session */
  CS_RUNNER_MOVE_OPEN,  /* opens the port; secured transports: shakes hands as secure says (NULL:
                           as the scenario's header). On dtls again, where the port did before.
                           A port that has none before its first other move is opened by that */
  CS_RUNNER_MOVE_ALERT, /* secured: sends the alert */
  CS_RUNNER_MOVE_END,   /* streams: closes our direction of it (FIN) */
  CS_RUNNER_MOVE_CLOSE, /* streams: closes the connection */
  CS_RUNNER_MOVE_WAIT   /* lets time pass, on all ports */
} cs_runner_move_kind;

typedef struct cs_runner_move {
  cs_runner_move_kind kind;
  unsigned port;  /* any numbers below CS_RUNNER_PORTS_MAX: each is a port of its own */
  cs_span bytes;  /* SEND, PLAIN */
  bool slowly;    /* SEND on a stream */
  bool multicast; /* SEND on udp: to the group */
  uint8_t alert;  /* ALERT: its description */
  const cs_runner_secure *secure; /* OPEN, or NULL */
  cs_time time;                   /* WAIT */
} cs_runner_move;

/* A zeroed one is empty. Bytes and strings are borrowed: they live in the arena
 * that the makers below were given, or as long as what they were made of. */
typedef struct cs_runner_reproducer {
  cs_runner_transport transport;
  cs_runner_open open; /* streams: how far each port is opened before its first move; what the
                          runner sends for that is not among the moves. CONNECTED: nothing is */
  const cs_runner_secure *secure; /* how hands are shaken on each port, or NULL: as usual */
  cs_runner_list moves;           /* cs_runner_move */
  const char *what;      /* one line: what happened ("the server ended by signal 11"), or NULL */
  const char *how;       /* one line: how it was found (case, target, seed), or NULL */
  const char *statement; /* the rule that the target broke; NULL for a crash or a hang */
  unsigned tries;        /* set by cs_runner_minimise: how often it was played */
  bool bounded;          /* the same: tries_max ended it, so it may be larger than it needs be */
} cs_runner_reproducer;

static inline const cs_runner_move *cs_runner_moves(const cs_runner_reproducer *r) {
  return r->moves.items;
}

/* Adds a move at the end; bytes are copied. */
cs_runner_move *cs_runner_reproducer_add(cs_runner_arena *arena, cs_runner_reproducer *r,
                                         const cs_runner_move *move);

/* Makes *out of the packets that a case sent: all but those of the closing search for
 * a sign of life. Where the case waited for something before it went on, or for a
 * time, a WAIT stands. False when the case sent nothing. what, how and statement are
 * NULL. packets have to outlive *out. */
bool cs_runner_reproducer_of(cs_runner_arena *arena, const cs_report_packet *packets, size_t count,
                             cs_runner_transport transport, cs_runner_reproducer *out);

/* The file, in the arena. On streams a wait stands at the end, so that what was sent last is
 * read before the connection is closed. id is the scenario's: "crash/0/7252-4.3-ping",
 * "fuzz/0/seed-17" (small letters, digits, '-' and '.'). A message stands in notation
 * where that makes exactly its bytes, else as "raw". */
const char *cs_runner_reproducer_text(cs_runner_arena *arena, const cs_runner_reproducer *r,
                                      const char *id);

/* A part of an id made of anything: other characters become '-'; at most 60. */
const char *cs_runner_reproducer_name(cs_runner_arena *arena, const char *text);

/* The scenario, parsed from the text; never NULL for a reproducer of at most
 * CS_RUNNER_REPRODUCER_MOVES_MAX moves that holds no more than
 * CS_RUNNER_REPRODUCER_BYTES_MAX bytes. To be played as its only variant:
 * {scenario, scenario->id, CS_CON, r->transport}. A case of it sends the moves
 * and nothing of its own (no ACK, no Pong) but the closing search for a sign of life:
 * its verdict is pass when there was one. */
const cs_runner_scenario *cs_runner_reproducer_scenario(cs_runner_arena *arena,
                                                        const cs_runner_reproducer *r,
                                                        const char *id);

enum {
  CS_RUNNER_REPRODUCER_MOVES_MAX = 20000,
  CS_RUNNER_REPRODUCER_BYTES_MAX = 2 << 20 /* messages, together */
};

#endif
