"""SQL of the city's incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AccountId, AlarmId, CameraId, IncidentId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, register
from ansimnet.slices.dispatch.model import CityIncident, Line, State
from ansimnet.slices.dispatch.store import KEY_YEAR, NoIncident

register(SealedColumn("dispatch_city_event", "event_id", "note_sealed", "incident_id", bound="event_id"))

_INCIDENT: LiteralString = """incident_id, code, behaviour, priority, camera_id, lat, lon, simulated, state, opened_at,
    opened_by, called, called_at, closed_at, outcome"""


def _incident(r: Row) -> CityIncident:
    return CityIncident(
        incident_id=IncidentId(r[0]), code=r[1], behaviour=r[2], priority=r[3], camera_id=CameraId(r[4]),
        place=Point(r[5], r[6]), simulated=r[7], state=State(r[8]), opened_at=r[9], opened_by=AccountId(r[10]),
        called=r[11], called_at=r[12], closed_at=r[13], outcome=r[14],
    )  # fmt: skip


async def lock(tx: Tx) -> None:
    """Let one transaction at a time decide whether an alarm opens or joins."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('dispatch-city/' || %s, 0))", (str(tx.centre_id),))


async def next_number(tx: Tx) -> int:
    """Return the next running number."""
    row = await tx.one("select nextval('dispatch_city_number')")
    assert row is not None
    return int(row[0])


async def add(tx: Tx, i: CityIncident) -> None:
    """Keep a new incident."""
    await tx.execute(
        f"insert into dispatch_city_incident ({_INCIDENT}) values ({', '.join(['%s'] * 15)})",
        (
            i.incident_id, i.code, i.behaviour, i.priority, i.camera_id, i.place.lat, i.place.lon, i.simulated,
            i.state, i.opened_at, i.opened_by, i.called, i.called_at, i.closed_at, i.outcome,
        ),
    )  # fmt: skip


async def running(tx: Tx) -> list[CityIncident]:
    """Return the open incidents."""
    rows = await tx.all(f"select {_INCIDENT} from dispatch_city_incident where state = 'open' order by opened_at")
    return [_incident(r) for r in rows]


async def listed(tx: Tx, *, running: bool, limit: int = 200) -> list[CityIncident]:
    """Return open incidents the gravest first, or those that are over, the latest first."""
    rows = await tx.all(
        f"""select {_INCIDENT} from dispatch_city_incident where (state = 'open') = %s
            order by closed_at desc nulls first, priority, opened_at desc limit %s""",
        (running, limit),
    )
    return [_incident(r) for r in rows]


async def load(tx: Tx, incident_id: UUID, *, lock: bool = False) -> CityIncident:
    """Return one incident.

    Raises:
        NoIncident: none with this id.
    """
    row = await tx.one(
        f"select {_INCIDENT} from dispatch_city_incident where incident_id = %s {'for update' if lock else ''}",
        (incident_id,),
    )
    if row is None:
        raise NoIncident
    return _incident(row)


async def tie(tx: Tx, alarm_id: AlarmId, incident_id: IncidentId, at: datetime) -> None:
    """Attach a confirmed alarm."""
    await tx.execute(
        """insert into dispatch_city_alarm (alarm_id, incident_id, confirmed_at) values (%s, %s, %s)
           on conflict (alarm_id) do update set cleared_at = null""",
        (alarm_id, incident_id, at),
    )


async def of_alarm(tx: Tx, alarm_id: UUID) -> tuple[IncidentId, datetime | None] | None:
    """Return the incident of an alarm, and when the alarm was taken back."""
    row = await tx.one("select incident_id, cleared_at from dispatch_city_alarm where alarm_id = %s", (alarm_id,))
    return None if row is None else (IncidentId(row[0]), row[1])


async def clear(tx: Tx, alarm_id: AlarmId, at: datetime) -> None:
    """Note that an alarm was taken back."""
    await tx.execute("update dispatch_city_alarm set cleared_at = %s where alarm_id = %s", (at, alarm_id))


async def alarms_of(tx: Tx, incident_id: UUID) -> list[tuple[AlarmId, datetime | None]]:
    """Return an incident's alarms with when they were taken back."""
    rows = await tx.all(
        "select alarm_id, cleared_at from dispatch_city_alarm where incident_id = %s order by confirmed_at",
        (incident_id,),
    )
    return [(AlarmId(r[0]), r[1]) for r in rows]


async def set_grave(tx: Tx, incident_id: UUID, behaviour: str, priority: int) -> None:
    """Name an incident after its gravest alarm."""
    await tx.execute(
        "update dispatch_city_incident set behaviour = %s, priority = %s where incident_id = %s",
        (behaviour, priority, incident_id),
    )


async def set_called(tx: Tx, incident_id: UUID, agency: str, by: AccountId, at: datetime) -> None:
    """Note who was called."""
    await tx.execute(
        "update dispatch_city_incident set called = %s, called_by = %s, called_at = %s where incident_id = %s",
        (agency, by, at, incident_id),
    )


async def end(tx: Tx, incident_id: UUID, state: State, outcome: str, by: AccountId | None, at: datetime) -> None:
    """Note how an incident ended."""
    await tx.execute(
        """update dispatch_city_incident set state = %s, outcome = %s, closed_by = %s, closed_at = %s
           where incident_id = %s""",
        (state, outcome, by, at, incident_id),
    )


async def add_event(tx: Tx, incident_id: UUID, at: datetime, line: Line, *, note: str | None = None) -> None:
    """Add a line to the timeline; `note` is sealed under the incident's key."""
    event_id, sealed = new_id(), None
    if note is not None:
        if tx.keys is None:
            raise Fault("no key store: what people type cannot be kept")
        sealed = tx.keys.encrypt(incident_id, KEY_YEAR, note.encode(), bound_to=event_id.bytes)
    await tx.execute(
        """insert into dispatch_city_event (event_id, incident_id, at, kind, text_ko, text_en, note_sealed)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        (event_id, incident_id, at, line.kind, line.ko, line.en, sealed),
    )


async def events(tx: Tx, incident_id: UUID) -> list[dict[str, Any]]:
    """Return a timeline, oldest first, with what people typed."""
    rows = await tx.all(
        """select event_id, at, kind, text_ko, text_en, note_sealed from dispatch_city_event where incident_id = %s
           order by at, event_id""",
        (incident_id,),
    )
    found = []
    for event_id, at, kind, ko, en, sealed in rows:
        note = ""
        if sealed is not None and tx.keys is not None:
            clear = tx.keys.decrypt(incident_id, KEY_YEAR, bytes(sealed), bound_to=event_id.bytes)
            note = "" if clear is None else clear.decode()
        found.append({"at": at, "kind": kind, "text_ko": ko, "text_en": en, "note": note})
    return found
