"""Routes of the room and of the units' phones."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AccountId, IncidentId, OrderId, UnitId, new_id
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.dispatch import queries, service, store
from ansimnet.slices.dispatch.api import city
from ansimnet.slices.dispatch.model import OrderState, Unit
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account

Words = Annotated[str, Field(max_length=2000)]
Reads = Annotated[Account, Depends(door(Act.READ_INCIDENT))]
Runs = Annotated[Account, Depends(door(Act.RUN_INCIDENT))]
Serves = Annotated[Account, Depends(door(Act.SERVE_ORDER))]


class Tick(BaseModel):
    """Whether a line of the procedure is done."""

    done: bool


class Note(BaseModel):
    """What somebody writes into the timeline."""

    text: Words


class Send(BaseModel):
    """Sending an order, with its words changed or as drafted."""

    text: Words | None = None


class HandOver(BaseModel):
    """Giving the lead away."""

    to: UUID | None = None
    note: Words = ""


class Close(BaseModel):
    """How the incident ended."""

    outcome: str = Field(max_length=40)


class NewUnit(BaseModel):
    """A unit to register."""

    name: str = Field(min_length=1, max_length=40)
    agency: str
    office: str = Field("", max_length=80)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Position(BaseModel):
    """Where a unit is. Degrees WGS 84."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


def routes(ctx: Context) -> APIRouter:
    """Return the routes of this slice."""
    api = APIRouter(prefix="/api/v1", tags=["dispatch"])
    _reading(api, ctx)
    _running(api, ctx)
    _units(api, ctx)
    api.include_router(city.routes(ctx.dbs.city, ctx.clock))
    return api


async def _permit(
    ctx: Context, account: Account, act: Act, resource: UUID | None = None, screen: str = "incident"
) -> Permit:
    db = ctx.dbs.tracking
    if account.centre_id != db.centre_id:
        raise Forbidden("incidents belong to the tracking centre", todo="your centre's provisions are at /provisions")
    return await policy.permit(
        db, account, act, resource=resource, purpose=Purpose.RESPOND, screen=screen, now=ctx.clock.now()
    )


