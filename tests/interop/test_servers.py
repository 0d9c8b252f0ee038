"""The server scripts start, find, refuse and stop a real coap-server: over UDP
the system's own, over a Unix-domain socket 4.3.4."""

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


def script(path, *arguments):
    return subprocess.run(["bash", path, *arguments], capture_output=True, text=True)


def pong(family, here, there):
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.settimeout(5)
        peer.bind(here)
        peer.connect(there)
        peer.send(PING)
        return peer.recv(100) == RESET


def alive(pid):
    """Whether it still runs; one that ended but was not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def over_udp():
    pid = int(script(LIBCOAP, "start", ADDRESS, "5683").stdout)
    try:
        assert pong(socket.AF_INET, (ADDRESS, 0), (ADDRESS, 5683)), "no Reset for a ping"
        second = script(LIBCOAP, "start", ADDRESS, "5683")
        assert second.returncode == 2 and "already listens" in second.stderr, second
    finally:
        stopped = script(LIBCOAP, "stop", str(pid))
    assert stopped.returncode == 0 and not alive(pid), stopped


def over_unix():
    installed = script(NEWER, "install")
    assert installed.returncode == 0, installed
    with tempfile.TemporaryDirectory(prefix="cs") as folder:
        path = os.path.join(folder, "s")
        pid = int(script(NEWER, "start", path).stdout)
        try:
            assert pong(socket.AF_UNIX, os.path.join(folder, "c"), path), "no Reset for a ping"
        finally:
            script(NEWER, "stop", str(pid))
        assert not alive(pid)


def while_it_runs():
    told = script(LIBCOAP, "run", ADDRESS, "5684", "--", "bash", "-c",
                  "echo $COAP_SERVER_ADDRESS $COAP_SERVER_PORT $COAP_SERVER_PID; exit 7")
    assert told.returncode == 7, told
    address, port, pid = told.stdout.split()
    assert (address, port) == (ADDRESS, "5684") and not alive(int(pid)), told


def refusals():
    for arguments, words in ((("start", "192.0.2.1", "5683"), "only loopback"),
                             (("start", "127.0.0.1", "coap"), "no such port"),
                             (("start", "127.0.0.1"), "no such port"),
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


for test in (over_udp, over_unix, while_it_runs, refusals):
    test()
    print(f"{test.__name__}: ok")
    sys.stdout.flush()
