#!/usr/bin/env bash
# ci/bench.sh [--no-install] [--strict]
#
# Measures our library beside Debian's libcoap3 in one run, on one machine: what
# is compiled twice is the same source (tests/bench), both with the flags that
# Debian's packages have. Instructions are callgrind's, of user space; start-up
# is taken out by running N and 2N. Nothing here depends on how fast or how
# busy the machine is.
#
# The table is printed and left in out/bench/table.txt and table.tsv.
# Exit 0 once everything was measured, 1 when something could not be, with
# --strict also when a goal is missed; 2 when something needed is missing.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install="" strict=no
for argument in "$@"; do
  case $argument in
    --no-install) install=--no-install ;;
    --strict) strict=yes ;;
    *)
      echo "ci/bench.sh: no such argument: $argument" >&2
      exit 2
      ;;
  esac
done
bash ci/install.sh $install extended || exit 2
debian=libcoap-3-gnutls
pkg-config --exists "$debian" || { echo "ci/bench.sh: no $debian (package libcoap3-dev)" >&2; exit 2; }

out=$root/out/bench
work=$out/work
mkdir -p "$work"
rm -f "$out"/table.* "$work"/*
address=127.0.0.1
port=""
server=""
trap '[ -z "$server" ] || bash conformance/servers/libcoap.sh stop "$server"' EXIT

fail() {
  echo "ci/bench.sh: $*" >&2
  exit 1
}

hardened="-O2 -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
build_ours() {
  local log=$out/build.log
  if ! cmake -S . -B build/bench -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE="$hardened -DNDEBUG" >"$log" 2>&1 ||
    ! cmake --build build/bench -j "$jobs" --target coap-3 layers >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "our library does not build"
  fi
  library=$(find "$root/build/bench" -name 'libcoap-3.so' | head -n 1)
  archive=$(find "$root/build/bench" -name 'liblayers.a' | head -n 1)
  if [ -z "$library" ] || [ -z "$archive" ]; then fail "the build made no libcoap-3.so or no liblayers.a"; fi
}

# compile OUTPUT SOURCE [ARGUMENT...]
compile() {
  local output=$1 source=$2
  shift 2
  # shellcheck disable=SC2086 # flags are words
  gcc $hardened -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o "$work/$output" \
    "tests/bench/$source" "$@" || fail "tests/bench/$source does not compile for $output"
}

build_programs() {
  local program where
  where=$(dirname "$library")
  for program in parse uri get sessions secured; do
    compile "$program-ours" "$program.c" -Iinclude -L"$where" -lcoap-3 -Wl,-rpath,"$where"
    # shellcheck disable=SC2046 # flags are words
    compile "$program-debian" "$program.c" $(pkg-config --cflags --libs "$debian")
    # A program that found the other library would compare it with itself.
    ldd "$work/$program-ours" | grep -q "libcoap-3\.so.*$where" || fail "$program-ours is not linked to ours"
    ldd "$work/$program-debian" | grep -q "$debian" || fail "$program-debian is not linked to Debian's"
  done
  compile parse-wire parse_wire.c -Isrc "$archive"
  compile uri-wire uri_wire.c -Isrc "$archive"
}

# instructions NAME [VALGRIND-OPTION... --] PROGRAM ARGUMENT...: of one process
instructions() {
  local name=$1 log="$work/$1.callgrind.log" count
  local -a options=()
  shift
  while [ "${1#--}" != "$1" ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  if [ "$1" = -- ]; then shift; fi
  LD_BIND_NOW=1 timeout -k 5 600 valgrind --tool=callgrind --callgrind-out-file="$work/$name.callgrind" \
    "${options[@]}" "$work/$1" "${@:2}" >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
  count=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$log")
  [ -n "$count" ] || { echo "callgrind counted nothing for $name" >&2; return 1; }
  echo "$count"
}

# per_call PROGRAM COUNT [FUNCTION]: instructions a round of a program whose
# only argument is the number of rounds; with FUNCTION only those inside it.
per_call() {
  local program=$1 count=$2 function=${3-} once twice
  local -a only=()
  [ -z "$function" ] || only=(--collect-atstart=no --toggle-collect="$function")
  once=$(instructions "$program-1" "${only[@]}" -- "$program" "$count") &&
    twice=$(instructions "$program-2" "${only[@]}" -- "$program" $((count * 2))) &&
    [ "$twice" -gt "$once" ] && echo $(((twice - once) / count))
}

# port_of MODE: DTLS and TLS are one above
port_of() {
  case $1 in dtls | tls) echo $((port + 1)) ;; *) echo "$port" ;; esac
}

# per_get PROGRAM COUNT MODE
per_get() {
  local program=$1 count=$2 mode=$3 once twice
  once=$(instructions "$program-1" -- "$program" "$address" "$(port_of "$mode")" "$mode" "$count") &&
    twice=$(instructions "$program-2" -- "$program" "$address" "$(port_of "$mode")" "$mode" $((count * 2))) &&
    echo $(((twice - once) / count))
}

# syscalls PROGRAM ARGUMENT...: of all threads of one process
syscalls() {
  local log=$work/$1-${*: -1}.strace
  strace -c -f -o "$log" "$work/$1" "${@:2}" >/dev/null || return 1
  awk '$NF == "total" { print $4 }' "$log" | grep '[0-9]'
}

# per_get_syscalls PROGRAM COUNT MODE: with one digit after the point
per_get_syscalls() {
  local program=$1 count=$2 mode=$3 once twice
  once=$(syscalls "$program" "$address" "$(port_of "$mode")" "$mode" "$count") &&
    twice=$(syscalls "$program" "$address" "$(port_of "$mode")" "$mode" $((count * 2))) &&
    awk "BEGIN { printf \"%.1f\n\", ($twice - $once) / $count }"
}

heap() {
  "$work/$1" "$address" "$port" "$2" | sed -n 's/^heap //p' | grep '[0-9]'
}

# creation PROGRAM COUNT: instructions a session
creation() {
  local one all
  one=$(instructions "$1-one" -- "$1" "$address" "$port" 1) &&
    all=$(instructions "$1-$2" -- "$1" "$address" "$port" "$2") &&
    echo $(((all - one) / ($2 - 1)))
}

# secured PROGRAM MODE COUNT WORD: heap, median or longest of so many sessions
secured() {
  "$work/$1" "$address" $((port + 1)) "$2" "$3" | sed -n "s/^$4 //p" | grep '[0-9]'
}

missed=0
# row FIGURE OURS LIBCOAP RELATION GOAL: the goal is a number to stay at or
# below, "third" (of libcoap's) or "-"; RELATION says so in words
row() {
  local figure=$1 ours=$2 theirs=$3 words=$4 goal=$5 verdict="" ratio
  case $ours$theirs in *[!0-9.]* | '') fail "could not measure: $figure" ;; esac
  if [ -z "$ours" ] || [ -z "$theirs" ]; then fail "could not measure: $figure"; fi
  ratio=$(awk "BEGIN { printf \"%.2f\", ($theirs > 0) ? $ours / $theirs : 0 }")
  case $goal in
    -) verdict="" ;;
    third) verdict=$(awk "BEGIN { print (3 * $ours <= $theirs) ? \"met\" : \"missed\" }") ;;
    *) verdict=$(awk "BEGIN { print ($ours <= $goal) ? \"met\" : \"missed\" }") ;;
  esac
  [ "$verdict" != missed ] || missed=$((missed + 1))
  printf '%-52s %9s %9s %6s  %-12s %s\n' "$figure" "$ours" "$theirs" "$ratio" "$words" "$verdict" |
    tee -a "$out/table.txt"
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$figure" "$ours" "$theirs" "$ratio" "$words" "$verdict" >>"$out/table.tsv"
}

start_server() {
  for port in 35683 35693 35703 35713; do
    server=$(bash conformance/servers/libcoap.sh start "$address" "$port") && return
    server=""
  done
  fail "Debian's coap-server does not start"
}

measure_cpu() {
  local ours theirs
  ours=$(per_call parse-wire 1000 cs_wire_parse)
  theirs=$(per_call parse-debian 1000 coap_pdu_parse)
  row "parse a 60-byte request, as the session does (instr.)" "$ours" "$theirs" "<= 250" 250
  ours=$(per_call parse-ours 1000 coap_pdu_parse)
  row "  coap_pdu_parse alone" "$ours" "$theirs" "" -
  row "  with coap_pdu_init and coap_delete_pdu" "$(per_call parse-ours 1000)" "$(per_call parse-debian 1000)" "<= 450" 450
  ours=$(per_call uri-wire 1000 cs_wire_uri_split)
  theirs=$(per_call uri-debian 1000 coap_split_uri)
  row "split a 63-character URI, cs_wire_uri_split (instr.)" "$ours" "$theirs" "<= 350" 350
  row "  coap_split_uri" "$(per_call uri-ours 1000 coap_split_uri)" "$theirs" "<= 350" 350
}

measure_get() {
  row "sequential CON GET over UDP (user instr.)" "$(per_get get-ours 500 block)" \
    "$(per_get get-debian 500 block)" "<= a third" third
  row "  with no block mode set" "$(per_get get-ours 500 plain)" \
    "$(per_get get-debian 500 plain)" "<= a third" third
  row "sequential CON GET over UDP (syscalls)" "$(per_get_syscalls get-ours 500 block)" \
    "$(per_get_syscalls get-debian 500 block)" "3" 3
  row "sequential GET over TCP (user instr.)" "$(per_get get-ours 500 tcp)" \
    "$(per_get get-debian 500 tcp)" "<= a third" third
  row "sequential GET over TCP (syscalls)" "$(per_get_syscalls get-ours 500 tcp)" \
    "$(per_get_syscalls get-debian 500 tcp)" "3" 3
}

# The library's cryptography is in these too: the same for both only as far as
# their TLS libraries are equally good at it.
measure_secured() {
  row "sequential CON GET over DTLS (user instr.)" "$(per_get get-ours 500 dtls)" \
    "$(per_get get-debian 500 dtls)" "" -
  row "sequential CON GET over DTLS (syscalls)" "$(per_get_syscalls get-ours 500 dtls)" \
    "$(per_get_syscalls get-debian 500 dtls)" "3" 3
  row "sequential GET over TLS (user instr.)" "$(per_get get-ours 500 tls)" \
    "$(per_get get-debian 500 tls)" "" -
  row "heap an established DTLS session holds, of 100" "$(secured secured-ours dtls 100 heap)" \
    "$(secured secured-debian dtls 100 heap)" "<= 46080" 46080
  row "TLS handshake on loopback, median of 100 (us)" "$(secured secured-ours tls 100 median)" \
    "$(secured secured-debian tls 100 median)" "<= 10000" 10000
}

measure_sessions() {
  local ours theirs ours_many theirs_many
  ulimit -n 10100 2>/dev/null || fail "10,000 sessions need as many descriptors: ulimit -n 10100"
  row "heap an idle UDP session holds, of 1,000 (bytes)" "$(heap sessions-ours 1000)" \
    "$(heap sessions-debian 1000)" "<= 512" 512
  row "  of 10,000" "$(heap sessions-ours 10000)" "$(heap sessions-debian 10000)" "<= 512" 512
  ours=$(creation sessions-ours 1000)
  theirs=$(creation sessions-debian 1000)
  row "making a session, of 1,000 (instr. each)" "$ours" "$theirs" "" -
  ours_many=$(creation sessions-ours 10000)
  theirs_many=$(creation sessions-debian 10000)
  row "  of 10,000" "$ours_many" "$theirs_many" "" -
  ours=$(awk "BEGIN { printf \"%.2f\", $ours_many / $ours }")
  theirs=$(awk "BEGIN { printf \"%.2f\", $theirs_many / $theirs }")
  row "  10,000 to 1,000: 1 is constant in N" "$ours" "$theirs" "<= 1.10" 1.10
}

say "build"
build_ours
build_programs
start_server
say "measured beside Debian's libcoap3 $(dpkg-query -W -f '${Version}' libcoap3-dev)"
printf '%-52s %9s %9s %6s  %s\n' "" ours libcoap ratio goal | tee -a "$out/table.txt"
measure_cpu
measure_get
measure_secured
measure_sessions
echo
echo "$missed goals missed; the table is in out/bench/table.txt"
[ "$strict" = no ] || [ "$missed" -eq 0 ]
