/* The rules of datagrams, and of responses on every transport. */
#include "runner/judge_inside.h"

#include "base/rule.h"
#include "wire/option.h"
#include "wire/utf8.h"

static const cs_wire_limits any_token = {CS_WIRE_TOKEN_MAX};

void cs_runner_judge_note(cs_runner_judging *j, const char *statement, size_t packet,
                          const char *message) {
  if (j->found && j->breach.packet <= packet)
    return;
  j->found = true;
  j->breach = (cs_runner_breach){statement, packet, message};
}

/* Of the rules that a receiver goes by, what they mean for who sends. */
static const char *sent_statement(cs_rule broken) {
  switch (broken) {
  case CS_RULE_VERSION:
    return "RFC7252#3:version-set";
  case CS_RULE_EMPTY_WITH_CONTENT:
    return "RFC7252#4.1:empty-sent-bare";
  case CS_RULE_ACK_WITH_REQUEST:
    return "RFC7252#4.2:ack-response-or-empty";
  case CS_RULE_RST_NOT_EMPTY:
    return "RFC7252#4.2:rst-empty";
  case CS_RULE_WS_RESERVED_BITS:
    return "RFC6455#5.2:reserved-bits-sent";
  case CS_RULE_WS_LENGTH:
    return "RFC8323#4.2:length-sent";
  default:
    return cs_base_rule_id(broken);
  }
}

void cs_runner_judge_rule(cs_runner_judging *j, cs_rule broken, size_t packet) {
  /* The Len field of a WebSocket message is a SHOULD to receivers alone. */
  if (broken == CS_RULE_NONE || cs_base_rule_basis(broken) == CS_BASIS_OURS)
    return;
  cs_runner_judge_note(j, sent_statement(broken), packet, cs_base_rule_text(broken));
}

void cs_runner_tokens_add(cs_runner_arena *arena, cs_runner_tokens *t, cs_span token) {
  *(cs_span *)cs_runner_push(arena, &t->all, sizeof token) = token;
}

bool cs_runner_tokens_have(const cs_runner_tokens *t, cs_span token) {
  const cs_span *all = t->all.items;
  for (size_t i = 0; i < t->all.count; i++)
    if (cs_span_equal(all[i], token))
      return true;
  return false;
}

/* ---- responses ---- */

static size_t count_option(cs_span options, uint16_t number) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  size_t n = 0;
  while (cs_wire_option_next(&it, &o))
    n += o.number == number;
  return n;
}

/* Options of a response that have to occur once, and were in RFC 7252, 7641 or 7959
 * from the beginning. */
static void judge_repeated(cs_runner_judging *j, const cs_wire_message *m, size_t packet) {
  static const uint16_t once[] = {CS_OPT_OBSERVE, CS_OPT_CONTENT_FORMAT, CS_OPT_MAX_AGE,
                                  CS_OPT_BLOCK2,  CS_OPT_BLOCK1,         CS_OPT_SIZE2,
                                  CS_OPT_SIZE1};
  for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
    if (count_option(m->options, once[i]) > 1)
      cs_runner_judge_note(j, "RFC7252#5.4.5:repeated-sent", packet,
                           cs_runner_format(j->arena, "the response has %s more than once",
                                            cs_wire_option_find(0, once[i])->name));
  if (count_option(m->options, CS_OPT_ETAG) > 1)
    cs_runner_judge_note(j, "RFC7252#5.10.6.1:etag-once", packet,
                         "the response has more than one ETag");
}

static void judge_block(cs_runner_judging *j, const cs_wire_message *m, size_t packet) {
  static const uint16_t blocks[] = {CS_OPT_BLOCK1, CS_OPT_BLOCK2};
  cs_span value;
  for (size_t i = 0; i < 2 && m->form == CS_WIRE_UDP; i++)
    if (cs_wire_option_get(m->options, blocks[i], &value) && value.len >= 1 && value.len <= 3 &&
        (value.at[value.len - 1] & 7u) == 7)
      cs_runner_judge_note(j, cs_base_rule_id(CS_RULE_BLOCK_SIZE_RESERVED), packet,
                           "the response says the block size exponent 7");
}

