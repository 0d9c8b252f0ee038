#!/usr/bin/env bash
# ci/test.sh [--no-install] [STAGE...]
#
# Installs what is missing, builds with gcc and clang under sanitizers and runs
# every test. Stages, all of them by default: gcc clang msan release; the programs that
# wait for most of their time (label "waits") run in the first one.
# Exit 0 when every test of every stage passed, 1 when one failed, 2 when
# something needed is missing. Nothing is skipped: a test that did not run
# is a failure.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install=""
if [ "${1-}" = --no-install ]; then
  install=--no-install
  shift
fi
bash ci/install.sh $install test || exit 2

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(gcc clang msan release)
mkdir -p out/test
started=$(date +%s)
total=0
failed=0
lines=()

# stage NAME PRESET [CTEST-ARGUMENT...]
stage() {
  local name=$1 preset=$2 log="$root/out/test/$1.log" begin count bad
  shift 2
  begin=$(date +%s)
  say "$name: build ($preset)"
  if ! configure_and_build "$preset"; then
    failed=$((failed + 1))
    total=$((total + 1))
    lines+=("$name: the build failed")
    return
  fi
  say "$name: tests"
  ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error "$@" >"$log" 2>&1
  local status=$?
  # ctest's own count; a test that was not run counts as failed.
  count=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log" | tail -n 1)
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log" | tail -n 1)
  count=${count:-0}
  bad=${bad:-0}
  if grep -qE '^The following tests did not run:|\*\*\*Skipped|\*\*\*Not Run' "$log"; then
    echo "$name: some tests did not run"
    [ "$bad" -gt 0 ] || bad=1
  fi
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ "$count" -lt 1 ]; then
    count=1
    bad=1
  fi
  if [ "$bad" -gt 0 ]; then
    grep -vE '^ *Start +[0-9]+:|  Passed ' "$log" | head -n 400
  else
    grep -E '[0-9]+% tests passed' "$log"
  fi
  total=$((total + count))
  failed=$((failed + bad))
  lines+=("$name: $((count - bad)) of $count passed, $(($(date +%s) - begin)) s")
}

for name in "${stages[@]}"; do
  case $name in
    gcc) stage gcc gcc-asan-ubsan ;;
    # What waits most of its time was run by the stage before.
    clang) stage clang asan-ubsan -LE waits ;;
    msan) stage msan msan ;;
    release) CMAKE_EXTRA='-DCOAPSPEC_TESTS=ON -DCOAPSPEC_CHECKS=ON' stage release release -LE waits ;;
    *)
      echo "ci/test.sh: no such stage: $name (gcc, clang, msan, release)" >&2
      exit 2
      ;;
  esac
done

say "all stages, $(($(date +%s) - started)) s; logs are in out/test"
printf '%s\n' "${lines[@]}"
if [ "$total" -lt 1 ]; then
  echo "no test ran"
  exit 1
fi
# The same closing line as ctest's, summed over the stages.
echo
echo "$(((total - failed) * 100 / total))% tests passed, $failed tests failed out of $total"
[ "$failed" -eq 0 ]
