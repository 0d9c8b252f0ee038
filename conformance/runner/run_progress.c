/* The bar of a terminal: one line that says how far the run is. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runner/run_inside.h"

enum { CELLS = 24, LINE_MAX = 160, COLUMNS = 80 };
static const cs_time between_drawings = 100 * CS_MILLISECOND;

struct cs_runner_progress {
  size_t total;
  cs_time began;
  cs_time drawn_at; /* 0: never */
  bool shown;
};

cs_runner_progress *cs_runner_progress_new(cs_runner_arena *arena, size_t total) {
  if (!isatty(STDOUT_FILENO))
    return NULL;
  cs_runner_progress *p = cs_runner_get(arena, sizeof *p);
  p->total = total;
  p->began = cs_runner_wall();
  return p;
}

static size_t columns(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return COLUMNS;
  return size.ws_col;
}

void cs_runner_progress_draw(cs_runner_progress *p, size_t done, size_t faults, size_t under_way) {
  char line[LINE_MAX];
  char cells[CELLS + 1] = "";
  if (!p)
    return;
  cs_time now = cs_runner_wall();
  if (p->drawn_at && now < p->drawn_at + between_drawings)
    return;
  size_t full = p->total ? done * CELLS / p->total : 0;
  memset(cells, '.', CELLS);
  memset(cells, '#', full > CELLS ? CELLS : full);
  int len = snprintf(line, sizeof line, "[%s] %zu/%zu  %zu fault%s  %llu s  %zu under way", cells,
                     done, p->total, faults, faults == 1 ? "" : "s",
                     (unsigned long long)((now - p->began) / CS_SECOND), under_way);
  size_t room = columns() - 1; /* a full line would begin the next one */
  if (len < 0)
    return;
  printf("\r%.*s\033[K", (size_t)len > room ? (int)room : len, line);
  fflush(stdout);
  p->drawn_at = now;
  p->shown = true;
}

void cs_runner_progress_clear(cs_runner_progress *p) {
  if (!p || !p->shown)
    return;
  fputs("\r\033[K", stdout);
  fflush(stdout);
  p->shown = false;
}
