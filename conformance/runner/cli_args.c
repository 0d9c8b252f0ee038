#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/cli.h"

enum option_id {
  ONLY = 256,
  EXCLUDE,
  SECTION,
  LEVEL,
  TRANSPORT,
  SCENARIOS,
  TARGET,
  MEMORY,
  PROFILE,
  OUT,
  FORMAT,
  PCAP,
  SLOW,
  JOBS,
  SEED,
  VERBOSE,
  BIND,
  WS,
  TOKENS,
  SPAWN,
  PSK_FILE,
  CACERT,
  CERT,
  KEY,
  KEYLOG,
  ALL_TRANSPORTS,
  DEFECT,
  LIST_DEFECTS,
  HELP,
  VERSION
};

static const struct option options[] = {{"only", required_argument, NULL, ONLY},
                                        {"exclude", required_argument, NULL, EXCLUDE},
                                        {"section", required_argument, NULL, SECTION},
                                        {"level", required_argument, NULL, LEVEL},
                                        {"transport", required_argument, NULL, TRANSPORT},
                                        {"scenarios", required_argument, NULL, SCENARIOS},
                                        {"target", required_argument, NULL, TARGET},
                                        {"memory", no_argument, NULL, MEMORY},
                                        {"profile", required_argument, NULL, PROFILE},
                                        {"out", required_argument, NULL, OUT},
                                        {"format", required_argument, NULL, FORMAT},
                                        {"pcap", required_argument, NULL, PCAP},
                                        {"slow", no_argument, NULL, SLOW},
                                        {"jobs", required_argument, NULL, JOBS},
                                        {"seed", required_argument, NULL, SEED},
                                        {"verbose", no_argument, NULL, VERBOSE},
                                        {"bind", required_argument, NULL, BIND},
                                        {"ws", required_argument, NULL, WS},
                                        {"extended-tokens", required_argument, NULL, TOKENS},
                                        {"spawn", required_argument, NULL, SPAWN},
                                        {"psk-file", required_argument, NULL, PSK_FILE},
                                        {"cacert", required_argument, NULL, CACERT},
                                        {"cert", required_argument, NULL, CERT},
                                        {"key", required_argument, NULL, KEY},
                                        {"tls-keylog", required_argument, NULL, KEYLOG},
                                        {"all-transports", no_argument, NULL, ALL_TRANSPORTS},
                                        {"defect", required_argument, NULL, DEFECT},
                                        {"list-defects", no_argument, NULL, LIST_DEFECTS},
                                        {"help", no_argument, NULL, HELP},
                                        {"version", no_argument, NULL, VERSION},
                                        {NULL, 0, NULL, 0}};

