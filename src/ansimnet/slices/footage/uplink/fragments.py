"""Pictures out of fragmented MP4 as a browser's MediaRecorder writes it (ISO/IEC 14496-12, -15). Pure; bounded.

Only the first H.264 track is read; a sound track, were there one, is never looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.h264 import IDR
from ansimnet.slices.footage.relay.sdp import BadStream, UnsupportedStream

MAX_BOX_BYTES = 8 << 20
"""A box of a second of 8 Mbit/s is 1 MB; recorders close one at each key frame at the latest."""
MAX_SAMPLES = 1024
"""Pictures of one run; a recorder puts a second or two into one."""

_HEADER = 8
Picture = tuple[int, list[bytes]]
"""Ticks of 90 kHz, NAL units with their parameter sets."""


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each box.

    Raises:
        BadStream: one is cut off.
    """
    at = 0
    while at < len(data):
        if at + _HEADER > len(data):
            raise BadStream("a box is cut off")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < _HEADER or at + size > len(data):
            raise BadStream("a box is cut off")
        yield kind, data[at + _HEADER : at + size]
        at += size


def inside(data: bytes, *path: bytes) -> Iterator[bytes]:
    """Yield the content of every box at the end of a path of kinds."""
    for kind, content in boxes(data):
        if kind == path[0]:
            if len(path) == 1:
                yield content
            else:
                yield from inside(content, *path[1:])


def first(data: bytes, *path: bytes) -> bytes:
    """Return the first box at the end of a path.

    Raises:
        BadStream: there is none.
    """
    found = next(inside(data, *path), None)
    if found is None:
        raise BadStream(f"a recording without `{path[-1].decode()}`")
    return found


class Fragments:
    """Bytes in as they come, pictures out."""

    def __init__(self) -> None:
        self._left = bytearray()
        self._moof = b""
        self._sets: list[bytes] = []
        self._track = 0
        self._timescale = 0
        self._length = 4  # bytes of a unit's length
        self._usual = (0, 0)  # duration and size of a sample, where a fragment does not say

    def push(self, data: bytes) -> list[Picture]:
        """Take bytes; return the pictures they complete.

        Raises:
            BadStream, UnsupportedStream: no fragmented MP4 with H.264.
        """
        self._left += data
        found: list[Picture] = []
        while len(self._left) >= _HEADER:
            size, kind = struct.unpack_from(">I4s", self._left)
            if size < _HEADER or size > MAX_BOX_BYTES or not kind.isalnum():
                raise BadStream("this is no fragmented MP4")
            if len(self._left) < size:
                break
            box = bytes(self._left[:size])
            del self._left[:size]
            try:
                found += self._box(kind, box)
            except (struct.error, IndexError) as error:
                raise BadStream("a box of fragmented MP4 is damaged") from error
        return found

    def _box(self, kind: bytes, box: bytes) -> list[Picture]:
        if kind == b"moov":
            self._movie(box[_HEADER:])
        elif kind == b"moof":
            self._moof = box
        elif kind == b"mdat" and self._moof:
            moof, self._moof = self._moof, b""
            return list(self._samples(moof, moof + box))
        return []

    def _movie(self, moov: bytes) -> None:
        for track in inside(moov, b"trak"):
            handler = first(track, b"mdia", b"hdlr")
            if handler[8:12] != b"vide":
                continue
            header = first(track, b"tkhd")
            self._track = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
            media = first(track, b"mdia", b"mdhd")
            self._timescale = struct.unpack_from(">I", media, 20 if media[0] else 12)[0]
            self._describe(first(track, b"mdia", b"minf", b"stbl", b"stsd"))
            break
        if not self._track or not self._timescale:
            raise UnsupportedStream("there is no video in this recording")
        for extends in inside(moov, b"mvex", b"trex"):
            track_id, _, duration, size = struct.unpack_from(">4I", extends, 4)
            if track_id == self._track:
                self._usual = (duration, size)

    def _describe(self, stsd: bytes) -> None:
        kind, entry = next(boxes(stsd[8:]), (b"none", b""))
        if kind not in (b"avc1", b"avc3"):
            raise UnsupportedStream(f"the phone records `{kind.decode('latin-1')}`", todo="H.264 is needed")
        avcc = first(entry[78:], b"avcC")
        self._length = (avcc[4] & 3) + 1
        at, self._sets = 6, []
        for count, last in ((avcc[5] & 31, False), (None, True)):
            if last:
                count, at = avcc[at], at + 1
            for _ in range(count or 0):
                size = struct.unpack_from(">H", avcc, at)[0]
                self._sets.append(avcc[at + 2 : at + 2 + size])
                at += 2 + size

    def _samples(self, moof: bytes, data: bytes) -> Iterator[Picture]:
        if not self._track:
            raise BadStream("a fragment came before its movie header")
        for traf in inside(moof[_HEADER:], b"traf"):
            header = first(traf, b"tfhd")
            flags, track_id = struct.unpack_from(">II", header)
            if track_id != self._track:
                continue
            duration, size = self._usual_of(header, flags & 0xFFFFFF)
            decode_at = first(traf, b"tfdt")
            ticks = struct.unpack_from(">Q" if decode_at[0] else ">I", decode_at, 4)[0]
            for run in inside(traf, b"trun"):
                for at, length, shift, lasts in _run(run, duration, size):
                    if at < len(moof) or at + length > len(data):
                        raise BadStream("a picture lies outside its fragment")
                    yield (ticks + shift) * CLOCK_HZ // self._timescale, self._units(data[at : at + length])
                    ticks += lasts

    def _usual_of(self, header: bytes, flags: int) -> tuple[int, int]:
        at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
        duration, size = self._usual
        if flags & 0x8:
            duration, at = struct.unpack_from(">I", header, at)[0], at + 4
        if flags & 0x10:
            size = struct.unpack_from(">I", header, at)[0]
        return duration, size

    def _units(self, sample: bytes) -> list[bytes]:
        units, at = list[bytes](), 0
        while at + self._length <= len(sample):
            size = int.from_bytes(sample[at : at + self._length], "big")
            unit = sample[at + self._length : at + self._length + size]
            if not size or len(unit) < size:
                raise BadStream("a unit lies outside its picture")
            units.append(unit)
            at += self._length + size
        if not units:
            raise BadStream("a picture is empty")
        return [*self._sets, *units] if any(u[0] & 31 == IDR for u in units) else units


def _run(run: bytes, duration: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield place from the fragment's beginning, length, shift of presentation and duration of each sample."""
    flags, count = struct.unpack_from(">II", run)
    if count > MAX_SAMPLES:
        raise BadStream("a fragment holds too many pictures")
    at, place = 8, 0
    if flags & 0x1:
        place, at = struct.unpack_from(">i", run, at)[0], at + 4
    at += 4 if flags & 0x4 else 0
    for _ in range(count):
        lasts, length, shift = duration, size, 0
        if flags & 0x100:
            lasts, at = struct.unpack_from(">I", run, at)[0], at + 4
        if flags & 0x200:
            length, at = struct.unpack_from(">I", run, at)[0], at + 4
        at += 4 if flags & 0x400 else 0
        if flags & 0x800:
            shift, at = struct.unpack_from(">i", run, at)[0], at + 4
        yield place, length, shift, lasts
        place += length
