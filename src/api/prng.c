#include "api/prng.h"

#include <stdatomic.h>
#include <unistd.h>

#include <coap3/coap.h>

#include "api/error.h"

static _Atomic(coap_rand_func_t) source;

void cs_api_prng_reset(void) {
  source = NULL;
}

void coap_set_prng(coap_rand_func_t rng) {
  source = rng;
}

void coap_prng_init(unsigned int seed) {
  (void)seed;
}

int coap_prng(void *buf, size_t len) {
  enum { AT_ONCE = 256 };
  if (!buf) {
    cs_api_fail(__func__, "buf is NULL");
    return 0;
  }
  coap_rand_func_t own = source;
  if (own)
    return own(buf, len) == 1;
  for (size_t done = 0; done < len;) {
    size_t n = len - done < AT_ONCE ? len - done : AT_ONCE;
    if (getentropy((uint8_t *)buf + done, n) != 0) {
      cs_api_fail_err(__func__, CS_ERR_SYSTEM, CS_RULE_NONE, "randomness");
      return 0;
    }
    done += n;
  }
  return 1;
}
