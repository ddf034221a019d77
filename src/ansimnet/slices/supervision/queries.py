"""What other slices and our own screens may ask of supervision.

Places of people are given under a permit, or to those who answer an alarm: then about that alarm's two parties alone,
and only until it is closed.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.facts.supervision import DeviceBound, Medical, Trigger
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    AlarmId,
    ConditionId,
    DeviceId,
    FactId,
    IncidentId,
    NoticeId,
    ProtectedPersonId,
    WearerId,
    new_id,
)
from ansimnet.kernel.permits import Act, Permit
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.platform.sealing import open_text
from ansimnet.slices.supervision.model import Basis, Condition, Estimate, Fix, PersonId
from ansimnet.slices.supervision.rules import kept
from ansimnet.slices.supervision.rules.explain import priority
from ansimnet.slices.supervision.store import alarms, devices, places
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import scene as scenes


async def bearer_of_key(tx: Tx, key: str) -> ProtectedPersonId | None:
    """Return whose issued device a key belongs to; None for wearers', gateways' and nobody's keys."""
    key_sha256 = devices.hash_of(key)
    found = await devices.device_of_key(tx, key_sha256)
    if found is None or not hmac.compare_digest(found[1], key_sha256):
        return None
    return found[0].protected_person_id


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it stands. `place` is where the wearer was believed to be when it was last decided."""

    alarm_id: AlarmId
    incident_id: IncidentId | None
    wearer_id: WearerId
    wearer_code: str
    office: str
    device_id: DeviceId
    protected_person_id: ProtectedPersonId | None
    protected_code: str | None
    trigger: Trigger
    condition_id: ConditionId | None
    label: str | None
    state: str
    probability: float
    rule_version: str
    medical: Medical
    raised_at: datetime
    confirmed_at: datetime | None
    cleared_at: datetime | None
    clear_reason: str | None
    closed_at: datetime | None
    acknowledged_at: datetime | None
    finding: str | None
    verdict: str | None
    place: Point
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime

    @property
    def certain(self) -> bool:
        return self.confirmed_at is not None

    @property
    def stands(self) -> bool:
        """Whether it is neither taken back nor closed."""
        return self.cleared_at is None and self.closed_at is None

    @property
    def priority(self) -> int:
        return priority(self.certain, self.protected_person_id is not None, self.trigger, self.medical)


_ALARM = """
    select a.alarm_id, a.incident_id, a.wearer_id, w.code, w.office, a.device_id, a.protected_person_id, p.code,
           a.trigger, a.condition_id, c.label, a.state, a.probability, a.rule_version, a.medical, a.raised_at,
           a.confirmed_at, a.cleared_at, a.clear_reason, a.closed_at, a.acknowledged_at, a.finding, a.verdict,
           a.lat, a.lon, a.error_m, a.speed_mps, a.course_deg, a.seen_at
    from supervision_alarm a join supervision_wearer w using (wearer_id)
    left join supervision_protected p on p.protected_person_id = a.protected_person_id
    left join supervision_condition c on c.condition_id = a.condition_id
"""


def _alarm(tx: Tx, r: tuple[Any, ...]) -> Alarm:
    label = places.open_label(tx, r[2], r[10]) if r[10] is not None else None
    a, b, c = r[:8], (r[9], label, *r[11:14]), r[15:23]
    values = (*a, Trigger(r[8]), *b, Medical(r[14]), *c, Point(r[23], r[24]), *r[25:])
    return Alarm(*values)


async def alarm(tx: Tx, alarm_id: UUID) -> Alarm | None:
    """Return an alarm, or None."""
    row = await tx.one(_ALARM + "where a.alarm_id = %s", [alarm_id])
    return _alarm(tx, row) if row is not None else None


async def alarms_open(tx: Tx, *, every: bool = False, limit: int = 500) -> list[Alarm]:
    """Return the alarms no person has closed, newest first; with `every` those that were, too.

    A probable alarm that was taken back has ended by itself and is not open.
    """
    rows = await tx.all(
        _ALARM
        + "where %s or (a.closed_at is null and (a.cleared_at is null or a.confirmed_at is not null)) "
        + "order by a.raised_at desc, a.alarm_id limit %s",
        [every, limit],
    )
    return [_alarm(tx, r) for r in rows]


async def alarms_of(tx: Tx, *, wearer_id: UUID | None = None, protected_person_id: UUID | None = None) -> list[Alarm]:
    """Return the standing alarms of a wearer or about a protected person, oldest first."""
    rows = await tx.all(
        _ALARM
        + "where a.closed_at is null and a.cleared_at is null and (a.wearer_id = %s or a.protected_person_id = %s) "
        + "order by a.raised_at, a.alarm_id",
        [wearer_id, protected_person_id],
    )
    return [_alarm(tx, r) for r in rows]


async def history_of(tx: Tx, permit: Permit, wearer_id: WearerId, now: datetime, limit: int = 100) -> list[Alarm]:
    """Return every alarm of a wearer, newest first.

    Raises:
        NoPermit: the permit does not cover reading this wearer.
    """
    permit.check(Act.READ_WEARER, wearer_id, now=now)
    rows = await tx.all(_ALARM + "where a.wearer_id = %s order by a.raised_at desc limit %s", [wearer_id, limit])
    return [_alarm(tx, r) for r in rows]


async def own_alarms(tx: Tx, wearer_id: WearerId, limit: int = 200) -> list[Alarm]:
    """Return a wearer's alarms for his own page, newest first: those that became certain or were judged."""
    rows = await tx.all(
        _ALARM + "where a.wearer_id = %s and (a.confirmed_at is not null or a.finding is not null) "
        "order by a.raised_at desc limit %s",
        [wearer_id, limit],
    )
    return [_alarm(tx, r) for r in rows]


