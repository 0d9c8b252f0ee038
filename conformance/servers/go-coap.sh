#!/usr/bin/env bash
# go-coap 3.5.5 (a Go module) with the resources of go-coap/main.go.
#
#   install                      builds out/servers/go-coap-3.5.5 once (go 1.25 or later)
#   path | version | transports  its program, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   stop PID
#   run ADDRESS PORT -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version() {
  sed -n 's|^require github.com/plgd-dev/go-coap/v3 v||p' "$here/go-coap/go.mod"
}

prefix=$servers/go-coap-$(version)
word=coapspec-go-coap

fill() {
  tool go golang-go
  mkdir -p "$prefix"
  # Another compiler than the one that is here would be fetched otherwise.
  (cd "$here/go-coap" && GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false" go build -o "$prefix/$word" .) ||
    die "go-coap could not be built; go 1.25 or later is needed (here: $(go version 2>&1))"
}

install() {
  install_once "$prefix" "$(stamp_of "$here"/go-coap/*)" fill
}

program() {
  install
  printf '%s\n' "$prefix/$word"
}

# TLS is of certificates alone.
transports() {
  # shellcheck disable=SC2046 # words
  echo udp tcp $(secure dtls) $(certified tls)
}

start() {
  local server
  local -a security=()
  server=$(program) || exit 2
  [ -n "$2" ] || die "go-coap has no Unix-domain sockets"
  if has psk; then security+=(-psk "$credentials/psk.txt"); fi
  if has certificate; then security+=(-certificate "$credentials/server.chain.pem" -key "$credentials/server.key"); fi
  if has client-certificate; then security+=(-demand "$credentials/ca.pem"); fi
  launch "$(transports)" "$1" "$2" "$server" "${security[@]}" "$1" "$2"
}

subcommand "$@"
