#include "runner/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/embedded.h"
#include "runner/probe.h"
#include "server/server.h"

enum { FILES_MAX = 10000, DEPTH_MAX = 8, TSV_MAX = 1 << 24 };

static bool fault(const char *file, const cs_runner_error *e) {
  fprintf(stderr, "%s:%u:%u: %s\n", file, e->line, e->column, e->message);
  return false;
}

static bool known_requirement(void *ctx, const char *id) {
  return cs_runner_requirement(&((cs_runner_library *)ctx)->requirements, id) != NULL;
}

static bool known_defect(void *ctx, const char *name) {
  (void)ctx;
  return cs_server_defect_named(name) != NULL;
}

static bool known_role(void *ctx, const char *name) {
  const cs_runner_library *l = ctx;
  const char *const *roles = l->roles.items;
  for (size_t i = 0; i < l->roles.count; i++)
    if (strcmp(roles[i], name) == 0)
      return true;
  return false;
}

static bool known_cap(void *ctx, const char *name) {
  (void)ctx;
  return cs_runner_probe_named(name) != NULL;
}

static void add_roles(cs_runner_library *l, const cs_runner_profile *p) {
  const cs_runner_resource *r = p->resources.items;
  for (size_t i = 0; i < p->resources.count; i++)
    if (!known_role(l, r[i].role))
      *(const char **)cs_runner_push(&l->arena, &l->roles, sizeof(char *)) = r[i].role;
}

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with) {
  size_t len = strlen(text);
  size_t tail = strlen(with);
  return len >= tail && strcmp(text + len - tail, with) == 0;
}

bool cs_runner_library_open(cs_runner_library *l) {
  memset(l, 0, sizeof *l);
  l->names = (cs_runner_names){known_requirement, known_defect, known_role, known_cap, l};
  for (const cs_runner_embedded *f = cs_runner_embedded_files; f->path; f++) {
    cs_runner_error e;
    cs_runner_profile p;
    if (strcmp(f->path, "requirements.tsv") == 0 &&
        !cs_runner_requirements_read(f->text, &l->arena, &l->requirements, &e))
      return fault(f->path, &e);
    if (begins(f->path, "profiles/")) {
      if (!cs_runner_profile_read(f->text, f->path, &l->arena, &p, &e))
        return fault(f->path, &e);
      add_roles(l, &p);
    }
  }
  l->own_roles = l->roles.count;
  return true;
}

void cs_runner_library_close(cs_runner_library *l) {
  cs_runner_release(&l->arena);
  memset(l, 0, sizeof *l);
}

bool cs_runner_read_file(cs_runner_arena *arena, const char *path, size_t max, cs_span *out) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "coapspec: %s: %s\n", path, strerror(errno));
    return false;
  }
  uint8_t *bytes = malloc(max + 1);
  size_t len = bytes ? fread(bytes, 1, max + 1, f) : 0;
  bool bad = !bytes || ferror(f);
  fclose(f);
  if (bad || len > max) {
    if (bad)
      fprintf(stderr, "coapspec: %s: cannot be read\n", path);
    else
      fprintf(stderr, "coapspec: %s: larger than %zu bytes\n", path, max);
    free(bytes);
    return false;
  }
  *out = cs_runner_copy(arena, cs_span_of(bytes, len));
  free(bytes);
  return true;
}

/* The folder that path is in: "." when it names none. */
static char *folder_of(cs_runner_arena *arena, const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash)
    return cs_runner_format(arena, ".");
  return cs_runner_text(arena, cs_span_of(path, slash == path ? 1 : (size_t)(slash - path)));
}

bool cs_runner_library_beside(cs_runner_library *l, const char *path) {
  struct stat info;
  char *folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode)
                     ? cs_runner_text(&l->arena, cs_span_str(path))
                     : folder_of(&l->arena, path);
  for (unsigned up = 0; up < 4; up++) {
    char *tsv = cs_runner_format(&l->arena, "%s/requirements.tsv", folder);
    cs_span text;
    cs_runner_error e;
    if (access(tsv, R_OK) == 0) {
      if (!cs_runner_read_file(&l->arena, tsv, TSV_MAX, &text))
        return false;
      return cs_runner_requirements_read(text, &l->arena, &l->requirements, &e) || fault(tsv, &e);
    }
    folder = cs_runner_format(&l->arena, "%s/..", folder);
  }
  return true;
}

