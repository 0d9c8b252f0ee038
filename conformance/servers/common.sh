# Sourced by the server scripts: how a server is waited for and stopped.
# Everything listens on loopback (127.0.0.N, ::1 or a path) and ends by its
# process id.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

die() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

# udp_bound ADDRESS PORT: whether a UDP socket is bound there (or to the wildcard)
udp_bound() {
  local address=$1 port hex a b c d
  port=$(printf '%04X' "$2")
  case $address in
    *:*) grep -qE "^ *[0-9]+: [0-9A-F]{32}:$port " /proc/net/udp6 ;;
    *)
      IFS=. read -r a b c d <<<"$address"
      hex=$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")
      grep -qE "^ *[0-9]+: ($hex|00000000):$port " /proc/net/udp
      ;;
  esac
}

unix_bound() {
  grep -qE " $(printf '%s' "$1" | sed 's/[.[*^$+?{|()\\]/\\&/g')\$" /proc/net/unix
}

# is_bound ADDRESS PORT, or is_bound PATH ""
is_bound() {
  if [ -n "$2" ]; then udp_bound "$1" "$2"; else unix_bound "$1"; fi
}

check_place() {
  case $1 in
    /*) [ -z "$2" ] || die "a path takes no port" ;;
    127.* | ::1) case $2 in '' | *[!0-9]*) die "no such port: '$2'" ;; esac ;;
    *) die "only loopback addresses and absolute paths are served, not '$1'" ;;
  esac
}

# answers ADDRESS PORT: whether a CoAP ping is answered (its Reset begins with
# the byte 0x70). libcoap loses a datagram that comes between bind and its loop,
# so a bound port alone is not a server that is ready.
answers() {
  local byte="" status=1
  if [ -n "$2" ]; then
    exec 8<>"/dev/udp/$1/$2" || return 1
    printf '\x40\x00\x00\x01' >&8
    IFS= read -r -t 0.1 -N 1 -u 8 byte 2>/dev/null
    exec 8>&-
    [ "$byte" = p ] && status=0
  elif command -v python3 >/dev/null; then
    python3 -B - "$1" <<'PING' && status=0
import os, socket, sys
peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
mine = f"{sys.argv[1]}.{os.getpid()}"
peer.bind(mine)
try:
    peer.settimeout(0.1)
    peer.connect(sys.argv[1])
    peer.send(bytes.fromhex("40000001"))
    sys.exit(peer.recv(8)[:1] != b"p")
except OSError:
    sys.exit(1)
finally:
    os.unlink(mine)
PING
  else
    sleep 0.3
    status=0
  fi
  return "$status"
}

# launch ADDRESS PORT COMMAND...: starts it in the background, waits until it
# answers, prints its process id. A second server on the same place would be
# bound silently by some, so that is refused here.
launch() {
  local address=$1 port=$2 log pid
  shift 2
  is_bound "$address" "$port" && die "something already listens on $address $port"
  log=$(mktemp "${TMPDIR:-/tmp}/coapspec-server.XXXXXX")
  setsid "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  local tries=0
  until is_bound "$address" "$port" && answers "$address" "$port"; do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 200 ]; then
      kill -KILL "$pid" 2>/dev/null
      tail -n 5 "$log" >&2
      rm -f "$log"
      die "the server did not start on $address $port"
    fi
    sleep 0.05
  done
  # The server keeps writing to the log it holds open; its name is only kept
  # for who asks for it.
  if [ -n "${COAPSPEC_SERVER_LOG-}" ]; then mv "$log" "$COAPSPEC_SERVER_LOG"; else rm -f "$log"; fi
  echo "$pid"
}

# halt PID WORD: ends the process with that id, only if WORD is in its command line
halt() {
  local pid=$1 tries=0
  case $pid in '' | *[!0-9]*) die "stop needs a process id" ;; esac
  [ -r "/proc/$pid/cmdline" ] || return 0
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$2" ||
    die "process $pid is not a server that this script started"
  kill -TERM "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 40 ]; do
    case $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) in Z) break ;; esac
    tries=$((tries + 1))
    sleep 0.05
  done
  [ "$tries" -lt 40 ] || kill -KILL "$pid" 2>/dev/null
  return 0
}

# run_with ADDRESS PORT -- COMMAND...: COMMAND while the server is up, with
# COAP_SERVER_ADDRESS, COAP_SERVER_PORT and COAP_SERVER_PID set. Its exit code
# is ours. Needs start and stop as functions of the script.
run_with() {
  local address=$1 port=$2 pid status
  shift 2
  if [ "${1-}" = -- ]; then shift; fi
  [ $# -gt 0 ] || die "run needs a command after --"
  pid=$(start "$address" "$port") || exit 2
  # shellcheck disable=SC2064 # the id of now
  trap "halt $pid coap-server" EXIT
  COAP_SERVER_ADDRESS=$address COAP_SERVER_PORT=$port COAP_SERVER_PID=$pid "$@"
  status=$?
  trap - EXIT
  halt "$pid" coap-server
  return "$status"
}

# subcommand ARGUMENT...: what every server script offers
subcommand() {
  local verb=${1-} port=""
  [ $# -eq 0 ] || shift
  case $verb in
    install) install ;;
    path) program ;;
    version) version ;;
    start)
      [ $# -ge 1 ] || die "start needs ADDRESS PORT, or a path"
      case $1 in /*) ;; *) port=${2-} ;; esac
      check_place "$1" "$port"
      start "$1" "$port"
      ;;
    stop) halt "${1-}" coap-server ;;
    run)
      [ $# -ge 2 ] || die "run needs ADDRESS PORT -- COMMAND, or PATH -- COMMAND"
      local address=$1
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
    *) die "usage: install | path | version | start ADDRESS PORT | start PATH | stop PID | run ADDRESS PORT -- COMMAND" ;;
  esac
}
