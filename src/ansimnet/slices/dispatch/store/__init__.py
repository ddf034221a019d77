"""All SQL of the dispatch slice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.errors import Fault, NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AlarmId, IncidentId, OrderId, UnitId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import KeyStore
from ansimnet.platform.sealing import SealedColumn, register
from ansimnet.slices.dispatch.model import (
    AlarmSeen,
    CheckItem,
    Incident,
    Line,
    Order,
    OrderState,
    Police,
    State,
    Unit,
)

KEY_YEAR = 0
"""What was typed about an incident is under one key per incident."""

register(
    SealedColumn("dispatch_event", "event_id", "note_sealed", "incident_id", bound="event_id"),
    SealedColumn("dispatch_order", "order_id", "text_sealed", "incident_id", bound="order_id"),
)

_INCIDENT = """incident_id, code, wearer_id, protected_person_id, trigger, medical, certain, state, opened_at,
    certain_at, acknowledged_at, resolved_at, closed_at, concurred_at, outcome, commander"""
_ORDER_TIMES = ("drafted", "sent", "received", "read", "accepted", "on_scene", "over")


class NoIncident(NotFound):
    """There is no such incident."""


def _incident(r: tuple[Any, ...]) -> Incident:
    return Incident(
        incident_id=IncidentId(r[0]), code=r[1], wearer_id=r[2], protected_person_id=r[3], trigger=Trigger(r[4]),
        medical=Medical(r[5]), certain=r[6], state=State(r[7]), opened_at=r[8], certain_at=r[9], acknowledged_at=r[10],
        resolved_at=r[11], closed_at=r[12], concurred_at=r[13], outcome=r[14], commander=r[15],
    )  # fmt: skip


def _keys(tx: Tx) -> KeyStore:
    if tx.keys is None:
        raise Fault("no key store: what people type cannot be kept")
    return tx.keys


async def next_number(tx: Tx) -> int:
    """Return the next running number of an incident."""
    row = await tx.one("select nextval('dispatch_incident_number')")
    assert row is not None
    return int(row[0])


async def lock_situations(tx: Tx) -> None:
    """Let one transaction at a time decide whether an alarm opens or joins."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('dispatch/' || %s, 0))", (str(tx.centre_id),))


async def insert_incident(tx: Tx, incident: Incident) -> None:
    """Insert a new incident."""
    await tx.execute(
        f"insert into dispatch_incident ({_INCIDENT}) values ({', '.join(['%s'] * 16)})",
        (
            incident.incident_id, incident.code, incident.wearer_id, incident.protected_person_id, incident.trigger,
            incident.medical, incident.certain, incident.state, incident.opened_at, incident.certain_at,
            incident.acknowledged_at, incident.resolved_at, incident.closed_at, incident.concurred_at,
            incident.outcome, incident.commander,
        ),
    )  # fmt: skip


async def load_running(tx: Tx) -> list[Incident]:
    """Return open and resolved incidents, oldest first, locked."""
    rows = await tx.all(
        f"select {_INCIDENT} from dispatch_incident where state in ('open', 'resolved') order by opened_at for update"
    )
    return [_incident(r) for r in rows]


async def load_incidents(tx: Tx, states: Iterable[State], limit: int = 200) -> list[Incident]:
    """Return incidents in these states, newest first."""
    rows = await tx.all(
        f"select {_INCIDENT} from dispatch_incident where state = any(%s) order by opened_at desc limit %s",
        (list(states), limit),
    )
    return [_incident(r) for r in rows]


async def load_incident(tx: Tx, incident_id: IncidentId, *, lock: bool = False) -> Incident:
    """Return one incident.

    Raises:
        NoIncident: none with this id in this centre.
    """
    row = await tx.one(
        f"select {_INCIDENT} from dispatch_incident where incident_id = %s {'for update' if lock else ''}",
        (incident_id,),
    )
    if row is None:
        raise NoIncident
    return _incident(row)


async def incident_of_alarm(tx: Tx, alarm_id: UUID) -> IncidentId | None:
    """Return the incident an alarm belongs to."""
    row = await tx.one("select incident_id from dispatch_alarm where alarm_id = %s", (alarm_id,))
    return IncidentId(row[0]) if row else None


