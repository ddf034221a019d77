"""What a facility manager sees and does: reports made from measurements, tickets, and the word that a view is new."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.duties import DutyOpened
from ansimnet.facts.footage import CameraInspected, TicketActed
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import AccountId, CameraId, FactId, named_id, new_id
from ansimnet.kernel.permits import Act, Permit
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.cameras import queries as registry
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.footage.inspection import reporting
from ansimnet.slices.footage.inspection.keeping import ACTOR
from ansimnet.slices.footage.model import Health, Hour, Report, Ticket
from ansimnet.slices.footage.store import inspections as store
from ansimnet.slices.footage.store import relays

RULE = "camera-inspection"
KEPT = timedelta(days=100)
"""How long means by the hour are kept: the quarter a report may have to cover, and some days."""
SHOWN = timedelta(days=14)
AT_ONCE = 200
"""Cameras begun in one transaction: each is a line of the ledger."""
NEW_VIEW = "new_view"


@dataclass(frozen=True, slots=True)
class Line:
    """One camera in the list."""

    camera: registry.Camera
    report: Report | None
    due_at: datetime | None
    tickets: tuple[Ticket, ...]
    health: Health | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One camera with all that is known of it."""

    line: Line
    reports: tuple[Report, ...]
    hours: tuple[Hour, ...]
    tickets: tuple[Ticket, ...]


# --- the timer's part


async def begin(db: Db, now: datetime) -> int:
    """Owe an inspection for every camera that sends a stream, from the day it came. Safe to run twice."""
    async with db.transaction() as tx:
        known = await store.inspected(tx)
        new = [c for c in await registry.with_stream(tx) if c not in known][:AT_ONCE]
        await store.begin(tx, new, now)
        for camera_id in new:
            duty_id = named_id("duty", RULE, str(camera_id))
            fact = DutyOpened(
                fact_id=FactId(named_id("fact", str(duty_id))), happened_at=now, duty_id=duty_id, rule=RULE,
                about=camera_id,
            )  # fmt: skip
            await ledger.append(tx, fact, actor=ACTOR)
    return len(new)


async def make_reports(db: Db, now: datetime) -> int:
    """Make every report that is due and can be made from what was measured; return how many. Safe to run twice."""
    made = 0
    async with db.transaction() as tx:
        cameras = await store.inspected(tx)
        last = await store.last_reports(tx, cameras)
    for camera_id, (since, _) in cameras.items():
        from_at = last[camera_id].until_at if camera_id in last else since
        if camera_id in last and now - from_at < reporting.EVERY:
            continue
        async with db.transaction() as tx:
            made += await _report(tx, camera_id, from_at, now)
    async with db.transaction() as tx:
        await store.forget_hours(tx, now - KEPT)
    return made


async def _report(tx: Tx, camera_id: CameraId, from_at: datetime, now: datetime) -> bool:
    if not await registry.by_ids(tx, [camera_id]):
        return False
    hours = await store.hours(tx, camera_id, from_at, now)
    share, measured = reporting.uptime(await relays.spells(tx, camera_id, from_at), from_at, now)
    if not reporting.enough(hours, share, measured):
        return False
    checks = reporting.checks(hours, share, await store.tickets(tx, camera_id, from_at))
    report = Report(new_id(), camera_id, from_at, now, checks)
    await store.save_report(tx, report)
    fact = CameraInspected(
        fact_id=FactId(new_id()), happened_at=now, report_id=report.report_id, camera_id=camera_id, from_at=from_at,
        until_at=now, passed=report.passed,
    )  # fmt: skip
    await ledger.append(tx, fact, actor=ACTOR)
    return True


# --- the manager's part


async def lines(tx: Tx, permit: Permit, now: datetime) -> list[Line]:
    """Return every camera under inspection that a permit reaches: with open tickets first, then by what is due."""
    reach = permit.reach(Act.MANAGE_FACILITIES, now=now)
    found = await _lines(tx, [c for c in await store.inspected(tx) if reach is None or c in reach], now)
    far = now + timedelta(days=3_650)
    return sorted(found, key=lambda line: (-len(line.tickets), line.due_at or far, line.camera.code))


async def sheet(tx: Tx, permit: Permit, camera_id: CameraId, now: datetime) -> Sheet:
    """Return one camera's reports, measures and tickets.

    Raises:
        NotFound: it is not under inspection.
    """
    permit.check(Act.MANAGE_FACILITIES, camera_id, now=now)
    found = await _lines(tx, [camera_id], now)
    if not found:
        raise NotFound("this camera is not under inspection")
    return Sheet(
        found[0],
        tuple(await store.reports(tx, camera_id)),
        tuple(await store.hours(tx, camera_id, now - SHOWN, now)),
        tuple(await store.tickets(tx, camera_id)),
    )


async def act(tx: Tx, permit: Permit, ticket_id: UUID, action: str, by: AccountId, now: datetime) -> None:
    """Note what was done about a ticket. It stays open until a measurement passes.

    Raises:
        NotFound: there is no such ticket.
        Conflict: it is closed.
    """
    ticket = await store.ticket(tx, ticket_id)
    permit.check(Act.MANAGE_FACILITIES, None if ticket is None else ticket.camera_id, now=now)
    if ticket is None:
        raise NotFound("there is no such ticket")
    if ticket.closed_at is not None:
        raise Conflict("this ticket was closed by a measurement")
    await store.act(tx, ticket_id, action, by, now)
    if action == NEW_VIEW:
        await store.renew_view(tx, CameraId(ticket.camera_id), now)
    fact = TicketActed(
        fact_id=FactId(new_id()), happened_at=now, ticket_id=ticket_id, camera_id=CameraId(ticket.camera_id),
        action=action, by=by,
    )  # fmt: skip
    await ledger.append(tx, fact, actor=f"account:{by}")


async def camera_of(tx: Tx, ticket_id: UUID) -> UUID:
    """Return the camera a ticket is about: what a permit is asked for.

    Raises:
        NotFound: there is no such ticket.
    """
    ticket = await store.ticket(tx, ticket_id)
    if ticket is None:
        raise NotFound("there is no such ticket")
    return ticket.camera_id


async def _lines(tx: Tx, camera_ids: Collection[CameraId], now: datetime) -> list[Line]:
    """Return what stands of these cameras: a question a table, whatever their number, and nothing of the others."""
    cameras = await registry.by_ids(tx, camera_ids)
    last, opened = await store.last_reports(tx, cameras), await store.open_tickets(tx, cameras)
    due = await duties.due(tx, RULE, cameras)
    health = {h.camera_id: h for h in await relays.health(tx, now, cameras)}
    return [Line(c, last.get(i), due.get(i), tuple(opened.get(i, ())), health.get(i)) for i, c in cameras.items()]
