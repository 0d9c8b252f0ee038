/* URIs and the options they become (RFC 7252 section 6, RFC 8323 section 8).
 * What splits a URI refuses, with the rule as reason, a fragment, user
 * information, bad percent-encoding, and a port that is 0 or over 65535. */
#ifndef COAP_URI_H_
#define COAP_URI_H_

#include <stddef.h>
#include <stdint.h>

#include "coap3/coap_forward_decls.h"
#include "coap3/coap_option.h"
#include "coap3/coap_str.h"

typedef enum coap_uri_scheme_t {
  COAP_URI_SCHEME_COAP = 0,
  COAP_URI_SCHEME_COAPS,
  COAP_URI_SCHEME_COAP_TCP,
  COAP_URI_SCHEME_COAPS_TCP,
  COAP_URI_SCHEME_HTTP,
  COAP_URI_SCHEME_HTTPS,
  COAP_URI_SCHEME_COAP_WS,
  COAP_URI_SCHEME_COAPS_WS,
  COAP_URI_SCHEME_LAST
} coap_uri_scheme_t;

/* Set in the number of every scheme that is secured. */
#define COAP_URI_SCHEME_SECURE_MASK 0x01

#define COAP_URI_SCHEME_COAP_BIT (1 << COAP_URI_SCHEME_COAP)
#define COAP_URI_SCHEME_COAPS_BIT (1 << COAP_URI_SCHEME_COAPS)
#define COAP_URI_SCHEME_COAP_TCP_BIT (1 << COAP_URI_SCHEME_COAP_TCP)
#define COAP_URI_SCHEME_COAPS_TCP_BIT (1 << COAP_URI_SCHEME_COAPS_TCP)
#define COAP_URI_SCHEME_HTTP_BIT (1 << COAP_URI_SCHEME_HTTP)
#define COAP_URI_SCHEME_HTTPS_BIT (1 << COAP_URI_SCHEME_HTTPS)
#define COAP_URI_SCHEME_COAP_WS_BIT (1 << COAP_URI_SCHEME_COAP_WS)
#define COAP_URI_SCHEME_COAPS_WS_BIT (1 << COAP_URI_SCHEME_COAPS_WS)

#define COAP_URI_SCHEME_ALL_COAP_BITS                                                              \
  (COAP_URI_SCHEME_COAP_BIT | COAP_URI_SCHEME_COAPS_BIT | COAP_URI_SCHEME_COAP_TCP_BIT |           \
   COAP_URI_SCHEME_COAPS_TCP_BIT | COAP_URI_SCHEME_COAP_WS_BIT | COAP_URI_SCHEME_COAPS_WS_BIT)

/* A URI in parts; the strings are borrowed from the text that was split and
 * still percent-encoded. */
typedef struct {
  coap_str_const_t host;  /* without the brackets of an IPv6 literal */
  uint16_t port;          /* host byte order */
  coap_str_const_t path;  /* without its first slash */
  coap_str_const_t query; /* without the question mark */
  enum coap_uri_scheme_t scheme;
} coap_uri_t;

static inline int coap_uri_scheme_is_secure(const coap_uri_t *uri) {
  return uri && ((uri->scheme & COAP_URI_SCHEME_SECURE_MASK) != 0);
}

/* 1 when host is a Unix-domain path: it begins with a slash or with %2F. */
int coap_host_is_unix_domain(const coap_str_const_t *host);

/* A new URI that holds a copy of length bytes at uri, split. The caller owns
 * it: coap_delete_uri(). NULL when it is malformed or there is no memory. */
coap_uri_t *coap_new_uri(const uint8_t *uri, unsigned int length);

/* A new URI equal to uri. NULL when there is no memory. */
coap_uri_t *coap_clone_uri(const coap_uri_t *uri);

/* Frees a URI that coap_new_uri() or coap_clone_uri() returned; NULL is
 * allowed. */
void coap_delete_uri(coap_uri_t *uri);

/* Splits len bytes at str_var into uri, which borrows from them. A text that
 * begins with a slash is a path and query alone: the host is then empty, the
 * scheme coap. The port is the scheme's default unless the text has one; 0 for
 * a Unix-domain host. Returns 0, or a negative number when it is malformed:
 * uri is then untouched. Splitting does not ask whether this build can speak
 * the scheme. */
int coap_split_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri);

/* The same, and http and https are known too. */
int coap_split_proxy_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri);

/* Appends to *optlist_chain the options of a request for uri: with
 * create_port_host_opt other than 0 Uri-Host, unless the host is the IP
 * literal of dst or a path, and Uri-Port, unless the port is the scheme's
 * default; then Uri-Path and Uri-Query, decoded, dot segments resolved. dst
 * NULL leaves Uri-Host out. buf and buflen are not needed and may be NULL and
 * 0. The list is the caller's. 0, or a negative number with the chain as it
 * was. */
int coap_uri_into_options(const coap_uri_t *uri, const coap_address_t *dst,
                          coap_optlist_t **optlist_chain, int create_port_host_opt, uint8_t *buf,
                          size_t buflen);

/* The same without the buffer; returns 1, or 0 for failure. */
int coap_uri_into_optlist(const coap_uri_t *uri, const coap_address_t *dst,
                          coap_optlist_t **optlist_chain, int create_port_host_opt);

/* Appends one option optnum for each segment of the path of length bytes at s.
 * 1, or 0 with the chain as it was. */
int coap_path_into_optlist(const uint8_t *s, size_t length, coap_option_num_t optnum,
                           coap_optlist_t **optlist_chain);

/* Appends one option optnum for each argument of the query at s. */
int coap_query_into_optlist(const uint8_t *s, size_t length, coap_option_num_t optnum,
                            coap_optlist_t **optlist_chain);

/* Writes the segments of a path, decoded and with dot segments resolved, into
 * buf as one encoded option each, with delta 0: walk them with
 * coap_opt_size(), coap_opt_length() and coap_opt_value(). *buflen is the size
 * of buf before and the bytes used after. Returns the number of segments, or
 * -1 when it is malformed or does not fit: nothing is then written. */
int coap_split_path(const uint8_t *s, size_t length, unsigned char *buf, size_t *buflen);

/* The same for the arguments of a query. */
int coap_split_query(const uint8_t *s, size_t length, unsigned char *buf, size_t *buflen);

/* The query of a request, composed of its Uri-Query options with
 * percent-encoding. The caller owns it: coap_delete_string(). NULL when there
 * is none, or no memory. */
coap_string_t *coap_get_query(const coap_pdu_t *request);

/* The path of a request, composed of its Uri-Path options with
 * percent-encoding and without a slash in front; an empty string when there is
 * none. The caller owns it. NULL when there is no memory. */
coap_string_t *coap_get_uri_path(const coap_pdu_t *request);

#endif
