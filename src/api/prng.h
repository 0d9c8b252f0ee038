/* Randomness outside of any session. */
#ifndef CS_API_PRNG_H
#define CS_API_PRNG_H

/* Brings the system's source back, as coap_cleanup() does. */
void cs_api_prng_reset(void);

#endif
