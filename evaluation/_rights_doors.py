"""Every door through which a picture can leave, as a viewer meets it. A new door is one line in `DOORS`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Masking, Purpose

MOOF_BYTES = 104
_TFDT, _SHIFT = struct.Struct(">Q"), struct.Struct(">i")
_TFDT_AT, _SHIFT_AT = 60, 100
"""Where `relay.fmp4` writes a fragment's decoding time, and the presentation time's distance from it."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way to pictures: what its ticket says, and for which purpose it is asked."""

    name: str
    masking: Masking
    purpose: Purpose
    extras: Callable[[], dict[str, Any]] = dict


DOORS = (
    Door("original", Masking.ORIGINAL, Purpose.INVESTIGATE),
    Door("masked", Masking.MASKED, Purpose.RESPOND),
    Door("marked", Masking.MARKED, Purpose.RESPOND, lambda: {"track": "17"}),
)


@dataclass(slots=True)
class Seen:
    """What one socket gave. `pictures`: presentation time (ticks) and when it was received (seconds, wall clock)."""

    pictures: list[tuple[int, float]] = field(default_factory=list)
    code: int | None = None

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
async def at_the_door(url: str, ticket: str | None) -> AsyncIterator[ClientConnection | None]:
    """Connect and show a ticket, or other words than a ticket; None where the socket is refused."""
    try:
        async with connect(url, max_size=None, compression=None, open_timeout=30, close_timeout=1) as socket:
            said = {"ticket": ticket} if ticket is not None else {"type": "mark", "track": "17"}
            await socket.send(json.dumps(said))
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
    except ConnectionClosed as closed:
        seen.code = closed.rcvd.code if closed.rcvd else 1006
    except TimeoutError:
        pass
