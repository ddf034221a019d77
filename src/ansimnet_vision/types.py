"""What passes between the parts of vision: what is seen, what a camera is, and what a behaviour says of it.

Pictures are addressed in parts of themselves: x, y in [0, 1] from the upper left corner. Places are metres east and
north of the camera's calibration origin. Instants are seconds since 1970 (UTC) at which the picture was taken; for a
clip of unknown date, seconds from any beginning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import FACE, KINDS, OTHER, PERSON, VEHICLE

__all__ = [
    "BEHAVIOURS",
    "FACE",
    "KINDS",
    "OTHER",
    "PERSON",
    "VEHICLE",
    "Behaviour",
    "Box",
    "CameraConfig",
    "Hours",
    "Pose",
    "Report",
    "Scene",
    "Seen",
    "Signal",
    "Zone",
]

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in parts of the picture."""
Pose = NDArray[np.float32]
"""(17, 3): x, y in parts of the picture and score in [0, 1], in COCO's order of joints."""
BEHAVIOURS = (
    "violence",
    "approach",
    "collapse",
    "fire",
    "intrusion",
    "loitering",
    "abandoned",
    "crowding",
    "handover",
    "tampered",
    "stalking",
)
"""Names of behaviours in configuration and reports."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One track in one picture. `kind`: index into `KINDS`; `foot`: where it stands, None without a calibration.

    `held`: nobody saw it in this picture; the box is where its motion leads.
    """

    track: int
    kind: int
    box: Box
    score: float
    at_s: float
    foot: tuple[float, float] | None = None
    pose: Pose | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything a behaviour learns of one picture.

    `luma` (H, W) about 192 across; `moved`: share of it that moves; `rgb` (H, W, 3) about 320 across, None where no
    behaviour of the camera asks for colour; `looked`: False where the detector did not look, because nothing asked for
    it or others came first (then `seen` holds the tracks where their motion leads, `held`).
    """

    at_s: float
    seen: tuple[Seen, ...]
    luma: NDArray[np.uint8]
    moved: float
    rgb: NDArray[np.uint8] | None = None
    looked: bool = True


@dataclass(frozen=True, slots=True)
class Signal:
    """What a behaviour says. `score`: log-likelihood ratio of the evidence, natural logarithm; `since_s`: its begin.

    `probability`: calibrated for this camera, None where nothing calibrates it. `evidence`: the numbers a person
    reads, unit in the name (`closing_m_s`).
    """

    behaviour: str
    at_s: float
    since_s: float
    score: float
    probability: float | None
    tracks: tuple[int, ...]
    box: Box
    evidence: Mapping[str, float]


class Behaviour(Protocol):
    """One rule on one camera. Keeps its own memory; is called with pictures in order."""

    def step(self, scene: Scene) -> list[Signal]:
        """Return what this picture makes certain; an event in progress is said once."""
        ...


@dataclass(frozen=True, slots=True)
class Hours:
    """When a zone is in force. `days`: Monday is 0; minutes are of the local day and may pass midnight."""

    days: frozenset[int]
    from_min: int
    to_min: int

    def covers(self, day: int, minute: int) -> bool:
        """Return whether a minute of a weekday lies within.

        >>> Hours(frozenset({4}), 22 * 60, 6 * 60).covers(5, 60)
        True
        """
        if self.from_min < self.to_min:
            return day in self.days and self.from_min <= minute < self.to_min
        return (day in self.days and minute >= self.from_min) or ((day - 1) % 7 in self.days and minute < self.to_min)


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon (`zone`) or polyline (`line`) in parts of the picture, for one behaviour.

    A line is crossed from the left of its direction to its right (limit `both`: 1 for either way). No hours: always.
    """

    id: str
    kind: str
    purpose: str
    points: tuple[tuple[float, float], ...]
    schedule: tuple[Hours, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)

    def in_force(self, at_s: float, utc_offset_s: int) -> bool:
        """Return whether the zone holds at an instant."""
        if not self.schedule:
            return True
        minutes = math.floor((at_s + utc_offset_s) / 60)
        day, minute = (minutes // 1440 + 3) % 7, minutes % 1440  # 1970-01-01 was a Thursday
        return any(hours.covers(day, minute) for hours in self.schedule)


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera as the workers know it: no address, no owner.

    `homography`: row-major 3 x 3 from parts of the picture to metres; `origin`: longitude and latitude of those
    metres; `behaviours`: what is switched on; `shadow`: of these, what is only tried; `has`: day, night, heat, sound;
    `calibration`: per behaviour (a, b) of the probability 1 / (1 + exp(-(a * score + b))); `sightings`: by hour (UTC,
    YYYYMMDDHH) the public key to which what is noted of tracks is sealed, base64; nothing is noted without one;
    `heat_c`: degrees Celsius of the darkest and the brightest grey of its heat sensor, None where it sends no such
    pictures.
    """

    camera_id: str
    width: int = 640
    height: int = 360
    homography: tuple[float, ...] | None = None
    origin: tuple[float, float] | None = None
    zones: tuple[Zone, ...] = ()
    behaviours: frozenset[str] = frozenset()
    shadow: frozenset[str] = frozenset()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    calibration: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    has: frozenset[str] = frozenset({"day", "night"})
    heat_c: tuple[float, float] | None = None
    utc_offset_s: int = 32_400
    """Korea; it keeps no summer time."""
    sightings: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def tried(self) -> frozenset[str]:
        """Return what is looked for at all, in earnest or only in the shadow."""
        return self.behaviours | self.shadow

    @staticmethod
    def of(document: Mapping[str, Any]) -> CameraConfig:
        """Return the configuration in a JSON document; keys are the names of the fields, unknown ones are refused.

        `schedule` of a zone: `[{"days": [0, …], "from": "22:00", "to": "06:00"}]`.

        Raises:
            TypeError: a field is missing or unknown.
            ValueError: a number is none, or a homography is not nine of them.
        """
        known = dict(document)
        matrix = known.pop("homography", None)
        origin = known.pop("origin", None)
        heat_c = known.pop("heat_c", None)
        if matrix is not None and len(matrix) != 9:
            raise ValueError("a homography is nine numbers")
        return CameraConfig(
            homography=None if matrix is None else tuple(float(v) for v in matrix),
            origin=None if origin is None else (float(origin[0]), float(origin[1])),
            heat_c=None if heat_c is None else (float(heat_c[0]), float(heat_c[1])),
            zones=tuple(_zone(zone) for zone in known.pop("zones", ())),
            behaviours=frozenset(known.pop("behaviours", ())),
            shadow=frozenset(known.pop("shadow", ())),
            has=frozenset(known.pop("has", ("day", "night"))),
            calibration={k: (float(a), float(b)) for k, (a, b) in known.pop("calibration", {}).items()},
            **known,
        )

    def foot(self, box: Box) -> tuple[float, float] | None:
        """Return where what fills a box stands: the middle of its lower edge on the ground, metres east and north."""
        if self.homography is None:
            return None
        h, x, y = self.homography, (box[0] + box[2]) / 2, box[3]
        depth = h[6] * x + h[7] * y + h[8]
        if abs(depth) < 1e-9:
            return None
        return (h[0] * x + h[1] * y + h[2]) / depth, (h[3] * x + h[4] * y + h[5]) / depth

    def place(self, foot: tuple[float, float]) -> tuple[float, float] | None:
        """Return longitude and latitude of metres east and north, None where nobody said where the camera is."""
        if self.origin is None:
            return None
        longitude, latitude = self.origin
        metres = 111_320.0  # of one degree of latitude
        return longitude + foot[0] / (metres * math.cos(math.radians(latitude))), latitude + foot[1] / metres


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker tells the server of a camera. `id`: chosen once, so that one that is sent again counts once."""

    id: str
    camera_id: str
    behaviour: str
    at: float
    since: float
    probability: float | None
    box: Box
    tracks: tuple[int, ...]
    place: tuple[float, float] | None
    evidence: Mapping[str, float]
    model: str
    shadow: bool


def _zone(document: Mapping[str, Any]) -> Zone:
    points: Sequence[Sequence[float]] = document["points"]
    return Zone(
        id=str(document["id"]),
        kind=str(document["kind"]),
        purpose=str(document["purpose"]),
        points=tuple((float(x), float(y)) for x, y in points),
        schedule=tuple(
            Hours(frozenset(hours["days"]), _minutes(hours["from"]), _minutes(hours["to"]))
            for hours in document.get("schedule") or ()
        ),
        limits=dict(document.get("limits") or {}),
    )


def _minutes(clock: str) -> int:
    """Return the minute of the day of `HH:MM`; 24:00 is the day's end."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
