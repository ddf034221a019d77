"""Two centres speak over real HTTP: what crosses, once, and what never does."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.platform.ledger_kit import personal, plain, sealer_of

from ansimnet.facts.dispatch import NoteAdded, PoliceAcknowledged
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, new_id
from ansimnet.platform.db import Dbs, Tx
from ansimnet.platform.http import install
from ansimnet.platform.ledger import Entry, Reader, Sealer, append, append_many, follow, run_readers
from ansimnet.platform.link import Link, NotForUs, Replayed, Stale, Unknown, router
from ansimnet.platform.link_keys import ANSWER, ASK, TELL, Forged, Identities


class Wire:
    """Records every byte that reaches the city, and can die at the worst moment."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.bodies: list[bytes] = []
        self.deaths = 0
        """How many of the next requests die after the commit, before the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def heard() -> Any:
            message = await receive()
            self.bodies.append(message.get("body", b""))
            return message

        async def said(message: Any) -> None:
            if self.deaths and message["type"] == "http.response.start":
                self.deaths -= 1
                raise ConnectionError("died between commit and answer")
            await send(message)

        await self.app(scope, heard, said)


@dataclass
class City:
    """The receiving side, and what its handlers saw."""

    dbs: Dbs
    link: Link
    wire: Wire
    port: int
    got: list[Fact] = field(default_factory=list)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Serve until the block ends."""
        config = uvicorn.Config(self.wire, host="127.0.0.1", port=self.port, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        try:
            await until(lambda: server.started)
            yield
        finally:
            server.should_exit = True
            await task


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def to_city(_: Tx, entry: Entry) -> list[CentreId]:
    assert isinstance(entry.fact, NoteAdded)
    return [CITY_CENTRE] if entry.fact.text != "stays" else []


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> City:
    port = free_port()
    urls = {TRACKING_CENTRE: "http://127.0.0.1:9", CITY_CENTRE: f"http://127.0.0.1:{port}"}
    link = Link(dbs, tmp_path / "link", urls)
    app = FastAPI()
    install(app)
    app.include_router(router(link))
    made = City(dbs, link, Wire(app), port)

    async def take(tx: Tx, fact: Fact, from_centre: CentreId) -> None:
        assert from_centre == TRACKING_CENTRE
        assert tx.centre_id == CITY_CENTRE
        made.got.append(fact)

    async def sum_of(_: Tx, payload: dict[str, Any], from_centre: CentreId) -> dict[str, Any]:
        assert from_centre == TRACKING_CENTRE
        return {"sum": sum(payload["of"])}

    link.wire({NoteAdded: to_city}, {NoteAdded: take}, {"test.sum": sum_of})
    return made


@asynccontextmanager
async def carrying(city: City, sealer: Sealer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(sealer.run()), asyncio.create_task(run_readers(city.dbs, city.link.readers()))]
    try:
        yield
    finally:
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await city.link.close()


async def until(true: Callable[[], bool], most_s: float = 20) -> None:
    async with asyncio.timeout(most_s):
        while not true():
            await asyncio.sleep(0.005)


async def tell(dbs: Dbs, *facts: Fact) -> None:
    async with dbs.tracking.transaction() as tx:
        for fact in facts:
            await append(tx, fact, actor="system:test")


@pytest.mark.requirement("EM-14", "EM-15")
async def test_only_listed_facts_for_that_recipient_cross(city: City, tmp_path: Path) -> None:
    facts = [plain("SECRET-RECEIPT"), personal("stays"), personal("crosses"), plain("SECRET-TOO"), personal("also")]
    async with city.up(), carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        await tell(city.dbs, *facts)
        await until(lambda: len(city.got) == 2)
        entries: list[Entry] = []
        async for entry in follow(city.dbs.city, 0):
            entries.append(entry)
            if len(entries) == 2:
                break
    assert city.got == [facts[2], facts[4]]
    assert [e.fact for e in entries] == city.got
    assert {e.actor for e in entries} == {f"link:{TRACKING_CENTRE}"}
    wire = b"".join(city.wire.bodies)
    assert b"SECRET" not in wire
    assert b"stays" not in wire
    assert wire.count(b'"kind"') == 2
    assert city.link.last_ms is not None


async def test_a_fact_crosses_once_when_the_receiver_dies_between_commit_and_answer(city: City, tmp_path: Path) -> None:
    city.wire.deaths = 2
    async with city.up(), carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        await tell(city.dbs, personal("once"), personal("after"))
        await until(lambda: len(city.got) == 2)
        await until(lambda: b"".join(city.wire.bodies).count(b"once") == 3)
    assert city.wire.deaths == 0
    assert [f.text for f in city.got if isinstance(f, NoteAdded)] == ["once", "after"]
    async with city.dbs.city.transaction() as tx:
        assert await tx.one("select count(*) from ledger_entry") == (2,)
        assert await tx.one("select count(*) from link_seen") == (2,)


async def test_facts_wait_for_a_neighbour_that_is_away_and_keep_their_order(city: City, tmp_path: Path) -> None:
    async with carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        await tell(city.dbs, *(personal(str(n)) for n in range(5)))
        await asyncio.sleep(0.3)
        assert city.got == []
        async with city.up():
            await until(lambda: len(city.got) == 5)
    assert [f.text for f in city.got if isinstance(f, NoteAdded)] == ["0", "1", "2", "3", "4"]


@pytest.mark.requirement("EM-16")
async def test_a_neighbour_that_was_away_for_hours_is_told_in_few_messages_each_fact_once(
    city: City, tmp_path: Path
) -> None:
    """Thirteen hours in which one wearer was followed: a place each 15 s, and here and there something for nobody."""
    backlog = [personal(str(n) if n % 10 else "stays") for n in range(13 * 240)]
    wanted = [f.text for f in backlog if f.text != "stays"]
    async with carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        for at in range(0, len(backlog), 500):
            async with city.dbs.tracking.transaction() as tx:
                await append_many(tx, backlog[at : at + 500], actor="system:test")
        await asyncio.sleep(0.3)
        assert city.got == []
        city.wire.deaths = 3
        async with city.up():
            await until(lambda: len(city.got) >= len(wanted), 60)
    assert [f.text for f in city.got if isinstance(f, NoteAdded)] == wanted
    told = b"".join(city.wire.bodies).count(b'"message_id"')
    assert told < len(wanted) / 4, "not one by one"


async def test_one_bad_fact_among_many_is_parked_alone(city: City, tmp_path: Path) -> None:
    async def take(_: Tx, fact: Fact, __: CentreId) -> None:
        if isinstance(fact, NoteAdded) and fact.text == "bad":
            raise ValueError
        city.got.append(fact)

    city.link.wire({NoteAdded: to_city}, {NoteAdded: take}, {})
    await tell(city.dbs, *(personal("bad" if n == 3 else str(n)) for n in range(8)))
    async with city.up(), carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        await asyncio.sleep(0)
        await until(lambda: bool(city.got) and getattr(city.got[-1], "text", "") == "2", 60)
        city.link.wire({NoteAdded: to_city}, {}, {})  # now for good: this centre takes no such fact
        async with asyncio.timeout(60):
            while True:
                async with city.dbs.tracking.transaction() as tx:
                    if await tx.one("select 1 from reader_parked where seq = 4"):
                        break
                await asyncio.sleep(0.05)


async def test_a_fact_refused_for_good_is_parked_and_holds_up_nobody(city: City, tmp_path: Path) -> None:
    async def anywhere(_: Tx, __: Entry) -> list[CentreId]:
        return [CITY_CENTRE]

    link = city.link
    link.wire({NoteAdded: to_city, PoliceAcknowledged: anywhere}, {NoteAdded: link._in[NoteAdded.kind][1]}, {})
    async with city.up(), carrying(city, sealer_of(city.dbs, tmp_path / "ledger")):
        await tell(city.dbs, plain("unknown there"), personal("known"))
        await until(lambda: len(city.got) == 1)
    async with city.dbs.tracking.transaction() as tx:
        assert await tx.one("select reader, seq from reader_parked") == ("link.to-city", 1)


@pytest.mark.requirement("EM-16")
async def test_a_question_is_answered(city: City) -> None:
    async with city.up():
        assert await city.link.ask(CITY_CENTRE, "test.sum", {"of": [1, 2, 3]}) == {"sum": 6}
        await city.link.close()


async def test_a_question_to_nobody_says_so(city: City) -> None:
    with pytest.raises(Refusal, match="does not answer"):
        await city.link.ask(CITY_CENTRE, "test.sum", {"of": []})
    await city.link.close()


def message(**more: Any) -> dict[str, Any]:
    return {
        "message_id": new_id(),
        "from_centre": TRACKING_CENTRE,
        "to_centre": CITY_CENTRE,
        "sent_at": datetime.now(UTC),
        **more,
    }


def note() -> dict[str, Any]:
    fact = personal()
    return {
        "kind": fact.kind,
        "fact": {
            "fact_id": str(fact.fact_id),
            "happened_at": "2026-11-02T03:04:05Z",
            "incident_id": str(fact.incident_id),
            "by": str(fact.by),
            "text": "x",
        },
    }


@pytest.fixture
def keys(tmp_path: Path, city: City) -> Identities:
    return Identities(tmp_path / "link")


async def test_a_forged_message_is_refused(city: City, keys: Identities, tmp_path: Path) -> None:
    good = keys.sign(TRACKING_CENTRE, TELL, message(**note()))
    bad: list[tuple[bytes, dict[str, str]]] = [
        (good.body, {}),
        (good.body, {**good.headers, "X-Ansimnet-Signature": "00" * 64}),
        (good.body, {**good.headers, "X-Ansimnet-Signature": "no hex"}),
        (good.body.replace(b'"x"', b'"y"'), good.headers),
        (good.body, Identities(tmp_path / "stranger").sign(TRACKING_CENTRE, TELL, message(**note())).headers),
    ]
    for centre, context in ((CITY_CENTRE, TELL), (TRACKING_CENTRE, ASK)):  # the wrong key, and the wrong sort
        other = keys.sign(centre, context, message(**note()))
        bad.append((other.body, other.headers))
    nobody = keys.sign(TRACKING_CENTRE, TELL, message(**note()) | {"from_centre": UUID(int=7)})
    bad.append((nobody.body, nobody.headers))
    for body, headers in bad:
        with pytest.raises(Forged):
            await city.link.handle_tell(body, headers)
    assert city.got == []
    assert json.loads((await city.link.handle_tell(good.body, good.headers)).body)["answer"] == {"received": "now"}


@pytest.mark.parametrize("off", [timedelta(minutes=-2), timedelta(minutes=2)])
async def test_a_stale_message_is_refused(city: City, keys: Identities, off: timedelta) -> None:
    old = keys.sign(TRACKING_CENTRE, TELL, message(**note()) | {"sent_at": datetime.now(UTC) + off})
    with pytest.raises(Stale):
        await city.link.handle_tell(old.body, old.headers)


async def test_a_replayed_fact_changes_nothing_and_a_replayed_question_is_refused(city: City, keys: Identities) -> None:
    told = keys.sign(TRACKING_CENTRE, TELL, message(**note()))
    assert b'"now"' in (await city.link.handle_tell(told.body, told.headers)).body
    assert b'"before"' in (await city.link.handle_tell(told.body, told.headers)).body
    assert len(city.got) == 1
    asked = keys.sign(TRACKING_CENTRE, ASK, message(ask="test.sum", payload={"of": [1]}))
    await city.link.handle_ask(asked.body, asked.headers)
    with pytest.raises(Replayed):
        await city.link.handle_ask(asked.body, asked.headers)


async def test_unknown_messages_are_refused(city: City, keys: Identities) -> None:
    unlisted = plain()
    wrong = [
        message(kind="nobody.knows.this.v1", fact={}),
        message(kind=unlisted.kind, fact={}),
        message(kind=NoteAdded.kind, fact={"text": "half"}),
        message(**note()) | {"extra": 1},
    ]
    for m in wrong:
        signed = keys.sign(TRACKING_CENTRE, TELL, m)
        with pytest.raises(Unknown):
            await city.link.handle_tell(signed.body, signed.headers)
    with pytest.raises(Unknown):
        await city.link.handle_tell(b"\xff not json", {})
    asked = keys.sign(TRACKING_CENTRE, ASK, message(ask="test.nothing", payload={}))
    with pytest.raises(Unknown):
        await city.link.handle_ask(asked.body, asked.headers)
    home = keys.sign(TRACKING_CENTRE, TELL, message(**note()) | {"to_centre": TRACKING_CENTRE})
    with pytest.raises(NotForUs):
        await city.link.handle_tell(home.body, home.headers)
    assert city.got == []


async def test_a_failing_handler_leaves_nothing_behind(city: City, keys: Identities) -> None:
    async def fail(_: Tx, __: Fact, ___: CentreId) -> None:
        raise RuntimeError

    city.link.wire({}, {NoteAdded: fail}, {})
    told = keys.sign(TRACKING_CENTRE, TELL, message(**note()))
    with pytest.raises(RuntimeError):
        await city.link.handle_tell(told.body, told.headers)
    async with city.dbs.city.transaction() as tx:
        assert await tx.one("select (select count(*) from ledger_entry) + (select count(*) from link_seen)") == (0,)


async def test_over_http_refusals_are_problems_and_answers_are_signed(city: City, keys: Identities) -> None:
    async with city.up(), httpx.AsyncClient(base_url=f"http://127.0.0.1:{city.port}", trust_env=False) as http:
        refused = await http.post("/link/v1/tell", content=b"{}")
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:ansimnet:problem:unknown-message")
        told = keys.sign(TRACKING_CENTRE, TELL, message(**note()))
        forged = await http.post("/link/v1/tell", content=told.body)
        assert forged.status_code == 401
        answer = await http.post("/link/v1/tell", content=told.body, headers=told.headers)
        assert answer.status_code == 200
        keys.check(CITY_CENTRE, ANSWER, answer.content, answer.headers)


async def test_what_came_over_the_link_is_not_sent_on(city: City, keys: Identities, tmp_path: Path) -> None:
    async def back(_: Tx, __: Entry) -> list[CentreId]:
        return [TRACKING_CENTRE, CITY_CENTRE]

    link = city.link
    link.wire({NoteAdded: back}, {NoteAdded: link._in[NoteAdded.kind][1]}, {})
    told = keys.sign(TRACKING_CENTRE, TELL, message(**note()))
    await link.handle_tell(told.body, told.headers)
    passed = asyncio.Event()

    async def notice(_: Tx, __: Entry) -> None:
        passed.set()

    watch = Reader(name="test.watch", kinds=frozenset({NoteAdded}), centre=CITY_CENTRE, handle=notice)
    tasks = [
        asyncio.create_task(sealer_of(city.dbs, tmp_path / "ledger").run()),
        asyncio.create_task(run_readers(city.dbs, [*link.readers(), watch])),
    ]
    await asyncio.wait_for(passed.wait(), 20)
    async with asyncio.timeout(20):
        while True:
            async with city.dbs.city.transaction() as tx:
                if await tx.one("select 1 from reader_position where reader = 'link.to-tracking' and seq = 1"):
                    break
            await asyncio.sleep(0.01)
    for t in tasks:
        t.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert city.wire.bodies == []
