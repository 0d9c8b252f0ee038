#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"
#include "api/memory.h"
#include "api/pdu.h"

coap_optlist_t *coap_new_optlist(uint16_t number, size_t length, const uint8_t *data) {
  if (length > COAP_TOKEN_EXT_MAX || (!data && length > 0)) {
    cs_api_fail(__func__, "an option value of %zu bytes at %s", length, data ? "data" : "NULL");
    return NULL;
  }
  /* The entry and its value are one piece. */
  coap_optlist_t *entry = cs_api_get(sizeof *entry + length);
  if (!entry) {
    cs_api_fail_err(__func__, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  entry->next = NULL;
  entry->number = number;
  entry->length = length;
  entry->data = (uint8_t *)(entry + 1);
  if (length > 0)
    memcpy(entry->data, data, length);
  return entry;
}

int coap_insert_optlist(coap_optlist_t **optlist_chain, coap_optlist_t *optlist) {
  if (!optlist_chain || !optlist) {
    cs_api_fail(__func__, "%s is NULL", optlist_chain ? "optlist" : "optlist_chain");
    return 0;
  }
  coap_optlist_t **end = optlist_chain;
  while (*end && *end != optlist)
    end = &(*end)->next;
  if (*end) {
    cs_api_fail(__func__, "the entry is in the chain already");
    return 0;
  }
  *end = optlist;
  optlist->next = NULL;
  return 1;
}

void coap_delete_optlist(coap_optlist_t *optlist_chain) {
  while (optlist_chain) {
    coap_optlist_t *next = optlist_chain->next;
    cs_api_put(optlist_chain);
    optlist_chain = next;
  }
}

/* Takes the lower of two sorted chains first, a's on a tie. */
static coap_optlist_t *merge(coap_optlist_t *a, coap_optlist_t *b) {
  coap_optlist_t *first = NULL;
  coap_optlist_t **end = &first;
  while (a && b) {
    coap_optlist_t **lower = b->number < a->number ? &b : &a;
    *end = *lower;
    end = &(*end)->next;
    *lower = (*lower)->next;
  }
  *end = a ? a : b;
  return first;
}

/* A stable sort by merging runs of doubling length; no recursion. */
static coap_optlist_t *sort(coap_optlist_t *chain) {
  enum { RUNS = 32 };
  coap_optlist_t *runs[RUNS] = {NULL};
  while (chain) {
    coap_optlist_t *run = chain;
    chain = chain->next;
    run->next = NULL;
    unsigned i = 0;
    for (; i < RUNS - 1 && runs[i]; i++) {
      run = merge(runs[i], run);
      runs[i] = NULL;
    }
    runs[i] = runs[i] ? merge(runs[i], run) : run;
  }
  coap_optlist_t *all = NULL;
  for (unsigned i = 0; i < RUNS; i++)
    all = runs[i] ? merge(runs[i], all) : all;
  return all;
}

int coap_add_optlist_pdu(coap_pdu_t *pdu, coap_optlist_t **optlist_chain) {
  if (!pdu || !optlist_chain) {
    cs_api_fail(__func__, "%s is NULL", pdu ? "optlist_chain" : "pdu");
    return 0;
  }
  if (pdu->view || pdu->session || pdu->payload.len) {
    cs_api_fail(__func__, pdu->payload.len ? "options come before the payload"
                                           : "the message belongs to the library");
    return 0;
  }
  *optlist_chain = sort(*optlist_chain);
  /* What fails half-way is taken back to the options there were. */
  cs_span had = pdu->options;
  uint32_t last = pdu->last;
  uint8_t *copy = had.len ? cs_api_get(had.len) : NULL;
  if (had.len && !copy) {
    cs_api_fail_err(__func__, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return 0;
  }
  if (had.len)
    memcpy(copy, had.at, had.len);
  int done = 1;
  for (const coap_optlist_t *o = *optlist_chain; o && done; o = o->next)
    done = coap_add_option(pdu, o->number, o->length, o->data) > 0;
  if (!done)
    cs_api_pdu_reset_options(pdu, cs_span_of(copy, had.len), last);
  cs_api_put(copy);
  return done;
}
