/* What the files of the case machine share. */
#ifndef CS_RUNNER_CASE_INSIDE_H
#define CS_RUNNER_CASE_INSIDE_H

#include "runner/case.h"
#include "runner/hello.h"
#include "runner/suite.h"
#include "runner/values.h"

/* What came: on UDP always a message, right or wrong. */
typedef enum cs_runner_came {
  CS_RUNNER_CAME_MESSAGE,
  CS_RUNNER_CAME_FRAME, /* of a WebSocket, that is not (part of) a message */
  CS_RUNNER_CAME_HEAD,  /* what answers an upgrade */
  CS_RUNNER_CAME_END,   /* the target closed or reset the connection */
  /* Of a security session: how its handshake ended, an alert, and on DTLS what came
   * beside it. */
  CS_RUNNER_CAME_SECURED,
  CS_RUNNER_CAME_HELLO, /* of one that is looked at alone */
  CS_RUNNER_CAME_REFUSED,
  CS_RUNNER_CAME_ALERT,
  CS_RUNNER_CAME_PLAIN,
  CS_RUNNER_CAME_TOLD,     /* by our client */
  CS_RUNNER_CAME_ELSEWHERE /* UDP: an answer, but from another endpoint than the target */
} cs_runner_came;

typedef struct cs_runner_arrival {
  cs_runner_came kind;
  cs_time at;
  unsigned port;
  cs_span bytes;     /* on the wire */
  const char *fault; /* why it is not what it should be, one sentence, or NULL */
  bool ours;         /* the fault is one of our own strictness */
  bool late;         /* the first answer to a message, when we have sent another since */
  bool answered;     /* a ping that was answered as it came */
  cs_wire_message m; /* a message without fault; of what came in the clear too */
  cs_wire_ws_frame frame;
  cs_span payload; /* of the frame, not masked */
  cs_wire_http_head head;
  cs_span key; /* that the head answers */
  bool reset;
  bool within; /* the end came within something that was begun */
  cs_tls_negotiated negotiated;
  cs_runner_hello_event hello;
  bool cookie;
  cs_tls_failure failure;
  bool established; /* what failed is a session whose handshake was complete */
  uint8_t alert;
  cs_runner_alternative_kind told; /* ALT_ANSWER, ALT_EVENT, ALT_ERROR */
  cs_runner_event event;
  cs_rule rule; /* that our client says was broken */
  const char *notation;
  const char *from; /* ELSEWHERE */
  bool by_token;    /* ELSEWHERE: a response to a request of ours; else it has a Message ID */
  size_t whose;     /* ELSEWHERE: index of the message that it answers */
} cs_runner_arrival;

static inline bool cs_runner_is_message(const cs_runner_arrival *a) {
  return a->kind == CS_RUNNER_CAME_MESSAGE && !a->fault;
}

/* A message that was sent and may be answered: on UDP a Confirmable or
 * Non-confirmable one, on a stream one with a token. */
typedef struct cs_runner_posted {
  uint8_t code;
  uint16_t mid;
  cs_span token; /* empty when it is not known */
  unsigned port;
  bool answered;
  bool group;     /* it went to everybody */
  bool settled;   /* the target has acknowledged or reset it, or responded */
  bool responded; /* the target has responded */
} cs_runner_posted;

/* The last ">>": on UDP it is sent again until something answers it. */
typedef struct cs_runner_request {
  bool there;
  bool echoed; /* it is the request again, with the Echo that the target asked for */
  const cs_runner_step *step;
  bool repeating;
  cs_runner_made made;
  unsigned port;
  cs_time again; /* when it is sent again */
  cs_time timeout;
  unsigned count;
} cs_runner_request;

/* A quirk that was seen while the case went on: what a case that passes then
 * ends as. */
typedef struct cs_runner_noted {
  bool there;
  const char *statement;
  unsigned line;
  const char *message;
} cs_runner_noted;

/* An answer from elsewhere that the present step waits for: it fails by that, unless
 * the right one comes soon. */
