/* A client and a server over DTLS, both alive, and a network between them that the
 * input is: it loses, doubles, reorders, joins, splits, re-fragments and changes
 * what they say.
 *
 * Bytes 0 and 1 are the set-up: of the client as in tls/client.h (bit 4 trusts by
 * certificates; without bit 7 suites 0 are suites 2); of the server, bits 0 and 1 which keys it has
 * (0 and 3 the right ones, 1 another key, 2 a stranger's certificate), bit 2 datagrams of 200 bytes
 * at most. Then operations, a byte each with what it needs behind it:
 *
 *   0 n       the n-th datagram in the air arrives
 *   1 n       it arrives, and stays in the air too
 *   2 n       it is lost
 *   3 n o v   its byte o is changed by v
 *   4 n m     it is cut to m bytes, or if it is shorter doubled in itself
 *   5 n o     it is split behind its first record; one with a single record of the
 *             handshake in the clear is fragmented there, at byte o
 *   6 n       it and the one behind it in the same direction become one
 *   7 n e     its epoch and sequence number are changed by the halves of e
 *   8 t       time passes, in units of 100 ms
 *   9         time passes up to the next deadline
 *   10 f      a request of the client's (tls/client.h)
 *   11        all that is in the air arrives in order
 *   12 n      the n-th allocation from now fails, in either
 *   13        the client releases
 *   14        the server releases
 *   15        a client whose session has ended begins another
 *
 * Oracles: who is established has a peer that came to the same secrets, and not a
 * server with other keys; the server's application sees no more requests than the
 * client's made; when nothing was changed or lost and no memory was short, the
 * handshake is completed; and those of tls/client.h.
 *
 * twins: strict bypass
 * covers: src/endpoint/secure.c src/tls/mbedtls_session.c src/tls/mbedtls_handshake.c
 * covers: src/tls/mbedtls_transport.c src/tls/mbedtls_cookie.c src/tls/mbedtls_configure.c */
#define TARGET_LINKS CS_LINK_DATAGRAM
#define TARGET_TRUSTS BY_PSK, BY_CERTIFICATE
#include "fuzz/tls/client.h"
#include "fuzz/tls/live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { AIR = 48, DATAGRAM_MAX = 2048, DUO_CAP = 900000, DUO_STEPS_MAX = 3000 };

struct datagram {
  bool to_server;
  size_t len;
  uint8_t bytes[DATAGRAM_MAX];
};

static client c;
static live s;
static struct datagram air[AIR];
static size_t flying;
static bool clean; /* the network has done nothing that it should not, and memory was there */
static unsigned asked;
static unsigned server_established;
static bool server_is_established;

static uint16_t more[2]; /* records in the clear that the network has added, by direction */

static size_t record_size(const struct datagram *d, size_t at) {
  size_t left = d->len - at;
  size_t n = left < 13 ? left : 13u + ((size_t)d->bytes[at + 11] << 8 | d->bytes[at + 12]);
  return n < left ? n : left;
}

/* Records in the clear from this number on are numbered so much higher. */
static void renumber(struct datagram *d, unsigned from, unsigned by) {
  for (size_t at = 0; at + 13 <= d->len; at += record_size(d, at)) {
    uint8_t *h = d->bytes + at;
    unsigned number = (unsigned)h[9] << 8 | h[10];
    if (h[3] || h[4] || number < from)
      continue;
    h[9] = (uint8_t)((number + by) >> 8);
    h[10] = (uint8_t)(number + by);
  }
}

static void fly(bool to_server, cs_span bytes) {
  if (flying == AIR || bytes.len > DATAGRAM_MAX) {
    clean = false;
    return;
  }
  struct datagram *d = &air[flying++];
  d->to_server = to_server;
  d->len = bytes.len;
  memcpy(d->bytes, bytes.at, bytes.len);
  renumber(d, 0, more[to_server]);
}

static void client_said(void *ctx, cs_span bytes) {
  (void)ctx;
  fly(true, bytes);
}

#ifndef FUZZ_BYPASS
static void check_secrets(void) {
  cs_tls_state state = cs_tls_state_of(cs_endpoint_tls(s.e));
  if (state == CS_TLS_ESTABLISHED && !server_is_established) {
    server_established++;
    CS_ORACLE(s.side.count > 0 && tls_side_has(&c.side, s.side.secrets[s.side.count - 1]));
  }
  server_is_established = state == CS_TLS_ESTABLISHED;
  for (unsigned i = 0; i < c.established && i < CLIENT_SESSIONS_MAX; i++)
    CS_ORACLE(tls_side_has(&s.side, c.reached[i]));
  bool right = s.kind == HONEST || s.kind == (c.trusts == BY_PSK ? INTRUDER : WRONG_KEY);
  CS_ORACLE(right || (c.established == 0 && server_established == 0));
}
#else
static void check_secrets(void) {
}
#endif

