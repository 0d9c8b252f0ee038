/* Datagrams lost on purpose (coap_debug_set_packet_loss). */
#ifndef CS_API_LOSS_H
#define CS_API_LOSS_H

#include <stdbool.h>

/* Whether the next datagram to be sent is to be lost; counts it. */
bool cs_api_loss_next(void);
void cs_api_loss_reset(void);

#endif
