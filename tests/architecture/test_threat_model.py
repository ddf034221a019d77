"""The threat model keeps its word: each threat names tests, each named test exists, each gap is said."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security" / "threat-model.md").read_text(encoding="utf-8")
THREATS = re.split(r"^### ", PAGE.split("\n## How leaks")[0], flags=re.MULTILINE)[1:]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
INSIDERS = ("operator", "badge", "Administrator", "Vendor", "laptop", "phone", "camera", "centre")


@cache
def defined_in(path: str) -> frozenset[str]:
    """Return the tests a file defines."""
    file = ROOT / path
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_the_insiders_come_first_and_none_is_missing() -> None:
    titles = [t.splitlines()[0] for t in THREATS]
    assert [t.split()[0] for t in titles] == [f"T{n}" for n in range(1, len(titles) + 1)]
    for title, word in zip(titles, INSIDERS, strict=False):
        assert word in title


@pytest.mark.parametrize("threat", THREATS, ids=lambda t: t.splitlines()[0])
def test_every_threat_is_met_by_tests_that_exist_and_says_what_is_not_met(threat: str) -> None:
    named = NAMED.findall(threat)
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in defined_in(path)] == []
    for part in ("- Can:", "- Stopped:", "- Tests:", "- Not met:"):
        assert part in threat
