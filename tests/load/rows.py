"""A row of the load tests' table."""

HOLDS, FAILS, EXPECTED, SKIPPED = "holds", "FAILS", "expected failure", "skipped"


def row(test, goal, figure, holds, expected=False):
    verdict = HOLDS if holds else EXPECTED if expected else FAILS
    return {"test": test, "goal": goal, "figure": figure, "verdict": verdict}
