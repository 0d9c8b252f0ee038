/* A scenario as it was read from its file (docs/scenarios.md): the header and
 * the steps. Everything lives in the arena that the parse was given. */
#ifndef CS_RUNNER_SCENARIO_H
#define CS_RUNNER_SCENARIO_H

#include "base/bytes.h"
#include "base/rule.h"
#include "base/time.h"
#include "report/result.h"
#include "runner/arena.h"
#include "wire/message.h"

/* What a scenario may hold at most. */
enum {
  CS_RUNNER_FILE_MAX = 65536, /* bytes */
  CS_RUNNER_STEPS_MAX = 256,
  CS_RUNNER_BARE_FILE_MAX = 8 << 20, /* of a reproducer */
  CS_RUNNER_BARE_STEPS_MAX = 65536,
  CS_RUNNER_ALTERNATIVES_MAX = 16, /* a step */
  CS_RUNNER_FIELDS_MAX = 64,       /* a message */
  CS_RUNNER_CODES_MAX = 16,        /* a pattern */
  CS_RUNNER_VARS_MAX = 32,
  CS_RUNNER_WORDS_MAX = 32,       /* values of one header key */
  CS_RUNNER_MESSAGE_MAX = 131072, /* bytes of a message that is sent */
  CS_RUNNER_OPTIONS_MAX = 66560   /* of its options */
};
/* Longest that a case may take on a wire without "param slow". */
#define CS_RUNNER_SLOW (100 * CS_SECOND)
#define CS_RUNNER_DURATION_MAX (100000 * CS_SECOND)

typedef enum cs_runner_transport {
  CS_RUNNER_UDP,
  CS_RUNNER_TCP,
  CS_RUNNER_WS,
  CS_RUNNER_DTLS,
  CS_RUNNER_TLS,
  CS_RUNNER_WSS,
  CS_RUNNER_TRANSPORT_COUNT_
} cs_runner_transport;
const char *cs_runner_transport_name(cs_runner_transport t); /* "udp" */

/* Sets of transports, a bit each: those that carry datagrams, those that carry
 * a byte stream, and of these the WebSockets; those over (D)TLS. */
enum {
  CS_RUNNER_DATAGRAMS = 1 << CS_RUNNER_UDP | 1 << CS_RUNNER_DTLS,
  CS_RUNNER_STREAMS =
      1 << CS_RUNNER_TCP | 1 << CS_RUNNER_WS | 1 << CS_RUNNER_TLS | 1 << CS_RUNNER_WSS,
  CS_RUNNER_WEBSOCKETS = 1 << CS_RUNNER_WS | 1 << CS_RUNNER_WSS,
  CS_RUNNER_SECURED = 1 << CS_RUNNER_DTLS | 1 << CS_RUNNER_TLS | 1 << CS_RUNNER_WSS
};
/* The form that messages have on it. */
static inline cs_wire_form cs_runner_form(cs_runner_transport t) {
  if (1u << t & CS_RUNNER_DATAGRAMS)
    return CS_WIRE_UDP;
  return 1u << t & CS_RUNNER_WEBSOCKETS ? CS_WIRE_WS : CS_WIRE_TCP;
}

/* How to shake hands: what "open secure" says. Zero is what the target's
 * credentials offer, in the order of docs/scenarios.md. What the other members
 * need settles with: it is ANY only where they are all zero but sni and alpn. */
typedef enum cs_runner_with {
  CS_RUNNER_WITH_ANY,
  CS_RUNNER_WITH_PSK,
  CS_RUNNER_WITH_CERTIFICATE,
  CS_RUNNER_WITH_NOTHING
} cs_runner_with;
typedef struct cs_runner_secure {
  cs_runner_with with;
  bool identity_unknown, key_wrong, certificate_none, certificate_untrusted;
  uint16_t suite;                      /* IANA number; 0: what we offer */
  const char *sni;                     /* NULL: the target's name, if it is one */
  const char *alpn;                    /* NULL: as usual; "": none */
  const struct cs_runner_hello *hello; /* "open hello": only looked at (hello.h); else NULL */
} cs_runner_secure;
/* The capability that a target needs for it, "psk"; NULL for ANY. */
const char *cs_runner_with_name(cs_runner_with with);

