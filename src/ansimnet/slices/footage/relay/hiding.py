"""Which parts of a picture are hidden. Pure; in doubt the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) in parts of the picture, [0, 1] from the top left, at least three."""

FRESH_S = 1.0
"""Boxes older than this vouch for nobody: the whole picture is hidden. Cameras send at least two messages a second."""
HOLD_S = 0.5
"""A track that detection loses is hidden this much longer: detectors drop people for a few frames at a time."""
DILATE = 0.3
"""Share of a region's size added on each side, for a detector's jitter (IoU around 0.7 is common)."""
LEAD_S = 0.15
"""How far ahead of its last two sightings a track is hidden: a box arrives after the picture it describes."""
HEAD_OF_WIDTH = 0.8 * 16 / 9
"""How far down a person's box head and neck reach, in widths of it: shoulders are two heads wide, a head is a third
taller than wide, and a neck is below. In parts of a 16:9 picture; a squarer one hides a little more."""
MAX_SPEED = 2.0
"""Picture widths a second; what seems faster is a track id used again."""


@dataclass(slots=True)
class _Track:
    seen: Seen
    at_s: float
    vx: float = 0.0
    vy: float = 0.0


class Hiding:
    """The tracks of one camera, as its metadata tells them."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._told_s: float | None = None

    def tell(self, objects: list[Seen], at_s: float) -> None:
        """Take one analytics frame that came at `at_s` (monotonic seconds)."""
        self._told_s = at_s
        for seen in objects:
            before = self._tracks.get(seen.track)
            track = _Track(seen, at_s)
            if before is not None and 0 < at_s - before.at_s <= HOLD_S:
                apart = at_s - before.at_s
                vx = (seen.box.x1 + seen.box.x2 - before.seen.box.x1 - before.seen.box.x2) / 2 / apart
                vy = (seen.box.y1 + seen.box.y2 - before.seen.box.y1 - before.seen.box.y2) / 2 / apart
                if max(abs(vx), abs(vy)) <= MAX_SPEED:
                    track.vx, track.vy = vx, vy
            self._tracks[seen.track] = track
        for name in [n for n, t in self._tracks.items() if at_s - t.at_s > HOLD_S]:
            del self._tracks[name]

    def forget(self) -> None:
        """Forget everything: the camera was lost."""
        self._tracks.clear()
        self._told_s = None

    def regions(self, now_s: float, *, clear: str | None = None) -> tuple[Box, ...] | None:
        """Return the rectangles to hide now, or None: hide everything. `clear` names the marked track."""
        if self._told_s is None or now_s - self._told_s > FRESH_S:
            return None
        found: list[Box] = []
        for name, track in self._tracks.items():
            age = now_s - track.at_s
            if name == clear or age > max(HOLD_S, now_s - self._told_s):
                continue
            for region in parts_to_hide(track.seen):
                ahead = region.moved(track.vx * (age + LEAD_S), track.vy * (age + LEAD_S))
                box = dilated(region.around(ahead)).clipped()
                if box is not None:
                    found.append(box)
        return tuple(found)


def parts_to_hide(seen: Seen) -> tuple[Box, ...]:
    """Return the identifying parts of one object.

    The regions that the camera names; else the upper third of a person, the lower half of a vehicle (plates sit below
    the windows), and all of what it cannot class. Who bends, lies or is cut by the border has the head anywhere in a
    box that is no longer tall: more of it is hidden, all of it where it is wide.
    """
    x1, y1, x2, y2 = seen.box
    if seen.kind is Kind.PERSON:
        tall = max((y2 - y1) / 3, min(y2 - y1, HEAD_OF_WIDTH * (x2 - x1)))
        return seen.hide or (Box(x1, y1, x2, y1 + tall),)
    if seen.kind is Kind.VEHICLE:
        return seen.hide or (Box(x1, (y1 + y2) / 2, x2, y2),)
    return (seen.box, *seen.hide)


def dilated(box: Box, by: float = DILATE) -> Box:
    """Return the box grown by a share of its size on each side."""
    dx, dy = by * (box.x2 - box.x1), by * (box.y2 - box.y1)
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)
