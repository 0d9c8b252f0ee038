/* Reads the server's first flight: records, handshake messages, and of DTLS their
 * fragments. */
#include <string.h>

#include "runner/hello.h"
#include "runner/suite.h"

enum {
  HELD_MAX = CS_RUNNER_HELLO_MESSAGES_MAX * CS_RUNNER_HELLO_MESSAGE_MAX, /* DTLS: bytes */
  ALERT = 21,
  HANDSHAKE = 22,
  RECORD_HEADER = 5, /* of a stream */
  RECORD_MAX = 16384,
  WARNING = 1,
  CLOSE_NOTIFY = 0,
  UNRECOGNIZED_NAME = 112,
  STRAYS_MAX = 16, /* warnings and HelloRequests, which mean nothing here */
  HELLO_REQUEST = 0,
  SERVER_HELLO = 2,
  VERIFY_REQUEST = 3,
  CERTIFICATE = 11,
  KEY_EXCHANGE = 12,
  REQUEST = 13,
  HELLO_DONE = 14,
  STATUS = 22,
  EXTENSION_ALPN = 16,
  EXTENSION_CERTIFICATE_TYPE = 20,
  EXTENSION_VERSIONS = 43,
  RAW_KEY = 2,
  NAMED_CURVE = 3,
  CURVE_P256 = 23
};

/* One handshake message of DTLS that is put together. */
struct message {
  bool begun;
  uint8_t type;
  size_t len, have;
  uint8_t *bytes;
  bool *got; /* a flag a byte */
};

/* Bytes that wait for what belongs to them. */
struct pile {
  uint8_t *at;
  size_t len, cap;
};

struct cs_runner_hello_reader {
  cs_runner_arena *arena;
  bool datagrams;
  cs_runner_hello_state state;
  const char *fault;
  uint8_t alert[2]; /* level, description */
  size_t alert_len; /* TLS: of one that is not whole */
  unsigned strays;
  unsigned http;
  uint8_t cookie[255];
  size_t cookie_len;
  unsigned copies;
  unsigned rank; /* of the message that came last */
  cs_runner_hello_seen seen;
  struct pile stream;    /* a record that is not whole */
  struct pile handshake; /* TLS: a message that is not whole */
  struct message messages[CS_RUNNER_HELLO_MESSAGES_MAX];
  size_t held;          /* DTLS: by messages that were begun */
  unsigned first, next; /* DTLS: message numbers */
};

cs_runner_hello_reader *cs_runner_hello_reader_new(cs_runner_arena *arena, bool datagrams) {
  cs_runner_hello_reader *r = cs_runner_get(arena, sizeof *r);
  r->arena = arena;
  r->datagrams = datagrams;
  return r;
}

static bool broken(cs_runner_hello_reader *r, const char *why) {
  r->state = CS_RUNNER_HELLO_BROKEN;
  r->fault = why;
  return false;
}

/* ---- what messages hold ---- */

static bool take_u24(cs_base_reader *r, size_t *out) {
  uint8_t high;
  uint16_t low;
  if (cs_base_left(r) < 3 || !cs_base_take_u8(r, &high) || !cs_base_take_u16(r, &low))
    return false;
  *out = (size_t)high << 16 | low;
  return true;
}

static bool take_vector(cs_base_reader *r, unsigned length, cs_span *out) {
  uint8_t small;
  uint16_t middle;
  size_t n;
  if (length == 1 ? !cs_base_take_u8(r, &small) : length == 2 && !cs_base_take_u16(r, &middle))
    return false;
  if (length == 3 && !take_u24(r, &n))
    return false;
  n = length == 1 ? small : length == 2 ? middle : n;
  return cs_base_take(r, n, out);
}

static uint16_t from_wire(uint16_t version, bool datagrams) {
  if (!datagrams)
    return version;
  return version == 0xfeff ? 0x0302 : version == 0xfefd ? 0x0303 : version == 0xfefc ? 0x0304 : 0;
}

