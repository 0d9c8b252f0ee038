/* WebSocket frames, the HTTP upgrade, and the link that puts both together.
 *
 * byte 0: bits 0-1 what the rest is: frames, a head, what a client link is
 *         given, what a server link is given; bit 2 of a head: a response; of
 *         a link: bit 3 the upgrade is done before the input begins, bit 4 its
 *         own bytes are taken after each piece, bit 5 the owner closes midway,
 *         bit 6 a client is a plain stream, bit 7 its deadline passes in the end
 * byte 1: bits 0-1 the cap, bits 2-7 which allocation of the cut run fails
 * byte 2: bits 0-3 how many bytes of cuts follow, bits 4-7 where the owner
 *         closes, in sixteenths
 * cuts:   lengths of pieces less one, used in turn
 * rest:   the bytes
 *
 * Oracles: a header that is read is put back to the same bytes; masking twice
 * is nothing; a head is judged alike in any piece that is long enough; an
 * upgrade that is accepted is answered by one that is accepted; a refusal names
 * its rule; a link gives the messages and the end that a second decoder finds,
 * in one piece, cut, and with an allocation that fails; no message is over the
 * cap, memory stays within it, and all of it is given back; what a link seals
 * is what its peer reads.
 *
 * covers: src/wire/ws_frame.c src/wire/ws_upgrade.c src/wire/ws_accept.c
 * covers: src/wire/http_head.c src/wire/http_text.h src/link/link.c
 * covers: src/link/ws_open.c src/link/ws_read.c src/link/ws_write.c
 * covers: src/link/partial.c src/link/stream.c */
#include <stdlib.h>

#include "link/link.h"
#include "wire/message.h"
#include "wire/utf8.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  FRAMES,
  HEAD,
  CLIENT,
  SERVER,
  RESPONSE = 4,
  SHAKEN = 8,
  FLUSH = 16,
  OWN_CLOSE = 32,
  STREAM = 64,
  LATE = 128,
  PIECES_MAX = 64, /* then the rest in one */
  INPUT_MAX = 16384,
  PLENTY = 160 /* of memory, for what is no message */
};

static const uint32_t caps[4] = {16, 64, 1024, 1 << 20};

struct input {
  unsigned flags;
  uint32_t cap;
  size_t fail_at;
  size_t close_at; /* an offset; SIZE_MAX for never */
  size_t head;     /* bytes of a handshake that went well */
  cs_span cuts;
  cs_span rest;
};

static void check_rule_named(cs_rule broken) {
  CS_ORACLE(broken > CS_RULE_NONE && broken < CS_RULE_COUNT_);
  CS_ORACLE(cs_base_rule_id(broken)[0] && cs_base_rule_text(broken)[0]);
}

/* ---- frames ---- */

/* The length that a header says, and its size, counted here; 0 while it is
 * incomplete. */
static size_t judge_header(cs_span b, uint64_t *length) {
  size_t n = 2;
  if (b.len < 2)
    return 0;
  *length = b.at[1] % 128;
  size_t more = *length == 126 ? 2 : *length == 127 ? 8 : 0;
  if (more)
    *length = 0;
  for (; n < 2 + more; n++) {
    if (n >= b.len)
      return 0;
    *length = *length * 256 + b.at[n];
  }
  n += b.at[1] >= 128 ? 4 : 0;
  return n <= b.len ? n : 0;
}

static cs_rule judge_length(cs_span b, uint64_t length) {
  unsigned seven = b.at[1] % 128;
  if (length > INT64_MAX)
    return CS_RULE_WS_LENGTH_RANGE;
  bool shortest = seven < 126 ? true : seven == 126 ? length > 125 : length > 65535;
  return shortest ? CS_RULE_NONE : CS_RULE_WS_LENGTH_FORM;
}

static void check_mask(cs_span payload, const uint8_t mask[4], size_t cut) {
  uint8_t *a = malloc(payload.len + 1);
  uint8_t *b = malloc(payload.len + 1);
  CS_ORACLE(a && b);
  memcpy(a, payload.at, payload.len);
  memcpy(b, payload.at, payload.len);
  cut = payload.len ? cut % payload.len : 0;
  cs_wire_ws_mask(a, payload.len, mask, 0);
  cs_wire_ws_mask(b, cut, mask, 0);
  cs_wire_ws_mask(b + cut, payload.len - cut, mask, cut);
  CS_ORACLE(memcmp(a, b, payload.len) == 0);
  for (size_t i = 0; i < payload.len; i++)
    CS_ORACLE(a[i] == (payload.at[i] ^ mask[i % 4]));
  cs_wire_ws_mask(a, payload.len, mask, 0);
  CS_ORACLE(memcmp(a, payload.at, payload.len) == 0);
  free(a);
  free(b);
}

