"""A phone's camera as a source: sent, seen, bounded, refused clearly, gone at the right's end."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.slices.footage.camera import FPS, HEIGHT, WIDTH, clip
from tests.slices.footage.kit import PATIENT_LEASE_S, Stage, in_an_hour, showing, watching
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.ids import CameraId, PermitId, new_id
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import Camera, End, InMemoryGate
from ansimnet.slices.footage.relay.h264 import IDR
from ansimnet.slices.footage.relay.sdp import BadStream, UnsupportedStream
from ansimnet.slices.footage.relay.server import BAD_TICKET, RIGHT_ENDED, Relay
from ansimnet.slices.footage.uplink.fragments import Fragments
from ansimnet.slices.footage.uplink.phone import Phones
from ansimnet.slices.footage.uplink.taking import MAX_MESSAGE_BYTES, REFUSED, REPLACED, Taking

START = b"\0\0\0\1"


def pictures() -> list[tuple[bool, bytes]]:
    """Return (key, access unit with start codes) of the test clip, as a browser's encoder gives them."""
    sps, pps, frames = clip()
    return [(key, b"".join(START + u for u in ((sps, pps, *units) if key else units))) for key, units in frames]


def message(key: bool, ticks: int, data: bytes) -> bytes:
    return bytes([key]) + ticks.to_bytes(4, "big") + data


@cache
def recorded() -> bytes:
    """Return the clip as the fragmented MP4 that a recorder writes."""
    sps, pps, frames = clip()
    out = io.BytesIO()
    box = av.open(out, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"})
    stream = box.add_stream("h264", rate=FPS)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.codec_context.extradata = START + sps + START + pps
    for n, (key, units) in enumerate(frames):
        packet = av.Packet(b"".join(START + u for u in ((sps, pps, *units) if key else units)))
        packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, FPS), key
        packet.pts = packet.dts = n
        packet.duration = 1
        box.mux(packet)
    box.close()
    return out.getvalue()


@dataclass
class Line(Stage):
    """A relay that takes phones, and one phone's right to send."""

    camera: Camera

    def sender(self) -> tuple[str, PermitId]:
        ticket, permit = self.gate.issue(self.camera, in_an_hour())
        self.gate.tickets[ticket] = replace(self.gate.tickets[ticket], sends=True)
        return ticket, permit

    def live(self) -> bool:
        source = self.sources.cameras.get(self.camera.camera_id)
        return source is not None and source.ready.is_set()

    @property
    def up(self) -> str:
        return self.url.replace("/stream", "/uplink")


@contextlib.asynccontextmanager
async def line() -> AsyncIterator[Line]:
    gate, phones = InMemoryGate(), Phones(maskers=1)
    relay = Relay(gate, phones, lease_s=PATIENT_LEASE_S)
    Taking(relay, phones)
    camera = Camera(CameraId(new_id()), "P-0A1B", "안심영상", "")
    try:
        async with relay.serving("127.0.0.1", 0) as port:
            yield Line(gate, phones, relay, f"ws://127.0.0.1:{port}/stream", camera)
    finally:
        phones.stop()


