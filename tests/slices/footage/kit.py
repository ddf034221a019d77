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
from ansimnet.kernel.permits import Masking
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


PATIENT_LEASE_S = 30.0
"""Camera, relay and viewers share one loop here: its lateness is no lost lease. Tests of the lease say so."""


@contextlib.asynccontextmanager
async def stage(lease_s: float = PATIENT_LEASE_S, **options: Any) -> AsyncIterator[Stage]:
    gate, sources = InMemoryGate(), Sources()
    relay = Relay(gate, sources, lease_s=lease_s, **options)
    try:
        async with relay.serving("127.0.0.1", 0) as port:
            yield Stage(gate, sources, relay, f"ws://127.0.0.1:{port}/stream")
    finally:
        sources.stop()


@contextlib.asynccontextmanager
async def showing(sources: Sources, camera: Camera, masking: Masking = Masking.MASKED) -> AsyncIterator[None]:
    """Have a rendition run: a masking process may take longer to start than a viewer waits for a picture."""
    stream = sources.open(camera, masking)
    try:
        async with asyncio.timeout(60):
            await stream.ready.wait()
        yield
    finally:
        sources.close(stream)


@dataclass
class Watcher:
    """A viewer: shows its ticket, keeps every message."""

    socket: ClientConnection
    words: list[dict[str, Any]] = field(default_factory=list)
    parts: list[list[bytes]] = field(default_factory=list)  # one list per init
    code: int | None = None

    async def word(self, kind: str, patience_s: float = 60.0, **like: Any) -> dict[str, Any]:
        """Return the first word of a kind that says this; fail with what was said instead."""

        def found() -> dict[str, Any] | None:
            fits = (m for m in self.words if m["type"] == kind and like.items() <= m.items())
            return next(fits, None)

        def refused() -> bool:
            return any(m["type"] == "refused" and m.get("what") in (None, like.get("what")) for m in self.words)

        with contextlib.suppress(TimeoutError):
            await self.until(lambda: found() or (kind != "refused" and refused()), patience_s)
        word = found()
        assert word is not None, f"no {kind} {like}: closed with {self.code}, heard {self.heard()}"
        return word

    def heard(self) -> list[dict[str, Any]]:
        """Return what was said, without boxes and without the bytes of files."""
        return [{k: v for k, v in m.items() if k != "data"} for m in self.words if m["type"] != "boxes"]

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

    @property
    def count(self) -> int:
        """Return how many frames of the newest rendition are here."""
        return sum(p.count(b"moof") for p in self.parts[-1]) if self.parts else 0

    async def frames(self, count: int, patience_s: float = 60.0) -> None:
        """Read until so many frames of the newest rendition are here; fail with what was said instead."""
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: self.count >= count, patience_s)
        assert self.count >= count, f"{self.count} of {count} frames: closed with {self.code}, heard {self.heard()}"

    async def shows(self, masking: str) -> None:
        """Read until a rendition of this masking begins."""
        await self.word("init", masking=masking)

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