/* A file in a folder rfc7252 is named after its id: 7252/4.3/ping is in
 * rfc7252/4.3-ping.scn. */
static bool check_name(cs_runner_arena *arena, const char *path, const cs_runner_scenario *s) {
  const char *base = strrchr(path, '/');
  const char *folder = base;
  while (folder && folder > path && folder[-1] != '/')
    folder--;
  if (!folder || !begins(folder, "rfc"))
    return true;
  const char *first = strchr(s->id, '/');
  const char *second = strchr(first + 1, '/');
  char *want = cs_runner_format(arena, "rfc%.*s/%.*s-%s.scn", (int)(first - s->id), s->id,
                                (int)(second - first - 1), first + 1, second + 1);
  if (strcmp(folder, want) == 0)
    return true;
  fprintf(stderr, "%s:1:1: expected the file name %s for the id %s\n", path, want, s->id);
  return false;
}

/* A warning is for a SHOULD: a MUST that is broken is a failure, whatever the
 * scenario would like to call it. */
static bool check_levels(const cs_runner_library *l, const char *path,
                         const cs_runner_scenario *s) {
  for (size_t i = 0; i < s->step_count; i++) {
    for (size_t k = 0; k < s->steps[i].alternative_count; k++) {
      const cs_runner_alternative *a = &s->steps[i].alternatives[k];
      const char *statement = a->statement ? a->statement : s->cover_count ? s->covers[0] : NULL;
      if (a->verdict == CS_VERDICT_WARN && statement &&
          cs_runner_level_of(&l->requirements, statement) == CS_RUNNER_MUST) {
        fprintf(stderr, "%s:%u:%u: expected fail, not warn: %s is a MUST\n", path, a->line,
                a->column, statement);
        return false;
      }
    }
  }
  return true;
}

static const cs_runner_scenario *parse(cs_runner_library *l, cs_span text, const char *path) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  if (!cs_runner_parse(text, path, &l->names, &l->arena, &s, &e)) {
    fault(path, &e);
    return NULL;
  }
  return check_name(&l->arena, path, s) && check_levels(l, path, s) ? s : NULL;
}

const cs_runner_scenario *cs_runner_library_file(cs_runner_library *l, const char *path) {
  cs_span text;
  if (!cs_runner_read_file(&l->arena, path, CS_RUNNER_BARE_FILE_MAX, &text))
    return NULL;
  return parse(l, text, path);
}

static int by_id(const void *a, const void *b) {
  const cs_runner_scenario *const *x = a;
  const cs_runner_scenario *const *y = b;
  return strcmp((*x)->id, (*y)->id);
}

/* Sorts by id; two of the same id are a fault. */
static bool finish(cs_runner_library *l) {
  const cs_runner_scenario **s = l->scenarios.items;
  if (l->scenarios.count)
    qsort(s, l->scenarios.count, sizeof *s, by_id);
  for (size_t i = 1; i < l->scenarios.count; i++) {
    if (strcmp(s[i - 1]->id, s[i]->id) == 0) {
      fprintf(stderr, "%s:1:1: expected another id than %s, which %s has\n", s[i]->file, s[i]->id,
              s[i - 1]->file);
      return false;
    }
  }
  return true;
}

static bool add(cs_runner_library *l, const cs_runner_scenario *s) {
  if (s)
    *(const cs_runner_scenario **)cs_runner_push(&l->arena, &l->scenarios, sizeof s) = s;
  return s != NULL;
}

static bool load_embedded(cs_runner_library *l) {
  bool good = true;
  for (const cs_runner_embedded *f = cs_runner_embedded_files; f->path; f++)
    if (begins(f->path, "scenarios/"))
      good = add(l, parse(l, f->text, f->path)) && good;
  return good;
}

struct place {
  const char *path;
  unsigned depth;
};

