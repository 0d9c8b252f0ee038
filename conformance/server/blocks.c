/* Block2 (RFC 7959 section 2, RFC 8323 section 6): a representation goes out in
 * blocks where the peer asks for it, or where it would not fit. */
#include "server/resource.h"
#include "wire/block.h"

enum { BERT = 7, LARGEST = 6 };

/* At most so many bytes of the response stand beside its payload and the options
 * that it has already: a header, the payload marker, Content-Format, and Block2 of a
 * block. */
static size_t around(const cs_server_turn *t, bool block) {
  enum { HEADER = 4, MARKER = 1, CONTENT_FORMAT = 3, BLOCK2 = 5 };
  return (size_t)HEADER + MARKER + CONTENT_FORMAT + (block ? (size_t)BLOCK2 : 0) +
         t->request->message.token.len + t->reply->options_len;
}

/* The block that is asked for; false with an error in the reply. */
static bool asked_for(cs_server_turn *t, cs_wire_block *out, bool *asked) {
  cs_span value;
  bool stream = t->request->message.form != CS_WIRE_UDP;
  *out = (cs_wire_block){.szx = t->request->bert ? BERT : LARGEST};
  *asked = cs_wire_option_get(t->request->message.options, CS_OPT_BLOCK2, &value);
  if (!*asked || cs_wire_block_parse(value, stream, out) == CS_RULE_NONE)
    return true;
  cs_server_reply_error(t->reply, CS_CODE(4, 0), "a block size that is reserved");
  return false;
}

/* A size that fits into what the peer takes; the place in the representation
 * stays. */
static void fit(const cs_server_turn *t, cs_wire_block *b) {
  uint32_t room = t->request->room;
  if (b->szx == BERT && !t->request->bert)
    b->szx = LARGEST;
  while (b->szx && room && cs_wire_block_size(b->szx) + around(t, true) > room) {
    uint32_t before = cs_wire_block_size(b->szx);
    b->szx--;
    b->num *= before / cs_wire_block_size(b->szx);
  }
}

bool cs_server_block(cs_server_turn *t, cs_span whole, cs_span *part) {
  cs_wire_block b;
  bool asked;
  uint8_t value[3];
  *part = whole;
  if (!asked_for(t, &b, &asked))
    return false;
  uint32_t room = t->request->room;
  if (!asked && whole.len <= CS_SERVER_PAYLOAD_MAX &&
      !(room && whole.len + around(t, false) > room))
    return true;
  fit(t, &b);
  size_t from = (size_t)b.num * cs_wire_block_size(b.szx);
  if (from >= whole.len && b.num > 0) {
    cs_server_reply_error(t->reply, CS_CODE(4, 0), "no such block");
    return false;
  }
  size_t left = whole.len - from;
  size_t len = cs_wire_block_size(b.szx);
  b.more = left > len;
  *part = cs_span_cut(whole, from, left < len ? left : len);
  cs_server_reply_option(t->reply, CS_OPT_BLOCK2, cs_span_of(value, cs_wire_block_put(&b, value)));
  return true;
}