async def make_certain(tx: Tx, incident_id: IncidentId, alarm: AlarmSeen) -> None:
    """Note that a trigger holds; the one that started the answer gives the incident its name."""
    await tx.execute(
        """update dispatch_incident set certain = true, certain_at = coalesce(certain_at, %s), trigger = %s,
        medical = %s, protected_person_id = coalesce(protected_person_id, %s) where incident_id = %s""",
        (alarm.happened_at, alarm.trigger, alarm.medical, alarm.protected_person_id, incident_id),
    )


async def save_alarm(tx: Tx, incident_id: IncidentId, alarm: AlarmSeen) -> bool:
    """Attach an alarm; return whether it is news (new, or certain for the first time)."""
    row = await tx.one(
        """insert into dispatch_alarm (alarm_id, incident_id, trigger, certain, raised_at) values (%s, %s, %s, %s, %s)
        on conflict (alarm_id) do update set certain = true, incident_id = excluded.incident_id, cleared_at = null
        where excluded.certain and not dispatch_alarm.certain returning true""",
        (alarm.alarm_id, incident_id, alarm.trigger, alarm.certain, alarm.happened_at),
    )
    return row is not None


async def clear_alarm(tx: Tx, alarm_id: UUID, at: datetime) -> None:
    """Note that an alarm was taken back."""
    await tx.execute("update dispatch_alarm set cleared_at = %s where alarm_id = %s", (at, alarm_id))


async def load_alarm_ids(tx: Tx, incident_id: IncidentId) -> list[tuple[AlarmId, datetime | None]]:
    """Return the alarms of an incident with when they cleared."""
    rows = await tx.all(
        "select alarm_id, cleared_at from dispatch_alarm where incident_id = %s order by raised_at", (incident_id,)
    )
    return [(AlarmId(r[0]), r[1]) for r in rows]


async def set_state(tx: Tx, incident_id: IncidentId, **columns: object) -> None:
    """Change columns of an incident. Names come from our own code, never from outside."""
    sets = ", ".join(f"{name} = %s" for name in columns)
    await tx.execute(f"update dispatch_incident set {sets} where incident_id = %s", (*columns.values(), incident_id))


async def reach_step(tx: Tx, incident_id: IncidentId, step: int, at: datetime) -> bool:
    """Note a step once; return whether it is news."""
    row = await tx.one(
        """insert into dispatch_step (incident_id, step, reached_at) values (%s, %s, %s)
        on conflict do nothing returning true""",
        (incident_id, step, at),
    )
    return row is not None


async def load_steps(tx: Tx, incident_id: IncidentId) -> dict[int, datetime]:
    """Return when each step was reached."""
    rows = await tx.all("select step, reached_at from dispatch_step where incident_id = %s", (incident_id,))
    return {r[0]: r[1] for r in rows}


