#include "runner/veil.h"

#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "server/defects_secure.h"

/* Longest datagram while hands are shaken, and later, when a scenario may want to
 * send as much as a record holds. */
enum { HANDSHAKE_MTU = 1280, MTU = CS_TLS_RECORD_MAX + 512 };

/* Credentials that were parsed for what a handshake says. */
struct outfit {
  struct outfit *next;
  cs_runner_secure secure; /* but suite and alpn */
  cs_tls_setup *setup;
};

struct cs_runner_veils {
  const cs_runner_credentials *credentials;
  cs_tls_shared *shared;
  cs_base_random random;
  struct outfit *outfits;
  uint8_t plain[CS_TLS_RECORD_MAX];
};

enum life {
  SHAKING,
  SECURED,
  REFUSED, /* nothing more is told of it */
  OVER     /* told to be; the connection's end is told too */
};

struct cs_runner_veil {
  cs_runner_veils *shared;
  cs_runner_case *c;
  unsigned port;
  bool stream;
  cs_tls *tls;
  enum life life;
  bool ours;                    /* we ended it, and its last word may still come */
  bool alerting;                /* once what waits is protected, */
  uint8_t alert;                /* by this */
  cs_runner_arena arena;        /* of the queue */
  cs_runner_list queue;         /* cs_span: to be protected */
  size_t taken, taken_len;      /* of the queue; bytes of the first that is not taken */
  cs_tls_failure failure;       /* REFUSED */
  cs_runner_greeting *greeting; /* a handshake that is looked at alone: there is no tls */
  uint16_t suites[2];
  const char *alpn[2];
};

/* ---- credentials ---- */

static cs_err make_setup(cs_tls_shared *shared, const cs_runner_credentials *c,
                         const cs_runner_secure *s, cs_tls_setup **out, const char **why) {
  const char *name = s->sni ? s->sni : c->server_name;
  cs_span server_name = name ? cs_span_str(name) : cs_span_of(NULL, 0);
  uint8_t wrong[CS_TLS_KEY_MAX];
  cs_tls_psk psk = {c->identity, c->key, server_name};
  cs_tls_pki pki = {.encoding = CS_TLS_PEM,
                    .ca = c->ca,
                    .certificate = c->certificate,
                    .key = c->private_key,
                    /* A name that a scenario makes up is asked for, not demanded. */
                    .policy.verify_peer = c->ca.len != 0 && !s->sni,
                    .server_name = server_name};
  cs_tls_credentials all = {.role = CS_TLS_CLIENT};
  if (s->identity_unknown)
    psk.identity = cs_span_str(CS_DEFECT_UNKNOWN_IDENTITY);
  if (s->key_wrong) {
    cs_defect_wrong_key(c->key, wrong);
    psk.key = cs_span_of(wrong, c->key.len);
  }
  if (s->certificate_none)
    pki.certificate = pki.key = cs_span_of(NULL, 0);
  if (s->certificate_untrusted) {
    pki.certificate = c->intruder;
    pki.key = c->intruder_key;
  }
  if (s->with == CS_RUNNER_WITH_PSK)
    all.psk = &psk;
  else if (s->with == CS_RUNNER_WITH_CERTIFICATE)
    all.pki = &pki;
  else if (name) { /* anonymous, but it says whom it wants */
    pki = (cs_tls_pki){.encoding = CS_TLS_PEM, .server_name = server_name};
    all.pki = &pki;
  }
  return cs_tls_setup_new(shared, &all, out, why);
}

