"""Every C file is as clang-format would write it."""

import os
import re
import subprocess
import sys

from common import C_FOLDERS, Check, c_files

# clang-format's layout differs from version to version. This is bookworm's;
# elsewhere ci/install.sh puts the same version into out/tools.
VERSION = "14"


def formatter(check):
    for program in ("clang-format", os.path.join(os.environ.get("COAPSPEC_SOURCE", check.root),
                                                 "out", "tools", "bin", "clang-format")):
        try:
            says = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        except OSError:
            continue
        if re.search(rf"\bversion {VERSION}\.", says):
            return program
    sys.exit(f"format: there is no clang-format {VERSION}; ci/install.sh installs it")


def main():
    check = Check("format")
    names = c_files(check.root, C_FOLDERS)
    program = formatter(check)
    for start in range(0, len(names), 50):
        some = names[start:start + 50]
        check.seen += len(some)
        result = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=1", *some],
                                cwd=check.root, capture_output=True, text=True)
        if result.returncode != 0:
            for line in result.stderr.splitlines():
                if "error:" in line:
                    check.report(line.split(": error")[0], "is not as clang-format writes it")
            if not check.findings:
                check.report("clang-format", result.stderr.strip())
    check.finish("files")


main()