async def add_event(
    tx: Tx, incident_id: IncidentId, at: datetime, line: Line, *, detail: str = "", note: str | None = None
) -> None:
    """Add a line to the timeline. `detail` holds codes and measures; `note` is sealed."""
    event_id = new_id()
    sealed = _keys(tx).encrypt(incident_id, KEY_YEAR, note.encode(), bound_to=event_id.bytes) if note else None
    more = f" · {detail}" if detail else ""
    await tx.execute(
        """insert into dispatch_event (event_id, incident_id, at, kind, icon, text_ko, text_en, note_sealed)
        values (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (event_id, incident_id, at, line.kind, line.icon, line.ko + more, line.en + more, sealed),
    )


async def said_since(tx: Tx, incident_id: IncidentId, text_ko: str, since: datetime) -> bool:
    """Return whether the timeline has said this since an instant."""
    row = await tx.one(
        "select 1 from dispatch_event where incident_id = %s and text_ko = %s and at > %s limit 1",
        (incident_id, text_ko, since),
    )
    return row is not None


async def load_events(tx: Tx, incident_id: IncidentId) -> list[dict[str, Any]]:
    """Return the timeline, newest first."""
    rows = await tx.all(
        """select event_id, at, kind, icon, text_ko, text_en, note_sealed from dispatch_event
        where incident_id = %s order by at desc, event_id desc""",
        (incident_id,),
    )
    out = []
    for event_id, at, kind, icon, ko, en, sealed in rows:
        note = _keys(tx).decrypt(incident_id, KEY_YEAR, sealed, bound_to=event_id.bytes) if sealed else None
        words = f" · {note.decode()}" if note else ""
        out.append({"at": at, "kind": kind, "icon": icon, "text_ko": ko + words, "text_en": en + words})
    return out


async def insert_checklist(tx: Tx, incident_id: IncidentId, items: Iterable[CheckItem]) -> None:
    """Lay out the procedure; lines that are there stay as they are."""
    await tx.many(
        "insert into dispatch_checklist (incident_id, item, required) values (%s, %s, %s) on conflict do nothing",
        [(incident_id, i.item, i.required) for i in items],
    )


async def load_checklist(tx: Tx, incident_id: IncidentId) -> list[CheckItem]:
    """Return the procedure in its order."""
    rows = await tx.all(
        "select item, required, done_at, done_by from dispatch_checklist where incident_id = %s", (incident_id,)
    )
    return [CheckItem(*r) for r in rows]


async def tick(tx: Tx, incident_id: IncidentId, item: str, at: datetime | None, by: UUID | None) -> bool:
    """Tick or untick a line; return whether that changed anything."""
    row = await tx.one(
        """update dispatch_checklist set done_at = %s, done_by = %s where incident_id = %s and item = %s
        and (done_at is null) <> (%s::timestamptz is null) returning true""",
        (at, by, incident_id, item, at),
    )
    return row is not None


async def save_unit(tx: Tx, unit: Unit) -> None:
    """Register a unit."""
    await tx.execute(
        """insert into dispatch_unit (unit_id, name, agency, office, lat, lon, seen_at)
        values (%s, %s, %s, %s, %s, %s, %s)""",
        (unit.unit_id, unit.name, unit.agency, unit.office, unit.point.lat, unit.point.lon, unit.seen_at),
    )


async def move_unit(tx: Tx, unit_id: UnitId, point: Point, at: datetime) -> IncidentId | None:
    """Note where a unit is; return the incident it is bound to."""
    row = await tx.one(
        "update dispatch_unit set lat = %s, lon = %s, seen_at = %s where unit_id = %s returning incident_id",
        (point.lat, point.lon, at, unit_id),
    )
    if row is None:
        raise NotFound("there is no such unit")
    return IncidentId(row[0]) if row[0] else None


async def load_units(tx: Tx, *, incident_id: IncidentId | None = None, lock: bool = False) -> list[Unit]:
    """Return units, all or those bound to an incident."""
    rows = await tx.all(
        f"""select unit_id, name, agency, office, lat, lon, seen_at, incident_id from dispatch_unit
        where %s::uuid is null or incident_id = %s order by unit_id {"for update" if lock else ""}""",
        (incident_id, incident_id),
    )
    return [Unit(UnitId(r[0]), r[1], r[2], r[3], Point(r[4], r[5]), r[6], r[7]) for r in rows]


async def bind_unit(
    tx: Tx, incident_id: IncidentId, unit_id: UnitId, eta_s: float | None, at: datetime, by: UUID | None
) -> None:
    """Bind a unit to an incident."""
    await tx.execute("update dispatch_unit set incident_id = %s where unit_id = %s", (incident_id, unit_id))
    await tx.execute(
        """insert into dispatch_assignment (incident_id, unit_id, eta_s, added_at, added_by) values (%s, %s, %s, %s, %s)
        on conflict (incident_id, unit_id) do update set eta_s = excluded.eta_s""",
        (incident_id, unit_id, eta_s, at, by),
    )


async def free_units(tx: Tx, incident_id: IncidentId) -> None:
    """Free every unit of an incident."""
    await tx.execute("update dispatch_unit set incident_id = null where incident_id = %s", (incident_id,))


async def set_eta(tx: Tx, incident_id: IncidentId, unit_id: UnitId, eta_s: float | None) -> None:
    """Note when a bound unit arrives."""
    await tx.execute(
        "update dispatch_assignment set eta_s = %s where incident_id = %s and unit_id = %s",
        (eta_s, incident_id, unit_id),
    )


async def load_etas(tx: Tx, incident_id: IncidentId) -> dict[UnitId, float | None]:
    """Return the arrival times of the units of an incident, seconds."""
    rows = await tx.all("select unit_id, eta_s from dispatch_assignment where incident_id = %s", (incident_id,))
    return {UnitId(r[0]): r[1] for r in rows}


async def insert_order(tx: Tx, order: Order) -> None:
    """Keep a drafted order."""
    sealed = _keys(tx).encrypt(order.incident_id, KEY_YEAR, order.text.encode(), bound_to=order.order_id.bytes)
    await tx.execute(
        """insert into dispatch_order (order_id, incident_id, unit_id, office, text_sealed, state, drafted_at)
        values (%s, %s, %s, %s, %s, %s, %s)""",
        (order.order_id, order.incident_id, order.unit_id, order.office, sealed, order.state, order.times["drafted"]),
    )


async def rewrite_order(tx: Tx, order: Order, text: str) -> None:
    """Change the words of a draft."""
    sealed = _keys(tx).encrypt(order.incident_id, KEY_YEAR, text.encode(), bound_to=order.order_id.bytes)
    await tx.execute("update dispatch_order set text_sealed = %s where order_id = %s", (sealed, order.order_id))


async def assign_order(tx: Tx, order_id: OrderId, unit_id: UnitId) -> None:
    """Give a draft to a unit."""
    await tx.execute("update dispatch_order set unit_id = %s where order_id = %s", (unit_id, order_id))


async def progress_order(tx: Tx, order_id: OrderId, state: OrderState, at: datetime, by: UUID | None = None) -> None:
    """Enter an order's next state."""
    column = f"{state}_at"
    if column.removesuffix("_at") not in _ORDER_TIMES:
        raise Fault(f"no such state `{state}`")
    await tx.execute(
        f"""update dispatch_order set state = %s, {column} = %s, sent_by = coalesce(sent_by, %s)
        where order_id = %s""",
        (state, at, by, order_id),
    )


async def load_orders(
    tx: Tx, *, incident_id: IncidentId | None = None, order_id: OrderId | None = None, unit_id: UnitId | None = None
) -> list[Order]:
    """Return orders of an incident, of a unit, or one by id; newest first, locked against each other's progress."""
    columns = ", ".join(f"{t}_at" for t in _ORDER_TIMES)
    rows = await tx.all(
        f"""select order_id, incident_id, unit_id, office, text_sealed, state, {columns} from dispatch_order
        where (%s::uuid is null or incident_id = %s) and (%s::uuid is null or order_id = %s)
        and (%s::uuid is null or unit_id = %s) order by drafted_at desc for update""",
        (incident_id, incident_id, order_id, order_id, unit_id, unit_id),
    )
    out = []
    for r in rows:
        plain = _keys(tx).decrypt(r[1], KEY_YEAR, r[4], bound_to=r[0].bytes)
        times = {name: at for name, at in zip(_ORDER_TIMES, r[6:], strict=True) if at is not None}
        out.append(
            Order(OrderId(r[0]), IncidentId(r[1]), r[2], r[3], plain.decode() if plain else "", OrderState(r[5]), times)
        )
    return out


async def ask_police(tx: Tx, incident_id: IncidentId, at: datetime) -> None:
    """Note that 112 was asked, or asked again; only an answer to the latest request counts."""
    await tx.execute(
        """insert into dispatch_police (incident_id, asked_at) values (%s, %s) on conflict (incident_id) do update
        set asked_at = excluded.asked_at, acknowledged_at = null, failed_at = null, receipt = null""",
        (incident_id, at),
    )


async def police_answered(tx: Tx, incident_id: IncidentId, at: datetime, *, receipt: str | None) -> bool:
    """Note 112's receipt, or that it did not take the request; return whether that is news."""
    row = await tx.one(
        """update dispatch_police set acknowledged_at = case when %s::text is null then acknowledged_at else %s end,
        failed_at = case when %s::text is null then %s else failed_at end, receipt = coalesce(%s, receipt)
        where incident_id = %s and acknowledged_at is null returning true""",
        (receipt, at, receipt, at, receipt, incident_id),
    )
    return row is not None


async def load_police(tx: Tx, incident_id: IncidentId) -> Police | None:
    """Return the request to 112, or None."""
    row = await tx.one(
        "select asked_at, acknowledged_at, failed_at, receipt from dispatch_police where incident_id = %s",
        (incident_id,),
    )
    return Police(*row) if row else None


async def save_provision(tx: Tx, provision_id: UUID, alarm_id: UUID, incident_id: IncidentId | None) -> None:
    """Remember which situation a provision serves."""
    await tx.execute(
        """insert into dispatch_provision (provision_id, incident_id, alarm_id, state) values (%s, %s, %s, 'requested')
        on conflict do nothing""",
        (provision_id, incident_id, alarm_id),
    )


async def set_provision(tx: Tx, provision_id: UUID, state: str) -> IncidentId | None:
    """Note a provision's state; return its incident."""
    row = await tx.one(
        """update dispatch_provision p set state = %s, incident_id = coalesce(p.incident_id,
            (select a.incident_id from dispatch_alarm a where a.alarm_id = p.alarm_id))
        where provision_id = %s returning incident_id""",
        (state, provision_id),
    )
    return IncidentId(row[0]) if row and row[0] else None


async def load_provision(tx: Tx, incident_id: IncidentId) -> tuple[UUID, str] | None:
    """Return the newest provision of an incident and its state."""
    row = await tx.one(
        """select provision_id, state from dispatch_provision where incident_id = %s
        order by (state in ('requested', 'given')) desc, provision_id desc limit 1""",
        (incident_id,),
    )
    return (row[0], row[1]) if row else None


async def save_warning(tx: Tx, warning_id: UUID, incident_id: IncidentId, level: str, at: datetime) -> None:
    """Remember a warning about an incident."""
    await tx.execute(
        """insert into dispatch_warning (warning_id, incident_id, level, issued_at) values (%s, %s, %s, %s)
        on conflict do nothing""",
        (warning_id, incident_id, level, at),
    )


async def read_warning(tx: Tx, warning_id: UUID, at: datetime) -> IncidentId | None:
    """Note that she saw it; return the incident when that is news."""
    row = await tx.one(
        """update dispatch_warning set acknowledged_at = %s where warning_id = %s and acknowledged_at is null
        returning incident_id""",
        (at, warning_id),
    )
    return IncidentId(row[0]) if row else None


async def load_warning(tx: Tx, incident_id: IncidentId) -> tuple[datetime, datetime | None] | None:
    """Return when she was first warned and when she first saw it."""
    row = await tx.one(
        "select min(issued_at), min(acknowledged_at) from dispatch_warning where incident_id = %s", (incident_id,)
    )
    return (row[0], row[1]) if row and row[0] else None


async def save_test_alarm(tx: Tx, test_id: UUID, at: datetime) -> None:
    """Remember a test alarm; those older than a month go."""
    await tx.execute("delete from dispatch_test_alarm where raised_at < %s - interval '30 days'", (at,))
    await tx.execute("insert into dispatch_test_alarm (test_id, raised_at) values (%s, %s)", (test_id, at))


async def answer_test_alarm(tx: Tx, test_id: UUID, at: datetime) -> None:
    """Note that a test alarm came back; the first answer counts."""
    await tx.execute(
        "update dispatch_test_alarm set answered_at = %s where test_id = %s and answered_at is null", (at, test_id)
    )


async def last_test_alarm(tx: Tx) -> tuple[datetime, datetime] | None:
    """Return when the newest answered test alarm was raised and answered."""
    row = await tx.one(
        """select raised_at, answered_at from dispatch_test_alarm where answered_at is not null
        order by raised_at desc limit 1"""
    )
    return (row[0], row[1]) if row else None
