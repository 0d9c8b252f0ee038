"""The server scripts start, find, refuse and stop a real coap-server: over UDP and
TCP, DTLS and TLS the system's own, over WebSockets and Unix-domain sockets 4.3.4.
With COAPSPEC_ALL_SERVERS in the environment also all the others, which their scripts
install. Handshakes and requests are those of openssl s_client, coap-client, Python's
ssl and aiocoap-client: nothing of ours."""

import concurrent.futures
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

SOURCE = os.environ["COAPSPEC_SOURCE"]
LIBCOAP = os.path.join(SOURCE, "conformance/servers/libcoap.sh")
NEWER = os.path.join(SOURCE, "conformance/servers/libcoap-4.3.4.sh")
# A loopback address of this process's own, beside whatever else is running.
ADDRESS = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250 + 1}.9"
PING, RESET = bytes.fromhex("40001234"), bytes.fromhex("70001234")
# The codes of RFC 8323's signaling messages, and 2.05.
CSM, PONG, CONTENT = 0xE1, 0xE3, 0x45
CREDENTIALS = os.path.join(SOURCE, "conformance/credentials")
# Where each secured transport is, from the port.
ABOVE = {"dtls": 1, "tls": 1, "wss": 3001}
# What OpenSSL offers: CoAP's mandatory suites where the server can have them.
MANDATORY = {"psk": "PSK-AES128-CCM8", "certificate": "ECDHE-ECDSA-AES128-CCM8"}
STRONG = {"psk": "PSK-AES128-GCM-SHA256", "certificate": "ECDHE-ECDSA-AES128-GCM-SHA256"}
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


def place(name):
    return os.path.join(CREDENTIALS, name)


def upgraded(peer):
    peer.sendall(UPGRADE)
    return peer.makefile("rb").readline().split()[1] == b"101"


def content_over_stream(peer):
    """Whether a CSM and a GET of /.well-known/core are answered by 2.05, whatever comes before."""
    peer.sendall(bytes.fromhex("00e1 d104019a bb") + b".well-known" + b"\x04core")
    with peer.makefile("rb") as stream:
        while True:
            first, = stream.read(1)
            length = first >> 4
            length += int.from_bytes(stream.read({13: 1, 14: 2}.get(length, 0)), "big") + (
                {13: 0, 14: 269 - 14}.get(length, 0))
            code, = stream.read(1)
            token = stream.read(first & 0x0F)
            stream.read(length)
            if token == b"\x9a":
                return code == CONTENT


def over_tls(there, certificate=None):
    """A connection with its handshake done, to a server that the test authority names localhost."""
    context = ssl.create_default_context(cafile=place("ca.pem"))
    if certificate:
        context.load_cert_chain(place(certificate + ".pem"), place(certificate + ".key"))
    return context.wrap_socket(socket.create_connection(there, 5), server_hostname="localhost")


def shakes_hands(there, protocol, suite, *credentials, expected=True):
    """Whether openssl completes a handshake with these credentials, under that suite; with
    certificates the server's is verified. A server may refuse by its silence, so what is
    expected to be refused gets less time."""
    try:
        told = subprocess.run(
            ["openssl", "s_client", f"-{protocol}", "-brief", "-connect", "%s:%d" % there,
             "-cipher", f"{suite}:@SECLEVEL=0", *credentials],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=10 if expected else 1.5)
    except subprocess.TimeoutExpired:
        return False
    return told.returncode == 0 and f"Ciphersuite: {suite}" in told.stderr


def psk(identity="coapspec", key="5365637265745f6b6579313233"):
    return "-psk_identity", identity, "-psk", key


def certificate(name=None):
    trust = ("-CAfile", place("ca.pem"), "-verify_return_error", "-verify_hostname", "localhost")
    return trust + (("-cert", place(name + ".pem"), "-key", place(name + ".key")) if name else ())


def get_by_client(build, uri, *credentials):
    """What coap-client of that build prints for a GET."""
    return subprocess.run([f"coap-client-{build}", "-B", "5", "-m", "get", *credentials, uri],
                          capture_output=True, text=True, timeout=10).stdout


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
        with socket.create_connection((ADDRESS, 8685), 5) as peer:
            assert upgraded(peer)
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
        for arguments, words in (((path, "http"), "coaps+tcp"), ((path + "x" * 25,), "25 bytes")):
            told = script(NEWER, "start", *arguments)
            assert told.returncode == 2 and words in told.stderr, told


