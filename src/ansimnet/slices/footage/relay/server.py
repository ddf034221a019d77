"""Serve streams over WebSocket, hold each viewer's permit, and cut at once when it ends.

Written on `websockets` itself, not ASGI: a cut must drop what a slow viewer's connection still holds, and only the
transport can. The first text message carries the ticket, so that it stands in no log and no history.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog
from starlette.types import ASGIApp
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ansimnet.kernel.clock import Clock, SystemClock, monotonic_s
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.permits import PermitOver
from ansimnet.slices.footage.relay.gate import BadTicket, End, Gate, Held
from ansimnet.slices.footage.relay.metrics import Metrics
from ansimnet.slices.footage.relay.outlet import Socket
from ansimnet.slices.footage.relay.posting import posted
from ansimnet.slices.footage.relay.rights import LEASE_S, Rights
from ansimnet.slices.footage.relay.ring import Budget
from ansimnet.slices.footage.relay.shedding import Shedding
from ansimnet.slices.footage.relay.showing import Recordings, Showing, Streams, object_of
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.view import Line, View
from ansimnet.slices.footage.relay.viewer import MAX_QUEUED_BYTES

log = structlog.get_logger(__name__)

RIGHT_ENDED, NO_SOURCE, BAD_TICKET = 4403, 4404, 4401
"""Close codes: the page blanks · there is no picture · sign in again."""
TICKET_S = 5.0
"""How long a fresh socket may stay without showing its ticket."""
DRAIN_S = 0.05
"""How long a cut viewer's connection may take what was sent before the cut; then it is dropped, close frame and all."""
SEND_BUFFER_BYTES = 128 << 10
"""What the kernel may hold for one viewer: half a second of a 2 Mbit/s stream."""
WRITE_BUFFER_BYTES = 64 << 10
"""What our side holds for one viewer beyond the kernel before his frames are queued: half a key frame."""
QUEUES_BYTES = 256 << 20
"""What all queues of one relay may hold together; ours: 64 viewers at their own limit."""
LOAD_S = 0.25
"""How often the lateness of the event loop is looked at."""
MAX_VIEWERS = 500
"""Measured: 500 viewers of 500 cameras of 2 Mbit/s take 82 % of a core, and a gigabit line."""


class Door(NamedTuple):
    """What is done with an admitted socket of one path. `sends`: it brings pictures instead of taking them."""

    show: Callable[[View, Socket], Awaitable[None]]
    sends: bool = False


