"""Cutting a stream into pieces, telling a timeline, writing a clip: no socket, no disk."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.footage.pictures import INIT, STEP, bare, frames, init

from ansimnet.slices.footage.archive.model import Cause, Gap
from ansimnet.slices.footage.recording.cutter import AIM_S, HOLE_S, JUMP_S, SLACK_S, Cutter, Piece, WallTime
from ansimnet.slices.footage.recording.mp4 import movie, sample_entry
from ansimnet.slices.footage.recording.timeline import PENDING, stretches
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, PAYLOAD_AT, fragment, moved, units_of
from ansimnet.slices.footage.relay.source import Sighting

NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


# ------------------------------------------------------------------------------------------------- cutting


def fed(cutter: Cutter, gop: int, count: int, *, at: datetime = NOON, begin: int = 0) -> list[Piece | Gap]:
    """Push frames of 25 a second, a key frame every `gop`."""
    out: list[Piece | Gap] = []
    for n in range(count):
        out += cutter.push(bare(begin + n * STEP, n % gop == 0), at + s(n / 25))
    return out


@pytest.mark.parametrize(("gop", "lasts"), [(25, 2.0), (50, 2.0), (100, 4.0), (10, 2.0), (30, 2.4)])
@pytest.mark.requirement("CC-04")
def test_pieces_are_cut_at_the_first_key_frame_after_two_seconds(gop: int, lasts: float) -> None:
    made = fed(Cutter(), gop, 500)
    assert made
    for piece in made:
        assert isinstance(piece, Piece)
        assert piece.frames[0].key
        assert (piece.end - piece.start).total_seconds() == pytest.approx(lasts)
    assert all(a.end == b.start for a, b in pairwise(made) if isinstance(a, Piece) and isinstance(b, Piece))


def test_a_lost_camera_ends_its_piece_and_begins_a_gap_with_its_cause() -> None:
    cutter = Cutter()
    fed(cutter, 25, 60)
    (piece,) = cutter.close(Cause.CAMERA_LOST, "silent")
    assert isinstance(piece, Piece)
    assert piece.end == NOON + s(2.4)
    assert cutter.missing(NOON + s(2.5)) is None
    assert cutter.missing(NOON + s(5)) == Gap(NOON + s(2.4), NOON + s(5), Cause.CAMERA_LOST, "silent")
    back = fed(cutter, 25, 1, at=NOON + s(10), begin=10 * CLOCK_HZ)
    assert back == [Gap(NOON + s(2.4), NOON + s(10), Cause.CAMERA_LOST, "silent")]


def test_a_camera_that_does_not_come_is_missed_from_the_start() -> None:
    assert fed(Cutter(NOON - s(30), "unreachable"), 25, 1) == [
        Gap(NOON - s(30), NOON, Cause.CAMERA_LOST, "unreachable")
    ]
    assert fed(Cutter(since=NOON - s(0.2)), 25, 1) == []
    assert fed(Cutter(), 25, 1) == []


def test_a_clock_that_jumps_is_a_gap_of_its_own_cause() -> None:
    cutter = Cutter()
    fed(cutter, 25, 30)
    out = fed(cutter, 25, 30, at=NOON + s(3600), begin=30 * STEP)
    assert [type(o) for o in out] == [Piece, Gap]
    assert out[1] == Gap(NOON + s(1.2), NOON + s(3600), Cause.CLOCK, "+3598.8 s")
    back = fed(cutter, 25, 30, at=NOON, begin=60 * STEP)
    gap = back[-1]
    assert isinstance(gap, Gap)
    assert (gap.cause, gap.start, gap.detail) == (Cause.CLOCK, NOON, "-3601.2 s")


def test_a_new_format_begins_a_new_piece() -> None:
    cutter, other = Cutter(), init()
    fed(cutter, 25, 25)
    (piece,) = cutter.push(bare(25 * STEP, True, of=other), NOON + s(1))
    assert isinstance(piece, Piece)
    assert {f.init for f in piece.frames} == {INIT}


def test_a_camera_without_key_frames_cannot_fill_the_memory() -> None:
    out = fed(Cutter(), 100_000, 25 * 40)
    assert isinstance(out[0], Piece)
    assert (out[0].end - out[0].start).total_seconds() == pytest.approx(28.0)
    assert len(out) == 1
    cutter = Cutter()
    for n in range(40):
        made = cutter.push(bare(n * STEP, n == 0, size=1 << 20), NOON + s(n / 25))
        if made:
            break
    assert n == 32
    gap = fed(cutter, 25, 1, at=NOON + s(20), begin=20 * CLOCK_HZ)[0]
    assert isinstance(gap, Gap)
    assert (gap.cause, gap.detail) == (Cause.CAMERA_FAULT, "no key frame")


def test_boxes_travel_with_their_pictures() -> None:
    cutter = Cutter()
    fed(cutter, 50, 20)
    cutter.saw(Sighting(19 * STEP, ()))
    piece = fed(cutter, 50, 60, at=NOON + s(0.8), begin=20 * STEP)[0]
    assert isinstance(piece, Piece)
    assert [x.pts for x in piece.sightings] == [19 * STEP]


@given(st.lists(st.tuples(st.floats(-0.4, 0.4), st.floats(0.99, 1.01)), min_size=2, max_size=200))
def test_arrival_jitter_never_turns_time_round(steps: list[tuple[float, float]]) -> None:
    place, now, walls = WallTime(), 0.0, []
    for n, (jitter, rate) in enumerate(steps):
        now += rate / 25
        wall, jump = place.place(n * STEP, NOON + s(now + jitter))
        walls.append(wall)
        assert jump == 0.0
    assert all(a < b for a, b in pairwise(walls))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, float]]:
    """Frames with their spacing, key frames, losses and clock jumps in any order."""
    kinds = st.sampled_from(["frame"] * 30 + ["key"] * 6 + ["lost", "jump", "silence"])
    return [(k, draw(st.floats(0.01, 0.2))) for k in draw(st.lists(kinds, min_size=1, max_size=300))]


@given(histories())
@settings(max_examples=200)
@pytest.mark.requirement("CC-04")
def test_pieces_and_gaps_tile_what_happened(history: list[tuple[str, float]]) -> None:
    """No picture twice, none without its key frame, and no hole that nobody tells of, whatever the camera does."""
    cutter, out, taken = Cutter(), list[Piece | Gap](), []
    wall, ticks = NOON, 0
    for kind, step in history:
        if kind == "lost":
            out += cutter.close(Cause.CAMERA_LOST, "silent")
        elif kind == "silence":
            wall, ticks = wall + s(40 * step), ticks + int(40 * step * CLOCK_HZ)
        elif kind == "jump":
            wall += s(JUMP_S + 10 * step)
        else:
            wall, ticks = wall + s(step), ticks + int(step * CLOCK_HZ)
            frame = bare(ticks, kind == "key")
            taken.append(frame)
            out += cutter.push(frame, wall)
    last = cutter.open
    out += cutter.close(Cause.RELAY_STOPPED)
    pieces = [p for p in out if isinstance(p, Piece)]
    gaps = [g for g in out if isinstance(g, Gap)]
    assert last is None or pieces[-1].frames == last.frames
    kept = [f for p in pieces for f in p.frames]
    assert len({id(f) for f in kept}) == len(kept)
    assert [f for f in taken if any(f is k for k in kept)] == kept
    for piece in pieces:
        assert piece.frames[0].key
        assert piece.start < piece.end
    told = [(g.start, g.end) for g in gaps]
    for a, b in pairwise(pieces):
        assert a.start < b.start  # the end of a piece that was broken off is a guess: one step after its last picture
        if (b.start - a.end).total_seconds() > HOLE_S:
            assert (a.end, b.start) in told
    lost = sum(kind in ("lost", "jump") for kind, _ in history)
    assert sum((p.end - p.start).total_seconds() < AIM_S - SLACK_S for p in pieces) <= lost + 1


# ------------------------------------------------------------------------------------------------- timeline


def test_a_timeline_tells_causes_and_what_is_being_written() -> None:
    now = NOON + s(100)
    got = stretches(
        [
            Gap(NOON - s(9), NOON, Cause.NEVER_RECORDED),
            Gap(NOON + s(10), NOON + s(29), Cause.CAMERA_LOST, "silent"),
            Gap(NOON + s(95), NOON + s(100), Cause.RELAY_STOPPED),
        ],
        NOON - s(5),
        NOON + s(1000),
        now,
    )
    assert [((x.start - NOON).total_seconds(), (x.end - NOON).total_seconds(), x.cause) for x in got] == [
        (-5, 0, Cause.NEVER_RECORDED),
        (0, 10, None),
        (10, 29, Cause.CAMERA_LOST),
        (29, 95, None),
        (95, 100, PENDING),
    ]
    assert got[2].detail == "silent"


moments = st.integers(-100, 200).map(lambda n: NOON + s(n / 4))
spans = st.tuples(moments, moments).map(lambda p: (min(p), max(p)))


@given(st.lists(moments, max_size=20).map(sorted), spans, moments)
@pytest.mark.requirement("CC-04")
def test_a_timeline_covers_its_span_exactly(
    edges: list[datetime], span: tuple[datetime, datetime], now: datetime
) -> None:
    gaps = [Gap(a, b, Cause.CAMERA_LOST) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    from_at, until = span[0], min(span[1], now)
    got = stretches(gaps, *span, now)
    assert bool(got) == (until > from_at)
    if not got:
        return
    assert got[0].start == from_at
    assert got[-1].end == until
    assert all(a.end == b.start for a, b in pairwise(got))
    assert all(x.start < x.end for x in got)
    for n in range(-400, 900):
        at = NOON + s(n / 8)
        if from_at <= at < until:
            missing = any(g.start <= at < g.end for g in gaps)
            assert [x.cause is not None for x in got if x.start <= at < x.end] == [missing]


# ------------------------------------------------------------------------------------------------- clips


def read(data: bytes) -> tuple[list[float], list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]]:
    with av.open(io.BytesIO(data), "r") as file:
        shown = list(file.decode(video=0))
        return [float(f.time or 0) for f in shown], [np.asarray(f.to_ndarray(format="gray"), np.uint8) for f in shown]


@pytest.mark.requirement("VP-06")
def test_a_clip_plays_from_its_first_byte_and_keeps_every_picture() -> None:
    made = movie(frames(4, begin=12_345))
    assert made.index(b"moov") < made.index(b"mdat")
    times, pictures = read(made)
    assert times == pytest.approx([n / 25 for n in range(100)])
    assert pictures[0].shape == (192, 320)
    with av.open(io.BytesIO(made), "r") as file:
        assert file.duration == 4_000_000
        sizes = [p.size for p in file.demux(video=0) if p.size]
        assert sizes == [len(f.fragment) - PAYLOAD_AT for f in frames(4)]


def test_a_hole_in_a_clip_shows_the_picture_before_it() -> None:
    times, _ = read(movie(frames(1) + frames(1, begin=5 * CLOCK_HZ)))
    assert times[24:26] == pytest.approx([0.96, 5.0])


def test_a_clip_of_two_formats_describes_both() -> None:
    other = init()
    second = frames(1, begin=CLOCK_HZ)
    for frame in second:
        frame.init = other
    made = movie(frames(1) + second)
    assert made.count(sample_entry(INIT)) == 2
    assert len(read(made)[0]) == 50


@pytest.mark.parametrize("wrong", [[], frames(1)[1:]])
def test_a_clip_begins_with_a_key_frame(wrong: list[object]) -> None:
    with pytest.raises(ValueError, match="key frame"):
        movie(wrong)  # type: ignore[arg-type]


@given(st.integers(0, 2**40), st.integers(-(2**20), 2**20), st.integers(1, 2**20), st.booleans(), st.integers(0, 2**33))
def test_a_moved_fragment_is_the_one_written_there(dts: int, shift: int, duration: int, key: bool, seq: int) -> None:
    units = (b"\x65abc", b"\x41d")
    there = fragment(seq, dts, shift, duration, key, units)
    assert moved(fragment(1, 2, 3, 4, key, units), seq, dts, shift, duration) == there
    assert units_of(there) == list(units)
