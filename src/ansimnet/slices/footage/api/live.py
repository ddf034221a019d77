"""Routes of provisions: the asking centre's incident view, the giving centre's list, tickets, marks, extensions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import CameraId, PermitId, ProvisionId
from ansimnet.kernel.permits import Act, Masking, Purpose, Role
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.platform.http import door
from ansimnet.slices.footage import queries, store
from ansimnet.slices.footage.api.forms import (
    CameraShown,
    ExtendedShown,
    ExtendForm,
    IncidentCameras,
    MarkForm,
    MarkShown,
    ProvisionShown,
    ProvisionsShown,
    SubjectShown,
    TicketForm,
    TicketShown,
    ViewerShown,
)
from ansimnet.slices.footage.model import Provision, State
from ansimnet.slices.footage.service.asked import Neighbour
from ansimnet.slices.footage.service.giving import SCREEN, Giver
from ansimnet.slices.policy import queries as policy


class Desk:
    """What the routes share."""

    def __init__(self, dbs: Dbs, giver: Giver, neighbour: Neighbour, clock: Clock, relay_url: str) -> None:
        self.dbs = dbs
        self.giver = giver
        self.neighbour = neighbour
        self.clock = clock
        self.url = f"{relay_url.rstrip('/')}/stream"

    def home(self, account: policy.Account) -> Db:
        """Return the account's own centre."""
        return self.dbs.of(account.centre_id)

    def gives(self, account: policy.Account) -> bool:
        """Return whether the account's centre is the giving one."""
        return account.centre_id == self.giver.db.centre_id

    async def at_home(
        self, account: policy.Account, act: Act, resource: UUID, *, purpose: Purpose, screen: str, masking: Masking
    ) -> PermitId:
        """Ask the account's own centre first, and return its permit."""
        permit = await policy.permit(
            self.home(account),
            account,
            act,
            resource=resource,
            purpose=purpose,
            screen=screen,
            now=self.clock.now(),
            masking=masking,
        )
        return permit.permit_id

    async def asked(self, account: policy.Account, provision_id: UUID) -> Provision:
        """Return the asking centre's own row of a provision in force.

        Raises:
            NotFound, Conflict: there is none, or it gives nothing now.
        """
        async with self.home(account).transaction() as tx:
            p = await store.load_provision(tx, provision_id)
        if p is None:
            raise NotFound("there is no such provision")
        if p.state is not State.GIVEN or p.over(self.clock.now()):
            raise Conflict("this provision gives nothing now", todo="a confirmed trigger opens a new one")
        return p

    def handed(self, got: queries.Ticket) -> TicketShown:
        """Return a ticket of this centre as an answer gives it."""
        return TicketShown(
            ticket=got.ticket,
            url=got.url or self.url,
            not_after=got.not_after,
            permit_id=got.permit_id,
            masking=got.masking,
        )

    def passed_on(self, said: dict[str, Any], permit_id: PermitId) -> TicketShown:
        """Return a ticket of the giving centre under the permit of one's own that stands before it."""
        return TicketShown(
            ticket=said["ticket"],
            url=said.get("url") or self.url,
            not_after=datetime.fromisoformat(said["not_after"]),
            permit_id=permit_id,
            masking=Masking(said["masking"]),
        )

    async def ticket_of_own(self, account: policy.Account, camera_id: UUID) -> TicketShown:
        """Return a ticket for a camera by a ground of the account's own.

        Raises:
            Forbidden: another centre's account; a camera is shown to it under a provision, or not at all.
        """
        if not self.gives(account):
            raise Forbidden("to another centre a camera is shown under a provision alone")
        async with self.giver.db.transaction() as tx:
            got = await self.giver.ticket_of_own(tx, account, CameraId(camera_id))
        return self.handed(got)

    async def ticket(self, account: policy.Account, provision_id: UUID, form: TicketForm) -> TicketShown:
        """Return a ticket, from here or from the giving centre."""
        if self.gives(account):
            async with self.giver.db.transaction() as tx:
                got = await self.giver.ticket(tx, account, provision_id, CameraId(form.camera_id), form.masking)
            return self.handed(got)
        p = await self.asked(account, provision_id)
        permit_id = await self.at_home(
            account,
            Act.VIEW_STREAM,
            form.camera_id,
            purpose=Purpose.INVESTIGATE if form.masking is Masking.ORIGINAL else Purpose.RESPOND,
            screen=SCREEN,
            masking=form.masking,
        )
        said = await self.neighbour.ticket(p.to_centre, account, provision_id, form.camera_id, form.masking)
        await self.pair(account, permit_id, said["permit_id"], provision_id)
        return self.passed_on(said, permit_id)

    async def mark(self, account: policy.Account, provision_id: UUID, form: MarkForm) -> MarkShown:
        """Mark a track, here or at the giving centre."""
        if self.gives(account):
            async with self.giver.db.transaction() as tx:
                permit_id, not_after = await self.giver.mark(
                    tx, account, provision_id, CameraId(form.camera_id), form.track
                )
            return MarkShown(permit_id=permit_id, not_after=not_after, track=form.track)
        p = await self.asked(account, provision_id)
        permit_id = await self.at_home(
            account,
            Act.UNMASK_TRACK,
            form.camera_id,
            purpose=Purpose.RESPOND,
            screen=SCREEN,
            masking=Masking.MARKED,
        )
        said = await self.neighbour.mark(p.to_centre, account, provision_id, form.camera_id, form.track)
        await self.pair(account, permit_id, said["permit_id"], provision_id)
        return MarkShown(permit_id=permit_id, not_after=datetime.fromisoformat(said["not_after"]), track=form.track)

    async def pair(self, account: policy.Account, permit_id: PermitId, there: str, provision_id: UUID) -> None:
        """Remember which permit of the giving centre stands behind one of ours."""
        async with self.home(account).transaction() as tx:
            await store.pair_permits(tx, permit_id, PermitId(UUID(there)), provision_id)

    async def extend(self, account: policy.Account, provision_id: UUID, reason: str) -> datetime:
        """Extend a provision, at the giving centre first: it decides."""
        if self.gives(account):
            async with self.giver.db.transaction() as tx:
                return await self.giver.extend(tx, account, provision_id, reason)
        p = await self.asked(account, provision_id)
        await self.at_home(
            account,
            Act.EXTEND_PERMIT,
            p.provision_id,
            purpose=Purpose.RESPOND,
            screen="provision",
            masking=Masking.MASKED,
        )
        until = await self.neighbour.extend(p.to_centre, account, provision_id, reason)
        async with self.home(account).transaction() as tx:
            now = self.clock.now()
            await policy.extend_about(
                tx, p.provision_id, by=account.account_id, reason=reason, now=now, role=account.role
            )
            await store.set_end(tx, p.provision_id, until)
        return until

    async def of_incident(self, account: policy.Account, incident_id: UUID) -> IncidentCameras:
        """Return what an incident may show. A unit needs no right to the incident: it takes part in the provision."""
        home = self.home(account)
        unit = account.role is Role.FIELD_UNIT
        if self.gives(account) and not unit:  # its incidents are of its own cameras' alarms: nothing is given to them
            raise NotFound("this centre's incidents have no provision")
        if not unit:
            await self.at_home(
                account,
                Act.READ_INCIDENT,
                incident_id,
                purpose=Purpose.RESPOND,
                screen="incident",
                masking=Masking.MASKED,
            )
        async with home.transaction() as tx:
            p = await queries.of_incident(tx, incident_id)
        if p is None and unit:
            raise NotFound("this unit takes part in no such provision")
        if p is None:
            return IncidentCameras(provision_id=None, state="none", cameras=[])
        listed: list[dict[str, Any]] = []
        if unit or p.state is State.GIVEN:
            await self.at_home(
                account,
                Act.READ_PROVISION,
                p.provision_id,
                purpose=Purpose.RESPOND,
                screen="incident",
                masking=Masking.MASKED,
            )
        if p.state is State.GIVEN:
            listed = await self.neighbour.cameras(p.to_centre, p.provision_id)
        return IncidentCameras(
            provision_id=p.provision_id,
            state=p.state.value,
            reason=p.reason,
            not_after=p.not_after,
            cameras=[CameraShown(**c) for c in listed],
        )

    async def shown(self, tx: Tx, p: Provision) -> ProvisionShown:
        """Return a provision as the giving centre's list shows it."""
        s = None if p.over(self.clock.now()) else p.subject  # the timer that tidies up may be late, or dead
        return ProvisionShown(
            provision_id=p.provision_id,
            alarm_id=p.alarm_id,
            trigger=p.trigger,
            statute=p.statute,
            from_centre=p.from_centre,
            given_at=p.answered_at if p.state is not State.REFUSED else None,
            not_after=p.not_after,
            state=p.state,
            reason=p.reason,
            subject=None
            if s is None
            else SubjectShown(
                lat=s.point.lat,
                lon=s.point.lon,
                error_m=s.error_m,
                speed_mps=s.speed_mps,
                course_deg=s.course_deg,
                seen_at=s.seen_at,
            ),
            cameras=[CameraShown(**c) for c in await self.giver.listing(tx, p)] if p.open else [],
            viewers=[
                ViewerShown(
                    view_id=v.view_id, viewer=v.viewer, camera_id=v.camera_id, masking=v.masking, since=v.opened_at
                )
                for v in await store.views_now(tx, ProvisionId(p.provision_id))
            ],
        )


