/* The rules of a connection: what came on it in order, put together and cut anew. */
#include "runner/judge_inside.h"

#include "base/rule.h"
#include "wire/utf8.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

enum { CSM = CS_CODE(7, 1), PING = CS_CODE(7, 2), PONG = CS_CODE(7, 3), ABORT = CS_CODE(7, 5) };

/* One direction of a connection. */
struct flow {
  cs_span bytes;
  size_t at;              /* how far it was cut */
  cs_runner_list indices; /* struct piece */
  bool messages;          /* ws: the upgrade is over */
  uint8_t *fragment;      /* ws: of a message that is not whole */
  size_t fragment_len;
  bool fragmented;
  bool closing; /* ws: a Close was seen */
};

/* A packet and where its bytes begin. */
struct piece {
  size_t from;
  size_t packet;
};

struct connection {
  cs_runner_judging *j;
  cs_wire_form form;
  struct flow sent, came;
  cs_runner_tokens requests, pings;
  bool extended;   /* a token over 8 bytes was sent */
  bool extensions; /* ws: an extension was offered, or the upgrade was not as usual */
  bool foreign;    /* ws: the subprotocol may not be coap */
  bool any;        /* a message came */
};

/* The packet that the byte at this place came in. */
static size_t packet_at(const struct flow *f, size_t at) {
  const struct piece *all = f->indices.items;
  size_t i = f->indices.count;
  while (i > 1 && all[i - 1].from > at)
    i--;
  return i ? all[i - 1].packet : 0;
}

static void gather(struct connection *c, struct flow *f, uint16_t port, size_t first, size_t end,
                   int sent) {
  cs_runner_judging *j = c->j;
  size_t len = 0;
  for (size_t i = first; i < end; i++)
    if (j->packets[i].port == port && j->packets[i].sent == sent &&
        j->packets[i].kind == CS_REPORT_BYTES)
      len += j->packets[i].bytes.len;
  cs_base_writer w = cs_base_writer_of(cs_runner_get(j->arena, len + 1), len);
  for (size_t i = first; i < end; i++) {
    const cs_report_packet *p = &j->packets[i];
    if (p->port != port || p->sent != sent || p->kind != CS_REPORT_BYTES)
      continue;
    *(struct piece *)cs_runner_push(j->arena, &f->indices, sizeof(struct piece)) =
        (struct piece){w.len, i};
    cs_base_put_span(&w, p->bytes);
  }
  f->bytes = cs_base_written(&w);
  f->fragment = cs_runner_get(j->arena, len + 1);
}

static cs_span rest_of(const struct flow *f) {
  return cs_span_cut(f->bytes, f->at, f->bytes.len - f->at);
}

/* ---- what we sent ---- */

static void doubt(struct connection *c) {
  c->requests.doubtful = c->pings.doubtful = true;
}

static void note_message(struct connection *c, cs_span message) {
  cs_wire_message m;
  if (message.len && (message.at[0] & 15u) > 8)
    c->extended = true;
  if (cs_wire_parse(c->form, message, NULL, &m) != CS_RULE_NONE) {
    doubt(c);
    return;
  }
  if (m.code == PING)
    cs_runner_tokens_add(c->j->arena, &c->pings, m.token);
  else
    cs_runner_tokens_add(c->j->arena, &c->requests, m.token);
}

static void read_sent_tcp(struct connection *c) {
  struct flow *f = &c->sent;
  size_t total;
  while (f->at < f->bytes.len) {
    cs_span rest = rest_of(f);
    if (cs_wire_tcp_frame(rest, &total) != CS_OK || total > rest.len) {
      doubt(c);
      return;
    }
    note_message(c, cs_span_cut(rest, 0, total));
    f->at += total;
  }
}

/* One frame of ours; false when what follows may mean anything. */
static bool read_sent_frame(struct connection *c) {
  struct flow *f = &c->sent;
  cs_span rest = rest_of(f);
  cs_wire_ws_frame frame;
  cs_rule broken = CS_RULE_NONE;
  if (cs_wire_ws_frame_read(rest, &frame, &broken) != CS_OK ||
      cs_wire_ws_frame_check(&frame, true) != CS_RULE_NONE ||
      frame.length > rest.len - frame.header)
    return false;
  cs_span payload = cs_span_cut(rest, frame.header, (size_t)frame.length);
  f->at += frame.header + (size_t)frame.length;
  if (frame.opcode >= CS_WS_CLOSE)
    return true;
  if (frame.opcode == CS_WS_TEXT || (frame.opcode == CS_WS_CONTINUATION) != f->fragmented)
    return false;
  if (!f->fragmented)
    f->fragment_len = 0;
  uint8_t *to = f->fragment + f->fragment_len;
  if (payload.len)
    memcpy(to, payload.at, payload.len);
  cs_wire_ws_mask(to, payload.len, frame.mask, 0);
  f->fragment_len += payload.len;
  f->fragmented = !frame.fin;
  if (frame.fin)
    note_message(c, cs_runner_copy(c->j->arena, cs_span_of(f->fragment, f->fragment_len)));
  return true;
}

