/* Changes inputs of the targets that drive a client over (D)TLS (tls/client.h) where
 * they have their joints: operations, records, messages of a handshake; lengths are
 * put right again, mostly. libFuzzer has it linked in; for AFL++ it is a library
 * that AFL_CUSTOM_MUTATOR_LIBRARY names. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 13, OPERATIONS_MAX = 256, RECORDS_MAX = 64, CANNED = 12, FUNCTIONS = 16 };

typedef struct input {
  uint8_t *at;
  size_t len, max;
  uint64_t random;
  struct {
    size_t from, len;
  } ops[OPERATIONS_MAX];
  size_t count;
} input;

static unsigned draw(input *in, size_t below) {
  in->random = in->random * UINT64_C(6364136223846793005) + 1442695040888963407;
  return below ? (unsigned)((in->random >> 33) % below) : 0;
}

static unsigned get16(const uint8_t *p) {
  return (unsigned)p[0] << 8 | p[1];
}

static void set16(uint8_t *p, size_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}

static void set24(uint8_t *p, size_t v) {
  p[0] = (uint8_t)(v >> 16);
  set16(p + 1, v);
}

static size_t operation_len(const uint8_t *p, size_t left) {
  static const uint8_t plain[OPERATIONS] = {3, 3, 1, 2, 1, 2, 2, 1, 2, 1, 2, 2, 3};
  size_t n = plain[p[0] % OPERATIONS];
  if (p[0] % OPERATIONS == 0 && left >= 3)
    n += get16(p + 1);
  return n < left ? n : left;
}

static void scan(input *in) {
  in->count = 0;
  for (size_t at = 1; at < in->len && in->count < OPERATIONS_MAX; in->count++) {
    in->ops[in->count].from = at;
    in->ops[in->count].len = operation_len(in->at + at, in->len - at);
    at += in->ops[in->count].len;
  }
}

/* Puts n bytes in at this place; false when there is no room. */
static bool insert(input *in, size_t at, const uint8_t *bytes, size_t n) {
  if (n > in->max - in->len || at > in->len)
    return false;
  memmove(in->at + at + n, in->at + at, in->len - at);
  memmove(in->at + at, bytes, n);
  in->len += n;
  return true;
}

static void erase(input *in, size_t at, size_t n) {
  memmove(in->at + at, in->at + at + n, in->len - at - n);
  in->len -= n;
}

/* ---- operations ---- */

static void drop_operation(input *in) {
  size_t i = draw(in, in->count);
  if (in->count > 1)
    erase(in, in->ops[i].from, in->ops[i].len);
}

static void copy_operation(input *in) {
  static uint8_t copy[65536];
  size_t i = draw(in, in->count), to = draw(in, in->count);
  if (!in->count || in->ops[i].len > sizeof copy)
    return;
  memcpy(copy, in->at + in->ops[i].from, in->ops[i].len);
  (void)insert(in, in->ops[to].from, copy, in->ops[i].len);
}

static void move_operation(input *in) {
  static uint8_t copy[65536];
  size_t i = draw(in, in->count), n;
  if (in->count < 2 || (n = in->ops[i].len) > sizeof copy)
    return;
  memcpy(copy, in->at + in->ops[i].from, n);
  erase(in, in->ops[i].from, n);
  scan(in);
  (void)insert(in, in->ops[draw(in, in->count)].from, copy, n);
}

static void add_operation(input *in) {
  uint8_t op[3] = {(uint8_t)(1 + draw(in, OPERATIONS - 1)), (uint8_t)draw(in, 256),
                   (uint8_t)draw(in, 256)};
  size_t at = in->count ? in->ops[draw(in, in->count)].from : in->len;
  (void)insert(in, at ? at : 1, op, operation_len(op, sizeof op));
}

static void change_set_up(input *in) {
  in->at[0] = (uint8_t)(in->at[0] ^ 1u << draw(in, 7));
}

/* ---- what comes from the server ---- */

/* A datagram, or bytes of a stream: where they are, and which operation. */
typedef struct piece {
  size_t op, from, len;
} piece;

