#!/usr/bin/env bash
# Configuring with a mbedTLS that the code was not written for, or with none, ends
# with a message that says what would do; with -DCOAPSPEC_TLS=none it needs none.
set -u
source=${COAPSPEC_SOURCE:?}
work=$(mktemp -d "${TMPDIR:-/tmp}/coapspec-configure.XXXXXX")
trap 'rm -rf "$work"' EXIT
bad=0

# configure NAME ARGUMENT...: the layers alone, as nothing else matters here
configure() {
  local name=$1
  shift
  cmake -S "$source" -B "$work/$name" -DCOAPSPEC_TESTS=OFF "$@" >"$work/$name.log" 2>&1
}

# refused NAME WORDS ARGUMENT...
refused() {
  local name=$1 words=$2
  shift 2
  if configure "$name" "$@"; then
    echo "FAILED: $name was configured"
    bad=$((bad + 1))
  elif ! tr -s '\n ' ' ' <"$work/$name.log" | grep -qF "$words"; then
    echo "FAILED: $name does not say \"$words\":"
    grep -A6 "CMake Error" "$work/$name.log"
    bad=$((bad + 1))
  else
    echo "ok: $name"
  fi
}

# fake VERSION [HEADER]: a prefix with nothing but a version of mbedTLS
fake() {
  mkdir -p "$work/$1/include/mbedtls" "$work/$1/lib"
  : >"$work/$1/include/mbedtls/version.h"
  echo "#define MBEDTLS_VERSION_STRING \"$1\"" >"$work/$1/include/mbedtls/${2:-version.h}"
  echo "$work/$1"
}

refused old "mbedTLS 2.16.12" -DCOAPSPEC_MBEDTLS_ROOT="$(fake 2.16.12)"
refused between "2.28.x and 3.6.x are" -DCOAPSPEC_MBEDTLS_ROOT="$(fake 3.5.2 build_info.h)"
refused new "mbedTLS 4.0.0" -DCOAPSPEC_MBEDTLS_ROOT="$(fake 4.0.0 build_info.h)"
refused libraries "libmbedtls of mbedTLS 3.6.4 is missing" -DCOAPSPEC_MBEDTLS_ROOT="$(fake 3.6.4 build_info.h)"
refused absent "mbedTLS is missing" -DCOAPSPEC_MBEDTLS_ROOT="$work/nowhere"
refused word "it can be mbedtls or none" -DCOAPSPEC_TLS=openssl
if configure none -DCOAPSPEC_TLS=none && grep -q "TLS: none" "$work/none.log"; then
  echo "ok: none"
else
  echo "FAILED: none"
  tail -n 5 "$work/none.log"
  bad=$((bad + 1))
fi
[ "$bad" -eq 0 ]