typedef struct cs_runner_stray {
  bool there;
  cs_time at;
  bool by_token;
  size_t whose;
  const char *from;
  const char *notation;
} cs_runner_stray;

/* A search for a sign of life. */
typedef struct cs_runner_life {
  bool looking;
  bool closing; /* at the end of the case */
  bool found;
  cs_time began;
  cs_time since; /* what the schedule counts from: on a stream when it was open */
  bool ready;    /* since is set */
  unsigned sent; /* messages of the schedule that went out */
  unsigned port;
  bool elsewhere;   /* DTLS: the present session did not answer, a new one is tried */
  unsigned tries;   /* connections that failed */
  cs_time again_at; /* when another one is tried; 0: not now */
  uint16_t ping_mid;
  uint16_t get_mid;
  uint8_t token[4];      /* of the GET */
  uint8_t ping_token[4]; /* of the Ping of a stream */
  bool used;             /* the numbers above were sent at least once */
  cs_runner_stray stray; /* a sign of life, but from another endpoint */
} cs_runner_life;

/* How far a connection is. */
typedef enum cs_runner_stage {
  CS_RUNNER_STAGE_CONNECTING,
  CS_RUNNER_STAGE_SECURING, /* the handshake of (D)TLS */
  CS_RUNNER_STAGE_UPGRADING,
  CS_RUNNER_STAGE_OPEN,
  CS_RUNNER_STAGE_FAILED
} cs_runner_stage;

/* What the bytes that come are taken for. */
typedef enum cs_runner_mode {
  CS_RUNNER_MODE_HEAD,
  CS_RUNNER_MODE_BODY, /* of a response that does not upgrade */
  CS_RUNNER_MODE_FRAMES,
  CS_RUNNER_MODE_MESSAGES,
  CS_RUNNER_MODE_LOST /* where something begins is not known any more */
} cs_runner_mode;

/* Most that a target may send on one connection, and that a report may hold. */
enum { CS_RUNNER_STREAM_MAX = 2 << 20, CS_RUNNER_PACKETS_MAX = 20000 };
/* Ports that are left for the search for life. */
enum { CS_RUNNER_LIFE_PORTS = 2 };

typedef struct cs_runner_buffer {
  uint8_t *at;
  size_t len;
  size_t cap;
} cs_runner_buffer;

/* One connection, or one session of DTLS. */
typedef struct cs_runner_stream {
  cs_runner_stage stage;
  cs_runner_open open; /* how far it is to be */
  cs_time due;         /* of the opening */
  const char *why;     /* it could not be opened */
  bool insecure;       /* because its handshake failed */
  bool refused;
  cs_runner_secure secure; /* how hands are shaken */
  bool asked;              /* a step waits for the end of the handshake */
  bool cookie;             /* the target wanted a cookie */
  bool alerted;            /* the target ended the session by an alert */
  bool silenced;           /* we did */
  bool dropped;            /* DTLS: since then a step could not send something */
  bool connected;
  bool ended;    /* by the target */
  bool reset;    /* it was a reset */
  bool finished; /* we send no more */
  bool closed;   /* by us */
  cs_runner_mode mode;
  cs_runner_buffer in;      /* not yet taken for anything */
  cs_runner_buffer message; /* of the fragments that came so far */
  bool fragmented;          /* a message has begun and is not over */
  size_t total;             /* bytes that came */
  size_t body_left;
  cs_span key;          /* of the upgrade that was sent last */
  bool close_sent;      /* a Close frame */
  bool ping_sent;       /* a Ping frame */
  cs_runner_buffer out; /* a message or frame of ours that is not whole yet */
  bool out_fragmented;  /* a message of ours lacks fragments */
  uint32_t room;        /* Max-Message-Size of the target's first CSM; 0: none */
  size_t longest;       /* message that was sent */
} cs_runner_stream;

/* A step "> slowly" under way. */
typedef struct cs_runner_slow {
  bool active;
  cs_runner_made made;
  unsigned port;
  size_t sent;
  cs_time next;
} cs_runner_slow;

