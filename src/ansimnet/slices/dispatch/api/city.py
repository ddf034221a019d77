"""Routes of the city's incidents: what operators confirmed of the cameras' alarms (CC-07)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from ansimnet.facts.vision import Behaviour
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.dispatch.model import CityIncident
from ansimnet.slices.dispatch.rules import city as rules
from ansimnet.slices.dispatch.service import city as service
from ansimnet.slices.dispatch.store import city as store
from ansimnet.slices.policy import queries as policy

Reads = Annotated[policy.Account, Depends(door(Act.READ_INCIDENT))]
Runs = Annotated[policy.Account, Depends(door(Act.RUN_INCIDENT))]
Agency = Literal["112", "119", "nobody"]


class Form(BaseModel):
    """What a screen sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class CallForm(Form):
    """Whom the operator called."""

    agency: Agency


class CityNoteForm(Form):
    """What somebody writes into the timeline; sealed under the incident's key."""

    text: str = Field(min_length=1, max_length=2000)


class CityCloseForm(Form):
    """How it ended."""

    outcome: Literal["helped", "detained", "left_area", "put_out", "handed_over", "nothing_found"]


class CityIncidentShown(BaseModel):
    """An incident of the city. `asks`: whom the page proposes to call; `called`: whom somebody called."""

    incident_id: UUID
    code: str
    behaviour: Behaviour
    priority: int
    camera_id: UUID
    camera_code: str
    camera_name: str
    lat: float
    lon: float
    simulated: bool
    state: Literal["open", "closed", "taken_back"]
    opened_at: datetime
    asks: Agency
    called: Agency | None
    called_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    alarm_ids: list[UUID]


class CityIncidentsShown(BaseModel):
    """Incidents, the gravest first."""

    incidents: list[CityIncidentShown]


class CityEventShown(BaseModel):
    """One line of a timeline. `note`: what a person typed."""

    at: datetime
    kind: str
    text_ko: str
    text_en: str
    note: str


class CityIncidentSheet(CityIncidentShown):
    """One incident with its timeline, oldest first."""

    timeline: list[CityEventShown]


def routes(db: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/city-incidents")

    async def may(account: policy.Account, act: Act) -> Permit:
        if account.centre_id != db.centre_id:
            raise Forbidden("these incidents are the city's", todo="yours are at /incidents")
        return await policy.permit(db, account, act, purpose=Purpose.RESPOND, screen="city-incidents", now=clock.now())

    @api.get("")
    async def list_city_incidents(account: Reads, state: Literal["open", "over"] = "open") -> CityIncidentsShown:
        """Incidents of confirmed alarms: open ones the gravest first, or those that are over."""
        await may(account, Act.READ_INCIDENT)
        async with db.transaction() as tx:
            found = await store.listed(tx, running=state == "open")
            return CityIncidentsShown(incidents=[CityIncidentShown(**await _shown(tx, i)) for i in found])

    @api.get("/{incident_id}")
    async def read_city_incident(incident_id: UUID, account: Reads) -> CityIncidentSheet:
        """One incident with its timeline."""
        await may(account, Act.READ_INCIDENT)
        async with db.transaction() as tx:
            found = await store.load(tx, incident_id)
            lines = [CityEventShown(**e) for e in await store.events(tx, incident_id)]
            return CityIncidentSheet(**await _shown(tx, found), timeline=lines)

    @api.post("/{incident_id}/called", status_code=204)
    async def call_agency(incident_id: UUID, form: CallForm, account: Runs) -> None:
        """Say who was called: 112, 119, or that nobody is needed."""
        await may(account, Act.RUN_INCIDENT)
        async with db.transaction() as tx:
            await service.call(tx, incident_id, form.agency, account.account_id, clock.now())

    @api.post("/{incident_id}/notes", status_code=204)
    async def note_city_incident(incident_id: UUID, form: CityNoteForm, account: Runs) -> None:
        """Write into the timeline."""
        await may(account, Act.RUN_INCIDENT)
        async with db.transaction() as tx:
            await service.note(tx, incident_id, form.text, clock.now())

    @api.post("/{incident_id}/close", status_code=204)
    async def close_city_incident(incident_id: UUID, form: CityCloseForm, account: Runs) -> None:
        """Close it: every look at its cameras ends at once. 409 `not-called` until somebody decided whom to call."""
        await may(account, Act.RUN_INCIDENT)
        async with db.transaction() as tx:
            await service.close(tx, incident_id, form.outcome, account.account_id, clock.now())

    return api


async def _shown(tx: Tx, i: CityIncident) -> dict[str, object]:
    camera = (await cameras.by_ids(tx, [i.camera_id])).get(i.camera_id)
    return {
        "incident_id": i.incident_id,
        "code": i.code,
        "behaviour": i.behaviour,
        "priority": i.priority,
        "camera_id": i.camera_id,
        "camera_code": camera.code if camera else "",
        "camera_name": camera.address if camera else "",
        "lat": i.place.lat,
        "lon": i.place.lon,
        "simulated": i.simulated,
        "state": i.state,
        "opened_at": i.opened_at,
        "asks": rules.ASKS.get(i.behaviour, "112"),
        "called": i.called,
        "called_at": i.called_at,
        "closed_at": i.closed_at,
        "outcome": i.outcome,
        "alarm_ids": [a for a, cleared in await store.alarms_of(tx, i.incident_id) if cleared is None],
    }
