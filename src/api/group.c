/* Responders of a multicast session, by number. The oldest makes place: a
 * responder that comes again gets another number, which at worst makes a
 * duplicate of its response look new. */
#include "api/address.h"
#include "api/transmit.h"

cs_core_peer cs_api_responder_number(coap_session_t *s, const cs_net_address *from) {
  cs_api_group *g = cs_api_group_of(s);
  if (!g)
    return 0;
  coap_address_t address;
  cs_api_address_write(from, &address);
  for (unsigned i = 0; i < CS_API_RESPONDERS_MAX; i++)
    if (g->known[i].number && coap_address_equals(&g->known[i].address, &address))
      return g->known[i].number;
  unsigned slot = (unsigned)(g->last % CS_API_RESPONDERS_MAX);
  g->known[slot].number = ++g->last;
  g->known[slot].address = address;
  return g->last;
}
