"""Vision's words: reports, alarms, set-ups, tunings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.kernel.ids import AccountId, AlarmId, CameraId, GroundId

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in parts of the picture from the upper left corner."""
Corner = tuple[float, float]


class Said(NamedTuple):
    """A sentence in both languages."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker said of one event, as it was read and found to make sense. Instants are UTC.

    `score`: natural logarithm of the evidence's likelihood ratio; `place`: longitude and latitude of the event.
    """

    report_id: UUID
    camera_id: CameraId
    behaviour: Behaviour
    at: datetime
    since: datetime
    score: float
    probability: float | None
    box: Box
    tracks: tuple[int, ...]
    place: tuple[float, float] | None
    evidence: Mapping[str, float]
    model: str
    shadow: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A report that was not taken: which, and what is wrong with it. Sending it again helps nobody."""

    index: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports: a worker by its key, or a process that this server started itself."""

    worker_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One event on one camera, however many reports tell of it."""

    alarm_id: AlarmId
    code: str
    camera_id: CameraId
    behaviour: Behaviour
    began_at: datetime
    last_at: datetime
    raised_at: datetime
    score: float
    probability: float | None
    model: str
    shadow: bool
    simulated: bool
    held_why: str | None  # budget | improbable; None: it is shown
    priority: int
    tracks: tuple[int, ...]
    box: Box
    lat: float
    lon: float
    exact_place: bool
    evidence: Mapping[str, float]
    reason: Said
    reports: int
    ground_id: GroundId | None
    opened_at: datetime | None
    verdict: Verdict | None
    why: Why | None
    judged_at: datetime | None
    judged_by: AccountId | None

    @property
    def held(self) -> bool:
        """Return whether it waits in the list of what was held back."""
        return self.held_why is not None


def foot_of(box: Box) -> Corner:
    """Return where what fills a box stands in the picture: the middle of its lower edge."""
    return (box[0] + box[2]) / 2, box[3]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a zone is in force: weekdays from Monday 0, minutes of the Korean day; may pass midnight."""

    days: tuple[int, ...]
    from_min: int
    until_min: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon or a line in parts of the picture, for one behaviour. No hours: always."""

    zone_id: str
    kind: str  # zone | line
    purpose: Behaviour
    points: tuple[Corner, ...]
    name: str = ""
    hours: tuple[Hours, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """One point in the picture (parts) and where it is on the ground (WGS 84 degrees)."""

    x: float
    y: float
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Setup:
    """How one camera is set up: what people drew and chose. `pairs`: four or more, or none: not calibrated."""

    zones: tuple[Zone, ...] = ()
    pairs: tuple[Pair, ...] = ()
    behaviours: frozenset[Behaviour] = frozenset()
    shadow: frozenset[Behaviour] = frozenset()


@dataclass(frozen=True, slots=True)
class SetupVersion:
    """A version of a set-up as kept. Version 0: nobody set it up; the defaults hold."""

    camera_id: CameraId
    version: int
    setup: Setup
    set_at: datetime | None


class Platt(NamedTuple):
    """Probability of a score: 1 / (1 + exp(-(slope * score + offset)))."""

    slope: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What verdicts taught about a behaviour on a camera."""

    camera_id: CameraId
    behaviour: Behaviour
    version: int
    threshold: float
    platt: Platt
    state: str  # proposed | in_force | replaced | refused
    trues: int
    falses: int
    brier: float | None
    brier_before: float | None
    kept_share: float
    made_at: datetime


class Sample(NamedTuple):
    """One judged alarm, as tuning and quality read it."""

    score: float
    probability: float | None
    verdict: Verdict
    why: Why | None
    raised_at: datetime
    judged_at: datetime
    handling_s: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Budget:
    """Alarms that one operator is asked to judge in a shift."""

    per_shift: int
    shift_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A worker as it last spoke."""

    worker_id: UUID
    name: str
    local: bool
    registered_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    cameras: frozenset[str]
    behaviours: frozenset[str]
    state: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model that workers have loaded, as its card says."""

    name: str
    sha256: str
    behaviours: tuple[str, ...]
    card: Mapping[str, object]
    shadow: bool
    first_at: datetime
    seen_at: datetime
