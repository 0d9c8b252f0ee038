/* The part of the api_calls target that makes messages, sends them, and follows
 * each request to its end. */
#ifndef CS_FUZZ_API_MESSAGES_H
#define CS_FUZZ_API_MESSAGES_H

#include "fuzz/api/world.h"

static slot *any_slot(void) {
  return &w.slots[u8() % SESSIONS];
}

/* ---- requests that were sent ---- */

static void expect(coap_session_t *s, const coap_pdu_t *pdu, coap_mid_t mid, bool quiet) {
  asked *free_one = NULL;
  for (asked *a = w.asked; a < w.asked + ASKED; a++) {
    CS_ORACLE(a->pdu != pdu); /* the arena gives no address twice */
    if (!a->pdu && !free_one)
      free_one = a;
  }
  if (free_one)
    *free_one = (asked){pdu, s, mid, quiet};
  else
    w.lost_count = true;
}

/* pdu is told of to the application as of session s. */
static void told(coap_session_t *s, const coap_pdu_t *pdu, bool over) {
  for (asked *a = w.asked; a < w.asked + ASKED; a++)
    if (a->pdu == pdu) {
      CS_ORACLE(a->s == s && a->mid == coap_pdu_get_mid(pdu));
      if (over)
        a->pdu = NULL;
      return;
    }
  CS_ORACLE(w.lost_count);
}

/* s has ended, outside of any handler: all its requests were told of. */
static void forget(const coap_session_t *s) {
  for (asked *a = w.asked; a < w.asked + ASKED; a++)
    if (a->pdu && a->s == s) {
      CS_ORACLE(w.deaf || a->quiet);
      a->pdu = NULL;
    }
}

/* What was given up inside a handler has ended by now. A response that had come
 * may have been left untold then. */
static void forget_ended(void) {
  for (asked *a = w.asked; a < w.asked + ASKED; a++) {
    bool alive = false;
    for (const slot *x = w.slots; a->pdu && x < w.slots + SESSIONS; x++)
      alive |= x->s == a->s && !x->orphan;
    if (!alive)
      a->pdu = NULL;
  }
}

static uint64_t content(const coap_pdu_t *pdu) {
  uint64_t sum = 0;
  size_t len, offset, total;
  const uint8_t *at;
  coap_opt_iterator_t i;
  const coap_opt_t *o;
  if (!pdu)
    return 0;
  (void)coap_get_data_large(pdu, &len, &at, &offset, &total);
  fuzz_digest(&sum, at, len);
  coap_bin_const_t token = coap_pdu_get_token(pdu);
  fuzz_digest(&sum, token.s, token.length);
  if (coap_option_iterator_init(pdu, &i, COAP_OPT_ALL))
    while ((o = coap_option_next(&i)))
      fuzz_digest(&sum, coap_opt_value(o), coap_opt_length(o));
  const long long head[] = {coap_pdu_get_code(pdu), coap_pdu_get_type(pdu), coap_pdu_get_mid(pdu)};
  fuzz_digest(&sum, head, sizeof head);
  return sum;
}

/* ---- messages ---- */

static coap_pdu_t **any_pdu(void) {
  return &w.pdus[u8() % PDUS];
}

static void new_pdu(void) {
  coap_pdu_t **p = any_pdu();
  uint8_t how = u8(), type = u8(), code = u8();
  coap_session_t *s = any_slot()->s;
  coap_pdu_t *made;
  asks();
  if (how & 1) {
    made = coap_pdu_init((coap_pdu_type_t)(type % 5), (coap_pdu_code_t)(how & 2 ? code * 2 : code),
                         how & 4 ? u16() * 3 : u16(), how & 8 ? u16() * 512u : u16());
  } else if (how & 2 && *p) {
    cs_span token = bytes();
    coap_opt_filter_t drop;
    coap_option_filter_clear(&drop);
    (void)coap_option_filter_set(&drop, code);
    made = coap_pdu_duplicate(*p, s, token.len, token.at, how & 4 ? &drop : NULL);
  } else {
    made = coap_new_pdu((coap_pdu_type_t)(type % 5), (coap_pdu_code_t)code, s);
  }
  said(made);
  if (!made)
    return;
  coap_delete_pdu(*p);
  *p = made;
}

static void parse_pdu(void) {
  coap_pdu_t *p = *any_pdu();
  cs_span b = bytes();
  uint64_t before = content(p);
  asks();
  int done = coap_pdu_parse(u8() % 8 ? COAP_PROTO_UDP : (coap_proto_t)u8(), b.at, b.len, p);
  said(done);
  CS_ORACLE(done || before == content(p));
  CS_ORACLE(!done || coap_pdu_get_mid(p) == (b.at[2] << 8 | b.at[3]));
}