static void read_sent_ws(struct connection *c) {
  struct flow *f = &c->sent;
  cs_wire_http_head head;
  cs_rule broken;
  if (cs_wire_http_read(f->bytes, false, &head, &broken) != CS_OK ||
      cs_wire_ws_request_check(&head) != CS_RULE_NONE) {
    doubt(c);
    c->extensions = c->foreign = true;
    return;
  }
  c->extensions = cs_wire_http_count(&head, "Sec-WebSocket-Extensions") > 0;
  f->at = head.size;
  while (f->at < f->bytes.len)
    if (!read_sent_frame(c)) {
      doubt(c);
      return;
    }
}

/* ---- what came ---- */

static void judge_message(struct connection *c, cs_span message, size_t packet) {
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  cs_runner_judging *j = c->j;
  cs_wire_message m;
  if (c->form == CS_WIRE_WS && message.len == 0) {
    cs_runner_judge_rule(j, CS_RULE_WS_MESSAGE_EMPTY, packet);
    return;
  }
  bool first = !c->any;
  c->any = true;
  /* As with datagrams: what stands behind a token that may have been misread is not
   * looked at. */
  if (c->extended && (message.at[0] & 15u) > 8) {
    if (cs_wire_parse(c->form, message, &any, &m) != CS_RULE_NONE)
      cs_runner_judge_note(j, cs_base_rule_id(CS_RULE_TKL_RESERVED), packet,
                           "a message has a token length of 9 to 15 and not the form of RFC 8974");
    return;
  }
  cs_rule broken = cs_wire_parse(c->form, message, NULL, &m);
  if (broken != CS_RULE_NONE) {
    cs_runner_judge_rule(j, broken, packet);
    return;
  }
  /* An Abort may be all that there is to say. */
  if (first && m.code != CSM && m.code != ABORT)
    cs_runner_judge_note(j, "RFC8323#3.3:csm-first", packet,
                         "the first message of the connection is no CSM");
  if (m.code == PONG && !c->pings.doubtful && !cs_runner_tokens_have(&c->pings, m.token))
    cs_runner_judge_note(j, "RFC8323#5.4:pong", packet, "a Pong has a token that no Ping had");
  if (cs_wire_code_is_response(m.code) && !c->requests.doubtful &&
      !cs_runner_tokens_have(&c->requests, m.token))
    cs_runner_judge_note(j, "RFC7252#5.3.1:token-echoed", packet,
                         "a response has a token that no request had");
  cs_runner_judge_response(j, &m, packet);
}

static void judge_tcp(struct connection *c) {
  struct flow *f = &c->came;
  size_t total;
  while (f->at < f->bytes.len) {
    cs_span rest = rest_of(f);
    /* The end may have cut it. */
    if (cs_wire_tcp_frame(rest, &total) != CS_OK || total > rest.len)
      return;
    judge_message(c, cs_span_cut(rest, 0, total), packet_at(f, f->at + total - 1));
    f->at += total;
  }
}

/* The rule that a data frame breaks by its place. */
static cs_rule misplaced(const struct flow *f, const cs_wire_ws_frame *frame) {
  if (frame->opcode == CS_WS_CONTINUATION)
    return f->fragmented ? CS_RULE_NONE : CS_RULE_WS_CONTINUATION;
  if (f->fragmented)
    return CS_RULE_WS_INTERLEAVED;
  return CS_RULE_NONE;
}

static void judge_data(struct connection *c, const cs_wire_ws_frame *frame, cs_span payload,
                       size_t packet) {
  struct flow *f = &c->came;
  cs_rule broken = misplaced(f, frame);
  if (broken == CS_RULE_NONE && frame->opcode == CS_WS_TEXT && !c->foreign)
    broken = CS_RULE_WS_TEXT;
  if (broken != CS_RULE_NONE) {
    cs_runner_judge_rule(c->j, broken, packet);
    return;
  }
  if (f->closing)
    cs_runner_judge_note(c->j, "RFC6455#5.5.1:data-after-close", packet,
                         "a data frame was sent behind a Close");
  if (!f->fragmented)
    f->fragment_len = 0;
  if (payload.len)
    memcpy(f->fragment + f->fragment_len, payload.at, payload.len);
  f->fragment_len += payload.len;
  f->fragmented = !frame->fin;
  if (frame->fin && !c->foreign)
    judge_message(c, cs_runner_copy(c->j->arena, cs_span_of(f->fragment, f->fragment_len)), packet);
}