struct cs_runner_case {
  cs_runner_case_config config;
  cs_runner_arena arena;
  cs_wire_form form;
  cs_runner_values values;
  cs_runner_fresh fresh;
  cs_wire_limits limits; /* tokens over 8 bytes once we have sent one */
  bool started;
  bool done;
  size_t shaken; /* bytes of handshakes that were recorded */
  cs_time start;
  cs_time end;
  cs_time before; /* when the step before was completed */
  size_t step;
  bool secured;   /* the transport is over (D)TLS */
  bool opening;   /* the steps wait for the connection in use */
  bool begun;     /* the present "alive" looks already */
  unsigned port;  /* in use */
  unsigned spare; /* DTLS: a port whose session the search for life has made; 0: none */
  unsigned first; /* the port that "port first" means */
  unsigned ports;
  uint16_t port_names[CS_RUNNER_PORTS_MAX];
  cs_runner_stream *streams[CS_RUNNER_PORTS_MAX]; /* NULL on UDP, and before it is opened */
  bool speaks_of_pings;                           /* a step of the scenario does */
  cs_runner_slow slow;
  cs_runner_list inbox;             /* cs_runner_arrival */
  size_t next[CS_RUNNER_PORTS_MAX]; /* of the inbox, for each port */
  cs_runner_list outbox;            /* cs_runner_act */
  size_t sent;
  cs_runner_list posted;  /* cs_runner_posted */
  cs_runner_list packets; /* cs_report_packet */
  cs_runner_list matched; /* cs_span: for "dup" and to pass repeats over */
  cs_runner_list owed;    /* cs_runner_arrival: what to answer behind what we have begun to say */
  cs_runner_request request;
  cs_runner_list earlier; /* cs_runner_request: those before it */
  cs_runner_noted noted;
  cs_runner_life life;
  struct {
    bool any;
    cs_time least, most;
  } delays; /* of the responses that "<<" has matched, for "varied" */
  cs_runner_stray stray;
  size_t strangers;              /* datagrams from others that answer nothing */
  size_t stranger_bytes;         /* of those that are shown */
  const char *stranger;          /* the first of these others */
  size_t elsewhere_kept;         /* answers from elsewhere that were kept */
  size_t came;                   /* bytes of datagrams of the target */
  const char *elsewhere;         /* where what decided came from */
  size_t passed_over;            /* repeats, since the step began */
  struct cs_runner_veils *veils; /* on secured transports: for our client */
  struct cs_runner_call *call;   /* our client's session; NULL before the first */
  uint32_t calls;                /* ports that our client has had, a bit each */
  cs_time now;
  bool decided;
  bool unopened; /* decided because a connection could not be opened */
  cs_verdict verdict;
  const char *statement;
  unsigned line;
  const char *message;
  bool lifeless;
  bool silent;
};

static inline const cs_runner_step *cs_runner_case_step(const cs_runner_case *c) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  return c->step < s->step_count ? &s->steps[c->step] : NULL;
}

/* Whether ports are opened: everywhere but on UDP. */
static inline bool cs_runner_opens(const cs_runner_case *c) {
  return c->secured || c->form != CS_WIRE_UDP;
}

/* ---- case_send.c ---- */

void cs_runner_case_record(cs_runner_case *c, cs_report_packet_kind kind, bool sent, unsigned port,
                           cs_span bytes, const char *notation);
/* What a message is made with. */
cs_runner_maker cs_runner_case_maker(cs_runner_case *c);
/* Records the message that came from another endpoint. */
void cs_runner_case_record_from(cs_runner_case *c, unsigned port, cs_span bytes,
                                const char *notation, const char *from);
