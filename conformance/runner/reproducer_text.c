/* A reproducer as the text of a scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/reproducer.h"
#include "runner/suite.h"
#include "runner/case_inside.h"
#include "runner/values.h"
#include "wire/ws_frame.h"

static const cs_wire_limits any_token = {CS_WIRE_TOKEN_MAX};

struct page {
  FILE *to;
  cs_runner_arena *arena;   /* of the caller */
  cs_runner_arena *scratch; /* for what is tried */
  const cs_runner_reproducer *r;
  cs_wire_form form;
  int numbers[CS_RUNNER_PORTS_MAX]; /* of a port in the text, from 0; -1: not begun */
  bool written[CS_RUNNER_PORTS_MAX];
  bool shaken[CS_RUNNER_PORTS_MAX];
  int ports;
  unsigned port; /* in use */
};

/* ---- A message, or a frame, in notation ---- */

/* Whether the step says exactly these bytes, whatever the case. */
static bool says(const struct page *p, const char *step, cs_span bytes) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  cs_runner_arena *a = p->scratch;
  char *text = cs_runner_format(a, "# t\nid crash/0/t\ntransport %s\n---\n> %s\n",
                                cs_runner_transport_name(p->r->transport), step);
  if (!cs_runner_parse(cs_span_str(text), "", NULL, a, &s, &e) || s->step_count != 1 ||
      s->steps[0].kind != CS_RUNNER_SEND || s->need_count)
    return false;
  cs_runner_values values = {.bound = 0};
  cs_runner_fresh fresh;
  cs_runner_fresh_init(&fresh, 1, "");
  cs_runner_maker maker = {
      .scenario = s, .arena = a, .values = &values, .fresh = &fresh, .form = p->form};
  cs_runner_made made;
  const char *why;
  return cs_runner_make(&maker, &s->steps[0].send, &made, &why) && cs_span_equal(made.bytes, bytes);
}

static const char *hex_of(cs_runner_arena *arena, cs_span bytes) {
  static const char digits[] = "0123456789abcdef";
  enum { WORDS = 40, SHORT = 4 }; /* no more than a step has room for */
  size_t word = bytes.len > WORDS * SHORT ? (bytes.len + WORDS - 1) / WORDS : SHORT;
  char *text = cs_runner_get(arena, 3 * bytes.len + 1);
  size_t n = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    if (i && i % word == 0)
      text[n++] = ' ';
    text[n++] = digits[bytes.at[i] >> 4];
    text[n++] = digits[bytes.at[i] & 15];
  }
  return text;
}

/* A whole frame, its payload not masked; false when it is none. */
static bool take_frame(cs_runner_arena *arena, cs_span bytes, cs_wire_ws_frame *frame,
                       cs_span *payload) {
  cs_rule broken;
  if (cs_wire_ws_frame_read(bytes, frame, &broken) == CS_ERR_AGAIN)
    return false;
  *payload = cs_runner_copy(arena, cs_span_cut(bytes, frame->header, bytes.len - frame->header));
  if (frame->masked && payload->len) {
    uint8_t *plain = cs_runner_get(arena, payload->len);
    memcpy(plain, payload->at, payload->len);
    cs_wire_ws_mask(plain, payload->len, frame->mask, 0);
    *payload = cs_span_of(plain, payload->len);
  }
  return true;
}

static const char *frame_step(const struct page *p, const cs_wire_ws_frame *f, cs_span payload,
                              size_t form) {
  cs_runner_arena *a = p->scratch;
  const char *name = cs_wire_ws_opcode_name(f->opcode);
  char *text =
      name ? cs_runner_format(a, "frame %s", name) : cs_runner_format(a, "frame %u", f->opcode);
  if (!f->fin)
    text = cs_runner_format(a, "%s fin=0", text);
  if (f->rsv)
    text = cs_runner_format(a, "%s rsv=%u", text, f->rsv);
  if (f->masked)
    text = cs_runner_format(a, "%s mask=0x%02x%02x%02x%02x", text, f->mask[0], f->mask[1],
                            f->mask[2], f->mask[3]);
  else
    text = cs_runner_format(a, "%s mask=0", text);
  if (form)
    text = cs_runner_format(a, "%s length=%zu", text, form);
  if (f->length != payload.len)
    text = cs_runner_format(a, "%s announce=%llu", text, (unsigned long long)f->length);
  return payload.len ? cs_runner_format(a, "%s %s", text, hex_of(a, payload)) : text;
}

