#include "api/error.h"
#include "api/pdu.h"

int coap_get_data(const coap_pdu_t *pdu, size_t *len, const uint8_t **data) {
  size_t offset, total;
  return coap_get_data_large(pdu, len, data, &offset, &total);
}

int coap_get_data_large(const coap_pdu_t *pdu, size_t *len, const uint8_t **data, size_t *offset,
                        size_t *total) {
  if (!pdu || !len || !data || !offset || !total) {
    cs_api_fail(__func__, "an argument is NULL");
    return 0;
  }
  *len = pdu->payload.len;
  *data = pdu->payload.len ? pdu->payload.at : NULL;
  *offset = 0;
  *total = pdu->payload.len;
  return pdu->payload.len > 0;
}

coap_pdu_code_t coap_pdu_get_code(const coap_pdu_t *pdu) {
  return pdu ? (coap_pdu_code_t)pdu->code : COAP_EMPTY_CODE;
}

coap_pdu_type_t coap_pdu_get_type(const coap_pdu_t *pdu) {
  return pdu ? (coap_pdu_type_t)pdu->type : COAP_MESSAGE_CON;
}

coap_bin_const_t coap_pdu_get_token(const coap_pdu_t *pdu) {
  coap_bin_const_t token = {0, NULL};
  if (pdu && pdu->token.len) {
    token.length = pdu->token.len;
    token.s = pdu->token.at;
  }
  return token;
}

coap_mid_t coap_pdu_get_mid(const coap_pdu_t *pdu) {
  return pdu ? pdu->mid : COAP_INVALID_MID;
}

static bool changeable(const char *function, const coap_pdu_t *pdu) {
  if (pdu && !pdu->view && !pdu->session)
    return true;
  cs_api_fail(function, pdu ? "the message belongs to the library" : "pdu is NULL");
  return false;
}

void coap_pdu_set_code(coap_pdu_t *pdu, coap_pdu_code_t code) {
  if (!changeable(__func__, pdu))
    return;
  if (cs_api_pdu_code_ok((int)code))
    pdu->code = (uint8_t)code;
  else
    cs_api_fail_err(__func__, CS_ERR_RULE, CS_RULE_CODE_CLASS_RESERVED, "code");
}

void coap_pdu_set_type(coap_pdu_t *pdu, coap_pdu_type_t type) {
  if (!changeable(__func__, pdu))
    return;
  if ((int)type >= COAP_MESSAGE_CON && (int)type <= COAP_MESSAGE_RST)
    pdu->type = (uint8_t)type;
  else
    cs_api_fail(__func__, "type %d is none of CON, NON, ACK, RST", (int)type);
}

void coap_pdu_set_mid(coap_pdu_t *pdu, coap_mid_t mid) {
  if (!changeable(__func__, pdu))
    return;
  if (mid >= 0 && mid <= UINT16_MAX)
    pdu->mid = (uint16_t)mid;
  else
    cs_api_fail(__func__, "Message ID %d is not within 0 to 65535", mid);
}

/* The registered response codes (RFC 7252 section 12.1.2, RFC 7959, RFC 8132,
 * RFC 8516, RFC 8768). */
const char *coap_response_phrase(unsigned char code) {
  static const struct {
    uint8_t code;
    const char *phrase;
  } phrases[] = {
      {CS_CODE(2, 1), "Created"},
      {CS_CODE(2, 2), "Deleted"},
      {CS_CODE(2, 3), "Valid"},
      {CS_CODE(2, 4), "Changed"},
      {CS_CODE(2, 5), "Content"},
      {CS_CODE(2, 31), "Continue"},
      {CS_CODE(4, 0), "Bad Request"},
      {CS_CODE(4, 1), "Unauthorized"},
      {CS_CODE(4, 2), "Bad Option"},
      {CS_CODE(4, 3), "Forbidden"},
      {CS_CODE(4, 4), "Not Found"},
      {CS_CODE(4, 5), "Method Not Allowed"},
      {CS_CODE(4, 6), "Not Acceptable"},
      {CS_CODE(4, 8), "Request Entity Incomplete"},
      {CS_CODE(4, 9), "Conflict"},
      {CS_CODE(4, 12), "Precondition Failed"},
      {CS_CODE(4, 13), "Request Entity Too Large"},
      {CS_CODE(4, 15), "Unsupported Content-Format"},
      {CS_CODE(4, 22), "Unprocessable Entity"},
      {CS_CODE(4, 29), "Too Many Requests"},
      {CS_CODE(5, 0), "Internal Server Error"},
      {CS_CODE(5, 1), "Not Implemented"},
      {CS_CODE(5, 2), "Bad Gateway"},
      {CS_CODE(5, 3), "Service Unavailable"},
      {CS_CODE(5, 4), "Gateway Timeout"},
      {CS_CODE(5, 5), "Proxying Not Supported"},
      {CS_CODE(5, 8), "Hop Limit Reached"},
  };
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
    if (phrases[i].code == code)
      return phrases[i].phrase;
  return NULL;
}
