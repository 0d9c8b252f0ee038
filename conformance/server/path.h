/* The path of a resource as a key: each segment as its length in one byte and
 * its bytes, so that a segment may hold any byte, a slash too (RFC 7252 section
 * 5.10.1: no percent-encoding in the options). */
#ifndef CS_SERVER_PATH_H
#define CS_SERVER_PATH_H

#include "base/bytes.h"
#include "wire/option.h"

enum { CS_SERVER_PATH_MAX = 256 };

typedef struct cs_server_path {
  uint8_t bytes[CS_SERVER_PATH_MAX];
  size_t len;
  bool too_long; /* it did not fit: no resource is there */
} cs_server_path;

/* From a request's options; one single empty segment is the root, as none is
 * (RFC 7252 section 6.5). */
void cs_server_path_of_options(cs_span options, cs_server_path *out);
/* From text such as "a/b"; "" is the root. */
void cs_server_path_of_text(const char *text, cs_server_path *out);
bool cs_server_path_equal(const cs_server_path *a, const cs_server_path *b);
/* Whether it is text's path. */
bool cs_server_path_is(const cs_server_path *p, const char *text);

/* Walks the segments: at starts at 0; false at the end. */
bool cs_server_path_next(const cs_server_path *p, size_t *at, cs_span *segment);

#endif
