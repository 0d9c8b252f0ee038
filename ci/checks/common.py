"""What the mechanical checks share: the tree, C without comments, and a verdict."""

import argparse
import os
import re
import sys

SKIPPED_FOLDERS = {".git", "build", "out", "__pycache__"}
LAYERS = ["base", "wire", "core", "tls", "net", "link", "endpoint"]
C_FOLDERS = ["src", "include", "conformance", "fuzz", "tests", "examples"]


class Check:
    """Collects findings; prints them and exits 1 when there is one."""

    def __init__(self, name, build=False):
        parser = argparse.ArgumentParser(description=name)
        parser.add_argument("--root", required=True, help="the source tree")
        parser.add_argument("--build", help="the folder of a release build")
        arguments = parser.parse_args()
        self.name = name
        self.root = os.path.abspath(arguments.root)
        self.build = os.path.abspath(arguments.build) if arguments.build else None
        if build and not (self.build and os.path.isdir(self.build)):
            sys.exit(f"{name}: --build must name a release build")
        self.findings = []
        self.seen = 0

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def read(self, relative):
        with open(self.path(relative), encoding="utf-8", errors="replace") as file:
            return file.read()

    def report(self, where, message):
        self.findings.append(f"{where}: {message}")

    def finish(self, what):
        """Prints the findings, or what was looked at, and ends the program."""
        for finding in self.findings:
            print(finding)
        if self.findings:
            print(f"{self.name}: {len(self.findings)} finding(s)")
            sys.exit(1)
        if self.seen == 0:
            print(f"{self.name}: nothing was looked at")
            sys.exit(1)
        print(f"{self.name}: {self.seen} {what}, no finding")
        sys.exit(0)


def files(root, folders=("",), endings=None):
    """The files under root/folder for each folder, as sorted relative paths."""
    found = []
    for folder in folders:
        for place, names, leaves in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS and not n.startswith("build-")]
            for leaf in leaves:
                if endings is None or leaf.endswith(endings):
                    found.append(os.path.relpath(os.path.join(place, leaf), root))
    return sorted(set(found))


def c_files(root, folders=C_FOLDERS):
    return files(root, folders, (".c", ".h"))


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def bare_code(text, strings=False):
    """text with comments (and, unless strings, literals) blanked, lines kept."""

    def blank(match):
        piece = match.group(0)
        if piece[0] in "\"'":
            return piece if strings else piece[0] + piece[0]
        return re.sub(r"[^\n]", " ", piece)

    return TOKEN.sub(blank, text)


def layer_table(check):
    """layer -> the layers it may see, from the coapspec_layer lines of CMake."""
    table = {}
    for line in check.read("CMakeLists.txt").splitlines():
        match = re.match(r"\s*coapspec_(?:tls_)?layer\(([a-z ]+)\)", line)
        if match:
            words = match.group(1).split()
            table[words[0]] = set(words[1:])
    if set(table) != set(LAYERS):
        sys.exit(f"CMakeLists.txt declares the layers {sorted(table)}, expected {sorted(LAYERS)}")
    return table


def find_cycle(graph):
    """One cycle of the graph as a list of nodes, or None."""
    state = {}
    for start in sorted(graph):
        if start in state:
            continue
        trail = [(start, iter(sorted(graph[start])))]
        state[start] = "open"
        while trail:
            node, rest = trail[-1]
            following = next(rest, None)
            if following is None:
                state[node] = "done"
                trail.pop()
            elif state.get(following) == "open":
                names = [n for n, _ in trail]
                return names[names.index(following):] + [following]
            elif following not in state and following in graph:
                state[following] = "open"
                trail.append((following, iter(sorted(graph[following]))))
    return None


def functions(text):
    """(name, first line, last line, body) of each function defined in text, which
    is C as clang-format lays it out: the closing brace is in the first column."""
    lines = bare_code(text).split("\n")
    found = []
    index = 0
    while index < len(lines):
        line = lines[index]
        opens = line.rstrip().endswith("{") and not line.startswith((" ", "\t", "}", "#"))
        # A signature that was wrapped ends on a line that is indented.
        if line.rstrip().endswith(") {") and line.startswith((" ", "\t")):
            opens = True
        if not opens:
            index += 1
            continue
        first = index
        while first > 0 and lines[first].startswith((" ", "\t")):
            first -= 1
        head = " ".join(lines[first:index + 1])
        last = index
        while last < len(lines) and not lines[last].startswith("}"):
            last += 1
        match = re.match(r"[^=;]*?\b([A-Za-z_]\w*)\s*\(", head)
        if match and "=" not in head and not re.match(r"\s*(typedef\s+)?(struct|enum|union)\b[^(]*{", head):
            name = match.group(1)
            test = re.match(r"START_TEST\s*\(\s*(\w+)", head)
            found.append((test.group(1) if test else name, first + 1, last + 1,
                          "\n".join(lines[index:last + 1])))
        index = last + 1
    return found
