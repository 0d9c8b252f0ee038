#include "api/pdu.h"

#include <stdatomic.h>
#include <string.h>

#include "api/error.h"
#include "api/memory.h"
#include "net/net.h"
#include "wire/option.h"

enum { MARKER = 0xff, CODE_MAX = 255 };

/* One message is kept at hand, since most programs make one for each that they
 * send and free it for each that is answered. Not where a sanitizer is to see
 * each use of a message after its end, nor with an allocator that counts. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { KEEP_ONE = 0 };
#else
enum { KEEP_ONE = 1 };
#endif
static _Atomic(coap_pdu_t *) spare;

static coap_pdu_t *take(void) {
  coap_pdu_t *pdu = NULL;
  if (KEEP_ONE && cs_api_alloc() == &cs_net_heap_alloc)
    pdu = atomic_exchange(&spare, NULL);
  return pdu ? pdu : cs_api_get(sizeof *pdu);
}

static void give(coap_pdu_t *pdu) {
  if (KEEP_ONE && cs_api_alloc_of(pdu) == &cs_net_heap_alloc)
    pdu = atomic_exchange(&spare, pdu);
  cs_api_put(pdu);
}

void cs_api_pdu_reset(void) {
  cs_api_put(atomic_exchange(&spare, NULL));
}

static size_t used(const coap_pdu_t *pdu) {
  return pdu->token.len + pdu->options.len + (pdu->payload.len ? 1 + pdu->payload.len : 0);
}

/* Points the spans into the buffer again; their lengths hold. */
static void point(coap_pdu_t *pdu) {
  pdu->token.at = pdu->buf;
  pdu->options.at = pdu->buf + pdu->token.len;
  pdu->payload.at = pdu->payload.len ? pdu->options.at + pdu->options.len + 1 : NULL;
}

static size_t largest(const coap_pdu_t *pdu) {
  return pdu->size_max ? pdu->size_max : CS_API_PDU_SIZE_MAX;
}

/* Makes the buffer need bytes large, which is within what pdu may hold. */
static cs_err grow(coap_pdu_t *pdu, size_t need) {
  if (need <= pdu->cap)
    return CS_OK;
  size_t cap = (size_t)pdu->cap * 2 > need ? (size_t)pdu->cap * 2 : need;
  uint8_t *buf = cs_api_get(cap);
  if (!buf)
    return CS_ERR_MEMORY;
  memcpy(buf, pdu->buf, used(pdu));
  if (pdu->buf != pdu->inside)
    cs_api_put(pdu->buf);
  pdu->buf = buf;
  pdu->cap = (uint32_t)cap;
  point(pdu);
  return CS_OK;
}

/* Makes room for more bytes. */
static cs_err reserve(coap_pdu_t *pdu, size_t more) {
  size_t max = largest(pdu);
  if (more > max || used(pdu) > max - more)
    return CS_ERR_TOO_LARGE;
  return grow(pdu, used(pdu) + more);
}

bool cs_api_pdu_code_ok(int code) {
  if (code < 0 || code > CODE_MAX)
    return false;
  unsigned class = (unsigned)code >> 5;
  return class != 1 && class != 6 && class != 7;
}

