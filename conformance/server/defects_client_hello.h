/* What the defects of handshakes share: the ClientHello that comes. */
#ifndef CS_SERVER_DEFECTS_CLIENT_HELLO_H
#define CS_SERVER_DEFECTS_CLIENT_HELLO_H

#include "server/defects.h"

enum { CS_CLIENT_HELLO_HANDSHAKE = 22 /* type of its record */ };

typedef struct cs_client_hello {
  cs_span record;
  uint16_t version; /* as written: DTLS has other numbers */
  cs_span cookie, suites, compressions, extensions;
} cs_client_hello;

/* A ClientHello in one record that is complete with these bytes; what came before of a
 * connection is held in w->shared, whose numbers 6 and 7 belong to that. */
bool cs_client_hello_read(const cs_defect_wire *w, cs_span bytes, cs_client_hello *out);
/* The value of one of its extensions. */
bool cs_client_hello_extension(const cs_client_hello *hello, unsigned type, cs_span *out);
bool cs_client_hello_offers(const cs_client_hello *hello, uint16_t suite);
/* Refuses it by a fatal alert, which is not protected yet; false, as who takes what came. */
bool cs_client_hello_refuse(const cs_defect_wire *w, const cs_client_hello *hello, uint8_t alert);

#endif