/* Every .scn under a folder; folders wait in a list, so nothing recurs. */
static bool load_folder(cs_runner_library *l, const char *top) {
  cs_runner_list places = {0};
  bool good = true;
  *(struct place *)cs_runner_push(&l->arena, &places, sizeof(struct place)) =
      (struct place){top, 0};
  for (size_t i = 0; i < places.count; i++) {
    struct place here = ((struct place *)places.items)[i];
    DIR *dir = opendir(here.path);
    if (!dir) {
      fprintf(stderr, "coapspec: %s: %s\n", here.path, strerror(errno));
      return false;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
      struct stat info;
      if (entry->d_name[0] == '.')
        continue;
      char *path = cs_runner_format(&l->arena, "%s/%s", here.path, entry->d_name);
      if (stat(path, &info) != 0)
        continue;
      if (S_ISDIR(info.st_mode) && here.depth < DEPTH_MAX && places.count < FILES_MAX)
        *(struct place *)cs_runner_push(&l->arena, &places, sizeof(struct place)) =
            (struct place){path, here.depth + 1};
      else if (S_ISREG(info.st_mode) && ends(path, ".scn") && l->scenarios.count < FILES_MAX)
        good = add(l, cs_runner_library_file(l, path)) && good;
    }
    closedir(dir);
  }
  if (good && l->scenarios.count == 0) {
    fprintf(stderr, "coapspec: %s: holds no .scn file\n", top);
    return false;
  }
  return good;
}

bool cs_runner_library_load(cs_runner_library *l, const char *folder) {
  if (folder && !cs_runner_library_beside(l, folder))
    return false;
  bool good = folder ? load_folder(l, folder) : load_embedded(l);
  return finish(l) && good;
}

static const cs_runner_embedded *embedded_profile(const char *name) {
  for (const cs_runner_embedded *f = cs_runner_embedded_files; f->path; f++) {
    size_t len = strlen(name);
    if (begins(f->path, "profiles/") && strncmp(f->path + 9, name, len) == 0 &&
        strcmp(f->path + 9 + len, ".ini") == 0)
      return f;
  }
  return NULL;
}

bool cs_runner_library_profile(cs_runner_library *l, const char *name, cs_runner_profile *out) {
  const cs_runner_embedded *f = strchr(name, '/') ? NULL : embedded_profile(name);
  cs_runner_error e;
  cs_span text;
  if (f)
    text = f->text;
  else if (!strchr(name, '/') && !ends(name, ".ini") && access(name, F_OK) != 0) {
    fprintf(stderr, "coapspec: no profile has the name %s, and there is no such file\n", name);
    return false;
  } else if (!cs_runner_read_file(&l->arena, name, TSV_MAX, &text))
    return false;
  if (!cs_runner_profile_read(text, f ? f->path : name, &l->arena, out, &e))
    return fault(f ? f->path : name, &e);
  out->embedded = f != NULL;
  add_roles(l, out);
  return true;
}

static bool fields_name(const cs_runner_field *f, size_t count, const char *role) {
  for (size_t i = 0; i < count; i++) {
    if (f[i].role && strcmp(f[i].role, role) == 0)
      return true;
    for (size_t k = 0; k < f[i].inner_count; k++)
      if (f[i].inner[k].role && strcmp(f[i].inner[k].role, role) == 0)
        return true;
  }
  return false;
}

static bool scenario_names(const cs_runner_scenario *s, const char *role) {
  for (size_t i = 0; i < s->need_count; i++)
    if (s->needs[i].kind == CS_RUNNER_NEED_ROLE && strcmp(s->needs[i].name, role) == 0)
      return true;
  for (size_t i = 0; i < s->step_count; i++) {
    const cs_runner_step *step = &s->steps[i];
    if (fields_name(step->send.fields, step->send.field_count, role))
      return true;
    for (size_t k = 0; k < step->alternative_count; k++)
      if (fields_name(step->alternatives[k].pattern.fields,
                      step->alternatives[k].pattern.field_count, role))
        return true;
  }
  return false;
}

static bool is_used(const cs_runner_library *l, const char *role) {
  const char *const *own = l->roles.items;
  const cs_runner_scenario *const *s = l->scenarios.items;
  for (size_t i = 0; i < l->own_roles; i++)
    if (strcmp(own[i], role) == 0)
      return true;
  for (size_t i = 0; i < l->scenarios.count; i++)
    if (scenario_names(s[i], role))
      return true;
  return false;
}

void cs_runner_library_note_roles(const cs_runner_library *l, const cs_runner_profile *p) {
  const cs_runner_resource *r = p->resources.items;
  for (size_t i = 0; i < p->resources.count; i++)
    if (!is_used(l, r[i].role))
      fprintf(stderr, "coapspec: %s: [resources] %s: no scenario of this run knows this role\n",
              p->file, r[i].role);
}
