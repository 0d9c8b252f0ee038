#include "runner/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 2000, LOG_MAX = 16 * 1024 * 1024 };
static const cs_time term_patience = 2 * CS_SECOND;

struct cs_runner_spawn {
  cs_runner_arena *arena;
  const cs_runner_list *words;
  const char *path; /* of the log */
  int log;
  off_t log_from; /* where the output of this start begins */
  pid_t pid;      /* 0: none runs */
  bool spares;    /* what it started may outlive it */
  bool ended;
  int status; /* of the last that ended by itself */
  cs_runner_spawn *next;
};

/* Those that run: whatever ends the program ends them too. */
static cs_runner_spawn *running;

static void at_exit(void) {
  while (running)
    cs_runner_spawn_stop(running);
}

static void forget(const cs_runner_spawn *s) {
  for (cs_runner_spawn **at = &running; *at; at = &(*at)->next)
    if (*at == s) {
      *at = s->next;
      return;
    }
}

static void nap(void) {
  struct timespec t = {.tv_nsec = 5 * 1000 * 1000};
  nanosleep(&t, NULL);
}

static cs_time wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

cs_runner_spawn *cs_runner_spawn_new(cs_runner_arena *arena, const cs_runner_list *words,
                                     const char *log) {
  cs_runner_spawn *s = cs_runner_get(arena, sizeof *s);
  *s = (cs_runner_spawn){.arena = arena, .words = words, .path = log, .log = -1};
  return s;
}

/* In the child: becomes the server, or tells why not. */
static void become(const cs_runner_spawn *s, char **argv, int tell, pid_t parent) {
  static const int defaults[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
  int nothing = open("/dev/null", O_RDONLY);
  for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
    signal(defaults[i], SIG_DFL);
  /* Also where coapspec is killed outright. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() != parent)
    _exit(127);
  if (setpgid(0, 0) == 0 && nothing >= 0 && dup2(nothing, 0) == 0 && dup2(s->log, 1) == 1 &&
      dup2(s->log, 2) == 2)
    execvp(argv[0], argv);
  int error = errno;
  (void)!write(tell, &error, sizeof error);
  _exit(127);
}

static char **argv_of(const cs_runner_spawn *s) {
  const char *const *words = s->words->items;
  char **argv = cs_runner_get(s->arena, (s->words->count + 1) * sizeof *argv);
  for (size_t i = 0; i < s->words->count; i++)
    argv[i] = cs_runner_text(s->arena, cs_span_str(words[i]));
  return argv;
}

static bool open_log(cs_runner_spawn *s, const char **why) {
  if (s->log < 0)
    s->log = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (s->log < 0) {
    *why = cs_runner_format(s->arena, "cannot write %s: %s", s->path, strerror(errno));
    return false;
  }
  off_t end = lseek(s->log, 0, SEEK_END);
  s->log_from = end < 0 ? 0 : end;
  return true;
}

bool cs_runner_spawn_start(cs_runner_spawn *s, const char **why) {
  static bool registered;
  int tell[2];
  int error = 0;
  if (!open_log(s, why))
    return false;
  char **argv = argv_of(s);
  if (!registered) {
    registered = atexit(at_exit) == 0;
    /* Where who started us has it ignored, the system reaps, and no end is ever seen. */
    signal(SIGCHLD, SIG_DFL);
  }
  if (pipe2(tell, O_CLOEXEC) != 0) {
    *why = cs_runner_format(s->arena, "cannot start %s: %s", argv[0], strerror(errno));
    return false;
  }
  fflush(NULL); /* nothing is printed twice */
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0)
    become(s, argv, tell[1], parent);
  if (pid < 0)
    error = errno;
  close(tell[1]);
  ssize_t got = 0;
  if (pid > 0) {
    setpgid(pid, pid); /* whoever is first */
    do
      got = read(tell[0], &error, sizeof error);
    while (got < 0 && errno == EINTR);
  }
  close(tell[0]);
  if (error) {
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
      ;
    *why = cs_runner_format(s->arena, "cannot start %s: %s", argv[0], strerror(error));
    return false;
  }
  s->pid = pid;
  s->ended = false;
  s->next = running;
  running = s;
  return true;
}

