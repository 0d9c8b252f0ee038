/* What a fuzz target holds to be true. A false oracle traps, in every build:
 * the engine and the replay both see a crash at its line. */
#ifndef CS_FUZZ_ORACLE_H
#define CS_FUZZ_ORACLE_H

#define CS_ORACLE(cond)                                                                            \
  do {                                                                                             \
    if (!(cond))                                                                                   \
      __builtin_trap();                                                                            \
  } while (0)

#endif
