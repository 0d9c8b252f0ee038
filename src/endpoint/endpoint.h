/* One link and one core session: what the API, the embedded server and the
 * session fuzz targets drive. Bytes of the transport and a time in; bytes,
 * events and a deadline out. */
#ifndef CS_ENDPOINT_ENDPOINT_H
#define CS_ENDPOINT_ENDPOINT_H

#include "core/session.h"
#include "link/link.h"

typedef struct cs_endpoint cs_endpoint;

typedef struct cs_endpoint_config {
  cs_core_config core;
  cs_link_kind link;
  size_t accept_max; /* longest message accepted; 0: 65535 on datagrams, 1 MiB on streams */
} cs_endpoint_config;

/* config is shared and must outlive the endpoint. CS_ERR_MEMORY,
 * CS_ERR_ARGUMENT. */
cs_err cs_endpoint_open(const cs_endpoint_config *config, const cs_core_params *params, size_t mtu,
                        cs_time now, cs_endpoint **out);
void cs_endpoint_close(cs_endpoint *e);

/* The session, for requests, parameters and the rest. */
cs_core_session *cs_endpoint_session(cs_endpoint *e);

/* Takes a datagram or stream bytes; they stay borrowed until next_event says
 * false. CS_ERR_STATE when earlier bytes were not consumed yet; CS_ERR_CLOSED
 * once a stream broke a rule or met a lack of memory, which ends the session
 * like CS_LINK_CLOSED, since where its next message begins is not known. */
cs_err cs_endpoint_receive(cs_endpoint *e, cs_core_peer from, bool multicast, cs_span bytes,
                           cs_time now);
/* The next event of what was received and of the timers. */
bool cs_endpoint_next_event(cs_endpoint *e, cs_core_event *out);
void cs_endpoint_answer(cs_endpoint *e, const cs_core_event *event, bool accept, cs_time now);
cs_err cs_endpoint_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                            size_t *len);
bool cs_endpoint_wants_transmit(const cs_endpoint *e);
cs_time cs_endpoint_deadline(const cs_endpoint *e);
void cs_endpoint_expire(cs_endpoint *e, cs_time now);
/* The transport failed or ended. */
void cs_endpoint_link(cs_endpoint *e, cs_core_link_event what, cs_time now);

#endif
