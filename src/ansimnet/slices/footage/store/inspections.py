"""All SQL of inspections: measures by the hour, references, repair tickets, reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from ansimnet.kernel.ids import AccountId, CameraId
from ansimnet.platform.db import Tx
from ansimnet.slices.footage.model import Action, Check, Defect, Hour, Report, Ticket


class KeptReference(NamedTuple):
    """A reference as it lies in its table: `edges` one byte a cell."""

    camera_id: CameraId
    light: str
    edges: bytes
    sharpness: float
    brightness: float
    detail: float
    calm: float
    quiet: float
    readings: int
    kept_at: datetime


# --- what is owed


async def begin(tx: Tx, camera_ids: Sequence[CameraId], now: datetime) -> None:
    """Note that these cameras are inspected from now on. Safe to repeat."""
    await tx.many(
        """insert into footage_inspection (camera_id, since_at, view_since) values (%s, %s, %s)
           on conflict (centre_id, camera_id) do nothing""",
        [(c, now, now) for c in camera_ids],
    )


async def inspected(tx: Tx) -> dict[CameraId, tuple[datetime, datetime]]:
    """Return every camera under inspection: since when, and since when its view is what it is."""
    rows = await tx.all("select camera_id, since_at, view_since from footage_inspection")
    return {CameraId(r[0]): (r[1], r[2]) for r in rows}


async def renew_view(tx: Tx, camera_id: CameraId, now: datetime) -> None:
    """Have a camera's view learnt anew."""
    await tx.execute("update footage_inspection set view_since = %s where camera_id = %s", (now, camera_id))
    await tx.execute("delete from footage_reference where camera_id = %s", (camera_id,))


# --- what the relay keeps


async def keep_references(tx: Tx, kept: Iterable[KeptReference]) -> None:
    """Keep references; one older than the view's last renewal is not kept."""
    await tx.many(
        """insert into footage_reference
               (camera_id, light, edges, sharpness, brightness, detail, calm, quiet, readings, kept_at)
           select v.* from (values (%s::uuid, %s, %s::bytea, %s::real, %s::real, %s::real, %s::real, %s::real, %s::int,
               %s::timestamptz)) v
               (camera_id, light, edges, sharpness, brightness, detail, calm, quiet, readings, kept_at)
           join footage_inspection i on i.camera_id = v.camera_id and i.view_since <= v.kept_at
           on conflict (centre_id, camera_id, light) do update set edges = excluded.edges,
               sharpness = excluded.sharpness, brightness = excluded.brightness, detail = excluded.detail,
               calm = excluded.calm, quiet = excluded.quiet, readings = excluded.readings,
               kept_at = excluded.kept_at""",
        [tuple(k) for k in kept],
    )


async def references(tx: Tx, camera_ids: Collection[CameraId]) -> list[KeptReference]:
    """Return what these cameras' views are known by."""
    rows = await tx.all(
        """select camera_id, light, edges, sharpness, brightness, detail, calm, quiet, readings, kept_at
           from footage_reference where camera_id = any(%s)""",
        (list(camera_ids),),
    )
    return [KeptReference(*r) for r in rows]


async def add_hours(tx: Tx, hours: Mapping[CameraId, Sequence[Hour]]) -> None:
    """Add means to those of their hours, weighed by their readings."""
    await tx.many(
        """insert into footage_measure as m
               (camera_id, hour_at, light, samples, compared, brightness, noise, sharp, kept, alike, clock_s)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (centre_id, camera_id, hour_at, light) do update set
               samples = m.samples + excluded.samples,
               compared = m.compared + excluded.compared,
               brightness = (m.brightness * m.samples + excluded.brightness * excluded.samples)
                   / (m.samples + excluded.samples),
               noise = coalesce((m.noise * m.samples + excluded.noise * excluded.samples)
                   / (m.samples + excluded.samples), excluded.noise, m.noise),
               sharp = coalesce((m.sharp * m.compared + excluded.sharp * excluded.compared)
                   / nullif(m.compared + excluded.compared, 0), excluded.sharp, m.sharp),
               kept = coalesce((m.kept * m.compared + excluded.kept * excluded.compared)
                   / nullif(m.compared + excluded.compared, 0), excluded.kept, m.kept),
               alike = coalesce((m.alike * m.compared + excluded.alike * excluded.compared)
                   / nullif(m.compared + excluded.compared, 0), excluded.alike, m.alike),
               clock_s = case when abs(excluded.clock_s) >= coalesce(abs(m.clock_s), 0) then excluded.clock_s
                   else m.clock_s end""",
        [(camera_id, *h) for camera_id, each in hours.items() for h in each],
    )


async def hours(tx: Tx, camera_id: CameraId, from_at: datetime, until: datetime) -> list[Hour]:
    """Return a camera's measures by the hour, oldest first."""
    rows = await tx.all(
        """select hour_at, light, samples, compared, brightness, noise, sharp, kept, alike, clock_s
           from footage_measure where camera_id = %s and hour_at >= %s and hour_at < %s order by hour_at, light""",
        (camera_id, from_at, until),
    )
    return [Hour(*r) for r in rows]


async def forget_hours(tx: Tx, before: datetime) -> None:
    """Delete measures that no report needs any more."""
    await tx.execute("delete from footage_measure where hour_at < %s", (before,))


# --- tickets


_TICKET = "ticket_id, camera_id, defect, seen_at, opened_at, value, allowed, closed_at, closing_value"


def _ticket(row: Sequence[Any], actions: tuple[Action, ...] = ()) -> Ticket:
    ticket_id, camera_id, defect, seen_at, opened_at, value, allowed, closed_at, closing_value = row
    return Ticket(
        ticket_id, camera_id, Defect(defect), seen_at, opened_at, value, allowed, closed_at, closing_value, actions
    )


