"""Sub-streams for processes of our own on this machine: what analyses them pulls no camera a second time.

A socket in a folder that this user alone may enter; whoever connects must be of this user too. It takes the names of
cameras and gives encoded sub-streams as everybody gets them: privacy zones burnt in, never a main stream; sound beside
them where a site has a ground of its own (`sound.md`). No person looks or listens through it: who does needs a permit
and another door. What analyses keeps no picture (`vision.md`) and no sound.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.rtp import Packet
from ansimnet.slices.footage.relay.sdp import Media
from ansimnet.slices.footage.relay.source import HeatSource, Sighting, Stream
from ansimnet.slices.footage.relay.sources import Sources

log = structlog.get_logger(__name__)

UNSENT_BYTES = 32 << 20
"""What may wait for one process: some seconds of two hundred sub-streams. Beyond it: on with the next key frame."""
LOOK_S = 0.5
"""How soon a camera that the relay has only now is followed."""
LINE_BYTES = 1 << 20
"""The longest wish: twenty thousand cameras."""


class Given(msgspec.Struct, array_like=True, tag="f", frozen=True):
    """One frame. `sets`: the parameter sets, before a key frame; `at`: when it came, seconds since 1970; `heat`: of the
    camera's heat sensor."""

    camera: bytes
    codec: str
    sets: bytes
    key: bool
    at: float
    fragment: bytes
    heat: bool = False


class Lost(msgspec.Struct, array_like=True, tag="l", frozen=True):
    """The camera (`heat`: its heat sensor) is silent; the next frame will be a key frame."""

    camera: bytes
    heat: bool = False


class Sounded(msgspec.Struct, array_like=True, tag="s", frozen=True):
    """One packet of sound. `config`: of AAC, hex; `at`: when it came, seconds since 1970."""

    camera: bytes
    encoding: str
    clock_hz: int
    config: str
    at: float
    payload: bytes


_encoder = msgspec.msgpack.Encoder()


