"""Routes of searches. A search is approved on the second person's own routes (`/api/v1/requests/…`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.footage.queries import Ticket
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.api.forms import (
    BelievedShown,
    CandidatesShown,
    CloseForm,
    HandedShown,
    HandOverForm,
    JudgeForm,
    LookForm,
    ParsedShown,
    PictureShown,
    RouteShown,
    SearchesShown,
    SearchForm,
    SearchShown,
    SoughtShown,
    TextForm,
    believed_shown,
    candidates_shown,
    handed_shown,
    parsed_shown,
    search_shown,
    sought_shown,
    taken_shown,
)
from ansimnet.slices.tracing.model import Believed, Found, Search
from ansimnet.slices.tracing.rules import describe
from ansimnet.slices.tracing.service import following, handing, law, looking, pictures
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store import searches
from ansimnet.slices.tracing.store.keys import HourKeys

Asker = Annotated[policy.Account, Depends(door(Act.SEARCH_PERSON))]


@dataclass(frozen=True, slots=True)
class Desk:
    """The city's half of every route. `relay_url`: where a viewer connects while no worker pulls a camera."""

    city: Db
    clock: Clock
    keys: HourKeys
    nets: Nets
    relay_url: str = ""

    def own(self, account: policy.Account) -> policy.Account:
        """Return an account of this city whose work it may be to search.

        Raises:
            Forbidden: another centre's, or another role's.
        """
        if account.centre_id != self.city.centre_id or not policy.may_ever(account, Act.SEARCH_PERSON):
            raise Forbidden("this role searches for nobody here", detail_ko="이 역할은 사람을 찾지 않습니다")
        return account

    async def shown(self, found: list[Search]) -> list[SearchShown]:
        """Return searches as pages take them."""
        now = self.clock.now()
        async with self.city.transaction() as tx:
            return [search_shown(s, await policy.approved(tx, s.request_id, now), now) for s in found]

    async def candidates(self, found: list[Found]) -> CandidatesShown:
        """Return candidates as pages take them, cameras by their names: whoever searches may read no register."""
        return candidates_shown(found, await self.called(f.camera_id for f in found))

    async def believed(self, believed: Believed) -> BelievedShown:
        """Return what the relay believes as pages take it."""
        named = [n.camera_id for n in believed.next] + [h.camera_id for w in believed.ways for h in w.hops]
        return believed_shown(believed, await self.called(named))

    def picture(self, got: Ticket) -> PictureShown:
        """Return a ticket as pages take it."""
        return PictureShown(
            ticket=got.ticket,
            url=got.url or self.relay_url,
            not_after=got.not_after,
            permit_id=got.permit_id,
            masking=got.masking,
        )

    async def called(self, ids: Iterable[CameraId]) -> dict[CameraId, Camera]:
        async with self.city.transaction() as tx:
            return await cameras.by_ids(tx, set(ids))


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1/tracing", tags=["tracing"])
    db, clock = desk.city, desk.clock

    @api.post("/describe")
    async def read_description(form: TextForm, account: Asker) -> ParsedShown:
        """Read a description into attributes, to be corrected before anything is asked. Nothing is kept."""
        desk.own(account)
        return parsed_shown(describe.parse(form.text))

    @api.post("/searches", status_code=201)
    async def ask_search(form: SearchForm, account: Asker) -> SearchShown:
        """Ask to search for a person or a vehicle; another person approves it before anything opens."""
        search = await law.ask(db, account, form.asking(), form.subject(), clock.now())
        return (await desk.shown([search]))[0]

    @api.get("/searches")
    async def list_searches(account: Asker) -> SearchesShown:
        """One's own searches; no word of whom they look for."""
        async with db.transaction() as tx:
            found = await searches.of_account(tx, desk.own(account).account_id)
        return SearchesShown(searches=await desk.shown(found))

    @api.get("/searches/{search_id}")
    async def read_search(search_id: UUID, account: Asker) -> SoughtShown:
        """Whom a search that stands looks for, and what was approved."""
        stood = await law.stand(db, desk.own(account), search_id, clock.now())
        async with db.transaction() as tx:
            await law.still(tx, stood, clock.now())
            copies = await handing.may_export(tx, account, stood, clock.now())
            return sought_shown(await searches.subject(tx, stood.search), stood.scope, may_export=copies)

    @api.post("/searches/{search_id}/hand-over")
    async def hand_over(search_id: UUID, form: HandOverForm, account: Asker) -> HandedShown:
        """Tell 112 where he was last confirmed, so that its units go there. On the ledger."""
        last = await handing.hand_over(db, desk.own(account), search_id, form.words.strip(), clock.now())
        return handed_shown(last, await desk.called([last.camera_id]))

    @api.post("/searches/{search_id}/copies")
    async def offer_copies(search_id: UUID, account: Asker) -> RouteShown:
        """Let masked copies of the confirmed route be asked for (`POST /exports`). On the ledger."""
        route = await handing.copies(db, desk.own(account), search_id, clock.now())
        called = await desk.called(s.camera_id for s in route.spans)
        return RouteShown(step=route.step, spans=taken_shown(route.spans, called), words=route.words)

    @api.post("/searches/{search_id}/look")
    async def look(search_id: UUID, form: LookForm, account: Asker) -> CandidatesShown:
        """Release the keys of the approved area and time, or a part of them, and rank what passed there."""
        only = None if form.cameras is None else [CameraId(c) for c in form.cameras]
        found = await looking.look(
            db,
            desk.keys,
            desk.nets,
            desk.own(account),
            search_id,
            clock.now(),
            from_at=form.from_at,
            until_at=form.until_at,
            only=only,
        )
        return await desk.candidates(found)

    @api.get("/searches/{search_id}/candidates")
    async def list_candidates(search_id: UUID, account: Asker) -> CandidatesShown:
        """The candidates of a search that stands, with why and why not."""
        return await desk.candidates(await looking.found_of(db, desk.nets, desk.own(account), search_id, clock.now()))

    @api.post("/searches/{search_id}/judge")
    async def judge(search_id: UUID, form: JudgeForm, account: Asker) -> CandidatesShown:
        """Say that a candidate is him or not."""
        own, now = desk.own(account), clock.now()
        found = await looking.judge(db, desk.nets, own, search_id, form.candidate_id, form.verdict, now)
        return await desk.candidates(found)

    @api.get("/searches/{search_id}/route")
    async def read_route(search_id: UUID, account: Asker) -> CandidatesShown:
        """The confirmed candidates in the order of time."""
        found = await looking.found_of(db, desk.nets, desk.own(account), search_id, clock.now())
        return await desk.candidates(following.route_of(found))

    @api.get("/searches/{search_id}/belief")
    async def read_belief(search_id: UUID, account: Asker, backwards: bool = False) -> BelievedShown:
        """Where he may be now and soon, the ways he may have come, and the next cameras; or where he came from."""
        own, now = desk.own(account), clock.now()
        return await desk.believed(await following.believed(db, desk.nets, own, search_id, now, backwards=backwards))

    @api.post("/searches/{search_id}/candidates/{candidate_id}/picture")
    async def candidate_picture(search_id: UUID, candidate_id: UUID, account: Asker) -> PictureShown:
        """A ticket to a candidate's best picture: he is clear, everybody else hidden. On the ledger."""
        return desk.picture(await pictures.portrait(db, desk.own(account), search_id, candidate_id, clock.now()))

    @api.post("/searches/{search_id}/candidates/{candidate_id}/clip")
    async def candidate_clip(search_id: UUID, candidate_id: UUID, account: Asker) -> PictureShown:
        """A ticket to the seconds around a candidate, everybody hidden. On the ledger."""
        return desk.picture(await pictures.clip(db, desk.own(account), search_id, candidate_id, clock.now()))

    @api.post("/searches/{search_id}/cameras/{camera_id}/live")
    async def camera_live(search_id: UUID, camera_id: UUID, account: Asker) -> PictureShown:
        """A ticket to the live picture of a camera in the approved area, everybody hidden. On the ledger."""
        return desk.picture(await pictures.live(db, desk.own(account), search_id, CameraId(camera_id), clock.now()))

    @api.post("/searches/{search_id}/close")
    async def close(search_id: UUID, form: CloseForm, account: Asker) -> SearchShown:
        """Close one's own search: its request is withdrawn, its permits end, what it found is sealed."""
        search = await law.close(db, desk.own(account), search_id, form.reason, clock.now())
        return (await desk.shown([search]))[0]

    return api
