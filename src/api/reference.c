/* A session's references. */
#include "api/error.h"
#include "api/live.h"
#include "api/reentry.h"

/* Whether s is alive and still referenced; s is not touched unless it is. */
static bool referenced(const char *function, const coap_session_t *s) {
  if (!s)
    cs_api_fail(function, "session is NULL");
  else if (!cs_api_live(s, offsetof(coap_session_t, live)) || s->refs == 0)
    cs_api_fail(function, "this session has no reference left to use");
  else
    return true;
  return false;
}

coap_session_t *coap_session_reference(coap_session_t *session) {
  if (!referenced(__func__, session))
    return NULL;
  if (session->refs == UINT16_MAX) {
    cs_api_fail(__func__, "there are too many references");
    return NULL;
  }
  session->refs++;
  return session;
}

void coap_session_release(coap_session_t *session) {
  if (!session || !referenced(__func__, session))
    return;
  if (--session->refs == 0)
    cs_api_end_session(session);
}
