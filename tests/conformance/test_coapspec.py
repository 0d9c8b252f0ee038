#!/usr/bin/env python3
"""The program coapspec as its users meet it: exit codes, one line for each error, the report that
is there whatever happens, and the JSON that others read."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from xml.etree import ElementTree

BUILD = os.environ["COAPSPEC_BUILD"]
PROGRAM = os.path.join(BUILD, "bin", "coapspec")
CREDENTIALS = os.path.join(os.environ["COAPSPEC_SOURCE"], "conformance", "credentials")
REPORTS = ["report.txt", "report.json", "report.xml"]
TLS = "none" not in subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
SCHEMES = ["coap", "coap+tcp", "coap+ws"] + (["coaps", "coaps+tcp", "coaps+ws"] if TLS else [])
TRANSPORTS = ["udp", "tcp", "ws"] + (["dtls", "tls", "wss"] if TLS else [])
# Quick cases, for tests that are about something else.
QUICK = ["--only", "7252/4.3/ping", "--only", "7252/5.8.1/get-content"]


def run(*args, folder=None):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=120, cwd=folder)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_ports():
    """A port that is free with the one above it, and with those of WebSockets, on UDP and TCP."""
    while True:
        port = free_port()
        if port + 3001 > 65535:
            continue
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for distance in (0, 1, 3000, 3001):
                    with socket.socket(socket.AF_INET, kind) as s:
                        s.bind(("127.0.0.1", port + distance))
            return port
        except OSError:
            pass


class Server:
    """coapspec serve on a free port."""

    def __init__(self, *args):
        self.process = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0", *args],
                                        stdout=subprocess.PIPE, text=True)
        lines = [self.process.stdout.readline() for _ in SCHEMES]
        for line, scheme in zip(lines, SCHEMES):
            assert line.startswith(f"coapspec: serving on {scheme}://127.0.0.1:"), line
        self.uri, self.tcp, self.ws = [line.split()[-1] for line in lines[:3]]
        self.secured = [line.split()[-1] for line in lines[3:]]

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def relay(listener):
    """Answers each Ping of CoAP over TCP that comes in a piece of its own."""
    def talk(connection):
        with connection:
            connection.sendall(b"\x00\xe1")
            while True:
                try:
                    data = connection.recv(4096)
                except OSError:
                    return
                if not data:
                    return
                while data:
                    size = 2 + (data[0] >> 4) + (data[0] & 15)
                    if data[1] == 0xe2:
                        connection.sendall(bytes([data[0] & 15, 0xe3]) + data[2:2 + (data[0] & 15)])
                    data = data[size:]

    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


class Runs(unittest.TestCase):
    """A folder for what is written, and how a run is looked at."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.out = os.path.join(self.folder, "out")

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def report(self):
        for name in REPORTS:
            self.assertTrue(os.path.getsize(os.path.join(self.out, name)) > 0, name)
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            return json.load(f)

    def cases(self):
        """Those of scenarios, without the run's own."""
        return [c for c in self.report()["cases"] if not c["id"].startswith("target/")]

    def one_line(self, result, code, *words):
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        for word in words:
            self.assertIn(word, lines[0])


