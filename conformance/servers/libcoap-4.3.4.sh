#!/usr/bin/env bash
# libcoap 4.3.4's coap-server: the system's own where that is its version, else
# trixie's packages unpacked into out/servers/libcoap-4.3.4 and run with their
# own loader. Nothing of the system is changed, no root is needed.
#
#   install                      downloads and unpacks once
#   path | version | transports  the command line that runs it, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   start PATH [SCHEME]          the same on a Unix-domain socket, of datagrams (coap, coaps) or a
#                                stream (coap+tcp, coaps+tcp); one kind a server, at most 25 bytes
#   stop PID
#   run ADDRESS PORT -- COMMAND, run PATH [SCHEME] -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/mirror.sh"
. "$here/coap-server.sh"

suite=trixie
prefix=$servers/libcoap-4.3.4
word=coap-server

native() {
  case $(dpkg-query -W -f '${Version}' libcoap3-bin 2>/dev/null) in
    4.3.4*) command -v "coap-server-$tls_build" ;;
    *) return 1 ;;
  esac
}

unpack() {
  local work=$prefix.work uri key options
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    die "apt-get and dpkg-deb are needed to fetch libcoap 4.3.4"
  read -r uri key <<<"$(debian_mirror)"
  [ -n "${uri-}" ] || die "no mirror of this system's own suite in its apt sources"
  [ -n "${key-}" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
  options=""
  case $key in /*) options="[signed-by=$key] " ;; esac
  rm -rf "$work" "$prefix"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
  : >"$work/status"
  echo "deb $options$uri $suite main" >"$work/$suite.list"
  local -a apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/$suite.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status"
    -o "Dir::Cache::archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
    -o APT::Install-Recommends=false -o Debug::NoLocking=1 -o APT::Sandbox::User=
    -o Acquire::Languages=none -o DPkg::Pre-Install-Pkgs= -o "Dir::Log=$work")
  "${apt[@]}" update >&2 || die "the lists of $suite could not be fetched"
  # With an empty status file, everything it needs down to libc comes along.
  "${apt[@]}" -y --download-only install libcoap3-bin >&2 ||
    die "the packages of libcoap 4.3.4 could not be fetched"
  local package
  for package in "$work"/archives/libcoap3-bin_4.3.4*.deb; do
    [ -e "$package" ] || die "$suite has another version of libcoap3-bin than 4.3.4"
  done
  for package in "$work"/archives/*.deb; do
    dpkg-deb -x "$package" "$work/root" || die "cannot unpack $(basename "$package")"
  done
  mv "$work/root" "$prefix"
  rm -rf "$work"
}

install() {
  native >/dev/null && return
  install_once "$prefix" 4.3.4 unpack
}

# The command line, one word a line.
program() {
  native && return
  install
  local loader
  loader=$(find "$prefix/usr/lib64" "$prefix/lib64" "$prefix/usr/lib" "$prefix/lib" \
    -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
  [ -n "$loader" ] || die "no loader under $prefix"
  local libraries
  libraries=$(dirname "$(find "$prefix/usr/lib" "$prefix/lib" -name libc.so.6 2>/dev/null | head -n 1)")
  printf '%s\n' "$loader" --library-path "$libraries" "$prefix/usr/bin/coap-server-$tls_build"
}

version() {
  echo 4.3.4
}

transports() {
  echo udp tcp ws $(secure dtls tls wss) unix unix-stream $(secure unix-dtls unix-tls)
}

start() {
  local -a server
  mapfile -t server < <(program)
  [ ${#server[@]} -gt 0 ] || exit 2
  if [ -n "$2" ]; then
    serve "udp tcp ws $(secure dtls tls wss)" "$1" "$2" "${server[@]}" -A "$1" -p "$2" \
      -w "$(port_of ws "$2"),$(port_of wss "$2")"
  else
    local kind scheme=${3:-coap}
    case $scheme in
      coap) kind=unix ;;
      coap+tcp) kind=unix-stream ;;
      coaps) kind=$(secure unix-dtls) ;;
      coaps+tcp) kind=$(secure unix-tls) ;;
      *) die "a Unix-domain socket is of coap or coaps (datagrams), coap+tcp or coaps+tcp (a stream), not '$3'" ;;
    esac
    [ -n "$kind" ] || die "$scheme needs COAPSPEC_SERVER_SECURITY to have psk or certificate"
    [ "$(printf %s "$1" | wc -c)" -le 25 ] || die "coap-server takes paths of at most 25 bytes: $1"
    serve "$kind" "$1" "" "${server[@]}" -A "$1" -U "$scheme"
  fi
}

subcommand "$@"
