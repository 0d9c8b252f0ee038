/* What this build of the library can do. Each function returns 1 or 0. */
#ifndef COAP_SUPPORTED_H_
#define COAP_SUPPORTED_H_

int coap_ipv4_is_supported(void);            /* IPv4 */
int coap_ipv6_is_supported(void);            /* IPv6 */
int coap_af_unix_is_supported(void);         /* Unix-domain sockets */
int coap_tcp_is_supported(void);             /* CoAP over TCP (RFC 8323) */
int coap_client_is_supported(void);          /* client sessions */
int coap_server_is_supported(void);          /* server endpoints */
int coap_epoll_is_supported(void);           /* coap_context_get_coap_fd() */
int coap_threadsafe_is_supported(void);      /* one context used by several threads at once */
int coap_async_is_supported(void);           /* delayed responses of a server */
int coap_observe_persist_is_supported(void); /* observations that outlive a server */
int coap_dtls_cid_is_supported(void);        /* DTLS Connection IDs (RFC 9146) */

#endif
