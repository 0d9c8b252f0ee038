/* What a case sends, and what it remembers of it. */
#include "runner/case_inside.h"
#include "wire/option.h"

/* ACK_TIMEOUT and MAX_RETRANSMIT of RFC 7252 section 4.8 for our own requests. */
static const cs_time ack_timeout = 2 * CS_SECOND;
enum { MAX_RETRANSMIT = 4 };
/* Between the bytes of "> slowly". */
static const cs_time slow_pause = 5 * CS_MILLISECOND;

void cs_runner_case_record(cs_runner_case *c, cs_report_packet_kind kind, bool sent, unsigned port,
                           cs_span bytes, const char *notation) {
  cs_report_packet *p = cs_runner_push(&c->arena, &c->packets, sizeof *p);
  *p = (cs_report_packet){.at = c->now - c->start,
                          .sent = sent,
                          .bytes = bytes,
                          .notation = notation,
                          .port = c->port_names[port],
                          .kind = kind,
                          .channel = port,
                          .slowly = sent && c->slow.active && c->slow.port == port,
                          .closing = c->life.closing};
}

void cs_runner_case_record_from(cs_runner_case *c, unsigned port, cs_span bytes,
                                const char *notation, const char *from) {
  cs_runner_case_record(c, CS_REPORT_BYTES, false, port, bytes, notation);
  cs_report_packet *packets = c->packets.items;
  packets[c->packets.count - 1].from = from;
}

static void note_datagram(cs_runner_case *c, unsigned port, cs_span bytes, bool group) {
  if (bytes.len < 4 || (bytes.at[0] >> 4 & 3u) > CS_NON)
    return;
  uint16_t mid = (uint16_t)((unsigned)bytes.at[2] << 8 | bytes.at[3]);
  const cs_runner_posted *all = c->posted.items;
  if (c->posted.count && all[c->posted.count - 1].mid == mid &&
      all[c->posted.count - 1].port == port)
    return; /* again */
  cs_wire_message m;
  bool parsed = cs_wire_parse(CS_WIRE_UDP, bytes, &c->limits, &m) == CS_RULE_NONE;
  cs_runner_posted *p = cs_runner_push(&c->arena, &c->posted, sizeof *p);
  *p = (cs_runner_posted){.code = bytes.at[1],
                          .mid = mid,
                          .token = parsed ? m.token : (cs_span){0},
                          .port = port,
                          .group = group};
}

/* Remembers what may be answered. A message may be malformed on purpose. */
static void note_sent(cs_runner_case *c, unsigned port, const cs_runner_made *made) {
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  cs_wire_message m;
  if (made->message.len && (made->message.at[0] & 15u) > 8)
    c->limits = any;
  if (c->form == CS_WIRE_UDP) {
    note_datagram(c, port, made->message, false);
    return;
  }
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  s->close_sent = s->close_sent || made->control == CS_WS_CLOSE;
  s->ping_sent = s->ping_sent || made->control == CS_WS_PING;
  if (made->message.len > s->longest)
    s->longest = made->message.len;
  cs_runner_stream_sent(c, port, made->bytes);
  if (made->key.len)
    s->key = made->key;
  /* Whatever was answered before, what comes next is the answer to this. */
  if (made->key.len && s->mode == CS_RUNNER_MODE_BODY && s->in.len == 0)
    s->mode = CS_RUNNER_MODE_HEAD;
  if (made->message.len && cs_wire_parse(c->form, made->message, &c->limits, &m) == CS_RULE_NONE &&
      m.token.len)
    *(cs_runner_posted *)cs_runner_push(&c->arena, &c->posted, sizeof(cs_runner_posted)) =
        (cs_runner_posted){.code = m.code, .token = m.token, .port = port};
}

static void record_sent(cs_runner_case *c, unsigned port, const cs_runner_made *made) {
  note_sent(c, port, made);
  const char *notation = made->notation;
  if (!notation)
    notation = cs_runner_notation(&c->arena, c->form, made->message, &c->limits);
  cs_runner_case_record(c, CS_REPORT_BYTES, true, port, made->bytes, notation);
}

