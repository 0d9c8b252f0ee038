/* What is known about a target before it is tested (docs/coapspec.md): its
 * resources by role, its timers, and the failures that are expected of it. */
#ifndef CS_RUNNER_PROFILE_H
#define CS_RUNNER_PROFILE_H

#include "runner/scenario.h"

typedef struct cs_runner_resource {
  const char *role;
  const char *path; /* begins with a slash; segments are percent-encoded */
} cs_runner_resource;

/* A failure that is known and counted as one. */
typedef struct cs_runner_xfail {
  const char *id;        /* of the case */
  const char *statement; /* that is broken; several with "|" between */
  const char *bytes;     /* hex of what the target sent, "??" for a byte that varies, "..." at the
                            end for whatever follows; "none";
                            "closed"; "secured", "refused", "alert" (how a handshake
                            ended, or a session); or several of these with "|" between */
  const char *version;   /* of the server */
  const char *reason;
  unsigned transports; /* bits by cs_runner_transport; UDP when the profile does not say */
  bool plain;          /* on these alone; else on their secured twins too */
  bool sometimes;      /* it also passes, as chance has it */
  unsigned line;
} cs_runner_xfail;

/* How the target is met over DTLS and TLS. Files are as the profile names them,
 * from its own folder; each may be NULL. */
typedef struct cs_runner_security {
  const char *psk_file, *ca, *certificate, *key;
  const char *sni; /* the server's name, where the target's URI does not say it */
  /* What it takes, 1 << cs_runner_with, by transport; 0: what there are files for. */
  unsigned capabilities[CS_RUNNER_TRANSPORT_COUNT_];
} cs_runner_security;

/* What the target is declared to have, or not: by the name of a probe. */
typedef struct cs_runner_capability {
  const char *name; /* "observe" */
  bool has;
} cs_runner_capability;

typedef struct cs_runner_profile {
  const char *file;
  bool embedded; /* it is part of the program, and so are the files it names */
  const char *name;
  const char *version;
  cs_runner_list resources;    /* cs_runner_resource */
  cs_runner_list xfails;       /* cs_runner_xfail */
  cs_runner_list capabilities; /* cs_runner_capability */
  cs_time ack_timeout;         /* the target's; ranges of time scale with it; default 2 s */
  cs_time response;            /* how long an answer may take when a step does not say; 2 s */
  cs_time tolerance;           /* added to what was measured, on a wire; 0 */
  cs_time alive;               /* how long a sign of life may take; 8 s */
  cs_runner_security security;
} cs_runner_profile;

/* Reads a profile. On failure false with *error set: line, column 1 and what
 * was expected. */
bool cs_runner_profile_read(cs_span text, const char *file, cs_runner_arena *arena,
                            cs_runner_profile *out, cs_runner_error *error);

/* Whether it says anything in [security]. */
bool cs_runner_profile_secured(const cs_runner_profile *p);
/* The path of the resource with this role, or NULL. */
const char *cs_runner_profile_path(const cs_runner_profile *p, const char *role);
/* The failure that is expected of this case over a transport ("udp"), or NULL. Over
 * "dtls" it is also that of "udp", where none names "dtls"; so with the others. */
const cs_runner_xfail *cs_runner_profile_xfail(const cs_runner_profile *p, const char *id,
                                               const char *transport);
/* Whether these bytes are what the xfail names. */
bool cs_runner_xfail_bytes(const cs_runner_xfail *x, cs_span bytes);
/* Whether it names this word. */
bool cs_runner_xfail_word(const cs_runner_xfail *x, const char *word);

#endif
