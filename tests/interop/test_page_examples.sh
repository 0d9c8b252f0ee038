#!/usr/bin/env bash
# The manual page's five examples exchange messages with a real server, each on
# its own family, protocol and port: IPv4 in the clear and over DTLS (certificates,
# pre-shared key, anonymous) with Debian's libcoap, AF_UNIX with libcoap 4.3.4; and
# a sibling for IPv6. Neither the session's own path nor anything else is left behind.
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

# DTLS, with the credentials that all test servers have.
credentials=$source/conformance/credentials
expect "example 3, certificates" bash "$servers/libcoap.sh" run 127.9.2.3 5683 -- \
  "$bin/page-example3" 127.9.2.3 "$credentials/client.pem" "$credentials/client.key" "$credentials/ca.pem"
expect "example 4, pre-shared key" bash "$servers/libcoap.sh" run 127.9.2.4 5683 -- \
  "$bin/page-example4" 127.9.2.4 coapspec Secret_key123
# The page has its fifth example on the port of the clear.
expect "example 5, anonymous" bash "$servers/libcoap.sh" run 127.9.2.5 5682 -- \
  "$bin/page-example5" 127.9.2.5

# Less than was asked for is no session.
refused() {
  ! "$@" >"$path.said" 2>&1 && grep -q "$words" "$path.said"
}
words="reason 3" expect "example 3 and a server of another authority" refused \
  bash "$servers/libcoap.sh" run 127.9.2.6 5683 -- "$bin/page-example3" 127.9.2.6 \
  "$credentials/intruder.pem" "$credentials/intruder.key" "$credentials/intruder.pem"
words="reason 3" expect "example 4 with the wrong key" refused \
  bash "$servers/libcoap.sh" run 127.9.2.7 5683 -- "$bin/page-example4" 127.9.2.7 coapspec wrong
words="private_key: /none" expect "example 3 without its key" refused \
  "$bin/page-example3" 127.9.2.8 "$credentials/client.pem" /none "$credentials/ca.pem"
rm -f "$path.said"

[ "$bad" -eq 0 ]
