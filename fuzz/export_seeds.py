#!/usr/bin/env python3
"""Turns a JSON report into seeds of the core_session target.

usage: fuzz/export_seeds.py out/conformance/embedded/report.json corpus/core_session

Each case over UDP becomes scenario-<id>: the datagrams that it sent, with the
time between them, given to a session in the server's role. A case over a stream
becomes scenario-<transport>-<id>: the bytes of its first connection, a
WebSocket's handshake among them. Run it after scenarios were added, and commit
the files.
"""
import json
import pathlib
import sys

SERVER = 1       # bit 0 of the first byte of an input
# bits 4 and 5: the transport; a report without one is of datagrams
TRANSPORTS = {None: 0, "udp": 0, "tcp": 16, "ws": 48}
DATAGRAM = 0     # operation: n, n bytes
OTHER_PEER = 1   # the same from another peer, 1 + n % 3
TIME = 3         # operation: two bytes, units of 10 ms
DEADLINE = 4


def seed(case):
    """The input for a case, or None when it has none."""
    transport = case.get("transport")
    if transport not in TRANSPORTS:
        return None
    stream = TRANSPORTS[transport] != 0
    out = bytearray([SERVER | TRANSPORTS[transport]])
    now = 0.0
    first_port = None
    for packet in case["packets"]:
        if packet["direction"] != "sent":
            continue
        data = bytes.fromhex(packet["bytes"])
        if len(data) > (2000 if stream else 255):
            return None  # the length is one byte; large messages have seeds of wire_message
        first_port = packet["port"] if first_port is None else first_port
        if stream and packet["port"] != first_port:
            continue
        ticks = min(int((packet["at"] - now) * 100), 65535)
        now = packet["at"]
        if ticks:
            out += bytes([TIME]) + ticks.to_bytes(2, "big")
        operation = DATAGRAM if packet["port"] == first_port else OTHER_PEER
        for at in range(0, len(data), 255) if stream else [0]:
            piece = data[at:at + 255]
            out += bytes([operation, len(piece)]) + piece
    return bytes(out + bytes([DEADLINE]))


def name_of(case):
    transport = "" if not TRANSPORTS[case.get("transport")] else case["transport"] + "-"
    return "scenario-" + transport + case["id"].replace("/", "-")


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
            (folder / name_of(case)).write_bytes(data)
    print(f"{len(seen)} seeds in {folder}")


if __name__ == "__main__":
    main()