/* Sends what was made; on a connection that can carry nothing it is dropped. */
void cs_runner_case_send(cs_runner_case *c, unsigned port, const cs_runner_made *made);
/* An alert; ends the session for what we send. */
void cs_runner_case_send_alert(cs_runner_case *c, unsigned port, uint8_t alert);
/* Works on a step that sends; true when it is over. */
bool cs_runner_case_send_step(cs_runner_case *c, const cs_runner_step *step);
/* When such a step has something to do. */
cs_time cs_runner_case_send_deadline(const cs_runner_case *c, const cs_runner_step *step);
/* Sends the last ">>" again as a new request with this Echo. */
void cs_runner_case_send_echo(cs_runner_case *c, cs_span echo);
void cs_runner_case_send_empty(cs_runner_case *c, unsigned port, uint8_t type, uint16_t mid);
/* On UDP: acknowledges a Confirmable message. */
void cs_runner_case_acknowledge(cs_runner_case *c, const cs_runner_arrival *a);
/* On a stream: a message without payload, with an option that is empty, or 0. */
void cs_runner_case_send_plain(cs_runner_case *c, unsigned port, uint8_t code, cs_span token,
                               uint16_t option);
/* A control frame, as a client sends it. */
void cs_runner_case_send_control(cs_runner_case *c, unsigned port, uint8_t opcode, cs_span payload);
/* Sends the last ">>" again when it is time. */
void cs_runner_case_repeat(cs_runner_case *c);
/* What stops the last ">>" from being sent again. */
void cs_runner_case_note_answer(cs_runner_case *c, const cs_runner_arrival *a);
/* Whether it is the first answer to a message that we gave up waiting for. */
bool cs_runner_case_comes_late(cs_runner_case *c, const cs_runner_arrival *a);

/* ---- case.c ---- */

/* Settles the verdict; the first one stays. A failure of a statement that is
 * not a MUST becomes a warning. */
void cs_runner_decide(cs_runner_case *c, cs_verdict verdict, const char *statement, unsigned line,
                      const char *message);
/* Goes on with the step behind the present one, which was completed at this time. */
void cs_runner_next_step(cs_runner_case *c, cs_time at);
/* Works on the steps as far as they go. */
void cs_runner_case_advance(cs_runner_case *c);
/* Something came: it is recorded, and kept for the steps unless it is nobody's. */
void cs_runner_case_arrive(cs_runner_case *c, cs_runner_arrival *a);

/* ---- case_expect.c, case_pass.c ---- */

/* Works on the present expectation; true when it is over. */
bool cs_runner_expect(cs_runner_case *c);
/* When the present expectation ends if nothing comes any more. */
cs_time cs_runner_expect_deadline(const cs_runner_case *c);

/* Whether an alternative is about repeats. */
bool cs_runner_speaks_of_repeats(const cs_runner_step *step);
/* Whether the message came before. */
bool cs_runner_is_repeat(const cs_runner_case *c, const cs_runner_arrival *a);
/* Before the alternatives are tried: what a stream's peer may say at any time is
 * nobody's business, unless the step speaks of it. */
bool cs_runner_pass_aside(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *a);
/* When no alternative held: whether it is nothing new. */
bool cs_runner_pass_over(cs_runner_case *c, const cs_runner_step *step, const cs_runner_arrival *a);
/* A 4.01 with Echo: the request is made again; true then. */
bool cs_runner_wants_echo(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *a);
/* Answers a ping, CoAP's or WebSocket's, or a request; later where we are within a message. */
void cs_runner_answer(cs_runner_case *c, cs_runner_arrival *a);
/* Answers the pings that had to wait. */
void cs_runner_answer_owed(cs_runner_case *c);
/* Answers pings and a Close as they come, unless steps are about that. */
void cs_runner_answer_at_once(cs_runner_case *c, cs_runner_arrival *a);
/* Whether a step of the scenario speaks of pings. */
bool cs_runner_speaks_of_pings(const cs_runner_scenario *s);

/* ---- case_stream.c: bytes of a connection ---- */

/* More bytes, in the arena. */
void cs_runner_buffer_append(cs_runner_arena *arena, cs_runner_buffer *b, cs_span bytes);

