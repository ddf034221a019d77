"""Sessions, permits, accounts and the ledger over HTTP, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, PermitId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.jobs import JobRun
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.telemetry import FAULTS
from ansimnet.slices.policy import jobs, queries, service
from ansimnet.slices.policy.api import accounts as api_accounts
from ansimnet.slices.policy.api import routes as api
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.model import Account, Decision, Ground, Question, Relations
from ansimnet.slices.policy.rules import Rulebook
from ansimnet.slices.policy.store import factors

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
PASSWORD = "정말-긴-비밀번호-07"
HERE = "http://127.0.0.1:8700"
Make = Callable[..., Awaitable[Account]]


@pytest.fixture
def app(dbs: Dbs, clock: SimulatedClock) -> FastAPI:
    built = FastAPI()
    platform_http.install(built)
    built.include_router(api_sessions.router)
    built.include_router(api_accounts.router)
    built.include_router(api.router)
    api_sessions.install(built, service.Desk(dbs, clock))
    return built


Browser = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    opened: list[httpx.AsyncClient] = []

    def new(base: str = HERE, address: str = "127.0.0.1", agent: str = "Windows") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 40000), raise_app_exceptions=False)
        opened.append(httpx.AsyncClient(transport=transport, base_url=base, headers={"user-agent": agent}))
        return opened[-1]

    yield new
    for client in opened:
        await client.aclose()


async def sign_in(client: httpx.AsyncClient, account: Account, password: str = PASSWORD) -> httpx.Response:
    answer = await client.post("/api/v1/session", json={"login": account.login, "password": password})
    if answer.status_code == 200:
        client.headers["x-csrf-token"] = answer.json()["csrf"]
    return answer


async def test_sign_in_says_who_and_sets_a_strict_cookie(make: Make, dbs: Dbs, browser: Browser) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    client = browser()
    assert (await client.get("/api/v1/session")).status_code == 401
    answer = await sign_in(client, controller)
    shown = answer.json()["account"]
    assert (shown["login"], shown["role"], shown["centre_kind"], shown["locale"]) == (
        controller.login,
        "tracking_controller",
        "tracking",
        "ko",
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("ansimnet_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    again = await client.get("/api/v1/session")
    assert again.json() == answer.json()
    assert again.headers["cache-control"] == "no-store"
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("base", ["https://ansimnet.example", "http://10.0.0.7:8700"])
async def test_anywhere_but_on_this_machine_the_cookie_is_secure(
    make: Make, dbs: Dbs, browser: Browser, base: str
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    client = browser(base)
    cookie = (await sign_in(client, controller)).headers["set-cookie"]
    assert cookie.startswith("__Host-ansimnet_session=")
    assert "; Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    # The plain cookie opens nothing here, whoever planted it.
    planted = browser(base)
    planted.cookies.set("ansimnet_session", cookie.split("=", 1)[1].split(";")[0])
    assert (await planted.get("/api/v1/session")).status_code == 401


async def test_unknown_login_wrong_password_and_disabled_account_answer_alike(
    make: Make, dbs: Dbs, browser: Browser
) -> None:
    known = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    gone = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    async with dbs.tracking.transaction() as tx:
        await tx.execute("update policy_account set disabled_at = %s where account_id = %s", (NOW, gone.account_id))
    answers = [
        await browser().post("/api/v1/session", json={"login": login, "password": password})
        for login, password in [("nobody", PASSWORD), (known.login, "wrong"), (gone.login, PASSWORD)]
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1


async def test_the_token_is_new_at_every_sign_in_and_the_old_one_ends(make: Make, dbs: Dbs, browser: Browser) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    client = browser()
    client.cookies.set("ansimnet_session", "t.planted-by-somebody-else")
    await sign_in(client, controller)
    first = client.cookies["ansimnet_session"] if len(client.cookies.jar) == 1 else None
    tokens = [c.value for c in client.cookies.jar if c.value and "planted" not in c.value]
    assert tokens
    assert first is None or "planted" not in first
    stale = browser()
    stale.cookies.set("ansimnet_session", str(tokens[0]))
    assert (await stale.get("/api/v1/session")).status_code == 200
    fresh = browser()
    fresh.cookies.set("ansimnet_session", str(tokens[0]))
    await sign_in(fresh, controller)
    assert (await stale.get("/api/v1/session")).status_code == 401
    async with await psycopg.AsyncConnection.connect(dbs.tracking.url) as conn:
        kept = await (await conn.execute("select token_sha256::text from policy_session")).fetchall()
    assert all(str(tokens[0]) not in str(k) for k in kept)


async def test_a_write_needs_the_sessions_own_csrf_token_and_origin(make: Make, dbs: Dbs, browser: Browser) -> None:
    admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    other = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    client, second = browser(), browser()
    await sign_in(client, admin)
    await sign_in(second, other)
    body = {"login": "new-desk", "role": "auditor", "display": "감사", "password": PASSWORD}
    mine = client.headers["x-csrf-token"]
    for headers in (
        {"x-csrf-token": ""},
        {"x-csrf-token": second.headers["x-csrf-token"]},
        {"x-csrf-token": mine, "origin": "https://evil.example"},
        {"x-csrf-token": mine, "origin": "null"},
    ):
        refused = await client.post("/api/v1/accounts", json=body, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:ansimnet:problem:bad-csrf")
    made = await client.post("/api/v1/accounts", json=body, headers={"origin": HERE})
    assert made.status_code == 201
    foreign = await browser().post(
        "/api/v1/session",
        json={"login": admin.login, "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert foreign.status_code == 403


async def test_a_desk_ends_when_idle_and_at_the_end_of_the_longest_shift(
    make: Make, dbs: Dbs, browser: Browser, clock: SimulatedClock
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    client = browser()
    await sign_in(client, controller)
    for _ in range(24):  # somebody is there every 29 minutes, and 11 h 36 min pass
        clock.advance(timedelta(minutes=29))
        assert (await client.get("/api/v1/session")).status_code == 200
    clock.advance(timedelta(minutes=25))
    assert (await client.get("/api/v1/session")).status_code == 401
    await sign_in(client, controller)
    clock.advance(timedelta(minutes=30))
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_guessing_is_slowed_and_the_right_password_waits_too(
    make: Make, dbs: Dbs, browser: Browser, clock: SimulatedClock
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    attacker = browser(address="203.0.113.9")
    for _ in range(6):
        assert (await sign_in(attacker, controller, "guess")).status_code == 401
    blocked = await sign_in(attacker, controller)
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) >= 1
    at_desk = browser(address="198.51.100.4")  # the controller himself is elsewhere and gets in
    assert (await sign_in(at_desk, controller)).status_code == 200
    waits = []
    for _ in range(8):
        clock.advance(timedelta(seconds=int(blocked.headers["retry-after"])))
        assert (await sign_in(attacker, controller, "guess")).status_code == 401
        blocked = await sign_in(attacker, controller, "guess")
        waits.append(int(blocked.headers["retry-after"]))
    assert waits == sorted(waits)
    assert waits[-1] >= 256  # it doubles


async def test_a_code_makes_a_phone_once_and_the_phone_keeps_its_session(
    dbs: Dbs, browser: Browser, clock: SimulatedClock
) -> None:
    person = new_id()
    async with dbs.tracking.transaction() as tx:
        account_id, code = await queries.new_phone(
            tx, role=Role.VICTIM, display="P-207", subject_id=person, now=clock.now()
        )
    phone = browser(agent="Mozilla/5.0 (Linux; Android 15)")
    assert (await phone.post("/api/v1/unit/enrol", json={"code": code})).status_code == 401
    enrolled = await phone.post("/api/v1/phone/enrol", json={"code": code.lower().replace("-", " ")})
    assert enrolled.status_code == 200
    assert enrolled.json()["account"]["role"] == "victim"
    assert f"Max-Age={30 * 86400}" in enrolled.headers["set-cookie"]
    assert (await browser().post("/api/v1/phone/enrol", json={"code": code})).status_code == 401
    clock.advance(timedelta(days=20))
    assert (await phone.get("/api/v1/session")).status_code == 200
    thief = browser(agent="Mozilla/5.0 (Windows NT 10.0)")
    thief.cookies.set("ansimnet_session", phone.cookies["ansimnet_session"])
    assert (await thief.get("/api/v1/session")).status_code == 401
    assert (await phone.get("/api/v1/session")).status_code == 401  # a token that strayed is dead for everybody
    async with dbs.tracking.transaction() as tx:
        second = await queries.new_phone_code(tx, account_id, clock.now())
        third = await queries.new_phone_code(tx, account_id, clock.now())
    assert (await phone.post("/api/v1/phone/enrol", json={"code": second})).status_code == 401
    assert (await phone.post("/api/v1/phone/enrol", json={"code": third})).status_code == 200
    clock.advance(timedelta(days=30))
    assert (await phone.get("/api/v1/session")).status_code == 401


async def test_a_code_lasts_a_day(dbs: Dbs, browser: Browser, clock: SimulatedClock) -> None:
    async with dbs.tracking.transaction() as tx:
        _, code = await queries.new_phone(
            tx, role=Role.FIELD_UNIT, display="순찰 21", subject_id=new_id(), now=clock.now()
        )
    clock.advance(timedelta(hours=24))
    assert (await browser().post("/api/v1/unit/enrol", json={"code": code})).status_code == 401


async def test_accounts_are_the_administrators_and_end_at_once(make: Make, dbs: Dbs, browser: Browser) -> None:
    admin = await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD)
    operator = await make(dbs.city, Role.CENTRE_OPERATOR, password=PASSWORD)
    desk, seat = browser(), browser()
    await sign_in(desk, admin)
    await sign_in(seat, operator)
    assert (await seat.get("/api/v1/accounts")).status_code == 403
    listed = (await desk.get("/api/v1/accounts")).json()["accounts"]
    assert {a["login"] for a in listed} == {admin.login, operator.login}
    assert all("password" not in key for a in listed for key in a)
    weak = {"login": "weak-desk", "role": "auditor", "display": "감사", "password": "short"}
    assert (await desk.post("/api/v1/accounts", json=weak)).status_code == 422
    held = await queries.permit(dbs.city, operator, Act.READ_CAMERAS, purpose=Purpose.OPERATE, screen="map", now=NOW)
    assert (await desk.post(f"/api/v1/accounts/{operator.account_id}/disable")).status_code == 204
    assert (await seat.get("/api/v1/session")).status_code == 401
    assert (await queries.hold(dbs.city, held.permit_id)).revoked_at is not None
    changed = await desk.post(f"/api/v1/accounts/{admin.account_id}/password", json={"password": "another-one-2026"})
    assert changed.status_code == 204
    assert (await desk.get("/api/v1/session")).status_code == 401
    assert (await sign_in(desk, admin, "another-one-2026")).status_code == 200
    # Nobody manages the other centre's accounts.
    tracking_admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    elsewhere = await desk.post(f"/api/v1/accounts/{tracking_admin.account_id}/disable")
    assert elsewhere.status_code == 404


async def trigger(db: Db, camera: UUID, about: UUID) -> None:
    async with db.transaction() as tx:
        await queries.grant_ground(
            tx,
            GroundKind.TRIGGER,
            "PIPA 18(2)3",
            trigger="exclusion_zone",
            resources=[camera],
            about=[about],
            until_at=NOW + timedelta(hours=1),
            now=NOW,
        )


@pytest.mark.requirement("EM-15", "CC-03")
async def test_the_badge_says_ground_scope_masking_and_end_and_a_revoked_one_says_so(
    make: Make, dbs: Dbs, browser: Browser, clock: SimulatedClock
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    incident, camera = new_id(), new_id()
    await trigger(dbs.tracking, camera, incident)
    held = await queries.permit(
        dbs.tracking,
        controller,
        Act.VIEW_STREAM,
        resource=camera,
        purpose=Purpose.RESPOND,
        screen="wall",
        now=NOW,
    )
    client = browser()
    await sign_in(client, controller)

    async def badge() -> dict[str, Any]:
        shown = (await client.get(f"/api/v1/permits?incident_id={incident}")).json()["permits"]
        (found,) = [p for p in shown if p["permit_id"] == str(held.permit_id)]
        return dict(found)

    first = await badge()
    assert first["short"] == f"PM-{held.permit_id.hex[-4:].upper()}"
    assert first["ground"] == "개인정보 보호법 §18②3 · 사유 ③"
    assert (first["scope"], first["masking"], first["state"]) == ("카메라 1대", "masked", "in_use")
    assert first["holder"] == controller.login
    clock.advance(timedelta(minutes=58, seconds=30))
    await sign_in(client, controller)
    assert (await badge())["state"] == "ending"
    path = f"/api/v1/permits/{held.permit_id}/revoke"
    assert (await client.post(path, json={"reason": ""})).status_code == 422
    assert (await client.post(path, json={"reason": "대상자가 아님"})).status_code == 204
    assert (await badge())["state"] == "revoked"
    assert (await client.post(path, json={"reason": "다시"})).status_code == 404


@pytest.mark.requirement("EM-14")
async def test_break_glass_over_http(make: Make, dbs: Dbs, browser: Browser) -> None:
    operator = await make(dbs.city, Role.CENTRE_OPERATOR, password=PASSWORD)
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    camera = new_id()
    seat, tracking = browser(), browser()
    await sign_in(seat, operator)
    await sign_in(tracking, controller)
    body = {"reason": "골목에서 사람이 쓰러졌고 119 접수 전", "resources": [str(camera)]}
    refused = await tracking.post("/api/v1/grounds", json=body)
    assert refused.status_code == 403
    assert refused.json()["reasons"][0]["name"] == "footage-only-on-trigger"
    opened = await seat.post("/api/v1/grounds", json=body)
    assert opened.status_code == 200
    held = await queries.permit(
        dbs.city, operator, Act.VIEW_STREAM, resource=camera, purpose=Purpose.RESPOND, screen="wall", now=NOW
    )
    ended = await seat.post(f"/api/v1/grounds/{opened.json()['ground_id']}/end", json={"reason": "구급차 도착"})
    assert ended.status_code == 204
    assert (await queries.hold(dbs.city, PermitId(held.permit_id))).revoked_at == NOW


async def seal(dbs: Dbs, folder: Path) -> None:
    """Seal what has committed."""
    assert dbs.tracking.keys is not None
    assert dbs.city.keys is not None
    keys = {TRACKING_CENTRE: dbs.tracking.keys, CITY_CENTRE: dbs.city.keys}
    await Sealer(dbs.sealer, keys, folder / "ledger").once(checkpoint=True)


async def test_the_auditor_reads_the_ledger_and_nobody_else(
    make: Make, dbs: Dbs, browser: Browser, tmp_path: Path
) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    client, other = browser(), browser()
    await sign_in(client, auditor)
    await sign_in(other, controller)
    assert (await other.get("/api/v1/ledger")).status_code == 403
    await seal(dbs, tmp_path)
    page = (await client.get("/api/v1/ledger?limit=2")).json()
    assert len(page["entries"]) == 2
    assert page["entries"][-1]["seq"] == page["head"]["seq"]
    kinds = (await client.get("/api/v1/ledger?after_seq=0&kind=policy.access.")).json()["entries"]
    assert {e["kind"] for e in kinds} == {"policy.access.decided.v1"}
    assert [e["body"]["allowed"] for e in kinds] == [False]  # the controller's; the auditor's own is not sealed yet
    assert kinds[0]["actor"] == f"account:{controller.account_id}"
    assert page["checkpoint"]["size"] == page["head"]["seq"]
    first = (await client.get("/api/v1/ledger?after_seq=0&limit=1")).json()["entries"]
    assert first[0]["seq"] == 1
    for bad in ("limit=0", "limit=501", "after_seq=-1"):
        assert (await client.get(f"/api/v1/ledger?{bad}")).status_code == 422


async def test_the_sweep_closes_what_ran_out(make: Make, dbs: Dbs) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR)
    past, ahead = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
    async with dbs.tracking.transaction() as tx:
        await queries.grant_ground(
            tx,
            GroundKind.STATUTE,
            "PIPA 15(1)2",
            resources=[new_id()],
            until_at=past + timedelta(hours=1),
            now=past,
        )
        await tx.execute(
            "insert into policy_attempt (key_sha256, failures, free_at, last_at) values ('\\x00', 9, %s, %s)",
            (past, past),
        )
        for at, mark in ((past, b"past"), (ahead, b"ahead")):
            await factors.add_challenge(tx, mark, factors.Challenge(kind="step_up", expires_at=at))
            await tx.execute(
                "insert into policy_enrol_code (code_sha256, account_id, issued_at, expires_at)"
                " values (%s, %s, %s, %s)",
                (mark, auditor.account_id, past, at),
            )
            await tx.execute(
                """insert into policy_session (session_id, account_id, token_sha256, kind, method, created_at, seen_at,
        idle_s, expires_at, address, agent)
                   values (%s, %s, %s, 'desk', 'password', %s, %s, 900, %s, '', '')""",
                (new_id(), auditor.account_id, mark, past, past, at),
            )
    await jobs.sweep(JobRun(dbs.tracking, None))
    async with dbs.tracking.transaction() as tx:
        assert await tx.all("select ended_reason from policy_ground") == [("expired",)]
        assert await tx.all("select 1 from policy_attempt") == []
        assert await tx.all("select challenge_sha256 from policy_challenge") == [(b"ahead",)]
        assert await tx.all("select code_sha256 from policy_enrol_code") == [(b"ahead",)]
        assert await tx.all("select token_sha256 from policy_session") == [(b"ahead",)]
    assert dbs.tracking.centre_id == TRACKING_CENTRE


class Broken(Rulebook):
    """A table that was edited into something the program cannot work with."""

    def _decide(self, q: Question, grounds: tuple[Ground, ...], relations: Relations) -> Decision:
        raise KeyError("no such column")


async def test_a_table_that_fails_refuses_and_is_logged_and_counted(
    make: Make, dbs: Dbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR)
    monkeypatch.setattr("ansimnet.slices.policy.queries.permits.in_force", lambda _: Broken(version="broken"))
    before = FAULTS.labels("policy")._value.get()
    with capture_logs() as logs, pytest.raises(Forbidden) as refused:
        await queries.permit(
            dbs.tracking, auditor, Act.READ_STATUS, purpose=Purpose.AUDIT, screen="test", now=datetime.now(UTC)
        )
    assert "no such column" not in str(refused.value.facts)
    [said] = [line for line in logs if line["event"] == "policy.decision-failed"]
    assert (said["log_level"], said["version"], type(said["exc_info"])) == ("error", "broken", KeyError)
    assert FAULTS.labels("policy")._value.get() == before + 1
