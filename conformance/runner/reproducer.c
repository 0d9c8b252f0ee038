/* What a case sent, out of its packets. */
#include "runner/reproducer.h"

#include <string.h>

#include "runner/values.h"

/* Times are kept to a millisecond; shorter ones without an arrival between were
 * never waited. */
static const cs_time grain = CS_MILLISECOND;
static const cs_time pause_min = 20 * CS_MILLISECOND;

cs_runner_move *cs_runner_reproducer_add(cs_runner_arena *arena, cs_runner_reproducer *r,
                                         const cs_runner_move *move) {
  cs_runner_move *m = cs_runner_push(arena, &r->moves, sizeof *m);
  *m = *move;
  m->bytes = cs_runner_copy(arena, move->bytes);
  return m;
}

/* The one step of a small scenario that is on this transport; NULL when it is no step. */
static const cs_runner_step *step_of(cs_runner_arena *arena, cs_runner_transport t,
                                     const char *line) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  char *text = cs_runner_format(arena, "# t\nid crash/0/t\ntransport %s\n---\n%s\n",
                                cs_runner_transport_name(t), line);
  return cs_runner_parse(cs_span_str(text), "", NULL, arena, &s, &e) && s->step_count ? s->steps
                                                                                      : NULL;
}

/* How hands were shaken, as the packet says it; NULL when it does not say. */
static const cs_runner_secure *secure_of(cs_runner_arena *arena, cs_runner_transport t,
                                         const cs_report_packet *p) {
  if (!(1u << t & CS_RUNNER_SECURED))
    return NULL;
  const cs_runner_step *step =
      step_of(arena, t, cs_runner_format(arena, "%s\n< refused\n| *", p->notation));
  return step && step->kind == CS_RUNNER_OPEN_SECURE ? &step->secure : NULL;
}

static bool alert_of(cs_runner_arena *arena, cs_runner_transport t, const cs_report_packet *p,
                     uint8_t *out) {
  const cs_runner_step *step = step_of(arena, t, cs_runner_format(arena, "> %s", p->notation));
  if (!step || step->kind != CS_RUNNER_SEND || step->send.kind != CS_RUNNER_SEND_ALERT)
    return false;
  *out = step->send.alert;
  return true;
}

static bool is_plain(const cs_report_packet *p) {
  return strncmp(p->notation, "plain ", 6) == 0;
}

/* The move that a packet of ours is; false when it is none. */
static bool move_of(cs_runner_arena *arena, cs_runner_transport t, const cs_report_packet *p,
                    cs_runner_move *out) {
  *out = (cs_runner_move){.port = p->channel};
  switch (p->kind) {
  case CS_REPORT_OPENED:
    out->kind = CS_RUNNER_MOVE_OPEN;
    out->secure = secure_of(arena, t, p);
    return true;
  case CS_REPORT_ENDED:
    out->kind = strcmp(p->notation, "end") == 0 ? CS_RUNNER_MOVE_END : CS_RUNNER_MOVE_CLOSE;
    return true;
  case CS_REPORT_SECURITY:
    out->kind = CS_RUNNER_MOVE_ALERT;
    return alert_of(arena, t, p, &out->alert);
  case CS_REPORT_BYTES:
    out->kind = is_plain(p) ? CS_RUNNER_MOVE_PLAIN : CS_RUNNER_MOVE_SEND;
    out->bytes = p->bytes;
    out->slowly = p->slowly;
    out->multicast = strncmp(p->notation, "multicast ", 10) == 0;
    return true;
  default:
    return false;
  }
}

static void add_wait(cs_runner_arena *arena, cs_runner_reproducer *r, cs_time gap, bool heard) {
  if (gap <= 0 || (!heard && gap < pause_min))
    return;
  cs_runner_move wait = {.kind = CS_RUNNER_MOVE_WAIT, .time = (gap + grain - 1) / grain * grain};
  cs_runner_reproducer_add(arena, r, &wait);
}

bool cs_runner_reproducer_of(cs_runner_arena *arena, const cs_report_packet *packets, size_t count,
                             cs_runner_transport transport, cs_runner_reproducer *out) {
  cs_runner_reproducer r = {.transport = transport, .open = CS_RUNNER_OPEN_CONNECTED};
  cs_time last = 0;
  bool heard = false;
  bool sent = false;
  for (size_t i = 0; i < count; i++) {
    const cs_report_packet *p = &packets[i];
    cs_runner_move move;
    heard = heard || !p->sent;
    if (!p->sent || p->closing || !move_of(arena, transport, p, &move))
      continue;
    if (r.moves.count) /* what was before the first matters to nobody */
      add_wait(arena, &r, p->at - last, heard);
    if (move.kind == CS_RUNNER_MOVE_OPEN && !r.secure && !(move.secure && move.secure->hello))
      r.secure = move.secure;
    cs_runner_reproducer_add(arena, &r, &move);
    sent = sent || move.kind != CS_RUNNER_MOVE_CLOSE;
    last = p->at;
    heard = false;
  }
  if (sent)
    *out = r;
  return sent;
}

const char *cs_runner_reproducer_name(cs_runner_arena *arena, const char *text) {
  enum { MOST = 60 };
  char *name = cs_runner_get(arena, MOST + 1);
  size_t n = 0;
  for (; *text && n < MOST; text++) {
    char c = *text;
    if (c >= 'A' && c <= 'Z')
      c = (char)(c - 'A' + 'a');
    bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
    name[n++] = good ? c : '-';
  }
  return n ? name : "unnamed";
}

const cs_runner_scenario *cs_runner_reproducer_scenario(cs_runner_arena *arena,
                                                        const cs_runner_reproducer *r,
                                                        const char *id) {
  const char *text = cs_runner_reproducer_text(arena, r, id);
  const cs_runner_scenario *s = NULL;
  cs_runner_error e;
  const char *file = cs_runner_format(arena, "%s.scn", cs_runner_reproducer_name(arena, id));
  return cs_runner_parse(cs_span_str(text), file, NULL, arena, &s, &e) ? s : NULL;
}
