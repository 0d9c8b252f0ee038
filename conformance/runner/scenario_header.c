#include "runner/scenario_text.h"
#include "wire/message.h"

static const char *const transport_names[] = {"udp", "tcp", "ws", "dtls", "tls", "wss"};

const char *cs_runner_transport_name(cs_runner_transport t) {
  return transport_names[t];
}

/* The keys, in the order in which the manual lists them. */
enum key {
  KEY_ID,
  KEY_COVERS,
  KEY_TRANSPORT,
  KEY_OPEN,
  KEY_SECURITY,
  KEY_TYPE,
  KEY_NEEDS,
  KEY_DEFECT,
  KEY_PARAM,
  KEYS
};
static const char *const keys[KEYS] = {"id",   "covers", "transport", "open", "security",
                                       "type", "needs",  "defect",    "param"};

struct header {
  bool seen[KEYS];
  cs_runner_list defects;
  cs_runner_place plain;    /* of "security plain" */
  cs_runner_place security; /* of the first other field */
  cs_runner_offer offer;
};

static bool lower(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Three parts divided by slashes, of small letters, digits, '-' and '.'. */
static bool valid_id(cs_span id) {
  size_t slashes = 0;
  size_t run = 0;
  for (size_t i = 0; i < id.len; i++) {
    if (id.at[i] == '/') {
      if (run == 0)
        return false;
      slashes++;
      run = 0;
    } else if (!lower(id.at[i])) {
      return false;
    } else {
      run++;
    }
  }
  return slashes == 2 && run > 0 && id.len <= 100;
}

static bool read_id(state *p, cs_span word) {
  if (p->out->id)
    return cs_runner_expected_at(p, word.at, "one id only");
  if (!valid_id(word))
    return cs_runner_expected_at(p, word.at, "an id such as 7252/4.3/ping");
  p->out->id = cs_runner_text(p->arena, word);
  p->out->bare = strncmp(p->out->id, "fuzz/", 5) == 0 || strncmp(p->out->id, "crash/", 6) == 0;
  return true;
}

static bool read_cover(state *p, cs_span word) {
  const char *id = cs_runner_cover(p, word);
  if (p->names && p->names->requirement && !p->names->requirement(p->names->ctx, id))
    return cs_runner_expected_at(p, word.at, "a requirement of requirements.tsv, not %s", id);
  return true;
}

static bool read_transport(state *p, cs_span word) {
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    if (cs_span_equal(word, cs_span_str(transport_names[t]))) {
      if (p->out->transports & 1u << t)
        return cs_runner_expected_at(p, word.at, "%s once only", transport_names[t]);
      p->out->transports |= 1u << t;
      return true;
    }
  }
  return cs_runner_expected_at(p, word.at, "one of udp, tcp, ws, dtls, tls and wss");
}

static bool read_open(state *p, cs_span word) {
  static const char *const names[] = {"full", "upgraded", "connected"};
  if (p->open_line)
    return cs_runner_expected_at(p, word.at, "one word for open only");
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (cs_span_equal(word, cs_span_str(names[i]))) {
      p->out->open = (cs_runner_open)i;
      p->open_line = p->line;
      p->open_column = (unsigned)(word.at - p->start) + 1;
      return true;
    }
  }
  return cs_runner_expected_at(p, word.at, "full, upgraded or connected");
}

static bool read_type(state *p, cs_span word) {
  for (uint8_t t = CS_CON; t <= CS_NON; t++) {
    if (cs_span_equal(word, cs_span_str(cs_wire_type_name(t)))) {
      p->out->types |= 1u << t;
      p->typed = true;
      p->type_line = p->line;
      p->type_column = (unsigned)(word.at - p->start) + 1;
      return true;
    }
  }
  return cs_runner_expected_at(p, word.at, "CON or NON");
}

static bool read_need(state *p, cs_span word) {
  cs_runner_need need = {CS_RUNNER_NEED_ROLE, false, NULL};
  cs_span name = word;
  if (name.len && name.at[0] == '!') {
    need.lacking = true;
    name = cs_span_cut(name, 1, name.len - 1);
  }
  static const char cap[] = "cap:";
  static const char role[] = "role:";
  if (!need.lacking && name.len > 5 && memcmp(name.at, role, 5) == 0) {
    name = cs_span_cut(name, 5, name.len - 5);
  } else if (name.len > 4 && memcmp(name.at, cap, 4) == 0) {
    need.kind = CS_RUNNER_NEED_CAP;
    name = cs_span_cut(name, 4, name.len - 4);
  } else {
    return cs_runner_expected_at(p, word.at, "role:NAME, cap:NAME or !cap:NAME");
  }
  need.name = cs_runner_text(p->arena, name);
  bool (*known)(void *, const char *) = NULL;
  if (p->names)
    known = need.kind == CS_RUNNER_NEED_ROLE ? p->names->role : p->names->cap;
  if (known && !known(p->names->ctx, need.name))
    return cs_runner_expected_at(p, name.at,
                                 need.kind == CS_RUNNER_NEED_ROLE
                                     ? "a role that a profile names, not %s"
                                     : "a capability that there is a probe for, not %s",
                                 need.name);
  cs_runner_need *slot = cs_runner_push(p->arena, &p->needs, sizeof *slot);
  *slot = need;
  return true;
}

static bool read_defect(state *p, struct header *h, cs_span word) {
  const char *name = cs_runner_text(p->arena, word);
  if (p->names && p->names->defect && !p->names->defect(p->names->ctx, name))
    return cs_runner_expected_at(p, word.at, "a defect of the embedded server, not %s", name);
  const char **slot = cs_runner_push(p->arena, &h->defects, sizeof *slot);
  *slot = name;
  return true;
}

