#!/usr/bin/env python3
"""Prints as Markdown how each server did, from the reports of `coapspec run`.

    table.py [--by section|part|rfc] REPORT...

A REPORT is a report.json or the folder that it is in. Those with the same profile
are one server's; a suffix of the profile's name that says how it was built or
started (-openssl, -certificate) is left out. A row is a section of an RFC ("4.2";
part: "4"; rfc: all of it), a cell the verdicts of the cases that cover it first.
"""

import argparse
import collections
import json
import os
import re
import sys

# In the order in which a cell names them, each with its letter.
VERDICTS = {"pass": "p", "fail": "F", "warn": "W", "flaky": "Y", "crash": "C", "xpass": "X", "xfail": "x",
            "quirk": "q", "skip": "s", "inconclusive": "i"}
SUFFIX = re.compile(r"(-\d[\d.]*)-[a-z]+$")
SECTION = re.compile(r"RFC (\d+)(?: section ([\d.]+))?")


def read(path):
    if os.path.isdir(path):
        path = os.path.join(path, "report.json")
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as why:
        sys.exit(f"table.py: {path}: {why}")


def server_of(report):
    name = os.path.splitext(os.path.basename(report["profile"]))[0]
    return SUFFIX.sub(r"\1", name)


def section_of(case, by):
    """(RFC, section) as what sorts like them."""
    found = SECTION.match(case["section"])
    if not found:
        return (0, ())
    numbers = tuple(int(number) for number in (found[2] or "").strip(".").split(".") if number)
    return (int(found[1]), {"section": numbers, "part": numbers[:1], "rfc": ()}[by])


def named(section):
    rfc, numbers = section
    if not rfc:
        return "signs of life"
    return f"RFC {rfc}" + (" section " + ".".join(map(str, numbers)) if numbers else "")


def cell(counts):
    return " ".join(f"{counts[verdict]}{letter}" for verdict, letter in VERDICTS.items() if counts[verdict])


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--by", choices=("section", "part", "rfc"), default="section")
    parser.add_argument("reports", nargs="+", metavar="REPORT")
    given = parser.parse_args()
    cells = collections.defaultdict(collections.Counter)
    transports = collections.defaultdict(collections.Counter)
    for report in map(read, given.reports):
        server = server_of(report)
        for case in report["cases"]:
            cells[server, section_of(case, given.by)][case["verdict"]] += 1
            transports[server, case["transport"]][case["verdict"]] += 1
    servers = sorted({server for server, _ in cells})
    row("server", "transport", *VERDICTS)
    row("---", "---", *("---:" for _ in VERDICTS))
    for (server, transport), counts in sorted(transports.items()):
        row(server, transport, *(str(counts[verdict]) for verdict in VERDICTS))
    for server in servers:
        counts = sum((counts for (name, _), counts in transports.items() if name == server), collections.Counter())
        row(server, "all", *(str(counts[verdict]) for verdict in VERDICTS))
    print("\n" + ", ".join(f"{letter} {verdict}" for verdict, letter in VERDICTS.items()) + ".\n")
    row("", *servers)
    row("---", *("---" for _ in servers))
    for section in sorted({section for _, section in cells}):
        row(named(section), *(cell(cells[server, section]) for server in servers))


main()
