#!/usr/bin/env bash
# node-coap 1.5.0 (npm package coap) with the resources of node-coap/server.js.
#
#   install                      makes out/servers/node-coap-1.5.0 once (node 18 or later, npm)
#   path | version | transports  the command line that runs it, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers
#   stop PID
#   run ADDRESS PORT -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version() {
  sed -n 's/^ *"coap": "\(.*\)"$/\1/p' "$here/node-coap/package.json"
}

prefix=$servers/node-coap-$(version)
word=node-coap-$(version)/server.js

fill() {
  tool node nodejs
  tool npm npm
  mkdir -p "$prefix" && cp "$here"/node-coap/* "$prefix" || die "$prefix cannot be written"
  # By the lock file alone, and nothing of what a package would run.
  (cd "$prefix" && npm ci --silent --ignore-scripts --no-audit --no-fund --no-update-notifier) ||
    die "node-coap could not be installed (npm ci)"
}

install() {
  install_once "$prefix" "$(stamp_of "$here"/node-coap/*)" fill
}

# The command line, one word a line.
program() {
  install
  tool node nodejs
  printf '%s\n' "$(command -v node)" "$prefix/server.js"
}

# It has neither streams nor security.
transports() {
  echo udp
}

start() {
  local -a server
  mapfile -t server < <(program)
  [ ${#server[@]} -gt 1 ] || exit 2
  [ -n "$2" ] || die "node-coap has no Unix-domain sockets"
  launch "$(transports)" "$1" "$2" "${server[@]}" "$1" "$2"
}

subcommand "$@"