class Follower:
    """One camera, or its heat sensor, followed for one process."""

    def __init__(self, camera_id: CameraId, writer: asyncio.StreamWriter, after: float, *, heat: bool = False) -> None:
        self._name = camera_id.bytes
        self._heat = heat
        self._writer = writer
        self._after = after
        self._waits = True
        self.skipped = 0
        self.stream: Stream | None = None

    def follow(self, stream: Stream) -> None:
        """Give what the relay still has of the past that was asked for, then what comes."""
        self.leave()
        self.stream = stream
        if self._after and stream.ready.is_set() and stream.group:
            newest = stream.group[-1]
            wanted_s = max(0.0, now().timestamp() - (monotonic_s() - newest.at_s) - self._after)
            for frame in stream.ring.since(newest.dts - round(wanted_s * 90_000)):
                self.offer(frame)
        else:
            for frame in stream.group:
                self.offer(frame)
        self._after = 0.0
        stream.subscribers.add(self)

    def leave(self) -> None:
        """Follow no more."""
        if self.stream is not None:
            self.stream.leave(self)
            self.stream = None

    def offer(self, frame: Frame) -> None:
        """Send a frame, or leave it out where the process does not read."""
        if self._writer.transport.get_write_buffer_size() > UNSENT_BYTES:
            self._waits = True
        if self._waits and (not frame.key or self._writer.transport.get_write_buffer_size() > UNSENT_BYTES // 2):
            self.skipped += 1
            return
        self._waits = False
        sets = frame.init.sets if frame.key else b""
        at = now().timestamp() - (monotonic_s() - frame.at_s)
        self._send(Given(self._name, frame.init.codec, sets, frame.key, at, frame.fragment, self._heat))

    def saw(self, sighting: Sighting) -> None:
        """Leave out what the camera's own analytics say."""

    def lost(self) -> None:
        """Pass on that the camera is silent."""
        self._waits = True
        self._send(Lost(self._name, self._heat))

    def hear(self, media: Media, packet: Packet) -> None:
        """Pass a packet of sound on, or leave it out where the process does not read."""
        if self._writer.transport.get_write_buffer_size() <= UNSENT_BYTES:
            config = media.fmtp.get("config", "")
            at, payload = now().timestamp(), bytes(packet.payload)
            self._send(Sounded(self._name, media.encoding, media.clock_hz, config, at, payload))

    def _send(self, message: Given | Lost | Sounded) -> None:
        if not self._writer.is_closing():
            data = _encoder.encode(message)
            self._writer.write(len(data).to_bytes(4, "little") + data)


class Local:
    """The door of one relay."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._open: set[asyncio.StreamWriter] = set()
        self._left = asyncio.Event()
        self._left.set()
        self._following: list[dict[CameraId, Follower]] = []
        sources.on_sound = self._heard

    @asynccontextmanager
    async def serving(self, folder: Path, worker: int) -> AsyncGenerator[Path]:
        """Serve at `folder/relay-N.sock` until the block ends."""
        place = _room(folder) / f"relay-{worker}.sock"
        _forget(place)
        server = await asyncio.start_unix_server(self._serve, place, limit=LINE_BYTES)
        try:
            yield place
        finally:
            server.close()
            _forget(place)
            for writer in tuple(self._open):
                writer.close()
            await self._left.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _ours(writer):
            log.warning("local.stranger")
            writer.close()
            return
        self._open.add(writer)
        self._left.clear()
        following: dict[CameraId, Follower] = {}
        feeling: dict[CameraId, Follower] = {}
        self._following.append(following)
        keeping = asyncio.create_task(self._keep(following, feeling))
        try:
            while line := await reader.readline():
                wish = json.loads(line)
                self._wish(following, wish["cameras"], writer)
                self._wish_heat(feeling, wish.get("heat", ()), writer)
                self._attach(following)
                self._attach_heat(feeling)
        except (OSError, ValueError, KeyError) as error:
            log.warning("local.broken", error=type(error).__name__)
        finally:
            keeping.cancel()
            self._following = [other for other in self._following if other is not following]
            for follower in following.values():
                follower.leave()
            for follower in feeling.values():
                self._let_go(follower)
            writer.close()
            self._open.discard(writer)
            if not self._open:
                self._left.set()

    def _heard(self, camera_id: CameraId, media: Media, packet: Packet) -> None:
        for following in self._following:
            if camera_id in following:
                following[camera_id].hear(media, packet)

    @staticmethod
    def _wish(following: dict[CameraId, Follower], wanted: dict[str, float], writer: asyncio.StreamWriter) -> None:
        asked = {CameraId(UUID(name)): after for name, after in wanted.items()}
        for camera_id in following.keys() - asked.keys():
            following.pop(camera_id).leave()
        for camera_id in asked.keys() - following.keys():
            following[camera_id] = Follower(camera_id, writer, asked[camera_id])

    def _wish_heat(
        self, feeling: dict[CameraId, Follower], wanted: Iterable[str], writer: asyncio.StreamWriter
    ) -> None:
        asked = {CameraId(UUID(name)) for name in wanted}
        for camera_id in feeling.keys() - asked:
            self._let_go(feeling.pop(camera_id))
        for camera_id in asked - feeling.keys():
            feeling[camera_id] = Follower(camera_id, writer, 0.0, heat=True)

    async def _keep(self, following: dict[CameraId, Follower], feeling: dict[CameraId, Follower]) -> None:
        """Follow cameras as the relay takes and changes them."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._attach(following)
            self._attach_heat(feeling)

    def _attach_heat(self, feeling: dict[CameraId, Follower]) -> None:
        """Pull heat sensors while somebody here judges them, and no longer."""
        for camera_id, follower in feeling.items():
            stream, sub = follower.stream, self._sources.cameras.get(camera_id)
            if isinstance(stream, HeatSource) and stream.sub is sub:
                continue
            self._let_go(follower)
            heat = self._sources.open_heat(camera_id)
            if heat is not None:
                follower.follow(heat)

    def _let_go(self, follower: Follower) -> None:
        stream = follower.stream
        follower.leave()
        if isinstance(stream, HeatSource):
            self._sources.close(stream)

    def _attach(self, following: dict[CameraId, Follower]) -> None:
        for camera_id, follower in following.items():
            stream = self._sources.cameras.get(camera_id)
            if stream is None:
                follower.leave()
            elif follower.stream is not stream:
                follower.follow(stream)


def _room(folder: Path) -> Path:
    """Return a folder that this user alone enters.

    Raises:
        Fault: it is somebody else's.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise Fault(f"{folder} is somebody else's")
    folder.chmod(0o700)
    return folder


def _forget(place: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        place.unlink()


def _ours(writer: asyncio.StreamWriter) -> bool:
    """Return whether the other end is a process of this user. The folder's rights say so too; Linux tells us itself."""
    if sys.platform != "linux":
        return True
    told: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", told.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return bool(uid == os.geteuid())
