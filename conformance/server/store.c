#include "server/store.h"

#include <string.h>

void cs_server_store_init(cs_server_store *s, const cs_base_alloc *alloc) {
  memset(s, 0, sizeof *s);
  s->alloc = alloc;
}

void cs_server_store_free(cs_server_store *s) {
  for (size_t i = 0; i < s->count; i++)
    cs_base_put(s->alloc, s->entries[i], sizeof *s->entries[i]);
  cs_base_put(s->alloc, s->entries, s->cap * sizeof *s->entries);
  memset(s, 0, sizeof *s);
}

cs_server_stored *cs_server_store_find(const cs_server_store *s, const cs_server_path *path) {
  for (size_t i = 0; i < s->count; i++)
    if (cs_server_path_equal(&s->entries[i]->path, path))
      return s->entries[i];
  return NULL;
}

static void change(cs_server_store *s, cs_server_stored *e, int32_t format, cs_span payload) {
  e->format = format;
  e->version = ++s->version;
  e->len = payload.len;
  if (payload.len)
    memcpy(e->payload, payload.at, payload.len);
}

static void remove_at(cs_server_store *s, size_t i) {
  cs_base_put(s->alloc, s->entries[i], sizeof *s->entries[i]);
  s->entries[i] = s->entries[--s->count];
}

/* Lets the oldest created resource go when there are as many as there may be. */
static void make_room(cs_server_store *s) {
  size_t created = 0;
  size_t oldest = s->count;
  for (size_t i = 0; i < s->count; i++) {
    if (!s->entries[i] || s->entries[i]->initial)
      continue;
    created++;
    if (oldest == s->count || s->entries[i]->age < s->entries[oldest]->age)
      oldest = i;
  }
  if (created >= CS_SERVER_CREATED_MAX)
    remove_at(s, oldest);
}

static cs_err add(cs_server_store *s, const cs_server_path *path, cs_server_stored **out) {
  if (s->count == s->cap) {
    size_t cap = s->cap ? s->cap * 2 : 16;
    cs_server_stored **entries = cs_base_get(s->alloc, cap * sizeof *entries);
    if (!entries)
      return CS_ERR_MEMORY;
    if (s->count)
      memcpy(entries, s->entries, s->count * sizeof *entries);
    cs_base_put(s->alloc, s->entries, s->cap * sizeof *entries);
    s->entries = entries;
    s->cap = cap;
  }
  cs_server_stored *e = cs_base_get(s->alloc, sizeof *e);
  if (!e)
    return CS_ERR_MEMORY;
  memset(e, 0, sizeof *e);
  e->path = *path;
  e->format = -1;
  e->age = s->age++;
  s->entries[s->count++] = e;
  *out = e;
  return CS_OK;
}

cs_err cs_server_store_keep(cs_server_store *s, const char *path, const char *initial) {
  cs_server_path key;
  cs_server_path_of_text(path, &key);
  cs_server_stored *e;
  cs_err err = add(s, &key, &e);
  if (err != CS_OK)
    return err;
  e->initial = initial;
  change(s, e, 0, cs_span_str(initial));
  return CS_OK;
}

cs_err cs_server_store_put(cs_server_store *s, const cs_server_path *path, int32_t format,
                           cs_span payload, bool *created) {
  if (path->too_long)
    return CS_ERR_ARGUMENT;
  if (payload.len > CS_SERVER_PAYLOAD_MAX)
    return CS_ERR_TOO_LARGE;
  cs_server_stored *e = cs_server_store_find(s, path);
  bool fresh = !e;
  if (fresh) {
    make_room(s);
    cs_err err = add(s, path, &e);
    if (err != CS_OK)
      return err;
  }
  change(s, e, format, payload);
  *created = fresh;
  return CS_OK;
}

void cs_server_store_delete(cs_server_store *s, const cs_server_path *path) {
  for (size_t i = 0; i < s->count; i++) {
    cs_server_stored *e = s->entries[i];
    if (!cs_server_path_equal(&e->path, path))
      continue;
    if (e->initial)
      change(s, e, 0, cs_span_str(e->initial));
    else
      remove_at(s, i);
    return;
  }
}