static bool same_name(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool equal(const cs_runner_secure *a, const cs_runner_secure *b) {
  return a->with == b->with && a->identity_unknown == b->identity_unknown &&
         a->key_wrong == b->key_wrong && a->certificate_none == b->certificate_none &&
         a->certificate_untrusted == b->certificate_untrusted && same_name(a->sni, b->sni);
}

/* The setup for a handshake; NULL with *why. */
static cs_tls_setup *setup_for(cs_runner_veils *v, const cs_runner_secure *wanted,
                               const char **why) {
  const cs_runner_credentials *c = v->credentials;
  cs_runner_secure s = *wanted;
  if (s.with == CS_RUNNER_WITH_PSK && !c->key.len) {
    *why = "no pre-shared key was given for this target";
    return NULL;
  }
  for (struct outfit *o = v->outfits; o; o = o->next)
    if (equal(&o->secure, &s))
      return o->setup;
  struct outfit *o = calloc(1, sizeof *o);
  if (!o) {
    *why = "out of memory";
    return NULL;
  }
  o->secure = s; /* the name lives as long as the scenario, as the veils do */
  cs_err err = make_setup(v->shared, c, &s, &o->setup, why);
  if (err != CS_OK) {
    if (err != CS_ERR_ARGUMENT)
      *why = cs_base_err_text(err);
    free(o);
    return NULL;
  }
  o->next = v->outfits;
  v->outfits = o;
  return o->setup;
}

cs_err cs_runner_veils_new(const cs_runner_credentials *credentials, cs_base_random random,
                           cs_runner_veils **out) {
  cs_runner_veils *v = calloc(1, sizeof *v);
  if (!v)
    return CS_ERR_MEMORY;
  v->credentials = credentials;
  v->random = random;
  cs_err err = cs_tls_shared_new(&cs_net_heap_alloc, random, &v->shared);
  if (err != CS_OK) {
    free(v);
    return err;
  }
  *out = v;
  return CS_OK;
}

void cs_runner_veils_free(cs_runner_veils *v) {
  if (!v)
    return;
  while (v->outfits) {
    struct outfit *o = v->outfits;
    v->outfits = o->next;
    cs_tls_setup_free(o->setup);
    free(o);
  }
  cs_tls_shared_free(v->shared);
  free(v);
}

bool cs_runner_veil_try(const cs_runner_credentials *c, cs_runner_with with, const char **why) {
  cs_base_seeded seeded; /* nothing is sent */
  cs_runner_veils *v;
  cs_base_seeded_init(&seeded, 1);
  cs_err err = cs_runner_veils_new(c, cs_base_seeded_random(&seeded), &v);
  if (err == CS_ERR_UNSUPPORTED)
    return true;
  if (err != CS_OK) {
    *why = cs_base_err_text(err);
    return false;
  }
  bool good = setup_for(v, &(cs_runner_secure){.with = with}, why) != NULL;
  cs_runner_veils_free(v);
  return good;
}

/* ---- a veil ---- */

cs_tls *cs_runner_veils_session(cs_runner_veils *v, cs_runner_transport transport,
                                const cs_runner_secure *secure, cs_time now, const char **why) {
  const cs_runner_credentials *k = v->credentials;
  cs_runner_secure wanted = *secure;
  if (wanted.with == CS_RUNNER_WITH_ANY)
    wanted.with = cs_runner_credentials_usual(k, transport);
  cs_tls_setup *setup = setup_for(v, &wanted, why);
  if (!setup)
    return NULL;
  const uint16_t suites[2] = {wanted.suite};
  const char *alpn[2] = {wanted.alpn && *wanted.alpn ? wanted.alpn : NULL};
  bool usual_alpn = !wanted.alpn && transport == CS_RUNNER_TLS;
  cs_tls_config config = {.setup = setup,
                          .kind =
                              1u << transport & CS_RUNNER_STREAMS ? CS_TLS_STREAM : CS_TLS_DATAGRAM,
                          .mtu = HANDSHAKE_MTU,
                          .suites = wanted.suite ? suites : NULL,
                          .alpn = usual_alpn ? NULL : alpn,
                          .callbacks = {.keylog = k->keylog, .ctx = k->keylog_ctx}};
  cs_tls *t;
  cs_err err = cs_tls_open(&config, now, &t);
  if (err == CS_OK)
    return t;
  *why = err == CS_ERR_ARGUMENT && wanted.suite ? "the TLS library does not know this suite"
                                                : cs_base_err_text(err);
  return NULL;
}

/* A veil that only looks. */
static cs_runner_veil *open_greeting(cs_runner_veils *v, cs_runner_case *c, unsigned port,
                                     cs_runner_transport transport, const cs_runner_hello *hello,
                                     cs_time now, const char **why) {
  cs_runner_veil *veil = calloc(1, sizeof *veil);
  bool stream = 1u << transport & CS_RUNNER_STREAMS;
  *why = "out of memory";
  if (!veil)
    return NULL;
  *veil = (cs_runner_veil){.shared = v, .c = c, .port = port, .stream = stream};
  veil->greeting = cs_runner_greeting_open(c, port, hello, !stream, v->random, now);
  if (veil->greeting)
    return veil;
  free(veil);
  return NULL;
}

cs_runner_veil *cs_runner_veil_open(cs_runner_veils *v, cs_runner_case *c, unsigned port,
                                    cs_runner_transport transport, const cs_runner_secure *secure,
                                    cs_time now, const char **why) {
  static const cs_runner_secure any = {.with = CS_RUNNER_WITH_ANY};
  const cs_runner_credentials *k = v->credentials;
  if (secure && secure->hello)
    return open_greeting(v, c, port, transport, secure->hello, now, why);
  cs_runner_secure wanted = secure ? *secure : any;
  if (wanted.with == CS_RUNNER_WITH_ANY)
    wanted.with = cs_runner_credentials_usual(k, transport);
  secure = &wanted;
  cs_tls_setup *setup = setup_for(v, secure, why);
  if (!setup)
    return NULL;
  cs_runner_veil *veil = calloc(1, sizeof *veil);
  if (!veil) {
    *why = "out of memory";
    return NULL;
  }
  *veil = (cs_runner_veil){.shared = v, .c = c, .port = port, .suites = {secure->suite}};
  veil->stream = 1u << transport & CS_RUNNER_STREAMS;
  veil->alpn[0] = secure->alpn && *secure->alpn ? secure->alpn : NULL;
  /* RFC 8323 section 9.1: "coap" is for CoAP over TCP. */
  bool usual_alpn = !secure->alpn && transport == CS_RUNNER_TLS;
  cs_tls_config config = {.setup = setup,
                          .kind = veil->stream ? CS_TLS_STREAM : CS_TLS_DATAGRAM,
                          .mtu = HANDSHAKE_MTU,
                          /* What is said of closing and of alerts is RFC 5246's. */
                          .no_tls13 = true,
                          .suites = secure->suite ? veil->suites : NULL,
                          .alpn = usual_alpn ? NULL : veil->alpn,
                          .callbacks = {.keylog = k->keylog, .ctx = k->keylog_ctx}};
  cs_err err = cs_tls_open(&config, now, &veil->tls);
  if (err != CS_OK) {
    *why = err == CS_ERR_ARGUMENT && secure->suite ? "the TLS library does not know this suite"
                                                   : cs_base_err_text(err);
    free(veil);
    return NULL;
  }
  return veil;
}

void cs_runner_veil_close(cs_runner_veil *veil) {
  if (!veil)
    return;
  if (veil->tls)
    cs_tls_close(veil->tls);
  cs_runner_greeting_close(veil->greeting);
  cs_runner_release(&veil->arena);
  free(veil);
}

static void tell_secured(cs_runner_veil *veil, cs_time now) {
  cs_tls_negotiated n;
  memset(&n, 0, sizeof n);
  veil->life = SECURED;
  (void)cs_tls_negotiated_of(veil->tls, &n);
  if (!veil->stream)
    (void)cs_tls_set_mtu(veil->tls, MTU);
  cs_runner_case_secured(veil->c, veil->port, &n, now);
}

/* The session has failed: the handshake, or a record, or by an alert. */
static void tell_failed(cs_runner_veil *veil, cs_time now) {
  cs_tls_failure f;
  memset(&f, 0, sizeof f);
  (void)cs_tls_failure_of(veil->tls, &f);
  enum life was = veil->life;
  veil->life = OVER;
  if (veil->ours || was == REFUSED || was == OVER)
    return;
  if (was == SECURED && f.alerted && f.alert_by_peer) {
    cs_runner_case_alerted(veil->c, veil->port, f.alert, now);
    return;
  }
  veil->life = REFUSED;
  veil->failure = f;
  if (f.rule != CS_RULE_TLS_TIMEOUT) /* silence, which the case sees by itself */
    cs_runner_case_refused(veil->c, veil->port, &f, now);
}

/* close_notify came: first, or in answer to ours. */
static void tell_close_notify(cs_runner_veil *veil, cs_time now) {
  if (!cs_tls_peer_closed(veil->tls))
    return;
  bool told = veil->life == SECURED || veil->ours;
  veil->life = OVER;
  veil->ours = false;
  if (told)
    cs_runner_case_alerted(veil->c, veil->port, 0, now);
  cs_tls_finish(veil->tls, now); /* RFC 5246 section 7.2.1 */
}

static void say_alert(cs_runner_veil *veil, cs_time now) {
  uint8_t description = veil->alert;
  veil->alerting = false;
  veil->ours = true;
  veil->life = OVER;
  if (description == 0)
    cs_tls_finish(veil->tls, now);
  else
    cs_tls_alert(veil->tls, description, now);
}

/* Protects what waits. */
static void protect(cs_runner_veil *veil, cs_time now) {
  const cs_span *queue = veil->queue.items;
  while (veil->life == SECURED && veil->taken < veil->queue.count) {
    cs_span left = queue[veil->taken];
    left = cs_span_cut(left, veil->taken_len, left.len - veil->taken_len);
    if (veil->stream && left.len > CS_TLS_RECORD_MAX)
      left.len = CS_TLS_RECORD_MAX;
    if (left.len && cs_tls_write(veil->tls, left, now) == CS_ERR_AGAIN)
      return;
    veil->taken_len += left.len;
    if (veil->taken_len == queue[veil->taken].len || !veil->stream) {
      veil->taken++;
      veil->taken_len = 0;
    }
  }
  if (veil->alerting)
    say_alert(veil, now);
}

/* Goes on with what came, and tells it. */
static void work(cs_runner_veil *veil, cs_time now) {
  cs_runner_veils *v = veil->shared;
  bool done = veil->life == REFUSED || (veil->life == OVER && !veil->ours);
  while (!done) {
    size_t len = 0;
    cs_err err = cs_tls_read(veil->tls, v->plain, sizeof v->plain, &len);
    if (veil->life == SHAKING && cs_tls_state_of(veil->tls) == CS_TLS_ESTABLISHED)
      tell_secured(veil, now);
    if (err == CS_OK) {
      if (veil->life == SECURED || veil->ours)
        cs_runner_case_receive(veil->c, veil->port, cs_span_of(v->plain, len), now);
      continue;
    }
    if (err == CS_ERR_CLOSED)
      tell_close_notify(veil, now);
    else if (err != CS_ERR_AGAIN)
      tell_failed(veil, now);
    done = true;
  }
  protect(veil, now);
}

/* A HelloVerifyRequest: a handshake record in the clear, message type 3 (RFC 6347
 * section 4.2.1). */
static bool is_verify_request(cs_span datagram) {
  return datagram.len > 13 && datagram.at[0] == 22 && datagram.at[3] == 0 && datagram.at[4] == 0 &&
         datagram.at[13] == 3;
}

void cs_runner_veil_feed(cs_runner_veil *veil, cs_span bytes, cs_time now) {
  if (veil->greeting) {
    cs_runner_greeting_feed(veil->greeting, bytes, now);
    return;
  }
  if (!veil->stream && !cs_server_guard_is_record(bytes)) {
    cs_runner_case_receive_plain(veil->c, veil->port, bytes, now);
    return;
  }
  if (!veil->stream && veil->life == SHAKING && is_verify_request(bytes))
    cs_runner_case_cookie(veil->c, veil->port);
  if (bytes.len && cs_tls_feed(veil->tls, bytes, now) == CS_OK)
    work(veil, now);
}

void cs_runner_veil_closed(cs_runner_veil *veil, bool reset, cs_time now) {
  if (veil->greeting) {
    cs_runner_greeting_closed(veil->greeting, now);
    return;
  }
  enum life was = veil->life;
  if (was == REFUSED)
    return;
  veil->life = OVER;
  veil->ours = false;
  if (was != SHAKING) {
    cs_runner_case_closed(veil->c, veil->port, reset, now);
    return;
  }
  veil->life = REFUSED;
  veil->failure = (cs_tls_failure){.rule = CS_RULE_TLS_CLOSED_EARLY};
  cs_runner_case_refused(veil->c, veil->port, &veil->failure, now);
}

void cs_runner_veil_send(cs_runner_veil *veil, cs_span bytes, cs_time now) {
  if (veil->life != SECURED || veil->greeting)
    return;
  *(cs_span *)cs_runner_push(&veil->arena, &veil->queue, sizeof(cs_span)) = bytes;
  protect(veil, now);
}

void cs_runner_veil_alert(cs_runner_veil *veil, uint8_t description, cs_time now) {
  if ((veil->life != SECURED && veil->life != SHAKING) || veil->greeting)
    return;
  veil->alerting = true;
  veil->alert = description;
  protect(veil, now);
}

bool cs_runner_veil_output(cs_runner_veil *veil, cs_span *bytes) {
  if (veil->greeting)
    return cs_runner_greeting_output(veil->greeting, bytes);
  return cs_tls_transmit(veil->tls, bytes) == CS_OK;
}

void cs_runner_veil_sent(cs_runner_veil *veil, size_t n, cs_time now) {
  if (veil->greeting) {
    cs_runner_greeting_sent(veil->greeting, n, now);
    return;
  }
  cs_tls_sent(veil->tls, n, now);
  work(veil, now);
}

cs_time cs_runner_veil_deadline(const cs_runner_veil *veil) {
  return veil->greeting ? cs_runner_greeting_deadline(veil->greeting) : cs_tls_deadline(veil->tls);
}

void cs_runner_veil_expire(cs_runner_veil *veil, cs_time now) {
  if (veil->greeting) {
    cs_runner_greeting_expire(veil->greeting, now);
    return;
  }
  cs_tls_expire(veil->tls, now);
  work(veil, now);
}

bool cs_runner_veil_shaking(const cs_runner_veil *veil) {
  return veil->greeting ? cs_runner_greeting_waits(veil->greeting) : veil->life == SHAKING;
}

const char *cs_runner_veil_trouble(const cs_runner_veil *veil, cs_runner_arena *arena) {
  const cs_tls_failure *f = &veil->failure;
  const char *alert = f->alerted ? cs_tls_alert_name(f->alert) : NULL;
  if (veil->greeting)
    return NULL;
  if (veil->life == SHAKING)
    return "the handshake was not completed";
  if (veil->life != REFUSED)
    return NULL;
  if (f->alerted && f->alert_by_peer)
    return alert ? cs_runner_format(arena, "the handshake failed: the target's alert %s", alert)
                 : cs_runner_format(arena, "the handshake failed: the target's alert %u", f->alert);
  if (f->rule == CS_RULE_TLS_CLOSED_EARLY)
    return "the handshake failed: the target closed the connection";
  return cs_runner_format(arena, "the handshake failed: not so: %s%s%s%s",
                          cs_base_rule_text(f->rule), alert ? " (our alert " : "",
                          alert ? alert : "", alert ? ")" : "");
}
