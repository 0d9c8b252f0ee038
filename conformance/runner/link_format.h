/* Link format (RFC 6690 section 2): documents cut into links and their
 * parameters, as strictly as the grammar has it: no white space, no empty
 * values, nothing unquoted that needs quotes. Of what the grammar names as a
 * parameter any other value is a link-extension too, so its form is asked for
 * apart (cs_runner_link_fits). Nothing is allocated; spans borrow the text. */
#ifndef CS_RUNNER_LINK_FORMAT_H
#define CS_RUNNER_LINK_FORMAT_H

#include "base/bytes.h"

/* One link of a document. */
typedef struct cs_runner_link {
  cs_span target; /* between "<" and ">" */
  cs_span params; /* behind ">", each with its semicolon */
} cs_runner_link;

/* A parameter of a link. */
typedef struct cs_runner_link_param {
  cs_span name; /* with the star of title* */
  bool valued;  /* there is an equals sign */
  bool quoted;
  cs_span value; /* as it stands, without its quotation marks */
} cs_runner_link_param;

/* A walk through a document; at is how much of it was read. */
typedef struct cs_runner_links {
  cs_span text;
  size_t at;
  const char *want; /* what was expected at at, once the document turned out broken */
} cs_runner_links;

cs_runner_links cs_runner_links_of(cs_span text);
/* The next link; false at the end, and where the document breaks the grammar:
 * l->want is set then. */
bool cs_runner_links_next(cs_runner_links *l, cs_runner_link *out);
/* Whether the whole document follows the grammar; else *at and *want say where
 * and what was expected. */
bool cs_runner_links_good(cs_span text, size_t *at, const char **want);

/* The next parameter of a link that cs_runner_links_next has given; *at begins
 * at 0. */
bool cs_runner_link_param_next(const cs_runner_link *link, size_t *at, cs_runner_link_param *out);
/* Whether the parameter has this name; letters in either case are the same. */
bool cs_runner_link_param_is(const cs_runner_link_param *p, cs_span name);
/* The value as it is meant, the quoted pairs of a quoted string resolved, into
 * buf, which has room for p->value.len bytes. How many it took. */
size_t cs_runner_link_value(const cs_runner_link_param *p, uint8_t *buf);
/* Whether the attribute of this name holds relation types: several values with
 * blanks between them, each of which counts as one (section 4.1). */
bool cs_runner_link_several(cs_span name);

/* What is asked of the parameters of one name in a link, however many there are. */
typedef enum cs_runner_link_property {
  CS_RUNNER_LINK_ONCE,     /* there is one at most */
  CS_RUNNER_LINK_RESERVED, /* there is none */
  CS_RUNNER_LINK_CARDINAL, /* "0", or digits that begin with another */
  CS_RUNNER_LINK_FORMATS,  /* RFC 7252 section 7.2.1: numbers from 0 to 65535, blanks between */
  CS_RUNNER_LINK_RELATION_TYPES, /* one, or several in quotes */
  CS_RUNNER_LINK_REFERENCE,      /* a URI reference in quotes */
  CS_RUNNER_LINK_QUOTED,         /* a quoted string */
  CS_RUNNER_LINK_HOSTED,         /* of the target: section 2.2 of links of the relation hosts */
  CS_RUNNER_LINK_PROPERTIES_
} cs_runner_link_property;
/* "once". */
const char *cs_runner_link_property_name(cs_runner_link_property property);
/* Whether the link's parameters of this name have the property. */
bool cs_runner_link_fits(const cs_runner_link *link, cs_span name,
                         cs_runner_link_property property);

/* Whether s is a URI reference (RFC 3986 section 4.1), a URI. Bytes over 127
 * pass, since RFC 6690 section 2 has percent-encodings decoded. */
bool cs_runner_uri_reference(cs_span s);
bool cs_runner_uri(cs_span s);
/* The parts of a URI reference that is one. A part that is not there has at
 * NULL and length 0, but for the path. */
typedef struct cs_runner_uri_parts {
  bool has_scheme, has_authority;
  cs_span scheme, authority, path;
  bool has_query;
} cs_runner_uri_parts;
cs_runner_uri_parts cs_runner_uri_split(cs_span s);
/* Whether a link's target, read in /.well-known/core, is the resource at path,
 * "/a/b" with percent-encoded segments. The authority is not looked at. */
bool cs_runner_link_leads_to(cs_span target, const char *path);

#endif
