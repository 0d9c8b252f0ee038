#include "runner/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/random.h"

bool cs_runner_glob(const char *pattern, const char *id) {
  return fnmatch(pattern, id, 0) == 0;
}

static bool level_named(const char *word, cs_runner_level *out) {
  static const char *const names[CS_RUNNER_LEVEL_COUNT_] = {"MUST", "SHOULD", "MAY"};
  for (unsigned i = 0; i < CS_RUNNER_LEVEL_COUNT_; i++) {
    if (strcasecmp(word, names[i]) == 0) {
      *out = (cs_runner_level)i;
      return true;
    }
  }
  return false;
}

static bool transport_named(const char *word, cs_runner_transport *out) {
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    if (strcasecmp(word, cs_runner_transport_name((cs_runner_transport)t)) == 0) {
      *out = (cs_runner_transport)t;
      return true;
    }
  }
  return false;
}

bool cs_runner_selection_check(const cs_runner_selection *s, const char **word) {
  const char *const *levels = s->levels.items;
  const char *const *transports = s->transports.items;
  cs_runner_level level;
  cs_runner_transport transport;
  for (size_t i = 0; i < s->levels.count; i++) {
    *word = levels[i];
    if (!level_named(levels[i], &level))
      return false;
  }
  for (size_t i = 0; i < s->transports.count; i++) {
    *word = transports[i];
    if (!transport_named(transports[i], &transport))
      return false;
  }
  return true;
}

/* Whether section is wanted or inside of it: 4 takes 4.2 but not 40. */
static bool section_in(const char *section, size_t len, const char *wanted) {
  size_t n = strlen(wanted);
  return len >= n && strncmp(section, wanted, n) == 0 && (len == n || section[n] == '.');
}

bool cs_runner_in_section(const char *id, const char *wanted) {
  const char *hash = strchr(id, '#');
  if (!hash)
    return false;
  const char *divider = strpbrk(wanted, "#/");
  bool whole = !divider && strncasecmp(wanted, "RFC", 3) == 0;
  if (whole)
    return (size_t)(hash - id) == strlen(wanted) && strncasecmp(id, wanted, strlen(wanted)) == 0;
  if (divider) {
    const char *number = strncasecmp(wanted, "RFC", 3) == 0 ? wanted + 3 : wanted;
    const char *mine = strncasecmp(id, "RFC", 3) == 0 ? id + 3 : id;
    if (divider - number != hash - mine || strncmp(number, mine, (size_t)(hash - mine)) != 0)
      return false;
    wanted = divider + 1;
  }
  const char *section = hash + 1;
  return section_in(section, strcspn(section, ":"), wanted);
}

static bool in_sections(const cs_runner_scenario *sc, const cs_runner_list *sections) {
  const char *const *wanted = sections->items;
  for (size_t i = 0; i < sections->count; i++)
    for (size_t k = 0; k < sc->cover_count; k++)
      if (cs_runner_in_section(sc->covers[k], wanted[i]))
        return true;
  return sections->count == 0;
}

static bool in_levels(const cs_runner_library *l, const cs_runner_scenario *sc,
                      const cs_runner_list *levels) {
  const char *const *wanted = levels->items;
  cs_runner_level level = CS_RUNNER_MUST;
  for (size_t i = 0; i < levels->count; i++)
    for (size_t k = 0; k < sc->cover_count; k++)
      if (level_named(wanted[i], &level) &&
          cs_runner_level_of(&l->requirements, sc->covers[k]) == level)
        return true;
  return levels->count == 0;
}

static bool in_globs(const char *id, const char *scenario, const cs_runner_list *globs) {
  const char *const *wanted = globs->items;
  for (size_t i = 0; i < globs->count; i++)
    if (cs_runner_glob(wanted[i], id) || cs_runner_glob(wanted[i], scenario))
      return true;
  return false;
}

bool cs_runner_transport_there(cs_runner_transport t) {
  if (!(1u << t & CS_RUNNER_SECURED))
    return true;
  return cs_tls_available(1u << t & CS_RUNNER_DATAGRAMS ? CS_TLS_DATAGRAM : CS_TLS_STREAM);
}

static unsigned transports_of(const cs_runner_selection *s) {
  const char *const *words = s->transports.items;
  unsigned there = 0;
  for (unsigned k = 0; k < CS_RUNNER_TRANSPORT_COUNT_; k++)
    if (cs_runner_transport_there((cs_runner_transport)k))
      there |= 1u << k;
  unsigned mask = s->transports.count ? 0 : there;
  cs_runner_transport t;
  for (size_t i = 0; i < s->transports.count; i++)
    if (transport_named(words[i], &t))
      mask |= 1u << t;
  return mask & there;
}

cs_runner_variant *cs_runner_select(cs_runner_library *l, const cs_runner_selection *s,
                                    size_t *count, size_t *slow) {
  const cs_runner_scenario *const *scenarios = l->scenarios.items;
  unsigned transports = transports_of(s);
  cs_runner_list out = {0};
  size_t left_out = 0;
  for (size_t i = 0; i < l->scenarios.count; i++) {
    const cs_runner_scenario *sc = scenarios[i];
    if (!in_sections(sc, &s->sections) || !in_levels(l, sc, &s->levels))
      continue;
    for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
      cs_runner_variant variants[2];
      size_t n = transports >> t & 1u
                     ? cs_runner_expand(sc, (cs_runner_transport)t, &l->arena, variants)
                     : 0;
      for (size_t k = 0; k < n; k++) {
        const char *id = variants[k].id;
        if ((s->only.count && !in_globs(id, sc->id, &s->only)) || in_globs(id, sc->id, &s->exclude))
          continue;
        if (sc->slow && s->fast)
          left_out++;
        else
          *(cs_runner_variant *)cs_runner_push(&l->arena, &out, sizeof *variants) = variants[k];
      }
    }
  }
  *count = out.count;
  if (slow)
    *slow = left_out;
  return out.items;
}

void cs_runner_shuffle(size_t *order, size_t count, uint64_t seed) {
  cs_base_seeded random;
  cs_base_seeded_init(&random, seed);
  for (size_t i = count; i > 1; i--) {
    size_t k = (size_t)(cs_base_seeded_next(&random) % i);
    size_t other = order[k];
    order[k] = order[i - 1];
    order[i - 1] = other;
  }
}