static void check_close(cs_span payload) {
  uint16_t status = 7;
  cs_span reason = {NULL, 7};
  cs_rule broken = cs_wire_ws_close_read(payload, &status, &reason);
  if (broken != CS_RULE_NONE) {
    check_rule_named(broken);
    CS_ORACLE(status == 7 && reason.len == 7 && payload.len);
    return;
  }
  CS_ORACLE(payload.len != 1 && (payload.len ? status >= 1000 && status < 5000 : status == 1005));
  CS_ORACLE(reason.len == (payload.len ? payload.len - 2 : 0) && cs_wire_utf8_valid(reason));
}

static bool check_frame(cs_span *rest) {
  cs_wire_ws_frame f;
  uint64_t length;
  cs_rule broken = CS_RULE_NONE;
  memset(&f, 0xa5, sizeof f);
  size_t header = judge_header(*rest, &length);
  cs_err e = cs_wire_ws_frame_read(*rest, &f, &broken);
  CS_ORACLE((e == CS_ERR_AGAIN) == (header == 0));
  if (header == 0) {
    CS_ORACLE(f.header == 0xa5 && broken == CS_RULE_NONE);
    return false;
  }
  CS_ORACLE(f.header == header && f.length == length);
  CS_ORACLE(broken == judge_length(*rest, length) && (e == CS_OK) == (broken == CS_RULE_NONE));
  if (e == CS_OK) {
    uint8_t again[CS_WS_HEADER_MAX];
    CS_ORACLE(cs_wire_ws_frame_put(&f, again) == header);
    CS_ORACLE(memcmp(again, rest->at, header) == 0);
  }
  for (size_t n = 0; n < header; n++)
    CS_ORACLE(cs_wire_ws_frame_read(cs_span_cut(*rest, 0, n), &f, &broken) == CS_ERR_AGAIN);
  cs_rule client = cs_wire_ws_frame_check(&f, true);
  cs_rule server = cs_wire_ws_frame_check(&f, false);
  CS_ORACLE(client != CS_RULE_NONE || server != CS_RULE_NONE);
  *rest = cs_span_cut(*rest, header, rest->len - header);
  if (f.length > rest->len)
    return false;
  cs_span payload = cs_span_cut(*rest, 0, (size_t)f.length);
  check_mask(payload, f.mask, rest->len);
  if (f.opcode == CS_WS_CLOSE)
    check_close(payload);
  *rest = cs_span_cut(*rest, payload.len, rest->len - payload.len);
  return true;
}

/* ---- heads ---- */

static const char sample_key[] = "dGhlIHNhbXBsZSBub25jZQ==";

static void read_again(const uint8_t *at, size_t len, bool response, cs_wire_http_head *head) {
  cs_rule broken;
  CS_ORACLE(cs_wire_http_read(cs_span_of(at, len), response, head, &broken) == CS_OK);
  CS_ORACLE(head->size == len);
}

static void check_request(const cs_wire_http_head *head) {
  uint8_t buf[CS_LINK_OWN_MAX];
  size_t len = 0;
  cs_wire_http_head answer;
  cs_span key;
  cs_rule why = cs_wire_ws_request_check(head);
  if (why != CS_RULE_NONE) {
    check_rule_named(why);
    CS_ORACLE(cs_wire_ws_refusing(why, buf, sizeof buf, &len) == CS_OK);
    read_again(buf, len, true, &answer);
    CS_ORACLE(answer.status >= 400 && answer.status < 600);
    return;
  }
  CS_ORACLE(cs_wire_http_field(head, "Sec-WebSocket-Key", &key));
  CS_ORACLE(cs_wire_ws_accepting(key, buf, sizeof buf, &len) == CS_OK);
  read_again(buf, len, true, &answer);
  CS_ORACLE(cs_wire_ws_response_check(&answer, key) == CS_RULE_NONE);
}

