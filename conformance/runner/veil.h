/* The security session of one port of a case, between the driver and the case:
 * what comes from the wire is unprotected and told to the case, what the case
 * says is protected. Both drivers use it, so that both tell the case the same. */
#ifndef CS_RUNNER_VEIL_H
#define CS_RUNNER_VEIL_H

#include "base/random.h"
#include "runner/case.h"
#include "runner/credentials.h"
#include "runner/greeting.h"

/* What the veils of a driver share: the generator and credentials, parsed. */
typedef struct cs_runner_veils cs_runner_veils; /* case.h knows it too */

/* credentials and random must outlive them. CS_ERR_UNSUPPORTED (no TLS in this
 * build), CS_ERR_MEMORY, CS_ERR_SYSTEM. */
cs_err cs_runner_veils_new(const cs_runner_credentials *credentials, cs_base_random random,
                           cs_runner_veils **out);
void cs_runner_veils_free(cs_runner_veils *v);

/* Whether these credentials can be used: false with *why, a phrase. True in a
 * build without TLS, where nothing can be said of them. */
bool cs_runner_veil_try(const cs_runner_credentials *c, cs_runner_with with, const char **why);

typedef struct cs_runner_veil cs_runner_veil;

/* A session for a client that shakes hands itself, with these credentials and as the
 * library does for any program; suites, NULL for its own, as in cs_tls_config. NULL with
 * *why, one line. The caller's, to be ended before the veils are. */
cs_tls *cs_runner_veils_session(cs_runner_veils *v, cs_runner_transport transport,
                                const cs_runner_secure *secure, cs_time now, const char **why);

/* Begins a handshake on a port. NULL with *why, one line, when it cannot be made
 * as asked for: the target has no such credentials, the library no such suite. */
cs_runner_veil *cs_runner_veil_open(cs_runner_veils *v, cs_runner_case *c, unsigned port,
                                    cs_runner_transport transport, const cs_runner_secure *secure,
                                    cs_time now, const char **why);
/* Ends it without a word. NULL is allowed. */
void cs_runner_veil_close(cs_runner_veil *veil);

/* A datagram, or bytes of the connection, came: the case is told what it means. */
void cs_runner_veil_feed(cs_runner_veil *veil, cs_span bytes, cs_time now);
/* The target ended the connection: refused by that, closed, or known already. */
void cs_runner_veil_closed(cs_runner_veil *veil, bool reset, cs_time now);
/* Application data; bytes live as long as the veil. What cannot be sent, because
 * the session is over or not there yet, is dropped. */
void cs_runner_veil_send(cs_runner_veil *veil, cs_span bytes, cs_time now);
void cs_runner_veil_alert(cs_runner_veil *veil, uint8_t description, cs_time now);

/* The next datagram, or bytes, for the wire; false when there are none. */
bool cs_runner_veil_output(cs_runner_veil *veil, cs_span *bytes);
/* n of them went; of a datagram all. */
void cs_runner_veil_sent(cs_runner_veil *veil, size_t n, cs_time now);

cs_time cs_runner_veil_deadline(const cs_runner_veil *veil);
void cs_runner_veil_expire(cs_runner_veil *veil, cs_time now);

/* Whether the handshake goes on. */
bool cs_runner_veil_shaking(const cs_runner_veil *veil);
/* Why the handshake failed, in words, in the arena; NULL when it did not. */
const char *cs_runner_veil_trouble(const cs_runner_veil *veil, cs_runner_arena *arena);

#endif
