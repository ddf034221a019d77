"""What the protection slice tells: protected persons, warnings with a way out, acknowledgement, escalation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, ProtectedPersonId, WarningId


class Level(StrEnum):
    """Which screen the victim sees."""

    PROBABLE = "probable"  # 42
    CERTAIN = "certain"  # 01
    MEDICAL = "medical"  # 08
    CANNOT_VOUCH = "cannot_vouch"  # 35
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
    """She pressed 112 or answered on the quiet screen."""

    kind: ClassVar[str] = "protection.help.asked.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = frozenset({"answer"})
    protected_person_id: ProtectedPersonId
    alarm_id: AlarmId | None
    answer: str
    asked_at: datetime
