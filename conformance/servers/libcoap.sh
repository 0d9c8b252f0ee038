#!/usr/bin/env bash
# Debian's own coap-server (package libcoap3-bin: 4.3.1 on bookworm).
#
#   install                      the package, if it is missing
#   path | version | transports  its program, its upstream version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   stop PID
#   run ADDRESS PORT -- COMMAND  COMMAND while it is up
#
# COAPSPEC_SERVER_ARGS adds arguments, COAPSPEC_SERVER_LOG names a file for what it
# prints, COAPSPEC_SERVER_SECURITY and COAPSPEC_SERVER_TLS (gnutls, openssl) say
# what it has of security (docs/servers.md).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/coap-server.sh"
word=coap-server

install() {
  program >/dev/null 2>&1 && return
  [ "$(id -u)" -eq 0 ] || die "as root, run: apt-get install -y --no-install-recommends libcoap3-bin"
  apt-get update -qq >&2 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libcoap3-bin >&2
}

program() {
  command -v "coap-server-$tls_build" || die "coap-server-$tls_build is not installed (package libcoap3-bin)"
}

version() {
  dpkg-query -W -f '${Version}' libcoap3-bin 2>/dev/null | sed 's/-.*//' | grep . ||
    die "coap-server is not installed (package libcoap3-bin)"
}

transports() {
  local version
  version=$(version) || exit 2
  # WebSockets came after 4.3.1.
  case $version in
    4.3.[01]*) echo udp tcp $(secure dtls tls) ;;
    *) echo udp tcp ws $(secure dtls tls wss) ;;
  esac
}

start() {
  local server spoken
  local -a ws=()
  server=$(program) || exit 2
  spoken=$(transports) || exit 2
  [ -n "$2" ] || die "Unix-domain sockets are served by libcoap-4.3.4.sh"
  case $spoken in *ws*) ws=(-w "$(port_of ws "$2"),$(port_of wss "$2")") ;; esac
  serve "$spoken" "$1" "$2" "$server" -A "$1" -p "$2" "${ws[@]}"
}

subcommand "$@"
