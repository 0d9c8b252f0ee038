#include "server/json_patch.h"

#include <jansson.h>

#include "wire/message.h"

enum { BAD_REQUEST = CS_CODE(4, 0), CONFLICT = CS_CODE(4, 9), UNPROCESSABLE = CS_CODE(4, 22) };

static uint8_t refuse(uint8_t code, const char *text, const char **why) {
  *why = text;
  return code;
}

static json_t *parse(cs_span s) {
  json_error_t e;
  return s.len ? json_loadb((const char *)s.at, s.len, JSON_DECODE_ANY, &e) : NULL;
}

/* An object that a patch is being laid on. */
struct level {
  json_t *target;
  const json_t *patch;
  void *at; /* the patch's present member */
};

static void *first_member(const json_t *patch) {
  /* The iteration does not change patch, whatever its parameter says. */
  return json_object_iter((json_t *)(uintptr_t)patch);
}

/* RFC 7396 section 2, for two objects: lays patch on target, which is changed in
 * place. False, and target is no more to be used, when patch is nested too deeply. */
static bool lay_on(json_t *target, const json_t *patch) {
  enum { DEPTH = 32 };
  struct level levels[DEPTH] = {{target, patch, first_member(patch)}};
  size_t depth = 1;
  while (depth > 0) {
    struct level *l = &levels[depth - 1];
    if (!l->at) {
      depth--;
      continue;
    }
    const char *key = json_object_iter_key(l->at);
    const json_t *value = json_object_iter_value(l->at);
    l->at = json_object_iter_next((json_t *)(uintptr_t)l->patch, l->at);
    if (json_is_null(value)) {
      (void)json_object_del(l->target, key);
    } else if (!json_is_object(value)) {
      (void)json_object_set_new(l->target, key, json_deep_copy(value));
    } else {
      if (depth == DEPTH)
        return false;
      if (!json_is_object(json_object_get(l->target, key)))
        (void)json_object_set_new(l->target, key, json_object());
      levels[depth++] = (struct level){json_object_get(l->target, key), value, first_member(value)};
    }
  }
  return true;
}

/* Takes a reference of target (may be NULL), returns one; NULL when the patch is
 * nested too deeply. */
static json_t *merge(json_t *target, const json_t *patch) {
  if (!json_is_object(patch)) {
    json_decref(target);
    return json_deep_copy(patch);
  }
  if (!json_is_object(target)) {
    json_decref(target);
    target = json_object();
  }
  if (lay_on(target, patch))
    return target;
  json_decref(target);
  return NULL;
}

/* The container that a pointer (RFC 6901) leads to, and the last of its parts,
 * which is in text then. NULL when there is none. A pointer without its first
 * slash is taken as the examples of RFC 8132 mean it. */
static json_t *container(json_t *root, const char *pointer, char *text, size_t cap,
                         const char **last) {
  size_t len = strlen(pointer);
  if (len + 2 > cap)
    return NULL;
  memcpy(text, pointer, len + 1);
  char *part = text + (text[0] == '/');
  for (;;) {
    char *slash = strchr(part, '/');
    if (slash)
      *slash = '\0';
    char *to = part;
    for (const char *from = part; *from; from++) {
      bool escaped = *from == '~' && (from[1] == '0' || from[1] == '1');
      *to++ = !escaped ? *from : from[1] == '0' ? '~' : '/';
      from += escaped;
    }
    *to = '\0';
    *last = part;
    if (!slash)
      return json_is_object(root) || json_is_array(root) ? root : NULL;
    size_t index = strtoul(part, NULL, 10);
    root = json_is_array(root) ? json_array_get(root, index) : json_object_get(root, part);
    part = slash + 1;
  }
}

/* The place in an array that a part of a pointer names; false when it names none
 * up to limit. */
static bool place(const json_t *array, const char *part, size_t limit, size_t *out) {
  size_t v = 0;
  if (strcmp(part, "-") == 0) {
    *out = json_array_size(array);
    return *out <= limit;
  }
  for (const char *c = part; *c; c++) {
    if (*c < '0' || *c > '9' || v > 100000)
      return false;
    v = v * 10 + (size_t)(*c - '0');
  }
  *out = v;
  return *part && v <= limit;
}

