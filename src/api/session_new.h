/* How sessions come to be. */
#ifndef CS_API_SESSION_NEW_H
#define CS_API_SESSION_NEW_H

#include "api/context.h"
#include "api/credentials.h"

/* What every constructor checks first, in the name of function: the arguments,
 * that families match, that this build speaks proto. */
bool cs_api_session_arguments(const char *function, const coap_context_t *ctx,
                              const coap_address_t *local_if, const coap_address_t *server,
                              coap_proto_t proto);

/* A session, its arguments checked, in the name of function. c: by what it is
 * secured, which is the session's then and empty; NULL where it is not. NULL with a reason. */
coap_session_t *cs_api_session_new(const char *function, coap_context_t *ctx,
                                   const coap_address_t *local_if, const coap_address_t *server,
                                   coap_proto_t proto, cs_api_credentials *c);

#endif
