/* Tokens and Message IDs of a session, and messages made for it. */
#include <string.h>

#include "api/context.h"
#include "api/error.h"
#include "api/stream.h"

enum { TOKEN_RANDOM = 4, TOKEN_MAX = 8 };

void coap_session_init_token(coap_session_t *session, size_t length, const uint8_t *token) {
  if (!cs_api_core(__func__, session))
    return;
  if (!token || length == 0 || length > TOKEN_MAX) {
    cs_api_fail(__func__, "a token to count from has 1 to 8 bytes");
    return;
  }
  cs_api_rare *rare = cs_api_rare_of(session);
  if (!rare) {
    cs_api_fail_err(__func__, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return;
  }
  memcpy(rare->token, token, length);
  rare->token_len = (uint8_t)length;
}

/* The next token of those counted, big-endian; true when it is back at where
 * it began. */
static bool count_on(cs_api_rare *rare) {
  for (unsigned i = rare->token_len; i > 0; i--)
    if (++rare->token[i - 1] != 0)
      return false;
  return true;
}

void coap_session_new_token(coap_session_t *session, size_t *length, uint8_t *token) {
  if (!length || !token) {
    cs_api_fail(__func__, "%s is NULL", length ? "token" : "length");
    return;
  }
  *length = 0;
  cs_core_session *core = cs_api_core(__func__, session);
  if (!core)
    return;
  cs_api_rare *rare = session->rare;
  if (!rare || rare->token_len == 0) {
    cs_core_new_token(core, token, TOKEN_RANDOM);
    *length = TOKEN_RANDOM;
    return;
  }
  bool wrapped = false;
  do {
    bool again = count_on(rare);
    if (again && wrapped) {
      cs_api_fail(__func__, "every token of %u bytes is in use", rare->token_len);
      return;
    }
    wrapped = wrapped || again;
  } while (cs_core_find_request(core, cs_span_of(rare->token, rare->token_len)));
  memcpy(token, rare->token, rare->token_len);
  *length = rare->token_len;
}

/* The session's next Message ID, in the name of function; -1 for failure. */
static int next_mid(const char *function, coap_session_t *s) {
  uint16_t mid;
  cs_core_session *core = cs_api_core(function, s);
  if (!core)
    return -1;
  if (cs_api_streaming(s))
    return s->rare->mid++; /* no message has one; the application's calls do */
  /* The session's own time does, and saves asking the clock for each message,
   * unless it is so late that Message IDs look used which no longer are. */
  cs_err e = cs_core_new_mid(core, cs_core_now(core), &mid);
  if (e == CS_ERR_LIMIT)
    e = cs_core_new_mid(core, cs_api_at(s, cs_api_now(s->context)), &mid);
  if (e == CS_OK)
    return mid;
  cs_api_fail_err(function, e, CS_RULE_NONE, "Message IDs");
  return -1;
}

uint16_t coap_new_message_id(coap_session_t *session) {
  int mid = next_mid(__func__, session);
  return mid < 0 ? 0 : (uint16_t)mid;
}

coap_pdu_t *coap_new_pdu(coap_pdu_type_t type, coap_pdu_code_t code, coap_session_t *session) {
  int mid = next_mid(__func__, session);
  if (mid < 0)
    return NULL;
  return coap_pdu_init(type, code, mid, coap_session_max_pdu_size(session));
}

coap_pdu_t *coap_pdu_duplicate(const coap_pdu_t *old_pdu, coap_session_t *session,
                               size_t token_length, const uint8_t *token,
                               coap_opt_filter_t *drop_options) {
  if (!old_pdu) {
    cs_api_fail(__func__, "old_pdu is NULL");
    return NULL;
  }
  coap_pdu_t *pdu =
      coap_new_pdu((coap_pdu_type_t)old_pdu->type, (coap_pdu_code_t)old_pdu->code, session);
  if (!pdu)
    return NULL;
  bool done = coap_add_token(pdu, token_length, token);
  cs_wire_option_iter it = cs_wire_options(old_pdu->options);
  cs_wire_option o;
  while (done && cs_wire_option_next(&it, &o))
    if (!drop_options || !coap_option_filter_get(drop_options, o.number))
      done = coap_add_option(pdu, o.number, o.value.len, o.value.at) > 0;
  if (done)
    return pdu;
  coap_delete_pdu(pdu);
  return NULL;
}
