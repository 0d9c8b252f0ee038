"""Proves that each mechanical check can fail: in a scratch copy of the tree,
one violation at a time is planted, and the check must fail and name it. With
nothing planted, each check must pass."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

from common import LAYERS, SKIPPED_FOLDERS

HERE = os.path.dirname(os.path.abspath(__file__))
LONG_FUNCTION = ("int cs_wire_planted(int v);\nint cs_wire_planted(int v) {\n"
                 + "  v += 1;\n" * 99 + "  return v;\n}\n")
MANY_FUNCTIONS = "".join(f"int cs_wire_planted_{i}(int v);\nint cs_wire_planted_{i}(int v) {{\n"
                         + "  v += 1;\n" * 70 + "  return v;\n}\n" for i in range(10))
RECURSION = ("int cs_base_planted(int v);\nint cs_base_planted(int v) {\n"
             "  return v ? cs_base_planted(v - 1) : 0;\n}\n")

# (check, file that is planted, its text (None: remove it, a tuple: replace the
# first by the second), what the finding must say)
PLANTED = [
    ("includes", "src/base/planted.c", '#include "wire/message.h"\n', 'base may not include "wire/message.h"'),
    ("includes", "src/core/planted.c", '#include "net/address.h"\n', 'core may not include "net/address.h"'),
    ("includes", "src/link/planted.c", "#include <coap3/coap.h>\n", "includes the public header"),
    ("includes", "src/wire/planted.c", "#include <stdio.h>\n", "<stdio.h> is not listed for wire"),
    ("includes", "src/core/planted.c", "#include <time.h>\n", "<time.h> is not listed for core"),
    ("includes", "conformance/runner/planted.c", '#include "api/context.h"\n', 'conformance may not include "api'),
    ("includes", "fuzz/planted.c", '#include "api/context.h"\n', 'fuzz may not include "api'),
    ("includes", "src/wire/planted_a.h", '#include "wire/planted_b.h"\n', "includes itself"),
    ("includes", "CMakeLists.txt", ("coapspec_layer(base)", "coapspec_layer(base endpoint)"), "layers form a cycle"),
    ("symbols", "src/wire/planted.c", "#include <stdlib.h>\nvoid *cs_wire_planted(void);\n"
     "void *cs_wire_planted(void) { return malloc(3); }\n", "needs malloc"),
    ("symbols", "src/base/planted.c", "#include <stdio.h>\nvoid cs_base_planted(void);\n"
     "void cs_base_planted(void) { puts(\"x\"); }\n", "needs puts"),
    ("symbols", "src/base/planted.c", "int cs_wire_planted(void);\nint cs_wire_planted(void) { return 1; }\n",
     "lacks the prefix of base"),
    ("symbols", "src/core/planted.c", "extern int cs_core_planted;\nint cs_core_planted = 3;\n",
     "cs_core_planted is a writable global"),
    ("symbols", "src/wire/planted.c", "int cs_wire_planted(void);\nint cs_wire_planted(void) {\n"
     "  static int calls;\n  return ++calls;\n}\n", "is a writable global"),
    ("symbols", "src/net/planted.c", "extern const char *cs_wire_code_name(unsigned char c);\n"
     "const char *cs_net_planted(void);\n"
     "const char *cs_net_planted(void) { return cs_wire_code_name(1); }\n", "which net may not see"),
    ("symbols", {"src/wire/planted_a.c": "int wire_planted(void);\nint wire_planted(void) { return 1; }\n",
                 "src/core/planted_b.c": "int wire_planted(void);\nint cs_core_planted(void);\n"
                 "int cs_core_planted(void) { return wire_planted(); }\n"}, None, "which is wire's own"),
    ("symbols", "src/api/planted.c", "int socket(int, int, int);\nint cs_api_planted(void);\n"
     "int cs_api_planted(void) { return socket(1, 1, 0); }\n", "which is for net alone"),
    ("symbols", "src/wire/planted.c", "int cs_wire_absent(void);\nint cs_wire_planted(void);\n"
     "int cs_wire_planted(void) { return cs_wire_absent(); }\n", "which no layer defines"),
    ("symbols", {"src/wire/planted_a.c": "int cs_wire_b(void);\nint cs_wire_a(void);\n"
                 "int cs_wire_a(void) { return cs_wire_b(); }\n",
                 "src/wire/planted_b.c": "int cs_wire_b(void);\nint cs_wire_a(void);\n"
                 "int cs_wire_b(void) { return cs_wire_a(); }\n"}, None, "object files need each other"),
    ("pairs", "fuzz/planted.c", "/* covers: src/wire/message.c */\n", "has no corpus"),
    ("pairs", "fuzz/planted.c", "/* covers: src/wire/message.c */\n", "has no dictionary"),
    ("pairs", "fuzz/planted.c", "int x;\n", "names no file it covers"),
    ("pairs", "corpus/planted/seed", "x", "has no target"),
    ("pairs", "src/wire/message_planted.c", "int cs_wire_planted(int v) {\n  return v;\n}\n",
     "has no test (tests/wire/test_message_planted.c)"),
    ("pairs", "src/wire/planted.c", "int x;\n", "has no test (tests/wire/test_planted.c)"),
    ("pairs", "ci/checks/untested.tsv", "src/wire/gone.c\tit is gone\n", "needs no exception"),
    ("pairs", "src/base/rules.def", ("#", 'CS_RULE(PLANTED, "RFC7252#3:planted", MUST, "x")\n#'),
     "RFC7252#3:planted has no row"),
    ("pairs", "conformance/requirements.tsv",
     "id\trfc\tsection\tlevel\tsummary\tproof\nRFC7252#9:planted\t7252\t9\tMUST\tsummary\t\n",
     "has neither a scenario nor a reason"),
    ("pairs", "conformance/requirements.tsv",
     "id\trfc\tsection\tlevel\tsummary\tproof\nRFC7252#9:planted\t7252\t9\tMUST\tsummary\tscenario\n",
     "is covered by no scenario"),
    ("pairs", "conformance/requirements.tsv",
     "id\trfc\tsection\tlevel\tsummary\tproof\nRFC7252#9:planted\t7252\t9\tMUST\tsummary\tbecause\n",
     "is neither scenario nor a reason"),
    ("pairs", "conformance/requirements.tsv",
     "id\trfc\tsection\tlevel\tsummary\tproof\nRFC7252#9:a\t7252\t9\tMUST\ts\tduplicate-of RFC7252#9:b\n",
     "is a duplicate of RFC7252#9:b"),
    ("pairs", "conformance/scenarios/rfc7252/planted.scn",
     "id 7252/9/planted\ncovers RFC7252#9:planted\n---\n", "is not in conformance/requirements.tsv"),
    ("size", "src/wire/planted.c", LONG_FUNCTION, "cs_wire_planted has 102 lines"),
    ("size", "src/wire/planted.c", MANY_FUNCTIONS * 60, "5 % of the functions"),
    ("size", "src/wire/planted.c", "int x;\n" * 801, "has 801 lines"),
    ("banned", "conformance/runner/planted.c", "void f(char *a) {\n  strcpy(a, a);\n}\n", "strcpy is not used"),
    ("banned", "tests/wire/planted.c", "int f(char *a) {\n  return atoi(a);\n}\n", "atoi is not used"),
    ("banned", "src/core/planted.c", "void *f(void) {\n  return malloc(1);\n}\n", "malloc: memory comes from"),
    ("banned", "src/base/planted.c", RECURSION, "cs_base_planted calls itself"),
    ("format", "src/wire/planted.c", "int   x ;\n", "src/wire/planted.c"),
    ("tidy", "src/wire/planted.c", "int cs_wire_planted(int *p);\nint cs_wire_planted(int *p) {\n"
     "  if (p)\n    return 0;\n  return *p;\n}\n", "Dereference of null pointer"),
    ("facts", "docs/planted.md", "see " + ".".join(("deb", "debian", "org")) + "\n", "names a registry's host"),
    ("facts", "docs/planted.md", "see /" + "work/main\n", "has a path of one machine"),
    ("facts", "src/wire/planted.c", "/* TO" "DO */\n", "leaves something open"),
    ("facts", "README.md", "# coapspec\n\n    ./ci/test.sh\n    ./ci/conformance.sh\n", "the first commands are"),
    ("facts", "ci/conformance.sh", None, "is missing"),
    ("facts", ".ci/run", "#!/bin/sh\ntrue\n", "does not run ci/test.sh"),
]


def run(check, tree, build):
    environment = dict(os.environ, COAPSPEC_TIDY_ONLY="src/wire/planted.c")
    result = subprocess.run([sys.executable, "-B", os.path.join(HERE, f"{check}.py"), "--root", tree,
                             "--build", build], capture_output=True, text=True, env=environment)
    return result.returncode, result.stdout + result.stderr


def copy_tree(root, tree):
    """The tree without its corpora's content: only their names matter here."""
    def ignore(folder, names):
        skipped = [n for n in names if n in SKIPPED_FOLDERS or n.startswith("build-")]
        if os.path.basename(os.path.dirname(folder)) == "corpus":
            skipped += sorted(names)[1:]
        return skipped
    shutil.copytree(root, tree, ignore=ignore, symlinks=True)


