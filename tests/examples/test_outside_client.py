"""The integrator's example keeps to what is promised: no package of ours, no address outside the contract."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "examples" / "outside_client.py"


def test_the_example_uses_the_standard_library_and_one_http_package() -> None:
    tree = ast.parse(CLIENT.read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) == {"httpx"}


def test_every_address_it_asks_is_in_the_contract() -> None:
    paths = json.loads((ROOT / "contracts" / "openapi.json").read_text("utf-8"))["paths"]
    known = {"/".join("*" if s.startswith("{") else s for s in p.split("/")) for p in paths} | {"/api/v1/live"}
    asked = set()
    for node in ast.walk(ast.parse(CLIENT.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(
                v.value if isinstance(v, ast.Constant) and isinstance(v.value, str) else "*" for v in node.values
            )
        else:
            continue
        if text.startswith(("/api/v1/", "/ingest/")):
            asked.add(text.partition("?")[0])
    parts = {a for a in asked if not any(other != a and other.startswith(a) for other in asked)}
    assert len(parts) > 8
    unknown = {a for a in parts if a not in known and not any(_fits(a, k) for k in known)}
    assert unknown == set()


def _fits(asked: str, known: str) -> bool:
    a, k = asked.strip("/").split("/"), known.strip("/").split("/")
    return len(a) == len(k) and all(x == y or "*" in (x, y) for x, y in zip(a, k, strict=True))
