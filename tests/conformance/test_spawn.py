#!/usr/bin/env python3
"""A server that the run starts itself: ready before it is tested, ended whatever happens, started
again when it dies, and the case that ends it found."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")

# A CoAP server that answers pings over UDP and TCP, and does what its words say.
SERVER = r"""
import os, select, signal, socket, sys, time
port = int(sys.argv[1])
words = sys.argv[2:]
print("server", os.getpid(), *words, flush=True)
if "exit" in words:
    print("no such option", file=sys.stderr, flush=True)
    sys.exit(7)
if "stubborn" in words:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "noisy" in words:
    for i in range(20000):
        print("x" * 1000)
if "mute" in words:
    time.sleep(1000)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", port))
tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("127.0.0.1", port))
tcp.listen(50)
if "late" in words:
    time.sleep(1.5)
seen = 0
due = None

def die(why):
    print("dies of", why, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)

def poison(data):
    global due, seen
    if b"poison" in data:
        if "hang" in words:
            time.sleep(1000)
        die("poison")
    if b"slow" in data:
        due = time.monotonic() + 1.2
    if b"pair" in data:
        seen += 1
        if seen == 2:
            die("a pair")

connections = {}
while True:
    ready = select.select([udp, tcp, *connections], [], [], 0.1)[0]
    if due and time.monotonic() > due:
        die("what came before")
    for s in ready:
        if s is udp:
            data, peer = udp.recvfrom(2048)
            poison(data)
            if data[0] >> 4 & 3 == 0:
                if data[1]:
                    udp.sendto(bytes([0x60 | data[0] & 15, 0x84]) + data[2:4 + (data[0] & 15)], peer)
                else:
                    udp.sendto(b"\x70\x00" + data[2:4], peer)
        elif s is tcp:
            connection = tcp.accept()[0]
            connection.sendall(b"\x00\xe1")
            connections[connection] = b""
        else:
            try:
                data = s.recv(4096)
            except OSError:
                data = b""
            poison(data)
            if not data:
                s.close()
                del connections[s]
                continue
            data = connections[s] + data
            while len(data) >= 2 and data[0] >> 4 < 13:
                size = 2 + (data[0] >> 4) + (data[0] & 15)
                if len(data) < size:
                    break
                token = data[2:2 + (data[0] & 15)]
                try:
                    if data[1] == 0xe2:
                        s.sendall(bytes([len(token), 0xe3]) + token)
                    elif data[1] < 32 and data[1]:
                        s.sendall(bytes([len(token), 0x84]) + token)
                except OSError:
                    pass
                data = data[size:]
            connections[s] = data