int cs_runner_usage_error(const char *format, ...) {
  va_list args;
  fputs("coapspec: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return CS_RUNNER_EXIT_USAGE;
}

static bool wrong(const char *how, const char *command, const char *what) {
  cs_runner_usage_error("%s: %s %s", command, what, how);
  return false;
}

static void add(cs_runner_args *a, cs_runner_list *list, const char *word) {
  *(const char **)cs_runner_push(&a->arena, list, sizeof word) = word;
}

/* Whether a command takes the option: its name is one of the words. */
static bool taken(const char *takes, const char *name) {
  size_t len = strlen(name);
  for (const char *at = takes; (at = strstr(at, name)); at += len)
    if ((at == takes || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
      return true;
  return strcmp(name, "help") == 0 || strcmp(name, "version") == 0;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *out) {
  char *end;
  errno = 0;
  unsigned long long v = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || v < min || v > max)
    return false;
  *out = v;
  return true;
}

static bool set_format(cs_runner_args *a, const char *command) {
  if (strcmp(optarg, "json") != 0 && strcmp(optarg, "text") != 0)
    return wrong("is no format; text and json are", command, optarg);
  a->json = strcmp(optarg, "json") == 0;
  return true;
}

static bool set_number(cs_runner_args *a, int id, const char *command) {
  uint64_t v;
  if (id == JOBS) {
    if (!number(optarg, 1, 1000, &v))
      return wrong("is no number of jobs from 1 to 1000", command, optarg);
    a->jobs = (unsigned)v;
    return true;
  }
  if (id == TOKENS) {
    if (!number(optarg, 8, 65804, &v))
      return wrong("is no length of a token from 8 to 65804", command, optarg);
    a->token_max = (uint32_t)v;
    return true;
  }
  if (!number(optarg, 0, UINT64_MAX, &v))
    return wrong("is no seed, a number from 0 to 2^64-1", command, optarg);
  a->seed = v;
  a->seeded = true;
  return true;
}

static void set_flag(cs_runner_args *a, int id) {
  switch (id) {
  case MEMORY:
    a->memory = true;
    break;
  case SLOW:
    a->slow = true;
    break;
  case VERBOSE:
    a->verbose = true;
    break;
  case LIST_DEFECTS:
    a->list_defects = true;
    break;
  case ALL_TRANSPORTS:
    a->all_transports = true;
    break;
  case HELP:
    a->help = true;
    break;
  default:
    a->version = true;
    break;
  }
}

/* The files of credentials; false when it is another option. */
static bool set_file(cs_runner_args *a, int id) {
  const struct {
    int id;
    const char **file;
  } files[] = {{PSK_FILE, &a->credentials.psk},
               {CACERT, &a->credentials.ca},
               {CERT, &a->credentials.certificate},
               {KEY, &a->credentials.key},
               {KEYLOG, &a->keylog}};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    if (files[i].id == id) {
      *files[i].file = optarg;
      return true;
    }
  return false;
}

static bool set(cs_runner_args *a, int id, const char *command) {
  cs_runner_selection *s = &a->selection;
  switch (id) {
  case ONLY:
    add(a, &s->only, optarg);
    return true;
  case EXCLUDE:
    add(a, &s->exclude, optarg);
    return true;
  case SECTION:
    add(a, &s->sections, optarg);
    return true;
  case LEVEL:
    add(a, &s->levels, optarg);
    return true;
  case TRANSPORT:
    add(a, &s->transports, optarg);
    return true;
  case DEFECT:
    add(a, &a->defects, optarg);
    return true;
  case TARGET:
    add(a, &a->words, optarg);
    return true;
  case SCENARIOS:
    a->scenarios = optarg;
    return true;
  case PROFILE:
    a->profile = optarg;
    return true;
  case OUT:
    a->out = optarg;
    return true;
  case PCAP:
    a->pcap = optarg;
    return true;
  case BIND:
    a->bind = optarg;
    return true;
  case WS:
    a->ws = optarg;
    return true;
  case SPAWN:
    a->spawn = optarg;
    return true;
  case FORMAT:
    return set_format(a, command);
  case JOBS:
  case TOKENS:
  case SEED:
    return set_number(a, id, command);
  default:
    if (!set_file(a, id))
      set_flag(a, id);
    return true;
  }
}

static const char *name_of(int id) {
  size_t i = 0;
  while (options[i].val != id)
    i++;
  return options[i].name;
}

bool cs_runner_read_args(int argc, char **argv, const char *command, const char *takes,
                         cs_runner_args *out) {
  memset(out, 0, sizeof *out);
  out->jobs = 32;
  opterr = 0;
  optind = 0; /* GNU: begins anew, also when a test calls twice */
  for (;;) {
    int before = optind ? optind : 1;
    int id = getopt_long(argc, argv, ":", options, NULL);
    if (id == -1)
      break;
    if (id == ':')
      return wrong("needs a value", command, argv[optind - 1]);
    if (id == '?')
      return wrong("is no option; --help lists them", command, argv[before < argc ? before : 1]);
    if (!taken(takes, name_of(id))) {
      cs_runner_usage_error("%s: --%s is no option of this command; --help lists them", command,
                            name_of(id));
      return false;
    }
    if (!set(out, id, command))
      return false;
  }
  for (int i = optind; i < argc; i++)
    add(out, &out->words, argv[i]);
  return true;
}
