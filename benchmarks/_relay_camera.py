"""Cameras that cost next to nothing: one clip, encoded and packetised once, sent over as many RTSP sockets as asked.

Every camera has its own phase within the picture's period and its own place in the clip, so that key frames do not come
all at once. Eight bytes of each picture are overwritten with the instant of its sending (monotonic, ns): the relay
passes coded bytes through unread, and whoever receives them knows the picture's age. Nobody decodes them here.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import struct
import time
from base64 import b64encode
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame

from ansimnet_sim.rtp import Sender, h264_payloads, nals

WIDTH, HEIGHT, FPS, BITRATE = 1280, 720, 25, 2_000_000
GROUP = 50
"""Two seconds between key frames, as street cameras are set."""
PHASES = 20
"""Groups of cameras within the 40 ms of a picture: every 2 ms one of them sends."""
CLOCK = 90_000
VIDEO = 96
STAMP_AT = 16
"""Where the instant of sending stands in a picture's first NAL unit: behind the slice header."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One loop of pictures as interleaved RTP, with where to write numbers and times."""

    sets: tuple[bytes, bytes]
    blocks: tuple[np.ndarray[Any, np.dtype[np.uint8]], ...]
    numbers: tuple[np.ndarray[Any, np.dtype[np.int64]], ...]  # offsets of each packet's sequence number
    stamps: tuple[int, ...]  # offset of the instant of sending
    bitrate: float


