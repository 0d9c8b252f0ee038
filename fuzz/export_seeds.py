#!/usr/bin/env python3
"""Turns a JSON report into seeds of the core_session target.

usage: fuzz/export_seeds.py out/conformance/embedded/report.json corpus/core_session

Each case becomes scenario-<id>: the datagrams that it sent, with the time
between them, given to a session in the server's role. Run it after scenarios
were added, and commit the files.
"""
import json
import pathlib
import sys

SERVER = 1       # bit 0 of the first byte of an input
DATAGRAM = 0     # operation: n, n bytes
OTHER_PEER = 1   # the same from another peer, 1 + n % 3
TIME = 3         # operation: two bytes, units of 10 ms
DEADLINE = 4


def seed(case):
    out = bytearray([SERVER])
    now = 0.0
    first_port = None
    for packet in case["packets"]:
        if packet["direction"] != "sent":
            continue
        data = bytes.fromhex(packet["bytes"])
        if len(data) > 255:
            return None  # the length is one byte; large messages have seeds of wire_message
        first_port = packet["port"] if first_port is None else first_port
        ticks = min(int((packet["at"] - now) * 100), 65535)
        now = packet["at"]
        if ticks:
            out += bytes([TIME]) + ticks.to_bytes(2, "big")
        out += bytes([DATAGRAM if packet["port"] == first_port else OTHER_PEER, len(data)]) + data
    return bytes(out + bytes([DEADLINE]))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    report = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = pathlib.Path(sys.argv[2])
    for old in folder.glob("scenario-*"):
        old.unlink()
    seen = set()
    for case in report["cases"]:
        data = seed(case)
        if data and data not in seen:
            seen.add(data)
            name = "scenario-" + case["id"].replace("/", "-")
            (folder / name).write_bytes(data)
    print(f"{len(seen)} seeds in {folder}")


if __name__ == "__main__":
    main()
