/* What a DTLS datagram is, as far as it can be seen from outside (RFC 6347
 * section 4.1, 4.2.2). */
#include "server/guard_inside.h"

enum {
  CHANGE_CIPHER_SPEC = 20,
  ALERT = 21,
  HANDSHAKE = 22,
  TYPE_LAST = 26,
  MAJOR = 254,
  RECORD_HEADER = 13,
  MESSAGE_HEADER = 12,
  CLIENT_HELLO = 1
};

bool cs_server_guard_is_record(cs_span d) {
  return d.len >= RECORD_HEADER && d.at[0] >= CHANGE_CIPHER_SPEC && d.at[0] <= TYPE_LAST &&
         d.at[1] == MAJOR;
}

/* The first fragment of a ClientHello, as far as its random. */
static bool is_hello(cs_span d, cs_span *random) {
  const size_t at = RECORD_HEADER + MESSAGE_HEADER + 2; /* behind the version */
  if (d.len < at + CS_GUARD_RANDOM)
    return false;
  const uint8_t *message = d.at + RECORD_HEADER;
  unsigned offset = (unsigned)message[6] << 16 | (unsigned)message[7] << 8 | message[8];
  if (message[0] != CLIENT_HELLO || offset != 0)
    return false;
  *random = cs_span_cut(d, at, CS_GUARD_RANDOM);
  return true;
}

cs_guard_kind cs_guard_kind_of(cs_span d, cs_span *random) {
  bool in_clear = d.at[3] == 0 && d.at[4] == 0; /* epoch 0 */
  switch (d.at[0]) {
  case HANDSHAKE:
    return in_clear && is_hello(d, random) ? CS_GUARD_HELLO : CS_GUARD_HANDSHAKE;
  case CHANGE_CIPHER_SPEC:
    return CS_GUARD_HANDSHAKE;
  case ALERT:
    return in_clear ? CS_GUARD_HANDSHAKE : CS_GUARD_ALERT;
  default:
    return CS_GUARD_DATA;
  }
}