static void post(cs_runner_case *c, cs_runner_act_kind kind, unsigned port, cs_span bytes) {
  cs_runner_act *act = cs_runner_push(&c->arena, &c->outbox, sizeof *act);
  *act = (cs_runner_act){.kind = kind, .port = port, .bytes = bytes};
}

static bool writable(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (c->form != CS_WIRE_UDP)
    return cs_runner_stream_writable(s);
  return !c->secured || cs_runner_session_lives(s);
}

/* Beside the session; nobody's answer is looked for in it. */
static void send_aside(cs_runner_case *c, unsigned port, const cs_runner_made *made) {
  const char *notation = made->notation;
  if (!notation)
    notation = cs_runner_notation(&c->arena, c->form, made->message, &c->limits);
  post(c, CS_RUNNER_ACT_PLAIN, port, made->bytes);
  cs_runner_case_record(c, CS_REPORT_BYTES, true, port, made->bytes,
                        cs_runner_format(&c->arena, "plain %s", notation));
}

/* To everybody in the group; the target is one of them, or not. */
static void send_group(cs_runner_case *c, unsigned port, const cs_runner_made *made) {
  const char *notation = made->notation;
  note_datagram(c, port, made->message.len ? made->message : made->bytes, true);
  if (!notation)
    notation = cs_runner_notation(&c->arena, c->form, made->message, &c->limits);
  post(c, CS_RUNNER_ACT_GROUP, port, made->bytes);
  cs_runner_case_record(c, CS_REPORT_BYTES, true, port, made->bytes,
                        cs_runner_format(&c->arena, "multicast %s", notation));
}

void cs_runner_case_send_alert(cs_runner_case *c, unsigned port, uint8_t alert) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (!cs_runner_session_lives(s))
    return;
  cs_runner_act *act = cs_runner_push(&c->arena, &c->outbox, sizeof *act);
  *act = (cs_runner_act){.kind = CS_RUNNER_ACT_ALERT, .port = port, .alert = alert};
  cs_runner_case_record(c, CS_REPORT_SECURITY, true, port, (cs_span){0},
                        cs_runner_alert_notation(&c->arena, alert));
  s->silenced = true;
}

void cs_runner_case_send(cs_runner_case *c, unsigned port, const cs_runner_made *made) {
  if (!writable(c, port) || (c->form != CS_WIRE_UDP && made->bytes.len == 0))
    return;
  post(c, CS_RUNNER_ACT_SEND, port, made->bytes);
  record_sent(c, port, made);
}

void cs_runner_case_send_empty(cs_runner_case *c, unsigned port, uint8_t type, uint16_t mid) {
  uint8_t bytes[4] = {(uint8_t)(0x40u | (unsigned)type << 4), 0, (uint8_t)(mid >> 8), (uint8_t)mid};
  cs_span copy = cs_runner_copy(&c->arena, cs_span_of(bytes, sizeof bytes));
  cs_runner_case_send(c, port, &(cs_runner_made){.bytes = copy, .message = copy});
}

void cs_runner_case_acknowledge(cs_runner_case *c, const cs_runner_arrival *a) {
  if (c->form == CS_WIRE_UDP && cs_runner_is_message(a) && a->m.type == CS_CON)
    cs_runner_case_send_empty(c, a->port, CS_ACK, a->m.mid);
}

void cs_runner_case_send_plain(cs_runner_case *c, unsigned port, uint8_t code, cs_span token,
                               uint16_t option) {
  uint8_t options[4];
  cs_base_writer w = cs_base_writer_of(options, sizeof options);
  cs_wire_option_writer o = {&w, 0};
  if (option)
    cs_wire_option_put(&o, option, (cs_span){0});
  cs_wire_message m = {
      .form = c->form, .code = code, .token = token, .options = cs_base_written(&w)};
  size_t cap = cs_wire_size(&m);
  uint8_t *bytes = cs_runner_get(&c->arena, cap);
  size_t len = 0;
  if (cs_wire_build(&m, bytes, cap, &len) != CS_OK)
    return;
  cs_span message = cs_span_of(bytes, len);
  cs_runner_made made = {.message = message};
  made.bytes = cs_runner_wrap(&c->arena, &c->fresh, c->form, message);
  cs_runner_case_send(c, port, &made);
}

