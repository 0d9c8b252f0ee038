#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/cli.h"

/* What the value of an option is, and so what it sets. */
enum kind {
  FLAG,     /* no value; a bool */
  TEXT,     /* const char * */
  LIST,     /* one more const char * of a list */
  NUMBER,   /* uint64_t within bounds */
  DURATION, /* cs_time, more than 0: "30s" */
  FORMAT    /* cs_runner_output */
};

struct row {
  const char *name;
  enum kind kind;
  size_t at; /* where in cs_runner_args */
  uint64_t min, max;
  const char *what; /* a NUMBER: "number of jobs from 1 to 1000" */
};

#define AT(member) offsetof(cs_runner_args, member)
static const struct row rows[] = {
    {"only", LIST, AT(selection.only), 0, 0, NULL},
    {"exclude", LIST, AT(selection.exclude), 0, 0, NULL},
    {"section", LIST, AT(selection.sections), 0, 0, NULL},
    {"level", LIST, AT(selection.levels), 0, 0, NULL},
    {"transport", LIST, AT(selection.transports), 0, 0, NULL},
    {"scenarios", TEXT, AT(scenarios), 0, 0, NULL},
    {"target", LIST, AT(words), 0, 0, NULL},
    {"memory", FLAG, AT(memory), 0, 0, NULL},
    {"profile", TEXT, AT(profile), 0, 0, NULL},
    {"out", TEXT, AT(out), 0, 0, NULL},
    {"format", FORMAT, AT(format), 0, 0, NULL},
    {"pcap", TEXT, AT(pcap), 0, 0, NULL},
    {"slow", FLAG, AT(slow), 0, 0, NULL},
    {"jobs", NUMBER, AT(jobs), 1, 1000, "number of jobs from 1 to 1000"},
    {"seed", NUMBER, AT(seed), 0, UINT64_MAX, "seed, a number from 0 to 2^64-1"},
    {"verbose", FLAG, AT(verbose), 0, 0, NULL},
    {"bind", TEXT, AT(bind), 0, 0, NULL},
    {"ws", TEXT, AT(ws), 0, 0, NULL},
    {"extended-tokens", NUMBER, AT(token_max), 8, 65804, "length of a token from 8 to 65804"},
    {"spawn", TEXT, AT(spawn), 0, 0, NULL},
    {"workers", NUMBER, AT(workers), 1, 64, "number of servers from 1 to 64"},
    {"psk-file", TEXT, AT(credentials.psk), 0, 0, NULL},
    {"cacert", TEXT, AT(credentials.ca), 0, 0, NULL},
    {"cert", TEXT, AT(credentials.certificate), 0, 0, NULL},
    {"key", TEXT, AT(credentials.key), 0, 0, NULL},
    {"tls-keylog", TEXT, AT(keylog), 0, 0, NULL},
    {"all-transports", FLAG, AT(all_transports), 0, 0, NULL},
    {"defect", LIST, AT(defects), 0, 0, NULL},
    {"list-defects", FLAG, AT(list_defects), 0, 0, NULL},
    {"rate", NUMBER, AT(rate), 1, 1000000, "number of messages a second from 1 to 1000000"},
    {"retries", NUMBER, AT(retries), 0, 10, "number of retries from 0 to 10"},
    {"timeout", DURATION, AT(timeout), 0, 0, NULL},
    {"time-limit", DURATION, AT(time_limit), 0, 0, NULL},
    {"reset-cmd", TEXT, AT(reset_cmd), 0, 0, NULL},
    {"read-only", FLAG, AT(read_only), 0, 0, NULL},
    {"robustness", FLAG, AT(robustness), 0, 0, NULL},
    {"require", LIST, AT(require), 0, 0, NULL},
    {"source", TEXT, AT(source), 0, 0, NULL},
    {"multicast", FLAG, AT(multicast), 0, 0, NULL},
    {"seconds", NUMBER, AT(seconds), 1, 1000000, "number of seconds from 1 to 1000000"},
    {"help", FLAG, AT(help), 0, 0, NULL},
    {"version", FLAG, AT(version), 0, 0, NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0], FIRST = 256 };

