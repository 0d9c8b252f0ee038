/* The block value.
 *
 * byte 0: bit 0 whether BERT is allowed, bit 1 whether the rest is a value or
 *         five bytes of fields (NUM in four, then M and SZX)
 *
 * Oracles: a value that is accepted is encoded again to the same number in no
 * more bytes; fields in range and only those are encoded, and read back; a
 * refusal names its rule and changes nothing; the notation says the same.
 *
 * covers: src/wire/block.c src/wire/block.h */
#include "wire/block.h"
#include "wire/notation.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_block(const cs_wire_block *a, const cs_wire_block *b) {
  return a->num == b->num && a->more == b->more && a->szx == b->szx;
}

static void check_notation(cs_span value) {
  char text[64];
  uint8_t buf[64];
  size_t len = 0;
  size_t got = 0;
  if (value.len > 16)
    return;
  CS_ORACLE(cs_wire_print_value(CS_FORMAT_BLOCK, value, text, sizeof text, &len) == CS_OK);
  cs_base_reader in = cs_base_reader_of(cs_span_of(text, len));
  CS_ORACLE(cs_wire_read_value(&in, CS_FORMAT_BLOCK, buf, sizeof buf, &got, NULL) == CS_OK);
  CS_ORACLE(cs_base_left(&in) == 0 && cs_span_equal(cs_span_of(buf, got), value));
}

static void parse_value(cs_span value, bool bert) {
  cs_wire_block b = {0x5a5a5, true, 9};
  cs_rule broken = cs_wire_block_parse(value, bert, &b);
  check_notation(value);
  if (broken != CS_RULE_NONE) {
    CS_ORACLE(b.num == 0x5a5a5 && b.more && b.szx == 9);
    CS_ORACLE(broken == CS_RULE_OPTION_LENGTH ? value.len > 3
                                              : broken == CS_RULE_BLOCK_SIZE_RESERVED && !bert &&
                                                    (value.at[value.len - 1] & 7) == 7);
    return;
  }
  CS_ORACLE(value.len <= 3 && b.num <= CS_WIRE_BLOCK_NUM_MAX && b.szx <= (bert ? 7 : 6));
  uint8_t buf[3];
  cs_wire_block again;
  size_t len = cs_wire_block_put(&b, buf);
  CS_ORACLE(len <= value.len && (len == 0 || buf[0] != 0));
  CS_ORACLE(cs_wire_block_parse(cs_span_of(buf, len), bert, &again) == CS_RULE_NONE);
  CS_ORACLE(same_block(&b, &again));
  uint32_t bytes = cs_wire_block_size(b.szx);
  CS_ORACLE(bytes >= 16 && bytes <= 1024 && (bytes & (bytes - 1)) == 0);
}

static void put_fields(cs_base_reader *in) {
  uint8_t flags;
  cs_wire_block b;
  if (!cs_base_take_u32(in, &b.num) || !cs_base_take_u8(in, &flags))
    return;
  b.more = flags & 0x80;
  b.szx = flags & 0x7f;
  uint8_t buf[3] = {1, 2, 3};
  cs_wire_block got;
  size_t len = cs_wire_block_put(&b, buf);
  bool in_range = b.num <= CS_WIRE_BLOCK_NUM_MAX && b.szx <= 7;
  CS_ORACLE(in_range ? len <= 3 : len == SIZE_MAX && buf[0] == 1);
  if (!in_range)
    return;
  CS_ORACLE(cs_wire_block_parse(cs_span_of(buf, len), true, &got) == CS_RULE_NONE);
  CS_ORACLE(same_block(&b, &got));
  check_notation(cs_span_of(buf, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  cs_span rest = cs_span_of(data + 1, size - 1);
  if (data[0] & 2u) {
    cs_base_reader in = cs_base_reader_of(rest);
    put_fields(&in);
  } else {
    parse_value(rest, data[0] & 1u);
  }
  return 0;
}
