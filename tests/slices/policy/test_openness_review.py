"""A month of the real ledger folded into a review, judged, signed, downloaded with a reason, and published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.policy.conftest import Make

from ansimnet.facts.dispatch import IncidentClosed, IncidentOpened
from ansimnet.facts.footage import ProvisionGiven, ProvisionRequested
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    TRACKING_CENTRE,
    AlarmId,
    FactId,
    IncidentId,
    ProvisionId,
    SubjectId,
    WearerId,
    new_id,
)
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.ledger.witness import Countersigned, keep_countersign
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api import audit, openness, proofs, transparency
from ansimnet.slices.policy.api import review as api_review
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.model import Account, SeatMonth
from ansimnet.slices.policy.queries import review
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store import review as store

OCTOBER = date(2026, 10, 1)
IN_OCTOBER = datetime(2026, 10, 13, 2, 0, tzinfo=UTC)
AFTER = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
PASSWORD = "정말-긴-비밀번호-07"


async def sealed(dbs: Dbs, folder: Path) -> None:
    """Number and sign everything that has committed."""
    keys = {db.centre_id: db.keys for db in (dbs.tracking, dbs.city) if db.keys is not None}
    await Sealer(dbs.sealer, keys, folder).once(checkpoint=True)


async def look(db: Db, account: Account, subject: UUID | None, at: datetime, purpose: Purpose, screen: str) -> None:
    try:
        await queries.permit(db, account, Act.READ_WEARER, resource=subject, purpose=purpose, screen=screen, now=at)
    except Forbidden:
        assert purpose is Purpose.PROTECT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
async def busy(make: Make, dbs: Dbs, folder: Path) -> Account:
    """An October in which one controller looks up one person night after night, and is refused a few times."""
    db = dbs.tracking
    controller = await make(db, Role.TRACKING_CONTROLLER)
    wearer = WearerId(new_id())
    for k in range(12):
        await look(db, controller, wearer, IN_OCTOBER + timedelta(days=k), Purpose.SUPERVISE, f"t{k}")
    for other in range(8):
        await look(db, controller, new_id(), IN_OCTOBER + timedelta(hours=other), Purpose.SUPERVISE, f"o{other}")
    for k in range(4):
        await look(db, controller, wearer, IN_OCTOBER + timedelta(minutes=k), Purpose.PROTECT, f"r{k}")
    # one look that an incident explains
    explained = WearerId(new_id())
    async with db.transaction() as tx:
        opened = IncidentOpened(
            fact_id=FactId(new_id()), happened_at=IN_OCTOBER, incident_id=IncidentId(new_id()), code="I-2610-0001",
            alarm_id=AlarmId(new_id()), wearer_id=explained, protected_person_id=None, trigger=Trigger.TAMPER,
            certain=True,
        )  # fmt: skip
        await ledger.append(tx, opened, actor="system:dispatch")
    for k in range(9):
        at = IN_OCTOBER + timedelta(days=k, minutes=3)
        await look(db, controller, explained, at, Purpose.RESPOND, f"x{k}")
    await sealed(dbs, folder)
    return controller


def test_incident_closed_has_a_kind() -> None:
    assert IncidentClosed.kind == "dispatch.incident.closed.v1"


@pytest.mark.requirement("EM-16")
async def test_a_month_is_folded_from_the_ledger_and_the_same_ledger_gives_the_same_review(
    dbs: Dbs, busy: Account
) -> None:
    db = dbs.tracking
    async with db.transaction() as tx:
        first = await review.draft(tx, OCTOBER, AFTER)
    async with db.transaction() as tx:
        again = await review.draft(tx, OCTOBER, AFTER + timedelta(hours=1))
        found = await review.review_of(tx, OCTOBER)
        told = await tx.all("select body from ledger_entry where kind = 'policy.review.drafted.v1'")
    assert first is not None
    assert again is not None
    assert (again.document, again.review_id) == (first.document, first.review_id)
    assert len(told) == 1  # the same document is told once
    assert json.loads(bytes(told[0][0]))["sha256"] == hashlib.sha256(first.document.encode()).hexdigest()
    assert found.document["totals"] == {
        "decisions": 33, "refused": 4, "looks": 29, "seats": 1, "break_glass": 0, "downloads": 0,
    }  # fmt: skip
    kinds = {a["kind"]: a for a in found.document["anomalies"]}
    assert set(kinds) == {"same_subject", "refused_series"}
    assert kinds["same_subject"]["value"] == 12
    assert busy.login not in found.row.document
    assert found.seats[busy.account_id] == busy.login


@pytest.mark.requirement("EM-16")
async def test_a_review_is_signed_once_everything_is_judged_and_then_stands(
    make: Make, dbs: Dbs, busy: Account
) -> None:
    db = dbs.tracking
    privacy = await make(db, Role.PRIVACY_OFFICER)
    async with db.transaction() as tx:
        await review.draft(tx, OCTOBER, AFTER)
    with pytest.raises(review.NotJudged) as refused:
        async with db.transaction() as tx:
            await review.sign(tx, OCTOBER, "이상 없음을 확인했습니다", privacy, AFTER)
    for key in refused.value.facts["missing"]:
        async with db.transaction() as tx:
            await review.judge(tx, f"anomaly:{key}", "ask", "설명을 요청함", privacy.account_id, AFTER)
    async with db.transaction() as tx:
        await review.sign(tx, OCTOBER, "두 건의 설명을 받기로 함", privacy, AFTER)
    with pytest.raises(review.Signed):
        async with db.transaction() as tx:
            await review.sign(tx, OCTOBER, "다시", privacy, AFTER)
    async with db.transaction() as tx:
        assert await review.draft(tx, OCTOBER, AFTER) is None
        kinds = [r[0] for r in await tx.all("select kind from ledger_entry where actor = %s order by recorded_at",
                                            (f"account:{privacy.account_id}",))]  # fmt: skip
        met = await tx.one("select body from ledger_entry where kind = 'duties.duty.met.v1'")
    assert kinds[-3:] == ["policy.access.judged.v1", "policy.review.signed.v1", "duties.duty.met.v1"]
    assert met is not None
    assert json.loads(bytes(met[0]))["rule"] == "access-review"


async def test_the_running_month_is_no_draft_and_cannot_be_signed(make: Make, dbs: Dbs, busy: Account) -> None:
    privacy = await make(dbs.tracking, Role.PRIVACY_OFFICER)
    during = datetime(2026, 10, 28, tzinfo=UTC)
    async with dbs.tracking.transaction() as tx:
        row = await review.draft(tx, OCTOBER, during)
        assert row is not None
        assert row.state == "running"
        assert await store.list_releases(tx) == []
        with pytest.raises(review.NotJudged):
            await review.sign(tx, OCTOBER, "아직 끝나지 않은 달", privacy, during)


async def test_the_job_drafts_the_month_that_is_over_and_keeps_the_running_one(dbs: Dbs, busy: Account) -> None:
    async with dbs.tracking.transaction() as tx:
        await review.draft_due(tx, AFTER)
        states = [(f"{r.month:%Y-%m}", r.state) for r in await review.reviews(tx)]
        (_, _, document, sha256), *rest = await store.list_releases(tx)
    assert states == [("2026-11", "running"), ("2026-10", "draft")]
    assert rest == []
    assert hashlib.sha256(document.encode()).digest() == sha256


async def test_seats_are_compared_with_their_own_months_before(dbs: Dbs, busy: Account) -> None:
    async with dbs.tracking.transaction() as tx:
        for month in (7, 8, 9):
            before = SeatMonth(account_id=busy.account_id, role=busy.role, looks=2, days={date(2026, month, 3): 2})
            await store.put_months(tx, date(2026, month, 1), [before])
        await review.draft(tx, OCTOBER, AFTER)
        found = await review.review_of(tx, OCTOBER)
    assert "volume_month" in {a["kind"] for a in found.document["anomalies"]}


@pytest.mark.requirement("EM-16")
async def test_a_declared_acquaintance_looked_up_is_the_first_thing_in_the_review(dbs: Dbs, busy: Account) -> None:
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select resources[1] from policy_question where act = 'read_wearer' limit 1")
        assert row is not None
        await queries.declare_acquaintance(tx, busy, row[0], True, AFTER)
        await review.draft(tx, OCTOBER, AFTER)
        found = await review.review_of(tx, OCTOBER)
    first = found.document["anomalies"][0]
    assert (first["kind"], first["broken"], first["subject"]) == ("acquaintance", True, str(row[0]))


# ------------------------------------------------------------------------------------------------- over HTTP


@pytest.fixture
def app(dbs: Dbs, folder: Path) -> FastAPI:
    built = FastAPI()
    platform_http.install(built)
    for router in (
        api_sessions.router, openness.router, api_review.router, audit.router, proofs.router, transparency.router,
    ):  # fmt: skip
        built.include_router(router)
    api_sessions.install(built, Desk(dbs, SimulatedClock(AFTER)))
    built.state.ledger_folder = folder
    return built


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as opened:
        yield opened


async def signed_in(client: httpx.AsyncClient, account: Account) -> None:
    answer = await client.post("/api/v1/session", json={"login": account.login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrf"]


@pytest.mark.requirement("EM-16")
async def test_nothing_leaves_the_system_without_a_reason(
    make: Make, dbs: Dbs, busy: Account, client: httpx.AsyncClient, folder: Path
) -> None:
    await signed_in(client, await make(dbs.tracking, Role.AUDITOR, password=PASSWORD))
    form = {"what": "looks", "reason_kind": "audit", "reason": "확인"}
    refused = await client.post("/api/v1/downloads", json=form)
    assert refused.json()["type"].endswith("no-download-reason")
    given = await client.post(
        "/api/v1/downloads", json={**form, "reason": "10월 접속기록 점검표에 붙임", "allowed": False}
    )
    assert given.status_code == 200, given.text
    lines = given.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("seq,at,seat,role")
    assert busy.login in lines[1]
    async with dbs.tracking.transaction() as tx:
        (fact,) = await tx.all("select body from ledger_entry where kind = 'policy.download.made.v1'")
        (row,) = await store.list_downloads(tx)
    body = json.loads(bytes(fact[0]))
    assert body["sha256"] == hashlib.sha256(given.content).hexdigest()
    assert "점검표" not in str(body)
    assert (row[5], row[8]) == (4, "10월 접속기록 점검표에 붙임")


async def test_the_auditor_sees_who_saw_what_and_checks_it_without_us(
    make: Make, dbs: Dbs, busy: Account, client: httpx.AsyncClient
) -> None:
    await signed_in(client, await make(dbs.tracking, Role.AUDITOR, password=PASSWORD))
    page = (await client.get("/api/v1/ledger/looks", params={"seat": busy.login, "limit": 20})).json()
    rest = (await client.get("/api/v1/ledger/looks", params={"seat": busy.login, "before": page["next"]})).json()
    assert (len(page["looks"]), len(rest["looks"]), rest["next"]) == (20, 13, None)
    one = page["looks"][0]
    subject = one["resources"][0]
    about = (await client.get("/api/v1/ledger/looks", params={"subject": subject})).json()["looks"]
    assert {tuple(x["resources"]) for x in about} == {(subject,)}
    refused = (await client.get("/api/v1/ledger/looks", params={"allowed": False})).json()["looks"]
    assert len(refused) == 4
    assert refused[0]["reasons"][0]["ko"]
    proof = (await client.get("/api/v1/ledger/inclusion", params={"seq": one["seq"]})).json()
    assert proof["entry"]["header"]["entry_id"] == one["look_id"]
    walked = await client.post("/api/v1/ledger/verify")
    assert walked.status_code == 200, walked.text
    assert (walked.json()["whole"], walked.json()["findings"]) == (True, [])


async def test_the_board_says_what_is_open_and_owed(
    make: Make, dbs: Dbs, busy: Account, client: httpx.AsyncClient
) -> None:
    await signed_in(client, await make(dbs.tracking, Role.PRIVACY_OFFICER, password=PASSWORD))
    assert (await client.post("/api/v1/reviews", json={"month": "2026-11"})).status_code == 204
    assert (await client.post("/api/v1/reviews", json={"month": "2026-10"})).status_code == 204
    board = (await client.get("/api/v1/board")).json()
    assert board["review"] == {"month": "2026-10", "state": "draft", "due_at": "2026-12-01T00:00:00+09:00"}
    assert board["chain"]["signed"] == board["chain"]["seq"]
    assert board["chain"]["witnesses"] == []
    seen = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
    async with dbs.tracking.transaction() as tx:
        for size in (1, 2):
            await keep_countersign(tx, Countersigned(CITY_CENTRE, size, "a-key", b"said", seen))
    chain = (await client.get("/api/v1/board")).json()["chain"]
    assert chain["witnesses"] == [{"centre_id": str(CITY_CENTRE), "size": 2, "signed_at": "2026-11-02T03:00:00Z"}]
    found = (await client.get("/api/v1/reviews/2026-10")).json()
    for anomaly in found["anomalies"]:
        about = {"about": f"anomaly:{anomaly['key']}", "finding": "fine"}
        assert (await client.post("/api/v1/judgements", json=about)).status_code == 201
    signed = await client.post("/api/v1/reviews/2026-10/sign", json={"note": "두 건 모두 근무표로 확인함"})
    assert signed.status_code == 204, signed.text
    assert (await client.get("/api/v1/board")).json()["review"]["state"] == "signed"


@pytest.mark.parametrize("path", ["board", "reviews", "reviews/2026-10", "downloads"])
async def test_a_controller_reviews_nobody(make: Make, dbs: Dbs, client: httpx.AsyncClient, path: str) -> None:
    await signed_in(client, await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD))
    assert (await client.get(f"/api/v1/{path}")).status_code == 403


async def test_an_auditor_reads_the_review_and_neither_judges_nor_signs_it(
    make: Make, dbs: Dbs, busy: Account, client: httpx.AsyncClient
) -> None:
    await signed_in(client, await make(dbs.tracking, Role.AUDITOR, password=PASSWORD))
    await client.post("/api/v1/reviews", json={"month": "2026-10"})
    assert (await client.get("/api/v1/reviews/2026-10")).status_code == 200
    answer = await client.post("/api/v1/reviews/2026-10/sign", json={"note": "감사가 대신 서명함"})
    assert answer.status_code == 403
    found = {"about": "entry:1", "finding": "fine", "note": "감사가 대신 판단함"}
    assert (await client.post("/api/v1/judgements", json=found)).status_code == 403


# ------------------------------------------------------------------------------------------------- the public's page


async def provisions(db: Db, many: int, given: int) -> None:
    async with db.transaction() as tx:
        for k in range(many):
            provision_id = ProvisionId(new_id())
            asked = ProvisionRequested(
                fact_id=FactId(new_id()), happened_at=IN_OCTOBER, provision_id=provision_id,
                from_centre=TRACKING_CENTRE, to_centre=CITY_CENTRE, alarm_id=AlarmId(new_id()),
                subject_id=SubjectId(new_id()), trigger="tamper", statute="PIPA 18(2)7", lat=37.5, lon=127.0,
                error_m=9.0, speed_mps=None, course_deg=None, seen_at=IN_OCTOBER,
            )  # fmt: skip
            await ledger.append(tx, asked, actor="system:footage")
            if k < given:
                gave = ProvisionGiven(
                    fact_id=FactId(new_id()), happened_at=IN_OCTOBER, provision_id=provision_id,
                    from_centre=TRACKING_CENTRE, to_centre=CITY_CENTRE, cameras=(), not_after=AFTER,
                )  # fmt: skip
                await ledger.append(tx, gave, actor="system:footage")


@pytest.mark.requirement("DI-04", "ST-04")
async def test_everybody_reads_months_by_agency_purpose_ground_and_answer(
    dbs: Dbs, busy: Account, client: httpx.AsyncClient, folder: Path
) -> None:
    await provisions(dbs.city, 31, 22)
    await sealed(dbs, folder)
    for db in (dbs.tracking, dbs.city):
        async with db.transaction() as tx:
            await review.draft(tx, OCTOBER, AFTER)
    answer = await client.get("/api/v1/transparency")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    tracking, city = answer.json()["centres"]
    (october,) = city["months"]
    assert october["provisions"] == {
        "rows": ["justice"], "columns": ["given", "open"], "cells": [[22, 9]], "row_totals": [31],
        "column_totals": [22, 9],
    }  # fmt: skip
    assert city["averages"] == {"justice": {"per_month": 31.0, "months": 1}}
    shown = tracking["months"][0]
    assert shown["total"] == 33
    printed = [n for row in shown["decisions"]["cells"] for n in row if n is not None]
    assert all(n == 0 or n >= 5 for n in printed)
    whole = json.dumps(answer.json())
    for nobody in (busy.login, str(busy.account_id)):
        assert nobody not in whole
    assert city["checkpoint"]["root"]


@pytest.mark.requirement("DI-04")
async def test_the_published_bytes_are_the_ones_whose_hash_stands_on_the_ledger(
    dbs: Dbs, busy: Account, client: httpx.AsyncClient, folder: Path
) -> None:
    async with dbs.tracking.transaction() as tx:
        await review.draft(tx, OCTOBER, AFTER)
    published = await client.get("/api/v1/transparency/tracking/2026-10")
    async with dbs.tracking.transaction() as tx:
        (fact,) = await tx.all("select body from ledger_entry where kind = 'policy.release.published.v1'")
    assert json.loads(bytes(fact[0]))["sha256"] == hashlib.sha256(published.content).hexdigest()
    async with dbs.tracking.transaction() as tx:  # and no second draft changes what is published
        await review.draft(tx, OCTOBER, AFTER + timedelta(days=1))
    assert (await client.get("/api/v1/transparency/tracking/2026-10")).content == published.content
    missing: list[Any] = [await client.get(f"/api/v1/transparency/{p}") for p in ("tracking/2025-01", "mars/2026-10")]
    assert [m.status_code for m in missing] == [404, 404]


async def test_a_network_that_asks_without_end_is_told_to_wait(client: httpx.AsyncClient) -> None:
    answers = [(await client.get("/api/v1/transparency")).status_code for _ in range(40)]
    assert answers[0] == 200
    assert answers[-1] == 429
