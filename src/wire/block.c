#include "wire/block.h"

#include "wire/option.h"

enum { SZX_BERT = 7 };

cs_rule cs_wire_block_parse(cs_span value, bool bert, cs_wire_block *out) {
  uint32_t v;
  if (value.len > 3 || cs_wire_uint(value, &v) != CS_OK)
    return CS_RULE_OPTION_LENGTH;
  uint8_t szx = v & 7u;
  if (szx == SZX_BERT && !bert)
    return CS_RULE_BLOCK_SIZE_RESERVED;
  out->num = v >> 4;
  out->more = (v >> 3) & 1u;
  out->szx = szx;
  return CS_RULE_NONE;
}

size_t cs_wire_block_put(const cs_wire_block *b, uint8_t buf[3]) {
  if (b->num > CS_WIRE_BLOCK_NUM_MAX || b->szx > SZX_BERT)
    return SIZE_MAX;
  uint8_t shortest[4];
  size_t len = cs_wire_uint_put(b->num << 4 | (b->more ? 8u : 0u) | b->szx, shortest);
  memcpy(buf, shortest, len);
  return len;
}
