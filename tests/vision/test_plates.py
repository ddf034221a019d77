"""Plates: what is one, how they are drawn, what a camera makes of them, and what is read back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from evaluation import plates
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.app.measure import Options
from ansimnet.kernel.errors import Refusal
from ansimnet_vision.plates import drawing, network, scenes
from ansimnet_vision.plates.letters import LETTERS, REGIONS, TOKENS, is_plate, may_follow, tokens_of
from ansimnet_vision.plates.optics import blurred, coded, homography, mapped, strip_of
from ansimnet_vision.plates.reading import PlateReader, Read, agreed, decoded

pytestmark = pytest.mark.requirement("TR-01")
FONT = drawing.fonts()[0]
taught = pytest.mark.skipif(not network.WEIGHTS.is_file(), reason="no weights of plates here")


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", drawing.FORMATS)
@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_what_is_drawn_is_a_plate_and_says_where_each_character_is(kind: str, seed: int) -> None:
    text = drawing.text_of(kind, rng(seed))
    assert is_plate(text)
    plate = drawing.draw(kind, text, FONT, rng(seed))
    assert tuple(m.token for m in plate.marks) == tokens_of(text)
    for line in (0, 1):
        middles = [m.x for m in plate.marks if m.line == line]
        assert middles == sorted(middles)
    assert all(m.x - m.half > 0 and m.x + m.half < 1 for m in plate.marks)
    assert plate.picture.std() > 20  # ink on a ground


def test_every_character_is_in_every_typeface_and_two_families_teach_nothing() -> None:
    assert len(LETTERS) == len(set(LETTERS)) == 40
    assert len(REGIONS) == 17
    for font in drawing.fonts():
        assert all(font.glyphs[c].size for t in TOKENS for c in t), font.name
    unseen = {f.name.rsplit("-", 1)[0] for f in drawing.fonts() if f.unseen}
    assert unseen == {"ibm-plex-sans-kr", "gothic-a1"}
    assert not unseen & {f.name.rsplit("-", 1)[0] for f in drawing.fonts() if not f.unseen}


@given(st.text(max_size=10))
def test_only_plates_are_plates(text: str) -> None:
    if is_plate(text):
        assert "".join(tokens_of(text)) == text
        assert text[-4:].isdigit()


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), min_size=4, max_size=4))
def test_a_homography_leads_its_points_there_and_back(shifts: list[tuple[float, float]]) -> None:
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    goal = square + np.array(shifts)
    there = homography(square, goal)
    assert np.allclose(mapped(there, square), goal, atol=1e-6)
    assert np.allclose(mapped(np.linalg.inv(there).astype(np.float64), goal), square, atol=1e-5)


def test_a_plate_before_a_camera_is_brought_upright_again() -> None:
    plate = drawing.draw("private", "12가3456", FONT, rng())
    clear = scenes.Condition((200, 220), blur=(0, 0), noise=(0, 0.1), light=(1, 1), quality=(95, 96))
    seen = scenes.shot(plate, clear, FONT, rng(), (2.0, 2.5))
    strip = strip_of(seen.picture, seen.corners, False, (32, 128))
    flat = plate.picture.mean(2)
    ends = np.array([[0.0, 0], [flat.shape[1], 0], [flat.shape[1], flat.shape[0]], [0, flat.shape[0]]])
    truth = strip_of(flat.astype(np.float32), ends, False, (32, 128))
    assert np.corrcoef(strip.ravel(), truth.ravel())[0, 1] > 0.8


def test_two_lines_lie_side_by_side() -> None:
    picture = np.zeros((100, 200), np.float32)
    picture[60:] = 200.0
    corners = np.array([[0.0, 0], [200, 0], [200, 100], [0, 100]])
    strip = strip_of(picture, corners, True, (32, 128))
    assert strip[:, :60].mean() < 10
    assert strip[16:, 68:].mean() > 190


def test_blur_and_coding_take_detail_and_leave_the_mean() -> None:
    picture = (rng().random((40, 64)) * 255).astype(np.float32)
    assert blurred(picture, 2.0).std() < 0.5 * picture.std()
    assert coded(picture, 10).mean() == pytest.approx(picture.mean(), abs=4)
    assert np.abs(coded(picture, 95) - picture).mean() < np.abs(coded(picture, 20) - picture).mean()


def columns_of(tokens: list[str]) -> np.ndarray:
    """Return columns in which tokens are nearly sure, each in a column of its own."""
    columns = np.full((len(tokens), len(TOKENS)), 1e-4, np.float32)
    for at, token in enumerate(tokens):
        columns[at, TOKENS.index(token)] = 0.95
    return columns


def test_runs_of_a_token_are_one_character_and_a_gap_makes_two() -> None:
    text, chances = decoded(columns_of(["서울", "서울", "1", "1", "", "1", "바", "2", "", "2", "3", "4", "4"]))
    assert text == "서울11바2234"
    assert len(chances) == len(text)


def test_the_likeliest_plate_is_read_where_the_likeliest_text_is_none() -> None:
    columns = columns_of(["1", "", "가", "", "3", "4", "5", "6"])
    assert decoded(columns) == ("", ())
    columns[1, TOKENS.index("2")], columns[1, 0] = 0.3, 0.6
    text, chances = decoded(columns)
    assert text == "12가3456"
    assert chances[1] == pytest.approx(0.3)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_nothing_but_plates_is_read_from_any_columns(seed: int) -> None:
    columns = np.random.default_rng(seed).dirichlet(np.full(len(TOKENS), 0.05), 32).astype(np.float32)
    text, chances = decoded(columns)
    assert text == "" or is_plate(text)
    assert len(text) == len(chances)
    assert all(0 < p < 1 for p in chances)


@pytest.mark.parametrize("kind", drawing.FORMATS)
def test_every_plate_can_be_spelled_token_by_token(kind: str) -> None:
    tokens = tokens_of(drawing.text_of(kind, rng()))
    assert all(may_follow(tokens[:n], token) for n, token in enumerate(tokens))
    assert not may_follow(tokens, "1")


@given(st.lists(st.tuples(st.sampled_from(["12가3456", "12가3458", "123가4567"]), st.floats(0.1, 0.99)), max_size=7))
def test_reads_together_are_one_of_them_where_they_agree(said: list[tuple[str, float]]) -> None:
    reads = [Read(text, (p,) * len(text), ()) for text, p in said]
    told = agreed(reads)
    if not reads:
        assert told is None
        return
    assert told is not None
    assert is_plate(told.chars)
    assert len(told.chars) == len(told.probability)
    if len({r.chars for r in reads}) == 1:
        assert told.chars == reads[0].chars
        assert told.sure == pytest.approx(max(r.sure for r in reads))


def test_contradiction_lowers_the_probability_of_that_character_alone() -> None:
    told = agreed([Read("12가3456", (0.9,) * 7, ()), Read("12가3956", (0.9,) * 4 + (0.6,) + (0.9,) * 2, ())])
    assert told is not None
    assert told.chars == "12가3456"
    assert told.probability[4] == pytest.approx(0.9 * 0.6)
    assert told.probability[0] == pytest.approx(0.9)


@taught
def test_clear_plates_are_found_and_read_and_a_bare_vehicle_is_not() -> None:
    reader, generator, found, right = PlateReader(network.Networks()), rng(9), 0, 0
    for n in range(20):
        kind = ("private", "private3")[n % 2]
        plate = drawing.draw(kind, drawing.text_of(kind, generator), FONT, generator)
        seen = scenes.shot(plate, scenes.CONDITIONS["day"], FONT, generator, (2.0, 3.5))
        corners, read = reader.find(seen.picture), reader.read(seen.picture, seen.corners)
        found += corners is not None and plates._near(corners, seen.corners)
        right += read is not None and read.chars == plate.text
    assert found >= 14
    assert right >= 14
    assert reader(np.full((200, 300), 120, np.float32)) is None


@taught
def test_weights_are_small_and_say_how_they_were_learned() -> None:
    assert network.WEIGHTS.stat().st_size <= 500_000
    card = network.Networks().card
    assert {"seed", "strips", "scenes", "finder", "reader", "typefaces"} <= card.keys()
    assert not set(card["typefaces"]) & {f.name for f in drawing.fonts() if f.unseen}


def options(data: Path | None = None) -> Options:
    return Options("small", 1, None, data, None, lambda *_: None)


@taught
def test_the_evaluation_scores_others_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plates.EACH, "small", 3)
    generator, told = rng(2), []
    for n in range(3):
        plate = drawing.draw("private", drawing.text_of("private", generator), FONT, generator)
        seen = scenes.shot(plate, scenes.CONDITIONS["day"], FONT, generator, (2.0, 3.0))
        rgb = np.repeat(seen.picture.astype(np.uint8)[..., None], 3, 2)
        (tmp_path / f"{n}.png").write_bytes(_png(rgb))
        told.append({"picture": f"{n}.png", "plate": plate.text})
    (tmp_path / "plates.json").write_text(json.dumps(told), encoding="utf-8")
    figures = plates.run(options(tmp_path))
    assert figures["data"]["n"] == 3
    assert {"exact", "exact_unseen_fonts", "n", "exact_interval", "conditions", "limits"} <= figures.keys()
    assert figures["n"] == 3 * len(scenes.CONDITIONS)
    with pytest.raises(Refusal):
        plates.run(options(tmp_path / "0.png"))


def _png(rgb: np.ndarray) -> bytes:
    import av

    coder = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt = rgb.shape[1], rgb.shape[0], "rgb24"
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return b"".join(bytes(p) for p in [*coder.encode(frame), *coder.encode(None)])
