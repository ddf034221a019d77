"""Cameras over real RTSP, read by FFmpeg and by a client that counts every byte."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from math import cos, radians, sin
from typing import Any
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ansimnet_sim import truth
from ansimnet_sim.city import City
from ansimnet_sim.heat import BODY, STREET, TALL, WIDE
from ansimnet_sim.microphone import Codec, Microphone
from ansimnet_sim.people import Actor, Route
from ansimnet_sim.rtp import h264_payloads, nals
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_sim.streets import along_line

NS = {"tt": "http://www.onvif.org/ver10/schema"}
FAST = {"rtsp_transport": "tcp", "probesize": "32", "analyzeduration": "0", "fflags": "nobuffer"}


@pytest.fixture
async def server(haedam: City) -> AsyncIterator[CameraServer]:
    camera = haedam.cameras[2]
    az = radians(camera.azimuth_deg)
    x, y, _, _ = along_line(((camera.x, camera.y), (camera.x + sin(az) * 30, camera.y + cos(az) * 30)), 16.0)
    subject = Actor("W", "wearer", [(0.0, Route(((x, y), (x, y + 0.1)), ((0.0, 0.0),)))], coded=True, number=1)
    out = CameraServer(haedam, lambda _: [(subject, subject.at(0.0))], codes=[c.code for c in haedam.cameras[2:4]],
                       pair=4, fps=10, seed=1)  # fmt: skip
    await out.start()
    await out.warm()
    yield out
    await out.stop()


def pull(url: str, frames: int) -> tuple[list[truth.Seen], list[bytes]]:
    seen, told = [], []
    with av.open(url, options=FAST, timeout=10) as source:
        for packet in source.demux():
            if packet.stream.type == "video":
                decoded: Any = packet.decode()
                seen += [truth.read(f.to_ndarray(format="rgb24")) for f in decoded]
            else:
                told.append(bytes(packet))
            if len(seen) >= frames:
                break
    return seen, told


async def test_ffmpeg_reads_picture_boxes_and_truth(server: CameraServer) -> None:
    code = next(iter(server.mounts))
    seen, told = await asyncio.to_thread(pull, server.url(code), 12)
    good = [s for s in seen if s.camera_code == code]
    assert len(good) >= 10
    assert sum(s.subject for s in good) >= 8
    numbers = [s.frame_no for s in good if s.frame_no is not None]
    assert numbers == sorted(set(numbers))
    tree = ElementTree.fromstring(told[0])
    objects = tree.findall(".//tt:Object", NS)
    assert [o.get("ObjectId") for o in objects] == ["1"]
    box = objects[0].find(".//tt:Shape/tt:BoundingBox", NS)
    head = objects[0].find(".//tt:HumanFace/tt:BoundingBox", NS)
    assert box is not None
    assert head is not None
    assert float(box.get("bottom", "0")) < float(head.get("bottom", "0")) < float(head.get("top", "0")) <= 1
    assert objects[0].findtext(".//tt:Class/tt:Type", namespaces=NS) == "Human"


class RawClient:
    """RTSP by hand: digest, one track, interleaved frames."""

    def __init__(self, server: CameraServer, password: str | None = None) -> None:
        self.server, self.password = server, password or server.password
        self.nonce, self.cseq = "", 0

    async def ask(self, method: str, url: str, extra: str = "") -> str:
        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        self.cseq += 1
        proof = ""
        if self.nonce:
            answer = md5(f"{md5(f'{self.server.user}:camera:{self.password}')}:{self.nonce}:{md5(f'{method}:{url}')}")
            proof = (f'Authorization: Digest username="{self.server.user}", realm="camera", nonce="{self.nonce}", '
                     f'uri="{url}", response="{answer}"\r\n')  # fmt: skip
        self.writer.write(f"{method} {url} RTSP/1.0\r\nCSeq: {self.cseq}\r\n{proof}{extra}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        if found := re.search(r'nonce="(\w+)"', head):
            self.nonce = found[1]
        size = re.search(r"Content-Length: (\d+)", head)
        return head + ((await self.reader.readexactly(int(size[1]))).decode() if size else "")

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.server.port)

    async def frame(self) -> tuple[int, bytes]:
        head = await self.reader.readexactly(4)
        assert head[0] == 0x24
        return head[1], await self.reader.readexactly(int.from_bytes(head[2:], "big"))


async def test_nobody_gets_in_without_the_password(server: CameraServer) -> None:
    client = RawClient(server, "wrong")
    await client.connect()
    url = server.url(next(iter(server.mounts)), secret=False)
    assert " 401 " in await client.ask("DESCRIBE", url)
    assert " 401 " in await client.ask("DESCRIBE", url)
    client.password = server.password
    assert " 200 " in await client.ask("DESCRIBE", url)
    assert " 461 " in await client.ask("SETUP", url + "/track1", "Transport: RTP/AVP;unicast;client_port=4-5\r\n")
    assert " 404 " in await client.ask("DESCRIBE", url.replace("HD-", "XX-"))
    client.writer.close()


async def test_sound_is_offered_where_there_is_a_microphone(server: CameraServer) -> None:
    code, mount = next(iter(server.mounts.items()))
    mount.microphone = Microphone()
    client = RawClient(server)
    await client.connect()
    url = server.url(code, secret=False)
    await client.ask("OPTIONS", url)
    await client.ask("DESCRIBE", url)
    sdp = await client.ask("DESCRIBE", url)
    assert "m=audio" in sdp
    assert "vnd.onvif.metadata/90000" in sdp
    for n in (1, 3):
        setup = f"Transport: RTP/AVP/TCP;unicast;interleaved={2 * n}-{2 * n + 1}\r\n"
        assert " 200 " in await client.ask("SETUP", f"{url}/track{n}", setup)
    assert " 200 " in await client.ask("PLAY", url)
    channels = {(await client.frame())[0] for _ in range(40)}
    assert {2, 3, 6} <= channels  # pictures, their reports, sound
    client.writer.close()


def listen(url: str, seconds: float) -> tuple[NDArray[np.float32], int]:
    pieces: list[NDArray[np.float32]] = []
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=15) as source:
        track = source.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=track.rate)
        for frame in source.decode(track):
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if sum(len(p) for p in pieces) >= seconds * track.rate:
                break
        return np.concatenate(pieces), track.rate


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "AAC"])
async def test_a_microphone_hears_what_is_played_into_it(server: CameraServer, codec: Codec) -> None:
    code, mount = next(iter(server.mounts.items()))
    mount.microphone = Microphone(codec, noise_db=-70)
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(20 * 16_000) / 16_000)
    mount.microphone.play(tone, 16_000)
    heard, rate = await asyncio.to_thread(listen, server.url(code), 1.0)
    assert rate == mount.microphone.rate_hz
    part = heard[-rate // 2 :]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    assert abs(int(spectrum.argmax()) * rate / len(part) - 1000) < 10
    assert 0.2 < float(np.abs(part).max()) <= 1.0


async def test_a_heat_sensor_sees_warm_bodies_and_only_its_camera_has_one(haedam: City) -> None:
    cameras = haedam.cameras[2:4]
    az = radians(cameras[0].azimuth_deg)
    ahead = (cameras[0].x + sin(az) * 30, cameras[0].y + cos(az) * 30)
    x, y, _, _ = along_line(((cameras[0].x, cameras[0].y), ahead), 12.0)
    subject = Actor("W", "wearer", [(0.0, Route(((x, y), (x, y + 0.1)), ((0.0, 0.0),)))], coded=True, number=1)
    server = CameraServer(haedam, lambda _: [(subject, subject.at(0.0))], codes=[c.code for c in cameras], fps=10,
                          heat=[cameras[0].code])  # fmt: skip
    await server.start()
    try:
        pictures = await asyncio.to_thread(see, server.url(cameras[0].code, heat=True), 3)
        warm = pictures[-1]
        assert warm.shape == (TALL, WIDE)
        assert 20 < int((warm > (BODY + STREET) // 2).sum()) < TALL * WIDE // 4
        with pytest.raises(av.FFmpegError):
            await asyncio.to_thread(see, server.url(cameras[1].code, heat=True), 1)
    finally:
        await server.stop()


def see(url: str, frames: int) -> list[NDArray[np.uint8]]:
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=15) as source:
        return [f.to_ndarray(format="gray") for f, _ in zip(source.decode(video=0), range(frames), strict=False)]


async def test_a_dropped_camera_hangs_up_and_comes_back_with_another_clock(server: CameraServer) -> None:
    code, mount = next(iter(server.mounts.items()))
    before = mount.base
    await asyncio.to_thread(pull, server.url(code), 2)
    server.drop(code)
    with pytest.raises(av.FFmpegError):
        await asyncio.to_thread(pull, server.url(code), 1)
    server.restore(code)
    assert mount.base != before
    seen, _ = await asyncio.to_thread(pull, server.url(code), 2)
    assert seen[0].camera_code == code


def test_large_units_are_cut_and_small_ones_are_not() -> None:
    big, small = b"\x65" + bytes(range(1, 256)) * 20, b"\x67abc"
    parts = h264_payloads(b"\x00\x00\x00\x01" + small + b"\x00\x00\x01" + big)
    assert nals(b"\x00\x00\x00\x01" + small + b"\x00\x00\x01" + big) == [small, big]
    assert parts[0] == (False, small)
    assert all(p[0] & 31 == 28 and p[0] & 0xE0 == 0x60 for _, p in parts[1:])
    assert parts[1][1][1] == 0x85
    assert parts[-1][1][1] == 0x45
    assert [m for m, _ in parts] == [False] * (len(parts) - 1) + [True]
    assert b"\x65" + b"".join(p[2:] for _, p in parts[1:]) == big