@dataclass
class Phone:
    socket: ClientConnection
    words: list[dict[str, Any]]
    code: int | None = None
    reading: asyncio.Task[None] | None = None
    sent: int = 0

    async def read(self) -> None:
        try:
            async for said in self.socket:
                self.words.append(json.loads(said))
        except ConnectionClosed:
            pass
        self.code = self.socket.close_code

    async def play(self, count: int = 10**9, first: int = 0) -> None:
        """Send pictures at the camera's own pace."""
        every = pictures()
        with contextlib.suppress(ConnectionClosed):
            for n in range(first, first + count):
                key, data = every[n % len(every)]
                await self.socket.send(message(key, n * 90_000 // FPS, data))
                self.sent += 1
                await asyncio.sleep(1 / FPS)

    async def closed(self) -> int | None:
        assert self.reading is not None
        async with asyncio.timeout(20):
            await self.reading
        return self.code

    def said(self, kind: str) -> list[dict[str, Any]]:
        return [w for w in self.words if w["type"] == kind]


@contextlib.asynccontextmanager
async def phone(at: Line, ticket: str, path: str | None = None) -> AsyncIterator[Phone]:
    async with connect(path or at.up, max_size=None, compression=None) as socket:
        await socket.send(json.dumps({"ticket": ticket}))
        sender = Phone(socket, [])
        sender.reading = asyncio.create_task(sender.read())
        try:
            await until(lambda: sender.said("ready") or sender.reading.done())  # as her page does
            yield sender
        finally:
            sender.reading.cancel()


async def until(true: Any, patience_s: float = 20.0) -> None:
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def playing(sender: Phone, first: int = 0) -> AsyncIterator[None]:
    task = asyncio.create_task(sender.play(first=first))
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.requirement("AN-06")
async def test_what_a_phone_sends_is_seen_by_the_desk_and_the_phone_hears_how_many_look() -> None:
    async with line() as at, phone(at, at.sender()[0]) as sender, playing(sender):
        ticket, _ = at.gate.issue(at.camera, in_an_hour())
        async with watching(at, ticket) as desk:
            await desk.frames(8)
            init = next(w for w in desk.words if w["type"] == "init")
            assert init["camera"] == {"code": "P-0A1B", "name": "안심영상"}
            assert (init["width"], init["height"]) == (WIDTH, HEIGHT)
            assert float(desk.pictures()[-1].std()) > 40  # the fine checks are there: nothing is hidden
            await sender.socket.send('{"type":"place","lat":37.5,"lon":127.0,"error_m":8}')
            await desk.until(lambda: any(w["type"] == "place" for w in desk.words))
            place = next(w for w in desk.words if w["type"] == "place")
            assert (place["lat"], place["lon"], place["error_m"]) == (37.5, 127.0, 8)
            await until(lambda: {"type": "watched", "count": 1} in sender.words)
        await until(lambda: sender.words[-1] == {"type": "watched", "count": 0})


@pytest.mark.requirement("AN-06", "CC-07")
async def test_without_a_permit_for_the_original_the_whole_picture_is_a_mosaic() -> None:
    async with line() as at, phone(at, at.sender()[0]) as sender, playing(sender):
        ticket, _ = at.gate.issue(at.camera, in_an_hour(), masking=Masking.MASKED)
        async with showing(at.sources, at.camera), watching(at, ticket) as desk:
            await desk.frames(4)
        assert next(w for w in desk.words if w["type"] == "init")["masking"] == "masked"
        # nobody vouches for boxes: nothing is clear
        assert float(desk.pictures()[-1][: HEIGHT - 32].std()) < 12


@pytest.mark.requirement("AN-06", "CC-03")
async def test_the_end_of_either_right_ends_the_picture_at_once() -> None:
    async with line() as at:
        ticket, sending = at.sender()
        async with phone(at, ticket) as sender, playing(sender):
            looking, permit = at.gate.issue(at.camera, in_an_hour())
            async with watching(at, looking) as desk:
                await desk.frames(3)
                at.gate.revoke(permit)
                assert await desk.close_code() == RIGHT_ENDED
            again, _ = at.gate.issue(at.camera, in_an_hour())
            async with watching(at, again) as desk:
                await desk.frames(3)
                at.gate.revoke(sending)
                assert await sender.closed() == RIGHT_ENDED
                await desk.until(lambda: {"type": "source", "live": False} in desk.words)
        ends = [(held.sends, end) for held, end, _, _ in at.gate.ended]
        assert (True, End.REVOKED) in ends
        held, _, frames, size = next(e for e in at.gate.ended if e[0].sends)
        assert frames >= 3
        assert size > 1000
        assert held.permit_id == sending


@pytest.mark.requirement("AN-06")
async def test_a_phone_that_comes_back_goes_on_where_the_clock_says() -> None:
    async with line() as at:
        looking, _ = at.gate.issue(at.camera, in_an_hour())
        async with phone(at, at.sender()[0]) as first, playing(first):
            await until(at.live)
            desk_context = watching(at, looking)
            desk = await desk_context.__aenter__()
            await desk.frames(10)
        try:
            await desk.until(lambda: {"type": "source", "live": False} in desk.words)
            async with phone(at, at.sender()[0]) as second, playing(second):
                before = sum(p.count(b"moof") for p in desk.parts[-1])
                await desk.frames(before + 10)
            times = desk.times()
            assert times == sorted(times)
            assert len(desk.parts) == 1  # no new format: the player goes on by itself
        finally:
            await desk_context.__aexit__(None, None, None)


@pytest.mark.requirement("AN-06")
async def test_one_live_uplink_an_account_the_newer_takes_over() -> None:
    async with line() as at, phone(at, at.sender()[0]) as old, playing(old):
        await until(at.live)
        async with phone(at, at.sender()[0]) as new, playing(new):
            assert await old.closed() == REPLACED
            looking, _ = at.gate.issue(at.camera, in_an_hour())
            async with watching(at, looking) as desk:
                await desk.frames(3)
            assert new.code is None


@pytest.mark.requirement("AN-06", "CC-03")
async def test_a_ticket_to_send_opens_no_stream_and_a_ticket_to_look_opens_no_uplink() -> None:
    async with line() as at:
        async with phone(at, at.sender()[0], at.url) as wrong:
            assert await wrong.closed() == BAD_TICKET
        async with phone(at, at.gate.issue(at.camera, in_an_hour())[0]) as wrong:
            assert await wrong.closed() == BAD_TICKET
        assert not at.relay.views


@pytest.mark.requirement("AN-06")
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "bad-stream"),
        (b"\x07 no such kind", "bad-stream"),
        (message(True, 0, b"no start code at all"), "bad-stream"),
        (message(True, 0, START + b"\x67\x42\x00\x1f"), "bad-stream"),  # parameter sets alone
        (b"\x02" + b"\x1a\x45\xdf\xa3" + bytes(64), "bad-stream"),  # WebM
    ],
)
async def test_what_is_no_picture_is_refused_by_name(data: bytes, name: str) -> None:
    async with line() as at, phone(at, at.sender()[0]) as sender:
        await sender.socket.send(data)
        assert await sender.closed() == REFUSED
        assert sender.said("refused") == [{"type": "refused", "what": "uplink", "name": name}]


