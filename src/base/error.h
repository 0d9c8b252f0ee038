/* The closed list of errors. Internal functions return one of these; errno
 * never leaks above net. A function that does not return CS_OK has left its
 * outputs and its object as they were. */
#ifndef CS_BASE_ERROR_H
#define CS_BASE_ERROR_H

typedef enum cs_err {
  CS_OK = 0,
  CS_ERR_ARGUMENT,    /* an argument is outside its documented domain */
  CS_ERR_MEMORY,      /* the owner's allocator returned NULL */
  CS_ERR_LIMIT,       /* a stated cap (queue, table, buffer) is reached */
  CS_ERR_TOO_LARGE,   /* the message does not fit what the peer or MTU takes */
  CS_ERR_RULE,        /* a protocol rule was broken; a cs_rule says which */
  CS_ERR_DUPLICATE,   /* token or Message ID already in use */
  CS_ERR_NOT_FOUND,   /* no such request, session, name or file */
  CS_ERR_STATE,       /* not possible in the object's present state */
  CS_ERR_UNSUPPORTED, /* known, but not provided by this build */
  CS_ERR_AGAIN,       /* nothing now; wait for readiness or the deadline */
  CS_ERR_CLOSED,      /* the transport is closed */
  CS_ERR_RESET,       /* the peer broke the stream off (TCP RST) */
  CS_ERR_REFUSED,     /* the peer's port refused (ICMP or RST) */
  CS_ERR_UNREACHABLE, /* no route to the peer */
  CS_ERR_IN_USE,      /* local address or path already in use */
  CS_ERR_PERMISSION,  /* the operating system forbids it */
  CS_ERR_RESOLVE,     /* a host name has no address */
  CS_ERR_SYSTEM,      /* any other failure of the operating system */
  CS_ERR_COUNT_
} cs_err;

/* A short English phrase for e, never NULL, with static lifetime. */
const char *cs_base_err_text(cs_err e);

#endif
