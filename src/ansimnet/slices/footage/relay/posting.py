"""HTTP beside GET on the relay's own port. `websockets` reads no other method, so such connections go to uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ansimnet.slices.footage.relay.outlet import Socket

LASTS_S = 30.0
"""How long one connection may live: no picture comes over it, and an answer waits 10 s at most for a camera."""
MAX_HEADER_BYTES = 16 << 10


def posted(socket: type[Socket], posts: Mapping[str, ASGIApp]) -> type[Socket]:
    """Return the class of sockets whose connections may be taken by what answers under one of these paths."""

    def take(transport: asyncio.Transport, data: bytes) -> bool:
        """Hand a connection on."""
        target = data.partition(b" ")[2].partition(b" ")[0].decode("latin-1")
        app = next((app for path, app in posts.items() if path in target), None)
        if app is None:
            return False
        config = Config(
            app, lifespan="off", ws="none", http="h11", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )  # fmt: skip
        config.load()
        protocol = H11Protocol(config, ServerState(), {})
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        asyncio.get_running_loop().call_later(LASTS_S, transport.abort)
        protocol.data_received(data)
        return True

    return type("PostedSocket", (socket,), {"elsewhere": staticmethod(take)})
