"""The runner of the tests: what fails beside others is run once more alone, and failing twice fails."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "test.py"
ONCE = """
from pathlib import Path

def test_of_time():
    mark = Path(__file__).with_name("mark")
    first = not mark.exists()
    mark.touch()
    assert not first
"""
NEVER = "def test_broken():\n    raise AssertionError\n"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("lanes", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "STAGGER_S", 0.0)
    monkeypatch.setattr(sys, "argv", ["test.py", "-q"])
    return module


@pytest.mark.parametrize(("text", "code"), [(ONCE, 0), (NEVER, 1)])
def test_what_fails_is_run_again_alone(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    (tmp_path / "test_lane.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setattr(runner, "LANES", {"lane": [*runner.PYTEST, str(tmp_path)]})
    assert runner.main() == code
