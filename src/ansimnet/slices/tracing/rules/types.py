"""What the relay takes and gives. Times are POSIX seconds, places WGS 84 or metres on the net's plane.

A *sighting* is one track of one camera; *openings* are what may be searched; a *trace* is one subject's relay, a value
that `relay.observe` and `relay.judge` replace.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


class Kind(IntEnum):
    """As what a camera sees somebody. Who rides a bus or a metro is seen by nobody until he gets off."""

    PERSON = 0
    CYCLIST = 1
    VEHICLE = 2


class Mode(StrEnum):
    """How somebody gets from one camera to the next."""

    WALK = "walk"
    CYCLE = "cycle"
    DRIVE = "drive"
    BUS = "bus"
    METRO = "metro"


class Verdict(StrEnum):
    """What a person pressed on a candidate."""

    HIM = "him"
    NOT_HIM = "not_him"


class Stop(StrEnum):
    """Why a relay ended itself."""

    LOST = "lost"
    """No camera is likely enough to show him any more: he went in, or slipped out of sight."""
    NOT_CREDIBLE = "not_credible"
    """What was seen since does not bear out that the subject was followed at all."""


@dataclass(frozen=True, slots=True)
class PlateRead:
    """Characters read from a plate, each with its probability. `chars` and `probability` have one length."""

    chars: str
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.chars) != len(self.probability):
            raise ValueError("each character of a plate has one probability")


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One track of one camera.

    `camera` is the camera's row in the net; `from_s`, `until_s` when it came into view and left; `heading_deg` its
    course when it left, clockwise from north, NaN where unknown; `appearance` (D,) a unit vector or None;
    `described_llr` the log likelihood ratio of the written description's attributes (`scoring.described_llr`); `ground`
    where on the ground it left the view, None where the camera is not calibrated.
    """

    id: str
    camera: int
    from_s: float
    until_s: float
    kind: Kind = Kind.PERSON
    heading_deg: float = math.nan
    appearance: F32 | None = None
    plate: PlateRead | None = None
    described_llr: float = 0.0
    ground: Point | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Who is traced: `kind`, reference pictures' vectors (n, D), a plate pattern (`?` where unknown); None without."""

    kind: Kind = Kind.PERSON
    appearance: F32 | None = None
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where the relay begins, if not with a sighting: a place that somebody named, good to `error_m`, at `at_s`."""

    point: Point
    at_s: float
    error_m: float = 30.0
    heading_deg: float = math.nan


@dataclass(frozen=True, slots=True)
class Opening:
    """One camera's records between two instants may be searched, and its picture shown."""

    camera: int
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class NextCamera:
    """A camera he may come to next.

    `probability` that it is the first to have him in view; he comes into its view between `from_s` and `until_s` with
    90 %, most likely at `likely_s`; `edges` the streets there, `blind_m` how much of them no camera sees.
    """

    camera: int
    probability: float
    from_s: float
    likely_s: float
    until_s: float
    mode: Mode
    edges: tuple[int, ...]
    length_m: float
    blind_m: float


@dataclass(frozen=True, slots=True)
class Term:
    """One reason for or against a candidate: `llr` nats for (> 0) or against (< 0); `detail` its numbers."""

    name: str
    llr: float
    detail: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sighting that may be him: calibrated probability, the reasons for and against, strongest first."""

    sighting: str
    camera: int
    at_s: float
    probability: float
    verdict: Verdict | None
    why: tuple[Term, ...]
    why_not: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a route: the sighting and the probability that it is him."""

    sighting: str
    camera: int
    from_s: float
    until_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Branch:
    """A hypothesis: its hops in order and its share of the belief."""

    hops: tuple[Hop, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Route:
    """The route as a tree of hypotheses: the most likely one, and the others, likeliest first."""

    likely: Branch
    others: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """The belief over place at one instant: probability per street edge, and that no street has him (indoors, ride)."""

    edge: I32
    probability: F64
    elsewhere: float