/* Both say what they have to. */
static void settle(void) {
  uint8_t buf[DATAGRAM_MAX];
  size_t n;
  s.now = c.now;
  client_turn(&c);
  live_turn(&s);
  check_secrets();
  for (unsigned i = 0; live_says(&s, buf, sizeof buf, &n); i++) {
    CS_ORACLE(i < 1000);
    fuzz_digest(&c.digest, buf, n);
    fly(false, cs_span_of(buf, n));
  }
#ifndef FUZZ_BYPASS
  CS_ORACLE(s.requests <= asked);
#endif
  if (tls_arena.short_of)
    clean = false;
}

static void drop(size_t i) {
  memmove(air + i, air + i + 1, (--flying - i) * sizeof *air);
}

static void arrive(size_t i, bool stays) {
  static struct datagram d;
  d.to_server = air[i].to_server;
  d.len = air[i].len;
  memcpy(d.bytes, air[i].bytes, d.len);
  if (!stays)
    drop(i);
  if (d.to_server) {
    uint8_t *copy = malloc(d.len ? d.len : 1);
    memcpy(copy, d.bytes, d.len);
    live_hears(&s, cs_span_of(copy, d.len));
    free(copy);
  } else {
    client_hears(&c, cs_span_of(d.bytes, d.len));
  }
  settle();
}

static void all_arrives(void) {
  for (unsigned steps = 0; flying; steps++) {
    arrive(0, false);
    CS_ORACLE(steps < DUO_STEPS_MAX);
  }
}

/* ---- what the network does to a datagram ---- */

/* Makes room for another behind datagram i, to the same side; NULL when there is none. */
static struct datagram *behind(size_t i) {
  if (flying == AIR)
    return NULL;
  memmove(air + i + 1, air + i, (flying++ - i) * sizeof *air);
  return &air[i + 1];
}

/* One fragment of a handshake message in the clear becomes two. */
static void fragment(size_t i, uint8_t at) {
  enum { RECORD = 13, HANDSHAKE = 12, HEADS = RECORD + HANDSHAKE };
  struct datagram *a = &air[i], *b;
  size_t body = a->len < HEADS ? 0 : a->len - HEADS;
  if (a->bytes[0] != 22 || a->bytes[3] || a->bytes[4] || body < 2 || !(b = behind(i)))
    return;
  size_t first = 1 + at % (body - 1), from = (size_t)a->bytes[20] << 8 | a->bytes[21];
  memmove(b->bytes + HEADS, a->bytes + HEADS + first, body - first);
  a->len = HEADS + first;
  b->len = HEADS + body - first;
  struct datagram *both[] = {a, b};
  for (unsigned k = 0; k < 2; k++) {
    uint8_t *h = both[k]->bytes;
    size_t n = both[k]->len - HEADS, offset = k ? from + first : from;
    h[11] = (uint8_t)((n + HANDSHAKE) >> 8);
    h[12] = (uint8_t)(n + HANDSHAKE);
    h[20] = (uint8_t)(offset >> 8);
    h[21] = (uint8_t)offset;
    h[23] = (uint8_t)(n >> 8);
    h[24] = (uint8_t)n;
  }
  /* Each has a number of its own, and what follows another. */
  unsigned number = (unsigned)a->bytes[9] << 8 | a->bytes[10];
  for (size_t k = 0; k < flying; k++)
    if (air[k].to_server == a->to_server && k != i)
      renumber(&air[k], k == i + 1 ? number : number + 1, 1);
  more[a->to_server]++;
  if (a->bytes[13] == 1)
    clean = false; /* a server without state may not wait for the rest of a ClientHello */
}

static void split(size_t i, uint8_t at) {
  size_t n = record_size(&air[i], 0);
  if (n == air[i].len) {
    fragment(i, at);
    return;
  }
  struct datagram *b = behind(i);
  if (!b)
    return;
  b->len = air[i].len - n;
  memmove(b->bytes, air[i].bytes + n, b->len);
  air[i].len = n;
}

static void join(size_t i) {
  struct datagram *a = &air[i];
  for (size_t k = i + 1; k < flying; k++)
    if (air[k].to_server == a->to_server) {
      if (a->len + air[k].len > DATAGRAM_MAX)
        return;
      memcpy(a->bytes + a->len, air[k].bytes, air[k].len);
      a->len += air[k].len;
      drop(k);
      return;
    }
}

static void cut(struct datagram *d, uint8_t to) {
  clean = false;
  if (d->len > to) {
    d->len = to;
  } else if (2 * d->len <= DATAGRAM_MAX) {
    memcpy(d->bytes + d->len, d->bytes, d->len);
    d->len *= 2;
  }
}

static void change(struct datagram *d, size_t at, uint8_t by) {
  clean = false;
  if (d->len)
    d->bytes[at % d->len] = (uint8_t)(d->bytes[at % d->len] ^ (by ? by : 1));
}

