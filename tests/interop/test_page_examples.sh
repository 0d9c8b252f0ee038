#!/usr/bin/env bash
# The manual page's first two examples exchange messages with a real server:
# IPv4 with Debian's libcoap, AF_UNIX with libcoap 4.3.4; and their sibling for
# IPv6. Neither the session's own path nor anything else is left behind.
set -u
source=${COAPSPEC_SOURCE:?}
bin=${COAPSPEC_BUILD:?}/bin
servers=$source/conformance/servers
bad=0

expect() {
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else
    echo "FAILED: $what"
    bad=$((bad + 1))
  fi
}

expect "example 1, IPv4" bash "$servers/libcoap.sh" run 127.9.2.1 5683 -- \
  "$bin/page-example1" 127.9.2.1

path=$(mktemp -u /tmp/cs71.XXXXXX)
expect "example 2, Unix domain" bash "$servers/libcoap-4.3.4.sh" run "$path" -- \
  "$bin/page-example2" "$path"
rm -f "$path"
left=$(find /tmp -maxdepth 1 -name 'client.*' -type s 2>/dev/null)
expect "no socket file is left (${left:-none})" test -z "$left"

expect "IPv6" bash "$servers/libcoap.sh" run ::1 56871 -- "$bin/page-ipv6" ::1 56871

# A server that is not there is noticed, with a reason and the right exit code.
expect "example 2 without a server" bash -c "! '$bin/page-example2' /tmp/cs71.none 2>/dev/null"

# In a build without TLS the others are refused, and the reason names DTLS.
refused() {
  ! "$@" >/dev/null 2>"$path.said" && grep -q "DTLS" "$path.said"
}
expect "example 3 says why not" refused "$bin/page-example3" 127.9.2.1 a b c
expect "example 4 says why not" refused "$bin/page-example4" 127.9.2.1 id key
expect "example 5 says why not" refused "$bin/page-example5" 127.9.2.1
rm -f "$path.said"

[ "$bad" -eq 0 ]
