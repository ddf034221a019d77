"""Which frames of a masked clip a person must look at before it leaves, the worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise

from ansimnet.slices.footage.masking.tracks import LEAD_S, Masks, Spot, Track
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.onvif import Box, Kind

FAINT = 0.45
"""Scores below this are as often a sign or a pole as a person (NanoDet on street clips). Ours."""
BRIDGED_S = 0.4
"""Misses shorter than this lie within what `DILATE` covers at a walk."""
JUMP = 0.6
"""A step of more than so many widths of the object between neighbouring sightings: two people under one name?"""
CROWDED = 0.35
"""Share of the smaller of two regions that they have in common: one may hide while the other is told to stay clear."""
SMALL = 0.012
"""Heads below this share of the picture's height (9 of 720 lines) are where boxes are wrong by their own size."""
EDGE = 0.03
"""A track born or lost this near to the border came or went through it; elsewhere somebody was missed around it."""
FLEETING_S = 0.6
"""What moves for less and is nothing known is a leaf, a shadow or noise: it stays hidden, and nobody need look."""
APART_S = 4.0
"""Doubts of one track closer than this are looked at together."""


class Why(StrEnum):
    """What makes a frame doubtful."""

    FAINT = "faint"  # the detector was not sure
    JUMP = "jump"
    BRIDGED = "bridged"  # missed in between; the region is interpolated
    BORN = "born"  # first seen inside the picture
    LOST = "lost"  # last seen inside the picture
    CROWDED = "crowded"
    SMALL = "small"
    UNKNOWN = "unknown"  # moves, and no detector says what it is


_WEIGHT = {
    Why.LOST: 0.9, Why.BORN: 0.85, Why.BRIDGED: 0.8, Why.JUMP: 0.75,
    Why.FAINT: 0.6, Why.UNKNOWN: 0.5, Why.CROWDED: 0.4, Why.SMALL: 0.3,
}  # fmt: skip
"""How bad each is: a head that may stand free before a head that is certainly covered. Ours."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One look: the worst frame (`at_pts`, `box`) of a span of one track. `doubt` in (0, 1], more is worse."""

    track: str
    from_pts: int
    until_pts: int
    at_pts: int
    box: Box
    why: frozenset[Why]
    doubt: float


def worst(masks: Masks, from_pts: int, until_pts: int, clear: frozenset[str] = frozenset()) -> tuple[Doubt, ...]:
    """Return what to look at before a clip of [from_pts, until_pts) leaves, the worst first.

    `clear`: tracks that stay visible; whoever crosses one of them is looked at.
    """
    found = [d for t in masks.tracks for d in _merged(sorted(_of_track(t, from_pts, until_pts), key=_begin))]
    found += _crowded(masks.tracks, clear)
    return tuple(sorted(found, key=lambda d: (-d.doubt, d.at_pts, d.track)))


def _begin(doubt: Doubt) -> int:
    return doubt.from_pts


def _one(track: Track, a: int, b: int, at: Spot, why: Why, size: float = 1.0) -> Doubt:
    return Doubt(track.name, a, b, at.pts, at.hide, frozenset({why}), _WEIGHT[why] * min(1.0, max(0.2, size)))


def _of_track(track: Track, from_pts: int, until_pts: int) -> Iterator[Doubt]:
    lead = int(LEAD_S * CLOCK_HZ)
    first, last = track.spots[0], track.spots[-1]
    if track.kind is Kind.OTHER and last.pts - first.pts < FLEETING_S * CLOCK_HZ:
        return
    if first.pts - from_pts > lead / 2 and not _at_edge(first.box):
        yield _one(track, first.pts - lead, first.pts, first, Why.BORN)
    if until_pts - last.pts > lead / 2 and not _at_edge(last.box):
        yield _one(track, last.pts, last.pts + lead, last, Why.LOST)
    for a, b in pairwise(track.spots):
        apart_s = (b.pts - a.pts) / CLOCK_HZ
        if apart_s > BRIDGED_S:
            yield _one(track, a.pts, b.pts, a, Why.BRIDGED, apart_s / 2)
        if _step(a.box, b.box) > JUMP:
            yield _one(track, a.pts, b.pts, b, Why.JUMP)
    if track.kind is Kind.OTHER:
        yield _one(track, first.pts, last.pts, track.spots[len(track.spots) // 2], Why.UNKNOWN)
    else:
        faintest = min(track.spots, key=lambda s: s.score)
        mean = sum(s.score for s in track.spots) / len(track.spots)
        if mean < FAINT:
            yield _one(track, first.pts, last.pts, faintest, Why.FAINT, 1.5 - mean / FAINT)
    if track.kind is Kind.PERSON:
        smallest = min(track.spots, key=lambda s: s.hide.y2 - s.hide.y1)
        if smallest.hide.y2 - smallest.hide.y1 < SMALL:
            yield _one(track, first.pts, last.pts, smallest, Why.SMALL)


def _merged(doubts: list[Doubt]) -> list[Doubt]:
    """Return doubts of one track, those close in time as one with the worst frame of them."""
    out: list[Doubt] = []
    for doubt in doubts:
        before = out[-1] if out else None
        if before is None or doubt.from_pts - before.until_pts > APART_S * CLOCK_HZ:
            out.append(doubt)
            continue
        top = max(before, doubt, key=lambda d: d.doubt)
        until = max(before.until_pts, doubt.until_pts)
        out[-1] = Doubt(top.track, before.from_pts, until, top.at_pts, top.box, before.why | doubt.why, top.doubt)
    return out


def _crowded(tracks: Iterable[Track], clear: frozenset[str]) -> Iterator[Doubt]:
    """Yield, for a hidden track and a clear one that cover one another, the frame where they do most."""
    for a, b in combinations(tracks, 2):
        if (a.name in clear) is (b.name in clear):
            continue
        if a.spots[0].pts > b.spots[-1].pts or b.spots[0].pts > a.spots[-1].pts:
            continue
        shared = [(s, _common(s.hide, r)) for s in a.spots if (r := b.region(s.pts)) is not None]
        close = [(s, c) for s, c in shared if c > CROWDED]
        if close:
            at, common = max(close, key=lambda pair: pair[1])
            yield _one(a, close[0][0].pts, close[-1][0].pts + 1, at, Why.CROWDED, common)


def _common(a: Box, b: Box) -> float:
    """Return the part of the smaller box that both have."""
    wide, tall = min(a.x2, b.x2) - max(a.x1, b.x1), min(a.y2, b.y2) - max(a.y1, b.y1)
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / max(1e-12, min((a.x2 - a.x1) * (a.y2 - a.y1), (b.x2 - b.x1) * (b.y2 - b.y1)))


def _step(a: Box, b: Box) -> float:
    """Return how far the centre went, in widths of the object."""
    dx, dy = (b.x1 + b.x2 - a.x1 - a.x2) / 2, (b.y1 + b.y2 - a.y1 - a.y2) / 2
    return max(abs(dx) / max(1e-9, a.x2 - a.x1), abs(dy) / max(1e-9, a.y2 - a.y1))


def _at_edge(box: Box) -> bool:
    return box.x1 < EDGE or box.y1 < EDGE or box.x2 > 1 - EDGE or box.y2 > 1 - EDGE
