/* Block options (RFC 7959) and bodies that may be larger than a message. */
#ifndef COAP_BLOCK_H_
#define COAP_BLOCK_H_

#include "coap3/coap_encode.h"
#include "coap3/coap_option.h"
#include "coap3/coap_pdu.h"

#ifndef COAP_MAX_BLOCK_SZX
#define COAP_MAX_BLOCK_SZX 6 /* blocks of 1024 bytes */
#endif

/* The value of a block option (RFC 7959 section 2.2). */
typedef struct {
  unsigned int num;     /* block number, 0 to 2^20 - 1 */
  unsigned int m : 1;   /* more blocks follow */
  unsigned int szx : 3; /* blocks of 16 << szx bytes */
} coap_block_t;

/* The same for a session that may use BERT (RFC 8323 section 6). */
typedef struct {
  unsigned int num;
  unsigned int m : 1;
  unsigned int szx : 3;
  unsigned int aszx : 3;    /* the exponent as it is sent: 7 for BERT */
  unsigned int defined : 1; /* the option was there */
  unsigned int bert : 1;
  uint32_t chunk_size; /* bytes of payload of one message */
} coap_block_b_t;

/* Modes of coap_context_set_block_mode(). */
#define COAP_BLOCK_USE_LIBCOAP 0x01
#define COAP_BLOCK_SINGLE_BODY 0x02
#define COAP_BLOCK_TRY_Q_BLOCK 0x04
#define COAP_BLOCK_USE_M_Q_BLOCK 0x08
#define COAP_BLOCK_NO_PREEMPTIVE_RTAG 0x10

/* 0: Q-Block (RFC 9177) is not provided. */
int coap_q_block_is_supported(void);

/* The last byte of a block option's value, which holds M and SZX. */
#define COAP_OPT_BLOCK_LAST(opt)                                                                   \
  (coap_opt_length(opt) ? (coap_opt_value(opt) + (coap_opt_length(opt) - 1)) : 0)
#define COAP_OPT_BLOCK_END_BYTE(opt)                                                               \
  ((coap_opt_length(opt) && coap_opt_value(opt))                                                   \
       ? *(coap_opt_value(opt) + (coap_opt_length(opt) - 1))                                       \
       : 0)
#define COAP_OPT_BLOCK_MORE(opt) (coap_opt_length(opt) ? (COAP_OPT_BLOCK_END_BYTE(opt) & 0x08) : 0)
#define COAP_OPT_BLOCK_SZX(opt) (coap_opt_length(opt) ? (COAP_OPT_BLOCK_END_BYTE(opt) & 0x07) : 0)

/* The block number in a block option; 0 when block_opt is NULL or malformed. */
unsigned int coap_opt_block_num(const coap_opt_t *block_opt);

/* Whether a body of data_len bytes goes on behind block num. */
COAP_STATIC_INLINE int coap_more_blocks(size_t data_len, unsigned int num, uint16_t szx) {
  return (((size_t)num + 1) << (szx + 4)) < data_len;
}

/* Reads block option number of pdu into block. 1, or 0 when it is not there or
 * breaks a rule (SZX 7, more than 3 bytes): block is then untouched. */
int coap_get_block(const coap_pdu_t *pdu, coap_option_num_t number, coap_block_t *block);

/* The same for a session; SZX 7 is BERT on a reliable one. session may be
 * NULL, then BERT is refused. */
int coap_get_block_b(const coap_session_t *session, const coap_pdu_t *pdu, coap_option_num_t number,
                     coap_block_b_t *block);

/* Adds block option number to pdu for a body of data_length bytes: sets M as
 * the body demands and makes the block smaller when it would not fit, then
 * updating block. 1; -1 when block->num lies behind the body's end; -2 when
 * the option or even a block of 16 bytes does not fit; 0 for a bad argument. */
int coap_write_block_opt(coap_block_t *block, coap_option_num_t number, coap_pdu_t *pdu,
                         size_t data_length);

/* The same for a session. */
int coap_write_block_b_opt(coap_session_t *session, coap_block_b_t *block, coap_option_num_t number,
                           coap_pdu_t *pdu, size_t data_length);

/* Adds as payload block block_num, of 16 << block_szx bytes, of the body of
 * len bytes at data. 1, or 0 when it lies behind the body's end or does not
 * fit. */
int coap_add_block(coap_pdu_t *pdu, size_t len, const uint8_t *data, unsigned int block_num,
                   unsigned char block_szx);

/* The same with chunk_size and num of block. */
int coap_add_block_b_data(coap_pdu_t *pdu, size_t len, const uint8_t *data, coap_block_b_t *block);

/* Puts length bytes at data into the body at offset; total is the body's size
 * as far as known, 0 for unknown. body_data NULL begins a new one. Returns the
 * body, which may have moved. NULL when there is no memory or offset + length
 * is over 16 MiB: body_data was then deleted. */
coap_binary_t *coap_block_build_body(coap_binary_t *body_data, size_t length, const uint8_t *data,
                                     size_t offset, size_t total);

/* Called when the library no longer needs the body it was given. */
typedef void (*coap_release_large_data_t)(coap_session_t *session, void *app_ptr);

/* Adds a body of length bytes at data to a request. release_func (NULL: none)
 * is called with app_ptr once data is no longer needed, also on failure. In
 * this version a body must fit into one message, whose room is
 * coap_session_max_pdu_size(); it is copied and released at once. 1, or 0 when
 * it does not fit or there is a payload already. */
int coap_add_data_large_request(coap_session_t *session, coap_pdu_t *pdu, size_t length,
                                const uint8_t *data, coap_release_large_data_t release_func,
                                void *app_ptr);

/* Sets how sessions made from now on handle block-wise transfer: the
 * COAP_BLOCK_* bits or'd, 0 leaves it to the application. Unknown bits are
 * refused. */
void coap_context_set_block_mode(coap_context_t *context, uint8_t block_mode);

/* Ends the observation that the request with this token began, by a GET with
 * Observe 1 (RFC 7641 section 3.6) of type message_type. 1, or 0 when there is
 * none: this version observes nothing by itself. */
int coap_cancel_observe(coap_session_t *session, coap_binary_t *token,
                        coap_pdu_type_t message_type);

#endif
