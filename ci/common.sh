# Sourced by the scripts of ci/: where things are and how a preset is built.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 2
jobs=$(nproc)

say() {
  printf '\n== %s\n' "$*"
}

# configure_and_build PRESET [TARGET...]: quiet unless it fails; the log stays in
# build/<preset>.log.
configure_and_build() {
  local preset=$1 log="$root/build/$1.log"
  shift
  mkdir -p "$root/build"
  local -a targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  if ! cmake --preset "$preset" ${CMAKE_EXTRA-} >"$log" 2>&1 ||
    ! cmake --build "build/$preset" -j "$jobs" "${targets[@]}" >>"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60
    echo "the $preset build failed; all of it is in build/$preset.log" >&2
    return 1
  fi
}
