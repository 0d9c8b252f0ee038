#!/usr/bin/env bash
# ci/fuzz.sh [--no-install] [--coverage] TARGET SECONDS [libfuzzer|afl]
# ci/fuzz.sh --list
#
# Builds fuzz/TARGET.c and fuzzes it from corpus/TARGET with its dictionary. The
# run works in out/fuzz/TARGET.ENGINE; the committed corpus is only read.
# A target that drives (D)TLS has a twin, TARGET.bypass (fuzz/tls/targets.cmake); both
# have the system's mbedTLS instrumented (ci/mbedtls.sh), further seeds that a live
# server made, and a mutator that knows records.
# --coverage replays what the run found and prints the line coverage of the
# files that the target names (its comment line "covers: FILE..."); under 80 %
# is a failure.
# Exit 0 without a finding, 1 with one (or AFL++ stability under 100 %, or too
# little coverage), 2 when something is missing or wrong.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

least=80
install="" coverage=no
while :; do
  case ${1-} in
    --no-install) install=--no-install ;;
    --coverage) coverage=yes ;;
    --list)
      for file in fuzz/*.c; do
        name=$(basename "$file" .c)
        case $name in replay_main | oracle) ;; *) echo "$name" ;; esac
        ! grep -q 'twins: strict bypass' "$file" || echo "$name.bypass"
      done
      exit 0
      ;;
    *) break ;;
  esac
  shift
done

usage() {
  echo "ci/fuzz.sh: $1" >&2
  echo "usage: ci/fuzz.sh [--no-install] [--coverage] TARGET SECONDS [libfuzzer|afl]" >&2
  exit 2
}
[ $# -ge 2 ] && [ $# -le 3 ] || usage "TARGET and SECONDS are needed"
target=$1 seconds=$2 engine=${3-libfuzzer}
bash "${BASH_SOURCE[0]}" --list | grep -qx -- "$target" || usage "no such target: $target"
case $seconds in '' | 0 | *[!0-9]*) usage "SECONDS is a whole number above 0, not '$seconds'" ;; esac
case $engine in
  libfuzzer) preset=fuzz ;;
  afl) preset=afl ;;
  *) usage "no such engine: $engine" ;;
esac
base=${target%.bypass}
seeds=corpus/$base
[ -d "$seeds" ] && [ -n "$(ls -A "$seeds")" ] || usage "there are no seeds in $seeds"

bash ci/install.sh $install test || exit 2
# build_with_mbedtls: the target with an instrumented mbedTLS, in a folder of its own.
# What the library compares is left to the mutator and the dictionary.
build_with_mbedtls() {
  local prefix=$root/out/mbedtls/$preset log=$root/build/$preset-mbedtls.log
  local -a flags=(-O2 -fsanitize=address -fno-omit-frame-pointer)
  local compiler=afl-clang-fast
  if [ "$engine" = libfuzzer ]; then
    flags+=(-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp)
    compiler=clang
  fi
  CC=$compiler bash ci/mbedtls.sh $install "$prefix" "${flags[@]}" || return 1
  mkdir -p build
  if ! cmake --preset "$preset" -B "$build" -DCOAPSPEC_MBEDTLS_ROOT="$prefix" >"$log" 2>&1 ||
    ! cmake --build "$build" -j "$jobs" --target "fuzz.$target" >>"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60
    echo "the build failed; all of it is in ${log#"$root"/}" >&2
    return 1
  fi
}

say "$target: build ($preset)"
build=$root/build/$preset
case $base in
  dtls_* | tls_*)
    build=$root/build/$preset-mbedtls
    build_with_mbedtls || exit 2
    ;;
  *) configure_and_build "$preset" "fuzz.$target" || exit 2 ;;
esac
binary=$build/bin/fuzz_$target

work=$root/out/fuzz/$target.$engine
rm -rf "$work"
mkdir -p "$work/corpus" "$work/findings"
cp "$seeds"/* "$work/corpus/"
for folder in "$build/transcripts/$target"/*/; do
  [ ! -d "$folder" ] || cp "$folder"* "$work/corpus/" || exit 2
done
dictionary=$root/fuzz/$base.dict
status=0

