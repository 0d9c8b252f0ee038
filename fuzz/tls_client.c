/* The same as dtls_client_psk over TLS: a stream, or a WebSocket (bit 6 of the
 * set-up), with a pre-shared key or certificates (bit 4).
 *
 * twins: strict bypass
 * covers: src/endpoint/stream.c src/endpoint/output.c src/tls/mbedtls_transport.c */
#define TARGET_LINKS CS_LINK_STREAM, CS_LINK_WEBSOCKET
#define TARGET_TRUSTS BY_PSK, BY_CERTIFICATE
#include "fuzz/tls/client_target.h"
