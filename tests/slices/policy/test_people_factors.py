"""Second factors, step-up and sessions: what proves somebody, how often, and who may end what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from tests.slices.policy.authenticator import Authenticator
from tests.slices.policy.people import HERE, PASSWORD, Browser, Edge, edge

from ansimnet.app import rotation
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules.passwords import WeakPassword, refuse_weak
from ansimnet.slices.policy.service import People

Make = Callable[..., Awaitable[Account]]


@pytest.fixture
async def room(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Edge]:
    async with edge(dbs, clock) as whole:
        yield whole


@pytest.fixture
async def strict(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Edge]:
    async with edge(dbs, clock, People(factor_required=True)) as whole:
        yield whole


def code_at(secret: str, clock: SimulatedClock) -> str:
    """Return the code the app shows now."""
    return pyotp.TOTP(secret).at(clock.now())


async def with_app(desk: Browser, clock: SimulatedClock) -> tuple[str, list[str]]:
    """Set an app up; return its secret and the recovery codes."""
    begun = await desk.post("/me/app")
    assert begun["uri"].startswith("otpauth://totp/Ansimnet:")
    codes = (await desk.post("/me/app/confirm", {"code": code_at(begun["secret"], clock)}))["codes"]
    return begun["secret"], codes


async def test_a_password_alone_no_longer_opens_an_account_with_an_app(
    make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    secret, codes = await with_app(desk, clock)
    assert len(set(codes)) == 10
    asked = await room.browser().sign_in(officer)
    assert (asked.status_code, asked.json()["type"]) == (401, "urn:ansimnet:problem:second-factor-needed")
    assert asked.json()["methods"] == ["totp", "recovery"]
    # a wrong password is told as ever: nobody learns from outside that there is an app
    wrong = await room.browser().sign_in(officer, "wrong", "123456")
    assert wrong.json()["type"] == "urn:ansimnet:problem:bad-credentials"
    assert (await room.browser().sign_in(officer, PASSWORD, code_at(secret, clock))).status_code == 401  # was shown
    clock.advance(timedelta(seconds=30))
    now = code_at(secret, clock)
    opened = await room.browser().sign_in(officer, PASSWORD, now)
    assert (opened.status_code, opened.json()["method"]) == (200, "password+totp")
    assert (await room.browser().sign_in(officer, PASSWORD, now)).status_code == 401  # no code twice
    clock.advance(timedelta(seconds=95))
    assert (await room.browser().sign_in(officer, PASSWORD, now)).status_code == 401


async def test_a_recovery_code_stands_in_once(make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    _, codes = await with_app(desk, clock)
    opened = await room.browser().sign_in(officer, PASSWORD, codes[0].lower().replace("-", " "))
    assert (opened.status_code, opened.json()["method"]) == (200, "password+recovery")
    assert (await room.browser().sign_in(officer, PASSWORD, codes[0])).status_code == 401
    assert (await desk.get("/me/security"))["recovery_left"] == 9
    fresh = (await desk.post("/me/recovery-codes"))["codes"]
    assert (await room.browser().sign_in(officer, PASSWORD, codes[1])).status_code == 401
    assert (await room.browser().sign_in(officer, PASSWORD, fresh[1])).status_code == 200
    used = [b for b in await room.told(dbs.tracking, "policy.account.factor-changed.v1") if b["change"] == "used"]
    assert [b["factor"] for b in used] == ["recovery", "recovery"]


async def test_the_apps_code_is_not_guessed_from_many_networks(
    make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    secret, _ = await with_app(desk, clock)
    answers = []
    for n in range(8):  # whoever stole the password comes from another network each time
        thief = room.browser(address=f"203.0.{n}.9")
        answers.append((await thief.sign_in(officer, PASSWORD, f"{n:06}")).status_code)
    assert answers[:6] == [401] * 6
    assert 429 in answers[6:]
    clock.advance(timedelta(minutes=16))
    assert (await room.browser().sign_in(officer, PASSWORD, code_at(secret, clock))).status_code == 200


async def test_the_secret_lies_sealed_and_codes_as_fingerprints(
    make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    secret, codes = await with_app(desk, clock)
    async with dbs.tracking.transaction() as tx:
        rows = await tx.all("select sealed::text, '' from policy_totp")
        rows += await tx.all("select code_sha256::text, '' from policy_recovery_code")
        entries = await tx.all("select convert_from(body, 'UTF8'), '' from ledger_entry")
    kept = " ".join(str(r) for r in rows + entries)
    assert secret.encode().hex() not in kept
    assert secret not in kept
    assert codes[0] not in kept
    assert codes[0].encode().hex() not in kept


async def test_renewed_keys_still_open_the_app(make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    secret, _ = await with_app(desk, clock)
    keys = dbs.tracking.keys
    assert keys is not None
    async with dbs.tracking.transaction() as tx:
        before = await tx.one("select sealed from policy_totp")
    rotation.renew_data_keys(keys)
    assert (await rotation.seal_again(dbs.tracking)).sealed_again > 0
    async with dbs.tracking.transaction() as tx:
        assert await tx.one("select sealed from policy_totp") != before
    clock.advance(timedelta(seconds=31))
    assert (await room.browser().sign_in(officer, PASSWORD, code_at(secret, clock))).status_code == 200


async def test_a_grave_step_asks_again_after_ten_minutes(
    make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock
) -> None:
    admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(admin)
    body = {"login": "new-desk", "role": "auditor", "display": "감사"}
    clock.advance(timedelta(minutes=10))
    refused = await desk.post("/accounts", body, status=403)
    assert refused["type"] == "urn:ansimnet:problem:step-up-required"
    await desk.post("/session/step-up", {"password": "wrong"}, status=401)
    await desk.post("/session/step-up", {}, status=422)
    await desk.post("/session/step-up", {"password": PASSWORD, "code": "123456"}, status=422)
    proved = await desk.post("/session/step-up", {"password": PASSWORD})
    assert proved["stepped_up_until"] == (clock.now() + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    assert (await desk.post("/accounts", body))["invite"]["code"]
    told = await room.told(dbs.tracking, "policy.session.stepped-up.v1")
    assert [(b["method"], b["succeeded"]) for b in told] == [("password", False), ("password", True)]


async def test_an_account_with_factors_steps_up_by_them(
    make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock
) -> None:
    admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    desk, other = room.browser(), room.browser()
    await desk.sign_in(admin)
    device = Authenticator(HERE)
    options = (await desk.post("/me/passkeys/options"))["options"]
    await desk.post("/me/passkeys", {"name": "열쇠", "credential": device.create(options)})
    secret, _ = await with_app(desk, clock)
    clock.advance(timedelta(minutes=11))
    await desk.post("/session/step-up", {"password": PASSWORD}, status=401)
    await desk.post("/session/step-up", {"code": code_at(secret, clock)})
    clock.advance(timedelta(minutes=11))
    asked = (await desk.post("/session/step-up/options"))["options"]
    assert len(asked["allowCredentials"]) == 1
    await desk.post("/session/step-up", {"credential": device.get(asked)})
    # a challenge of signing in is none of stepping up, and nobody answers another's
    foreign = (await desk.post("/session/passkey/options"))["options"]
    await desk.post("/session/step-up", {"credential": device.get(foreign)}, status=401)
    auditor = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    await other.sign_in(auditor)
    theirs = (await other.post("/session/step-up/options"))["options"]
    await other.post("/session/step-up", {"credential": device.get(theirs)}, status=401)


async def test_guessing_a_step_up_is_slowed(make: Make, dbs: Dbs, room: Edge) -> None:
    admin = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(admin)
    answers = [
        (await desk.client.post("/api/v1/session/step-up", json={"password": "guess"})).status_code for _ in range(8)
    ]
    assert answers[:6] == [401] * 6
    assert 429 in answers[6:]


@pytest.mark.requirement("EM-16")
async def test_where_a_factor_is_required_nothing_opens_before_it(
    make: Make, dbs: Dbs, strict: Edge, clock: SimulatedClock
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    auditor = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    desk = strict.browser()
    opened = (await desk.sign_in(controller)).json()
    assert opened["must_add_factor"] is True
    shut = await desk.client.get(f"/api/v1/permits?incident_id={new_id()}")
    assert (shut.status_code, shut.json()["type"]) == (403, "urn:ansimnet:problem:second-factor-missing")
    secret, _ = await with_app(desk, clock)
    assert (await desk.get("/session"))["must_add_factor"] is False
    assert (await desk.client.get(f"/api/v1/permits?incident_id={new_id()}")).status_code == 200
    await desk.post("/me/app/remove", status=409)  # it is the only one
    clock.advance(timedelta(seconds=31))
    assert (await strict.browser().sign_in(controller)).status_code == 401
    assert (await strict.browser().sign_in(controller, PASSWORD, code_at(secret, clock))).status_code == 200
    assert (await strict.browser().sign_in(auditor)).json()["must_add_factor"] is False  # sees no person


async def test_with_a_passkey_and_the_rule_a_password_alone_is_refused(make: Make, dbs: Dbs, strict: Edge) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    desk = strict.browser()
    await desk.sign_in(controller)
    device = Authenticator(HERE)
    options = (await desk.post("/me/passkeys/options"))["options"]
    made = await desk.post("/me/passkeys", {"name": "열쇠", "credential": device.create(options)})
    refused = await strict.browser().sign_in(controller)
    assert (refused.status_code, refused.json()["methods"]) == (401, ["passkey"])
    await desk.post(f"/me/passkeys/{made['passkey_id']}/revoke", status=409)


async def test_phones_keep_their_one_code_and_no_factor(dbs: Dbs, strict: Edge, clock: SimulatedClock) -> None:
    async with dbs.tracking.transaction() as tx:
        _, code = await queries.new_phone(tx, role=Role.VICTIM, display="P-207", subject_id=new_id(), now=clock.now())
    phone = strict.browser(agent="Mozilla/5.0 (Linux; Android 15)")
    opened = phone.entered(await phone.client.post("/api/v1/phone/enrol", json={"code": code}))
    assert (opened.json()["must_add_factor"], opened.json()["stepped_up_until"]) == (False, None)
    await phone.post("/session/step-up", {"password": "x"}, status=422)


async def test_the_holder_sees_and_ends_sessions(make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    other = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    here, left, third = room.browser(), room.browser(address="198.51.100.7", agent="Macintosh"), room.browser()
    for desk in (left, third, here):
        await desk.sign_in(officer)
        clock.advance(timedelta(minutes=1))
    stranger = room.browser()
    await stranger.sign_in(other)
    seen = (await here.get("/me/sessions"))["sessions"]
    assert [(s["here"], s["device"], s["network"]) for s in seen] == [
        (True, "Windows", "127.0.0.0/24"),
        (False, "Windows", "127.0.0.0/24"),
        (False, "Macintosh", "198.51.100.0/24"),
    ]
    forgotten = next(s for s in seen if s["device"] == "Macintosh")["session_id"]
    await stranger.post(f"/me/sessions/{forgotten}/end", status=404)
    assert (await left.client.get("/api/v1/session")).status_code == 200
    await here.post(f"/me/sessions/{forgotten}/end")
    assert (await left.client.get("/api/v1/session")).status_code == 401
    assert (await here.post("/me/sessions/end-others"))["ended"] == 1
    assert (await third.client.get("/api/v1/session")).status_code == 401
    assert len((await here.get("/me/sessions"))["sessions"]) == 1
    assert [b["reason"] for b in await room.told(dbs.tracking, "policy.sessions.ended.v1")] == ["holder", "holder"]


async def test_the_last_sign_in_is_shown(make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    first = (await room.browser().sign_in(officer)).json()
    assert first["last_signed_in_at"] is None
    before = clock.now()
    clock.advance(timedelta(hours=3))
    second = (await room.browser().sign_in(officer)).json()
    assert second["last_signed_in_at"] == before.isoformat().replace("+00:00", "Z")


async def test_a_new_password_ends_every_other_session(make: Make, dbs: Dbs, room: Edge) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    here, elsewhere = room.browser(), room.browser()
    await here.sign_in(officer)
    await elsewhere.sign_in(officer)
    fresh = "another-long-one-2027"
    await here.post("/me/password", {"old": "wrong", "new": fresh}, status=401)
    await here.post("/me/password", {"old": PASSWORD, "new": "short"}, status=422)
    await here.post("/me/password", {"old": PASSWORD, "new": fresh})
    assert (await elsewhere.client.get("/api/v1/session")).status_code == 401
    assert (await here.client.get("/api/v1/session")).status_code == 200
    assert (await room.browser().sign_in(officer)).status_code == 401
    assert (await room.browser().sign_in(officer, fresh)).status_code == 200


async def test_an_old_hash_is_made_anew_at_the_next_sign_in(make: Make, dbs: Dbs, room: Edge) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with dbs.tracking.transaction() as tx:
        await tx.execute("update policy_account set password_hash = %s", (weak,))
    assert (await room.browser().sign_in(officer)).status_code == 200
    async with dbs.tracking.transaction() as tx:
        row: Any = await tx.one("select password_hash from policy_account")
    assert "m=65536" in row[0]
    assert (await room.browser().sign_in(officer)).status_code == 200


async def test_a_password_is_the_same_however_the_keyboard_composes_it(make: Make, dbs: Dbs, room: Edge) -> None:
    import unicodedata

    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    assert (await room.browser().sign_in(officer, unicodedata.normalize("NFD", PASSWORD))).status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "x" * 201,
        "password1234",
        "controller-7-controller",
        "관제07관제07관제07",
        "aaaaaaaaaaaaaaaa",
        "1212121212121212",
        "qwertyuiop1234567890",
        "P4-controller",
        "ansimnet2026!",
    ],
)
def test_what_would_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        refuse_weak(password, login="controller")


@pytest.mark.parametrize("password", [PASSWORD, "a-long-enough-password", "Xk3_9fQ-pL2w", "비 오는 날에는 우산 셋을"])
def test_a_sentence_or_chance_is_taken(password: str) -> None:
    refuse_weak(password, login="controller")