static void add_block(coap_session_t *s, coap_pdu_t *p) {
  static const uint8_t data[4096];
  static const coap_option_num_t numbers[] = {COAP_OPTION_BLOCK1, COAP_OPTION_BLOCK2};
  uint8_t how = u8();
  size_t len = u16() % sizeof data;
  coap_option_num_t number = numbers[how & 1];
  if (how & 2) {
    coap_block_t b = {.num = u8(), .szx = how >> 2 & 7u, .m = how >> 5 & 1u};
    (void)coap_write_block_opt(&b, number, p, len);
    (void)coap_add_block(p, len, data, b.num, b.szx);
    (void)coap_get_block(p, number, &b);
  } else {
    coap_block_b_t b = {.num = u8(), .szx = how >> 2 & 7u, .aszx = how >> 2 & 7u, .chunk_size = 64};
    (void)coap_write_block_b_opt(s, &b, number, p, len);
    (void)coap_add_block_b_data(p, len, data, &b);
    (void)coap_get_block_b(s, p, number, &b);
  }
}

static unsigned released;
static void on_released(coap_session_t *s, void *app) {
  (void)s;
  ++*(unsigned *)app;
}

static void fill_pdu(void) {
  static const uint8_t zeros[2048];
  coap_pdu_t *p = *any_pdu();
  coap_session_t *s = any_slot()->s;
  uint8_t what = u8();
  asks();
  switch (what % 10) {
  case 0: {
    cs_span b = bytes();
    said(coap_add_token(p, b.len, b.at));
    break;
  }
  case 1: {
    uint16_t number = what & 128 ? u16() : u8();
    cs_span b = bytes();
    said(coap_add_option(p, number, b.len, b.at));
    break;
  }
  case 2: {
    cs_span b = bytes();
    said(b.len == 0 || coap_add_data(p, b.len, b.at));
    break;
  }
  case 3: {
    size_t len = u16() % 4096;
    uint8_t *at = coap_add_data_after(p, len);
    said(at);
    if (at)
      memset(at, 7, len);
    break;
  }
  case 4: {
    size_t n = 0, m = 0;
    for (const coap_optlist_t *o = w.options; o; o = o->next)
      n += o->length + 5;
    int done = coap_add_optlist_pdu(p, &w.options);
    said(done || !w.options);
    for (const coap_optlist_t *o = w.options; o; o = o->next) {
      m += o->length + 5;
      CS_ORACLE(!done || !o->next || o->number <= o->next->number);
    }
    CS_ORACLE(n == m);
    break;
  }
  case 5:
    add_block(s, p);
    break;
  case 6: {
    unsigned before = released;
    said(coap_add_data_large_request(s, p, u16() % sizeof zeros, zeros, on_released, &released));
    CS_ORACLE(released == before + 1);
    break;
  }
  case 7:
    coap_pdu_set_mid(p, u16());
    coap_pdu_set_type(p, (coap_pdu_type_t)(u8() % 5));
    coap_pdu_set_code(p, (coap_pdu_code_t)u8());
    break;
  case 8:
    coap_delete_string(coap_get_uri_path(p));
    coap_delete_string(coap_get_query(p));
    (void)coap_check_option(p, u8(), &(coap_opt_iterator_t){0});
    break;
  default:
    coap_show_pdu((coap_log_t)(u8() % 8), p);
  }
}

static void hand_over(coap_session_t *s, coap_pdu_t *p) {
  coap_opt_iterator_t i;
  bool request = p && coap_pdu_get_code(p) != COAP_EMPTY_CODE;
  bool quiet =
      coap_session_get_addr_mcast(s) || (p && coap_check_option(p, COAP_OPTION_NORESPONSE, &i));
  coap_mid_t given = coap_pdu_get_mid(p);
  unsigned depth = w.depth;
  asks();
  coap_mid_t mid = coap_send(s, p);
  said(mid != COAP_INVALID_MID);
  CS_ORACLE(depth == w.depth);
  if (mid == COAP_INVALID_MID || !request)
    return;
  CS_ORACLE(mid == given);
  expect(s, p, mid, quiet);
}

static void send_pdu(void) {
  coap_pdu_t **p = any_pdu(), *pdu = *p;
  uint8_t how = u8();
  *p = NULL;
  if (how & 1)
    coap_delete_pdu(pdu);
  else
    hand_over(any_slot()->s, pdu);
}

/* A request as most are: in one call, so that the input gets far. */
static void request(void) {
  static const uint8_t zeros[1500];
  coap_session_t *s = any_slot()->s;
  uint8_t how = u8(), token[8];
  size_t len = 0;
  coap_pdu_t *p = coap_new_pdu(how & 1 ? COAP_MESSAGE_NON : COAP_MESSAGE_CON,
                               (coap_pdu_code_t)(1 + (how >> 1 & 3)), s);
  if (!p)
    return;
  coap_session_new_token(s, &len, token);
  CS_ORACLE(len <= sizeof token);
  (void)coap_add_token(p, len, token);
  if (how & 8)
    (void)coap_add_option(p, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"test");
  if (how & 16)
    (void)coap_add_option(p, COAP_OPTION_NORESPONSE, 1, (const uint8_t *)"\x1a");
  if (how & 32)
    (void)coap_add_data(p, u8() * (size_t)5, zeros);
  hand_over(s, p);
}

#endif