static void check_host(cs_span host) {
  uint8_t buf[CS_LINK_OWN_MAX];
  size_t len = 0;
  cs_wire_http_head head;
  cs_rule broken = cs_wire_ws_host_check(host);
  cs_err e = cs_wire_ws_request(host, sample_key, buf, sizeof buf, &len);
  CS_ORACLE(e == (broken == CS_RULE_NONE ? CS_OK : CS_ERR_RULE));
  if (e != CS_OK)
    return;
  CS_ORACLE(host.len && host.len <= CS_WS_HOST_MAX);
  read_again(buf, len, false, &head);
  CS_ORACLE(cs_wire_ws_request_check(&head) == CS_RULE_NONE);
}

static void check_fields(const cs_wire_http_head *head, cs_span bytes) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span name;
  cs_span value;
  size_t count = 0;
  while (cs_wire_http_next(&it, &name, &value)) {
    CS_ORACLE(name.len && name.at >= bytes.at && value.at + value.len <= bytes.at + head->size);
    for (size_t i = 0; i < value.len; i++)
      CS_ORACLE(value.at[i] >= ' ' ? value.at[i] != 0x7f : value.at[i] == '\t');
    count++;
  }
  CS_ORACLE(it.rest.len == 0 && count <= CS_HTTP_FIELDS_MAX);
  if (cs_wire_http_field(head, "Host", &value)) {
    CS_ORACLE(cs_wire_http_count(head, "hOST") > 0);
    check_host(value);
  }
}

static void check_head(const struct input *in) {
  cs_span bytes = in->rest;
  bool response = (in->flags & RESPONSE) != 0;
  cs_wire_http_head head = {.status = 7};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_wire_http_read(bytes, response, &head, &broken);
  size_t at = 0;
  for (size_t i = 0; i < PIECES_MAX && in->cuts.len && at < bytes.len; i++) {
    cs_wire_http_head part = {.status = 7};
    cs_rule rule = CS_RULE_NONE;
    cs_err cut = cs_wire_http_read(cs_span_cut(bytes, 0, at), response, &part, &rule);
    if (cut == CS_ERR_AGAIN)
      CS_ORACLE(rule == CS_RULE_NONE && (e != CS_OK || at < head.size));
    else
      CS_ORACLE(cut == e && rule == broken && part.size == head.size);
    at += 1u + in->cuts.at[i % in->cuts.len];
  }
  if (e == CS_ERR_RULE)
    check_rule_named(broken);
  if (e != CS_OK) {
    CS_ORACLE(head.status == 7 && (e == CS_ERR_RULE || bytes.len < CS_HTTP_HEAD_MAX));
    return;
  }
  CS_ORACLE(head.size <= CS_HTTP_HEAD_MAX && head.size <= bytes.len);
  CS_ORACLE(memcmp(bytes.at + head.size - 4, "\r\n\r\n", 4) == 0);
  check_fields(&head, bytes);
  if (!response)
    check_request(&head);
  else if ((broken = cs_wire_ws_response_check(&head, cs_span_str(sample_key))) != CS_RULE_NONE)
    check_rule_named(broken);
}

/* ---- links ---- */

static struct memory { size_t out, peak, calls, fail_at; } memory;

static void *take(void *ctx, size_t size) {
  struct memory *m = ctx;
  if (++m->calls == m->fail_at)
    return NULL;
  m->out += size;
  m->peak = m->peak > m->out ? m->peak : m->out;
  return malloc(size);
}

static void give(void *ctx, void *p, size_t size) {
  ((struct memory *)ctx)->out -= size;
  free(p);
}

static const cs_base_alloc allocator = {take, give, &memory};

/* What came of one run: the messages by a running sum, and the end. */
struct outcome {
  size_t count;
  size_t bytes;
  uint64_t sum;
  cs_err end;
  cs_rule broken;
  size_t own_len;
  uint8_t own[4 * CS_LINK_OWN_MAX];
};

static void add_message(struct outcome *o, cs_span m) {
  o->count++;
  o->bytes += m.len;
  o->sum = o->sum * 1099511628211u + m.len;
  for (size_t i = 0; i < m.len; i++)
    o->sum = (o->sum ^ m.at[i]) * 1099511628211u;
}

