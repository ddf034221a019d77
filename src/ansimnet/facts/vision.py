"""What the vision slice tells: alarms of the cameras, what operators found, and how each camera is set up and tuned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, AlarmId, CameraId


class Behaviour(StrEnum):
    """What a camera may alarm of (VA-01, VA-05); the workers' names."""

    VIOLENCE = "violence"  # 폭력
    APPROACH = "approach"  # 위험적 접근
    COLLAPSE = "collapse"  # 쓰러짐: 신체 균형 상실·의식 소실 추정 행동
    FIRE = "fire"  # 방화
    INTRUSION = "intrusion"  # 침입
    LOITERING = "loitering"  # 배회
    ABANDONED = "abandoned"  # 유기
    CROWDING = "crowding"  # 군집
    HANDOVER = "handover"  # 은닉·수거 의심
    TAMPERED = "tampered"  # 카메라 가림·이동
    STALKING = "stalking"  # 배회, 접근, 침입이 겹침
    SCREAM = "scream"  # 비명
    GLASS = "glass"  # 유리 깨짐
    BANG = "bang"  # 총성·폭발음
    SIREN = "siren"  # 사이렌
    CRY = "cry"  # 구조 요청: ships switched off


class Verdict(StrEnum):
    """What an operator found."""

    TRUE = "true"
    FALSE = "false"


class Why(StrEnum):
    """Why an alarm was false; nobody types a reason that tuning could not read."""

    NOTHING = "nothing"  # nothing is there
    LIGHT = "light"  # light, shadow, reflection, weather
    ANIMAL = "animal"
    PLAY = "play"  # play, sport, greeting
    WORK = "work"  # work, cleaning, upkeep
    ALLOWED = "allowed"  # somebody who may
    WRONG_PLACE = "wrong_place"  # the zone or the calibration is wrong
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Fact):
    """A camera saw something; `held`: over the operators' budget, it waits in a list of its own.

    `simulated`: the camera belongs to a rehearsal.
    """

    kind: ClassVar[str] = "vision.alarm.raised.v1"
    alarm_id: AlarmId
    camera_id: CameraId
    behaviour: Behaviour
    since_at: datetime
    probability: float | None
    model: str
    priority: int
    held: bool
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReleased(Fact):
    """A held alarm became one that is shown: it grew surer."""

    kind: ClassVar[str] = "vision.alarm.released.v1"
    alarm_id: AlarmId
    camera_id: CameraId
    behaviour: Behaviour
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmJudged(Fact):
    """An operator's verdict; the latest one stands. `true` opens an incident of the city (CC-07)."""

    kind: ClassVar[str] = "vision.alarm.judged.v1"
    alarm_id: AlarmId
    camera_id: CameraId
    behaviour: Behaviour
    verdict: Verdict
    why: Why | None
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class MissReported(Fact):
    """Somebody saw what no alarm told."""

    kind: ClassVar[str] = "vision.miss.reported.v1"
    miss_id: UUID
    camera_id: CameraId
    behaviour: Behaviour
    missed_at: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupChanged(Fact):
    """A camera's zones, lines, schedules, calibration or behaviours; the hash is of the version's canonical JSON."""

    kind: ClassVar[str] = "vision.setup.changed.v1"
    camera_id: CameraId
    version: int
    sha256: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOpened(Fact):
    """Somebody may look at a camera's masked picture for a few minutes, to draw zones on it."""

    kind: ClassVar[str] = "vision.picture.opened.v1"
    camera_id: CameraId
    by: AccountId
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningChanged(Fact):
    """A camera's threshold and probability for a behaviour. `state`: proposed | in_force | refused.

    `by` None: learnt from verdicts, within what needs no person.
    """

    kind: ClassVar[str] = "vision.tuning.changed.v1"
    camera_id: CameraId
    behaviour: Behaviour
    version: int
    threshold: float
    slope: float
    offset: float
    state: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(Fact):
    """A model is tried in the shadow, or counts. A behaviour on one camera is tried by its set-up."""

    kind: ClassVar[str] = "vision.mode.changed.v1"
    model: str  # name@sha8
    shadow: bool
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChanged(Fact):
    """How many alarms an operator is asked to judge in a shift."""

    kind: ClassVar[str] = "vision.budget.changed.v1"
    per_shift: int
    shift_hours: int
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRegistered(Fact):
    """A machine may report what cameras see, by a key of its own."""

    kind: ClassVar[str] = "vision.worker.registered.v1"
    worker_id: UUID
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnded(Fact):
    """A machine may report nothing any more."""

    kind: ClassVar[str] = "vision.worker.ended.v1"
    worker_id: UUID
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsForgotten(Fact):
    """What was older than the term of the duty table is destroyed; counts alone remain."""

    kind: ClassVar[str] = "vision.alarms.forgotten.v1"
    before_at: datetime
    alarms: int
    reports: int