/* Reaps the process when it is over. Its group goes with it, and first: until
 * it is reaped, no other group can have its number. */
static bool reap(cs_runner_spawn *s) {
  siginfo_t info = {.si_pid = 0};
  if (!s->pid)
    return true;
  if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return false;
  if (!s->spares)
    kill(-s->pid, SIGKILL);
  while (waitpid(s->pid, &s->status, 0) < 0 && errno == EINTR)
    ;
  s->pid = 0;
  s->ended = true;
  forget(s);
  return true;
}

bool cs_runner_spawn_ended(cs_runner_spawn *s, cs_time patience) {
  cs_time until = wall() + patience;
  while (!reap(s)) {
    if (wall() >= until)
      return false;
    nap();
  }
  return true;
}

const char *cs_runner_spawn_how(const cs_runner_spawn *s) {
  if (!s->ended)
    return NULL;
  if (WIFSIGNALED(s->status))
    return cs_runner_format(s->arena, "signal %d (%s)", WTERMSIG(s->status),
                            strsignal(WTERMSIG(s->status)));
  return cs_runner_format(s->arena, "exit code %d", WEXITSTATUS(s->status));
}

bool cs_runner_spawn_succeeded(const cs_runner_spawn *s) {
  return s->ended && WIFEXITED(s->status) && WEXITSTATUS(s->status) == 0;
}

void cs_runner_spawn_spare(cs_runner_spawn *s) {
  s->spares = true;
}

void cs_runner_spawn_stop(cs_runner_spawn *s) {
  if (s->pid) {
    kill(-s->pid, SIGTERM);
    kill(s->pid, SIGCONT); /* one that was stopped could not end */
    if (!cs_runner_spawn_ended(s, term_patience)) {
      kill(-s->pid, SIGKILL);
      while (!reap(s))
        nap();
    }
  }
  s->ended = false;
}

void cs_runner_spawn_free(cs_runner_spawn *s) {
  if (!s)
    return;
  cs_runner_spawn_stop(s);
  if (s->log >= 0)
    close(s->log);
  s->log = -1;
}

const char *cs_runner_spawn_output(const cs_runner_spawn *s, unsigned lines, const char *divider) {
  char buf[OUTPUT_MAX + 1];
  struct stat info;
  int log = open(s->path, O_RDONLY | O_CLOEXEC);
  ssize_t len = 0;
  if (log >= 0 && fstat(log, &info) == 0) {
    off_t from = info.st_size > OUTPUT_MAX ? info.st_size - OUTPUT_MAX : 0;
    if (s->log_from > from && s->log_from <= info.st_size)
      from = s->log_from;
    len = pread(log, buf, OUTPUT_MAX, from);
  }
  if (log >= 0)
    close(log);
  while (len > 0 && (buf[len - 1] == '\n' || buf[len - 1] == '\r'))
    len--;
  if (len <= 0)
    return "";
  for (ssize_t i = 0; i < len; i++) /* it may be shown on a terminal */
    if ((unsigned char)buf[i] < ' ' && buf[i] != '\n' && buf[i] != '\t')
      buf[i] = '?';
  buf[len] = '\0';
  ssize_t at = len;
  for (unsigned n = 0; at > 0; at--)
    if (buf[at - 1] == '\n' && ++n == lines)
      break;
  const char *text = "";
  for (char *line = buf + at; line;) {
    char *end = memchr(line, '\n', (size_t)(buf + len - line));
    size_t n = end ? (size_t)(end - line) : (size_t)(buf + len - line);
    text = cs_runner_format(s->arena, "%s%s%.*s", text, *text ? divider : "", (int)n, line);
    line = end ? end + 1 : NULL;
  }
  return text;
}

void cs_runner_spawn_tend(cs_runner_spawn *s) {
  struct stat info;
  static const char cut[] = "(coapspec: the output before this was cut)\n";
  if (s->log < 0 || fstat(s->log, &info) != 0 || info.st_size <= LOG_MAX)
    return;
  if (ftruncate(s->log, 0) == 0)
    (void)!write(s->log, cut, sizeof cut - 1);
  s->log_from = 0;
}
