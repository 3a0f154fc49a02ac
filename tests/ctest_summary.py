#!/usr/bin/env python3
"""Prints `N passed, N failed, N skipped` from a JUnit file that ctest wrote.

Exits 1 when a test failed, could not be run, or when no test ran at all.
"""

import sys
import xml.etree.ElementTree as ElementTree

# What ctest writes for a test that asked to be skipped. Any other reason for not running a test (a
# missing program, a failed fixture) is a failure: its exit status says so too, its counts do not.
SKIP_MESSAGES = ("SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION_MATCHED", "Disabled")


def count(path):
    """Returns {"passed": n, "failed": n, "skipped": n} of the JUnit file at path."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        skipped = case.find("skipped")
        if skipped is not None or case.get("status") in ("notrun", "disabled"):
            message = "" if skipped is None else skipped.get("message", "")
            asked = case.get("status") == "disabled" or message.startswith(SKIP_MESSAGES)
            counts["skipped" if asked else "failed"] += 1
        elif case.get("status") == "run":
            counts["passed"] += 1
        else:
            counts["failed"] += 1
    return counts


def main():
    try:
        counts = count(sys.argv[1])
    except (OSError, ElementTree.ParseError) as error:
        print(f"ctest_summary: no results to read: {error}", file=sys.stderr)
        counts = {"passed": 0, "failed": 1, "skipped": 0}
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
