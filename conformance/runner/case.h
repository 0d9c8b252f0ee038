/* One case: a scenario that is being played against a target, as a machine
 * that does no I/O. Bytes and a time go in; bytes, a deadline and at the end a
 * verdict come out. The memory driver and the net driver both turn it. A port
 * of it is a socket on UDP, a security session on DTLS, a connection on TCP and
 * WebSocket and over TLS; the WebSocket handshake is the case's own. */
#ifndef CS_RUNNER_CASE_H
#define CS_RUNNER_CASE_H

#include "base/error.h"
#include "runner/hello.h"
#include "runner/profile.h"
#include "runner/requirements.h"
#include "tls/tls.h"

enum { CS_RUNNER_PORTS_MAX = 12, CS_RUNNER_INBOX_MAX = 1024 };

/* What is played: a scenario as one of its variants. */
typedef struct cs_runner_variant {
  const cs_runner_scenario *scenario;
  const char *id; /* the scenario's, with +con or +non */
  uint8_t type;   /* cs_wire_type of the variant; CON when there is only one */
  cs_runner_transport transport;
} cs_runner_variant;

typedef struct cs_runner_case_config {
  cs_runner_variant variant;
  const cs_runner_profile *profile;
  const cs_runner_requirements *requirements;
  uint64_t seed;
  /* WebSocket: what the Host field of an upgrade says; NULL: "localhost". */
  const char *host;
  /* The bytes of handshakes that are looked at are evidence. Not in memory: the
   * server's hold the time of day, and equal runs have equal reports. */
  bool handshakes;
  /* By how much ranges of time may be missed; 0 in memory. The driver may
   * raise it while the case runs. */
  const cs_time *tolerance;
} cs_runner_case_config;

typedef struct cs_runner_case cs_runner_case;

/* config is copied; what it points to must outlive the case. */
cs_runner_case *cs_runner_case_new(const cs_runner_case_config *config);
void cs_runner_case_free(cs_runner_case *c);

/* The form of its messages, which says what its ports are. */
cs_wire_form cs_runner_case_form(const cs_runner_case *c);

/* Whether its scenario says that it needs the capability, "extended-token". */
bool cs_runner_case_needs(const cs_runner_case *c, const char *cap);

/* Where "call" steps take the security of our client from, on secured transports; before
 * the start, and as long as the case is not done. */
struct cs_runner_veils;
void cs_runner_case_secure_calls(cs_runner_case *c, struct cs_runner_veils *veils);

void cs_runner_case_start(cs_runner_case *c, cs_time now);
/* What a case asks its driver to do with a port. */
typedef enum cs_runner_act_kind {
  CS_RUNNER_ACT_SEND,    /* bytes: a datagram, or more of the stream, in a segment of its own;
                            on a secured transport protected first */
  CS_RUNNER_ACT_CONNECT, /* open the connection; on every transport but UDP. Where it is
                            secured, shake hands as secure says; on DTLS from the same socket
                            if the port has one */
  CS_RUNNER_ACT_END,     /* no more will be sent: close that direction (FIN) */
  CS_RUNNER_ACT_CLOSE,   /* close the connection; nothing of it is told any more */
  CS_RUNNER_ACT_ALERT,   /* secured: send this alert */
  CS_RUNNER_ACT_PLAIN,   /* DTLS: send bytes as a datagram beside the security session */
  CS_RUNNER_ACT_GROUP    /* UDP: send bytes as a datagram to the group of all CoAP nodes */
} cs_runner_act_kind;
typedef struct cs_runner_act {
  cs_runner_act_kind kind;
  unsigned port;                  /* 0 to CS_RUNNER_PORTS_MAX - 1 */
  cs_span bytes;                  /* lives as long as the case */
  const cs_runner_secure *secure; /* CONNECT on a secured transport; lives as long */
  uint8_t alert;                  /* description */
  bool unveiled; /* CONNECT: of our client, which shakes hands itself; from then on SEND is bytes
                    of the wire, and such are what is received */
} cs_runner_act;

