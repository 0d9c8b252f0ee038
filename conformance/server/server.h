/* The embedded reference server, sans-I/O: correct by default, with defects
 * that are switched on by name. A defect is a filter on messages or on resource
 * handlers; src/ knows nothing of them, and no defect looks at a scenario's id. */
#ifndef CS_SERVER_SERVER_H
#define CS_SERVER_SERVER_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "core/params.h"

typedef struct cs_server cs_server;

typedef struct cs_server_config {
  const cs_base_alloc *alloc;
  uint64_t seed;
  const cs_core_params *params; /* NULL: the defaults */
  const char *const *defects;   /* names; NULL when there are none */
  size_t defect_count;
  size_t max_peers; /* 0: 1024 */
} cs_server_config;

/* CS_ERR_NOT_FOUND with *unknown the defect's name that does not exist. */
cs_err cs_server_new(const cs_server_config *config, cs_time now, cs_server **out,
                     const char **unknown);
void cs_server_free(cs_server *s);

/* One datagram from a peer (a number the driver gives to an address, never 0);
 * multicast: it was sent to a group address. */
cs_err cs_server_receive(cs_server *s, uint64_t peer, bool multicast, cs_span bytes, cs_time now);
/* The next datagram to send. CS_ERR_AGAIN when there is none now. */
cs_err cs_server_transmit(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *peer,
                          size_t *len);
cs_time cs_server_deadline(const cs_server *s);
void cs_server_expire(cs_server *s, cs_time now);

/* One row of the table of defects. */
typedef struct cs_server_defect {
  const char *name;        /* "ping-acked" */
  const char *requirement; /* the statement it breaks, "RFC7252#4.3:empty-con-reset" */
  const char *what;        /* one sentence */
} cs_server_defect;
/* Row i, or NULL past the end. */
const cs_server_defect *cs_server_defect_at(size_t i);
const cs_server_defect *cs_server_defect_named(const char *name);

#endif