coap_pdu_t *coap_pdu_init(coap_pdu_type_t type, coap_pdu_code_t code, coap_mid_t mid, size_t size) {
  if ((int)type < COAP_MESSAGE_CON || (int)type > COAP_MESSAGE_RST) {
    cs_api_fail(__func__, "type %d is none of CON, NON, ACK, RST", (int)type);
    return NULL;
  }
  if (!cs_api_pdu_code_ok((int)code)) {
    cs_api_fail_err(__func__, CS_ERR_RULE, CS_RULE_CODE_CLASS_RESERVED, "code");
    return NULL;
  }
  if (mid < 0 || mid > UINT16_MAX) {
    cs_api_fail(__func__, "Message ID %d is not within 0 to 65535", mid);
    return NULL;
  }
  if (size > CS_API_PDU_SIZE_MAX) {
    cs_api_fail(__func__, "size %zu is over %d", size, CS_API_PDU_SIZE_MAX);
    return NULL;
  }
  coap_pdu_t *pdu = take();
  if (!pdu) {
    cs_api_fail_err(__func__, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  memset(pdu, 0, offsetof(coap_pdu_t, inside));
  pdu->type = (uint8_t)type;
  pdu->code = (uint8_t)code;
  pdu->mid = (uint16_t)mid;
  pdu->size_max = (uint32_t)size;
  pdu->buf = pdu->inside;
  pdu->cap = sizeof pdu->inside;
  point(pdu);
  return pdu;
}

void cs_api_pdu_view(coap_pdu_t *pdu, const cs_wire_message *m) {
  memset(pdu, 0, offsetof(coap_pdu_t, inside));
  pdu->view = true;
  pdu->type = m->type;
  pdu->code = m->code;
  pdu->mid = m->mid;
  pdu->token = m->token;
  pdu->options = m->options;
  pdu->payload = m->payload;
}

cs_wire_message cs_api_pdu_message(const coap_pdu_t *pdu) {
  cs_wire_message m = {CS_WIRE_UDP, pdu->type,    pdu->code,   pdu->mid,
                       pdu->token,  pdu->options, pdu->payload};
  return m;
}

void cs_api_pdu_free(coap_pdu_t *pdu) {
  if (pdu->buf != pdu->inside)
    cs_api_put(pdu->buf);
  give(pdu);
}

void coap_delete_pdu(coap_pdu_t *pdu) {
  if (!pdu)
    return;
  if (pdu->view || pdu->session)
    cs_api_fail(__func__, "the message belongs to the library");
  else
    cs_api_pdu_free(pdu);
}

void cs_api_pdu_reset_options(coap_pdu_t *pdu, cs_span options, uint32_t last) {
  if (options.len)
    memcpy(pdu->buf + pdu->token.len, options.at, options.len);
  pdu->options.len = options.len;
  pdu->last = last;
  point(pdu);
}

/* Whether the application may change pdu. */
static bool ours_to_change(const char *function, const coap_pdu_t *pdu) {
  if (!pdu)
    cs_api_fail(function, "pdu is NULL");
  else if (pdu->view || pdu->session)
    cs_api_fail(function, "the message belongs to the library");
  else
    return true;
  return false;
}

int coap_pdu_parse(coap_proto_t proto, const uint8_t *data, size_t length, coap_pdu_t *pdu) {
  if (!ours_to_change(__func__, pdu))
    return 0;
  if (proto != COAP_PROTO_UDP && proto != COAP_PROTO_DTLS) {
    cs_api_fail_err(__func__, CS_ERR_UNSUPPORTED, CS_RULE_NONE, "a reliable protocol");
    return 0;
  }
  if (!data) {
    cs_api_fail(__func__, "data is NULL");
    return 0;
  }
  static const cs_wire_limits limits = {COAP_TOKEN_EXT_MAX};
  cs_wire_message m;
  cs_rule rule = cs_wire_parse(CS_WIRE_UDP, cs_span_of(data, length), &limits, &m);
  if (rule != CS_RULE_NONE) {
    cs_api_fail_err(__func__, CS_ERR_RULE, rule, NULL);
    return 0;
  }
  /* Token, options, marker and payload lie in a row there as they do here. */
  size_t content = m.token.len + m.options.len + (m.payload.len ? 1 + m.payload.len : 0);
  cs_err e = content <= largest(pdu) ? grow(pdu, content) : CS_ERR_TOO_LARGE;
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, NULL);
    return 0;
  }
  memcpy(pdu->buf, data + (length - content), content);
  pdu->type = m.type;
  pdu->code = m.code;
  pdu->mid = m.mid;
  pdu->has_token = true;
  pdu->last = CS_API_LAST_UNKNOWN;
  pdu->token.len = m.token.len;
  pdu->options.len = m.options.len;
  pdu->payload.len = m.payload.len;
  point(pdu);
  return 1;
}

int coap_add_token(coap_pdu_t *pdu, size_t len, const uint8_t *data) {
  if (!ours_to_change(__func__, pdu))
    return 0;
  if (len > COAP_TOKEN_EXT_MAX || (!data && len > 0)) {
    cs_api_fail(__func__, "a token of %zu bytes at %s", len, data ? "data" : "NULL");
    return 0;
  }
  if (pdu->has_token || pdu->options.len || pdu->payload.len) {
    cs_api_fail(__func__, "the token comes once, before options and payload");
    return 0;
  }
  cs_err e = reserve(pdu, len);
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, "token");
    return 0;
  }
  if (len > 0)
    memcpy(pdu->buf, data, len);
  pdu->token.len = len;
  pdu->has_token = true;
  point(pdu);
  return 1;
}

