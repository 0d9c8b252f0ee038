"""tshark's dissection of every UDP message of an in-memory run agrees with our
notation: type, code, Message ID, token, options and payload. A message that our
parser refuses is written "raw HEX"; there the bytes must be those on the wire.

With COAPSPEC_BUILD and COAPSPEC_SOURCE in the environment it runs the scenarios
itself; with a folder as its argument it reads that folder's report.json and
report.pcap. Notes that are wrong on purpose must be noticed: they are tried
last."""

import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TYPES = {"CON": 0, "NON": 1, "ACK": 2, "RST": 3}
METHODS = {"Empty": 0, "GET": 1, "POST": 2, "PUT": 3, "DELETE": 4, "FETCH": 5, "PATCH": 6, "iPATCH": 7}
# One word of the notation: a name, and after = a quoted text or what ends at a space.
WORD = re.compile(r'\s*([^\s="]+)(?:=("(?:\\.|[^"\\])*"|\S*))?')


def option_numbers(source):
    """name -> number, read from the one option table."""
    with open(os.path.join(source, "src/wire/option.h"), encoding="utf-8") as file:
        numbers = {symbol: int(value) for symbol, value in
                   re.findall(r"\bCS_OPT_(\w+)\s*=\s*(\d+)", file.read())}
    with open(os.path.join(source, "src/wire/option_table.def"), encoding="utf-8") as file:
        rows = re.findall(r'^CS_OPTION\((\w+),\s*"([^"]+)"', file.read(), re.M)
    return {name: numbers[symbol] for symbol, name in rows}


def text_bytes(quoted):
    """The bytes of "text" with its escapes."""
    out = bytearray()
    inner = quoted[1:-1]
    at = 0
    while at < len(inner):
        if inner[at] == "\\" and inner[at + 1] == "x":
            out.append(int(inner[at + 2:at + 4], 16))
            at += 4
        elif inner[at] == "\\":
            out += inner[at + 1].encode()
            at += 2
        else:
            out += inner[at].encode()
            at += 1
    return bytes(out)


