/* Options: reading them out of a PDU, filters, encoding by hand, and lists
 * that are sorted before they go into a PDU (RFC 7252 sections 3.1 and 5.4). */
#ifndef COAP_OPTION_H_
#define COAP_OPTION_H_

#include <stddef.h>
#include <stdint.h>

#include "coap3/coap_forward_decls.h"
#include "coap3/libcoap.h"

typedef uint16_t coap_option_num_t;

/* One encoded option; a pointer to it is a pointer to its first byte. */
typedef uint8_t coap_opt_t;
#define PCHAR(p) ((coap_opt_t *)(p))

/* A decoded option. */
typedef struct {
  uint16_t delta;       /* number, relative to the option before */
  size_t length;        /* bytes of value */
  const uint8_t *value; /* borrowed from the encoded option */
} coap_option_t;

/* Decodes the option at opt, of which length bytes may be read. Returns the
 * bytes it occupies. 0 when it is malformed or not complete (reason with the
 * rule); result is then untouched. */
size_t coap_opt_parse(const coap_opt_t *opt, size_t length, coap_option_t *result);

/* Bytes that the well-formed option at opt occupies; 0 when it is malformed. */
size_t coap_opt_size(const coap_opt_t *opt);

/* A filter holds this many numbers below 256 ... */
#define COAP_OPT_FILTER_SHORT 6
/* ... and this many others. */
#define COAP_OPT_FILTER_LONG 2

#if (COAP_OPT_FILTER_SHORT + COAP_OPT_FILTER_LONG > 16)
#error COAP_OPT_FILTER_SHORT + COAP_OPT_FILTER_LONG must be less or equal 16
#endif

/* A small set of option numbers. Bit i of mask says that long_opts[i] is in
 * use, bit COAP_OPT_FILTER_LONG + i the same of short_opts[i]. */
typedef struct coap_opt_filter_t {
  uint16_t mask;
  uint16_t long_opts[COAP_OPT_FILTER_LONG];
  uint8_t short_opts[COAP_OPT_FILTER_SHORT];
} coap_opt_filter_t;

/* As a filter: every option. */
#define COAP_OPT_ALL NULL

/* Empties filter. */
void coap_option_filter_clear(coap_opt_filter_t *filter);

/* Puts number into filter. 1, also when it is there already; 0 when filter is
 * full. */
int coap_option_filter_set(coap_opt_filter_t *filter, coap_option_num_t number);

/* Takes number out of filter. 1, or 0 when it was not in. */
int coap_option_filter_unset(coap_opt_filter_t *filter, coap_option_num_t number);

/* 1 when number is in filter, else 0. */
int coap_option_filter_get(coap_opt_filter_t *filter, coap_option_num_t number);

/* A walk over the options of a PDU; the caller provides the memory. */
typedef struct {
  size_t length;            /* bytes not yet walked */
  coap_option_num_t number; /* of the option returned last */
  unsigned int bad : 1;     /* the walk is over */
  unsigned int filtered : 1;
  coap_opt_t *next_option;
  coap_opt_filter_t filter;
} coap_opt_iterator_t;

/* Begins a walk over the options of pdu that are in filter, or all with
 * COAP_OPT_ALL. Returns oi; NULL when the PDU has no options. pdu must stay
 * unchanged during the walk. */
coap_opt_iterator_t *coap_option_iterator_init(const coap_pdu_t *pdu, coap_opt_iterator_t *oi,
                                               const coap_opt_filter_t *filter);

/* The next option, borrowed from the PDU, with its number in oi->number; NULL
 * at the end. */
coap_opt_t *coap_option_next(coap_opt_iterator_t *oi);

/* The first option with this number, borrowed from the PDU, or NULL. oi needs
 * no initialisation; coap_option_next() goes on behind the option found. */
coap_opt_t *coap_check_option(const coap_pdu_t *pdu, coap_option_num_t number,
                              coap_opt_iterator_t *oi);

/* Writes only the header of an option into opt, which has maxlen bytes, and
 * returns its size; 0 when it does not fit. delta 0 to 65535, length 0 to
 * 65804. */
size_t coap_opt_setheader(coap_opt_t *opt, size_t maxlen, uint16_t delta, size_t length);

/* Bytes an option with this delta and value length occupies; 0 when length is
 * over 65804. */
size_t coap_opt_encode_size(uint16_t delta, size_t length);

/* Writes an option into opt, which has n bytes, and returns its size; 0 when
 * it does not fit: opt is then untouched. val may be NULL when the caller
 * fills in the value itself. */
size_t coap_opt_encode(coap_opt_t *opt, size_t n, uint16_t delta, const uint8_t *val,
                       size_t length);

/* Bytes of the value of a well-formed option; 0 when opt is NULL or
 * malformed. */
uint32_t coap_opt_length(const coap_opt_t *opt);

/* The value of a well-formed option, borrowed; NULL when opt is NULL or
 * malformed. */
const uint8_t *coap_opt_value(const coap_opt_t *opt);

/* An option on its way into a PDU. */
typedef struct coap_optlist_t {
  struct coap_optlist_t *next;
  uint16_t number;
  size_t length;
  uint8_t *data; /* belongs to the entry */
} coap_optlist_t;

/* A new entry with a copy of length bytes at data (NULL only when length is
 * 0; at most 65804). The caller owns it until it is inserted.
 * coap_delete_optlist(). NULL when there is no memory. */
coap_optlist_t *coap_new_optlist(uint16_t number, size_t length, const uint8_t *data);

/* Sorts the entries by number, keeping the order of equal ones, and adds them
 * to pdu, which has its token already and no payload yet. 1, or 0 with pdu and
 * the list as they were (no room, a payload is there already). The list stays
 * the caller's. */
int coap_add_optlist_pdu(coap_pdu_t *pdu, coap_optlist_t **optlist_chain);

/* Appends optlist to the chain, which then owns it. 1, or 0 when an argument
 * is NULL or the entry is part of the chain already. */
int coap_insert_optlist(coap_optlist_t **optlist_chain, coap_optlist_t *optlist);

/* Frees a whole chain; NULL is allowed. */
void coap_delete_optlist(coap_optlist_t *optlist_chain);

/* Deprecated names of the filter functions; they return -1 for failure. */
COAP_STATIC_INLINE COAP_DEPRECATED int coap_option_setb(coap_opt_filter_t *filter, uint16_t type) {
  return coap_option_filter_set(filter, type) ? 1 : -1;
}
COAP_STATIC_INLINE COAP_DEPRECATED int coap_option_clrb(coap_opt_filter_t *filter, uint16_t type) {
  return coap_option_filter_unset(filter, type) ? 1 : -1;
}
COAP_STATIC_INLINE COAP_DEPRECATED int coap_option_getb(coap_opt_filter_t *filter, uint16_t type) {
  return coap_option_filter_get(filter, type);
}

#endif
