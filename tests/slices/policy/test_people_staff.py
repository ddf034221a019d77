"""Joiners choose their password with a code, movers start anew, leavers are out in the same instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from tests.slices.policy.authenticator import Authenticator
from tests.slices.policy.people import HERE, PASSWORD, Browser, Edge, edge

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account

Make = Callable[..., Awaitable[Account]]
CHOSEN = "a word nobody else knows"


@pytest.fixture
async def room(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Edge]:
    async with edge(dbs, clock) as whole:
        yield whole


@pytest.fixture
async def boss(make: Make, dbs: Dbs, room: Edge) -> Browser:
    """An administrator of the tracking centre at a desk; another one keeps the centre from being left alone."""
    admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(admin)
    return desk


NEW = {"login": "officer-9", "role": "probation_officer", "display": "보호관찰 9", "office": "서울보호관찰소"}


@pytest.mark.requirement("EM-16")
async def test_a_joiner_chooses_a_password_with_a_code(
    dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    made = await boss.post("/accounts", NEW)
    code = made["invite"]["code"]
    assert made["invite"]["link"] == f"{HERE}/#invite={code}"
    newcomer = room.browser()
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    await newcomer.post("/session/invite", {"code": wrong, "password": CHOSEN}, status=401)
    await newcomer.post("/session/invite", {"code": code, "password": "short"}, status=422)
    await newcomer.post("/session/invite", {"code": code, "password": "officer-9-office"}, status=422)
    session = newcomer.entered(
        await newcomer.client.post("/api/v1/session/invite", json={"code": code.lower(), "password": CHOSEN})
    ).json()
    assert (session["account"]["login"], session["method"]) == ("officer-9", "code")
    await room.browser().post("/session/invite", {"code": code, "password": CHOSEN}, status=401)
    assert (await room.browser().client.post("/api/v1/session", json={"login": "officer-9", "password": CHOSEN})).status_code == 200  # fmt: skip # noqa: E501
    listed = {a["login"]: a for a in (await boss.get("/accounts"))["accounts"]}
    assert (listed["officer-9"]["office"], listed["officer-9"]["proves"]) == ("서울보호관찰소", ["word"])
    assert listed["officer-9"]["last_signed_in_at"] is not None
    late = (await boss.post("/accounts", NEW | {"login": "officer-10"}))["invite"]["code"]
    clock.advance(timedelta(hours=72))
    await room.browser().post("/session/invite", {"code": late, "password": CHOSEN}, status=401)


async def test_codes_cannot_be_guessed_at_will(room: Edge) -> None:
    desk = room.browser()
    answers = [
        (
            await desk.client.post("/api/v1/session/invite", json={"code": f"AAAA-{n:04}", "password": CHOSEN})
        ).status_code
        for n in range(52)
    ]
    assert answers[-1] == 429


async def test_a_phones_code_is_no_invitation_and_the_other_way_round(
    dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    from ansimnet.kernel.ids import new_id

    async with dbs.tracking.transaction() as tx:
        _, code = await queries.new_phone(tx, role=Role.VICTIM, display="P", subject_id=new_id(), now=clock.now())
    await room.browser().post("/session/invite", {"code": code, "password": CHOSEN}, status=401)
    desk_code = (await boss.post("/accounts", NEW))["invite"]["code"]
    await room.browser().post("/phone/enrol", {"code": desk_code}, status=401)


@pytest.mark.requirement("CC-03")
async def test_a_mover_loses_sessions_and_permits_with_the_old_role(
    make: Make, dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    held = await queries.permit(
        dbs.tracking, officer, Act.READ_MAP, purpose=Purpose.SUPERVISE, screen="map", now=clock.now()
    )
    await boss.post(f"/accounts/{officer.account_id}/move", {"role": "field_unit"}, status=422)
    await boss.post(f"/accounts/{officer.account_id}/move", {"role": "centre_operator"}, status=422)  # a city's
    await boss.post(f"/accounts/{officer.account_id}/move", {"role": "auditor", "office": "본부"})
    assert (await desk.client.get("/api/v1/session")).status_code == 401
    assert (await queries.hold(dbs.tracking, held.permit_id)).revoked_at is not None
    assert (await desk.sign_in(officer)).json()["account"]["role"] == "auditor"
    (moved,) = await room.told(dbs.tracking, "policy.account.moved.v1")
    assert (moved["from_role"], moved["role"], moved["office_changed"]) == ("probation_officer", "auditor", True)
    assert "본부" not in str(moved)
    assert [b["reason"] for b in await room.told(dbs.tracking, "policy.sessions.ended.v1")] == ["moved"]


async def test_a_leaver_is_out_everywhere_at_once(make: Make, dbs: Dbs, room: Edge, boss: Browser) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desks = [room.browser() for _ in range(3)]
    for desk in desks:
        await desk.sign_in(officer)
    device = Authenticator(HERE)
    options = (await desks[0].post("/me/passkeys/options"))["options"]
    await desks[0].post("/me/passkeys", {"name": "열쇠", "credential": device.create(options)})
    await boss.post(f"/accounts/{officer.account_id}/disable")
    await boss.post(f"/accounts/{officer.account_id}/disable", status=404)
    for desk in desks:
        assert (await desk.client.get("/api/v1/session")).status_code == 401
    assert (await room.browser().sign_in(officer)).status_code == 401
    (ended,) = await room.told(dbs.tracking, "policy.sessions.ended.v1")
    assert (ended["many"], ended["reason"]) == (3, "disabled")
    async with dbs.tracking.transaction() as tx:
        assert await tx.all("select 1 from policy_passkey where revoked_at is null") == []


async def test_nobody_changes_their_own_rights_and_one_administrator_stays(
    make: Make, dbs: Dbs, room: Edge, boss: Browser
) -> None:
    mine = (await boss.get("/session"))["account"]["account_id"]
    for path, body in (("move", {"role": "tracking_controller"}), ("invite", {})):
        refused = await boss.post(f"/accounts/{mine}/{path}", body, status=403)
        assert refused["type"] == "urn:ansimnet:problem:not-yourself"
    assert (await boss.post(f"/accounts/{mine}/disable", status=409))["type"].endswith("last-administrator")
    second = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    await boss.post(f"/accounts/{second.account_id}/disable")
    third = await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD)
    await boss.post(f"/accounts/{third.account_id}/disable", status=404)  # the other centre's


async def test_whoever_lost_everything_gets_a_code_and_nothing_old_works(
    make: Make, dbs: Dbs, room: Edge, boss: Browser
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    device = Authenticator(HERE)
    options = (await desk.post("/me/passkeys/options"))["options"]
    await desk.post("/me/passkeys", {"name": "열쇠", "credential": device.create(options)})
    invite = await boss.post(f"/accounts/{officer.account_id}/invite", {"clear_factors": True})
    assert (await desk.client.get("/api/v1/session")).status_code == 401
    assert (await room.browser().sign_in(officer)).status_code == 401
    begun = (await desk.post("/session/passkey/options"))["options"]
    answer = await desk.client.post("/api/v1/session/passkey", json={"credential": device.get(begun)})
    assert answer.status_code == 401
    await room.browser().post("/session/invite", {"code": invite["code"], "password": CHOSEN})
    assert (await room.browser().sign_in(officer, CHOSEN)).status_code == 200
    (fact,) = await room.told(dbs.tracking, "policy.account.invited.v1")
    assert fact["factors_cleared"] is True
    assert invite["code"] not in str(fact)


async def test_an_administrator_signs_somebody_out(make: Make, dbs: Dbs, room: Edge, boss: Browser) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    await desk.post(f"/accounts/{officer.account_id}/sessions/end", status=403)
    assert (await boss.post(f"/accounts/{officer.account_id}/sessions/end"))["ended"] == 1
    assert (await desk.client.get("/api/v1/session")).status_code == 401
    assert (await desk.sign_in(officer)).status_code == 200
