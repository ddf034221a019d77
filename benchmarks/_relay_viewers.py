"""Viewers in a process of their own: WebSocket by hand over plain sockets, reading only what the figures need."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MOOF_BYTES = 104
"""What `relay.fmp4` writes before a picture's `mdat`."""
STAMP_AT = MOOF_BYTES + 8 + 4 + 16
"""Where `_relay_camera` wrote the instant of sending: behind the box's head and the first unit's length."""
BUFFER = 2 << 20
OLDEST_MS, STEPS_A_MS = 10_000, 10
"""Ages are counted in tenths of a millisecond up to here, so that an hour costs no more memory than a second."""


@dataclass(slots=True)
class Viewer:
    """One socket. Times are monotonic, ns."""

    index: int
    sock: socket.socket
    asked_ns: int
    buffer: bytearray = field(default_factory=lambda: bytearray(BUFFER))
    have: int = 0
    greeted: bool = False
    first_ns: int = 0
    last_ns: int = 0
    closed_ns: int = 0
    code: int = 0
    frames: int = 0
    size: int = 0
    words: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Raw:
    """A socket that takes bytes and understands none."""

    sock: socket.socket
    size: int = 0


class Hall:
    """All viewers of this process."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.viewers: dict[int, Viewer] = {}
        self.raw: list[Raw] = []
        self.scratch = bytearray(1 << 18)
        self.ages = [0] * (OLDEST_MS * STEPS_A_MS + 1)
        self.since_ns = 0  # ages are counted of pictures sent after this; 0: none

    def open(self, index: int, ticket: str) -> Viewer:
        """Connect, ask for the upgrade and show the ticket in one go."""
        asked = time.monotonic_ns()
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(
            f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            + masked(TEXT, json.dumps({"ticket": ticket}).encode())
        )
        sock.setblocking(False)
        viewer = self.viewers[index] = Viewer(index, sock, asked)
        self.selector.register(sock, selectors.EVENT_READ, viewer)
        return viewer

    def read_raw(self, count: int) -> None:
        """Connect so many sockets: for the copy beside the relay."""
        for _ in range(count):
            raw = Raw(socket.create_connection(("127.0.0.1", self.port)))
            raw.sock.setblocking(False)
            self.raw.append(raw)
            self.selector.register(raw.sock, selectors.EVENT_READ, raw)

    def leave(self, index: int) -> None:
        """Hang up one."""
        viewer = self.viewers.pop(index)
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(viewer.sock)
        viewer.sock.close()

    def turn(self, wait_s: float) -> list[Any]:
        """Read whatever came; return what else (the control pipe) is ready."""
        others = []
        for key, _ in self.selector.select(wait_s):
            if isinstance(key.data, Viewer):
                self._read(key.data)
            elif isinstance(key.data, Raw):
                with contextlib.suppress(OSError):
                    key.data.size += key.data.sock.recv_into(self.scratch)
            else:
                others.append(key.fileobj)
        return others

    def _read(self, v: Viewer) -> None:
        try:
            got = v.sock.recv_into(memoryview(v.buffer)[v.have :])
        except BlockingIOError:
            return
        except OSError:
            got = 0
        if not got:
            v.closed_ns = v.closed_ns or time.monotonic_ns()
            self.selector.unregister(v.sock)
            v.sock.close()
            return
        v.have += got
        at = 0
        if not v.greeted:
            end = v.buffer.find(b"\r\n\r\n", 0, v.have)
            if end < 0:
                return
            v.greeted, at = True, end + 4
        while (taken := self._message(v, at)) > at:
            at = taken
        v.buffer[: v.have - at] = v.buffer[at : v.have]
        v.have -= at

    def _message(self, v: Viewer, at: int) -> int:
        """Take one message at `at`; return where the next begins, `at` itself where it is not whole yet."""
        buffer, left = v.buffer, v.have - at
        if left < 2:
            return at
        size, start = buffer[at + 1], at + 2
        if size == 126:
            size, start = (struct.unpack_from(">H", buffer, at + 2)[0] if left >= 4 else 1 << 62), at + 4
        elif size == 127:
            size, start = (struct.unpack_from(">Q", buffer, at + 2)[0] if left >= 10 else 1 << 62), at + 10
        if start + size > v.have:
            return at
        kind = buffer[at] & 15
        if kind == BINARY:
            self._pictures(v, start, start + size)
        elif kind == TEXT:
            word = json.loads(bytes(buffer[start : start + size]))["type"]
            v.words[word] = v.words.get(word, 0) + 1
        elif kind == CLOSE:
            v.closed_ns = time.monotonic_ns()
            v.code = struct.unpack_from(">H", buffer, start)[0] if size >= 2 else 1005
        elif kind == PING:
            with contextlib.suppress(OSError):
                v.sock.send(masked(PONG, bytes(buffer[start : start + size])))
        return start + size

    def _pictures(self, v: Viewer, at: int, end: int) -> None:
        now_ns = time.monotonic_ns()
        v.first_ns, v.last_ns = v.first_ns or now_ns, now_ns
        v.size += end - at
        while at < end:
            (size,) = struct.unpack_from(">I", v.buffer, at)
            if v.buffer[at + 4 : at + 8] == b"moof":
                (sent,) = struct.unpack_from(">Q", v.buffer, at + STAMP_AT)
                if self.since_ns and sent > self.since_ns:
                    self.ages[min((now_ns - sent) * STEPS_A_MS // 1_000_000, len(self.ages) - 1)] += 1
                at += MOOF_BYTES + struct.unpack_from(">I", v.buffer, at + MOOF_BYTES)[0]
                v.frames += 1
            else:
                at += size


def masked(kind: int, data: bytes) -> bytes:
    """Return one client frame (RFC 6455 §5.3); the mask is zero, which the standard's reader does not mind."""
    return bytes([0x80 | kind, 0x80 | len(data)]) + bytes(4) + data if len(data) < 126 else _long(kind, data)


