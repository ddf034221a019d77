"""Routes of inspection: the list of cameras, one camera's report, and what was done about a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.footage.api.forms import Form
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.model import WORDS, Check, Defect, Hour, Report, Ticket
from ansimnet.slices.footage.service import inspections
from ansimnet.slices.policy import queries as policy

Keeper = Annotated[policy.Account, Depends(door(Act.MANAGE_FACILITIES))]
SCREEN = "inspection"
Done = Literal["visited", "cleaned", "aimed", "cleared", "mended", "replaced", "new_view"]


class ActionForm(Form):
    """What was done, a word of a closed list. `new_view`: the camera was aimed elsewhere on purpose."""

    action: Done


class ActionShown(BaseModel):
    """What was done, and when."""

    at: datetime
    action: Done


class TicketShown(BaseModel):
    """A repair ticket. `value` is what opened it, `closing_value` what closed it."""

    ticket_id: UUID
    camera_id: UUID
    defect: Defect
    seen_at: datetime
    opened_at: datetime
    value: float
    allowed: float
    closed_at: datetime | None
    closing_value: float | None
    actions: list[ActionShown]


class CheckShown(BaseModel):
    """One line of a report; `passed` None: nothing could be measured."""

    name: str
    value: float | None
    limit: float
    unit: str
    at_least: bool
    samples: int
    passed: bool | None


class ReportShown(BaseModel):
    """A check and performance report."""

    report_id: UUID
    from_at: datetime
    until_at: datetime
    passed: bool
    checks: list[CheckShown]


class HourShown(BaseModel):
    """Measures of one hour in one light."""

    hour_at: datetime
    light: str
    samples: int
    brightness: float
    noise: float | None
    sharp: float | None
    kept: float | None
    alike: float | None
    clock_s: float | None


class LineShown(BaseModel):
    """One camera in the list."""

    camera_id: UUID
    code: str
    address: str
    lat: float
    lon: float
    senses: list[str]
    live: bool
    reason_ko: str
    reason_en: str
    uptime_90d: float | None
    reported_at: datetime | None
    passed: bool | None
    due_at: datetime | None
    tickets: list[TicketShown]


class LinesShown(BaseModel):
    """Every camera under inspection: with open tickets first, then by what is due."""

    cameras: list[LineShown]
    tickets: int
    overdue: int
    now: datetime


class SheetShown(BaseModel):
    """One camera: reports newest first, two weeks of measures, every ticket."""

    camera: LineShown
    reports: list[ReportShown]
    hours: list[HourShown]
    tickets: list[TicketShown]
    now: datetime


def _ticket(t: Ticket) -> TicketShown:
    return TicketShown(
        ticket_id=t.ticket_id,
        camera_id=t.camera_id,
        defect=t.defect,
        seen_at=t.seen_at,
        opened_at=t.opened_at,
        value=t.value,
        allowed=t.allowed,
        closed_at=t.closed_at,
        closing_value=t.closing_value,
        actions=[ActionShown.model_validate({"at": a.acted_at, "action": a.action}) for a in t.actions],
    )


def _check(c: Check) -> CheckShown:
    return CheckShown(**c._asdict(), passed=c.passed)


def _report(r: Report) -> ReportShown:
    return ReportShown(
        report_id=r.report_id,
        from_at=r.from_at,
        until_at=r.until_at,
        passed=r.passed,
        checks=[_check(c) for c in r.checks],
    )


def _hour(h: Hour) -> HourShown:
    return HourShown.model_validate(h._asdict())


def _line(line: inspections.Line) -> LineShown:
    camera: Camera = line.camera
    reason = line.health.reason if line.health is not None else "starting"
    ko, en = WORDS.get(reason, (reason, reason))
    return LineShown(
        camera_id=camera.camera_id,
        code=camera.code,
        address=camera.address,
        lat=camera.lat,
        lon=camera.lon,
        senses=list(camera.senses),
        live=line.health is not None and line.health.live,
        reason_ko=ko,
        reason_en=en,
        uptime_90d=line.health.uptime_90d if line.health is not None else None,
        reported_at=line.report.until_at if line.report is not None else None,
        passed=line.report.passed if line.report is not None else None,
        due_at=line.due_at,
        tickets=[_ticket(t) for t in line.tickets],
    )


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/footage/inspections")
    db = desk.giver.db

    async def may(account: policy.Account, resource: UUID | None = None) -> Permit:
        return await policy.permit(
            db,
            account,
            Act.MANAGE_FACILITIES,
            resource=resource,
            purpose=Purpose.MAINTAIN,
            screen=SCREEN,
            now=desk.clock.now(),
        )

    @api.get("")
    async def read_lines(account: Keeper) -> LinesShown:
        """Every camera under inspection, its last report, what is due, and its open tickets."""
        permit, now = await may(account), desk.clock.now()
        async with db.transaction() as tx:
            found = await inspections.lines(tx, permit, now)
        return LinesShown(
            cameras=[_line(each) for each in found],
            tickets=sum(len(each.tickets) for each in found),
            overdue=sum(each.due_at is not None and each.due_at <= now for each in found),
            now=now,
        )

    @api.get("/{camera_id}")
    async def read_sheet(camera_id: UUID, account: Keeper) -> SheetShown:
        """One camera's reports, measures and tickets."""
        permit, now = await may(account, camera_id), desk.clock.now()
        async with db.transaction() as tx:
            found = await inspections.sheet(tx, permit, CameraId(camera_id), now)
        return SheetShown(
            camera=_line(found.line),
            reports=[_report(r) for r in found.reports],
            hours=[_hour(h) for h in found.hours],
            tickets=[_ticket(t) for t in found.tickets],
            now=now,
        )

    @api.post("/tickets/{ticket_id}/actions", status_code=204)
    async def act(ticket_id: UUID, form: ActionForm, account: Keeper) -> None:
        """Say what was done. The ticket closes by itself when a measurement passes, and never otherwise."""
        async with db.transaction() as tx:
            camera_id = await inspections.camera_of(tx, ticket_id)
        permit, now = await may(account, camera_id), desk.clock.now()
        async with db.transaction() as tx:
            await inspections.act(tx, permit, ticket_id, form.action, account.account_id, now)

    return api
