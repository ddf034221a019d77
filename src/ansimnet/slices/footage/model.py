"""What footage talks about. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AlarmId, CameraId, CentreId, GroundId, PermitId, ProvisionId, SubjectId, WearerId


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