def uint_bytes(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def value_bytes(value):
    if value is None:
        return b""
    if value.startswith('"'):
        return text_bytes(value)
    if value.startswith("0x"):
        return bytes.fromhex(value[2:])
    if "/" in value:
        number, more, size = (int(part) for part in value.split("/"))
        return uint_bytes(number << 4 | more << 3 | size)
    return uint_bytes(int(value))


def from_notation(text, numbers):
    """What a line of our notation says."""
    words = [(match.group(1), match.group(2)) for match in WORD.finditer(text)]
    kind, code = words[0][0], words[1][0]
    if code in METHODS:
        code = METHODS[code]
    else:
        major, minor = code.split(".")
        code = int(major) << 5 | int(minor)
    said = {"type": TYPES[kind], "code": code, "mid": None, "token": b"", "options": [], "payload": b""}
    for name, value in words[2:]:
        if name == "mid":
            said["mid"] = int(value, 16)
        elif name == "token":
            said["token"] = bytes.fromhex(value)
        elif name == "payload":
            said["payload"] = value_bytes(value)
        else:
            number = numbers.get(name)
            if number is None:
                number = int(re.fullmatch(r"Option-(\d+)", name).group(1))
            said["options"].append((number, value_bytes(value)))
    return said


def field_bytes(field):
    return bytes.fromhex(field.get("value", "") or "")


def tshark_option(field, last):
    """(number, value) of one option; tshark says its extent, delta and length."""
    parts = {child.get("name"): child for child in field.iter("field")}
    delta, length = int(parts["coap.opt.delta"].get("show")), int(parts["coap.opt.length"].get("show"))
    skip = 1
    for name, short in (("coap.opt.delta_ext", delta), ("coap.opt.length_ext", length)):
        skip += {13: 1, 14: 2}.get(short, 0)
    if delta >= 13:
        delta = int(parts["coap.opt.delta_ext"].get("show")) + {13: 13, 14: 269}[delta]
    return last + delta, field_bytes(field)[skip:]


def from_tshark(proto):
    """What tshark says about the same message."""
    said = {"options": [], "token": b"", "payload": b""}
    last = 0
    for field in proto.findall("field"):
        name = field.get("name")
        if name == "coap.type":
            said["type"] = int(field.get("show"))
        elif name == "coap.code":
            said["code"] = int(field.get("show"))
        elif name == "coap.mid":
            said["mid"] = int(field.get("show"))
        elif name == "coap.token":
            said["token"] = field_bytes(field)
        elif name == "coap.payload":
            said["payload"] = field_bytes(field)
        elif name == "coap.opt.name":
            last, value = tshark_option(field, last)
            said["options"].append((last, value))
            # Its own word for the number must be ours too.
            described = re.search(r"Type (\d+)", field.find("field[@name='coap.opt.desc']").get("show"))
            if int(described.group(1)) != last:
                said["options"].append(("tshark calls it", described.group(1)))
    return said


def capture(path):
    """The UDP payloads of a capture of raw IPv4."""
    with open(path, "rb") as file:
        data = file.read()
    payloads, at = [], 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        payloads.append(data[at + 16 + 28:at + 16 + size])
        at += 16 + size
    return payloads


def dissect(path):
    """One element a packet: tshark's coap layer, or None."""
    result = subprocess.run(["tshark", "-n", "-r", path, "-T", "pdml", "-d", "udp.port==5683,coap"],
                            capture_output=True, check=True)
    root = ElementTree.fromstring(result.stdout)
    return [packet.find("proto[@name='coap']") for packet in root.findall("packet")]


def compare(cases, payloads, layers, numbers):
    """(differences, messages compared, raw ones)."""
    differences, compared, raw, at = [], 0, 0, 0
    for case in cases:
        if case["transport"] != "udp":
            continue
        for packet in case["packets"]:
            where = f"{case['id']} {packet['message']}"
            if at >= len(payloads):
                return differences + [f"{where}: the capture ends before it"], compared, raw
            if payloads[at].hex() != packet["bytes"]:
                differences.append(f"{where}: the capture has {payloads[at].hex()}")
            elif packet["message"].startswith("raw"):
                raw += 1
                if re.sub(r"\s|^raw", "", packet["message"]).lower() != packet["bytes"]:
                    differences.append(f"{where}: the bytes are {packet['bytes']}")
            else:
                compared += 1
                ours = from_notation(packet["message"], numbers)
                theirs = from_tshark(layers[at]) if layers[at] is not None else {}
                for key, value in ours.items():
                    if theirs.get(key) != value:
                        differences.append(f"{where}: {key} is {value!r} to us, {theirs.get(key)!r} to tshark")
            at += 1
    if at != len(payloads):
        differences.append(f"the capture has {len(payloads)} packets, the report {at}")
    return differences, compared, raw


def planted(cases, payloads, layers, numbers):
    """Each part of a note, falsified, must be noticed."""
    edits = [("type", r"^CON", "NON"), ("code", r"\b2\.05\b", "2.04"), ("mid", r"mid=0x(....)", "mid=0xfffe"),
             ("token", r"token=\w\w", "token=ee"), ("options", r"Uri-Path=", "Location-Path="),
             ("payload", r"payload=.*", 'payload="planted"'), ("options", r'Uri-Path="[^"]', 'Uri-Path="~')]
    missed = []
    for part, pattern, replacement in edits:
        for case in cases:
            found = [p for p in case["packets"] if case["transport"] == "udp" and
                     not p["message"].startswith("raw") and re.search(pattern, p["message"])]
            if found:
                kept = found[0]["message"]
                found[0]["message"] = re.sub(pattern, replacement, kept, count=1)
                differences = compare(cases, payloads, layers, numbers)[0]
                if not any(f": {part} is " in d for d in differences):
                    missed.append(f"a false {part} ({pattern}) was not noticed")
                found[0]["message"] = kept
                break
        else:
            missed.append(f"no message has a {part} to falsify ({pattern})")
    return missed


def main():
    source = os.environ.get("COAPSPEC_SOURCE") or os.path.join(os.path.dirname(__file__), "..", "..")
    with tempfile.TemporaryDirectory(prefix="coapspec-tshark-") as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else scratch
        if len(sys.argv) == 1:
            program = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
            run = subprocess.run([program, "run", "embedded", "--out", folder], capture_output=True, text=True)
            if run.returncode not in (0, 1):
                sys.exit(f"coapspec run ended with {run.returncode}: {run.stdout}{run.stderr}")
        with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
            cases = json.load(file)["cases"]
        path = os.path.join(folder, "report.pcap")
        payloads, layers = capture(path), dissect(path)
    numbers = option_numbers(source)
    differences, compared, raw = compare(cases, payloads, layers, numbers)
    if not differences:
        differences = planted(cases, payloads, layers, numbers)
    for difference in differences[:50]:
        print(difference)
    print(f"{compared} messages compared with tshark, {raw} raw ones, {len(differences)} differences")
    sys.exit(1 if differences or compared == 0 else 0)


main()
