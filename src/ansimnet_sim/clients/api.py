"""A signed-in client of the HTTP API: cookie, CSRF header, problem+json."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Refusal

Json = dict[str, Any]


class ApiRefused(Refusal):
    """The server said no."""

    name = "api-refused"

    def __init__(self, status: int, problem: Json, where: str) -> None:
        self.status, self.problem = status, problem
        super().__init__(f"{where}: {status} {problem.get('title', '')} {problem.get('detail', '')}".strip())


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One message of the live socket, with when it arrived."""

    at: datetime
    seq: int
    kind: str
    data: Json


@dataclass(slots=True)
class Api:
    """One session."""

    base_url: str
    csrf: str = ""
    account: Json = field(default_factory=dict)
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(base_url=self.base_url, timeout=20.0, headers={"Origin": self.base_url})

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def sign_in(self, login: str, password: str) -> Json:
        """Open a session with a password."""
        return self._opened(await self.post("/api/v1/session", {"login": login, "password": password}))

    async def enrol(self, kind: str, code: str) -> Json:
        """Open a session with a one-time code; `kind` is phone or unit."""
        return self._opened(await self.post(f"/api/v1/{kind}/enrol", {"code": code}))

    def _opened(self, answer: Json) -> Json:
        self.csrf, self.account = str(answer.get("csrf", "")), dict(answer.get("account") or {})
        return answer

    async def get(self, path: str, **params: Any) -> Json:
        """GET a path.

        Raises:
            ApiRefused: the status is 400 or more.
        """
        return self._read(await self.client.get(path, params=params), f"GET {path}")

    async def post(self, path: str, body: Json | None = None) -> Json:
        """POST JSON to a path.

        Raises:
            ApiRefused: the status is 400 or more.
        """
        head = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        return self._read(await self.client.post(path, json=body or {}, headers=head), f"POST {path}")

    async def put(self, path: str, body: Json) -> Json:
        """PUT JSON to a path.

        Raises:
            ApiRefused: the status is 400 or more.
        """
        head = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        return self._read(await self.client.put(path, json=body, headers=head), f"PUT {path}")

    @staticmethod
    def _read(answer: httpx.Response, where: str) -> Json:
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = {"title": answer.text[:200]}
        found: Json = body if isinstance(body, dict) else {"items": body}
        if answer.status_code >= 400:
            raise ApiRefused(answer.status_code, found, where)
        return found

    def cookies(self) -> str:
        """Return the Cookie header of this session."""
        return "; ".join(f"{c.name}={c.value}" for c in self.client.cookies.jar)

    async def live(self, after: int | None = None) -> AsyncIterator[LiveMessage]:
        """Follow the live socket; reconnects and resumes by sequence number. Beats are not yielded."""
        parts = urlsplit(self.base_url)
        url = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/api/v1/live"
        seq = after
        while True:
            try:
                head = {"Cookie": self.cookies()}
                async with connect(url, additional_headers=head, origin=self.base_url, max_size=1 << 24) as socket:  # type: ignore[arg-type]
                    await socket.send(json.dumps({"after": seq}))
                    async for raw in socket:
                        at, body = now(), json.loads(raw)
                        if body.get("type") == "beat" or "kind" not in body:
                            continue
                        seq = max(seq or 0, int(body.get("seq") or 0))
                        yield LiveMessage(at, int(body.get("seq") or 0), body["kind"], body.get("data") or {})
            except (ConnectionClosed, OSError):
                await asyncio.sleep(0.3)
