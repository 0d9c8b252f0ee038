/* Random bytes. */
#ifndef COAP_PRNG_H_
#define COAP_PRNG_H_

#include <stddef.h>

/* Fills out with len random bytes. Returns 1, or 0 when it could not. */
typedef int (*coap_rand_func_t)(void *out, size_t len);

/* Makes rng the source that coap_prng() draws from, for the whole process;
 * NULL brings the system's back. Tokens, Message IDs and timers of sessions
 * always draw from the system. */
void coap_set_prng(coap_rand_func_t rng);

/* Kept for compatibility: the system's source needs no seed, so seed is not
 * used. */
void coap_prng_init(unsigned int seed);

/* Fills buf with len random bytes fit for keys, from the system or from the
 * function that was set. 1, or 0 when buf is NULL or the function failed. */
int coap_prng(void *buf, size_t len);

#endif
