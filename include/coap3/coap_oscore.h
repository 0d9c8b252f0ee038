/* OSCORE (RFC 8613) is not provided by this library: the constructors exist,
 * return NULL and say so in coap_last_error(). */
#ifndef COAP_OSCORE_H_
#define COAP_OSCORE_H_

#include <stdint.h>

#include "coap3/coap_dtls.h"
#include "coap3/coap_forward_decls.h"
#include "coap3/coap_pdu.h"
#include "coap3/coap_str.h"

/* 0. */
int coap_oscore_is_supported(void);

/* Each of the following returns NULL; oscore_conf stays the caller's. */
coap_session_t *coap_new_client_session_oscore(coap_context_t *ctx, const coap_address_t *local_if,
                                               const coap_address_t *server, coap_proto_t proto,
                                               coap_oscore_conf_t *oscore_conf);
coap_session_t *coap_new_client_session_oscore_psk(coap_context_t *ctx,
                                                   const coap_address_t *local_if,
                                                   const coap_address_t *server, coap_proto_t proto,
                                                   coap_dtls_cpsk_t *psk_data,
                                                   coap_oscore_conf_t *oscore_conf);
coap_session_t *coap_new_client_session_oscore_pki(coap_context_t *ctx,
                                                   const coap_address_t *local_if,
                                                   const coap_address_t *server, coap_proto_t proto,
                                                   coap_dtls_pki_t *pki_data,
                                                   coap_oscore_conf_t *oscore_conf);

/* Stores a sender sequence number. */
typedef int (*coap_oscore_save_seq_num_t)(uint64_t sender_seq_num, void *param);

/* NULL: there is no configuration to make. */
coap_oscore_conf_t *coap_new_oscore_conf(coap_str_const_t conf_mem,
                                         coap_oscore_save_seq_num_t save_seq_num_func,
                                         void *save_seq_num_func_param, uint64_t start_seq_num);

/* 0: there is none to delete. */
int coap_delete_oscore_conf(coap_oscore_conf_t *oscore_conf);

#endif
