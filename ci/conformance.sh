#!/usr/bin/env bash
# ci/conformance.sh [--no-install] [--all-servers]
#
# Installs what is missing, builds, and runs every scenario against the embedded
# server (in memory and over sockets) and against Debian's own coap-server, each
# on every transport it has. With --all-servers also against libcoap 4.3.4,
# aiocoap, Californium and go-coap, one after the other (docs/servers.md).
# Prints a summary and the paths of the reports. Exit 0 when every case of the
# embedded server passed and the others showed nothing but the faults that their
# profiles declare; else the runner's exit code (2 usage, 3 unreachable,
# 4 crashed, 1 a failure, 5 an expected failure that passed).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install=""
all=""
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=--no-install ;;
    --all-servers) all=1 ;;
    *)
      echo "usage: ci/conformance.sh [--no-install] [--all-servers]" >&2
      exit 2
      ;;
  esac
  shift
done
bash ci/install.sh $install conformance || exit 2
[ -z "$all" ] || bash ci/install.sh $install servers || exit 2

say "build (release)"
# The test programs need packages that a run of the scenarios does not.
CMAKE_EXTRA=-DCOAPSPEC_TESTS=OFF configure_and_build release coapspec || exit 2
coapspec=build/release/bin/coapspec
reports=out/conformance
worst=0
lines=()
pids=()
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

# verdicts NAME: one line a case: id, transport, verdict
verdicts() {
  sed -n '/^  "requirements"/q; s/^ *"\(id\|transport\|verdict\)": *"\([^"]*\)",*$/\2/p' "$reports/$1/report.json" |
    paste - - - | sort
}

# free_place: a loopback address of this run's own, so that nothing that runs
# beside us can answer in a server's place
free_place() {
  echo "127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$1"
}

# targets ADDRESS TRANSPORT...: the URIs of a server on port 5683, 8683 for WebSockets
targets() {
  local address=$1 transport
  shift
  for transport in "$@"; do
    case $transport in
      udp) echo "coap://$address:5683" ;;
      tcp) echo "coap+tcp://$address:5683" ;;
      ws) echo "coap+ws://$address:8683" ;;
    esac
  done
}

# against NAME SCRIPT [SCHEME]: starts the server, runs every case, stops it; the
# log is in $reports/NAME.log. With SCHEME, coap or coap+tcp, it is met at a
# Unix-domain socket instead, and the report's name says so.
against() {
  local name=$1 script=$2 scheme=${3-} address pid code report=$1 uris
  if [ -n "$scheme" ]; then
    address=/tmp/cs$$.s # libcoap takes 25 bytes
    report=$name-unix${scheme#coap}
    uris="$scheme://${address//\//%2F}"
    pid=$(bash "$script" start "$address" "$scheme") || return 3
  else
    address=$(free_place 3)
    # shellcheck disable=SC2046 # one word a transport
    uris=$(targets "$address" $(bash "$script" transports))
    pid=$(bash "$script" start "$address" 5683) || return 3
  fi
  # Ended with this shell too, however that goes.
  trap 'bash "$script" stop "$pid"' EXIT
  # shellcheck disable=SC2086 # one word a target
  $coapspec run $uris --profile "conformance/profiles/$name.ini" --out "$reports/$report" \
    >"$reports/$report.log" 2>&1
  code=$?
  trap - EXIT
  bash "$script" stop "$pid"
  return "$code"
}

# name_of SCRIPT: its profile's name, with the version
name_of() {
  local base version
  base=$(basename "$1" .sh)
  version=$(bash "$1" version) || return 1
  echo "${base%%-[0-9]*}-$version"
}

debian=conformance/servers/libcoap.sh
name=$(name_of $debian) || exit 2
[ -r "conformance/profiles/$name.ini" ] ||
  { echo "ci/conformance.sh: there is no profile for Debian's coap-server (conformance/profiles/$name.ini)" >&2; exit 2; }
# A report of an earlier run must not be read for this one's.
rm -rf "${reports:?}/embedded-memory" "$reports/embedded" "$reports/embedded-tokens" "${reports:?}/$name"

say "embedded server, in memory"
$coapspec run embedded --out "$reports/embedded-memory"
code=$?
only_passes embedded-memory || [ "$code" -ne 0 ] || code=1
note embedded-memory "$code"

# serve NAME ADDRESS OPTION...: the embedded server on sockets, until we end
serve() {
  local log=$reports/$1.serve.log address=$2 pid tries=0
  shift 2
  $coapspec serve --bind "$address:5683" "$@" >"$log" 2>&1 &
  pid=$!
  pids+=("$pid")
  until [ "$(grep -c 'serving on' "$log")" -ge 3 ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
      cat "$log"
      return 1
    fi
    sleep 0.05
  done
}

# The servers are tested at the same time: a run mostly waits. In memory a case
# about long tokens (RFC 8974) has a server that takes them; here that is
# another one.
embedded_address=$(free_place 2)
tokens_address=$(free_place 4)
serve embedded "$embedded_address"
serve embedded-tokens "$tokens_address" --extended-tokens 512

say "embedded server over sockets, and $name (Debian): a few minutes, mostly of waiting"
# shellcheck disable=SC2046 # one word a target
$coapspec run $(targets "$embedded_address" udp tcp ws) --profile embedded --out $reports/embedded \
  >$reports/embedded.log 2>&1 &
embedded_run=$!
# shellcheck disable=SC2046 # one word a target
$coapspec run $(targets "$tokens_address" udp tcp ws) --profile embedded --section 'RFC8974#2' \
  --out $reports/embedded-tokens >$reports/embedded-tokens.log 2>&1 &
tokens_run=$!
against "$name" $debian &
server_run=$!
pids+=("$embedded_run" "$tokens_run" "$server_run")

wait "$embedded_run"
code=$?
say "embedded server, sockets"
cat $reports/embedded.log
wait "$tokens_run" || code=1
if ! diff <(verdicts embedded-memory) <({ verdicts embedded; verdicts embedded-tokens; } | awk '$3 != "skip"' | sort -u) \
  >$reports/memory-and-socket.diff; then
  echo "the run in memory and those over sockets differ:"
  cat $reports/memory-and-socket.diff
  [ "$code" -ne 0 ] || code=1
fi
note embedded "$code"
note embedded-tokens 0

wait "$server_run"
code=$?
say "$name (Debian)"
cat "$reports/$name.log"
note "$name" "$code"

if [ -n "$all" ]; then
  for script in libcoap-4.3.4 aiocoap californium go-coap; do
    script=conformance/servers/$script.sh
    bash $script install && name=$(name_of $script) || exit 2
    for scheme in "" $(bash $script transports | tr ' ' '\n' | sed -n 's/^unix$/coap/p; s/^unix-stream$/coap+tcp/p'); do
      report=$name${scheme:+-unix${scheme#coap}}
      [ "$report" = "$(name_of $debian)" ] || rm -rf "${reports:?}/$report"
      say "$report"
      (against "$name" $script "$scheme")
      code=$?
      cat "$reports/$report.log"
      note "$report" "$code"
    done
  done
fi

say "summary"
printf '%s\n' "${lines[@]}"
exit "$worst"
