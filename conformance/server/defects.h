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
#include "server/defects_secure.h"
#include "server/exchange.h"
#include "server/server.h"
#include "wire/ws_frame.h"

/* What one active defect remembers; all zero at first. */
typedef struct cs_defect_memory {
  uint64_t number[8];
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
  size_t len;
} cs_defect_memory;

/* Where a hook is called: the peer it is about, the time, the memory. A peer on
 * a stream is one connection; its memory begins and ends with it. */
typedef struct cs_defect_turn {
  cs_server *server;
  uint64_t peer;
  cs_wire_form form; /* how this peer speaks; hooks are only called where the row shows */
  cs_time now;
  cs_defect_memory *mine;   /* of this defect and this peer */
  cs_defect_memory *shared; /* of this defect, for all peers */
  bool multicast;           /* what came in came by a group; of what goes out it says nothing */
} cs_defect_turn;

/* One CoAP message on its way in or out: a datagram, a message of a stream in
 * TCP form, the binary message of a WebSocket (unmasked, in WS form, out of a
 * frame that breaks no rule and is the whole message). All kinds of them:
 * requests, responses, Empty messages, signals, the first CSM of either side
 * too. On streams a message is shown once all of it has come, malformed or not.
 * Larger ones, and those in several frames, pass the hooks by. */
typedef struct cs_defect_message {
  cs_wire_form form;  /* the peer's; set_bytes parses, and set builds, in it */
  uint32_t token_max; /* longest token that parses: what the server accepts, 8 by default */
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
  size_t len;
  cs_rule broken;    /* CS_RULE_NONE when it parses */
  cs_wire_message m; /* its parsed view, when it does, else all zero; spans are in bytes */
  bool elsewhere;    /* of a datagram on its way out: set, and it goes from another endpoint */
} cs_defect_message;

/* Sets the bytes anew and parses them; too many are refused (false, nothing
 * changed). bytes may overlap d->bytes. What is set need not be a message: on a
 * stream it goes on as it is, two messages in one or half of one. */
bool cs_defect_set_bytes(cs_defect_message *d, cs_span bytes);
/* Sets the bytes to what m says, right or wrong, in d's form whatever m->form
 * is. m may borrow from d. */
bool cs_defect_set(cs_defect_message *d, const cs_wire_message *m);

/* Sends a message to the turn's peer after a delay; no hook sees it. At most
 * 64 wait; more are not sent. Without delay it goes out before the message or
 * unit that the hook is looking at, and before all that the session has yet to
 * say. On a WebSocket it is put in a binary frame, unmasked. */
void cs_defect_send(cs_defect_turn *t, cs_span bytes, cs_time delay);
/* The same, built in the peer's form whatever m->form is. */
void cs_defect_send_message(cs_defect_turn *t, const cs_wire_message *m, cs_time delay);
/* An Empty message of this type; on streams type and mid say nothing. */
void cs_defect_send_empty(cs_defect_turn *t, cs_wire_type type, uint16_t mid, cs_time delay);

/* What a unit of a stream is. A CoAP message of TCP is no unit: "in" and "out"
 * see it. */
typedef enum cs_defect_unit_kind {
  CS_DEFECT_HEAD, /* the head of an HTTP message, up to its empty line: lines may end in LF alone */
  CS_DEFECT_FRAME /* a WebSocket frame: header and payload as on the wire, right or wrong */
} cs_defect_unit_kind;
/* The first unit of a direction is a head, all others are frames. Hooks may put
 * any bytes there instead: several frames, half of one. A frame of CoAP comes to
 * "in" if it is a whole message when unit_in is through with it. Behind a
 * response whose status is not 101 nothing is cut any more. */
typedef struct cs_defect_unit {
  cs_defect_unit_kind kind;
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
  size_t len;
} cs_defect_unit;

/* Reads a unit that is one frame: its header, right or wrong, and its payload
 * without the mask; false when it is none. payload may not overlap u. */
bool cs_defect_unit_read(const cs_defect_unit *u, cs_wire_ws_frame *f,
                         uint8_t payload[CS_SERVER_MESSAGE_MAX], size_t *len);
/* Makes u a frame with this header and payload: the length is the payload's in
 * its shortest form, and f->mask is laid on if f->masked. False, and nothing
 * changed, when it is too large. */
