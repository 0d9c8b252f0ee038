/* A byte stream cut into messages by the length in their header (RFC 8323
 * section 3.2). */
#ifndef CS_LINK_STREAM_H
#define CS_LINK_STREAM_H

#include "link/link.h"

/* cs_link_next of a stream that has broken no rule yet. */
cs_err link_stream_next(cs_link *l, cs_span *message, cs_rule *broken);

#endif
