"""The wire between two centres: a recorder that passes every message of the link on and keeps a copy of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from ansimnet.kernel.clock import now


@dataclass(frozen=True, slots=True)
class Message:
    """One message that went over the wire, as it went."""

    at: datetime
    path: str
    body: bytes
    status: int

    @property
    def said(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def kind(self) -> str:
        """The fact's kind, or the question's name."""
        said = self.said
        return str(said.get("kind") or said.get("ask"))


@dataclass(slots=True)
class Recorder:
    """One direction of the wire: listens where the sender believes the other centre to be."""

    to_url: str
    port: int = 0
    messages: list[Message] = field(default_factory=list)
    _client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=10.0, trust_env=False))

    @property
    def url(self) -> str:
        """Where the sender sends to."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Pass messages on until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()
            await self._client.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                _, path, _ = head[0].split(" ")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                lower = {k.lower(): v for k, v in headers.items()}
                body = await reader.readexactly(int(lower.get("content-length", "0")))
                status, answer = await self._pass_on(path, body, lower)
                writer.write(_response(status, answer))
                await writer.drain()
        writer.close()

    async def _pass_on(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, httpx.Response | None]:
        at = now()
        ours = {k: v for k, v in headers.items() if k.startswith("x-ansimnet") or k == "content-type"}
        try:
            answer: httpx.Response | None = await self._client.post(self.to_url + path, content=body, headers=ours)
        except httpx.HTTPError:
            answer = None
        status = answer.status_code if answer is not None else 502
        self.messages.append(Message(at, path, body, status))
        return status, answer


def _response(status: int, answer: httpx.Response | None) -> bytes:
    content = answer.content if answer is not None else b""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(content)}"]
    if answer is not None:
        kept = [(k, v) for k, v in answer.headers.items() if k.startswith("x-ansimnet") or k == "content-type"]
        lines += [f"{k}: {v}" for k, v in kept]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content
