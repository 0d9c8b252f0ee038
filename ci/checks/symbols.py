"""What release objects need and define: each layer's undefined symbols come
from the four memory functions, the compiler and permitted layers; names carry
their layer's prefix; nothing below api is a writable global; no object files
need each other in a circle."""

import os
import re
import subprocess

from common import LAYERS, Check, find_cycle, layer_table

MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
COMPILER = re.compile(r"^(_GLOBAL_OFFSET_TABLE_|__(u?div|u?mod|mul|ash|lsh|cmp|ctz|clz|popcount|ff)\w*\d)$")
# Names that are the field's own words and have no room in them.
PLAIN = {"base": ("cs_base_", "cs_span_", "cs_time_", "cs_rule_", "cs_err_")}
# The network is net's, also for the layer that may see net.
NETWORK = {"accept", "accept4", "bind", "connect", "getaddrinfo", "listen", "poll", "ppoll", "recv",
           "recvfrom", "recvmsg", "select", "send", "sendmsg", "sendto", "socket", "epoll_create1",
           "epoll_ctl", "epoll_wait", "timerfd_create"}
READ_ONLY = re.compile(r"^\.(rodata|data\.rel\.ro|text|eh_frame|init_array|fini_array|note|comment)")
WRITABLE = re.compile(r"^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)")


def objects(check, layer):
    top = os.path.join(check.build, "CMakeFiles", f"{layer}.dir")
    if layer == "api":
        top = os.path.join(check.build, "src", "api", "CMakeFiles")
    found = []
    # none.c is the layer tls of the library without TLS, a target of its own.
    tops = [top, os.path.join(check.build, "CMakeFiles", f"{layer}_none.dir")]
    for place, _, leaves in (step for folder in tops for step in os.walk(folder)):
        found += [os.path.join(place, leaf) for leaf in leaves
                  if leaf.endswith(".o") and leaf != "empty.c.o"
                  and os.path.exists(check.path("src", layer, leaf[:-2]))]
    return sorted(found)


def symbols(path):
    """(undefined names, {global name}, [writable variable]) of one object."""
    undefined, defined, writable = set(), set(), []
    listing = subprocess.run(["objdump", "-t", path], check=True, capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        match = re.match(r"^[0-9a-f]{8,} (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden |\.protected )?(\S+)$", line)
        if not match:
            continue
        flags, section, name = match.groups()
        if section == "*UND*":
            undefined.add(name)
        elif "f" in flags or "d" in flags and "O" not in flags:
            continue
        else:
            if flags[0] in "gu!" or flags[1] == "w":
                defined.add(name)
            if ("O" in flags or section == "*COM*") and WRITABLE.match(section) and not READ_ONLY.match(section):
                writable.append(name)
    return undefined, defined, writable


def main():
    check = Check("symbols", build=True)
    table = layer_table(check)
    table["api"] = set(LAYERS)
    everything = {}
    defined_in = {}
    for layer in table:
        sources = [n for n in os.listdir(check.path("src", layer)) if n.endswith(".c")] \
            if os.path.isdir(check.path("src", layer)) else []
        paths = objects(check, layer)
        built = {os.path.basename(p)[:-2] for p in paths}
        for source in sources:
            if source not in built:
                check.report(f"src/{layer}/{source}", "has no object in the release build")
        for path in paths:
            label = f"src/{layer}/{os.path.basename(path)[:-2]}"
            undefined, defined, writable = symbols(path)
            if any(u.startswith(("__asan", "__msan", "__ubsan", "__stack_chk")) for u in undefined):
                check.report(label, "is not a release object (sanitizer or stack protector)")
            if "__gnu_lto_slim" in defined | undefined | set(writable):
                check.report(label, "is no machine code (slim LTO); its symbols cannot be looked at")
            everything[label] = (layer, undefined, defined, writable)
            for name in defined:
                defined_in[name] = (layer, label)
    graph = {label: set() for label in everything}
    for label, (layer, undefined, defined, writable) in sorted(everything.items()):
        check.seen += 1
        allowed = {layer} | table[layer]
        for name in sorted(undefined):
            if name in defined_in:
                other, other_label = defined_in[name]
                if other not in allowed:
                    check.report(label, f"needs {name} of {other}, which {layer} may not see")
                elif other != layer and not name.startswith(("cs_", "coap_")):
                    check.report(label, f"needs {name}, which is {other}'s own")
                if other_label != label:
                    graph[label].add(other_label)
            elif name.startswith("cs_"):
                check.report(label, f"needs {name}, which no layer defines")
            elif layer == "tls" and re.match(r"(mbedtls|psa)_", name):
                continue
            elif layer != "net" and name in NETWORK:
                check.report(label, f"needs {name}, which is for net alone")
            elif layer not in ("net", "api") and name not in MEMORY and not COMPILER.match(name):
                check.report(label, f"needs {name}; {layer} may use only {', '.join(sorted(MEMORY))}")
        if layer != "api":
            # cs_<layer>_x is for others, <layer>_x for the files of the layer itself.
            prefixes = PLAIN.get(layer, (f"cs_{layer}_",)) + (f"{layer}_",)
            for name in sorted(defined):
                if not name.startswith(prefixes):
                    check.report(label, f"defines {name}, which lacks the prefix of {layer}")
            for name in writable:
                check.report(label, f"{name} is a writable global")
    cycle = find_cycle(graph)
    if cycle:
        check.report(cycle[0], "object files need each other: " + " -> ".join(cycle))
    check.finish("objects")


main()