/* What stands in a frame is said above it. */
static const char *frame_notation(const struct page *p, cs_span bytes, const char **comment) {
  cs_wire_ws_frame f;
  cs_span payload;
  cs_wire_message m;
  static const size_t forms[] = {0, 7, 16, 64};
  if (!take_frame(p->scratch, bytes, &f, &payload))
    return NULL;
  if (f.opcode == CS_WS_BINARY && f.fin &&
      cs_wire_parse(CS_WIRE_WS, payload, &any_token, &m) == CS_RULE_NONE)
    *comment = cs_runner_notation(p->scratch, CS_WIRE_WS, payload, &any_token);
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    const char *step = frame_step(p, &f, payload, forms[i]);
    if (says(p, step, bytes))
      return step;
  }
  return NULL;
}

/* Text between quotation marks; NULL when it has to be escaped. */
static const char *quoted(cs_runner_arena *a, cs_span value) {
  for (size_t i = 0; i < value.len; i++)
    if (value.at[i] < ' ' || value.at[i] > '~' || value.at[i] == '"' || value.at[i] == '\\')
      return NULL;
  return cs_runner_format(a, "\"%.*s\"", (int)value.len, (const char *)value.at);
}

static const char *upgrade_notation(const struct page *p, cs_span bytes) {
  static const char *const own[] = {"Host",
                                    "Upgrade",
                                    "Connection",
                                    "Sec-WebSocket-Key",
                                    "Sec-WebSocket-Version",
                                    "Sec-WebSocket-Protocol"};
  static const char *const usual[] = {NULL, "websocket", "Upgrade", NULL, "13", "coap"};
  cs_runner_arena *a = p->scratch;
  cs_wire_http_head head;
  cs_rule broken;
  cs_span name, value;
  if (cs_wire_http_read(bytes, false, &head, &broken) != CS_OK)
    return NULL;
  char *text = cs_runner_format(a, "upgrade method=%.*s target=%.*s", (int)head.method.len,
                                (const char *)head.method.at, (int)head.target.len,
                                (const char *)head.target.at);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    bool there = false;
    cs_wire_http_iter it = cs_wire_http_fields(&head);
    while (!there && cs_wire_http_next(&it, &name, &value))
      there = cs_span_equal(name, cs_span_str(own[i]));
    if (!there)
      text = cs_runner_format(a, "%s !%s", text, own[i]);
    else if (!usual[i] || !cs_span_equal(value, cs_span_str(usual[i])))
      text = cs_runner_format(a, "%s %s=%s", text, own[i],
                              quoted(a, value) ? quoted(a, value) : "\"\"");
  }
  return says(p, text, bytes) ? text : NULL;
}

/* What is wrong with bytes that are no message, for those who read them. */
static const char *fault_of(const struct page *p, cs_span bytes) {
  cs_wire_message m;
  size_t total;
  if (p->form == CS_WIRE_TCP && (cs_wire_tcp_frame(bytes, &total) != CS_OK || total != bytes.len))
    return NULL;
  cs_rule broken = cs_wire_parse(p->form, bytes, &any_token, &m);
  return broken == CS_RULE_NONE ? NULL : cs_base_rule_text(broken);
}

static void write_bytes(struct page *p, const cs_runner_move *move, const char *how) {
  cs_span bytes = move->bytes;
  const char *comment = NULL;
  const char *step = NULL;
  if (bytes.len > CS_RUNNER_MESSAGE_MAX)
    step = NULL;
  else if (p->form != CS_WIRE_WS)
    step = cs_runner_notation(p->scratch, p->form, bytes, &any_token);
  else if (bytes.len > 4 && memcmp(bytes.at, "GET ", 4) == 0)
    step = upgrade_notation(p, bytes);
  else
    step = frame_notation(p, bytes, &comment);
  if (step && p->form != CS_WIRE_WS && (memcmp(step, "raw", 3) == 0 || !says(p, step, bytes)))
    step = NULL;
  if (!step && p->form != CS_WIRE_WS)
    comment = fault_of(p, bytes);
  if (comment)
    fprintf(p->to, "# %s\n", comment);
  if (step)
    fprintf(p->to, "> %s%s\n", how, step);
  else
    fprintf(p->to, "> %sraw %s\n", how, hex_of(p->scratch, bytes));
}