/* How far a connection is opened before the first step. */
typedef enum cs_runner_open {
  CS_RUNNER_OPEN_FULL,
  CS_RUNNER_OPEN_UPGRADED,
  CS_RUNNER_OPEN_CONNECTED
} cs_runner_open;

/* What a variable stands for: it is settled by its first use in a field. */
typedef enum cs_runner_kind {
  CS_RUNNER_KIND_OPEN,
  CS_RUNNER_KIND_MID,
  CS_RUNNER_KIND_TOKEN,
  CS_RUNNER_KIND_BYTES /* of an option or a payload: never made up, only captured */
} cs_runner_kind;

typedef struct cs_runner_var {
  const char *name; /* without $ */
  cs_runner_kind kind;
  unsigned line, column; /* of its first use */
} cs_runner_var;

typedef enum cs_runner_field_kind {
  CS_RUNNER_FIELD_MID,
  CS_RUNNER_FIELD_TOKEN,
  CS_RUNNER_FIELD_VERSION, /* number is the value forced into the header */
  CS_RUNNER_FIELD_TKL,     /* the same */
  CS_RUNNER_FIELD_OPTION,
  CS_RUNNER_FIELD_PAYLOAD,
  CS_RUNNER_FIELD_ROLE, /* @role: the Uri-Path options of the profile's resource */
  CS_RUNNER_FIELD_RAW,  /* bytes of "raw", or of a frame's payload */
  CS_RUNNER_FIELD_SIZE, /* of a pattern: bytes of the message */
  /* Of a pattern of a payload in link format. */
  CS_RUNNER_FIELD_LINK,      /* inner: conditions on a link, which relation counts */
  CS_RUNNER_FIELD_ATTRIBUTE, /* such a condition: name, "href" for the target */
  CS_RUNNER_FIELD_LEN,       /* amount is the Length forced into the header of a stream's message */
  /* Of an upgrade. */
  CS_RUNNER_FIELD_HEADER,       /* a header field: name */
  CS_RUNNER_FIELD_METHOD,       /* literal */
  CS_RUNNER_FIELD_TARGET,       /* literal */
  CS_RUNNER_FIELD_HTTP_VERSION, /* literal, "1.1" */
  /* Of a pattern of frames. */
  CS_RUNNER_FIELD_FIN,    /* number: 0 or 1 */
  CS_RUNNER_FIELD_RSV,    /* number: 0 to 7 */
  CS_RUNNER_FIELD_MASK,   /* number 0: not masked, 1: masked */
  CS_RUNNER_FIELD_FORM,   /* number: bits of the length, 7, 16 or 64 */
  CS_RUNNER_FIELD_STATUS, /* literal: two bytes a status that will do; or AT_LEAST number */
  CS_RUNNER_FIELD_REASON, /* behind the status there is UTF-8 or nothing */
  /* Of a pattern of a handshake or an alert. */
  CS_RUNNER_FIELD_SUITE,       /* literal: two bytes a suite that will do */
  CS_RUNNER_FIELD_TLS_VERSION, /* number: 0x0303 for 1.2, in DTLS too */
  CS_RUNNER_FIELD_ALPN,        /* literal, or ABSENT */
  CS_RUNNER_FIELD_COMPRESSION, /* number */
  CS_RUNNER_FIELD_EXTENSION,   /* number; or ABSENT */
  CS_RUNNER_FIELD_FACT,        /* number: cs_runner_hello_fact; or ABSENT */
  CS_RUNNER_FIELD_COOKIE,      /* DTLS: a HelloVerifyRequest came; or ABSENT */
  CS_RUNNER_FIELD_ALERT        /* literal: a byte an alert that will do, or ABSENT */
} cs_runner_field_kind;

