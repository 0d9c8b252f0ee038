"""Sizes that keep code readable: a function has at most 100 lines (95 % at
most 60), a file at most 800."""

from common import C_FOLDERS, Check, c_files, files, functions

FILE_LINES, FUNCTION_LINES, USUAL_LINES = 800, 100, 60


def main():
    check = Check("size")
    lengths = []
    for relative in c_files(check.root, C_FOLDERS):
        text = check.read(relative)
        check.seen += 1
        lines = text.count("\n")
        if lines > FILE_LINES:
            check.report(relative, f"has {lines} lines, more than {FILE_LINES}")
        for name, first, last, _ in functions(text):
            length = last - first + 1
            lengths.append((length, f"{relative}:{first}", name))
            if length > FUNCTION_LINES:
                check.report(f"{relative}:{first}", f"{name} has {length} lines, more than {FUNCTION_LINES}")
    for relative in files(check.root, ["ci", "conformance", "tests"], (".py", ".sh")):
        check.seen += 1
        lines = check.read(relative).count("\n")
        if lines > FILE_LINES:
            check.report(relative, f"has {lines} lines, more than {FILE_LINES}")
    lengths.sort()
    if lengths:
        length, where, name = lengths[len(lengths) * 95 // 100]
        if length > USUAL_LINES:
            check.report(where, f"5 % of the functions have more than {USUAL_LINES} lines "
                                f"(the 95th percentile is {name} with {length})")
        print(f"size: {len(lengths)} functions, 95 % have at most {length} lines, "
              f"the longest {lengths[-1][0]} ({lengths[-1][2]})")
    check.finish("files")


main()