bool cs_runner_hello_extension(const cs_runner_hello_seen *s, uint16_t number, cs_span *value) {
  cs_base_reader r = cs_base_reader_of(s->extensions);
  uint16_t n;
  while (cs_base_take_u16(&r, &n) && take_vector(&r, 2, value))
    if (n == number)
      return true;
  return false;
}

/* Extensions are whole, and none comes twice. */
static bool check_extensions(cs_runner_hello_seen *s) {
  cs_base_reader r = cs_base_reader_of(s->extensions);
  uint8_t known[65536 / 8] = {0};
  uint16_t n;
  cs_span value;
  while (cs_base_left(&r)) {
    if (!cs_base_take_u16(&r, &n) || !take_vector(&r, 2, &value))
      return false;
    s->repeated = s->repeated || ((unsigned)known[n / 8] >> n % 8 & 1u);
    known[n / 8] |= (uint8_t)(1u << n % 8);
  }
  return true;
}

static bool read_server_hello(cs_runner_hello_reader *r, cs_span body) {
  cs_runner_hello_seen *s = &r->seen;
  cs_base_reader in = cs_base_reader_of(body);
  cs_span skipped, value;
  uint16_t version;
  if (!cs_base_take_u16(&in, &version) || !cs_base_take(&in, CS_RUNNER_HELLO_RANDOM, &skipped) ||
      !take_vector(&in, 1, &skipped) || skipped.len > 32 || !cs_base_take_u16(&in, &s->suite) ||
      !cs_base_take_u8(&in, &s->compression))
    return broken(r, "the ServerHello is cut short");
  if (cs_base_left(&in) && (!take_vector(&in, 2, &s->extensions) || cs_base_left(&in)))
    return broken(r, "the ServerHello's extensions are not what their length says");
  if (!check_extensions(s))
    return broken(r, "an extension of the ServerHello is cut short");
  if (cs_runner_hello_extension(s, EXTENSION_VERSIONS, &value) && value.len == 2)
    version = (uint16_t)(value.at[0] << 8 | value.at[1]);
  s->version = from_wire(version, r->datagrams);
  if (cs_runner_hello_extension(s, EXTENSION_ALPN, &value)) {
    cs_base_reader list = cs_base_reader_of(value);
    cs_span names;
    if (!take_vector(&list, 2, &names) || cs_base_left(&list))
      return broken(r, "the selected protocol is cut short");
    list = cs_base_reader_of(names);
    if (!take_vector(&list, 1, &s->alpn) || cs_base_left(&list))
      return broken(r, "not one protocol is selected");
  }
  if (s->version == 0x0304)
    r->state = CS_RUNNER_HELLO_DONE;
  return true;
}

static bool read_certificate(cs_runner_hello_reader *r, cs_span body) {
  cs_base_reader in = cs_base_reader_of(body);
  cs_span list, type, first;
  bool raw = cs_runner_hello_extension(&r->seen, EXTENSION_CERTIFICATE_TYPE, &type) &&
             type.len == 1 && *type.at == RAW_KEY;
  if (!take_vector(&in, 3, &list) || cs_base_left(&in))
    return broken(r, "the Certificate is not what its length says");
  if (!raw) {
    in = cs_base_reader_of(list);
    first = cs_span_of(NULL, 0);
    if (list.len && !take_vector(&in, 3, &first))
      return broken(r, "a certificate is cut short");
    list = first;
  }
  if (list.len)
    cs_runner_hello_certificate_read(list, raw, &r->seen.certificate);
  return true;
}

static bool read_key_exchange(cs_runner_hello_reader *r, cs_span body) {
  const cs_runner_suite *suite = cs_runner_suite_numbered(r->seen.suite);
  cs_base_reader in = cs_base_reader_of(body);
  uint8_t type;
  uint16_t curve;
  r->seen.key_exchange = true;
  if (suite && suite->key == CS_RUNNER_SUITE_PSK)
    return take_vector(&in, 2, &r->seen.hint) || broken(r, "the identity hint is cut short");
  if (suite && suite->key == CS_RUNNER_SUITE_CERTIFICATE) {
    if (!cs_base_take_u8(&in, &type) || !cs_base_take_u16(&in, &curve))
      return broken(r, "the ServerKeyExchange is cut short");
    r->seen.curve_p256 = type == NAMED_CURVE && curve == CURVE_P256;
  }
  return true;
}

