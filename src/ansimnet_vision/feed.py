"""Sub-streams from the relays of this machine, their pictures, and sound where a camera may be listened to.

A relay hands its frames to processes of its own user over a socket in a folder of theirs (`docs/design/vision.md`). The
relays' messages are msgpack behind their length; ours is one JSON line that names every camera we want.
"""

from __future__ import annotations

import json
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import msgspec
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from ansimnet_vision.sound.ears import Sounded

PAYLOAD_AT = 112
"""Where the units of a frame's fragment begin: one `moof` of fixed length and the head of `mdat`."""
MOST_BYTES = 4 << 20
"""Of one camera's frames waiting for their turn: beyond it the older ones go, up to the next key frame."""
READ_BYTES = 1 << 20


class Arrived(msgspec.Struct, array_like=True, tag="f", frozen=True):
    """One frame. `sets`: the parameter sets with start codes, before a key frame; `at`: seconds since 1970; `heat`: of
    the camera's heat sensor."""

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


_decoder = msgspec.msgpack.Decoder(Arrived | Lost | Sounded)


@dataclass(slots=True)
class Queue:
    """One camera's frames that wait to be decoded."""

    frames: deque[Arrived] = field(default_factory=deque)
    size: int = 0
    dropped: int = 0
    broken: bool = False

    def put(self, frame: Arrived) -> None:
        """Add a frame; where too much waits, begin again with the newest group of pictures."""
        if frame.key and self.size > MOST_BYTES:
            self.clear()
        if self.size > 2 * MOST_BYTES:
            self.clear()
            self.broken = True
        if self.broken and not frame.key:
            self.dropped += 1
            return
        self.broken = False
        self.frames.append(frame)
        self.size += len(frame.fragment)

    def take(self) -> Arrived | None:
        """Return the oldest frame."""
        if not self.frames:
            return None
        frame = self.frames.popleft()
        self.size -= len(frame.fragment)
        return frame

    def catch_up(self) -> None:
        """Let go of everything before the newest key frame that waits."""
        last = max((i for i, frame in enumerate(self.frames) if frame.key), default=0)
        for _ in range(last):
            self.take()
            self.dropped += 1

    def clear(self) -> None:
        """Let go of everything."""
        self.dropped += len(self.frames)
        self.frames.clear()
        self.size = 0


class Feed:
    """The connections to every relay whose socket lies in `folder`."""

    def __init__(self, folder: Path, give: Callable[[Arrived | Lost | Sounded], None]) -> None:
        self._folder = folder
        self._give = give
        self._selector = selectors.DefaultSelector()
        self._open: dict[Path, socket.socket] = {}
        self._read: dict[Path, bytearray] = {}
        self._wish = b""

    def want(self, cameras: Mapping[str, float], heat: Iterable[str] = ()) -> None:
        """Follow exactly these cameras, each with what the relay still has after an instant; 0: from now on.

        `heat`: those of them whose heat sensor is followed too.
        """
        self._wish = json.dumps({"cameras": dict(cameras), "heat": list(heat)}).encode() + b"\n"
        for place in list(self._open):
            self._say(place)

    def reach(self) -> None:
        """Connect to relays that have come; those that went are found on reading."""
        for place in self._folder.glob("relay-*.sock"):
            if place in self._open:
                continue
            door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            door.settimeout(1.0)
            try:
                door.connect(str(place))
            except OSError:
                door.close()
                continue
            self._open[place] = door
            self._read[place] = bytearray()
            self._selector.register(door, selectors.EVENT_READ, place)
            self._say(place)

    def _say(self, place: Path) -> None:
        door = self._open[place]
        try:
            door.settimeout(1.0)
            if self._wish:
                door.sendall(self._wish)
            door.setblocking(False)
        except OSError:
            self._close(place)

    def read(self, wait_s: float) -> bool:
        """Hand on what has come; wait for it so long. Return whether more may wait."""
        more = False
        for key, _ in self._selector.select(wait_s):
            place: Path = key.data
            try:
                data = self._open[place].recv(READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._close(place)
                continue
            more = more or len(data) > READ_BYTES // 4
            self._messages(self._read[place], data)
        return more

    def _messages(self, waiting: bytearray, data: bytes) -> None:
        waiting += data
        at = 0
        while len(waiting) - at >= 4:
            end = at + 4 + int.from_bytes(waiting[at : at + 4], "little")
            if end > len(waiting):
                break
            self._give(_decoder.decode(bytes(waiting[at + 4 : end])))
            at = end
        del waiting[:at]

    def _close(self, place: Path) -> None:
        door = self._open.pop(place)
        self._selector.unregister(door)
        door.close()
        del self._read[place]

    @property
    def relays(self) -> int:
        """Return how many relays are connected."""
        return len(self._open)


class PictureDecoder:
    """One camera's decoder. Whatever it is fed, it raises nothing and begins again at a key frame."""

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None
        self._sets = b""
        self.broken = 0

    def __call__(self, frame: Arrived) -> VideoFrame | None:
        """Return the picture of a frame, None where there is none."""
        if frame.sets:
            if frame.sets != self._sets:
                self._context = None
            self._sets = frame.sets
        if self._context is None:
            if not frame.key or not self._sets:
                return None
            self._context = av.CodecContext.create("hevc" if frame.codec[:3] in ("hvc", "hev") else "h264", "r")
            self._context.thread_count = 1
            self._context.extradata = self._sets
            self._context.flags |= Flags.low_delay
        packet = av.Packet(with_start_codes(frame.fragment))
        packet.time_base = Fraction(1, 90_000)
        try:
            pictures = self._context.decode(packet)
        except av.FFmpegError:
            self._context = None
            self.broken += 1
            return None
        return pictures[-1] if pictures else None


def with_start_codes(fragment: bytes) -> bytes:
    """Return the units of a relay's fragment as decoders take them: start codes in place of lengths."""
    out = bytearray(fragment[PAYLOAD_AT:])
    at = 0
    while at + 4 <= len(out):
        size = int.from_bytes(out[at : at + 4], "big")
        out[at : at + 4] = b"\0\0\0\1"
        at += 4 + size
    return bytes(out)