int cs_runner_usage_error(const char *format, ...) {
  va_list args;
  fputs("coapspec: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return CS_RUNNER_EXIT_USAGE;
}

static bool wrong(const char *command, const char *what, const char *how) {
  cs_runner_usage_error("%s: %s %s", command, what, how);
  return false;
}

/* Whether a command takes the option: its name is one of the words. */
static bool taken(const char *takes, const char *name) {
  size_t len = strlen(name);
  for (const char *at = takes; (at = strstr(at, name)); at += len)
    if ((at == takes || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
      return true;
  return strcmp(name, "help") == 0 || strcmp(name, "version") == 0;
}

static bool read_number(const struct row *row, const char *command, uint64_t *out) {
  char *end;
  errno = 0;
  unsigned long long v = strtoull(optarg, &end, 10);
  if (*optarg >= '0' && *optarg <= '9' && !*end && !errno && v >= row->min && v <= row->max) {
    *out = v;
    return true;
  }
  cs_runner_usage_error("%s: --%s: %s is no %s", command, row->name, optarg, row->what);
  return false;
}

static bool read_duration(const struct row *row, const char *command, cs_time *out) {
  cs_span text = cs_span_str(optarg);
  cs_time v;
  if (cs_runner_take_duration(&text, &v) && text.len == 0 && v > 0) {
    *out = v;
    return true;
  }
  cs_runner_usage_error("%s: --%s: %s is no length of time such as 30s or 500ms", command,
                        row->name, optarg);
  return false;
}

static bool read_format(const char *command, cs_runner_output *out) {
  static const char *const names[] = {"text", "json", "jsonl"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(optarg, names[i]) == 0) {
      *out = (cs_runner_output)i;
      return true;
    }
  return wrong(command, optarg, "is no format; text, json and jsonl are");
}

static bool set(cs_runner_args *a, const struct row *row, const char *command) {
  void *to = (char *)a + row->at;
  switch (row->kind) {
  case FLAG:
    *(bool *)to = true;
    return true;
  case TEXT:
    *(const char **)to = optarg;
    return true;
  case LIST:
    *(const char **)cs_runner_push(&a->arena, to, sizeof optarg) = optarg;
    return true;
  case NUMBER:
    a->seeded = a->seeded || to == &a->seed;
    return read_number(row, command, to);
  case DURATION:
    return read_duration(row, command, to);
  default:
    return read_format(command, to);
  }
}

bool cs_runner_read_args(int argc, char **argv, const char *command, const char *takes,
                         cs_runner_args *out) {
  struct option options[ROWS + 1] = {{NULL, 0, NULL, 0}};
  for (int i = 0; i < ROWS; i++)
    options[i] = (struct option){
        rows[i].name, rows[i].kind == FLAG ? no_argument : required_argument, NULL, FIRST + i};
  memset(out, 0, sizeof *out);
  out->jobs = 32;
  out->workers = 1;
  out->retries = 1;
  opterr = 0;
  optind = 0; /* GNU: begins anew, also when a test calls twice */
  for (;;) {
    int before = optind ? optind : 1;
    int id = getopt_long(argc, argv, ":", options, NULL);
    if (id == -1)
      break;
    if (id == ':')
      return wrong(command, argv[optind - 1], "needs a value");
    if (id == '?')
      return wrong(command, argv[before < argc ? before : 1], "is no option; --help lists them");
    const struct row *row = &rows[id - FIRST];
    if (!taken(takes, row->name)) {
      cs_runner_usage_error("%s: --%s is no option of this command; --help lists them", command,
                            row->name);
      return false;
    }
    if (!set(out, row, command))
      return false;
  }
  for (int i = optind; i < argc; i++)
    *(const char **)cs_runner_push(&out->arena, &out->words, sizeof argv[i]) = argv[i];
  return true;
}
