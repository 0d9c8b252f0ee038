/* Bytes <-> messages, sans-I/O: what stands between a transport and a session.
 * A datagram is a message; a byte stream is cut into messages by the length in
 * their header (RFC 8323 section 3.2). WebSocket and TLS stack here. */
#ifndef CS_LINK_LINK_H
#define CS_LINK_LINK_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"

typedef enum cs_link_kind { CS_LINK_DATAGRAM, CS_LINK_STREAM } cs_link_kind;

/* The beginning of a message whose rest has not come yet. */
typedef struct cs_link_partial {
  size_t cap;  /* bytes that at has room for */
  size_t len;  /* bytes held */
  size_t want; /* bytes the message has in all; 0 while its header is incomplete */
  uint8_t at[];
} cs_link_partial;

typedef struct cs_link {
  const cs_base_alloc *alloc;
  cs_span in;               /* borrowed bytes not yet cut into messages */
  cs_link_partial *partial; /* stream only; NULL when nothing is held back */
  uint32_t cap;             /* longest message accepted, in bytes */
  uint8_t kind;
  bool fed;    /* datagram: in holds one that was not taken */
  bool broken; /* stream: a rule was broken, nothing more comes */
} cs_link;

/* cap is the longest message accepted in bytes, header and all, at least 16. A
 * stream that announces a longer one is broken; a longer datagram is passed on
 * for the parser to judge. Allocates nothing yet. */
void cs_link_init(cs_link *l, cs_link_kind kind, const cs_base_alloc *alloc, uint32_t cap);
void cs_link_free(cs_link *l);

/* Gives received bytes: a whole datagram, or any run of a stream. They stay
 * borrowed until cs_link_next says CS_ERR_AGAIN. */
void cs_link_feed(cs_link *l, cs_span bytes);

/* The next message: CS_OK; CS_ERR_AGAIN when more bytes are needed;
 * CS_ERR_RULE with *broken set when the stream cannot go on; CS_ERR_MEMORY,
 * after which the call may be repeated. The span is valid until the next call. */
cs_err cs_link_next(cs_link *l, cs_span *message, cs_rule *broken);

#endif
