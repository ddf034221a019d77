"""What screens are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, assert_never
from uuid import UUID

from pydantic import BaseModel, Field

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api.forms import LatLon
from ansimnet.slices.supervision.model import (
    Approach,
    Circle,
    Condition,
    Curfew,
    Exclusion,
    Fix,
    Polygon,
    State,
    Wholeness,
    Zone,
)
from ansimnet.slices.supervision.rules import explain


class WearerMade(BaseModel):
    wearer_id: UUID


class DeviceMade(BaseModel):
    """A new device. Its key is shown this once."""

    device_id: UUID
    device_key: str


class GatewayMade(BaseModel):
    """A new gateway account. Its key is shown this once."""

    gateway_id: UUID
    gateway_key: str


class ConditionMade(BaseModel):
    condition_id: UUID


class ExceptionMade(BaseModel):
    exception_id: UUID


class MedicalMade(BaseModel):
    medical_id: UUID
    told_at: datetime


class OrderShown(BaseModel):
    number: str
    from_at: datetime
    until_at: datetime


class WearerShown(BaseModel):
    """A wearer in a list."""

    wearer_id: UUID
    code: str
    offence: str
    office: str
    order: OrderShown


class Wearers(BaseModel):
    wearers: list[WearerShown]


class Numbered(BaseModel):
    """Whom a number names: to be written into an order or a hold, and nothing else of him."""

    wearer_id: UUID
    code: str


class DeviceShown(BaseModel):
    """A device as it last spoke. `skew_ms` is our clock less its own, at least."""

    device_id: UUID
    name: str
    battery: float | None
    last_seen_at: datetime | None
    last_heard_at: datetime | None
    worn: bool | None
    skew_ms: int | None


class WindowShown(BaseModel):
    """Hours of a local day in Seoul; an end before the beginning is on the next day."""

    from_: str = Field(serialization_alias="from")
    until: str


class ConditionShown(BaseModel):
    """A condition; what its trigger does not need is null."""

    condition_id: UUID
    trigger: Trigger
    label: str
    ring: list[LatLon] | None = None
    centre: LatLon | None = None
    radius_m: float | None = None
    window: WindowShown | None = None
    protected_person_id: UUID | None = None
    warn_m: float | None = None
    alarm_m: float | None = None


class FixShown(BaseModel):
    """A fix. `error_m` holds the truth 68 times in 100; `probability` is that it lay in an exclusion zone."""

    fix_id: UUID
    seen_at: datetime
    heard_at: datetime
    lat: float | None
    lon: float | None
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    battery: float | None
    signs: list[str]
    probability: float | None = None


class Track(BaseModel):
    fixes: list[FixShown]


class AlarmShown(BaseModel):
    """An alarm in the queue; `place` names its condition. Priority 1 is the highest."""

    alarm_id: UUID
    incident_id: UUID | None
    wearer_id: UUID
    wearer_code: str
    protected_code: str | None
    trigger: Trigger
    state: str
    priority: int
    raised_at: datetime
    confirmed_at: datetime | None
    cleared_at: datetime | None
    clear_reason: str | None
    closed_at: datetime | None
    acknowledged_at: datetime | None
    probability: float
    rule_version: str
    medical: Medical
    seen_at: datetime
    error_m: float
    place: str | None
    finding: str | None
    verdict: str | None


class Load(BaseModel):
    """Alarms raised in the last ten minutes, and how many one desk should see at most."""

    per_10min: float
    target: float


class Alarms(BaseModel):
    alarms: list[AlarmShown]
    load: Load


class Why(BaseModel):
    """What an alarm rests on, in one sentence."""

    ko: str
    en: str


class ForecastShown(BaseModel):
    in_s: int
    probability: float


class AlarmDetail(AlarmShown):
    """An alarm with its fixes, its reason and what is expected next."""

    lat: float
    lon: float
    speed_mps: float | None
    course_deg: float | None
    condition: ConditionShown | None
    closing_mps: float | None
    fixes: list[FixShown]
    why: Why
    forecast: list[ForecastShown]


class NoticeShown(BaseModel):
    notice_id: UUID
    notice: str
    wearer_code: str
    protected_person_id: UUID | None
    since_at: datetime
    ended_at: datetime | None


class Notices(BaseModel):
    notices: list[NoticeShown]


class WearerDetail(WearerShown):
    """A wearer with devices, conditions, notices and alarms; `last_fix` only where tracks may be read."""

    devices: list[DeviceShown]
    conditions: list[ConditionShown]
    notices: list[NoticeShown]
    alarms: list[AlarmShown]
    last_fix: FixShown | None


class Acknowledged(BaseModel):
    """By whom an alarm was first acknowledged is on the ledger."""

    alarm_id: UUID
    acknowledged_at: datetime | None


def wearer(w: queries.Wearer) -> WearerShown:
    """Return a wearer as a list shows him."""
    order = OrderShown(number=w.order_number, from_at=w.order_from_at, until_at=w.order_until_at)
    return WearerShown(wearer_id=w.wearer_id, code=w.code, offence=w.offence, office=w.office, order=order)


def device(d: queries.DeviceView) -> DeviceShown:
    """Return a device as screens show it."""
    return DeviceShown(
        device_id=d.device_id,
        name=d.name,
        battery=d.battery,
        last_seen_at=d.seen_at,
        last_heard_at=d.heard_at,
        worn=d.worn,
        skew_ms=d.skew_ms,
    )


def fix(f: Fix, probability: float | None = None) -> FixShown:
    """Return a fix as screens show it."""
    return FixShown(
        fix_id=f.fix_id,
        seen_at=f.seen_at,
        heard_at=f.heard_at,
        lat=f.point.lat if f.point is not None else None,
        lon=f.point.lon if f.point is not None else None,
        error_m=f.error_m,
        speed_mps=f.speed_mps,
        course_deg=f.course_deg,
        battery=f.battery,
        signs=sorted(f.signs),
        probability=probability,
    )


class Zoned(Protocol):
    """What is shown with a zone: a ring, or a centre and its radius in metres."""

    ring: list[LatLon] | None
    centre: LatLon | None
    radius_m: float | None


def put_zone(shown: Zoned, zone: Zone) -> None:
    """Write a zone into what is shown with it."""
    match zone:
        case Circle():
            shown.centre, shown.radius_m = (zone.centre.lat, zone.centre.lon), zone.radius_m
        case Polygon():
            shown.ring = [(p.lat, p.lon) for p in zone.ring]
        case _:
            assert_never(zone)


def condition(c: Condition) -> ConditionShown:
    """Return a condition as screens show it."""
    shown = ConditionShown(
        condition_id=c.condition_id,
        trigger=c.trigger,
        label=c.label,
        protected_person_id=c.protected_person_id,
    )
    match c:
        case Exclusion() | Curfew():
            if c.window is not None:
                shown.window = WindowShown(from_=f"{c.window.since:%H:%M}", until=f"{c.window.until:%H:%M}")
            put_zone(shown, c.zone if isinstance(c, Exclusion) else c.home)
            return shown
        case Approach():
            shown.warn_m, shown.alarm_m = c.warn_m, c.alarm_m
            return shown
        case Wholeness():
            return shown
        case _:
            assert_never(c)


def alarm(a: queries.Alarm) -> AlarmShown:
    """Return an alarm as the queue shows it."""
    return AlarmShown(
        alarm_id=a.alarm_id,
        incident_id=a.incident_id,
        wearer_id=a.wearer_id,
        wearer_code=a.wearer_code,
        protected_code=a.protected_code,
        trigger=a.trigger,
        state=a.state,
        priority=a.priority,
        raised_at=a.raised_at,
        confirmed_at=a.confirmed_at,
        cleared_at=a.cleared_at,
        clear_reason=a.clear_reason,
        closed_at=a.closed_at,
        acknowledged_at=a.acknowledged_at,
        probability=a.probability,
        rule_version=a.rule_version,
        medical=a.medical,
        seen_at=a.seen_at,
        error_m=a.error_m,
        place=a.label,
        finding=a.finding,
        verdict=a.verdict,
    )


def alarm_detail(a: queries.Alarm, g: queries.Grounds, now: datetime) -> AlarmDetail:
    """Return an alarm with all it rests on."""
    closing = g.basis.closing_mps if g.basis is not None else None
    state = State.CERTAIN if a.certain else State.PROBABLE
    ko, en = explain.why(a.trigger, state, a.probability, len(g.fixes), a.error_m, closing, a.medical)
    curve: list[explain.Forecast] = []
    if g.condition is not None and g.his is not None and a.closed_at is None:
        curve = explain.forecast(g.condition, g.his, g.hers, now)
    return AlarmDetail(
        **alarm(a).model_dump(),
        lat=a.place.lat,
        lon=a.place.lon,
        speed_mps=a.speed_mps,
        course_deg=a.course_deg,
        condition=condition(g.condition) if g.condition is not None else None,
        closing_mps=closing,
        fixes=[fix(f) for f in g.fixes],
        why=Why(ko=ko, en=en),
        forecast=[ForecastShown(in_s=f.in_s, probability=f.probability) for f in curve],
    )


def notice(n: queries.Notice) -> NoticeShown:
    """Return a notice as the list shows it."""
    return NoticeShown(
        notice_id=n.notice_id,
        notice=n.notice,
        wearer_code=n.wearer_code,
        protected_person_id=n.protected_person_id,
        since_at=n.since_at,
        ended_at=n.ended_at,
    )
