/* Which sessions and contexts are alive: what lets a release too many be
 * reported instead of touching freed memory. */
#ifndef CS_API_LIVE_H
#define CS_API_LIVE_H

#include <stdbool.h>
#include <stddef.h>

/* Part of each object; one pointer, as programs have thousands of them. */
typedef struct cs_api_node {
  struct cs_api_node *next;
} cs_api_node;

/* Notes that the object holding node is alive. False when there is no memory. */
bool cs_api_live_add(cs_api_node *node);
void cs_api_live_remove(cs_api_node *node);
/* Whether an object is alive at this address; it is not looked at. offset is
 * where its node lies in it. */
bool cs_api_live(const void *object, size_t offset);

#endif
