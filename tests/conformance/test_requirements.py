#!/usr/bin/env python3
"""The table of requirements, the scenarios, the rules of the code and the defects of the embedded
server say the same. Plants violations in a copy first, and fails unless each is found."""
import os
import re
import shutil
import sys
import tempfile

REASONS = {"client", "proxy", "internal", "permission", "later"}
HEADER = ["id", "rfc", "section", "level", "summary", "scenario-or-reason"]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def read_table(root, found):
    lines = read(root, "conformance", "requirements.tsv").splitlines()
    if lines[0].split("\t") != HEADER:
        found.append("the header line is another")
    rows = {}
    for line in lines[1:]:
        fields = line.split("\t")
        if len(fields) != len(HEADER) or not all(fields):
            found.append(f"{fields[0]}: {len(fields)} columns, or an empty one")
            continue
        if fields[0] in rows:
            found.append(f"{fields[0]}: twice")
        rows[fields[0]] = dict(zip(HEADER, fields))
    return rows


def read_scenarios(root):
    """id -> (covers, defects)"""
    scenarios = {}
    top = os.path.join(root, "conformance", "scenarios")
    for folder, _, files in os.walk(top):
        for name in files:
            text = read(folder, name)
            keys = dict(re.findall(r"^(id|covers|defect)\s+(.*)$", text.split("\n---")[0], re.M))
            tags = re.findall(r"\[(RFC[^\]]*)\]", text.split("\n---", 1)[1])
            scenarios[keys["id"]] = (set(keys["covers"].split()) | set(tags),
                                     keys.get("defect", "").split())
    return scenarios


def read_defects(root):
    defects = {}
    folder = os.path.join(root, "conformance", "server")
    for name in os.listdir(folder):
        if name.startswith("defects_") and name.endswith(".c"):
            defects.update(re.findall(r'row =\s*{\s*"([^"]+)",\s*"([^"]+)"', read(folder, name)))
    return defects


def check_row(row, rows, scenarios, found):
    ident = row["id"]
    match = re.fullmatch(r"RFC(\d+)#([\d.]+):[a-z0-9-]+", ident)
    if not match or match.groups() != (row["rfc"], row["section"]):
        found.append(f"{ident}: not of the form RFC<rfc>#<section>:<name>")
    if row["level"] not in ("MUST", "SHOULD", "MAY"):
        found.append(f"{ident}: level {row['level']}")
    covering = {s for s, (covers, _) in scenarios.items() if ident in covers}
    last = row["scenario-or-reason"]
    duplicate = re.fullmatch(r"duplicate-of (\S+)", last)
    if duplicate or last in REASONS:
        if duplicate and duplicate.group(1) not in rows:
            found.append(f"{ident}: duplicate of {duplicate.group(1)}, which is no row")
        if covering and row["level"] != "MAY":
            found.append(f"{ident}: says {last}, and {min(covering)} covers it")
        return
    if last != "scenario":
        found.append(f"{ident}: {last} is neither scenario nor a reason")
    elif not covering:
        found.append(f"{ident}: no scenario covers it")


def check_scenarios(rows, scenarios, defects, found):
    broken = {}
    for scenario, (covers, names) in scenarios.items():
        for ident in covers - rows.keys():
            found.append(f"{scenario}: covers {ident}, which is no row")
        for name in names:
            if name not in defects:
                found.append(f"{scenario}: names the defect {name}, which is none")
            elif defects[name] not in covers:
                found.append(f"{scenario}: {name} breaks {defects[name]}, which it does not cover")
            else:
                broken.setdefault(defects[name], set()).add(name)
    for scenario, (covers, _) in scenarios.items():
        for ident in covers & rows.keys():
            if rows[ident]["level"] != "MAY" and ident not in broken:
                found.append(f"{scenario}: covers {ident}, and no defect shows it")
    named = {name for _, names in scenarios.values() for name in names}
    for name, ident in defects.items():
        if ident not in rows:
            found.append(f"defect {name}: breaks {ident}, which is no row")
        if name not in named:
            found.append(f"defect {name}: no scenario must catch it")


def check(root):
    found = []
    rows = read_table(root, found)
    scenarios = read_scenarios(root)
    for row in rows.values():
        check_row(row, rows, scenarios, found)
    check_scenarios(rows, scenarios, read_defects(root), found)
    rules = re.findall(r'CS_RULE\(\w+, "([^"]+)", (\w+)', read(root, "src", "base", "rules.def"))
    for ident, basis in rules:
        if basis == "OURS":
            if ident in rows:
                found.append(f"{ident}: a rule of ours has no row")
        elif ident not in rows:
            found.append(f"{ident}: a rule without a row")
        elif rows[ident]["level"] != basis:
            found.append(f"{ident}: {rows[ident]['level']} here, {basis} in rules.def")
    return found


PLANTS = [
    ("conformance/requirements.tsv", "RFC7252#4.3:empty-con-reset\t", "RFC7252#4.3:gone\t"),
    ("conformance/requirements.tsv", "\tMUST\t", "\tPERHAPS\t"),
    ("conformance/requirements.tsv", "\tclient", "\tlazy"),
    ("conformance/requirements.tsv", "\tclient", "\tscenario"),
    ("conformance/requirements.tsv", "\tscenario", "\tlater"),
    ("conformance/requirements.tsv", "duplicate-of RFC7252#", "duplicate-of RFC1#"),
    ("conformance/scenarios/rfc7252/5.1-get-safe.scn", "RFC7252#5.1:get-safe", "RFC7252#5.1:x"),
    ("conformance/scenarios/rfc7252/5.1-get-safe.scn", "get-deletes", "get-sings"),
    ("conformance/scenarios/rfc7252/5.1-get-safe.scn", "defect     get-deletes\n", ""),
    ("src/base/rules.def", '"RFC7252#3:version-unknown", MUST', '"RFC7252#3:version-new", MUST'),
    ("src/base/rules.def", '"RFC7252#3:version-unknown", MUST', '"RFC7252#3:version-unknown", SHOULD'),
]


def plant(root):
    """How many planted violations went unnoticed."""
    missed = 0
    for path, old, new in PLANTS:
        with tempfile.TemporaryDirectory() as copy:
            for folder in ("conformance", "src/base"):
                shutil.copytree(os.path.join(root, folder), os.path.join(copy, folder))
            text = read(copy, path)
            if old not in text:
                print(f"nothing to plant in: {path}: {old!r}")
                missed += 1
                continue
            with open(os.path.join(copy, path), "w", encoding="utf-8") as f:
                f.write(text.replace(old, new, 1))
            if not check(copy):
                print(f"not noticed: {path}: {old!r} for {new!r}")
                missed += 1
    return missed


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("COAPSPEC_SOURCE", os.path.join(here, "..", ".."))
    found = check(root)
    for problem in found:
        print(problem)
    missed = plant(root)
    sys.exit(1 if found or missed else 0)


main()