run_libfuzzer() {
  say "$target: libFuzzer, $seconds s"
  local -a words=(-dict="$dictionary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048
    -max_len=4096 -print_final_stats=1 -artifact_prefix="$work/findings/" -use_value_profile=0)
  # The canary's crash seeds would end the run before it begins.
  [ "$target" != canary ] || rm -f "$work"/corpus/crash-*
  "$binary" "${words[@]}" "$work/corpus" >"$work/log" 2>&1
  local code=$?
  local runs rate edges
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$work/log")
  edges=$(grep -o 'cov: [0-9]*' "$work/log" | tail -n 1)
  echo "executions: ${runs:-0}, per second: ${rate:-0}, edges: ${edges#cov: }, corpus: $(find "$work/corpus" -type f | wc -l)"
  if [ "$code" -ne 0 ]; then
    status=1
    grep -vE '^(#[0-9]|stat::|INFO)' "$work/log" | head -n 40
  fi
}

run_afl() {
  say "$target: AFL++, $seconds s"
  [ "$target" != canary ] || rm -f "$work"/corpus/crash-*
  local mutator=$build/bin/tls_mutator.so
  case $base in *_client*) [ ! -e "$mutator" ] || export AFL_CUSTOM_MUTATOR_LIBRARY=$mutator ;; esac
  # afl-fuzz wants neither a tuned kernel nor a free core from a CI machine.
  AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 \
    AFL_NO_COLOR=1 AFL_QUIET=1 AFL_TESTCACHE_SIZE=50 \
    afl-fuzz -V "$seconds" -t 1000 -m none -x "$dictionary" -i "$work/corpus" -o "$work/afl" \
    -- "$binary" >"$work/log" 2>&1
  local code=$? stats=$work/afl/default/fuzzer_stats
  if [ "$code" -ne 0 ] || [ ! -r "$stats" ]; then
    tail -n 30 "$work/log"
    status=1
    return
  fi
  stat() { sed -n "s/^$1 *: *//p" "$stats"; }
  echo "executions: $(stat execs_done), per second: $(stat execs_per_sec), edges: $(stat edges_found) of $(stat total_edges), corpus: $(stat corpus_count), stability: $(stat stability)"
  case $(stat target_mode) in
    *persistent*shmem_testcase* | *shmem_testcase*persistent*) ;;
    *)
      echo "not persistent with shared memory: $(stat target_mode)"
      status=1
      ;;
  esac
  if [ "$(stat stability)" != 100.00% ]; then
    echo "the target is not stable: the same input took different paths"
    status=1
  fi
  cp "$work"/afl/default/queue/id* "$work/corpus/" 2>/dev/null
  find "$work/afl/default/crashes" "$work/afl/default/hangs" -type f ! -name README.txt \
    -exec cp {} "$work/findings/" \;
}

"run_$engine"
found=$(find "$work/findings" -type f | sort)
if [ -n "$found" ]; then
  status=1
  echo "findings:"
  printf '%s\n' "$found" | sed "s|^$root/|  |"
  echo "replay one with: ${binary#"$root"/} FILE (a finding that is understood becomes corpus/$base/regress-...)"
else
  echo "no finding"
fi

if [ "$coverage" = yes ]; then
  say "$target: coverage of the files it names"
  configure_and_build cov "fuzz.$target" || exit 2
  files=$(sed -n 's/.*covers: *//p' "fuzz/$base.c" | sed 's|\*/.*||')
  [ -n "$files" ] || usage "fuzz/$target.c names no file (covers: FILE...)"
  # shellcheck disable=SC2086 # names are words
  ls $files >/dev/null || exit 2
  if [ "$target" = canary ]; then
    echo "the canary's other lines are crashes"
  elif LLVM_PROFILE_FILE="$work/profile.raw" "build/cov/bin/fuzz_$target" "$work/corpus" >/dev/null 2>"$work/replay.log" &&
    llvm-profdata merge -sparse "$work/profile.raw" -o "$work/profile"; then
    # shellcheck disable=SC2086
    llvm-cov export -summary-only "build/cov/bin/fuzz_$target" -instr-profile "$work/profile" $files >"$work/coverage.json" || exit 2
    python3 -B ci/coverage.py "$work/coverage.json" "$least" || status=1
  else
    tail -n 5 "$work/replay.log"
    status=1
  fi
fi
exit "$status"
