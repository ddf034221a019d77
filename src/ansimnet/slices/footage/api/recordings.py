"""Routes of looking back: what is recorded, tickets to it, bookmarks. Pictures come from the relay alone.

A ticket is shown on the relay's socket like that of a live picture; what may be said there stands in
docs/design/recording.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Masking, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.forms import Form, TicketShown
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.service.recordings import MOST_CAMERAS, SCREEN, LookingBack, Wanted, as_json
from ansimnet.slices.policy import queries as policy

From = Annotated[AwareDatetime, Query(alias="from")]
Until = Annotated[AwareDatetime, Query()]


class RecordedForm(Form):
    """Which cameras' recording, of when, how clearly, and why. The reason stays off the ledger."""

    camera_ids: list[UUID] = Field(min_length=1, max_length=MOST_CAMERAS)
    from_at: AwareDatetime
    until_at: AwareDatetime
    masking: Masking = Masking.MASKED
    reason: str = Field(min_length=1, max_length=500)

    def wanted(self) -> Wanted:
        """Return what is asked, as the service takes it."""
        return Wanted(
            cameras=tuple(CameraId(c) for c in dict.fromkeys(self.camera_ids)),
            from_at=self.from_at,
            until_at=self.until_at,
            masking=self.masking,
            reason=self.reason,
        )


class BookmarkForm(Form):
    """An instant to find again, and what it shows, in a few words. The words stay off the ledger."""

    camera_id: UUID
    at: AwareDatetime
    words: str = Field(min_length=1, max_length=200)


class StretchShown(BaseModel):
    """A part of the timeline: recorded, or a gap with its cause."""

    start: datetime
    end: datetime
    cause: str | None
    detail: str


class EventShown(BaseModel):
    """Something that happened: `provision-requested`, `-given`, `-ended`, `bookmark`."""

    kind: str
    at: datetime
    id: UUID
    words: str
    own: bool


class TimelineShown(BaseModel):
    """A camera's recording in a span; `stretches` cover it up to now. `kept_until`: when its beginning is destroyed."""

    camera_id: UUID
    from_at: datetime
    until_at: datetime
    kept_until: datetime
    stretches: list[StretchShown]
    events: list[EventShown]


class OwnTimelineShown(TimelineShown):
    """The same with the camera's name, for who has only the order: both empty once it is out of service."""

    code: str
    name: str


class CoverageShown(BaseModel):
    """How much of a span one camera recorded. `listed`: the provision still ranks it."""

    camera_id: UUID
    code: str
    name: str
    listed: bool
    from_at: datetime
    until_at: datetime
    recorded_s: float
    missing_s: float
    causes: list[str]


class CoveragesShown(BaseModel):
    """The cameras of a provision, the best first."""

    cameras: list[CoverageShown]


class BookmarkShown(BaseModel):
    """A bookmark that was placed."""

    bookmark_id: UUID
    camera_id: UUID
    at: datetime


class Past:
    """What the routes share: the city's half here, or over the link."""

    def __init__(self, desk: Desk, back: LookingBack) -> None:
        self.desk = desk
        self.back = back

    def giving(self, account: policy.Account) -> None:
        """Refuse an account whose centre records nothing.

        Raises:
            NotFound: it is such.
        """
        if not self.desk.gives(account):
            raise NotFound("this centre records no footage")

    async def may_read(self, account: policy.Account, provision_id: UUID, act: Act = Act.READ_PROVISION) -> None:
        """Ask the account's own centre whether it may know of this provision, or mark its recording.

        Raises:
            Forbidden: it may not.
        """
        await self.desk.at_home(
            account,
            act,
            provision_id,
            purpose=Purpose.RESPOND,
            screen="recordings",
            masking=Masking.MASKED,
        )

    async def coverage(
        self, account: policy.Account, provision_id: UUID, from_at: datetime | None, until: datetime | None
    ) -> CoveragesShown:
        """Return how much of a span the cameras of a provision recorded."""
        await self.may_read(account, provision_id)
        if self.desk.gives(account):
            async with self.desk.giver.db.transaction() as tx:
                found = await self.back.coverage(tx, account, provision_id, from_at, until)
        else:
            p = await self.desk.asked(account, provision_id)
            found = await self.desk.neighbour.coverage(p.to_centre, account, provision_id, from_at, until)
        return CoveragesShown(cameras=[CoverageShown(**c) for c in found])

    async def timeline(
        self, account: policy.Account, provision_id: UUID, camera_id: CameraId, from_at: datetime, until: datetime
    ) -> TimelineShown:
        """Return the timeline of a provision's camera."""
        await self.may_read(account, provision_id)
        if self.desk.gives(account):
            async with self.desk.giver.db.transaction() as tx:
                found = as_json(await self.back.timeline(tx, account, provision_id, camera_id, from_at, until))
        else:
            p = await self.desk.asked(account, provision_id)
            found = await self.desk.neighbour.timeline(p.to_centre, account, provision_id, camera_id, from_at, until)
        return TimelineShown(**found)

    async def bookmark(self, account: policy.Account, provision_id: UUID, form: BookmarkForm) -> BookmarkShown:
        """Mark an instant, here or at the giving centre, which keeps the recording and its marks."""
        await self.may_read(account, provision_id, Act.MARK_RECORDING)
        mark = CameraId(form.camera_id), form.at, form.words
        if self.desk.gives(account):
            async with self.desk.giver.db.transaction() as tx:
                b = await self.back.bookmark(tx, account, provision_id, *mark)
            return BookmarkShown(bookmark_id=b.bookmark_id, camera_id=b.camera_id, at=b.at)
        p = await self.desk.asked(account, provision_id)
        bookmark_id = await self.desk.neighbour.bookmark(p.to_centre, account, provision_id, *mark)
        return BookmarkShown(bookmark_id=bookmark_id, camera_id=form.camera_id, at=form.at)

    async def unmark(self, account: policy.Account, provision_id: UUID, bookmark_id: UUID) -> None:
        """Remove one's own bookmark, here or at the giving centre."""
        await self.may_read(account, provision_id, Act.MARK_RECORDING)
        if self.desk.gives(account):
            async with self.desk.giver.db.transaction() as tx:
                await self.back.remove_bookmark(tx, account, bookmark_id)
            return
        p = await self.desk.asked(account, provision_id)
        await self.desk.neighbour.unmark(p.to_centre, account, provision_id, bookmark_id)

    async def ticket(self, account: policy.Account, provision_id: UUID, wanted: Wanted) -> TicketShown:
        """Return a ticket to recorded pictures, from here or from the giving centre."""
        if self.desk.gives(account):
            async with self.desk.giver.db.transaction() as tx:
                got = await self.back.ticket(tx, account, provision_id, wanted)
            return self.desk.handed(got)
        p = await self.desk.asked(account, provision_id)
        permit = await policy.permit(
            self.desk.home(account),
            account,
            Act.VIEW_STREAM,
            resources=wanted.cameras,
            purpose=Purpose.INVESTIGATE if wanted.masking is Masking.ORIGINAL else Purpose.RESPOND,
            screen=SCREEN,
            now=self.desk.clock.now(),
            masking=wanted.masking,
        )
        said = await self.desk.neighbour.recording(p.to_centre, account, provision_id, wanted)
        await self.desk.pair(account, permit.permit_id, said["permit_id"], provision_id)
        return self.desk.passed_on(said, permit.permit_id)


