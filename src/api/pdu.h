/* What a coap_pdu_t is: either a message being made, which owns one buffer
 * with token, options (RFC 7252 encoding), marker and payload in a row, or a
 * view of a received one, whose spans are borrowed. */
#ifndef CS_API_PDU_H
#define CS_API_PDU_H

#include <coap3/coap.h>

#include "core/session.h"
#include "wire/message.h"

enum {
  CS_API_PDU_INLINE = 104, /* bytes that need no second piece of memory */
  /* RFC 8323 messages are no larger here; what libcoap announces */
  CS_API_PDU_SIZE_MAX = 8 * 1024 * 1024 + 256,
  CS_API_LAST_UNKNOWN = 65536 /* the options of a parsed message were not walked */
};

struct coap_pdu_t {
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  bool view;        /* borrowed; never freed by the application */
  bool has_token;   /* coap_add_token() was called */
  bool waiting;     /* counted in the context's waiting */
  bool transmitted; /* has left at least once */
  uint32_t last;    /* highest option number so far, or CS_API_LAST_UNKNOWN */
  uint32_t size_max;
  cs_span token;
  cs_span options;
  cs_span payload;

  uint8_t *buf; /* inside or a piece of its own */
  uint32_t cap;

  /* While the session has it as an open request: */
  coap_session_t *session;
  coap_pdu_t *next, *prev;
  cs_core_request *request;

  uint8_t inside[CS_API_PDU_INLINE];
};

/* A view of m, for a handler. */
void cs_api_pdu_view(coap_pdu_t *pdu, const cs_wire_message *m);
/* The message that pdu is, in the UDP header form. */
cs_wire_message cs_api_pdu_message(const coap_pdu_t *pdu);
/* Frees pdu with its buffer, whoever owns it. */
void cs_api_pdu_free(coap_pdu_t *pdu);
/* Whether code is one that an unreliable session may carry. */
bool cs_api_pdu_code_ok(int code);

/* Takes the options back to an earlier state: encoded, with the highest number
 * last; pdu has no payload. */
void cs_api_pdu_reset_options(coap_pdu_t *pdu, cs_span options, uint32_t last);

/* Frees the message kept at hand for the next coap_pdu_init(), if there is one. */
void cs_api_pdu_reset(void);

#endif
