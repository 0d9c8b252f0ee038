"""clang-tidy's short list (.clang-tidy) is clean. Uses the release build's
compile_commands.json; every source of src, conformance and fuzz."""

import concurrent.futures
import json
import os
import subprocess
import sys

from common import Check

FOLDERS = ("src/", "conformance/", "fuzz/", "examples/")


def flags(entry):
    """The command's own -I, -D, -std: what clang needs to read the file."""
    words = entry["command"].split()
    kept = []
    take = False
    for word in words[1:]:
        if take or word.startswith(("-I", "-D", "-std", "-U")):
            kept.append(word)
            take = False
        elif word == "-isystem":
            kept.append(word)
            take = True
    return kept


def main():
    check = Check("tidy", build=True)
    with open(os.path.join(check.build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    only = os.environ.get("COAPSPEC_TIDY_ONLY")
    todo = {}
    for entry in commands:
        relative = os.path.relpath(entry["file"], check.root)
        if relative.startswith(FOLDERS) and (only is None or relative == only):
            todo.setdefault(relative, entry)

    def one(item):
        relative, entry = item
        words = [w.replace('\\"', '"') for w in flags(entry)]
        return relative, subprocess.run(
            ["clang-tidy", "--quiet", "--warnings-as-errors=*", entry["file"], "--", *words],
            cwd=check.root, capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for relative, result in pool.map(one, sorted(todo.items())):
            check.seen += 1
            if result.returncode != 0:
                shown = [l for l in result.stdout.splitlines() if ": error:" in l or ": warning:" in l]
                for line in shown or [result.stderr.strip()]:
                    check.report(relative, line)
    sys.stdout.flush()
    check.finish("sources")


main()
