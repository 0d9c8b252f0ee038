/* Turns a fuzz target into a plain program: every file named, and every file
 * of every folder named, goes through the target once, in one process and in
 * the order of its name. Exit 0 after printing how many were replayed, 2 when
 * something named is missing, empty or unreadable. A finding ends the process
 * the way it would end the fuzzer. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static size_t replayed;
static int verbose;

/* The input that is running, which a crash names. */
static const char *current;

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void name_input(void) {
  static const char words[] = "died on the input ";
  if (!current || write(STDERR_FILENO, words, sizeof words - 1) < 0 ||
      write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
    return;
}

static void on_signal(int number) {
  name_input();
  signal(number, SIG_DFL);
  raise(number);
}

static void watch(void) {
  /* A sanitizer's own end goes through its callback; a failed oracle is a trap
   * or an abort in every build. */
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback(name_input);
  signal(SIGABRT, on_signal);
  signal(SIGILL, on_signal);
  signal(SIGTRAP, on_signal);
}

static int replay_file(const char *path, const struct stat *info) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 2;
  }
  /* Exactly as long as the input, so that a read past its end is seen. */
  size_t size = (size_t)info->st_size;
  uint8_t *data = malloc(size ? size : 1);
  size_t got = data && size ? fread(data, 1, size, file) : 0;
  fclose(file);
  if (!data || got != size) {
    fprintf(stderr, "%s: cannot be read whole\n", path);
    free(data);
    return 2;
  }
  if (verbose)
    fprintf(stderr, "%s\n", path);
  current = path;
  LLVMFuzzerTestOneInput(data, size);
  current = NULL;
  free(data);
  replayed++;
  return 0;
}

static int not_hidden(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static int replay_folder(const char *path) {
  struct dirent **entries = NULL;
  int count = scandir(path, &entries, not_hidden, alphasort);
  if (count < 0) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 2;
  }
  int status = 0;
  size_t before = replayed;
  for (int i = 0; i < count; i++) {
    char name[4096];
    int len = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
    free(entries[i]);
    struct stat info;
    if (status != 0)
      continue;
    if (len < 0 || (size_t)len >= sizeof name || stat(name, &info) != 0) {
      fprintf(stderr, "%s: an entry cannot be looked at\n", path);
      status = 2;
    } else if (S_ISREG(info.st_mode)) {
      status = replay_file(name, &info);
    }
  }
  free(entries);
  if (status == 0 && replayed == before) {
    fprintf(stderr, "%s: holds no file\n", path);
    status = 2;
  }
  return status;
}

int main(int argc, char **argv) {
  watch();
  if (LLVMFuzzerInitialize)
    LLVMFuzzerInitialize(&argc, &argv);
  int first = 1;
  if (argc > 1 && strcmp(argv[1], "-v") == 0) {
    verbose = 1;
    first = 2;
  }
  if (first >= argc) {
    fprintf(stderr, "usage: %s [-v] FILE|FOLDER...\n", argv[0]);
    return 2;
  }
  for (int i = first; i < argc; i++) {
    struct stat info;
    int status;
    if (stat(argv[i], &info) != 0) {
      fprintf(stderr, "%s: no such file or folder\n", argv[i]);
      return 2;
    }
    status = S_ISDIR(info.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i], &info);
    if (status != 0)
      return status;
  }
  printf("%zu inputs replayed\n", replayed);
  return 0;
}
