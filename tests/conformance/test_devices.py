#!/usr/bin/env python3
"""What a run does for devices: capabilities that are declared, observed and required, nothing changed,
nothing strained, an end that was set, JSON Lines, the bar of a terminal."""
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
QUICK = ["--only", "7252/4.3/ping", "--only", "7252/5.8.1/get-content"]
HEAD = "# t\nid a/b/{name}\ncovers RFC7252#4.3:empty-con-reset\ntransport udp tcp\n{more}---\n"


def run(*args, timeout=120):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=timeout, check=False)


class Server:
    """coapspec serve on free ports."""

    def __init__(self, *args):
        self.process = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0", *args],
                                        stdout=subprocess.PIPE, text=True)
        self.udp = self.process.stdout.readline().split()[-1]
        self.tcp = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Answers:
    """A UDP server in this process: answers what a function says; counts what it hears."""

    def __init__(self, answer, host="127.0.0.1"):
        self.heard = []
        self.answer = answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.uri = "coap://%s:%d" % self.socket.getsockname()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(65536)
            if data == b"":
                return
            self.heard.append(data)
            if data[1] == 0 and data[0] >> 4 & 3 == 0:
                self.socket.sendto(b"\x70\x00" + data[2:4], peer)
            elif 0 < data[1] < 32:
                kind, tkl = data[0] >> 4 & 3, data[0] & 15
                answer = self.answer(data[1], data[4 + tkl:])
                if answer is not None:
                    head = bytes([(0x60 if kind == 0 else 0x50) | tkl, answer[0]])
                    self.socket.sendto(head + data[2:4 + tkl] + answer[1:], peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def content(_code, _options):
    return b"\x45\xffx"


class Devices(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.out = os.path.join(self.folder, "out")
        self.own = os.path.join(self.folder, "own")
        os.mkdir(self.own)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def scenario(self, name, steps, more=""):
        self.write(f"own/{name}.scn", HEAD.format(name=name, more=more) + steps)

    def profile(self, more=""):
        return self.write("p.ini", "[target]\nname = x\n[timers]\nalive = 2s\nresponse = 500ms\n"
                                   "[resources]\ntest = /test\n" + more)

    def report(self):
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            return json.load(f)

    def cases(self):
        return {c["id"]: c for c in self.report()["cases"]}

    def text(self, name):
        with open(os.path.join(self.out, name), encoding="utf-8") as f:
            return f.read()

    def run_own(self, uri, *options, profile=""):
        return run("run", uri, "--scenarios", self.own, "--profile", self.profile(profile), "--out",
                   self.out, *options)

    # Capabilities.

    def capabilities(self, transport="udp"):
        return {c["capability"]: c for c in self.report()["capabilities"] if c["transport"] == transport}

    def test_probes_find_what_is_there(self):
        def answer(code, options):
            if options.startswith(b"\x60"):
                return b"\x45\x61\x07\xffx"  # Observe
            return b"\x45\xffx"

        self.scenario("good", "alive\n")
        with Answers(answer) as server:
            ran = self.run_own(server.uri, profile="observe = /test\n")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        found = self.capabilities()
        self.assertEqual(found["observe"]["observed"], "yes", found["observe"])
        self.assertIn("Observe", json.dumps(found["observe"]["exchange"]))
        self.assertEqual(found["observe"]["declared"], None)
        self.assertEqual(found["extended-token"]["observed"], "no", found["extended-token"])
        self.assertEqual(found["echo"]["observed"], "not told")
        self.assertEqual(found["no-response"]["observed"], "no")
        # The role test stands in for a large resource, and shows nothing.
        self.assertEqual(found["block2"]["observed"], "not told")
        self.assertIn("no resource of the role", found["block2"]["message"])
        for c in found.values():
            self.assertIsNone(c["difference"])
            if c["observed"] != "not told":
                self.assertTrue(c["packets"], c)

    def test_what_is_suppressed_is_seen(self):
        def answer(_code, options):
            # Uri-Path "test", No-Response 258 = 11 + 247
            return None if options.startswith(b"\xb4test\xd1\xea\x02") else b"\x45\xffx"

        self.scenario("good", "alive\n")
        with Answers(answer) as server:
            self.run_own(server.uri)
        self.assertEqual(self.capabilities()["no-response"]["observed"], "yes")

    def test_echo_is_seen_where_it_is_asked_for(self):
        self.scenario("good", "alive\n")
        # Option 252: 13 + 239.
        with Answers(lambda code, options: b"\x81\xd4\xefecho") as server:
            self.run_own(server.uri)
        self.assertEqual(self.capabilities()["echo"]["observed"], "yes")

    def test_declared_and_observed(self):
        self.scenario("good", "alive\n")
        declared = ("observe = /test\nlarge = /test\n[capabilities]\nobserve = yes\nblock2 = no\n"
                    "echo = yes\nextended-token = no\n")
        with Answers(lambda code, options: b"\x45\xd1\x0a\x08\xffx") as server:  # Block2=0/1/0
            ran = self.run_own(server.uri, profile=declared)
        # It is no fault, and not hidden either.
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        found = self.capabilities()
        self.assertEqual(found["observe"]["difference"], "declared, not seen")
        self.assertEqual(found["block2"]["difference"], "seen, though declared not to be there")
        self.assertEqual(found["echo"]["difference"], "declared, could not be told")
        self.assertIsNone(found["extended-token"]["difference"])
        self.assertRegex(ran.stdout, r"warn: observe over udp: declared, not seen: .*2\.05")
        self.assertIn("warn: block2 over udp: seen, though declared", ran.stdout)
        text = self.text("report.txt")
        self.assertIn("Capabilities, declared and observed", text)
        self.assertRegex(text, r"udp +observe +yes +no +declared, not seen")
        self.assertRegex(text, r"> CON GET .*Observe=0")
        self.assertIn("Capabilities, declared and observed", self.text("report.html"))

    def test_wrong_declarations(self):
        for line, words in [("telepathy = yes", "expected one of extended-token, "), ("observe = maybe",
                            "expected yes or no, not \"maybe\""), ("psk = yes", "expected one of")]:
            ran = run("run", "embedded", "--profile", self.profile(f"[capabilities]\n{line}\n"), "--out",
                      self.out)
            self.assertEqual(ran.returncode, 2)
            self.assertIn("p.ini:9:1: " + words, ran.stderr)

    def test_required_capabilities(self):
        self.scenario("good", "alive\n")
        with Server() as server:
            for cap, code, verdict in [("link-format", 0, "pass"), ("extended-token", 1, "fail")]:
                ran = run("run", server.udp, server.tcp, "--scenarios", self.own, "--profile", "embedded",
                          "--out", self.out, "--require", cap)
                self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
                required = [c for c in self.report()["cases"] if c["id"] == f"target/0/require-{cap}"]
                self.assertEqual([(c["transport"], c["verdict"]) for c in required],
                                 [("udp", verdict), ("tcp", verdict)])
                for c in required:
                    self.assertTrue(c["packets"])
                    self.assertIsNone(c["statement"])
                self.assertEqual(f"fail         udp  target/0/require-{cap}" in ran.stdout, code == 1)
        # In memory too.
        ran = run("run", "embedded", "--out", self.out, "--require", "no-response", *QUICK)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("target/0/require-no-response", ran.stdout)

    # Care.

    def test_nothing_is_changed(self):
        self.scenario("reads", ">> GET @test\n<< 2.05\n")
        self.scenario("writes", ">> PUT @test payload=\"x\"\n<< 2.04\n")
        self.write("own/raw.scn", HEAD.format(name="raw", more="").replace("udp tcp", "udp") +
                   "> raw 40 04 $m\n< ACK * mid=$m\n")
        self.write("own/unknown.scn", HEAD.format(name="unknown", more="").replace("udp tcp", "udp") +
                   "> CON 0.30 mid=$m @test\n< ACK 4.05 mid=$m\n")
        with Answers(content) as server:
            ran = self.run_own(server.uri, "--read-only", profile="large-update = /test\n")
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertEqual({m[1] for m in server.heard} - {0, 1, 5}, set())
        cases = self.cases()
        self.assertEqual(cases["a/b/reads"]["verdict"], "pass")
        for name in ["writes", "raw", "unknown"]:
            self.assertEqual(cases[f"a/b/{name}"]["verdict"], "skip")
            self.assertIn("--read-only", cases[f"a/b/{name}"]["message"])
        self.assertIn("--read-only", self.capabilities()["block1"]["message"])
        with Answers(content) as server:
            self.run_own(server.uri)
            self.assertIn(3, {m[1] for m in server.heard})

    def test_the_scenarios_of_the_program_are_told_apart(self):
        with Server() as server:
            ran = run("run", server.udp, "--profile", "embedded", "--read-only", "--section", "7252/5.8",
                      "--out", self.out)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        cases = self.cases()
        self.assertEqual(cases["7252/5.8.1/get-content+con"]["verdict"], "pass")
        puts = [c for i, c in cases.items() if i.startswith("7252/5.8.3/")]
        self.assertGreater(len(puts), 2)
        self.assertEqual({c["verdict"] for c in puts}, {"skip"})

    def test_hostile_cases(self):
        self.scenario("strains", "alive\n", "param hostile\n")
        # Here, on loopback, it is played.
        with Answers(content) as server:
            self.run_own(server.uri)
        self.assertEqual(self.cases()["a/b/strains"]["verdict"], "pass")
        listed = json.loads(run("list", "--format", "json").stdout)["cases"]
        hostile = {c["id"] for c in listed if c["hostile"]}
        self.assertIn("8323/3.2/segments", hostile)
        self.assertNotIn("7252/4.3/ping", hostile)
        self.assertIn("--robustness", run("explain", "8323/3.2/segments").stdout)

    def test_hostile_cases_off_loopback(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.connect(("198.51.100.1", 9))  # nothing is sent
                host = s.getsockname()[0]
            except OSError:
                host = "127.0.0.1"
        if host.startswith("127."):
            self.skipTest("this machine has no address but loopback's")
        self.scenario("strains", "alive\n", "param hostile\n")
        for options, verdict in [([], "skip"), (["--robustness"], "pass")]:
            with Answers(content, host) as server:
                ran = self.run_own(server.uri, *options)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            case = self.cases()["a/b/strains"]
            self.assertEqual((case["verdict"], "--robustness" in case["message"]), (verdict, verdict == "skip"))

    # Ends.

    def test_the_time_limit(self):
        self.scenario("good", "alive\n")
        self.scenario("wait", "wait 60s\nalive\n")
        with Answers(content) as server:
            ran = self.run_own(server.uri, "--time-limit", "6s")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        cases = self.cases()
        self.assertEqual(cases["a/b/good"]["verdict"], "pass")
        self.assertEqual((cases["a/b/wait"]["verdict"], cases["a/b/wait"]["message"]),
                         ("inconclusive", "the time limit of 6s came while this case ran"))
        self.assertEqual(cases["target/0/sanity-last"]["message"], "not run: the time limit of 6s came")
        self.assertIn("the time limit of 6s came", ran.stderr)

    def test_what_the_time_limit_leaves(self):
        self.scenario("a", "wait 60s\nalive\n")
        self.scenario("b", "wait 60s\nalive\n")
        with Answers(content) as server:
            ran = self.run_own(server.uri, "--time-limit", "6s", "--jobs", "1")
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(self.cases()["a/b/b"]["message"], "not run: the time limit of 6s came")

    # What others read, while it goes on.

    def lines(self, out):
        return [json.loads(line) for line in out.splitlines()]

    def test_json_lines(self):
        self.scenario("good", "alive\n")
        self.scenario("bad", ">> GET @test\n<< 4.04\n")
        with Answers(content) as server:
            ran = self.run_own(server.uri, "--format", "jsonl", profile="[capabilities]\necho = yes\n")
        self.assertEqual(ran.returncode, 1, ran.stderr)
        lines = self.lines(ran.stdout)
        self.assertEqual([lines[0]["type"], lines[1]["type"], lines[-1]["type"]], ["run", "target", "summary"])
        self.assertEqual(lines[0]["cases"], 2)
        cases = {c["id"]: c for c in lines if c["type"] == "case"}
        self.assertEqual({i: c["verdict"] for i, c in cases.items()},
                         {i: c["verdict"] for i, c in self.cases().items()})
        self.assertEqual(cases["a/b/bad"]["statement"], "RFC7252#4.3:empty-con-reset")
        self.assertIn("2.05", cases["a/b/bad"]["message"])
        self.assertEqual(cases["a/b/bad"]["transport"], "udp")
        self.assertGreaterEqual(cases["a/b/bad"]["duration"], 0)
        probes = {c["capability"]: c for c in lines if c["type"] == "probe"}
        self.assertEqual((probes["echo"]["declared"], probes["echo"]["observed"]), ("yes", "not told"))
        self.assertEqual((lines[-1]["exit"], lines[-1]["verdicts"]["fail"], lines[-1]["signal"]), (1, 1, None))
        self.assertEqual(lines[-1]["reports"], self.out)

    def test_json_lines_of_trouble(self):
        self.scenario("good", "alive\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            uri = "coap://127.0.0.1:%d" % s.getsockname()[1]
        ran = self.run_own(uri, "--format", "jsonl")
        lines = self.lines(ran.stdout)
        self.assertEqual(ran.returncode, 3)
        self.assertIn("port refused", [c for c in lines if c["type"] == "trouble"][0]["message"])
        self.assertEqual(lines[-1]["exit"], 3)
        self.assertEqual(len([c for c in lines if c["type"] == "case"]), 3)

    def test_json_lines_come_at_once(self):
        self.scenario("good", "alive\n")
        self.scenario("wait", "wait 60s\nalive\n")
        with Answers(content) as server:
            with subprocess.Popen([PROGRAM, "run", server.uri, "--scenarios", self.own, "--profile",
                                   self.profile(), "--out", self.out, "--format", "jsonl"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
                seen = []
                while not seen or seen[-1].get("id") != "a/b/good":
                    seen.append(json.loads(ran.stdout.readline()))
                ran.send_signal(signal.SIGINT)
                out, _ = ran.communicate(timeout=60)
        self.assertEqual(ran.returncode, -signal.SIGINT)
        last = self.lines(out)[-1]
        self.assertEqual((last["type"], last["signal"]), ("summary", signal.SIGINT))

    def on_terminal(self, *args):
        master, slave = pty.openpty()
        with subprocess.Popen([PROGRAM, *args], stdout=slave, stderr=subprocess.DEVNULL) as ran:
            os.close(slave)
            out = b""
            end = time.monotonic() + 120
            while time.monotonic() < end:
                if not select.select([master], [], [], 1)[0]:
                    continue
                try:
                    data = os.read(master, 65536)
                except OSError:
                    break
                if not data:
                    break
                out += data
            code = ran.wait(timeout=60)
        os.close(master)
        return code, out.decode()

    def test_the_bar_of_a_terminal(self):
        self.scenario("good", "alive\n")
        self.scenario("bad", ">> GET @test\n<< 4.04\n")
        self.scenario("wait", "wait 1s\nalive\n")
        with Answers(content) as server:
            code, out = self.on_terminal("run", server.uri, "--scenarios", self.own, "--profile",
                                         self.profile(), "--out", self.out)
        self.assertEqual(code, 1, out)
        bars = re.findall(r"\r\[[#.]{24}\] (\d+)/3  (\d) faults?  \d+ s  (\d+) under way", out)
        self.assertTrue(bars, out)
        self.assertTrue(all(int(done) <= 3 for done, _, _ in bars))
        # A fault has its line, what passes has none; nothing is behind the bar.
        self.assertIn("\r\x1b[K  fail         a/b/bad", out)
        self.assertNotIn("  pass         a/b/good", out)
        self.assertIn("5 cases: 4 pass, 1 fail", out.split("\x1b[K")[-1])

    def test_lines_elsewhere(self):
        self.scenario("good", "alive\n")
        with Answers(content) as server:
            ran = self.run_own(server.uri)
        self.assertIn("  pass         a/b/good", ran.stdout)
        self.assertNotIn("\r", ran.stdout)
        self.assertNotIn("under way", ran.stdout)

    # A case that is heard again.

    def play_twice(self, answer):
        """A case that asks for /it once, against a target that gives another answer to the first."""
        asked = []

        def reply(_code, options):
            if not options.startswith(b"\xb2it"):
                return b"\x45\xffx"
            asked.append(options)
            return answer if len(asked) == 1 else b"\x45\xffx"

        self.scenario("it", '> CON GET mid=$m token=$t Uri-Path="it"\n< ACK 2.05 mid=$m token=$t\n')
        self.write("own/it.scn", self.text_of("own/it.scn").replace("udp tcp", "udp"))
        with Answers(reply) as server:
            ran = self.run_own(server.uri)
        self.assertEqual(len(asked), 2)
        return ran, self.cases()["a/b/it"]

    def text_of(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def test_a_loss_is_no_fault(self):
        ran, case = self.play_twice(None)
        self.assertEqual((ran.returncode, case["verdict"]), (0, "pass"), ran.stdout)
        self.assertIn("nothing came", case["message"])

    def test_a_fault_that_comes_and_goes_is_flaky(self):
        ran, case = self.play_twice(b"\x84")
        self.assertEqual((ran.returncode, case["verdict"]), (1, "flaky"), ran.stdout)
        self.assertRegex(case["message"], "^pass alone; among other cases fail: ACK 4.04")
        self.assertEqual(case["statement"], "RFC7252#4.3:empty-con-reset")

    # What is asked wrongly.

    def test_usage(self):
        for args, words in [
                (["--require", "telepathy", "embedded"], ["telepathy is no capability; there are extended-token, "]),
                (["--source", "here", "coap://127.0.0.1"], ["--source: here is no IP address"]),
                (["--time-limit", "1", "embedded"], ["--time-limit: 1 is no length of time"]),
                (["--rate", "0", "embedded"], ["0 is no number of messages a second"])]:
            ran = run("run", *args)
            self.assertEqual(ran.returncode, 2)
            for word in words:
                self.assertIn(word, ran.stderr)
            self.assertEqual(len(ran.stderr.splitlines()), 1)
        told = run("run", "--help").stdout
        for option in ["rate", "retries", "timeout", "time-limit", "reset-cmd", "read-only", "robustness",
                       "require", "source", "workers"]:
            self.assertIn(f"--{option} ", told)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
