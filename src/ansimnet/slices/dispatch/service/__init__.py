"""Running an incident: from the first alarm to the closing that ends every look. All in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import msgspec

from ansimnet.facts import dispatch as facts
from ansimnet.facts.supervision import Medical
from ansimnet.kernel import streets as net
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import AccountId, FactId, IncidentId, OrderId, UnitId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.dispatch import rules, store
from ansimnet.slices.dispatch.model import AlarmSeen, Incident, Order, OrderState, State, Unit
from ansimnet.slices.policy import queries as policy

SYSTEM = "system:dispatch"


@dataclass(frozen=True, slots=True)
class Codes:
    """How the people of an incident are called: never by name."""

    wearer: str
    protected: str | None
    office: str


class Stamp(TypedDict):
    """What every fact begins with."""

    fact_id: FactId
    happened_at: datetime


def stamp(now: datetime) -> Stamp:
    """Return what every fact begins with."""
    return {"fact_id": FactId(new_id()), "happened_at": now}


def by_account(account_id: UUID) -> str:
    """Return how the ledger names an account that acted."""
    return f"account:{account_id}"


async def take_alarm(
    tx: Tx, alarm: AlarmSeen, codes: Codes, place: Point, maps: MapData, *, now: datetime
) -> IncidentId:
    """Open an incident for an alarm, or merge it into the running one. Safe to run twice."""
    await store.lock_situations(tx)
    known = await store.incident_of_alarm(tx, alarm.alarm_id)
    running = await store.load_running(tx)
    incident = next((i for i in running if i.incident_id == known or rules.joins(i, alarm)), None)
    if incident is None:
        incident = await _open(tx, alarm, codes, now)
    elif known != incident.incident_id:
        fact = facts.AlarmMerged(**stamp(now), incident_id=incident.incident_id, alarm_id=alarm.alarm_id)
        await append(tx, fact, actor=SYSTEM)
    news = await store.save_alarm(tx, incident.incident_id, alarm)
    await policy.relate(tx, alarm.alarm_id, incident.incident_id, now, actor=SYSTEM)
    if news:
        await store.add_event(
            tx, incident.incident_id, alarm.happened_at, rules.opened(alarm, codes.wearer, codes.protected)
        )
    if alarm.protected_person_id is not None:
        await _name_protected(tx, incident, alarm)
    if news and alarm.certain and rules.calls_anew(incident, alarm):
        await _become_certain(tx, incident, alarm, codes, place, maps, now)
    return incident.incident_id


async def _open(tx: Tx, alarm: AlarmSeen, codes: Codes, now: datetime) -> Incident:
    number = await store.next_number(tx)
    incident = Incident(
        incident_id=IncidentId(new_id()), code=rules.code_of(number, now), wearer_id=alarm.wearer_id,
        protected_person_id=alarm.protected_person_id, trigger=alarm.trigger, medical=alarm.medical, certain=False,
        state=State.OPEN, opened_at=alarm.happened_at, certain_at=None, acknowledged_at=None, resolved_at=None,
        closed_at=None, concurred_at=None, outcome=None, commander=None,
    )  # fmt: skip
    await store.insert_incident(tx, incident)
    protected = alarm.protected_person_id is not None
    await store.insert_checklist(
        tx, incident.incident_id, rules.checklist(alarm.trigger, protected, medical=alarm.medical)
    )
    fact = facts.IncidentOpened(
        **stamp(now), incident_id=incident.incident_id, code=incident.code, alarm_id=alarm.alarm_id,
        wearer_id=alarm.wearer_id, protected_person_id=alarm.protected_person_id, trigger=alarm.trigger,
        certain=alarm.certain,
    )  # fmt: skip
    await append(tx, fact, actor=SYSTEM)
    if alarm.medical is Medical.ADVANCE:
        await store.add_event(tx, incident.incident_id, now, rules.LINES["medical"])
    return incident


async def _name_protected(tx: Tx, incident: Incident, alarm: AlarmSeen) -> None:
    """Let an incident that began without a protected person know her, and her part of the procedure."""
    if incident.protected_person_id is None:
        await store.set_state(tx, incident.incident_id, protected_person_id=alarm.protected_person_id)
        await store.insert_checklist(
            tx, incident.incident_id, rules.checklist(incident.trigger, True, medical=alarm.medical)
        )


async def _become_certain(
    tx: Tx, incident: Incident, alarm: AlarmSeen, codes: Codes, place: Point, maps: MapData, now: datetime
) -> None:
    if incident.state is State.RESOLVED:  # it was said to be over, and is not
        await store.set_state(
            tx, incident.incident_id, state=State.OPEN, resolved_at=None, concurred_at=None, concurred_by=None
        )
    await store.make_certain(tx, incident.incident_id, alarm)
    protected = (alarm.protected_person_id or incident.protected_person_id) is not None
    await store.insert_checklist(
        tx, incident.incident_id, rules.checklist(alarm.trigger, protected, medical=alarm.medical)
    )
    await reach_step(tx, incident.incident_id, 1, now)
    if not rules.asks_police(True, alarm.medical):
        return
    await store.add_event(tx, incident.incident_id, now, rules.LINES["confirmed"])
    await _ask_police(tx, incident, alarm, codes, place, now)
    await _draft_order(tx, incident, alarm, codes, place, maps, now)


async def _ask_police(tx: Tx, incident: Incident, alarm: AlarmSeen, codes: Codes, place: Point, now: datetime) -> None:
    await store.ask_police(tx, incident.incident_id, now)
    message = msgspec.json.encode({
        "incident": incident.code,
        "trigger": alarm.trigger,
        "subject": codes.wearer,
        "protected": codes.protected,
        "lat": round(place.lat, 6),
        "lon": round(place.lon, 6),
        "at": alarm.happened_at,
        "ask": "call_and_dispatch",  # both at once: neither waits for the other (EM-07)
    }).decode()  # fmt: skip
    await append(tx, facts.PoliceAsked(**stamp(now), incident_id=incident.incident_id, message=message), actor=SYSTEM)
    await store.add_event(tx, incident.incident_id, now, rules.LINES["police-asked"])


async def tell_not_reached(tx: Tx, incident_id: IncidentId, now: datetime) -> None:
    """Tell 112 that the victim answers on no channel: a unit must go to her last place."""
    incident = await store.load_incident(tx, incident_id)
    if await store.load_police(tx, incident_id) is None:
        await store.add_event(tx, incident_id, now, rules.LINES["escalated"])
        return
    message = msgspec.json.encode({"incident": incident.code, "told": "victim_not_reached", "at": now}).decode()
    await append(tx, facts.PoliceTold(**stamp(now), incident_id=incident_id, message=message), actor=SYSTEM)
    await store.add_event(tx, incident_id, now, rules.LINES["not-reached"])


async def _draft_order(
    tx: Tx, incident: Incident, alarm: AlarmSeen, codes: Codes, place: Point, maps: MapData, now: datetime
) -> None:
    if any(o.state is not OrderState.OVER for o in await store.load_orders(tx, incident_id=incident.incident_id)):
        return
    ours = incident.incident_id  # its own units are free for it
    units = [
        replace(u, incident_id=None) if u.incident_id == ours else u for u in await store.load_units(tx, lock=True)
    ]
    eta_s = arrival_s(maps, units, place)
    unit: Unit | None
    try:
        unit = rules.nearest(units, eta_s, now=now, agency="probation")
    except rules.NoUnitFree:
        unit = None  # the order still lies there: the controller chooses
    street = street_at(maps, place)
    order = Order(
        OrderId(new_id()), incident.incident_id, unit.unit_id if unit else None, codes.office,
        rules.order_text(codes.office, street, codes.wearer, protected_code=codes.protected, trigger=alarm.trigger),
        OrderState.DRAFT, {"drafted": now},
    )  # fmt: skip
    await store.insert_order(tx, order)
    if unit is not None:
        await store.bind_unit(tx, incident.incident_id, unit.unit_id, eta_s[unit.unit_id], now, None)
    fact = facts.OrderDrafted(
        **stamp(now), incident_id=incident.incident_id, order_id=order.order_id, office=codes.office,
        unit_id=order.unit_id,
    )  # fmt: skip
    await append(tx, fact, actor=SYSTEM)
    await store.add_event(tx, incident.incident_id, now, rules.LINES["order-drafted"], detail=unit.name if unit else "")


def arrival_s(maps: MapData, units: list[Unit], place: Point) -> dict[UnitId, float]:
    """Return when each unit can be there, seconds by road; straight at town speed where no streets are known."""
    if maps.streets is None:
        return {u.unit_id: distance_m(u.point, place) / rules.SPEED_BY_RANK_MPS[2] for u in units}
    cost = net.travel_s(maps.streets, place, speed_by_rank=rules.SPEED_BY_RANK_MPS)
    speed = rules.SPEED_BY_RANK_MPS[2]
    return {u.unit_id: net.at_place_s(maps.streets, cost, u.point, speed_mps=speed) for u in units}


def street_at(maps: MapData, place: Point) -> str:
    """Return the name of the nearest street, or nothing."""
    return maps.streets.names[net.snap(maps.streets, place).edge] if maps.streets is not None else ""


async def reach_step(tx: Tx, incident_id: IncidentId, step: int, now: datetime) -> None:
    """Note one of the four steps, once, with the time since step ① (EM-17)."""
    if not await store.reach_step(tx, incident_id, step, now):
        return
    steps = await store.load_steps(tx, incident_id)
    elapsed = now - steps.get(1, now)
    fact = facts.StepReached(
        **stamp(now), incident_id=incident_id, step=step, elapsed_ms=round(elapsed.total_seconds() * 1000)
    )
    await append(tx, fact, actor=SYSTEM)


async def clear_alarm(tx: Tx, alarm_id: UUID, now: datetime) -> None:
    """Note that an alarm was taken back; an incident that never became certain goes with its last one."""
    incident_id = await store.incident_of_alarm(tx, alarm_id)
    if incident_id is None:
        return
    await store.clear_alarm(tx, alarm_id, now)
    await store.add_event(tx, incident_id, now, rules.LINES["cleared"])
    incident = await store.load_incident(tx, incident_id, lock=True)
    alarms = await store.load_alarm_ids(tx, incident_id)
    if incident.state is State.OPEN and not incident.certain and all(at is not None for _, at in alarms):
        await store.set_state(tx, incident_id, state=State.TAKEN_BACK, closed_at=now)


async def acknowledge(tx: Tx, incident_id: IncidentId, account_id: AccountId, now: datetime) -> None:
    """Note that the room knows. The one who acknowledges first leads."""
    incident = await store.load_incident(tx, incident_id, lock=True)
    if incident.acknowledged_at is not None:
        return
    await store.set_state(
        tx, incident_id, acknowledged_at=now, acknowledged_by=account_id, commander=incident.commander or account_id
    )
    await store.add_event(tx, incident_id, now, rules.LINES["acknowledged"])


async def _running(tx: Tx, incident_id: IncidentId) -> Incident:
    """Return an incident that is not over, locked.

    Raises:
        Conflict: it is over: what stands in it stays as it is.
        NoIncident: none with this id.
    """
    incident = await store.load_incident(tx, incident_id, lock=True)
    if incident.state in {State.CLOSED, State.TAKEN_BACK}:
        raise Conflict("the incident is over")
    return incident


async def tick(
    tx: Tx, incident_id: IncidentId, item: str, done: bool, account_id: AccountId | None, now: datetime
) -> None:
    """Tick a line of the procedure, or untick it.

    Raises:
        NotFound: no such line.
        Conflict: the incident is over.
    """
    await _running(tx, incident_id)
    known = {i.item for i in await store.load_checklist(tx, incident_id)}
    if item not in known:
        raise NotFound(f"there is no line `{item}` in this procedure", todo=f"one of: {', '.join(sorted(known))}")
    if await store.tick(tx, incident_id, item, now if done else None, account_id):
        fact = facts.ChecklistTicked(**stamp(now), incident_id=incident_id, item=item, done=done, by=account_id)
        await append(tx, fact, actor=by_account(account_id) if account_id else SYSTEM)


async def note(tx: Tx, incident_id: IncidentId, text: str, account_id: AccountId, now: datetime) -> None:
    """Keep a note; also of an incident that is over."""
    await store.load_incident(tx, incident_id)
    await store.add_event(tx, incident_id, now, rules.LINES["note"], note=text)
    fact = facts.NoteAdded(**stamp(now), incident_id=incident_id, by=account_id, text=text)
    await append(tx, fact, actor=by_account(account_id))


async def send_order(
    tx: Tx, incident_id: IncidentId, order_id: OrderId, account_id: AccountId, now: datetime, *, text: str | None
) -> Order:
    """Send a drafted order: a person's act, never the machine's (step ③).

    Raises:
        NotFound: no such order in this incident.
        OrderOutOfTurn: it was sent before.
        Conflict: the incident is over.
    """
    await _running(tx, incident_id)
    order = await _order_of(tx, incident_id, order_id)
    rules.check_progress(order.state, OrderState.SENT)
    if text is not None and text.strip() and text != order.text:
        await store.rewrite_order(tx, order, text.strip())
    await store.progress_order(tx, order_id, OrderState.SENT, now, by=account_id)
    if order.unit_id is not None:
        await policy.admit(tx, incident_id, order.unit_id, now, actor=by_account(account_id))
    fact = facts.OrderSent(
        **stamp(now), incident_id=incident_id, order_id=order_id, unit_id=order.unit_id, by=account_id
    )
    await append(tx, fact, actor=by_account(account_id))
    await store.add_event(tx, incident_id, now, rules.LINES["order-sent"])
    await reach_step(tx, incident_id, 3, now)
    return order


async def _order_of(tx: Tx, incident_id: IncidentId | None, order_id: OrderId) -> Order:
    found = await store.load_orders(tx, order_id=order_id)
    if not found or (incident_id is not None and found[0].incident_id != incident_id):
        raise NotFound("there is no such order")
    return found[0]


async def progress(
    tx: Tx, order_id: OrderId, unit_id: UnitId, state: OrderState, account_id: AccountId, now: datetime
) -> None:
    """Take what a unit says of its order. `over` resolves the incident: the danger is over, the closing is the room's.

    Raises:
        NotFound: not this unit's order.
        OrderOutOfTurn: as rules.check_progress.
    """
    order = await _order_of(tx, None, order_id)
    if order.unit_id != unit_id:
        raise NotFound("there is no such order")
    if order.state is state:
        return
    rules.check_progress(order.state, state)
    await store.progress_order(tx, order_id, state, now)
    fact = facts.OrderProgressed(
        **stamp(now), incident_id=order.incident_id, order_id=order_id, unit_id=unit_id, state=state
    )
    await append(tx, fact, actor=by_account(account_id))
    await store.add_event(tx, order.incident_id, now, rules.LINES[state])
    await reach_step(tx, order.incident_id, 4, now)
    if state is not OrderState.OVER:
        return
    incident = await store.load_incident(tx, order.incident_id, lock=True)
    if incident.state is State.OPEN:
        await store.set_state(tx, incident.incident_id, state=State.RESOLVED, resolved_at=now)
        alarms = [a for a, _ in await store.load_alarm_ids(tx, incident.incident_id)]
        await policy.cap_about(tx, incident.incident_id, *alarms, now=now)
        resolved = facts.IncidentResolved(
            **stamp(now), incident_id=incident.incident_id, protected_person_id=incident.protected_person_id,
            wearer_id=incident.wearer_id,
        )  # fmt: skip
        await append(tx, resolved, actor=by_account(account_id))


async def concur(tx: Tx, incident_id: IncidentId, account_id: AccountId, now: datetime) -> None:
    """Note that 112 agrees to closing."""
    incident = await store.load_incident(tx, incident_id, lock=True)
    if incident.state is State.OPEN:
        raise Conflict("the unit on scene has not said that the danger is over", todo="wait for the unit's word")
    if incident.concurred_at is None:
        await store.set_state(tx, incident_id, concurred_at=now, concurred_by=account_id)
        await store.add_event(tx, incident_id, now, rules.LINES["concurred"])
        await append(
            tx,
            facts.ClosingConcurred(**stamp(now), incident_id=incident_id, by=account_id),
            actor=by_account(account_id),
        )


async def close(tx: Tx, incident_id: IncidentId, outcome: str, account_id: AccountId, now: datetime) -> None:
    """Close an incident: every permit about it ends in this very transaction.

    Raises:
        ClosingBlocked: with what is missing.
    """
    incident = await store.load_incident(tx, incident_id, lock=True)
    items = await store.load_checklist(tx, incident_id)
    rules.check_closing(incident, items, await store.load_police(tx, incident_id), outcome)
    alarms = tuple(a for a, _ in await store.load_alarm_ids(tx, incident_id))
    await store.set_state(tx, incident_id, state=State.CLOSED, closed_at=now, closed_by=account_id, outcome=outcome)
    await store.free_units(tx, incident_id)
    await policy.end_about(tx, incident_id, *alarms, reason="closed", now=now, actor=by_account(account_id))
    await store.add_event(tx, incident_id, now, rules.LINES["closed"])
    fact = facts.IncidentClosed(
        **stamp(now), incident_id=incident_id, protected_person_id=incident.protected_person_id,
        wearer_id=incident.wearer_id, alarm_ids=alarms, outcome=outcome, by=account_id,
    )  # fmt: skip
    await append(tx, fact, actor=by_account(account_id))


async def hand_over(
    tx: Tx, incident_id: IncidentId, to: AccountId | None, text: str, account_id: AccountId, now: datetime
) -> None:
    """Give the lead to another seat, or leave it open for the next shift, with a note."""
    await _running(tx, incident_id)
    await store.set_state(tx, incident_id, commander=to)
    await store.add_event(tx, incident_id, now, rules.LINES["handed-over"], note=text)
    fact = facts.IncidentHandedOver(**stamp(now), incident_id=incident_id, by=account_id, to=to, note=text)
    await append(tx, fact, actor=by_account(account_id))


async def register_unit(tx: Tx, unit: Unit, account_id: AccountId, now: datetime) -> str:
    """Register a unit with the account of its phone; return the phone's one-time code.

    Raises:
        Refusal: an agency that is none of ours, or a name that is taken.
    """
    if unit.agency not in {"112", "probation"}:
        raise Refusal(f"`{unit.agency}` is no agency of units", todo="say 112 or probation")
    if any(u.name == unit.name for u in await store.load_units(tx)):
        raise Conflict("a unit has that name")
    await store.save_unit(tx, unit)
    _, code = await policy.new_phone(
        tx, role=Role.FIELD_UNIT, display=unit.name, subject_id=unit.unit_id, now=now, actor=by_account(account_id)
    )
    return code


async def add_unit(
    tx: Tx,
    incident_id: IncidentId,
    unit_id: UnitId,
    place: Point | None,
    maps: MapData,
    account_id: AccountId,
    now: datetime,
) -> None:
    """Bind one more unit to an incident. A draft without a unit takes it; else an order of its own is drafted.

    Raises:
        Conflict: it is bound elsewhere, or the incident is over.
        NotFound: no such unit.
    """
    await _running(tx, incident_id)
    unit = next((u for u in await store.load_units(tx, lock=True) if u.unit_id == unit_id), None)
    if unit is None:
        raise NotFound("there is no such unit")
    if unit.incident_id not in {None, incident_id}:
        raise Conflict("the unit is bound to another incident", todo="choose a free one")
    eta = arrival_s(maps, [unit], place)[unit_id] if place else None
    await store.bind_unit(tx, incident_id, unit_id, eta, now, account_id)
    await policy.admit(tx, incident_id, unit_id, now, actor=by_account(account_id))
    await store.add_event(tx, incident_id, now, rules.LINES["unit-added"], detail=unit.name)
    await _order_for(tx, incident_id, unit_id, account_id, now)


async def _order_for(tx: Tx, incident_id: IncidentId, unit_id: UnitId, account_id: AccountId, now: datetime) -> None:
    """Give an added unit an order to receive: without one its phone shows nothing, and it could never say `over`."""
    orders = await store.load_orders(tx, incident_id=incident_id)
    if not orders or any(o.unit_id == unit_id and o.state is not OrderState.OVER for o in orders):
        return
    draft = next((o for o in orders if o.unit_id is None and o.state is OrderState.DRAFT), None)
    if draft is not None:
        await store.assign_order(tx, draft.order_id, unit_id)
    else:
        newest = orders[0]
        draft = Order(
            OrderId(new_id()), incident_id, unit_id, newest.office, newest.text, OrderState.DRAFT, {"drafted": now}
        )
        await store.insert_order(tx, draft)
    fact = facts.OrderDrafted(
        **stamp(now), incident_id=incident_id, order_id=draft.order_id, office=draft.office, unit_id=unit_id
    )
    await append(tx, fact, actor=by_account(account_id))


async def move_unit(
    tx: Tx, unit_id: UnitId, point: Point, subject: Point | None, maps: MapData, now: datetime, *, actor: str
) -> None:
    """Take a unit's position; while it is bound, everybody on the incident sees when it arrives."""
    incident_id = await store.move_unit(tx, unit_id, point, now)
    eta = None
    if incident_id is not None and subject is not None:
        unit = Unit(unit_id, "", "", "", point, now, incident_id)
        eta = arrival_s(maps, [unit], subject)[unit_id]
        await store.set_eta(tx, incident_id, unit_id, eta)
    if incident_id is not None:
        names = {u.unit_id: u.name for u in await store.load_units(tx, incident_id=incident_id)}
        fact = facts.UnitMoved(
            **stamp(now),
            unit_id=unit_id,
            incident_id=incident_id,
            lat=point.lat,
            lon=point.lon,
            eta_s=eta,
            call_sign=names.get(unit_id, ""),
        )
        await append(tx, fact, actor=actor)


async def raise_test_alarm(tx: Tx, now: datetime, *, actor: str) -> UUID:
    """Send an alarm about nobody the whole way of a real one, to the other centre and back."""
    test_id = new_id()
    await store.save_test_alarm(tx, test_id, now)
    await append(tx, facts.TestAlarmRaised(**stamp(now), test_id=test_id, from_centre=tx.centre_id), actor=actor)
    return test_id