/* The client's key comes from a fixed seed, so that its handshake can be in a
 * seed of the corpus too. */
static void open_link(cs_link *l, bool server, uint32_t cap) {
  static cs_base_seeded g;
  cs_rule broken;
  cs_base_seeded_init(&g, 1);
  cs_link_ws_config config = {server, cs_base_seeded_random(&g), cs_span_str("h"), CS_SECOND};
  cs_link_init(l, CS_LINK_WEBSOCKET, &allocator, cap);
  CS_ORACLE(cs_link_ws_open(l, &config, 0, &broken) == CS_OK);
}

/* The peer's part of a handshake that goes well, from a link of the other role. */
static size_t peer_handshake(bool server, uint8_t out[CS_LINK_OWN_MAX]) {
  cs_link client;
  cs_link other;
  cs_span m;
  cs_rule broken;
  size_t n = 0;
  open_link(&client, false, 16);
  CS_ORACLE(cs_link_transmit(&client, out, CS_LINK_OWN_MAX, &n) == CS_OK);
  if (!server) { /* its answer, over the request that it has read */
    open_link(&other, true, 16);
    cs_link_feed(&other, cs_span_of(out, n));
    CS_ORACLE(cs_link_next(&other, &m, &broken) == CS_ERR_AGAIN);
    CS_ORACLE(cs_link_transmit(&other, out, CS_LINK_OWN_MAX, &n) == CS_OK);
    cs_link_free(&other);
  }
  cs_link_free(&client);
  return n;
}

/* A part of a handshake, or a control frame that the peer may accept. */
static void check_own(cs_span bytes, bool server) {
  cs_wire_ws_frame f;
  cs_rule broken = CS_RULE_NONE;
  if (bytes.at[0] == 'G' || bytes.at[0] == 'H')
    return;
  CS_ORACLE(cs_wire_ws_frame_read(bytes, &f, &broken) == CS_OK);
  CS_ORACLE(cs_wire_ws_frame_check(&f, !server) == CS_RULE_NONE);
  CS_ORACLE(f.header + f.length == bytes.len &&
            (f.opcode == CS_WS_CLOSE || f.opcode == CS_WS_PONG));
  uint8_t payload[CS_WS_CONTROL_MAX];
  memcpy(payload, bytes.at + f.header, (size_t)f.length);
  if (f.masked)
    cs_wire_ws_mask(payload, (size_t)f.length, f.mask, 0);
  uint16_t status;
  cs_span reason;
  if (f.opcode == CS_WS_CLOSE)
    CS_ORACLE(cs_wire_ws_close_read(cs_span_of(payload, (size_t)f.length), &status, &reason) ==
              CS_RULE_NONE);
}

static void take_own(cs_link *l, struct outcome *o) {
  size_t n = 0;
  while (cs_link_wants_transmit(l)) {
    CS_ORACLE(cs_link_transmit(l, o->own, 1, &n) == CS_ERR_TOO_LARGE);
    size_t at = o->own_len + CS_LINK_OWN_MAX <= sizeof o->own ? o->own_len : 0;
    CS_ORACLE(cs_link_transmit(l, o->own + at, CS_LINK_OWN_MAX, &n) == CS_OK && n);
    check_own(cs_span_of(o->own + at, n), cs_link_header_size(l, 0) == 2);
    o->own_len = at + n;
  }
  CS_ORACLE(cs_link_transmit(l, o->own, sizeof o->own, &n) == CS_ERR_AGAIN);
}

/* What a link makes of a message is a frame that its peer may accept. */
static void check_sealed(cs_link *l, cs_span message) {
  bool client = cs_link_header_size(l, 0) > 2;
  size_t header = cs_link_header_size(l, message.len);
  uint8_t *at = malloc(header + message.len);
  CS_ORACLE(at);
  memcpy(at + header, message.at, message.len);
  cs_link_seal(l, at, message.len);
  if (header) {
    cs_wire_ws_frame f;
    cs_rule broken = CS_RULE_NONE;
    CS_ORACLE(cs_wire_ws_frame_read(cs_span_of(at, header), &f, &broken) == CS_OK);
    CS_ORACLE(cs_wire_ws_frame_check(&f, client) == CS_RULE_NONE && f.header == header);
    CS_ORACLE(f.fin && f.opcode == CS_WS_BINARY && f.length == message.len);
    if (f.masked)
      cs_wire_ws_mask(at + header, message.len, f.mask, 0);
  }
  CS_ORACLE(memcmp(at + header, message.at, message.len) == 0);
  free(at);
}