/* Whether the status of a Close is one that must not be sent. */
static bool never_sent(cs_span payload) {
  unsigned status = (unsigned)payload.at[0] << 8 | payload.at[1];
  return status < 1000 || status == 1005 || status == 1006 || status == 1015;
}

/* One frame; false when nothing more can be told. */
static bool judge_frame(struct connection *c) {
  struct flow *f = &c->came;
  cs_span rest = rest_of(f);
  cs_wire_ws_frame frame;
  cs_rule broken = CS_RULE_NONE;
  cs_err err = cs_wire_ws_frame_read(rest, &frame, &broken);
  if (err == CS_ERR_AGAIN)
    return false;
  size_t packet = packet_at(f, f->at);
  if (broken == CS_RULE_NONE && !(c->extensions && frame.rsv))
    broken = cs_wire_ws_frame_check(&frame, false);
  if (broken != CS_RULE_NONE) {
    cs_runner_judge_rule(c->j, broken, packet);
    return false;
  }
  if (frame.length > rest.len - frame.header)
    return false;
  cs_span payload = cs_span_cut(rest, frame.header, (size_t)frame.length);
  f->at += frame.header + (size_t)frame.length;
  if (frame.opcode == CS_WS_CLOSE) {
    uint16_t status;
    cs_span reason;
    broken = cs_wire_ws_close_read(payload, &status, &reason);
    /* Statuses that nobody has a meaning for yet are nobody's fault. */
    if (broken != CS_RULE_WS_CLOSE_STATUS || never_sent(payload))
      cs_runner_judge_rule(c->j, broken, packet);
    f->closing = true;
  } else if (frame.opcode < CS_WS_CLOSE) {
    judge_data(c, &frame, payload, packet);
  }
  return true;
}

static void judge_ws(struct connection *c) {
  struct flow *f = &c->came;
  cs_wire_http_head head;
  cs_rule broken;
  cs_wire_http_head asked;
  if (cs_wire_http_read(f->bytes, true, &head, &broken) != CS_OK || head.status != 101)
    return;
  /* An upgrade that was as it should be has one right answer. */
  if (!c->foreign && cs_wire_http_read(c->sent.bytes, false, &asked, &broken) == CS_OK) {
    cs_span key;
    char accept[CS_WS_ACCEPT_SIZE];
    cs_span said;
    if (cs_wire_http_field(&asked, "Sec-WebSocket-Key", &key)) {
      cs_wire_ws_accept(key, accept);
      if (!cs_wire_http_field(&head, "Sec-WebSocket-Accept", &said) ||
          !cs_span_equal(said, cs_span_of(accept, sizeof accept)))
        cs_runner_judge_note(c->j, "RFC6455#4.2.2:accept", packet_at(f, 0),
                             "the accept value is not the one that belongs to the key");
    }
  }
  if (!cs_wire_http_has_exact(&head, "Sec-WebSocket-Protocol", "coap"))
    c->foreign = true;
  f->at = head.size;
  while (f->at < f->bytes.len && judge_frame(c))
    continue;
}

/* One connection: the packets of a port from one opening to the next. What was
 * sent before it was opened is nothing. */
static void judge_connection(cs_runner_judging *j, uint16_t port, size_t first, size_t end) {
  struct connection c = {.j = j, .form = cs_runner_form(j->transport)};
  gather(&c, &c.sent, port, first, end, 1);
  gather(&c, &c.came, port, first, end, 0);
  if (c.form == CS_WIRE_WS) {
    read_sent_ws(&c);
    judge_ws(&c);
  } else {
    read_sent_tcp(&c);
    judge_tcp(&c);
  }
}

void cs_runner_judge_stream(cs_runner_judging *j, uint16_t port) {
  size_t first = 0;
  for (size_t i = 0; i <= j->count; i++) {
    bool opened =
        i < j->count && j->packets[i].port == port && j->packets[i].kind == CS_REPORT_OPENED;
    if (i != j->count && !opened)
      continue;
    if (i > first)
      judge_connection(j, port, first, i);
    first = i;
  }
}
