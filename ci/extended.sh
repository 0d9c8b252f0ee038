#!/usr/bin/env bash
# ci/extended.sh [--no-install] PART
#
# What is too long for every change. Each part has a time limit and an honest
# exit code; a part whose content comes with a later issue says so and exits 2.
#
#   fuzz      every target under libFuzzer and AFL++ (COAPSPEC_FUZZ_SECONDS each,
#             60 unless set), coverage of the files each names, the canary inverted;
#             coapspec fuzz against planted crashes, with five seeds
#   valgrind  the unit tests under memcheck
#   trixie    both commands in a debootstrapped, bare Debian 13
#   bookworm  both commands in a debootstrapped, bare Debian 12
#   bench     ci/bench.sh
#   servers   every scenario against every real server (ci/conformance.sh
#             --all-servers), the servers' secured transports by other clients,
#             and the client library against them over streams, DTLS and TLS
#   torture, mutants, tsan
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install=""
if [ "${1-}" = --no-install ]; then
  install=--no-install
  shift
fi
part=${1-}
mkdir -p out/extended

later() {
  echo "ci/extended.sh: the part '$part' comes with $1; there is nothing to run yet" >&2
  exit 2
}

part_fuzz() {
  local seconds=${COAPSPEC_FUZZ_SECONDS:-60} bad=0 target engine log
  for target in $(bash ci/fuzz.sh --list); do
    for engine in libfuzzer afl; do
      log=out/extended/fuzz-$target-$engine.log
      local -a options=(--no-install)
      [ "$engine" = afl ] || options+=(--coverage)
      timeout -k 10 $((seconds + 600)) bash ci/fuzz.sh "${options[@]}" "$target" "$seconds" "$engine" >"$log" 2>&1
      local code=$? verdict=ok
      if [ "$target" = canary ]; then
        # It must be found, and by its own ways to die.
        if [ "$code" -eq 1 ] && grep -q '^findings:' "$log"; then verdict="ok (the canary was found)"; else verdict=BAD; fi
      elif [ "$code" -ne 0 ]; then
        verdict=BAD
      fi
      [ "${verdict%% *}" = ok ] || bad=$((bad + 1))
      printf '%-18s %-10s %s\n' "$target" "$engine" "$verdict"
      grep -E '^(executions|together)' "$log" | sed 's/^/    /'
      [ "${verdict%% *}" = ok ] || sed 's/^/    | /' "$log" | tail -n 40
    done
  done
  # And coapspec fuzz: three planted crashes, each found with each of five seeds.
  log=out/extended/fuzz-planted.log
  if CMAKE_EXTRA=-DCOAPSPEC_TESTS=ON configure_and_build release &&
    COAPSPEC_FUZZ_LONG="30 1 2 3 4 5" COAPSPEC_BUILD=$root/build/release COAPSPEC_SOURCE=$root \
      timeout -k 10 900 python3 tests/conformance/test_fuzz.py Fuzz.test_all_three_with_every_seed >"$log" 2>&1; then
    echo "planted crashes    coapspec   ok"
  else
    echo "planted crashes    coapspec   BAD"
    tail -n 40 "$log"
    bad=$((bad + 1))
  fi
  [ "$bad" -eq 0 ]
}

part_valgrind() {
  configure_and_build dev || exit 1
  # The unit tests only, since a server under memcheck would miss its deadlines.
  # Each test is a child process, whose own exit code tells of an error or leak.
  local names bad=0 count=0 name
  names=$(ctest --test-dir build/dev -N -L 'unit' | sed -n 's/^ *Test *#[0-9]*: //p')
  for name in $names; do
    count=$((count + 1))
    if ! CK_DEFAULT_TIMEOUT=120 timeout -k 10 600 valgrind --quiet --error-exitcode=9 --leak-check=full \
      --errors-for-leak-kinds=definite,possible "build/dev/bin/$name" >"out/extended/valgrind-$name.log" 2>&1; then
      bad=$((bad + 1))
      echo "$name: failed"
      tail -n 25 "out/extended/valgrind-$name.log"
    fi
  done
  echo "$((count - bad)) passed, $bad failed"
  [ "$bad" -eq 0 ] && [ "$count" -gt 0 ]
}