typedef enum cs_runner_relation {
  CS_RUNNER_EQUAL,
  CS_RUNNER_DIFFERENT,
  CS_RUNNER_CONTAINS,
  CS_RUNNER_AT_LEAST, /* of an option that is a number */
  CS_RUNNER_AT_MOST,
  CS_RUNNER_MULTIPLE, /* of a payload: its length is one of amount */
  CS_RUNNER_PRESENT,
  CS_RUNNER_ABSENT,
  CS_RUNNER_TEXT,     /* of a payload, all instances of an option: valid UTF-8, or none */
  CS_RUNNER_ONE_MORE, /* of a header field to send: one more of this name */
  CS_RUNNER_ACCEPT,   /* of a header field: the value that answers our key */
  CS_RUNNER_LINKS,    /* of a payload: it is link format */
  CS_RUNNER_JSON,     /* of a payload: it is the same JSON value */
  /* Of links: PRESENT one is so, ABSENT none is so; */
  CS_RUNNER_EVERY,
  CS_RUNNER_NOT_EVERY,
  /* Of an attribute. */
  CS_RUNNER_PREFIX,      /* it begins with this */
  CS_RUNNER_HAS_PROPERTY /* number: cs_runner_link_property */
} cs_runner_relation;

/* One field of a message to send or of a pattern. */
typedef struct cs_runner_field {
  cs_runner_field_kind kind;
  cs_runner_relation relation; /* CS_RUNNER_EQUAL in a message to send */
  uint16_t number;             /* option number; ver= and tkl= */
  uint64_t amount;             /* len= */
  int var;                     /* index, or -1: the literal counts */
  cs_span literal;
  const char *role;
  const char *suffix; /* after @role, "/x", or NULL */
  const char *name;   /* of a header field, an attribute; the conditions of links as written */
  const struct cs_runner_field *inner; /* of links: conditions; of a value: its parts, in order */
  size_t inner_count;
  unsigned column;
} cs_runner_field;

enum { CS_RUNNER_TYPE_CASE = 4 /* $type, or what ">>" without a type means */ };

typedef enum cs_runner_send_kind {
  CS_RUNNER_SEND_MESSAGE,
  CS_RUNNER_SEND_RAW,     /* bytes: all fields are RAW */
  CS_RUNNER_SEND_FRAME,   /* a WebSocket frame: all fields are RAW, its payload */
  CS_RUNNER_SEND_UPGRADE, /* the upgrade request: HEADER, METHOD, TARGET, HTTP_VERSION */
  CS_RUNNER_SEND_ALERT    /* an alert of the security session; no fields */
} cs_runner_send_kind;

/* The header of a frame to send. */
typedef struct cs_runner_frame {
  uint8_t opcode;
  bool fin;
  uint8_t rsv;
  bool masked;
  bool has_mask; /* else a random one */
  uint8_t mask[4];
  uint8_t form; /* bits of the length: 7, 16, 64; 0: the shortest */
  bool has_announce;
  uint64_t announce; /* the length that the header says */
} cs_runner_frame;

typedef struct cs_runner_send {
  cs_runner_send_kind kind;
  bool ordinary;  /* ">>" */
  bool slowly;    /* each byte in a segment of its own */
  bool plain;     /* beside the security session: a message or raw bytes */
  bool multicast; /* to the group of all CoAP nodes: a message or raw bytes */
  uint8_t alert;  /* its description */
  uint8_t type;   /* cs_wire_type, or CS_RUNNER_TYPE_CASE; means nothing on a stream */
  uint8_t code;
  cs_runner_frame frame;
  const cs_runner_field *fields;
  size_t field_count;
} cs_runner_send;

enum { CS_RUNNER_ANY = 255 };

typedef struct cs_runner_code {
  uint8_t class;  /* or CS_RUNNER_ANY */
  uint8_t detail; /* or CS_RUNNER_ANY */
} cs_runner_code;

/* What our client tells the program that uses it, behind "expect event". */
typedef enum cs_runner_event {
  CS_RUNNER_EVENT_CONNECTED, /* messages may pass: connected, secured, upgraded */
  CS_RUNNER_EVENT_SECURED,   /* the handshake is complete */
  CS_RUNNER_EVENT_REFUSED,   /* the connection or the handshake was refused */
  CS_RUNNER_EVENT_CSM,       /* the target's settings came */
  CS_RUNNER_EVENT_PONG,      /* a ping was answered */
  CS_RUNNER_EVENT_TIMEOUT,   /* a request or ping was given up */
  CS_RUNNER_EVENT_RESET,     /* a request was answered by a Reset */
  CS_RUNNER_EVENT_TOO_LARGE, /* a request is over what the target's CSM allows */
  CS_RUNNER_EVENT_LOST,      /* a request ended with its session, or by what we refuse */
  CS_RUNNER_EVENT_PING,      /* the target's ping is being answered */
  CS_RUNNER_EVENT_RELEASE,   /* the target wants the connection closed */
  CS_RUNNER_EVENT_ABORT,     /* the target gave up */
  CS_RUNNER_EVENT_CLOSED,    /* the session is over */
  CS_RUNNER_EVENT_COUNT_
} cs_runner_event;
const char *cs_runner_event_name(cs_runner_event e); /* "too-large" */