def routes(past: Past) -> APIRouter:
    """Return the routes."""
    api = APIRouter()
    db = past.desk.giver.db

    @api.get("/provisions/{provision_id}/recordings")
    async def coverage(
        provision_id: UUID,
        account: Annotated[policy.Account, Depends(door(Act.READ_PROVISION))],
        from_at: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query()] = None,
    ) -> CoveragesShown:
        """The cameras a provision opened, and how much of the time each recorded."""
        return await past.coverage(account, provision_id, from_at, until)

    @api.get("/provisions/{provision_id}/recordings/{camera_id}/timeline")
    async def timeline(
        provision_id: UUID,
        camera_id: UUID,
        from_at: From,
        until: Until,
        account: Annotated[policy.Account, Depends(door(Act.READ_PROVISION))],
    ) -> TimelineShown:
        """What is recorded of one camera, what is missing and why, and what happened."""
        return await past.timeline(account, provision_id, CameraId(camera_id), from_at, until)

    @api.post("/provisions/{provision_id}/recordings/tickets")
    async def recording_ticket(
        provision_id: UUID, form: RecordedForm, account: Annotated[policy.Account, Depends(door(Act.VIEW_STREAM))]
    ) -> TicketShown:
        """A one-use ticket to recorded pictures of a provision's cameras."""
        return await past.ticket(account, provision_id, form.wanted())

    @api.post("/provisions/{provision_id}/recordings/bookmarks", status_code=201)
    async def bookmark(
        provision_id: UUID, form: BookmarkForm, account: Annotated[policy.Account, Depends(door(Act.MARK_RECORDING))]
    ) -> BookmarkShown:
        """Mark an instant on a camera's timeline."""
        return await past.bookmark(account, provision_id, form)

    @api.delete("/provisions/{provision_id}/recordings/bookmarks/{bookmark_id}", status_code=204)
    async def unmark(
        provision_id: UUID,
        bookmark_id: UUID,
        account: Annotated[policy.Account, Depends(door(Act.MARK_RECORDING))],
    ) -> None:
        """Remove one's own bookmark."""
        await past.unmark(account, provision_id, bookmark_id)

    @api.post("/recordings/tickets")
    async def recording_ticket_of_own(
        form: RecordedForm, account: Annotated[policy.Account, Depends(door(Act.READ_FOOTAGE))]
    ) -> TicketShown:
        """A one-use ticket to recorded pictures by an order, or by an approved case."""
        past.giving(account)
        async with db.transaction() as tx:
            got = await past.back.ticket_of_own(tx, account, form.wanted())
        return past.desk.handed(got)

    @api.get("/recordings/{camera_id}/timeline")
    async def timeline_of_own(
        camera_id: UUID,
        from_at: From,
        until: Until,
        account: Annotated[policy.Account, Depends(door(Act.READ_FOOTAGE))],
    ) -> OwnTimelineShown:
        """What is recorded of a camera that an order or an approved case names."""
        past.giving(account)
        async with db.transaction() as tx:
            found = await past.back.timeline_of_own(tx, account, CameraId(camera_id), from_at, until)
            camera = (await cameras.by_ids(tx, [CameraId(camera_id)])).get(CameraId(camera_id))
        named = {"code": camera.code, "name": camera.address} if camera else {"code": "", "name": ""}
        return OwnTimelineShown(**as_json(found), **named)

    return api
