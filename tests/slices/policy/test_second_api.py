"""Requests, orders, break-glass, holds and notices over HTTP: who gets what, and what stands on the ledger for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.policy import NoticeGiven
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import TRACKING_CENTRE, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import service
from ansimnet.slices.policy.api import approvals, glass, holds, orders, routes
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.queries.notices import hear_given
from ansimnet.slices.policy.queries.relations import switch_notices

PASSWORD = "정말-긴-비밀번호-07"
CAMERA = new_id()
HOUR = timedelta(hours=1)
NOTICE = ("radius_m", "text", "author")
SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def app(dbs: Dbs, clock: SimulatedClock) -> FastAPI:
    built = FastAPI()
    platform_http.install(built)
    for router in (api_sessions.router, routes.router, approvals.router, orders.router, glass.router, holds.router):
        built.include_router(router)
    api_sessions.install(built, service.Desk(dbs, clock))
    return built


@pytest.fixture
async def sign_in(app: FastAPI, make: Make) -> AsyncIterator[SignIn]:
    opened: list[httpx.AsyncClient] = []

    async def enter(db: Db, role: Role) -> httpx.AsyncClient:
        account = await make(db, role, password=PASSWORD)
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700")
        opened.append(client)
        answer = await client.post("/api/v1/session", json={"login": account.login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    yield enter
    for client in opened:
        await client.aclose()


def a_search(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "search",
        "resources": [str(CAMERA)],
        "purpose": "investigate",
        "ground_kind": "statute",
        "statute": "PIPA 18(2)7",
        "reason": "골목에서 끌고 간 사람",
        "until_at": (NOW + 4 * HOUR).isoformat(),
        "case_no": "2026-형-4410",
        "description": {"clothes": "검은 패딩"},
        "area": {"lat": 37.4979, "lon": 127.0276, "radius_m": 800},
        "window": {"from_at": (NOW - HOUR).isoformat(), "until_at": (NOW + HOUR).isoformat()},
        **changes,
    }


async def asked_of_the_ledger(db: Db, act: str) -> list[tuple[str, bool]]:
    async with db.transaction() as tx:
        rows = await tx.all("select role, allowed from policy_question where act = %s order by asked_at", (act,))
    return [(r[0], r[1]) for r in rows]


@pytest.mark.requirement("TR-04", "DI-08")
async def test_a_search_over_http_asked_read_approved_and_withdrawn(dbs: Dbs, sign_in: SignIn) -> None:
    operator, lead = await sign_in(dbs.city, Role.CENTRE_OPERATOR), await sign_in(dbs.city, Role.SHIFT_LEAD)
    asked = await operator.post("/api/v1/requests", json=a_search())
    assert asked.status_code == 201, asked.text
    path = f"/api/v1/requests/{asked.json()['request_id']}"
    assert "검은" not in asked.text
    listed = await lead.get("/api/v1/requests")
    assert "검은" not in listed.text, "lists carry no description"
    [row] = listed.json()["requests"]
    assert (row["may_answer"], row["mine"], row["state"]) == (True, False, "waiting")
    read = (await lead.get(path)).json()
    assert read["words"]["clothes"] == "검은 패딩"
    assert ("shift_lead", True) in await asked_of_the_ledger(dbs.city, "approve")
    alone = await operator.post(f"{path}/approve", json={"reason": "혼자서"})
    assert alone.status_code == 403
    assert ("centre_operator", False) in await asked_of_the_ledger(dbs.city, "approve")
    approved = await lead.post(f"{path}/approve", json={"reason": "사건 번호 확인"})
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    again = await lead.post(f"{path}/refuse", json={"reason": "마음이 바뀜"})
    assert again.status_code == 409
    back = await operator.post(f"{path}/withdraw", json={"reason": "찾았음"})
    assert (back.status_code, back.json()["state"]) == (200, "withdrawn")


async def test_who_has_no_part_in_a_request_finds_none(dbs: Dbs, sign_in: SignIn) -> None:
    operator = await sign_in(dbs.city, Role.CENTRE_OPERATOR)
    asked = (await operator.post("/api/v1/requests", json=a_search())).json()
    for role in (Role.AUDITOR, Role.ADMINISTRATOR, Role.CENTRE_OPERATOR, Role.INVESTIGATOR):
        other = await sign_in(dbs.city, role)
        assert (await other.get(f"/api/v1/requests/{asked['request_id']}")).status_code == 404
        assert (await other.get("/api/v1/requests")).json()["requests"] == []
    far = await sign_in(dbs.tracking, Role.SHIFT_LEAD)
    assert (await far.get(f"/api/v1/requests/{asked['request_id']}")).status_code == 404
    auditor = await sign_in(dbs.city, Role.AUDITOR)
    assert (await auditor.post("/api/v1/requests", json=a_search())).status_code == 403
    lacking = await operator.post("/api/v1/requests", json=a_search(case_no=""))
    assert (lacking.status_code, lacking.json()["lacks"]) == (422, ["no-case"])


async def test_orders_and_holds_over_http(dbs: Dbs, sign_in: SignIn) -> None:
    investigator = await sign_in(dbs.city, Role.INVESTIGATOR)
    clerk, auditor = await sign_in(dbs.city, Role.COURT_CLERK), await sign_in(dbs.city, Role.AUDITOR)
    form = {
        "number": "2026-영장-1203",
        "issuer": "court",
        "statute": "CRIM-PROC 215",
        "opens": ["read_footage"],
        "resources": [str(CAMERA)],
        "from_at": NOW.isoformat(),
        "until_at": (NOW + 24 * HOUR).isoformat(),
        "reason": "영장 집행",
    }
    order = await investigator.post("/api/v1/orders", json=form)
    assert order.status_code == 201, order.text
    path = f"/api/v1/orders/{order.json()['order_id']}"
    assert (await investigator.post(f"{path}/confirm")).status_code == 403
    assert (await auditor.get("/api/v1/orders")).status_code == 403
    assert (await clerk.post(f"{path}/confirm")).status_code == 204
    [shown] = (await clerk.get("/api/v1/orders")).json()["orders"]
    assert (shown["number"], shown["state"]) == ("2026-영장-1203", "in_force")
    held = {
        "resources": [str(CAMERA)],
        "statute": "CRIM-PROC 184",
        "case_no": "2026-고합-77",
        "reason": "증거 보전",
        "until_at": (NOW + 24 * HOUR).isoformat(),
        "order_id": shown["order_id"],
    }
    hold = await clerk.post("/api/v1/holds", json=held)
    assert hold.status_code == 201, hold.text
    there = f"/api/v1/holds/{hold.json()['hold_id']}"
    later = {"reason": "재판이 길어짐", "until_at": (NOW + 48 * HOUR).isoformat()}
    assert (await clerk.post(f"{there}/renew", json=later)).status_code == 204
    assert (await auditor.get("/api/v1/holds")).status_code == 403
    assert (await clerk.post(f"{there}/release", json={"reason": "확정"})).status_code == 204
    [standing] = (await investigator.get("/api/v1/holds")).json()["holds"]
    assert standing["stands"], "until another person confirms"
    assert (standing["asked"]["change"], standing["asked"]["reason"]) == ("release", "확정")
    assert (await clerk.post(f"{there}/confirm")).status_code == 403
    assert (await investigator.post(f"{there}/leave")).status_code == 204
    assert (await investigator.post(f"{there}/confirm")).status_code == 409
    assert (await clerk.post(f"{there}/release", json={"reason": "확정"})).status_code == 204
    assert (await investigator.post(f"{there}/confirm")).status_code == 204
    assert [h["stands"] for h in (await clerk.get("/api/v1/holds")).json()["holds"]] == [False]
    assert (await investigator.post(f"{path}/withdraw", json={"reason": "집행 끝"})).status_code == 204
    assert (await clerk.get("/api/v1/orders")).json()["orders"][0]["state"] == "withdrawn"


async def test_break_glass_over_http(dbs: Dbs, sign_in: SignIn, clock: SimulatedClock) -> None:
    operator = await sign_in(dbs.city, Role.CENTRE_OPERATOR)
    officer, other = await sign_in(dbs.city, Role.PRIVACY_OFFICER), await sign_in(dbs.city, Role.CENTRE_OPERATOR)
    broken = await operator.post("/api/v1/grounds", json={"resources": [str(CAMERA)], "reason": "쓰러진 사람"})
    assert broken.status_code == 200, broken.text
    path = f"/api/v1/grounds/{broken.json()['ground_id']}"
    [mine] = (await operator.get("/api/v1/grounds?kind=vital_interest")).json()["grounds"]
    assert (mine["state"], mine["mine"], mine["told_at"]) == ("open", True, None)
    assert (await other.get("/api/v1/grounds")).json()["grounds"] == []
    [seen] = (await officer.get("/api/v1/grounds")).json()["grounds"]
    assert (seen["reason"], seen["mine"]) == ("쓰러진 사람", False)
    assert (await officer.get("/api/v1/grounds?kind=order")).status_code == 422
    assert (await operator.post(f"{path}/close")).status_code == 204
    assert (await other.post(f"{path}/justify", json={"justification": "남의 것"})).status_code == 404
    assert (await operator.post(f"{path}/justify", json={"justification": "통화하며 보았다"})).status_code == 204
    assert (await other.post(f"{path}/judge", json={"accepted": True, "reason": "좋음"})).status_code == 403
    assert (await officer.post(f"{path}/judge", json={"accepted": True, "reason": "분명함"})).status_code == 204
    [done] = (await operator.get("/api/v1/grounds")).json()["grounds"]
    assert (done["state"], done["judgement"]) == ("accepted", "분명함")
    assert done["told_at"] is not None


@pytest.mark.requirement("EM-12")
async def test_a_neighbour_over_http_reads_nothing_until_it_is_switched_on_and_ordered(
    dbs: Dbs, make: Make, app: FastAPI
) -> None:

    seats = [await make(dbs.city, Role.NEIGHBOUR, subject_id=new_id())]

    async def signed_in(_: Any) -> Any:
        return seats[-1]

    app.state.sign_in = signed_in
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
        assert (await client.get("/api/v1/disclosures")).status_code == 403
        switch_notices(True)
        try:
            assert (await client.get("/api/v1/disclosures")).json() == {"notices": []}
            seats.append(await make(dbs.city, Role.SCOUT))
            assert (await client.get("/api/v1/disclosures")).status_code == 403  # not even that there is none
            seats.pop()
            notice = NoticeGiven(
                fact_id=FactId(new_id()),
                happened_at=NOW,
                notice_id=new_id(),
                statute="CHILD-SEX-ACT 50",
                from_at=NOW + HOUR,
                until_at=NOW + 2 * HOUR,
                ends_at=NOW + 24 * HOUR,
                lat=37.4975,
                lon=127.0291,
                radius_m=800,
                text="법원의 명령에 따라 알립니다",
                author="해담보호관찰소",
            )
            async with dbs.city.transaction() as tx:
                await hear_given(tx, notice, TRACKING_CENTRE)
            [told] = (await client.get("/api/v1/disclosures")).json()["notices"]
        finally:
            switch_notices(False)
        assert (told["side_m"], told["lat"]) == (500.0, 37.4975)
        assert set(told) == {"notice_id", "lat", "lon", "side_m", "from_at", "until_at", "ends_at", "ground", *NOTICE}
        assert [told[k] for k in NOTICE] == [800.0, "법원의 명령에 따라 알립니다", "해담보호관찰소"]
        assert (await client.get("/api/v1/disclosures")).status_code == 403
    assert ("neighbour", True) in await asked_of_the_ledger(dbs.city, "read_disclosure")
