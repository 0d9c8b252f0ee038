/* Names of the types that the headers share. Types without a definition in a
 * public header are opaque. */
#ifndef COAP_FORWARD_DECLS_H_
#define COAP_FORWARD_DECLS_H_

struct coap_address_t;
struct coap_bin_const_t;
struct coap_dtls_pki_t;
struct coap_str_const_t;
struct coap_string_t;

typedef struct coap_address_t coap_address_t;
typedef struct coap_context_t coap_context_t;
typedef struct coap_oscore_conf_t coap_oscore_conf_t;
typedef struct coap_pdu_t coap_pdu_t;
typedef struct coap_session_t coap_session_t;
typedef struct coap_socket_t coap_socket_t;

#endif
