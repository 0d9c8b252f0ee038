#!/usr/bin/env bash
# aiocoap 0.4.17 (PyPI) in a virtual environment of its own, with the resources
# of aiocoap/server.py.
#
#   install                      makes out/servers/aiocoap-0.4.17 once (python3-venv, and to build
#                                DTLSSocket a C compiler, autoconf, automake, python's headers)
#   path | version | transports  the command line that runs it, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   stop PID
#   run ADDRESS PORT -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version() {
  sed -n 's/^aiocoap==//p' "$here/aiocoap/requirements.txt"
}

prefix=$servers/aiocoap-$(version)
word=servers/aiocoap/server.py

fill() {
  local needed="python3 python3-venv python3-dev gcc make autoconf automake"
  # shellcheck disable=SC2086 # packages are words
  tool python3 $needed
  python3 -m venv "$prefix" ||
    die "python3's module venv is needed. As root, run: apt-get install -y --no-install-recommends $needed"
  # pip of version 25.3 and later asks the second for what builds, older ones the first.
  PIP_CONSTRAINT=$here/aiocoap/constraints.txt PIP_BUILD_CONSTRAINT=$here/aiocoap/constraints.txt \
    "$prefix/bin/python" -m pip install -q --disable-pip-version-check --no-deps \
    -r "$here/aiocoap/requirements.txt" ||
    die "aiocoap could not be installed. What it needs: apt-get install -y --no-install-recommends $needed"
}

install() {
  install_once "$prefix" "$(stamp_of "$here/aiocoap/requirements.txt" "$here/aiocoap/constraints.txt")" fill
}

# The command line, one word a line.
program() {
  install
  printf '%s\n' "$prefix/bin/python" -B "$here/aiocoap/server.py"
}

# DTLS is of pre-shared keys alone, TLS of certificates alone.
transports() {
  # shellcheck disable=SC2046 # words
  echo udp tcp ws $(if has psk; then echo dtls; fi) $(certified tls wss)
}

start() {
  local -a server security=()
  mapfile -t server < <(program)
  [ ${#server[@]} -gt 0 ] || exit 2
  [ -n "$2" ] || die "aiocoap has no Unix-domain sockets"
  if has psk; then security+=(--psk "$credentials/psk.txt"); fi
  if has certificate; then security+=(--certificate "$credentials/server.chain.pem" "$credentials/server.key"); fi
  if has client-certificate; then security+=(--demand "$credentials/ca.pem"); fi
  launch "$(transports)" "$1" "$2" "${server[@]}" "$1" "$2" "${security[@]}"
}

subcommand "$@"
