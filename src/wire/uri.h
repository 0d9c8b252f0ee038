/* CoAP URIs (RFC 7252 section 6, RFC 8323 section 8) between text and options:
 * coap, coaps, coap+tcp, coaps+tcp, coap+ws, coaps+ws; IPv6 literals with zone
 * ids (RFC 6874); Unix-domain hosts (a path whose slashes are percent-encoded,
 * coap://%2Ftmp%2Fsock/x). Splitting allocates nothing. */
#ifndef CS_WIRE_URI_H
#define CS_WIRE_URI_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"
#include "wire/option.h"

typedef enum cs_wire_scheme {
  CS_SCHEME_COAP,
  CS_SCHEME_COAPS,
  CS_SCHEME_COAP_TCP,
  CS_SCHEME_COAPS_TCP,
  CS_SCHEME_COAP_WS,
  CS_SCHEME_COAPS_WS,
  CS_SCHEME_COUNT_
} cs_wire_scheme;

typedef enum cs_wire_host { CS_HOST_NAME, CS_HOST_IPV4, CS_HOST_IPV6, CS_HOST_UNIX } cs_wire_host;

/* A split URI; spans borrow the text and are still percent-encoded. */
typedef struct cs_wire_uri {
  cs_wire_scheme scheme;
  cs_wire_host host_kind;
  cs_span host;  /* without brackets; for IPv6 without the zone */
  cs_span zone;  /* of an IPv6 literal, without %25; else empty */
  uint16_t port; /* the scheme's default when the text has none */
  cs_span path;  /* without the leading slash */
  cs_span query; /* without the question mark */
  bool has_query;
} cs_wire_uri;

const char *cs_wire_scheme_name(cs_wire_scheme s); /* "coap+tcp" */
uint16_t cs_wire_scheme_port(cs_wire_scheme s);    /* 5683, 5684, 80, 443 */

/* Splits text. On a rule other than CS_RULE_NONE *out is untouched and *where
 * (may be NULL) is the offset of the offending character. */
cs_rule cs_wire_uri_split(cs_span text, cs_wire_uri *out, size_t *where);

/* Percent-decodes s into buf. CS_ERR_RULE on a bad or incomplete escape,
 * CS_ERR_TOO_LARGE when cap is too small; buf and *len then as they were. */
cs_err cs_wire_uri_decode(cs_span s, uint8_t *buf, size_t cap, size_t *len);

/* Walks the segments of a path ('/') or the arguments of a query ('&'); false
 * at the end. Segments are still encoded, dot segments among them. An empty
 * path has no segment, an empty query one empty argument. */
typedef struct cs_wire_segments {
  cs_span text;
  char separator;
  size_t at;
  bool done;
} cs_wire_segments;
cs_wire_segments cs_wire_uri_segments(cs_span text, char separator);
bool cs_wire_uri_segment_next(cs_wire_segments *s, cs_span *out);

/* The options a request for this URI carries (RFC 7252 section 6.4): Uri-Host
 * only when the host is a name, Uri-Port only when it differs from dst_port
 * (the destination's), neither for a Unix-domain host, Uri-Path and Uri-Query
 * decoded, dot segments resolved. u may be hand-made: its escapes, lengths and
 * UTF-8 are checked again.
 * CS_ERR_RULE (rule in *broken, may be NULL), CS_ERR_ARGUMENT when the writer
 * is past Uri-Host already; nothing is written then. An overflow shows in the
 * writer. */
cs_err cs_wire_uri_options(const cs_wire_uri *u, uint16_t dst_port, cs_wire_option_writer *w,
                           cs_rule *broken);

/* Composes the URI of a request (RFC 7252 section 6.5) from its options and
 * the destination; percent-encoding in upper case. fallback_host is the
 * destination as text: an IP literal (bracketed here when it has a colon, its
 * zone's % escaped), a name, or the path of a Unix-domain socket, which begins
 * with a slash. CS_ERR_TOO_LARGE when cap is too small; CS_ERR_RULE when the
 * options are malformed or make no URI (a Uri-Host that is no host, a Uri-Path
 * "." or ".."). buf and *len are then as they were. Not NUL-terminated. */
cs_err cs_wire_uri_compose(cs_wire_scheme scheme, cs_span fallback_host, uint16_t dst_port,
                           cs_span options, char *buf, size_t cap, size_t *len);

#endif