@pytest.mark.requirement("AN-06")
async def test_a_phone_that_sends_too_much_is_refused() -> None:
    async with line() as at, phone(at, at.sender()[0]) as sender:
        async with asyncio.timeout(30):
            while not sender.said("refused"):  # twelve times what is allowed
                await sender.socket.send(message(True, 0, START + b"\x65" + bytes(MAX_MESSAGE_BYTES // 8)))
                await asyncio.sleep(0.01)
        assert await sender.closed() == REFUSED
        assert sender.said("refused")[0]["name"] == "too-much"


@pytest.mark.requirement("AN-06")
async def test_a_recorders_fragments_are_seen_as_well() -> None:
    async with line() as at, phone(at, at.sender()[0]) as sender:
        data = recorded()
        looking, _ = at.gate.issue(at.camera, in_an_hour())
        async with watching(at, looking) as desk:  # the desk may be there first
            for at_byte in range(0, len(data), 5000):
                await sender.socket.send(b"\x02" + data[at_byte : at_byte + 5000])
            await desk.frames(20)
            assert float(desk.pictures()[-1].std()) > 40


# ------------------------------------------------------------------------------------------------- fragmented MP4


def test_every_picture_of_a_recording_is_read_however_it_is_cut() -> None:
    data, (_, _, frames) = recorded(), clip()
    whole = Fragments().push(data)
    assert [t for t, _ in whole] == [n * 90_000 // FPS for n in range(len(frames))]
    assert [any(u[0] & 31 == IDR for u in units) for _, units in whole] == [key for key, _ in frames]
    for step in (1, 7, 1000):
        pieces = Fragments()
        assert [p for at in range(0, len(data), step) for p in pieces.push(data[at : at + step])] == whole


@given(st.data())
def test_damaged_fragments_are_refused_or_read_and_break_nothing(draw: st.DataObject) -> None:
    data = bytearray(recorded())
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, 900))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(BadStream, UnsupportedStream):
        for _, units in Fragments().push(bytes(data)):
            assert all(units)
