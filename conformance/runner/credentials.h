/* Who the runner is on a secured transport, and whom it trusts: from the
 * target's profile, the command line, or for the embedded server from inside the
 * program (docs/coapspec.md). What is in here is never printed. */
#ifndef CS_RUNNER_CREDENTIALS_H
#define CS_RUNNER_CREDENTIALS_H

#include "runner/profile.h"
#include "server/guard.h"

/* The files that the command line names, each may be NULL: they take the place of
 * those of the profile. */
typedef struct cs_runner_credential_files {
  const char *psk;
  const char *ca;
  const char *certificate, *key; /* both or neither */
} cs_runner_credential_files;

typedef struct cs_runner_credentials {
  cs_span identity, key;            /* a pre-shared key; empty: none */
  cs_span ca;                       /* PEM: whom to trust; empty: anyone */
  cs_span certificate, private_key; /* PEM; empty: none */
  cs_span intruder, intruder_key;   /* PEM: a certificate that nobody trusts */
  const char *server_name;          /* asked for and, with ca, demanded; or NULL */
  /* What the target takes, 1 << cs_runner_with, by transport. */
  unsigned offers[CS_RUNNER_TRANSPORT_COUNT_];
  void (*keylog)(void *ctx, const char *line); /* or NULL */
  void *keylog_ctx;
} cs_runner_credentials;

/* Reads the files and tries what is in them. False after a line that names the
 * file, or the option, and the reason. The spans are the arena's. */
bool cs_runner_credentials_read(const cs_runner_profile *p, const cs_runner_credential_files *files,
                                cs_runner_arena *arena, cs_runner_credentials *out);

/* Those of the embedded server, from inside the program. */
void cs_runner_credentials_server(cs_runner_arena *arena, cs_server_credentials *out);

/* Reads the first key of a text, "identity:hexkey" a line; empty lines and those
 * that begin with # are passed over. False with *why. */
bool cs_runner_credentials_psk(cs_span text, cs_runner_arena *arena, cs_span *identity,
                               cs_span *key, const char **why);

/* What is shaken hands with on a transport where a scenario does not say. */
cs_runner_with cs_runner_credentials_usual(const cs_runner_credentials *c,
                                           cs_runner_transport transport);

#endif
