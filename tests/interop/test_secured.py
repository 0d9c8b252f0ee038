#!/usr/bin/env python3
"""The client library (examples/secure-get.c, linked with libcoap-3) against real
servers: each of anonymous, certificates and pre-shared key, over DTLS, TLS and
secure WebSocket, over IPv4, IPv6 and Unix-domain sockets, where the server has
them; and what must not become a session. With COAPSPEC_ALL_SERVERS in the
environment also against those that are not libcoap (ci/extended.sh servers)."""

import os
import subprocess
import sys
import tempfile

SOURCE = os.environ["COAPSPEC_SOURCE"]
CLIENT = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "example-secure-get")
CREDENTIALS = os.path.join(SOURCE, "conformance", "credentials")
SCHEME = {"dtls": "coaps", "tls": "coaps+tcp", "wss": "coaps+ws",
          "unix-dtls": "coaps", "unix-tls": "coaps+tcp"}
ABOVE = {"dtls": 1, "tls": 1, "wss": 3001}
PORT = 56890
# libcoap's plain WebSocket path, like every server's here, has this resource.
PATH = "/.well-known/core"


def place(name):
    return os.path.join(CREDENTIALS, name)


KEYS = {
    "psk": ["-k", place("psk.txt")],
    "certificate": ["-C", place("ca.pem"), "-n", "localhost", "-c", place("client.pem"),
                    "-j", place("client.key")],
    "anonymous": [],
}
# What a server with these credentials must not get a session for, and why.
WRONG = {
    "psk": (["-k", "WRONG-KEY"], "the handshake failed"),
    "certificate": (["-C", place("intruder.pem")], "RFC7252#9.1.3.3:certificate-trusted"),
    "name": (["-C", place("ca.pem"), "-n", "elsewhere"], "RFC7252#9.1.3.3:certificate-name"),
}


class Server:
    """A server of conformance/servers, started where it says, stopped in any case."""

    def __init__(self, script, where, **environment):
        self.script = [ "bash", os.path.join(SOURCE, "conformance", "servers", script)]
        self.where = where
        self.environment = dict(os.environ, **environment)

    def call(self, *words):
        done = subprocess.run([*self.script, *words], env=self.environment, capture_output=True,
                              text=True, timeout=300, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(self.script + list(words))}: {done.stderr}")
        return done.stdout.strip()

    def __enter__(self):
        self.pid = self.call("start", *self.where)
        return self

    def __exit__(self, *_):
        self.call("stop", self.pid)


def get(uri, *options):
    return subprocess.run([CLIENT, *options, uri], capture_output=True, text=True, timeout=150,
                          check=False)


class Count:
    passed = failed = 0

    @classmethod
    def expect(cls, what, done, code, words=""):
        good = done.returncode == code and words in done.stderr
        cls.passed += good
        cls.failed += not good
        print(f"{'ok' if good else 'FAILED'}: {what}", flush=True)
        if not good:
            print(f"  exit {done.returncode}, expected {code} {words!r}\n  {done.stderr.strip()}")


def uri_of(transport, address, port):
    host = f"[{address}]" if ":" in address else address
    return f"{SCHEME[transport]}://{host}:{port + ABOVE[transport]}{PATH}"


# Californium 3.14 sends no CSM: the handshake is complete, and then our client
# aborts, which RFC 8323 section 3.3 asks of it.
NO_CSM = {("Californium", "tls")}
# OpenSSL drops a wrong Finished over DTLS and says nothing: the handshake then
# ends by our deadline, which takes too long here.
SILENT = {("libcoap 4.3.1 OpenSSL", "dtls"), ("libcoap 4.3.4 OpenSSL", "dtls")}


def meets(name, script, address, port, transports, kinds, wrong=True, **environment):
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, "psk")
        with open(bad, "w", encoding="ascii") as f:
            f.write("coapspec:00112233\n")
        with Server(script, (address, str(port)), **environment):
            for transport in transports:
                uri = uri_of(transport, address, port)
                for kind in kinds:
                    what = f"{name} {transport} {kind} {address}"
                    if (name, transport) in NO_CSM:
                        Count.expect(f"{what}: no CSM", get(uri, *KEYS[kind]), 1, "RFC8323#3.3:csm-first")
                    else:
                        Count.expect(what, get(uri, *KEYS[kind]), 0)
                for kind, (options, words) in WRONG.items():
                    if kind == "psk" and (name, transport) in SILENT:
                        continue
                    if wrong and (kind in kinds or kind == "name" and "certificate" in kinds):
                        options = [bad if o == "WRONG-KEY" else o for o in options]
                        Count.expect(f"{name} {transport} wrong {kind}", get(uri, *options), 1, words)


def meets_unix(name, script, scheme, kinds):
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="cs") as folder:
        path = f"{folder}/s"
        host = path.replace("/", "%2F")
        with Server(script, (path, scheme)):
            for kind in kinds:
                # libcoap takes paths of 25 bytes.
                Count.expect(f"{name} {scheme} {kind} AF_UNIX",
                             get(f"{scheme}://{host}{PATH}", "-l", f"{folder}/{kind[0]}", *KEYS[kind]), 0)


def main():
    every = ("psk", "certificate", "anonymous")
    meets("libcoap 4.3.1 GnuTLS", "libcoap.sh", "127.9.5.1", PORT, ("dtls", "tls"), every)
    meets("libcoap 4.3.1 GnuTLS", "libcoap.sh", "::1", PORT + 10, ("dtls", "tls"), every, wrong=False)
    meets("libcoap 4.3.1 OpenSSL", "libcoap.sh", "127.9.5.2", PORT, ("dtls", "tls"), every,
          COAPSPEC_SERVER_TLS="openssl")
    meets("libcoap 4.3.4 GnuTLS", "libcoap-4.3.4.sh", "127.9.5.3", PORT, ("dtls", "tls", "wss"), every)
    meets("libcoap 4.3.4 GnuTLS", "libcoap-4.3.4.sh", "::1", PORT + 20, ("dtls", "tls", "wss"), every,
          wrong=False)
    meets("libcoap 4.3.4 OpenSSL", "libcoap-4.3.4.sh", "127.9.5.4", PORT, ("dtls", "tls", "wss"),
          every, COAPSPEC_SERVER_TLS="openssl")
    for scheme in ("coaps", "coaps+tcp"):
        meets_unix("libcoap 4.3.4 GnuTLS", "libcoap-4.3.4.sh", scheme, every)
    if os.environ.get("COAPSPEC_ALL_SERVERS"):
        meets("aiocoap", "aiocoap.sh", "127.9.5.5", PORT, ("dtls",), ("psk",))
        meets("aiocoap", "aiocoap.sh", "127.9.5.6", PORT, ("tls", "wss"), ("certificate", "anonymous"))
        meets("Californium", "californium.sh", "127.9.5.7", PORT, ("dtls",), every)
        meets("Californium", "californium.sh", "127.9.5.8", PORT, ("tls",), ("certificate", "anonymous"))
        meets("go-coap PSK", "go-coap.sh", "127.9.5.9", PORT, ("dtls",), ("psk",),
              COAPSPEC_SERVER_SECURITY="psk")
        meets("go-coap", "go-coap.sh", "127.9.5.10", PORT, ("dtls", "tls"),
              ("certificate", "anonymous"), COAPSPEC_SERVER_SECURITY="certificate")
    print(f"{Count.passed} passed, {Count.failed} failed")
    return 1 if Count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