/* ---- Moves ---- */

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_secure(const cs_runner_secure *a, const cs_runner_secure *b) {
  static const cs_runner_secure usual = {0};
  a = a ? a : &usual;
  b = b ? b : &usual;
  return a->hello == b->hello && a->with == b->with && a->identity_unknown == b->identity_unknown &&
         a->key_wrong == b->key_wrong && a->certificate_none == b->certificate_none &&
         a->certificate_untrusted == b->certificate_untrusted && a->suite == b->suite &&
         same_text(a->sni, b->sni) && same_text(a->alpn, b->alpn);
}

/* The fields of "open secure", or "". */
static const char *fields_of(const struct page *p, const cs_runner_secure *s) {
  static const cs_runner_secure usual = {0};
  static const char word[] = "open secure";
  const char *text = cs_runner_open_notation(p->arena, s ? s : &usual);
  return text + sizeof word - 1;
}

/* The port of the move is the one in use; how it is opened, where that is not as
 * the header says. */
static void use_port(struct page *p, unsigned port) {
  int *number = &p->numbers[port];
  if (*number < 0) {
    *number = p->ports++;
    if (*number > 0)
      fputs("port new\n", p->to);
  } else if (port != p->port) {
    if (*number == 0)
      fputs("port first\n", p->to);
    else
      fprintf(p->to, "port %d\n", *number + 1);
  }
  p->port = port;
}

/* Whether the port's first move but for waits is this one. */
static bool plain_first(const struct page *p, unsigned port) {
  const cs_runner_move *moves = cs_runner_moves(p->r);
  for (size_t i = 0; i < p->r->moves.count; i++)
    if (moves[i].port == port && moves[i].kind != CS_RUNNER_MOVE_WAIT)
      return moves[i].kind == CS_RUNNER_MOVE_PLAIN;
  return false;
}

static void write_open(struct page *p, const cs_runner_move *move) {
  bool again = p->shaken[move->port];
  use_port(p, move->port);
  p->shaken[move->port] = true;
  if (!(1u << p->r->transport & CS_RUNNER_SECURED))
    return;
  const cs_runner_secure *secure = move->secure ? move->secure : p->r->secure;
  if (!again && !plain_first(p, move->port) && same_secure(secure, p->r->secure))
    return;
  if (secure && secure->hello) {
    fprintf(p->to, "%s\n< hello\n| < refused\n| *\n", cs_runner_open_notation(p->arena, secure));
    return;
  }
  fprintf(p->to, "open secure%s\n< secured\n| < refused\n| *\n", fields_of(p, secure));
}

/* The answer to an upgrade is waited for: what a server has before it may be lost. */
static void write_send(struct page *p, const cs_runner_move *move) {
  use_port(p, move->port);
  p->shaken[move->port] = true;
  write_bytes(p, move, move->multicast ? "multicast " : move->slowly ? "slowly " : "");
  if (p->form != CS_WIRE_WS || p->r->open != CS_RUNNER_OPEN_CONNECTED || p->written[move->port])
    return;
  cs_span b = move->bytes;
  if (b.len < 4 || memcmp(b.at + b.len - 4, "\r\n\r\n", 4) != 0)
    return;
  p->written[move->port] = true;
  fputs("< upgrade 101\n| *\n", p->to);
}

static void write_wait(const struct page *p, cs_time time) {
  if (time % CS_SECOND == 0)
    fprintf(p->to, "wait %llus\n", (unsigned long long)(time / CS_SECOND));
  else
    fprintf(p->to, "wait %llums\n",
            (unsigned long long)((time + CS_MILLISECOND - 1) / CS_MILLISECOND));
}

static void write_move(struct page *p, const cs_runner_move *move) {
  switch (move->kind) {
  case CS_RUNNER_MOVE_SEND:
    write_send(p, move);
    break;
  case CS_RUNNER_MOVE_PLAIN:
    use_port(p, move->port);
    write_bytes(p, move, "plain ");
    break;
  case CS_RUNNER_MOVE_OPEN:
    write_open(p, move);
    break;
  case CS_RUNNER_MOVE_ALERT:
    use_port(p, move->port);
    fprintf(p->to, "> %s\n", cs_runner_alert_notation(p->scratch, move->alert));
    break;
  case CS_RUNNER_MOVE_END:
  case CS_RUNNER_MOVE_CLOSE:
    use_port(p, move->port);
    fputs(move->kind == CS_RUNNER_MOVE_END ? "end\n" : "close\n", p->to);
    break;
  default:
    write_wait(p, move->time);
    break;
  }
  cs_runner_release(p->scratch);
}

