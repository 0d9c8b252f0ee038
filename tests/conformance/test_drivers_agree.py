#!/usr/bin/env python3
"""Memory and socket runs of the embedded server have the same cases and the same verdicts on every
transport. In memory a case that needs extended tokens gets a server that knows them; on
sockets these are played against a second server. It waits as long as the longest schedule of
retransmissions, about 90 s, and does next to nothing meanwhile."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
LACKS = "the target lacks tokens of more than 8 bytes"
TLS = "none" not in subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
TRANSPORTS = ["udp", "tcp", "ws"] + (["dtls", "tls", "wss"] if TLS else [])


def start(folder, name, *args):
    out = os.path.join(folder, name)
    return out, subprocess.Popen([PROGRAM, "run", *args, "--profile", "embedded", "--out", out, "--slow"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(out, process):
    """(transport, id) -> verdict, and what the report says of each case"""
    errors = process.communicate(timeout=280)[1]
    if process.returncode not in (0, 1):
        sys.exit(f"{out}: exit {process.returncode}\n{errors}")
    with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
        return {(c["transport"], c["id"]): (c["verdict"], c["message"])
                for c in json.load(f)["cases"] if not c["id"].startswith("target/")}


def serve(*args):
    server = subprocess.Popen([PROGRAM, "serve", "--bind", "127.0.0.1:0", *args],
                              stdout=subprocess.PIPE, text=True)
    return server, [server.stdout.readline().split()[-1] for _ in TRANSPORTS]


def main():
    servers, runs = [], []
    with tempfile.TemporaryDirectory() as folder:
        try:
            server, extended = serve("--extended-tokens", "300")
            servers.append(server)
            # One run a transport, so that they do not wait for each other, each with a server of its
            # own, whose resources nobody else changes.
            for i in range(len(TRANSPORTS)):
                server, plain = serve("--multicast")
                servers.append(server)
                runs.append(start(folder, f"wire{i}", plain[i], "--jobs", "200"))
            runs.append(start(folder, "extended", *extended, "--section", "RFC8974#2"))
            memory = finish(*start(folder, "memory", "embedded"))
            results = [finish(*run) for run in runs]
        finally:
            for _, process in runs:
                process.kill()
            for server in servers:
                server.terminate()
                server.wait()
                server.stdout.close()
    wire = {key: value for result in results[:-1] for key, value in result.items()}
    for key, value in results[-1].items():
        if wire.get(key, ("", ""))[1].startswith(LACKS):
            wire[key] = value
    differing = [i for i in sorted(set(memory) | set(wire))
                 if memory.get(i, ("absent",))[0] != wire.get(i, ("absent",))[0]]
    for i in differing:
        print(f"{i}: memory {memory.get(i)}, socket {wire.get(i)}")
    others = [i for i, (verdict, _) in memory.items() if verdict != "pass"]
    for i in others:
        print(f"{i}: {memory[i]}")
    transports = {transport for transport, _ in memory}
    print(f"{len(memory)} cases in memory, {len(wire)} on sockets, {len(differing)} differ")
    return 1 if differing or others or transports != set(TRANSPORTS) else 0


if __name__ == "__main__":
    sys.exit(main())
