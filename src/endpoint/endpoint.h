/* One link and one core session: what the API, the embedded server and the
 * session fuzz targets drive. Bytes of the transport and a time in; bytes,
 * events and a deadline out. */
#ifndef CS_ENDPOINT_ENDPOINT_H
#define CS_ENDPOINT_ENDPOINT_H

#include "core/session.h"
#include "link/link.h"
#include "tls/tls.h"

typedef struct cs_endpoint cs_endpoint;

/* A byte now and then is no progress: what is queued must not be held for ever. */
enum { CS_ENDPOINT_PROGRESS = 4096 };

typedef struct cs_endpoint_config {
  cs_core_config core; /* its form is CS_WIRE_TCP for a stream, CS_WIRE_WS for a WebSocket */
  cs_link_kind link;
  size_t accept_max; /* longest datagram accepted; 0: 65535. Streams keep to core.max_message */
  /* Streams only; 0 means 30 s. How long the WebSocket handshakes (opening and
   * closing) may take, and how long a peer may take for the next
   * CS_ENDPOINT_PROGRESS of our bytes, or for all that wait, before the session
   * is ended (CS_RULE_PEER_STALLED). */
  cs_time handshake_timeout;
  cs_time stall_timeout;
  /* Secured endpoints only: CS_TLS_RECORD_MAX bytes that what was unprotected is
   * put into. All endpoints of an owner can share them, as long as one at a time is
   * between cs_endpoint_receive and the end of its events. */
  uint8_t *plain;
  /* Secured endpoints only, or NULL: shown what goes to be protected, and what was
   * unprotected, for captures: a message each on datagrams, bytes in order on streams.
   * It may call no function of the endpoint, and keep nothing of the bytes. Secret. */
  void (*tap)(void *ctx, bool sent, cs_span bytes);
  void *tap_ctx;
} cs_endpoint_config;

/* config is shared and must outlive the endpoint. CS_ERR_MEMORY,
 * CS_ERR_ARGUMENT. */
cs_err cs_endpoint_open(const cs_endpoint_config *config, const cs_core_params *params, size_t mtu,
                        cs_time now, cs_endpoint **out);
void cs_endpoint_close(cs_endpoint *e);

/* Secures the endpoint: from here on its transport carries (D)TLS, and every byte
 * of the session goes through t, which the endpoint owns from then on. Before
 * cs_endpoint_up, and before anything was received or transmitted; without it a
 * session is in the clear. On datagrams, also once the TLS before it has ended and its
 * events were told: the session is then made anew with the same parameters, MTU
 * and token size, and forgets its peer's messages, as it has to (RFC 7252 section 9.1.1).
 * CS_ERR_STATE, CS_ERR_ARGUMENT (config.plain is NULL, or t is of the other
 * kind), CS_ERR_MEMORY; t is then still the caller's. */
cs_err cs_endpoint_secure(cs_endpoint *e, cs_tls *t);
/* The TLS of a secured endpoint, for its state and what was negotiated; NULL of
 * any other. The end of it, by either side, ends the session: everything open is
 * told off, a stream is finished, a datagram endpoint sends and takes nothing
 * until it is secured again. So does a client that begins a handshake anew, for a
 * server's endpoint (RFC 6347 section 4.2.8); and on datagrams
 * CS_LINK_UNREACHABLE while the handshake is under way (CS_NACK_UNREACHABLE). */
cs_tls *cs_endpoint_tls(const cs_endpoint *e);
/* The longest datagram of the transport, or message of a stream, from now on; what
 * DTLS needs of it is taken off for the session. Errors as cs_core_set_mtu. */
cs_err cs_endpoint_set_mtu(cs_endpoint *e, size_t mtu);

/* The session, for requests, parameters and the rest. A pointer to it is good until
 * cs_endpoint_secure is called again. */
cs_core_session *cs_endpoint_session(cs_endpoint *e);

