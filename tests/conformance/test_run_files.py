#!/usr/bin/env python3
"""What a run reads and writes: a role that is misspelt is named, a place where no report can be
written is found out before the run, and a report says which device was tested and when."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
PROFILE = """[target]
name = Thermostat 3
version = 2.1

[resources]
test = /test
{role} = /test
"""


def run(*args):
    return subprocess.run([PROGRAM, "run", *args], capture_output=True, text=True, timeout=120)


class Server:
    def __enter__(self):
        self.process = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().split()[-1]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, "out")

    def profile(self, role):
        path = os.path.join(self.folder.name, "thermo.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PROFILE.format(role=role))
        return path

    def test_a_misspelt_role_is_named(self):
        with Server() as uri:
            wrong = run(uri, "--profile", self.profile("seperate"), "--out", self.out,
                        "--only", "7252/4.3/ping")
            right = run(uri, "--profile", self.profile("separate"), "--out", self.out,
                        "--only", "7252/4.3/ping")
        self.assertIn("[resources] seperate: no scenario of this run knows this role", wrong.stderr)
        self.assertEqual((wrong.returncode, right.returncode), (0, 0))
        self.assertNotIn("role", right.stderr)

    def test_a_report_says_which_device_and_when_it_began(self):
        before = int(time.time())
        with Server() as uri:
            ran = run(uri, "--profile", self.profile("query"), "--out", self.out,
                      "--only", "7252/3/version-unknown*")  # waits for a silence
        self.assertEqual(ran.returncode, 0, ran.stdout)
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            report = json.load(f)
        self.assertEqual(report["device"], "Thermostat 3 2.1")
        began = datetime.datetime.fromisoformat(report["started"].replace("Z", "+00:00")).timestamp()
        self.assertLessEqual(before, began)
        self.assertGreater(report["duration"], 2)
        self.assertLessEqual(began + report["duration"], time.time() + 1)
        for name in ("report.txt", "report.html", "report.xml"):
            with open(os.path.join(self.out, name), encoding="utf-8") as f:
                self.assertIn("Thermostat 3 2.1", f.read(), name)

    def test_a_place_that_cannot_be_written_is_found_out_first(self):
        blocked = os.path.join(self.folder.name, "file")
        with open(blocked, "w", encoding="utf-8"):
            pass
        for args in (["--out", os.path.join(blocked, "x")],
                     ["--out", self.out, "--pcap", os.path.join(blocked, "x.pcap")]):
            ran = run("embedded", *args)
            self.assertEqual(ran.returncode, 2, args)
            self.assertIn(blocked, ran.stderr)
            self.assertNotIn("pass", ran.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main())
