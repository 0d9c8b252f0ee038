/* An input: a seed, changed a few times. */
#include "runner/fuzz_input.h"
#include "wire/option.h"

typedef cs_runner_fuzz_draft draft;
typedef cs_runner_fuzz_step step;

static uint32_t below(draft *d, uint32_t n) {
  return cs_runner_fuzz_below(d, n);
}
static bool chance(draft *d, uint32_t one_in) {
  return cs_runner_fuzz_chance(d, one_in);
}

static const cs_runner_fuzz_seed *some_seed(draft *d) {
  const cs_runner_fuzz_seed *all = d->corpus->seeds.items;
  return &all[below(d, (uint32_t)d->corpus->seeds.count)];
}

/* Message IDs and tokens of a seed are always the same: each use of it has its own,
 * with the same relations among them. */
static void shift(draft *d, step *steps, size_t count) {
  uint16_t by = (uint16_t)below(d, 65536);
  uint32_t mix = below(d, UINT32_MAX);
  for (size_t i = 0; i < count; i++) {
    step *s = &steps[i];
    s->mid = (uint16_t)(s->mid + by);
    if (s->kind == CS_RUNNER_FUZZ_MESSAGE && s->token.len == 4) {
      uint8_t *token = cs_runner_get(d->arena, 4);
      for (unsigned k = 0; k < 4; k++)
        token[k] = (uint8_t)(s->token.at[k] ^ (mix >> (8 * k)));
      s->token = cs_span_of(token, 4);
    }
    if (s->kind == CS_RUNNER_FUZZ_BYTES && 1u << d->corpus->transport & CS_RUNNER_DATAGRAMS &&
        s->bytes.len >= 4) {
      uint8_t *bytes = cs_runner_get(d->arena, s->bytes.len);
      memcpy(bytes, s->bytes.at, s->bytes.len);
      uint16_t mid = (uint16_t)(((unsigned)bytes[2] << 8 | bytes[3]) + by);
      bytes[2] = (uint8_t)(mid >> 8);
      bytes[3] = (uint8_t)mid;
      s->bytes = cs_span_of(bytes, s->bytes.len);
    }
  }
}

static void begin(draft *d, const cs_runner_fuzz_seed *seed) {
  d->count = seed->step_count;
  d->ports = seed->ports;
  d->open = seed->open;
  memcpy(d->steps, seed->steps, seed->step_count * sizeof *d->steps);
  shift(d, d->steps, d->count);
}

/* ---- steps ---- */

static bool insert(draft *d, size_t at, const step *s) {
  if (d->count == CS_RUNNER_FUZZ_STEPS_MAX)
    return false;
  step copy = *s;
  memmove(d->steps + at + 1, d->steps + at, (d->count - at) * sizeof *d->steps);
  d->steps[at] = copy;
  d->count++;
  return true;
}

static void drop(draft *d) {
  if (d->count < 2)
    return;
  size_t at = below(d, (uint32_t)d->count);
  memmove(d->steps + at, d->steps + at + 1, (d->count - at - 1) * sizeof *d->steps);
  d->count--;
}

/* The same message again, as a duplicate or as another request. */
static void repeat(draft *d) {
  size_t at = below(d, (uint32_t)d->count);
  step copy = d->steps[at];
  if (chance(d, 2))
    copy.mid = (uint16_t)(copy.mid + 1 + below(d, 3));
  size_t to = at + 1 + below(d, (uint32_t)(d->count - at));
  unsigned times = chance(d, 10) ? 8 : 1 + below(d, 2);
  for (unsigned i = 0; i < times; i++)
    if (!insert(d, to, &copy))
      return;
}

static void swap(draft *d) {
  step *a = &d->steps[below(d, (uint32_t)d->count)];
  step *b = &d->steps[below(d, (uint32_t)d->count)];
  step t = *a;
  *a = *b;
  *b = t;
}

/* Some steps of another scenario, on a port that is there or one more. */
static void splice(draft *d) {
  const cs_runner_fuzz_seed *other = some_seed(d);
  step steps[CS_RUNNER_FUZZ_STEPS_MAX];
  if (other->open != d->open)
    return;
  size_t from = below(d, (uint32_t)other->step_count);
  size_t n = 1 + below(d, (uint32_t)(other->step_count - from));
  memcpy(steps, other->steps + from, n * sizeof *steps);
  shift(d, steps, n);
  size_t at = chance(d, 2) ? d->count : below(d, (uint32_t)d->count + 1);
  unsigned port = below(d, d->ports);
  if (chance(d, 4) && d->ports < CS_RUNNER_FUZZ_PORTS_MAX)
    port = d->ports++;
  for (size_t i = 0; i < n; i++) {
    steps[i].port = (uint8_t)port;
    if (!insert(d, at + i, &steps[i]))
      return;
  }
}

static void set_block(draft *d, step *s, uint32_t number, bool more, uint32_t size) {
  cs_runner_fuzz_option *options = cs_runner_get(d->arena, (s->option_count + 1) * sizeof *options);
  uint8_t *value = cs_runner_get(d->arena, 4);
  size_t n = 0;
  cs_span block = cs_span_of(value, cs_wire_uint_put(number << 4 | (more ? 8u : 0) | size, value));
  for (size_t i = 0; i < s->option_count; i++)
    if (s->options[i].number < CS_OPT_BLOCK1)
      options[n++] = s->options[i];
  options[n++] = (cs_runner_fuzz_option){
      .number = CS_OPT_BLOCK1, .value = block, .delta = -1, .length = -1, .claimed = -1};
  for (size_t i = 0; i < s->option_count && n <= s->option_count; i++)
    if (s->options[i].number > CS_OPT_BLOCK1)
      options[n++] = s->options[i];
  s->options = options;
  s->option_count = n;
}

