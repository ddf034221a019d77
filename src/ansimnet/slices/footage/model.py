"""What footage talks about. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    AccountId,
    AlarmId,
    CameraId,
    CentreId,
    GroundId,
    IncidentId,
    PermitId,
    ProvisionId,
    SubjectId,
    WearerId,
)


class Track(StrEnum):
    """Which of a camera's streams."""

    SUB = "sub"
    MAIN = "main"


@dataclass(frozen=True, slots=True)
class Span:
    """`[from_at, until_at)` of one camera's pictures: what an export takes of it. UTC."""

    camera_id: CameraId
    from_at: datetime
    until_at: datetime

    @property
    def seconds(self) -> float:
        """Return how long it is; 0 or less: it is no time at all."""
        return (self.until_at - self.from_at).total_seconds()


class State(StrEnum):
    """How far a provision is."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Subject:
    """Where the person looked for is, as a device told it. Speed and course None: unknown."""

    point: Point
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One centre's view of a provision. `subject` is None once it is over."""

    provision_id: ProvisionId
    from_centre: CentreId
    to_centre: CentreId
    alarm_id: AlarmId
    subject_id: SubjectId
    wearer_id: WearerId | None
    trigger: str
    statute: str
    state: State
    reason: str | None
    ground_id: GroundId | None
    requested_at: datetime
    answered_at: datetime | None
    not_after: datetime | None
    ended_at: datetime | None
    subject: Subject | None

    @property
    def open(self) -> bool:
        """Return whether it still asks or gives."""
        return self.state in (State.REQUESTED, State.GIVEN)

    def over(self, now: datetime) -> bool:
        """Return whether its time is up, whoever has written that down yet."""
        return self.not_after is not None and now >= self.not_after


class Chosen(NamedTuple):
    """A camera that the predicted-area rule lists. `sees`: the subject's present place, not only where he may come."""

    camera_id: CameraId
    sees: bool
    arrives_in_s: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera of a provision as the store keeps it; `rank` None: no longer listed."""

    camera_id: CameraId
    rank: int | None
    sees: bool
    arrives_in_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenView:
    """Somebody looks now."""

    view_id: UUID
    permit_id: PermitId
    camera_id: CameraId
    viewer: str
    masking: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """The track one viewer marked on one camera."""

    permit_id: PermitId
    track: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A citizen who was asked to show an incident, with a phone and without a name."""

    guest_id: UUID
    account_id: AccountId
    incident_id: IncidentId
    asked_by: AccountId
    asked_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """A phone's camera as a source. `uplink_id` stands where a camera's id stands.

    `bearer_id`: whose phone it is; `guest`: a citizen's, who was asked and has no name here.
    """

    uplink_id: CameraId
    account_id: AccountId
    bearer_id: UUID
    incident_id: IncidentId
    ground_id: GroundId
    started_at: datetime
    not_after: datetime
    guest: bool = False
    frames: int = 0
    size: int = 0

    @property
    def code(self) -> str:
        """Return what stands on a tile instead of a camera's number.

        The last letters: an id begins with the time.
        """
        return f"P-{str(self.uplink_id)[-4:].upper()}"


UNMEASURED_AFTER = timedelta(seconds=10)
"""A worker that has said nothing for so long is not measuring; ours: five of its beats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a camera is, and how it has been. Shares are of the time that was measured, None where none was."""

    camera_id: CameraId
    live: bool
    reason: str
    since: datetime | None
    uptime_24h: float | None
    uptime_90d: float | None
    measured_24h_s: float
    measured_90d_s: float

    @staticmethod
    def of(
        camera_id: CameraId,
        live: bool,
        reason: str,
        since: datetime | None,
        beat_at: datetime | None,
        sums_s: tuple[float, ...],
        now: datetime,
    ) -> Health:
        """Return the health in one row of sums: live and measured seconds of 24 hours, then of 90 days."""
        stale = beat_at is None or now - beat_at > UNMEASURED_AFTER
        live_day, day, live_quarter, quarter = sums_s
        return Health(
            camera_id=camera_id,
            live=live and not stale,
            reason="relay-stopped" if stale else reason,
            since=beat_at if stale else since,
            uptime_24h=live_day / day if day else None,
            uptime_90d=live_quarter / quarter if quarter else None,
            measured_24h_s=day,
            measured_90d_s=quarter,
        )


