#include "server/defects.h"

#include <string.h>

static const cs_defect_family *const families[] = {
    &cs_defects_format, &cs_defects_message, &cs_defects_exchange,
    &cs_defects_method, &cs_defects_option,  &cs_defects_representation,
};

static const cs_defect *defect_at(size_t i) {
  for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
    if (i < families[f]->count)
      return &families[f]->defects[i];
    i -= families[f]->count;
  }
  return NULL;
}

const cs_defect *cs_defect_find(const char *name) {
  const cs_defect *d;
  for (size_t i = 0; (d = defect_at(i)); i++)
    if (strcmp(d->row.name, name) == 0)
      return d;
  return NULL;
}

const cs_server_defect *cs_server_defect_at(size_t i) {
  const cs_defect *d = defect_at(i);
  return d ? &d->row : NULL;
}

const cs_server_defect *cs_server_defect_named(const char *name) {
  const cs_defect *d = cs_defect_find(name);
  return d ? &d->row : NULL;
}

bool cs_defect_set_bytes(cs_defect_message *d, cs_span bytes) {
  if (bytes.len > sizeof d->bytes)
    return false;
  if (bytes.len)
    memmove(d->bytes, bytes.at, bytes.len);
  d->len = bytes.len;
  memset(&d->m, 0, sizeof d->m);
  d->broken = cs_wire_parse(CS_WIRE_UDP, cs_span_of(d->bytes, d->len), NULL, &d->m);
  return true;
}

bool cs_defect_set(cs_defect_message *d, const cs_wire_message *m) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  size_t len;
  if (cs_wire_build(m, buf, sizeof buf, &len) != CS_OK)
    return false;
  return cs_defect_set_bytes(d, cs_span_of(buf, len));
}

void cs_defect_send_message(cs_defect_turn *t, const cs_wire_message *m, cs_time delay) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  size_t len;
  if (cs_wire_build(m, buf, sizeof buf, &len) == CS_OK)
    cs_defect_send(t, cs_span_of(buf, len), delay);
}

void cs_defect_send_empty(cs_defect_turn *t, cs_wire_type type, uint16_t mid, cs_time delay) {
  cs_wire_message m;
  memset(&m, 0, sizeof m);
  m.form = CS_WIRE_UDP;
  m.type = (uint8_t)type;
  m.mid = mid;
  cs_defect_send_message(t, &m, delay);
}
