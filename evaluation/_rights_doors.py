"""Every door through which a picture can leave, as a viewer meets it. A new door is one line in `DOORS`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Masking, Purpose

MOOF_BYTES = 104
_TFDT, _SHIFT = struct.Struct(">Q"), struct.Struct(">i")
_TFDT_AT, _SHIFT_AT = 60, 100
"""Where `relay.fmp4` writes a fragment's decoding time, and the presentation time's distance from it."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way to pictures: what its ticket says, for which purpose it is asked, and what is asked on the socket."""

    name: str
    masking: Masking
    purpose: Purpose
    extras: Callable[[CameraId], dict[str, Any]] = lambda _: {}
    asks: Callable[[], dict[str, Any] | None] = lambda: None
    past: bool = False
    path: str = "/stream"


def _recorded(camera: CameraId) -> dict[str, Any]:
    """Return what a ticket to the last seconds and all that follows says."""
    span = {"from": (now() - timedelta(seconds=2)).isoformat(), "until": (now() + timedelta(hours=1)).isoformat()}
    return {"recorded": {"cameras": [str(camera)], "reason": "the evaluation", **span}}


def _go() -> dict[str, Any]:
    """Return a gateway's word that this socket carries the stream."""
    return {"type": "go"}


def _clip() -> dict[str, Any]:
    return {"type": "clip", "from": (now() - timedelta(seconds=2)).isoformat(), "until": now().isoformat()}


DOORS = (
    Door("original", Masking.ORIGINAL, Purpose.INVESTIGATE),
    Door("masked", Masking.MASKED, Purpose.RESPOND),
    Door("marked", Masking.MARKED, Purpose.RESPOND, lambda _: {"track": "17"}),
    Door("cascade", Masking.ORIGINAL, Purpose.INVESTIGATE, asks=_go, path="/cascade"),
    Door("recorded", Masking.ORIGINAL, Purpose.INVESTIGATE, _recorded, past=True),
    Door("recorded, masked", Masking.MASKED, Purpose.RESPOND, _recorded, past=True),
    Door("clip", Masking.ORIGINAL, Purpose.INVESTIGATE, _recorded, _clip, past=True),
)


@dataclass(slots=True)
class Seen:
    """What one socket gave. `pictures`: presentation time (ticks) and when it was received (seconds, wall clock)."""

    pictures: list[tuple[int, float]] = field(default_factory=list)
    code: int | None = None

    def hear(self, message: str) -> None:
        """Note a part of a file: it holds pictures too."""
        if message.startswith('{"type": "file"'):
            self.pictures.append((-1, now().timestamp()))

    def take(self, message: bytes) -> None:
        """Note every picture in a message."""
        at, came = 0, now().timestamp()
        while at + 8 <= len(message):
            size = int.from_bytes(message[at : at + 4], "big")
            if message[at + 4 : at + 8] == b"moof":
                (dts,) = _TFDT.unpack_from(message, at + _TFDT_AT)
                (shift,) = _SHIFT.unpack_from(message, at + _SHIFT_AT)
                self.pictures.append((dts + shift, came))
            at += size or len(message)


@contextlib.asynccontextmanager
async def at_the_door(
    url: str, ticket: str | None, asks: dict[str, Any] | None = None
) -> AsyncIterator[ClientConnection | None]:
    """Connect, show a ticket, or other words than a ticket, and ask; None where the socket is refused."""
    try:
        async with connect(url, max_size=None, compression=None, open_timeout=30, close_timeout=1) as socket:
            said = {"ticket": ticket} if ticket is not None else {"type": "mark", "track": "17"}
            await socket.send(json.dumps(said))
            if asks is not None:
                await socket.send(json.dumps(asks))
            yield socket
    except (InvalidHandshake, OSError):
        yield None


async def watch(socket: ClientConnection | None, seen: Seen, seconds: float, most: int = 1 << 30) -> None:
    """Take pictures for so long, or so many, or until the socket closes."""
    if socket is None:
        return
    try:
        async with asyncio.timeout(seconds):
            while len(seen.pictures) < most:
                message = await socket.recv()
                if isinstance(message, bytes):
                    seen.take(message)
                else:
                    seen.hear(message)
    except ConnectionClosed as closed:
        seen.code = closed.rcvd.code if closed.rcvd else 1006
    except TimeoutError:
        pass
