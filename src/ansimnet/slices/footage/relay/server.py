"""Serve streams over WebSocket, hold each viewer's permit, and cut at once when it ends.

Written on `websockets` itself, not ASGI: a cut must drop what a slow viewer's connection still holds, and only the
transport can. The first text message carries the ticket, so that it stands in no log and no history.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol

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
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.view import Line, View
from ansimnet.slices.footage.relay.viewer import MAX_QUEUED_BYTES, Viewer

log = structlog.get_logger(__name__)

RIGHT_ENDED, NO_SOURCE, BAD_TICKET = 4403, 4404, 4401
"""Close codes: the page blanks · there is no picture · sign in again."""
TICKET_S = 5.0
"""How long a fresh socket may stay without showing its ticket."""
PICTURE_S = 10.0
"""How long a viewer waits for a camera that is being reached: connection, login and one group of pictures."""
MASKING_S = 30.0
"""How long where the camera is live and its masking process only starts: 8 s were seen on a machine 16 deep in work."""
DRAIN_S = 0.05
"""How long a cut viewer's connection may take what was sent before the cut; then it is dropped, close frame and all."""
SEND_BUFFER_BYTES = 128 << 10
"""What the kernel may hold for one viewer: half a second of a 2 Mbit/s stream."""
MOST_ANSWERS = 3
"""Clips and stills that one viewer's socket makes at a time; what he asks beyond is not heard."""
WRITE_BUFFER_BYTES = 64 << 10
"""What our side holds for one viewer beyond the kernel before his frames are queued: half a key frame."""
QUEUES_BYTES = 256 << 20
"""What all queues of one relay may hold together; ours: 64 viewers at their own limit."""
LOAD_S = 0.25
"""How often the lateness of the event loop is looked at."""
MAIN_S = 5.0
"""How long a viewer's wish for the main stream may wait for its first picture; the sub-stream plays meanwhile."""
LASTING = frozenset({"h265", "unsupported-stream", "camera-login"})
"""Reasons that waiting does not mend: the viewer hears them at once."""
MAX_VIEWERS = 500
"""Measured: 500 viewers of 500 cameras of 2 Mbit/s take 82 % of a core, and a gigabit line."""


class Recordings(Protocol):
    """Where recorded pictures come from."""

    def open(self, held: Held, viewer: Viewer) -> Stream:
        """Return the stream that such a right shows, started; it plays for this viewer alone."""
        ...

    def close(self, stream: Stream) -> None:
        """Give one `open` back."""
        ...


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
        self.recordings = recordings
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
                ticket = _object(await socket_.recv()).get("ticket")
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
            stream = self.open_stream(view)
        except NotFound:
            view.finish(End.SOURCE_LOST)
            await self.hang_up(view, socket_)
            return
        streams = [stream]  # the last one is shown; marking replaces it
        view.follow(stream)
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(self._listen(view, socket_, streams)),
            asyncio.create_task(view.cut.wait()),
        ]
        try:
            if not await self.begins(view, streams, tasks):
                view.finish(End.SOURCE_LOST)
            elif view.end is None:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            streams[-1].leave(view.viewer)
            view.finish(End.LEFT)
            await self.hang_up(view, socket_)
            await asyncio.gather(*tasks, return_exceptions=True)
            view.seen = streams[-1].seen
            self.close_stream(view, streams[-1])

    def open_stream(self, view: View) -> Stream:
        """Return the stream of a right, live or recorded, started."""
        held = view.held
        if held.recorded is None:
            return self.sources.open(held.camera, held.masking, held.marked, main=view.main)
        if self.recordings is None:
            raise NotFound("this relay records nothing")
        return self.recordings.open(held, view.viewer)

    def close_stream(self, view: View, stream: Stream) -> None:
        """Give one `open_stream` back."""
        if view.held.recorded is None:
            self.sources.close(stream)
        elif self.recordings is not None:
            self.recordings.close(stream)

    async def begins(self, view: View, streams: list[Stream], tasks: Sequence[asyncio.Task[object]]) -> bool:
        """Wait for the first picture; True too where the view ended meanwhile. Say why there is none."""
        ready = asyncio.create_task(streams[-1].ready.wait())
        began_s, patience_s, reason = monotonic_s(), PICTURE_S, ""
        try:
            while monotonic_s() - began_s < patience_s and reason not in LASTING:
                if (await asyncio.wait({ready, *tasks}, timeout=LOAD_S, return_when=asyncio.FIRST_COMPLETED))[0]:
                    return True
                source = self.sources.cameras.get(view.held.camera.camera_id)
                live = source is not None and source.ready.is_set()
                patience_s = MASKING_S if live else PICTURE_S
                reason = "" if source is None or live else source.reason
        finally:
            ready.cancel()
        if reason:
            view.viewer.say(json.dumps({"type": "source", "live": False, "reason": reason}))
        return False

    async def _listen(self, view: View, socket_: ServerConnection, streams: list[Stream]) -> None:
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                message = _object(await socket_.recv())
                kind, track = message.get("type"), message.get("track")
                if view.held.recorded is None and kind == "mark" and isinstance(track, str) and track:
                    await self._mark(view, track, streams)
                elif view.held.recorded is None and kind == "stream":
                    await self._enlarge(view, track == "main", streams)
                elif len(answering) < MOST_ANSWERS and (answer := streams[-1].hear(message)) is not None:
                    task = asyncio.create_task(self._answer(view, socket_, answer))
                    answering.add(task)
                    task.add_done_callback(answering.discard)
                await asyncio.sleep(0.05)  # twenty messages a second are more than any hand makes
        except ConnectionClosed:
            pass
        finally:
            for task in answering:
                task.cancel()

    async def _answer(self, view: View, socket_: ServerConnection, answer: AsyncIterator[str]) -> None:
        """Send what was asked for, part by part, while the right lasts."""
        with contextlib.suppress(ConnectionClosed):
            async for part in answer:
                if view.end is not None or not view.viewer.entitled:
                    return
                await socket_.send(part)
                view.viewer.size += len(part)

    async def _mark(self, view: View, track: str, streams: list[Stream]) -> None:
        try:
            view.held = await self.gate.mark(view.held, track[:64])
        except Refusal as refusal:
            view.viewer.say(json.dumps({"type": "refused", "what": "mark", "name": refusal.name}))
            return
        self.rights.arm(view)  # a mark has an end of its own
        self._change(view, streams, self.open_stream(view))

    async def _enlarge(self, view: View, main: bool, streams: list[Stream]) -> None:
        """Show the camera's main stream, or its sub-stream again: the same right, from the new stream's first picture.

        What is shown plays on until then.
        """
        if main == view.main:
            return
        if main and view.held.camera.main_url is None:
            view.viewer.say(json.dumps({"type": "refused", "what": "stream", "name": "no-main-stream"}))
            return
        view.main = main
        stream = self.open_stream(view)
        try:
            async with asyncio.timeout(MAIN_S):
                await stream.ready.wait()
        except BaseException as error:  # the view may end meanwhile: give back what was opened
            view.main = not main
            self.sources.close(stream)
            if not isinstance(error, TimeoutError):
                raise
            view.viewer.say(json.dumps({"type": "refused", "what": "stream", "name": "no-picture"}))
            return
        self._change(view, streams, stream)

    def _change(self, view: View, streams: list[Stream], stream: Stream) -> None:
        """Show another stream on the same socket."""
        before = streams.pop()
        before.leave(view.viewer)
        view.viewer.switch()
        streams.append(stream)
        view.follow(stream)
        self.sources.close(before)

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


def _object(message: str | bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    try:
        value = json.loads(message)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