async def alarms_since(tx: Tx, since: datetime) -> int:
    """Return how many alarms were raised since an instant."""
    row = await tx.one("select count(*) from supervision_alarm where raised_at >= %s", [since])
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an alarm was decided from: its fixes, the condition, and what was believed before and now."""

    fixes: Sequence[Fix]
    basis: Basis | None
    condition: Condition | None
    his: Estimate | None
    hers: Estimate | None


async def grounds_of(tx: Tx, permit: Permit, a: Alarm, now: datetime) -> Grounds:
    """Return what an alarm rests on.

    Raises:
        NoPermit: the permit does not cover reading this alarm.
    """
    permit.check(Act.READ_ALARM, a.alarm_id, now=now)
    row = await tx.one("select basis from supervision_alarm where alarm_id = %s", [a.alarm_id])
    condition = await scenes.condition_by_id(tx, a.condition_id) if a.condition_id is not None else None
    return Grounds(
        fixes=await fix_store.cited_by(tx, a.alarm_id),
        basis=alarms.basis_of(bytes(row[0])) if row is not None and row[0] is not None else None,
        condition=condition,
        his=await _believed(tx, a.wearer_id),
        hers=await _believed(tx, a.protected_person_id) if a.protected_person_id is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is believed to be, how sure, and by which instant."""

    point: Point
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


async def _believed(tx: Tx, person_id: UUID) -> Estimate | None:
    stored = await scenes.kept_of(tx, person_id)
    return kept.unpack(PersonId(person_id), stored) if stored is not None else None


def _place(e: Estimate | None) -> Place | None:
    return Place(e.point, e.error_m, e.speed_mps, e.course_deg, e.at) if e is not None else None


async def places_in_alarm(tx: Tx, alarm_id: AlarmId) -> tuple[Place | None, Place | None]:
    """Return where the wearer and the protected person of an open alarm are believed to be.

    For those who answer the alarm, and for as long as it is open.

    Raises:
        NotFound: no such alarm, or it is closed.
    """
    row = await tx.one(
        "select wearer_id, protected_person_id from supervision_alarm where alarm_id = %s and closed_at is null",
        [alarm_id],
    )
    if row is None:
        raise NotFound
    his = await _believed(tx, row[0])
    hers = await _believed(tx, row[1]) if row[1] is not None else None
    return _place(his), _place(hers)


async def place_of(tx: Tx, permit: Permit, person_id: UUID, act: Act, now: datetime) -> Place | None:
    """Return where a wearer (READ_TRACK), a protected person (READ_PROTECTED) or oneself (READ_OWN) is believed to be.

    Raises:
        NoPermit: the permit does not cover that act on this person.
    """
    permit.check(act, person_id, now=now)
    return _place(await _believed(tx, person_id))


async def track(
    tx: Tx, permit: Permit, wearer_id: WearerId, from_at: datetime, until_at: datetime, now: datetime
) -> list[Fix]:
    """Return a wearer's fixes seen in [from, until), oldest first, at most 20,000.

    Raises:
        NoPermit: the permit does not cover reading this wearer's track.
    """
    permit.check(Act.READ_TRACK, wearer_id, now=now)
    return await fix_store.fixes_between(tx, [PersonId(wearer_id)], from_at, until_at)


