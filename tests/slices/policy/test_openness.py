"""A person reads who looked: victim, wearer, citizen. What a law keeps back is not there, not even as a gap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.policy.conftest import NOW, Make

from ansimnet.kernel.clock import KST, SimulatedClock
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api import openness
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.model import Account, Statute
from ansimnet.slices.policy.queries.looks import answer_about, ask_about, handle_of, own_looks
from ansimnet.slices.policy.service import Desk


async def looked(db: Db, account: Account, subject: UUID, at: datetime, act: Act = Act.READ_WEARER) -> None:
    """Look at a person by duty."""
    purpose = Purpose.PROTECT if act is Act.READ_PROTECTED else Purpose.SUPERVISE
    await queries.permit(db, account, act, resource=subject, purpose=purpose, screen="test", now=at)


async def hidden(db: Db, investigator: Account, subject: UUID, at: datetime, until: datetime) -> UUID:
    """Put an order on file whose looks a law keeps back, and look under it."""
    async with db.transaction() as tx:
        ground_id = await queries.grant_ground(
            tx,
            GroundKind.ORDER,
            Statute.PIPA_18_2_7,
            resources={subject},
            until_at=at + timedelta(minutes=20),
            now=at,
            hidden_until_at=until,
            actor="system:policy",
        )
    for minutes in (1, 5, 25):  # the last one is refused: the order has ended
        try:
            await queries.permit(
                db,
                investigator,
                Act.READ_WEARER,
                resource=subject,
                purpose=Purpose.INVESTIGATE,
                screen=f"test-{minutes}",
                now=at + timedelta(minutes=minutes),
            )
        except Forbidden:
            assert minutes == 25
    return ground_id


@pytest.fixture
def app(dbs: Dbs, clock: SimulatedClock) -> FastAPI:
    built = FastAPI()
    platform_http.install(built)
    built.include_router(api_sessions.router)
    built.include_router(openness.router)
    api_sessions.install(built, Desk(dbs, clock))
    return built


@pytest.fixture
async def phone(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8700", headers={"user-agent": "Android"}
    ) as client:
        yield client


async def enrolled(db: Db, client: httpx.AsyncClient, role: Role) -> UUID:
    """Enrol a phone by its code and return whose it is."""
    subject = new_id()
    async with db.transaction() as tx:
        _, code = await queries.new_phone(tx, role=role, display="본인", subject_id=subject, now=NOW)
    door = "phone" if role is Role.VICTIM else "me"
    answer = await client.post(f"/api/v1/{door}/enrol", json={"code": code})
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    return subject


@pytest.mark.requirement("EM-16", "CC-03")
async def test_a_victim_reads_who_looked_and_who_was_refused(
    make: Make, dbs: Dbs, phone: httpx.AsyncClient, clock: SimulatedClock
) -> None:
    db = dbs.tracking
    subject = await enrolled(db, phone, Role.VICTIM)
    assert (await phone.get("/api/v1/me/access")).json()["looks"] == []
    officer = await make(db, Role.PROBATION_OFFICER)
    await looked(db, officer, subject, NOW, Act.READ_PROTECTED)
    controller = await make(db, Role.TRACKING_CONTROLLER)
    with pytest.raises(Forbidden):
        await looked(db, controller, subject, NOW + timedelta(minutes=1), Act.READ_PROTECTED)
    clock.advance(timedelta(minutes=45))
    shown = (await phone.get("/api/v1/me/access")).json()
    refused, seen = shown["looks"]
    assert (seen["granted"], refused["granted"]) == (True, False)
    assert seen["organisation"]["ko"] == "보호관찰소"
    assert seen["duration_s"] == 1800
    assert seen["ground"]
    assert refused["reasons"][0]["ko"]
    assert officer.login not in str(shown)
    assert str(officer.account_id) not in str(shown)


async def test_own_looks_of_others_are_nobodys_business(make: Make, dbs: Dbs, phone: httpx.AsyncClient) -> None:
    db = dbs.tracking
    await enrolled(db, phone, Role.VICTIM)
    officer = await make(db, Role.PROBATION_OFFICER)
    await looked(db, officer, new_id(), NOW, Act.READ_PROTECTED)
    assert (await phone.get("/api/v1/me/access")).json()["looks"] == []


@pytest.mark.requirement("EM-16")
async def test_a_wearer_reads_the_days_that_are_over(
    make: Make, dbs: Dbs, phone: httpx.AsyncClient, clock: SimulatedClock
) -> None:
    db = dbs.tracking
    subject = await enrolled(db, phone, Role.WEARER)
    director = await make(db, Role.OFFICE_DIRECTOR)
    await looked(db, director, subject, NOW)
    today = (await phone.get("/api/v1/me/access")).json()
    assert today["looks"] == []
    assert today["days_over"]
    midnight = datetime.fromisoformat(today["until"])
    assert midnight == NOW.astimezone(KST).replace(hour=0, minute=0, second=0)
    clock.advance(timedelta(days=1))
    tomorrow = (await phone.get("/api/v1/me/access")).json()
    assert [x["role"]["ko"] for x in tomorrow["looks"]] == ["보호관찰소장"]


async def test_a_citizen_reads_the_page_of_the_citys_centre(dbs: Dbs, phone: httpx.AsyncClient) -> None:
    await enrolled(dbs.city, phone, Role.CITIZEN)
    assert (await phone.get("/api/v1/me/access")).json()["looks"] == []


@pytest.mark.requirement("EM-16", "ST-04")
@pytest.mark.parametrize("role", [Role.VICTIM, Role.WEARER])
async def test_what_a_law_keeps_back_leaves_no_trace_at_all(
    make: Make, dbs: Dbs, phone: httpx.AsyncClient, clock: SimulatedClock, role: Role
) -> None:
    """Byte for byte the same answer before and after looks that are kept back, a refusal that tells of them too."""
    db = dbs.tracking
    subject = await enrolled(db, phone, role)
    director = await make(db, Role.OFFICE_DIRECTOR)
    investigator = await make(db, Role.INVESTIGATOR)
    await looked(db, director, subject, NOW - timedelta(days=3))
    clock.advance(timedelta(days=2))
    phone_before = await phone.get("/api/v1/me/access")
    until = clock.now() + timedelta(days=30)
    await hidden(db, investigator, subject, NOW - timedelta(days=2), until)
    phone_after = await phone.get("/api/v1/me/access")
    assert phone_after.content == phone_before.content
    assert phone_after.headers == phone_before.headers
    later = NOW - timedelta(days=1)
    older = await phone.get("/api/v1/me/access", params={"before": later.isoformat()})
    assert len(older.json()["looks"]) == 1
    # a handle of a look that is kept back is as unknown as one nobody made
    async with db.transaction() as tx:
        kept = await tx.all("select question_id from policy_question where role = 'investigator'")
    assert len(kept) == 3
    answers = [
        await phone.post(f"/api/v1/me/access/{handle}/ask", json={"words": "왜요?"})
        for handle in [*(handle_of(subject, k[0]) for k in kept), "0" * 24]
    ]
    assert {a.status_code for a in answers} == {404}
    assert len({a.content for a in answers}) == 1
    # and when the law's time is over, they are there
    async with db.transaction() as tx:
        assert len(await queries.looks(tx, [subject], until + timedelta(seconds=1))) == 4


@pytest.mark.requirement("EM-16")
async def test_a_full_page_of_looks_is_the_same_page_with_hidden_ones_between(make: Make, dbs: Dbs) -> None:
    db = dbs.tracking
    subject = new_id()
    victim = await make(db, Role.VICTIM, subject_id=subject)
    officer = await make(db, Role.PROBATION_OFFICER)
    investigator = await make(db, Role.INVESTIGATOR)
    for k in range(104):
        await looked(db, officer, subject, NOW + timedelta(minutes=31 * k), Act.READ_PROTECTED)
    now = NOW + timedelta(days=5)
    async with db.transaction() as tx:
        before = await own_looks(tx, victim, now)
    assert before.more
    assert len(before.looks) == 100
    await hidden(db, investigator, subject, NOW + timedelta(hours=30), now + timedelta(days=9))
    async with db.transaction() as tx:
        after = await own_looks(tx, victim, now)
        rest = await own_looks(tx, victim, now, before=after.looks[-1].look.at)
    assert after == before
    assert len(rest.looks) == 4


async def test_she_asks_the_officer_answers_and_both_stand_on_the_ledger(make: Make, dbs: Dbs) -> None:
    db = dbs.tracking
    subject = new_id()
    victim = await make(db, Role.VICTIM, subject_id=subject)
    officer = await make(db, Role.PROBATION_OFFICER)
    privacy = await make(db, Role.PRIVACY_OFFICER)
    await looked(db, officer, subject, NOW, Act.READ_PROTECTED)
    later = NOW + timedelta(minutes=5)
    async with db.transaction() as tx:
        (own,) = (await own_looks(tx, victim, later)).looks
        complaint_id = await ask_about(tx, victim, own.handle, "왜 보셨는지 알고 싶어요", later)
    with pytest.raises(Conflict):
        async with db.transaction() as tx:
            await ask_about(tx, victim, own.handle, "다시", later)
    async with db.transaction() as tx:
        await answer_about(tx, complaint_id, privacy.account_id, "정기 점검이었습니다", later)
    with pytest.raises(NotFound):
        async with db.transaction() as tx:
            await answer_about(tx, complaint_id, privacy.account_id, "또", later)
    async with db.transaction() as tx:
        (own,) = (await own_looks(tx, victim, later)).looks
        facts = await tx.all(
            "select kind, body from ledger_entry where kind like 'policy.look.%%' order by recorded_at"
        )
        stored = await tx.one("select words_sealed from policy_complaint")
    assert own.answer == "정기 점검이었습니다"
    assert [f[0] for f in facts] == ["policy.look.questioned.v1", "policy.look.answered.v1"]
    assert "알고 싶어요".encode() not in b"".join(bytes(f[1]) for f in facts)
    assert stored is not None
    assert "알고 싶어요".encode() not in bytes(stored[0])


async def test_an_account_of_a_desk_has_no_such_page(make: Make, dbs: Dbs, phone: httpx.AsyncClient) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR, password="정말-긴-비밀번호-07")
    answer = await phone.post("/api/v1/session", json={"login": auditor.login, "password": "정말-긴-비밀번호-07"})
    assert answer.status_code == 200
    assert (await phone.get("/api/v1/me/access")).status_code == 403
