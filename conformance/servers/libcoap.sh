#!/usr/bin/env bash
# Debian's own coap-server (package libcoap3-bin: 4.3.1 on bookworm).
#
#   install                      the package, if it is missing
#   path | version               its program, its upstream version
#   start ADDRESS PORT           prints the process id once the port is bound
#   stop PID
#   run ADDRESS PORT -- COMMAND  COMMAND while it is up
#
# COAPSPEC_SERVER_ARGS adds arguments, COAPSPEC_SERVER_LOG names a file for
# what it prints.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install() {
  program >/dev/null 2>&1 && return
  [ "$(id -u)" -eq 0 ] || die "as root, run: apt-get install -y --no-install-recommends libcoap3-bin"
  apt-get update -qq >&2 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libcoap3-bin >&2
}

program() {
  command -v coap-server-gnutls || command -v coap-server-notls ||
    die "coap-server is not installed (package libcoap3-bin)"
}

version() {
  dpkg-query -W -f '${Version}' libcoap3-bin 2>/dev/null | sed 's/-.*//' | grep . ||
    die "coap-server is not installed (package libcoap3-bin)"
}

start() {
  local server
  server=$(program) || exit 2
  [ -n "$2" ] || die "this version has no Unix-domain sockets; libcoap-4.3.4.sh has"
  # shellcheck disable=SC2086 # arguments are words
  launch "$1" "$2" "$server" -A "$1" -p "$2" -d 20 ${COAPSPEC_SERVER_ARGS-}
}

subcommand "$@"
