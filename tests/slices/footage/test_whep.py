"""WHEP as it is written: a real WebRTC client posts an offer, gets the picture, and loses it with its right."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
import uvloop
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import Stage, camera_of, in_an_hour, stage, watching

from ansimnet.kernel.clock import now
from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.uplink.whep import MAX_OFFER_BYTES, Whep

aiortc = pytest.importorskip("aiortc")
pytestmark = pytest.mark.requirement("VA-02", "CC-03")
ORIGIN = "https://console.example"


@dataclass
class Peer:
    """A player: posts its offer, and takes what comes."""

    http: httpx.AsyncClient
    ticket: str
    pictures: list[np.ndarray[Any, Any]] = field(default_factory=list)
    connection: Any = None
    session: str = ""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def watch(self, track: Any) -> None:
        with contextlib.suppress(aiortc.mediastreams.MediaStreamError):
            while True:
                self.pictures.append((await track.recv()).to_ndarray(format="gray"))

    async def offer(self, kind: str = "video") -> str:
        self.connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver(kind, direction="recvonly")

        @self.connection.on("track")
        def came(track: Any) -> None:
            self.tasks.append(asyncio.create_task(self.watch(track)))

        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def post(self, sdp: str, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.ticket}", "Content-Type": "application/sdp"}
        return await self.http.post(
            "/whep", content=sdp, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()}
        )

    async def play(self) -> None:
        answered = await self.post(await self.offer())
        assert (answered.status_code, answered.headers["Content-Type"]) == (201, "application/sdp"), answered.text
        self.session = str(answered.url.join(answered.headers["Location"]))
        await self.connection.setRemoteDescription(aiortc.RTCSessionDescription(sdp=answered.text, type="answer"))

    @property
    def over(self) -> bool:
        return bool(self.connection.connectionState == "closed")


async def until(true: Any, patience_s: float = 30.0) -> None:
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def peering(at: Stage, ticket: str) -> AsyncIterator[Peer]:
    base = at.url.replace("ws://", "http://").removesuffix("/stream")
    async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
        peer = Peer(http, ticket)
        try:
            yield peer
        finally:
            for task in peer.tasks:
                task.cancel()
            if peer.connection is not None:
                await peer.connection.close()


@contextlib.asynccontextmanager
async def door(**options: Any) -> AsyncIterator[tuple[Stage, TestCamera, Peer]]:
    """A relay with a camera, and a player who may see it for an hour."""
    async with TestCamera() as camera, stage(**options) as at:
        Whep(at.relay)
        async with peering(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as peer:
            yield at, camera, peer


async def test_a_player_sees_the_original_bytes_and_loses_them_with_its_right() -> None:
    async with door() as (at, _, peer):
        (permit,) = at.gate.permits
        await peer.play()
        await until(lambda: len(peer.pictures) > 20)
        assert float(peer.pictures[-1].std()) > 40
        at.gate.revoke(permit)
        await until(lambda: bool(at.gate.ended))
        await until(lambda: peer.over)
        frozen = len(peer.pictures)
        await asyncio.sleep(0.5)
        assert len(peer.pictures) <= frozen + 1
        (held, end, frames, size) = at.gate.ended[0]
        assert (held.permit_id, end) == (permit, End.REVOKED)
        assert frames > 20
        assert size > 1000
        assert (await peer.http.delete(peer.session)).status_code == 404


async def test_the_end_of_the_right_ends_the_session() -> None:
    async with TestCamera() as camera, stage() as at:
        Whep(at.relay)
        ends = now() + timedelta(seconds=4)
        async with peering(at, at.gate.issue(camera_of(camera.url), ends)[0]) as peer:
            await peer.play()
            await until(lambda: bool(at.gate.ended))
            assert now() >= ends
            assert at.gate.ended[0][1] is End.EXPIRED
            await until(lambda: peer.over)


async def test_delete_ends_the_session() -> None:
    async with door() as (at, _, peer):
        await peer.play()
        await until(lambda: bool(peer.pictures))
        assert (await peer.http.delete(peer.session)).status_code == 200
        await until(lambda: bool(at.gate.ended))
        assert at.gate.ended[0][1] is End.LEFT
        assert not at.relay.views
        assert (await peer.http.delete(peer.session)).status_code == 404


async def test_what_is_no_offer_is_refused_and_costs_no_ticket() -> None:
    async with door() as (at, _, peer):
        sdp = await peer.offer()
        refused = {
            400: await peer.post("no session at all"),
            415: await peer.post(sdp, Content_Type="application/json"),
            413: await peer.post("v" * (MAX_OFFER_BYTES + 1)),
            403: await peer.post(sdp, Origin="https://elsewhere.example"),
            401: await peer.post(sdp, Authorization="Bearer unknown"),
        }
        assert {status: r.status_code for status, r in refused.items()} == {s: s for s in refused}
        assert refused[401].headers["WWW-Authenticate"] == "Bearer"
        assert (await peer.post(sdp + "a=candidate:1\r\n" * 33)).status_code == 413
        assert (
            await peer.http.post("/whep", content=sdp, headers={"Content-Type": "application/sdp"})
        ).status_code == 401
        assert at.gate.opened == []
        assert (await peer.post(sdp)).status_code == 201
        assert (await peer.post(sdp)).status_code == 401  # used up


@pytest.mark.parametrize(("kind", "status"), [("audio", 422), ("VP8 alone", 422), ("nonsense", 400)])
async def test_an_offer_that_cannot_be_answered_ends_its_view(kind: str, status: int) -> None:
    async with door() as (at, _, peer):
        sdp = (
            "v=0\r\nm=video x\r\n" if kind == "nonsense" else await peer.offer("audio" if kind == "audio" else "video")
        )
        if kind == "VP8 alone":
            sdp = sdp.replace("H264", "H999")
        answered = await peer.post(sdp)
        assert (answered.status_code, answered.json()["type"]) == (status, "urn:ansimnet:problem:bad-offer")
        await until(lambda: bool(at.gate.ended))
        assert not at.relay.views


async def test_other_methods_are_refused_as_the_draft_says() -> None:
    async with door() as (_, _, peer):
        await peer.play()
        patched = await peer.http.patch(
            peer.session, content="a=ice-ufrag:x", headers={"Content-Type": "application/trickle-ice-sdpfrag"}
        )
        assert (patched.status_code, patched.headers["Allow"]) == (405, "DELETE")
        assert (await peer.http.get("/whep")).status_code == 405
        assert (await peer.http.put("/whep")).status_code == 405
        asked = await peer.http.options("/whep")
        assert (asked.status_code, asked.headers["Accept-Post"]) == (204, "application/sdp")
        assert (await peer.http.post("/elsewhere")).status_code == 404


async def test_a_page_of_ours_may_ask_from_another_port_and_read_where_its_session_is() -> None:
    async with door(origins=[ORIGIN]) as (_, _, peer):
        flight = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        before = await peer.http.options("/whep", headers=flight)
        assert (before.status_code, before.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
        answered = await peer.post(await peer.offer(), Origin=ORIGIN)
        assert answered.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Location" in answered.headers["Access-Control-Expose-Headers"]
        other = await peer.http.options("/whep", headers=flight | {"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_a_camera_that_sends_nothing_is_a_conflict() -> None:
    async with stage() as at:
        Whep(at.relay)
        async with peering(at, at.gate.issue(camera_of("rtsp://127.0.0.1:9/none"), in_an_hour())[0]) as peer:
            answered = await peer.post(await peer.offer())
            assert answered.status_code == 409
            assert int(answered.headers["Retry-After"]) > 0
            await until(lambda: bool(at.gate.ended))
            assert at.gate.ended[0][1] is End.SOURCE_LOST


async def test_a_connection_that_says_nothing_does_not_hold_the_relay() -> None:
    async with stage() as at:
        port = int(at.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()


def test_both_ways_out_on_the_loop_that_workers_run() -> None:
    async def sees() -> None:
        async with TestCamera() as camera, stage() as at:
            Whep(at.relay)
            async with watching(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as watcher:
                await watcher.frames(3)
            async with peering(at, at.gate.issue(camera_of(camera.url), in_an_hour())[0]) as peer:
                await peer.play()
                await until(lambda: bool(peer.pictures))

    uvloop.run(sees())
