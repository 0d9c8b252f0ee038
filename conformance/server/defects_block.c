/* Defects of blocks: RFC 7959 section 2, and RFC 8323 where it speaks of sizes,
 * sections 3.2, 5.3 and 6. */
#include "server/defects_edit.h"

enum { CSM = CS_CODE(7, 1), CONTENT = CS_CODE(2, 5), BERT = 7, LEN_FOUR_BYTES = 15 };

static int64_t block_of(const cs_server_request *q) {
  return cs_server_request_uint(q, CS_OPT_BLOCK2, -1);
}

static bool asks_for_bert(const cs_server_request *q) {
  int64_t block = block_of(q);
  return block >= 0 && (block & 7) == BERT;
}

static void set_block(cs_server_reply *r, uint32_t value) {
  cs_server_reply_remove(r, CS_OPT_BLOCK2);
  cs_server_reply_uint(r, CS_OPT_BLOCK2, value);
}

/* Takes it for 1024, as over TCP. */
static bool size_7_taken(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!asks_for_bert(q))
    return true;
  reply->code = CONTENT;
  set_block(reply, 0x0f);
  cs_server_reply_payload(reply, cs_span_str("the first kilobyte"));
  return false;
}

static bool four_bytes_refused(cs_defect_turn *t, cs_span bytes) {
  /* A message's first byte begins a segment where nothing else was sent. */
  if (!bytes.len || bytes.at[0] >> 4 != LEN_FOUR_BYTES)
    return true;
  cs_defect_close(t);
  return false;
}

static bool size_option(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == 2;
}

/* Who announces nothing is taken for one that takes much. */
static bool much_assumed(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t much[] = {0x20, 0};
  (void)t;
  if (d->broken == CS_RULE_NONE && d->m.code == CSM &&
      !cs_defect_any_option(d->m.options, size_option))
    cs_defect_add_option(d, 2, cs_span_of(much, sizeof much));
  return true;
}

static void base_size_exceeded(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  static const uint8_t more[200];
  (void)t;
  (void)q;
  if (reply->code == CONTENT && reply->payload_len == CS_SERVER_PAYLOAD_MAX)
    cs_server_reply_option(reply, 65000, cs_span_of(more, sizeof more));
}

static bool block_wise_option(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == 4;
}

static bool block_wise_unannounced(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->broken == CS_RULE_NONE && d->m.code == CSM)
    cs_defect_drop_options(d, block_wise_option);
  return true;
}

/* Who was ready for BERT once is so for ever. */
static void bert_remembered(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  if (q->bert)
    t->mine->number[0] = 1;
  if (t->mine->number[0] && block_of(q) < 0 && reply->payload_len == CS_SERVER_PAYLOAD_MAX)
    set_block(reply, 0x0f);
}

static bool bert_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!asks_for_bert(q))
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 0), "block size 7 is reserved");
  return false;
}

static void bert_of_1000(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (asks_for_bert(q) && reply->payload_len == CS_SERVER_PAYLOAD_MAX)
    reply->payload_len = 1000;
}

static void number_ignored(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (asks_for_bert(q) && block_of(q) >> 4 && reply->payload_len)
    reply->payload[0] ^= 1;
}

static const cs_defect table[] = {
    {.row = {"block-size-7-taken", "RFC7959#2.2:block-size-reserved",
             "block size exponent 7 is answered over UDP", CS_DEFECT_UDP},
     .request = size_7_taken},
    {.row = {"length-four-bytes-refused", "RFC8323#3.2:length-four-bytes",
             "a Length of four bytes closes the connection", CS_DEFECT_TCP},
     .bytes_in = four_bytes_refused},
    {.row = {"base-size-exceeded", "RFC8323#5.3.1:base-size",
             "messages of over 1152 bytes are sent to clients that announced nothing",
             CS_DEFECT_STREAM},
     .in = much_assumed,
     .reply = base_size_exceeded},
    {.row = {"block-wise-unannounced", "RFC8323#5.3.2:block-wise-announced",
             "the CSM does not say that there are blocks", CS_DEFECT_STREAM},
     .out = block_wise_unannounced},
    {.row = {"bert-remembered", "RFC8323#5.3.2:bert-withdrawn",
             "BERT is used for a client that has taken it back", CS_DEFECT_STREAM},
     .reply = bert_remembered},
    {.row = {"bert-request-refused", "RFC8323#6:bert-control",
             "a request with a BERT option is refused", CS_DEFECT_STREAM},
     .request = bert_refused},
    {.row = {"bert-block-of-1000", "RFC8323#6:bert-multiple",
             "a BERT block that is not the last has 1000 bytes", CS_DEFECT_STREAM},
     .reply = bert_of_1000},
    {.row = {"bert-number-ignored", "RFC8323#6:bert-number",
             "a BERT block begins elsewhere than its number says", CS_DEFECT_STREAM},
     .reply = number_ignored},
};

const cs_defect_family cs_defects_block = {table, sizeof table / sizeof *table};
