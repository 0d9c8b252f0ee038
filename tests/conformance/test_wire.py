#!/usr/bin/env python3
"""What happens on the wire: answers that come from another address, floods, late answers, multicast,
and the options that say from where, how fast and for how long a run sends. The servers are small,
of Python's standard library alone, and at loopback addresses of their own."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
PATIENCE = 120

# Answers pings and requests over UDP; "all" answers everything from the other socket. On TCP a
# connection gets a CSM and then bytes without end. The log has the time and the sender of each datagram.
SERVER = r"""
import os, select, socket, sys, threading, time
host, other_host, words = sys.argv[1], sys.argv[2], sys.argv[3:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
udp = socket.socket(family, socket.SOCK_DGRAM)
udp.bind((host, 0))
other = socket.socket(family, socket.SOCK_DGRAM)
other.bind((other_host, 0))
tcp = socket.socket(family)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind((host, udp.getsockname()[1]))
tcp.listen(50)
print(udp.getsockname()[1], other.getsockname()[1], flush=True)
later = []
peers = set()

def flood():
    # The bytes of a valid message, and of none, as fast as they go.
    big = b"\x50\x45\x12\x34\xff" + b"x" * 1300
    until = time.monotonic() + 8
    while time.monotonic() < until:
        for peer in list(peers):
            for i in range(20):
                try:
                    (other if "flood-other" in words else udp).sendto(big if i & 1 else b"noise", peer)
                except OSError:
                    pass
        time.sleep(0.001)

def pour():
    while True:
        s = tcp.accept()[0]
        threading.Thread(target=drown, args=(s,), daemon=True).start()

def drown(s):
    try:
        s.sendall(b"\x00\xe1")
        if "pour" in words:
            while True:
                s.sendall(b"\x01\x45\x00" * 1000)
        while s.recv(4096):
            pass
    except OSError:
        pass

threading.Thread(target=pour, daemon=True).start()
if "flood" in words or "flood-other" in words:
    threading.Thread(target=flood, daemon=True).start()
while True:
    wait = max(0, min([t for t, *_ in later], default=time.monotonic() + 1) - time.monotonic())
    for s in select.select([udp, other], [], [], wait)[0]:
        data, peer = s.recvfrom(2048)
        if s is other:
            continue
        if "log" in words:
            print("%.6f %s" % (time.monotonic(), peer[0]), flush=True)
        kind, tkl, code = data[0] >> 4 & 3, data[0] & 15, data[1]
        if kind > 1:
            continue
        reply = b"\x70\x00" + data[2:4]
        out = [other if "all" in words else udp]
        if 0 < code < 32:
            reply = bytes([0x60 | tkl, 0x45]) + data[2:4 + tkl] + b"\xffx"
            if kind == 1:
                reply = bytes([0x50 | tkl, 0x45]) + data[2:4 + tkl] + b"\xffx"
            if b"elsewhere" in data:
                out = [other]
            if b"both" in data:
                out = [other, udp]
            if b"flooded" in data:
                peers.add(peer)
            if b"late" in data:
                later.append((time.monotonic() + 2.5, out[0], reply, peer))
                continue
            if b"spoofed" in data:
                other.sendto(bytes([0x64, 0x45]) + data[2:4] + b"abcd\xffevil", peer)
                other.sendto(b"\x00" * 40, peer)
        if code == 0 and kind == 1:
            continue
        for o in out:
            o.sendto(reply, peer)
    for job in [j for j in later if j[0] <= time.monotonic()]:
        later.remove(job)
        job[1].sendto(job[2], job[3])
"""

HEAD = "# t\nid a/b/{name}\ncovers OUR#1:answers\ntransport {transport}\n---\n"


class Wire(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.out = os.path.join(self.folder, "out")
        self.own = os.path.join(self.folder, "own")
        os.mkdir(self.own)
        self.script = self.write("server.py", SERVER)
        self.profile = self.write("p.ini", "[target]\nname = x\n[timers]\nalive = 3s\n"
                                           "response = 200ms\n[resources]\ntest = /test\n")
        row = "\t{}\tMUST\tx\tx\n"
        self.write("own/requirements.tsv", "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                   "OUR#1:answers\tour" + row.format("1") +
                   "RFC7252#4.4:mid-unmatched\t7252" + row.format("4.4") +
                   "RFC7252#5.3.2:response-source\t7252" + row.format("5.3.2"))
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def scenario(self, name, steps, transport="udp"):
        self.write(f"own/{name}.scn", HEAD.format(name=name, transport=transport) + steps)

    def get(self, name, path):
        self.scenario(name, f'>> GET Uri-Path="{path}"\n<< 2.05\n')

    def serve(self, host, other, *words):
        server = subprocess.Popen([sys.executable, self.script, host, other, *words],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        self.port, self.other = server.stdout.readline().split()
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def run_at(self, uri, *options):
        began = time.monotonic()
        ran = subprocess.run([PROGRAM, "run", uri, "--scenarios", self.own, "--profile", self.profile,
                              "--out", self.out, *options], capture_output=True, text=True,
                             timeout=PATIENCE, check=False)
        self.took = time.monotonic() - began
        self.said = ran.stdout + ran.stderr
        if ran.returncode != 2:
            with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
                self.cases = {c["id"].removeprefix("a/b/"): c for c in json.load(f)["cases"]}
        return ran.returncode

    def verdict(self, name):
        return self.cases[name]["verdict"]

    # Answers from another endpoint.

    def check_elsewhere(self, host, other):
        self.get("wicked", "elsewhere")
        self.get("good", "good")
        self.get("both", "both")
        at = self.serve(host, other)
        self.assertEqual(self.run_at(f"coap://{at}"), 1, self.said)
        self.assertEqual(self.verdict("good"), "pass", self.said)
        self.assertEqual(self.verdict("both"), "pass", self.said)
        case = self.cases["wicked"]
        self.assertEqual((case["verdict"], case["statement"]), ("fail", "RFC7252#5.3.2:response-source"))
        where = f"[{other}]:{self.other}" if ":" in other else f"{other}:{self.other}"
        self.assertIn(f"the answer came from {where}, not from the target", case["message"])
        self.assertIn(where, [p.get("from") for p in case["packets"]])
        self.assertEqual(self.verdict("target/0/sanity-last"), "pass")

    def test_another_address(self):
        self.check_elsewhere("127.0.0.51", "127.0.0.52")

    def test_another_port(self):
        self.check_elsewhere("127.0.0.51", "127.0.0.51")

    def test_another_port_over_ipv6(self):
        self.check_elsewhere("::1", "::1")

    def test_everything_from_another_address(self):
        """The multihomed server: it is there, and every case says what is wrong."""
        for i in range(20):
            self.get(f"case{i}", "x")
        at = self.serve("127.0.0.51", "127.0.0.52", "all")
        self.assertEqual(self.run_at(f"coap://{at}"), 1, self.said)
        for name, case in self.cases.items():
            if not name.startswith("target/"):
                self.assertEqual((case["verdict"], case["statement"]),
                                 ("fail", "RFC7252#5.3.2:response-source"), case)
        self.assertIn("127.0.0.52", self.said)
        self.assertLess(self.took, 60)

    def test_strangers_are_nobody(self):
        self.get("spoofed", "spoofed")
        at = self.serve("127.0.0.51", "127.0.0.52")
        self.assertEqual(self.run_at(f"coap://{at}"), 0, self.said)
        shown = [p["message"] for p in self.cases["spoofed"]["packets"]]
        self.assertTrue(any("127.0.0.52" in n for n in shown), shown)

    def test_serve_with_the_defect(self):
        server = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.53:0", "--defect",
                                   "response-elsewhere"], stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        uri = server.stdout.readline().split()[-1]
        self.get("wicked", "test")
        self.assertEqual(self.run_at(uri), 1, self.said)
        self.assertEqual(self.cases["wicked"]["statement"], "RFC7252#5.3.2:response-source", self.said)

    # Floods.

    def flood(self, uri, *verdicts):
        self.assertEqual(self.run_at(uri), 0 if "pass" in verdicts else 1, self.said)
        self.assertIn(self.verdict("flooded"), verdicts, self.cases["flooded"]["message"])
        self.assertEqual(self.verdict("good"), "pass", self.said)
        self.assertLess(self.took, 60)
        size = os.path.getsize(os.path.join(self.out, "report.json"))
        self.assertLess(size, 64 << 20)

    def test_a_flood(self):
        self.scenario("flooded", '>> GET Uri-Path="flooded"\n<< 2.05\nsilence 2s\n')
        self.get("good", "good")
        self.flood(f"coap://{self.serve('127.0.0.54', '127.0.0.55', 'flood')}", "fail", "inconclusive")

    def test_a_flood_that_is_waited_out(self):
        self.scenario("flooded", '>> GET Uri-Path="flooded"\n<< 2.05\nwait 3s\n>> GET\n<< 2.05\n')
        self.get("good", "good")
        self.flood(f"coap://{self.serve('127.0.0.54', '127.0.0.55', 'flood')}", "inconclusive")
        self.assertIn("without end", self.cases["flooded"]["message"])

    def test_a_flood_from_another_address(self):
        self.scenario("flooded", '>> GET Uri-Path="flooded"\n<< 2.05\nwait 2s\n>> GET\n<< 2.05\n')
        self.get("good", "good")
        self.flood(f"coap://{self.serve('127.0.0.54', '127.0.0.55', 'flood-other')}", "pass")

    def test_a_stream_without_end(self):
        self.write("own/poured.scn", HEAD.format(name="poured", transport="tcp") +
                   ">> GET @test\n<< 2.05\n")
        at = self.serve("127.0.0.54", "127.0.0.55", "pour")
        self.assertIn(self.run_at(f"coap+tcp://{at}"), (1, 3), self.said)
        self.assertNotEqual(self.verdict("poured"), "pass")
        self.assertLess(self.took, 60)

    def test_late_answers_are_no_answers(self):
        """An answer after the time fails its case, and no other one takes it for its own."""
        for i in range(30):
            self.get(f"late{i:02}", "late")
            self.get(f"good{i:02}", "good")
        at = self.serve("127.0.0.54", "127.0.0.55")
        self.assertEqual(self.run_at(f"coap://{at}", "--jobs", "4", "--retries", "0"), 1, self.said)
        for name, case in self.cases.items():
            want = "fail" if name.startswith("late") else "pass"
            self.assertEqual(case["verdict"], want, (name, case["message"]))

    # From where, how fast, for how long.

    def logged(self):
        self.servers[-1].kill()
        return [line.split() for line in self.servers[-1].stdout.read().splitlines()]

    def test_source(self):
        self.get("good", "good")
        at = self.serve("127.0.0.56", "127.0.0.56", "log")
        self.assertEqual(self.run_at(f"coap://{at}", "--source", "127.0.0.57"), 0, self.said)
        self.assertEqual({address for _, address in self.logged()}, {"127.0.0.57"})

    def test_source_of_a_stream(self):
        server = socket.create_server(("127.0.0.56", 0))
        server.settimeout(PATIENCE)
        self.scenario("x", ">> GET @test\n<< 2.05\n", "tcp")
        ran = subprocess.Popen([PROGRAM, "run", f"coap+tcp://127.0.0.56:{server.getsockname()[1]}",
                                "--scenarios", self.own, "--profile", self.profile, "--out", self.out,
                                "--source", "127.0.0.57"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        connection, peer = server.accept()
        self.assertEqual(peer[0], "127.0.0.57")
        connection.close()
        server.close()
        ran.wait(PATIENCE)

    def test_source_that_cannot_be(self):
        self.get("good", "good")
        for source, word in [("192.0.2.200", "no address of this machine"), ("nonsense", "no IP address"),
                             ("0.0.0.0", "no address of this machine"), ("::1", "nothing can be sent to"),
                             ("224.0.1.187", "no address of this machine")]:
            with self.subTest(source=source):
                self.assertEqual(self.run_at("coap://127.0.0.56:5683", "--source", source), 2, self.said)
                self.assertIn("--source", self.said)
                self.assertIn(word, self.said)
        self.assertEqual(self.run_at("embedded", "--source", "127.0.0.1"), 2)

    def test_rate(self):
        """Not over the rate in any second, and no verdict the worse for it: what waits for its turn
        was not sent yet."""
        for i in range(12):
            self.scenario(f"c{i:02}", '>> GET @test\n<< 2.05 within 300ms\n> CON GET mid=$m @test\n'
                                      '< ACK 2.05 mid=$m within 300ms\n')
        at = self.serve("127.0.0.56", "127.0.0.56", "log")
        self.assertEqual(self.run_at(f"coap://{at}", "--rate", "10"), 0, self.said)
        times = [float(t) for t, _ in self.logged()]
        self.assertGreater(len(times), 36)
        most = max(sum(t <= u < t + 1 for u in times) for t in times)
        self.assertLessEqual(most, 12)
        self.assertGreater(self.took, (len(times) - 2) / 10)

    def test_rate_over_dtls_and_tcp(self):
        server = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.53:0"], stdout=subprocess.PIPE,
                                  text=True)
        self.servers.append(server)
        uris = [server.stdout.readline().split()[-1] for _ in range(4)]
        psk = os.path.join(os.environ["COAPSPEC_SOURCE"], "conformance", "credentials", "psk.txt")
        self.scenario("c", ">> GET @test\n<< 2.05\n>> GET @test\n<< 2.05\n", "udp tcp ws")
        for uri in uris:
            if uri.startswith(("coap+tcp:", "coaps:", "coap+ws:")):
                with self.subTest(uri=uri):
                    code = self.run_at(uri, "--rate", "30", "--psk-file", psk)
                    self.assertEqual(code, 0, self.said)

    def test_timeout(self):
        self.scenario("long", "wait 30s\nalive\n")
        self.get("good", "good")
        at = self.serve("127.0.0.56", "127.0.0.56")
        self.assertEqual(self.run_at(f"coap://{at}", "--timeout", "1500ms", "--retries", "0"), 1, self.said)
        self.assertEqual((self.verdict("long"), self.verdict("good")), ("inconclusive", "pass"))
        self.assertIn("longer than --timeout, 1.500 s", self.cases["long"]["message"])
        self.assertLess(self.took, 25)

    # Multicast.

    def run_inside(self, uri, *options):
        """The scenarios of the program itself."""
        ran = subprocess.run([PROGRAM, "run", uri, "--profile", "embedded", "--out", self.out, *options],
                             capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.said = ran.stdout + ran.stderr
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            self.cases = {c["id"]: c for c in json.load(f)["cases"]}
        return ran.returncode

    def multicast(self, *options):
        server = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0", *options],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        return server.stdout.readline().split()[-1]

    def test_multicast(self):
        uri = self.multicast("--multicast")
        self.assertEqual(self.run_inside(uri, "--only", "7252/8*"), 0, self.said)
        cases = {name: c["verdict"] for name, c in self.cases.items() if name.startswith("7252/8")}
        self.assertGreaterEqual(len(cases), 4)
        self.assertEqual(set(cases.values()), {"pass"}, self.said)

    def test_multicast_that_nobody_hears(self):
        self.assertEqual(self.run_inside(self.multicast(), "--only", "7252/8*"), 0, self.said)
        self.assertEqual(self.cases["7252/8/multicast-prepared"]["verdict"], "pass")
        self.assertEqual(self.cases["7252/8.2/multicast-response"]["verdict"], "skip")

    def test_multicast_defect(self):
        uri = self.multicast("--multicast", "--defect", "multicast-reset")
        self.run_inside(uri, "--only", "7252/8/multicast-prepared")
        self.assertEqual(self.cases["7252/8/multicast-prepared"]["verdict"], "pass", self.said)
        uri = self.multicast("--multicast", "--defect", "multicast-fatal")
        self.assertNotEqual(self.run_inside(uri, "--only", "7252/8/multicast-prepared"), 0, self.said)

    def test_multicast_needs_an_address(self):
        ran = subprocess.run([PROGRAM, "serve", "--bind", "0.0.0.0:0", "--multicast"],
                             capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--multicast needs an address", ran.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    unittest.main()
