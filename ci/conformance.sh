#!/usr/bin/env bash
# ci/conformance.sh [--no-install] [--all-servers]
#
# Installs what is missing, builds, and runs every scenario against the embedded
# server (in memory and over sockets) and against Debian's own coap-server, each
# on every transport it has, the plain and the secured ones in runs of their own.
# With --all-servers also against libcoap 4.3.4, aiocoap, Californium, go-coap,
# node-coap and coap-rs, one after the other, and what is about DTLS and TLS against
# libcoap's OpenSSL builds and coap-rs with certificates (docs/servers.md).
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

# verdicts NAME: one line a case of a scenario: id, transport, verdict
verdicts() {
  sed -n '/^  "requirements"/q; /^  "cases"/,$s/^ *"\(id\|transport\|verdict\)": *"\([^"]*\)",*$/\2/p' "$reports/$1/report.json" |
    paste - - - | grep -v '^target/' | sort
}

# free_place: a loopback address of this run's own, so that nothing that runs
# beside us can answer in a server's place
free_place() {
  echo "127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$1"
}

# Where every server is met. Not at the default ports: there a server may leave out
# the name of the protocol (ALPN) that RFC 8323 demands elsewhere.
port=5783

# uri ADDRESS TRANSPORT: of a server on that port
uri() {
  case $2 in
    udp) echo "coap://$1:$port" ;;
    tcp) echo "coap+tcp://$1:$port" ;;
    ws) echo "coap+ws://$1:$((port + 3000))" ;;
    dtls) echo "coaps://$1:$((port + 1))" ;;
    tls) echo "coaps+tcp://$1:$((port + 1))" ;;
    wss) echo "coaps+ws://$1:$((port + 3001))" ;;
  esac
}

# targets GROUP ADDRESS TRANSPORT...: the URIs of those that are of the group, plain
# or secured
targets() {
  local group=$1 address=$2 transport
  shift 2
  for transport in "$@"; do
    case $group-$transport in
      plain-udp | plain-tcp | plain-ws | secured-dtls | secured-tls | secured-wss) uri "$address" "$transport" ;;
    esac
  done
}

# Real servers have every credential, and demand one of the client where it is met
# by certificates, as the embedded one does.
export COAPSPEC_SERVER_SECURITY="psk certificate client-certificate"

# What further selects cases, for `against`.
selection=()

# against NAME REPORT SCRIPT GROUP|SCHEME: starts the server, runs every case with the
# profile of that name, stops it; the log is in $reports/REPORT.log. A group is plain
# or secured: its transports of that kind. With a scheme it is met at a Unix-domain
# socket instead.
against() {
  local name=$1 report=$2 script=$3 group=$4 address pid code uris
  case $group in
    coap*)
      address=/tmp/cs$$.${#group}.s # libcoap takes 25 bytes
      uris="$group://${address//\//%2F}"
      pid=$(bash "$script" start "$address" "$group") || return 3
      ;;
    *)
      address=$(free_place 3)
      # shellcheck disable=SC2046 # one word a transport
      uris=$(targets "$group" "$address" $(bash "$script" transports))
      pid=$(bash "$script" start "$address" "$port") || return 3
      ;;
  esac
  # Ended with this shell too, however that goes.
  trap 'bash "$script" stop "$pid"' EXIT
  # shellcheck disable=SC2086 # one word a target
  $coapspec run $uris --profile "conformance/profiles/$name.ini" --out "$reports/$report" \
    "${selection[@]}" >"$reports/$report.log" 2>&1
  code=$?
  trap - EXIT
  bash "$script" stop "$pid"
  return "$code"
}

