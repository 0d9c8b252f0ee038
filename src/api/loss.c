#include "api/loss.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"

enum { RANGES_MAX = 10, PERCENT_ALL = 100, NUMBER_DIGITS = 9 };

typedef struct cs_api_loss {
  uint32_t percent;
  uint32_t ranges;
  struct {
    uint32_t from, to;
  } range[RANGES_MAX];
} cs_api_loss;

/* active is looked at for each datagram; the rest, under the lock, only when
 * losses were asked for. */
static atomic_bool active;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static cs_api_loss loss;
static uint32_t count;

static void hold(void) {
  while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
    ;
}

static void let_go(void) {
  atomic_flag_clear_explicit(&lock, memory_order_release);
}

bool cs_api_loss_next(void) {
  if (!atomic_load_explicit(&active, memory_order_relaxed))
    return false;
  hold();
  cs_api_loss now = loss;
  uint32_t number = ++count;
  let_go();
  for (uint32_t i = 0; i < now.ranges; i++)
    if (number >= now.range[i].from && number <= now.range[i].to)
      return true;
  uint16_t draw = 0;
  return now.percent > 0 && coap_prng(&draw, sizeof draw) && draw % PERCENT_ALL < now.percent;
}

static void apply(const cs_api_loss *wanted) {
  hold();
  loss = *wanted;
  count = 0;
  let_go();
  active = wanted->percent > 0 || wanted->ranges > 0;
}

void cs_api_loss_reset(void) {
  static const cs_api_loss none;
  apply(&none);
}

/* Reads a number of at most 9 digits; the text is moved behind it. */
static bool number(const char **text, uint32_t *out) {
  const char *p = *text;
  uint32_t v = 0;
  while (*p >= '0' && *p <= '9' && p - *text < NUMBER_DIGITS)
    v = v * 10 + (uint32_t)(*p++ - '0');
  if (p == *text)
    return false;
  *text = p;
  *out = v;
  return true;
}

static bool parse(const char *text, cs_api_loss *out) {
  memset(out, 0, sizeof *out);
  uint32_t from, to;
  if (!number(&text, &from))
    return false;
  if (*text == '%') {
    out->percent = from;
    return text[1] == '\0' && from <= PERCENT_ALL;
  }
  for (;;) {
    to = from;
    if (*text == '-') {
      text++;
      if (!number(&text, &to))
        return false;
    }
    if (from == 0 || to < from || out->ranges == RANGES_MAX)
      return false;
    out->range[out->ranges].from = from;
    out->range[out->ranges++].to = to;
    if (*text == '\0')
      return true;
    if (*text++ != ',' || !number(&text, &from))
      return false;
  }
}

int coap_debug_set_packet_loss(const char *loss_level) {
  cs_api_loss wanted;
  if (!loss_level || !parse(loss_level, &wanted)) {
    cs_api_fail(__func__, "neither \"N%%\" nor a list like \"1,5-9\" of at most 10 ranges");
    return 0;
  }
  apply(&wanted);
  return 1;
}
