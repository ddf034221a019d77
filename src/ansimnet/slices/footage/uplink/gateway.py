"""A city's gateway: it holds no right of its own and knows no database. A stream comes from the edge once.

Every viewer's ticket goes to the edge, and his own socket there stays open as long as he looks. What the edge ends,
ends here at once; and where the edge has not answered for a second, everybody here is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import struct
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import CameraId, PermitId, ProvisionId
from ansimnet.kernel.permits import Masking, NoPermit, PermitOver
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.gate import BadTicket, Camera, End, Held, Lease, Span
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Frame, Init, Ring
from ansimnet.slices.footage.relay.server import BAD_TICKET, RIGHT_ENDED
from ansimnet.slices.footage.relay.source import Sighting, Stream
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.uplink.cascade import PATH, key_of

ANSWER_S = 5.0
"""How long the edge may take to answer about a ticket or a mark."""
MAX_MESSAGE_BYTES = 8 << 20
"""The current group of pictures of a 4K camera in one message."""
_KEY = 0x02000000
JUMP = 10 * CLOCK_HZ
"""A stream whose clock falls back so far has begun anew."""


class Line:
    """One viewer's socket to the edge. It may carry a stream for others too."""

    def __init__(self, socket_: ClientConnection, held: Held, gate: EdgeGate) -> None:
        self.socket = socket_
        self.held = held
        self.stream: FedStream | None = None  # the one it carries
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
        self._gate = gate
        self._init: dict[str, Any] | None = None
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if isinstance(message, bytes):
                    if self.stream is not None:
                        self.stream.take(message, self._init)
                        self._init = None
                else:
                    self._hear(json.loads(message))
        except ConnectionClosed:
            pass
        finally:
            self._gate.lost(self, self.socket.close_code)

    def _hear(self, said: dict[str, Any]) -> None:
        match said["type"]:
            case "init":
                self._init = said
            case "boxes" if self.stream is not None:
                self.stream.announce(sighting_of(said))
            case "source" if self.stream is not None and not said.get("live", True):
                self.stream.fall_silent()
            case "alive":
                self._gate.answered(said)
            case "held" | "refused":
                with contextlib.suppress(asyncio.QueueFull):
                    self.answers.put_nowait(said)

    async def say(self, **words: Any) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(json.dumps(words))


class EdgeGate:
    """`relay.gate.Gate` whose answers are the edge's. `edge` is the address of a relay worker there."""

    def __init__(self, edge: str) -> None:
        self.edge = edge.rstrip("/") + PATH
        self.lines: dict[UUID, Line] = {}
        self.streams: dict[str, FedStream] = {}
        self._endings: asyncio.Queue[frozenset[PermitId]] = asyncio.Queue()
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def redeem(self, ticket: str) -> Held:
        socket_ = await connect(self.edge, compression=None, max_size=MAX_MESSAGE_BYTES, proxy=None)
        try:
            await socket_.send(json.dumps({"ticket": ticket}))
            async with asyncio.timeout(ANSWER_S):
                held = held_of(json.loads(await socket_.recv()))
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 0
            raise {RIGHT_ENDED: PermitOver, BAD_TICKET: BadTicket}.get(code, ConnectionError)() from closed
        self.lines[held.view_id] = Line(socket_, held, self)
        return held

    async def renew(self, permits: frozenset[PermitId]) -> Lease:
        """Ask the edge, whose own reading has an age: two leases one after the other would be twice as long."""
        if not self.lines:
            return Lease({})
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            line = next(iter(self.lines.values()))
            await line.say(type="renew", n=number, views=[str(v) for v in self.lines])
            said = await answer
        finally:
            self._asked.pop(number, None)
        alive = said["views"]
        ends = {
            permit: datetime.fromisoformat(alive[str(view_id)])
            for view_id, line in self.lines.items()
            if str(view_id) in alive
            for permit in line.held.permits & permits
        }
        return Lease(ends, age_s=said["age_s"])

    def answered(self, said: dict[str, Any]) -> None:
        """Take the edge's word of who may go on."""
        answer = self._asked.get(said["n"])
        if answer is not None and not answer.done():
            answer.set_result(said)

    async def endings(self) -> AsyncIterator[frozenset[PermitId]]:
        while True:
            yield await self._endings.get()

    async def mark(self, held: Held, track: str) -> Held:
        line = self.lines.get(held.view_id)
        if line is None:
            raise PermitOver
        await line.say(type="mark", track=track)
        async with asyncio.timeout(ANSWER_S):
            said = await line.answers.get()
        if said["type"] == "refused":
            raise NoPermit("the edge does not allow it")
        line.held = held_of(said)
        self.carry_on(line)
        return line.held

    async def closed(
        self, held: Held, end: End, *, frames: int, size: int, shed: int = 0, seen: Sequence[Span] = ()
    ) -> None:
        line = self.lines.pop(held.view_id, None)
        if line is not None:
            await line.say(type="count", frames=frames, size=size, shed=shed)
            await line.socket.close()

    # --- who carries what

    def lost(self, line: Line, code: int | None) -> None:
        """Hear that the edge closed a viewer's socket, or that it broke: he is cut, and another may carry on."""
        if self.lines.get(line.held.view_id) is line:
            self._endings.put_nowait(line.held.permits)
        self.lines.pop(line.held.view_id, None)
        self.carry_on(line)

    def carry_on(self, line: Line) -> None:
        """Let another line carry what this one can carry no longer."""
        stream, line.stream = line.stream, None
        if stream is not None:
            stream.line = None
            stream.carry()

    def carrier(self, key: str) -> Line | None:
        """Return a line whose right shows this stream and which carries none."""
        return next((line for line in self.lines.values() if line.stream is None and key_of(line.held) == key), None)


