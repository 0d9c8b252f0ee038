/* The resources: those of the ETSI plugtests, and what peers create by PUT. */
#ifndef CS_SERVER_RESOURCE_H
#define CS_SERVER_RESOURCE_H

#include "server/exchange.h"
#include "server/store.h"

/* Methods as bits, 1 << code. */
enum {
  CS_ALLOW_GET = 1 << 1,
  CS_ALLOW_POST = 1 << 2,
  CS_ALLOW_PUT = 1 << 3,
  CS_ALLOW_DELETE = 1 << 4,
  CS_ALLOW_FETCH = 1 << 5,
  CS_ALLOW_PATCH = 1 << 6,
  CS_ALLOW_IPATCH = 1 << 7
};

typedef struct cs_server_turn {
  cs_server_store *store;
  const cs_server_request *request;
  cs_server_path path;
  cs_server_reply *reply; /* initialised to 5.00 */
} cs_server_turn;

typedef struct cs_server_resource {
  const char *path; /* "seg1/seg2/seg3" */
  unsigned methods;
  void (*handle)(cs_server_turn *t);
  const char *attributes; /* its link's, each with its semicolon; NULL: not listed */
  const char *content;    /* representation: of a fixed resource, or the stored one at first */
} cs_server_resource;

/* Row i of the table, or NULL past its end. */
const cs_server_resource *cs_server_resource_at(size_t i);

/* Puts the stored resources of the table into the store. CS_ERR_MEMORY. */
cs_err cs_server_resources_fill(cs_server_store *store);

/* What a correct origin server answers. */
void cs_server_handle(cs_server_store *store, const cs_server_request *q, cs_server_reply *reply);

/* Handlers that have a file of their own. */
void cs_server_stored_handle(cs_server_turn *t);    /* stored.c */
void cs_server_directory_handle(cs_server_turn *t); /* directory.c: /.well-known/core */

/* blocks.c: what goes into this response of a representation that may be longer
 * than a message: all of it, or the block that is asked for, with its Block2
 * option in the reply. False when the reply is an error instead. */
bool cs_server_block(cs_server_turn *t, cs_span whole, cs_span *part);

/* partial.c: FETCH, PATCH and iPATCH, with the request's Content-Format or -1. */
void cs_server_partial_handle(cs_server_turn *t, int64_t format);
/* stored.c: stores a representation, the reply then is 2.01 or 2.04; false when it
 * is an error. */
bool cs_server_keep(cs_server_turn *t, const cs_server_path *path, int32_t format, cs_span payload,
                    bool *created);

/* True when a representation of this Content-Format may be sent; else the
 * reply is 4.06 (RFC 7252 section 5.10.4). */
bool cs_server_acceptable(cs_server_turn *t, int32_t format);

#endif
