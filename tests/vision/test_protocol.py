"""A city's own clips through the national test's rules, from files to figures."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from evaluation import protocol

from ansimnet.app.measure import Options

RATE, COVERED_S, UNTIL_S = 5, 10, 20


def film(file: Path, covered: bool) -> None:
    """Write a place with edges everywhere, over which something is laid after `COVERED_S`."""
    rng = np.random.default_rng(3)
    place = np.kron(rng.integers(60, 180, (22, 40)), np.ones((8, 8)))[:180, :320].astype(np.uint8)
    with av.open(str(file), "w") as box:
        stream = box.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for n in range(UNTIL_S * RATE):
            grey = np.full_like(place, 12) if covered and n >= COVERED_S * RATE else place
            picture = av.VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, 2), format="rgb24")
            box.mux(stream.encode(picture))
        box.mux(stream.encode(None))


@pytest.mark.requirement("VA-01")
def test_a_folder_with_its_truth_becomes_figures(tmp_path: Path) -> None:
    film(tmp_path / "covered.mp4", True)
    film(tmp_path / "left-alone.mp4", False)
    clips = [
        {"file": "covered.mp4", "time": "night", "events": [{"category": "tampered", "begin_s": COVERED_S}]},
        {"file": "left-alone.mp4"},
    ]
    (tmp_path / "truth.json").write_text(json.dumps({"clips": clips}), encoding="utf-8")
    figures = protocol.run(Options("small", 1, None, tmp_path, None, lambda *_: None))
    tampered = figures["categories"]["tampered"]
    assert (tampered["f1"], tampered["n"], tampered["passes"]) == (1.0, 1, True)
    assert tampered["by_time"]["night"]["n"] == 1
    assert figures["false_alarms"]["count"] == 0
    assert figures["unreadable"] == []


def test_without_a_truth_nothing_is_claimed(tmp_path: Path) -> None:
    assert "truth.json" in protocol.run(Options("small", 1, None, tmp_path, None, lambda *_: None))["skipped"]
