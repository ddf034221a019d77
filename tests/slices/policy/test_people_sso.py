"""The city's single sign-on says who somebody is; what they may do, an administrator of ours has said before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey
from tests.slices.policy.people import HERE, PASSWORD, Browser, Edge, edge
from tests.slices.policy.provider import CLIENT, SECRET, Provider, running

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import CITY_CENTRE
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import People, SingleSignOn

Make = Callable[..., Awaitable[Account]]
Way = tuple[Edge, Provider]


@pytest.fixture
async def way(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Way]:
    """The edge, and a provider on a real port that it is set up with."""
    async with running(clock) as provider:
        sso = SingleSignOn(
            issuer=provider.issuer,
            client_id=CLIENT,
            client_secret=SECRET,
            label="시 통합인증",
            centre_id=CITY_CENTRE,
        )
        async with edge(dbs, clock, People(public_url=HERE, sso=sso)) as whole:
            yield whole, provider


@pytest.fixture
async def operator(make: Make, dbs: Dbs, way: Way) -> Account:
    """An operator of the city, bound to the provider's subject by an administrator."""
    admin = await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD)
    account = await make(dbs.city, Role.CENTRE_OPERATOR)
    boss = way[0].browser()
    await boss.sign_in(admin)
    await boss.post(f"/accounts/{account.account_id}/identity", {"subject": way[1].subject})
    return account


async def leave(desk: Browser, fresh: bool = False) -> dict[str, str]:
    """Go to the provider; return what it was asked."""
    sent = await desk.client.get(f"/api/v1/session/sso{'?fresh=true' if fresh else ''}")
    assert sent.status_code == 303
    return {k: v[0] for k, v in parse_qs(urlsplit(sent.headers["location"]).query).items()}


async def back(desk: Browser, provider: Provider, asked: dict[str, str], **other: str) -> str:
    """Come back from the provider; return where we are sent."""
    words = {"code": provider.signs_in(asked), "state": asked["state"]} | other
    answer = await desk.client.get("/api/v1/session/sso/callback", params=words)
    assert answer.status_code == 303
    return str(answer.headers["location"])


@pytest.mark.requirement("EM-16")
async def test_whoever_an_administrator_bound_comes_in(dbs: Dbs, way: Way, operator: Account) -> None:
    room, provider = way
    desk = room.browser()
    assert (await desk.get("/session/methods"))["sso"] == "시 통합인증"
    asked = await leave(desk)
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
    assert asked["redirect_uri"] == f"{HERE}/api/v1/session/sso/callback"
    assert await back(desk, provider, asked) == "/"
    session = await desk.get("/session")
    assert (session["account"]["login"], session["method"]) == (operator.login, "oidc")
    assert session["stepped_up_until"] is not None  # signed in there just now
    async with dbs.city.transaction() as tx:
        kept = str(await tx.all("select identity_sha256::text, issuer from policy_identity"))
    assert provider.subject not in kept
    facts = await room.told(dbs.city, "policy.account.signed-in.v1")
    assert [b["method"] for b in facts if b["account_id"] == str(operator.account_id)] == ["oidc"]


async def test_a_stranger_gets_no_account_and_no_rights(dbs: Dbs, way: Way, operator: Account) -> None:
    room, provider = way
    provider.subject = "somebody-else"
    desk = room.browser()
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"
    assert (await desk.client.get("/api/v1/session")).status_code == 401
    async with dbs.city.transaction() as tx:
        assert len(await tx.all("select 1 from policy_account")) == 2


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"nonce": "of another time"},
        {"exp": 1},
        {"iat": 4102444800},
        {"sub": ""},
        {"sub": 7},
    ],
    ids=str,
)
async def test_a_claim_that_does_not_hold_opens_nothing(way: Way, operator: Account, lie: dict[str, Any]) -> None:
    room, provider = way
    provider.lie = lie
    desk = room.browser()
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "nonce", "sub"])
async def test_a_claim_that_is_missing_opens_nothing(way: Way, operator: Account, claim: str) -> None:
    room, provider = way
    provider.hide = {claim}
    desk = room.browser()
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"


async def test_only_the_providers_own_signature_counts(way: Way, operator: Account) -> None:
    room, provider = way
    for key, alg in (
        (ECKey.generate_key("P-256", {"kid": "k1"}), "ES256"),
        (OctKey.import_key(SECRET), "HS256"),
    ):
        provider.sign_with, provider.alg = key, alg
        desk = room.browser()
        assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"


