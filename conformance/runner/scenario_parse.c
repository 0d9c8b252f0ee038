#include <stdio.h>

#include "runner/scenario_text.h"

/* A scenario is text: no control characters but line ends and tabs. */
static bool check_text(state *p, cs_span text) {
  unsigned line = 1;
  unsigned column = 1;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.at[i];
    bool line_end = c == '\r' && i + 1 < text.len && text.at[i + 1] == '\n';
    if ((c < 0x20 && c != '\n' && c != '\t' && !line_end) || c == 0x7f)
      return cs_runner_expected_on(p, line, column, "text, not a control character");
    column++;
    if (c == '\n') {
      line++;
      column = 1;
    }
  }
  if (text.len > CS_RUNNER_BARE_FILE_MAX)
    return cs_runner_expected_on(p, 1, 1, "a file of at most %d bytes", CS_RUNNER_BARE_FILE_MAX);
  return true;
}

static bool check_size(state *p, cs_span text) {
  if (text.len > CS_RUNNER_FILE_MAX && !p->out->bare)
    return cs_runner_expected_on(p, 1, 1, "a file of at most %d bytes", CS_RUNNER_FILE_MAX);
  return true;
}

/* The search for a sign of life that every case ends with is all that a reproducer
 * wants of its end. */
static void leave_to_the_end(state *p) {
  const cs_runner_step *steps = p->steps.items;
  if (p->out->bare && p->steps.count && steps[p->steps.count - 1].kind == CS_RUNNER_ALIVE)
    p->steps.count--;
}

static bool parse_steps(state *p) {
  while (cs_runner_next_line(p)) {
    if (cs_runner_at_end(p) || *p->in.at == '#')
      continue;
    if (!cs_runner_parse_step(p))
      return false;
  }
  cs_runner_close_step(p);
  return cs_runner_check(p);
}

bool cs_runner_parse(cs_span text, const char *file, const cs_runner_names *names,
                     cs_runner_arena *arena, const cs_runner_scenario **out,
                     cs_runner_error *error) {
  memset(error, 0, sizeof *error);
  state p = {.arena = arena, .names = names, .error = error, .rest = text};
  p.out = cs_runner_get(arena, sizeof *p.out);
  p.out->file = cs_runner_text(arena, cs_span_str(file));
  if (!check_text(&p, text) || !cs_runner_parse_header(&p) || !check_size(&p, text) ||
      !parse_steps(&p))
    return false;
  leave_to_the_end(&p);
  p.out->text = text;
  p.out->covers = p.covers.items;
  p.out->cover_count = p.covers.count;
  p.out->needs = p.needs.items;
  p.out->need_count = p.needs.count;
  p.out->vars = p.vars.items;
  p.out->var_count = p.vars.count;
  p.out->steps = p.steps.items;
  p.out->step_count = p.steps.count;
  *out = p.out;
  return true;
}
