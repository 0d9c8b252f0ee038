#!/usr/bin/env bash
# expect_death.sh [--exit N] TEXT COMMAND...
# Passes when COMMAND fails and says TEXT: by a crash or a sanitizer, or with
# --exit by exactly that exit code.
set -u
code=""
if [ "${1-}" = --exit ]; then
  code=$2
  shift 2
fi
text=$1
shift
# A sanitizer's own exit code, told apart from a plain failure of the program.
export ASAN_OPTIONS="exitcode=99:abort_on_error=0:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="exitcode=99:abort_on_error=0:${UBSAN_OPTIONS-}"
export MSAN_OPTIONS="exitcode=99:abort_on_error=0:${MSAN_OPTIONS-}"
ulimit -c 0
output=$("$@" 2>&1)
status=$?
printf '%s\n' "$output" | head -n 20
if [ -n "$code" ]; then
  [ "$status" -eq "$code" ] || { echo "expected exit $code, got $status"; exit 1; }
elif [ "$status" -lt 99 ]; then
  echo "expected a crash, got exit $status"
  exit 1
fi
case $output in
  *"$text"*) echo "died as expected (exit $status): $text" ;;
  *) echo "died (exit $status), but not by: $text"; exit 1 ;;
esac
