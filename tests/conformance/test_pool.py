#!/usr/bin/env python3
"""Several servers that share a run's cases, the smallest thing that ends one of them, and a
target that is brought back by a command."""
import glob
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
HOST = "127.0.0.72"

# A CoAP server over UDP. It dies of "poison" that comes behind "first", if its words say so,
# or hangs; and it counts who asked it for "mine".
SERVER = r"""
import os, signal, socket, sys, time
port = int(sys.argv[1])
words = sys.argv[2:]
print("server", os.getpid(), *words, flush=True)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.72", port))
first = False
while True:
    data, peer = s.recvfrom(2048)
    first = first or b"first" in data
    if b"poison" in data and first:
        if "hang" in words:
            time.sleep(1000)
        print("dies of poison", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"flaky" in data:
        # What a device with a fault of its own does: wrong twice, then right.
        count = os.path.join(words[-1], "count")
        seen = os.path.getsize(count) if os.path.exists(count) else 0
        with open(count, "a") as f:
            f.write("x")
        if seen < 2:
            s.sendto(bytes([0x60 | data[0] & 15, 0x83]) + data[2:4 + (data[0] & 15)], peer)
            continue
    if data[0] >> 4 & 3 == 0:
        if data[1]:
            s.sendto(bytes([0x60 | data[0] & 15, 0x84]) + data[2:4 + (data[0] & 15)], peer)
        else:
            s.sendto(b"\x70\x00" + data[2:4], peer)
"""

HEAD = "# t\nid a/b/{name}\ncovers OUR#1:lives\ntransport udp\n---\n"


