/* What the files on mbedTLS share: mbedtls_shared.c (generator), mbedtls_setup.c
 * (credentials, parsed), mbedtls_verify.c (the policy), mbedtls_session.c (the
 * transform) with mbedtls_configure.c (the library's configuration of one
 * session), mbedtls_transport.c (records out and in, the timer),
 * mbedtls_handshake.c (its steps, and the end of it), mbedtls_failure.c (errors as
 * rules), mbedtls_cookie.c, mbedtls_hint.c (the PSK identity hint) and
 * mbedtls_keylog.c. mbedtls_version.h holds what differs between 2.28 and 3.6,
 * mbedtls_pki.h what the files about certificates share among themselves. */
#ifndef CS_TLS_MBEDTLS_INSIDE_H
#define CS_TLS_MBEDTLS_INSIDE_H

#include "tls/mbedtls_version.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include "tls/tls.h"

/* Trust anchors and CRLs of one pki.ca and pki.roots, parsed once for all setups
 * that have the same bytes. */
typedef struct tls_trust {
  struct tls_trust *next; /* of shared.trusts */
  unsigned refs;
  uint8_t digest[32];            /* SHA-256 of what it was made of */
  mbedtls_x509_crt certificates; /* version 0: none */
  mbedtls_x509_crl crls;         /* version 0: none */
} tls_trust;

struct cs_tls_shared {
  const cs_base_alloc *alloc;
  cs_base_random random;
  unsigned refs; /* the owner's and one a setup */
  mbedtls_ctr_drbg_context generator;
  uint8_t cookie_secret[32];
  tls_trust *trusts;
};

struct cs_tls_setup {
  cs_tls_shared *shared;
  unsigned refs;
  cs_tls_role role;
  bool has_psk;
  uint8_t identity[CS_TLS_IDENTITY_MAX], key[CS_TLS_KEY_MAX];
  size_t identity_len, key_len;
  bool has_pki;
  bool demand_client;
  cs_tls_policy policy;
  mbedtls_x509_crt own; /* version 0 when there is none */
  mbedtls_pk_context own_key;
  tls_trust *trust; /* NULL: none */
  /* For the library: those of trust, or nodes of our own, shallow copies of some
   * of them or one that is empty. NULL only when no peer is verified. */
  mbedtls_x509_crt *anchors;
  mbedtls_x509_crt *nodes; /* NULL: none of our own */
  size_t node_count;
  char server_name[CS_TLS_SERVER_NAME_MAX + 1]; /* "": none */
  uint8_t address[16];                          /* of an IP literal */
  size_t address_len;                           /* 0, 4, 16 */
};

/* ---- mbedtls_verify.c ---- */

/* What judging one peer's chain needs and finds; in cs_tls. */
typedef struct tls_judge {
  const cs_tls_setup *setup;
  const cs_tls_callbacks *callbacks;
  bool judged;              /* depth 0 was seen and is accepted */
  cs_rule broken;           /* the first rule that a certificate broke */
  bool begun;               /* the certificate at the anchor's end was seen */
  mbedtls_x509_crt *issuer; /* the certificate seen last, issuer of the next */
} tls_judge;

/* For mbedtls_ssl_conf_verify: applies the policy, tells the callback, and sets
 * *flags to what is left against the certificate, so that the library sends the
 * alert that belongs to it. A refusal stays in judge->broken. */
int cs_tls_verify(void *judge, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);
/* Sets authentication up in a configuration: mode, anchors, our own chain, the
 * verify callback, certificate profile. judge stays where it is for as long as the
 * configuration is used. Returns the library's error. */
int cs_tls_verify_configure(mbedtls_ssl_config *conf, tls_judge *judge);
/* The rule that a certificate broke when the library has refused it, verify_result
 * being mbedtls_ssl_get_verify_result(); CS_RULE_NONE when neither says so. */
cs_rule cs_tls_judge_rule(const tls_judge *judge, uint32_t verify_result);

/* What mbedtls_session.c asks before it says ESTABLISHED of a session that was not
 * agreed on by PSK: whether the peer was judged as the setup wants it. */
static inline bool tls_judge_content(const tls_judge *j, bool peer_has_certificate) {
  const cs_tls_setup *s = j->setup;
  if (j->broken != CS_RULE_NONE)
    return false;
  bool must = s->has_pki && (s->role == CS_TLS_CLIENT ? s->policy.verify_peer : s->demand_client);
  return !must || (peer_has_certificate && j->judged);
}

/* ---- a session ---- */

