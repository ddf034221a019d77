"""The words of protection: persons, settings, warnings and what they say. Values only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ansimnet.facts.protection import Level
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AccountId, AlarmId, IncidentId, NoticeId, ProtectedPersonId, WarningId, WearerId


class Grade(StrEnum):
    """The three risk grades of the safety measures for victims of crime (VP-02)."""

    VERY_HIGH = "very_high"  # 매우 높음
    HIGH = "high"  # 높음
    NORMAL = "normal"  # 보통


class Measure(StrEnum):
    """What a grade entitles to (VP-03 to VP-05)."""

    PHONE_112 = "phone_112"
    PATROL = "patrol"
    SMARTWATCH = "smartwatch"
    LODGING = "lodging"
    RELOCATION = "relocation"
    AI_CCTV = "ai_cctv"


@dataclass(frozen=True, slots=True)
class Settings:
    """How her phone behaves. Vibration alone by default: a siren can tell him where she is."""

    siren: bool = False
    voice: bool = False
    discreet: bool = True
    words: str = "offender"  # offender | that_person
    language: str = "ko"  # ko | en | easy


@dataclass(frozen=True, slots=True)
class Person:
    """A protected person. `home` is None where its key was destroyed."""

    protected_person_id: ProtectedPersonId
    code: str
    grade: Grade
    home: Point | None
    settings: Settings
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class His:
    """Where the wearer is believed to be. `error_m` holds the truth 68 times in 100."""

    point: Point
    error_m: float
    speed_mps: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Hers:
    """Where she is believed to be, and how that is known: `device` or `registered_place`."""

    point: Point
    error_m: float
    seen_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One distance between the two, as it was when his place was seen."""

    at: datetime
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Police:
    """The unit that comes: `eta_s` by road, `distance_m` from her, `lat`, `lon` where it was at `seen_at`."""

    eta_s: float
    unit: str
    lat: float
    lon: float
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A medical stay told to her before it begins (EM-08); never the illness."""

    enters_at: datetime
    leaves_at: datetime
    place_coarse: str
    accompanied_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a warning says of the two people. Sealed under her key wherever it is kept.

    `way_out` is ready JSON, None where the level has none (medical, over). `his` and `hers` (her device's, not her
    registered place) are what it was made of: the next word of one of them is set against the last of the other.
    `home`: what the camera at her door saw, where that is what it is about.
    """

    distance_m: float | None = None
    distance_range_m: tuple[float, float] | None = None
    bearing_deg: float | None = None
    trend_m_per_min: float | None = None
    seen_at: datetime | None = None
    error_m: float = 0.0
    way_out: dict[str, object] | None = None
    my: dict[str, object] | None = None
    medical: Stay | None = None
    trail: tuple[Seen, ...] = ()
    his: His | None = None
    hers: Hers | None = None
    home: Sighting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """How far the police are with an incident: asked, told (their system took it), acknowledged, and who comes."""

    asked_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    police: Police | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One warning to one person. It lives until `ended_at`; a rise to certain is a warning of its own."""

    warning_id: WarningId
    protected_person_id: ProtectedPersonId
    level: Level
    alarm_id: AlarmId | None
    notice_id: NoticeId | None
    wearer_id: WearerId | None
    incident_id: IncidentId | None
    raised_at: datetime
    issued_at: datetime
    updated_at: datetime
    fall_at: datetime | None
    acknowledged_at: datetime | None = None
    escalated_at: datetime | None = None
    not_reached_at: datetime | None = None
    ended_at: datetime | None = None
    content: Content = field(default_factory=Content)


# --- the camera at her door


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One home camera. `setup`: what its process is told besides the address; `state`: off, starting, ready, lost."""

    home_id: UUID
    protected_person_id: ProtectedPersonId
    name: str
    setup: Mapping[str, Any]
    installed_by: AccountId
    installed_at: datetime
    order_id: UUID | None = None
    statute: str | None = None
    assessment_no: str | None = None
    assessed_on: date | None = None
    on_at: datetime | None = None
    off_at: datetime | None = None
    seen_at: datetime | None = None
    state: str = "off"
    enrolled: int = 0
    unfit: Mapping[str, int] | None = None
    look_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face that may be recognised at one door. The template itself is opened for the process alone."""

    template_id: UUID
    home_id: UUID
    order_id: UUID
    subject_id: UUID
    request_id: UUID
    model: str
    photographs: int
    enrolled_by: AccountId
    approved_by: AccountId
    enrolled_at: datetime
    until_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `kind`: match or intrusion; `unable`: why nobody could be recognised (infrared, small …)."""

    alert_id: AlarmId
    home_id: UUID
    protected_person_id: ProtectedPersonId
    kind: str
    subject_id: UUID | None
    order_id: UUID | None
    since_at: datetime
    decided_at: datetime
    told_at: datetime
    warning_id: WarningId
    ratio: float | None = None
    faces: int = 0
    unable: str | None = None
    incident_id: IncidentId | None = None
    answer: str | None = None
    seconds: float = 0.0
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a warning says of an alert: which camera, whether somebody was recognised, how long its clip is."""

    alert_id: AlarmId
    camera: str
    kind: str
    likeness: str | None
    unable: str | None
    at: datetime
    seconds: float = 0.0
    complete: bool = False
