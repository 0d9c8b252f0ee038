#include "runner/cli.h"

int main(int argc, char **argv) {
  return cs_runner_main(argc, argv);
}
