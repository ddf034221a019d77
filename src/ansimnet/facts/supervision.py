"""What the supervision slice tells: wearers, conditions, alarms, the four triggers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, ConditionId, DeviceId, NoticeId, ProtectedPersonId, WearerId


class Trigger(StrEnum):
    """The four and only four triggers that let footage go to the tracking centre (EM-14)."""

    TAMPER = "tamper"  # 전자장치 훼손
    CURFEW = "curfew"  # 외출 제한 위반
    EXCLUSION_ZONE = "exclusion_zone"  # 출입금지 구역 진입
    APPROACH = "approach"  # 특정인 접근


class NoticeKind(StrEnum):
    """What is told without being an alarm."""

    SILENCE = "silence"
    LOW_BATTERY = "low_battery"
    JAM = "jam"
    CANNOT_VOUCH = "cannot_vouch"  # 보증 불가


class Medical(StrEnum):
    """Standing of a medical exception (EM-08)."""

    NONE = "none"
    ADVANCE = "advance"  # the victim was told before entry: recorded low, no siren, relief proposed
    AFTER = "after"  # told afterwards: full alarm, considered later


_SPOT = frozenset({"lat", "lon", "error_m", "seen_at"})
_PLACE = _SPOT | {"speed_mps", "course_deg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WearerRegistered(Fact):
    kind: ClassVar[str] = "supervision.wearer.registered.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = frozenset({"code"})
    wearer_id: WearerId
    code: str
    offence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WearerTransferred(Fact):
    """Another probation office is competent for a wearer from now on (이관)."""

    kind: ClassVar[str] = "supervision.wearer.transferred.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = frozenset({"office"})
    wearer_id: WearerId
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBound(Fact):
    kind: ClassVar[str] = "supervision.device.bound.v1"
    device_id: DeviceId
    wearer_id: WearerId | None = None
    protected_person_id: ProtectedPersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSet(Fact):
    kind: ClassVar[str] = "supervision.condition.set.v1"
    condition_id: ConditionId
    wearer_id: WearerId
    trigger: Trigger
    protected_person_id: ProtectedPersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicalNoticed(Fact):
    """A wearer must enter for a medical emergency, told before or after (EM-08)."""

    kind: ClassVar[str] = "supervision.medical.noticed.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = frozenset({"place_coarse", "accompanied_by"})
    wearer_id: WearerId
    condition_id: ConditionId
    protected_person_id: ProtectedPersonId | None
    enters_at: datetime
    leaves_at: datetime
    place_coarse: str
    accompanied_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRaised(Fact):
    """A list entry, an alarm only near a protected person or zone; never footage."""

    kind: ClassVar[str] = "supervision.notice.raised.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = _SPOT
    notice_id: NoticeId
    notice: NoticeKind
    wearer_id: WearerId
    device_id: DeviceId
    protected_person_id: ProtectedPersonId | None = None
    lat: float | None = None
    lon: float | None = None
    error_m: float | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded(Fact):
    kind: ClassVar[str] = "supervision.notice.ended.v1"
    notice_id: NoticeId
    notice: NoticeKind
    wearer_id: WearerId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Fact):
    """Probable: the incident opens, the victim is warned (phone 42); no footage."""

    kind: ClassVar[str] = "supervision.alarm.raised.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = _PLACE
    alarm_id: AlarmId
    wearer_id: WearerId
    device_id: DeviceId
    trigger: Trigger
    condition_id: ConditionId | None
    protected_person_id: ProtectedPersonId | None
    probability: float
    rule_version: str
    medical: Medical
    fix_ids: tuple[UUID, ...]
    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerConfirmed(Fact):
    """Certain, exactly one of four kinds: footage, full warning (01), 112 asked, order drafted."""

    kind: ClassVar[str] = "supervision.trigger.confirmed.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = _PLACE
    alarm_id: AlarmId
    wearer_id: WearerId
    device_id: DeviceId
    trigger: Trigger
    condition_id: ConditionId | None
    protected_person_id: ProtectedPersonId | None
    probability: float
    rule_version: str
    medical: Medical
    fix_ids: tuple[UUID, ...]
    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared(Fact):
    kind: ClassVar[str] = "supervision.alarm.cleared.v1"
    alarm_id: AlarmId
    wearer_id: WearerId
    protected_person_id: ProtectedPersonId | None
    reason: str  # an enumeration of supervision.rules, never free text


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFollowed(Fact):
    """A fix of a wearer whose alarm stands. Told only while it stands; feeds the city's following and the way out.

    `certain` is False while the alarm is only probable: such a position never leaves the tracking centre.
    """

    kind: ClassVar[str] = "supervision.position.followed.v1"
    subject: ClassVar[str | None] = "wearer_id"
    personal: ClassVar[frozenset[str]] = _PLACE
    alarm_id: AlarmId
    wearer_id: WearerId
    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime
    certain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedPositionFollowed(Fact):
    """A fix of a protected person's issued device, told only while an alarm that concerns her stands."""

    kind: ClassVar[str] = "supervision.protected-position.followed.v1"
    subject: ClassVar[str | None] = "protected_person_id"
    personal: ClassVar[frozenset[str]] = _SPOT
    alarm_id: AlarmId
    protected_person_id: ProtectedPersonId
    lat: float
    lon: float
    error_m: float
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationConfirmed(Fact):
    """An officer's own finding; alone starts the sanction chain (EM-03)."""

    kind: ClassVar[str] = "supervision.violation.confirmed.v1"
    alarm_id: AlarmId
    wearer_id: WearerId
    trigger: Trigger
    finding: str  # confirmed | medical | false


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmJudged(Fact):
    """Whoever handles alarms said whether this one was real. It measures alarms; no violation follows from it."""

    kind: ClassVar[str] = "supervision.alarm.judged.v1"
    alarm_id: AlarmId
    wearer_id: WearerId
    verdict: str  # true | false
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMoved(Fact):
    """The whole history of supervision left this installation (`out`) or came into it (`in`), proved by its hash."""

    kind: ClassVar[str] = "supervision.history.moved.v1"
    way: str  # out | in
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIsolated(Fact):
    """A device or a makers' gateway is not heard for a while: it floods, speaks nonsense or repeats itself."""

    kind: ClassVar[str] = "supervision.sender.isolated.v1"
    device_id: DeviceId | None
    gateway_id: UUID | None
    cause: str  # flood | malformed | replay
    until_at: datetime


