"""Tracks, not single frames: what detection missed is filled in before, between and after its sightings. Pure.

Live masking knows the past alone; here the whole clip is at hand, so a miss is bridged from both of its ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.hiding import DILATE, FRESH_S, MAX_SPEED, dilated, parts_to_hide
from ansimnet.slices.footage.relay.hiding import LEAD_S as LIVE_LEAD_S
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.source import Sighting

BRIDGE_S = 4.0
"""A track lost for longer is two tracks. People hidden behind a pole, a van or one another come back within it."""
LEAD_S = 1.0
"""A track is hidden so long before its first and after its last sighting, along its motion: detectors need a second of
a person coming out of a doorway. Ours; chosen on the tuning part of `eval masking`."""
SPREAD = 0.5
"""Sizes of itself by which a region grows on each side in a second that nobody saw it: a walker turns, stops, bends."""
OWN = "own:"
"""How the tracks of our own detector are named; a camera's have names of its own."""
LATE = int(LIVE_LEAD_S * CLOCK_HZ)
"""Ticks by which a camera's boxes may come behind their pictures; where they are and were going is both hidden."""
SAME = 0.4
"""Share of two boxes that both hold from which they are of one person. Ours: side by side people have under 0.3."""
MOTION_S = 0.6
"""Velocity at an end is taken over so long: shorter, and a detector's jitter becomes speed."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One sighting of a track: the whole object and the part of it to hide. `pts` in ticks of the stream."""

    pts: int
    box: Box
    hide: Box
    score: float