async def test_the_answer_belongs_to_the_browser_that_asked_and_works_once(way: Way, operator: Account) -> None:
    room, provider = way
    victim, attacker = room.browser(), room.browser()
    asked = await leave(attacker)
    await leave(victim)
    assert await back(victim, provider, asked) == "/?sso=bad-credentials"  # somebody slips in a sign-in of his own
    asked = await leave(attacker)
    code = provider.signs_in(asked)
    words = {"code": code, "state": asked["state"]}
    jar = dict(attacker.client.cookies)
    first = await attacker.client.get("/api/v1/session/sso/callback", params=words)
    assert first.headers["location"] == "/"
    attacker.client.cookies.update(jar)
    again = await attacker.client.get("/api/v1/session/sso/callback", params=words)
    assert again.headers["location"] == "/?sso=bad-credentials"
    desk = room.browser()
    assert await back(desk, provider, await leave(desk), iss="https://evil.example") == "/?sso=bad-credentials"


async def test_a_state_lasts_ten_minutes(way: Way, operator: Account, clock: SimulatedClock) -> None:
    room, provider = way
    desk = room.browser()
    asked = await leave(desk)
    clock.advance(timedelta(minutes=10))
    assert await back(desk, provider, asked) == "/?sso=bad-credentials"


async def test_keys_are_kept_by_name_and_a_new_one_is_asked_for(
    way: Way, operator: Account, clock: SimulatedClock
) -> None:
    room, provider = way
    desk = room.browser()
    for _ in range(3):
        assert await back(desk, provider, await leave(desk)) == "/"
    assert (provider.asked.count("keys"), provider.asked.count("about")) == (1, 1)
    clock.advance(timedelta(seconds=31))
    provider.turn_key("k2")
    assert await back(desk, provider, await leave(desk)) == "/"
    assert provider.asked.count("keys") == 2
    provider.turn_key("k3")  # at once again: we do not ask all day because somebody names keys
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"
    assert provider.asked.count("keys") == 2


async def test_a_provider_of_another_name_or_none_is_unavailable(way: Way, operator: Account) -> None:
    room, provider = way
    provider.names_issuer = "https://evil.example"
    refused = await room.browser().client.get("/api/v1/session/sso")
    assert (refused.status_code, refused.json()["title"]) == (503, "sign on unavailable")
    provider.names_issuer = None
    assert (await room.browser().client.get("/api/v1/session/sso")).status_code == 303


async def test_an_old_sign_in_there_is_no_fresh_proof_here(way: Way, operator: Account, clock: SimulatedClock) -> None:
    room, provider = way
    provider.lie = {"auth_time": int((clock.now() - timedelta(hours=2)).timestamp())}
    desk = room.browser()
    assert await back(desk, provider, await leave(desk)) == "/"
    assert (await desk.get("/session"))["stepped_up_until"] is None
    assert (await leave(room.browser(), fresh=True))["prompt"] == "login"


async def test_unbound_or_disabled_is_out_and_one_subject_has_one_account(
    make: Make, dbs: Dbs, way: Way, operator: Account
) -> None:
    room, provider = way
    admin, other = await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD), await make(dbs.city, Role.AUDITOR)
    boss = room.browser()
    await boss.sign_in(admin)
    taken = await boss.post(f"/accounts/{other.account_id}/identity", {"subject": provider.subject}, status=409)
    assert taken["type"] == "urn:ansimnet:problem:identity-taken"
    await boss.post(f"/accounts/{operator.account_id}/identity/end")
    desk = room.browser()
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"
    await boss.post(f"/accounts/{operator.account_id}/identity", {"subject": provider.subject})
    assert await back(desk, provider, await leave(desk)) == "/"
    await boss.post(f"/accounts/{operator.account_id}/disable")
    assert (await desk.client.get("/api/v1/session")).status_code == 401
    assert await back(desk, provider, await leave(desk)) == "/?sso=bad-credentials"


async def test_without_a_provider_there_is_no_such_way(dbs: Dbs, clock: SimulatedClock) -> None:
    async with edge(dbs, clock) as room:
        assert (await room.browser().client.get("/api/v1/session/sso")).status_code == 404
        assert (await room.browser().get("/session/methods"))["sso"] is None
