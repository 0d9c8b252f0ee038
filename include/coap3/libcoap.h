/* What every other public header needs: system types, compiler helpers, and
 * start-up of the library as a whole. */
#ifndef COAP_LIBCOAP_H_
#define COAP_LIBCOAP_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#ifndef COAP_STATIC_INLINE
#if defined(__cplusplus)
#define COAP_STATIC_INLINE inline
#else
#define COAP_STATIC_INLINE static inline
#endif
#endif

#ifndef COAP_DEPRECATED
#define COAP_DEPRECATED __attribute__((deprecated))
#endif

#ifndef COAP_UNUSED
#define COAP_UNUSED __attribute__((unused))
#endif

/* Prepares the library. To be called before any other function; calling it
 * again has no effect until coap_cleanup(). It cannot fail. */
void coap_startup(void);

/* Releases what the library keeps for the whole process and sets its
 * process-wide settings (log level, log handler, packet loss, random function)
 * back to their defaults. To be called last, after the contexts were freed;
 * contexts that still exist go on working. */
void coap_cleanup(void);

#endif
