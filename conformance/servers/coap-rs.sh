#!/usr/bin/env bash
# coap-rs 0.29.0 (cargo crate coap) with the resources of coap-rs/src/main.rs.
#
#   install                      builds out/servers/coap-rs-0.29.0 once (cargo and rustc 1.85 or later,
#                                a C compiler)
#   path | version | transports  its program, its version, what it speaks
#   start ADDRESS PORT           prints the process id once it answers on all of them
#   stop PID
#   run ADDRESS PORT -- COMMAND
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version() {
  sed -n 's/^coap = .*"=\([0-9.]*\)".*/\1/p' "$here/coap-rs/Cargo.toml"
}

prefix=$servers/coap-rs-$(version)
word=coapspec-coap-rs

# Debian 12 has an older cargo too, which will not do.
cargo_package() {
  case $(. /etc/os-release && echo "${VERSION_ID-}") in 12) echo cargo-web ;; *) echo cargo ;; esac
}

# cargo writes the name of its registry into every lock file. Ours leaves it out, so
# cargo is asked here.
lock() {
  local registry
  cargo generate-lockfile -q && registry=$(sed -n 's/^source = "\(.*\)"$/\1/p' Cargo.lock | sort -u) &&
    sed "s|@registry@|$registry|" Cargo.lock.in >Cargo.lock
}

fill() {
  tool cargo "$(cargo_package)"
  tool cc gcc
  mkdir -p "$prefix" && cp -r "$here/coap-rs" "$prefix/build" || die "$prefix cannot be written"
  (cd "$prefix/build" && lock && cargo build -q --release --locked --target-dir target) ||
    die "coap-rs could not be built; rustc 1.85 or later is needed (here: $(rustc --version 2>&1 | head -n 1))"
  mv "$prefix/build/target/release/$word" "$prefix/" && rm -rf "$prefix/build"
}

install() {
  install_once "$prefix" "$(stamp_of "$here"/coap-rs/Cargo.* "$here"/coap-rs/src/*)" fill
}

program() {
  install
  printf '%s\n' "$prefix/$word"
}

# It has no streams.
transports() {
  # shellcheck disable=SC2046 # words
  echo udp $(secure dtls)
}

start() {
  local server
  local -a security=()
  server=$(program) || exit 2
  [ -n "$2" ] || die "coap-rs has no Unix-domain sockets"
  # Of both it takes the key.
  if has psk; then security+=("psk=$credentials/psk.txt"); fi
  if has certificate; then security+=("certificate=$credentials/server.chain.pem" "key=$credentials/server.key"); fi
  if has client-certificate; then security+=("demand=$credentials/ca.pem"); fi
  launch "$(transports)" "$1" "$2" "$server" "$1" "$2" "${security[@]}"
}

subcommand "$@"
