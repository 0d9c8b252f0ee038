/* What the core of a stream tells that a datagram's does not. */
#include "api/error.h"
#include "api/event.h"
#include "api/secure.h"
#include "api/stream.h"
#include "wire/notation.h"

void cs_api_stream_look(coap_session_t *s) {
  if (!cs_api_on_websocket(s) || s->rare->upgraded || !cs_endpoint_ready(s->endpoint))
    return;
  s->rare->upgraded = true;
  cs_api_event(s, COAP_EVENT_WS_CONNECTED);
}

/* The peer's words may hold anything: they are shown in our notation. */
static void aborted(coap_session_t *s, cs_span words) {
  enum { WORDS = 160 };
  char text[WORDS];
  (void)cs_wire_print_value(CS_FORMAT_STRING, words, text, sizeof text, NULL);
  coap_log_warn("%s: the peer aborts the connection: %s\n", coap_session_str(s), text);
}

void cs_api_stream_told(coap_session_t *s, const cs_core_event *e) {
  switch (e->kind) {
  case CS_EVENT_CSM:
    cs_api_stream_look(s);
    if (s->state == COAP_SESSION_STATE_CSM && !cs_api_gone(s)) {
      s->state = COAP_SESSION_STATE_ESTABLISHED;
      cs_api_event(s, COAP_EVENT_SESSION_CONNECTED);
    }
    break;
  case CS_EVENT_RELEASE:
    coap_log_info("%s: the peer releases the connection\n", coap_session_str(s));
    break;
  case CS_EVENT_ABORT:
    s->rare->aborted = true;
    s->nack = COAP_NACK_RST;
    aborted(s, e->message.payload);
    break;
  case CS_EVENT_ABORTED:
    if (cs_api_secure_of(s) && cs_api_secure_of(s)->ended)
      break; /* it was TLS that ended, and that was told */
    s->rare->aborted = s->rare->refused = true;
    cs_api_note_rule(coap_session_str(s), e->rule);
    cs_api_event(s, e->rule == CS_RULE_MESSAGE_CAP && cs_api_on_websocket(s)
                        ? COAP_EVENT_WS_PACKET_SIZE
                        : COAP_EVENT_BAD_PACKET);
    break;
  default:
    break;
  }
}
