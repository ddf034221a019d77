"""Only policy builds a `Permit`: everyone else is given one. A walk over every syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
HOME = SRC / "ansimnet" / "slices" / "policy"
MODULE = "ansimnet.kernel.permits"


def names_of_permit(tree: ast.AST) -> set[str]:
    """Return every name under which a file can reach the class, aliases included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == MODULE:
            names |= {a.asname or a.name for a in node.names if a.name == "Permit"}
    return names


def constructions(tree: ast.AST) -> Iterator[int]:
    """Yield the lines on which a permit is built: called, copied with changes, or conjured without `__init__`."""
    names = names_of_permit(tree)

    def is_permit(node: ast.AST) -> bool:
        return (isinstance(node, ast.Name) and node.id in names) or (
            isinstance(node, ast.Attribute) and node.attr == "Permit"
        )

    def builds(node: ast.Call) -> bool:
        if is_permit(node.func):
            return True
        if _name(node.func) in {"__new__", "partial"}:
            return any(map(is_permit, node.args))
        return _name(node.func) in {"replace", "convert"} and bool(names) and _touches(node, names)

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and builds(node):
            yield node.lineno


def _name(func: ast.AST) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _touches(node: ast.Call, names: set[str]) -> bool:
    """Return whether a copying call speaks of a permit by one of its own fields."""
    fields = {"not_after", "revoked_at", "masking", "acts", "ground_id", "permit_id"}
    return bool({k.arg for k in node.keywords} & fields) or any(
        isinstance(a, ast.Name) and a.id in names for a in node.args
    )


@pytest.mark.requirement("CC-03")
def test_only_policy_builds_a_permit() -> None:
    kernel = SRC / "ansimnet" / "kernel" / "permits.py"
    files = [f for f in sorted(SRC.rglob("*.py")) if HOME not in f.parents and f != kernel]
    assert len(files) > 20
    found = [f"{f.relative_to(SRC)}:{line}" for f in files for line in constructions(ast.parse(f.read_text("utf-8")))]
    assert found == []


def test_policy_builds_it_in_one_place() -> None:
    files = sorted(HOME.rglob("*.py"))
    found = [str(f.relative_to(HOME)) for f in files for _ in constructions(ast.parse(f.read_text("utf-8")))]
    assert found == ["store/__init__.py"]


@pytest.mark.parametrize(
    "code",
    [
        "from ansimnet.kernel.permits import Permit\nPermit(acts=1)",
        "from ansimnet.kernel.permits import Permit as P\nP()",
        "from ansimnet.kernel import permits\npermits.Permit()",
        "import ansimnet.kernel.permits as k\nk.Permit()",
        "from ansimnet.kernel.permits import Permit\nobject.__new__(Permit)",
        "from ansimnet.kernel.permits import Permit\nfrom dataclasses import replace\ndef f(p: Permit):\n"
        "    return replace(p, not_after=None)",
    ],
)
def test_the_walk_finds_every_way_in(code: str) -> None:
    assert list(constructions(ast.parse(code)))
