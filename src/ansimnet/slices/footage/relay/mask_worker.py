"""The process that decodes, hides and encodes for many renditions. It knows no camera, no permit and no address.

A process of its own, not a thread: pixels then take no turn of the relay's interpreter lock, so originals never wait
for them, and a decoder that a hostile stream brings down takes no viewer with it.

Standard input and output carry messages: four bytes of length (little endian), then MessagePack. End of input ends it.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.fmp4 import units_of
from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.transcode import Coded, Transcoder

LATE_S = 0.15
"""A picture older than this is decoded (others depend on it) but not encoded when a newer one waits."""
MAX_WAITING = 150
"""Frames of one rendition that may wait: a 6 s group at 25 pictures a second. Beyond it: drop to the next key frame."""


class Work(msgspec.Struct, tag="work", array_like=True):
    """One frame to hide parts of. `sets` is sent when it changes; `regions` None: everything."""

    stream: int
    codec: str
    sets: bytes | None
    fragment: bytes
    dts: int
    pts: int
    key: bool
    at_s: float
    regions: tuple[Box, ...] | None
    zones: tuple[Polygon, ...]


class Close(msgspec.Struct, tag="close", array_like=True):
    """A rendition that is over."""

    stream: int


class Done(msgspec.Struct, tag="done", array_like=True):
    """One frame made. `sps` empty where the parameters did not change."""

    stream: int
    pts: int
    key: bool
    at_s: float
    units: tuple[bytes, ...]
    sps: bytes
    pps: tuple[bytes, ...]


def packed(message: Work | Close | Done) -> bytes:
    """Return a message as it goes over the pipe."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "little") + body


def _messages(source: BinaryIO) -> Iterator[Work | Close]:
    decoder = msgspec.msgpack.Decoder(Work | Close)
    while len(head := source.read(4)) == 4:
        yield decoder.decode(source.read(int.from_bytes(head, "little")))


class Bench:
    """The renditions of this process. Fed in order of arrival."""

    def __init__(self) -> None:
        self._transcoders: dict[int, Transcoder] = {}
        self._sets: dict[int, bytes] = {}
        self._waits: set[int] = set()  # for a key frame

    def close(self, stream: int) -> None:
        """Forget a rendition."""
        self._transcoders.pop(stream, None)
        self._sets.pop(stream, None)
        self._waits.discard(stream)

    def serve(self, work: Work, waiting: int) -> list[Done]:
        """Return what becomes of one frame; `waiting`: frames of the same rendition behind it."""
        if work.sets is not None:
            self._sets[work.stream] = work.sets
        if waiting > MAX_WAITING:
            self._waits.add(work.stream)
        if work.stream in self._waits and not work.key:
            return []
        self._waits.discard(work.stream)
        transcoder = self._transcoders.setdefault(work.stream, Transcoder())
        sets, units = self._sets[work.stream], units_of(work.fragment)
        picture = transcoder.decode(Coded(work.codec, sets, units, work.dts, work.pts, work.key))
        if picture is None or (waiting and monotonic_s() - work.at_s > LATE_S):
            return []
        done = []
        for made in transcoder.encode(picture, work.regions, work.zones):
            new = made.parameters
            sps, pps = (new.sps, new.pps) if new is not None else (b"", ())
            done.append(Done(work.stream, made.pts, made.key, work.at_s, made.units, sps, pps))
        return done


def main() -> None:
    """Serve until the input ends."""
    inbox: queue.SimpleQueue[Work | Close | None] = queue.SimpleQueue()
    waiting: Counter[int] = Counter()

    def read() -> None:
        for message in _messages(sys.stdin.buffer):
            if isinstance(message, Work):
                waiting[message.stream] += 1
            inbox.put(message)
        inbox.put(None)

    threading.Thread(target=read, daemon=True).start()
    bench, out = Bench(), sys.stdout.buffer
    while (message := inbox.get()) is not None:
        if isinstance(message, Close):
            bench.close(message.stream)
            continue
        waiting[message.stream] -= 1
        try:
            for done in bench.serve(message, waiting[message.stream]):
                out.write(packed(done))
        except Exception as error:  # nothing goes out of it; it begins again at a key frame
            print(f"masking failed: {type(error).__name__}", file=sys.stderr, flush=True)
            bench.close(message.stream)
        out.flush()


if __name__ == "__main__":
    main()
