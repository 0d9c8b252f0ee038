/* Defects in what frames are for: Ping, Pong and Close (RFC 6455 sections 5.5 and
 * 7), and CoAP in them (RFC 8323 section 4). */
#include <string.h>

#include "server/defects_frame.h"

/* Keeps a payload until the answer goes out. */
static void keep(cs_defect_memory *m, const cs_frame *f) {
  memcpy(m->bytes, f->payload, f->len);
  m->len = f->len;
}

/* ---- Ping and Pong ---- */

static bool ping_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_PING, &f);
}

static bool later_pings_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_PING, &f) || t->mine->number[0]++ == 0;
}

/* Sends of the payload of a Pong no more than this. */
static bool cut_pong(cs_defect_unit *u, size_t most) {
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_PONG, &f) && f.len > most) {
    f.len = most;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool pong_empty(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cut_pong(u, 0);
}

static bool pong_cut(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cut_pong(u, 64);
}

static bool unsolicited_pong_closes(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read_as(u, CS_WS_PONG, &f))
    return true;
  cs_defect_close(t);
  return false;
}

/* ---- closing ---- */

static bool close_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_CLOSE, &f);
}

static bool stays_open(cs_defect_turn *t) {
  (void)t;
  return false;
}

static bool message_behind_close(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  static const uint8_t pong[] = {0x82, 2, 0, CS_CODE(7, 3)};
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) && u->len + sizeof pong <= sizeof u->bytes) {
    memcpy(u->bytes + u->len, pong, sizeof pong);
    u->len += sizeof pong;
  }
  return true;
}

/* Takes a Close with a payload that may not be for one of 1000, and keeps what
 * it said. */
static void take_close(cs_defect_turn *t, cs_defect_unit *u, cs_frame *f) {
  static const uint8_t normal[] = {CS_WS_NORMAL >> 8, CS_WS_NORMAL & 0xff};
  keep(t->mine, f);
  t->mine->number[0] = 1;
  cs_frame_set(f, cs_span_of(normal, sizeof normal));
  cs_frame_write(u, f);
}

/* Answers by what was kept. */
static bool kept_close_sent(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (t->mine->number[0] && cs_frame_read_as(u, CS_WS_CLOSE, &f)) {
    cs_frame_set(&f, cs_span_of(t->mine->bytes, t->mine->len));
    cs_frame_write(u, &f);
  }
  return true;
}

static bool half_status_in(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) && f.len == 1)
    take_close(t, u, &f);
  return true;
}

static bool half_status_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_CLOSE, &f) || f.len != 1;
}

static bool reserved_status_in(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) &&
      (cs_frame_status(&f) == 1005 || cs_frame_status(&f) == 1006 || cs_frame_status(&f) == 1015))
    take_close(t, u, &f);
  return true;
}

static bool unused_status_in(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) && f.len >= 2 && cs_frame_status(&f) < CS_WS_NORMAL)
    take_close(t, u, &f);
  return true;
}

static bool reason_in_latin_1(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  static const uint8_t refused[] = {CS_WS_PROTOCOL_ERROR >> 8, CS_WS_PROTOCOL_ERROR & 0xff, 'g',
                                    0xea, 'n'};
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f)) {
    cs_frame_set(&f, cs_span_of(refused, sizeof refused));
    cs_frame_write(u, &f);
  }
  return true;
}

static bool no_status_in(cs_defect_turn *t, cs_defect_unit *u) {
  static const uint8_t none[] = {1005 >> 8, 1005 & 0xff};
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) && f.len == 0) {
    cs_frame_set(&f, cs_span_of(none, sizeof none));
    take_close(t, u, &f);
  }
  return true;
}

static bool failure_unsaid(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_CLOSE, &f) || cs_frame_status(&f) == CS_WS_NORMAL;
}

static bool failure_as_normal(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  static const uint8_t normal[] = {CS_WS_NORMAL >> 8, CS_WS_NORMAL & 0xff};
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f)) {
    cs_frame_set(&f, cs_span_of(normal, sizeof normal));
    cs_frame_write(u, &f);
  }
  return true;
}

/* ---- CoAP in frames ---- */

static bool text_as_binary(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_TEXT, &f)) {
    f.header.opcode = CS_WS_BINARY;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool text_deafens(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_TEXT, &f))
    t->mine->number[0] = 1;
  return t->mine->number[0] == 0;
}

static bool messages_as_text(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_BINARY, &f)) {
    f.header.opcode = CS_WS_TEXT;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool len_sent(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  size_t content = d->m.options.len + (d->m.payload.len ? d->m.payload.len + 1 : 0);
  if (d->broken == CS_RULE_NONE)
    d->bytes[0] = (uint8_t)((d->bytes[0] & 0x0fu) | (content < 12 ? content : 12) << 4);
  return true;
}

static bool len_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->len && d->bytes[0] >> 4) {
    d->bytes[0] &= 0x0f;
    return cs_defect_set_bytes(d, cs_span_of(d->bytes, d->len));
  }
  return true;
}

static bool header_alone_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->len != 2;
}

/* Reads the missing bytes as a GET of the root. */
static bool short_message_padded(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  static const uint8_t get[] = {0, CS_CODE(0, 1)};
  return d->len >= sizeof get || cs_defect_set_bytes(d, cs_span_of(get, sizeof get));
}

static bool mute(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  (void)d;
  return false;
}

static bool csm_unsent(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken != CS_RULE_NONE || d->m.code != CS_CODE(7, 1);
}

static bool keepalive(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t ping[] = {0x89, 0};
  if (d->broken == CS_RULE_NONE && d->m.code == CS_CODE(7, 1))
    cs_defect_send_raw(t, cs_span_of(ping, sizeof ping), 20 * CS_SECOND);
  return true;
}