/* "plain", or a field as behind "open secure". */
static bool read_security(state *p, struct header *h) {
  cs_runner_place here = {p->line, cs_runner_column(p)};
  bool plain = cs_runner_take_word(p, "plain");
  if (plain ? h->plain.line || h->security.line : h->plain.line)
    return cs_runner_expected_on(p, here.line, here.column, "plain alone, or no plain");
  *(plain ? &h->plain : &h->security) = here;
  return plain || cs_runner_parse_offer_field(p, &h->offer);
}

static bool read_param(state *p, cs_span word) {
  bool slow = cs_span_equal(word, cs_span_str("slow"));
  bool hostile = cs_span_equal(word, cs_span_str("hostile"));
  p->out->slow = p->out->slow || slow;
  p->out->hostile = p->out->hostile || hostile;
  return slow || hostile || cs_runner_expected_at(p, word.at, "slow or hostile");
}

static bool read_value(state *p, struct header *h, enum key key, cs_span word) {
  switch (key) {
  case KEY_ID:
    return read_id(p, word);
  case KEY_COVERS:
    return read_cover(p, word);
  case KEY_TRANSPORT:
    return read_transport(p, word);
  case KEY_OPEN:
    return read_open(p, word);
  case KEY_TYPE:
    return read_type(p, word);
  case KEY_NEEDS:
    return read_need(p, word);
  case KEY_DEFECT:
    return read_defect(p, h, word);
  default:
    return read_param(p, word);
  }
}

static bool read_key(state *p, struct header *h) {
  const uint8_t *start = p->in.at;
  cs_span word = cs_runner_word(p);
  unsigned key = 0;
  while (key < KEYS && !cs_span_equal(word, cs_span_str(keys[key])))
    key++;
  if (key == KEYS)
    return cs_runner_expected_at(
        p, start,
        "one of the keys id, covers, transport, open, security, type, needs, defect and param, or "
        "---");
  size_t words = 0;
  while (!cs_runner_at_end(p)) {
    if (words++ == CS_RUNNER_WORDS_MAX)
      return cs_runner_expected(p, "at most %d values", CS_RUNNER_WORDS_MAX);
    if (key == KEY_SECURITY ? !read_security(p, h)
                            : !read_value(p, h, (enum key)key, cs_runner_word(p)))
      return false;
  }
  if (words == 0)
    return cs_runner_expected(p, "a value for %s", keys[key]);
  h->seen[key] = true;
  return true;
}

/* A comment line before the first key belongs to the title. */
static void add_title(state *p) {
  p->in.at++;
  cs_runner_skip_spaces(p);
  cs_span text = cs_span_of(p->in.at, cs_base_left(&p->in));
  while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
    text.len--;
  if (text.len == 0)
    return;
  char *line = cs_runner_text(p->arena, text);
  p->out->title = p->out->title ? cs_runner_format(p->arena, "%s %s", p->out->title, line) : line;
}

/* Whether it is over (D)TLS: a scenario for a plain transport is for the secured one
 * too, unless it says that it means nothing there. */
static bool settle_security(state *p, struct header *h) {
  static const unsigned twins = CS_RUNNER_DTLS - CS_RUNNER_UDP;
  if (h->plain.line && cs_runner_named(p, CS_RUNNER_SECURED))
    return cs_runner_expected_on(p, h->plain.line, h->plain.column,
                                 "no dtls, tls or wss among the transports of a scenario with "
                                 "security plain");
  if (!h->plain.line)
    p->out->transports |= (p->out->transports & ~(unsigned)CS_RUNNER_SECURED) << twins;
  return cs_runner_settle_offer(p, &h->offer, &p->out->secure);
}

static bool finish(state *p, struct header *h) {
  static const enum key needed[] = {KEY_ID, KEY_COVERS, KEY_TRANSPORT};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!h->seen[needed[i]] && !(needed[i] == KEY_COVERS && p->out->bare))
      return cs_runner_expected_on(p, p->line, 1, "the key %s before ---", keys[needed[i]]);
  if (!p->out->title)
    return cs_runner_expected_on(p, 1, 1,
                                 "a comment before the first key that says what is tested");
  if (p->open_line && !cs_runner_named(p, CS_RUNNER_STREAMS))
    return cs_runner_expected_on(p, p->open_line, p->open_column,
                                 "tcp or ws among the transports of a scenario with open");
  if (p->typed && !cs_runner_named(p, CS_RUNNER_DATAGRAMS))
    return cs_runner_expected_on(p, p->type_line, p->type_column,
                                 "udp among the transports of a scenario with type");
  if (!settle_security(p, h))
    return false;
  p->out->defects = h->defects.items;
  p->out->defect_count = h->defects.count;
  return true;
}

bool cs_runner_parse_header(state *p) {
  struct header h = {0};
  bool began = false;
  while (cs_runner_next_line(p)) {
    if (cs_runner_at_end(p))
      continue;
    if (*p->in.at == '#') {
      if (!began)
        add_title(p);
      continue;
    }
    if (cs_runner_take_word(p, "---")) {
      if (!cs_runner_at_end(p))
        return cs_runner_expected(p, "the end of the line behind ---");
      return finish(p, &h);
    }
    began = true;
    if (!read_key(p, &h))
      return false;
  }
  return cs_runner_expected_on(p, p->line ? p->line : 1, 1, "--- behind the header");
}