/* One piece, in memory of its own. */
static void feed(cs_link *l, cs_span piece, const struct input *in, struct outcome *o) {
  uint8_t *copy = malloc(piece.len);
  CS_ORACLE(copy);
  memcpy(copy, piece.at, piece.len);
  cs_link_feed(l, cs_span_of(copy, piece.len));
  for (;;) {
    cs_span m = {NULL, 0};
    cs_rule broken = CS_RULE_NONE;
    o->end = cs_link_next(l, &m, &broken);
    if (o->end == CS_ERR_MEMORY && memory.fail_at)
      continue;
    o->broken = broken;
    if (o->end != CS_OK)
      break;
    CS_ORACLE(m.len && m.len <= in->cap);
    add_message(o, m);
    check_sealed(l, m);
  }
  CS_ORACLE(o->end == CS_ERR_AGAIN || o->end == CS_ERR_RULE || o->end == CS_ERR_CLOSED);
  CS_ORACLE((o->end == CS_ERR_RULE) == (o->broken != CS_RULE_NONE));
  if (in->flags & FLUSH)
    take_own(l, o);
  free(copy);
}

static size_t piece_length(const struct input *in, size_t number, size_t at, size_t end) {
  size_t n = end - at;
  if (number < PIECES_MAX && in->cuts.len) {
    size_t want = 1u + in->cuts.at[number % in->cuts.len];
    n = n < want ? n : want;
  }
  if (at < in->close_at && in->close_at < at + n)
    n = in->close_at - at;
  if (at < in->head && in->head < at + n)
    n = in->head - at;
  return n;
}

static void run_end(cs_link *l, const struct input *in, struct outcome *o) {
  cs_link_ws_said said;
  cs_rule late = CS_RULE_NONE;
  if (in->flags & LATE && cs_link_deadline(l) != CS_TIME_NEVER) {
    CS_ORACLE(cs_link_expire(l, CS_SECOND - 1, &late) == CS_OK);
    CS_ORACLE(cs_link_expire(l, CS_SECOND + 1, &late) == CS_ERR_RULE && late != CS_RULE_NONE);
    cs_link_close(l, late, CS_SECOND);
  }
  CS_ORACLE(cs_link_ws_peer_said(l, &said));
  CS_ORACLE(!said.closed || o->end == CS_ERR_CLOSED);
  if (o->end == CS_ERR_RULE) {
    check_rule_named(o->broken);
    cs_link_close(l, o->broken, 1);
  }
  take_own(l, o);
  if (o->end != CS_ERR_AGAIN)
    CS_ORACLE(cs_link_closed(l) && !cs_link_ready(l));
  cs_link_close(l, CS_RULE_NONE, 1);
  take_own(l, o);
  cs_time deadline = cs_link_deadline(l);
  if (deadline != CS_TIME_NEVER)
    CS_ORACLE(cs_link_expire(l, deadline, &late) == CS_ERR_RULE && late != CS_RULE_NONE);
  CS_ORACLE(cs_link_closed(l) && !cs_link_wants_transmit(l) && !cs_link_ready(l));
}

/* Feeds all of bytes; the owner closes where the input wants it, at the same
 * place however the bytes are cut. */
