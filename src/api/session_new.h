/* How sessions come to be. */
#ifndef CS_API_SESSION_NEW_H
#define CS_API_SESSION_NEW_H

#include "api/context.h"

/* What every constructor checks first, in the name of function: the arguments,
 * that families match, that this build speaks proto. */
bool cs_api_session_arguments(const char *function, const coap_context_t *ctx,
                              const coap_address_t *local_if, const coap_address_t *server,
                              coap_proto_t proto);

#endif