/* A pattern of messages, of frames or of the head that answers an upgrade (its
 * status as a code: 101 is class 1, detail 1); of a handshake or an alert fields
 * alone; of bytes in the clear without codes, fields of RAW or none; of what our client tells an
 * event, or the rules (none: any) by which it may have refused something. */
typedef struct cs_runner_pattern {
  uint8_t types;    /* a bit a cs_wire_type; messages */
  uint16_t opcodes; /* a bit an opcode; frames */
  const cs_runner_code *codes;
  size_t code_count;
  const cs_runner_field *fields;
  size_t field_count;
  cs_runner_event event;
  const cs_rule *rules;
  size_t rule_count;
} cs_runner_pattern;

typedef enum cs_runner_alternative_kind {
  CS_RUNNER_MESSAGE,     /* "<" */
  CS_RUNNER_RESPONSE,    /* "<<" */
  CS_RUNNER_FRAME,       /* "< frame" */
  CS_RUNNER_UPGRADE,     /* "< upgrade" */
  CS_RUNNER_CLOSED,      /* "< closed" */
  CS_RUNNER_ABORTED,     /* "< aborted" */
  CS_RUNNER_ALT_SECURED, /* "< secured" */
  CS_RUNNER_ALT_HELLO,   /* "< hello" */
  CS_RUNNER_ALT_REFUSED, /* "< refused" */
  CS_RUNNER_ALT_ALERT,   /* "< alert" */
  CS_RUNNER_ALT_PLAIN,   /* "< plain" */
  CS_RUNNER_ELSEWHERE,   /* "< elsewhere" */
  CS_RUNNER_ALT_ANSWER,  /* "expect response": of our client, as the next two */
  CS_RUNNER_ALT_EVENT,   /* "expect event" */
  CS_RUNNER_ALT_ERROR,   /* "expect error" */
  CS_RUNNER_SILENCE,
  CS_RUNNER_ANYTHING /* "*" */
} cs_runner_alternative_kind;

enum { CS_RUNNER_GO_ON = CS_VERDICT_COUNT_ };

/* Whether the alternative is about how a handshake ends. */
static inline bool cs_runner_shakes_hands(cs_runner_alternative_kind k) {
  return k == CS_RUNNER_ALT_SECURED || k == CS_RUNNER_ALT_HELLO || k == CS_RUNNER_ALT_REFUSED;
}

/* Whether the alternative is about what our client tells. */
static inline bool cs_runner_is_told(cs_runner_alternative_kind k) {
  return k >= CS_RUNNER_ALT_ANSWER && k <= CS_RUNNER_ALT_ERROR;
}

/* Whether the alternative wants something to come. */
static inline bool cs_runner_wants(cs_runner_alternative_kind k) {
  return k != CS_RUNNER_SILENCE && k != CS_RUNNER_ANYTHING;
}

typedef struct cs_runner_alternative {
  cs_runner_alternative_kind kind;
  bool dup; /* "< dup": a byte-for-byte repeat of a message matched earlier */
  cs_runner_pattern pattern;
  bool has_within;
  bool has_range;
  cs_time from;          /* of a range, since the step before */
  cs_time varied;        /* by how much the responses of the case are to differ in time; 0: any */
  cs_time to;            /* upper limit; the length of a silence */
  int verdict;           /* cs_verdict, or CS_RUNNER_GO_ON */
  const char *word;      /* quirk's name (noted, when the case goes on), skip's reason, or NULL */
  const char *statement; /* [RFC7252#...], or NULL */
  const char *text;      /* the line as written, without its mark */
  unsigned line, column;
} cs_runner_alternative;

