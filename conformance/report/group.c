/* Cases by section. */
#include <stdlib.h>
#include <string.h>

#include "report/inside.h"

/* Compares as people number sections: 5.10 comes after 5.2. */
static int compare_numbered(const char *a, const char *b) {
  while (*a && *b) {
    size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
    if (na > 0 && nb > 0) {
      unsigned long va = strtoul(a, NULL, 10), vb = strtoul(b, NULL, 10);
      if (va != vb)
        return va < vb ? -1 : 1;
      a += na;
      b += nb;
    } else {
      if (*a != *b)
        return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      a++;
      b++;
    }
  }
  return (*a != '\0') - (*b != '\0');
}

static int compare_cases(const void *a, const void *b) {
  const cs_report_case *x = *(const cs_report_case *const *)a;
  const cs_report_case *y = *(const cs_report_case *const *)b;
  char sx[96], sy[96];
  cs_report_section(x->id, sx, sizeof sx);
  cs_report_section(y->id, sy, sizeof sy);
  int order = compare_numbered(sx, sy);
  return order ? order : (x > y) - (x < y);
}

bool cs_report_groups_make(const cs_report_run *run, cs_report_groups *groups) {
  size_t n = run->case_count;
  cs_report_groups g = {.at = calloc(n + 1, sizeof *g.at), .order = calloc(n + 1, sizeof *g.order)};
  if (!g.at || !g.order) {
    cs_report_groups_free(&g);
    return false;
  }
  for (size_t i = 0; i < n; i++)
    g.order[i] = &run->cases[i];
  qsort(g.order, n, sizeof *g.order, compare_cases);
  for (size_t i = 0; i < n; i++) {
    char section[sizeof g.at->section];
    cs_report_section(g.order[i]->id, section, sizeof section);
    if (g.count == 0 || strcmp(section, g.at[g.count - 1].section) != 0) {
      cs_report_group *fresh = &g.at[g.count++];
      memcpy(fresh->section, section, sizeof section);
      fresh->cases = g.order + i;
    }
    cs_report_group *group = &g.at[g.count - 1];
    group->case_count++;
    if ((unsigned)g.order[i]->verdict < CS_VERDICT_COUNT_)
      group->counts[g.order[i]->verdict]++;
  }
  *groups = g;
  return true;
}

void cs_report_groups_free(cs_report_groups *groups) {
  free(groups->at);
  free(groups->order);
  groups->at = NULL;
  groups->order = NULL;
  groups->count = 0;
}