void cs_runner_case_send_control(cs_runner_case *c, unsigned port, uint8_t opcode,
                                 cs_span payload) {
  cs_runner_frame frame = {.opcode = opcode, .fin = true, .masked = true};
  cs_wire_ws_frame shown = {.fin = true, .opcode = opcode, .masked = true, .length = payload.len};
  cs_runner_made made = {.control = opcode};
  made.bytes = cs_runner_make_frame(&c->arena, &c->fresh, &frame, payload);
  made.notation = cs_runner_frame_notation(&c->arena, &shown, payload, true);
  cs_runner_case_send(c, port, &made);
}

cs_runner_maker cs_runner_case_maker(cs_runner_case *c) {
  return (cs_runner_maker){.scenario = c->config.variant.scenario,
                           .profile = c->config.profile,
                           .arena = &c->arena,
                           .values = &c->values,
                           .fresh = &c->fresh,
                           .form = c->form,
                           .host = c->config.host,
                           .type = c->config.variant.type};
}

static bool make(cs_runner_case *c, const cs_runner_step *step, cs_span echo,
                 cs_runner_made *made) {
  cs_runner_maker maker = cs_runner_case_maker(c);
  const char *why = NULL;
  maker.echo = echo;
  if (cs_runner_make(&maker, &step->send, made, &why))
    return true;
  cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, why);
  return false;
}

/* Whether a request is sent again while nothing answers it. What is Non-confirmable gets a new
 * Message ID each time, so not where the scenario has named it, or where all of a group hear it. */
static bool repeatable(const cs_runner_case *c, const cs_runner_send *send, uint8_t type) {
  if (c->form != CS_WIRE_UDP || type == CS_CON)
    return c->form == CS_WIRE_UDP;
  for (size_t i = 0; i < send->field_count; i++)
    if (send->fields[i].kind == CS_RUNNER_FIELD_MID)
      return false;
  return type == CS_NON && !send->multicast;
}

/* RFC 7252 section 4.3: a sender may send several copies. With the same Message ID they would be
 * duplicates, which a target that has answered the first one ignores. Whichever is answered, it is
 * the answer to the one request. */
static void renew(cs_runner_case *c, cs_runner_made *made) {
  cs_span copy = cs_runner_copy(&c->arena, made->message);
  uint8_t *at = (uint8_t *)(uintptr_t)copy.at;
  cs_runner_posted *posted = c->posted.items;
  uint16_t before = made->mid;
  made->mid = cs_runner_fresh_mid(&c->fresh);
  if (c->posted.count && posted[c->posted.count - 1].mid == before)
    posted[c->posted.count - 1].mid = made->mid;
  at[2] = (uint8_t)(made->mid >> 8);
  at[3] = (uint8_t)made->mid;
  made->bytes = made->message = copy;
}

static void keep_request(cs_runner_case *c, const cs_runner_step *step, bool echoed,
                         const cs_runner_made *made) {
  if (c->request.there)
    *(cs_runner_request *)cs_runner_push(&c->arena, &c->earlier, sizeof c->request) = c->request;
  uint64_t spread = cs_base_seeded_next(&c->fresh.random) % (ack_timeout / 2);
  c->request = (cs_runner_request){.there = true,
                                   .echoed = echoed,
                                   .step = step,
                                   .repeating = repeatable(c, &step->send, made->type),
                                   .made = *made,
                                   .port = c->port,
                                   .timeout = ack_timeout + spread};
  c->request.again = cs_time_add(c->now, c->request.timeout);
}

static bool send_made(cs_runner_case *c, const cs_runner_step *step, cs_span echo) {
  cs_runner_made made;
  if (step->send.kind == CS_RUNNER_SEND_ALERT) {
    cs_runner_case_send_alert(c, c->port, step->send.alert);
    return true;
  }
  if (!make(c, step, echo, &made))
    return false;
  if (step->send.plain) {
    send_aside(c, c->port, &made);
    return true;
  }
  cs_runner_stream *s = cs_runner_stream_of(c, c->port);
  if (c->form == CS_WIRE_UDP && s && s->alerted)
    s->dropped = true;
  if (step->send.multicast)
    send_group(c, c->port, &made);
  else
    cs_runner_case_send(c, c->port, &made);
  if (step->send.ordinary)
    keep_request(c, step, echo.len > 0, &made);
  return true;
}