static void run(const struct input *in, cs_span bytes, struct outcome *o) {
  cs_link l;
  bool server = (in->flags & 3u) == SERVER;
  memset(o, 0, sizeof *o);
  o->end = CS_ERR_AGAIN;
  memset(&memory, 0, sizeof memory);
  if (in->flags & STREAM && !server)
    cs_link_init(&l, CS_LINK_STREAM, &allocator, in->cap);
  else
    open_link(&l, server, in->cap);
  memory.fail_at = in->fail_at ? memory.calls + in->fail_at : 0;
  if (!server || (in->flags & FLUSH))
    take_own(&l, o);
  size_t at = 0;
  size_t base = memory.out;
  for (size_t number = 0; at < bytes.len; number++) {
    if (at == in->head)
      base = memory.peak = memory.out;
    size_t n = piece_length(in, number, at, bytes.len);
    if (at == in->close_at)
      cs_link_close(&l, CS_RULE_NONE, 1);
    feed(&l, cs_span_cut(bytes, at, n), in, o);
    at += n;
    if (o->end != CS_ERR_AGAIN)
      break;
  }
  if (l.kind == CS_LINK_WEBSOCKET)
    run_end(&l, in, o);
  /* Twice what may be held, while it grows; and never far over what came. */
  size_t most = in->cap;
  bool heads = in->head == 0 || at <= in->head; /* no frame was looked at, maybe */
  if (l.kind == CS_LINK_WEBSOCKET && heads && most < CS_HTTP_HEAD_MAX)
    most = CS_HTTP_HEAD_MAX;
  CS_ORACLE(memory.peak <= base + 2 * most + PLENTY && memory.peak <= base + 3 * at + PLENTY);
  cs_link_free(&l);
  CS_ORACLE(memory.out == 0);
}

/* The second decoder: all frames at once, by offsets. */
struct judge {
  cs_span in;
  size_t cap;
  bool server;
  uint8_t *message;
  size_t len;
  uint64_t announced;
  bool open;
  unsigned frames, empty, controls;
};

static cs_rule judge_data(struct judge *j, uint8_t first, uint64_t length) {
  unsigned opcode = first % 16;
  if (opcode == 0 && !j->open)
    return CS_RULE_WS_CONTINUATION;
  if (opcode != 0 && j->open)
    return CS_RULE_WS_INTERLEAVED;
  if (opcode == 1)
    return CS_RULE_WS_TEXT;
  if (length > j->cap || j->announced + length > j->cap)
    return CS_RULE_MESSAGE_CAP;
  j->announced += length;
  if (first >= 128 && j->announced == 0)
    return CS_RULE_WS_MESSAGE_EMPTY;
  j->empty = length ? 0 : j->empty + 1;
  if (j->empty > 16)
    return CS_RULE_WS_EMPTY_FRAGMENTS;
  if (++j->frames > 1024)
    return CS_RULE_WS_FRAGMENTS;
  j->open = true;
  return CS_RULE_NONE;
}

static cs_rule judge_frame(struct judge *j, cs_span b, uint64_t length) {
  uint8_t first = b.at[0];
  unsigned opcode = first % 16;
  cs_rule rule = judge_length(b, length);
  if (rule != CS_RULE_NONE)
    return rule;
  if (first & 0x70)
    return CS_RULE_WS_RESERVED_BITS;
  if ((opcode > 2 && opcode < 8) || opcode > 10)
    return CS_RULE_WS_OPCODE;
  if (opcode >= 8 && first < 128)
    return CS_RULE_WS_CONTROL_FRAGMENTED;
  if (opcode >= 8 && length > 125)
    return CS_RULE_WS_CONTROL_LENGTH;
  if ((b.at[1] >= 128) != j->server)
    return j->server ? CS_RULE_WS_UNMASKED : CS_RULE_WS_MASKED;
  if (opcode < 8)
    return judge_data(j, first, length);
  return ++j->controls > 1000 ? CS_RULE_WS_CONTROL_FLOOD : CS_RULE_NONE;
}

static void judge_end(struct outcome *o, cs_err end, cs_rule broken) {
  o->end = end;
  o->broken = broken;
}

/* Takes one frame; false when the run ends with it. */
static bool judge_step(struct judge *j, struct outcome *o) {
  uint64_t length = 0;
  size_t header = judge_header(j->in, &length);
  cs_span b = j->in;
  if (header == 0) {
    judge_end(o, CS_ERR_AGAIN, CS_RULE_NONE);
    return false;
  }
  cs_rule rule = judge_frame(j, b, length);
  if (rule != CS_RULE_NONE || length > b.len - header) {
    judge_end(o, rule == CS_RULE_NONE ? CS_ERR_AGAIN : CS_ERR_RULE, rule);
    return false;
  }
  uint8_t *to = b.at[0] % 16 < 8 ? j->message + j->len : j->message + INPUT_MAX;
  for (size_t i = 0; i < length; i++)
    to[i] = b.at[header + i] ^ (j->server ? b.at[header - 4 + i % 4] : 0);
  j->in = cs_span_cut(b, header + (size_t)length, b.len - header - (size_t)length);
  if (b.at[0] % 16 == 8) {
    uint16_t status;
    cs_span reason;
    rule = cs_wire_ws_close_read(cs_span_of(to, (size_t)length), &status, &reason);
    judge_end(o, rule == CS_RULE_NONE ? CS_ERR_CLOSED : CS_ERR_RULE, rule);
    return false;
  }
  if (b.at[0] % 16 > 8)
    return true;
  j->len += (size_t)length;
  if (b.at[0] >= 128) {
    add_message(o, cs_span_of(j->message, j->len));
    j->len = j->frames = j->empty = j->controls = 0;
    j->announced = 0;
    j->open = false;
  }
  return true;
}

