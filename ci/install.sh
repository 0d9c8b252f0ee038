#!/usr/bin/env bash
# ci/install.sh [--no-install] conformance|servers|test|extended
#
# Installs what is missing, by Debian package name. With --no-install, or where
# neither root nor sudo is to be had, it prints the command to run and exits 2
# when something is missing.
set -eu

install=yes
if [ "${1-}" = --no-install ]; then
  install=no
  shift
fi
set_name=${1:-test}

# clang's sanitizer and fuzzer runtimes are a package named after its version.
clang_runtime() {
  local version
  version=$(dpkg-query -W -f '${Depends}' clang 2>/dev/null | grep -o 'clang-[0-9]*' | head -n 1 || true)
  if [ -z "$version" ]; then
    version=$(apt-cache depends clang 2>/dev/null | grep -o 'Depends: clang-[0-9]*' | head -n 1 || true)
  fi
  version=${version##*-}
  [ -z "$version" ] || echo "libclang-rt-$version-dev"
}

packages() {
  # gcc only recommends the C library's headers.
  echo cmake ninja-build pkg-config gcc libc6-dev libjansson-dev libxml2-dev libinih-dev libmbedtls-dev libcoap3-bin
  case $set_name in
    conformance) ;;
    servers)
      # What DTLSSocket, DTLS of aiocoap, is built with.
      echo python3 python3-venv python3-dev autoconf automake
      # What a machine has by other means is not installed beside it.
      command -v mvn >/dev/null || echo maven
      command -v javac >/dev/null || echo default-jdk-headless
      command -v go >/dev/null || echo golang-go
      command -v node >/dev/null || echo nodejs
      command -v npm >/dev/null || echo npm
      # Debian 12's own cargo is too old for what coap-rs is made of.
      command -v cargo >/dev/null ||
        case $(. /etc/os-release && echo "${VERSION_ID-}") in 12) echo cargo-web ;; *) echo cargo ;; esac
      ;;
    test | extended)
      echo clang llvm clang-format clang-tidy afl++ check libsubunit-dev dpkg-dev libcoap3-dev tshark openssl \
        python3 python3-venv
      clang_runtime
      ;;
    *)
      echo "ci/install.sh: no such set of packages: $set_name" >&2
      exit 2
      ;;
  esac
  [ "$set_name" != extended ] || echo valgrind libc6-dbg strace debootstrap
}

missing() {
  local package
  for package in $(packages); do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      printf '%s ' "$package"
  done
}

# clang-format's layout differs between versions; ci/checks/format.py wants this
# one, which is bookworm's. Elsewhere it comes as a Python package.
format_version=14.0.6
format_tool() {
  local tools
  case $set_name in conformance | servers) return 0 ;; esac
  tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/out/tools
  if clang-format --version | grep -q "version ${format_version%%.*}\." ||
    "$tools/bin/clang-format" --version 2>/dev/null | grep -q "version ${format_version%%.*}\."; then
    return 0
  fi
  if [ "$install" = no ]; then
    echo "clang-format ${format_version%%.*} is missing. Run:" >&2
    echo "  python3 -m venv out/tools && out/tools/bin/pip install clang-format==$format_version" >&2
    return 2
  fi
  echo "installing: clang-format $format_version (Python package)" >&2
  python3 -m venv "$tools" >&2 && "$tools/bin/pip" install --quiet "clang-format==$format_version" >&2 || return 2
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "ci/install.sh: this is not a Debian system; the packages needed are named in this file" >&2
  exit 2
fi
packages >/dev/null
wanted=$(missing)
if [ -z "$wanted" ]; then
  format_tool
  exit
fi

become=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then become="sudo -n"; else install=no; fi
fi
if [ "$install" = no ]; then
  runtime=""
  case $set_name in conformance | servers) ;; *) [ -n "$(clang_runtime)" ] || runtime=" libclang-rt-dev" ;; esac
  echo "Some packages are missing. As root, run:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends ${wanted% }$runtime" >&2
  exit 2
fi

# The lists may be absent, and so clang's version unknown, until the update. A
# third party's list that cannot be fetched must not stop us: apt-get install
# below fails by itself if a package is not to be had.
$become apt-get update -qq >&2 || true
wanted=$(missing)
echo "installing: $wanted" >&2
# shellcheck disable=SC2086 # names are words
$become env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  $wanted >&2
left=$(missing)
if [ -n "$left" ]; then
  echo "ci/install.sh: still missing: $left" >&2
  exit 2
fi
format_tool
