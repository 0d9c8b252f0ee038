#!/usr/bin/env python3
"""coapspec fuzz: finds what is planted, makes it small, says nothing of a server that is right."""
import glob
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ["COAPSPEC_BUILD"]
PROGRAM = os.path.join(BUILD, "bin", "coapspec")
PLANTED = os.path.join(BUILD, "bin", "planted_server")
# A longer run, as ci/extended.sh makes it: "SECONDS SEED...".
LONG = os.environ.get("COAPSPEC_FUZZ_LONG")


def coapspec(*words, timeout=280):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=timeout)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Fuzz(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def fuzz(self, spawn, target, seconds, seed, *words):
        r = coapspec("fuzz", "--spawn", spawn, target, "--seconds", str(seconds), "--seed",
                     str(seed), "--format", "json", "--out", self.folder.name, *words)
        self.assertEqual(r.stderr, "")
        return r.returncode, json.loads(r.stdout)

    def planted(self, *switches, seconds=15, seed=1):
        return self.fuzz(" ".join([PLANTED, "{port}", *switches]), "coap://127.0.0.1", seconds,
                         seed)

    def messages_of(self, finding):
        with open(finding["file"]) as f:
            return [line for line in f if line.startswith(">")]

    def replay(self, finding, *switches):
        r = coapspec("replay", finding["file"], "--spawn", " ".join([PLANTED, "{port}", *switches]),
                     "coap://127.0.0.1", "--out", os.path.join(self.folder.name, "replay"))
        return r.returncode

    def one_end(self, switch, most, kind="crash", seconds=15, seed=1):
        code, report = self.planted(switch, seconds=seconds, seed=seed)
        self.assertEqual(code, 4, report)
        found = [x for x in report["findings"] if x["kind"] == kind]
        self.assertTrue(found, report)
        for x in found:
            self.assertTrue(x["reproduced"], x)
            self.assertLessEqual(len(self.messages_of(x)), most)
            self.assertEqual(x["messages"], len(self.messages_of(x)))
        self.assertEqual(self.replay(found[0], switch), 4)
        self.assertEqual(self.replay(found[0]), 0)  # it is the fault, not the message
        return found

    def test_a_length_that_is_believed(self):
        self.one_end("--option-length", 1)

    def test_a_segment_that_is_too_long(self):
        found = self.one_end("--uri-path", 1, seconds=5)
        self.assertEqual(len(found), 1)
        self.assertIn("buffer overflow detected", found[0]["printed"])

    def test_a_crash_that_needs_two_messages(self):
        found = self.one_end("--block-state", 3, seconds=20)
        for x in found:
            self.assertGreaterEqual(x["messages"], 2)

    def test_a_hang(self):
        found = self.one_end("--hang", 2, kind="hang", seconds=5)
        self.assertIn("stopped answering", found[0]["message"])

    def test_a_broken_rule(self):
        code, report = self.planted("--marker", seconds=5)
        self.assertEqual(code, 1)
        statements = {x["statement"] for x in report["findings"]}
        self.assertTrue(statements & {"RFC7252#3:marker-without-payload",
                                      "RFC7252#5.5.2:diagnostic-utf8"}, statements)
        for x in report["findings"]:
            self.assertEqual(x["kind"], "breach")
            self.assertEqual(self.replay(x, "--marker"), 1)

    def nothing(self, code, report):
        self.assertEqual((code, report["findings"]), (0, []), report)
        for target in report["targets"]:
            self.assertGreater(target["inputs"], 50)
            self.assertEqual(target["restarts"], 0)

    def test_a_server_that_is_right(self):
        self.nothing(*self.planted(seconds=5))

    def test_the_embedded_server_is_right(self):
        with subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              text=True) as server:
            lines = [server.stdout.readline().split()[-1] for i in range(3)]
            r = coapspec("fuzz", *lines, "--seconds", "12", "--seed", "1", "--format", "json",
                         "--profile", "embedded", "--out", self.folder.name)
            server.terminate()
        report = json.loads(r.stdout)
        self.assertEqual([t["transport"] for t in report["targets"]], ["udp", "tcp", "ws"])
        self.nothing(r.returncode, report)

    def test_the_same_seed_finds_the_same(self):
        first = self.planted("--uri-path", seconds=3, seed=9)[1]["findings"][0]
        text = self.messages_of(first)
        again = self.planted("--uri-path", seconds=3, seed=9)[1]["findings"][0]
        self.assertEqual(first["input"], again["input"])
        self.assertEqual(text, self.messages_of(again))

    def test_a_target_that_nothing_brings_back(self):
        port = free_port()
        server = subprocess.Popen([PLANTED, str(port), "--uri-path"], stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.3)
            r = coapspec("fuzz", f"coap://127.0.0.1:{port}", "--seconds", "20", "--seed", "1",
                         "--out", self.folder.name, "--format", "jsonl")
        finally:
            server.kill()
            server.wait()
        self.assertEqual(r.returncode, 4, r.stdout + r.stderr)
        lines = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual([line["type"] for line in lines], ["target", "finding", "summary"])
        self.assertFalse(lines[1]["reproduced"])
        self.assertIn("nothing brings it back", lines[2]["trouble"])
        self.assertTrue(glob.glob(os.path.join(self.folder.name, "findings", "*-window-*.scn")))

    def test_a_signal_ends_it_with_its_summary(self):
        p = subprocess.Popen([PROGRAM, "fuzz", "--spawn", PLANTED + " {port}", "coap://127.0.0.1",
                              "--seconds", "100", "--seed", "1", "--out", self.folder.name],
                             stdout=subprocess.PIPE, text=True)
        self.assertRegex(p.stdout.readline(), "^fuzzing coap://127.0.0.1")
        p.send_signal(signal.SIGINT)
        out = p.communicate(timeout=60)[0]
        self.assertEqual(p.returncode, -signal.SIGINT)
        self.assertRegex(out, r"interrupted by a signal\nseed 1: 0 findings")

    def test_usage(self):
        for words, complaint in [
                (["coap://192.0.2.1"], "--robustness"),
                (["embedded"], "the URI of a server"),
                ([], "no target"),
                (["coap://127.0.0.1", "coap://127.0.0.2"], "one a transport"),
                (["coap://127.0.0.1", "--seconds", "0"], "0 is no number of seconds"),
                (["coap://127.0.0.1", "--spawn", "x", "--reset-cmd", "y"], "--reset-cmd is for")]:
            r = coapspec("fuzz", *words)
            self.assertEqual(r.returncode, 2, words)
            self.assertIn(complaint, r.stderr)
        r = coapspec("fuzz", f"coap://127.0.0.1:{free_port()}", "--out", self.folder.name)
        self.assertEqual(r.returncode, 3)
        r = coapspec("fuzz", "coap://127.0.0.1", "--only", "no/such", "--out", self.folder.name)
        self.assertEqual(r.returncode, 6)

    @unittest.skipUnless(LONG, "COAPSPEC_FUZZ_LONG is not set")
    def test_all_three_with_every_seed(self):
        seconds, *seeds = LONG.split()
        switches = ["--option-length", "--uri-path", "--block-state"]
        for seed in seeds:
            with self.subTest(seed=seed):
                code, report = self.planted(*switches, seconds=int(seconds), seed=int(seed))
                self.assertEqual(code, 4)
                kinds = set()
                for x in report["findings"]:
                    text = "".join(self.messages_of(x))
                    self.assertLessEqual(x["messages"], 3)
                    self.assertEqual(self.replay(x, *switches), 4, x)
                    kinds.add("path" if "overflow" in (x["printed"] or "") else
                              "blocks" if re.search("Block1", text) else "length")
                self.assertEqual(kinds, {"path", "blocks", "length"})


if __name__ == "__main__":
    unittest.main()