/* Output that waits: a datagram, or some bytes of a stream. */
typedef struct tls_chunk {
  struct tls_chunk *next;
  size_t cap, len, sent;
  uint8_t bytes[];
} tls_chunk;

/* Most bytes that wait: a datagram beyond is lost, a stream's session fails. */
enum { TLS_OUTPUT_MAX = 1 << 17 };
enum { TLS_MTU_MIN = 64, TLS_MTU_MAX = 65507 };

struct cs_tls {
  cs_tls_setup *setup;
  const cs_base_alloc *alloc;
  cs_tls_kind kind;
  bool no_cid, no_tls13;
  cs_tls_state state;
  cs_tls_callbacks callbacks;
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config conf;
  tls_judge judge;
  cs_time now;
  cs_time handshake_timeout, handshake_end; /* how long; when */
  bool timer_set;
  cs_time timer_intermediate, timer_final; /* of the library */
  cs_span in;                              /* borrowed, not taken yet */
  size_t taken;                            /* datagrams, or bytes of a stream, so far */
  tls_chunk *out_first, *out_last;
  size_t out_bytes;
  tls_chunk *spare; /* for what cs_tls_write makes: got before, so it cannot be missing */
  bool out_of_memory, out_of_room;
  bool alert_out;     /* an alert has left since this was cleared, */
  uint8_t alert_said; /* this one; 0: it was encrypted */
  bool close_said;    /* close_notify has left */
  bool peer_closed;   /* close_notify came */
  bool deaf;          /* nothing is read any more */
  bool hint_refused;
  cs_tls_failure failure;
  size_t mtu;
  int *suites; /* a copy, or NULL: ours */
  size_t suites_size;
  const char **alpn; /* a copy, or NULL: ours or none */
  size_t alpn_size;
  uint8_t *address; /* cookies are bound to it; NULL: no cookies */
  size_t address_len;
  uint8_t identity[CS_TLS_IDENTITY_MAX]; /* server: the client's */
  size_t identity_len;
  char *server_name; /* server: what was asked for; room for CS_TLS_SERVER_NAME_MAX, or NULL */
  size_t server_name_len;
};

/* ---- mbedtls_configure.c ---- */

/* Fills t->conf and sets t->ssl up from c. t holds setup, kind, callbacks, judge.
 * CS_ERR_MEMORY, CS_ERR_ARGUMENT (suites, alpn). */
cs_err cs_tls_configure(cs_tls *t, const cs_tls_config *c);
/* Releases what it took. */
void cs_tls_configure_free(cs_tls *t);
/* What a session of ssl needs at its beginning and again after a reset. Returns
 * the library's error. */
int cs_tls_configure_begin(cs_tls *t);
/* Most that a record of one of the suites on offer adds. */
size_t cs_tls_worst_overhead(const cs_tls *t);

/* ---- mbedtls_transport.c ---- */

void cs_tls_transport_begin(cs_tls *t);
/* A chunk with room for so much, for the next output; false without memory. */
bool cs_tls_output_reserve(cs_tls *t, size_t room);
void cs_tls_output_free(cs_tls *t);
/* When the library's timer runs out; CS_TIME_NEVER. */
cs_time cs_tls_timer_end(const cs_tls *t);

/* ---- mbedtls_handshake.c ---- */

/* Goes on until more has to come or the handshake is over. */
void cs_tls_handshake(cs_tls *t);
/* The client began anew on the same port: the library was reset by that. */
void cs_tls_handshake_again(cs_tls *t);

/* ---- mbedtls_failure.c ---- */

/* The session fails by what the library returned. */
void cs_tls_fail_by(cs_tls *t, int library_error);
/* It fails by this rule of ours; an alert is sent unless it is 0. */
void cs_tls_fail(cs_tls *t, cs_rule rule, uint8_t alert);
/* What cs_tls_read returns of a session that has failed. */
cs_err cs_tls_failed(const cs_tls *t);

/* ---- mbedtls_cookie.c ---- */

int cs_tls_cookie_write(void *t, unsigned char **p, unsigned char *end,
                        const unsigned char *address, size_t address_len);
int cs_tls_cookie_check(void *t, const unsigned char *cookie, size_t cookie_len,
                        const unsigned char *address, size_t address_len);

/* ---- mbedtls_hint.c ---- */

/* After a step of a client's handshake that began in state before: the server's
 * hint, if the step has read one, is asked about. False: refused, or out of
 * memory. */
bool cs_tls_hint_step(cs_tls *t, int before);

/* ---- mbedtls_keylog.c ---- */

/* Lets the library tell the callback; nothing without one. */
void cs_tls_keylog_begin(cs_tls *t);

#endif
