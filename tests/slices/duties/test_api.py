"""The list of what is owed and its table, over HTTP; and one duty all the way round: a right nobody looked at again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.duties.conftest import NOW, Follow, opened

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.duties import api, service
from ansimnet.slices.policy import jobs as policy_jobs
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store import rights


class Desk:
    """The routes, and whoever sits at them."""

    def __init__(self, http: httpx.AsyncClient, clock: SimulatedClock) -> None:
        self.http, self.clock = http, clock
        self.seat: Account | None = None

    async def sit(self, db: Db, role: Role) -> Account:
        async with db.transaction() as tx:
            self.seat = await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=self.clock.now()
            )
        return self.seat

    async def list(self, **query: str) -> dict[str, Any]:
        answer = await self.http.get("/api/v1/duties", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def desk(dbs: Dbs, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(data_dir=tmp_path)
    link = Link.of(settings, dbs)
    app = FastAPI()
    platform_http.install(app)
    app.include_router(api.routes(Context(settings, dbs, clock, MapData(tmp_path / "map"), link)))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as http:
        made = Desk(http, clock)

        async def sign_in(_: Any) -> Account | None:
            return made.seat

        app.state.sign_in = sign_in
        yield made
    await link.close()


async def test_what_is_overdue_stands_on_the_list_and_each_role_sees_its_own(dbs: Dbs, desk: Desk) -> None:
    async with dbs.city.transaction() as tx:
        await service.take_in(tx, opened("break-glass-justification", new_id(), NOW))
        await service.take_in(tx, opened("footage-destruction", new_id(), NOW))
    desk.clock.advance(timedelta(hours=25))
    await desk.sit(dbs.city, Role.PRIVACY_OFFICER)
    shown = await desk.list()
    assert [(d["rule"], d["state"], d["late_s"]) for d in shown["duties"]] == [
        ("break-glass-justification", "overdue", 3600.0)
    ]
    assert (shown["owed"], shown["overdue"]) == (2, 1)
    assert len((await desk.list(state="owed"))["duties"]) == 2
    await desk.sit(dbs.city, Role.CENTRE_OPERATOR)
    assert [d["rule"] for d in (await desk.list(state="owed", role="privacy_officer"))["duties"]] == [
        "footage-destruction"
    ]


async def test_a_limit_is_changed_by_whoever_keeps_agencies_and_never_loosened(dbs: Dbs, desk: Desk) -> None:
    form = {"limit_count": 12, "limit_unit": "hour", "from_at": (NOW + timedelta(days=1)).isoformat()}
    path = "/api/v1/duties/rules/bell-fault-urgent"
    await desk.sit(dbs.city, Role.CENTRE_OPERATOR)
    assert (await desk.http.post(path, json=form)).status_code == 403
    await desk.sit(dbs.city, Role.ADMINISTRATOR)
    looser = await desk.http.post(path, json=form | {"limit_count": 30})
    assert (looser.status_code, looser.json()["type"]) == (422, "urn:ansimnet:problem:looser-than-the-text")
    assert (await desk.http.post(path, json=form)).status_code == 204
    assert (await desk.http.post(path, json=form)).status_code == 409
    assert (await desk.http.post("/api/v1/duties/rules/tea-break", json=form)).status_code == 422
    rules = {r["rule"]: r for r in (await desk.http.get("/api/v1/duties/rules")).json()["rules"]}
    urgent = rules["bell-fault-urgent"]
    assert (urgent["limit_count"], urgent["next_limit_count"], urgent["source"]) == (24, 12, "text")


@pytest.mark.requirement("CC-03")
async def test_a_right_nobody_looked_at_again_goes_dark_by_itself(
    dbs: Dbs, desk: Desk, follow: Follow, tmp_path: Path
) -> None:
    operator = await desk.sit(dbs.city, Role.CENTRE_OPERATOR)
    await follow()
    await desk.sit(dbs.city, Role.PRIVACY_OFFICER)
    (owed,) = (await desk.list(state="owed", about=str(operator.account_id)))["duties"]
    assert (owed["rule"], owed["due_at"]) == ("footage-right-recertification", "2027-02-22T15:00:00Z")
    desk.clock.at = NOW + timedelta(days=94)
    assert await service.tell_breaches(dbs.city, desk.clock.now()) == 1
    await follow()
    await ledger.catch_up(dbs, [r for r in policy_jobs.READERS if r.name == "policy.footage-rights"])
    async with dbs.city.transaction() as tx:
        found = await rights.read_right(tx, operator.account_id)
    assert found is not None
    assert found.suspended_because == "not-certified"