static bool pick_piece(input *in, piece *p) {
  for (unsigned tries = 0; in->count && tries < 8; tries++) {
    size_t i = draw(in, in->count);
    if (in->at[in->ops[i].from] % OPERATIONS == 0 && in->ops[i].len > 3) {
      *p = (piece){in->ops[i].from, in->ops[i].from + 3, in->ops[i].len - 3};
      return true;
    }
  }
  return false;
}

/* The piece has become so much longer. */
static void grow_piece(input *in, piece *p, long by) {
  p->len = (size_t)((long)p->len + by);
  set16(in->at + p->op + 1, p->len);
}

static size_t record_head(const input *in, size_t at) {
  return in->at[at + 1] == 0xfe ? 13 : 5;
}

/* A record of a piece: its place and whole length. */
static bool pick_record(input *in, const piece *p, size_t *from, size_t *len) {
  size_t at[RECORDS_MAX], n = 0;
  for (size_t i = p->from; i + 5 <= p->from + p->len && n < RECORDS_MAX; n++) {
    at[n] = i;
    size_t head = record_head(in, i);
    if (i + head > p->from + p->len)
      break;
    i += head + get16(in->at + i + head - 2);
  }
  if (!n)
    return false;
  *from = at[draw(in, n)];
  size_t head = record_head(in, *from), left = p->from + p->len - *from;
  if (left < head)
    return false;
  *len = head + get16(in->at + *from + head - 2);
  *len = *len < left ? *len : left;
  return true;
}

static void change_record(input *in) {
  static const uint8_t types[] = {20, 21, 22, 23, 24, 25};
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len))
    return;
  uint8_t *h = in->at + at;
  size_t head = record_head(in, at);
  switch (draw(in, head == 13 ? 6 : 3)) {
  case 0:
    h[0] = types[draw(in, sizeof types)];
    break;
  case 1:
    h[1 + draw(in, 2)] = (uint8_t)draw(in, 256);
    break;
  case 2:
    set16(h + head - 2, draw(in, 4) ? get16(h + head - 2) + draw(in, 5) - 2 : draw(in, 65536));
    break;
  case 3:
    h[4] = (uint8_t)(h[4] ^ 1);
    break;
  case 4:
    h[10] = (uint8_t)(h[10] + draw(in, 7) - 3);
    break;
  default:
    h[5 + draw(in, 6)] = (uint8_t)draw(in, 256);
  }
}

static void drop_record(input *in) {
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len) || len == p.len)
    return;
  erase(in, at, len);
  grow_piece(in, &p, -(long)len);
}

static void copy_record(input *in) {
  static uint8_t copy[65536];
  piece p, to;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len) || len > sizeof copy)
    return;
  memcpy(copy, in->at + at, len);
  if (pick_piece(in, &to) && to.len + len < 65536 &&
      insert(in, draw(in, 2) ? to.from : to.from + to.len, copy, len))
    grow_piece(in, &to, (long)len);
}

/* The body becomes longer or shorter, and all lengths say so. */
static void resize_body(input *in) {
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len))
    return;
  size_t head = record_head(in, at), hs = head == 13 ? 12 : 4;
  bool message =
      in->at[at] == 22 && len >= head + hs && (head == 5 || !(in->at[at + 3] | in->at[at + 4]));
  size_t fixed = head + (message ? hs : 0), body = len - (len < fixed ? len : fixed);
  size_t place = at + fixed + draw(in, body + 1), n = 1 + draw(in, draw(in, 4) ? 4 : 64);
  long by = (long)n;
  if (place > at + len)
    return;
  if (draw(in, 2)) {
    uint8_t fill[64];
    for (size_t i = 0; i < n; i++)
      fill[i] = (uint8_t)(draw(in, 3) ? draw(in, 256) : 0);
    if (p.len + n > 65535 || !insert(in, place, fill, n))
      return;
  } else {
    if (n > at + len - place)
      return;
    erase(in, place, n);
    by = -by;
  }
  grow_piece(in, &p, by);
  uint8_t *h = in->at + at;
  set16(h + head - 2, (size_t)((long)get16(h + head - 2) + by));
  if (message && draw(in, 8)) {
    size_t total = (size_t)((long)(h[head + 1] << 16 | (int)get16(h + head + 2)) + by);
    set24(h + head + 1, total);
    if (hs == 12)
      set24(h + head + 9, total);
  }
}

