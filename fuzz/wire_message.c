/* The message codec and the notation.
 *
 * byte 0: bits 0-1 the form (UDP, TCP, WebSocket, UDP), bit 7 set when the
 *         rest is notation rather than bytes
 * byte 1: bits 0-1 the longest token that is accepted, bit 6 whether the other
 *         forms are tried, bit 7 whether the notation is (both cost more than
 *         the parse, so the input asks for them), bit 5 whether the payload is
 *         exchanged for a long one; of notation: bit 7 whether the scratch has
 *         only as many bytes as the other bits say
 * rest:   the message
 *
 * Oracles: the verdict is that of a second parser, written for this purpose by
 * counting; a refusal changes nothing; what is accepted is
 * built again to the same bytes, frames to its own length, walks in order, and
 * survives print, read and print; text that is read prints to a fixed point.
 *
 * covers: src/wire/message.c src/wire/code_name.c src/wire/notation.c
 * covers: src/wire/notation_read.c src/wire/utf8.c src/wire/option_codec.h */
#include "wire/message.h"
#include "wire/notation.h"
#include "wire/option.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  TEXT_MODE = 0x80,    /* in byte 0 */
  LONG_PAYLOAD = 0x20, /* in byte 1 */
  OTHER_FORMS = 0x40,
  NOTATION = 0x80,
  SMALL_SCRATCH = 0x80,
  LONG = 66000,
  INPUT_MAX = 2048, /* longer ones would be slower and show nothing new */
  BUILT_MAX = LONG + CS_WIRE_TOKEN_MAX + INPUT_MAX,
  TEXT_MAX = 32 * INPUT_MAX
};

static const uint32_t token_limits[4] = {8, 4, 300, CS_WIRE_TOKEN_MAX};

static uint8_t built[BUILT_MAX];
static uint8_t scratch[INPUT_MAX];
static uint8_t scratch_again[INPUT_MAX];
static char text[TEXT_MAX];
static char text_again[TEXT_MAX];

