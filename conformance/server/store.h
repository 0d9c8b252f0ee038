/* The representations that requests make, change and delete. What peers create
 * is capped in number and size: the oldest created one gives way. */
#ifndef CS_SERVER_STORE_H
#define CS_SERVER_STORE_H

#include "base/alloc.h"
#include "base/error.h"
#include "server/exchange.h"
#include "server/path.h"

enum { CS_SERVER_CREATED_MAX = 256 };

typedef struct cs_server_stored {
  cs_server_path path;
  const char *initial; /* of a resource that is always there; NULL: created by a peer */
  int32_t format;      /* Content-Format, or -1 when the client gave none */
  uint32_t version;    /* changes with every change; its bytes are the ETag */
  uint64_t age;        /* order of creation */
  size_t len;
  uint8_t payload[CS_SERVER_PAYLOAD_MAX];
} cs_server_stored;

typedef struct cs_server_store {
  const cs_base_alloc *alloc;
  cs_server_stored **entries;
  size_t count;
  size_t cap;
  uint32_t version;
  uint64_t age;
} cs_server_store;

void cs_server_store_init(cs_server_store *s, const cs_base_alloc *alloc);
void cs_server_store_free(cs_server_store *s);
cs_server_stored *cs_server_store_find(const cs_server_store *s, const cs_server_path *path);
/* A resource of text/plain that stays: deleting it makes it as it began.
 * initial is kept as it is. CS_ERR_MEMORY. */
cs_err cs_server_store_keep(cs_server_store *s, const char *path, const char *initial);
/* Creates or changes what is at path; *created says which. CS_ERR_TOO_LARGE
 * (payload), CS_ERR_ARGUMENT (path), CS_ERR_MEMORY. */
cs_err cs_server_store_put(cs_server_store *s, const cs_server_path *path, int32_t format,
                           cs_span payload, bool *created);
/* Deletes what is at path, if anything is. */
void cs_server_store_delete(cs_server_store *s, const cs_server_path *path);

#endif