def _long(kind: int, data: bytes) -> bytes:
    return bytes([0x80 | kind, 0x80 | 126]) + struct.pack(">H", len(data)) + bytes(4) + data


def process(control: Connection, port: int) -> None:
    """Do what the control pipe says until it says stop."""
    hall = Hall(port)
    hall.selector.register(control, selectors.EVENT_READ, None)
    while True:
        if not hall.turn(0.5):
            continue
        match control.recv():
            case ("open", tickets):
                for index, ticket in tickets.items():
                    hall.open(index, ticket)
                    hall.turn(0.002)
                control.send("done")
            case ("leave", which):
                for index in which:
                    hall.leave(index)
                control.send("done")
            case ("raw", count):
                hall.read_raw(count)
                control.send("done")
            case ("taken",):
                control.send(sum(raw.size for raw in hall.raw))
            case ("probe", ticket):
                control.send(_probe(hall, ticket))
            case ("count",):
                control.send({i: (v.frames, v.size) for i, v in hall.viewers.items()} | {"cpu_s": time.process_time()})
            case ("measure", on):
                hall.since_ns = time.monotonic_ns() if on else 0
                control.send(hall.ages)
                hall.ages = [0] * len(hall.ages)
            case ("ends",):
                control.send({
                    i: (v.last_ns, v.closed_ns, v.code, v.words) for i, v in hall.viewers.items() if v.closed_ns
                })  # fmt: skip
            case ("stop",):
                return


def _probe(hall: Hall, ticket: str) -> float | None:
    """Return how long one more viewer waits for his first picture, ms, from before he connects."""
    viewer = hall.open(-1, ticket)
    until = time.monotonic_ns() + 10_000_000_000
    while not viewer.first_ns and not viewer.closed_ns and time.monotonic_ns() < until:
        hall.turn(0.05)
    hall.leave(-1)
    return (viewer.first_ns - viewer.asked_ns) / 1e6 if viewer.first_ns else None
