/* A server's first flight of our own making, in the clear: for defects, and for what
 * the TLS library does not know. */
#ifndef CS_SERVER_FLIGHT_H
#define CS_SERVER_FLIGHT_H

#include "base/bytes.h"
#include "wire/message.h"

enum {
  CS_FLIGHT_RECORD = 22, /* type of its records */
  CS_FLIGHT_SERVER_HELLO = 2,
  CS_FLIGHT_CERTIFICATE = 11,
  CS_FLIGHT_KEY_EXCHANGE = 12,
  CS_FLIGHT_HELLO_DONE = 14,
  CS_FLIGHT_TLS_1_2 = 0x0303
};

typedef struct cs_flight {
  bool datagram;
  uint8_t type;      /* of its records; CS_FLIGHT_RECORD at first */
  uint16_t sequence; /* DTLS: of the next message, and of its record; 0 at first */
  cs_base_writer out;
  uint8_t bytes[1024];
} cs_flight;

/* It may not be moved from then on. */
void cs_flight_begin(cs_flight *f, bool datagram);
/* A handshake message in a record of its own. */
void cs_flight_message(cs_flight *f, uint8_t type, cs_span body);
/* A ServerHello; extensions without the length of all of them, at most 200 bytes. */
void cs_flight_hello(cs_flight *f, uint16_t version, uint16_t suite, uint8_t compression,
                     cs_span extensions);
/* Its bytes so far. */
cs_span cs_flight_bytes(const cs_flight *f);

#endif
