#!/usr/bin/env python3
"""Memory and socket runs of the embedded server have the same cases and the same verdicts:
all of them pass. It waits as long as the longest schedule of
retransmissions, about 90 s, and does next to nothing meanwhile."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")


def run(folder, name, *args):
    """id -> verdict, and what the report says of each case"""
    out = os.path.join(folder, name)
    ran = subprocess.run([PROGRAM, "run", *args, "--profile", "embedded", "--out", out, "--slow"],
                         capture_output=True, text=True, timeout=280)
    if ran.returncode not in (0, 1):
        sys.exit(f"{name}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
    with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
        return {c["id"]: (c["verdict"], c["message"]) for c in json.load(f)["cases"]}


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            uri = server.stdout.readline().split()[-1]
            memory = run(folder, "memory", "embedded")
            wire = run(folder, "wire", uri, "--jobs", "200")
        finally:
            server.terminate()
            server.wait()
    differing = [i for i in sorted(set(memory) | set(wire))
                 if memory.get(i, ("absent",))[0] != wire.get(i, ("absent",))[0]]
    for i in differing:
        print(f"{i}: memory {memory.get(i)}, socket {wire.get(i)}")
    others = [i for i, (verdict, _) in memory.items() if verdict != "pass"]
    for i in others:
        print(f"{i}: {memory[i]}")
    print(f"{len(memory)} cases in memory, {len(wire)} on a socket, {len(differing)} differ")
    return 1 if differing or others or not memory else 0


if __name__ == "__main__":
    sys.exit(main())
