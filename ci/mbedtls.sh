#!/usr/bin/env bash
# ci/mbedtls.sh [--no-install] PREFIX FLAG...
#
# Builds the mbedTLS that is installed here once more, from its distribution's
# own source package and in the package's own configuration, with the compiler
# flags given (sanitizers, a fuzzer's instrumentation), as static libraries under
# PREFIX, for COAPSPEC_MBEDTLS_ROOT. MBEDTLS_PLATFORM_MEMORY is on, so that a
# program can count and fail its allocations. CC is the compiler, clang unless set.
#
# What only computes (ciphers, hashes, large numbers, curves) is left as it is by
# all sanitizers but MemorySanitizer, and by the fuzzers: nothing there is decided
# by the structure of an input, and a handshake takes a twentieth of the time.
#
# The package is fetched by apt into a folder under out/, from where the system
# itself gets its packages; nothing of the system is changed and no root is
# needed. PREFIX is left alone while version, compiler, flags and this script are
# those that it was built with.
# Exit 0 when it is there, 2 when something is missing or wrong.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. conformance/servers/mirror.sh

die() {
  echo "ci/mbedtls.sh: $*" >&2
  exit 2
}

install=""
if [ "${1-}" = --no-install ]; then
  install=--no-install
  shift
fi
[ $# -ge 1 ] || die "usage: ci/mbedtls.sh [--no-install] PREFIX FLAG..."
bash ci/install.sh $install test || exit 2
prefix=$1
shift
flags=$*
compiler=${CC:-clang}
case $prefix in /*) ;; *) prefix=$root/$prefix ;; esac
version=$(dpkg-query -W -f '${source:Version}' libmbedtls-dev 2>/dev/null)
[ -n "$version" ] || die "libmbedtls-dev is not installed"
stamp="$version $("$compiler" --version 2>/dev/null | head -n 1) $flags $(cksum <"${BASH_SOURCE[0]}")"

# fetch: the unpacked source package, as out/mbedtls/source-VERSION
fetch() {
  local work=$source.work uri key options=""
  read -r uri key <<<"$(debian_mirror)"
  [ -n "${uri-}" ] || die "no mirror of this system's own suite in its apt sources"
  case ${key-} in /*) options="[signed-by=$key] " ;; esac
  rm -rf "$work" "$source"
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  : >"$work/status"
  local suite
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  printf 'deb-src %s%s %s main\n' "$options" "$uri" "$suite" "$options" "$uri" "$suite-updates" >"$work/source.list"
  local -a apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/source.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status"
    -o "Dir::Cache::archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
    -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Languages=none -o "Dir::Log=$work")
  "${apt[@]}" update >&2 || die "the list of source packages could not be fetched"
  (cd "$work" && "${apt[@]}" source "mbedtls=$version") >&2 ||
    die "the source package of mbedtls $version could not be fetched (apt-get upgrade, if there is a newer one)"
  local folder
  folder=$(find "$work" -mindepth 1 -maxdepth 1 -type d -name 'mbedtls-*' | head -n 1)
  [ -n "$folder" ] || die "the source package has no folder"
  mv "$folder" "$source" && rm -rf "$work"
}

# The package's configuration, and what a test needs beside it. The sanitizers do
# not see what assembly code writes.
configure() {
  local build=$1 header=include/mbedtls/mbedtls_config.h
  [ -e "$build/$header" ] || header=include/mbedtls/config.h
  cp "/usr/$header" "$build/$header" || die "the installed configuration is not in /usr/$header"
  local -a words=("set MBEDTLS_PLATFORM_MEMORY")
  case $flags in
    *-fsanitize=*memory*) words+=("unset MBEDTLS_HAVE_ASM" "unset MBEDTLS_AESNI_C" "unset MBEDTLS_PADLOCK_C") ;;
  esac
  local word
  for word in "${words[@]}"; do
    # shellcheck disable=SC2086 # words are words
    (cd "$build" && python3 -B scripts/config.py -f "$header" $word) || die "scripts/config.py refused: $word"
  done
}

# compute BUILD: the object files of what only computes
compute() {
  local build=$1 word plain="" name cc=$compiler
  case $flags in *-fsanitize=*memory*) return 0 ;; esac
  for word in $flags; do
    case $word in -fsanitize* | -fno-sanitize* | -fprofile* | -fcoverage*) ;; *) plain="$plain $word" ;; esac
  done
  local -a objects=()
  for name in aes aesni aesce aria bignum bignum_core bignum_mod bignum_mod_raw camellia chacha20 \
    constant_time ctr_drbg des ecp ecp_curves ecp_curves_new hmac_drbg md5 poly1305 ripemd160 sha1 \
    sha256 sha3 sha512; do
    [ ! -e "$build/library/$name.c" ] || objects+=("$name.o")
  done
  case $cc in afl-*) cc=clang ;; esac # its compiler instruments whatever it compiles
  make -C "$build/library" -j "$jobs" "${objects[@]}" \
    CC="$cc" CFLAGS="-g -fPIC -w -O3 -fno-omit-frame-pointer $plain" >>"$prefix/log" 2>&1
}

source=$root/out/mbedtls/source-$version
mkdir -p "$(dirname "$prefix")" "$root/out/mbedtls" || exit 2
exec 9>"$root/out/mbedtls/lock" || exit 2
flock 9
[ "$(cat "$prefix/.ready" 2>/dev/null)" != "$stamp" ] || exit 0
[ -d "$source" ] || fetch
build=$prefix.build
rm -rf "$prefix" "$build"
mkdir -p "$prefix/include" "$prefix/lib"
cp -r "$source" "$build" || exit 2
configure "$build"
if ! compute "$build" ||
  ! make -C "$build/library" -j "$jobs" static CC="$compiler" CFLAGS="-g -fPIC -w $flags" >>"$prefix/log" 2>&1; then
  tail -n 30 "$prefix/log" >&2
  die "mbedtls $version does not build with: $flags"
fi
cp -r "$build/include/mbedtls" "$build/include/psa" "$prefix/include/" || exit 2
cp "$build"/library/libmbed*.a "$prefix/lib/" || exit 2
rm -rf "$build"
printf '%s\n' "$stamp" >"$prefix/.ready"
