#include "runner/greeting.h"

#include <stdlib.h>

/* DTLS: when the ClientHello goes out again, as RFC 6347 section 4.2.4.1 has it. */
static const cs_time first_timeout = CS_SECOND;
enum { COPIES_MAX = 3, COOKIES_MAX = 3, TOLD_MAX = 4 };

struct cs_runner_greeting {
  cs_runner_case *c;
  unsigned port;
  const cs_runner_hello *hello;
  bool datagrams;
  uint8_t random[CS_RUNNER_HELLO_RANDOM];
  cs_runner_arena arena;
  cs_runner_hello_reader *reader;
  cs_runner_list queue; /* cs_span: to be sent */
  size_t sent, sent_part;
  bool over;
  bool flown;                 /* a flight was told, */
  unsigned told;              /* so often */
  bool verified;              /* a HelloVerifyRequest was told */
  unsigned copies;            /* of the ClientHello */
  uint16_t sequence, records; /* DTLS */
  cs_span cookie;             /* that it holds */
  cs_time timeout, again;     /* DTLS */
};

/* Each copy is a record of its own: a server may drop one whose number it has seen. */
static void queue(cs_runner_greeting *g, cs_time now) {
  cs_span bytes = cs_runner_hello_make(g->hello, g->datagrams, g->random, g->cookie, g->sequence,
                                       g->records++, &g->arena);
  *(cs_span *)cs_runner_push(&g->arena, &g->queue, sizeof bytes) = bytes;
  bool more = g->datagrams && ++g->copies < COPIES_MAX;
  g->again = more ? cs_time_add(now, g->timeout) : CS_TIME_NEVER;
}

static void say(cs_runner_greeting *g, cs_time now) {
  g->copies = 0;
  g->timeout = first_timeout;
  queue(g, now);
}

cs_runner_greeting *cs_runner_greeting_open(cs_runner_case *c, unsigned port,
                                            const cs_runner_hello *hello, bool datagrams,
                                            cs_base_random random, cs_time now) {
  cs_runner_greeting *g = calloc(1, sizeof *g);
  if (!g)
    return NULL;
  g->c = c;
  g->port = port;
  g->hello = hello;
  g->datagrams = datagrams;
  cs_base_random_fill(&random, g->random, sizeof g->random);
  g->reader = cs_runner_hello_reader_new(&g->arena, datagrams);
  say(g, now);
  return g;
}

void cs_runner_greeting_close(cs_runner_greeting *g) {
  if (!g)
    return;
  cs_runner_release(&g->arena);
  free(g);
}

static void tell(cs_runner_greeting *g, const cs_runner_hello_event *e, cs_time now) {
  g->again = CS_TIME_NEVER;
  cs_runner_case_greeted(g->c, g->port, e, now);
}

static void verify(cs_runner_greeting *g, cs_time now) {
  static const cs_runner_hello_seen nothing;
  const cs_runner_hello_event e = {.seen = &nothing, .verify = true};
  cs_span cookie = cs_runner_hello_cookie(g->reader);
  /* What answers a wrong cookie is told, be it one more HelloVerifyRequest. */
  if (g->hello->cookie_none || (g->hello->cookie_wrong && g->sequence)) {
    if (!g->verified)
      tell(g, &e, now);
    g->verified = true;
    return;
  }
  /* The same cookie again: the request crossed our answer. */
  if (g->sequence == COOKIES_MAX || (g->sequence && cs_span_equal(cookie, g->cookie)))
    return;
  cs_runner_case_cookie(g->c, g->port);
  uint8_t *own = (uint8_t *)cs_runner_text(&g->arena, cookie);
  if (g->hello->cookie_wrong)
    own[0] ^= 0x55;
  g->cookie = cs_span_of(own, cookie.len);
  g->sequence++;
  say(g, now);
}

static void flight(cs_runner_greeting *g, unsigned copies_before, cs_time now) {
  const cs_runner_hello_event e = {.seen = cs_runner_hello_found(g->reader), .again = g->flown};
  if (g->told == TOLD_MAX || (g->flown && cs_runner_hello_copies(g->reader) == copies_before))
    return;
  g->flown = true;
  g->told++;
  tell(g, &e, now);
}

void cs_runner_greeting_feed(cs_runner_greeting *g, cs_span bytes, cs_time now) {
  if (g->over)
    return;
  unsigned before = cs_runner_hello_copies(g->reader);
  cs_runner_case_shaken(g->c, g->port, false, bytes, now);
  cs_runner_hello_state state = cs_runner_hello_read(g->reader, bytes);
  if (state == CS_RUNNER_HELLO_VERIFY)
    verify(g, now);
  if (state == CS_RUNNER_HELLO_DONE)
    flight(g, before, now);
  if (state == CS_RUNNER_HELLO_BROKEN) {
    const cs_runner_hello_event e = {.seen = cs_runner_hello_found(g->reader),
                                     .http = cs_runner_hello_http(g->reader),
                                     .fault = cs_runner_hello_fault(g->reader)};
    g->over = true;
    tell(g, &e, now);
  }
  if (state == CS_RUNNER_HELLO_ALERT) {
    const cs_tls_failure f = {.rule = CS_RULE_TLS_ALERT,
                              .alerted = true,
                              .alert_by_peer = true,
                              .alert = cs_runner_hello_alert(g->reader)};
    g->over = true;
    cs_runner_case_refused(g->c, g->port, &f, now);
  }
}

void cs_runner_greeting_closed(cs_runner_greeting *g, cs_time now) {
  const cs_tls_failure f = {.rule = CS_RULE_TLS_CLOSED_EARLY};
  bool told = g->flown || g->verified || g->over;
  g->over = true;
  if (!told)
    cs_runner_case_refused(g->c, g->port, &f, now);
}

bool cs_runner_greeting_output(cs_runner_greeting *g, cs_span *bytes) {
  if (g->sent == g->queue.count)
    return false;
  cs_span left = ((const cs_span *)g->queue.items)[g->sent];
  *bytes = cs_span_cut(left, g->sent_part, left.len - g->sent_part);
  return true;
}

void cs_runner_greeting_sent(cs_runner_greeting *g, size_t n, cs_time now) {
  cs_span bytes = ((const cs_span *)g->queue.items)[g->sent];
  g->sent_part += n;
  if (g->sent_part >= bytes.len) {
    cs_runner_case_shaken(g->c, g->port, true, bytes, now);
    g->sent++;
    g->sent_part = 0;
  }
}

cs_time cs_runner_greeting_deadline(const cs_runner_greeting *g) {
  return g->over ? CS_TIME_NEVER : g->again;
}

void cs_runner_greeting_expire(cs_runner_greeting *g, cs_time now) {
  if (g->over || now < g->again)
    return;
  g->timeout *= 2;
  queue(g, now);
}

bool cs_runner_greeting_waits(const cs_runner_greeting *g) {
  return !g->flown && !g->verified && !g->over;
}
