"""Wearers, their devices, their conditions, and medical stays told. Every function runs in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from ansimnet.facts.supervision import (
    ConditionSet,
    DeviceBound,
    MedicalNoticed,
    Trigger,
    WearerRegistered,
    WearerTransferred,
)
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ConditionId, DeviceId, FactId, ProtectedPersonId, WearerId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.model import Circle, PersonId, Polygon, Reason, State
from ansimnet.slices.supervision.rules.eligibility import eligible
from ansimnet.slices.supervision.rules.judge import cleared
from ansimnet.slices.supervision.service import caseload
from ansimnet.slices.supervision.service.receive import tell
from ansimnet.slices.supervision.store import devices, places
from ansimnet.slices.supervision.store import scene as scenes


class CodeTaken(Conflict):
    """Another wearer has this code."""

    name = "code-taken"


class BadCondition(Refusal):
    """The condition cannot be judged."""

    name = "bad-condition"


class BadOrder(Refusal):
    """The order ends before it begins."""

    name = "bad-order"


class BadStay(Refusal):
    """The stay ends before it begins, or the condition is not of that wearer."""

    name = "bad-stay"


async def register_wearer(
    tx: Tx,
    *,
    code: str,
    offence: str | None,
    office: str,
    order_number: str,
    from_at: datetime,
    until_at: datetime,
    actor: str,
    now: datetime,
    priors: int = 0,
) -> WearerId:
    """Register a wearer under an order; `priors` are the previous convictions that it names.

    Raises:
        IneligibleOffence: the offence allows no device (EM-01).
        BadOrder: the order ends before it begins.
        CodeTaken: another wearer has the code.
    """
    kind = eligible(offence)
    if until_at <= from_at:
        raise BadOrder
    wearer_id = WearerId(new_id())
    row = await tx.one(
        """
        insert into supervision_wearer (wearer_id, code, offence, office, order_number, order_from_at, order_until_at,
                                        registered_at, priors)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (centre_id, code) do nothing returning wearer_id
        """,
        [
            wearer_id,
            code,
            kind.value,
            office,
            places.seal_words(tx, wearer_id, order_number, of=places.ORDER),
            from_at,
            until_at,
            now,
            priors,
        ],
    )
    if row is None:
        raise CodeTaken(f"another wearer has the code `{code}`")
    await tx.execute("insert into supervision_person (person_id) values (%s)", [wearer_id])
    await policy.place_under(tx, wearer_id, office, now)
    fact = WearerRegistered(
        fact_id=FactId(new_id()), happened_at=now, wearer_id=wearer_id, code=code, offence=kind.value
    )
    await append(tx, fact, actor=actor)
    return wearer_id


async def transfer_wearer(tx: Tx, wearer_id: WearerId, office: str, *, actor: str, now: datetime) -> None:
    """Hand a wearer over to another probation office (이관); people of the former one lose their permits to them.

    Raises:
        NotFound: no such wearer.
    """
    row = await tx.one(
        "update supervision_wearer set office = %s where wearer_id = %s returning 1", [office, wearer_id]
    )
    if row is None:
        raise NotFound
    if await policy.place_under(tx, wearer_id, office, now):
        await caseload.release(tx, wearer_id, now)
        fact = WearerTransferred(fact_id=FactId(new_id()), happened_at=now, wearer_id=wearer_id, office=office)
        await append(tx, fact, actor=actor)


async def bind_device(tx: Tx, wearer_id: WearerId, name: str, *, actor: str, now: datetime) -> tuple[DeviceId, str]:
    """Bind a device to a wearer; return its id and its key, which is shown once.

    Raises:
        NotFound: no such wearer.
        NameTaken: another device has the name.
    """
    if await tx.one("select 1 from supervision_wearer where wearer_id = %s", [wearer_id]) is None:
        raise NotFound
    device_id, key = await devices.add_device(tx, name, wearer_id=wearer_id, protected_person_id=None, now=now)
    fact = DeviceBound(fact_id=FactId(new_id()), happened_at=now, device_id=device_id, wearer_id=wearer_id)
    await append(tx, fact, actor=actor)
    await caseload.owe(tx, "device-check", device_id, now)
    return device_id, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A condition as it is asked for; what its trigger does not need is None.

    `since` and `until` are hours of Seoul's day: of a curfew (default 00:00 to 06:00), or of a zone (default all).
    """

    trigger: Trigger
    label: str = ""
    ring: tuple[Point, ...] | None = None
    centre: Point | None = None
    radius_m: float | None = None
    since: time | None = None
    until: time | None = None
    protected_person_id: ProtectedPersonId | None = None
    warn_m: float | None = None
    alarm_m: float | None = None