void cs_runner_judge_response(cs_runner_judging *j, const cs_wire_message *m, size_t packet) {
  if (!cs_wire_code_is_response(m->code))
    return;
  if (CS_CODE_CLASS(m->code) == 3)
    cs_runner_judge_note(j, "RFC7252#5.2:response-class", packet,
                         "a response code is of class 2, 4 or 5");
  judge_repeated(j, m, packet);
  judge_block(j, m, packet);
  if (m->code == CS_CODE(2, 3) && m->payload.len)
    cs_runner_judge_note(j, "RFC7252#5.9.1.3:valid-without-payload", packet,
                         "a 2.03 response has a payload");
  if (m->code == CS_CODE(2, 3) && count_option(m->options, CS_OPT_ETAG) == 0)
    cs_runner_judge_note(j, "RFC7252#5.9.1.3:valid-with-etag", packet,
                         "a 2.03 response has no ETag");
  bool plain = count_option(m->options, CS_OPT_CONTENT_FORMAT) == 0 &&
               count_option(m->options, CS_OPT_BLOCK2) == 0 &&
               count_option(m->options, CS_OPT_OSCORE) == 0;
  if (CS_CODE_CLASS(m->code) >= 4 && plain && !cs_wire_utf8_valid(m->payload))
    cs_runner_judge_note(j, "RFC7252#5.5.2:diagnostic-utf8", packet,
                         "the payload of an error response without Content-Format is no UTF-8");
}

/* ---- datagrams ---- */

/* A message of ours: what a target can have made of it. */
struct sent {
  size_t packet;
  bool version; /* it is of version 1 */
  uint8_t type;
  uint16_t mid;
  bool parsed; /* and so everybody reads the same token */
  cs_span token;
};

struct datagrams {
  cs_runner_judging *j;
  cs_runner_list sent; /* struct sent */
  bool extended;       /* a token over 8 bytes was sent */
  bool unreadable;     /* so was something without a header */
  bool aside;          /* so was something beside the security session */
  cs_runner_tokens tokens;
};

static void note_sent(struct datagrams *d, size_t packet, cs_span bytes) {
  struct sent *s = cs_runner_push(d->j->arena, &d->sent, sizeof *s);
  cs_wire_message m;
  *s = (struct sent){.packet = packet};
  if (bytes.len < 4) {
    d->unreadable = d->tokens.doubtful = true;
    d->sent.count--;
    return;
  }
  s->version = bytes.at[0] >> 6 == 1;
  s->type = bytes.at[0] >> 4 & 3u;
  s->mid = (uint16_t)((unsigned)bytes.at[2] << 8 | bytes.at[3]);
  s->parsed = cs_wire_parse(CS_WIRE_UDP, bytes, NULL, &m) == CS_RULE_NONE;
  d->extended = d->extended || (bytes.at[0] & 15u) > 8;
  if (s->parsed) {
    s->token = m.token;
    cs_runner_tokens_add(d->j->arena, &d->tokens, m.token);
  } else {
    d->tokens.doubtful = true;
  }
}

/* What is known about a Message ID that an answer names. */
struct known {
  bool as[4]; /* by type, messages of version 1 */
  bool otherwise;
  bool doubtful; /* a CON with it was not well-formed */
  bool token;    /* a well-formed CON with it has the token */
};

static struct known look_up(const struct datagrams *d, uint16_t mid, cs_span token) {
  struct known k = {{false}, false, false, false};
  const struct sent *all = d->sent.items;
  for (size_t i = 0; i < d->sent.count; i++) {
    if (all[i].mid != mid)
      continue;
    if (!all[i].version) {
      k.otherwise = true;
      continue;
    }
    k.as[all[i].type] = true;
    if (all[i].type == CS_CON && !all[i].parsed)
      k.doubtful = true;
    else if (all[i].type == CS_CON && cs_span_equal(all[i].token, token))
      k.token = true;
  }
  return k;
}