static const cs_defect table[] = {
    {.row = {"close-unanswered", "RFC6455#5.5.1:close-answered",
             "a Close is answered by closing TCP alone", CS_DEFECT_WS},
     .unit_out = close_ignored},
    {.row = {"close-ignored", "RFC6455#5.5.1:close-answered", "a Close is ignored", CS_DEFECT_WS},
     .unit_in = close_ignored},
    {.row = {"close-keeps-tcp", "RFC6455#5.5.1:tcp-closed",
             "the TCP connection stays open when Close went both ways", CS_DEFECT_WS},
     .closing = stays_open},
    {.row = {"half-status-echoed", "RFC6455#5.5.1:close-payload",
             "a Close of one byte is sent back as it came", CS_DEFECT_WS},
     .unit_in = half_status_in,
     .unit_out = kept_close_sent},
    {.row = {"half-status-ignored", "RFC6455#5.5.1:close-answered",
             "a Close of one byte is ignored", CS_DEFECT_WS},
     .unit_in = half_status_ignored},
    {.row = {"message-behind-close", "RFC6455#5.5.1:data-after-close",
             "a Pong message is sent behind the Close", CS_DEFECT_WS},
     .unit_out = message_behind_close},
    {.row = {"ping-frame-ignored", "RFC6455#5.5.2:ping-answered", "Ping frames are ignored",
             CS_DEFECT_WS},
     .unit_in = ping_ignored},
    {.row = {"later-pings-ignored", "RFC6455#5.5.2:ping-answered",
             "of a connection's Ping frames only the first is answered", CS_DEFECT_WS},
     .unit_in = later_pings_ignored},
    {.row = {"pong-frame-empty", "RFC6455#5.5.3:pong-payload", "Pong frames have no payload",
             CS_DEFECT_WS},
     .unit_out = pong_empty},
    {.row = {"pong-frame-cut", "RFC6455#5.5.3:pong-payload",
             "Pong frames have at most 64 bytes of payload", CS_DEFECT_WS},
     .unit_out = pong_cut},
    {.row = {"unsolicited-pong-closes", "RFC6455#5.5.3:unsolicited",
             "a Pong frame closes the connection", CS_DEFECT_WS},
     .unit_in = unsolicited_pong_closes},
    {.row = {"failure-keeps-tcp", "RFC6455#7.1.7:tcp-closed",
             "the TCP connection stays open when the connection has failed", CS_DEFECT_WS},
     .closing = stays_open},
    {.row = {"failure-without-close", "RFC6455#7.1.7:close-frame",
             "a connection is failed without a Close frame", CS_DEFECT_WS},
     .unit_out = failure_unsaid},
    {.row = {"failure-closes-normally", "RFC6455#7.1.7:close-frame",
             "a connection is failed by a Close of status 1000", CS_DEFECT_WS},
     .unit_out = failure_as_normal},
    {.row = {"reserved-status-echoed", "RFC6455#7.4.1:reserved-status",
             "a Close of status 1005, 1006 or 1015 is sent back as it came", CS_DEFECT_WS},
     .unit_in = reserved_status_in,
     .unit_out = kept_close_sent},
    {.row = {"no-status-sent-as-1005", "RFC6455#7.4.1:reserved-status",
             "a Close without status is answered by one of status 1005", CS_DEFECT_WS},
     .unit_in = no_status_in,
     .unit_out = kept_close_sent},
    {.row = {"unused-status-echoed", "RFC6455#7.4.2:unused-range",
             "a Close of a status under 1000 is sent back as it came", CS_DEFECT_WS},
     .unit_in = unused_status_in,
     .unit_out = kept_close_sent},
    {.row = {"close-reason-latin-1", "RFC6455#5.5.1:close-reason",
             "the reason of a Close is no UTF-8", CS_DEFECT_WS},
     .unit_out = reason_in_latin_1},
    {.row = {"text-taken-for-binary", "RFC6455#8.1:not-utf-8",
             "text frames are taken for binary ones", CS_DEFECT_WS},
     .unit_in = text_as_binary},
    {.row = {"upgraded-but-mute", "RFC8323#4.1:handshake",
             "nothing is said on a connection that was upgraded", CS_DEFECT_WS},
     .out = mute},
    {.row = {"messages-as-text", "RFC8323#4.2:binary", "messages are sent in text frames",
             CS_DEFECT_WS},
     .unit_out = messages_as_text},
    {.row = {"length-sent-as-on-tcp", "RFC8323#4.2:length-sent",
             "the Len field counts options and payload", CS_DEFECT_WS},
     .out = len_sent},
    {.row = {"len-field-ignored", "RFC8323#4.2:length-not-zero",
             "messages with any Len field are processed", CS_DEFECT_WS},
     .in = len_ignored},
    {.row = {"two-byte-message-ignored", "RFC8323#4.2:header-alone",
             "a message of two bytes is not seen", CS_DEFECT_WS},
     .in = header_alone_ignored},
    {.row = {"short-message-padded", "RFC8323#4.2:message-empty",
             "a message that is too short is read as a GET of the root", CS_DEFECT_WS},
     .in = short_message_padded},
    {.row = {"websocket-csm-unsent", "RFC8323#4.3:csm-first", "no CSM is sent on a WebSocket",
             CS_DEFECT_WS},
     .out = csm_unsent},
    {.row = {"websocket-keepalive", "RFC8323#4.4:no-websocket-ping",
             "a Ping frame is sent after 20 s", CS_DEFECT_WS},
     .in = keepalive},
    {.row = {"text-deafens", "RFC6455#6.2:next-message",
             "after a text message nothing that comes is heard", CS_DEFECT_WS},
     .unit_in = text_deafens},
};

const cs_defect_family cs_defects_websocket = {table, sizeof table / sizeof *table};
