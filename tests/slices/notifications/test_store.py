"""Deliveries against a push service, a 112 desk and gateways of our own, over real HTTP and TLS."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.platform.ledger_kit import sealer_of

from ansimnet.facts.dispatch import PoliceAsked
from ansimnet.facts.protection import Level, WarningEscalated, WarningIssued
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import DeliveryId, FactId, IncidentId, ProtectedPersonId, WarningId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import jobs
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import append, catch_up
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.notifications import queries, service, store
from ansimnet.slices.notifications.jobs import READERS
from ansimnet.slices.notifications.model import Channel, Subscription
from ansimnet.slices.notifications.service import GIVE_UP_ATTEMPTS, NotYet
from ansimnet_sim import webpush
from ansimnet_sim.endpoints import Others

HER = ProtectedPersonId(new_id())
MESSAGE = '{"lat": 37.5, "text": "그가 가까이 있다"}'


@dataclass
class Post:
    """One installation with everybody it talks to."""

    dbs: Dbs
    others: Others
    settings: Settings
    ctx: Context
    folder: Path

    async def settle(self) -> None:
        await sealer_of(self.dbs, self.folder / "ledger").once()
        await catch_up(self.dbs, READERS)

    async def tell(self, *facts: Any) -> None:
        async with self.dbs.tracking.transaction() as tx:
            for fact in facts:
                await append(tx, fact, actor="system:test")
        await self.settle()

    async def deliver(self) -> None:
        """Let the worker do what waits now: one attempt at each."""
        await jobs.run_waiting(self.dbs.tracking, self.ctx)

    async def open(self, channel: Channel, content: str | None = None, to: UUID = HER) -> DeliveryId:
        async with self.dbs.tracking.transaction() as tx:
            return await service.open_delivery(tx, about=to, to=to, channel=channel, content=content, now=now())

    async def attempt(self, delivery_id: DeliveryId, number: int = 1, settings: Settings | None = None) -> None:
        await service.deliver(self.dbs.tracking, delivery_id, settings or self.settings, attempt=number, now=now())

    async def subscribe(self, to: UUID = HER) -> webpush.Subscription:
        key = service.push_public_key(self.settings.data_dir)
        browser = self.others.subscribe(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        body: Any = browser.body()
        async with self.dbs.tracking.transaction() as tx:
            await store.save_subscription(tx, to, Subscription(body["endpoint"], **body["keys"]), now())
        return browser

    async def recorded(self) -> list[dict[str, Any]]:
        async with self.dbs.tracking.transaction() as tx:
            rows = await tx.all(
                """select body from ledger_entry where kind = 'notifications.delivery.recorded.v1'
                order by recorded_at"""
            )
        return [msgspec.json.decode(bytes(r[0])) for r in rows]


@pytest.fixture
async def post(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Post]:
    others = Others()
    await others.start(tmp_path / "others")
    settings = Settings(
        data_dir=tmp_path, police_112_url=others.police_url, sms_url=others.text_url, voice_url=others.voice_url,
        push_hosts=others.push_url, push_ca_file=others.ca_file, push_subject="mailto:test@ansimnet.invalid",
    )  # fmt: skip
    link = Link.of(settings, dbs)
    ctx = Context(settings, dbs, SystemClock(), MapData(tmp_path / "map"), link)
    yield Post(dbs, others, settings, ctx, tmp_path)
    await others.stop()
    await link.close()


def asked(incident_id: UUID) -> PoliceAsked:
    return PoliceAsked(
        fact_id=FactId(new_id()), happened_at=now(), incident_id=IncidentId(incident_id), message=MESSAGE
    )


def warned(level: Level = Level.CERTAIN) -> WarningIssued:
    return WarningIssued(
        fact_id=FactId(new_id()), happened_at=now(), warning_id=WarningId(new_id()), protected_person_id=HER,
        alarm_id=None, level=level, has_way_out=True, message=MESSAGE,
    )  # fmt: skip


@pytest.mark.requirement("EM-06")
async def test_a_push_is_encrypted_for_one_browser_signed_by_us_and_says_nothing(post: Post) -> None:
    browser = await post.subscribe()
    stranger = post.others.subscribe()
    await post.tell(warned())
    await post.deliver()
    assert post.others.push_refused == []
    (push,) = browser.received
    assert push.payload == b""
    assert push.vapid_subject == "mailto:test@ansimnet.invalid"
    assert (push.ttl_s, push.urgency) == (600, "high")
    assert stranger.received == []
    assert ("web_push", "acknowledged") in [(r["channel"], r["state"]) for r in await post.recorded()]


def test_no_two_pushes_look_alike_and_only_the_addressee_opens_them() -> None:
    one, other = webpush.Subscription("https://x/1"), webpush.Subscription("https://x/2")
    body: Any = one.body()
    to = Subscription("https://x/1", **body["keys"])
    first, second = service.sealed_empty(to), service.sealed_empty(to)
    assert first != second
    assert one.open(first) == one.open(second) == b""
    with pytest.raises(webpush.BadPush):
        other.open(first)


async def test_our_push_identity_is_made_once_and_kept_to_ourselves(post: Post) -> None:
    keys = await asyncio.gather(*(asyncio.to_thread(service.push_public_key, post.settings.data_dir) for _ in range(8)))
    assert len(set(keys)) == 1
    file = post.settings.data_dir / "keys" / "vapid.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in file.parent.iterdir()] == ["vapid.pem"]


async def test_a_subscription_that_ended_is_forgotten_and_the_others_are_reached(post: Post) -> None:
    gone, alive = await post.subscribe(), await post.subscribe()
    del post.others.subscriptions[gone.endpoint.rpartition("/")[2]]
    await post.attempt(await post.open(Channel.WEB_PUSH))
    assert len(alive.received) == 1
    async with post.dbs.tracking.transaction() as tx:
        assert len(await store.load_addresses(tx, HER, Channel.WEB_PUSH)) == 1
    del post.others.subscriptions[alive.endpoint.rpartition("/")[2]]
    await post.attempt(await post.open(Channel.WEB_PUSH))
    await post.attempt(await post.open(Channel.WEB_PUSH))
    assert [r["state"] for r in await post.recorded()] == ["acknowledged", "undeliverable", "undeliverable"]


async def test_a_browser_that_comes_back_is_reached_again(post: Post) -> None:
    browser = await post.subscribe()
    async with post.dbs.tracking.transaction() as tx:
        ((address_id, text),) = await store.load_addresses(tx, HER, Channel.WEB_PUSH)
        await store.forget_address(tx, address_id, now())
        assert await store.load_addresses(tx, HER, Channel.WEB_PUSH) == []
        await store.save_address(tx, HER, Channel.WEB_PUSH, text, now())
    await post.attempt(await post.open(Channel.WEB_PUSH))
    assert len(browser.received) == 1


@pytest.mark.parametrize(("level", "loud"), [(level, level not in {Level.OVER, Level.CLEARED}) for level in Level])
async def test_loud_levels_go_by_text_too(post: Post, level: Level, loud: bool) -> None:
    async with post.dbs.tracking.transaction() as tx:
        await queries.keep_phone(tx, HER, "010-0000-0000", now=now())
    await post.tell(warned(level))
    await post.deliver()
    assert len(post.others.texts) == int(loud)
    for call in post.others.texts:
        said: Any = call.json()
        assert said["to"] == "010-0000-0000"
        assert "가까이" not in said["text"]


async def test_a_voice_call_is_asked_for_when_nobody_pressed(post: Post) -> None:
    async with post.dbs.tracking.transaction() as tx:
        await queries.keep_phone(tx, HER, "010-0000-0000", now=now())
    for channel in ("voice", "police"):
        await post.tell(
            WarningEscalated(
                fact_id=FactId(new_id()), happened_at=now(), warning_id=WarningId(new_id()), protected_person_id=HER,
                alarm_id=None, channel=channel,
            )
        )  # fmt: skip
    await post.deliver()
    assert len(post.others.voices) == 1


@pytest.mark.requirement("EM-07")
async def test_112_gets_the_message_once_and_its_receipt_is_recorded(post: Post) -> None:
    incident = new_id()
    await post.tell(asked(incident))
    await post.deliver()
    (call,) = post.others.police
    assert call.body.decode() == MESSAGE
    (told,) = await post.recorded()
    assert (told["channel"], told["state"], told["receipt"], told["attempt"]) == (
        "agency",
        "acknowledged",
        "112-0001",
        1,
    )
    assert told["about"] == str(incident)
    assert call.headers["idempotency-key"] == told["delivery_id"]
    async with post.dbs.tracking.transaction() as tx:
        assert await tx.all("select content_sealed from notifications_delivery") == [(None,)]  # dropped with its end
        assert [(c, s) for c, s, _ in await queries.reached_by(tx, incident)] == [("agency", "acknowledged")]


async def test_the_token_tells_112_that_it_is_us(post: Post) -> None:
    settings = post.settings.model_copy(
        update={"police_112_token": Settings(police_112_token="geheim").police_112_token}
    )
    await post.attempt(await post.open(Channel.AGENCY, MESSAGE), settings=settings)
    assert post.others.police[0].headers["authorization"] == "Bearer geheim"


async def test_112_that_is_deaf_is_asked_again_with_the_same_key_until_it_hears(post: Post) -> None:
    post.others.deaf = True
    delivery = await post.open(Channel.AGENCY, MESSAGE)
    for number in (1, 2):
        with pytest.raises(NotYet):
            await post.attempt(delivery, number)
    assert await post.recorded() == []
    post.others.deaf = False
    await post.attempt(delivery, 3)
    await post.attempt(delivery, 4)
    assert len({c.headers["idempotency-key"] for c in post.others.police}) == 1
    assert len(post.others.police) == 3
    assert [(r["state"], r["attempt"]) for r in await post.recorded()] == [("acknowledged", 3)]


async def test_the_worker_itself_tries_again_later(post: Post) -> None:
    post.others.deaf = True
    await post.open(Channel.AGENCY, MESSAGE)
    await post.deliver()
    async with post.dbs.tracking.transaction() as tx:
        row = await tx.one("select status::text, attempts, scheduled_at > now() from jobs.procrastinate_jobs")
    assert row == ("todo", 1, True)


async def test_after_the_last_attempt_it_is_said_aloud(post: Post) -> None:
    post.others.deaf = True
    delivery = await post.open(Channel.AGENCY, MESSAGE)
    await post.attempt(delivery, GIVE_UP_ATTEMPTS)
    assert [(r["state"], r["attempt"]) for r in await post.recorded()] == [("failed", GIVE_UP_ATTEMPTS)]


@pytest.mark.parametrize("channel", list(Channel))
async def test_a_way_nobody_configured_is_recorded_never_silent(post: Post, channel: Channel) -> None:
    bare = Settings(data_dir=post.folder)
    async with post.dbs.tracking.transaction() as tx:
        if channel in {Channel.SMS, Channel.VOICE}:
            await queries.keep_phone(tx, HER, "010-0000-0000", now=now())
    await post.attempt(await post.open(channel, MESSAGE if channel is Channel.AGENCY else None), settings=bare)
    assert [(r["channel"], r["state"]) for r in await post.recorded()] == [(channel.value, "undeliverable")]


async def test_a_neighbour_that_is_not_there_is_no_end(post: Post) -> None:
    await post.others.stop()
    delivery = await post.open(Channel.AGENCY, MESSAGE)
    with pytest.raises(NotYet):
        await post.attempt(delivery)
    browser = await post.subscribe()
    push = await post.open(Channel.WEB_PUSH)
    with pytest.raises(NotYet):
        await post.attempt(push)
    assert browser.received == []


async def test_two_workers_at_once_end_it_once(post: Post) -> None:
    delivery = await post.open(Channel.AGENCY, MESSAGE)
    post.others.delay_s = 0.05
    await asyncio.gather(*(post.attempt(delivery) for _ in range(4)))
    assert len(await post.recorded()) == 1
    assert len({c.headers["idempotency-key"] for c in post.others.police}) == 1


async def test_a_delivery_exists_only_if_its_fact_does(post: Post) -> None:
    with pytest.raises(RuntimeError):
        async with post.dbs.tracking.transaction() as tx:
            await service.open_delivery(tx, about=HER, to=HER, channel=Channel.SMS, content=None, now=now())
            raise RuntimeError
    async with post.dbs.tracking.transaction() as tx:
        assert await tx.one("select count(*) from jobs.procrastinate_jobs") == (0,)
        assert await tx.one("select count(*) from notifications_delivery") == (0,)


async def test_when_her_key_is_destroyed_nothing_of_hers_is_sent(post: Post) -> None:
    incident = new_id()
    delivery = await post.open(Channel.AGENCY, MESSAGE, to=incident)
    browser = await post.subscribe()
    assert post.dbs.tracking.keys is not None
    for subject in (incident, HER):
        post.dbs.tracking.keys.destroy(subject, store.KEY_YEAR)
    await post.attempt(delivery)
    await post.attempt(await post.open(Channel.WEB_PUSH))
    assert post.others.police == []
    assert browser.received == []
    assert [r["state"] for r in await post.recorded()] == ["undeliverable", "undeliverable"]


async def test_addresses_and_messages_lie_sealed(post: Post) -> None:
    browser = await post.subscribe()
    async with post.dbs.tracking.transaction() as tx:
        await queries.keep_phone(tx, HER, "010-1234-5678", now=now())
    await post.open(Channel.AGENCY, MESSAGE)
    async with post.dbs.tracking.transaction() as tx:
        rows = await tx.all(
            "select a::text from notifications_address a union all select d::text from notifications_delivery d"
        )
    dumped = " ".join(r[0] for r in rows)
    for secret in ("010-1234-5678", browser.endpoint, "가까이"):
        assert secret not in dumped
        assert secret.encode().hex() not in dumped


async def test_the_phones_route_takes_a_subscription_of_an_allowed_service_alone(post: Post) -> None:
    import httpx
    from fastapi import FastAPI

    from ansimnet.platform.http import install
    from ansimnet.slices.notifications import wiring
    from ansimnet.slices.policy import queries as policy

    async with post.dbs.tracking.transaction() as tx:
        account = await policy.create_account(
            tx, login="phone", role=Role.VICTIM, display="P-207", now=now(), subject_id=HER
        )
    app = FastAPI()
    install(app)
    for router in wiring.parts(post.ctx).routers:
        app.include_router(router)

    async def sign_in(_: object) -> policy.Account:
        return account

    app.state.sign_in = sign_in
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        key = (await client.get("/api/v1/push-key")).json()["public_key"]
        assert key == service.push_public_key(post.settings.data_dir)
        browser = post.others.subscribe()
        body: Any = browser.body()
        assert (await client.post("/api/v1/me/push-subscription", json=body)).status_code == 204
        assert (await client.post("/api/v1/me/push-subscription", json=body)).status_code == 204
        for broken in (
            body | {"endpoint": "https://169.254.169.254/x"},
            body | {"keys": {"p256dh": "A" * 87, "auth": "B" * 22}},
            body | {"keys": {}},
        ):
            assert (await client.post("/api/v1/me/push-subscription", json=broken)).status_code == 422
    async with post.dbs.tracking.transaction() as tx:
        assert len(await store.load_addresses(tx, HER, Channel.WEB_PUSH)) == 1
