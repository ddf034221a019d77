"""A WebSocket that takes ready messages without copying them and without a task that waits."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from ansimnet.slices.footage.relay.viewer import Viewer

FIRST_BYTES_S = 5.0
"""How long a connection may say nothing."""
_TEXT, _BINARY = 0x81, 0x82
"""First byte of a whole message (RFC 6455 §5.2); a server's messages carry no mask."""


class Socket(ServerConnection):
    """A viewer's connection; `viewer` hears when it takes more again.

    `ServerConnection.send` awaits a lock and copies: at two hundred viewers a fifth of a core. Messages here are whole
    and go straight to the transport, so those of the library (pings, closing) can only stand between them.
    """

    viewer: Viewer | None = None
    asked_s: float = 0.0  # when the socket was opened
    elsewhere: Callable[[asyncio.Transport, bytes], bool] | None = None
    """Takes connections that begin with another method than GET, with their first bytes; False where it does not."""
    _silent: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes: they say whether this is a WebSocket."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods alone
        self._silent = self.loop.call_later(FIRST_BYTES_S, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None
            other = self.elsewhere
            if other is not None and not data.startswith(b"GET ") and other(self.transport, data):
                return
            super().connection_made(self.transport)
        super().data_received(data)

    def eof_received(self) -> None:
        if self._silent is None:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silent is None:
            super().connection_lost(exc)
        else:
            self._silent.cancel()

    @property
    def ready(self) -> bool:
        """Return whether the connection takes more now."""
        return not self.paused and self.state is State.OPEN

    def put(self, parts: Sequence[bytes], *, text: bool = False) -> None:
        """Send the parts as one message."""
        if self.state is State.OPEN:
            self.transport.writelines((head(sum(map(len, parts)), text), *parts))

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.viewer is not None:
            self.viewer.flow()


def head(size: int, text: bool) -> bytes:
    """Return the head of a whole message of so many bytes.

    >>> head(5, text=True).hex(), head(300, text=False).hex()
    ('8105', '827e012c')
    """
    kind = _TEXT if text else _BINARY
    if size < 126:
        return bytes((kind, size))
    if size < 1 << 16:
        return struct.pack(">BBH", kind, 126, size)
    return struct.pack(">BBQ", kind, 127, size)