WORDS: Mapping[str, tuple[str, str]] = {
    "live": ("영상 수신 중", "sends pictures"),
    "no-phone": ("휴대전화 연결이 끊김", "the phone is not connected"),
    "starting": ("연결 중", "being reached"),
    "silent": ("영상이 오지 않음", "no picture comes"),
    "unreachable": ("카메라에 연결할 수 없음", "the camera cannot be reached"),
    "camera-login": ("카메라가 로그인을 받지 않음", "the camera does not accept the registered login"),
    "camera-refused": ("카메라가 요청을 거절함", "the camera refuses the request"),
    "h265": (
        "H.265 영상이라 브라우저에서 볼 수 없음 — 카메라 보조 스트림을 H.264로 설정",
        "H.265: browsers here cannot show it — set the camera's sub-stream to H.264",
    ),
    "unsupported-stream": ("지원하지 않는 영상 형식", "a video format that cannot be shown"),
    "bad-stream": ("읽을 수 없는 영상", "what the camera sends cannot be read"),
    "fault": ("중계기 오류", "a fault of the relay"),
    "relay-full": ("중계기 용량 초과", "no relay worker has room for it"),
    "relay-stopped": ("중계기 정지", "the relay worker is not running"),
}
"""Why a camera is as it is, in Korean and English."""


class Defect(StrEnum):
    """What an inspection may find wrong with a camera."""

    SILENT = "silent"
    FROZEN = "frozen"
    COVERED = "covered"
    MOVED = "moved"
    BLURRED = "blurred"
    DARK = "dark"  # by night: the infrared lamps or the street's
    NOISY = "noisy"
    CLOCK = "clock"


class Hour(NamedTuple):
    """A camera's measures in one hour of one light. None: nothing to compare with, or the camera does not say."""

    hour_at: datetime
    light: str
    samples: int
    compared: int
    brightness: float
    noise: float | None
    sharp: float | None
    kept: float | None
    alike: float | None
    clock_s: float | None


class Action(NamedTuple):
    """What somebody did about a ticket: a word of a closed list."""

    acted_at: datetime
    action: str
    by: AccountId


@dataclass(frozen=True, slots=True)
class Ticket:
    """A repair ticket (CC-05): opened by a measurement that failed, closed by one that passed, by nothing else."""

    ticket_id: UUID
    camera_id: CameraId
    defect: Defect
    seen_at: datetime
    opened_at: datetime
    value: float
    allowed: float
    closed_at: datetime | None = None
    closing_value: float | None = None
    actions: tuple[Action, ...] = ()


class Check(NamedTuple):
    """One line of a report. `at_least`: the value may not fall below its limit; else not rise above it."""

    name: str
    value: float | None
    limit: float
    unit: str
    at_least: bool
    samples: int

    @property
    def passed(self) -> bool | None:
        """Return the outcome; None where nothing could be measured, which is told and fails nothing by itself."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else abs(self.value) <= self.limit


@dataclass(frozen=True, slots=True)
class Report:
    """A camera's check and performance report (CC-05), computed from measurements of [from_at, until_at)."""

    report_id: UUID
    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Return whether no check failed."""
        return all(c.passed is not False for c in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The joystick of one camera in somebody's hand. `holder` is a seat, never a name; `asked_by` another seat."""

    camera_id: CameraId
    account_id: AccountId
    holder: str
    permit_id: PermitId
    provision_id: ProvisionId | None
    priority: int
    taken_at: datetime
    until_at: datetime
    asked_by: str | None = None

    def alive(self, now: datetime) -> bool:
        """Return whether it still counts."""
        return now < self.until_at

    def used(self, permit_id: PermitId, until_at: datetime) -> Hold:
        """Return it as it stands after a use: under the newest permit, until later."""
        return replace(self, permit_id=permit_id, until_at=until_at)