static void change_body(input *in) {
  static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len) || len <= record_head(in, at))
    return;
  size_t head = record_head(in, at);
  uint8_t *b = in->at + at + head + draw(in, len - head);
  *b = (uint8_t)(draw(in, 2) ? odd[draw(in, sizeof odd)] : *b ^ 1u << draw(in, 8));
}

static void change_message(input *in) {
  static const uint8_t types[] = {0, 1, 2, 3, 4, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 254};
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len))
    return;
  size_t head = record_head(in, at);
  uint8_t *m = in->at + at + head;
  if (in->at[at] != 22 || len < head + (head == 13 ? 12 : 4))
    return;
  switch (draw(in, head == 13 ? 5 : 2)) {
  case 0:
    m[0] = types[draw(in, sizeof types)];
    break;
  case 1:
    m[1 + draw(in, 3)] = (uint8_t)draw(in, 256);
    break;
  case 2:
    m[5] = (uint8_t)(m[5] + draw(in, 5) - 2);
    break;
  case 3:
    m[6 + draw(in, 3)] = (uint8_t)draw(in, 256);
    break;
  default:
    m[9 + draw(in, 3)] = (uint8_t)draw(in, 256);
  }
}

/* One message of a DTLS handshake becomes two fragments, overlapping or not. */
static void fragment_message(input *in) {
  static uint8_t copy[65536];
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len) || len < 27 || len > sizeof copy ||
      in->at[at] != 22 || in->at[at + 1] != 0xfe || p.len + len > 65535)
    return;
  memcpy(copy, in->at + at, len);
  size_t body = len - 25, first = 1 + draw(in, body - 1), over = draw(in, 2) ? draw(in, first) : 0;
  if (!insert(in, at, copy, len))
    return;
  grow_piece(in, &p, (long)len);
  uint8_t *a = in->at + at, *b = a + len;
  set16(a + 11, first + 12);
  set24(a + 22, first);
  set24(b + 19, first - over);
  set24(b + 22, body - first + over);
  set16(b + 11, body - first + over + 12);
  b[10] = (uint8_t)(b[10] + 1);
  memmove(b + 25, b + 25 + first - over, body - first + over);
  /* What is left over behind each. */
  size_t spare = first - over, behind = body - first;
  erase(in, at + 2 * len - spare, spare);
  erase(in, at + 25 + first, behind);
  grow_piece(in, &p, -(long)(spare + behind));
}

static void join_pieces(input *in) {
  for (size_t i = draw(in, in->count); i + 1 < in->count; i++) {
    size_t a = in->ops[i].from, b = in->ops[i + 1].from;
    if (in->at[a] % OPERATIONS || in->at[b] % OPERATIONS || in->ops[i].len < 3 ||
        in->ops[i + 1].len < 3)
      continue;
    size_t n = in->ops[i].len - 3 + in->ops[i + 1].len - 3;
    if (n > 65535)
      return;
    erase(in, b, 3);
    set16(in->at + a + 1, n);
    return;
  }
}

static void split_piece(input *in) {
  piece p;
  size_t at, len;
  if (!pick_piece(in, &p) || !pick_record(in, &p, &at, &len))
    return;
  size_t first = draw(in, 3) ? at - p.from : draw(in, p.len);
  uint8_t op[3] = {0};
  set16(op + 1, p.len - first);
  if (insert(in, p.from + first, op, 3))
    set16(in->at + p.op + 1, first);
}

/* Records that a server might say at any time, in the clear; of TLS where at most the
 * head differs. */
