"""Includes go along the arrows of the architecture, without a cycle, and each
layer uses only the system headers listed for it."""

import os
import re

from common import LAYERS, C_FOLDERS, Check, bare_code, c_files, find_cycle, layer_table

# Freestanding headers and the four functions of string.h: what code without I/O needs.
PURE = {"assert.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
        "stdint.h", "inttypes.h", "string.h"}
# The only callers of the operating system.
SYSTEM = PURE | {
    "arpa/inet.h", "dirent.h", "errno.h", "fcntl.h", "ifaddrs.h", "linux/errqueue.h", "net/if.h", "netdb.h",
    "netinet/in.h", "netinet/tcp.h", "poll.h", "stdio.h", "stdlib.h", "sys/epoll.h", "sys/mman.h", "sys/random.h",
    "sys/socket.h", "sys/stat.h", "sys/time.h", "sys/types.h", "sys/uio.h", "sys/un.h", "time.h",
    "unistd.h", "sys/timerfd.h", "sys/eventfd.h", "linux/sock_diag.h"}
# The public layer keeps callers' memory, logs and translates socket addresses.
PUBLIC = PURE | {"errno.h", "netdb.h", "netinet/in.h", "poll.h", "stdio.h", "stdlib.h", "sys/select.h",
                 "sys/socket.h", "sys/types.h", "sys/un.h", "time.h", "unistd.h", "net/if.h",
                 "sys/epoll.h", "arpa/inet.h"}
HEADERS = {"net": SYSTEM, "api": PUBLIC}
TLS_LIBRARY = re.compile(r"(mbedtls|psa)/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def allowed_rooms(check):
    table = layer_table(check)
    rooms = {layer: {layer} | lower for layer, lower in table.items()}
    # api sees the driver rooms and the values they speak in; never tls or link from outside.
    rooms["api"] = {"api", "endpoint", "net", "core", "link", "tls", "wire", "base", "coap3"}
    layers = set(LAYERS)
    rooms["conformance"] = layers | {"runner", "server", "report", "profiles"}
    # The target api_calls is a user of the public library, on the tests' simulated net.
    rooms["fuzz-api"] = layers | {"api", "coap3", "support", "fuzz"}
    rooms["fuzz"] = layers | {"runner", "server", "report", "fuzz"}
    rooms["tests"] = layers | {"runner", "server", "report", "support", "api", "coap3", "fuzz"}
    rooms["examples"] = {"coap3"}
    rooms["include"] = {"coap3"}
    return table, rooms


def owner(relative):
    parts = relative.split("/")
    if relative.startswith(("fuzz/api/", "fuzz/api_calls.")):
        return "fuzz-api"
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def check_file(check, relative, rooms, edges):
    who = owner(relative)
    text = bare_code(check.read(relative), strings=True)
    for match in INCLUDE.finditer(text):
        kind, name = match.groups()
        where = f"{relative}:{text.count(chr(10), 0, match.start(2)) + 1}"
        room = name.split("/")[0] if "/" in name else None
        if room == "coap3":
            if "coap3" not in rooms.get(who, set()):
                check.report(where, f"{who} includes the public header {name}")
            continue
        if kind == "<":
            if relative.startswith("src/"):
                listed = HEADERS.get(who, PURE)
                if name not in listed and not (who == "tls" and TLS_LIBRARY.match(name)):
                    check.report(where, f"system header <{name}> is not listed for {who}")
            continue
        if room is None:
            # A header beside the file: only public headers and fuzz targets do that.
            target = os.path.normpath(os.path.join(os.path.dirname(relative), name))
            if relative.startswith("src/"):
                check.report(where, f'"{name}" names no room; write "<room>/{name}"')
            elif os.path.exists(check.path(target)):
                edges.setdefault(relative, set()).add(target)
            continue
        if room not in rooms.get(who, set()):
            if not (who == "api" and not os.path.isdir(check.path("src", room))):
                check.report(where, f'{who} may not include "{name}"')
        for place in (f"src/{name}", f"conformance/{name}", f"tests/{name}", name):
            if os.path.exists(check.path(place)):
                edges.setdefault(relative, set()).add(place)
                break


def main():
    check = Check("includes")
    table, rooms = allowed_rooms(check)
    cycle = find_cycle(table)
    if cycle:
        check.report("CMakeLists.txt", "the layers form a cycle: " + " -> ".join(cycle))
    edges = {}
    for relative in c_files(check.root, C_FOLDERS):
        check.seen += 1
        check_file(check, relative, rooms, edges)
    for targets in list(edges.values()):
        for target in targets:
            edges.setdefault(target, set())
    cycle = find_cycle(edges)
    if cycle:
        check.report(cycle[0], "includes itself: " + " -> ".join(cycle))
    check.finish("files")


main()
