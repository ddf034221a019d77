"""H.264 out of RTP (RFC 6184): access units, parameter sets, loss. Pure: bytes in, access units out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ansimnet.slices.footage.relay.rtp import Packet
from ansimnet.slices.footage.relay.sdp import BadStream

SLICE, IDR, SPS, PPS = 1, 5, 7, 8
_STAP_A, _FU_A = 24, 28

MAX_ACCESS_UNIT_BYTES = 4 << 20
"""A 4K key frame is about 1 MB; what is larger than this is an attack or a fault."""
MAX_UNITS = 512
"""NAL units in one access unit; encoders cut a picture into at most a few dozen slices."""


class AccessUnit(NamedTuple):
    """One coded picture: its slices only (parameter sets, SEI and fillers are taken out)."""

    ticks: int
    key: bool
    units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """One sequence parameter set with its picture parameter sets: what a decoder needs before the first picture."""

    sps: bytes
    pps: tuple[bytes, ...]

    @property
    def codec(self) -> str:
        """Return the RFC 6381 name, `avc1.42c01f`."""
        return f"avc1.{self.sps[1:4].hex()}"


class _Bits:
    """Bits of a raw byte sequence payload, most significant first."""

    def __init__(self, nal: bytes) -> None:
        self.data = nal.replace(b"\0\0\3", b"\0\0")
        self.at = 0

    def bits(self, n: int) -> int:
        """Return the next n bits as a number."""
        if self.at + n > 8 * len(self.data):
            raise BadStream("a parameter set is cut off")
        first, last = self.at >> 3, (self.at + n + 7) >> 3
        word = int.from_bytes(self.data[first:last], "big")
        self.at += n
        return word >> (8 * last - self.at) & ((1 << n) - 1)

    def ue(self) -> int:
        """Return the next unsigned Exp-Golomb number."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise BadStream("a parameter set holds an impossible number")
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Return the next signed Exp-Golomb number."""
        k = self.ue()
        return (k + 1) // 2 if k & 1 else -(k // 2)


_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose parameter set names a chroma format (H.264 7.3.2.1.1)."""


def _skip_scaling(b: _Bits, count: int) -> None:
    for i in range(count):
        if b.bits(1):
            last = following = 8
            for _ in range(16 if i < 6 else 64):
                if following:
                    following = (last + b.se()) % 256
                last = following or last


def picture_size(sps: bytes) -> tuple[int, int]:
    """Return width and height in pixels after cropping (H.264 7.3.2.1.1, 7.4.2.1.1).

    Raises:
        BadStream: the set is damaged, or names a picture larger than 8192 × 8192.
    """
    if len(sps) < 4 or sps[0] & 31 != SPS:
        raise BadStream("not a sequence parameter set")
    b = _Bits(sps[4:])
    b.ue()
    chroma = 1
    if sps[1] in _HIGH:
        chroma = b.ue()
        if chroma == 3:
            b.bits(1)
        b.ue()
        b.ue()
        b.bits(1)
        if b.bits(1):
            _skip_scaling(b, 12 if chroma == 3 else 8)
    b.ue()
    order = b.ue()
    if order == 0:
        b.ue()
    elif order == 1:
        b.bits(1)
        b.se()
        b.se()
        for _ in range(min(b.ue(), 255)):
            b.se()
    b.ue()
    b.bits(1)
    width, height = 16 * (b.ue() + 1), b.ue() + 1
    frames_only = b.bits(1)
    if not frames_only:
        b.bits(1)
    height *= 16 * (2 - frames_only)
    b.bits(1)
    if b.bits(1):
        left, right, top, bottom = b.ue(), b.ue(), b.ue(), b.ue()
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1) * (2 - frames_only)
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise BadStream("a parameter set names an impossible picture size")
    return width, height


def split_annex_b(data: bytes) -> list[bytes]:
    """Return the NAL units of a byte stream with start codes (H.264 annex B).

    >>> split_annex_b(bytes.fromhex("00000001 67aa 000001 68bb"))
    [b'g\\xaa', b'h\\xbb']
    """
    parts = data.split(b"\0\0\1")
    return [nal for part in parts[1:] if (nal := part.rstrip(b"\0"))]