/* A request becomes the blocks of a larger one, in order or not. */
static void divide(draft *d) {
  size_t at = below(d, (uint32_t)d->count);
  if (d->steps[at].kind != CS_RUNNER_FUZZ_MESSAGE || d->steps[at].code == 0 ||
      d->steps[at].code > 31)
    return;
  uint32_t size = below(d, 8);
  uint32_t blocks = 2 + below(d, 4);
  uint32_t number = chance(d, 4) ? below(d, 100) : 0;
  uint8_t *bytes = cs_runner_get(d->arena, 16u << size);
  memset(bytes, 'b', 16u << size);
  for (uint32_t i = 0; i < blocks; i++) {
    step copy = d->steps[at + i];
    if (i > 0)
      copy.mid = (uint16_t)(copy.mid + 1);
    copy.payload = cs_span_of(bytes, chance(d, 6) ? below(d, 1 + (16u << size)) : 16u << size);
    set_block(d, &copy, number, i + 1 < blocks, chance(d, 8) ? below(d, 8) : size);
    if (i == 0)
      d->steps[at] = copy;
    else if (!insert(d, at + i, &copy))
      return;
    number = chance(d, 6) ? below(d, 8) : number + 1;
  }
}

static void move_port(draft *d) {
  step *s = &d->steps[below(d, (uint32_t)d->count)];
  if (chance(d, 2) && d->ports < CS_RUNNER_FUZZ_PORTS_MAX)
    s->port = (uint8_t)d->ports++;
  else
    s->port = (uint8_t)below(d, d->ports);
}

static const step *some_message(draft *d) {
  for (unsigned tries = 0; tries < 8; tries++) {
    const step *s = &d->steps[below(d, (uint32_t)d->count)];
    if (s->kind == CS_RUNNER_FUZZ_MESSAGE)
      return s;
  }
  return NULL;
}

/* What nobody asked for: on datagrams an Empty message with a Message ID that is
 * in use, on a stream a signal; and pauses, ends. */
static void add_aside(draft *d) {
  static const uint8_t signals[] = {CS_CODE(0, 0), CS_CODE(7, 1), CS_CODE(7, 2),
                                    CS_CODE(7, 3), CS_CODE(7, 4), CS_CODE(7, 5)};
  const step *like = some_message(d);
  bool datagrams = 1u << d->corpus->transport & CS_RUNNER_DATAGRAMS;
  step s = {.kind = CS_RUNNER_FUZZ_MESSAGE,
            .port = like ? like->port : 0,
            .version = 1,
            .tkl = -1,
            .length = -1,
            .frame = {.opcode = 2, .fin = true, .masked = true}};
  size_t at = below(d, (uint32_t)d->count + 1);
  if (chance(d, 3)) {
    s.kind = CS_RUNNER_FUZZ_WAIT;
    s.time = (1 + below(d, 20)) * CS_MILLISECOND;
  } else if (datagrams) {
    s.type = (uint8_t)below(d, 4);
    s.mid = like ? (uint16_t)(like->mid + (chance(d, 4) ? 1 : 0)) : (uint16_t)below(d, 65536);
  } else if (chance(d, 6)) {
    s.kind = chance(d, 2) ? CS_RUNNER_FUZZ_END : CS_RUNNER_FUZZ_CLOSE;
    at = d->count;
  } else {
    s.code = signals[below(d, sizeof signals)];
  }
  (void)insert(d, at, &s);
}

static void change_steps(draft *d) {
  switch (below(d, 9)) {
  case 0:
    drop(d);
    break;
  case 1:
  case 2:
    repeat(d);
    break;
  case 3:
    swap(d);
    break;
  case 4:
    move_port(d);
    break;
  case 5:
    add_aside(d);
    break;
  case 6:
    divide(d);
    break;
  default:
    splice(d);
    break;
  }
}

static void change(draft *d) {
  step *s = &d->steps[below(d, (uint32_t)d->count)];
  if (chance(d, 4)) {
    change_steps(d);
  } else if (s->kind == CS_RUNNER_FUZZ_MESSAGE) {
    if (!chance(d, 7))
      cs_runner_fuzz_change_message(d, s);
    else
      cs_runner_fuzz_change_bytes(d, s);
  } else if (s->kind == CS_RUNNER_FUZZ_BYTES || s->kind == CS_RUNNER_FUZZ_FRAME) {
    cs_runner_fuzz_change_bytes(d, s);
  }
}

void cs_runner_fuzz_input(const cs_runner_fuzz_corpus *corpus, uint64_t seed, uint64_t i,
                          cs_runner_arena *arena, cs_runner_reproducer *out, const char **id) {
  static const uint8_t often[] = {1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6, 9};
  draft d = {.corpus = corpus, .arena = arena};
  cs_base_seeded_init(&d.random,
                      (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ i * UINT64_C(0xd1342543de82ef95));
  const cs_runner_fuzz_seed *from = some_seed(&d);
  *id = from->id;
  begin(&d, from);
  unsigned times = often[below(&d, sizeof often)];
  for (unsigned k = 0; k < times; k++)
    change(&d);
  /* Some answers take their time. */
  bool stream = !(1u << corpus->transport & CS_RUNNER_DATAGRAMS);
  if (stream || chance(&d, 8)) {
    step s = {.kind = CS_RUNNER_FUZZ_WAIT, .time = 20 * CS_MILLISECOND};
    (void)insert(&d, d.count, &s);
  }
  *out = (cs_runner_reproducer){.transport = corpus->transport, .open = d.open};
  cs_runner_fuzz_encode(&d, out);
}
