"""`ansimnet models …` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ansimnet.app.model_commands import models
from ansimnet.platform.settings import settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANSIMNET_MODELS_DIR", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_list_tells_licence_source_and_state() -> None:
    told = json.loads(CliRunner().invoke(models, ["list", "--json"]).stdout)
    rows = {row["name"]: row for row in told["models"]}
    assert rows["nanodet"]["state"] == "missing"
    assert rows["nanodet"]["licence"]["weights"].startswith("Apache-2.0")
    assert rows["nanodet"]["source"]["version"] == "3.0.4"


@pytest.mark.requirement("VA-01")
def test_the_check_says_what_cannot_be_watched_for_and_finds_an_altered_file(tmp_path: Path) -> None:
    runner = CliRunner()
    found = runner.invoke(models, ["check", "--json"])
    assert found.exit_code == 0
    assert "nanodet" in json.loads(found.stdout)["not_covered"]["intrusion"]
    (tmp_path / "nanodet.slim.onnx").write_bytes(b"something else")
    found = runner.invoke(models, ["check", "--json"])
    assert found.exit_code == 1
    states = {row["name"]: row["state"] for row in json.loads(found.stdout)["models"]}
    assert states["nanodet"] == "altered"


def test_an_unknown_model_is_refused() -> None:
    assert CliRunner().invoke(models, ["install", "nobody"]).exit_code != 0