/* The next thing to do, in order; false when there is none. */
bool cs_runner_case_transmit(cs_runner_case *c, cs_runner_act *out);
/* The connection is there; on a secured transport: and the handshake is complete,
 * with what was negotiated. */
void cs_runner_case_connected(cs_runner_case *c, unsigned port, cs_time now);
void cs_runner_case_secured(cs_runner_case *c, unsigned port, const cs_tls_negotiated *n,
                            cs_time now);
/* Secured transports: the handshake failed. by is how: the target's alert, an
 * alert of ours (it broke a rule), or the target closing. Silence is not told. */
void cs_runner_case_refused(cs_runner_case *c, unsigned port, const cs_tls_failure *by,
                            cs_time now);
/* The target's close_notify or fatal alert after the handshake. On a stream its
 * closing is told besides. */
void cs_runner_case_alerted(cs_runner_case *c, unsigned port, uint8_t alert, cs_time now);
/* Of a handshake that is looked at alone: what came. */
void cs_runner_case_greeted(cs_runner_case *c, unsigned port, const cs_runner_hello_event *e,
                            cs_time now);
/* Of such a handshake: bytes of it, for the report. */
void cs_runner_case_shaken(cs_runner_case *c, unsigned port, bool sent, cs_span bytes, cs_time now);
/* DTLS: a HelloVerifyRequest came in the handshake that is under way. */
void cs_runner_case_cookie(cs_runner_case *c, unsigned port);
/* DTLS: a datagram that is no DTLS record came in. */
void cs_runner_case_receive_plain(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now);
/* A datagram, or bytes of a connection, came in on a port. */
void cs_runner_case_receive(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now);
/* A datagram came to a port from another endpoint than the target, which from names
 * (copied); same_host: only its port is another. */
void cs_runner_case_receive_elsewhere(cs_runner_case *c, unsigned port, cs_span bytes,
                                      const char *from, bool same_host, cs_time now);
/* The target ended the connection (or refused it): by FIN, or by a reset. What
 * it sent before was given to cs_runner_case_receive. */
void cs_runner_case_closed(cs_runner_case *c, unsigned port, bool reset, cs_time now);
cs_time cs_runner_case_deadline(const cs_runner_case *c);
void cs_runner_case_expire(cs_runner_case *c, cs_time now);
bool cs_runner_case_done(const cs_runner_case *c);

/* Ends the case from outside: the target is gone, or the driver failed. */
void cs_runner_case_stop(cs_runner_case *c, cs_verdict verdict, const char *message, cs_time now);
/* The target turned out to be gone: a case that is over and failed only because
 * nothing came says nothing about it. */
void cs_runner_case_doubt(cs_runner_case *c, const char *message);
/* Whether the case ended without a sign of life from the target. */
bool cs_runner_case_lifeless(const cs_runner_case *c);
/* From where an answer came that had to come from the target, where that is what
 * failed; else NULL. The target is there then. */
const char *cs_runner_case_elsewhere(const cs_runner_case *c);
/* Whether what failed was that nothing came. */
bool cs_runner_case_silent(const cs_runner_case *c);

/* What the case found, for the report; spans and strings live as long as the
 * case. */
void cs_runner_case_result(cs_runner_case *c, cs_report_case *out);
/* By how much ranges of time may be missed from now on: whoever plays it knows. It may be
 * raised while the case runs. */
void cs_runner_case_tolerate(cs_runner_case *c, const cs_time *tolerance);
/* Says the number under which a port of the case appears in the report. */
void cs_runner_case_name_port(cs_runner_case *c, unsigned port, uint16_t number);

/* The parts of a scenario that make cases: its variants on a transport, at
 * most 2, in the arena. */
size_t cs_runner_expand(const cs_runner_scenario *s, cs_runner_transport t, cs_runner_arena *arena,
                        cs_runner_variant out[2]);

#endif
