/* A report's file appears whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/inside.h"

static bool failed(const char *doing, const char *path, int error, char *why, size_t why_cap) {
  char *shown = cs_report_clean(path);
  snprintf(why, why_cap, "cannot %s %s: %s", doing, shown ? shown : "the report",
           error ? strerror(error) : "the stream reported an error");
  free(shown);
  return false;
}

bool cs_report_make_folders(const char *path, char *why, size_t why_cap) {
  char *copy = strdup(path);
  if (!copy)
    return failed("write", path, ENOMEM, why, why_cap);
  bool ok = true;
  for (char *slash = strchr(copy + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    struct stat info;
    if (mkdir(copy, 0777) != 0 && (stat(copy, &info) != 0 || !S_ISDIR(info.st_mode)))
      ok = failed("make the folder", copy, errno == EEXIST ? ENOTDIR : errno, why, why_cap);
    *slash = '/';
  }
  free(copy);
  return ok;
}

/* Opens a new file beside path; its name is left in *name, to be freed. */
static FILE *open_beside(const char *path, char **name) {
  for (unsigned attempt = 0; attempt < 1000; attempt++) {
    if (asprintf(name, "%s.%ld-%u.tmp", path, (long)getpid(), attempt) < 0) {
      *name = NULL;
      errno = ENOMEM;
      return NULL;
    }
    int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (to)
      return to;
    int error = errno;
    if (fd >= 0) {
      close(fd);
      unlink(*name);
    }
    free(*name);
    *name = NULL;
    errno = error;
    if (error != EEXIST)
      return NULL;
  }
  return NULL;
}

/* Closes to after print has filled it; the first error, or 0. */
static int fill(const cs_report_run *run, cs_report_printer print, FILE *to) {
  errno = 0;
  int error = print(run, to) ? 0 : (errno ? errno : EIO);
  if (fflush(to) != 0 && !error)
    error = errno ? errno : EIO;
  if (fclose(to) != 0 && !error)
    error = errno ? errno : EIO;
  return error;
}

bool cs_report_write_file(const cs_report_run *run, cs_report_printer print, const char *path,
                          char *why, size_t why_cap) {
  if (!path || !*path) {
    snprintf(why, why_cap, "cannot write a report: its path is empty");
    return false;
  }
  if (!cs_report_make_folders(path, why, why_cap))
    return false;
  struct stat info;
  bool exists = stat(path, &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return failed("write", path, EISDIR, why, why_cap);
  if (exists && !S_ISREG(info.st_mode)) { /* a pipe or a device: nothing to rename */
    FILE *to = fopen(path, "we");
    int error = to ? fill(run, print, to) : errno;
    return error ? failed("write", path, error, why, why_cap) : true;
  }
  char *temporary = NULL;
  FILE *to = open_beside(path, &temporary);
  if (!to)
    return failed("write", path, errno, why, why_cap);
  int error = fill(run, print, to);
  if (!error && rename(temporary, path) != 0)
    error = errno;
  if (error)
    unlink(temporary);
  free(temporary);
  return error ? failed("write", path, error, why, why_cap) : true;
}

bool cs_report_write_text(const cs_report_run *run, const char *path, char *why, size_t why_cap) {
  return cs_report_write_file(run, cs_report_print_text, path, why, why_cap);
}

bool cs_report_write_json(const cs_report_run *run, const char *path, char *why, size_t why_cap) {
  return cs_report_write_file(run, cs_report_print_json, path, why, why_cap);
}

bool cs_report_write_junit(const cs_report_run *run, const char *path, char *why, size_t why_cap) {
  return cs_report_write_file(run, cs_report_print_junit, path, why, why_cap);
}

bool cs_report_write_pcap(const cs_report_run *run, const char *path, char *why, size_t why_cap) {
  return cs_report_write_file(run, cs_report_print_pcap, path, why, why_cap);
}

bool cs_report_write_html(const cs_report_run *run, const char *path, char *why, size_t why_cap) {
  return cs_report_write_file(run, cs_report_print_html, path, why, why_cap);
}

bool cs_report_write_all(const cs_report_run *run, const char *folder, char *why, size_t why_cap) {
  static const struct {
    const char *name;
    cs_report_printer print;
  } kinds[] = {
      {"report.txt", cs_report_print_text},  {"report.json", cs_report_print_json},
      {"report.xml", cs_report_print_junit}, {"report.pcap", cs_report_print_pcap},
      {"report.html", cs_report_print_html},
  };
  bool all = true;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    char *path = NULL;
    char trouble[CS_REPORT_WHY_MAX];
    bool ok = false;
    if (!folder || !*folder)
      snprintf(trouble, sizeof trouble, "cannot write a report: its folder has no name");
    else if (asprintf(&path, "%s/%s", folder, kinds[i].name) < 0)
      ok = failed("write", folder, ENOMEM, trouble, sizeof trouble);
    else {
      ok = cs_report_write_file(run, kinds[i].print, path, trouble, sizeof trouble);
      free(path);
    }
    if (!ok && all)
      snprintf(why, why_cap, "%s", trouble);
    all = all && ok;
  }
  return all;
}
