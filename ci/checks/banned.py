"""Functions that are not used, and functions that call themselves without a
stated bound."""

import re

from common import C_FOLDERS, Check, bare_code, c_files, functions

WORDS = ["strcpy", "stpcpy", "strcat", "sprintf", "vsprintf", "atoi", "atol", "atoll", "alloca",
         "gets", "strtok", "strtok_r", "FD_SET", "FD_ISSET", "setjmp", "longjmp"]
BANNED = re.compile(r"\b(" + "|".join(WORDS) + r")\s*\(")
ALLOCATION = re.compile(r"\b(malloc|calloc|realloc|free|strdup)\s*\(")
PURE = ("src/base/", "src/wire/", "src/core/", "src/link/", "src/endpoint/")


def main():
    check = Check("banned")
    for relative in c_files(check.root, C_FOLDERS):
        check.seen += 1
        text = check.read(relative)
        code = bare_code(text)
        raw = text.split("\n")
        for match in BANNED.finditer(code):
            where = f"{relative}:{code.count(chr(10), 0, match.start()) + 1}"
            check.report(where, f"{match.group(1)} is not used here")
        if relative.startswith(PURE):
            for match in ALLOCATION.finditer(code):
                where = f"{relative}:{code.count(chr(10), 0, match.start()) + 1}"
                check.report(where, f"{match.group(1)}: memory comes from the allocator that is passed in")
        # Calls that go round through several functions are clang-tidy's
        # misc-no-recursion; this one needs no compiler.
        for name, first, last, body in functions(text):
            inside = body.split("{", 1)[1]
            if re.search(rf"(?<![\w.>]){re.escape(name)}\s*\(", inside):
                reason = "\n".join(raw[max(0, first - 6):last])
                if "recursion is bounded" not in reason:
                    check.report(f"{relative}:{first}", f"{name} calls itself and states no bound "
                                                        "(a comment 'recursion is bounded by ...')")
    check.finish("files")


main()
