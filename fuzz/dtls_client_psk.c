/* A CoAP client over DTLS with a pre-shared key, and a server that the input plays:
 * what the operations are, and what has to hold, is said in tls/client.h.
 *
 * twins: strict bypass
 * covers: src/endpoint/secure.c src/tls/mbedtls_session.c src/tls/mbedtls_handshake.c
 * covers: src/tls/mbedtls_transport.c src/tls/mbedtls_hint.c */
#define TARGET_LINKS CS_LINK_DATAGRAM
#define TARGET_TRUSTS BY_PSK
#include "fuzz/tls/client_target.h"