# fresh SUITE COMMAND: COMMAND on a copy of the tree in a bare Debian SUITE
fresh() {
  local suite=$1 command=$2 base uri key
  [ "$(id -u)" -eq 0 ] || { echo "the part '$part' needs root (debootstrap, chroot)" >&2; exit 2; }
  base=${COAPSPEC_ROOTS:-/var/tmp}/coapspec-$suite
  read -r uri key <<<"$(. conformance/servers/mirror.sh && debian_mirror)"
  [ -n "${uri-}" ] || { echo "no mirror in this system's apt sources" >&2; exit 2; }
  if [ ! -e "$base/.ready" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase ${key:+--keyring="$key"} "$suite" "$base" "$uri" >out/extended/debootstrap.log 2>&1 ||
      { tail -n 20 out/extended/debootstrap.log; exit 2; }
    : >"$base/.ready"
  fi
  # How this system reaches its mirror is how the bare one does.
  cp -L /etc/resolv.conf "$base/etc/resolv.conf" 2>/dev/null
  cp /etc/hosts "$base/etc/hosts" 2>/dev/null
  # So is whom it trusts, where pip is told.
  [ -z "${PIP_CERT-}" ] || cp -L "$PIP_CERT" "$base/etc/outer-trust.crt"
  rm -rf "$base/src"
  mkdir -p "$base/src"
  tar -C "$root" --exclude=./build --exclude=./out --exclude=./.git -cf - . | tar -C "$base/src" -xf - || exit 2
  # Mounts and processes are in namespaces of their own and gone with them.
  timeout -k 30 "${COAPSPEC_FRESH_SECONDS:-5400}" unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
    exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/tmp TERM=dumb \
      ${PIP_CERT:+PIP_CERT=/etc/outer-trust.crt} ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      bash -c "cd /src && $1"' "$base" "$command"
}

part_trixie() {
  fresh trixie "bash ci/conformance.sh && bash ci/test.sh"
}

part_bookworm() {
  fresh bookworm "bash ci/conformance.sh && bash ci/test.sh"
}

part_servers() {
  local bad=0 name
  timeout -k 30 7200 bash ci/conformance.sh --no-install --all-servers || bad=1
  configure_and_build release || exit 1
  for name in libcoap-4.3.4 aiocoap californium go-coap node-coap coap-rs; do
    bash "conformance/servers/$name.sh" install || exit 2
  done
  export COAPSPEC_ALL_SERVERS=1 COAPSPEC_SOURCE=$PWD COAPSPEC_BUILD=$PWD/build/release
  timeout -k 10 600 build/release/bin/interop.test_streams || bad=1
  for name in servers secured; do timeout -k 10 900 python3 -B "tests/interop/test_$name.py" || bad=1; done
  [ "$bad" -eq 0 ]
}

part_bench() {
  [ -x ci/bench.sh ] || later "ci/bench.sh"
  timeout -k 10 1800 bash ci/bench.sh
}

case $part in
  fuzz | valgrind | trixie | bookworm | servers)
    bash ci/install.sh $install extended || exit 2
    "part_$part"
    ;;
  bench)
    bash ci/install.sh $install extended || exit 2
    part_bench
    ;;
  torture) later "the issue of failing allocations and calls" ;;
  mutants) later "the issue of the mutants" ;;
  tsan) later "the issue of threads" ;;
  *)
    echo "usage: ci/extended.sh [--no-install] fuzz|valgrind|trixie|bookworm|bench|servers|torture|mutants|tsan" >&2
    exit 2
    ;;
esac
