# Sourced by the server scripts: how a server is installed once, waited for and
# stopped. Everything listens on loopback (127.0.0.N, ::1 or a path) and ends by
# its process id.
#
# A script defines
#   install, program, version, transports, start ADDRESS PORT
# and the variable `word`: a part of its server's command line that no other
# process has, so that a stale process id never ends a stranger.
#
# Transports are named udp, tcp, ws, dtls, tls, wss and, on Unix-domain sockets,
# unix (datagrams), unix-stream, unix-dtls, unix-tls. UDP and TCP are on PORT,
# DTLS and TLS one above, WebSockets on PORT + 3000 and PORT + 3001 (5683: 5684,
# 8683, 8684).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# Where servers that are no packages of this system are put.
servers=${COAPSPEC_SERVERS:-$root/out/servers}
# The test credentials, for every server.
credentials=$root/conformance/credentials
# How long a server may take to answer on all its transports, in seconds.
start_limit=20

usage="usage: install | path | version | transports | start ADDRESS PORT | start PATH [SCHEME] | stop PID |
  run ADDRESS PORT -- COMMAND | run PATH [SCHEME] -- COMMAND
SCHEME is coap, coap+tcp, coaps or coaps+tcp"

die() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

# tool COMMAND PACKAGE...: that the command is there; else what installs it is said
tool() {
  local command=$1
  shift
  command -v "$command" >/dev/null ||
    die "$command is needed. As root, run: apt-get install -y --no-install-recommends $*"
}

# port_of TRANSPORT PORT
port_of() {
  case $1 in
    dtls | tls) echo $(($2 + 1)) ;;
    ws) echo $(($2 + 3000)) ;;
    wss) echo $(($2 + 3001)) ;;
    *) echo "$2" ;;
  esac
}

# has WORD: whether the server is to have that of the security it is started with,
# which COAPSPEC_SERVER_SECURITY says: "psk", "certificate", both (the default),
# "client-certificate" (demands one of the client), or nothing ("none").
has() {
  case " ${COAPSPEC_SERVER_SECURITY:-psk certificate} " in *" $1 "*) return 0 ;; esac
  return 1
}

check_security() {
  local word
  for word in ${COAPSPEC_SERVER_SECURITY:-psk certificate}; do
    case $word in
      psk | certificate) ;;
      client-certificate) has certificate || die "COAPSPEC_SERVER_SECURITY: client-certificate needs certificate" ;;
      none) [ "$COAPSPEC_SERVER_SECURITY" = none ] || die "COAPSPEC_SERVER_SECURITY: none stands alone" ;;
      *) die "COAPSPEC_SERVER_SECURITY: '$word' is none of psk, certificate, client-certificate and none" ;;
    esac
  done
}

# secure TRANSPORT...: those, where the server has any security
secure() {
  if has psk || has certificate; then echo "$*"; fi
}

# certified TRANSPORT...: those, where the server has a certificate
certified() {
  if has certificate; then echo "$*"; fi
}

# psk_identity, psk_key: the pre-shared key of the test credentials, in hex
psk_identity() {
  sed -n '1s/:.*//p' "$credentials/psk.txt"
}

psk_key() {
  sed -n '1s/.*://p' "$credentials/psk.txt"
}

# escaped HEX: what printf makes the bytes of
escaped() {
  printf %s "$1" | sed 's/../\\x&/g'
}

# A ClientHello of DTLS 1.2 without a cookie: what it is answered by, the cookie,
# costs the server no memory. Bash would send it in two datagrams if it had a
# newline, which the list of groups begins with, so it has none.
client_hello=16fefd0000000000000000004e01 # record, handshake type
client_hello+=0000420000000000000042fefd  # lengths, sequence, fragment, DTLS 1.2
client_hello+=$(printf '63%.0s' {1..32})  # random
client_hello+=00000006c0a8c0aec02b0100    # PSK and ECDHE-ECDSA with CCM_8, ECDHE-ECDSA with GCM
client_hello+=0012                        # uncompressed points, ECDSA with SHA-256, extended master secret
client_hello+=000b00020100000d00040002040300170000