# side_by_side NAME SCRIPT REPORT:GROUP...: those runs at the same time, each against
# a server of its own, since a run mostly waits; then what they say
side_by_side() {
  local name=$1 script=$2 run code
  local -a running=()
  shift 2
  for run in "$@"; do
    rm -rf "${reports:?}/${run%:*}" "${reports:?}/${run%:*}.log"
    (against "$name" "${run%:*}" "$script" "${run##*:}") &
    running+=($!)
    pids+=($!)
  done
  for run in "$@"; do
    wait "${running[0]}"
    code=$?
    running=("${running[@]:1}")
    say "${run%:*}"
    cat "$reports/${run%:*}.log"
    note "${run%:*}" "$code"
  done
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
rm -rf "${reports:?}/embedded-memory" "$reports/embedded" "$reports/embedded-secured" "$reports/embedded-tokens"

say "embedded server, in memory"
$coapspec run embedded --out "$reports/embedded-memory"
code=$?
only_passes embedded-memory || [ "$code" -ne 0 ] || code=1
note embedded-memory "$code"

# serve NAME ADDRESS OPTION...: the embedded server on sockets, until we end
serve() {
  local log=$reports/$1.serve.log address=$2 pid tries=0
  shift 2
  $coapspec serve --bind "$address:$port" "$@" >"$log" 2>&1 &
  pid=$!
  pids+=("$pid")
  until [ "$(grep -c 'serving on' "$log")" -ge 6 ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
      cat "$log"
      return 1
    fi
    sleep 0.05
  done
}

# run_embedded NAME GROUP OPTION...: the cases over sockets, in the background; its
# process id is in $started
run_embedded() {
  local name=$1 group=$2 address
  shift 2
  address=$(free_place 2)
  # In memory a datagram to a group reaches the server: on sockets where it listens.
  case $name in
    embedded-tokens) serve "$name" "$address" --extended-tokens 512 ;;
    embedded) serve "$name" "$address" --multicast ;;
    *) serve "$name" "$address" ;;
  esac
  # shellcheck disable=SC2046 # one word a target
  $coapspec run $(for group in $group; do targets "$group" "$address" udp tcp ws dtls tls wss; done) \
    --profile embedded --out "$reports/$name" "$@" >"$reports/$name.log" 2>&1 &
  started=$!
  pids+=("$started")
}

# The servers are tested at the same time: a run mostly waits. In memory a case
# about long tokens (RFC 8974) has a server that takes them; here that is
# another one.
say "embedded server over sockets, and $name (Debian): a few minutes, mostly of waiting"
run_embedded embedded plain
plain_run=$started
run_embedded embedded-secured secured
secured_run=$started
run_embedded embedded-tokens "plain secured" --section 'RFC8974#2'
tokens_run=$started
# Its summary is that of this shell.
side_by_side "$name" $debian "$name:plain" "$name-secured:secured" >"$reports/$name.both.log"

for name in embedded embedded-secured embedded-tokens; do
  case $name in
    embedded) wait "$plain_run" ;;
    embedded-secured) wait "$secured_run" ;;
    embedded-tokens) wait "$tokens_run" ;;
  esac
  code=$?
  say "$name, sockets"
  cat "$reports/$name.log"
  note "$name" "$code"
done
if ! diff <(verdicts embedded-memory) \
  <({ verdicts embedded; verdicts embedded-secured; verdicts embedded-tokens; } | awk '$3 != "skip"' | sort -u) \
  >$reports/memory-and-socket.diff; then
  echo "the run in memory and those over sockets differ:"
  cat $reports/memory-and-socket.diff
  [ "$worst" -ne 0 ] || worst=1
fi
cat "$reports/$(name_of $debian).both.log"

# of_handshakes NAME SUFFIX SCRIPT VARIABLE=VALUE: the cases about DTLS and TLS
# themselves, against the server as that variable makes it; what it says of CoAP comes
# from the same code as in the other runs
of_handshakes() {
  local glob
  local -x "$4"
  for glob in '4279/*' '5246/*' '6066/*' '6347/*' '7301/*' '7525/*' '7252/9*' '8323/8.[24]*' '8323/9*'; do
    selection+=(--only "$glob")
  done
  side_by_side "$1-$2" "$3" "$1-$2:secured"
  selection=()
}

if [ -n "$all" ]; then
  of_handshakes "$(name_of $debian)" openssl $debian COAPSPEC_SERVER_TLS=openssl
  for script in libcoap-4.3.4 aiocoap californium go-coap node-coap coap-rs; do
    script=conformance/servers/$script.sh
    bash $script install && name=$(name_of $script) || exit 2
    spoken=$(bash $script transports) || exit 2
    runs=("$name:plain")
    # shellcheck disable=SC2086 # one word a transport
    [ -z "$(targets secured 127.0.0.1 $spoken)" ] || runs+=("$name-secured:secured")
    # On a Unix-domain socket by each scheme.
    for scheme in $(echo "$spoken" | tr ' ' '\n' |
      sed -n 's/^unix$/coap/p; s/^unix-stream$/coap+tcp/p; s/^unix-dtls$/coaps/p; s/^unix-tls$/coaps+tcp/p'); do
      runs+=("$name-unix-$scheme:$scheme")
    done
    side_by_side "$name" $script "${runs[@]}"
    case $script in
      *libcoap*) of_handshakes "$name" openssl $script COAPSPEC_SERVER_TLS=openssl ;;
      # It has one of the two at a time.
      *coap-rs*) of_handshakes "$name" certificate $script "COAPSPEC_SERVER_SECURITY=certificate client-certificate" ;;
    esac
  done
fi

say "summary"
printf '%s\n' "${lines[@]}"
exit "$worst"