class FedStream(Stream):
    """A stream from the edge, carried by one of its viewers' lines."""

    def __init__(self, camera: Camera, key: str, gate: EdgeGate) -> None:
        super().__init__(camera, Ring(keep_s=0.0))  # the current group of pictures, for whoever joins
        self.key = key
        self.line: Line | None = None
        self._gate = gate
        self._init: Init | None = None
        self._dts = -1
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self.carry()

    def stop(self) -> None:
        if self.line is not None:
            line, self.line = self.line, None
            line.stream = None
            self._tell(line, "rest")
        self.fall_silent()

    def carry(self) -> None:
        """Have a line carry this stream; silent while there is none."""
        if self.line is None:
            self.line = self._gate.carrier(self.key)
            if self.line is None:
                self.fall_silent()
            else:
                self.line.stream = self
                self._tell(self.line, "go")

    def _tell(self, line: Line, word: str) -> None:
        task = asyncio.create_task(line.say(type=word))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def take(self, message: bytes, init: dict[str, Any] | None) -> None:
        """Publish the pictures of one message; what an earlier line has brought already is left out."""
        at = 0
        while at + 8 <= len(message):
            size, kind = struct.unpack_from(">I4s", message, at)
            if kind == b"moof":
                size += struct.unpack_from(">I", message, at + size)[0]
                self._publish(message[at : at + size])
            elif kind == b"moov" and init is not None:
                self._begin(message[: at + size], init)
            at += size

    def _begin(self, segment: bytes, init: dict[str, Any]) -> None:
        if self._init is None or self._init.segment != segment:
            self._init = Init(init["codec"], init["width"], init["height"], segment, b"")

    def _publish(self, fragment: bytes) -> None:
        (dts,), (flags, shift) = struct.unpack_from(">Q", fragment, 60), struct.unpack_from(">Ii", fragment, 96)
        if self._init is not None and (dts > self._dts or dts < self._dts - JUMP):
            self._dts = dts
            self.publish(Frame(self._init, dts, dts + shift, flags == _KEY, fragment, monotonic_s()))


class EdgeSources(Sources):
    """The streams of a gateway: each from the edge, once, while somebody looks."""

    def __init__(self, gate: EdgeGate) -> None:
        super().__init__(maskers=1)
        self._gate = gate
        self._looking: dict[Stream, int] = {}

    def open(self, camera: Camera, masking: Masking, marked: str | None = None, *, main: bool = False) -> Stream:
        key = f"{camera.camera_id}/{masking}/{marked or ''}"
        stream = self._gate.streams.get(key)
        if stream is None:
            stream = self._gate.streams[key] = FedStream(camera, key, self._gate)
            stream.start()
        stream.carry()
        self._looking[stream] = self._looking.get(stream, 0) + 1
        return stream

    def close(self, stream: Stream) -> None:
        self._looking[stream] -= 1
        if not self._looking[stream]:
            del self._looking[stream]
            assert isinstance(stream, FedStream)
            self._gate.streams.pop(stream.key, None)
            stream.stop()

    def stop(self) -> None:
        for line in self._gate.lines.values():
            line.reading.cancel()
        super().stop()


def held_of(said: dict[str, Any]) -> Held:
    """Return a right as the edge describes it. Main streams stay at the edge."""
    camera = said["camera"]
    return Held(
        view_id=UUID(said["view_id"]),
        permit_id=PermitId(UUID(said["permit_id"])),
        mark_permit_id=PermitId(UUID(said["mark_permit_id"])) if said["mark_permit_id"] else None,
        provision_id=ProvisionId(UUID(said["provision_id"])) if said["provision_id"] else None,
        camera=Camera(CameraId(UUID(camera["id"])), camera["code"], camera["name"], ""),
        viewer=said["viewer"],
        masking=Masking(said["masking"]),
        may_mark=said["may_mark"],
        not_after=datetime.fromisoformat(said["not_after"]),
        marked=said["marked"],
    )


def sighting_of(said: dict[str, Any]) -> Sighting:
    """Return what analytics saw, as an edge tells its viewers."""
    objects = []
    for track in said["tracks"]:
        objects.append(Seen(track=track["id"], kind=Kind(track["class"]), box=Box(*map(float, track["box"]))))
    return Sighting(round(said["t"] * CLOCK_HZ), tuple(objects))
