/* Memory as the library takes it. */
#ifndef COAP_MEM_H_
#define COAP_MEM_H_

#include <stddef.h>
#include <stdlib.h>

#include "coap3/libcoap.h"

/* What a piece of memory is for. The library treats all alike. */
typedef enum {
  COAP_STRING,
  COAP_ATTRIBUTE_NAME,
  COAP_ATTRIBUTE_VALUE,
  COAP_PACKET,
  COAP_NODE,
  COAP_CONTEXT,
  COAP_ENDPOINT,
  COAP_PDU,
  COAP_PDU_BUF,
  COAP_RESOURCE,
  COAP_RESOURCEATTR,
  COAP_DTLS_SESSION,
  COAP_SESSION,
  COAP_OPTLIST,
  COAP_CACHE_KEY,
  COAP_CACHE_ENTRY,
  COAP_LG_XMIT,
  COAP_LG_CRCV,
  COAP_LG_SRCV,
  COAP_DIGEST_CTX,
  COAP_SUBSCRIPTION,
  COAP_DTLS_CONTEXT,
  COAP_OSCORE_COM,
  COAP_OSCORE_SEN,
  COAP_OSCORE_REC,
  COAP_OSCORE_EX,
  COAP_OSCORE_EP,
  COAP_OSCORE_BUF,
  COAP_COSE,
} coap_memory_tag_t;

/* Kept for compatibility: nothing needs initialisation. */
void coap_memory_init(void);

/* size bytes aligned for any type, or NULL. To be freed by coap_free_type(),
 * never by free(). */
void *coap_malloc_type(coap_memory_tag_t type, size_t size);

/* Makes the piece at p size bytes long, keeping what fits; p NULL makes a new
 * one. NULL when there is no memory: p is then still there. */
void *coap_realloc_type(coap_memory_tag_t type, void *p, size_t size);

/* Frees what the two functions above returned; NULL is allowed. */
void coap_free_type(coap_memory_tag_t type, void *p);

COAP_STATIC_INLINE void *coap_malloc(size_t size) {
  return coap_malloc_type(COAP_STRING, size);
}

COAP_STATIC_INLINE void coap_free(void *object) {
  coap_free_type(COAP_STRING, object);
}

#endif
