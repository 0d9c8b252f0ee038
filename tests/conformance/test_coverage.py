#!/usr/bin/env python3
"""coapspec coverage: what becomes of each statement of the RFCs, and that no MUST is forgotten."""
import collections
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
TABLE = os.path.join(os.environ["COAPSPEC_SOURCE"], "conformance", "requirements.tsv")
SCENARIO = """# A ping is answered.
id 9999/1/ping
covers RFC9999#1:seen
transport udp
defect ping-ignored
---
> CON 0.00 mid=$m
< RST 0.00 mid=$m
"""


def run(*args):
    return subprocess.run([PROGRAM, "coverage", *args], capture_output=True, text=True, timeout=60)


def table():
    with open(TABLE, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f][1:]


class Coverage(unittest.TestCase):
    def test_every_must_is_exercised_or_has_a_reason(self):
        result = run()
        self.assertEqual(result.returncode, 0, result.stdout[-2000:])
        self.assertNotIn("neither exercised nor reasoned", result.stdout)

    def test_rfc_7252_is_observed_at_a_server(self):
        """At least 95 rows that scenarios look at, those that only repeat another not counted."""
        rfcs = {r["rfc"]: r for r in json.loads(run("--format", "json").stdout)["rfcs"]}
        own = {row[0] for row in table() if row[5] == "scenario"}
        seen = [s for s in rfcs["7252"]["statements"]
                if s["outcome"] == "exercised" and s["id"] in own]
        self.assertGreaterEqual(len(seen), 95)
        self.assertTrue(any(s["outcome"] == "exercised" for s in rfcs["6690"]["statements"]))
        self.assertTrue(any(s["outcome"] == "exercised" for s in rfcs["8132"]["statements"]))

    def test_the_numbers_are_those_of_the_table(self):
        rfcs = json.loads(run("--format", "json").stdout)["rfcs"]
        rows = collections.Counter((row[1], row[3]) for row in table())
        for rfc in rfcs:
            for level in ("MUST", "SHOULD", "MAY"):
                self.assertEqual(rfc[level]["statements"], rows[rfc["rfc"], level])
                self.assertEqual(rfc[level]["statements"],
                                 sum(s[level]["statements"] for s in rfc["sections"]))
                self.assertEqual(rfc[level]["exercised"],
                                 sum(s["outcome"] == "exercised" for s in rfc["statements"]
                                     if s["level"] == level))
            self.assertEqual(sum(rfc["not_observable"].values()),
                             sum(s["outcome"] == "not observable" for s in rfc["statements"]))

    def test_sections_and_levels_select(self):
        out = json.loads(run("--section", "7252/4.2", "--level", "must", "--format", "json").stdout)
        self.assertEqual([r["rfc"] for r in out["rfcs"]], ["7252"])
        self.assertEqual([s["section"] for s in out["rfcs"][0]["sections"]], ["4.2"])
        self.assertEqual({s["level"] for s in out["rfcs"][0]["statements"]}, {"MUST"})
        whole = json.loads(run("--section", "RFC8323", "--format", "json").stdout)
        self.assertEqual([r["rfc"] for r in whole["rfcs"]], ["8323"])

    def test_what_is_seen_and_why_is_said(self):
        text = run("--verbose", "--section", "7252/4.3").stdout
        self.assertIn("RFC7252#4.3:empty-con-reset", text)
        self.assertIn("7252/4.3/ping", text)
        self.assertIn("permission", text)


class Forgotten(unittest.TestCase):
    """A table with statements of its own beside a folder of scenarios."""

    def coverage(self, *rows):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rfc9999", "1-ping.scn")
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as f:
                f.write(SCENARIO)
            lines = ["\t".join(["id", "rfc", "section", "level", "summary", "scenario-or-reason"])]
            lines += [f"RFC9999#1:{name}\t9999\t1\t{level}\tx\t{reason}" for name, level, reason
                      in [("seen", "MUST", "scenario"), *rows]]
            with open(os.path.join(folder, "requirements.tsv"), "w", encoding="utf-8") as f:
                f.write("\n".join(lines) + "\n")
            return run("--scenarios", folder, "--section", "RFC9999")

    def test_a_must_that_is_put_off_fails(self):
        result = self.coverage(("late", "MUST", "later"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("neither exercised nor reasoned: RFC9999#1:late", result.stdout)

    def test_a_must_without_its_scenario_fails(self):
        self.assertEqual(self.coverage(("unseen", "MUST", "scenario")).returncode, 1)

    def test_a_should_that_is_put_off_does_not(self):
        result = self.coverage(("late", "SHOULD", "later"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("neither 1", result.stdout)

    def test_what_repeats_a_row_has_its_outcome(self):
        result = self.coverage(("again", "MUST", "duplicate-of RFC9999#1:seen"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("2/2", result.stdout)

    def test_rows_that_mean_each_other_are_neither(self):
        result = self.coverage(("a", "MUST", "duplicate-of RFC9999#1:b"),
                               ("b", "MUST", "duplicate-of RFC9999#1:a"))
        self.assertEqual(result.returncode, 1)


class Usage(unittest.TestCase):
    def test_what_is_wrong_is_named(self):
        for args, said in ((["x"], "takes options only"), (["--level", "MIGHT"], "MIGHT"),
                           (["--format", "jsonl"], "jsonl"), (["--jobs", "2"], "--jobs")):
            result = run(*args)
            self.assertEqual(result.returncode, 2, args)
            self.assertIn(said, result.stderr)

    def test_nothing_selected(self):
        self.assertEqual(run("--section", "RFC1").returncode, 6)


if __name__ == "__main__":
    sys.exit(unittest.main())
