/* Files and folders, for certificates and keys. */
#ifndef CS_NET_FILE_H
#define CS_NET_FILE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"

/* Reads a regular file (path is NUL-terminated) of 1 to max bytes into memory of
 * alloc, max + 1 bytes or less, that the caller wipes and gives back with
 * cs_base_put(alloc, *out, *cap). CS_ERR_NOT_FOUND, CS_ERR_PERMISSION,
 * CS_ERR_ARGUMENT (no regular file, or empty), CS_ERR_TOO_LARGE, CS_ERR_MEMORY,
 * CS_ERR_SYSTEM. */
cs_err cs_net_file_read(const char *path, const cs_base_alloc *alloc, size_t max, uint8_t **out,
                        size_t *len, size_t *cap);

/* Calls each with the path of every regular file of a folder, in the order of
 * their names, links followed, names with a dot in front left out; ends with
 * the first that does not return CS_OK, and returns that. CS_ERR_NOT_FOUND,
 * CS_ERR_PERMISSION, CS_ERR_ARGUMENT (no folder), CS_ERR_TOO_LARGE (a path too
 * long), CS_ERR_MEMORY, CS_ERR_SYSTEM. */
cs_err cs_net_folder_each(const char *path, cs_err (*each)(void *ctx, const char *file), void *ctx);

#endif