async def open_ticket(tx: Tx, ticket: Ticket) -> bool:
    """Open a ticket; False where one of its kind is open for the camera."""
    row = await tx.one(
        """insert into footage_ticket (ticket_id, camera_id, defect, seen_at, opened_at, value, allowed)
           values (%s, %s, %s, %s, %s, %s, %s)
           on conflict (centre_id, camera_id, defect) where closed_at is null do nothing returning ticket_id""",
        (
            *(ticket.ticket_id, ticket.camera_id, ticket.defect, ticket.seen_at, ticket.opened_at),
            *(ticket.value, ticket.allowed),
        ),
    )
    return row is not None


async def close_ticket(tx: Tx, camera_id: CameraId, defect: Defect, value: float, now: datetime) -> UUID | None:
    """Close the open ticket of a kind with the measurement that passed, and return its id."""
    row = await tx.one(
        """update footage_ticket set closed_at = greatest(opened_at, %s), closing_value = %s
           where camera_id = %s and defect = %s and closed_at is null returning ticket_id""",
        (now, value, camera_id, defect),
    )
    return row[0] if row is not None else None


async def open_defects(tx: Tx, camera_ids: Collection[CameraId]) -> dict[CameraId, set[Defect]]:
    """Return the kinds of open tickets by camera."""
    rows = await tx.all(
        "select camera_id, defect from footage_ticket where closed_at is null and camera_id = any(%s)",
        (list(camera_ids),),
    )
    found: dict[CameraId, set[Defect]] = {}
    for camera_id, defect in rows:
        found.setdefault(CameraId(camera_id), set()).add(Defect(defect))
    return found


async def tickets(tx: Tx, camera_id: CameraId, since: datetime | None = None) -> list[Ticket]:
    """Return a camera's tickets, the open ones first, then the newest; `since` leaves out what closed before."""
    rows = await tx.all(
        f"""select {_TICKET} from footage_ticket
           where camera_id = %(camera)s
               and (closed_at is null or %(since)s::timestamptz is null or closed_at >= %(since)s)
           order by closed_at is not null, opened_at desc limit 1000""",
        {"camera": camera_id, "since": since},
    )
    return await _with_actions(tx, rows)


async def open_tickets(tx: Tx, camera_ids: Collection[CameraId]) -> dict[CameraId, list[Ticket]]:
    """Return the open tickets of these cameras, the newest first: one of each kind at most."""
    rows = await tx.all(
        f"""select {_TICKET} from footage_ticket where closed_at is null and camera_id = any(%s)
           order by opened_at desc""",
        (list(camera_ids),),
    )
    found: dict[CameraId, list[Ticket]] = {}
    for ticket in await _with_actions(tx, rows):
        found.setdefault(CameraId(ticket.camera_id), []).append(ticket)
    return found


async def _with_actions(tx: Tx, rows: Sequence[Sequence[Any]]) -> list[Ticket]:
    done: dict[UUID, list[Action]] = {}
    for ticket_id, *action in await tx.all(
        """select ticket_id, acted_at, action, by_account from footage_ticket_action
           where ticket_id = any(%s) order by acted_at""",
        ([r[0] for r in rows],),
    ):
        done.setdefault(ticket_id, []).append(Action(*action))
    return [_ticket(r, tuple(done.get(r[0], ()))) for r in rows]


async def ticket(tx: Tx, ticket_id: UUID) -> Ticket | None:
    """Return one ticket, without its actions."""
    row = await tx.one(f"select {_TICKET} from footage_ticket where ticket_id = %s for update", (ticket_id,))
    return None if row is None else _ticket(row)


async def act(tx: Tx, ticket_id: UUID, action: str, by: AccountId, now: datetime) -> None:
    """Note what was done about a ticket, after whatever was done before."""
    await tx.execute(
        """insert into footage_ticket_action (ticket_id, acted_at, action, by_account)
           select %s, greatest(%s, max(acted_at) + interval '1 microsecond'), %s, %s
           from footage_ticket_action where ticket_id = %s""",
        (ticket_id, now, action, by, ticket_id),
    )


# --- reports


async def save_report(tx: Tx, report: Report) -> None:
    """Keep a report for ever."""
    await tx.execute(
        """insert into footage_report (report_id, camera_id, from_at, until_at, checks, passed)
           values (%s, %s, %s, %s, %s, %s)""",
        (
            *(report.report_id, report.camera_id, report.from_at, report.until_at),
            *(Jsonb([list(c) for c in report.checks]), report.passed),
        ),
    )


def _report(row: Sequence[Any]) -> Report:
    return Report(row[0], row[1], row[2], row[3], tuple(Check(*c) for c in row[4]))


async def last_reports(tx: Tx, camera_ids: Collection[CameraId]) -> dict[CameraId, Report]:
    """Return the newest report of each of these cameras that has one."""
    rows = await tx.all(
        """select distinct on (camera_id) report_id, camera_id, from_at, until_at, checks from footage_report
           where camera_id = any(%s) order by camera_id, until_at desc""",
        (list(camera_ids),),
    )
    return {CameraId(r[1]): _report(r) for r in rows}


async def reports(tx: Tx, camera_id: CameraId) -> list[Report]:
    """Return a camera's reports, the newest first, at most 40: ten years of quarters."""
    rows = await tx.all(
        """select report_id, camera_id, from_at, until_at, checks from footage_report
           where camera_id = %s order by until_at desc limit 40""",
        (camera_id,),
    )
    return [_report(r) for r in rows]
