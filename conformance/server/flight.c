#include "server/flight.h"

void cs_flight_begin(cs_flight *f, bool datagram) {
  f->datagram = datagram;
  f->type = CS_FLIGHT_RECORD;
  f->sequence = 0;
  f->out = cs_base_writer_of(f->bytes, sizeof f->bytes);
}

static void put24(cs_base_writer *w, size_t v) {
  cs_base_put_u8(w, 0);
  cs_base_put_u16(w, (unsigned)v);
}

void cs_flight_message(cs_flight *f, uint8_t type, cs_span body) {
  size_t header = f->datagram ? 12 : 4;
  cs_base_put_u8(&f->out, f->type);
  cs_base_put_u16(&f->out, f->datagram ? 0xfefd : CS_FLIGHT_TLS_1_2);
  if (f->datagram) {
    cs_base_put_u32(&f->out, 0); /* epoch, and the number's first half */
    cs_base_put_u32(&f->out, f->sequence);
  }
  cs_base_put_u16(&f->out, (unsigned)(header + body.len));
  cs_base_put_u8(&f->out, type);
  put24(&f->out, body.len);
  if (f->datagram) {
    cs_base_put_u16(&f->out, f->sequence++);
    put24(&f->out, 0);
    put24(&f->out, body.len);
  }
  cs_base_put_span(&f->out, body);
}

void cs_flight_hello(cs_flight *f, uint16_t version, uint16_t suite, uint8_t compression,
                     cs_span extensions) {
  static const uint8_t random[32] = {0x5a};
  uint8_t body[256];
  cs_base_writer w = cs_base_writer_of(body, sizeof body);
  if (f->datagram)
    version = version < CS_FLIGHT_TLS_1_2 ? 0xfeff : 0xfefd;
  cs_base_put_u16(&w, version);
  cs_base_put_bytes(&w, random, sizeof random);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, suite);
  cs_base_put_u8(&w, compression);
  if (extensions.len) {
    cs_base_put_u16(&w, (unsigned)extensions.len);
    cs_base_put_span(&w, extensions);
  }
  cs_flight_message(f, CS_FLIGHT_SERVER_HELLO, cs_base_written(&w));
}

cs_span cs_flight_bytes(const cs_flight *f) {
  return cs_base_written(&f->out);
}
