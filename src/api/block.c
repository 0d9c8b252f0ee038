#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"
#include "api/pdu.h"
#include "wire/block.h"
#include "wire/option.h"

enum { BODY_MAX = 16 * 1024 * 1024 };

unsigned int coap_opt_block_num(const coap_opt_t *block_opt) {
  uint32_t v = 0;
  uint32_t len = coap_opt_length(block_opt);
  if (len > 3 || cs_wire_uint(cs_span_of(coap_opt_value(block_opt), len), &v) != CS_OK)
    return 0;
  return v >> 4;
}

static bool read_block(const char *function, const coap_pdu_t *pdu, coap_option_num_t number,
                       cs_wire_block *out) {
  cs_span value;
  if (!pdu || !cs_wire_option_get(pdu->options, number, &value))
    return false;
  cs_rule rule = cs_wire_block_parse(value, false, out);
  if (rule != CS_RULE_NONE)
    cs_api_fail_err(function, CS_ERR_RULE, rule, NULL);
  return rule == CS_RULE_NONE;
}

int coap_get_block(const coap_pdu_t *pdu, coap_option_num_t number, coap_block_t *block) {
  cs_wire_block b;
  if (!block || !read_block(__func__, pdu, number, &b))
    return 0;
  block->num = b.num;
  block->m = b.more;
  block->szx = b.szx & 7u;
  return 1;
}

int coap_get_block_b(const coap_session_t *session, const coap_pdu_t *pdu, coap_option_num_t number,
                     coap_block_b_t *block) {
  (void)session; /* no session of this build is reliable */
  cs_wire_block b;
  if (!block || !read_block(__func__, pdu, number, &b))
    return 0;
  memset(block, 0, sizeof *block);
  block->num = b.num;
  block->m = b.more;
  block->szx = block->aszx = b.szx & 7u;
  block->defined = 1;
  block->chunk_size = cs_wire_block_size(b.szx);
  return 1;
}

/* The largest exponent, at most szx, whose block fits room bytes; 7 for none. */
static unsigned fitting(unsigned szx, size_t room) {
  while (cs_wire_block_size((uint8_t)szx) > room) {
    if (szx == 0)
      return 7;
    szx--;
  }
  return szx;
}

int coap_write_block_opt(coap_block_t *block, coap_option_num_t number, coap_pdu_t *pdu,
                         size_t data_length) {
  enum { OPTION_MOST = 8, BEHIND = -1, NO_ROOM = -2 };
  if (!block || !pdu || block->szx > COAP_MAX_BLOCK_SZX || block->num > CS_WIRE_BLOCK_NUM_MAX) {
    cs_api_fail(__func__, !block ? "block is NULL" : !pdu ? "pdu is NULL" : "block out of range");
    return 0;
  }
  size_t start = (size_t)block->num << (block->szx + 4);
  if (block->num > 0 && start >= data_length) {
    cs_api_fail(__func__, "block %u lies behind a body of %zu bytes", block->num, data_length);
    return BEHIND;
  }
  size_t used = pdu->token.len + pdu->options.len + OPTION_MOST + 1;
  size_t max = pdu->size_max ? pdu->size_max : CS_API_PDU_SIZE_MAX;
  size_t room = max > used ? max - used : 0;
  unsigned szx = block->szx;
  size_t rest = data_length - start;
  if (rest > room || rest > cs_wire_block_size((uint8_t)szx))
    szx = fitting(szx, room);
  uint32_t num = szx <= block->szx ? block->num << (block->szx - szx) : 0;
  if (szx == 7 || num > CS_WIRE_BLOCK_NUM_MAX) {
    cs_api_fail(__func__, "a block does not fit into %zu bytes", room);
    return NO_ROOM;
  }
  cs_wire_block b = {num, coap_more_blocks(data_length, num, (uint16_t)szx), (uint8_t)szx};
  uint8_t value[3];
  if (!coap_add_option(pdu, number, cs_wire_block_put(&b, value), value))
    return NO_ROOM;
  block->num = b.num;
  block->m = b.more;
  block->szx = b.szx & 7u;
  return 1;
}

int coap_write_block_b_opt(coap_session_t *session, coap_block_b_t *block, coap_option_num_t number,
                           coap_pdu_t *pdu, size_t data_length) {
  (void)session; /* no session of this build is reliable */
  if (!block) {
    cs_api_fail(__func__, "block is NULL");
    return 0;
  }
  coap_block_t plain = {block->num, block->m, block->szx};
  int done = coap_write_block_opt(&plain, number, pdu, data_length);
  if (done == 1) {
    block->num = plain.num;
    block->m = plain.m;
    block->szx = block->aszx = plain.szx;
    block->defined = 1;
    block->bert = 0;
    block->chunk_size = cs_wire_block_size((uint8_t)plain.szx);
  }
  return done;
}

static int add_chunk(const char *function, coap_pdu_t *pdu, size_t len, const uint8_t *data,
                     size_t start, size_t size) {
  if (!data || start >= len) {
    cs_api_fail(function, data ? "the block lies behind the body's end" : "data is NULL");
    return 0;
  }
  return coap_add_data(pdu, len - start < size ? len - start : size, data + start);
}

int coap_add_block(coap_pdu_t *pdu, size_t len, const uint8_t *data, unsigned int block_num,
                   unsigned char block_szx) {
  if (block_szx > COAP_MAX_BLOCK_SZX || block_num > CS_WIRE_BLOCK_NUM_MAX) {
    cs_api_fail(__func__, "block %u of exponent %u is out of range", block_num, block_szx);
    return 0;
  }
  return add_chunk(__func__, pdu, len, data, (size_t)block_num << (block_szx + 4),
                   cs_wire_block_size(block_szx));
}

int coap_add_block_b_data(coap_pdu_t *pdu, size_t len, const uint8_t *data, coap_block_b_t *block) {
  if (!block || block->szx > COAP_MAX_BLOCK_SZX || block->num > CS_WIRE_BLOCK_NUM_MAX) {
    cs_api_fail(__func__, block ? "block is out of range" : "block is NULL");
    return 0;
  }
  return add_chunk(__func__, pdu, len, data, (size_t)block->num << (block->szx + 4),
                   block->chunk_size);
}

coap_binary_t *coap_block_build_body(coap_binary_t *body_data, size_t length, const uint8_t *data,
                                     size_t offset, size_t total) {
  size_t end = length <= BODY_MAX && offset <= BODY_MAX ? offset + length : SIZE_MAX;
  if (end > BODY_MAX || total > BODY_MAX || (!data && length > 0)) {
    cs_api_fail(__func__, data || length == 0 ? "a body is at most 16 MiB" : "data is NULL");
    coap_delete_binary(body_data);
    return NULL;
  }
  size_t wanted = total > end ? total : end;
  size_t have = body_data ? body_data->length : 0;
  if (!body_data || wanted > have) {
    coap_binary_t *grown = coap_resize_binary(body_data, wanted);
    if (!grown) {
      coap_delete_binary(body_data);
      return NULL;
    }
    memset(grown->s + have, 0, wanted - have);
    body_data = grown;
  }
  if (length > 0)
    memcpy(body_data->s + offset, data, length);
  return body_data;
}
