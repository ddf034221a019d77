"""Seals, grids, marks and masked copies by themselves; and what the one-file verifier makes of them."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from evaluation._evidence_studio import BEGAN, Picture, Studio, recorded, street, tool
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.slices.footage.evidence import grid, package, watermark
from ansimnet.slices.footage.evidence.films import Group
from ansimnet.slices.footage.evidence.package import Missing, Reel
from ansimnet.slices.footage.evidence.seal import HEAD, Sealer, head_of
from ansimnet.slices.footage.masking.tracks import fill
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ

CAMERA = CameraId(named_id("camera", "HD-0001"))


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    return tool()


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return recorded(list(street(9, 80, width=320, height=192)), crf=28)


def picture_of(pixels: Picture) -> VideoFrame:
    return VideoFrame.from_ndarray(pixels, format="yuv420p")


def planes_of(picture: VideoFrame) -> list[tuple[bytes, int, int, int]]:
    return [(bytes(p), p.line_size, p.width, p.height) for p in picture.planes]


def noise(seed: int, width: int, height: int) -> VideoFrame:
    rng = np.random.default_rng(seed)
    return picture_of(rng.integers(0, 256, (height * 3 // 2, width), dtype=np.uint8))


# ------------------------------------------------------------------------------------------------- the grid


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(64, 48), (160, 96), (640, 360), (322, 182)]))
def test_what_is_sealed_is_read_back(verifier: ModuleType, seed: int, size: tuple[int, int]) -> None:
    picture = noise(seed, *size)
    coded = grid.of(picture)
    block, step, planes = verifier.read_grid(coded, *size)
    assert block == grid.block_of(size[1])
    for mine, theirs in zip(grid.planes_of(picture), planes, strict=True):
        assert np.abs(grid.means_of(mine, block) - np.array(theirs)).max() <= step / 2 + 1e-3
        assert np.allclose(
            grid.means_of(mine, block),
            verifier.tiles((mine.tobytes(), *mine.shape[::-1][:1], *mine.shape[::-1]), block),
            atol=1e-3,
        )
    assert verifier.picture_faults(coded, planes_of(picture), []) == ([], 0.0)


def test_the_busiest_picture_stays_small() -> None:
    rng = np.random.default_rng(1)
    cells = [
        rng.integers(0, 256, (h // 12, w // 12 + 1), dtype=np.uint8) for w, h in ((640, 360), (320, 180), (320, 180))
    ]
    planes = [np.kron(c, np.ones((12, 12), np.uint8))[:, :w] for c, w in zip(cells, (640, 320, 320), strict=True)]
    coded = grid.of(picture_of(np.vstack([p.reshape(-1, 640) for p in planes])))
    assert len(coded) <= grid.MOST_BYTES
    assert coded[1] > grid.FINEST  # rounded more, and so compared less finely


@pytest.mark.parametrize("spoilt", [b"", b"\x00\x02", b"\x0c\x00", b"\x0c\x02rubbish"])
def test_no_grid_is_no_proof(verifier: ModuleType, spoilt: bytes) -> None:
    with pytest.raises((ValueError, IndexError, verifier.zlib.error)):
        verifier.read_grid(spoilt, 640, 360)


# ------------------------------------------------------------------------------------------------- the mark


def decoded(film: bytes) -> list[VideoFrame]:
    with av.open(io.BytesIO(film), "r") as movie:
        return list(movie.decode(video=0))


def recoded(pictures: Sequence[VideoFrame], crf: int) -> list[VideoFrame]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = pictures[0].width, pictures[0].height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.thread_count = Fraction(1, 25), Fraction(25), 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf)}
    decoder = av.CodecContext.create("h264", "r")
    out: list[VideoFrame] = []
    for n, picture in enumerate(pictures):
        picture = picture.reformat(format="yuv420p")
        picture.pts, picture.time_base = n, Fraction(1, 25)
        for packet in encoder.encode(picture):
            out += decoder.decode(av.Packet(bytes(packet)))
    return out + decoder.decode(None)


def seen(pictures: Sequence[VideoFrame], words: str, top: int, left: int, height: int, width: int) -> float:
    """Return how much of a mark's pattern a cut-out shows, in standard deviations of chance."""
    light = np.mean([grid.planes_of(p)[0].astype(np.float32) for p in pictures], axis=0)
    part = light[top : top + height, left : left + width]
    expected = watermark.pattern(words, light.shape[1], light.shape[0])[top : top + height, left : left + width]
    fine = part - np.roll(part, 3, axis=1)  # what moves slowly over the picture is the scene's
    wanted = expected - np.roll(expected, 3, axis=1)
    scale = float(np.sqrt((fine**2).sum() * (wanted**2).sum()))
    return float((fine * wanted).sum() / scale * np.sqrt(fine.size))