/* A stream: each message is as long as its header says. */
static void judge_stream(const struct input *in, cs_span bytes, struct outcome *o) {
  size_t total;
  memset(o, 0, sizeof *o);
  judge_end(o, CS_ERR_AGAIN, CS_RULE_NONE);
  while (cs_wire_tcp_frame(bytes, &total) == CS_OK) {
    if (total > in->cap)
      judge_end(o, CS_ERR_RULE, CS_RULE_MESSAGE_CAP);
    if (total > in->cap || total > bytes.len)
      return;
    add_message(o, cs_span_cut(bytes, 0, total));
    bytes = cs_span_cut(bytes, total, bytes.len - total);
  }
}

static void judge_frames(const struct input *in, cs_span bytes, struct outcome *o) {
  struct judge j = {.in = bytes, .cap = in->cap, .server = (in->flags & 3u) == SERVER};
  memset(o, 0, sizeof *o);
  j.message = malloc(INPUT_MAX + CS_WS_CONTROL_MAX);
  CS_ORACLE(j.message);
  while (judge_step(&j, o))
    ;
  free(j.message);
}

/* Own bytes are left out where pieces decide which Pings were answered. */
static void check_same(const struct outcome *a, const struct outcome *b, bool own) {
  CS_ORACLE(a->count == b->count && a->bytes == b->bytes && a->sum == b->sum);
  CS_ORACLE(a->end == b->end && a->broken == b->broken);
  if (own)
    CS_ORACLE(a->own_len == b->own_len && memcmp(a->own, b->own, a->own_len) == 0);
}

static void check_link(const struct input *in) {
  static struct outcome whole;
  static struct outcome cut;
  static uint8_t bytes[CS_LINK_OWN_MAX + INPUT_MAX];
  struct input one = *in;
  size_t head = 0;
  memset(&memory, 0, sizeof memory);
  bool stream = (in->flags & STREAM) && (in->flags & 3u) == CLIENT;
  if (in->flags & SHAKEN && !stream)
    head = peer_handshake((in->flags & 3u) == SERVER, bytes);
  memcpy(bytes + head, in->rest.at, in->rest.len);
  cs_span all = cs_span_of(bytes, head + in->rest.len);
  one.head = head;
  one.close_at = in->flags & OWN_CLOSE ? head + in->close_at : SIZE_MAX;
  struct input pieces = one;
  one.cuts.len = 0;
  one.fail_at = 0;
  run(&one, all, &whole);
  run(&pieces, all, &cut);
  check_same(&whole, &cut, !(in->flags & FLUSH));
  if (stream) {
    judge_stream(in, in->rest, &cut);
    check_same(&whole, &cut, false);
  } else if ((in->flags & SHAKEN) && !(in->flags & OWN_CLOSE)) {
    judge_frames(in, in->rest, &cut);
    check_same(&whole, &cut, false);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3 || size > INPUT_MAX || size < 3u + (data[2] & 15u))
    return 0;
  size_t cuts = data[2] & 15u;
  struct input in = {.flags = data[0], .cap = caps[data[1] & 3u], .fail_at = data[1] >> 2};
  in.cuts = cs_span_of(data + 3, cuts);
  in.rest = cs_span_of(data + 3 + cuts, size - 3 - cuts);
  in.close_at = in.rest.len * (data[2] >> 4) / 16;
  cs_span rest = in.rest;
  switch (in.flags & 3u) {
  case FRAMES:
    while (check_frame(&rest))
      ;
    break;
  case HEAD:
    check_head(&in);
    break;
  default:
    check_link(&in);
    break;
  }
  return 0;
}
