/* The same as dtls_client_psk with a server that shows a certificate: verified, or
 * taken as it comes (bit 4 of the set-up).
 *
 * twins: strict bypass
 * covers: src/endpoint/secure.c src/tls/mbedtls_session.c src/tls/mbedtls_handshake.c
 * covers: src/tls/mbedtls_verify.c src/tls/mbedtls_chain.c */
#define TARGET_LINKS CS_LINK_DATAGRAM
#define TARGET_TRUSTS BY_CERTIFICATE, BY_NOTHING
#include "fuzz/tls/client_target.h"
