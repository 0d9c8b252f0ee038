/* Types of the input and output side, and why a request failed. */
#ifndef COAP_IO_H_
#define COAP_IO_H_

#include <sys/types.h>

#include "coap3/coap_address.h"

#ifndef COAP_RXBUFFER_SIZE
#define COAP_RXBUFFER_SIZE 1472
#endif

#ifndef COAP_MAX_EPOLL_EVENTS
#define COAP_MAX_EPOLL_EVENTS 10
#endif

typedef int coap_fd_t;
#define coap_closesocket close
#define COAP_SOCKET_ERROR (-1)
#define COAP_INVALID_SOCKET (-1)

typedef uint16_t coap_socket_flags_t;

typedef struct coap_addr_tuple_t {
  coap_address_t remote;
  coap_address_t local;
} coap_addr_tuple_t;

/* The reason of the last failure in this thread; see coap_last_error(). */
const char *coap_socket_strerror(void);

/* Why a request ended without a response. */
typedef enum {
  COAP_NACK_TOO_MANY_RETRIES, /* no answer in time (RFC 7252 section 4.2) */
  COAP_NACK_NOT_DELIVERABLE,  /* the session ended first */
  COAP_NACK_RST,              /* the peer sent a Reset */
  COAP_NACK_TLS_FAILED,
  COAP_NACK_ICMP_ISSUE,   /* the network said that the peer cannot be reached */
  COAP_NACK_BAD_RESPONSE, /* the response broke a rule */
  COAP_NACK_TLS_LAYER_FAILED,
  COAP_NACK_WS_LAYER_FAILED,
  COAP_NACK_WS_FAILED
} coap_nack_reason_t;

#endif