def encode(groups: int = 2) -> Clip:
    """Encode noise that drifts, at a constant 2 Mbit/s; the first group, in which the rate settles, is left out."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.thread_count, encoder.bit_rate = 1, BITRATE
    rate = f"vbv-maxrate={BITRATE // 1000}:vbv-bufsize={BITRATE // 1000}"
    encoder.options = {
        "preset": "ultrafast", "tune": "zerolatency", "x264-params": f"keyint=1000:scenecut=0:{rate}:nal-hrd=cbr",
    }  # fmt: skip
    rng = np.random.default_rng(7)
    small = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8), dtype=np.uint8)
    luma = np.kron(small, np.ones((8, 8), np.uint8))
    sets: dict[int, bytes] = {}
    units: list[bytes] = []
    for n in range(GROUP * (groups + 1)):
        moving = np.roll(luma, 3 * n, axis=1)
        moving[::4, ::4] = rng.integers(0, 255, moving[::4, ::4].shape, dtype=np.uint8)
        frame = VideoFrame.from_ndarray(
            np.concatenate([moving, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), format="yuv420p"
        )
        frame.pts, frame.time_base = n, Fraction(1, FPS)
        frame.pict_type = PictureType.I if n % GROUP == 0 else PictureType.NONE
        for packet in encoder.encode(frame):
            data = bytes(packet)
            sets |= {u[0] & 31: u for u in nals(data) if u[0] & 31 in (7, 8)}
            if n >= GROUP:
                units.append(b"".join(b"\0\0\1" + u for u in nals(data) if u[0] & 31 in (1, 5)))
    sender = Sender(0, VIDEO, 1, 0)
    blocks = [np.frombuffer(sender.pack(h264_payloads(u), 0), np.uint8).copy() for u in units]
    stamps = tuple(16 + STAMP_AT + (int(b[16]) & 31 == 28) for b in blocks)  # a fragment unit has one header byte more
    bitrate = 8 * sum(map(len, blocks)) / (len(blocks) / FPS)
    return Clip((sets[7], sets[8]), tuple(blocks), tuple(map(_numbers, blocks)), stamps, bitrate)


def _numbers(block: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    data, at, found = block.tobytes(), 0, []
    while at < len(data):
        found.append(at + 6)
        at += 4 + struct.unpack_from(">H", data, at + 2)[0]
    return np.array(found)


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    asked: bytes = b""
    owed: bytes = b""
    skipped: int = 0
    sent: int = 0


@dataclass(slots=True)
class _Phase:
    """Cameras that send at the same instant share their numbers and their clock."""

    at: int
    seq: int = 0
    clients: list[_Client] = field(default_factory=list)


class Street:
    """The cameras of one port; the path names which."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.server.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        self.phases = [_Phase(at=i * len(clip.blocks) // PHASES) for i in range(PHASES)]
        self.joined = 0

    def run(self, control: Connection) -> None:
        """Send until told to stop."""
        self.selector.register(control, selectors.EVENT_READ)
        step_ns = 1_000_000_000 // FPS // PHASES
        due, turn = time.monotonic_ns(), 0
        while True:
            wait_s = max(0.0, (due - time.monotonic_ns()) / 1e9)
            for key, events in self.selector.select(wait_s):
                if key.fileobj is control:
                    if control.recv() == ("stop",):
                        return
                    control.send(self.told())
                elif key.fileobj is self.server:
                    self._accept()
                else:
                    self._serve(key.data, events)
            while due <= time.monotonic_ns():
                self._send(self.phases[turn % PHASES])
                turn += 1
                due += step_ns

    def told(self) -> dict[str, Any]:
        """Return what was sent so far."""
        every = [c for p in self.phases for c in p.clients]
        return {
            "cpu_s": time.process_time(),
            "sent": sum(c.sent for c in every),
            "skipped": sum(c.skipped for c in every),
        }

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self.server.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(sock, selectors.EVENT_READ, _Client(sock))

    def _serve(self, client: _Client, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._pay(client)
        if not events & selectors.EVENT_READ:
            return
        try:
            data = client.sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        client.asked += data
        while b"\r\n\r\n" in client.asked:
            request, _, client.asked = client.asked.partition(b"\r\n\r\n")
            self._answer(client, request.decode())

    def _answer(self, client: _Client, request: str) -> None:
        method, url, _ = request.split("\r\n")[0].split(" ")
        cseq = (re.search(r"CSeq: (\d+)", request) or ["", "0"])[1]
        extra, body = "Session: 7;timeout=60\r\n", ""
        if method == "DESCRIBE":
            body = description(self.clip)
            extra += f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            extra += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        with contextlib.suppress(OSError):
            client.sock.send(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{extra}\r\n{body}".encode())
        if method == "PLAY":
            self.phases[self.joined % PHASES].clients.append(client)
            self.joined += 1

    def _send(self, phase: _Phase) -> None:
        if not phase.clients:
            phase.at += 1
            return
        i = phase.at % len(self.clip.blocks)
        block, at = self.clip.blocks[i], self.clip.numbers[i]
        seq = phase.seq + np.arange(len(at))
        block[at], block[at + 1] = seq >> 8 & 0xFF, seq & 0xFF
        ticks = phase.at * (CLOCK // FPS)
        for k in range(4):
            block[at + 2 + k] = ticks >> 8 * (3 - k) & 0xFF
        phase.seq = (phase.seq + len(at)) & 0xFFFF
        phase.at += 1
        view = block.data
        for client in tuple(phase.clients):
            if client.owed:
                client.skipped += 1  # the relay does not read: a camera drops what its buffer cannot take
                continue
            struct.pack_into(">Q", view, self.clip.stamps[i], time.monotonic_ns())
            try:
                taken = client.sock.send(view)
            except BlockingIOError:
                client.skipped += 1
                continue
            except OSError:
                self._drop(client)
                continue
            client.sent += 1
            if taken < len(block):
                client.owed = bytes(view[taken:])
                self.selector.modify(client.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, client)

    def _pay(self, client: _Client) -> None:
        with contextlib.suppress(OSError):
            client.owed = client.owed[client.sock.send(client.owed) :]
        if not client.owed:
            self.selector.modify(client.sock, selectors.EVENT_READ, client)

    def _drop(self, client: _Client) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(client.sock)
        client.sock.close()
        for phase in self.phases:
            if client in phase.clients:
                phase.clients.remove(client)


def description(clip: Clip) -> str:
    """Return the session description: video, and sound that nobody may set up."""
    sets = ",".join(b64encode(s).decode() for s in clip.sets)
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=street\r\nt=0 0\r\na=control:*\r\n"
        f"m=video 0 RTP/AVP {VIDEO}\r\na=rtpmap:{VIDEO} H264/{CLOCK}\r\n"
        f"a=fmtp:{VIDEO} packetization-mode=1;sprop-parameter-sets={sets}\r\na=control:video\r\n"
        "m=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
    )


def process(control: Connection) -> None:
    """Encode, say port and bit rate, send until told to stop."""
    street = Street(encode())
    control.send({"port": street.server.getsockname()[1], "bitrate": street.clip.bitrate})
    street.run(control)