static inline cs_runner_stream *cs_runner_stream_of(cs_runner_case *c, unsigned port) {
  return c->streams[port];
}
/* Whether it can carry what we send. */
bool cs_runner_stream_writable(const cs_runner_stream *s);
/* Notes what was sent on it. */
void cs_runner_stream_sent(cs_runner_case *c, unsigned port, cs_span bytes);
/* Whether what we have sent ends within something, where a message, or a control
 * frame, has no place. */
bool cs_runner_stream_midway(const cs_runner_case *c, unsigned port, bool control);
void cs_runner_stream_take(cs_runner_case *c, unsigned port, cs_span bytes);
void cs_runner_stream_over(cs_runner_case *c, unsigned port, bool reset);
/* Closes the connection, or our direction of it. */
void cs_runner_stream_close(cs_runner_case *c, unsigned port);
void cs_runner_stream_end(cs_runner_case *c, unsigned port);
/* Records what was begun and did not become whole. */
void cs_runner_stream_leave(cs_runner_case *c, unsigned port);

/* ---- case_secure.c ---- */

/* Whether messages can be sent in it and are read. */
bool cs_runner_session_lives(const cs_runner_stream *s);
/* Works on "open secure". */
void cs_runner_open_secure(cs_runner_case *c, const cs_runner_step *step);
/* Whether the steps from the next one on begin a port's session themselves. */
bool cs_runner_opens_itself(const cs_runner_case *c, size_t next);
/* The alternative that holds when a handshake falls silent, or NULL. */
const cs_runner_alternative *cs_runner_silent_refusal(const cs_runner_step *step);
/* Takes the arrivals of a handshake that no step has asked for; true then. */
bool cs_runner_handshake_takes(cs_runner_case *c, cs_runner_arrival *a);
/* How a refusal or a failure reads: "the target refused the handshake by alert x". */
const char *cs_runner_refusal_text(cs_runner_case *c, const cs_runner_arrival *a);

/* ---- case_elsewhere.c ---- */

/* Notes what the target itself has answered. */
void cs_runner_case_note_proper(cs_runner_case *c, const cs_runner_arrival *a);
/* The present step has met an answer from elsewhere. */
void cs_runner_stray_met(cs_runner_case *c, const cs_runner_arrival *a);
/* When it counts; CS_TIME_NEVER when there is none. */
cs_time cs_runner_stray_due(const cs_runner_stray *stray);
/* What is broken by it, and how that reads. */
const char *cs_runner_stray_statement(const cs_runner_stray *stray);
const char *cs_runner_stray_text(cs_runner_case *c, const cs_runner_stray *stray);

/* ---- match_secure.c ---- */

bool cs_runner_match_secured(const cs_runner_pattern *pattern, const cs_tls_negotiated *n,
                             bool cookie, const char **why);
bool cs_runner_match_hello(const cs_runner_pattern *pattern, const cs_runner_hello_event *e,
                           const char **why);
bool cs_runner_match_refused(const cs_runner_pattern *pattern, const cs_tls_failure *f,
                             const char **why);
bool cs_runner_match_alert(const cs_runner_pattern *pattern, uint8_t alert, const char **why);
bool cs_runner_match_plain(const cs_runner_pattern *pattern, cs_span bytes,
                           const cs_wire_message *m, const char *fault, cs_runner_arena *arena,
                           cs_runner_values *values, const char **why);
/* Whether a failure is one that we found, not the target; whether it may be for
 * what we are and trust. */
bool cs_runner_by_us(const cs_tls_failure *f);
bool cs_runner_failed_by_ours(const cs_tls_failure *f);
const char *cs_runner_alert_notation(cs_runner_arena *arena, uint8_t alert);
/* "secured TLS-PSK-WITH-AES-128-CCM-8 DTLS 1.2" */
const char *cs_runner_secured_notation(cs_runner_arena *arena, const cs_tls_negotiated *n,
                                       bool datagrams);
