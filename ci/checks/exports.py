"""The shared library exports exactly the names of its version map."""

import glob
import os
import re
import subprocess

from common import Check, bare_code


def mapped(text):
    names = set()
    for block in re.findall(r"\bglobal\s*:(.*?)(?:\blocal\s*:|\})", bare_code(text), re.S):
        names |= set(re.findall(r"[A-Za-z_][\w*]*", block))
    return names


def main():
    check = Check("exports", build=True)
    maps = sorted(glob.glob(check.path("src", "api", "*.map")))
    libraries = [p for p in glob.glob(os.path.join(check.build, "**", "libcoap-3*.so*"), recursive=True)
                 if not os.path.islink(p)]
    if not maps and not os.path.exists(check.path("src", "api", "context.c")):
        print("exports: there is no public library yet")
        return
    if not maps:
        check.report("src/api", "there is no version map (*.map)")
    if not libraries:
        check.report("src/api", "the release build made no libcoap-3*.so")
    for path in maps:
        wanted = mapped(check.read(os.path.relpath(path, check.root)))
        for name in sorted(wanted):
            if "*" in name:
                check.report(os.path.relpath(path, check.root), f"{name} is a pattern; name each symbol")
        for library in libraries:
            check.seen += 1
            listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                                     capture_output=True, text=True)
            # Version nodes show as absolute symbols; names carry @@VERSION.
            exported = {line.split()[2].split("@")[0] for line in listing.stdout.splitlines()
                        if line.split()[1] != "A"}
            label = os.path.basename(library)
            for name in sorted(exported - wanted):
                check.report(label, f"exports {name}, which is not in {os.path.basename(path)}")
            for name in sorted(wanted - exported):
                check.report(label, f"does not export {name}, which is in {os.path.basename(path)}")
    check.finish("libraries")


main()
