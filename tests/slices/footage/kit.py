"""What several relay tests share: a relay on a free port, and a viewer that decodes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.slices.footage.relay.gate import Camera, InMemoryGate
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.sources import Sources


def camera_of(url: str, main_url: str | None = None) -> Camera:
    return Camera(CameraId(named_id("camera", "HD-0001")), "HD-0001", "새빛로 3", url, main_url=main_url)


def in_an_hour() -> datetime:
    return now() + timedelta(hours=1)


@dataclass
class Stage:
    gate: InMemoryGate
    sources: Sources
    relay: Relay
    url: str


@contextlib.asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[Stage]:
    gate, sources = InMemoryGate(), Sources()
    relay = Relay(gate, sources, **options)
    try:
        async with relay.serving("127.0.0.1", 0) as port:
            yield Stage(gate, sources, relay, f"ws://127.0.0.1:{port}/stream")
    finally:
        sources.stop()


@dataclass
class Watcher:
    """A viewer: shows its ticket, keeps every message."""

    socket: ClientConnection
    words: list[dict[str, Any]] = field(default_factory=list)
    parts: list[list[bytes]] = field(default_factory=list)  # one list per init
    code: int | None = None

    async def until(self, enough: Any, patience_s: float = 30.0) -> None:
        """Read messages until `enough()`, or the socket closed."""
        async with asyncio.timeout(patience_s):
            while not enough():
                try:
                    message = await self.socket.recv()
                except ConnectionClosed as closed:
                    self.code = closed.rcvd.code if closed.rcvd else 1006
                    return
                if isinstance(message, str):
                    self.words.append(json.loads(message))
                    if self.words[-1]["type"] == "init":
                        self.parts.append([])
                else:
                    self.parts[-1].append(message)

    async def send(self, **words: str) -> None:
        """Say something to the relay."""
        await self.socket.send(json.dumps(words))

    async def frames(self, count: int) -> None:
        """Read until so many frames of the newest rendition are here."""
        await self.until(lambda: bool(self.parts) and sum(p.count(b"moof") for p in self.parts[-1]) >= count)

    async def close_code(self) -> int | None:
        await self.until(lambda: False)
        return self.code

    def pictures(self, part: int = -1) -> list[NDArray[np.uint8]]:
        """Return the luma planes of one rendition, decoded."""
        with av.open(io.BytesIO(b"".join(self.parts[part])), "r", format="mp4") as box:
            return [np.asarray(f.to_ndarray(format="gray"), np.uint8) for f in box.decode(video=0)]

    def times(self, part: int = -1) -> list[float]:
        with av.open(io.BytesIO(b"".join(self.parts[part])), "r", format="mp4") as box:
            return [float(f.time or 0) for f in box.decode(video=0)]


@contextlib.asynccontextmanager
async def watching(stage_: Stage, ticket: str, origin: str | None = None) -> AsyncIterator[Watcher]:
    async with connect(stage_.url, origin=origin, max_size=None, compression=None) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"ticket": ticket}))
        yield Watcher(socket)
