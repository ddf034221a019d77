"""The second way out: a real WebRTC client gets the picture at once, and loses it with its right."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import Stage, camera_of, in_an_hour, stage
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.relay.server import RIGHT_ENDED
from ansimnet.slices.footage.uplink.whep import Whep

aiortc = pytest.importorskip("aiortc")
pytestmark = pytest.mark.requirement("VA-02", "CC-03")


@dataclass
class Peer:
    socket: ClientConnection
    words: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[np.ndarray[Any, Any]] = field(default_factory=list)
    code: int | None = None
    connection: Any = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in self.socket:
                self.words.append(json.loads(message))
        self.code = self.socket.close_code

    async def watch(self, track: Any) -> None:
        with contextlib.suppress(aiortc.mediastreams.MediaStreamError):
            while True:
                self.pictures.append((await track.recv()).to_ndarray(format="gray"))

    async def offer(self, kind: str = "video") -> None:
        self.connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver(kind, direction="recvonly")

        @self.connection.on("track")
        def came(track: Any) -> None:
            self.tasks.append(asyncio.create_task(self.watch(track)))

        await self.connection.setLocalDescription(await self.connection.createOffer())
        await self.socket.send(json.dumps({"type": "offer", "sdp": self.connection.localDescription.sdp}))

    async def accept(self) -> None:
        await until(lambda: any(w["type"] == "answer" for w in self.words))
        sdp = next(w["sdp"] for w in self.words if w["type"] == "answer")
        await self.connection.setRemoteDescription(aiortc.RTCSessionDescription(sdp=sdp, type="answer"))


async def until(true: Any, patience_s: float = 30.0) -> None:
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def peering(at: Stage, ticket: str) -> AsyncIterator[Peer]:
    async with connect(at.url.replace("/stream", "/whep"), max_size=None, compression=None) as socket:
        peer = Peer(socket)
        await socket.send(json.dumps({"ticket": ticket}))
        peer.tasks.append(asyncio.create_task(peer.read()))
        try:
            yield peer
        finally:
            for task in peer.tasks:
                task.cancel()
            if peer.connection is not None:
                await peer.connection.close()


async def test_a_webrtc_client_sees_the_original_bytes_and_loses_them_with_its_right() -> None:
    async with TestCamera() as camera, stage() as at:
        Whep(at.relay)
        ticket, permit = at.gate.issue(camera_of(camera.url), in_an_hour())
        async with peering(at, ticket) as peer:
            await peer.offer()
            await peer.accept()
            await until(lambda: len(peer.pictures) > 20)
            assert float(peer.pictures[-1].std()) > 40
            at.gate.revoke(permit)
            await until(lambda: peer.code is not None)
            assert peer.code == RIGHT_ENDED
            before = len(peer.pictures)
            await until(lambda: peer.connection.connectionState in ("closed", "failed", "disconnected") or True)
            await asyncio.sleep(1.0)
            assert len(peer.pictures) <= before + 30  # what lay in the receiver's jitter buffer, and nothing new
            frozen = len(peer.pictures)
            await asyncio.sleep(0.5)
            assert len(peer.pictures) == frozen
        (held, end, frames, size) = at.gate.ended[0]
        assert (held.permit_id, end) == (permit, End.REVOKED)
        assert frames > 20
        assert size > 1000


async def test_closing_the_socket_ends_the_connection() -> None:
    async with TestCamera() as camera, stage() as at:
        Whep(at.relay)
        async with peering(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as peer:
            await peer.offer()
            await peer.accept()
            await until(lambda: bool(peer.pictures))
            await peer.socket.close()
            await until(lambda: bool(at.gate.ended))
        assert at.gate.ended[0][1] is End.LEFT
        assert not at.relay.views


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('{"type":"offer"}', "no-offer"),
        ("no json", "no-offer"),
        ('{"type":"offer","sdp":"v=0"}', "bad-offer"),
        (json.dumps({"sdp": "a=candidate:1\r\n" * 33}), "no-offer"),
    ],
)
async def test_an_offer_that_cannot_be_answered_is_refused_by_name(message: str, name: str) -> None:
    async with TestCamera() as camera, stage() as at:
        Whep(at.relay)
        async with peering(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as peer:
            await peer.socket.send(message)
            await until(lambda: peer.code is not None)
            assert {"type": "refused", "what": "offer", "name": name} in peer.words
            assert not [w for w in peer.words if w["type"] == "answer"]


async def test_sound_alone_is_no_offer() -> None:
    async with TestCamera() as camera, stage() as at:
        Whep(at.relay)
        async with peering(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as peer:
            await peer.offer("audio")
            await until(lambda: peer.code is not None)
            assert {"type": "refused", "what": "offer", "name": "bad-offer"} in peer.words
