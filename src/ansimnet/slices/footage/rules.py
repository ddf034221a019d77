"""Which cameras a provision opens: those that see where the subject is, and where he can be soon. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.model import Chosen, Subject

MOST_CAMERAS = 12
"""The least that follows a person round any corner of a street grid; what an operator can watch at once is nine."""
HORIZONS_S = (30.0, 60.0, 90.0, 120.0)
"""How far ahead to look: a minute to swing the eyes, two until a patrol has turned; halves fill the disc."""
WALK_MPS = 1.4
"""A brisk walk, where the device knows no speed (Bohannon 1997: 1.3-1.5 m/s)."""
FASTEST_MPS = 14.0
"""50 km/h, the city's limit: a fix that claims more is answered as if it were that."""
STANDING_MPS = 0.5
"""Below it a course means nothing: receivers that stand still report noise."""
FARTHEST_M = 600.0
"""Beyond it the next fix is a better guide than any prediction."""
BLURRED_M = 5.0
"""An error beyond this is worth asking about places beside the reported one: half a street's width. A fix that lies in
a house by ten metres is seen by no camera, while he walks in full view of one before the door."""


class Probe(NamedTuple):
    """A place to ask cameras about, and the earliest time to expect the subject there."""

    point: Point
    arrives_in_s: float


@dataclass(frozen=True, slots=True)
class Sight:
    """A camera that sees a probe; a lower cost is a better view."""

    camera_id: CameraId
    cost: float
    live: bool


def probes(subject: Subject) -> list[Probe]:
    """Return the places to ask about, the present one first.

    The disc he can reach in 120 s, sampled on four rings in eight directions; a direction off his course takes longer,
    up to twice as long for turning back.
    """
    plane = Plane(subject.point)
    found = [Probe(subject.point, 0.0)]
    if subject.error_m > BLURRED_M:
        beside_m = min(subject.error_m, FARTHEST_M)
        found += [Probe(_from(plane, 45.0 * k, beside_m), 0.0) for k in range(8)]
    moving = subject.speed_mps is not None and subject.speed_mps >= STANDING_MPS
    speed = min(max(subject.speed_mps or 0.0, WALK_MPS), FASTEST_MPS)
    course = subject.course_deg if moving else None
    for horizon_s in HORIZONS_S:
        reach_m = min(speed * horizon_s, FARTHEST_M)
        for k in range(8):
            bearing = (course or 0.0) + 45.0 * k
            turn = 0.0 if course is None else min(45.0 * k, 360.0 - 45.0 * k) / 180.0
            found.append(Probe(_from(plane, bearing, reach_m), reach_m / speed * (1 + turn)))
    return found


def _from(plane: Plane, bearing_deg: float, metres: float) -> Point:
    angle = math.radians(bearing_deg)
    return plane.to_point(metres * math.sin(angle), metres * math.cos(angle))


def choose(sights: Iterable[tuple[Probe, Sequence[Sight]]], most: int = MOST_CAMERAS) -> list[Chosen]:
    """Return the cameras to open, best first: live ones, by predicted arrival, then by view."""
    best: dict[CameraId, tuple[bool, float, float]] = {}
    for probe, seeing in sights:
        for sight in seeing:
            key = (not sight.live, probe.arrives_in_s, sight.cost)
            best[sight.camera_id] = min(best.get(sight.camera_id, key), key)
    order = sorted(best.items(), key=lambda item: (item[1], item[0]))[:most]
    return [Chosen(camera_id, arrives == 0.0, arrives) for camera_id, (_, arrives, _) in order]


def worth_telling(before: Sequence[CameraId], after: Sequence[CameraId]) -> bool:
    """Return whether a new list is news: a camera that was not on it, or a best one that was not near the top.

    Neighbours that change places with every fix are none: a wall that shuffles cannot be watched.
    """
    return (
        bool(set(after) - set(before))
        or not set(after[:4]) <= set(before[:6])
        or after[:1] not in (before[:1], before[1:2])
    )