/* Puts an option in its place within the buffer as it is. */
static cs_err put_option(coap_pdu_t *pdu, uint16_t number, cs_span value) {
  size_t cap = pdu->cap < largest(pdu) ? pdu->cap : largest(pdu);
  size_t room = cap - pdu->token.len;
  uint8_t *options = pdu->buf + pdu->token.len;
  size_t len = pdu->options.len;
  if (number < pdu->last) {
    cs_err e = cs_wire_option_insert(options, &len, room, number, value);
    if (e)
      return e;
  } else {
    cs_base_writer out = cs_base_writer_of(options, room);
    out.len = len;
    cs_wire_option_writer w = {&out, (uint16_t)pdu->last};
    cs_err e = cs_wire_option_put(&w, number, value);
    if (e || out.overflow)
      return e ? e : CS_ERR_TOO_LARGE;
    len = out.len;
    pdu->last = number;
  }
  pdu->options.len = len;
  point(pdu);
  return CS_OK;
}

/* Whether data lies in pdu itself, which what is done with it may move. */
static bool own(const coap_pdu_t *pdu, const uint8_t *data) {
  return (uintptr_t)data - (uintptr_t)pdu->buf < pdu->cap ||
         (uintptr_t)data - (uintptr_t)pdu->inside < sizeof pdu->inside;
}

/* Puts an option in its place; the buffer grows when it has to. */
static cs_err add_option(coap_pdu_t *pdu, uint16_t number, cs_span value) {
  enum { HEADERS_MAX = 2 * 5 };
  uint8_t *copy = NULL;
  if (value.len && own(pdu, value.at)) {
    copy = cs_api_get(value.len);
    if (!copy)
      return CS_ERR_MEMORY;
    memcpy(copy, value.at, value.len);
    value.at = copy;
  }
  cs_err e = put_option(pdu, number, value);
  if (e == CS_ERR_TOO_LARGE && pdu->cap < largest(pdu)) {
    e = grow(pdu, used(pdu) + value.len + HEADERS_MAX);
    if (e == CS_OK)
      e = put_option(pdu, number, value);
  }
  cs_api_put(copy);
  return e;
}

size_t coap_add_option(coap_pdu_t *pdu, coap_option_num_t number, size_t len, const uint8_t *data) {
  if (!ours_to_change(__func__, pdu))
    return 0;
  if (len > COAP_TOKEN_EXT_MAX || (!data && len > 0)) {
    cs_api_fail(__func__, "an option value of %zu bytes at %s", len, data ? "data" : "NULL");
    return 0;
  }
  if (pdu->payload.len) {
    cs_api_fail(__func__, "options come before the payload");
    return 0;
  }
  size_t before = pdu->options.len;
  cs_err e = add_option(pdu, number, cs_span_of(data, len));
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, "option");
    return 0;
  }
  /* The option behind it may have got a header that is shorter by as much. */
  size_t grown = pdu->options.len - before;
  return grown ? grown : 1;
}

uint8_t *coap_add_data_after(coap_pdu_t *pdu, size_t len) {
  if (!ours_to_change(__func__, pdu))
    return NULL;
  if (pdu->payload.len || len == 0) {
    cs_api_fail(__func__, len == 0 ? "a payload has at least one byte" : "there is a payload");
    return NULL;
  }
  cs_err e = len <= CS_API_PDU_SIZE_MAX ? reserve(pdu, 1 + len) : CS_ERR_TOO_LARGE;
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, "payload");
    return NULL;
  }
  size_t at = pdu->token.len + pdu->options.len;
  pdu->buf[at] = MARKER;
  pdu->payload.len = len;
  point(pdu);
  return pdu->buf + at + 1;
}

int coap_add_data(coap_pdu_t *pdu, size_t len, const uint8_t *data) {
  if (!ours_to_change(__func__, pdu))
    return 0;
  if (len == 0)
    return 1;
  if (!data) {
    cs_api_fail(__func__, "data is NULL but len is %zu", len);
    return 0;
  }
  /* An option's value keeps its place in the buffer, wherever that goes. */
  size_t place = (size_t)((uintptr_t)data - (uintptr_t)pdu->buf);
  bool moves = place < pdu->cap;
  uint8_t *at = coap_add_data_after(pdu, len);
  if (!at)
    return 0;
  memmove(at, moves ? pdu->buf + place : data, len);
  return 1;
}
