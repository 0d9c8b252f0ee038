/* Memory of objects that belong to no context. Each piece remembers its size
 * and where it came from, so the interface's own delete functions need no
 * more than the pointer. */
#ifndef CS_API_MEMORY_H
#define CS_API_MEMORY_H

#include <stddef.h>

#include "base/alloc.h"

/* size bytes aligned for any type, not initialised; NULL when there are none
 * (the caller says so). size may be 0. */
void *cs_api_get(size_t size);
/* Grows or shrinks the piece at p (NULL: a new one), which may move. NULL when
 * there is no memory: p is then still there. */
void *cs_api_resize(void *p, size_t size);
/* p may be NULL. */
void cs_api_put(void *p);

/* Where the piece at p came from. */
const cs_base_alloc *cs_api_alloc_of(const void *p);

/* Where memory comes from, of objects and of contexts made from now on; NULL
 * brings the heap back. For tests. */
void cs_api_set_alloc(const cs_base_alloc *alloc);
const cs_base_alloc *cs_api_alloc(void);

#endif
