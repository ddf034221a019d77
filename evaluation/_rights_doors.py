"""Every door through which a picture can pass, as those before it meet it. A new door is one line in `DOORS`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, Literal

import aiortc
import httpx
from evaluation._rights_exits import FILE, Exits, Sent
from tests.slices.footage.camera import FPS
from tests.slices.footage.test_uplink import message, pictures
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Masking, Purpose

ASK_AGAIN_S, UNHEARD_S = 0.3, 2.0
"""Whoever wants files asks for another so long after one came, or was not answered: none may come after the end."""
REFUSED = '{"type": "refused"'


@dataclass(frozen=True, slots=True)
class Door:
    """A way for pictures: what its ticket says, for which purpose it is asked, and what is asked on the socket."""

    name: str
    masking: Masking
    purpose: Purpose
    extras: Callable[[CameraId], dict[str, Any]] = lambda _: {}
    asks: Callable[[], dict[str, Any] | None] = lambda: None
    path: str = "/stream"
    at: Literal["edge", "gateway", "phones"] = "edge"
    kind: Literal["socket", "peer", "sender"] = "socket"
    act: Act = Act.VIEW_STREAM
    weight: float = 1.0

    @property
    def past(self) -> bool:
        """Return whether recorded pictures pass."""
        return self.extras is _recorded

    @property
    def files(self) -> bool:
        """Return whether files are what counts here; the picture that plays beside them has doors of its own."""
        return self.past and self.asks() is not None


def _recorded(camera: CameraId) -> dict[str, Any]:
    """Return what a ticket to the last seconds and all that follows says."""
    span = {"from": (now() - timedelta(seconds=2)).isoformat(), "until": (now() + timedelta(hours=1)).isoformat()}
    return {"recorded": {"cameras": [str(camera)], "reason": "the evaluation", **span}}


def _go() -> dict[str, Any]:
    """Return a gateway's word that this socket carries the stream."""
    return {"type": "go"}


def _span(kind: str, **more: Any) -> Callable[[], dict[str, Any]]:
    def asks() -> dict[str, Any]:
        at = now()
        return {"type": kind, "from": (at - timedelta(seconds=2)).isoformat(), "until": at.isoformat(), **more}

    return asks


def _still() -> dict[str, Any]:
    return {"type": "snapshot", "at": (now() - timedelta(seconds=0.5)).isoformat()}


ORIGINAL, MASKED, MARKED = Masking.ORIGINAL, Masking.MASKED, Masking.MARKED
INVESTIGATE, RESPOND = Purpose.INVESTIGATE, Purpose.RESPOND
DOORS = (
    Door("original", ORIGINAL, INVESTIGATE, weight=8),
    Door("masked", MASKED, RESPOND, weight=4),
    Door("marked", MARKED, RESPOND, weight=2),
    Door("gateway", ORIGINAL, INVESTIGATE, at="gateway", weight=4),
    Door("gateway, masked", MASKED, RESPOND, at="gateway", weight=2),
    Door("a gateway's line", ORIGINAL, INVESTIGATE, asks=_go, path="/cascade", weight=2),
    Door("peer", ORIGINAL, INVESTIGATE, path="/whep", kind="peer", weight=0.5),
    Door("peer, masked", MASKED, RESPOND, path="/whep", kind="peer", weight=0.3),
    Door("recorded", ORIGINAL, INVESTIGATE, _recorded, weight=4),
    Door("recorded, masked", MASKED, RESPOND, _recorded, weight=2),
    Door("recorded, marked", MARKED, RESPOND, _recorded),
    Door("clip", ORIGINAL, INVESTIGATE, _recorded, _span("clip"), weight=2),
    Door("clip, masked", MASKED, RESPOND, _recorded, _span("clip"), weight=0.5),
    Door("side by side, masked", MASKED, RESPOND, _recorded, _span("merge"), weight=0.2),
    Door("still, masked", MASKED, RESPOND, _recorded, _still, weight=0.5),
    Door("strip, masked", MASKED, RESPOND, _recorded, _span("thumbnails", count=3, width=80), weight=0.5),
    Door("a phone's scene", ORIGINAL, RESPOND, at="phones", act=Act.VIEW_SCENE, weight=2),
    Door("a phone sends", ORIGINAL, Purpose.OWN, path="/uplink", at="phones", kind="sender", act=Act.SHOW_SCENE),
)  # fmt: skip