# ------------------------------------------------------------------------------------------------------- procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationReported(Fact):
    """An officer reported a confirmed violation to the director of the office (EM-03)."""

    kind: ClassVar[str] = "supervision.violation.reported.v1"
    report_id: UUID
    alarm_id: AlarmId
    wearer_id: WearerId
    degree: str  # grave | serious | ordinary
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswered(Fact):
    """The director chose: a petition, or none, with a reason that is kept apart (EM-03: *may* petition)."""

    kind: ClassVar[str] = "supervision.report.answered.v1"
    report_id: UUID
    wearer_id: WearerId
    choice: str  # petitioned | no_petition
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionFiled(Fact):
    """A director petitions the court, with the number and degree of violations as computed then (EM-05)."""

    kind: ClassVar[str] = "supervision.petition.filed.v1"
    petition_id: UUID
    wearer_id: WearerId
    asks_months: int
    asks_conditions: tuple[str, ...]
    grave: int
    serious: int
    ordinary: int
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtDecided(Fact):
    """A court's decision on a petition was recorded, under the order that a second pair of eyes confirmed."""

    kind: ClassVar[str] = "supervision.court.decided.v1"
    decision_id: UUID
    petition_id: UUID
    wearer_id: WearerId
    order_id: UUID
    outcome: str  # granted | partly | rejected
    months: int
    conditions: tuple[str, ...]
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCarriedOut(Fact):
    """An officer carried a decision out: the term was extended, conditions were changed."""

    kind: ClassVar[str] = "supervision.decision.carried-out.v1"
    decision_id: UUID
    wearer_id: WearerId
    until_at: datetime
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationContested(Fact):
    """A wearer contests a violation: it does not count until somebody has decided."""

    kind: ClassVar[str] = "supervision.violation.contested.v1"
    contest_id: UUID
    alarm_id: AlarmId
    wearer_id: WearerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestDecided(Fact):
    """Somebody other than the one who found the violation decided what the wearer contests."""

    kind: ClassVar[str] = "supervision.contest.decided.v1"
    contest_id: UUID
    alarm_id: AlarmId
    wearer_id: WearerId
    upheld: bool
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerAssigned(Fact):
    """A director gave a wearer to an officer; `overridden` where the caseload was full and a reason is on file."""

    kind: ClassVar[str] = "supervision.officer.assigned.v1"
    wearer_id: WearerId
    officer: UUID
    overridden: bool
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChecked(Fact):
    """An officer checked a wearer's device (EM-11)."""

    kind: ClassVar[str] = "supervision.device.checked.v1"
    check_id: UUID
    device_id: DeviceId
    wearer_id: WearerId
    anomaly: str | None  # strap | case | battery | signal | other
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OffenceNoted(Fact):
    """An officer put a crime on file that an agency charges a wearer with, committed during wear (EM-20)."""

    kind: ClassVar[str] = "supervision.offence.noted.v1"
    offence_id: UUID
    wearer_id: WearerId
    offence: str  # sexual_violence | minor_abduction | robbery_murder | specified_violent | other
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyActed(Fact):
    """The officer's act on an anomaly (EM-11: reports and acts at once)."""

    kind: ClassVar[str] = "supervision.anomaly.acted.v1"
    check_id: UUID
    wearer_id: WearerId
    act: str  # replaced | repaired | visited | called
    by: UUID
