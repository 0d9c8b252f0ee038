/* What comes to a port of ours from another endpoint than the target. A response has
 * to come from where its request went (RFC 7252 section 5.3.2), and an Acknowledgement
 * or a Reset counts only together with the endpoint (4.4). So what answers a message
 * of ours, by its token or its Message ID, fails the step that waits for it, unless
 * the right answer comes soon. Everything else may be anybody's: it is put down, as
 * long as it is little, and changes nothing. */
#include "runner/case_inside.h"

/* How long the right answer may take behind one from elsewhere. */
static const cs_time grace = 300 * CS_MILLISECOND;
enum {
  SHOWN_MAX = 16,         /* datagrams of strangers that a report shows, */
  SHOWN_BYTES_MAX = 4096, /* and bytes of all of them */
  KEPT_MAX = 64           /* answers from elsewhere that are looked at */
};

static const char response_source[] = "RFC7252#5.3.2:response-source";
static const char mid_unmatched[] = "RFC7252#4.4:mid-unmatched";

static bool is_reply(const cs_wire_message *m) {
  return m->type == CS_ACK || m->type == CS_RST;
}

static bool responds(const cs_wire_message *m, const cs_runner_posted *p) {
  return cs_wire_code_is_response(m->code) && p->token.len && cs_span_equal(m->token, p->token);
}

/* The message of ours that it answers, the last one first; NULL when there is none. */
static cs_runner_posted *answered_by(cs_runner_case *c, unsigned port, const cs_wire_message *m) {
  cs_runner_posted *posted = c->posted.items;
  for (size_t i = c->posted.count; i-- > 0;)
    if (posted[i].port == port &&
        (responds(m, &posted[i]) || (is_reply(m) && m->mid == posted[i].mid)))
      return &posted[i];
  return NULL;
}

void cs_runner_case_note_proper(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_posted *posted = c->posted.items;
  if (c->form != CS_WIRE_UDP || c->secured || !cs_runner_is_message(a))
    return;
  for (size_t i = 0; i < c->posted.count; i++) {
    if (posted[i].port != a->port)
      continue;
    bool response = responds(&a->m, &posted[i]);
    posted[i].responded = posted[i].responded || response;
    posted[i].settled =
        posted[i].settled || response || (is_reply(&a->m) && a->m.mid == posted[i].mid);
  }
  if (c->stray.there &&
      (c->stray.by_token ? posted[c->stray.whose].responded : posted[c->stray.whose].settled))
    c->stray.there = false;
}

void cs_runner_stray_met(cs_runner_case *c, const cs_runner_arrival *a) {
  const cs_runner_posted *whose = (const cs_runner_posted *)c->posted.items + a->whose;
  if (c->stray.there || (a->by_token ? whose->responded : whose->settled))
    return;
  c->stray = (cs_runner_stray){true, a->at, a->by_token, a->whose, a->from, a->notation};
}

cs_time cs_runner_stray_due(const cs_runner_stray *stray) {
  return stray->there ? cs_time_add(stray->at, grace) : CS_TIME_NEVER;
}

const char *cs_runner_stray_statement(const cs_runner_stray *stray) {
  return stray->by_token ? response_source : mid_unmatched;
}

const char *cs_runner_stray_text(cs_runner_case *c, const cs_runner_stray *stray) {
  return cs_runner_format(&c->arena, "the answer came from %s, not from the target (%s)",
                          stray->from, stray->notation);
}

/* Nobody's: it is shown, or counted. */
static void pass_stranger(cs_runner_case *c, unsigned port, cs_span bytes, const char *from) {
  if (!c->strangers++)
    c->stranger = cs_runner_text(&c->arena, cs_span_str(from));
  if (c->strangers > SHOWN_MAX || bytes.len > SHOWN_BYTES_MAX - c->stranger_bytes)
    return;
  c->stranger_bytes += bytes.len;
  const char *name = cs_runner_text(&c->arena, cs_span_str(from));
  const char *what = c->secured
                         ? cs_runner_format(&c->arena, "%zu bytes", bytes.len) /* nobody can tell */
                         : cs_runner_notation(&c->arena, CS_WIRE_UDP, bytes, &c->limits);
  cs_runner_case_record_from(c, port, cs_runner_copy(&c->arena, bytes),
                             cs_runner_format(&c->arena, "elsewhere %s: %s", name, what), name);
}

/* Keeps an answer to this message of ours for the steps, or for the search for life. */
static void keep_answer(cs_runner_case *c, cs_runner_arrival *a, const cs_runner_posted *whose) {
  c->elsewhere_kept++;
  a->by_token = responds(&a->m, whose);
  a->whose = (size_t)(whose - (const cs_runner_posted *)c->posted.items);
  cs_runner_case_record_from(c, a->port, a->bytes,
                             cs_runner_format(&c->arena, "elsewhere %s: %s", a->from, a->notation),
                             a->from);
  if (!cs_runner_life_takes(c, a))
    *(cs_runner_arrival *)cs_runner_push(&c->arena, &c->inbox, sizeof *a) = *a;
}

void cs_runner_case_receive_elsewhere(cs_runner_case *c, unsigned port, cs_span bytes,
                                      const char *from, bool same_host, cs_time now) {
  cs_runner_arrival a = {.kind = CS_RUNNER_CAME_ELSEWHERE, .at = now, .port = port};
  if (c->done || port >= c->ports || c->form != CS_WIRE_UDP || cs_runner_call_owns(c, port))
    return;
  c->now = now;
  cs_rule broken = cs_wire_parse(CS_WIRE_UDP, bytes, &c->limits, &a.m);
  const cs_runner_posted *whose =
      broken == CS_RULE_NONE && !c->secured ? answered_by(c, port, &a.m) : NULL;
  /* Others of a group have every right to answer too. */
  bool others = whose && whose->group && !same_host;
  if (!whose || others || c->elsewhere_kept == KEPT_MAX) {
    pass_stranger(c, port, bytes, from);
    return;
  }
  if (whose->group && bytes.len > CS_RUNNER_STREAM_MAX - c->came) {
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the target sent more than 2 MiB", now);
    return;
  }
  c->came += whose->group ? bytes.len : 0; /* of others KEPT_MAX is the limit */
  a.bytes = cs_runner_copy(&c->arena, bytes);
  (void)cs_wire_parse(CS_WIRE_UDP, a.bytes, &c->limits, &a.m);
  a.notation = cs_runner_notation(&c->arena, CS_WIRE_UDP, a.bytes, &c->limits);
  if (whose->group) { /* one that was asked as one of many may answer from any port */
    a.kind = CS_RUNNER_CAME_MESSAGE;
    cs_runner_case_arrive(c, &a);
  } else {
    a.from = cs_runner_text(&c->arena, cs_span_str(from));
    keep_answer(c, &a, whose);
  }
  cs_runner_case_advance(c);
}
