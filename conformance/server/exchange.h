/* A request as a resource sees it, and the reply it makes. */
#ifndef CS_SERVER_EXCHANGE_H
#define CS_SERVER_EXCHANGE_H

#include "base/bytes.h"
#include "base/time.h"
#include "wire/message.h"
#include "wire/option.h"

typedef struct cs_server_request {
  uint64_t peer;
  bool multicast;          /* it was sent to a group address */
  cs_wire_message message; /* spans are borrowed while the request is handled */
  bool bert;               /* the peer takes BERT blocks (RFC 8323 section 5.3.2) */
  uint32_t room;           /* longest message that it takes; 0: no limit is known */
} cs_server_request;

enum {
  CS_SERVER_OPTIONS_MAX = 512,  /* encoded options of a reply, in bytes */
  CS_SERVER_PAYLOAD_MAX = 1024, /* RFC 7252 section 4.6 */
  CS_SERVER_BASE_SIZE = 1152,   /* of a message, RFC 8323 section 5.3.1 */
  CS_SERVER_MESSAGE_MAX = 1600  /* the longest message that a reply can make */
};

typedef struct cs_server_reply {
  uint8_t code;
  uint8_t options[CS_SERVER_OPTIONS_MAX];
  size_t options_len;
  uint8_t payload[CS_SERVER_PAYLOAD_MAX];
  size_t payload_len;
  /* 0: at once, piggybacked on the Acknowledgement of a Confirmable request.
   * Else the Empty Acknowledgement goes out at once and the response follows
   * separately after this many microseconds (RFC 7252 section 5.2.2). */
  cs_time delay;
  int type;    /* CS_CON or CS_NON of a separate response; -1: as the request's */
  bool silent; /* no response at all */
} cs_server_reply;

/* An empty reply with this code. */
void cs_server_reply_init(cs_server_reply *r, uint8_t code);
/* Adds an option in its place, after those of the same number; one that does
 * not fit is left out, which asserts in a debug build. */
void cs_server_reply_option(cs_server_reply *r, uint16_t number, cs_span value);
void cs_server_reply_uint(cs_server_reply *r, uint16_t number, uint32_t value);
/* Takes every option with this number away. */
void cs_server_reply_remove(cs_server_reply *r, uint16_t number);
/* Replaces the payload, cut at CS_SERVER_PAYLOAD_MAX. */
void cs_server_reply_payload(cs_server_reply *r, cs_span payload);
/* A representation: payload and Content-Format; format -1 leaves that out. */
void cs_server_reply_content(cs_server_reply *r, int32_t format, cs_span payload);
/* An error: no options, text as diagnostic payload (RFC 7252 section 5.5.2). */
void cs_server_reply_error(cs_server_reply *r, uint8_t code, const char *text);

/* The first option with this number as a uint; absent or over long: fallback. */
int64_t cs_server_request_uint(const cs_server_request *q, uint16_t number, int64_t fallback);
bool cs_server_request_has(const cs_server_request *q, uint16_t number);

#endif