/* "alert handshake_failure by the target" */
const char *cs_runner_failure_text(cs_runner_arena *arena, const cs_tls_failure *f);
/* "open secure psk key=wrong" */
const char *cs_runner_open_notation(cs_runner_arena *arena, const cs_runner_secure *s);

/* ---- case_open.c ---- */

/* A new connection on this port, to be opened as far as this; secure NULL: by what
 * the target's credentials offer. */
void cs_runner_open_begin(cs_runner_case *c, unsigned port, cs_runner_open open,
                          const cs_runner_secure *secure);
/* The target was reached: the connection is there, whether or not it is secured. */
void cs_runner_open_reached(cs_runner_case *c, unsigned port);
/* Goes on when the connection is secured, or without security. */
void cs_runner_open_go_on(cs_runner_case *c, unsigned port);
/* Fails, with the reason. Always true. */
bool cs_runner_open_fail(cs_runner_stream *s, const char *why);
/* Why it failed, in whole. */
const char *cs_runner_open_trouble(cs_runner_case *c, const cs_runner_stream *s);
/* Whether the opening of this port is over, well or not. */
bool cs_runner_open_turn(cs_runner_case *c, unsigned port);
/* The TCP connection is there. */
void cs_runner_open_connected(cs_runner_case *c, unsigned port);
/* Whether what came belongs to the opening; it is then nobody else's. */
bool cs_runner_open_takes(cs_runner_case *c, cs_runner_arrival *a);

/* ---- case_call.c: our client ---- */

/* Works on "call"; true when the step is over. */
bool cs_runner_call_step(cs_runner_case *c, const cs_runner_step *step);
/* Whether the port is our client's, of this session or one before. */
bool cs_runner_call_owns(const cs_runner_case *c, unsigned port);
/* The port that its arrivals have. */
unsigned cs_runner_call_port(const cs_runner_case *c);
void cs_runner_call_connected(cs_runner_case *c, unsigned port);
void cs_runner_call_receive(cs_runner_case *c, unsigned port, cs_span bytes);
void cs_runner_call_closed(cs_runner_case *c, unsigned port, bool reset);
cs_time cs_runner_call_deadline(const cs_runner_case *c);
void cs_runner_call_expire(cs_runner_case *c);
/* Takes leave of the target, when the case is decided; ends it at once. */
void cs_runner_call_leave(cs_runner_case *c);
void cs_runner_call_free(cs_runner_case *c);
/* Sends the last request again, with this Echo; false when it was already. */
bool cs_runner_call_echo(cs_runner_case *c, cs_span echo);

/* ---- case_told.c: what our client tells ---- */

/* Whether it is what the alternative wants. */
bool cs_runner_told_fits(cs_runner_case *c, const cs_runner_alternative *a,
                         const cs_runner_arrival *arrival, cs_runner_values *values,
                         const char **why);
/* Before the alternatives are tried: whether it is nobody's business. */
bool cs_runner_told_aside(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *arrival);
/* Whether a failure of the step by this, or by silence (NULL), says nothing about the
 * target. */
bool cs_runner_told_excused(const cs_runner_case *c, const cs_runner_step *step,
                            const cs_runner_arrival *arrival);
/* What the target has not, without which our client has no session with it, where the
 * step is not about that; or NULL. */
const char *cs_runner_told_lacking(const cs_runner_case *c, const cs_runner_step *step,
                                   const cs_runner_arrival *arrival);
/* "nothing was told for 10 s, but ..." */
const char *cs_runner_told_nothing(cs_runner_case *c, const char *time);

/* ---- case_life.c ---- */

void cs_runner_life_begin(cs_runner_case *c, bool closing);
/* Sends what is due; true when the search is over. */
bool cs_runner_life_turn(cs_runner_case *c);
cs_time cs_runner_life_deadline(const cs_runner_case *c);
/* Whether a message answers the search; it is then nobody else's. */
bool cs_runner_life_takes(cs_runner_case *c, const cs_runner_arrival *a);

#endif
