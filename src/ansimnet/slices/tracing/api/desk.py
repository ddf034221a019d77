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
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.api.forms import (
    CandidatesShown,
    CloseForm,
    JudgeForm,
    LookForm,
    NextsShown,
    ParsedShown,
    SearchesShown,
    SearchForm,
    SearchShown,
    TextForm,
    candidates_shown,
    nexts_shown,
    parsed_shown,
    search_shown,
)
from ansimnet.slices.tracing.model import Found, Next, Search
from ansimnet.slices.tracing.rules import describe
from ansimnet.slices.tracing.service import ahead, law, looking
from ansimnet.slices.tracing.service.ahead import Nets
from ansimnet.slices.tracing.store import searches
from ansimnet.slices.tracing.store.keys import HourKeys

Asker = Annotated[policy.Account, Depends(door(Act.SEARCH_PERSON))]


@dataclass(frozen=True, slots=True)
class Desk:
    """The city's half of every route."""

    city: Db
    clock: Clock
    keys: HourKeys
    nets: Nets

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
        return candidates_shown(found, await self._called(f.camera_id for f in found))

    async def nexts(self, found: list[Next]) -> NextsShown:
        """Return next cameras as pages take them."""
        return nexts_shown(found, await self._called(n.camera_id for n in found))

    async def _called(self, ids: Iterable[CameraId]) -> dict[CameraId, Camera]:
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

    @api.post("/searches/{search_id}/look")
    async def look(search_id: UUID, form: LookForm, account: Asker) -> CandidatesShown:
        """Release the keys of the approved area and time, or a part of them, and rank what passed there."""
        only = None if form.cameras is None else [CameraId(c) for c in form.cameras]
        found = await looking.look(
            db,
            desk.keys,
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
        return await desk.candidates(await looking.found_of(db, desk.own(account), search_id, clock.now()))

    @api.post("/searches/{search_id}/judge")
    async def judge(search_id: UUID, form: JudgeForm, account: Asker) -> CandidatesShown:
        """Say that a candidate is him or not."""
        found = await looking.judge(db, desk.own(account), search_id, form.candidate_id, form.verdict, clock.now())
        return await desk.candidates(found)

    @api.get("/searches/{search_id}/route")
    async def read_route(search_id: UUID, account: Asker) -> CandidatesShown:
        """The confirmed candidates in the order of time."""
        found = await looking.found_of(db, desk.own(account), search_id, clock.now())
        return await desk.candidates(looking.route_of(found))

    @api.get("/searches/{search_id}/next")
    async def next_cameras(search_id: UUID, account: Asker, backwards: bool = False) -> NextsShown:
        """The cameras that may see him next after the last confirmed candidate, or saw him before the first."""
        found = await ahead.ahead(db, desk.nets, desk.own(account), search_id, clock.now(), backwards=backwards)
        return await desk.nexts(found)

    @api.post("/searches/{search_id}/close")
    async def close(search_id: UUID, form: CloseForm, account: Asker) -> SearchShown:
        """Close one's own search: its request is withdrawn, its permits end, what it found is sealed."""
        search = await law.close(db, desk.own(account), search_id, form.reason, clock.now())
        return (await desk.shown([search]))[0]

    return api