static void add_canned(input *in) {
  static const uint8_t bodies[CANNED][24] = {
      {2, 21, 1, 0},                                               /* close_notify */
      {2, 21, 2, 40},                                              /* fatal alert */
      {2, 21, 1, 100},                                             /* no_renegotiation */
      {1, 20, 1},                                                  /* ChangeCipherSpec */
      {12, 22, 0, 0, 0, 0},                                        /* HelloRequest */
      {12, 22, 14, 0, 0, 0},                                       /* ServerHelloDone */
      {15, 22, 3, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0xfe, 0xff, 0}, /* HelloVerifyRequest */
      {20, 22, 13, 0, 0,  8, 0, 3, 0, 0, 0,
       0,  0,  8,  1, 64, 0, 2, 4, 3, 0, 0},                          /* CertificateRequest */
      {18, 22, 4, 0, 0, 6, 0, 9, 0, 0, 0, 0, 0, 6, 0, 0, 0, 9, 0, 0}, /* NewSessionTicket */
      {18, 22, 12, 0, 0, 6, 0, 2, 0, 0, 0, 0, 0, 6, 0, 4, 'h', 'i', 'n', 't'}, /* hint */
      {0, 23},                                                                 /* an empty record */
      {4, 23, 0x40, 0, 0, 1}};                                                 /* a CoAP ping */
  uint8_t op[64] = {0};
  const uint8_t *b = bodies[draw(in, CANNED)];
  piece p = {0};
  bool stream = pick_piece(in, &p) && p.len > 1 && in->at[p.from + 1] == 3;
  size_t head = stream ? 5 : 13, n = b[0];
  uint8_t *h = op + 3;
  h[0] = b[1];
  set16(h + 1, stream ? 0x0303 : 0xfefd);
  if (!stream) {
    h[4] = (uint8_t)draw(in, 2);
    h[10] = (uint8_t)draw(in, 16);
  }
  memcpy(h + head, b + 2, n);
  if (h[0] == 22 && stream) { /* no sequence and no fragments there */
    memmove(h + head + 4, h + head + 12, n - 12);
    n -= 8;
  } else if (h[0] == 22 && draw(in, 2)) {
    h[head + 5] = (uint8_t)draw(in, 8);
  }
  set16(h + head - 2, n);
  set16(op + 1, head + n);
  size_t at = in->count ? in->ops[draw(in, in->count)].from : in->len;
  (void)insert(in, draw(in, 4) ? at : in->len, op, 3 + head + n);
}

static void (*const functions[FUNCTIONS])(input *in) = {
    drop_operation, copy_operation, move_operation,   add_operation, change_set_up, change_record,
    drop_record,    copy_record,    resize_body,      change_body,   change_body,   change_message,
    join_pieces,    split_piece,    fragment_message, add_canned};

/* Changes *data, which has size bytes and room for max, once or a few times. */
static size_t mutate(uint8_t *data, size_t size, size_t max, uint64_t seed) {
  static input in;
  in.at = data;
  in.len = size;
  in.max = max;
  in.random = seed * 2 + 1;
  if (size < 2)
    return size;
  for (unsigned n = 1 + draw(&in, 4); n; n--) {
    scan(&in);
    functions[draw(&in, FUNCTIONS)](&in);
  }
  return in.len;
}

#ifdef FUZZ_AFL_LIBRARY
typedef struct afl_mutator {
  uint64_t seed;
  uint8_t out[1 << 17];
} afl_mutator;

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned seed) {
  (void)afl;
  afl_mutator *m = calloc(1, sizeof *m);
  if (m)
    m->seed = seed;
  return m;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max) {
  afl_mutator *m = data;
  (void)other, (void)other_size;
  max = max < sizeof m->out ? max : sizeof m->out;
  size = size < max ? size : max;
  memcpy(m->out, buf, size);
  *out = m->out;
  return mutate(m->out, size, max, m->seed++);
}

void afl_custom_deinit(void *data) {
  free(data);
}
#else
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
  return seed % 3 == 0 ? LLVMFuzzerMutate(data, size, max) : mutate(data, size, max, seed / 3);
}
#endif