class Coapspec(Runs):
    # What is asked wrongly.

    def test_usage(self):
        for args, words in [
                (["fly"], ["coapspec: fly is no command"]),
                (["run"], ["coapspec: run: no target"]),
                (["run", "--fast", "embedded"], ["--fast is no option"]),
                (["run", "--jobs", "0", "embedded"], ["0 is no number of jobs"]),
                (["run", "--jobs"], ["--jobs needs a value"]),
                (["run", "--seed", "x", "embedded"], ["x is no seed"]),
                (["run", "--format", "pdf", "embedded"], ["pdf is no format"]),
                (["run", "--level", "WILL", "embedded"], ["WILL is no level"]),
                (["run", "--memory", "coap://127.0.0.1"], ["--memory is for the target embedded"]),
                (["run", "http://127.0.0.1"], ["http://127.0.0.1 is no target"]),
                (["run", "coap://127.0.0.1", "--psk-file", "/nonexistent"],
                 ["/nonexistent: No such file"]),
                (["run", "embedded", "--cacert", "/nonexistent"], ["/nonexistent: No such file"]),
                (["run", "embedded", "--cert", os.path.join(CREDENTIALS, "client.pem")],
                 ["--cert: a certificate needs its --key"]),
                (["run", "embedded", "--tls-keylog", "/nonexistent/log"],
                 ["--tls-keylog /nonexistent/log: No such file"]),
                (["list", "--psk-file", "x"], ["--psk-file is no option of this command"]),
                (["run", "coap://127.0.0.1", "coap://127.0.0.2"], ["both targets over udp"]),
                (["run", "--spawn", "x", "embedded"], ["--spawn is for targets that are URIs"]),
                (["run", "--spawn", "x 'y", "coap://127.0.0.1"], ["a ' is not closed in: x 'y"]),
                (["run", "--spawn", " ", "coap://127.0.0.1"], ["the command is empty"]),
                (["run", "--spawn", "x", "coap://192.0.2.1"], ["it is not this machine"]),
                (["run", "--transport", "tpc", "embedded"], ["tpc is no level", "or transport"]),
                (["run", "--profile", "nobody", "embedded"], ["no profile has the name nobody"]),
                (["list", "--jobs", "3"], ["--jobs is no option of this command"]),
                (["explain", "1/2/3"], ["1/2/3 is no case and no requirement"]),
                (["lint"], ["no file"]),
                (["lint", "/nonexistent.scn"], ["/nonexistent.scn: No such file"]),
                (["serve", "--bind", "here"], ["here is no ADDRESS:PORT"]),
                (["serve", "--ws", "here"], ["here is no ADDRESS:PORT"]),
                (["serve", "--extended-tokens", "7"], ["7 is no length of a token"]),
                (["serve", "--defect", "none-such"], ["no defect has the name none-such"]),
        ]:
            with self.subTest(args=args):
                self.one_line(run(*args), 2, *words)
        self.assertFalse(os.path.exists(self.out))

    def test_help_and_version(self):
        self.assertRegex(run("--version").stdout, r"^coapspec \d+\.\d+\.\d+\nTLS: (none|mbedTLS [\d.]+)\n$")
        listed = run("--help")
        self.assertEqual(listed.returncode, 0)
        for command in ["run", "list", "explain", "lint", "serve", "selftest"]:
            self.assertIn(f"\n  {command} ", listed.stdout)
            told = run(command, "--help")
            self.assertEqual(told.returncode, 0)
            self.assertTrue(told.stdout.startswith(f"usage: coapspec {command}"))

    def test_a_wrong_scenario_runs_nothing(self):
        self.write("wrong.scn", "# t\nid a/b/c\ncovers RFC7252#4.3:empty-con-reset\n"
                                "transport udp\n---\n> CON 0.00 mdi=$m\n")
        linted = run("lint", "wrong.scn", folder=self.folder)
        self.one_line(linted, 2, "wrong.scn:6:12: expected mid=, token=")
        ran = run("run", "embedded", "--scenarios", self.folder, "--out", self.out)
        self.one_line(ran, 2, "wrong.scn:6:12: expected mid=, token=")
        self.assertFalse(os.path.exists(self.out))

    def test_what_lint_knows_beyond_the_syntax(self):
        os.mkdir(os.path.join(self.folder, "rfc7252"))
        head = "# t\nid 7252/4.3/ping\ncovers RFC7252#4.3:empty-con-reset\ntransport udp\n---\n"
        for name, text, words in [
                ("4.3-pong.scn", head + "alive\n", "expected the file name rfc7252/4.3-ping.scn"),
                ("4.3-ping.scn", head + "silence 2s -> pass\n| * -> warn\n",
                 "4.3-ping.scn:7:3: expected fail, not warn"),
                ("4.3-ping.scn", head.replace("#4.3", "#99") + "alive\n",
                 "4.3-ping.scn:3:8: expected a requirement of requirements.tsv"),
                ("4.3-ping.scn", head.replace("---", "defect none\n---") + "alive\n",
                 "4.3-ping.scn:5:8: expected a defect of the embedded server"),
                ("4.3-ping.scn", head + ">> GET @tset\n<< 2.05\n",
                 "4.3-ping.scn:6:9: expected a role that a profile names")]:
            with self.subTest(words=words):
                path = self.write(os.path.join("rfc7252", name), text)
                self.one_line(run("lint", path), 2, words)
        path = self.write("rfc7252/4.3-ping.scn", head + "alive\n")
        self.assertEqual(run("lint", path).returncode, 0)

    def test_a_wrong_profile_runs_nothing(self):
        profile = self.write("wrong.ini", "[target]\nname = x\n[timers]\nack_time = 2s\n")
        ran = run("run", "embedded", "--profile", profile, "--out", self.out)
        self.one_line(ran, 2, "wrong.ini:4:1: expected one of the keys ack_timeout")
        self.assertFalse(os.path.exists(self.out))

    def test_nothing_selected(self):
        for selection in [["--only", "nothing"], ["--section", "99"], ["--transport", "tcp", "--only", "7252/4.3/ping"],
                          ["--exclude", "*"]]:
            with self.subTest(selection=selection):
                self.one_line(run("run", "embedded", "--out", self.out, *selection), 6,
                              "the selection leaves no case")
                self.assertEqual(run("list", *selection).returncode, 6)
        # It counts before a target that is not there.
        self.one_line(run("run", f"coap://127.0.0.1:{free_port()}", "--only", "nothing"), 6)

    # Targets that are not there.

    def test_refused_port(self):
        ran = run("run", f"coap://127.0.0.1:{free_port()}", "--out", self.out)
        self.one_line(ran, 3, "nothing listens there (port refused)")
        report = self.report()
        self.assertEqual(report["summary"]["inconclusive"], len(report["cases"]))

    def test_unknown_host(self):
        ran = run("run", "coap://host.invalid", "--out", self.out, *QUICK)
        self.one_line(ran, 3, "coap://host.invalid: ")
        self.report()

    def test_silent_target(self):
        profile = self.write("quick.ini", "[target]\nname = x\n[timers]\nalive = 1s\n"
                                          "[resources]\ntest = /test\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            uri = f"coap://127.0.0.1:{silent.getsockname()[1]}"
            ran = run("run", uri, "--profile", profile, "--out", self.out, *QUICK)
        self.one_line(ran, 3, "no answer within 1 s")
        self.report()

    def test_server_killed_in_mid_run(self):
        with Server() as server:
            ran = subprocess.Popen([PROGRAM, "run", server.uri, "--profile", "embedded",
                                    "--out", self.out], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
            # The first verdict has come: the run goes on for many seconds from here.
            while " pass " not in ran.stdout.readline():
                pass
            server.stop(signal.SIGKILL)
            rest = []
            reader = threading.Thread(target=lambda: rest.append(ran.stdout.read()))
            reader.start()
            code = ran.wait(timeout=60)
            reader.join()
            errors = ran.stderr.read()
            ran.stdout.close()
            ran.stderr.close()
        self.assertEqual(code, 4, errors)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertIn("port refused", errors)
        report = self.report()
        self.assertGreater(report["summary"]["pass"], 0)
        self.assertGreater(report["summary"]["inconclusive"], 0)
        self.assertEqual(report["summary"].get("fail", 0), 0)

    def test_server_that_hangs_in_mid_run(self):
        profile = self.write("quick.ini", "[target]\nname = x\n[timers]\nalive = 1s\n"
                                          "[resources]\ntest = /test\nseparate = /separate\n")
        with Server() as server:
            ran = subprocess.Popen([PROGRAM, "run", server.uri, "--profile", profile, "--out",
                                    self.out, "--jobs", "4"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while " pass " not in ran.stdout.readline():
                pass
            server.process.send_signal(signal.SIGSTOP)
            out, errors = ran.communicate(timeout=60)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            server.process.stdout.close()
        self.assertEqual(ran.returncode, 4, errors + out)
        self.assertIn("no answer within 1 s", errors)
        report = self.report()
        self.assertGreater(report["summary"]["inconclusive"], 0)
        # Silence of a target that is gone is nobody's fault.
        self.assertEqual(report["summary"].get("fail", 0), 0, out)

    # Verdicts and what is said about them.

    def test_a_fault_is_shown_with_its_evidence(self):
        with Server("--defect", "ping-acked") as server:
            ran = run("run", server.uri, "--profile", "embedded", "--out", self.out, *QUICK)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertIn("fail         7252/4.3/ping", ran.stdout)
        self.assertIn("RFC7252#4.3:empty-con-reset", ran.stdout)
        self.assertRegex(ran.stdout, r"> CON 0\.00 mid=0x")
        self.assertRegex(ran.stdout, r"< ACK 0\.00 mid=0x")
        case = [c for c in self.report()["cases"] if c["id"] == "7252/4.3/ping"][0]
        self.assertEqual(case["verdict"], "fail")
        self.assertIn("wanted: < RST 0.00 mid=$m", case["message"])

    def expected_failure(self, statement, data):
        return self.write("known.ini", "[target]\nname = x\nversion = 1\n"
                          "[resources]\ntest = /test\n[xfail]\ncase = 7252/4.3/ping\n"
                          f"statement = {statement}\nbytes = {data}\nversion = 1\nreason = known\n")

    def test_expected_failures(self):
        statement = "RFC7252#4.3:empty-con-reset"
        with Server("--defect", "ping-acked") as server:
            def ran(profile):
                return run("run", server.uri, "--profile", profile, "--out", self.out, *QUICK)
            self.assertEqual(ran(self.expected_failure(statement, "60 00 ?? ??")).returncode, 0)
            self.assertEqual(self.report()["summary"]["xfail"], 1)
            # Another failure than the one declared stays one.
            self.assertEqual(ran(self.expected_failure(statement, "60 00 00 00")).returncode, 1)
            self.assertEqual(ran(self.expected_failure("RFC7252#4.2:con-answered",
                                                       "60 00 ?? ??")).returncode, 1)
        profile = self.expected_failure(statement, "60 00 ?? ??")
        passed = run("run", "embedded", "--profile", profile, "--out", self.out, *QUICK)
        self.assertEqual(passed.returncode, 5)
        # Over UDP, and over DTLS, which it is declared for too.
        self.assertEqual({c["transport"] for c in self.report()["cases"] if c["verdict"] == "xpass"},
                         set(TRANSPORTS) & {"udp", "dtls"})

    def test_expected_failures_are_of_a_transport(self):
        text = ("[target]\nname = x\nversion = 1\n[resources]\ntest = /test\n[xfail]\n"
                "case = 8323/5.4/ping\nstatement = RFC8323#5.4:pong\nbytes = none\n"
                "version = 1\nreason = known\n")
        for more, expected in [("", []), ("transport = ws\n", ["ws", "wss"]),
                               ("transport = ws plain\n", ["ws"])]:
            verdicts = {t: "xpass" if t in expected else "pass"
                        for t in TRANSPORTS if t not in ("udp", "dtls")}
            profile = self.write("known.ini", text + more)
            run("run", "embedded", "--profile", profile, "--out", self.out, "--only",
                "8323/5.4/ping")
            self.assertEqual({c["transport"]: c["verdict"] for c in self.report()["cases"]}, verdicts)

    def test_a_role_that_lacks_is_a_skip(self):
        profile = self.write("bare.ini", "[target]\nname = x\n")
        ran = run("run", "embedded", "--profile", profile, "--out", self.out, *QUICK)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        cases = {c["id"]: c for c in self.report()["cases"] if c["transport"] == "udp"}
        self.assertEqual(cases["7252/4.3/ping"]["verdict"], "pass")
        self.assertEqual(cases["7252/5.8.1/get-content+con"]["verdict"], "skip")
        self.assertIn("no resource of the role test", cases["7252/5.8.1/get-content+con"]["message"])

    def test_a_resource_that_is_refused_is_a_skip(self):
        profile = self.write("p.ini", "[target]\nname = x\n[resources]\ntest = /nowhere\n")
        with Server() as server:
            result = run("run", server.uri, "--profile", profile, "--only",
                         "7252/5.4.1/elective-ignored", "--out", self.out)
        self.assertEqual(result.returncode, 0, result.stdout)
        for case in self.cases():
            self.assertEqual(case["verdict"], "skip")
            self.assertRegex(case["message"], "does not offer /nowhere.*4.04")

    def test_capabilities_are_probed(self):
        head = "covers RFC7252#4.3:empty-con-reset\ntransport udp\n"
        os.mkdir(os.path.join(self.folder, "own"))
        for name, need in [("has", "cap:link-format"), ("lacks", "cap:extended-token"),
                           ("without", "!cap:extended-token")]:
            self.write(f"own/{name}.scn", f"# t\nid a/b/{name}\n{head}needs {need}\n---\nalive\n")
        for options, lacks, without in [([], "skip", "pass"),
                                        (["--extended-tokens", "300"], "pass", "skip")]:
            with Server(*options) as server:
                ran = run("run", server.uri, "--scenarios", os.path.join(self.folder, "own"),
                          "--out", self.out)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual({c["id"]: c["verdict"] for c in self.cases()},
                             {"a/b/has": "pass", "a/b/lacks": lacks, "a/b/without": without})

    def test_private_scenarios_have_requirements_of_their_own(self):
        os.mkdir(os.path.join(self.folder, "own"))
        self.write("own/requirements.tsv", "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"
                                           "OUR#1:ping\tour\t1\tSHOULD\tpings are silent\tx\n")
        self.write("own/a.scn", "# t\nid a/b/c\ncovers OUR#1:ping\ntransport udp\n---\n"
                                "> CON 0.00 mid=$m\nsilence 1s\n")
        ran = run("run", "embedded", "--scenarios", os.path.join(self.folder, "own"),
                  "--out", self.out)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.report()["cases"][0]["verdict"], "warn")

    # What others read.

    def test_json(self):
        ran = run("run", "embedded", "--format", "json", "--out", self.out, *QUICK)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        report = json.loads(ran.stdout)
        self.assertEqual(report, self.report())
        for key in ["tool", "version", "target", "summary", "cases"]:
            self.assertIn(key, report)
        self.assertEqual(report["target"], "embedded")
        for case in report["cases"]:
            for key in ["id", "transport", "verdict", "requirements", "message", "exchange"]:
                self.assertIn(key, case)
        listed = json.loads(run("list", "--format", "json", *QUICK).stdout)["cases"]
        self.assertEqual(sorted((c["id"], t) for c in listed for t in c["transports"]),
                         sorted((c["id"], c["transport"]) for c in report["cases"]))
        self.assertEqual(set(TRANSPORTS), {c["transport"] for c in report["cases"]})
        self.assertEqual(sum(report["summary"].values()),
                         sum(n for t in report["transports"].values() for n in t.values()))
        for case in listed:
            self.assertTrue(case["requirements"])

    def test_equal_runs_give_equal_reports(self):
        reports = []
        for seed in ["5", "5", "6"]:
            run("run", "embedded", "--seed", seed, "--out", self.out)
            reports.append(self.report())
        # A difference of megabytes takes minutes to be printed.
        self.assertTrue(reports[0] == reports[1], "equal seeds, unequal reports")
        self.assertFalse(reports[0] == reports[2], "unequal seeds, equal reports")
        self.assertEqual([c["verdict"] for c in reports[0]["cases"]],
                         [c["verdict"] for c in reports[2]["cases"]])

    def test_several_targets_have_a_folder_each(self):
        with Server() as server:
            ran = run("run", "embedded", server.uri, "--profile", "embedded", "--out", self.out,
                      *QUICK)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(len(os.listdir(self.out)), 2)

    # Several transports.

    MIXED = ["--only", "7252/4.3/ping", "--only", "7252/12.2/option-zero", "--only", "8323/5.4/ping"]

    def test_one_report_for_all_transports(self):
        with Server() as server:
            ran = run("run", server.uri, server.tcp, server.ws, "--profile", "embedded", "--out",
                      self.out, *self.MIXED)
        self.assertEqual(ran.returncode, 0, ran.stderr + ran.stdout)
        report = self.report()
        self.assertEqual(report["target"], f"{server.uri} {server.tcp} {server.ws}")
        self.assertEqual([t["transport"] for t in report["targets"]], ["udp", "tcp", "ws"])
        counts = {t: sum(c["transport"] == t for c in self.cases()) for t in ["udp", "tcp", "ws"]}
        self.assertGreaterEqual(counts["udp"], 2)
        self.assertEqual(counts["tcp"], 2)
        self.assertEqual(counts["ws"], 2)
        self.assertEqual({c["verdict"] for c in report["cases"]}, {"pass"})
        self.assertIn("\n  tcp: 4 cases: 4 pass\n", ran.stdout)
        # No two tests of JUnit have the same name.
        tests = ElementTree.parse(os.path.join(self.out, "report.xml")).iter("testcase")
        names = [(t.get("classname"), t.get("name")) for t in tests]
        self.assertEqual(len(names), len(set(names)))

    def test_a_transport_is_chosen(self):
        with Server() as server:
            ran = run("run", server.uri, server.tcp, "--profile", "embedded", "--out", self.out,
                      "--transport", "tcp", *self.MIXED)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual({c["transport"] for c in self.report()["cases"]}, {"tcp"})

    def test_a_target_that_is_not_there_hides_no_other(self):
        with Server() as server:
            ran = run("run", server.uri, f"coap+tcp://127.0.0.1:{free_port()}", server.ws,
                      "--profile", "embedded", "--out", self.out, *self.MIXED)
        self.one_line(ran, 3, "coap+tcp://", "nothing listens there (port refused)")
        report = self.report()
        for case in report["cases"]:
            wanted = "inconclusive" if case["transport"] == "tcp" else "pass"
            self.assertEqual(case["verdict"], wanted, case["id"])
        self.assertEqual([t["trouble"] is None for t in report["targets"]], [True, False, True])

    def test_tcp_server_killed_in_mid_run(self):
        with Server() as server:
            ran = subprocess.Popen([PROGRAM, "run", server.tcp, "--profile", "embedded",
                                    "--out", self.out, "--jobs", "4"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
            while " pass " not in ran.stdout.readline():
                pass
            server.stop(signal.SIGKILL)
            out, errors = ran.communicate(timeout=60)
        self.assertEqual(ran.returncode, 4, errors)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertIn("port refused", errors)
        report = self.report()
        self.assertGreater(report["summary"]["pass"], 0)
        self.assertGreater(report["summary"]["inconclusive"], 0)
        self.assertEqual(report["summary"]["fail"], 0, out)

    def test_silent_tcp_target(self):
        profile = self.write("quick.ini", "[target]\nname = x\n[timers]\nalive = 1s\n"
                                          "[resources]\ntest = /test\n")
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(5)
            uri = f"coap+tcp://127.0.0.1:{silent.getsockname()[1]}"
            ran = run("run", uri, "--profile", profile, "--out", self.out, *self.MIXED)
        self.one_line(ran, 3, "no answer within 1 s")
        self.report()

    def test_unix_domain_target(self):
        path = os.path.join(self.folder, "a b")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.bind(path)
            server.listen(50)
            threading.Thread(target=relay, args=(server,), daemon=True).start()
            uri = "coap+tcp://" + path.replace("/", "%2F").replace(" ", "%20")
            ran = run("run", uri, "--out", self.out, "--only", "8323/5.4/ping")
        self.assertEqual(ran.returncode, 0, ran.stderr + ran.stdout)
        self.assertEqual([c["verdict"] for c in self.cases()], ["pass"])

    def test_unix_domain_datagrams(self):
        path = os.path.join(self.folder, "d")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(path)

            def serve():
                while True:
                    data, peer = server.recvfrom(2048)
                    if data == b"":
                        return
                    server.sendto(b"\x70\x00" + data[2:4], peer)

            thread = threading.Thread(target=serve)
            thread.start()
            ran = run("run", "coap://" + path.replace("/", "%2F"), "--out", self.out,
                      "--only", "7252/4.3/ping")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.sendto(b"", path)
            thread.join()
        self.assertEqual(ran.returncode, 0, ran.stderr + ran.stdout)

    def test_interrupted(self):
        with Server() as server:
            ran = subprocess.Popen([PROGRAM, "run", server.uri, server.tcp, "--profile", "embedded",
                                    "--out", self.out], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
            while " pass " not in ran.stdout.readline():
                pass
            ran.send_signal(signal.SIGINT)
            _, errors = ran.communicate(timeout=30)
        self.assertEqual(ran.returncode, -signal.SIGINT, errors)
        self.assertIn("interrupted", errors)
        report = self.report()
        self.assertGreater(report["summary"]["pass"], 0)
        self.assertGreater(report["summary"]["inconclusive"], 0)
        self.assertEqual(report["summary"]["fail"], 0)

    def test_reports_go_to_out_by_default(self):
        ran = run("run", "embedded", *QUICK, folder=self.folder)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        for name in REPORTS:
            self.assertTrue(os.path.exists(os.path.join(self.folder, "out/conformance/embedded",
                                                        name)))

    def test_packets_in_a_file(self):
        path = os.path.join(self.folder, "own.pcap")
        run("run", "embedded", "--pcap", path, "--out", self.out, *QUICK)
        self.assertGreater(os.path.getsize(path), 100)

    def test_a_report_that_cannot_be_written(self):
        ran = run("run", "embedded", "--out", "/proc/none", *QUICK)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("/proc/none", ran.stderr)
        self.assertNotIn("reports:", ran.stdout)

    def test_explain(self):
        told = run("explain", "7252/4.3/ping", "RFC7252#4.3:empty-con-reset").stdout
        self.assertIn("> CON 0.00 mid=$m", told)
        self.assertIn("ping-ignored", told)
        self.assertIn("tested by 7252/4.3/ping", told)

    def test_serve_names_an_address_that_is_not_ours(self):
        self.one_line(run("serve", "--bind", "192.0.2.1:5683"), 2, "not an address of this machine")

    def test_serve_says_where_it_is(self):
        port = free_ports()
        with Server("--bind", f"127.0.0.1:{port}") as server:
            self.assertEqual(server.uri, f"coap://127.0.0.1:{port}")
            self.assertEqual(server.tcp, f"coap+tcp://127.0.0.1:{port}")
            self.assertEqual(server.ws, f"coap+ws://127.0.0.1:{port + 3000}")
            if TLS:
                self.assertEqual(server.secured, [f"coaps://127.0.0.1:{port + 1}",
                                                  f"coaps+tcp://127.0.0.1:{port + 1}",
                                                  f"coaps+ws://127.0.0.1:{port + 3001}"])
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
            taken.bind(("127.0.0.1", 0))
            where = "127.0.0.1:%d" % taken.getsockname()[1]
            self.one_line(run("serve", "--bind", "127.0.0.1:0", "--ws", where), 2, where, "in use")

    def test_serve_takes_no_harm_from_clients(self):
        with Server() as server:
            port = int(server.tcp.rsplit(":", 1)[1])
            # One asks without end and never reads, many just sit there, one breaks off.
            greedy = socket.create_connection(("127.0.0.1", port))
            greedy.setblocking(False)
            request = b"\x00\xe1" + b"\xd0\x00\x01\xbb.well-known\x04core" * 2000
            greedy_sent = 0
            held = False
            try:
                while greedy_sent < 50_000_000:
                    greedy_sent += greedy.send(request)
            except (BlockingIOError, ConnectionError):
                held = True
            if not held:
                # The server has given it up, and for a moment throws away what still comes.
                greedy.settimeout(20)
                with contextlib.suppress(ConnectionError):
                    while greedy.recv(1 << 16):
                        pass
                held = True
            idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(600)]
            broken = socket.create_connection(("127.0.0.1", port))
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            broken.sendall(b"\x00")
            broken.close()
            ran = run("run", server.uri, server.tcp, server.ws, "--profile", "embedded", "--out",
                      self.out, *self.MIXED)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as status:
                peak = int([line for line in status if line.startswith("VmRSS")][0].split()[1])
            for connection in [greedy, *idle]:
                connection.close()
            self.assertIsNone(server.process.poll())
        self.assertTrue(held)
        self.assertLess(peak, 400_000)

    def test_serve_ends_on_a_signal(self):
        server = Server()
        self.assertEqual(server.stop(), 0)
        self.assertIn("ping-acked", run("serve", "--list-defects").stdout)

    def test_selftest(self):
        ran = run("selftest", "--format", "json")
        self.assertEqual(ran.returncode, 0, ran.stdout)
        counts = json.loads(ran.stdout)
        self.assertEqual(counts["killed"], counts["defects"])
        self.assertEqual(counts["survived"], 0)


@unittest.skipUnless(TLS, "this build has no TLS")
class Secured(Runs):
    """Over DTLS, TLS and secured WebSockets."""

    FEW = [*Coapspec.MIXED, "--only", "7252/5.8.1/get-content", "--only", "7252/9.1.1/same-message",
           "--only", "5246/7.2.1/*"]
    BARE = "[target]\nname = x\n[resources]\ntest = /test\n[timers]\nalive = 2s\n"

    def credential(self, name):
        return os.path.join(CREDENTIALS, name)

    def test_all_three(self):
        log = os.path.join(self.folder, "keys")
        with Server() as server:
            ran = run("run", *server.secured, "--profile", "embedded", "--out", self.out, "--verbose",
                      "--tls-keylog", log, *self.FEW)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        report = self.report()
        self.assertEqual({c["verdict"] for c in report["cases"]}, {"pass"})
        self.assertEqual({c["transport"] for c in report["cases"]}, {"dtls", "tls", "wss"})
        self.assertEqual({t["security"] for t in report["targets"]}, {"by a pre-shared key"})
        # What the key log has is for its owner alone, and for a capture.
        self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
        with open(log, encoding="ascii") as f:
            lines = f.readlines()
        self.assertGreater(len(lines), 10)
        for line in lines:
            self.assertRegex(line, r"^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$")
        # No secret is in a report or on the screen.
        secrets = [b"Secret_key123", b"5365637265745f6b6579313233", b"PRIVATE KEY"]
        secrets += [line.split()[2].encode() for line in lines]
        said = [ran.stdout.encode(), ran.stderr.encode()]
        for name in os.listdir(self.out):
            with open(os.path.join(self.out, name), "rb") as f:
                said.append(f.read())
        for text in said:
            for secret in secrets:
                self.assertNotIn(secret.lower(), text.lower())
        # The plain messages are in the capture.
        with open(os.path.join(self.out, "report.pcap"), "rb") as f:
            self.assertIn(b"a test resource", f.read())

    def test_a_key_log_is_appended_to(self):
        log = self.write("keys", "# mine\n")
        args = ["run", "embedded", "--transport", "dtls", "--out", self.out, "--tls-keylog", log, *QUICK]
        self.assertEqual(run(*args).returncode, 0)
        with open(log, encoding="ascii") as f:
            first = f.read()
        self.assertTrue(first.startswith("# mine\nCLIENT_RANDOM "))
        self.assertEqual(run(*args).returncode, 0)
        with open(log, encoding="ascii") as f:
            self.assertTrue(f.read().startswith(first + "CLIENT_RANDOM "))

    def test_a_wrong_key(self):
        wrong = self.write("psk.txt", "coapspec:00112233\n")
        for scheme in range(3):
            with Server() as server:
                ran = run("run", server.secured[scheme], "--profile", "embedded", "--psk-file", wrong,
                          "--out", self.out, *QUICK)
            self.one_line(ran, 3, server.secured[scheme] + ": the handshake failed: the target's alert ")
            report = self.report()
            self.assertEqual(report["summary"]["inconclusive"], len(report["cases"]))
            self.assertNotIn("00112233", ran.stdout + ran.stderr + json.dumps(report))
        # In memory too it is nobody's fault.
        ran = run("run", "embedded", "--transport", "dtls", "--psk-file", wrong, "--out", self.out, *QUICK)
        self.assertEqual(ran.returncode, 1)
        self.assertEqual({c["verdict"] for c in self.report()["cases"]}, {"inconclusive"})

    def test_certificates(self):
        bare = self.write("bare.ini", self.BARE)
        own = ["--cert", self.credential("client.pem"), "--key", self.credential("client.key")]
        with Server() as server:
            for uri in server.secured[:2]:
                def ran(*args):
                    return run("run", uri, "--profile", bare, "--out", self.out, *args, *QUICK,
                               "--only", "8323/5.4/ping")
                good = ran(*own, "--cacert", self.credential("ca.pem"))
                self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
                self.assertEqual(self.report()["targets"][0]["security"],
                                 "by certificates; the target's was verified")
                unverified = ran(*own)
                self.assertEqual(unverified.returncode, 0, unverified.stdout + unverified.stderr)
                self.assertIn("was not verified", self.report()["targets"][0]["security"])
                # Whom we do not trust cannot be tested, which is not its fault.
                self.one_line(ran(*own, "--cacert", self.credential("intruder.pem")), 3,
                              "the handshake failed: ", "certificate", "our alert")
                self.one_line(ran(), 3, "the handshake failed: the target's alert ")
        mixed = run("run", "embedded", "--cert", self.credential("client.pem"), "--key",
                    self.credential("server.key"), "--out", self.out)
        self.one_line(mixed, 2, "client.pem", "does not belong")

    def test_targets_that_do_not_shake_hands(self):
        profile = self.write("quick.ini", self.BARE)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            uri = f"coaps://127.0.0.1:{silent.getsockname()[1]}"
            self.one_line(run("run", uri, "--profile", profile, "--out", self.out, *QUICK), 3,
                          uri + ": the handshake was not complete within 2 s")
        with Server() as server:
            plain = server.tcp.replace("coap+tcp", "coaps+tcp")
            self.one_line(run("run", plain, "--profile", profile, "--out", self.out, *QUICK, "--only",
                              "8323/5.4/ping"), 3, plain + ": the handshake failed: ")
        self.one_line(run("run", f"coaps://127.0.0.1:{free_port()}", "--out", self.out, *QUICK), 3,
                      "nothing listens there (port refused)")
        self.one_line(run("run", f"coaps+tcp://127.0.0.1:{free_port()}", "--out", self.out, "--only",
                          "8323/5.4/ping"), 3, "nothing listens there (port refused)")

    def test_a_defect_of_the_security_layer_is_a_fault(self):
        with Server("--defect", "close-notify-unanswered") as server:
            ran = run("run", server.secured[1], "--profile", "embedded", "--out", self.out, "--only",
                      "5246/7.2.1/close-notify")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertEqual(self.cases()[0]["statement"], "RFC5246#7.2.1:close-notify-answered")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=1)
