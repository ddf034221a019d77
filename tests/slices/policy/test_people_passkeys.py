"""Given a passkey, when its holder comes, it opens the desk alone, once per challenge, from our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.policy.authenticator import Authenticator
from tests.slices.policy.people import HERE, PASSWORD, Browser, Edge, edge

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import People

Make = Callable[..., Awaitable[Account]]


@pytest.fixture
async def room(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Edge]:
    async with edge(dbs, clock) as whole:
        yield whole


async def register(desk: Browser, device: Authenticator, name: str = "열쇠") -> dict[str, Any]:
    """Register a device as whoever is signed in."""
    options = (await desk.post("/me/passkeys/options"))["options"]
    made = await desk.post("/me/passkeys", {"name": name, "credential": device.create(options)})
    return dict(made)


async def come(desk: Browser, device: Authenticator, status: int = 200) -> Any:
    """Sign in with a device."""
    options = (await desk.post("/session/passkey/options"))["options"]
    answer = await desk.client.post("/api/v1/session/passkey", json={"credential": device.get(options)})
    assert answer.status_code == status, answer.text
    return desk.entered(answer).json()


@pytest.mark.requirement("EM-16")
async def test_a_passkey_opens_the_desk_without_login_and_password(make: Make, dbs: Dbs, room: Edge) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    first, second = room.browser(), room.browser()
    await first.sign_in(controller)
    device = Authenticator(HERE)
    made = await register(first, device)
    assert made["name"] == "열쇠"
    session = await come(second, device)
    assert (session["account"]["login"], session["method"]) == (controller.login, "passkey")
    assert session["stepped_up_until"] is not None
    listed = (await second.get("/me/security"))["passkeys"]
    assert [(k["passkey_id"], k["used_at"] is not None) for k in listed] == [(made["passkey_id"], True)]
    kinds = [b["method"] for b in await room.told(dbs.tracking, "policy.account.signed-in.v1")]
    assert kinds == ["password", "passkey"]
    assert [b["change"] for b in await room.told(dbs.tracking, "policy.account.factor-changed.v1")] == ["added"]


async def test_options_ask_for_the_verified_user_and_name_nobody(room: Edge) -> None:
    options = (await room.browser().post("/session/passkey/options"))["options"]
    assert options["userVerification"] == "required"
    assert options["rpId"] == "localhost"
    assert not options.get("allowCredentials")
    again = (await room.browser().post("/session/passkey/options"))["options"]
    assert again["challenge"] != options["challenge"]


async def test_an_answer_opens_once_and_in_time(make: Make, dbs: Dbs, room: Edge, clock: SimulatedClock) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(officer)
    device = Authenticator(HERE)
    await register(desk, device)
    options = (await desk.post("/session/passkey/options"))["options"]
    answer = device.get(options)
    thief = room.browser(address="203.0.113.9")
    assert (await desk.client.post("/api/v1/session/passkey", json={"credential": answer})).status_code == 200
    replayed = await thief.client.post("/api/v1/session/passkey", json={"credential": answer})
    assert (replayed.status_code, replayed.json()["title"]) == (401, "bad credentials")
    late = (await desk.post("/session/passkey/options"))["options"]
    clock.advance(timedelta(minutes=5))
    assert (
        await thief.client.post("/api/v1/session/passkey", json={"credential": device.get(late)})
    ).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        Authenticator(HERE, verifies=False),
        Authenticator("http://localhost:9999"),
        Authenticator("https://evil.example"),
        Authenticator(HERE, rp_id="evil.example"),
    ],
    ids=["user not verified", "another port", "another page", "another party"],
)
async def test_an_answer_from_elsewhere_or_without_its_user_opens_nothing(
    make: Make, dbs: Dbs, room: Edge, wrong: Authenticator
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(controller)
    options = (await desk.post("/me/passkeys/options"))["options"]
    await desk.post("/me/passkeys", {"name": "x", "credential": wrong.create(options)}, status=422)
    device = Authenticator(HERE)
    await register(desk, device)
    device.verifies, device.origin, device.rp_id = wrong.verifies, wrong.origin, wrong.rp_id
    await come(room.browser(), device, 401)
    failed = [b for b in await room.told(dbs.tracking, "policy.account.signed-in.v1") if not b["succeeded"]]
    assert [b["method"] for b in failed] == ["passkey"]


async def test_a_counter_that_goes_back_means_a_copy_and_revokes_the_key(make: Make, dbs: Dbs, room: Edge) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(controller)
    device = Authenticator(HERE)
    await register(desk, device)
    await come(room.browser(), device)
    device.counter -= 1  # a copy that was made before counts on from there
    await come(room.browser(), device, 401)
    device.counter += 10
    await come(room.browser(), device, 401)  # the true one is shut out too: nobody can tell them apart
    changes = [b["change"] for b in await room.told(dbs.tracking, "policy.account.factor-changed.v1")]
    assert changes == ["added", "suspected"]
    assert (await desk.client.get("/api/v1/session")).status_code == 401


async def test_a_device_without_a_counter_is_taken(make: Make, dbs: Dbs, room: Edge) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(controller)
    device = Authenticator(HERE, counts=False)
    await register(desk, device)
    for _ in range(3):
        await come(room.browser(), device)


async def test_nobody_uses_anothers_challenge_or_handle(make: Make, dbs: Dbs, room: Edge) -> None:
    one = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    two = await make(dbs.tracking, Role.ADMINISTRATOR, password=PASSWORD)
    first, second = room.browser(), room.browser()
    await first.sign_in(one)
    await second.sign_in(two)
    options = (await first.post("/me/passkeys/options"))["options"]
    device = Authenticator(HERE)
    await second.post("/me/passkeys", {"name": "x", "credential": device.create(options)}, status=422)
    await register(first, device)
    device.handle = two.account_id.bytes
    await come(room.browser(), device, 401)
    other = await second.client.post("/api/v1/me/passkeys/options", json={})
    again = Authenticator(HERE, credential_id=device.credential_id)
    credential = again.create(other.json()["options"])
    await second.post("/me/passkeys", {"name": "mine too", "credential": credential}, status=422)


async def test_revoked_keys_and_disabled_accounts_open_nothing(make: Make, dbs: Dbs, room: Edge) -> None:
    admin = await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD)
    operator = await make(dbs.city, Role.CENTRE_OPERATOR, password=PASSWORD)
    desk, boss = room.browser(), room.browser()
    await desk.sign_in(operator)
    await boss.sign_in(admin)
    lost, kept = Authenticator(HERE), Authenticator(HERE)
    made = await register(desk, lost, "잃은 열쇠")
    await register(desk, kept, "둘째")
    elsewhere = room.browser()
    await come(elsewhere, lost)
    await desk.post(f"/me/passkeys/{made['passkey_id']}/revoke")
    await desk.post(f"/me/passkeys/{made['passkey_id']}/revoke", status=404)
    await come(room.browser(), lost, 401)
    assert (await elsewhere.client.get("/api/v1/session")).status_code == 401
    await come(room.browser(), kept)
    await boss.post(f"/accounts/{operator.account_id}/disable")
    await come(room.browser(), kept, 401)


async def test_a_bare_address_has_no_passkeys_and_says_where_they_are(make: Make, dbs: Dbs, room: Edge) -> None:
    bare = room.browser("http://127.0.0.1:8700")
    assert (await bare.get("/session/methods"))["passkey"] is False
    refused = await bare.post("/session/passkey/options", status=409)
    assert refused["type"] == "urn:ansimnet:problem:no-passkeys-here"
    assert "localhost" in refused["todo"]


def test_keys_belong_to_the_public_name_alone() -> None:
    people = People(public_url="https://ansim.example:8443")
    assert people.relying_party("https://ansim.example:8443") == ("ansim.example", "https://ansim.example:8443")
    for page in ("https://evil.example", "http://localhost:8443", "https://ansim.example.evil.example", "null", ""):
        with pytest.raises(Exception, match="Passkeys belong to a name"):
            people.relying_party(page)


async def test_garbage_is_refused_as_an_expected_no(make: Make, dbs: Dbs, room: Edge) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(controller)
    options = (await desk.post("/me/passkeys/options"))["options"]
    whole = Authenticator(HERE).create(options)
    for credential in ({}, {"response": 1}, {"response": {"clientDataJSON": "e30"}}, whole | {"response": None}):
        await desk.post("/me/passkeys", {"name": "x", "credential": credential}, status=422)
        await desk.post("/session/passkey", {"credential": credential}, status=401)
