"""What comes in pairs: a fuzz target and its corpus and dictionary, a source
and its test, a requirement and its scenarios (or a reason), a rule and its
requirement."""

import os
import re

from common import LAYERS, Check, bare_code, files, functions

EXCEPTIONS = "ci/checks/untested.tsv"
NOT_TARGETS = {"replay_main", "oracle"}
# Why a requirement has no scenario: it binds a client, a proxy, or what cannot
# be seen from outside; it permits; another row says the same; or its issue is
# still to come.
REASONS = {"client", "proxy", "internal", "permission", "duplicate-of", "later"}


def exceptions(check):
    """source -> why it has no test of its own."""
    table = {}
    if os.path.exists(check.path(EXCEPTIONS)):
        for number, line in enumerate(check.read(EXCEPTIONS).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            source, _, reason = line.partition("\t")
            if not reason.strip():
                check.report(f"{EXCEPTIONS}:{number}", f"{source} has no reason")
            table[source] = number
    return table


def check_fuzz(check):
    targets = [f for f in files(check.root, ["fuzz"], (".c",)) if f.count("/") == 1]
    names = {os.path.basename(f)[:-2] for f in targets} - NOT_TARGETS
    for name in sorted(names):
        check.seen += 1
        folder = check.path("corpus", name)
        if not os.path.isdir(folder) or not os.listdir(folder):
            check.report(f"fuzz/{name}.c", f"has no corpus (corpus/{name}/)")
        if not os.path.exists(check.path("fuzz", f"{name}.dict")):
            check.report(f"fuzz/{name}.c", f"has no dictionary (fuzz/{name}.dict)")
        if not re.search(r"\bcovers:\s*\S", check.read(f"fuzz/{name}.c")):
            check.report(f"fuzz/{name}.c", "names no file it covers (a comment line 'covers: FILE...')")
    if os.path.isdir(check.path("corpus")):
        for name in sorted(os.listdir(check.path("corpus"))):
            if name not in names:
                check.report(f"corpus/{name}", f"has no target (fuzz/{name}.c)")


def tested_with_family(check, layer, source, stem):
    """uri_split.c may be tested in test_uri.c, if that calls something of it."""
    while "_" in stem:
        stem = stem.rsplit("_", 1)[0]
        test = f"tests/{layer}/test_{stem}.c"
        if os.path.exists(check.path(test)):
            calls = set(re.findall(r"\b(\w+)\s*\(", bare_code(check.read(test))))
            return any(name in calls for name, _, _, _ in functions(check.read(source)))
    return False


def tested_by_feature(check, source):
    """The tests of the public functions go by what a user does, not by file; each
    file has public functions that one of them calls."""
    public = {name for name, _, _, _ in functions(check.read(source)) if name.startswith("coap_")}
    return any(public & set(re.findall(r"\b(\w+)\s*\(", bare_code(check.read(test))))
               for test in files(check.root, ["tests/api", "tests/interop"], (".c", ".h")))


def check_sources(check):
    known = exceptions(check)
    used = set()
    for layer in LAYERS + ["api"]:
        for source in files(check.root, [f"src/{layer}"], (".c",)):
            check.seen += 1
            stem = os.path.basename(source)[:-2]
            test = f"tests/{layer}/test_{stem}.c"
            if os.path.exists(check.path(test)) or tested_with_family(check, layer, source, stem) or \
                    layer == "api" and tested_by_feature(check, source):
                continue
            if source in known:
                used.add(source)
            else:
                check.report(source, f"has no test ({test})")
    for source in sorted(set(known) - used):
        check.report(f"{EXCEPTIONS}:{known[source]}", f"{source} needs no exception (or is gone)")


def scenario_ids(check):
    """id -> file, and the requirements that scenarios say they cover."""
    ids, covered = {}, {}
    for path in files(check.root, ["conformance/scenarios"], (".scn",)):
        head = check.read(path).split("\n---", 1)[0]
        for line in head.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "id" and len(words) == 2:
                if words[1] in ids:
                    check.report(path, f"has the id of {ids[words[1]]}: {words[1]}")
                ids[words[1]] = path
            elif words[0] == "covers":
                for requirement in words[1:]:
                    covered.setdefault(requirement, []).append(path)
    return ids, covered


def check_proof(check, where, requirement, proof, covered):
    """The last column: "scenario", or one of the reasons for having none. Which
    scenarios they are is said once, in the scenarios."""
    words = re.split(r"[,\s]+", proof)
    if not proof:
        check.report(where, f"{requirement} has neither a scenario nor a reason")
    elif proof == "scenario":
        if requirement not in covered:
            check.report(where, f"{requirement} is covered by no scenario")
    elif words[0] in REASONS:
        if requirement in covered:
            check.report(where, f"{requirement} gives a reason ({words[0]}), but {covered[requirement][0]} covers it")
    else:
        check.report(where, f"{requirement}: {proof} is neither scenario nor a reason")


def check_requirements(check):
    table = "conformance/requirements.tsv"
    ids, covered = scenario_ids(check)
    if not os.path.exists(check.path(table)):
        if ids:
            check.report(table, "does not exist, but there are scenarios")
        return
    requirements, proofs = {}, []
    for number, line in enumerate(check.read(table).splitlines(), 1):
        if not line.strip() or line.startswith("#") or line.startswith("id\t"):
            continue
        check.seen += 1
        where = f"{table}:{number}"
        fields = line.split("\t")
        if len(fields) != 6:
            check.report(where, f"has {len(fields)} fields, not 6")
            continue
        if not all(field.strip() for field in fields[:5]):
            check.report(where, "has an empty field")
        if fields[0] in requirements:
            check.report(where, f"repeats {fields[0]}")
        requirements[fields[0]] = where
        check_proof(check, where, fields[0], fields[5].strip(), covered)
        proofs.append((where, fields[5].split()))
    for where, words in proofs:
        if words[:1] == ["duplicate-of"] and (len(words) != 2 or words[1] not in requirements):
            check.report(where, f"is a duplicate of {' '.join(words[1:])}, which is not in {table}")
    for requirement, paths in sorted(covered.items()):
        if requirement not in requirements:
            check.report(paths[0], f"covers {requirement}, which is not in {table}")
    rules = re.findall(r'CS_RULE\(\s*\w+,\s*"([^"]+)",\s*(MUST|SHOULD|OURS)',
                       check.read("src/base/rules.def"))
    for rule, basis in rules:
        check.seen += 1
        if basis != "OURS" and rule not in requirements:
            check.report("src/base/rules.def", f"{rule} has no row in {table}")


def main():
    check = Check("pairs")
    check_fuzz(check)
    check_sources(check)
    check_requirements(check)
    check.finish("pairs")


main()