class Visit:
    """Somebody before a door. `sent`: what passed it; `got`: how many pictures reached him."""

    def __init__(self, door: Door, socket: ClientConnection | None, follow: Callable[[Hashable], list[Sent]]) -> None:
        self.got = 0
        self.code: int | None = None
        self.sent: list[Sent] = []
        self.closed = socket is None
        self._follow = follow
        self._door = door
        self._socket = socket
        self._some = asyncio.Event()
        self._answered = asyncio.Event()
        self._peer: aiortc.RTCPeerConnection | None = None
        self.tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Take what comes, and do what this door asks for."""
        if self._socket is not None:
            self.tasks.append(asyncio.create_task(self._take(self._socket)))
            self.tasks.append(asyncio.create_task(self._act(self._socket)))

    async def _take(self, socket: ClientConnection) -> None:
        try:
            async for said in socket:
                if isinstance(said, bytes):
                    self.got += 0 if self._door.files else said.count(b"moof")
                elif said.startswith((FILE, REFUSED)):
                    self.got += said.startswith(FILE)
                    self._answered.set()
                self._some.set()
        except ConnectionClosed:
            pass
        finally:
            self.code, self.closed = socket.close_code, True
            self._some.set()

    async def _act(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            if self._door.kind == "sender":
                every = pictures()
                for n in range(10**9):
                    key, data = every[n % len(every)]
                    await socket.send(message(key, n * 90_000 // FPS, data))
                    self.got = len(self.sent)
                    self._some.set()
                    await asyncio.sleep(1 / FPS)
            while (asked := self._door.asks()) is not None:
                self._answered.clear()
                await socket.send(json.dumps(asked))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(UNHEARD_S):
                        await self._answered.wait()
                await asyncio.sleep(ASK_AGAIN_S)

    async def play(self, url: str, ticket: str | None) -> None:
        """Post an offer under a ticket, and take what comes until the peer connection is over."""
        peer = self._peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        peer.addTransceiver("video", direction="recvonly")

        @peer.on("track")
        def came(track: Any) -> None:
            self.tasks.append(asyncio.create_task(self._frames(track)))

        @peer.on("connectionstatechange")
        def changed() -> None:
            self.closed = peer.connectionState in ("closed", "failed")
            self._some.set()

        await peer.setLocalDescription(await peer.createOffer())
        sdp = peer.localDescription.sdp
        self.sent = self._follow(next(line[12:] for line in sdp.splitlines() if line.startswith("a=ice-ufrag:")))
        headers = {"Content-Type": "application/sdp"} | ({"Authorization": f"Bearer {ticket}"} if ticket else {})
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            answer = await http.post(url.replace("ws", "http", 1), content=sdp, headers=headers)
        if answer.status_code == 201:
            await peer.setRemoteDescription(aiortc.RTCSessionDescription(sdp=answer.text, type="answer"))
        else:
            self.closed = True

    async def _frames(self, track: Any) -> None:
        with contextlib.suppress(aiortc.mediastreams.MediaStreamError):
            while True:
                await track.recv()
                self.got += 1
                self._some.set()

    @property
    def passed(self) -> list[Sent]:
        """Return what passed the door so far."""
        return [s for s in self.sent if s.file or not self._door.files]

    async def watch(self, seconds: float, most: float = inf, *, after_s: float = inf) -> None:
        """Watch for so long, or so many pictures, or one that passed after an instant, or until the socket closes."""
        until_s = monotonic_s() + seconds

        def enough() -> bool:
            return self.got >= most or (after_s < inf and any(s.at_s > after_s for s in self.passed[-1:]))

        while not self.closed and not enough() and (left_s := until_s - monotonic_s()) > 0:
            self._some.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._some.wait()

    async def leave(self) -> None:
        """Go away."""
        for task in self.tasks:
            task.cancel()
        if self._peer is not None:
            await self._peer.close()


@contextlib.asynccontextmanager
async def visiting(url: str, door: Door, camera: CameraId, ticket: str | None, exits: Exits) -> AsyncIterator[Visit]:
    """Go to a door with a ticket, or other words than a ticket, and do what is done there."""
    keys: list[Hashable] = []

    def follow(who: Hashable) -> list[Sent]:
        keys.append(who)
        return exits.follow(who)

    if door.kind == "peer":
        visit = Visit(door, None, follow)
        visit.closed = False
        try:
            await visit.play(url, ticket)
            yield visit
        finally:
            await visit.leave()
            for key in keys:
                exits.forget(key)
        return
    try:
        socket = await connect(url, max_size=None, compression=None, open_timeout=60, close_timeout=1, proxy=None)
    except (InvalidHandshake, OSError):
        yield Visit(door, None, follow)
        return
    try:
        visit = Visit(door, socket, follow)
        visit.sent = follow(camera if door.kind == "sender" else (socket.local_address[1], socket.remote_address[1]))
        with contextlib.suppress(ConnectionClosed):
            await socket.send(json.dumps({"ticket": ticket} if ticket is not None else {"type": "mark", "track": "17"}))
        visit.begin()
        try:
            yield visit
        finally:
            await visit.leave()
    finally:
        await socket.close()
        for key in keys:
            exits.forget(key)
