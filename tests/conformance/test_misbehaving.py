#!/usr/bin/env python3
"""Servers that misbehave: each run ends, in bounded time, with the right verdicts and exit code, and
with its report. The servers are small, of Python's standard library alone, and at loopback
addresses of their own."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")

# Answers pings, and requests by 2.05; what else it does is up to the path that is asked for, and to
# its words: "close" and "mute" are about every connection.
SERVER = r"""
import os, select, socket, sys, time
host, words = sys.argv[1], sys.argv[2:]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((host, 0))
port = udp.getsockname()[1]

def listen():
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((host, port))
    tcp.listen(50)
    return tcp

tcp = listen()
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind((host, 0))
print(port, flush=True)
connections = {}
later = []
away = dying = closing = False

def go_away():
    # Starts anew 2 s later, once.
    global udp, tcp, away
    if away:
        return False
    away = True
    for s in [udp, tcp, *connections]:
        s.close()
    connections.clear()
    time.sleep(2)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((host, port))
    tcp = listen()
    return True

def asked(path, reply, send):
    # What is done about a request; reply is the answer.
    global dying, closing
    if path == b"kill":
        os._exit(0)
    if path == b"hang":
        time.sleep(1000)
    if path == b"restart" and go_away():
        return
    if path == b"late":
        later.append((time.monotonic() + 6, send, reply))
        return
    if path == b"close":
        closing = True
    if path == b"last":
        dying = True
    send(reply)

def pinged():
    # The first sign of life behind the request is the last.
    if dying:
        os._exit(0)

def options(data):
    # The last Uri-Path.
    path = b""
    at = number = 0
    while at < len(data) and data[at] != 0xff:
        delta, length = data[at] >> 4, data[at] & 15
        at += 1
        parts = []
        for v in (delta, length):
            if v == 13:
                v = data[at] + 13
                at += 1
            elif v == 14:
                v = (data[at] << 8 | data[at + 1]) + 269
                at += 2
            parts.append(v)
        number += parts[0]
        if number == 11:
            path = data[at:at + parts[1]]
        at += parts[1]
    return path

def datagram(data, peer):
    kind, tkl = data[0] >> 4 & 3, data[0] & 15
    if kind > 1 or len(data) < 4:
        return
    if data[1] == 0:
        if kind == 0:
            udp.sendto(b"\x70\x00" + data[2:4], peer)
            pinged()
        return
    if data[1] >= 32:
        return
    path = options(data[4 + tkl:])
    reply = bytes([0x60 if kind == 0 else 0x50])
    reply = bytes([reply[0] | tkl, 0x45]) + data[2:4 + tkl] + b"\xffx"
    if path == b"elsewhere":
        other.sendto(reply, peer)
    elif path == b"flood":
        end = time.monotonic() + 3
        n = 0
        while time.monotonic() < end:
            n += 1
            try:
                udp.sendto(b"\x51\x45" + n.to_bytes(4, "big")[2:] + b"\x77\xffflood", peer)
            except OSError:
                pass
            if n % 50 == 0:
                time.sleep(0.001)
    else:
        asked(path, reply, lambda b: udp.sendto(b, peer))

def stream(s):
    try:
        data = s.recv(65536)
    except OSError:
        data = b""
    if not data:
        s.close()
        del connections[s]
        return
    if "mute" in words:
        return
    data = connections[s] + data
    def send(b):
        try:
            s.sendall(b)
        except OSError:
            pass
    while len(data) >= 2:
        more = max(0, (data[0] >> 4) - 12)
        if more > 1 or len(data) < 2 + more:
            break
        length, tkl = data[0] >> 4, data[0] & 15
        if more:
            length = data[1] + 13
        size = 2 + more + tkl + length
        if len(data) < size:
            break
        code, token = data[1 + more], data[2 + more:2 + more + tkl]
        body = data[2 + more + tkl:size]
        data = data[size:]
        if code == 0xe2:
            send(bytes([tkl, 0xe3]) + token)
            pinged()
        elif 0 < code < 32:
            asked(options(body), bytes([0x20 | tkl, 0x45]) + token + b"\xffx", send)
            if s not in connections:
                return
    connections[s] = data

