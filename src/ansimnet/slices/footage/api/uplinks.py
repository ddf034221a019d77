"""Routes of phones that show a scene: her press, her end, the desk's list and ticket. Tracking centre only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.footage.api.forms import Form, TicketShown
from ansimnet.slices.footage.queries import Ticket
from ansimnet.slices.footage.service.uplinks import Past, Scenes
from ansimnet.slices.policy import queries as policy


class NoRelay(Refusal):
    """No relay takes phones' pictures now."""

    kind = Kind.UNAVAILABLE
    name = "no-relay"


class AgainForm(Form):
    """Which stretch of what a phone showed, and why. The reason stays off the ledger."""

    from_at: AwareDatetime
    until_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=500)


class LinkShown(BaseModel):
    """What a citizen is sent, shown once: the page's path on this server, with the one-time code behind it."""

    path: str = Field(description="The code is in its fragment: it stays out of every server's log.")
    code: str
    until_at: datetime


class SceneShown(BaseModel):
    """A phone that shows a scene. `uplink_id` stands where a camera's id stands. `guest`: a citizen's phone."""

    uplink_id: UUID
    code: str
    guest: bool
    started_at: datetime
    not_after: datetime


class ScenesShown(BaseModel):
    """What phones show of an incident, the newest first."""

    scenes: list[SceneShown]


def _ticket(got: Ticket, path: str) -> TicketShown:
    """Return the ticket of a door of the relay that takes phones' pictures."""
    if got.url is None:
        raise NoRelay(todo="`ansimnet serve` starts one")
    return TicketShown(
        ticket=got.ticket,
        url=got.url.removesuffix("/stream") + path,
        not_after=got.not_after,
        permit_id=got.permit_id,
        masking=got.masking,
    )


def routes(scenes: Scenes) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    async def holds(account: policy.Account, incident_id: UUID) -> None:
        await policy.permit(
            scenes.db,
            account,
            Act.READ_INCIDENT,
            resource=incident_id,
            purpose=Purpose.RESPOND,
            screen="incident",
            now=scenes.clock.now(),
        )

    @api.post("/me/scene")
    async def show_scene(account: Annotated[policy.Account, Depends(door(Act.SHOW_SCENE))]) -> TicketShown:
        """Begin to show one's scene, or go on after a break: a one-use ticket for this phone's camera."""
        got, _ = await scenes.show(account)
        return _ticket(got, "/uplink")

    @api.post("/me/scene/end", status_code=204)
    async def end_scene(account: Annotated[policy.Account, Depends(door(Act.SHOW_SCENE))]) -> None:
        """Show nothing any more; whoever looks is cut at once."""
        await scenes.stop(account)

    @api.get("/incidents/{incident_id}/scenes")
    async def incident_scenes(
        incident_id: UUID, account: Annotated[policy.Account, Depends(door(Act.READ_INCIDENT))]
    ) -> ScenesShown:
        """What phones show of an incident. Pictures need a ticket each."""
        await holds(account, incident_id)
        return ScenesShown(
            scenes=[
                SceneShown(
                    uplink_id=u.uplink_id, code=u.code, guest=u.guest, started_at=u.started_at, not_after=u.not_after
                )
                for u in await scenes.of_incident(incident_id)
            ]
        )

    @api.post("/incidents/{incident_id}/scene-links", status_code=201)
    async def ask_for_scene(
        incident_id: UUID, account: Annotated[policy.Account, Depends(door(Act.VIEW_SCENE))]
    ) -> LinkShown:
        """A link for one citizen's phone: whoever opens it and agrees shows this incident, without an account."""
        await holds(account, incident_id)
        code, guest = await scenes.ask(account, incident_id)
        return LinkShown(path=f"/show#code={code}", code=code, until_at=guest.until_at)

    @api.post("/scenes/{uplink_id}/tickets")
    async def scene_ticket(
        uplink_id: UUID, account: Annotated[policy.Account, Depends(door(Act.VIEW_SCENE))]
    ) -> TicketShown:
        """A one-use ticket for what a phone shows: the original, because its bearer shows it."""
        return _ticket(await scenes.ticket(account, uplink_id), "/stream")

    @api.post("/scenes/{uplink_id}/recordings")
    async def scene_again(
        uplink_id: UUID, form: AgainForm, account: Annotated[policy.Account, Depends(door(Act.VIEW_SCENE))]
    ) -> TicketShown:
        """A one-use ticket for what a phone showed since it began, as long as its bearer shows it."""
        past = Past(form.from_at, form.until_at, form.reason)
        return _ticket(await scenes.ticket(account, uplink_id, past), "/stream")

    return api
