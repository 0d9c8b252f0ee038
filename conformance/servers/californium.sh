#!/usr/bin/env bash
# Californium 3.14.0 (Maven) with the resources of californium/PlugtestServer.java.
# The project's own plugtest server, cf-plugtest-server, is no artifact there.
#
#   install                      builds out/servers/californium-3.14.0 once (maven, a JDK of 11 or later)
#   path | version | transports  the command line that runs it, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   stop PID
#   run ADDRESS PORT -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version() {
  sed -n 's/.*<californium.version>\(.*\)<.*/\1/p' "$here/californium/pom.xml"
}

prefix=$servers/californium-$(version)
word=PlugtestServer

fill() {
  tool mvn maven
  tool javac default-jdk-headless
  mkdir -p "$prefix"
  local told
  # Quiet, as far as maven can be, unless it fails.
  told=$(mvn -q -B -Dstyle.color=never -f "$here/californium/pom.xml" "-Dout=$prefix" package 2>&1 </dev/null) ||
    die "Californium could not be installed:
$told"
}

install() {
  install_once "$prefix" "$(stamp_of "$here"/californium/*)" fill
}

# The command line, one word a line.
program() {
  install
  tool java default-jdk-headless
  command -v java
  # Little is compiled before it runs, so it is there sooner and takes less of a small machine.
  printf '%s\n' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$prefix/lib/*" PlugtestServer
}

# TLS is of certificates alone.
transports() {
  # shellcheck disable=SC2046 # words
  echo udp tcp $(secure dtls) $(certified tls)
}

start() {
  local -a server security=()
  mapfile -t server < <(program)
  [ ${#server[@]} -gt 1 ] || exit 2
  [ -n "$2" ] || die "Californium has no Unix-domain sockets"
  if has psk; then security+=("psk=$credentials/psk.txt"); fi
  if has certificate; then
    security+=("certificate=$credentials/server.chain.pem" "key=$credentials/server.key" "ca=$credentials/ca.pem")
  fi
  if has client-certificate; then security+=(demand); fi
  launch "$(transports)" "$1" "$2" "${server[@]}" "$1" "$2" "${security[@]}"
}

subcommand "$@"