MOST_LISTED = 100
"""Provisions that the whole list shows, the newest."""


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    @api.get("/incidents/{incident_id}/cameras")
    async def incident_cameras(
        incident_id: UUID, account: Annotated[policy.Account, Depends(door(Act.READ_PROVISION))]
    ) -> IncidentCameras:
        """The cameras given to an incident, best first."""
        return await desk.of_incident(account, incident_id)

    @api.post("/provisions/{provision_id}/tickets")
    async def ticket(
        provision_id: UUID, form: TicketForm, account: Annotated[policy.Account, Depends(door(Act.VIEW_STREAM))]
    ) -> TicketShown:
        """A one-use ticket for one camera's stream."""
        return await desk.ticket(account, provision_id, form)

    @api.post("/cameras/{camera_id}/tickets")
    async def ticket_of_own(
        camera_id: UUID, account: Annotated[policy.Account, Depends(door(Act.VIEW_STREAM))]
    ) -> TicketShown:
        """A one-use ticket by a ground of one's own, such as a broken glass. Masked; never from outside."""
        return await desk.ticket_of_own(account, camera_id)

    @api.post("/provisions/{provision_id}/marks")
    async def mark(
        provision_id: UUID, form: MarkForm, account: Annotated[policy.Account, Depends(door(Act.UNMASK_TRACK))]
    ) -> MarkShown:
        """Mark one track, which alone is then clear for this viewer."""
        return await desk.mark(account, provision_id, form)

    @api.post("/provisions/{provision_id}/extend")
    async def extend(
        provision_id: UUID, form: ExtendForm, account: Annotated[policy.Account, Depends(door(Act.EXTEND_PERMIT))]
    ) -> ExtendedShown:
        """60 more minutes, once, for a stated reason."""
        return ExtendedShown(not_after=await desk.extend(account, provision_id, form.reason))

    @api.post("/provisions/{provision_id}/end", status_code=204)
    async def end(provision_id: UUID, account: Annotated[policy.Account, Depends(door(Act.REVOKE_PERMIT))]) -> None:
        """End what this city gives, now: whoever gives pictures may stop."""
        if not desk.gives(account):
            raise NotFound("this centre gives no footage")
        await desk.giver.end(account, provision_id)

    @api.get("/provisions")
    async def provisions(
        account: Annotated[policy.Account, Depends(door(Act.READ_PROVISION))], state: Literal["open", "all"] = "open"
    ) -> ProvisionsShown:
        """What this city gives, to whom, and who looks now."""
        if not desk.gives(account):
            raise NotFound("this centre gives no footage")
        await policy.permit(
            desk.giver.db,
            account,
            Act.READ_PROVISION,
            purpose=Purpose.RESPOND,
            screen="provisions",
            now=desk.clock.now(),
        )
        async with desk.giver.db.transaction() as tx:
            found = await (store.all_open(tx) if state == "open" else store.newest(tx, MOST_LISTED))
            return ProvisionsShown(provisions=[await desk.shown(tx, p) for p in found])

    return api
