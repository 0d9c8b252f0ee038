#!/usr/bin/env bash
# What is installed is enough: a program finds the headers and each name of the
# library through pkg-config and through CMake, and runs; each says what it has.
set -eu
source=${COAPSPEC_SOURCE:?}
build=${COAPSPEC_BUILD:?}
prefix=$(mktemp -d "${TMPDIR:-/tmp}/coapspec-install.XXXXXX")
trap 'rm -rf "$prefix"' EXIT

cache() {
  sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
compiler=$(cache CMAKE_C_COMPILER)
sanitize=$(cache COAPSPEC_SANITIZE)
instrument=""
[ -z "$sanitize" ] || instrument="-fsanitize=$sanitize"
[ "$(cache COAPSPEC_COVERAGE)" != ON ] || instrument="$instrument -fprofile-instr-generate"

cmake --install "$build/src/api" --prefix "$prefix" >/dev/null
libdir=$prefix/$(cache CMAKE_INSTALL_LIBDIR)
export PKG_CONFIG_PATH=$libdir/pkgconfig

names="libcoap-3 libcoap-3-notls"
[ "$(cache COAPSPEC_TLS)" != mbedtls ] || names="$names libcoap-3-mbedtls"
for name in $names; do
  # The prefix is not the configured one: the files must find their own tree.
  flags=$(pkg-config --cflags --libs "$name")
  # shellcheck disable=SC2086 # flags are words
  "$compiler" -std=c99 -Wall -Wextra -Werror "$source/examples/get.c" $flags $instrument \
    -Wl,-rpath,"$libdir" -o "$prefix/get-$name"
  status=0
  "$prefix/get-$name" coap://host:0/ 2>"$prefix/said" || status=$?
  [ "$status" -eq 2 ] && grep -q "OURS#uri-port-range" "$prefix/said" || {
    echo "get, linked with $name, ended with $status:"
    cat "$prefix/said"
    exit 1
  }
  # The static library holds everything but the TLS library.
  # shellcheck disable=SC2046,SC2086 # flags are words
  "$compiler" -std=c99 -I "$prefix/include" "$source/examples/ping.c" $instrument \
    "$libdir/$name.a" $(sed -n 's/^Libs.private: //p' "$libdir/pkgconfig/$name.pc") -o "$prefix/ping-$name"
  # shellcheck disable=SC2086 # flags are words
  "$compiler" -std=c99 -Wall -Wextra -Werror "$source/examples/secure-get.c" $flags $instrument \
    -Wl,-rpath,"$libdir" -o "$prefix/secure-get-$name"
  status=0
  "$prefix/secure-get-$name" -C /nonexistent coaps://127.0.0.1/ 2>"$prefix/said" || status=$?
  case $name in
    libcoap-3-notls) words="this build speaks none of the schemes" ;;
    *) words="ca_file: /nonexistent: not found" ;;
  esac
  [ "$status" -eq 1 ] && grep -q "$words" "$prefix/said" || {
    echo "secure-get, linked with $name, ended with $status, not saying \"$words\":"
    cat "$prefix/said"
    exit 1
  }
done

mkdir "$prefix/user"
cp "$source/examples/get.c" "$prefix/user"
cat >"$prefix/user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(libcoap 4.3 REQUIRED)
add_executable(get get.c)
target_link_libraries(get PRIVATE libcoap::coap-3)
END
cmake -S "$prefix/user" -B "$prefix/user/build" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$instrument" >/dev/null
cmake --build "$prefix/user/build" >/dev/null
echo "installed, found and linked"
