"""What follows from a violation, and who looks after whom. Values only, no decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import AlarmId, WearerId


class Degree(StrEnum):
    """How grave a violation is, in rising order."""

    ORDINARY = "ordinary"
    SERIOUS = "serious"
    GRAVE = "grave"  # 중대한 위반행위: wilful removal or damage (EM-02)


class Obliged(StrEnum):
    """What a court may add (EM-04: 정기 보고, 야간, 장거리 이동 제한, 등)."""

    REGULAR_REPORT = "regular_report"
    NIGHT = "night"
    LONG_DISTANCE = "long_distance"
    OTHER = "other"


class Risk(StrEnum):
    """The risk of re-offending, as the director weighs it (EM-04)."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class Outcome(StrEnum):
    """What a court decided."""

    GRANTED = "granted"
    PARTLY = "partly"
    REJECTED = "rejected"


class Crime(StrEnum):
    """What a wearer is charged with having done during wear: the offences that bring a device about, and the rest."""

    SEXUAL_VIOLENCE = "sexual_violence"
    MINOR_ABDUCTION = "minor_abduction"
    ROBBERY_MURDER = "robbery_murder"
    SPECIFIED_VIOLENT = "specified_violent"
    OTHER = "other"


class Anomaly(StrEnum):
    """What is wrong with a device."""

    STRAP = "strap"
    CASE = "case"
    BATTERY = "battery"
    SIGNAL = "signal"
    OTHER = "other"


class Remedy(StrEnum):
    """What an officer did about it."""

    REPLACED = "replaced"
    REPAIRED = "repaired"
    VISITED = "visited"
    CALLED = "called"


@dataclass(frozen=True, slots=True)
class Violation:
    """An alarm as an officer found it, and whether the wearer contests it (None: not; False: dismissed)."""

    alarm_id: AlarmId
    trigger: Trigger
    protects: bool  # the condition keeps him from a person
    found_at: datetime
    finding: str
    contested: bool = False
    upheld: bool | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The number and degree of violations, as a petition carries them (EM-05)."""

    grave: tuple[AlarmId, ...] = ()
    serious: tuple[AlarmId, ...] = ()
    ordinary: tuple[AlarmId, ...] = ()

    @property
    def number(self) -> int:
        return len(self.grave) + len(self.serious) + len(self.ordinary)


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of an office and the wearers assigned to him, with their previous convictions."""

    account_id: UUID
    wearers: tuple[tuple[WearerId, int], ...] = ()