class Depacketiser:
    """Packets in, access units out. After a loss it stays silent until the next key frame."""

    def __init__(self, sets: list[bytes] | None = None) -> None:
        self.losses = 0
        self.skipped = 0
        """Pictures that came whole while a key frame was waited for."""
        self._sps = b""
        self._pps: dict[int, bytes] = {}
        self._parameters: Parameters | None = None
        self._units: list[bytes] = []
        self._size = 0
        self._fragment: bytearray | None = None
        self._next = -1  # the sequence number that comes next
        self._ticks = -1
        self._damaged = False  # the access unit being built
        self._waits = True  # for a key frame
        for nal in sets or ():
            self._keep_set(nal)

    @property
    def parameters(self) -> Parameters | None:
        """Return the sets in force, None until both kinds have come."""
        if self._parameters is None and self._sps and self._pps:
            self._parameters = Parameters(self._sps, tuple(self._pps[k] for k in sorted(self._pps)))
        return self._parameters

    def push(self, packet: Packet) -> list[AccessUnit]:
        """Take one packet; return the access units it completes (none, one, or two)."""
        seq, ticks, marker, _, payload = packet
        if seq != self._next and self._next >= 0:
            self._lose()
        self._next = seq + 1 & 0xFFFF
        piece = self._fragment
        if (
            piece is not None
            and ticks == self._ticks
            and not marker
            and len(payload) > 2
            and payload[0] & 31 == _FU_A
            and not payload[1] & 0xC0
            and len(piece) < MAX_ACCESS_UNIT_BYTES
        ):  # the middle of a fragmented unit: nine packets of ten
            piece += payload[2:]
            return []
        done: list[AccessUnit] = []
        if ticks != self._ticks:
            if self._ticks >= 0:
                self._finish(done)
            self._ticks = ticks
        self._take(payload)
        if marker:
            self._finish(done)
        return done

    def whole(self, ticks: int, units: list[bytes]) -> list[AccessUnit]:
        """Take the NAL units of one picture that came without RTP; return it, or none before the first key frame."""
        done: list[AccessUnit] = []
        self._ticks = ticks
        for nal in units:
            self._unit(nal)
        self._finish(done)
        return done

    def _lose(self) -> None:
        self.losses += 1
        self._damaged = self._waits = True
        self._fragment = None

    def _take(self, payload: memoryview) -> None:
        kind = payload[0] & 31 if payload else 0
        if 1 <= kind <= 23:
            self._unit(bytes(payload))
        elif kind == _STAP_A:
            at = 1
            while at + 2 <= len(payload):
                size = payload[at] << 8 | payload[at + 1]
                if size == 0 or at + 2 + size > len(payload):
                    self._lose()
                    return
                self._unit(bytes(payload[at + 2 : at + 2 + size]))
                at += 2 + size
        elif kind == _FU_A and len(payload) > 2:
            self._piece(payload)
        elif payload:
            self._lose()  # interleaved modes (STAP-B, MTAP, FU-B) are for packetization-mode 2, never asked for

    def _piece(self, payload: memoryview) -> None:
        header = payload[1]
        if header & 0x80:
            self._fragment = bytearray([payload[0] & 0xE0 | header & 31])
        if self._fragment is None:
            if not self._damaged:
                self._lose()
            return
        self._fragment += payload[2:]
        if len(self._fragment) > MAX_ACCESS_UNIT_BYTES:
            self._lose()
        elif header & 0x40:
            self._unit(bytes(self._fragment))
            self._fragment = None

    def _unit(self, nal: bytes) -> None:
        kind = nal[0] & 31
        if kind in (SPS, PPS):
            self._keep_set(nal)
        elif kind in (SLICE, IDR) and len(nal) > 1:
            self._size += len(nal)
            if self._size > MAX_ACCESS_UNIT_BYTES or len(self._units) == MAX_UNITS:
                self._lose()
                return
            self._units.append(nal)

    def _keep_set(self, nal: bytes) -> None:
        try:
            if nal[0] & 31 == SPS:
                picture_size(nal)
                if nal != self._sps:
                    self._sps, self._pps, self._parameters = nal, {}, None
            elif nal[0] & 31 == PPS and len(nal) <= 1024:
                number = _Bits(nal[1:]).ue()
                if number < 256 and self._pps.get(number) != nal:
                    self._pps[number], self._parameters = nal, None
        except BadStream:
            self._damaged = True

    def _finish(self, done: list[AccessUnit]) -> None:
        units, damaged = tuple(self._units), self._damaged or self._fragment is not None
        self._units.clear()
        self._size, self._damaged, self._fragment = 0, False, None
        if not units:
            return
        key = any(u[0] & 31 == IDR for u in units)
        if damaged:
            self._waits = True
        elif key:
            self._waits = False
        if not self._waits:
            done.append(AccessUnit(self._ticks, key, units))
        elif not damaged:
            self.skipped += 1