bool cs_defect_unit_write(cs_defect_unit *u, const cs_wire_ws_frame *f, cs_span payload);
/* Sets the bytes of a unit; too many are refused. bytes may overlap u->bytes. */
bool cs_defect_unit_set(cs_defect_unit *u, cs_span bytes);

/* Sends bytes as they are on the turn's connection (cs_defect_send puts them in
 * a frame on a WebSocket); in order and delay like cs_defect_send. */
void cs_defect_send_raw(cs_defect_turn *t, cs_span bytes, cs_time delay);
/* Closes the turn's connection, now: what went past the hooks or was sent
 * without delay before this call still goes out, what the session has to say
 * (an Abort, a Close frame) does not. "closing" is not asked. */
void cs_defect_close(cs_defect_turn *t);

typedef struct cs_defect {
  cs_server_defect row; /* name, requirement, one sentence, transports */
  /* Changes what sessions are opened with: called once for each form in which
   * the row shows, config->form says which. */
  void (*setup)(cs_core_config *config, cs_core_params *params);
  /* A message came in, or is about to go out: change it, or return false and
   * it is gone. Defects are asked in their order. */
  bool (*in)(cs_defect_turn *t, cs_defect_message *d);
  bool (*out)(cs_defect_turn *t, cs_defect_message *d);
  /* Streams: a segment came in, before it is cut into anything: return false and
   * it is gone. */
  bool (*bytes_in)(cs_defect_turn *t, cs_span bytes);
  /* WebSocket: a head or a frame came in, or is about to go out, before
   * respectively after "in" and "out" see the message that a data frame holds:
   * change it, or return false and it is gone. What is larger than a unit can
   * be passes the hooks by. */
  bool (*unit_in)(cs_defect_turn *t, cs_defect_unit *u);
  bool (*unit_out)(cs_defect_turn *t, cs_defect_unit *u);
  /* The server is about to close the connection, its last bytes being out:
   * return false and it stays open, deaf and dumb, until the peer closes it.
   * What cs_defect_send has delayed is lost. */
  bool (*closing)(cs_defect_turn *t);
  /* A request is about to be handled: change it (its spans may point into
   * t->mine), or fill reply and return false, so that no resource sees it. */
  bool (*request)(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply);
  /* A resource has made its reply: change it. */
  void (*reply)(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply);

  /* Of rows that name secured transports; called by the guard (guard.h). Changes
   * how it behaves: called once when it is made, so for all transports that the
   * row names. */
  void (*secure)(cs_defect_manner *m);
  /* A datagram, or bytes of a stream, came from the wire: false loses them. */
  bool (*wire_in)(const cs_defect_wire *w, cs_span bytes);
  /* The same on their way out: change them in place (*len up to cap), or return
   * false and they are lost. */
  bool (*wire_out)(const cs_defect_wire *w, uint8_t *bytes, size_t *len, size_t cap);
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
extern const cs_defect_family cs_defects_range;          /* 3.2, 4.6, 5.10: lengths and sizes */
extern const cs_defect_family cs_defects_link;           /* RFC 6690, RFC 7252 section 7.2.1 */
extern const cs_defect_family cs_defects_partial;        /* RFC 8132 */
extern const cs_defect_family cs_defects_reliable;       /* RFC 8323 section 3 */
extern const cs_defect_family cs_defects_signaling;      /* RFC 8323 section 5 */
extern const cs_defect_family cs_defects_block;          /* RFC 7959, RFC 8323 section 6 */
extern const cs_defect_family cs_defects_token;          /* RFC 8974 */
extern const cs_defect_family cs_defects_upgrade;        /* RFC 8323 4.1 and 8.3, RFC 6455 4 */
extern const cs_defect_family cs_defects_frame;          /* RFC 6455 5.1 to 5.5 */
extern const cs_defect_family cs_defects_websocket;      /* RFC 6455 5.5 on, RFC 8323 4.2 on */
extern const cs_defect_family cs_defects_hello;          /* what a first flight says */
extern const cs_defect_family cs_defects_secure; /* RFC 7252 section 9, RFC 8323 section 9 */

extern const cs_defect_family cs_defects_place; /* RFC 7252 section 8, and where messages go from */

/* The whole row of a name, or NULL. */
const cs_defect *cs_defect_find(const char *name);

#endif
