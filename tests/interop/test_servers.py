"""The server scripts start, find, refuse and stop a real coap-server: over UDP
and TCP the system's own, over WebSockets and Unix-domain sockets 4.3.4."""

import os
import signal
import socket
import subprocess
import sys
import tempfile

SOURCE = os.environ["COAPSPEC_SOURCE"]
LIBCOAP = os.path.join(SOURCE, "conformance/servers/libcoap.sh")
NEWER = os.path.join(SOURCE, "conformance/servers/libcoap-4.3.4.sh")
# A loopback address of this process's own, beside whatever else is running.
ADDRESS = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250 + 1}.9"
PING, RESET = bytes.fromhex("40001234"), bytes.fromhex("70001234")
# The codes of RFC 8323's signaling messages.
CSM, PONG = 0xE1, 0xE3
UPGRADE = (b"GET /.well-known/coap HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
           b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           b"Sec-WebSocket-Protocol: coap\r\nSec-WebSocket-Version: 13\r\n\r\n")


def script(path, *arguments, **environment):
    return subprocess.run(["bash", path, *arguments], capture_output=True, text=True,
                          env={**os.environ, **environment})


def reset_for_ping(family, here, there):
    """Whether a CoAP ping in a datagram gets its Reset."""
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.settimeout(5)
        peer.bind(here)
        peer.connect(there)
        peer.send(PING)
        return peer.recv(100) == RESET


def codes_over_stream(family, there):
    """The codes of the first two messages that a peer sends who gets a CSM and a Ping."""
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        peer.settimeout(5)
        peer.connect(there)
        peer.sendall(bytes.fromhex("00e1 00e2"))
        codes = []
        with peer.makefile("rb") as stream:
            while len(codes) < 2:
                first, code = stream.read(2)
                # Without a token and shorter than 13 bytes: no extended length.
                assert first & 0x0F == 0 and first >> 4 < 13, (first, code)
                stream.read(first >> 4)
                codes.append(code)
        return codes


def upgraded(there):
    with socket.create_connection(there, 5) as peer:
        peer.sendall(UPGRADE)
        return peer.makefile("rb").readline().split()[1] == b"101"


def refused(there):
    try:
        socket.create_connection(there, 5).close()
    except ConnectionRefusedError:
        return True
    return False


def alive(pid):
    """Whether it still runs; one that ended but was not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def over_udp_and_tcp():
    assert {"udp", "tcp"} <= set(script(LIBCOAP, "transports").stdout.split())
    pid = int(script(LIBCOAP, "start", ADDRESS, "5683").stdout)
    try:
        assert reset_for_ping(socket.AF_INET, (ADDRESS, 0), (ADDRESS, 5683)), "no Reset for a ping"
        assert codes_over_stream(socket.AF_INET, (ADDRESS, 5683)) == [CSM, PONG]
        second = script(LIBCOAP, "start", ADDRESS, "5683")
        assert second.returncode == 2 and "already listens" in second.stderr, second
    finally:
        stopped = script(LIBCOAP, "stop", str(pid))
    assert stopped.returncode == 0 and not alive(pid), stopped
    assert refused((ADDRESS, 5683))
    again = script(LIBCOAP, "stop", str(pid))
    assert again.returncode == 0, again


def over_websockets():
    pid = int(script(NEWER, "start", ADDRESS, "5685").stdout)
    try:
        assert upgraded((ADDRESS, 8685))
        assert codes_over_stream(socket.AF_INET, (ADDRESS, 5685)) == [CSM, PONG]
    finally:
        script(NEWER, "stop", str(pid))
    assert not alive(pid) and refused((ADDRESS, 8685))


def over_unix():
    installed = script(NEWER, "install")
    assert installed.returncode == 0, installed
    with tempfile.TemporaryDirectory(prefix="cs") as folder:
        path = os.path.join(folder, "s")
        for kind in "coap", "coap+tcp":
            pid = int(script(NEWER, "start", path, kind).stdout)
            try:
                if kind == "coap":
                    assert reset_for_ping(socket.AF_UNIX, os.path.join(folder, "c"), path)
                else:
                    assert codes_over_stream(socket.AF_UNIX, path) == [CSM, PONG]
            finally:
                script(NEWER, "stop", str(pid))
            assert not alive(pid)
        # A server that was killed leaves its socket behind; the next one starts all the same.
        pid = int(script(NEWER, "start", path, "coap+tcp").stdout)
        os.kill(pid, signal.SIGKILL)
        told = script(NEWER, "run", path, "coap+tcp", "--", "true")
        assert told.returncode == 0, told
        for arguments, words in (((path, "coaps"), "coap+tcp"), ((path + "x" * 25,), "25 bytes")):
            told = script(NEWER, "start", *arguments)
            assert told.returncode == 2 and words in told.stderr, told


def while_it_runs():
    told = script(LIBCOAP, "run", ADDRESS, "5684", "--", "bash", "-c",
                  "echo $COAP_SERVER_ADDRESS $COAP_SERVER_PORT $COAP_SERVER_PID"
                  " ws$COAP_SERVER_WS_PORT; exit 7")
    assert told.returncode == 7, told
    address, port, pid, ws = told.stdout.split()
    assert (address, port) == (ADDRESS, "5684") and not alive(int(pid)), told
    has_ws = "ws" in script(LIBCOAP, "transports").stdout.split()
    assert ws == ("ws8684" if has_ws else "ws"), told


def refusals():
    for arguments, words in ((("start", "192.0.2.1", "5683"), "only loopback"),
                             (("start", "127.0.0.1", "coap"), "no such port"),
                             (("start", "127.0.0.1"), "no such port"),
                             (("start", "127.0.0.1", "65536"), "no such port"),
                             (("start", "127.0.0.1", "0"), "no such port"),
                             (("start", "127.0.0.1", "5683", "coap"), "usage"),
                             (("run", "127.0.0.1", "5683", "--"), "needs a command"),
                             (("stop", "x"), "process id"),
                             (("dance",), "usage")):
        told = script(LIBCOAP, *arguments)
        assert told.returncode == 2 and words in told.stderr, (arguments, told)
    # A process that is not one of ours is left alone.
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        told = script(LIBCOAP, "stop", str(bystander.pid))
        assert told.returncode == 2 and bystander.poll() is None, told
    finally:
        bystander.send_signal(signal.SIGTERM)
        bystander.wait()


def places_in_use():
    """A port that is taken on one transport only is refused, and nothing is started."""
    for kind, name in (socket.SOCK_STREAM, "(tcp)"), (socket.SOCK_DGRAM, "(udp)"):
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind((ADDRESS, 0))
            if kind == socket.SOCK_STREAM:
                other.listen()
            told = script(LIBCOAP, "start", ADDRESS, str(other.getsockname()[1]))
            assert told.returncode == 2 and name in told.stderr and not told.stdout, told


def failed_start():
    """A server that ends at once is an error, and what it said is passed on."""
    with tempfile.TemporaryDirectory() as folder:
        told = script(LIBCOAP, "start", ADDRESS, "5686", TMPDIR=folder,
                      COAPSPEC_SERVER_ARGS="--no-such-argument")
        assert told.returncode == 2 and "did not start" in told.stderr and not told.stdout, told
        assert not os.listdir(folder), "its log stays behind"
    assert refused((ADDRESS, 5686))


for test in (over_udp_and_tcp, over_unix, over_websockets, while_it_runs, refusals, places_in_use,
             failed_start):
    test()
    print(f"{test.__name__}: ok")
    sys.stdout.flush()