# install_once PREFIX STAMP FUNCTION: calls FUNCTION to fill the folder PREFIX,
# unless that was done for the same STAMP. Runs at the same time install once.
install_once() {
  local prefix=$1 stamp=$2 fill=$3
  [ "$(cat "$prefix/.ready" 2>/dev/null)" = "$stamp" ] && return
  mkdir -p "$(dirname "$prefix")" || exit 2
  exec 9>"$prefix.lock" || exit 2
  flock 9
  if [ "$(cat "$prefix/.ready" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$prefix"
    "$fill" >&2
    echo "$stamp" >"$prefix/.ready"
  fi
  flock -u 9
  exec 9>&-
}

# stamp_of FILE...: what changes when one of the files does
stamp_of() {
  cat -- "$@" | cksum
}

# hex_of ADDRESS: how the kernel's tables write it, or the same address in an
# IPv6 socket, or the wildcard of either, as an extended regular expression
hex_of() {
  local a b c d hex
  case $1 in
    *:*) echo '0{24}01000000|0{32}' ;;
    *)
      IFS=. read -r a b c d <<<"$1"
      hex=$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")
      echo "$hex|0{8}|0{16}FFFF0000$hex|0{32}"
      ;;
  esac
}

# is_bound TRANSPORT ADDRESS PORT, or is_bound TRANSPORT PATH "": whether a
# socket is there that receives
is_bound() {
  local transport=$1 address=$2 port=$3 table state=""
  case $transport in
    unix*)
      grep -qE " $(printf '%s' "$address" | sed 's/[.[*^$+?{|()\\]/\\&/g')\$" /proc/net/unix
      return
      ;;
    udp | dtls) table=udp ;;
    *) table=tcp state=0A ;;
  esac
  port=$(port_of "$transport" "$port")
  cat "/proc/net/$table" "/proc/net/${table}6" 2>/dev/null |
    grep -qE "^ *[0-9]+: ($(hex_of "$address")):$(printf '%04X' "$port") [0-9A-F]+:[0-9A-F]{4} $state"
}

