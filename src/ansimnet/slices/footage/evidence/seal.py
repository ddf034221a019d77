"""The seal of a group of pictures, made while it is recorded: what came, when, after what, and how it looked.

    head (187 bytes): magic · camera · track · number · begins (µs since 1970) · first decoding time · length (ticks)
                      frames · width · height · clock error (ms) · SHA-256 of the init segment · root over the frames
                      SHA-256 of the grid · SHA-256 of the head before
    signature (64 bytes): Ed25519 over a context and the head
    grid (2,048 bytes at most)

A group is what a recorder keeps as one segment: it begins with a key frame and lasts about two seconds.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.ledger.keys import Signer
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.slices.footage.evidence.grids import grid_of
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Frame, Init

CONTEXT = b"ansimnet footage seal v1\x00"
MAGIC = b"ANS1"
HEAD = struct.Struct(">4s16sBIqQQHHHi32s32s32s32s")
SIGNATURE_BYTES = 64
UNKNOWN_CLOCK = -(2**31)
TRACKS = {"sub": 0, "main": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a seal says of its group. Hashes are 32 bytes; ticks count the 90 kHz clock of the stream."""

    camera_id: CameraId
    track: str
    number: int
    begins_at: datetime
    first_dts: int
    ticks: int
    frames: int
    width: int
    height: int
    clock_error: timedelta | None
    init_sha256: bytes
    frames_root: bytes
    grid_sha256: bytes
    prev: bytes

    def pack(self) -> bytes:
        """Return the bytes that are signed and that the next seal names."""
        error = UNKNOWN_CLOCK if self.clock_error is None else round(self.clock_error / timedelta(milliseconds=1))
        return HEAD.pack(
            *(MAGIC, self.camera_id.bytes, TRACKS[self.track], self.number, micros(self.begins_at)),
            *(self.first_dts, self.ticks, self.frames, self.width, self.height, error),
            *(self.init_sha256, self.frames_root, self.grid_sha256, self.prev),
        )

    @property
    def ends_at(self) -> datetime:
        """Return the instant after the last picture."""
        return self.begins_at + timedelta(seconds=self.ticks / CLOCK_HZ)


def micros(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def head_of(seal: bytes) -> Head:
    """Return what a seal says. It is not verified.

    Raises:
        ValueError: these bytes are no seal.
    """
    if len(seal) < HEAD.size + SIGNATURE_BYTES or not seal.startswith(MAGIC):
        raise ValueError("not a seal")
    _, camera, track, number, begins, dts, ticks, frames, width, height, error, *sums = HEAD.unpack_from(seal)
    return Head(
        camera_id=CameraId(UUID(bytes=camera)),
        track=next(name for name, k in TRACKS.items() if k == track),
        number=number,
        begins_at=_EPOCH + timedelta(microseconds=begins),
        first_dts=dts,
        ticks=ticks,
        frames=frames,
        width=width,
        height=height,
        clock_error=None if error == UNKNOWN_CLOCK else timedelta(milliseconds=error),
        init_sha256=sums[0],
        frames_root=sums[1],
        grid_sha256=sums[2],
        prev=sums[3],
    )


def frames_root(fragments: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 root over fragments of one group, in order."""
    return Tree(hashlib.sha256(b"\x00" + f).digest() for f in fragments).root()


class Sealer:
    """Seals the groups of many cameras, one after the other; one of them belongs to one recording thread.

    After a start each camera's chain begins anew, with no predecessor; the gap before it is the archive's to state.
    """

    def __init__(self, signer: Signer, grids: Callable[[Frame], bytes] | None = None) -> None:
        """Seal with this key. `grids` makes the grid of a key frame elsewhere; without it that is done here."""
        self.signer = signer
        self._grids = grids or grid_of
        self._last: dict[tuple[CameraId, str], tuple[int, bytes]] = {}

    def seal(self, camera_id: CameraId, track: str, piece: Piece, clock_error_s: float | None = None) -> bytes:
        """Return the seal of a piece as it was cut; about 4 ms of CPU, most of it to decode one key frame."""
        frames = piece.frames
        init: Init = frames[0].init
        coded = self._grids(frames[0])
        number, prev = self._last.get((camera_id, track), (0, bytes(32)))
        head = Head(
            camera_id=camera_id,
            track=track,
            number=number + 1,
            begins_at=piece.start,
            first_dts=frames[0].dts,
            ticks=round((piece.end - piece.start).total_seconds() * CLOCK_HZ),
            frames=len(frames),
            width=init.width,
            height=init.height,
            clock_error=None if clock_error_s is None else timedelta(seconds=clock_error_s),
            init_sha256=hashlib.sha256(init.segment).digest(),
            frames_root=frames_root([f.fragment for f in frames]),
            grid_sha256=hashlib.sha256(coded).digest(),
            prev=prev,
        ).pack()
        self._last[camera_id, track] = (number + 1, hashlib.sha256(head).digest())
        return head + self.signer.sign(CONTEXT + head) + coded