def check_draft(d: Draft) -> None:
    """Refuse a condition that the rules could not judge.

    Raises:
        BadCondition: with what is missing or wrong.
    """
    try:
        if d.ring is not None:
            Polygon(d.ring)
        if d.centre is not None or d.radius_m is not None:
            if d.centre is None or d.radius_m is None:
                raise ValueError("a circle needs a centre and a radius")
            Circle(d.centre, d.radius_m)
    except ValueError as e:
        raise BadCondition(str(e)) from None
    match d.trigger:
        case Trigger.TAMPER:
            raise BadCondition("tamper is implied by every device")
        case Trigger.APPROACH:
            if d.protected_person_id is None or d.warn_m is None or d.alarm_m is None:
                raise BadCondition("an approach needs a protected person and two radii")
            if not 0 < d.alarm_m <= d.warn_m <= 100_000:
                raise BadCondition("the alarm radius lies above 0 and within the warning radius")
        case Trigger.EXCLUSION_ZONE | Trigger.CURFEW:
            if (d.ring is None) == (d.centre is None):
                raise BadCondition("give either a ring or a centre with a radius")
            if d.trigger is Trigger.EXCLUSION_ZONE and (d.since is None) != (d.until is None):
                raise BadCondition(
                    "the hours of a zone have a beginning and an end: give `from` and `until`, or neither"
                )


