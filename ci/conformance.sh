#!/usr/bin/env bash
# ci/conformance.sh [--no-install]
#
# Installs what is missing, builds, and runs every scenario against the embedded
# server (in memory and over a socket) and against Debian's own coap-server.
# Prints a summary and the paths of the reports. Exit 0 when every case of the
# embedded server passed and coap-server showed nothing but the faults that its
# profile declares; else the runner's exit code (2 usage, 3 unreachable,
# 4 crashed, 1 a failure, 5 an expected failure that passed).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install=""
if [ "${1-}" = --no-install ]; then
  install=--no-install
  shift
fi
[ $# -eq 0 ] || { echo "usage: ci/conformance.sh [--no-install]" >&2; exit 2; }
bash ci/install.sh $install conformance || exit 2

say "build (release)"
# The test programs need packages that a run of the scenarios does not.
CMAKE_EXTRA=-DCOAPSPEC_TESTS=OFF configure_and_build release coapspec || exit 2
coapspec=build/release/bin/coapspec
server=conformance/servers/libcoap.sh
reports=out/conformance
version=$(bash $server version) || exit 2
name=libcoap-$version
profile=conformance/profiles/$name.ini
[ -r "$profile" ] || { echo "ci/conformance.sh: there is no profile for coap-server $version ($profile)" >&2; exit 2; }
worst=0
lines=()
pids=()
# A report of an earlier run must not be read for this one's.
rm -rf "${reports:?}/embedded-memory" "$reports/embedded" "${reports:?}/$name"
mkdir -p "$reports"

# Whatever happens, no server of ours is left behind.
cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The exit codes of the runner in the order in which they win.
rank() {
  case $1 in 2) echo 6 ;; 6) echo 5 ;; 3) echo 4 ;; 4) echo 3 ;; 1) echo 2 ;; 5) echo 1 ;; 0) echo 0 ;; *) echo 7 ;; esac
}

# note NAME CODE: keeps a run's outcome for the summary
note() {
  local name=$1 code=$2 report=$reports/$1/report.json counts
  counts=$(counts_of "$report")
  lines+=("$(printf '%-18s exit %d  %s' "$name" "$code" "$counts")"
    "$(printf '%-18s %s' '' "$reports/$name/report.{txt,html,json,xml,pcap}")")
  if [ "$(rank "$code")" -gt "$(rank "$worst")" ]; then worst=$code; fi
}

# The verdicts that occurred, from the summary of a JSON report.
counts_of() {
  [ -r "$1" ] || { echo "no report was written"; return; }
  tr -d '\n' <"$1" | sed -n 's/.*"summary": *{\([^}]*\)}.*/\1/p' | tr ',' '\n' |
    sed -n 's/^ *"\([a-z_]*\)": *\([0-9]*\) *$/\2 \1/p' | grep -v '^0 ' | paste -sd, - | sed 's/,/, /g'
}

# only_passes NAME: the embedded server's cases all pass; anything else fails
only_passes() {
  local counts
  counts=$(counts_of "$reports/$1/report.json")
  case $counts in
    *,* | '' | *[!0-9\ pas]*) return 1 ;;
    *' pass') return 0 ;;
    *) return 1 ;;
  esac
}

# verdicts NAME: one line a case, id and verdict
verdicts() {
  sed -n '/^  "requirements"/q; s/^ *"\(id\|verdict\)": *"\([^"]*\)",*$/\2/p' "$reports/$1/report.json" | paste - - | sort
}

# free_place: a loopback address of this run's own, so that nothing that runs
# beside us can answer in a server's place
free_place() {
  echo "127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$1"
}

say "embedded server, in memory"
$coapspec run embedded --out "$reports/embedded-memory"
code=$?
only_passes embedded-memory || [ "$code" -ne 0 ] || code=1
note embedded-memory "$code"

# Both servers are tested at the same time: a run mostly waits.
embedded_address=$(free_place 2)
$coapspec serve --bind "$embedded_address:5683" >$reports/serve.log 2>&1 &
pids+=($!)
tries=0
until grep -q 'serving on' $reports/serve.log; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "${pids[0]}" 2>/dev/null; then
    cat $reports/serve.log
    break
  fi
  sleep 0.05
done
server_address=$(free_place 3)
if pid=$(bash $server start "$server_address" 5683); then pids+=("$pid"); fi

say "embedded server over a UDP socket, and coap-server $version (Debian): about 100 s, the longest schedule"
$coapspec run "coap://$embedded_address:5683" --profile embedded --out $reports/embedded >$reports/embedded.log 2>&1 &
embedded_run=$!
$coapspec run "coap://$server_address:5683" --profile "$profile" --out "$reports/$name" >"$reports/$name.log" 2>&1 &
server_run=$!
pids+=("$embedded_run" "$server_run")

wait "$embedded_run"
code=$?
say "embedded server, UDP socket"
cat $reports/embedded.log
only_passes embedded || [ "$code" -ne 0 ] || code=1
if ! diff <(verdicts embedded-memory) <(verdicts embedded) >$reports/memory-and-socket.diff; then
  echo "the run in memory and the run over a socket differ:"
  cat $reports/memory-and-socket.diff
  [ "$code" -ne 0 ] || code=1
fi
note embedded "$code"

wait "$server_run"
code=$?
say "coap-server $version (Debian), UDP socket"
cat "$reports/$name.log"
note "$name" "$code"

say "summary"
printf '%s\n' "${lines[@]}"
exit "$worst"
