"""Run the tests and print which requirement ids have passing tests, and which have none.

`--collect-only` lists the citations without running anything.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

IDS = Path(__file__).parent.parent / "docs" / "requirements.txt"
"""Every id of the requirements, one a line with its sentence."""


class Citations:
    """Collects `@pytest.mark.requirement(...)` and how each citing test ended."""

    def __init__(self) -> None:
        self.cited: dict[str, set[str]] = defaultdict(set)
        self.ended: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        keep = []
        for item in items:
            ids = [i for mark in item.iter_markers("requirement") for i in mark.args]
            for i in ids:
                self.cited[i].add(item.nodeid)
            if ids:
                keep.append(item)
        items[:] = keep

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed or report.skipped:
            before = self.ended.get(report.nodeid, "passed")
            self.ended[report.nodeid] = report.outcome if before == "passed" else before


def main() -> int:
    """Print the table; return 1 when a cited test failed."""
    collect = "--collect-only" in sys.argv
    seen = Citations()
    code = pytest.main(["-q", "--no-header", *(["--collect-only", "-qq"] if collect else [])], plugins=[seen])
    every = [line.split(maxsplit=1) for line in IDS.read_text().splitlines() if re.match(r"[A-Z]{2}-\d", line)]
    have = 0
    print()
    for words in every:
        tests = seen.cited.get(words[0], set())
        passed = [t for t in tests if seen.ended.get(t) == "passed"]
        have += bool(passed or (collect and tests))
        mark = "cited" if collect and tests else f"{len(passed)}/{len(tests)} passing" if tests else "none"
        print(f"{words[0]:6} {mark:14} {words[1] if len(words) > 1 else ''}")
    unknown = sorted(set(seen.cited) - {w[0] for w in every})
    if unknown:
        print("cited but unknown:", *unknown)
    print(f"\n{have} of {len(every)} requirements have passing tests")
    return int(code not in (0, pytest.ExitCode.NO_TESTS_COLLECTED) or bool(unknown))


if __name__ == "__main__":
    raise SystemExit(main())
