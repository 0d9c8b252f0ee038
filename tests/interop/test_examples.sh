#!/usr/bin/env bash
# examples/get and examples/ping against Debian's coap-server.
set -u
source=${COAPSPEC_SOURCE:?}
bin=${COAPSPEC_BUILD:?}/bin
server=$source/conformance/servers/libcoap.sh
bad=0

# wants STATUS WORDS COMMAND...: its exit code and something it says
wants() {
  local status=$1 words=$2 said
  shift 2
  said=$("$@" 2>&1)
  local got=$?
  if [ "$got" -ne "$status" ] || ! grep -q -- "$words" <<<"$said"; then
    printf 'FAILED: %s\nexit code %s, not %s, or "%s" is missing in:\n%s\n' "$*" "$got" "$status" \
      "$words" "$said"
    bad=$((bad + 1))
  fi
}

pid=$(bash "$server" start 127.9.2.3 56873) || exit 1
trap 'bash "$server" stop "$pid"' EXIT
wants 0 libcoap "$bin/example-get" coap://127.9.2.3:56873/
wants 0 '</>' "$bin/example-get" coap://127.9.2.3:56873/.well-known/core
wants 1 "" "$bin/example-get" coap://127.9.2.3:56873/no/such/path
wants 0 "is alive" "$bin/example-ping" 127.9.2.3 56873
wants 1 "is unreachable" "$bin/example-ping" 127.9.2.3 56879
wants 1 unreachable "$bin/example-get" coap://127.9.2.3:56879/
wants 2 "RFC\|OURS" "$bin/example-get" coap://127.9.2.3:99999/
wants 1 unreachable "$bin/example-get" coaps://127.9.2.9/
wants 2 usage "$bin/example-ping" 127.9.2.3 0
[ "$bad" -eq 0 ]