while True:
    ready = select.select([udp, tcp, *connections], [], [], 0.05)[0]
    for at, send, reply in [l for l in later if l[0] <= time.monotonic()]:
        send(reply)
    later = [l for l in later if l[0] > time.monotonic()]
    for s in ready:
        if s.fileno() < 0:
            continue
        if s is udp:
            try:
                data, peer = udp.recvfrom(65536)
            except OSError:
                continue
            if data:
                datagram(data, peer)
        elif s is tcp:
            try:
                connection = tcp.accept()[0]
            except OSError:
                continue
            if "close" in words or closing:
                connection.close()
                continue
            if "mute" not in words:
                connection.sendall(b"\x00\xe1")
            connections[connection] = b""
        elif s in connections:
            stream(s)
"""

HEAD = "# t\nid a/b/{name}\ncovers OUR#1:answers\ntransport udp tcp\n---\n"
# Of runs that end soon; a machine with other work takes longer.
PATIENCE = 120


class Misbehaving(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.out = os.path.join(self.folder, "out")
        self.own = os.path.join(self.folder, "own")
        os.mkdir(self.own)
        self.servers = []
        self.script = self.write("server.py", SERVER)
        self.write("own/requirements.tsv", "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                                           "OUR#1:answers\tour\t1\tMUST\tthe server answers\tx\n")
        self.profile = self.write("p.ini", "[target]\nname = x\n[timers]\nalive = 4s\nresponse = 500ms\n"
                                           "[resources]\ntest = /test\n")

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

    def scenario(self, name, path, behind=""):
        self.write(f"own/{name}.scn",
                   HEAD.format(name=name) + f'>> GET Uri-Path="{path}"\n<< 2.05\n{behind}')

    def serve(self, host, *words):
        """The authority of a new server."""
        server = subprocess.Popen([sys.executable, self.script, host, *words], stdout=subprocess.PIPE,
                                  text=True)
        self.servers.append(server)
        return f"{host}:{server.stdout.readline().strip()}"

    def run_at(self, uri, *options):
        ran = subprocess.run([PROGRAM, "run", uri, "--scenarios", self.own, "--profile", self.profile,
                              "--out", self.out, *options], capture_output=True, text=True,
                             timeout=PATIENCE, check=False)
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            self.cases = {c["id"][4:] if c["id"].startswith("a/b/") else c["id"]: c
                          for c in json.load(f)["cases"]}
        self.said = ran.stdout + ran.stderr
        return ran.returncode

    def verdicts(self):
        return {name: case["verdict"] for name, case in self.cases.items()}

    def both(self, host):
        """Over UDP and over TCP, each against a server of its own."""
        for scheme in ["coap", "coap+tcp"]:
            with self.subTest(scheme=scheme):
                yield f"{scheme}://{self.serve(host)}"

    # Who does no wrong.

    def test_one_that_behaves(self):
        self.scenario("good", "good")
        for uri in self.both("127.0.0.60"):
            self.assertEqual(self.run_at(uri), 0, self.said)
            self.assertEqual(self.verdicts(), {"target/0/sanity-first": "pass", "good": "pass",
                                               "target/0/sanity-last": "pass"})
            for case in self.cases.values():
                self.assertGreaterEqual(len(case["packets"]), 2, case["id"])
            self.assertNotIn("target/0", self.said)

    # Who goes away.

    def gone(self, uri, why):
        self.assertEqual(self.run_at(uri), 4, self.said)
        verdicts = self.verdicts()
        self.assertEqual(verdicts["target/0/sanity-first"], "pass")
        self.assertEqual(verdicts["target/0/sanity-last"], "inconclusive")
        self.assertEqual({verdicts["long"], verdicts["wicked"]}, {"inconclusive"}, self.said)
        self.assertNotIn("fail", verdicts.values(), self.said)
        self.assertIn(why, self.said)

    def test_one_that_is_killed(self):
        self.scenario("wicked", "kill")
        self.scenario("long", "good", 'wait 1s\n>> GET Uri-Path="good"\n<< 2.05\n')
        for uri in self.both("127.0.0.61"):
            self.gone(uri, "nothing listens there (port refused)")

    def test_one_that_hangs(self):
        self.scenario("wicked", "hang")
        self.scenario("long", "good", 'wait 1s\n>> GET Uri-Path="good"\n<< 2.05\n')
        for uri in self.both("127.0.0.62"):
            self.gone(uri, "no answer within 4 s")

    def test_one_that_dies_behind_the_last_case(self):
        self.scenario("last", "last")
        for uri in self.both("127.0.0.63"):
            self.assertEqual(self.run_at(uri), 4, self.said)
            self.assertEqual(self.verdicts(), {"target/0/sanity-first": "pass", "last": "pass",
                                               "target/0/sanity-last": "crash"})
            self.assertIn("died unnoticed", self.said)

    def test_one_that_starts_anew(self):
        self.scenario("wicked", "restart")
        self.scenario("long", "good", 'wait 1s\n>> GET Uri-Path="good"\n<< 2.05\n')
        self.scenario("good", "good")
        for uri in self.both("127.0.0.64"):
            self.assertEqual(self.run_at(uri), 0, self.said)
            self.assertEqual(set(self.verdicts().values()), {"pass"}, self.said)
            self.assertIn("the target was away", self.cases["long"]["message"])

    # Who answers, but not as it should.

    def test_one_that_is_late(self):
        self.scenario("wicked", "late")
        self.scenario("good", "good")
        for uri in self.both("127.0.0.65"):
            self.assertEqual(self.run_at(uri), 1, self.said)
            verdicts = self.verdicts()
            self.assertEqual((verdicts["wicked"], verdicts["good"]), ("fail", "pass"), self.said)
            self.assertEqual(verdicts["target/0/sanity-last"], "pass")

    def test_one_that_answers_from_elsewhere(self):
        self.scenario("wicked", "elsewhere")
        self.scenario("good", "good")
        uri = f"coap://{self.serve('127.0.0.66')}"
        self.assertEqual(self.run_at(uri), 1, self.said)
        self.assertEqual((self.verdicts()["wicked"], self.verdicts()["good"]), ("fail", "pass"))

    def test_one_that_floods(self):
        self.scenario("wicked", "flood")
        self.scenario("good", "good")
        uri = f"coap://{self.serve('127.0.0.67')}"
        self.assertEqual(self.run_at(uri), 1, self.said)
        verdicts = self.verdicts()
        self.assertIn(verdicts["wicked"], ["fail", "inconclusive"], self.said)
        self.assertEqual((verdicts["good"], verdicts["target/0/sanity-last"]), ("pass", "pass"), self.said)

    # Connections.

    def test_one_that_closes_every_connection(self):
        self.scenario("good", "good")
        uri = f"coap+tcp://{self.serve('127.0.0.68', 'close')}"
        self.assertEqual(self.run_at(uri), 3, self.said)
        self.assertEqual(set(self.verdicts().values()), {"inconclusive"})
        self.assertIn("closes the connection", self.said)

    def test_one_that_begins_to_close_every_connection(self):
        self.scenario("wicked", "close")
        self.scenario("long", "good", "wait 1s\n")
        uri = f"coap+tcp://{self.serve('127.0.0.68')}"
        self.assertEqual(self.run_at(uri), 4, self.said)
        self.assertNotIn("fail", self.verdicts().values(), self.said)
        self.assertIn("closes the connection", self.said)

    def test_one_that_accepts_and_is_mute(self):
        self.scenario("good", "good")
        uri = f"coap+tcp://{self.serve('127.0.0.69', 'mute')}"
        self.assertEqual(self.run_at(uri), 3, self.said)
        self.assertEqual(set(self.verdicts().values()), {"inconclusive"})
        self.assertIn("no answer within 4 s", self.said)
        # What was asked is there to be seen.
        self.assertGreaterEqual(len(self.cases["target/0/sanity-first"]["packets"]), 2)

    def test_one_that_stops_and_is_interrupted(self):
        self.scenario("good", "good")
        self.write("own/wait.scn", HEAD.format(name="wait") + "wait 60s\nalive\n")
        uri = f"coap://{self.serve('127.0.0.60')}"
        with subprocess.Popen([PROGRAM, "run", uri, "--scenarios", self.own, "--profile", self.profile,
                               "--out", self.out], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as ran:
            while " pass " not in ran.stdout.readline():
                pass
            os.kill(self.servers[-1].pid, signal.SIGSTOP)
            ran.send_signal(signal.SIGTERM)
            errors = ran.communicate(timeout=PATIENCE)[1]
        self.assertEqual(ran.returncode, -signal.SIGTERM, errors)
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            cases = {c["id"]: c["verdict"] for c in json.load(f)["cases"]}
        self.assertEqual((cases["a/b/good"], cases["a/b/wait"], cases["target/0/sanity-last"]),
                         ("pass", "inconclusive", "inconclusive"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