def while_it_runs():
    told = script(LIBCOAP, "run", ADDRESS, "5680", "--", "bash", "-c",
                  "echo $COAP_SERVER_ADDRESS $COAP_SERVER_PORT $COAP_SERVER_PID"
                  " $COAP_SERVER_DTLS_PORT-$COAP_SERVER_TLS_PORT"
                  " ws$COAP_SERVER_WS_PORT-$COAP_SERVER_WSS_PORT; exit 7")
    assert told.returncode == 7, told
    address, port, pid, secure, ws = told.stdout.split()
    assert (address, port) == (ADDRESS, "5680") and not alive(int(pid)), told
    has_ws = "ws" in script(LIBCOAP, "transports").stdout.split()
    assert secure == "5681-5681" and ws == ("ws8680-8681" if has_ws else "ws-"), told


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


class running:
    """A server while it runs, with that security."""

    def __init__(self, path, *where, **environment):
        self.path, self.where, self.environment = path, where, environment

    def __enter__(self):
        told = script(self.path, "start", *self.where, **self.environment)
        assert told.returncode == 0, (self.path, self.environment, told)
        self.pid = int(told.stdout)
        return self

    def __exit__(self, *_):
        script(self.path, "stop", str(self.pid))
        assert not alive(self.pid)


def all_shake_hands(attempts):
    """Each of (transport, place, suite, credentials, expected), side by side: some end by waiting."""
    def one(attempt):
        transport, there, suite, credentials, expected = attempt
        protocol = "dtls1_2" if transport == "dtls" else "tls1_2"
        return shakes_hands(there, protocol, suite, *credentials, expected=expected)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for attempt, done in zip(attempts, pool.map(one, attempts)):
            assert done == attempt[-1], attempt


def handshakes(address, port, offered):
    """Each credential on each transport that has it, and none of what is wrong; offered is
    {transport: {credential: suite}}."""
    attempts = []
    for transport, credentials in offered.items():
        there = (address, port + ABOVE[transport])
        for kind, right in ("psk", psk()), ("certificate", certificate()):
            has = kind in credentials
            attempts.append((transport, there, credentials.get(kind, STRONG[kind]), right, has))
        if "psk" in credentials:
            for bad in psk(key="57524f4e47"), psk(identity="nobody"):
                attempts.append((transport, there, credentials["psk"], bad, False))
    all_shake_hands(attempts)


def with_client_certificates(path, port, offered, security="psk certificate client-certificate",
                             **environment):
    """Where they are demanded: no session without one, nor with one of nobody's."""
    with running(path, ADDRESS, str(port), COAPSPEC_SERVER_SECURITY=security, **environment):
        all_shake_hands(
            [(transport, (ADDRESS, port + ABOVE[transport]), credentials["certificate"],
              certificate(name), expected)
             for transport, credentials in offered.items() if "certificate" in credentials
             for name, expected in (("client", True), (None, False), ("intruder", False))])


def secured():
    """Both builds of Debian's coap-server: pre-shared key and certificates, over DTLS and TLS."""
    offered = {"dtls": MANDATORY, "tls": MANDATORY}
    for build in "gnutls", "openssl":
        told = script(LIBCOAP, "transports", COAPSPEC_SERVER_TLS=build)
        assert {"dtls", "tls"} <= set(told.stdout.split()), told
        with running(LIBCOAP, ADDRESS, "5690", COAPSPEC_SERVER_TLS=build):
            handshakes(ADDRESS, 5690, offered)
            for scheme in "coaps", "coaps+tcp":
                for client in "gnutls", "openssl":
                    for credentials in (("-k", "Secret_key123", "-u", "coapspec"),
                                        ("-c", place("client.pem"), "-j", place("client.key"),
                                         "-R", place("ca.pem"))):
                        said = get_by_client(client, f"{scheme}://{ADDRESS}:5691/", *credentials)
                        assert "This is a test server" in said, (build, client, scheme, said)
        with_client_certificates(LIBCOAP, 5692, offered, COAPSPEC_SERVER_TLS=build)