async def set_condition(tx: Tx, wearer_id: WearerId, d: Draft, *, actor: str, now: datetime) -> ConditionId:
    """Set a condition on a wearer; it is judged from the next fix on.

    Raises:
        NotFound: no such wearer or protected person.
        BadCondition: the rules could not judge it.
    """
    check_draft(d)
    if await tx.one("select 1 from supervision_wearer where wearer_id = %s", [wearer_id]) is None:
        raise NotFound
    if d.protected_person_id is not None:
        known = await tx.one(
            "select 1 from supervision_protected where protected_person_id = %s", [d.protected_person_id]
        )
        if known is None:
            await devices.add_protected(tx, d.protected_person_id, code=None, place=None)
    people = [PersonId(p) for p in (wearer_id, d.protected_person_id) if p is not None]
    await scenes.lock_people(tx, people)  # both at once, in the order of their ids, as a batch locks them
    condition_id = ConditionId(new_id())
    since, until = _hours(d)
    await tx.execute(
        """
        insert into supervision_condition (condition_id, wearer_id, trigger, label, zone_sealed, since_local,
            until_local, protected_person_id, warn_m, alarm_m, set_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            condition_id, wearer_id, d.trigger.value, places.seal_words(tx, wearer_id, d.label, of=places.LABEL),
            places.seal_zone(tx, wearer_id, condition_id, d.ring, d.centre, d.radius_m),
            since, until, d.protected_person_id, d.warn_m, d.alarm_m, now,
        ],
    )  # fmt: skip
    fact = ConditionSet(
        fact_id=FactId(new_id()),
        happened_at=now,
        condition_id=condition_id,
        wearer_id=wearer_id,
        trigger=d.trigger,
        protected_person_id=d.protected_person_id,
    )
    await append(tx, fact, actor=actor)
    return condition_id


def _hours(d: Draft) -> tuple[time | None, time | None]:
    """Return the hours in which a condition holds; None: at all of them."""
    match d.trigger:
        case Trigger.CURFEW:
            return (d.since or time(0, 0)), (d.until or time(6, 0))
        case Trigger.EXCLUSION_ZONE:
            return d.since, d.until
        case _:
            return None, None


async def end_condition(tx: Tx, condition_id: ConditionId, *, actor: str, now: datetime) -> None:
    """End a condition; an alarm that stands on it is taken back.

    Raises:
        NotFound: no such condition in force.
    """
    row = await tx.one(
        "select wearer_id, protected_person_id from supervision_condition where condition_id = %s and ended_at is null",
        [condition_id],
    )
    if row is None:
        raise NotFound
    await scenes.lock_people(tx, [PersonId(row[0])])
    await tx.execute("update supervision_condition set ended_at = %s where condition_id = %s", [now, condition_id])
    watch = await scenes.watch_of(tx, condition_id)
    if watch is not None and watch.alarm_id is not None and watch.announced is not State.CLEAR:
        fact = cleared(watch.alarm_id, WearerId(row[0]), row[1], Reason.CONDITION_ENDED, now)
        await tell(tx, [fact], actor)
    await tx.execute("delete from supervision_watch where condition_id = %s", [condition_id])


async def except_curfew(tx: Tx, condition_id: ConditionId, from_at: datetime, until_at: datetime, reason: str) -> UUID:
    """Lift a curfew for a span, as a court or an officer allowed.

    Raises:
        BadStay: the span ends before it begins.
        NotFound: no such curfew in force.
    """
    if until_at <= from_at:
        raise BadStay("the span ends before it begins")
    row = await tx.one(
        "select wearer_id from supervision_condition "
        "where condition_id = %s and trigger = 'curfew' and ended_at is null",
        [condition_id],
    )
    if row is None:
        raise NotFound
    await scenes.lock_people(tx, [PersonId(row[0])])
    exception_id = new_id()
    await tx.execute(
        "insert into supervision_exception (exception_id, condition_id, from_at, until_at, reason) "
        "values (%s, %s, %s, %s, %s)",
        [exception_id, condition_id, from_at, until_at, places.seal_words(tx, row[0], reason, of=places.EXCEPTED)],
    )
    return exception_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A medical stay as it is told."""

    condition_id: ConditionId
    enters_at: datetime
    leaves_at: datetime
    place_coarse: str
    accompanied_by: str


async def tell_medical(tx: Tx, wearer_id: WearerId, stay: Stay, *, actor: str, now: datetime) -> UUID:
    """Record a medical stay. It counts only for an entry after this instant (EM-08); one already inside is AFTER.

    Raises:
        BadStay: it ends before it begins, or the condition is not of this wearer.
    """
    if stay.leaves_at <= stay.enters_at or stay.leaves_at <= now:
        raise BadStay("the stay ends before it begins, or has ended")
    row = await tx.one(
        "select protected_person_id from supervision_condition "
        "where condition_id = %s and wearer_id = %s and ended_at is null",
        [stay.condition_id, wearer_id],
    )
    if row is None:
        raise BadStay("no such condition of this wearer")
    await scenes.lock_people(tx, [PersonId(wearer_id)])
    medical_id = new_id()
    await tx.execute(
        "insert into supervision_medical (medical_id, condition_id, told_at, enters_at, leaves_at) "
        "values (%s, %s, %s, %s, %s)",
        [medical_id, stay.condition_id, now, stay.enters_at, stay.leaves_at],
    )
    await tx.execute(  # an alarm that already stands is considered afterwards, and stays the alarm it is
        "update supervision_alarm set medical = 'after' "
        "where condition_id = %s and closed_at is null and cleared_at is null and medical = 'none'",
        [stay.condition_id],
    )
    fact = MedicalNoticed(
        fact_id=FactId(new_id()),
        happened_at=now,
        wearer_id=wearer_id,
        condition_id=stay.condition_id,
        protected_person_id=row[0],
        enters_at=stay.enters_at,
        leaves_at=stay.leaves_at,
        place_coarse=stay.place_coarse,
        accompanied_by=stay.accompanied_by,
    )
    await append(tx, fact, actor=actor)
    return medical_id
