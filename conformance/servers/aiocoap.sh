#!/usr/bin/env bash
# aiocoap 0.4.17 (PyPI) in a virtual environment of its own, with the resources
# of aiocoap/server.py.
#
#   install                      makes out/servers/aiocoap-0.4.17 once
#   path | version | transports  the command line that runs it, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on UDP, TCP and WS
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
  python3 -m venv "$prefix" || die "python3 with its venv module is needed"
  "$prefix/bin/python" -m pip install -q --disable-pip-version-check --no-deps \
    -r "$here/aiocoap/requirements.txt" || die "aiocoap could not be installed"
}

install() {
  install_once "$prefix" "$(stamp_of "$here/aiocoap/requirements.txt")" fill
}

# The command line, one word a line.
program() {
  install
  printf '%s\n' "$prefix/bin/python" -B "$here/aiocoap/server.py"
}

transports() {
  echo udp tcp ws
}

start() {
  local -a server
  mapfile -t server < <(program)
  [ ${#server[@]} -gt 0 ] || exit 2
  [ -n "$2" ] || die "aiocoap has no Unix-domain sockets"
  launch "$(transports)" "$1" "$2" "${server[@]}" "$1" "$2"
}

subcommand "$@"