def secured_by_choice():
    """A server has the credentials that it is started with, and no others."""
    for security, transports, has in (
            ("psk", {"dtls", "tls"}, {"psk": MANDATORY["psk"]}),
            ("certificate", {"dtls", "tls"}, {"certificate": MANDATORY["certificate"]}),
            ("none", set(), {})):
        choice = {"COAPSPEC_SERVER_SECURITY": security}
        offered = set(script(LIBCOAP, "transports", **choice).stdout.split()) & {"dtls", "tls"}
        assert offered == transports, (security, offered)
        with running(LIBCOAP, ADDRESS, "5694", **choice):
            handshakes(ADDRESS, 5694, dict.fromkeys(transports, has))
            assert transports or refused((ADDRESS, 5695))
    for security, words in (("magic", "'magic'"), ("client-certificate", "needs certificate"),
                            ("none psk", "alone")):
        told = script(LIBCOAP, "start", ADDRESS, "5694", COAPSPEC_SERVER_SECURITY=security)
        assert told.returncode == 2 and words in told.stderr, (security, told)
    told = script(LIBCOAP, "start", ADDRESS, "5694", COAPSPEC_SERVER_TLS="rot13")
    assert told.returncode == 2 and "rot13" in told.stderr, told


def secure_port_in_use():
    """What is taken on the port of DTLS alone is refused too, and nothing is started."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((ADDRESS, 5697))
        told = script(LIBCOAP, "start", ADDRESS, "5696")
        assert told.returncode == 2 and "(dtls)" in told.stderr and not told.stdout, told
    told = script(LIBCOAP, "start", ADDRESS, "65535")
    first = "ws" if "ws" in script(LIBCOAP, "transports").stdout.split() else "dtls"
    assert told.returncode == 2 and f"leaves none for {first}," in told.stderr, told


def missing_tools():
    """What a server is built with and is not there is named, with the command that installs it."""
    with tempfile.TemporaryDirectory() as folder:
        for tool in "bash basename cat cksum dirname env flock mkdir rm sed".split():
            os.symlink(shutil.which(tool), os.path.join(folder, tool))
        for name, tool, packages in (("aiocoap", "python3", "python3-venv"),
                                     ("californium", "mvn", "maven"),
                                     ("go-coap", "go", "golang-go"),
                                     ("node-coap", "node", "nodejs"),
                                     ("coap-rs", "cargo", "cargo")):
            path = os.path.join(SOURCE, f"conformance/servers/{name}.sh")
            for verb in ("install",), ("start", ADDRESS, "5698"):
                told = script(path, *verb, PATH=folder, COAPSPEC_SERVERS=os.path.join(folder, "s"))
                assert told.returncode == 2 and not told.stdout, (name, told)
                assert f"{tool} is needed" in told.stderr, (name, told)
                assert "apt-get install" in told.stderr and packages in told.stderr, (name, told)


def of_datagrams():
    """node-coap and coap-rs: UDP alone, and DTLS with the one credential that coap-rs has."""
    suites = {"psk": {"dtls": {"psk": MANDATORY["psk"]}},
              "certificate": {"dtls": {"certificate": MANDATORY["certificate"]}}}
    port = 5730
    for name, security in (("node-coap", "none"), ("node-coap", "psk certificate"), ("coap-rs", "none"),
                           ("coap-rs", "psk"), ("coap-rs", "certificate"), ("coap-rs", "psk certificate")):
        path = os.path.join(SOURCE, f"conformance/servers/{name}.sh")
        choice = {"COAPSPEC_SERVER_SECURITY": security}
        told = script(path, "install")
        assert told.returncode == 0, told
        has_dtls = name == "coap-rs" and security != "none"
        told = script(path, "transports", **choice)
        assert told.stdout.split() == ["udp"] + has_dtls * ["dtls"], (security, told)
        port += 2
        with running(path, ADDRESS, str(port), **choice) as server:
            second = script(path, "start", ADDRESS, str(port), **choice)
            assert second.returncode == 2 and "already listens" in second.stderr, second
            for resource, expected in ((".well-known/core", "</test>"), ("test", "a test resource"),
                                       ("separate", "what took a while"), ("large", "line 079")):
                said = get_by_client("gnutls", f"coap://{ADDRESS}:{port}/{resource}")
                assert expected in said, (name, resource, said)
            if has_dtls:
                handshakes(ADDRESS, port, suites[security.split()[0]])
            pid = str(server.pid)
        assert script(path, "stop", pid).returncode == 0
        if security == "certificate":
            with_client_certificates(path, port, suites[security], security="certificate client-certificate")


def of_all_servers():
    """The other servers' secured transports, as docs/servers.md says they are."""
    both = {"dtls": MANDATORY, "tls": MANDATORY, "wss": MANDATORY}
    tls = {"certificate": STRONG["certificate"]}  # Python, Java and Go offer CCM_8 nowhere in TLS
    port = 5700
    for name, environment, offered in (
            ("libcoap-4.3.4", {"COAPSPEC_SERVER_TLS": "gnutls"}, both),
            ("libcoap-4.3.4", {"COAPSPEC_SERVER_TLS": "openssl"}, both),
            ("aiocoap", {}, {"dtls": {"psk": MANDATORY["psk"]}, "tls": tls, "wss": tls}),
            ("californium", {}, {"dtls": MANDATORY, "tls": tls}),
            ("go-coap", {}, {"dtls": MANDATORY, "tls": tls})):
        path = os.path.join(SOURCE, f"conformance/servers/{name}.sh")
        told = script(path, "install")
        assert told.returncode == 0, told
        told = script(path, "transports", **environment)
        assert set(told.stdout.split()) & set(ABOVE) == set(offered), told
        port += 2
        with running(path, ADDRESS, str(port), **environment):
            handshakes(ADDRESS, port, offered)
            for credentials in (("-k", "Secret_key123", "-u", "coapspec"),
                                ("-R", place("ca.pem"))) if name != "aiocoap" else (
                                    ("-k", "Secret_key123", "-u", "coapspec"),):
                said = get_by_client(
                    "openssl", f"coaps://{ADDRESS}:{port + 1}/.well-known/core", *credentials)
                assert said.startswith("<"), (name, credentials, said)
            with over_tls((ADDRESS, port + 1)) as peer:
                assert content_over_stream(peer), name
            if "wss" in offered:
                with over_tls((ADDRESS, port + 3001)) as peer:
                    assert upgraded(peer), name
            if name != "aiocoap":
                by_aiocoap(port)
        with_client_certificates(path, port, offered, **environment)
    for build in "gnutls", "openssl":
        with tempfile.TemporaryDirectory(prefix="cs") as folder:
            there = os.path.join(folder, "s")
            with running(NEWER, there, "coaps+tcp", COAPSPEC_SERVER_TLS=build):
                with socket.socket(socket.AF_UNIX) as peer:
                    peer.connect(there)
                    context = ssl.create_default_context(cafile=place("ca.pem"))
                    with context.wrap_socket(peer, server_hostname="localhost") as secure:
                        assert content_over_stream(secure), build
            with running(NEWER, there, "coaps", COAPSPEC_SERVER_TLS=build):
                pass  # it answered a ClientHello


def by_aiocoap(port):
    """Asks the server by aiocoap-client, whose DTLS is tinydtls."""
    here = os.path.join(SOURCE, "conformance/servers/aiocoap.sh")
    assert script(here, "install").returncode == 0
    python = script(here, "path").stdout.split()[0]
    uri = f"coaps://{ADDRESS}:{port + 1}"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write('{"%s/*": {"dtls": {"psk": {"ascii": "Secret_key123"}, '
                   '"client-identity": {"ascii": "coapspec"}}}}' % uri)
        file.flush()
        told = subprocess.run([os.path.join(os.path.dirname(python), "aiocoap-client"), "-q",
                               "--credentials", file.name, uri + "/.well-known/core"],
                              capture_output=True, text=True, timeout=20)
    assert told.returncode == 0 and told.stdout.startswith("<"), (uri, told)


TESTS = [over_udp_and_tcp, over_unix, over_websockets, while_it_runs, refusals, places_in_use,
         failed_start, missing_tools, secured, secured_by_choice, secure_port_in_use]
if os.environ.get("COAPSPEC_ALL_SERVERS"):
    TESTS += [of_datagrams, of_all_servers]
for test in TESTS:
    test()
    print(f"{test.__name__}: ok")
    sys.stdout.flush()