/* ---- */

static cs_time length_of(const cs_runner_reproducer *r) {
  cs_time all = 0;
  for (size_t i = 0; i < r->moves.count; i++)
    if (cs_runner_moves(r)[i].kind == CS_RUNNER_MOVE_WAIT)
      all += cs_runner_moves(r)[i].time;
  return all;
}

/* Whether a move goes to the group; over DTLS nothing does. */
static bool to_group(const cs_runner_reproducer *r) {
  for (size_t i = 0; i < r->moves.count; i++)
    if (cs_runner_moves(r)[i].multicast)
      return true;
  return false;
}

/* The search behind the last step closes connections: what came last may still be under way
 * then, and what answers it. */
static void write_last_wait(const struct page *p) {
  static const cs_time linger = 300 * CS_MILLISECOND;
  const cs_runner_reproducer *r = p->r;
  const cs_runner_move *last = r->moves.count ? &cs_runner_moves(r)[r->moves.count - 1] : NULL;
  if (last && 1u << r->transport & CS_RUNNER_STREAMS && last->kind != CS_RUNNER_MOVE_CLOSE &&
      !(last->kind == CS_RUNNER_MOVE_WAIT && last->time >= linger))
    write_wait(p, linger);
}

/* A comment of one line: what a server printed may have more, and worse. */
static void write_comment(struct page *p, const char *text) {
  if (!text)
    return;
  fputs("# ", p->to);
  for (; *text; text++)
    fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, p->to);
  fputc('\n', p->to);
}

static void write_header(struct page *p, const char *id) {
  static const char *const opens[] = {"full", "upgraded", "connected"};
  const cs_runner_reproducer *r = p->r;
  write_comment(p, r->what ? r->what : "What a case sent.");
  write_comment(p, r->how);
  if (r->statement)
    fprintf(p->to, "# It breaks %s\n", r->statement);
  if (r->tries)
    fprintf(p->to, "# %s in %u tries.\n",
            r->bounded ? "Made smaller, not to the end," : "Made as small as it goes", r->tries);
  fprintf(p->to, "id         %s\ntransport  %s\n", id, cs_runner_transport_name(r->transport));
  if (to_group(r))
    fputs("security   plain\n", p->to);
  if (1u << r->transport & CS_RUNNER_STREAMS && r->open != CS_RUNNER_OPEN_FULL)
    fprintf(p->to, "open       %s\n", opens[r->open]);
  if (1u << r->transport & CS_RUNNER_SECURED && *fields_of(p, r->secure))
    fprintf(p->to, "security  %s\n", fields_of(p, r->secure));
  if (length_of(r) > CS_RUNNER_SLOW)
    fputs("param      slow\n", p->to);
  fputs("---\n", p->to);
}

const char *cs_runner_reproducer_text(cs_runner_arena *arena, const cs_runner_reproducer *r,
                                      const char *id) {
  char *text = NULL;
  size_t len = 0;
  cs_runner_arena scratch = {0};
  struct page p = {.to = open_memstream(&text, &len),
                   .arena = arena,
                   .scratch = &scratch,
                   .r = r,
                   .form = cs_runner_form(r->transport)};
  for (size_t i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    p.numbers[i] = -1;
  if (!p.to)
    return "";
  write_header(&p, id);
  bool begun = false;
  for (size_t i = 0; i < r->moves.count; i++) {
    begun = begun || cs_runner_moves(r)[i].kind != CS_RUNNER_MOVE_WAIT;
    if (begun)
      write_move(&p, &cs_runner_moves(r)[i]);
  }
  write_last_wait(&p);
  fputs("alive\n", p.to);
  bool good = fclose(p.to) == 0;
  const char *copy = good ? cs_runner_text(arena, cs_span_of((const uint8_t *)text, len)) : "";
  free(text);
  cs_runner_release(&scratch);
  return copy;
}
