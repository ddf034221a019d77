"""Incidents as the room runs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AccountId, AlarmId, CameraId, IncidentId, OrderId, ProtectedPersonId, UnitId, WearerId


class State(StrEnum):
    """Open → resolved (the unit on scene says so) → closed (the controller). A probable alarm may be taken back."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"


class OrderState(StrEnum):
    """The life of an order; each state is entered once, in this order."""

    DRAFT = "draft"
    SENT = "sent"
    RECEIVED = "received"
    READ = "read"
    ACCEPTED = "accepted"
    ON_SCENE = "on_scene"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One situation: alarms of one wearer, or about one protected person, merge into it (DI-09)."""

    incident_id: IncidentId
    code: str
    wearer_id: WearerId | None
    protected_person_id: ProtectedPersonId | None
    trigger: Trigger
    medical: Medical
    certain: bool
    state: State
    opened_at: datetime
    certain_at: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    concurred_at: datetime | None
    outcome: str | None
    commander: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSeen:
    """An alarm as dispatch needs it: raised or confirmed."""

    alarm_id: AlarmId
    wearer_id: WearerId | None
    protected_person_id: ProtectedPersonId | None
    trigger: Trigger
    medical: Medical
    certain: bool
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Unit:
    """A patrol car or a probation team. `incident_id` is where it is bound now."""

    unit_id: UnitId
    name: str
    agency: str
    office: str
    point: Point
    seen_at: datetime
    incident_id: IncidentId | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order to the competent probation office, drafted by the machine, sent by a person."""

    order_id: OrderId
    incident_id: IncidentId
    unit_id: UnitId | None
    office: str
    text: str
    state: OrderState
    times: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One line of the procedure."""

    item: str
    required: bool
    done_at: datetime | None = None
    done_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline, in both languages."""

    icon: str
    kind: str
    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Police:
    """The request to 112."""

    asked_at: datetime
    acknowledged_at: datetime | None
    failed_at: datetime | None
    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityIncident:
    """What an operator of the city confirmed of the cameras' alarms. `called`: 112, 119 or nobody; None: undecided."""

    incident_id: IncidentId
    code: str
    behaviour: str
    priority: int
    camera_id: CameraId
    place: Point
    simulated: bool
    state: State
    opened_at: datetime
    opened_by: AccountId
    called: str | None
    called_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
