/* Defects: each breaks one statement in what the server does, so that a
 * scenario can be shown to notice. A defect is one row of a table and one small
 * function; it knows messages, requests and time, never a scenario.
 *
 * Adding one: a row in the table of a defects_<family>.c, and its function
 * there. Adding a family: its file, its line in the list below, and its line
 * in defects.c. */
#ifndef CS_SERVER_DEFECTS_H
#define CS_SERVER_DEFECTS_H

#include "base/rule.h"
#include "core/session.h"
#include "server/exchange.h"
#include "server/server.h"

/* What one active defect remembers; all zero at first. */
typedef struct cs_defect_memory {
  uint64_t number[8];
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
  size_t len;
} cs_defect_memory;

/* Where a hook is called: the peer it is about, the time, the memory. */
typedef struct cs_defect_turn {
  cs_server *server;
  uint64_t peer;
  cs_time now;
  cs_defect_memory *mine;   /* of this defect and this peer */
  cs_defect_memory *shared; /* of this defect, for all peers */
} cs_defect_turn;

/* One datagram on its way in or out. Larger ones pass the hooks by. */
typedef struct cs_defect_message {
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
  size_t len;
  cs_rule broken;    /* CS_RULE_NONE when it parses; tokens up to 8 bytes */
  cs_wire_message m; /* its parsed view, when it does; spans are in bytes */
} cs_defect_message;

/* Sets the bytes anew and parses them; too many are refused (false, nothing
 * changed). bytes may overlap d->bytes. */
bool cs_defect_set_bytes(cs_defect_message *d, cs_span bytes);
/* Sets the bytes to what m says, right or wrong. m may borrow from d. */
bool cs_defect_set(cs_defect_message *d, const cs_wire_message *m);

/* Sends a datagram to the turn's peer after a delay; no hook sees it. At most
 * 64 wait; more are not sent. */
void cs_defect_send(cs_defect_turn *t, cs_span bytes, cs_time delay);
void cs_defect_send_message(cs_defect_turn *t, const cs_wire_message *m, cs_time delay);
/* An Empty message of this type. */
void cs_defect_send_empty(cs_defect_turn *t, cs_wire_type type, uint16_t mid, cs_time delay);

typedef struct cs_defect {
  cs_server_defect row; /* name, requirement, one sentence */
  /* Changes what sessions are opened with. */
  void (*setup)(cs_core_config *config, cs_core_params *params);
  /* A datagram came in, or is about to go out: change it, or return false and
   * it is gone. */
  bool (*in)(cs_defect_turn *t, cs_defect_message *d);
  bool (*out)(cs_defect_turn *t, cs_defect_message *d);
  /* A request is about to be handled: change it (its spans may point into
   * t->mine), or fill reply and return false, so that no resource sees it. */
  bool (*request)(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply);
  /* A resource has made its reply: change it. */
  void (*reply)(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply);
} cs_defect;

typedef struct cs_defect_family {
  const cs_defect *defects;
  size_t count;
} cs_defect_family;

extern const cs_defect_family cs_defects_format;         /* RFC 7252 section 3 */
extern const cs_defect_family cs_defects_message;        /* RFC 7252 section 4 */
extern const cs_defect_family cs_defects_exchange;       /* 5.2, 5.3 */
extern const cs_defect_family cs_defects_method;         /* 5.1, 5.5, 5.8, 5.9, 7.2 */
extern const cs_defect_family cs_defects_option;         /* 5.4, 5.7.2, 5.10.1, 5.10.2, 12.2 */
extern const cs_defect_family cs_defects_representation; /* 5.9.1.3, 5.10.4 to 5.10.8 */

/* The whole row of a name, or NULL. */
const cs_defect *cs_defect_find(const char *name);

#endif