def copy_objects(build, copy):
    for part in [os.path.join("CMakeFiles", f"{layer}.dir") for layer in LAYERS + ["tls_none"]] + [os.path.join("src", "api")]:
        source = os.path.join(build, part)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(copy, part),
                            ignore=shutil.ignore_patterns("*.d", "*.so*", "*.a"), symlinks=True)


def plant(tree, build, check, name, text):
    """Writes the violation; returns what undoes it, as {path: old content or None}."""
    pieces = name if isinstance(name, dict) else {name: text}
    undo = {}
    for relative, content in pieces.items():
        path = os.path.join(tree, relative)
        undo[path] = open(path, "rb").read() if os.path.exists(path) else None
        if content is None:
            os.remove(path)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, tuple):
            old = undo[path].decode()
            if content[0] not in old:
                sys.exit(f"selftest: {relative} no longer holds {content[0]!r}")
            content = old.replace(content[0], content[1], 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        if check == "symbols":
            layer = relative.split("/")[1]
            folder = "src/api/CMakeFiles/api.dir" if layer == "api" else f"CMakeFiles/{layer}.dir/src/{layer}"
            made = os.path.join(build, folder, os.path.basename(relative) + ".o")
            os.makedirs(os.path.dirname(made), exist_ok=True)
            subprocess.run(["cc", "-O2", "-DNDEBUG", "-fPIC", "-fno-stack-protector", "-c", path, "-o", made],
                           check=True)
            undo[made] = None
        if check == "tidy":
            commands = os.path.join(build, "compile_commands.json")
            with open(commands, "w", encoding="utf-8") as file:
                file.write('[{"directory": "%s", "file": "%s", "command": "cc -std=c11 -c %s"}]'
                           % (tree, path, path))
            undo[commands] = None
    if name == "src/wire/planted_a.h":
        other = os.path.join(tree, "src/wire/planted_b.h")
        with open(other, "w", encoding="utf-8") as file:
            file.write('#include "wire/planted_a.h"\n')
        undo[other] = None
    return undo


def restore(undo):
    for path, content in undo.items():
        if content is None:
            if os.path.exists(path):
                os.remove(path)
        else:
            mode = os.stat(path).st_mode if os.path.exists(path) else 0o755
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, mode)
    # A folder that only the violation needed goes with it.
    for path in undo:
        folder = os.path.dirname(path)
        while os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)


