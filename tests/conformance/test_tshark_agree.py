"""tshark's dissection of every message of an in-memory run, on every transport
(over DTLS and TLS the capture has what was protected), agrees with our notation:
type, code, Message ID, token, options and payload. A message that our parser refuses is written "raw HEX"; there the bytes
must be those on the wire. On a stream, what comes behind raw bytes is compared
no more: a reader may have lost its place there.

Where the two differ the RFC decides. One difference is known: tshark 4.0 does
not know RFC 8974. Where the token length field is 13 or 14, section 2.1 puts
one or two bytes with the rest of the length behind the header and a token of up
to 65,804 bytes behind those; tshark reads 8 bytes of token right behind the
header and takes the rest for options. We follow the RFC, so of messages with
such tokens only what stands before the token is compared.

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

DATAGRAMS = ("udp", "dtls")
TYPES = {"CON": 0, "NON": 1, "ACK": 2, "RST": 3}
SIGNALS = {"CSM": 1, "Ping": 2, "Pong": 3, "Release": 4, "Abort": 5}
METHODS = {"Empty": 0, "GET": 1, "POST": 2, "PUT": 3, "DELETE": 4, "FETCH": 5, "PATCH": 6, "iPATCH": 7}
# One word of the notation: a name, and after = a quoted text or what ends at a space.
WORD = re.compile(r'\s*([^\s="]+)(?:=("(?:\\.|[^"\\])*"|\S*))?')


def option_numbers(source):
    """name -> number, read from the one option table."""
    with open(os.path.join(source, "src/wire/option.h"), encoding="utf-8") as file:
        numbers = {symbol: int(value) for symbol, value in
                   re.findall(r"\bCS_OPT_(\w+)\s*=\s*(\d+)", file.read())}
    with open(os.path.join(source, "src/wire/option_table.def"), encoding="utf-8") as file:
        table = file.read()
        rows = re.findall(r'^CS_OPTION\((\w+),\s*"([^"]+)"', table, re.M)
        signals = re.findall(r'^CS_SIGNAL_OPTION\(\w+,\s*(\d+),\s*(\d+),\s*"([^"]+)"', table, re.M)
    names = {name: numbers[symbol] for symbol, name in rows}
    # Options of signaling messages are numbered for each code anew.
    names.update({(int(code), name): int(number) for code, number, name in signals})
    return names


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


def from_notation(text, numbers, udp):
    """What a line of our notation says."""
    words = [(match.group(1), match.group(2)) for match in WORD.finditer(text)]
    said = {"code": None, "token": b"", "options": [], "payload": b""}
    if udp:
        if words[0][0] == "multicast":  # where it went, not what it says
            words.pop(0)
        said["type"] = TYPES[words.pop(0)[0]]
    code = words[0][0]
    if code in METHODS:
        code = METHODS[code]
    elif code in SIGNALS:
        code = 7 << 5 | SIGNALS[code]
    else:
        major, minor = code.split(".")
        code = int(major) << 5 | int(minor)
    said["code"] = code
    for name, value in words[1:]:
        if name == "mid":
            said["mid"] = int(value, 16)
        elif name == "token":
            said["token"] = bytes.fromhex(value)
        elif name == "payload":
            said["payload"] = value_bytes(value)
        else:
            number = numbers.get((code & 31, name)) if code >> 5 == 7 else numbers.get(name)
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
    """One payload a packet of a capture of raw IPv4; None where TCP has none."""
    with open(path, "rb") as file:
        data = file.read()
    payloads, at = [], 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + size]
        if packet[9] == 17:
            payloads.append(packet[28:])
        else:
            payloads.append(packet[20 + (packet[32] >> 4) * 4:] or None)
        at += 16 + size
    return payloads


def dissect(path):
    """One list a packet: tshark's coap layers. It knows the ports 5683 and, by the subprotocol of
    the upgrade, WebSockets."""
    result = subprocess.run(["tshark", "-n", "-r", path, "-T", "pdml"], capture_output=True, check=True)
    root = ElementTree.fromstring(result.stdout)
    return [packet.findall("proto[@name='coap']") for packet in root.findall("packet")]


class Aligned:
    """A message of the report and the packets of the capture that carry it."""

    def __init__(self, case, packet, frames, behind_raw):
        self.case, self.packet, self.frames, self.behind_raw = case, packet, frames, behind_raw
        self.where = f"{case['transport']} {case['id']} {packet['message']}"
        self.udp = case["transport"] in DATAGRAMS
        # What went beside a security session says so.
        self.text = re.sub("^plain ", "", packet["message"])
        self.raw = re.match(r"(multicast )?raw |frame |upgrade ", self.text) is not None


def align(cases, payloads):
    """(messages, differences)"""
    messages, at = [], 0
    for case in cases:
        lost = set()
        for packet in case["packets"]:
            if packet["kind"] != "bytes":
                continue
            frames, found, udp = [], b"", case["transport"] in DATAGRAMS
            while at < len(payloads) and (not frames or len(found) < len(packet["bytes"]) // 2):
                if payloads[at] is not None:
                    frames.append(at)
                    found += payloads[at]
                at += 1
            stream = (packet["connection"], packet["direction"])
            message = Aligned(case, packet, frames, not udp and stream in lost)
            if found.hex() != packet["bytes"]:
                return messages, [f"{message.where}: the capture has {found.hex()}"]
            # A close, ping or pong of WebSocket does not touch the messages around it.
            if message.raw and not re.match(r"upgrade |frame (close|ping|pong) ", packet["message"] + " "):
                lost.add(stream)
            messages.append(message)
    if any(payload is not None for payload in payloads[at:]):
        return messages, ["the capture has more than the report"]
    return messages, []


def compare(messages, layers, numbers):
    """(differences, messages compared, raw ones)."""
    differences, compared, raw = [], 0, 0
    for message in messages:
        text = message.text
        if message.raw or message.behind_raw:
            raw += 1
            if text.startswith("raw ") and re.sub(r"\s|^raw", "", text).lower() != message.packet["bytes"]:
                differences.append(f"{message.where}: the bytes are {message.packet['bytes']}")
            continue
        compared += 1
        ours = from_notation(text, numbers, message.udp)
        seen = [layer for frame in message.frames for layer in layers[frame]]
        theirs = from_tshark(seen[0]) if seen else {}
        # tshark keeps the payload of a block back until it has them all.
        blocks = {numbers[name] for name in ("Block1", "Block2")}
        if any(option[0] in blocks for option in ours["options"]) and theirs.get("payload") == b"":
            theirs["payload"] = ours["payload"]
        if len(ours["token"]) > 8:
            ours = {key: ours[key] for key in ("type", "code", "mid") if key in ours}
        if len(seen) > 1:
            differences.append(f"{message.where}: tshark sees {len(seen)} messages")
        for key, value in ours.items():
            if theirs.get(key) != value:
                differences.append(f"{message.where}: {key} is {value!r} to us, {theirs.get(key)!r} to tshark")
    return differences, compared, raw


def planted(messages, layers, numbers):
    """Each part of a note, falsified, must be noticed, on each transport."""
    edits = [("type", r"^CON", "NON"), ("code", r"\b2\.05\b", "2.04"), ("mid", r"mid=0x(....)", "mid=0xfffe"),
             ("token", r"token=\w\w", "token=ee"), ("options", r"Uri-Path=", "Location-Path="),
             ("payload", r"payload=.*", 'payload="planted"'), ("options", r'Uri-Path="[^"]', 'Uri-Path="~'),
             ("code", r"^Ping", "Pong"), ("options", r"Max-Message-Size=\d", "Max-Message-Size=9"),
             ("options", r"^CSM .*", "CSM")]
    missed = []
    for transport in sorted({message.case["transport"] for message in messages}):
        for part, pattern, replacement in edits:
            # Types and Message IDs are of UDP only, signaling is of streams only.
            udp_only, stream_only = part in ("type", "mid"), "CSM" in pattern or "Ping" in pattern or "Max" in pattern
            datagrams = transport in DATAGRAMS
            if udp_only and not datagrams or stream_only and datagrams:
                continue
            found = [message for message in messages if message.case["transport"] == transport and
                     not message.raw and not message.behind_raw and
                     re.search(pattern, message.text)]
            if not found:
                missed.append(f"no message over {transport} has a {part} to falsify ({pattern})")
                continue
            kept = found[0].text
            found[0].text = re.sub(pattern, replacement, kept, count=1)
            differences = compare(found[:1], layers, numbers)[0]
            if not any(f": {part} is " in d for d in differences):
                missed.append(f"a false {part} ({pattern}) over {transport} was not noticed")
            found[0].text = kept
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
    messages, differences = align(cases, payloads)
    more, compared, raw = compare(messages, layers, numbers)
    differences += more
    if not differences:
        differences = planted(messages, layers, numbers)
    for difference in differences[:50]:
        print(difference)
    print(f"{compared} messages compared with tshark, {raw} raw ones, {len(differences)} differences")
    sys.exit(1 if differences or compared == 0 else 0)


main()
