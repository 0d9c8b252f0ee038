/* Changes to a JSON document: merge patches (RFC 7396) and JSON patches (RFC
 * 6902). A patch is performed whole or not at all. */
#ifndef CS_SERVER_JSON_PATCH_H
#define CS_SERVER_JSON_PATCH_H

#include "base/bytes.h"

enum { CS_SERVER_FORMAT_JSON = 50, CS_SERVER_JSON_PATCH = 51, CS_SERVER_MERGE_PATCH = 52 };

/* Performs patch, of the Content-Format 51 or 52, on the JSON text in before; at
 * NULL where there is no resource yet. The text that results goes into buf.
 * Returns 0, or the code of an error (RFC 8132 section 3.4) and a diagnostic in
 * *why; 4.04 where the patch needs a resource. idempotent refuses operations that
 * are not, as an iPATCH may. */
uint8_t cs_server_json_patch(int32_t format, cs_span before, cs_span patch, bool idempotent,
                             uint8_t *buf, size_t cap, size_t *len, const char **why);

#endif
