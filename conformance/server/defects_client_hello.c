#include "server/defects_client_hello.h"

#include <string.h>

enum { RECORD_DTLS = 13, RECORD_TLS = 5, ALERT = 21 };

static bool is_datagram(const cs_defect_wire *w) {
  return w->form == CS_WIRE_UDP;
}

/* Takes a vector whose length is in n bytes. */
static bool take_vector(cs_span *rest, size_t n, cs_span *out) {
  size_t len = 0;
  if (rest->len < n)
    return false;
  for (size_t i = 0; i < n; i++)
    len = len << 8 | rest->at[i];
  if (len > rest->len - n)
    return false;
  *out = cs_span_cut(*rest, n, len);
  *rest = cs_span_cut(*rest, n + len, rest->len - n - len);
  return true;
}

/* The first record of a connection, of which w->shared holds what came before;
 * empty until it is whole, and behind it. */
static cs_span gather(const cs_defect_wire *w, cs_span bytes) {
  struct cs_defect_memory *held = w->shared;
  uint64_t *peer = &held->number[6];
  uint64_t *len = &held->number[7];
  if (*peer != w->peer) {
    *peer = w->peer;
    *len = 0;
  }
  if (w->established || bytes.len > sizeof held->bytes - *len)
    return cs_span_of(NULL, 0);
  memcpy(held->bytes + *len, bytes.at, bytes.len);
  *len += bytes.len;
  if (*len < RECORD_TLS)
    return cs_span_of(NULL, 0);
  size_t whole = RECORD_TLS + ((size_t)held->bytes[3] << 8 | held->bytes[4]);
  if (*len - bytes.len >= whole || *len < whole)
    return cs_span_of(NULL, 0);
  return cs_span_of(held->bytes, whole);
}

bool cs_client_hello_read(const cs_defect_wire *w, cs_span bytes, cs_client_hello *out) {
  const size_t record = is_datagram(w) ? RECORD_DTLS : RECORD_TLS;
  const size_t before = record + (is_datagram(w) ? 12 : 4) + 2 + 32; /* version, random */
  cs_span skipped;
  if (!is_datagram(w))
    bytes = gather(w, bytes);
  if (bytes.len < before || bytes.at[0] != CS_CLIENT_HELLO_HANDSHAKE || bytes.at[record] != 1 ||
      (is_datagram(w) && (bytes.at[3] || bytes.at[4])))
    return false;
  cs_span rest = cs_span_cut(bytes, before, bytes.len - before);
  *out = (cs_client_hello){.record = bytes};
  out->version = (uint16_t)(bytes.at[before - 34] << 8 | bytes.at[before - 33]);
  if (!take_vector(&rest, 1, &skipped) ||
      (is_datagram(w) && !take_vector(&rest, 1, &out->cookie)) ||
      !take_vector(&rest, 2, &out->suites) || !take_vector(&rest, 1, &out->compressions))
    return false;
  (void)take_vector(&rest, 2, &out->extensions);
  return true;
}

bool cs_client_hello_extension(const cs_client_hello *hello, unsigned type, cs_span *out) {
  cs_span extensions = hello->extensions;
  while (extensions.len >= 4) {
    unsigned found = (unsigned)extensions.at[0] << 8 | extensions.at[1];
    extensions = cs_span_cut(extensions, 2, extensions.len - 2);
    if (!take_vector(&extensions, 2, out))
      return false;
    if (found == type)
      return true;
  }
  return false;
}

bool cs_client_hello_refuse(const cs_defect_wire *w, const cs_client_hello *hello, uint8_t alert) {
  uint8_t record[RECORD_DTLS + 2] = {ALERT};
  size_t len = is_datagram(w) ? RECORD_DTLS + 2 : RECORD_TLS + 2;
  memcpy(record + 1, hello->record.at + 1,
         len - 5); /* version; epoch and sequence number of DTLS */
  record[len - 4] = 0;
  record[len - 3] = 2;
  record[len - 2] = 2;
  record[len - 1] = alert;
  cs_defect_wire_send(w, cs_span_of(record, len));
  if (!is_datagram(w))
    cs_defect_wire_end(w, -1);
  return false;
}

bool cs_client_hello_offers(const cs_client_hello *hello, uint16_t suite) {
  for (size_t i = 0; i + 1 < hello->suites.len; i += 2)
    if ((hello->suites.at[i] << 8 | hello->suites.at[i + 1]) == suite)
      return true;
  return false;
}