/* An Acknowledgement or a Reset that answers nothing it may answer. */
static void judge_answer(struct datagrams *d, size_t packet, const cs_wire_message *m,
                         const struct known *k) {
  bool ack = m->type == CS_ACK;
  cs_runner_judging *j = d->j;
  const char *name = ack ? "an Acknowledgement" : "a Reset";
  if (k->as[CS_CON] || (!ack && k->as[CS_NON]))
    return;
  if (k->as[CS_NON])
    cs_runner_judge_note(j, "RFC7252#4.3:non-not-acknowledged", packet,
                         "a Non-confirmable message was acknowledged");
  else if (k->as[CS_ACK] || k->as[CS_RST])
    cs_runner_judge_note(
        j, "RFC7252#4.2:no-reply-to-ack-or-rst", packet,
        cs_runner_format(j->arena,
                         "%s answers a message that was itself an Acknowledgement or "
                         "a Reset",
                         name));
  else if (k->otherwise)
    cs_runner_judge_note(
        j, "RFC7252#3:version-unknown", packet,
        cs_runner_format(j->arena, "%s answers a message of another version", name));
  else if (!d->unreadable)
    cs_runner_judge_note(
        j, ack ? "RFC7252#4.2:ack-echoes-mid" : "RFC7252#4.2:rst-echoes-mid", packet,
        cs_runner_format(j->arena, "%s has the Message ID %u, which no message to it had", name,
                         m->mid));
}

static void judge_token(struct datagrams *d, size_t packet, const cs_wire_message *m,
                        const struct known *k) {
  if (!cs_wire_code_is_response(m->code) || d->tokens.doubtful)
    return;
  if (m->type == CS_ACK && k->as[CS_CON] && !k->doubtful && !k->token)
    cs_runner_judge_note(d->j, "RFC7252#5.3.1:token-echoed", packet,
                         "a piggybacked response has another token than the request with its "
                         "Message ID");
  else if (m->type != CS_ACK && !cs_runner_tokens_have(&d->tokens, m->token))
    cs_runner_judge_note(d->j, "RFC7252#5.3.1:token-echoed", packet,
                         "a response has a token that no request had");
}

/* A token length over 8, where such tokens were sent: whoever knows RFC 8974 sends its
 * form back, and nobody else sends any. What stands behind a token that may have been
 * misread is not looked at. */
static void judge_extended(struct datagrams *d, size_t packet, cs_span bytes) {
  cs_wire_message m;
  if (cs_wire_parse(CS_WIRE_UDP, bytes, &any_token, &m) != CS_RULE_NONE)
    cs_runner_judge_note(d->j, cs_base_rule_id(CS_RULE_TKL_RESERVED), packet,
                         "a message has a token length of 9 to 15 and not the form of RFC 8974");
}

static void judge_datagram(struct datagrams *d, size_t packet, cs_span bytes) {
  cs_wire_message m;
  if (d->extended && bytes.len && bytes.at[0] >> 6 == 1 && (bytes.at[0] & 15u) > 8) {
    judge_extended(d, packet, bytes);
    return;
  }
  cs_rule broken = cs_wire_parse(CS_WIRE_UDP, bytes, NULL, &m);
  if (broken != CS_RULE_NONE) {
    cs_runner_judge_rule(d->j, broken, packet);
    return;
  }
  struct known k = look_up(d, m.mid, m.token);
  if (m.type == CS_ACK || m.type == CS_RST)
    judge_answer(d, packet, &m, &k);
  judge_token(d, packet, &m, &k);
  cs_runner_judge_response(d->j, &m, packet);
}

static bool is_aside(const cs_report_packet *p) {
  return p->notation && strncmp(p->notation, "plain", 5) == 0;
}

static void judge_port(cs_runner_judging *j, uint16_t port) {
  struct datagrams d = {.j = j};
  for (size_t i = 0; i < j->count; i++) {
    const cs_report_packet *p = &j->packets[i];
    if (p->port != port || p->kind != CS_REPORT_BYTES || is_aside(p))
      continue;
    if (p->from) /* who sent it is not known */
      continue;
    if (p->sent)
      note_sent(&d, i, p->bytes);
    else
      judge_datagram(&d, i, p->bytes);
  }
}

static bool seen_before(const cs_report_packet *packets, size_t i) {
  for (size_t k = 0; k < i; k++)
    if (packets[k].port == packets[i].port)
      return true;
  return false;
}

bool cs_runner_judge(const cs_report_packet *packets, size_t count, cs_runner_transport t,
                     cs_runner_arena *arena, cs_runner_breach *out) {
  cs_runner_judging j = {.packets = packets, .count = count, .transport = t, .arena = arena};
  for (size_t i = 0; i < count; i++) {
    if (seen_before(packets, i))
      continue;
    if (1u << t & CS_RUNNER_DATAGRAMS)
      judge_port(&j, packets[i].port);
    else
      cs_runner_judge_stream(&j, packets[i].port);
  }
  if (j.found)
    *out = j.breach;
  return j.found;
}