def test_the_mark_survives_encoding_again_and_cutting(pieces: list[Piece]) -> None:
    words = "PERMIT 1A2B3C4D INVESTIGATOR-1 2026-11-07"
    films = package.films([Studio().reel("HD-0001", pieces)], original=False, burn=watermark.burner(words))[0]
    pictures = recoded(decoded(films["cameras/01-01-masked.mp4"])[:20], crf=32)
    for top, left in ((0, 0), (96, 160), (40, 90)):
        right = seen(pictures, words, top, left, 96, 160)
        wrong = [seen(pictures, other, top, left, 96, 160) for other in ("PERMIT 99999999 OTHER-7 2026-01-01", "X")]
        assert right > 20
        assert right > 4 * max(abs(w) for w in wrong)


@pytest.mark.parametrize("value", [0, 16, 128, 235, 255])
def test_the_mark_moves_no_block(value: int) -> None:
    picture = picture_of(np.full((192 * 3 // 2, 320), value, np.uint8))
    picture.make_writable()
    watermark.burner("PERMIT 1A2B3C4D")(picture)
    light = grid.planes_of(picture)[0]
    assert np.abs(grid.means_of(light, grid.block_of(192)) - value).max() < 0.6
    assert (int(light.max()) - int(light.min()) > 20) is (value in (16, 128, 235))


def test_words_are_drawn_letter_by_letter() -> None:
    assert watermark.line_of("AB").shape == (9, 12)
    assert not watermark.line_of("가").any()
    assert (watermark.line_of("a") == watermark.line_of("A")).all()


# ------------------------------------------------------------------------------------------------- seals


def test_a_seal_says_what_it_saw(pieces: list[Piece]) -> None:
    studio = Studio()
    sealer = Sealer(studio.recorder)
    seals = [sealer.seal(CAMERA, "sub", p, clock_error_s=-0.25) for p in pieces]
    heads = [head_of(s) for s in seals]
    assert [h.number for h in heads] == [1, 2, 3, 4]
    assert [h.prev for h in heads] == [bytes(32), *(hashlib.sha256(s[: HEAD.size]).digest() for s in seals[:-1])]
    assert (heads[1].begins_at, heads[1].ends_at) == (BEGAN + timedelta(seconds=2), BEGAN + timedelta(seconds=4))
    assert heads[0].clock_error == timedelta(milliseconds=-250)
    assert heads[0].pack() == seals[0][: HEAD.size]
    assert head_of(sealer.seal(CAMERA, "main", pieces[0])).number == 1
    assert head_of(sealer.seal(CAMERA, "main", pieces[1])).clock_error is None
    with pytest.raises(ValueError, match="not a seal"):
        head_of(seals[0][:-1][: HEAD.size])


@pytest.mark.requirement("CC-04")
def test_a_group_costs_less_than_ten_kilobits_a_second(pieces: list[Piece]) -> None:
    busy = recorded([np.random.default_rng(k).integers(0, 256, (540, 640), dtype=np.uint8) for k in range(20)])
    for some in (pieces, busy):
        seal = Sealer(Studio().recorder).seal(CAMERA, "sub", some[0])
        assert len(seal) * 8 / 2.0 < 10_000


# ------------------------------------------------------------------------------------------------- whole exports


def judged(verifier: ModuleType, studio: Studio, reels: Sequence[Reel], **other: Any) -> dict[str, Any]:
    data = package.pack(studio.export(reels, **other))
    report: dict[str, Any] = verifier.verify(data, studio.ledger.signer.public, verifier.decode_with_av)
    return report


def without(reel: Reel, number: int, *gaps: Missing) -> Reel:
    return replace(reel, groups=tuple(g for g in reel.groups if g.head.number != number), missing=gaps)


@pytest.mark.requirement("EM-16")
@pytest.mark.parametrize("original", [True, False])
def test_a_genuine_export_verifies(verifier: ModuleType, pieces: list[Piece], original: bool) -> None:
    studio = Studio()
    report = judged(verifier, studio, [studio.reel("HD-0001", pieces)], original=original)
    assert report["findings"] == []
    assert report["pictures"]["checked"] == 4
    assert 0 < report["pictures"]["hidden_share"] < 0.5


@pytest.mark.requirement("CC-04")
@pytest.mark.parametrize(
    ("cause", "found"),
    [("destroyed", set()), ("disk-full", set()), ("camera-lost", {"dropped-group"}), (None, {"dropped-group"})],
)
def test_a_gap_is_believed_only_where_its_cause_explains_it(
    verifier: ModuleType, pieces: list[Piece], cause: str | None, found: set[str]
) -> None:
    studio = Studio()
    reel = studio.reel("HD-0001", pieces)
    gaps = [] if cause is None else [Missing(pieces[2].start, pieces[2].end, cause)]
    report = judged(verifier, studio, [without(reel, 3, *gaps)])
    assert {f["what"] for f in report["findings"]} == found
    if not found:
        assert report["groups_lost"] == 1


def test_a_recorder_that_started_anew_begins_a_chain(verifier: ModuleType, pieces: list[Piece]) -> None:
    studio = Studio()
    later = [replace(p, start=p.start + timedelta(minutes=1), end=p.end + timedelta(minutes=1)) for p in pieces[2:]]
    first, second = Sealer(studio.recorder), Sealer(studio.recorder)
    groups = [Group(p.frames, first.seal(CAMERA, "sub", p)) for p in pieces[:2]]
    groups += [Group(p.frames, second.seal(CAMERA, "sub", p)) for p in later]
    masks = fill([s for p in pieces for s in p.sightings], 0, pieces[-1].frames[-1].pts + CLOCK_HZ)
    gap = Missing(pieces[1].end, later[0].start, "relay-stopped")
    reel = Reel(camera_id=CAMERA, code="HD-0001", name="", from_at=pieces[0].start, until_at=later[-1].end,
                groups=tuple(groups), missing=(gap,), masks=masks,
                anchors=studio.anchored([g.seal for g in groups], later[-1].end))  # fmt: skip
    report = judged(verifier, studio, [reel])
    assert report["findings"] == []
    bare = judged(verifier, studio, [replace(reel, missing=())])
    assert [f["what"] for f in bare["findings"]] == ["dropped-group"]


def test_a_camera_without_a_picture_says_why(verifier: ModuleType, pieces: list[Piece]) -> None:
    studio = Studio()
    reel = replace(studio.reel("HD-0002", pieces), groups=())
    report = judged(verifier, studio, [studio.reel("HD-0001", pieces), reel])
    assert [f["camera"] for f in report["findings"]] == ["HD-0002"]
    gap = Missing(reel.from_at, reel.until_at, "camera-lost")
    assert judged(verifier, studio, [studio.reel("HD-0001", pieces), replace(reel, missing=(gap,))])["verified"]


ATTACKS = {
    "a pasted person": lambda light: light.__setitem__(np.s_[60:120, 200:224], 40),
    "a removed car": lambda light: light.__setitem__(np.s_[112:152, 20:120], light[112:152, 19:20]),
    "brightness": lambda light: light.__setitem__(np.s_[:], np.clip(light.astype(int) + 6, 0, 255)),
    "two places swapped": lambda light: light.__setitem__(
        (slice(0, 96), slice(None)), np.roll(light[0:96], 80, axis=1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_a_masked_copy_that_shows_something_else_is_found(verifier: ModuleType, pieces: list[Piece], name: str) -> None:
    """Whoever makes the masked copy draws into it; the seals of the recording do not let him."""
    words = watermark.burner("PERMIT 1A2B3C4D")

    def draws(picture: VideoFrame) -> None:
        ATTACKS[name](grid.planes_of(picture)[0])
        words(picture)

    reel = Studio().reel("HD-0001", pieces)
    found = []
    for burn in (words, draws):
        files, cameras, _ = package.films([reel], original=False, burn=burn)
        init, films = verifier.fragments(files["cameras/01-01-masked.mp4"])
        at, faults = 0, 0
        for group, told in zip(reel.groups, cameras[0]["parts"][0]["groups"], strict=True):
            planes = verifier.decode_with_av(init + films[at])
            faults += bool(verifier.picture_faults(group.seal[HEAD.size + 64 :], planes, told["hidden"])[0])
            at += told["masked"]["frames"]
        found.append(faults)
    assert found == [0, len(reel.groups)]


# ------------------------------------------------------------------------------------------------- by itself


def test_the_verifier_runs_alone(pieces: list[Piece], tmp_path: Path) -> None:
    """It travels with the export; beside it the standard library and one package."""
    studio = Studio()
    files = studio.export([studio.reel("HD-0001", pieces)])
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    (tmp_path / "export.zip").write_bytes(package.pack(files))
    public = Ed25519PublicKey.from_public_bytes(studio.ledger.signer.public)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "centre.pub").write_bytes(pem)

    def says(*argv: str) -> tuple[int, str]:
        alone = "import runpy, sys; sys.modules['av'] = None; sys.argv = sys.argv[1:]"
        alone += "; runpy.run_path('verify.py', run_name='__main__')"
        done = subprocess.run(
            [sys.executable, "-I", "-c", alone, "verify.py", *argv], cwd=tmp_path, capture_output=True, text=True
        )
        return done.returncode, done.stdout

    status, said = says("export.zip", "--key", "centre.pub", "--json")
    report = json.loads(said)
    assert (status, report["verified"], report["pictures"], report["key"]) == (0, True, "not checked", "given")
    other = Studio(8).ledger.signer.pem()
    (tmp_path / "other.pub").write_bytes(other)
    status, said = says("export.zip", "--key", "other.pub")
    assert status == 1
    assert "bad-signature" in said
    (tmp_path / "export.zip").write_bytes(b"rubbish")
    assert says("export.zip")[0] == 1
    assert says("nothing.zip")[0] == 2


def test_the_server_and_the_verifier_pack_alike(verifier: ModuleType) -> None:
    files = {"a.json": b"{}", "films/가.mp4": bytes(1000), "empty": b""}
    data = package.pack(files)
    assert data == verifier.pack(files)
    assert verifier.unpack(data) == (files, True)
    size = struct.unpack_from("<I", data, 22)[0]
    assert size == 2


def test_time_that_no_group_names_is_not_believed(verifier: ModuleType, pieces: list[Piece]) -> None:
    studio = Studio()
    reel = studio.reel("HD-0001", pieces)
    wide = replace(reel, until_at=reel.until_at + timedelta(seconds=5))
    assert [f["what"] for f in judged(verifier, studio, [wide])["findings"]] == ["dropped-group"]
    late = replace(reel, from_at=reel.from_at + timedelta(seconds=3))
    assert [f["what"] for f in judged(verifier, studio, [late])["findings"]] == ["shifted-clock"]
