#include "server/defects_edit.h"

#include "server/path.h"

bool cs_defect_is_request(const cs_defect_message *d) {
  return d->broken == CS_RULE_NONE && cs_wire_code_is_request(d->m.code);
}

bool cs_defect_is_response(const cs_defect_message *d) {
  return d->broken == CS_RULE_NONE && cs_wire_code_is_response(d->m.code);
}

bool cs_defect_is_response_of(const cs_defect_message *d, unsigned class) {
  return cs_defect_is_response(d) && CS_CODE_CLASS(d->m.code) == class;
}

/* Walks options and tells of each how many of its number came before. */
typedef struct walk {
  cs_wire_option_iter it;
  uint16_t last;
  size_t count;
} walk;

static walk walk_of(cs_span options) {
  walk w = {cs_wire_options(options), 0, 0};
  return w;
}

static bool walk_next(walk *w, cs_wire_option *o, size_t *count) {
  if (!cs_wire_option_next(&w->it, o))
    return false;
  w->count = o->number == w->last ? w->count : 0;
  w->last = o->number;
  *count = w->count++;
  return true;
}

bool cs_defect_any_option(cs_span options, cs_defect_choice chosen) {
  walk w = walk_of(options);
  cs_wire_option o;
  size_t count;
  while (walk_next(&w, &o, &count))
    if (chosen(&o, count))
      return true;
  return false;
}

/* The options that are not chosen, in buf, which has room for all. */
static cs_span kept_options(cs_span options, cs_defect_choice chosen, uint8_t *buf, size_t cap) {
  cs_base_writer out = cs_base_writer_of(buf, cap);
  cs_wire_option_writer writer = {&out, 0};
  walk w = walk_of(options);
  cs_wire_option o;
  size_t count;
  while (walk_next(&w, &o, &count))
    if (!chosen(&o, count))
      (void)cs_wire_option_put(&writer, o.number, o.value);
  return cs_base_written(&out);
}

void cs_defect_drop_options(cs_defect_message *d, cs_defect_choice chosen) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  cs_wire_message m = d->m;
  m.options = kept_options(m.options, chosen, buf, sizeof buf);
  cs_defect_set(d, &m);
}

void cs_defect_drop_request_options(cs_defect_turn *t, cs_server_request *q,
                                    cs_defect_choice chosen) {
  q->message.options =
      kept_options(q->message.options, chosen, t->mine->bytes, sizeof t->mine->bytes);
}

void cs_defect_add_option(cs_defect_message *d, uint16_t number, cs_span value) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  cs_wire_message m = d->m;
  size_t len = m.options.len;
  if (len)
    memcpy(buf, m.options.at, len);
  if (cs_wire_option_insert(buf, &len, sizeof buf, number, value) != CS_OK)
    return;
  m.options = cs_span_of(buf, len);
  cs_defect_set(d, &m);
}

bool cs_defect_reject(cs_defect_turn *t, const cs_defect_message *d) {
  if (t->form == CS_WIRE_UDP) {
    cs_defect_send_empty(t, CS_RST, d->m.mid, 0);
    return false;
  }
  const cs_wire_message abort = {.code = CS_CODE(7, 5)};
  cs_defect_send_message(t, &abort, 0);
  cs_defect_close(t);
  return false;
}

size_t cs_defect_code_at(const cs_defect_message *d) {
  if (d->form == CS_WIRE_UDP || d->len == 0)
    return 1;
  static const uint8_t extended[] = {1, 2, 4};
  unsigned length = d->form == CS_WIRE_TCP ? d->bytes[0] >> 4 : 0;
  return 1u + (length < 13 ? 0u : extended[length - 13]);
}

uint8_t cs_defect_code(const cs_defect_message *d) {
  size_t at = cs_defect_code_at(d);
  return at < d->len ? d->bytes[at] : 0;
}

void cs_defect_patient(cs_core_config *config, cs_core_params *params) {
  (void)params;
  config->csm_timeout = 1000 * CS_SECOND;
}

static bool unknown(const cs_wire_option *o) {
  return !cs_wire_option_find(0, o->number);
}

static bool wrong_length(const cs_wire_option *o) {
  const cs_wire_option_row *row = cs_wire_option_find(0, o->number);
  return row && (o->value.len < row->min_len || o->value.len > row->max_len);
}

static bool repeated(const cs_wire_option *o, size_t count) {
  const cs_wire_option_row *row = cs_wire_option_find(0, o->number);
  return row && count > 0 && !row->repeatable;
}

bool cs_defect_unknown_critical(const cs_wire_option *o, size_t count) {
  (void)count;
  return cs_wire_option_critical(o->number) && unknown(o);
}

bool cs_defect_unknown_elective(const cs_wire_option *o, size_t count) {
  (void)count;
  return !cs_wire_option_critical(o->number) && unknown(o);
}

bool cs_defect_long_critical(const cs_wire_option *o, size_t count) {
  (void)count;
  return cs_wire_option_critical(o->number) && wrong_length(o);
}

bool cs_defect_long_elective(const cs_wire_option *o, size_t count) {
  (void)count;
  return !cs_wire_option_critical(o->number) && wrong_length(o);
}

bool cs_defect_repeated_critical(const cs_wire_option *o, size_t count) {
  return cs_wire_option_critical(o->number) && repeated(o, count);
}

bool cs_defect_repeated_elective(const cs_wire_option *o, size_t count) {
  return !cs_wire_option_critical(o->number) && repeated(o, count);
}

uint64_t cs_defect_path(const cs_server_request *q) {
  cs_server_path path;
  cs_server_path_of_options(q->message.options, &path);
  uint64_t h = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < path.len; i++)
    h = (h ^ path.bytes[i]) * 1099511628211u;
  return h | 1;
}
