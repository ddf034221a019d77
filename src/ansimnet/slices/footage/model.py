"""What footage talks about. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