/* ---- operations ---- */

static void on_datagram(uint8_t op, cs_base_reader *in) {
  uint8_t n, a = 0, b = 0;
  if (!cs_base_take_u8(in, &n) || (op >= 3 && op != 6 && !cs_base_take_u8(in, &a)) ||
      (op == 3 && !cs_base_take_u8(in, &b)) || flying == 0)
    return;
  size_t i = n % flying;
  switch (op) {
  case 0:
  case 1:
    arrive(i, op == 1);
    break;
  case 2:
    clean = false;
    drop(i);
    break;
  case 3:
    change(&air[i], a, b);
    break;
  case 4:
    cut(&air[i], a);
    break;
  case 5:
    split(i, a);
    break;
  case 6:
    join(i);
    break;
  default:
    clean = false;
    if (air[i].len > 10) {
      air[i].bytes[4] = (uint8_t)(air[i].bytes[4] ^ a >> 4);
      air[i].bytes[10] = (uint8_t)(air[i].bytes[10] ^ (a & 15));
    }
  }
}

static void pass(cs_time by) {
  client_pass(&c, by);
  s.now = c.now;
  cs_endpoint_expire(s.e, s.now);
  settle();
}

static cs_time deadline(void) {
  return cs_time_min(cs_endpoint_deadline(c.e), cs_endpoint_deadline(s.e));
}

static void operate(uint8_t op, cs_base_reader *in) {
  uint8_t n;
  switch (op) {
  case 8:
    if (cs_base_take_u8(in, &n)) {
      pass(n * 100 * CS_MILLISECOND);
      clean = false; /* a retransmission is no change, but a time-out is no answer */
    }
    break;
  case 9:
    if (deadline() != CS_TIME_NEVER)
      pass(deadline() > c.now ? deadline() - c.now : 0);
    clean = false;
    break;
  case 10:
    if (cs_base_take_u8(in, &n)) {
      asked++;
      client_request(&c, n);
    }
    break;
  case 11:
    all_arrives();
    break;
  case 12:
    if (cs_base_take_u8(in, &n))
      tls_arena.fail_in = n;
    break;
  case 13:
    clean = false;
    c.left = true;
    cs_endpoint_release(c.e, c.now);
    break;
  case 14:
    clean = false;
    cs_endpoint_release(s.e, s.now);
    break;
  case 15:
    client_again(&c);
    break;
  default:
    on_datagram(op, in);
  }
  settle();
}

/* The network is good from now on. */
static void rest(void) {
  unsigned steps = 0;
  tls_arena.fail_in = 0;
  for (;;) {
    settle();
    all_arrives();
    if (deadline() == CS_TIME_NEVER)
      break;
    pass(deadline() > c.now ? deadline() - c.now : 0);
    CS_ORACLE(steps++ < DUO_STEPS_MAX);
  }
}

static void begin(uint8_t setup, uint8_t other) {
  static const kind_of_server kinds[] = {HONEST, WRONG_KEY, INTRUDER, HONEST};
  flying = 0;
  more[0] = more[1] = 0;
  clean = true;
  asked = server_established = 0;
  server_is_established = false;
  /* The library's first choice is made of curves at both ends, and slow. */
  if (setup % 4 == 0 && !(setup & 128))
    setup |= 2;
  client_begin(&c, setup, client_said, NULL);
  live_begin(&s, CS_LINK_DATAGRAM, kinds[other & 3], other & 4 ? 200 : 1152, c.now);
  settle();
}

static void end(void) {
  client_end(&c);
  live_end(&s);
}

static uint64_t run(cs_span input) {
  cs_base_reader in = cs_base_reader_of(input);
  uint8_t setup, other, op;
  if (!cs_base_take_u8(&in, &setup) || !cs_base_take_u8(&in, &other))
    return 0;
  fuzz_arena_init(&tls_arena, DUO_CAP);
  tls_arena_on = true;
  begin(setup, other);
  for (unsigned i = 0; i < CLIENT_OPERATIONS_MAX && cs_base_take_u8(&in, &op); i++)
    operate(op % 16, &in);
  rest();
  bool right = s.kind == HONEST || s.kind == (c.trusts == BY_PSK ? INTRUDER : WRONG_KEY);
  CS_ORACLE(!clean || !right || c.established > 0);
  for (unsigned i = 0; i < CLIENT_REQUESTS; i++)
    CS_ORACLE(!c.slots[i].request);
  end();
  CS_ORACLE(tls_arena.out == 0);
  tls_arena_on = false;
  return c.digest;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  secrets_begin();
  /* What the library keeps with credentials from the first use on. */
  for (uint8_t i = 0; i < 6; i++) {
    begin((uint8_t)(i & 1 ? 16 : 0), (uint8_t)(i / 2));
    all_arrives();
    end();
  }
  atexit(secrets_end);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  if (first % 8 == 0)
    CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