/* Takes a datagram or stream bytes; they stay borrowed until next_event says
 * false. CS_ERR_STATE when earlier bytes were not consumed yet; CS_ERR_CLOSED
 * once a stream broke a rule or met a lack of memory: the session is then ended
 * by Abort or by a WebSocket Close that names the rule (CS_EVENT_ABORTED), and
 * what comes is no longer looked at; and once TLS has ended. CS_ERR_STATE, too, when
 * a stream, or a secured endpoint, is not up. */
cs_err cs_endpoint_receive(cs_endpoint *e, cs_core_peer from, bool multicast, cs_span bytes,
                           cs_time now);
/* The next event of what was received and of the timers. */
bool cs_endpoint_next_event(cs_endpoint *e, cs_core_event *out);
void cs_endpoint_answer(cs_endpoint *e, const cs_core_event *event, bool accept, cs_time now);
/* Datagrams: the next one. */
cs_err cs_endpoint_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                            size_t *len);
/* Secured datagrams: the head of the message in the datagram that cs_endpoint_transmit
 * gave last, as cs_wire_peek tells it of one in the clear; false when it carried
 * none, but something of DTLS's own. */
bool cs_endpoint_carried(const cs_endpoint *e, uint8_t *type, uint8_t *code, uint16_t *mid);
/* Whether there is something to send, a datagram or stream bytes. */
bool cs_endpoint_wants_transmit(const cs_endpoint *e);

/* ---- streams ----
 * A driver connects its transport, calls cs_endpoint_up, then turns as with
 * datagrams, but sends what cs_endpoint_output shows and tells by
 * cs_endpoint_sent how much of it went. When cs_endpoint_finished says so it
 * closes the transport; when the peer does, it says cs_endpoint_link(CLOSED). */

/* WebSocket client: host, or host:port where that is not the default, for the
 * Host field of the upgrade; copied. Before cs_endpoint_up. CS_ERR_RULE with
 * *broken when it is none (control characters, empty, over 255 bytes),
 * CS_ERR_STATE, CS_ERR_MEMORY. Without it the upgrade cannot be sent. */
cs_err cs_endpoint_ws_host(cs_endpoint *e, cs_span host, cs_rule *broken);
/* The transport is connected (a client's) or was accepted (a server's). Before
 * it, nothing is sent and no timeout runs but what the owner has set. Secured
 * datagram endpoints need it too: the handshake begins with it. */
void cs_endpoint_up(cs_endpoint *e, cs_time now);
/* The bytes to send next, borrowed until the next call of any function here but
 * the const ones; false when there are none. Several messages are given
 * together, up to 16 KiB and one message; memory is held only while bytes wait. */
bool cs_endpoint_output(cs_endpoint *e, cs_time now, cs_span *bytes);
/* The first n of them went out, n up to their length. */
void cs_endpoint_sent(cs_endpoint *e, size_t n, cs_time now);
/* Whether messages may pass: connected, secured where that was asked for, and
 * upgraded on a WebSocket. */
bool cs_endpoint_ready(const cs_endpoint *e);
/* True once the session has ended and all bytes are out, an alert of TLS too: the driver
 * closes the transport, or secures a datagram endpoint again. */
bool cs_endpoint_finished(const cs_endpoint *e);
/* Orderly end: Release, on a WebSocket then the closing handshake; finished
 * becomes true when the peer has answered or handshake_timeout has passed. Over
 * TLS close_notify is the last. A secured datagram endpoint tells off what is open,
 * and says close_notify behind what waits; one in the clear has no end to say. */
void cs_endpoint_release(cs_endpoint *e, cs_time now);
cs_time cs_endpoint_deadline(const cs_endpoint *e);
void cs_endpoint_expire(cs_endpoint *e, cs_time now);
/* What the peer's part of a WebSocket's handshakes said, for the log; false when
 * there is no WebSocket or it was not opened yet. */
bool cs_endpoint_ws_peer_said(const cs_endpoint *e, cs_link_ws_said *out);
/* The transport failed or ended: everything open ends, output is dropped, and
 * a stream is finished. */
void cs_endpoint_link(cs_endpoint *e, cs_core_link_event what, cs_time now);

#endif
