#!/usr/bin/env bash
# Debian's own coap-server (package libcoap3-bin: 4.3.1 on bookworm).
#
#   install                      the package, if it is missing
#   path | version | transports  its program, its upstream version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers everywhere
#   stop PID
#   run ADDRESS PORT -- COMMAND  COMMAND while it is up
#
# COAPSPEC_SERVER_ARGS adds arguments, COAPSPEC_SERVER_LOG names a file for
# what it prints.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
word=coap-server

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

transports() {
  # WebSockets came after 4.3.1.
  case $(version) in '') exit 2 ;; 4.3.[01]*) echo udp tcp ;; *) echo udp tcp ws ;; esac
}

start() {
  local server spoken
  local -a ws=()
  server=$(program) || exit 2
  spoken=$(transports) || exit 2
  [ -n "$2" ] || die "Unix-domain sockets are served by libcoap-4.3.4.sh"
  case $spoken in *ws*) ws=(-w "$(ws_port "$2")") ;; esac
  # shellcheck disable=SC2086 # arguments are words
  launch "$spoken" "$1" "$2" "$server" -A "$1" -p "$2" "${ws[@]}" -d 20 ${COAPSPEC_SERVER_ARGS-}
}

subcommand "$@"
