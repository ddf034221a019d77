"""A whole edge for the tests about people: every router of policy on a real database, and browsers to knock with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy.api import accounts, facilities, routes, security, sessions, signing
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import Desk, People

PASSWORD = "정말-긴-비밀번호-07"
HERE = "http://localhost:8700"


@dataclass
class Browser:
    """A browser at a desk."""

    client: httpx.AsyncClient

    async def sign_in(self, account: Account, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        """Sign in with a password, and remember the token every write carries."""
        body = {"login": account.login, "password": password} | ({} if code is None else {"code": code})
        return self.entered(await self.client.post("/api/v1/session", json=body))

    def entered(self, answer: httpx.Response) -> httpx.Response:
        """Remember the token of an answer that opened a session."""
        if answer.status_code == 200 and "csrf" in answer.json():
            self.client.headers["x-csrf-token"] = answer.json()["csrf"]
        return answer

    async def get(self, path: str) -> Any:
        """GET a path of the API."""
        answer = await self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any] | None = None, *, status: int | None = None) -> Any:
        """POST to a path of the API; the status must be a success, or the one that is named."""
        answer = await self.client.post(f"/api/v1{path}", json=body or {})
        if status is None:
            assert answer.status_code < 300, answer.text
        else:
            assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None


@dataclass
class Edge:
    """The edge and whoever knocks."""

    app: FastAPI
    desk: Desk
    dbs: Dbs
    clock: SimulatedClock
    opened: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self, base: str = HERE, address: str = "127.0.0.1", agent: str = "Windows") -> Browser:
        """Open a browser without a session; it says where its page comes from, as browsers do."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 40000), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=base, headers={"user-agent": agent, "origin": base})
        self.opened.append(client)
        return Browser(client)

    async def told(self, db: Db, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of a kind of fact on the ledger, the oldest first."""
        async with db.transaction() as tx:
            rows = await tx.all("select body from ledger_entry where kind = %s order by recorded_at", (kind,))
        return [json.loads(bytes(r[0])) for r in rows]


@asynccontextmanager
async def edge(dbs: Dbs, clock: SimulatedClock, people: People | None = None) -> AsyncIterator[Edge]:
    """Serve policy's API in this process."""
    app = FastAPI()
    platform_http.install(app)
    for part in (sessions, signing, security, accounts, facilities, routes):
        app.include_router(part.router)
    desk = Desk(dbs, clock, people)
    sessions.install(app, desk)
    whole = Edge(app, desk, dbs, clock)
    try:
        yield whole
    finally:
        for client in whole.opened:
            await client.aclose()
