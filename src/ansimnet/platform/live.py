"""The one live socket: signed-in screens follow the sealed sequence and resume by its number.

A fact reaches a screen only through a `LiveView`, which names the roles that may hear of it; without one it is silent.
Messages carry public fields alone unless the view projects something for that very account (the victim's own alert).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry, follow, head_seq, public_body

log = logging.getLogger("ansimnet.live")

BEAT_S = 1.0
"""How often a screen hears that the link lives, and how long a dead session may still listen."""

SIGNED_OUT = 4401
"""Close code: the session ended."""

Project = Callable[[Tx, Entry, SignedIn], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class LiveView:
    """Which roles hear of a fact, and what of it. `project` may return None: this account hears nothing."""

    fact: type[Fact]
    roles: frozenset[Role]
    project: Project | None = None


class Live:
    """Serves `/api/v1/live`."""

    def __init__(self, dbs: Dbs, views: list[LiveView], clock: Clock, origins: frozenset[str]) -> None:
        self.dbs = dbs
        self.clock = clock
        self.origins = origins
        self.views: dict[type[Fact], list[LiveView]] = {}
        for view in views:
            self.views.setdefault(view.fact, []).append(view)

    async def serve(self, socket: WebSocket, sign_in: Callable[[WebSocket], Awaitable[SignedIn]]) -> None:
        """Follow the ledger for one screen until it leaves or its session ends."""
        if not self._origin_ours(socket):
            await socket.close(SIGNED_OUT, "this page is not ours")
            return
        try:
            account = await sign_in(socket)
        except Refusal:
            await socket.close(SIGNED_OUT, "sign in first")
            return
        await socket.accept()
        db = self.dbs.of(account.centre_id)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            after = await self._first(socket, db)
            tasks = [
                asyncio.create_task(self._facts(socket, db, account, after)),
                asyncio.create_task(self._beats(socket, db, sign_in)),
                asyncio.create_task(_drain(socket)),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _origin_ours(self, socket: WebSocket) -> bool:
        origin = socket.headers.get("origin")
        if origin is None:  # not a browser
            return True
        return origin in self.origins or urlsplit(origin).netloc == socket.headers.get("host")

    async def _first(self, socket: WebSocket, db: Db) -> int:
        try:
            hello = msgspec.json.decode(await asyncio.wait_for(socket.receive_text(), 10))
            after = hello.get("after") if isinstance(hello, dict) else None
        except (msgspec.DecodeError, TimeoutError, KeyError):  # KeyError: it sent bytes
            after = None
        return after if isinstance(after, int) and after >= 0 else await head_seq(db)

    async def _facts(self, socket: WebSocket, db: Db, account: SignedIn, after: int) -> None:
        kinds = frozenset(f for f, views in self.views.items() if any(account.role in v.roles for v in views))
        async for entry in follow(db, after, kinds):
            for view in self.views[type(entry.fact)]:
                if account.role not in view.roles:
                    continue
                data = await self._project(db, view, entry, account)
                if data is not None:
                    await _send(
                        socket,
                        {"seq": entry.seq, "kind": entry.fact.kind, "at": entry.fact.happened_at, "data": data},
                    )

    async def _project(self, db: Db, view: LiveView, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
        if view.project is None:
            return public_body(entry.fact)
        async with db.transaction() as tx:
            return await view.project(tx, entry, account)

    async def _beats(self, socket: WebSocket, db: Db, sign_in: Callable[[WebSocket], Awaitable[SignedIn]]) -> None:
        while True:
            try:
                await sign_in(socket)
            except Refusal:
                await socket.close(SIGNED_OUT, "the session ended")
                return
            await _send(socket, {"type": "beat", "now": self.clock.now(), "seq": await head_seq(db)})
            await asyncio.sleep(BEAT_S)


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    await socket.send_text(msgspec.json.encode(message).decode())


async def _drain(socket: WebSocket) -> None:
    """Read until the screen leaves; it says nothing after its first message."""
    with contextlib.suppress(KeyError):  # bytes: nobody of ours speaks like that, so this one leaves
        while True:
            await socket.receive_text()
