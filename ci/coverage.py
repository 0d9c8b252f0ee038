"""coverage.py SUMMARY.json LEAST: prints the line and branch coverage of each
file in llvm-cov's summary; exit 1 when the lines of all together are under
LEAST percent."""

import json
import os
import sys


def percent(counts):
    return 100.0 * counts["covered"] / counts["count"] if counts["count"] else 100.0


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)["data"][0]
    least = float(sys.argv[2])
    for entry in data["files"]:
        summary = entry["summary"]
        print(f"{os.path.relpath(entry['filename'])}: lines {percent(summary['lines']):.1f} %, "
              f"branches {percent(summary['branches']):.1f} %")
    total = data["totals"]["lines"]
    print(f"together: {percent(total):.1f} % of {total['count']} lines, least {least:.0f} %")
    if total["count"] == 0:
        print("no line of these files is in the program")
        sys.exit(1)
    sys.exit(0 if percent(total) >= least else 1)


main()
