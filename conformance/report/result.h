/* What a run found, as the writers of reports see it. Filled by the runner;
 * all strings are owned by the run and outlive the writing. */
#ifndef CS_REPORT_RESULT_H
#define CS_REPORT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/time.h"

typedef enum cs_verdict {
  CS_VERDICT_PASS,
  CS_VERDICT_FAIL,
  CS_VERDICT_WARN,
  CS_VERDICT_QUIRK,
  CS_VERDICT_SKIP,
  CS_VERDICT_INCONCLUSIVE,
  CS_VERDICT_XFAIL,
  CS_VERDICT_XPASS,
  CS_VERDICT_FLAKY,
  CS_VERDICT_CRASH,
  CS_VERDICT_COUNT_
} cs_verdict;

const char *cs_verdict_name(cs_verdict v); /* "pass" ... */

/* What happened on the wire. Only CS_REPORT_BYTES occurs on UDP. Over (D)TLS the
 * bytes are those that are protected, or on DTLS went beside the session. */
typedef enum cs_report_packet_kind {
  CS_REPORT_BYTES = 0, /* a message, or other bytes */
  CS_REPORT_OPENED,    /* the connection is there (sent: 1); a new one where the port had one */
  CS_REPORT_ENDED,     /* this side sends no more (FIN) */
  CS_REPORT_RESET,     /* this side broke the connection off (RST) */
  CS_REPORT_SECURITY,  /* an alert, or how a handshake ended: the notation says it */
  CS_REPORT_EVENT /* our own client: "call ..." is what it was to do, "told ..." what it said of
                     it */
} cs_report_packet_kind;

/* One message that went over the wire, or an end of a connection. On TCP and
 * WebSocket the bytes are those of the stream, the message's length or frame
 * header included: put together in order they are all that the stream carried,
 * each byte once, however it was cut into segments. */
typedef struct cs_report_packet {
  cs_time at;           /* microseconds since the case began */
  int sent;             /* 1: by us, 0: by the target */
  cs_span bytes;        /* of BYTES, and of SECURITY those of a handshake; else empty */
  const char *notation; /* the message in our notation, or "raw HEX"; "closed" ... */
  uint16_t port;        /* our port (a number of the case in memory) */
  cs_report_packet_kind kind;
  unsigned channel; /* the port, or the connection, within the case: from 0 */
  bool slowly;      /* each byte was sent in a segment of its own */
  bool closing;     /* after the last step: of the search for a sign of life */
  const char *from; /* another endpoint than the target that it came from, or NULL */
} cs_report_packet;

typedef struct cs_report_case {
  const char *id; /* "7252/4.3/ping" */
  const char *title;
  const char *file;      /* scenario file */
  const char *transport; /* "udp" */
  cs_verdict verdict;
  const char *const *requirements;
  size_t requirement_count;
  const char *statement; /* the requirement that the verdict is about, or NULL */
  unsigned line;         /* of the step that decided; 0 when none did */
  const char *message;   /* one line: why; "" for a pass */
  cs_time duration;
  const cs_report_packet *packets;
  size_t packet_count;
  const char *reproducer; /* a scenario that ends the target, within the folder; or NULL */
} cs_report_case;

/* What a requirement says, in our own words; a row of requirements.tsv. */
typedef struct cs_report_requirement {
  const char *id;    /* "RFC7252#4.3:empty-con-reset" */
  const char *level; /* "MUST", "SHOULD" ... */
  const char *summary;
} cs_report_requirement;

/* One of the places that were tested in a run. */
typedef struct cs_report_target {
  const char *uri;
  const char *transport; /* "tcp" */
  const char *trouble;   /* why its cases are not all there, or NULL */
  const char *security;  /* how hands are shaken and whom the tester trusts; NULL in the clear */
} cs_report_target;

/* What a target was found to have, on one transport. */
typedef enum cs_report_found {
  CS_REPORT_NOT_TOLD, /* it could not be found out; message says why */
  CS_REPORT_SEEN,
  CS_REPORT_NOT_SEEN
} cs_report_found;

typedef struct cs_report_capability {
  const char *name;      /* "observe" */
  const char *what;      /* one phrase */
  const char *transport; /* "udp" */
  int declared;          /* by the profile: 1 yes, 0 no, -1 it says nothing */
  cs_report_found observed;
  const char *message; /* one line: what came; "" */
  const cs_report_packet *packets;
  size_t packet_count;
} cs_report_capability;

typedef struct cs_report_run {
  const char *tool; /* "coapspec" */
  const char *version;
  const char *target; /* the URIs divided by spaces, or "embedded" */
  const char *profile;
  const char *device; /* what the profile calls the target, "Thermostat 3 2.1"; or NULL */
  const char *driver; /* "memory" or "sockets" */
  uint64_t seed;
  int64_t started; /* seconds since the epoch; 0 in memory, for equal reports */
  cs_time duration;
  const cs_report_case *cases;
  size_t case_count;
  const char *trouble;             /* why the run is not whole, or what went wrong in it; or NULL */
  const cs_report_target *targets; /* optional */
  size_t target_count;
  const cs_report_capability *capabilities; /* optional; by transport */
  size_t capability_count;
  /* Optional: lets a report say what a requirement demands. */
  const cs_report_requirement *known;
  size_t known_count;
} cs_report_run;

/* How many cases have this verdict. */
size_t cs_report_count(const cs_report_run *run, cs_verdict v);

#endif
