"""The live socket over a real server and a real ledger: who hears what, resuming by number, leaving."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from tests.platform.ledger_kit import personal, plain, sealer_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from ansimnet.facts.dispatch import NoteAdded, PoliceAcknowledged
from ansimnet.kernel.clock import SystemClock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import TRACKING_CENTRE, AccountId, CentreId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs, Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry, append
from ansimnet.platform.live import SIGNED_OUT, Live, LiveView

NOBODY = AccountId(UUID(int=1))


@dataclass(frozen=True)
class Seat:
    """An account, as a door resolves it."""

    role: Role
    account_id: AccountId = NOBODY
    centre_id: CentreId = TRACKING_CENTRE
    login: str = "seat"
    display: str = "관제07"
    subject_id: UUID | None = None


@dataclass
class Air:
    """A server with the live socket, and who may sign in."""

    dbs: Dbs
    url: str
    folder: Path
    seats: dict[str, Seat] = field(default_factory=dict)

    async def tell(self, *facts: Fact) -> None:
        async with self.dbs.tracking.transaction() as tx:
            for fact in facts:
                await append(tx, fact, actor="system:test")
        await sealer_of(self.dbs, self.folder / "ledger").once()

    def listen(self, seat: str = "room", origin: str | None = None) -> Any:
        return connect(f"{self.url}?seat={seat}", origin=None if origin is None else Origin(origin))


async def heard(ear: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Return the next facts, beats left out."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(8):
        while len(found) < count:
            message = json.loads(await ear.recv())
            if message.get("type") != "beat":
                found.append(message)
    return found


async def only_hers(_: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    fact = entry.fact
    assert isinstance(fact, NoteAdded)
    return {"text": fact.text} if fact.incident_id == account.subject_id else None


@pytest.fixture
async def air(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Air]:
    app = FastAPI()
    views = [
        LiveView(PoliceAcknowledged, frozenset({Role.TRACKING_CONTROLLER})),
        LiveView(NoteAdded, frozenset({Role.TRACKING_CONTROLLER})),
        LiveView(NoteAdded, frozenset({Role.VICTIM}), only_hers),
    ]
    live = Live(dbs, views, SystemClock(), frozenset({"http://console.example"}))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    made = Air(dbs, f"ws://127.0.0.1:{port}/live", tmp_path, {"room": Seat(Role.TRACKING_CONTROLLER)})

    async def sign_in(ws: WebSocket) -> SignedIn:
        seat = made.seats.get(ws.query_params.get("seat", ""))
        if seat is None:
            raise Forbidden
        return seat

    @app.websocket("/live")
    async def follow(ws: WebSocket) -> None:
        await live.serve(ws, sign_in)

    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off", ws="websockets-sansio")
    )
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    yield made
    server.should_exit = True
    await task


async def test_a_screen_hears_what_is_sealed_and_beats_between(air: Air) -> None:
    async with air.listen() as ear:
        await ear.send("{}")
        beat = json.loads(await ear.recv())
        assert (beat["type"], beat["seq"]) == ("beat", 0)
        await air.tell(plain("112-7"))
        (told,) = await heard(ear, 1)
    assert (told["kind"], told["data"]["receipt"], told["seq"]) == ("dispatch.police.acknowledged.v1", "112-7", 1)


async def test_a_screen_resumes_by_number_and_misses_nothing(air: Air) -> None:
    await air.tell(*(plain(f"112-{i}") for i in range(6)))
    async with air.listen() as ear:
        await ear.send(json.dumps({"after": 2}))
        found = await heard(ear, 4)
        await air.tell(plain("112-9"))
        found += await heard(ear, 1)
    assert [m["seq"] for m in found] == [3, 4, 5, 6, 7]
    async with air.listen() as ear:
        await ear.send(json.dumps({"after": None}))  # from now on
        await asyncio.sleep(0.2)
        await air.tell(plain("new"))
        assert [m["data"]["receipt"] for m in await heard(ear, 1)] == ["new"]


async def test_personal_fields_stay_in_unless_a_view_projects_them_for_that_very_account(air: Air) -> None:
    her = new_id()
    air.seats |= {"her": Seat(Role.VICTIM, subject_id=her), "auditor": Seat(Role.AUDITOR)}
    await air.tell(personal("다른 사람의 일"), personal("그녀의 일", her))
    async with air.listen() as room, air.listen("her") as phone, air.listen("auditor") as auditor:
        for ear in (room, phone, auditor):
            await ear.send('{"after": 0}')
        for message in await heard(room, 2):
            assert "text" not in message["data"]
        (hers,) = await heard(phone, 1)
        assert (hers["seq"], hers["data"]) == (2, {"text": "그녀의 일"})
        silent = [json.loads(await auditor.recv()) for _ in range(2)]
        assert {m.get("type") for m in silent} == {"beat"}


async def test_a_session_that_ends_closes_the_socket(air: Air) -> None:
    async with air.listen() as ear:
        await ear.send("{}")
        await ear.recv()
        air.seats.clear()
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(5):
                while True:
                    await ear.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == SIGNED_OUT


@pytest.mark.parametrize(
    ("seat", "origin"),
    [("nobody", None), ("room", "http://evil.example"), ("room", "null"), ("room", "http://127.0.0.1")],
)
async def test_strangers_and_pages_that_are_not_ours_are_not_let_in(air: Air, seat: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus):
        async with air.listen(seat, origin):
            pass


async def test_our_own_pages_are(air: Air) -> None:
    for origin in ("http://console.example", air.url.replace("ws:", "http:").removesuffix("/live")):
        async with air.listen(origin=origin) as ear:
            await ear.send("{}")
            assert json.loads(await ear.recv())["type"] == "beat"


@pytest.mark.parametrize("hello", ["", "{", "[]", '{"after": "x"}', '{"after": -1}', '{"after": 1e99}', b"\x00\x01"])
async def test_an_odd_first_word_means_from_now_on(air: Air, hello: str | bytes) -> None:
    await air.tell(plain("old"))
    async with air.listen() as ear:
        await ear.send(hello)
        beat = json.loads(await ear.recv())
        assert beat["type"] == "beat"
        await air.tell(plain("new"))
        assert [m["data"]["receipt"] for m in await heard(ear, 1)] == ["new"]