static json_t *member(json_t *in, const char *part) {
  size_t index;
  if (json_is_object(in))
    return json_object_get(in, part);
  return place(in, part, SIZE_MAX, &index) ? json_array_get(in, index) : NULL;
}

/* One operation on *root (RFC 6902 section 4): add, replace, remove, test. */
static uint8_t perform(json_t *root, const json_t *operation, bool idempotent, const char **why) {
  const char *name = json_string_value(json_object_get(operation, "op"));
  const char *pointer = json_string_value(json_object_get(operation, "path"));
  bool removes = name && strcmp(name, "remove") == 0;
  json_t *value = removes ? NULL : json_object_get(operation, "value");
  char text[1024];
  const char *last = "";
  if (!name || !pointer)
    return refuse(BAD_REQUEST, "an operation has op and path", why);
  bool add = strcmp(name, "add") == 0;
  bool replace = strcmp(name, "replace") == 0;
  bool test = strcmp(name, "test") == 0;
  if (!add && !replace && !test && !removes)
    return refuse(UNPROCESSABLE, "add, replace, remove and test are supported", why);
  if (!value && !removes)
    return refuse(BAD_REQUEST, "the operation has a value", why);
  json_t *in = container(root, pointer, text, sizeof text, &last);
  if (!in)
    return refuse(CONFLICT, "the path leads nowhere", why);
  if (add && json_is_array(in)) {
    size_t index;
    if (idempotent)
      return refuse(BAD_REQUEST, "Patch format not idempotent", why);
    if (!place(in, last, json_array_size(in), &index))
      return refuse(CONFLICT, "the path leads nowhere", why);
    return json_array_insert(in, index, value) == 0 ? 0 : CS_CODE(5, 0);
  }
  json_t *there = member(in, last);
  if (!add && !there)
    return refuse(CONFLICT, "there is no such member", why);
  if (test)
    return json_equal(there, value) ? 0 : refuse(CONFLICT, "the member has another value", why);
  if (json_is_object(in))
    return (value ? json_object_set(in, last, value) : json_object_del(in, last)) == 0
               ? 0
               : CS_CODE(5, 0);
  size_t index = 0;
  (void)place(in, last, SIZE_MAX, &index);
  return (value ? json_array_set(in, index, value) : json_array_remove(in, index)) == 0
             ? 0
             : CS_CODE(5, 0);
}

static uint8_t perform_all(json_t *root, const json_t *patch, bool idempotent, const char **why) {
  if (!json_is_array(patch))
    return refuse(BAD_REQUEST, "a JSON patch is an array", why);
  for (size_t i = 0; i < json_array_size(patch); i++) {
    uint8_t code = perform(root, json_array_get(patch, i), idempotent, why);
    if (code)
      return code;
  }
  return 0;
}

static uint8_t dump(const json_t *root, uint8_t *buf, size_t cap, size_t *len, const char **why) {
  size_t size = json_dumpb(root, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
  if (size == 0 || size > cap)
    return refuse(CS_CODE(4, 13), "the representation becomes too large", why);
  *len = json_dumpb(root, (char *)buf, cap, JSON_COMPACT | JSON_ENCODE_ANY);
  return 0;
}

uint8_t cs_server_json_patch(int32_t format, cs_span before, cs_span patch, bool idempotent,
                             uint8_t *buf, size_t cap, size_t *len, const char **why) {
  *why = "the patch cannot be performed";
  json_t *change = parse(patch);
  if (!change)
    return refuse(BAD_REQUEST, "the patch is no JSON", why);
  json_t *root = parse(before);
  uint8_t code = 0;
  if (format == CS_SERVER_MERGE_PATCH)
    code = (root = merge(root, change))
               ? 0
               : refuse(UNPROCESSABLE, "the patch is nested too deeply", why);
  else if (!before.at)
    code = refuse(CS_CODE(4, 4), "no such resource", why);
  else
    code = perform_all(root, change, idempotent, why);
  if (!code)
    code = root ? dump(root, buf, cap, len, why) : CS_CODE(5, 0);
  json_decref(root);
  json_decref(change);
  return code;
}
