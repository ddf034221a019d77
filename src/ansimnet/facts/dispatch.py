"""What the dispatch slice tells: incidents, steps ①–④ (EM-17), requests, orders, units, closing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import (
    AccountId,
    AlarmId,
    CameraId,
    CentreId,
    IncidentId,
    OrderId,
    ProtectedPersonId,
    UnitId,
    WearerId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened(Fact):
    kind: ClassVar[str] = "dispatch.incident.opened.v1"
    incident_id: IncidentId
    code: str  # I-2611-0207
    alarm_id: AlarmId
    wearer_id: WearerId | None
    protected_person_id: ProtectedPersonId | None
    trigger: Trigger
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMerged(Fact):
    kind: ClassVar[str] = "dispatch.alarm.merged.v1"
    incident_id: IncidentId
    alarm_id: AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReached(Fact):
    """One of the four steps of the scenario. `elapsed_ms` counts from step ①."""

    kind: ClassVar[str] = "dispatch.step.reached.v1"
    incident_id: IncidentId
    step: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliceAsked(Fact):
    """The automatic request to 112; `message` is the JSON 112 receives."""

    kind: ClassVar[str] = "dispatch.police.asked.v1"
    subject: ClassVar[str | None] = "incident_id"
    personal: ClassVar[frozenset[str]] = frozenset({"message"})
    incident_id: IncidentId
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliceTold(Fact):
    """What 112 must know after it was asked: the victim is not reached. `message` is the JSON it receives."""

    kind: ClassVar[str] = "dispatch.police.told.v1"
    subject: ClassVar[str | None] = "incident_id"
    personal: ClassVar[frozenset[str]] = frozenset({"message"})
    incident_id: IncidentId
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliceAcknowledged(Fact):
    kind: ClassVar[str] = "dispatch.police.acknowledged.v1"
    incident_id: IncidentId
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDrafted(Fact):
    """The machine drafted; a person sends."""

    kind: ClassVar[str] = "dispatch.order.drafted.v1"
    incident_id: IncidentId
    order_id: OrderId
    office: str
    unit_id: UnitId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSent(Fact):
    kind: ClassVar[str] = "dispatch.order.sent.v1"
    incident_id: IncidentId
    order_id: OrderId
    unit_id: UnitId | None
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProgressed(Fact):
    """received | read | accepted | on_scene | over, each once, in that order."""

    kind: ClassVar[str] = "dispatch.order.progressed.v1"
    incident_id: IncidentId
    order_id: OrderId
    unit_id: UnitId | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMoved(Fact):
    kind: ClassVar[str] = "dispatch.unit.moved.v1"
    subject: ClassVar[str | None] = "unit_id"
    personal: ClassVar[frozenset[str]] = frozenset({"lat", "lon"})
    unit_id: UnitId
    incident_id: IncidentId | None
    lat: float
    lon: float
    eta_s: float | None
    call_sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistTicked(Fact):
    kind: ClassVar[str] = "dispatch.checklist.ticked.v1"
    incident_id: IncidentId
    item: str
    done: bool
    by: AccountId | None  # None: the machine saw it happen


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Fact):
    kind: ClassVar[str] = "dispatch.note.added.v1"
    subject: ClassVar[str | None] = "incident_id"
    personal: ClassVar[frozenset[str]] = frozenset({"text"})
    incident_id: IncidentId
    by: AccountId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentHandedOver(Fact):
    kind: ClassVar[str] = "dispatch.incident.handed-over.v1"
    subject: ClassVar[str | None] = "incident_id"
    personal: ClassVar[frozenset[str]] = frozenset({"note"})
    incident_id: IncidentId
    by: AccountId
    to: AccountId | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved(Fact):
    """The unit on scene says the danger is over: the victim sees 37; permits live 10 min at most."""

    kind: ClassVar[str] = "dispatch.incident.resolved.v1"
    incident_id: IncidentId
    protected_person_id: ProtectedPersonId | None
    wearer_id: WearerId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingConcurred(Fact):
    kind: ClassVar[str] = "dispatch.closing.concurred.v1"
    incident_id: IncidentId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Fact):
    """The tracking controller closed it: every permit of the incident dies at once."""

    kind: ClassVar[str] = "dispatch.incident.closed.v1"
    incident_id: IncidentId
    protected_person_id: ProtectedPersonId | None
    wearer_id: WearerId | None
    alarm_ids: tuple[AlarmId, ...]
    outcome: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityIncidentOpened(Fact):
    """An operator of the city confirmed what a camera alarmed of (CC-07). 1 is the gravest."""

    kind: ClassVar[str] = "dispatch.city-incident.opened.v1"
    incident_id: IncidentId
    code: str  # C-2611-0207
    alarm_id: AlarmId
    camera_id: CameraId
    behaviour: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CityAlarmJoined(Fact):
    """Another camera's confirmed alarm tells of the same incident."""

    kind: ClassVar[str] = "dispatch.city-alarm.joined.v1"
    incident_id: IncidentId
    alarm_id: AlarmId
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CityAgencyCalled(Fact):
    """An operator called `112`, `119`, or decided that nobody is needed."""

    kind: ClassVar[str] = "dispatch.city-agency.called.v1"
    incident_id: IncidentId
    agency: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class CityIncidentClosed(Fact):
    """An incident of the city is over, or was taken back with its alarm: every look at its cameras ends."""

    kind: ClassVar[str] = "dispatch.city-incident.closed.v1"
    incident_id: IncidentId
    alarm_ids: tuple[AlarmId, ...]
    outcome: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestAlarmRaised(Fact):
    """An alarm about nobody: it goes the whole way of a real one, ledger, readers and link, and proves the silence."""

    __test__: ClassVar[bool] = False  # no test case, whatever its name
    kind: ClassVar[str] = "dispatch.test-alarm.raised.v1"
    test_id: UUID
    from_centre: CentreId


@dataclass(frozen=True, slots=True, kw_only=True)
class TestAlarmAnswered(Fact):
    """The other centre heard a test alarm."""

    __test__: ClassVar[bool] = False
    kind: ClassVar[str] = "dispatch.test-alarm.answered.v1"
    test_id: UUID
    to_centre: CentreId
