#!/usr/bin/env python3
"""docs/etsi.md has a row for each of ETSI's tests, and names cases that exist. Plants mistakes in
a copy of the text first, and fails unless each is found."""
import os
import re
import sys

FAMILIES = ("Version CON NON ACK RST TokenLength Code PayloadMarker Separate UriHost UriPath "
            "UriQuery ProxyUri ContentFormat Accept MaxAge ETag Location IfMatch IfNoneMatch").split()


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def cases(root):
    """The ids of all cases: with +con and +non where a scenario has both types."""
    found = set()
    for folder, _, files in os.walk(os.path.join(root, "conformance", "scenarios")):
        for name in files:
            header = read(os.path.join(folder, name)).split("\n---")[0]
            ident = re.search(r"^id\s+(\S+)", header, re.M).group(1)
            types = re.search(r"^type\s+(.*)$", header, re.M)
            found |= {f"{ident}+{t.lower()}" for t in types.group(1).split()} if types else {ident}
    return found


def mistakes(text, known):
    found = []
    named = re.findall(r"`(\d+/[\d.]+/[a-z0-9+-]+)`", text)
    found += [f"{ident}: no such case" for ident in named if ident not in known]
    rows = dict(re.findall(r"^\| ([A-Za-z0-9_]+) \| (.*) \|$", text, re.M))
    for test in [f"TD_COAP_CORE_{n:02}" for n in range(1, 33)] + FAMILIES:
        row = rows.get(test, "")
        if not row:
            found.append(f"{test}: no row")
        elif "`" not in row and "in none of the descriptions" not in row:
            found.append(f"{test}: neither cases nor a reason")
    return found


def main():
    root = os.environ.get("COAPSPEC_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
    text = read(os.path.join(root, "docs", "etsi.md"))
    known = cases(root)
    planted = [
        ("`7252/4.3/ping`", "`7252/4.3/pong`", "7252/4.3/pong: no such case"),
        ("`7252/5.8.1/get-content+con`", "`7252/5.8.1/get-content`",
         "7252/5.8.1/get-content: no such case"),
        ("| TD_COAP_CORE_17 |", "| TD_COAP_CORE_99 |", "TD_COAP_CORE_17: no row"),
        ("| IfMatch |", "| IfMatches |", "IfMatch: no row"),
        ("| `proxy` |\n| TD_COAP_CORE_25", "| |\n| TD_COAP_CORE_25",
         "TD_COAP_CORE_24: neither cases nor a reason"),
    ]
    for old, new, wanted in planted:
        if wanted not in mistakes(text.replace(old, new, 1), known):
            sys.exit(f"not found when it was planted: {wanted}")
    found = mistakes(text, known)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