@dataclass(frozen=True, slots=True)
class Track:
    """One object through a clip; `spots` ascend, at least one. Between and around them its region is computed."""

    name: str
    kind: Kind
    spots: tuple[Spot, ...]
    late: int = 0  # ticks by which its sightings may come behind their pictures

    def region(self, pts: int) -> Box | None:
        """Return the rectangle to hide at an instant (may reach outside the picture); None before and after."""
        here, later = self._at(pts), self._at(pts + self.late) if self.late else None
        return here.around(later) if here is not None and later is not None else here or later

    def _at(self, pts: int) -> Box | None:
        at = bisect_right(self.spots, pts, key=lambda s: s.pts)
        if at == 0:
            return self._beyond(self.spots[0], self._velocity(self.spots), pts)
        if at == len(self.spots):
            return self._beyond(self.spots[-1], self._velocity(self.spots[::-1]), pts)
        before, after = self.spots[at - 1], self.spots[at]
        share = (pts - before.pts) / (after.pts - before.pts)
        unseen_s = min(pts - before.pts, after.pts - pts) / CLOCK_HZ
        return dilated(_between(before.hide, after.hide, share), DILATE + SPREAD * unseen_s)

    def _beyond(self, spot: Spot, velocity: tuple[float, float], pts: int) -> Box | None:
        away_s = (pts - spot.pts) / CLOCK_HZ
        if abs(away_s) > LEAD_S:
            return None
        moved = spot.hide.moved(velocity[0] * away_s, velocity[1] * away_s)
        return dilated(spot.hide.around(moved), DILATE + SPREAD * abs(away_s))

    @staticmethod
    def _velocity(spots: Sequence[Spot]) -> tuple[float, float]:
        """Return picture sizes a second at the first of these spots, zero where one sighting is all."""
        first = spots[0]
        near = [s for s in spots[1:] if abs(s.pts - first.pts) <= MOTION_S * CLOCK_HZ]
        if not near:
            return 0.0, 0.0
        apart_s = (near[-1].pts - first.pts) / CLOCK_HZ
        (ax, ay), (bx, by) = _centre(first.hide), _centre(near[-1].hide)
        vx, vy = (bx - ax) / apart_s, (by - ay) / apart_s
        return (vx, vy) if max(abs(vx), abs(vy)) <= MAX_SPEED else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle that a person at the review hides, in [from_pts, until_pts)."""

    from_pts: int
    until_pts: int
    box: Box


@dataclass(frozen=True, slots=True)
class Opening:
    """A track that a person at the review found to be nobody, in [from_pts, until_pts)."""

    track: str
    from_pts: int
    until_pts: int


@dataclass(frozen=True, slots=True)
class Masks:
    """Everything that is hidden in a clip. In `blind` spans nobody vouches for boxes: all of the picture is."""

    tracks: tuple[Track, ...]
    blind: tuple[tuple[int, int], ...]
    patches: tuple[Patch, ...] = ()
    openings: tuple[Opening, ...] = ()

    def standing_in(self, box: Box, pts: int) -> str | None:
        """Return the track that was seen in a box at about an instant, None where none fills it well enough."""
        nearest = [(min(t.spots, key=lambda s: abs(s.pts - pts)), t.name) for t in self.tracks]
        near = [(_overlap(s.box, box), name) for s, name in nearest if abs(s.pts - pts) <= FRESH_S * CLOCK_HZ]
        best = max(near, default=(0.0, ""))
        return best[1] if best[0] >= SAME else None

    def regions(self, pts: int, clear: frozenset[str] = frozenset()) -> tuple[Box, ...] | None:
        """Return the rectangles to hide at an instant, None: everything. Tracks named in `clear` stay visible."""
        if any(a <= pts < b for a, b in self.blind):
            return None
        shown = clear | {o.track for o in self.openings if o.from_pts <= pts < o.until_pts}
        found = [t.region(pts) for t in self.tracks if t.name not in shown]
        found += [p.box for p in self.patches if p.from_pts <= pts < p.until_pts]
        return tuple(r for box in found if box is not None and (r := box.clipped()) is not None)


def _overlap(a: Box, b: Box) -> float:
    """Return the share of two boxes that both hold, of all that either holds."""
    wide, high = min(a.x2, b.x2) - max(a.x1, b.x1), min(a.y2, b.y2) - max(a.y1, b.y1)
    both = max(0.0, wide) * max(0.0, high)
    return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both or 1.0)


def fill(sightings: Iterable[Sighting], from_pts: int, until_pts: int) -> Masks:
    """Return the masks of a clip that lasts [from_pts, until_pts), from what analytics or our detector saw.

    A sighting without objects vouches for an empty picture. A camera's boxes come up to `LATE` behind their
    pictures, so both places are hidden; boxes of our own belong to theirs.
    """
    told = sorted(sightings, key=lambda s: s.pts)
    spots: dict[str, list[tuple[Kind, Spot]]] = {}
    for sighting in told:
        for seen in sighting.objects:
            spots.setdefault(seen.track, []).append((seen.kind, _spot(sighting.pts, seen)))
    tracks = [t for name, found in spots.items() for t in _split(name, found)]
    tracks = [t if t.name.startswith(OWN) else replace(t, late=LATE) for t in tracks]
    return Masks(tuple(tracks), _blind([s.pts for s in told], from_pts, until_pts))


def _spot(pts: int, seen: Seen) -> Spot:
    parts = parts_to_hide(seen)
    hide = parts[0]
    for part in parts[1:]:
        hide = hide.around(part)
    return Spot(pts, seen.box, hide, seen.score)


def _split(name: str, found: list[tuple[Kind, Spot]]) -> list[Track]:
    """Return the tracks under one name: cut where it was lost too long, or is somewhere else at once."""
    kind = max({k for k, _ in found}, key=lambda k: sum(k is other for other, _ in found))
    parts: list[list[Spot]] = [[]]
    for _, spot in found:
        last = parts[-1][-1] if parts[-1] else None
        if last is not None and spot.pts == last.pts:
            parts[-1][-1] = Spot(spot.pts, last.box.around(spot.box), last.hide.around(spot.hide), spot.score)
            continue
        if last is not None and (spot.pts - last.pts > BRIDGE_S * CLOCK_HZ or _too_fast(last, spot)):
            parts.append([])
        parts[-1].append(spot)
    return [Track(name, kind, tuple(spots)) for spots in parts]


def _too_fast(a: Spot, b: Spot) -> bool:
    (ax, ay), (bx, by) = _centre(a.box), _centre(b.box)
    return max(abs(bx - ax), abs(by - ay)) > max(MAX_SPEED * (b.pts - a.pts) / CLOCK_HZ, a.box.x2 - a.box.x1)


def _blind(told: list[int], from_pts: int, until_pts: int) -> tuple[tuple[int, int], ...]:
    """Return the spans further than half of `FRESH_S` from any word of the analytics: words from both sides count."""
    half = int(FRESH_S / 2 * CLOCK_HZ)
    if not told:
        return ((from_pts, until_pts),)
    edges = [from_pts - half, *told, until_pts + half]
    spans = [(max(a + half, from_pts), min(b - half, until_pts)) for a, b in pairwise(edges)]
    return tuple((a, b) for a, b in spans if a < b)


def _between(a: Box, b: Box, share: float) -> Box:
    return Box(*(p + (q - p) * share for p, q in zip(a, b, strict=True)))


def _centre(box: Box) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