typedef enum cs_runner_step_kind {
  CS_RUNNER_SEND,
  CS_RUNNER_EXPECT,
  CS_RUNNER_ALIVE,
  CS_RUNNER_WAIT,
  CS_RUNNER_DRAIN,
  CS_RUNNER_PORT_NEW,
  CS_RUNNER_PORT_FIRST,
  CS_RUNNER_PORT_NUMBER,
  CS_RUNNER_CLOSE,
  CS_RUNNER_END,
  CS_RUNNER_OPEN_SECURE,
  CS_RUNNER_CALL /* our client is told to do something */
} cs_runner_step_kind;

typedef enum cs_runner_call_kind {
  CS_RUNNER_CALL_REQUEST, /* send says which */
  CS_RUNNER_CALL_OPEN,    /* a new session; secure says how hands are shaken */
  CS_RUNNER_CALL_PING,
  CS_RUNNER_CALL_CANCEL, /* the last request */
  CS_RUNNER_CALL_RELEASE,
  CS_RUNNER_CALL_CLOSE
} cs_runner_call_kind;

typedef struct cs_runner_step {
  cs_runner_step_kind kind;
  cs_time time; /* SEND: waited before; WAIT: the length */
  cs_runner_send send;
  cs_runner_secure secure;  /* OPEN_SECURE, CALL */
  bool client;              /* EXPECT: of what our client tells */
  cs_runner_call_kind call; /* CALL */
  unsigned port;            /* PORT_NUMBER: from 1, in the order in which they were opened */
  const cs_runner_alternative *alternatives;
  size_t alternative_count;
  const char *statement; /* what is broken when no alternative holds, or NULL */
  unsigned line, column;
} cs_runner_step;

typedef enum cs_runner_need_kind { CS_RUNNER_NEED_ROLE, CS_RUNNER_NEED_CAP } cs_runner_need_kind;

typedef struct cs_runner_need {
  cs_runner_need_kind kind;
  bool lacking; /* "!cap:x": only for targets that lack it */
  const char *name;
} cs_runner_need;

typedef struct cs_runner_scenario {
  const char *file;
  cs_span text; /* as it was read; borrowed */
  const char *id;
  const char *title;
  const char *const *covers; /* first of all those of the key, then those that steps name */
  size_t cover_count;
  unsigned transports;     /* a bit a cs_runner_transport */
  cs_runner_open open;     /* on streams */
  cs_runner_secure secure; /* how hands are shaken before the first step */
  unsigned types;          /* a bit a cs_wire_type; 0: no expansion */
  const cs_runner_need *needs;
  size_t need_count;
  const char *const *defects;
  size_t defect_count;
  bool slow;
  bool bare;      /* a reproducer: an id of fuzz/ or crash/. The case sends what the steps say and
                     nothing of its own; what cannot be sent any more is dropped */
  bool hostile;   /* "param hostile": it strains what the target holds, not what it understands */
  bool multicast; /* a step sends to the group */
  const cs_runner_var *vars;
  size_t var_count;
  const cs_runner_step *steps;
  size_t step_count;
} cs_runner_scenario;

/* What a parse checks names against; a NULL function accepts every name. */
typedef struct cs_runner_names {
  bool (*requirement)(void *ctx, const char *id);
  bool (*defect)(void *ctx, const char *name);
  bool (*role)(void *ctx, const char *name);
  bool (*cap)(void *ctx, const char *name);
  void *ctx;
} cs_runner_names;

typedef struct cs_runner_error {
  unsigned line, column; /* from 1; the column counts bytes */
  char message[256];     /* "expected ..." */
} cs_runner_error;

/* Parses text, which must outlive the scenario. file names it and is not opened. On failure
 * false with *error set; *out is untouched. names may be NULL. */
bool cs_runner_parse(cs_span text, const char *file, const cs_runner_names *names,
                     cs_runner_arena *arena, const cs_runner_scenario **out,
                     cs_runner_error *error);

/* A time as scenarios and profiles write it: "2s", "500ms", "1.5s". Takes it
 * off s; false and untouched when there is none or it is over
 * CS_RUNNER_DURATION_MAX. */
bool cs_runner_take_duration(cs_span *s, cs_time *out);

#endif