class Relay:
    """The relay's serving side. `run` holds the lease and listens for endings while sockets are served."""

    def __init__(
        self,
        gate: Gate,
        sources: Sources,
        *,
        origins: Sequence[str] = (),
        clock: Clock | None = None,
        viewer_bytes: int = MAX_QUEUED_BYTES,
        recordings: Recordings | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        """Cut everybody when the gate has not answered for `lease_s`; more than a second is for no installation."""
        self.gate = gate
        self.sources = sources
        self.streams = Streams(sources, recordings)
        self.metrics = Metrics()
        self.views: dict[View, None] = {}  # the oldest first
        self.shedding = Shedding()
        self.rights = Rights(gate, clock or SystemClock(), self.views, lease_s=lease_s)
        self.doors = {"/stream": Door(self._show)}
        self.posts: dict[str, ASGIApp] = {}  # what answers HTTP beside GET, by the path it begins with
        self.origins = frozenset(origins)
        self.queues = Budget(QUEUES_BYTES)
        self._viewer_bytes = viewer_bytes
        self._unrecorded: asyncio.Queue[View] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncGenerator[int]:
        """Serve until the block ends; yields the port (chosen by the system for 0)."""
        sock = socket.create_server((host, port), backlog=256)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        server = await serve(
            self._serve,
            sock=sock,
            process_request=self._greet,
            compression=None,
            max_size=4096,
            max_queue=4,
            open_timeout=TICKET_S,
            create_connection=posted(Socket, self.posts),
            write_limit=WRITE_BUFFER_BYTES,
            ping_interval=10,
            ping_timeout=10,
            close_timeout=0.5,
            server_header=None,
        )
        tasks = [
            asyncio.create_task(t) for t in (self.rights.hold(), self.rights.hear(), self._record(), self._watch_load())
        ]
        try:
            yield sock.getsockname()[1]
        finally:
            for view in tuple(self.views):
                view.finish(End.SOURCE_LOST)
            await self._shut(server)
            while not self._unrecorded.empty():
                await asyncio.sleep(0.01)
                if not self.rights.leased:
                    break
            for task in tasks:
                task.cancel()

    async def _shut(self, server: Server) -> None:
        server.close(close_connections=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.wait_closed()
        server.close()
        await server.wait_closed()

    def _metrics_page(self) -> str:
        return self.metrics.page(self.sources, self.queues.used, self.shedding.step).decode()

    @property
    def full(self) -> bool:
        """Return whether nobody more is admitted."""
        return len(self.views) >= MAX_VIEWERS or self.shedding.full

    # --- before the socket

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; let `…/stream` pass for known origins. Programs send no origin, browsers always do."""
        path = _last(request.path)
        if path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "ok\n")
        if path == "/metrics":
            return connection.respond(http.HTTPStatus.OK, self._metrics_page())
        if path in self.posts:
            return connection.respond(http.HTTPStatus.METHOD_NOT_ALLOWED, "not read, but posted to\n")
        if path not in self.doors:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "not found\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self.origins:
            return connection.respond(http.HTTPStatus.FORBIDDEN, "this origin may not connect\n")
        if self.full:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "this relay is full\n")
        return None

    # --- the socket

    async def _serve(self, socket_: ServerConnection) -> None:
        assert isinstance(socket_, Socket)
        assert socket_.request is not None
        socket_.asked_s = monotonic_s()
        door = self.doors[_last(socket_.request.path)]
        try:
            async with asyncio.timeout(TICKET_S):
                ticket = object_of(await socket_.recv()).get("ticket")
            held = await self.admit(ticket)
            if held.sends is not door.sends:
                raise BadTicket
        except PermitOver:
            await socket_.close(RIGHT_ENDED, "right ended")
            return
        except (Refusal, TimeoutError):
            await socket_.close(BAD_TICKET, "bad ticket")
            return
        except ConnectionClosed:
            return
        except Exception:
            log.exception("no answer about a ticket")
            await socket_.close(NO_SOURCE, "unavailable")
            return
        async with self.viewing(held, socket_) as view:
            await door.show(view, socket_)

    async def admit(self, ticket: object) -> Held:
        """Use up a ticket.

        Raises:
            BadTicket, PermitOver, TimeoutError: there is no right, or nobody says so in time.
        """
        if not isinstance(ticket, str) or not self.rights.leased:
            raise BadTicket
        async with asyncio.timeout(2 * self.rights.lease_s):
            return await self.gate.redeem(ticket)

    @contextlib.asynccontextmanager
    async def viewing(self, held: Held, outlet: Line) -> AsyncGenerator[View]:
        """Count a view, and hold its right, until the block ends; then have it written down."""
        view = View(held, outlet, self._viewer_bytes, self.queues, self.metrics)
        self.views[view] = None
        self.metrics.viewers.inc()
        try:
            self.rights.arm(view)
            yield view
        finally:
            self.views.pop(view, None)
            view.disarm()
            self.metrics.viewers.dec()
            self.metrics.shed.inc(view.viewer.drops)
            self._unrecorded.put_nowait(view)

    async def _show(self, view: View, socket_: Socket) -> None:
        try:
            stream = self.streams.open(view)
        except NotFound:
            view.finish(End.SOURCE_LOST)
            await self.hang_up(view, socket_)
            return
        showing = Showing(self.gate, self.rights, self.streams, view, stream)
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(showing.listen(socket_)),
            asyncio.create_task(view.cut.wait()),
        ]
        try:
            if not await self.streams.begins(view, showing.stream, tasks):
                view.finish(End.SOURCE_LOST)
            elif view.end is None:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            showing.stream.leave(view.viewer)
            view.finish(End.LEFT)
            await self.hang_up(view, socket_)
            await asyncio.gather(*tasks, return_exceptions=True)
            view.seen = showing.stream.seen
            self.streams.close(view, showing.stream)

    async def hang_up(self, view: View, socket_: ServerConnection) -> None:
        """Close so that nothing more leaves: a viewer who does not take his close frame is dropped with his buffer."""
        code = {End.LEFT: 1000, End.SOURCE_LOST: NO_SOURCE}.get(view.end or End.LEFT, RIGHT_ENDED)
        transport = socket_.transport
        if code == RIGHT_ENDED:
            patience = monotonic_s() + DRAIN_S
            while transport.get_write_buffer_size() and monotonic_s() < patience:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.005)
            if transport.get_write_buffer_size():
                transport.abort()
                return
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(1.0):
                await socket_.close(code, view.end or "")
        if not transport.is_closing():
            transport.abort()

    # --- load and record

    async def _watch_load(self) -> None:
        """Thin the newest viewers to key frames while the loop is late; say so, and take it back when it is calm."""
        while True:
            due = monotonic_s() + LOAD_S
            await asyncio.sleep(LOAD_S)
            step = self.shedding.step
            self.shedding.note(monotonic_s() - due)
            if self.shedding.step != step:
                log.warning("relay.load", late_s=round(monotonic_s() - due, 3), shed_quarters=self.shedding.step)
            if step or self.shedding.step:
                live = [v for v in self.views if v.held.recorded is None]
                first = len(live) - self.shedding.thinned(len(live))
                for i, view in enumerate(live):
                    view.viewer.busy(i >= first)

    async def _record(self) -> None:
        """Write down ended views, as often as it takes: the database may be the reason they ended."""
        while True:
            view = await self._unrecorded.get()
            end = view.end or End.LEFT
            self.metrics.ends.labels(end).inc()
            self.metrics.bytes.inc(view.viewer.size)
            self.metrics.frames.inc(view.viewer.frames)
            while True:
                try:
                    await self.gate.closed(
                        view.held,
                        end,
                        frames=view.viewer.frames,
                        size=view.viewer.size,
                        shed=view.viewer.drops,
                        seen=view.seen,
                    )
                    break
                except Exception:
                    log.exception("the end of a view is not recorded yet")
                    await asyncio.sleep(0.5)


def _last(path: str) -> str:
    """Return the last part of a path, whatever a proxy put before it.

    >>> _last("/relay/1/stream?v=2")
    '/stream'
    """
    return "/" + path.partition("?")[0].rpartition("/")[2]
