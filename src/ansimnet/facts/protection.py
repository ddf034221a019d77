"""What the protection slice tells: protected persons, warnings with a way out, acknowledgement, escalation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, AlarmId, IncidentId, ProtectedPersonId, WarningId, WearerId


class Level(StrEnum):
    """Which screen the victim sees."""

    PROBABLE = "probable"  # 42
    CERTAIN = "certain"  # 01
    MEDICAL = "medical"  # 08
    CANNOT_VOUCH = "cannot_vouch"  # 35
    HOME = "home"  # 04: the camera at her door
    OVER = "over"  # 37
    CLEARED = "cleared"  # back to 05


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedPersonRegistered(Fact):
    kind: ClassVar[str] = "protection.person.registered.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"code"})
    protected_person_id: ProtectedPersonId
    code: str
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningIssued(Fact):
    """A message to the protected person; `message` is the JSON her phone shows, way out included (EM-06)."""

    kind: ClassVar[str] = "protection.warning.issued.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"message"})
    warning_id: WarningId
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None
    level: Level
    has_way_out: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningUpdated(Fact):
    """The same warning with newer places, way or police: for her open screen only, no new push, text or press."""

    kind: ClassVar[str] = "protection.warning.updated.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"message"})
    warning_id: WarningId
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None
    level: Level
    has_way_out: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningAcknowledged(Fact):
    kind: ClassVar[str] = "protection.warning.acknowledged.v1"
    warning_id: WarningId
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningEscalated(Fact):
    """No press in time: the next channel (10 s → voice call → 112 told `not reached`)."""

    kind: ClassVar[str] = "protection.warning.escalated.v1"
    warning_id: WarningId
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked(Fact):
    """She pressed 112 or answered on the quiet screen, or pressed her watch (`answer`: watch).

    `alarm_id` names what is on her screen: an alarm, or an alert of the camera at her door.
    """

    kind: ClassVar[str] = "protection.help.asked.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"answer"})
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None
    answer: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReported(Fact):
    """What a home camera saw goes to 112: by her press (`by` None: her watch), or by a person at the centre.

    Never by the machine. `evidence` is JSON: kind, instants, seconds of film, its hash, where to fetch it.
    """

    kind: ClassVar[str] = "protection.home.reported.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"code", "lat", "lon", "evidence"})
    protected_person_id: ProtectedPersonId
    home_id: UUID
    alert_id: AlarmId
    wearer_id: WearerId | None
    by: AccountId | None
    code: str
    lat: float | None
    lon: float | None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeChanged(Fact):
    """A home camera was installed, its grounds put on file, switched on or off, or removed (`change`)."""

    kind: ClassVar[str] = "protection.home.changed.v1"
    home_id: UUID
    protected_person_id: ProtectedPersonId
    change: str
    order_id: UUID | None
    statute: str
    assessed_on: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceEnrolled(Fact):
    """A face may be recognised at one door: under an order, asked for by one person and approved by another."""

    kind: ClassVar[str] = "protection.face.enrolled.v1"
    template_id: UUID
    home_id: UUID
    order_id: UUID
    subject_id: UUID
    request_id: UUID
    until_at: datetime
    by: AccountId
    approved_by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesDestroyed(Fact):
    """An order ended; the key of its templates is destroyed. `why`: over, withdrawn, removed."""

    kind: ClassVar[str] = "protection.faces.destroyed.v1"
    order_id: UUID
    templates: tuple[UUID, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAlerted(Fact):
    """A home camera alerted its protected person. `alert_kind`: match (may be), or intrusion (nobody identified)."""

    kind: ClassVar[str] = "protection.home.alerted.v1"
    alert_id: AlarmId
    home_id: UUID
    protected_person_id: ProtectedPersonId
    warning_id: WarningId
    alert_kind: str
    order_id: UUID | None
    decided_at: datetime
    unable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLooked(Fact):
    """The police look at a home camera live, under an open incident, until an instant."""

    kind: ClassVar[str] = "protection.home.looked.v1"
    home_id: UUID
    incident_id: IncidentId
    by: AccountId
    until_at: datetime
