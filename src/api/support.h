/* What this build can do, asked from inside. */
#ifndef CS_API_SUPPORT_H
#define CS_API_SUPPORT_H

#include <stdbool.h>

#include <coap3/coap.h>

/* Whether sessions of this protocol can be made. */
bool cs_api_proto_supported(coap_proto_t proto);
/* "UDP", "DTLS" ...; NULL for a protocol that does not exist. */
const char *cs_api_proto_name(coap_proto_t proto);

#endif
