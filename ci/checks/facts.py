"""Facts about the repository that a reader relies on."""

import os
import re

from common import Check, files

# Written in pieces, so that this file does not name what it looks for.
HOSTS = [".".join(parts) for parts in (
    ("debian", "org"), ("debian", "net"), ("ubuntu", "com"), ("pypi", "org"),
    ("pythonhosted", "org"), ("crates", "io"), ("npmjs", "org"), ("npmjs", "com"),
    ("maven", "org"), ("maven", "apache", "org"), ("proxy", "golang", "org"),
    ("sum", "golang", "org"), ("nodesource", "com"))]
HOST = re.compile(r"(?<![\w-])(?:[\w-]+\.)*(" + "|".join(map(re.escape, HOSTS)) + r")\b")
MACHINE = re.compile(r"(?<![\w.}])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "o" + "pt")) + r")/")
LEFT_OPEN = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
TWO_COMMANDS = ["./ci/conformance.sh", "./ci/test.sh"]
LARGEST = 1024 * 1024
WANTED = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "CMakePresets.json",
          ".ci/run", "ci/test.sh", "ci/conformance.sh", "ci/fuzz.sh", "ci/extended.sh"]


def check_text(check, relative):
    try:
        with open(check.path(relative), encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, message in ((HOST, "names a registry's host: {}"),
                                 (MACHINE, "has a path of one machine: {}"),
                                 (LEFT_OPEN, "leaves something open: {}")):
            match = pattern.search(line)
            if match:
                check.report(f"{relative}:{number}", message.format(match.group(0)))


def check_readme(check):
    text = check.read("README.md")
    blocks = re.findall(r"```[a-z]*\n(.*?)```|((?:^    .*\n)+)", text, re.S | re.M)
    first = (blocks[0][0] or blocks[0][1]) if blocks else ""
    commands = [line.split("#")[0].strip().lstrip("$ ") for line in first.splitlines() if line.strip()]
    if commands[:2] != TWO_COMMANDS:
        check.report("README.md", f"the first commands are {commands[:2]}, not {TWO_COMMANDS}")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        if not os.path.exists(check.path(target)):
            check.report("README.md", f"links to {target}, which does not exist")


def main():
    check = Check("facts")
    for relative in WANTED:
        if not os.path.exists(check.path(relative)):
            check.report(relative, "is missing")
    for relative in files(check.root):
        check.seen += 1
        if os.path.getsize(check.path(relative)) > LARGEST:
            check.report(relative, "is larger than 1 MiB")
        # Seeds are bytes, whatever they spell.
        if not relative.startswith("corpus/"):
            check_text(check, relative)
        if relative.endswith(".sh") or relative == ".ci/run":
            first = check.read(relative).split("\n", 1)[0]
            if first.startswith("#!") and not os.access(check.path(relative), os.X_OK):
                check.report(relative, "has a #! line but cannot be executed")
    if os.path.exists(check.path("README.md")):
        check_readme(check)
    if os.path.exists(check.path(".ci/run")) and "ci/test.sh" not in check.read(".ci/run"):
        check.report(".ci/run", "does not run ci/test.sh")
    check.finish("files")


main()
