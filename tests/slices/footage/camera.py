"""A small RTSP camera for tests: H.264 made with x264, digest login, sound on offer, ONVIF boxes, faults on demand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.video.frame import PictureType

from ansimnet.kernel.clock import now
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, split_annex_b
from ansimnet_sim.onvif_head import Head, status_of

WIDTH, HEIGHT, FPS, GROUP = 320, 192, 25, 25


@cache
def clip(
    kbit: int = 0, seconds: int = 2, shade: int = 0
) -> tuple[bytes, bytes, tuple[tuple[bool, tuple[bytes, ...]], ...]]:
    """Return SPS, PPS and (key, NAL units) of a fine chequered picture, so that a mosaic is measurable.

    Cameras of another `shade` send other bytes in every picture.
    """
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.thread_count = 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "16", "x264-params": "keyint=25:scenecut=0"}
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    frames, sps, pps = [], b"", b""
    for n in range(seconds * FPS):
        luma = np.where((x // 4 + y // 4) % 2, 200 - shade, 50 + shade).astype(np.uint8)
        luma[-16:, : 2 * n + 2] = 255  # something moves
        if kbit:
            luma = rng.integers(0, 255, luma.shape, dtype=np.uint8)  # noise: as many bytes as one likes
        picture = av.VideoFrame.from_ndarray(np.stack([luma] * 3, axis=-1), format="rgb24").reformat(format="yuv420p")
        picture.pts, picture.time_base = n, Fraction(1, FPS)
        picture.pict_type = PictureType.I if n % GROUP == 0 else PictureType.NONE
        for packet in encoder.encode(picture):
            units = split_annex_b(bytes(packet))
            sps = next((u for u in units if u[0] & 31 == SPS), sps)
            pps = next((u for u in units if u[0] & 31 == PPS), pps)
            frames.append((packet.is_keyframe, tuple(u for u in units if u[0] & 31 in (SLICE, IDR))))
    return sps, pps, tuple(frames)


def boxes_document(
    objects: list[tuple[str, str, tuple[float, float, float, float]]], head: Head | None = None
) -> bytes:
    """Return the ONVIF document of objects (id, class, box in [0, 1] from the top left), and where a head looks."""
    inner = "".join(
        f'<tt:Object ObjectId="{name}"><tt:Appearance><tt:Shape>'
        f'<tt:BoundingBox left="{2 * x1 - 1}" top="{1 - 2 * y1}" right="{2 * x2 - 1}" bottom="{1 - 2 * y2}"/>'
        f'</tt:Shape><tt:Class><tt:Type Likelihood="0.9">{kind}</tt:Type></tt:Class></tt:Appearance></tt:Object>'
        for name, kind, (x1, y1, x2, y2) in objects
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">'
        f'<tt:VideoAnalytics><tt:Frame UtcTime="2026-11-07T00:00:00Z">{inner}</tt:Frame></tt:VideoAnalytics>'
        f"{'' if head is None else told(head)}</tt:MetadataStream>"
    ).encode()


def told(head: Head) -> str:
    """Return what a camera tells of its own head beside its pictures."""
    return f"<tt:PTZ><tt:PTZStatus>{status_of(head, now())}</tt:PTZStatus></tt:PTZ>"


@dataclass(eq=False)
class _Client:
    writer: asyncio.StreamWriter
    seq: int
    ticks: int
    playing: bool = False
    channels: dict[str, int] = field(default_factory=dict)


SOUND = b"\xaaSOUND" * 16


class TestCamera:
    """Serves one looping clip; `boxes` None sends no metadata."""

    __test__ = False

    def __init__(
        self, *, kbit: int = 0, shade: int = 0, algorithm: str = "MD5", user: str = "ward", password: str = "s3cret"
    ) -> None:
        self.sps, self.pps, self.frames = clip(kbit, shade=shade)
        self.algorithm, self.user, self.password = algorithm, user, password
        self.boxes: list[tuple[str, str, tuple[float, float, float, float]]] | None = None
        self.head: Head | None = None
        self.asked_for_key = False
        self.paused = False
        self.codec = "H264"
        self.sent = 0
        self.sound = SOUND
        self.set_up: list[str] = []
        self.requests: list[str] = []
        self.lose_packets = 0
        self.clients: set[_Client] = set()
        self.nonce = "n1"
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"rtsp://{self.user}:{self.password}@127.0.0.1:{self.port}/HD-0001"

    async def __aenter__(self) -> TestCamera:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks.add(asyncio.create_task(self._play()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        self.drop()
        assert self._server is not None
        self._server.close()

    def drop(self) -> None:
        """Cut every connection, as a reboot does."""
        for client in list(self.clients):
            client.writer.close()
        self.clients.clear()

    def _proved(self, method: str, request: str) -> bool:
        given = dict(
            re.findall(r'(\w+)="?([^",\r]+)"?', (re.search(r"Authorization: Digest (.*)", request) or [""])[0])
        )
        if given.get("nonce") != self.nonce:
            return False

        def h(text: str) -> str:
            return (hashlib.sha256 if self.algorithm == "SHA-256" else hashlib.md5)(text.encode()).hexdigest()

        secret, asked = h(f"{self.user}:cam:{self.password}"), h(f"{method}:{given['uri']}")
        return bool(given["response"] == h(f"{secret}:{self.nonce}:{given['nc']}:{given['cnonce']}:auth:{asked}"))

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer, seq=hash(writer) & 0xFFFF, ticks=(hash(writer) * 7919) & 0xFFFFFFFF)
        self.clients.add(client)
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, url, _ = request.split("\r\n")[0].split(" ")
                self.requests.append(request)
                self._answer(client, method, url, request)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.clients.discard(client)
            writer.close()

    def _answer(self, client: _Client, method: str, url: str, request: str) -> None:
        cseq = (re.search(r"CSeq: (\d+)", request) or ["", "0"])[1]
        status, extra, body = "200 OK", "", ""
        if method != "OPTIONS" and not self._proved(method, request):
            status = "401 Unauthorized"
            stale = ", stale=true" if "Authorization" in request and f'"{self.nonce}"' not in request else ""
            extra = f'WWW-Authenticate: Digest realm="cam", nonce="{self.nonce}", qop="auth", '
            extra += f"algorithm={self.algorithm}{stale}\r\n"
        elif method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = self._description()
            extra = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            track = url.rsplit("/", 1)[1]
            self.set_up.append(track)
            channel = (re.search(r"interleaved=(\d+)", request) or ["", "0"])[1]
            client.channels[track] = int(channel)
            extra = (
                f"Session: 77;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved={channel}-{int(channel) + 1}\r\n"
            )
        elif method == "PLAY":
            client.playing = True
        client.writer.write(f"RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{extra}\r\n{body}".encode())

    def _description(self) -> str:
        sets = ",".join(base64.b64encode(s).decode() for s in (self.sps, self.pps))
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self.codec}/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\na=control:video\r\n"
            "m=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
            "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:meta\r\n"
        )

    async def _play(self) -> None:
        while True:
            await asyncio.sleep(1 / FPS)
            if self.paused:
                continue
            if self.asked_for_key:
                self.asked_for_key, self.sent = False, -(-self.sent // GROUP) * GROUP
            _, units = self.frames[self.sent % len(self.frames)]
            for client in list(self.clients):
                if client.playing and not client.writer.is_closing():
                    client.writer.write(self._packets(client, units))
            self.sent += 1

    def _packets(self, client: _Client, units: tuple[bytes, ...]) -> bytes:
        ticks = (client.ticks + self.sent * 90_000 // FPS) & 0xFFFFFFFF
        out = []

        def packet(channel: int, payload_type: int, payload: bytes, marker: bool) -> None:
            head = struct.pack(">BBHII", 0x80, (0x80 if marker else 0) | payload_type, client.seq, ticks, 1)
            out.append(struct.pack(">BBH", 0x24, channel, len(payload) + 12) + head + payload)
            client.seq = client.seq + 1 & 0xFFFF

        for i, unit in enumerate(units):
            last = i + 1 == len(units)
            if len(unit) <= 1200:
                packet(client.channels["video"], 96, unit, last)
                continue
            pieces = [unit[k : k + 1200] for k in range(1, len(unit), 1200)]
            for k, piece in enumerate(pieces):
                end = k + 1 == len(pieces)
                head = bytes([unit[0] & 0xE0 | 28, (0x80 if k == 0 else 0) | (0x40 if end else 0) | unit[0] & 31])
                packet(client.channels["video"], 96, head + piece, last and end)
        if self.lose_packets:
            self.lose_packets -= 1
            out.pop()
        channel = client.channels.get("sound", 8)  # one that nobody set up
        out.append(
            struct.pack(">BBH", 0x24, channel, 12 + len(self.sound))
            + struct.pack(">BBHII", 0x80, 0, 1, ticks, 9)
            + self.sound
        )
        if self.boxes is not None and "meta" in client.channels:
            document = boxes_document(self.boxes, self.head)
            seq, client.seq = client.seq, self.sent & 0xFFFF  # its own sequence
            packet(client.channels["meta"], 107, document, True)
            client.seq = seq
        return b"".join(out)
