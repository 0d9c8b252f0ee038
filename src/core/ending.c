/* How a session ends: drained by its owner, with its transport, by an Abort
 * (RFC 8323 section 5.6) or a Release (section 5.5) of either side. */
#include "core/internal.h"

enum { RELEASE = CS_CODE(7, 4), ABORT = CS_CODE(7, 5), BAD_CSM_OPTION = 2 };

static void drain(cs_core_session *s, cs_core_nack reason, cs_rule rule) {
  s->closed = true;
  while (s->waiting.first)
    cs_core_request_end(s, s->waiting.first, reason, rule);
  while (s->open.first)
    cs_core_request_end(s, s->open.first, reason, rule);
}

void cs_core_drain(cs_core_session *s, cs_core_nack reason) {
  drain(s, reason, CS_RULE_NONE);
}

/* Nothing is received any more, and nothing is sent but our CSM, which is the
 * first message of a connection even when an Abort follows at once. */
static void end(cs_core_session *s, cs_rule rule) {
  struct reliable *r = s->reliable;
  r->ended = true;
  r->csm_due = CS_TIME_NEVER;
  drain(s, CS_NACK_CLOSED, rule);
  cs_core_replies_drop(s);
  cs_core_unqueue(s, &r->release);
  /* What the owner has not answered stays his until he does. */
  cs_core_exchange *next;
  for (cs_core_exchange *x = s->exchanges; x; x = next) {
    next = x->next;
    if (x->answered)
      cs_core_exchange_free(s, x);
  }
}

void cs_core_end(cs_core_session *s) {
  struct reliable *r = s->reliable;
  if (!r->ended)
    end(s, CS_RULE_NONE);
  cs_core_unqueue(s, &r->csm);
  cs_core_unqueue(s, &r->abort);
}

/* The network says that the peer cannot be reached: what is on its way and not
 * acknowledged has failed (RFC 7252 section 4.2, on ICMP errors). */
static void unreachable(cs_core_session *s) {
  cs_core_request *next;
  for (cs_core_request *r = s->open.first; r; r = next) {
    next = r->next;
    if (r->f.phase == PHASE_SENT && !r->multicast)
      cs_core_request_end(s, r, CS_NACK_UNREACHABLE, CS_RULE_NONE);
    /* Ending one may have let a waiting one in, at the list's end: it has not
     * been sent and is not touched. */
  }
}

void cs_core_link(cs_core_session *s, cs_core_link_event what, cs_time now) {
  cs_core_time(s, now);
  if (what != CS_LINK_CLOSED)
    unreachable(s);
  else
    cs_core_lost(s, CS_RULE_NONE, now);
}

void cs_core_abort(cs_core_session *s, cs_rule why, uint32_t bad_csm, cs_time now) {
  cs_core_time(s, now);
  struct reliable *r = s->reliable;
  if (!r || r->ended)
    return;
  end(s, why);
  r->why = why;
  r->bad_csm = bad_csm;
  r->tell = true;
  cs_core_queue(s, &r->abort);
}

void cs_core_lost(cs_core_session *s, cs_rule why, cs_time now) {
  if (s->reliable && why != CS_RULE_NONE)
    cs_core_abort(s, why, 0, now);
  cs_core_time(s, now);
  if (s->reliable)
    cs_core_end(s);
  else
    drain(s, CS_NACK_CLOSED, why);
}

bool cs_core_aborted_event(cs_core_session *s, cs_core_event *out) {
  struct reliable *r = s->reliable;
  if (!r->tell)
    return false;
  r->tell = false;
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_ABORTED;
  out->rule = r->why;
  return true;
}

void cs_core_release(cs_core_session *s, cs_time now) {
  cs_core_time(s, now);
  struct reliable *r = s->reliable;
  if (!r || r->ended || r->releasing || r->released)
    return;
  s->closed = true;
  r->releasing = true;
  cs_core_admit(s); /* which queues it behind the last request that waits */
}

bool cs_core_over(const cs_core_session *s) {
  const struct reliable *r = s->reliable;
  if (!r || s->out_first || s->ended.first || s->in_pending || r->tell)
    return false;
  if (r->ended)
    return true;
  return (r->releasing || r->released) && !s->waiting.first && !s->open.first && !s->exchanges;
}

cs_wire_message cs_core_ending(const cs_core_session *s, const struct out *o,
                               uint8_t buf[ENDING_OPTIONS_MAX]) {
  const struct reliable *r = s->reliable;
  cs_wire_message m = {.form = s->config->form, .code = o->kind == OUT_RELEASE ? RELEASE : ABORT};
  if (o->kind == OUT_RELEASE)
    return m;
  cs_base_writer out = cs_base_writer_of(buf, ENDING_OPTIONS_MAX);
  cs_wire_option_writer w = {&out, 0};
  if (r->bad_csm)
    (void)cs_wire_option_put_uint(&w, BAD_CSM_OPTION, r->bad_csm);
  m.options = cs_base_written(&out);
  m.payload = cs_span_of(cs_base_rule_id(r->why), cs_base_rule_id_len(r->why));
  return m;
}