static bool within(cs_span part, cs_span whole) {
  return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static bool same_message(const cs_wire_message *a, const cs_wire_message *b) {
  return a->form == b->form && a->type == b->type && a->code == b->code && a->mid == b->mid &&
         cs_span_equal(a->token, b->token) && cs_span_equal(a->options, b->options) &&
         cs_span_equal(a->payload, b->payload);
}

/* The second parser: what the rule is, by offsets into the bytes. */
struct judge {
  const uint8_t *p;
  size_t n;
  size_t at;
};

/* A nibble with what extends it; SIZE_MAX when that is not all there. */
static size_t extended(struct judge *j, unsigned nibble) {
  size_t more = nibble == 13 ? 1 : nibble == 14 ? 2 : 0;
  if (j->n - j->at < more)
    return SIZE_MAX;
  size_t v = nibble;
  if (more == 1)
    v = 13 + (size_t)j->p[j->at];
  if (more == 2)
    v = 269 + (size_t)j->p[j->at] * 256 + j->p[j->at + 1];
  j->at += more;
  return v;
}

static cs_rule judge_content(struct judge *j) {
  size_t number = 0;
  while (j->at < j->n) {
    unsigned first = j->p[j->at++];
    if (first == 0xff)
      return j->at == j->n ? CS_RULE_MARKER_WITHOUT_PAYLOAD : CS_RULE_NONE;
    if (first / 16 == 15)
      return CS_RULE_OPTION_DELTA_RESERVED;
    if (first % 16 == 15)
      return CS_RULE_OPTION_LENGTH_RESERVED;
    size_t delta = extended(j, first / 16);
    size_t len = delta == SIZE_MAX ? SIZE_MAX : extended(j, first % 16);
    if (len == SIZE_MAX)
      return CS_RULE_OPTION_SHORT;
    number += delta;
    if (number > 65535)
      return CS_RULE_OPTION_NUMBER_RANGE;
    if (len > j->n - j->at)
      return CS_RULE_OPTION_SHORT;
    j->at += len;
  }
  return CS_RULE_NONE;
}

static cs_rule judge_rest(struct judge *j, unsigned tkl, uint32_t token_max, size_t content) {
  size_t len = extended(j, tkl);
  if (len == SIZE_MAX || len > j->n - j->at)
    return CS_RULE_TOKEN_SHORT;
  if (len > token_max)
    return CS_RULE_TOKEN_CAP;
  j->at += len;
  if (content != SIZE_MAX && content != j->n - j->at)
    return CS_RULE_TCP_LENGTH;
  return judge_content(j);
}

static bool tkl_reserved(unsigned tkl, uint32_t token_max) {
  return token_max > 8 ? tkl == 15 : tkl > 8;
}

static cs_rule judge_udp(struct judge *j, uint32_t token_max) {
  const uint8_t *p = j->p;
  if (j->n && (p[0] & 0xc0) != 0x40)
    return CS_RULE_VERSION;
  if (j->n < 4)
    return CS_RULE_MESSAGE_SHORT;
  unsigned type = p[0] / 16 % 4;
  bool reserved = p[1] / 32 == 1 || p[1] >= 0xc0;
  j->at = 4;
  if (tkl_reserved(p[0] % 16, token_max))
    return CS_RULE_TKL_RESERVED;
  if (reserved)
    return CS_RULE_CODE_CLASS_RESERVED;
  if (type == CS_RST && p[1])
    return CS_RULE_RST_NOT_EMPTY;
  if (type == CS_ACK && p[1] >= 1 && p[1] <= 31)
    return CS_RULE_ACK_WITH_REQUEST;
  if (type == CS_NON && !p[1])
    return CS_RULE_NON_EMPTY;
  if (!p[1])
    return j->n > 4 || p[0] % 16 ? CS_RULE_EMPTY_WITH_CONTENT : CS_RULE_NONE;
  return judge_rest(j, p[0] % 16, token_max, SIZE_MAX);
}

/* The length of options and payload that a stream header tells, the code
 * passed over; SIZE_MAX when the header is not all there. */
static size_t judge_length(struct judge *j) {
  const uint8_t *p = j->p;
  size_t content = SIZE_MAX;
  if (j->n == 0)
    return SIZE_MAX;
  j->at = 1;
  if (p[0] / 16 < 15) {
    content = extended(j, p[0] / 16);
  } else if (j->n >= 5) {
    content = 65805 + (((size_t)p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4];
    j->at = 5;
  }
  return j->at++ < j->n ? content : SIZE_MAX;
}

static cs_rule judge_stream(struct judge *j, cs_wire_form form, uint32_t token_max) {
  const uint8_t *p = j->p;
  if (form == CS_WIRE_WS && j->n && p[0] > 15)
    return CS_RULE_WS_LENGTH;
  size_t content = judge_length(j);
  if (content == SIZE_MAX)
    return CS_RULE_MESSAGE_SHORT;
  if (tkl_reserved(p[0] % 16, token_max))
    return CS_RULE_TKL_RESERVED;
  unsigned class = p[j->at - 1] / 32;
  if (class == 1 || class == 6)
    return CS_RULE_CODE_CLASS_RESERVED;
  return judge_rest(j, p[0] % 16, token_max, form == CS_WIRE_TCP ? content : SIZE_MAX);
}

/* TCP framing agrees with the same counting; without a length for TKL 15. */
static void check_any_frame(cs_span bytes) {
  struct judge j = {bytes.at, bytes.len, 0};
  size_t total = 0;
  cs_err e = cs_wire_tcp_frame(bytes, &total);
  size_t content = judge_length(&j);
  size_t token = content == SIZE_MAX      ? SIZE_MAX
                 : bytes.at[0] % 16 == 15 ? 0
                                          : extended(&j, bytes.at[0] % 16);
  if (token == SIZE_MAX)
    CS_ORACLE(e == CS_ERR_AGAIN && total == 0);
  else
    CS_ORACLE(e == CS_OK && total == j.at + token + content);
}

static cs_rule judge(cs_wire_form form, cs_span bytes, uint32_t token_max) {
  struct judge j = {bytes.at, bytes.len, 0};
  return form == CS_WIRE_UDP ? judge_udp(&j, token_max) : judge_stream(&j, form, token_max);
}

static void check_rule_named(cs_rule broken) {
  CS_ORACLE((unsigned)broken < CS_RULE_COUNT_);
  CS_ORACLE(cs_base_rule_id(broken)[0] == 'R' || broken == CS_RULE_TOKEN_CAP);
  CS_ORACLE(cs_base_rule_text(broken)[0] != '\0');
}

/* Options come in order, inside the message, and get finds the first. */
static void check_walk(const cs_wire_message *m) {
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  uint16_t last = 0;
  int numbers = 0; /* looked up by get, which walks: not all of them */
  while (cs_wire_option_next(&it, &o)) {
    CS_ORACLE(o.number >= last && within(o.value, m->options));
    if ((numbers == 0 || o.number != last) && numbers < 8) {
      numbers++;
      cs_span value;
      CS_ORACLE(cs_wire_option_get(m->options, o.number, &value));
      CS_ORACLE(value.at == o.value.at && value.len == o.value.len);
    }
    last = o.number;
  }
  CS_ORACLE(it.broken == CS_RULE_NONE);
}

static void check_build(const cs_wire_message *m, cs_span bytes) {
  size_t len = 0;
  CS_ORACLE(cs_wire_size(m) == bytes.len);
  CS_ORACLE(cs_wire_build(m, built, bytes.len - 1, &len) == CS_ERR_TOO_LARGE && len == 0);
  CS_ORACLE(cs_wire_build(m, built, sizeof built, &len) == CS_OK);
  CS_ORACLE(cs_span_equal(cs_span_of(built, len), bytes));
}

/* However the stream is cut, a frame is incomplete or this long. */
static void check_frame(cs_span bytes) {
  size_t total = 0;
  CS_ORACLE(cs_wire_tcp_frame(bytes, &total) == CS_OK && total == bytes.len);
  for (size_t n = 0; n < bytes.len && n < 10; n++) {
    size_t cut = 0;
    cs_err e = cs_wire_tcp_frame(cs_span_of(bytes.at, n), &cut);
    CS_ORACLE(e == CS_OK ? cut == total : e == CS_ERR_AGAIN && cut == 0);
  }
}

/* The same message in the other forms, where they can hold it. */
static void check_other_forms(const cs_wire_message *m) {
  for (cs_wire_form form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++) {
    cs_wire_message other = *m;
    cs_wire_message got;
    size_t len = 0;
    other.form = form;
    other.type = form == CS_WIRE_UDP ? m->type : 0;
    other.mid = form == CS_WIRE_UDP ? m->mid : 0;
    CS_ORACLE(cs_wire_build(&other, built, sizeof built, &len) == CS_OK);
    cs_wire_limits all = {CS_WIRE_TOKEN_MAX};
    cs_rule broken = cs_wire_parse(form, cs_span_of(built, len), &all, &got);
    if (broken == CS_RULE_NONE)
      CS_ORACLE(same_message(&other, &got));
    else /* only what UDP forbids and streams allow */
      CS_ORACLE(form == CS_WIRE_UDP && (cs_wire_code_is_signal(m->code) || m->code == 0));
  }
}

/* The same message with a payload that takes TCP's longest Length. */
static void check_long(const cs_wire_message *m) {
  static const uint8_t zeros[LONG];
  cs_wire_message other = *m;
  cs_wire_message got;
  cs_wire_limits all = {CS_WIRE_TOKEN_MAX};
  size_t len = 0;
  size_t total = 0;
  other.payload = cs_span_of(zeros, sizeof zeros);
  if (m->form != CS_WIRE_TCP || cs_wire_size(&other) > sizeof built)
    return;
  CS_ORACLE(cs_wire_build(&other, built, sizeof built, &len) == CS_OK && built[0] >> 4 == 15);
  struct judge j = {built, len, 0};
  CS_ORACLE(judge_length(&j) == m->options.len + 1 + sizeof zeros);
  CS_ORACLE(cs_wire_tcp_frame(cs_span_of(built, len), &total) == CS_OK && total == len);
  CS_ORACLE(cs_wire_parse(CS_WIRE_TCP, cs_span_of(built, len), &all, &got) == CS_RULE_NONE);
  CS_ORACLE(same_message(&other, &got));
  other.token.len = CS_WIRE_TOKEN_MAX + 1;
  CS_ORACLE(cs_wire_size(&other) == 0);
  CS_ORACLE(cs_wire_build(&other, built, sizeof built, &len) == CS_ERR_ARGUMENT);
}

static void check_notation(const cs_wire_message *m) {
  size_t len = 0;
  CS_ORACLE(cs_wire_print(m, text, sizeof text, &len) == CS_OK);
  cs_wire_message got;
  cs_wire_notation_error error;
  cs_err e = cs_wire_read(m->form, cs_span_of(text, len), scratch, sizeof scratch, &got, &error);
  CS_ORACLE(e == CS_OK && same_message(m, &got));
}

static void check_options(const cs_wire_message *m) {
  cs_wire_option at = {0, {NULL, 0}};
  cs_rule received = cs_wire_option_check(m, NULL, NULL, &at);
  CS_ORACLE(received == CS_RULE_NONE || within(at.value, m->options));
  cs_rule sent = cs_wire_option_check_sent(m, &at);
  CS_ORACLE(sent == CS_RULE_NONE || within(at.value, m->options));
  if (received == CS_RULE_OPTION_LENGTH || received == CS_RULE_OPTION_REPEATED)
    CS_ORACLE(sent != CS_RULE_NONE);
}

static void parse_bytes(cs_wire_form form, cs_span bytes, uint8_t wishes) {
  uint32_t token_max = token_limits[wishes & 3u];
  cs_wire_limits limits = {token_max};
  cs_wire_message m;
  cs_wire_message before;
  memset(&m, 0xa5, sizeof m);
  memcpy(&before, &m, sizeof m);
  check_any_frame(bytes);
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  bool peeked = cs_wire_peek(bytes, &type, &code, &mid);
  CS_ORACLE(peeked == (bytes.len >= 4 && bytes.at[0] >> 6 == 1));
  cs_rule broken = cs_wire_parse(form, bytes, &limits, &m);
  CS_ORACLE(broken == judge(form, bytes, token_max));
  if (broken != CS_RULE_NONE) {
    check_rule_named(broken);
    CS_ORACLE(memcmp(&m, &before, sizeof m) == 0);
    return;
  }
  CS_ORACLE(m.form == form && m.token.len <= token_max);
  CS_ORACLE(within(m.token, bytes) && within(m.options, bytes) && within(m.payload, bytes));
  if (form == CS_WIRE_UDP)
    CS_ORACLE(peeked && type == m.type && code == m.code && mid == m.mid);
  if (form == CS_WIRE_TCP)
    check_frame(bytes);
  check_build(&m, bytes);
  check_walk(&m);
  check_options(&m);
  if (wishes & NOTATION)
    check_notation(&m);
  if (wishes & OTHER_FORMS)
    check_other_forms(&m);
  if (wishes & LONG_PAYLOAD)
    check_long(&m);
}

static void read_text(cs_wire_form form, cs_span in, size_t cap) {
  cs_wire_message m;
  cs_wire_message again;
  cs_wire_notation_error error = {0, NULL};
  size_t len = 0;
  size_t len_again = 0;
  cs_err e = cs_wire_read(form, in, scratch, cap, &m, &error);
  if (e != CS_OK) {
    CS_ORACLE(e == CS_ERR_RULE || (e == CS_ERR_TOO_LARGE && cap < in.len));
    CS_ORACLE(e != CS_ERR_RULE || (error.want && error.want[0] && error.at <= in.len));
    return;
  }
  CS_ORACLE(m.token.len + m.options.len + m.payload.len <= cap);
  CS_ORACLE(cs_wire_print(&m, text, 0, &len) == CS_ERR_TOO_LARGE && len == 0);
  CS_ORACLE(cs_wire_print(&m, text, sizeof text, &len) == CS_OK && text[len] == '\0');
  e = cs_wire_read(form, cs_span_of(text, len), scratch_again, sizeof scratch_again, &again,
                   &error);
  CS_ORACLE(e == CS_OK && same_message(&m, &again));
  CS_ORACLE(cs_wire_print(&again, text_again, sizeof text_again, &len_again) == CS_OK);
  CS_ORACLE(len == len_again && memcmp(text, text_again, len) == 0);
  /* A buffer too small keeps a prefix. */
  size_t half = len / 2;
  CS_ORACLE(cs_wire_print(&m, text_again, half + 1, &len_again) == CS_ERR_TOO_LARGE);
  CS_ORACLE(memcmp(text, text_again, half) == 0 && text_again[half] == '\0');
  check_walk(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > INPUT_MAX)
    return 0;
  static const cs_wire_form forms[4] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS, CS_WIRE_UDP};
  cs_wire_form form = forms[data[0] & 3u];
  cs_span rest = cs_span_of(data + 2, size - 2);
  if (data[0] & TEXT_MODE)
    read_text(form, rest, data[1] & SMALL_SCRATCH ? data[1] & 0x7fu : sizeof scratch);
  else
    parse_bytes(form, rest, data[1]);
  return 0;
}