/* One byte after the other; true when all are sent, or can be no more. */
static bool send_slowly(cs_runner_case *c, const cs_runner_step *step) {
  cs_runner_slow *slow = &c->slow;
  if (!slow->active) {
    *slow = (cs_runner_slow){.port = c->port, .next = c->now};
    if (!make(c, step, (cs_span){0}, &slow->made))
      return false;
    slow->active = true;
  }
  while (slow->sent < slow->made.bytes.len && c->now >= slow->next && writable(c, slow->port)) {
    post(c, CS_RUNNER_ACT_SEND, slow->port, cs_span_cut(slow->made.bytes, slow->sent++, 1));
    slow->next = cs_time_add(slow->next, slow_pause);
  }
  if (slow->sent < slow->made.bytes.len && writable(c, slow->port))
    return false;
  if (slow->sent == slow->made.bytes.len)
    record_sent(c, slow->port, &slow->made);
  else if (slow->sent)
    cs_runner_case_record(
        c, CS_REPORT_BYTES, true, slow->port, cs_span_cut(slow->made.bytes, 0, slow->sent),
        cs_runner_raw_notation(&c->arena, cs_span_cut(slow->made.bytes, 0, slow->sent)));
  slow->active = false;
  return true;
}

bool cs_runner_case_send_step(cs_runner_case *c, const cs_runner_step *step) {
  if (c->now < cs_time_add(c->before, step->time))
    return false;
  return step->send.slowly ? send_slowly(c, step) : send_made(c, step, (cs_span){0});
}

cs_time cs_runner_case_send_deadline(const cs_runner_case *c, const cs_runner_step *step) {
  return c->slow.active ? c->slow.next : cs_time_add(c->before, step->time);
}

void cs_runner_case_send_echo(cs_runner_case *c, cs_span echo) {
  c->before = c->now;
  send_made(c, c->request.step, echo);
}

void cs_runner_case_repeat(cs_runner_case *c) {
  cs_runner_request *r = &c->request;
  if (!r->there || !r->repeating || c->now < r->again)
    return;
  if (r->count == MAX_RETRANSMIT) {
    r->repeating = false;
    return;
  }
  r->count++;
  r->timeout *= 2;
  r->again = cs_time_add(c->now, r->timeout);
  if (r->made.type == CS_NON)
    renew(c, &r->made);
  cs_runner_case_send(c, r->port, &r->made);
}

/* An Acknowledgement or Reset with its Message ID, or a response with its token. */
void cs_runner_case_note_answer(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_request *r = &c->request;
  if (!r->there || a->port != r->port || !cs_runner_is_message(a))
    return;
  bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) && a->m.mid == r->made.mid;
  bool by_token = cs_wire_code_is_response(a->m.code) && cs_span_equal(a->m.token, r->made.token);
  if (by_mid || by_token)
    r->repeating = false;
}

/* Such an answer says nothing about the message sent since. */
bool cs_runner_case_comes_late(cs_runner_case *c, const cs_runner_arrival *a) {
  static const uint8_t ping = CS_CODE(7, 2);
  static const uint8_t pong = CS_CODE(7, 3);
  cs_runner_posted *p = c->posted.items;
  for (size_t i = 0; i < c->posted.count && cs_runner_is_message(a); i++) {
    bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) && a->m.mid == p[i].mid;
    bool answer = cs_wire_code_is_response(a->m.code) ||
                  (c->form != CS_WIRE_UDP && a->m.code == pong && p[i].code == ping);
    bool by_token = answer && p[i].token.len && cs_span_equal(a->m.token, p[i].token);
    if (p[i].port != a->port || p[i].answered || (!by_mid && !by_token))
      continue;
    p[i].answered = true;
    return i + 1 < c->posted.count;
  }
  return false;
}
