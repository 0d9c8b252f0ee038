/* What is told of a session's (D)TLS: that it is there, that it failed, that it ended. */
#include <stdio.h>

#include "api/error.h"
#include "api/event.h"
#include "api/secure.h"
#include "api/stream.h"

static void log_established(const coap_session_t *s, const cs_tls *t) {
  cs_tls_negotiated n;
  if (cs_tls_negotiated_of(t, &n))
    coap_log_info("%s: %s 1.%c, %s%s%s\n", coap_session_str(s),
                  cs_api_streaming(s) ? "TLS" : "DTLS", n.version == 0x0304 ? '3' : '2', n.name,
                  n.alpn ? ", ALPN " : "", n.alpn ? n.alpn : "");
}

/* Why it failed: a reason that the application can ask for. */
static void note_failure(const coap_session_t *s, const cs_tls *t) {
  cs_tls_failure f;
  const char *alert = NULL;
  if (!cs_tls_failure_of(t, &f))
    return;
  if (f.alerted)
    alert = cs_tls_alert_name(f.alert);
  char who[200];
  (void)snprintf(who, sizeof who, "%.100s: %s%s%s", coap_session_str(s),
                 s->rare->secure->established ? "(D)TLS failed" : "the handshake failed",
                 alert ? (f.alert_by_peer ? ", alert by the peer: " : ", our alert: ") : "",
                 alert ? alert : "");
  cs_api_note_rule(who, f.rule);
  coap_log_warn("%s\n", coap_last_error());
}

static void end(coap_session_t *s, coap_event_t event) {
  cs_api_secure *x = cs_api_secure_of(s);
  if (x->ended)
    return;
  x->ended = true;
  s->nack = x->established ? COAP_NACK_TLS_LAYER_FAILED : COAP_NACK_TLS_FAILED;
  if (!cs_api_streaming(s))
    s->state = COAP_SESSION_STATE_NONE;
  if (!cs_api_gone(s))
    cs_api_event(s, event);
}

void cs_api_secure_look(coap_session_t *s) {
  cs_api_secure *x = cs_api_secure_of(s);
  const cs_tls *t = x ? cs_endpoint_tls(s->endpoint) : NULL;
  if (!t)
    return;
  if (cs_tls_state_of(t) == x->state) {
    /* A handshake ends with its transport too, of which TLS knows nothing. */
    if (x->state == CS_TLS_HANDSHAKING && !cs_api_streaming(s) && cs_endpoint_finished(s->endpoint))
      end(s, COAP_EVENT_DTLS_ERROR);
    return;
  }
  x->state = cs_tls_state_of(t);
  switch (x->state) {
  case CS_TLS_ESTABLISHED:
    x->established = true;
    s->state = cs_api_streaming(s) ? COAP_SESSION_STATE_CSM : COAP_SESSION_STATE_ESTABLISHED;
    log_established(s, t);
    if (!cs_api_gone(s))
      cs_api_event(s, COAP_EVENT_DTLS_CONNECTED);
    break;
  case CS_TLS_CLOSED:
    end(s, x->established ? COAP_EVENT_DTLS_CLOSED : COAP_EVENT_DTLS_ERROR);
    break;
  case CS_TLS_FAILED:
    note_failure(s, t);
    end(s, COAP_EVENT_DTLS_ERROR);
    break;
  default:
    break;
  }
}

void cs_api_secure_tell_end(coap_session_t *s) {
  const cs_api_secure *x = cs_api_secure_of(s);
  if (!x || x->ended)
    return;
  cs_api_secure_look(s);
  end(s, x->established ? COAP_EVENT_DTLS_CLOSED : COAP_EVENT_DTLS_ERROR);
}
