/* Between the interface's addresses, which are compact, and net's. */
#ifndef CS_API_ADDRESS_H
#define CS_API_ADDRESS_H

#include <coap3/coap.h>

#include "net/address.h"

/* Reads an address. NULL, or words for what is wrong with it: *out is then
 * untouched. */
const char *cs_api_address_read(const coap_address_t *a, cs_net_address *out);

/* Writes one; a Unix-domain path that is too long for the compact form is cut
 * (only a peer's name can be). */
void cs_api_address_write(const cs_net_address *a, coap_address_t *out);

#endif
