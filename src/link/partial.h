/* What is held of a message, a frame or a head whose rest has not come yet. */
#ifndef CS_LINK_PARTIAL_H
#define CS_LINK_PARTIAL_H

#include "link/link.h"

struct cs_link_partial {
  size_t cap;  /* bytes that at has room for */
  size_t len;  /* bytes held */
  size_t want; /* stream: bytes the message has in all; 0 while its header is incomplete */
  bool given;  /* the caller has it; it is dropped by the next call */
  uint8_t at[];
};

enum { LINK_PARTIAL_MIN = 64 };

/* Makes room for need bytes in all, keeping what is held. Room doubles, so that
 * bytes that trickle in are not copied each time, but goes no further than
 * bound, what the peer announced or may send; need <= bound. CS_ERR_MEMORY, what
 * was held then stays. */
cs_err link_hold(cs_link *l, size_t need, size_t bound);
/* Moves the next n bytes in; there is room for them. */
void link_move_in(cs_link *l, size_t n);
void link_drop(cs_link *l);
/* The peer broke a rule: nothing is held any more, nothing more comes. Sets
 * *broken and returns CS_ERR_RULE. */
cs_err link_break(cs_link *l, cs_rule why, cs_rule *broken);

#endif