def planted_exports(tree, build):
    """A library that exports what its map does not name, and the other way round."""
    folder = os.path.join(tree, "src", "api")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name.endswith(".map"):
            os.remove(os.path.join(folder, name))
    with open(os.path.join(folder, "planted.map"), "w", encoding="utf-8") as file:
        file.write("COAP_3 {\n  global:\n    coap_named;\n    coap_absent;\n  local:\n    *;\n};\n")
    source = os.path.join(build, "planted.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("int coap_named(void) { return 1; }\nint coap_extra(void) { return 2; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", os.path.join(build, "libcoap-3.so.0")], check=True)
    code, output = run("exports", tree, build)
    problems = []
    for wanted in ("exports coap_extra", "does not export coap_absent"):
        if code != 1 or wanted not in output:
            problems.append(f"exports: planted, but not named ({wanted}):\n{output}")
    if "coap_named" in output:
        problems.append(f"exports: complains about a name that is right:\n{output}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", required=True)
    arguments = parser.parse_args()
    # What is installed beside the tree is found from the copy too.
    os.environ["COAPSPEC_SOURCE"] = os.path.abspath(arguments.root)
    problems = []
    with tempfile.TemporaryDirectory(prefix="coapspec-checks-") as scratch:
        tree, build = os.path.join(scratch, "tree"), os.path.join(scratch, "objects")
        os.makedirs(build)
        copy_tree(os.path.abspath(arguments.root), tree)
        copy_objects(os.path.abspath(arguments.build), build)
        # tidy and exports need the real build to pass; they are tests of their own.
        for check in ("includes", "symbols", "pairs", "size", "banned", "format", "facts"):
            code, output = run(check, tree, build)
            if code != 0:
                problems.append(f"{check}: fails with nothing planted (the test check.{check} says why): "
                                + output.strip().splitlines()[0])
        for check, name, text, wanted in PLANTED:
            undo = plant(tree, build, check, name, text)
            code, output = run(check, tree, build)
            if code != 1 or wanted not in output:
                problems.append(f"{check}: planted {name}, but it did not say '{wanted}' (exit {code}):\n{output}")
            restore(undo)
        problems += planted_exports(tree, build)
    for problem in problems:
        print(problem)
    if problems:
        print(f"selftest: {len(problems)} of {len(PLANTED) + 2} violations were not caught")
        sys.exit(1)
    print(f"selftest: {len(PLANTED) + 2} planted violations, each caught and named")


main()
