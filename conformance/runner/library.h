/* All that a run draws on: requirements, profiles and scenarios, from inside
 * the program or from a folder. */
#ifndef CS_RUNNER_LIBRARY_H
#define CS_RUNNER_LIBRARY_H

#include "runner/profile.h"
#include "runner/requirements.h"

typedef struct cs_runner_library {
  cs_runner_arena arena;
  cs_runner_requirements requirements;
  cs_runner_list roles;     /* const char *: those that any profile names */
  size_t own_roles;         /* of these, the profiles that are part of the program name so many */
  cs_runner_list scenarios; /* const cs_runner_scenario *, by id */
  cs_runner_names names;    /* what scenarios are checked against */
} cs_runner_library;

/* Requirements and the roles of the profiles that are part of the program;
 * no scenarios yet. l must not move afterwards. A fault in them is a fault of
 * the build: it is printed and false returned. */
bool cs_runner_library_open(cs_runner_library *l);
void cs_runner_library_close(cs_runner_library *l);

/* The scenarios that are part of the program, or those under a folder
 * (NULL: the program's). Faults are printed, one line a file; false then. */
bool cs_runner_library_load(cs_runner_library *l, const char *folder);

/* A profile by the name of one that is part of the program, or by its file.
 * A fault is printed; false then. Its roles become known. */
bool cs_runner_library_profile(cs_runner_library *l, const char *name, cs_runner_profile *out);

/* Prints the roles of the profile that neither a profile of the program nor a scenario
 * that is loaded names: they are misspelt, or for other scenarios than these. */
void cs_runner_library_note_roles(const cs_runner_library *l, const cs_runner_profile *p);

/* Adds the requirements.tsv that belongs to a scenario file or folder, if
 * there is one: in it, or up to three folders above. False after a fault. */
bool cs_runner_library_beside(cs_runner_library *l, const char *path);

/* Reads a whole file into the arena; false with a line printed. */
bool cs_runner_read_file(cs_runner_arena *arena, const char *path, size_t max, cs_span *out);

/* Parses and checks one file: its scenario, or NULL with the fault printed. */
const cs_runner_scenario *cs_runner_library_file(cs_runner_library *l, const char *path);

#endif
