"""Fragmented MP4 (ISO/IEC 14496-12, -15) for one H.264 track, written by hand: one fragment a frame.

Our own writer, because muxing through libav costs a thread a camera and hides when bytes are ready.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from ansimnet.slices.footage.relay.h264 import Parameters

CLOCK_HZ = 90_000
"""The RTP clock of H.264 (RFC 6184 §8.2.1); the track keeps it, so no time is ever rounded."""

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY, _DELTA = 0x02000000, 0x01010000
"""Sample flags: depends on nobody · depends on others and is no sync sample."""

# moof(8) mfhd(16) traf(8) tfhd(16) tfdt(20) trun(36) mdat(8)
_FRAGMENT = struct.Struct(">I4s I4sII I4s I4sII I4sIQ I4sIII IIIi I4s")
_MOOF_BYTES = 104
PAYLOAD_AT = _FRAGMENT.size
"""Where the length-prefixed NAL units begin in a fragment."""


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box: its length, its four letters, its parts."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init_segment(parameters: Parameters, width: int, height: int) -> bytes:
    """Return `ftyp` and `moov` for pictures of this size in pixels."""
    sps = parameters.sps
    pps = b"".join(struct.pack(">H", len(p)) + p for p in parameters.pps)
    avcc = box(
        b"avcC",
        bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1]),
        struct.pack(">H", len(sps)) + sps,
        bytes([len(parameters.pps)]) + pps,
    )
    avc1 = box(
        b"avc1",
        bytes(6) + struct.pack(">H", 1) + bytes(16),
        struct.pack(">HHIIIH", width, height, 0x480000, 0x480000, 0, 1) + bytes(32) + struct.pack(">Hh", 24, -1),
        avcc,
    )
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), avc1),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    here = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, CLOCK_HZ, 0, 0x55C4, 0)),  # 0x55C4: language `und`
        full_box(b"hdlr", 0, 0, bytes(4) + b"vide" + bytes(12) + b"v\0"),
        box(b"minf", full_box(b"vmhd", 0, 1, bytes(8)), here, table),
    )
    head = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, 0, 0, 0, 0, 0) + MATRIX
    track = box(b"trak", full_box(b"tkhd", 0, 3, head, struct.pack(">II", width << 16, height << 16)), media)
    movie = struct.pack(">IIII", 0, 0, 1000, 0) + struct.pack(">IH10x", 0x10000, 0x100) + MATRIX + bytes(24)
    return box(b"ftyp", b"iso5\0\0\2\0iso5iso6mp41") + box(
        b"moov",
        full_box(b"mvhd", 0, 0, movie, struct.pack(">I", 2)),
        track,
        box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))),
    )


def fragment(seq: int, dts: int, shift: int, duration: int, key: bool, units: Iterable[bytes]) -> bytes:
    """Return `moof` and `mdat` of one frame.

    `dts`, `shift` (presentation minus decoding time, may be negative) and `duration` count ticks of `CLOCK_HZ`.
    """
    parts = [b""]
    for unit in units:
        parts += (len(unit).to_bytes(4, "big"), unit)
    size = sum(map(len, parts))
    # fmt: off
    parts[0] = _FRAGMENT.pack(
        _MOOF_BYTES, b"moof",
        16, b"mfhd", 0, seq & 0xFFFFFFFF,
        _MOOF_BYTES - 24, b"traf",
        16, b"tfhd", 0x020000, 1,  # default-base-is-moof
        20, b"tfdt", 0x01000000, dts,
        36, b"trun", 0x01000F01, 1, _MOOF_BYTES + 8,
        duration, size, _KEY if key else _DELTA, shift,
        8 + size, b"mdat",
    )
    # fmt: on
    return b"".join(parts)


def moved(fragment_bytes: bytes, seq: int, dts: int, shift: int, duration: int) -> bytes:
    """Return a fragment written by `fragment` at another place in time. Arguments as there."""
    out = bytearray(fragment_bytes)
    struct.pack_into(">I", out, 20, seq & 0xFFFFFFFF)
    struct.pack_into(">Q", out, 60, dts)
    struct.pack_into(">I", out, 88, duration)
    struct.pack_into(">i", out, 100, shift)
    return bytes(out)


def units_of(fragment_bytes: bytes) -> list[bytes]:
    """Return the NAL units inside a fragment written by `fragment`."""
    units, at = list[bytes](), PAYLOAD_AT
    while at + 4 <= len(fragment_bytes):
        size = int.from_bytes(fragment_bytes[at : at + 4], "big")
        units.append(fragment_bytes[at + 4 : at + 4 + size])
        at += 4 + size
    return units
