#!/usr/bin/env python3
"""coapspec replay: any scenario against one target, what it says of each file, and how it ends."""
import json
import os
import subprocess
import tempfile
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
SOURCE = os.environ["COAPSPEC_SOURCE"]
HOST = "127.0.0.73"
SERVE = f"{PROGRAM} serve --bind {HOST}:{{port}} --ws {HOST}:{{port2}}"

CRASH = """# Something that was found once.
id         crash/0/x
transport  udp
---
> CON GET mid=0x1234 token=aabb Uri-Path="test"
wait 50ms
port new
> raw 4f011235
port first
> CON 0.00 mid=0x1236
alive
"""


def path_of(scenario):
    return os.path.join(SOURCE, "conformance", "scenarios", scenario)


class Replay(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def replay(self, *words):
        return subprocess.run([PROGRAM, "replay", *words], capture_output=True, text=True, timeout=120,
                              check=False)

    def spawned(self, *words, serve=SERVE, target=f"coap://{HOST}"):
        return self.replay(*words, "--spawn", serve, "--profile", "embedded", target)

    def refused(self, what, *words):
        ran = self.replay(*words)
        self.assertEqual(ran.returncode, 2, ran.stdout + ran.stderr)
        self.assertIn(what, ran.stderr)
        self.assertEqual(ran.stdout, "")

    # Usage.

    def test_what_is_wrong_is_said(self):
        good = self.write("good.scn", CRASH)
        self.refused("no target", good)
        self.refused("no file", "coap://127.0.0.1")
        self.refused("are two targets; replay has one", good, "coap://127.0.0.1", "coap+tcp://127.0.0.1")
        self.refused("coapspec serve runs the same server on sockets", good, "embedded")
        self.refused("No such file", os.path.join(self.folder, "none.scn"), "coap://127.0.0.1")
        self.refused("bad.scn:1:1: expected", self.write("bad.scn", "hello\n"), "coap://127.0.0.1")
        self.refused("is no scenario for tcp", good, "coap+tcp://127.0.0.1")
        self.refused("--reset-cmd is for a target that --spawn does not start", good, "--spawn", "x",
                     "--reset-cmd", "y", "coap://127.0.0.1")
        self.refused("--jobs is no option of this command", good, "--jobs", "3", "coap://127.0.0.1")
        self.refused("json", good, "--format", "jsonl", "coap://127.0.0.1")

    def test_a_target_that_is_not_there(self):
        ran = self.replay(self.write("x.scn", CRASH), f"coap://{HOST}:9")
        self.assertEqual(ran.returncode, 3, ran.stdout + ran.stderr)
        self.assertIn("nothing listens there", ran.stderr)

    # Verdicts.

    def test_a_reproducer_sends_what_it_says(self):
        path = self.write("x.scn", CRASH)
        ran = self.spawned(path, "--format", "json", "--seed", "7")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        case = json.loads(ran.stdout)["cases"][0]
        self.assertEqual((case["id"], case["verdict"]), ("crash/0/x", "pass"))
        sent = [p["bytes"] for p in case["packets"] if p["direction"] == "sent"]
        self.assertEqual(sent[:3], ["42011234aabbb474657374", "4f011235", "40001236"])
        # Behind that only the search for a sign of life.
        self.assertEqual(len(sent), 4)
        self.assertRegex(sent[3], "^4000")

    def test_scenarios_of_the_library(self):
        files = [path_of("rfc7252/4.3-ping.scn"), path_of("rfc7252/4.3-ping.scn")]
        ran = self.spawned(*files)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(ran.stdout.count("4.3-ping.scn: pass"), 2)
        self.assertIn("< RST 0.00", ran.stdout)
        ran = self.spawned(*files, serve=SERVE + " --defect ping-acked")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertEqual(ran.stdout.count("4.3-ping.scn: fail"), 2)
        self.assertIn("[RFC7252#4.3:empty-con-reset]", ran.stdout)

    def test_over_websockets(self):
        path = self.write("w.scn", """# A frame.
id         fuzz/0/w
transport  ws
open       upgraded
---
> frame binary mask=0x01020304 00e1
> frame binary mask=0x01020304 01e2aa
wait 300ms
alive
""")
        ran = self.spawned(path, target=f"coap+ws://{HOST}:{{port2}}")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("Pong token=aa", ran.stdout)

    def test_a_breach_counts_whatever_the_file_is_about(self):
        """What a defective server says breaks a rule that the file does not look at."""
        path = self.write("x.scn", CRASH.replace("token=aabb", "token=aabbccddeeff"))
        ran = self.spawned(path, serve=SERVE + " --defect token-cut-to-four")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertIn("x.scn: fail: ", ran.stdout)
        self.assertIn("[RFC7252#", ran.stdout)

    def test_reports_where_they_are_wanted(self):
        out = os.path.join(self.folder, "out")
        ran = self.spawned(self.write("x.scn", CRASH), "--out", out)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertTrue({"report.txt", "report.json", "server.log"} <= set(os.listdir(out)))

    def test_a_limit_of_time(self):
        path = self.write("x.scn", CRASH.replace("wait 50ms", "wait 60s"))
        ran = self.spawned(path, "--timeout", "1s")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertIn("inconclusive: ", ran.stdout)

    # The notation.

    def test_only_reproducers_need_not_say_what_they_cover(self):
        lint = subprocess.run([PROGRAM, "lint", self.write("x.scn", CRASH.replace("crash/0/x", "a/b/c"))],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(lint.returncode, 2)
        self.assertIn("expected the key covers", lint.stderr)
        lint = subprocess.run([PROGRAM, "lint", self.write("y.scn", CRASH.replace("port first", "port 4"))],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(lint.returncode, 2)
        self.assertIn("the number of a port that was begun before: at most 2", lint.stderr)


if __name__ == "__main__":
    unittest.main()