async def last_fix(tx: Tx, permit: Permit, wearer_id: WearerId, now: datetime) -> Fix | None:
    """Return a wearer's newest placed fix.

    Raises:
        NoPermit: the permit does not cover reading this wearer's track.
    """
    permit.check(Act.READ_TRACK, wearer_id, now=now)
    return await fix_store.last_fix(tx, PersonId(wearer_id))


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as it last spoke. `worn` is None before it has."""

    device_id: DeviceId
    name: str
    battery: float | None
    seen_at: datetime | None
    heard_at: datetime | None
    worn: bool | None
    skew_ms: int | None


async def devices_of(
    tx: Tx, *, wearer_id: UUID | None = None, protected_person_id: UUID | None = None
) -> list[DeviceView]:
    """Return the devices of a wearer or of a protected person, by name. Places are not among it."""
    rows = await tx.all(
        "select device_id, name, battery, seen_at, heard_at, worn, skew_ms from supervision_device "
        "where wearer_id = %s or protected_person_id = %s order by name",
        [wearer_id, protected_person_id],
    )
    return [DeviceView(*r) for r in rows]


async def devices_heard(tx: Tx, since: datetime) -> tuple[int, int]:
    """Return how many devices were heard since an instant, and how many there are."""
    row = await tx.one("select count(*) filter (where heard_at >= %s), count(*) from supervision_device", [since])
    assert row is not None
    return int(row[0]), int(row[1])


@dataclass(frozen=True, slots=True)
class Wearer:
    """A wearer and the order that binds him."""

    wearer_id: WearerId
    code: str
    offence: str
    office: str
    order_number: str
    order_from_at: datetime
    order_until_at: datetime
    priors: int = 0


_WEARER = (
    "select wearer_id, code, offence, office, order_number, order_from_at, order_until_at, priors "
    "from supervision_wearer "
)


async def wearer(tx: Tx, wearer_id: UUID) -> Wearer | None:
    """Return a wearer, or None."""
    row = await tx.one(_WEARER + "where wearer_id = %s", [wearer_id])
    return _wearer(tx, row) if row is not None else None


async def wearers_among(tx: Tx, ids: Collection[UUID]) -> dict[WearerId, Wearer]:
    """Return some wearers by id; nobody for an id of nobody."""
    return {r[0]: _wearer(tx, r) for r in await tx.all(_WEARER + "where wearer_id = any(%s)", [list(ids)])}


async def wearer_numbered(tx: Tx, code: str) -> WearerId | None:
    """Return whom a whole number names, as an order writes it; None: nobody."""
    row = await tx.one("select wearer_id from supervision_wearer where upper(code) = upper(%s)", [code])
    return row[0] if row is not None else None


async def wearers(tx: Tx, permit: Permit, now: datetime) -> list[Wearer]:
    """Return the wearers that the permit reaches, by code.

    Raises:
        NoPermit: the permit does not cover reading wearers.
    """
    reach = permit.reach(Act.READ_WEARER, now=now)
    if reach is None:
        rows = await tx.all(_WEARER + "order by code")
    else:
        rows = await tx.all(_WEARER + "where wearer_id = any(%s) order by code", [list(reach)])
    return [_wearer(tx, r) for r in rows]


def _wearer(tx: Tx, r: tuple[Any, ...]) -> Wearer:
    order_number = open_text(tx, r[0], r[4], of=places.ORDER) or ""
    return Wearer(r[0], r[1], r[2], r[3], order_number, *r[5:])


async def conditions(tx: Tx, wearer_id: UUID) -> list[Condition]:
    """Return the conditions a wearer is under, tamper not among them."""
    return [c for c in await scenes.conditions_of(tx, [PersonId(wearer_id)]) if c.wearer_id == wearer_id]


async def wearers_kept_from(tx: Tx, protected_person_id: UUID) -> list[WearerId]:
    """Return the wearers under a condition that names this protected person."""
    rows = await tx.all(
        "select distinct wearer_id from supervision_condition where protected_person_id = %s and ended_at is null "
        "order by wearer_id",
        [protected_person_id],
    )
    return [WearerId(r[0]) for r in rows]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: silence, battery, jam, or that nobody can vouch."""

    notice_id: NoticeId
    notice: str
    wearer_id: WearerId
    wearer_code: str
    protected_person_id: ProtectedPersonId | None
    since_at: datetime
    ended_at: datetime | None


async def notices(
    tx: Tx, *, wearer_id: UUID | None = None, protected_person_id: UUID | None = None, limit: int = 200
) -> list[Notice]:
    """Return open notices and those that ended lately, newest first; of one wearer or about one person if given."""
    rows = await tx.all(
        """
        select n.notice_id, n.notice, n.wearer_id, w.code, n.protected_person_id, n.since_at, n.ended_at
        from supervision_notice n join supervision_wearer w using (wearer_id)
        where (%(w)s::uuid is null or n.wearer_id = %(w)s) and (%(p)s::uuid is null or n.protected_person_id = %(p)s)
        order by (n.ended_at is null) desc, n.since_at desc limit %(limit)s
        """,
        {"w": wearer_id, "p": protected_person_id, "limit": limit},
    )
    return [Notice(*r) for r in rows]


async def bind_protected_device(
    tx: Tx,
    protected_person_id: ProtectedPersonId,
    name: str,
    *,
    place: Point | None = None,
    code: str | None = None,
    actor: str,
    now: datetime,
) -> tuple[DeviceId, str]:
    """Bind a device to a protected person, whom the protection slice owns; return its id and its key, shown once.

    `place` is her registered place, judged when her device is silent; it is kept from an earlier call if None.

    Raises:
        NameTaken: another device has the name.
    """
    await devices.add_protected(tx, protected_person_id, code=code, place=place)
    device_id, key = await devices.add_device(
        tx, name, wearer_id=None, protected_person_id=protected_person_id, now=now
    )
    fact = DeviceBound(
        fact_id=FactId(new_id()), happened_at=now, device_id=device_id, protected_person_id=protected_person_id
    )
    await append(tx, fact, actor=actor)
    return device_id, key


async def set_registered_place(tx: Tx, protected_person_id: ProtectedPersonId, place: Point, code: str | None) -> None:
    """Know a protected person's registered place, for when no device of hers speaks. Safe to run twice."""
    await devices.add_protected(tx, protected_person_id, code=code, place=place)