class Pool(unittest.TestCase):
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
                                           "response = 500ms\n")

    def tearDown(self):
        try:
            with open(os.path.join(self.folder, "pid"), encoding="utf-8") as f:
                os.kill(int(f.read()), signal.SIGKILL)
        except OSError:
            pass
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def scenario(self, name, *words):
        steps = "".join(f'>> GET Uri-Path="{word}" Accept=0\n<< 4.04\n' for word in words)
        self.write(f"own/{name}.scn", HEAD.format(name=name) + steps)

    def coapspec(self, *words):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=250,
                              check=False)

    def run_with(self, *options, words=(), target=f"coap://{HOST}", spawn=True):
        start = ["--spawn", " ".join([sys.executable, self.server, "{port}", *words])]
        return self.coapspec("run", *(start if spawn else []), "--scenarios", self.own, "--profile",
                             self.profile, "--out", self.out, *options, target)

    def cases(self):
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            return {c["id"][4:]: c for c in json.load(f)["cases"] if not c["id"].startswith("target/")}

    def verdicts(self):
        return {name: c["verdict"] for name, c in self.cases().items()}

    def logs(self):
        return sorted(os.path.basename(p) for p in glob.glob(os.path.join(self.out, "server*.log")))

    # Workers.

    def test_the_servers_share_the_cases(self):
        for i in range(12):
            self.scenario(f"good{i:02}", "x", "y")
        self.scenario("bad", "first", "z", "poison")
        ran = self.run_with("--workers", "3")
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertIn("dealt to 3 servers", ran.stdout)
        self.assertEqual(self.logs(), ["server-2.log", "server-3.log", "server.log"])
        verdicts = self.verdicts()
        self.assertEqual(len(verdicts), 13)
        self.assertEqual(verdicts.pop("bad"), "crash")
        self.assertEqual(set(verdicts.values()), {"pass"})
        for log in self.logs():
            with open(os.path.join(self.out, log), encoding="utf-8") as f:
                self.assertRegex(f.read(), r"^server \d+")

    def test_the_verdicts_are_those_of_one(self):
        """Against the embedded server, with defects, on sockets."""
        command = (f"{PROGRAM} serve --bind {HOST}:{{port}} --ws {HOST}:{{port2}} "
                   "--defect ping-acked --defect pong-without-token --defect error-without-token")
        found = []
        for workers in ["1", "3"]:
            ran = self.coapspec("run", "--spawn", command, "--workers", workers, "--profile", "embedded",
                                "--only", "7252/4.3/*", "--only", "7252/5.3*", "--only", "7252/5.10*",
                                "--only", "8323/5.4/*", "--seed", "5", "--out", self.out,
                                f"coap://{HOST}", f"coap+ws://{HOST}:{{port2}}")
            self.assertIn(ran.returncode, [1, 4], ran.stdout + ran.stderr)
            with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
                found.append({(c["id"], c["transport"]): c["verdict"] for c in json.load(f)["cases"]})
        self.assertGreater(len(found[0]), 30)
        self.assertIn("fail", found[0].values())
        self.assertEqual(found[0], found[1])

    def test_workers_need_spawn(self):
        ran = self.run_with("--workers", "2", spawn=False)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--workers is for servers that --spawn starts", ran.stderr)

    # Reproducers.

    def reproducer(self):
        case = self.cases()["bad"]
        self.assertEqual(case["verdict"], "crash", case)
        self.assertEqual(case["reproducer"], "crashes/a-b-bad.scn")
        self.assertIn("crashes/a-b-bad.scn", case["message"])
        path = os.path.join(self.out, case["reproducer"])
        with open(path, encoding="utf-8") as f:
            return path, f.read()

    def steps(self, text):
        return [line for line in text.split("---\n")[1].splitlines() if not line.startswith("#")]

    def replay(self, *files, words=()):
        return self.coapspec("replay", *files, "--spawn",
                             " ".join([sys.executable, self.server, "{port}", *words]),
                             "--profile", self.profile, f"coap://{HOST}")

    def test_what_ends_it_becomes_small_and_is_replayed(self):
        self.scenario("good", "x")
        self.scenario("bad", "a", "first", "b", "c", "poison-and-more", "d")
        ran = self.run_with()
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        path, text = self.reproducer()
        self.assertRegex(text, r"(?m)^# The server ended by signal 11")
        self.assertRegex(text, r"(?m)^id +crash/0/a-b-bad$")
        steps = self.steps(text)
        self.assertEqual(len(steps), 3, text)
        self.assertRegex(steps[0], r'^> CON GET mid=0x[0-9a-f]{4} Uri-Path="first"$')
        self.assertRegex(steps[1], r'^> CON GET mid=0x[0-9a-f]{4} Uri-Path="poison')
        self.assertEqual(steps[2], "alive")
        for name in ["report.txt", "report.html"]:
            with open(os.path.join(self.out, name), encoding="utf-8") as f:
                self.assertIn("crashes/a-b-bad.scn", f.read())
        self.assertEqual(self.coapspec("lint", path).returncode, 0)
        again = self.replay(path)
        self.assertEqual(again.returncode, 4, again.stdout + again.stderr)
        self.assertIn("crash: the server ended by signal 11", again.stdout)
        self.assertIn("dies of poison", again.stdout)
        # A server without the fault.
        good = self.coapspec("replay", path, "--spawn", f"{PROGRAM} serve --bind {HOST}:{{port}} --ws "
                             f"{HOST}:{{port2}}", f"coap://{HOST}")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("pass: nothing shown", good.stdout)

    def test_a_hang_too(self):
        self.scenario("bad", "a", "first", "poison")
        ran = self.run_with(words=["hang"])
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        path, text = self.reproducer()
        self.assertIn("stopped answering although its process was there", text)
        self.assertEqual(len(self.steps(text)), 3, text)
        again = self.replay(path, words=["hang"])
        self.assertEqual(again.returncode, 4, again.stdout)
        self.assertIn("stopped answering although its process was there", again.stdout)

    def test_a_crash_that_does_not_come_again_stays_whole(self):
        """The server counts its own starts: the third dies, the others live."""
        self.write("once.py", SERVER.replace("first = False", "\n".join([
            "path = os.path.join(words[0], 'starts')",
            "with open(path, 'a') as f: f.write('x')",
            "first = os.path.getsize(path) < 3"])).replace("first = first or", "found ="))
        self.scenario("bad", "a", "poison", "b")
        ran = self.coapspec("run", "--spawn",
                            f"{sys.executable} {self.folder}/once.py {{port}} {self.folder}", "--scenarios",
                            self.own, "--profile", self.profile, "--out", self.out, f"coap://{HOST}")
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        _, text = self.reproducer()
        self.assertIn("played once more, what was sent did not do it", self.cases()["bad"]["message"])
        self.assertEqual(len([s for s in self.steps(text) if s.startswith(">")]), 2, text)

    # Hearing again.

    def test_retries(self):
        """The server answers wrongly twice: twice heard again, it is right."""
        for retries, verdict in [("0", "fail"), ("1", "fail"), ("2", "flaky")]:
            with self.subTest(retries=retries):
                count = os.path.join(self.folder, "count")
                if os.path.exists(count):
                    os.remove(count)
                self.scenario("moody", "flaky")
                ran = self.run_with("--retries", retries, words=[self.folder])
                self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
                self.assertEqual(self.verdicts(), {"moody": verdict})
                self.assertEqual(os.path.getsize(count), min(int(retries), 2) + 1)

    # A target that is brought back by a command.

    def start(self, port, *words):
        """A server that we start ourselves, through the script that starts it again."""
        pid = os.path.join(self.folder, "pid")
        script = self.write("reset.sh", f"""
echo resetting
[ -f {pid} ] && kill -9 $(cat {pid}) 2>/dev/null
echo x >> {self.folder}/resets
setsid {sys.executable} {self.server} {port} {' '.join(words)} > /dev/null 2>&1 &
echo $! > {pid}
""")
        subprocess.run(["sh", script], check=True, stdout=subprocess.DEVNULL)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            for _ in range(100):
                try:
                    s.sendto(b"\x40\x00\x00\x01", (HOST, port))
                    if s.recv(100):
                        break
                except OSError:
                    time.sleep(0.05)
        return script

    def resets(self):
        return os.path.getsize(os.path.join(self.folder, "resets")) // 2 - 1

    def test_a_target_that_is_reset(self):
        script = self.start(56831)
        for i in range(3):
            self.scenario(f"good{i}", "x")
        self.scenario("bad", "a", "first", "poison", "b")
        ran = self.run_with("--reset-cmd", f"sh {script}", target=f"coap://{HOST}:56831", spawn=False)
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        verdicts = self.verdicts()
        self.assertEqual(verdicts.pop("bad"), "crash", ran.stdout)
        self.assertEqual(set(verdicts.values()), {"pass"})
        self.assertRegex(self.cases()["bad"]["message"],
                         r"the target stopped answering while this case ran alone; reset by sh ")
        path, text = self.reproducer()
        self.assertEqual(len(self.steps(text)), 3, text + self.cases()["bad"]["message"])
        self.assertGreaterEqual(self.resets(), 2)
        with open(os.path.join(self.out, "reset.log"), encoding="utf-8") as f:
            self.assertIn("resetting", f.read())
        again = self.coapspec("replay", path, "--reset-cmd", f"sh {script}", "--profile", self.profile,
                              f"coap://{HOST}:56831")
        self.assertEqual(again.returncode, 4, again.stdout + again.stderr)
        self.assertIn("crash: the target stopped answering", again.stdout)

    def test_a_reset_that_fails(self):
        self.start(56832)
        self.scenario("bad", "first", "poison")
        ran = self.run_with("--reset-cmd", "sh -c 'echo no power; exit 3'", target=f"coap://{HOST}:56832",
                            spawn=False)
        self.assertEqual(ran.returncode, 4, ran.stdout + ran.stderr)
        self.assertEqual(self.verdicts(), {"bad": "inconclusive"})
        self.assertRegex(ran.stdout + ran.stderr,
                         r"--reset-cmd ended by exit code 3; it printed last: no power")

    def test_reset_and_spawn_do_not_go_together(self):
        ran = self.run_with("--reset-cmd", "true")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--reset-cmd is for a target that --spawn does not start", ran.stderr)
        ran = self.run_with("--reset-cmd", "sh 'x", target=f"coap://{HOST}", spawn=False)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--reset-cmd", ran.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
