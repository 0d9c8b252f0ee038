#include "api/roots.h"

#include <string.h>

#include "api/error.h"
#include "net/file.h"

enum { FILE_MAX = 1 << 20, TOTAL_MAX = 8 << 20, FILES_MAX = 1024, FIRST = 4 };

struct reading {
  const char *function;
  cs_api_context_tls *t;
  cs_api_root *roots;
  size_t count, cap, total;
  bool folder;
};

void cs_api_roots_free(const cs_base_alloc *alloc, cs_api_root *roots, size_t count, size_t cap) {
  for (size_t i = 0; i < count; i++)
    cs_base_put(alloc, roots[i].at, roots[i].cap);
  cs_base_put(alloc, roots, cap * sizeof *roots);
}

void cs_api_roots_spans(const cs_api_root *roots, size_t count, cs_span *out) {
  for (size_t i = 0; i < count; i++)
    out[i] = cs_span_of(roots[i].at, roots[i].len);
}

static cs_err fail(const struct reading *r, const char *file, const char *why) {
  cs_api_fail(r->function, "%.150s: %s", file, why);
  return CS_ERR_RULE; /* the reason was left */
}

/* Whether there is a block that can be meant for us. */
static bool has_block(cs_span text) {
  return text.len && (memmem(text.at, text.len, "-----BEGIN CERTIFICATE", 22) ||
                      memmem(text.at, text.len, "-----BEGIN X509 CRL", 19));
}

/* Where the next goes; NULL without memory. */
static cs_api_root *room(struct reading *r) {
  if (r->roots && r->count < r->cap)
    return &r->roots[r->count];
  size_t cap = r->cap ? 2 * r->cap : FIRST;
  cs_api_root *grown = cs_base_get(r->t->alloc, cap * sizeof *grown);
  if (!grown)
    return NULL;
  if (r->count)
    memcpy(grown, r->roots, r->count * sizeof *grown);
  cs_base_put(r->t->alloc, r->roots, r->cap * sizeof *r->roots);
  r->roots = grown;
  r->cap = cap;
  return &r->roots[r->count];
}

/* What is wrong with a file's text, by parsing it; NULL when nothing is. */
static const char *wrong(const struct reading *r, cs_span text) {
  const char *why = NULL;
  cs_tls_pki pki = {.roots = &text, .root_count = 1};
  cs_tls_credentials c = {.role = CS_TLS_CLIENT, .pki = &pki};
  cs_tls_setup *setup = NULL;
  cs_err e = cs_tls_setup_new(r->t->shared, &c, &setup, &why);
  cs_tls_setup_free(setup);
  return e == CS_OK ? NULL : e == CS_ERR_ARGUMENT && why ? why : cs_base_err_text(e);
}

static cs_err take(void *ctx, const char *file) {
  struct reading *r = ctx;
  cs_api_root root;
  cs_err e = cs_net_file_read(file, r->t->alloc, FILE_MAX, &root.at, &root.len, &root.cap);
  /* What lies about in a folder and is not ours does no harm; what may be ours
   * and cannot be read does. */
  if (r->folder && (e == CS_ERR_ARGUMENT || e == CS_ERR_TOO_LARGE || e == CS_ERR_NOT_FOUND))
    return CS_OK;
  if (e != CS_OK)
    return fail(r, file,
                e == CS_ERR_ARGUMENT    ? "not a file, or an empty one"
                : e == CS_ERR_TOO_LARGE ? "larger than 1 MiB"
                                        : cs_base_err_text(e));
  const char *why = NULL;
  cs_api_root *place = NULL;
  bool skip = r->folder && !has_block(cs_span_of(root.at, root.len));
  if (!skip && (r->count == FILES_MAX || root.len > TOTAL_MAX - r->total))
    why = "more than 1024 files, or more than 8 MiB";
  else if (!skip && !(place = room(r)))
    why = cs_base_err_text(CS_ERR_MEMORY);
  else if (!skip)
    why = wrong(r, cs_span_of(root.at, root.len));
  if (!place || why) {
    cs_base_put(r->t->alloc, root.at, root.cap);
    return skip ? CS_OK : fail(r, file, why);
  }
  r->total += root.len;
  *place = root;
  r->count++;
  return CS_OK;
}

bool cs_api_roots_read(const char *function, cs_api_context_tls *t, const char *ca_file,
                       const char *ca_dir, cs_api_root **out, size_t *count, size_t *cap) {
  struct reading r = {.function = function, .t = t};
  cs_err e = ca_file ? take(&r, ca_file) : CS_OK;
  if (e == CS_OK && ca_dir) {
    size_t before = r.count;
    r.folder = true;
    e = cs_net_folder_each(ca_dir, take, &r);
    if (e != CS_OK && e != CS_ERR_RULE)
      (void)fail(&r, ca_dir, e == CS_ERR_ARGUMENT ? "not a folder" : cs_base_err_text(e));
    else if (e == CS_OK && r.count == before)
      e = fail(&r, ca_dir, "there is no certificate in this folder");
  }
  if (e != CS_OK) {
    cs_api_roots_free(t->alloc, r.roots, r.count, r.cap);
    return false;
  }
  *out = r.roots;
  *count = r.count;
  *cap = r.cap;
  return true;
}
