"""Segments on the disk: a reel is a file of records, each with a clear head and a sealed body.

The head says what time a record holds and how long it is, so that a reel describes itself: the index in the database
may be lost, restored from yesterday, or late, and nothing is found or destroyed differently. The body is AES-256-GCM
under the key of the camera's term (or of the hold), bound to camera, track, start and end.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import Damaged, Reel, Segment
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.relay.ring import Init
from ansimnet.slices.footage.relay.source import Sighting

MAGIC = b"ANF1"
_HEAD = struct.Struct(">4sIqI12s")
HEAD = _HEAD.size
"""Magic, length of the body, start (µs since 1970), length (µs), nonce (NIST SP 800-38D): 32 bytes."""
MOST_BYTES = 64 << 20
"""The largest body: 30 s at 17 Mbit/s. A longer one is no head but chance."""
NONCE = 12
_MICRO = timedelta(microseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Mark(NamedTuple):
    """Where one frame lies in `Body.fragments`, and when, in ticks of the relay's clock."""

    dts: int
    pts: int
    key: bool
    size: int


class Body(msgspec.Struct, frozen=True, array_like=True):
    """What a segment holds: ready fragments of one format, and what their masking and their proof need.

    `sightings` are on the frames' clock. `clock_error_s`: how far the camera's own clock was off ours, None where
    unknown. `seals`: what was signed when it was recorded, empty where nothing was.
    """

    init: Init
    frames: tuple[Mark, ...]
    fragments: bytes
    sightings: tuple[Sighting, ...] = ()
    clock_error_s: float | None = None
    seals: bytes = b""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Body).decode


def micros(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // _MICRO


def instant(us: int) -> datetime:
    """Return the instant of microseconds since 1970."""
    return _EPOCH + us * _MICRO


def bound(camera_id: CameraId, track: Track, start: datetime, end: datetime) -> bytes:
    """Return what a body is bound to: moved to another camera, track or time it does not open."""
    return f"{camera_id}|{track}|{micros(start)}|{micros(end)}".encode()


def sealed(key: bytes, segment: Segment, plain: bytes) -> bytes:
    """Return the record of a segment: head and sealed body."""
    nonce = os.urandom(NONCE)
    body = AESGCM(key).encrypt(nonce, plain, bound(segment.camera_id, segment.track, segment.start, segment.end))
    if len(body) > MOST_BYTES:
        raise ValueError("a segment of 64 MiB is none")
    return _HEAD.pack(MAGIC, len(body), micros(segment.start), (segment.end - segment.start) // _MICRO, nonce) + body


def opened(key: bytes, segment: Segment, record: bytes) -> bytes:
    """Return the body of a record.

    Raises:
        Damaged: it does not open.
    """
    if len(record) != segment.size or record[:4] != MAGIC:
        raise Damaged("a record is not where it was")
    nonce, body = record[HEAD - NONCE : HEAD], record[HEAD:]
    try:
        return AESGCM(key).decrypt(nonce, body, bound(segment.camera_id, segment.track, segment.start, segment.end))
    except InvalidTag:
        raise Damaged("a segment does not open") from None


def packed(body: Body) -> bytes:
    """Return a body as bytes."""
    return _encode(body)


def unpacked(plain: bytes) -> Body:
    """Return the body in bytes.

    Raises:
        Damaged: they hold none.
    """
    try:
        return _decode(plain)
    except msgspec.MsgspecError as e:
        raise Damaged("a segment holds something else") from e


def walk(disk: Disk, reel: Reel, offset: int = 0) -> Iterator[Segment]:
    """Yield the segments of a reel from an offset on, in the order they were written; a torn end ends the walk.

    Nothing where the reel is gone.
    """
    try:
        size = disk.size(reel.path)
        while offset + HEAD <= size:
            magic, length, start_us, lasts_us, _ = _HEAD.unpack(disk.read(reel.path, offset, HEAD))
            if magic != MAGIC or not 16 <= length <= MOST_BYTES or offset + HEAD + length > size:
                return
            start = instant(start_us)
            yield Segment(
                reel.camera_id, reel.track, start, start + lasts_us * _MICRO, reel.term, reel.part, offset,
                HEAD + length, reel.hold_id,
            )  # fmt: skip
            offset += HEAD + length
    except (FileNotFoundError, struct.error, OverflowError):
        return


def reel_of(segment: Segment) -> Reel:
    """Return the file a segment lies in."""
    return Reel(segment.camera_id, segment.term, segment.track, segment.part, segment.hold_id)


def reels_in(disk: Disk, reel: Reel) -> list[Reel]:
    """Return every reel beside one (its folder), whatever track and part."""
    found = []
    for name in disk.names(reel.folder):
        track, _, rest = name.partition(".")
        part, _, kind = rest.partition(".")
        if kind == "reel" and track in set(Track) and part.isdigit():
            found.append(replace(reel, track=Track(track), part=int(part)))
    return found
