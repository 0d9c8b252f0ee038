/* Which cases must not run at the same time against one target: those where
 * one writes to a resource that the other reads or writes. */
#include <string.h>

#include "runner/driver.h"
#include "wire/message.h"

struct use {
  const char *role;
  const char *suffix;
  bool writes;
};

/* The use of a resource by a step; false when it uses none. */
static bool use_of(const cs_runner_step *step, struct use *out) {
  if ((step->kind != CS_RUNNER_SEND && step->kind != CS_RUNNER_CALL) ||
      step->send.kind != CS_RUNNER_SEND_MESSAGE)
    return false;
  for (size_t i = 0; i < step->send.field_count; i++) {
    const cs_runner_field *f = &step->send.fields[i];
    if (f->kind != CS_RUNNER_FIELD_ROLE)
      continue;
    bool safe = step->send.code == CS_CODE(0, 1) || step->send.code == CS_CODE(0, 5);
    *out = (struct use){f->role, f->suffix ? f->suffix : "", !safe};
    return true;
  }
  return false;
}

static bool same_resource(const struct use *a, const struct use *b, const cs_runner_profile *p) {
  const char *x = cs_runner_profile_path(p, a->role);
  const char *y = cs_runner_profile_path(p, b->role);
  return x && y && strcmp(x, y) == 0 && strcmp(a->suffix, b->suffix) == 0;
}

bool cs_runner_conflict(const cs_runner_scenario *a, const cs_runner_scenario *b,
                        const cs_runner_profile *p) {
  struct use x;
  struct use y;
  for (size_t i = 0; i < a->step_count; i++)
    if (use_of(&a->steps[i], &x))
      for (size_t k = 0; k < b->step_count; k++)
        if (use_of(&b->steps[k], &y) && (x.writes || y.writes) && same_resource(&x, &y, p))
          return true;
  return false;
}