def _reading(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.get("/incidents")
    async def list_incidents(
        account: Reads, state: Annotated[Literal["open", "closed", "all"], Query()] = "open"
    ) -> dict[str, Any]:
        """Incidents, newest first."""
        permit = await _permit(ctx, account, Act.READ_INCIDENT, screen="incidents")
        async with db.transaction() as tx:
            return {"incidents": await queries.list_incidents(tx, permit, state, now=ctx.clock.now())}

    @api.get("/incidents/{incident_id}")
    async def read_incident(account: Reads, incident_id: UUID) -> dict[str, Any]:
        """One incident: steps, timeline, procedure, units, orders, the two people's places while it runs."""
        permit = await _permit(ctx, account, Act.READ_INCIDENT, incident_id)
        async with db.transaction() as tx:
            return await queries.incident(tx, permit, IncidentId(incident_id), ctx.map, now=ctx.clock.now())

    @api.get("/units")
    async def list_units(account: Reads) -> dict[str, Any]:
        """Every unit and what it does now."""
        await _permit(ctx, account, Act.READ_INCIDENT, screen="units")
        async with db.transaction() as tx:
            return {"units": await queries.units(tx)}


def _running(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.post("/test-alarm", status_code=202)
    async def test_alarm(account: Runs) -> dict[str, Any]:
        """Send an alarm about nobody the whole way; `status.last_test_alarm` shows when it came back."""
        await _permit(ctx, account, Act.RUN_INCIDENT, screen="test-alarm")
        async with db.transaction() as tx:
            test_id = await service.raise_test_alarm(tx, ctx.clock.now(), actor=service.by_account(account.account_id))
        return {"test_id": test_id}

    @api.post("/incidents/{incident_id}/acknowledge", status_code=204)
    async def acknowledge(account: Runs, incident_id: UUID) -> None:
        """Say that the room knows; whoever does so first leads."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            await service.acknowledge(tx, IncidentId(incident_id), account.account_id, ctx.clock.now())

    @api.post("/incidents/{incident_id}/checklist/{item}", status_code=204)
    async def tick(account: Runs, incident_id: UUID, item: str, given: Tick) -> None:
        """Tick or untick a line of the procedure."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            await service.tick(tx, IncidentId(incident_id), item, given.done, account.account_id, ctx.clock.now())

    @api.post("/incidents/{incident_id}/notes", status_code=204)
    async def note(account: Runs, incident_id: UUID, given: Note) -> None:
        """Write into the timeline."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            await service.note(tx, IncidentId(incident_id), given.text, account.account_id, ctx.clock.now())

    @api.post("/incidents/{incident_id}/orders/{order_id}/send", status_code=204)
    async def send(account: Runs, incident_id: UUID, order_id: UUID, given: Send) -> None:
        """Send a drafted order: step ③."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            await service.send_order(
                tx, IncidentId(incident_id), OrderId(order_id), account.account_id, ctx.clock.now(), text=given.text
            )

    @api.post("/incidents/{incident_id}/units/{unit_id}/add", status_code=204)
    async def add_unit(account: Runs, incident_id: UUID, unit_id: UUID) -> None:
        """Bind one more unit."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            alarms = [a for a, _ in await store.load_alarm_ids(tx, IncidentId(incident_id))]
            his, _ = await queries.places(tx, alarms)
            await service.add_unit(
                tx, IncidentId(incident_id), UnitId(unit_id), his.point if his else None, ctx.map, account.account_id,
                ctx.clock.now(),
            )  # fmt: skip

    @api.post("/incidents/{incident_id}/hand-over", status_code=204)
    async def hand_over(account: Runs, incident_id: UUID, given: HandOver) -> None:
        """Give the lead to another seat, or to the next shift."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            to = AccountId(given.to) if given.to else None
            await service.hand_over(tx, IncidentId(incident_id), to, given.note, account.account_id, ctx.clock.now())

    @api.post("/incidents/{incident_id}/concur", status_code=204)
    async def concur(account: Annotated[Account, Depends(door(Act.CONCUR_CLOSING))], incident_id: UUID) -> None:
        """112 agrees to closing."""
        await _permit(ctx, account, Act.CONCUR_CLOSING, incident_id)
        async with db.transaction() as tx:
            await service.concur(tx, IncidentId(incident_id), account.account_id, ctx.clock.now())

    @api.post("/incidents/{incident_id}/close", status_code=204)
    async def close(account: Runs, incident_id: UUID, given: Close) -> None:
        """Close: every permit of the incident ends at once. 409 `closing-blocked` lists what is missing."""
        await _permit(ctx, account, Act.RUN_INCIDENT, incident_id)
        async with db.transaction() as tx:
            await service.close(tx, IncidentId(incident_id), given.outcome, account.account_id, ctx.clock.now())


def _units(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    @api.post("/units", status_code=201)
    async def register(
        account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS))], given: NewUnit
    ) -> dict[str, Any]:
        """Register a unit; the code enrols its phone once."""
        now = ctx.clock.now()
        await policy.permit(db, account, Act.MANAGE_ACCOUNTS, purpose=Purpose.OPERATE, screen="units", now=now)
        unit = Unit(UnitId(new_id()), given.name, given.agency, given.office, Point(given.lat, given.lon), now, None)
        async with db.transaction() as tx:
            code = await service.register_unit(tx, unit, account.account_id, now)
        return {"unit_id": unit.unit_id, "phone_code": code}

    @api.get("/unit/order")
    async def order(account: Serves) -> dict[str, Any]:
        """What this unit's phone shows."""
        unit_id, permit = await own(account)
        async with db.transaction() as tx:
            return await queries.order_page(tx, permit, unit_id, ctx.map, now=ctx.clock.now())

    @api.post("/unit/orders/{order_id}/{state}", status_code=204)
    async def progress(
        account: Serves, order_id: UUID, state: Literal["received", "read", "accepted", "on_scene", "over"]
    ) -> None:
        """Say how far the order is; `over` says that the danger is over."""
        unit_id, _ = await own(account)
        async with db.transaction() as tx:
            await service.progress(
                tx, OrderId(order_id), unit_id, OrderState(state), account.account_id, ctx.clock.now()
            )

    @api.post("/unit/position", status_code=204)
    async def position(account: Serves, given: Position) -> None:
        """Say where the unit is."""
        unit_id, _ = await own(account)
        async with db.transaction() as tx:
            me = next((u for u in await store.load_units(tx) if u.unit_id == unit_id), None)
            subject = None
            if me is not None and me.incident_id is not None:
                his, _ = await queries.places(tx, [a for a, _ in await store.load_alarm_ids(tx, me.incident_id)])
                subject = his.point if his else None
            await service.move_unit(
                tx, unit_id, Point(given.lat, given.lon), subject, ctx.map, ctx.clock.now(),
                actor=service.by_account(account.account_id),
            )  # fmt: skip

    async def own(account: Account) -> tuple[UnitId, Permit]:
        if account.subject_id is None:
            raise Forbidden("this account is no unit's phone", todo="enrol the phone with the unit's code")
        permit = await _permit(ctx, account, Act.SERVE_ORDER, account.subject_id, screen="unit")
        return UnitId(account.subject_id), permit
