/* The block value NUM/M/SZX (RFC 7959 section 2.2; SZX 7 is BERT, RFC 8323
 * section 6). */
#ifndef CS_WIRE_BLOCK_H
#define CS_WIRE_BLOCK_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"

typedef struct cs_wire_block {
  uint32_t num; /* 0 to 2^20 - 1 */
  bool more;
  uint8_t szx; /* 0 to 6; 7 only where BERT is allowed */
} cs_wire_block;

#define CS_WIRE_BLOCK_NUM_MAX 0xfffffu

/* Reads a block option's value. bert says whether SZX 7 may be used. */
cs_rule cs_wire_block_parse(cs_span value, bool bert, cs_wire_block *out);
/* Its shortest encoding; returns the length, 0 to 3. CS_ERR_ARGUMENT through
 * the return value SIZE_MAX when a field is out of range. */
size_t cs_wire_block_put(const cs_wire_block *b, uint8_t buf[3]);
/* 16 << szx; 1024 for BERT. */
static inline uint32_t cs_wire_block_size(uint8_t szx) {
  return szx >= 6 ? 1024u : 16u << szx;
}

#endif