/* The places of the messages in a flight; 0: it has none. */
static unsigned rank_of(uint8_t type) {
  switch (type) {
  case SERVER_HELLO:
    return 1;
  case CERTIFICATE:
    return 2;
  case STATUS:
    return 3;
  case KEY_EXCHANGE:
    return 4;
  case REQUEST:
    return 5;
  case HELLO_DONE:
    return 6;
  default:
    return 0;
  }
}

/* Too many of what means nothing: a server that sends without end. */
static bool stray(cs_runner_hello_reader *r) {
  return ++r->strays <= STRAYS_MAX || broken(r, "warnings and HelloRequests come without end");
}

static bool read_verify(cs_runner_hello_reader *r, cs_span body, unsigned sequence) {
  cs_base_reader in = cs_base_reader_of(body);
  uint16_t version;
  cs_span cookie;
  if (!cs_base_take_u16(&in, &version) || !take_vector(&in, 1, &cookie) || cs_base_left(&in))
    return broken(r, "the HelloVerifyRequest is not what its lengths say");
  if (cookie.len)
    memcpy(r->cookie, cookie.at, cookie.len);
  r->cookie_len = cookie.len;
  r->first = r->next = sequence + 1;
  memset(r->messages, 0, sizeof r->messages);
  r->state = CS_RUNNER_HELLO_VERIFY;
  return true;
}

static bool read_message(cs_runner_hello_reader *r, uint8_t type, cs_span body) {
  unsigned rank = rank_of(type);
  /* RFC 5246 section 7.4.1.1: it may come at any time, and is ignored here. */
  if (type == HELLO_REQUEST && !body.len)
    return stray(r);
  if (!rank || rank <= r->rank || (rank > 1 && r->rank == 0))
    return broken(r, "a message of the handshake comes out of order");
  r->rank = rank;
  switch (type) {
  case SERVER_HELLO:
    return read_server_hello(r, body);
  case CERTIFICATE:
    return read_certificate(r, body);
  case KEY_EXCHANGE:
    return read_key_exchange(r, body);
  case REQUEST:
    r->seen.request = true;
    return true;
  case HELLO_DONE:
    if (body.len)
      return broken(r, "the ServerHelloDone is not empty");
    r->state = CS_RUNNER_HELLO_DONE;
    return true;
  default:
    return true;
  }
}

/* ---- messages ---- */

static void append(cs_runner_hello_reader *r, struct pile *to, cs_span bytes) {
  if (to->cap - to->len < bytes.len) {
    size_t cap = to->cap ? to->cap : 1024;
    while (cap - to->len < bytes.len)
      cap *= 2;
    uint8_t *grown = cs_runner_get(r->arena, cap);
    if (to->len)
      memcpy(grown, to->at, to->len);
    to->at = grown;
    to->cap = cap;
  }
  if (bytes.len)
    memcpy(to->at + to->len, bytes.at, bytes.len);
  to->len += bytes.len;
}

static void drop(struct pile *from, size_t n) {
  if (n)
    memmove(from->at, from->at + n, from->len - n);
  from->len -= n;
}

static bool going(const cs_runner_hello_reader *r) {
  return r->state == CS_RUNNER_HELLO_WAITING;
}