"""

HEAD = "# t\nid a/b/{name}\ncovers OUR#1:lives\ntransport udp tcp\n---\n"


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Spawn(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.out = os.path.join(self.folder, "out")
        self.own = os.path.join(self.folder, "own")
        os.mkdir(self.own)
        self.server = self.write("server.py", SERVER)
        self.write("own/requirements.tsv", "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                                           "OUR#1:lives\tour\t1\tMUST\tthe server lives\tx\n")
        self.profile = self.write("p.ini", "[target]\nname = x\n[timers]\nalive = 2s\n"
                                           "response = 1s\n")

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def scenario(self, name, word):
        """A case that asks for a path; everything is a 4.04 to the server."""
        self.write(f"own/{name}.scn", HEAD.format(name=name) + f'>> GET Uri-Path="{word}"\n<< 4.04\n')

    def command(self, *words, **options):
        uris = options.get("uris", ["coap://127.0.0.1"])
        return [PROGRAM, "run", "--spawn", " ".join([sys.executable, self.server, "{port}", *words]),
                "--scenarios", self.own, "--profile", self.profile, "--out", self.out, *uris]

    def run_with(self, *words, **options):
        return subprocess.run(self.command(*words, **options), capture_output=True, text=True,
                              timeout=120, check=False)

    def report(self):
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            return json.load(f)

    def cases(self):
        """Those of the scenarios, without the run's own."""
        return [c for c in self.report()["cases"] if not c["id"].startswith("target/")]

    def verdicts(self):
        return {(c["transport"], c["id"][4:]): c["verdict"] for c in self.cases()}

    def log(self):
        with open(os.path.join(self.out, "server.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def assert_all_ended(self):
        pids = re.findall(r"^server (\d+)", self.log(), re.M)
        self.assertTrue(pids)
        for pid in pids:
            self.assertFalse(running(int(pid)), pid)
        return len(pids)

    # From the start to the end.

    def test_a_server_is_started_and_ended(self):
        self.scenario("good", "good")
        ran = self.run_with(uris=["coap://127.0.0.1", "coap+tcp://127.0.0.1:{port}"])
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(self.verdicts(), {("udp", "good"): "pass", ("tcp", "good"): "pass"})
        self.assertRegex(self.report()["target"], r"^coap://127\.0\.0\.1:(\d+) coap\+tcp://127\.0\.0\.1:\1$")
        self.assertEqual(self.assert_all_ended(), 1)

    def test_one_that_is_slow_to_start_is_waited_for(self):
        self.scenario("good", "good")
        ran = self.run_with("late")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assert_all_ended()

    def test_one_that_prints_a_lot_does_not_block(self):
        self.scenario("good", "good")
        ran = self.run_with("noisy")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertLess(os.path.getsize(os.path.join(self.out, "server.log")), 25_000_000)

    def test_one_that_ignores_sigterm_is_killed(self):
        self.scenario("good", "good")
        ran = self.run_with("stubborn")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assert_all_ended()

    def test_one_that_never_gets_ready(self):
        self.scenario("good", "good")
        ran = self.run_with("mute")
        self.assertEqual(ran.returncode, 3, ran.stderr)
        self.assertIn("the server did not answer within 10 s", ran.stderr)
        self.assertRegex(ran.stderr, r"\| server \d+ mute")
        self.assertEqual(self.verdicts(), {("udp", "good"): "inconclusive"})
        self.assert_all_ended()

    def test_one_that_ends_at_once(self):
        self.scenario("good", "good")
        ran = self.run_with("exit")
        self.assertEqual(ran.returncode, 3, ran.stderr)
        self.assertIn("ended by exit code 7 before it answered", ran.stderr)
        self.assertIn("| no such option", ran.stderr)

    def test_a_program_that_is_not_there(self):
        self.scenario("good", "good")
        ran = subprocess.run([PROGRAM, "run", "--spawn", "/nonexistent/x {port}", "--scenarios", self.own,
                              "--out", self.out, "coap://127.0.0.1"], capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual(ran.returncode, 3)
        self.assertIn("cannot start /nonexistent/x: No such file or directory", ran.stderr)
        self.assertEqual(self.verdicts(), {("udp", "good"): "inconclusive"})

    def interrupt(self, how):
        self.write("own/wait.scn", HEAD.format(name="wait") + "wait 60s\nalive\n")
        self.scenario("good", "good")
        with subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as ran:
            while " pass " not in ran.stdout.readline():
                pass
            ran.send_signal(how)
            _, errors = ran.communicate(timeout=30)
        return ran.returncode, errors

    def test_signals_end_the_server_too(self):
        for how in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(how=how):
                code, errors = self.interrupt(how)
                self.assertEqual(code, -how, errors)
                self.assertEqual(self.verdicts(), {("udp", "good"): "pass",
                                                   ("udp", "wait"): "inconclusive"})
                self.assert_all_ended()

    def test_a_server_does_not_outlive_a_killed_run(self):
        self.interrupt(signal.SIGKILL)
        for _ in range(100):
            pids = re.findall(r"^server (\d+)", self.log(), re.M)
            if not any(running(int(pid)) for pid in pids):
                break
            time.sleep(0.05)
        self.assert_all_ended()

    # A server that dies.

    def test_the_case_that_ends_it_is_found(self):
        for i in range(6):
            self.scenario(f"good{i}", "good")
        self.scenario("bad", "poison")
        ran = self.run_with(uris=["coap://127.0.0.1", "coap+tcp://127.0.0.1"])
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        for (_, name), verdict in self.verdicts().items():
            self.assertEqual(verdict, "crash" if name == "bad" else "pass", name)
        self.assertEqual(len(self.verdicts()), 14)
        for case in self.report()["cases"]:
            if case["verdict"] == "crash":
                self.assertRegex(case["message"], r"ended by signal 11 \(.*\) while this case ran alone")
                self.assertIn("dies of poison", case["message"])
        self.assertIsNone(self.report()["trouble"])
        self.assertGreaterEqual(self.assert_all_ended(), 5)

    def test_one_that_hangs_counts_as_crashed(self):
        self.scenario("good", "good")
        self.scenario("bad", "poison")
        ran = self.run_with("hang")
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertEqual(self.verdicts(), {("udp", "good"): "pass", ("udp", "bad"): "crash"})
        message = [c["message"] for c in self.report()["cases"] if c["verdict"] == "crash"][0]
        self.assertIn("stopped answering although its process was there", message)
        self.assert_all_ended()

    def test_who_ends_it_only_together_is_not_blamed(self):
        self.scenario("one", "pair")
        self.scenario("two", "pair")
        # Alone each asks once, and the server is started anew after the first death.
        ran = self.run_with()
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        # One of them alone on a fresh server is no crash; both of them in turn are.
        self.assertNotIn("crash", self.verdicts().values())
        self.assertIn("none of them does that to it alone", self.report()["trouble"])
        self.assertEqual(set(self.verdicts().values()), {"pass"})

    def test_a_late_death_is_not_blamed_on_who_comes_next(self):
        self.scenario("a-slow", "slow")
        self.write("own/wait.scn", HEAD.format(name="wait") + "wait 3s\nalive\n")
        ran = self.run_with()
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertEqual(self.verdicts()[("udp", "wait")], "pass", ran.stdout)

    def test_there_is_an_end_to_starting_again(self):
        for i in range(30):
            self.scenario(f"bad{i:02}", "poison")
        ran = self.run_with()
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertIn("started again 20 times", self.report()["trouble"])
        verdicts = list(self.verdicts().values())
        self.assertEqual(verdicts.count("crash") + verdicts.count("inconclusive"), 30)
        self.assertGreaterEqual(verdicts.count("crash"), 15)
        self.assertGreaterEqual(self.assert_all_ended(), 21)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
