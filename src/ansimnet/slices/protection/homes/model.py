"""The words of home cameras. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ansimnet.kernel.ids import AccountId, AlarmId, IncidentId, ProtectedPersonId, WarningId


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