check_place() {
  case $1 in
    /*) [ -z "$2" ] || die "a path takes no port" ;;
    127.* | ::1)
      case $2 in '' | *[!0-9]* | 0* | ??????*) die "no such port: '$2'" ;; esac
      [ "$2" -le 65535 ] || die "no such port: '$2'"
      ;;
    *) die "only loopback addresses and absolute paths are served, not '$1'" ;;
  esac
}

# answers TRANSPORT ADDRESS PORT: whether somebody is at home. Over datagrams
# that is an answer to a CoAP ping, or to a ClientHello: libcoap loses a datagram that comes between
# bind and its loop, so a bound socket alone is not a server that is ready. A
# connection waits in the kernel until it is accepted, so there it is enough.
answers() {
  local transport=$1 address=$2 port byte="" bytes=40000001
  port=$(port_of "$transport" "$3")
  case $transport in *dtls) bytes=$client_hello ;; esac
  case $transport in
    udp | dtls)
      { exec 8<>"/dev/udp/$address/$port"; } 2>/dev/null || return 1
      # shellcheck disable=SC2059 # the format is the bytes
      printf "$(escaped $bytes)" >&8
      IFS= read -r -t 0.1 -N 1 -u 8 byte 2>/dev/null
      exec 8>&-
      [ -n "$byte" ]
      ;;
    tcp | tls | ws | wss)
      { exec 8<>"/dev/tcp/$address/$port"; } 2>/dev/null || return 1
      exec 8>&-
      ;;
    *)
      command -v python3 >/dev/null || { sleep 0.3; return 0; }
      python3 -B - "$transport" "$address" "$bytes" <<'PING'
import os, socket, sys
stream = sys.argv[1] in ("unix-stream", "unix-tls")
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
mine = f"{sys.argv[2]}.{os.getpid()}"
try:
    peer.settimeout(0.1)
    if stream:
        peer.connect(sys.argv[2])
    else:
        peer.bind(mine)
        peer.connect(sys.argv[2])
        peer.send(bytes.fromhex(sys.argv[3]))
        peer.recv(2000)
except OSError:
    sys.exit(1)
finally:
    if os.path.exists(mine):
        os.unlink(mine)
PING
      ;;
  esac
}

# all_answer "TRANSPORT..." ADDRESS PORT
all_answer() {
  local transport
  for transport in $1; do
    is_bound "$transport" "$2" "$3" && answers "$transport" "$2" "$3" || return 1
  done
}

# launch "TRANSPORT..." ADDRESS PORT COMMAND...: starts it in the background,
# waits until it answers on each transport, prints its process id. A second
# server on the same place would be bound silently by some, so that is refused.
launch() {
  local wanted=$1 address=$2 port=$3 log pid limit transport
  shift 3
  for transport in $wanted; do
    [ -z "$port" ] || [ "$(port_of "$transport" "$port")" -le 65535 ] ||
      die "port $port leaves none for $transport, which is above it ($(port_of "$transport" "$port"))"
    is_bound "$transport" "$address" "$port" && die "something already listens on $address $port ($transport)"
  done
  # The socket of a server that was killed stays in its folder.
  if [ -z "$port" ] && [ -S "$address" ]; then rm -f "$address"; fi
  log=$(mktemp "${TMPDIR:-/tmp}/coapspec-server.XXXXXX") || exit 2
  # The child becomes the server: it has the id that is printed.
  setsid "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # shellcheck disable=SC2064 # the id and the name of now
  trap "kill -KILL $pid 2>/dev/null; rm -f '$log'; exit 130" INT TERM HUP
  limit=$((SECONDS + start_limit))
  # A server that ended was not the one that answered.
  until all_answer "$wanted" "$address" "$port" && kill -0 "$pid" 2>/dev/null; do
    if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$limit" ]; then
      kill -KILL "$pid" 2>/dev/null
      wait "$pid" 2>/dev/null
      tail -n 5 "$log" >&2
      rm -f "$log"
      die "the server did not start on $address $port ($wanted)"
    fi
    sleep 0.05
  done
  trap - INT TERM HUP
  # The server keeps writing to the log it holds open; its name is only kept
  # for who asks for it.
  if [ -n "${COAPSPEC_SERVER_LOG-}" ]; then mv "$log" "$COAPSPEC_SERVER_LOG"; else rm -f "$log"; fi
  echo "$pid"
}

# gone PID: whether it ended, if only its parent has not asked yet
gone() {
  case $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) in '' | Z) return 0 ;; esac
  return 1
}

# halt PID: ends the process with that id, only if it is this script's server
halt() {
  local pid=$1 tries=0
  case $pid in '' | *[!0-9]*) die "stop needs a process id" ;; esac
  gone "$pid" && return 0
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$word" ||
    die "process $pid is not a server that this script started"
  kill -TERM "$pid" 2>/dev/null
  until gone "$pid"; do
    tries=$((tries + 1))
    # Two seconds to end in order, then the hard way.
    [ "$tries" -ne 40 ] || kill -KILL "$pid" 2>/dev/null
    [ "$tries" -lt 80 ] || die "process $pid does not end"
    sleep 0.05
  done
}

# run_with ADDRESS PORT [KIND] -- COMMAND...: COMMAND while the server is up,
# with COAP_SERVER_ADDRESS, COAP_SERVER_PORT, COAP_SERVER_PID and, empty where the
# server has no such transport, COAP_SERVER_DTLS_PORT, ..._TLS_PORT, ..._WS_PORT
# and ..._WSS_PORT set. Its exit code is ours.
run_with() {
  local address=$1 port=$2 kind="" pid status transport dtls="" tls="" ws="" wss=""
  shift 2
  if [ -z "$port" ] && [ "${1---}" != -- ]; then
    kind=$1
    shift
  fi
  if [ "${1-}" = -- ]; then shift; fi
  [ $# -gt 0 ] || die "run needs a command after --"
  pid=$(start "$address" "$port" "$kind") || exit 2
  # shellcheck disable=SC2064 # the id of now
  trap "halt $pid" EXIT
  if [ -n "$port" ]; then
    for transport in $(transports); do
      case $transport in dtls | tls | ws | wss) printf -v "$transport" %s "$(port_of "$transport" "$port")" ;; esac
    done
  fi
  COAP_SERVER_ADDRESS=$address COAP_SERVER_PORT=$port COAP_SERVER_PID=$pid COAP_SERVER_DTLS_PORT=$dtls \
    COAP_SERVER_TLS_PORT=$tls COAP_SERVER_WS_PORT=$ws COAP_SERVER_WSS_PORT=$wss "$@"
  status=$?
  trap - EXIT
  halt "$pid"
  return "$status"
}

# subcommand ARGUMENT...: what every server script offers
subcommand() {
  local verb=${1-} address port=""
  [ $# -eq 0 ] || shift
  check_security
  case $verb in
    install) install ;;
    path) program ;;
    version) version ;;
    transports) transports ;;
    start)
      [ $# -ge 1 ] || die "start needs ADDRESS PORT, or a path"
      address=$1
      shift
      case $address in
        /*) ;;
        *)
          port=${1-}
          [ $# -eq 0 ] || shift
          ;;
      esac
      check_place "$address" "$port"
      [ $# -eq 0 ] || { [ -z "$port" ] && [ $# -eq 1 ]; } || die "$usage"
      start "$address" "$port" "${1-}"
      ;;
    stop) halt "${1-}" ;;
    run)
      [ $# -ge 2 ] || die "run needs ADDRESS PORT -- COMMAND, or PATH -- COMMAND"
      address=$1
      shift
      case $address in
        /*) ;;
        *)
          port=$1
          shift
          ;;
      esac
      check_place "$address" "$port"
      run_with "$address" "$port" "$@"
      ;;
    *) die "$usage" ;;
  esac
}
