"""A device that speaks MQTT 3.1.1: it connects with its name and key, publishes at level 1, and hears what was kept."""

from __future__ import annotations

import asyncio
import struct
from typing import cast

KEEP_ALIVE_S = 120
CONNECT, CONNACK, PUBLISH, PUBACK = 0x10, 0x20, 0x32, 0x40
"""First bytes of the packets [OASIS MQTT 3.1.1, 2.2]; 0x32 publishes at level 1."""
GREETING = 0
"""The key under which the answer to CONNECT is waited for: no packet has the id 0."""


class NotTaken(Exception):  # noqa: N818 - a device tries again
    """The server did not acknowledge: it said no, or the connection ended."""


class Line(asyncio.Protocol):
    """One device's connection, with any number of messages under way."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._waits: dict[int, asyncio.Future[None]] = {}
        self._transport: asyncio.Transport | None = None
        self._last = 0

    @classmethod
    async def open(cls, host: str, port: int, name: str, key: str) -> Line:
        """Connect and be admitted.

        Raises:
            NotTaken: sent away.
            OSError: nobody listens.
        """
        _, line = await asyncio.get_running_loop().create_connection(cls, host, port)
        hello = _text(b"MQTT") + bytes((4, 0xC2)) + struct.pack(">H", KEEP_ALIVE_S)
        for word in (name, name, key):  # client id, user name, password
            hello += _text(word.encode())
        try:
            await line._ask(GREETING, _packet(CONNECT, hello))
        except BaseException:
            line.close()
            raise
        return line

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return self._transport is not None

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the acknowledgement.

        Raises:
            NotTaken: it did not come.
        """
        self._last = self._last % 65_535 + 1
        await self._ask(self._last, _packet(PUBLISH, _text(topic.encode()) + struct.pack(">H", self._last) + payload))

    def close(self) -> None:
        """End the connection without a word, as a device does that loses its network."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by name

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 4:  # CONNACK and PUBACK both have four bytes
            head, _, high, low = self._held[:4]
            del self._held[:4]
            if head == CONNACK:
                self._settle(GREETING, None if low == 0 else NotTaken(f"sent away with code {low}"))
            elif head == PUBACK:
                self._settle(high << 8 | low, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for key in list(self._waits):
            self._settle(key, NotTaken("the connection ended"))

    async def _ask(self, key: int, packet: bytes) -> None:
        if self._transport is None:
            raise NotTaken("not connected")
        self._waits[key] = asyncio.get_running_loop().create_future()
        self._transport.write(packet)
        await self._waits[key]

    def _settle(self, key: int, error: Exception | None) -> None:
        wait = self._waits.pop(key, None)
        if wait is None or wait.done():
            return
        if error is not None:
            wait.set_exception(error)
        else:
            wait.set_result(None)


def _text(word: bytes) -> bytes:
    return struct.pack(">H", len(word)) + word


def _packet(head: int, body: bytes) -> bytes:
    length, n = bytearray(), len(body)
    while True:
        n, low = n >> 7, n & 0x7F
        length.append(low | (0x80 if n else 0))
        if not n:
            return bytes((head,)) + bytes(length) + body
