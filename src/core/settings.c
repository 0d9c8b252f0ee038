/* Capabilities and Settings Messages (RFC 8323 section 5.3): what ours says, and
 * what the peer's have said, which is cumulative. */
#include "core/internal.h"

enum { CSM = CS_CODE(7, 1), MAX_MESSAGE_SIZE = 2, BLOCK_WISE = 4, TOKEN_LENGTH = 6 };

void cs_core_settings_init(struct reliable *r) {
  r->peer.max_message = MESSAGE_BASE;
  r->peer.token_max = TOKEN_BASE;
}

const cs_core_settings *cs_core_peer_settings(const cs_core_session *s) {
  return s->reliable ? &s->reliable->peer : NULL;
}

size_t cs_core_max_send(const cs_core_session *s) {
  if (s->reliable && s->reliable->peer.max_message < s->mtu)
    return s->reliable->peer.max_message;
  return s->mtu;
}

uint32_t cs_core_accepted(const cs_core_session *s) {
  return s->reliable->accepted;
}

cs_rule cs_core_settings_allow(const cs_core_session *s, size_t size, size_t token_len) {
  if (token_len > s->reliable->peer.token_max)
    return CS_RULE_TOKEN_ANNOUNCED;
  return size > cs_core_max_send(s) ? CS_RULE_MESSAGE_SIZE : CS_RULE_NONE;
}

/* The value of an elective option that is known. Its length was checked. */
static void apply(cs_core_settings *to, uint16_t number, cs_span value) {
  uint32_t v = 0;
  if (number == BLOCK_WISE) {
    to->block_wise = true;
    return;
  }
  (void)cs_wire_uint(value, &v); /* up to four bytes, so it is one */
  if (number == MAX_MESSAGE_SIZE)
    to->max_message = v;
  else if (v >= TOKEN_BASE) /* RFC 8974 section 2.2.1: a smaller one is ignored */
    to->token_max = v < CS_WIRE_TOKEN_MAX ? v : CS_WIRE_TOKEN_MAX;
}

cs_rule cs_core_settings_take(cs_core_session *s, const cs_wire_message *m, uint32_t *option) {
  cs_core_settings next = s->reliable->peer;
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  uint32_t last = 0;
  while (cs_wire_option_next(&it, &o)) {
    bool again = o.number == last;
    last = o.number;
    const cs_wire_option_row *row = cs_wire_option_find(CSM, o.number);
    cs_rule broken = CS_RULE_NONE;
    if (!row && cs_wire_option_critical(o.number))
      broken = CS_RULE_SIGNAL_CRITICAL;
    else if (row && o.value.len > row->max_len)
      broken = CS_RULE_CSM_OPTION_LENGTH;
    if (broken != CS_RULE_NONE) {
      *option = o.number;
      return broken;
    }
    /* A second occurrence in one message is supernumerary, and all these are
     * elective (RFC 7252 section 5.4.5): it is ignored. */
    if (row && !again)
      apply(&next, o.number, o.value);
  }
  next.csm = true;
  s->reliable->peer = next;
  return CS_RULE_NONE;
}

cs_wire_message cs_core_csm(const cs_core_session *s, uint8_t buf[CSM_OPTIONS_MAX]) {
  cs_base_writer out = cs_base_writer_of(buf, CSM_OPTIONS_MAX);
  cs_wire_option_writer w = {&out, 0};
  uint32_t token_max = s->config->token_max;
  (void)cs_wire_option_put_uint(&w, MAX_MESSAGE_SIZE, cs_core_accepted(s));
  if (s->config->block_wise)
    (void)cs_wire_option_put(&w, BLOCK_WISE, cs_span_of(NULL, 0));
  if (token_max > TOKEN_BASE)
    (void)cs_wire_option_put_uint(&w, TOKEN_LENGTH, token_max);
  cs_wire_message m = {.form = s->config->form, .code = CSM, .options = cs_base_written(&out)};
  return m;
}