static bool read_stream_messages(cs_runner_hello_reader *r, cs_span bytes) {
  size_t done = 0;
  append(r, &r->handshake, bytes);
  while (going(r) && r->handshake.len - done >= 4) {
    const uint8_t *at = r->handshake.at + done;
    size_t len = (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    if (len > CS_RUNNER_HELLO_MESSAGE_MAX)
      return broken(r, "a message of the handshake is over 65536 bytes");
    if (r->handshake.len - done - 4 < len)
      break;
    done += 4 + len;
    /* What is seen refers to it. */
    cs_span body = rank_of(at[0]) ? cs_runner_copy(r->arena, cs_span_of(at + 4, len))
                                  : cs_span_of(at + 4, len);
    if (!read_message(r, at[0], body))
      return false;
  }
  drop(&r->handshake, done);
  return true;
}

/* The message with this number; NULL when there is no place for it. */
static struct message *message_at(cs_runner_hello_reader *r, unsigned sequence) {
  unsigned at = sequence - r->first;
  return sequence >= r->first && at < CS_RUNNER_HELLO_MESSAGES_MAX ? &r->messages[at] : NULL;
}

static bool put_fragment(cs_runner_hello_reader *r, struct message *m, uint8_t type, size_t len,
                         size_t from, cs_span part) {
  if (!m->begun) {
    /* Behind each HelloVerifyRequest there may be others. */
    if (len > HELD_MAX - r->held)
      return broken(r, "more messages of the handshake begin than a flight has");
    r->held += len;
    *m = (struct message){.begun = true, .type = type, .len = len};
    m->bytes = cs_runner_get(r->arena, len + 1);
    m->got = cs_runner_get(r->arena, len + 1);
  }
  if (m->type != type || m->len != len)
    return broken(r, "fragments of one message are not alike");
  /* What was read may refer to bytes that are there: those of a repeat do not count. */
  for (size_t i = 0; i < part.len; i++) {
    if (m->got[from + i])
      continue;
    m->bytes[from + i] = part.at[i];
    m->got[from + i] = true;
    m->have++;
  }
  return true;
}

static bool read_fragments(cs_runner_hello_reader *r, cs_span bytes) {
  cs_base_reader in = cs_base_reader_of(bytes);
  while (cs_base_left(&in)) {
    uint8_t type;
    uint16_t sequence;
    size_t len, from, n;
    cs_span part;
    if (!cs_base_take_u8(&in, &type) || !take_u24(&in, &len) || !cs_base_take_u16(&in, &sequence) ||
        !take_u24(&in, &from) || !take_u24(&in, &n) || !cs_base_take(&in, n, &part))
      return broken(r, "a fragment does not lie within its record");
    if (len > CS_RUNNER_HELLO_MESSAGE_MAX || from > len || n > len - from)
      return broken(r, "a fragment does not lie within its message");
    r->copies += type == SERVER_HELLO && from == 0 && n > 0;
    /* A server without state has the same number for each of them. */
    if (type == VERIFY_REQUEST && r->rank == 0 && n == len && going(r))
      return read_verify(r, part, sequence);
    struct message *m = message_at(r, sequence);
    if (m && !put_fragment(r, m, type, len, from, part))
      return false;
  }
  for (struct message *m = message_at(r, r->next); going(r) && m && m->begun && m->have == m->len;
       m = message_at(r, r->next)) {
    if (m->type == VERIFY_REQUEST && r->rank == 0)
      return read_verify(r, cs_span_of(m->bytes, m->len), r->next);
    r->next++;
    if (!read_message(r, m->type, cs_span_of(m->bytes, m->len)))
      return false;
  }
  return true;
}

/* ---- records ---- */

/* Of a stream, alerts may be cut and put together like messages (RFC 5246 section 6.2.1). */
static bool read_alerts(cs_runner_hello_reader *r, cs_span body) {
  if (!body.len)
    return broken(r, "a record of alerts is empty");
  for (size_t i = 0; i < body.len; i++) {
    r->alert[r->alert_len++] = body.at[i];
    if (r->alert_len < 2)
      continue;
    r->alert_len = 0;
    /* A warning ends nothing, such as that the name was not found (RFC 6066 section 3). */
    if (r->alert[0] != WARNING || r->alert[1] == CLOSE_NOTIFY) {
      r->state = CS_RUNNER_HELLO_ALERT;
      return true;
    }
    r->seen.name_warning = r->seen.name_warning || r->alert[1] == UNRECOGNIZED_NAME;
    if (!stray(r))
      return false;
  }
  if (r->datagrams && r->alert_len)
    return broken(r, "an alert does not lie within its record");
  return true;
}

static bool read_record(cs_runner_hello_reader *r, uint8_t type, cs_span body) {
  if (type == ALERT)
    return read_alerts(r, body);
  if (type != HANDSHAKE)
    return broken(r, "a record that is neither of the handshake nor an alert");
  if (!body.len)
    return broken(r, "a record of the handshake is empty");
  return r->datagrams ? read_fragments(r, body) : read_stream_messages(r, body);
}

/* The beginning of what is no record; false while more of it may come. */
static bool read_clear(cs_runner_hello_reader *r, cs_span bytes) {
  static const char http[] = "HTTP/1.x 101";
  const uint8_t *at = bytes.at;
  if (memcmp(at, http, 5) == 0 && bytes.len < sizeof http - 1)
    return false;
  if (memcmp(at, http, 5) == 0 && at[9] >= '1' && at[9] <= '9' && at[10] >= '0' && at[10] <= '9' &&
      at[11] >= '0' && at[11] <= '9')
    r->http = (unsigned)((at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0'));
  (void)broken(r, r->http ? "what came is HTTP in the clear" : "what came is no record of TLS");
  return true;
}

static void read_stream(cs_runner_hello_reader *r, cs_span bytes) {
  size_t done = 0;
  append(r, &r->stream, bytes);
  while (going(r) && r->stream.len - done >= RECORD_HEADER) {
    const uint8_t *at = r->stream.at + done;
    size_t len = (size_t)at[3] << 8 | at[4];
    /* mbedTLS refuses what is no ClientHello by an alert of version 0.0. */
    if (at[1] != 3 && !(at[0] == ALERT && at[1] == 0)) {
      if (read_clear(r, cs_span_of(at, r->stream.len - done)))
        return;
      break;
    }
    if (len > RECORD_MAX) {
      (void)broken(r, "a record is over 16384 bytes");
      return;
    }
    if (r->stream.len - done - RECORD_HEADER < len)
      break;
    done += RECORD_HEADER + len;
    if (!read_record(r, at[0], cs_span_of(at + RECORD_HEADER, len)))
      return;
  }
  drop(&r->stream, done);
}

static void read_datagram(cs_runner_hello_reader *r, cs_span bytes) {
  cs_base_reader in = cs_base_reader_of(bytes);
  while (cs_base_left(&in)) {
    uint8_t type;
    uint16_t version, epoch;
    cs_span number, body;
    if (!cs_base_take_u8(&in, &type) || !cs_base_take_u16(&in, &version) ||
        !cs_base_take_u16(&in, &epoch) || !cs_base_take(&in, 6, &number) ||
        !take_vector(&in, 2, &body)) {
      (void)broken(r, "a record does not lie within its datagram");
      return;
    }
    if (version >> 8 != 0xfe) {
      (void)broken(r, "what came is no record of DTLS");
      return;
    }
    /* The state may be settled: copies of a flight are counted all the same. */
    if (epoch == 0 && !read_record(r, type, body))
      return;
    if (r->state == CS_RUNNER_HELLO_VERIFY || r->state == CS_RUNNER_HELLO_ALERT)
      return;
  }
}

cs_runner_hello_state cs_runner_hello_read(cs_runner_hello_reader *r, cs_span bytes) {
  if (r->datagrams ? r->state == CS_RUNNER_HELLO_BROKEN || r->state == CS_RUNNER_HELLO_ALERT
                   : !going(r))
    return r->state;
  if (r->datagrams)
    read_datagram(r, bytes);
  else
    read_stream(r, bytes);
  return r->state;
}

cs_span cs_runner_hello_cookie(cs_runner_hello_reader *r) {
  r->state = CS_RUNNER_HELLO_WAITING;
  return cs_span_of(r->cookie, r->cookie_len);
}

const cs_runner_hello_seen *cs_runner_hello_found(const cs_runner_hello_reader *r) {
  return &r->seen;
}

uint8_t cs_runner_hello_alert(const cs_runner_hello_reader *r) {
  return r->alert[1];
}

const char *cs_runner_hello_fault(const cs_runner_hello_reader *r) {
  return r->fault;
}

unsigned cs_runner_hello_http(const cs_runner_hello_reader *r) {
  return r->http;
}

unsigned cs_runner_hello_copies(const cs_runner_hello_reader *r) {
  return r->copies;
}
