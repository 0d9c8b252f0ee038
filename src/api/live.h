/* Which sessions and contexts are alive: what lets a release too many be
 * reported instead of touching freed memory. */
#ifndef CS_API_LIVE_H
#define CS_API_LIVE_H

#include <stdbool.h>

#include "base/table.h"

/* Notes that object, which holds node, is alive. False when there is no
 * memory. */
bool cs_api_live_add(cs_base_node *node, const void *object);
void cs_api_live_remove(cs_base_node *node);
/* Whether an object is alive at this address; it is not looked at. offset is
 * where its node lies in it. */
bool cs_api_live(const void *object, size_t offset);

#endif
