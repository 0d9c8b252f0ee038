#include "server/defects.h"

#include <string.h>

static const cs_defect_family *const families[] = {
    &cs_defects_format, &cs_defects_message,        &cs_defects_exchange, &cs_defects_method,
    &cs_defects_option, &cs_defects_representation, &cs_defects_reliable, &cs_defects_signaling,
    &cs_defects_token,  &cs_defects_upgrade,        &cs_defects_frame,    &cs_defects_websocket,
    &cs_defects_secure, &cs_defects_hello,          &cs_defects_place,    &cs_defects_range,
    &cs_defects_block,  &cs_defects_link,           &cs_defects_partial,
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

bool cs_server_defect_on(const cs_server_defect *d, cs_wire_form form) {
  return d->transports == 0 || (d->transports & 1u << form) != 0;
}

bool cs_server_defect_secured(const cs_server_defect *d, cs_wire_form form) {
  return (d->transports & (unsigned)CS_DEFECT_DTLS << form) != 0;
}

void cs_defect_wrong_key(cs_span key, uint8_t *out) {
  memcpy(out, key.at, key.len);
  out[key.len - 1] ^= 0xff;
}

bool cs_defect_set_bytes(cs_defect_message *d, cs_span bytes) {
  const cs_wire_limits limits = {d->token_max};
  if (bytes.len > sizeof d->bytes)
    return false;
  if (bytes.len)
    memmove(d->bytes, bytes.at, bytes.len);
  d->len = bytes.len;
  memset(&d->m, 0, sizeof d->m);
  d->m.form = d->form;
  d->broken = cs_wire_parse(d->form, cs_span_of(d->bytes, d->len), &limits, &d->m);
  return true;
}

bool cs_defect_set(cs_defect_message *d, const cs_wire_message *m) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  size_t len;
  cs_wire_message formed = *m;
  formed.form = d->form;
  if (cs_wire_build(&formed, buf, sizeof buf, &len) != CS_OK)
    return false;
  return cs_defect_set_bytes(d, cs_span_of(buf, len));
}

bool cs_defect_unit_set(cs_defect_unit *u, cs_span bytes) {
  if (bytes.len > sizeof u->bytes)
    return false;
  if (bytes.len)
    memmove(u->bytes, bytes.at, bytes.len);
  u->len = bytes.len;
  return true;
}

bool cs_defect_unit_read(const cs_defect_unit *u, cs_wire_ws_frame *f,
                         uint8_t payload[CS_SERVER_MESSAGE_MAX], size_t *len) {
  cs_rule broken;
  if (u->kind != CS_DEFECT_FRAME ||
      cs_wire_ws_frame_read(cs_span_of(u->bytes, u->len), f, &broken) == CS_ERR_AGAIN ||
      f->length != u->len - f->header)
    return false;
  *len = u->len - f->header;
  memcpy(payload, u->bytes + f->header, *len);
  if (f->masked)
    cs_wire_ws_mask(payload, *len, f->mask, 0);
  return true;
}

bool cs_defect_unit_write(cs_defect_unit *u, const cs_wire_ws_frame *f, cs_span payload) {
  cs_wire_ws_frame header = *f;
  header.length = payload.len;
  size_t size = cs_wire_ws_header_size(payload.len, f->masked);
  if (payload.len > sizeof u->bytes - size)
    return false;
  if (payload.len)
    memmove(u->bytes + size, payload.at, payload.len);
  u->kind = CS_DEFECT_FRAME;
  u->len = size + payload.len;
  cs_wire_ws_frame_put(&header, u->bytes);
  if (f->masked)
    cs_wire_ws_mask(u->bytes + size, payload.len, f->mask, 0);
  return true;
}
