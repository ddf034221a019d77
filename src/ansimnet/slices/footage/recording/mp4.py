"""One H.264 track as a plain MP4 file with its index in front (ISO/IEC 14496-12): phones play it while it comes.

Our own writer, because libav's needs a file on disk to put the index in front and takes ten times as long
(`ansimnet bench clips`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, MATRIX, PAYLOAD_AT, box, full_box
from ansimnet.slices.footage.relay.ring import Frame, Init


def movie(frames: Sequence[Frame]) -> bytes:
    """Return the frames as one file that begins at zero. Their bytes are copied once and not touched.

    Args:
        frames: in decoding order, the first a key frame; a hole in time shows the picture before it.

    Raises:
        ValueError: there is no frame, or the first is no key frame.
    """
    if not frames or not frames[0].key:
        raise ValueError("a clip begins with a key frame")
    groups = _groups(frames)
    size = sum(len(f.fragment) - PAYLOAD_AT for f in frames)
    file_type = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
    before = len(file_type) + len(_index(frames, groups, 0)) + 8
    if before + size >= 1 << 32:
        raise ValueError("a clip of 4 GB is none")
    parts: list[bytes | memoryview] = [
        file_type,
        _index(frames, groups, before),
        struct.pack(">I4s", 8 + size, b"mdat"),
    ]
    parts += [memoryview(f.fragment)[PAYLOAD_AT:] for f in frames]
    return b"".join(parts)


def _groups(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Return the groups of pictures: the chunks of the file."""
    groups: list[list[Frame]] = []
    for frame in frames:
        if frame.key or frame.init is not groups[-1][0].init:
            groups.append([])
        groups[-1].append(frame)
    return groups


def _index(frames: Sequence[Frame], groups: Sequence[Sequence[Frame]], data_at: int) -> bytes:
    steps = [max(1, b.dts - a.dts) for a, b in pairwise(frames)]
    steps.append(steps[-1] if steps else CLOCK_HZ // 25)
    length = sum(steps)
    width = max(f.init.width for f in frames)
    height = max(f.init.height for f in frames)
    head = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, length, 0, 0, 0, 0) + MATRIX
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, CLOCK_HZ, length, 0x55C4, 0)),  # 0x55C4: `und`
        full_box(b"hdlr", 0, 0, bytes(4) + b"vide" + bytes(12) + b"v\0"),
        box(
            b"minf",
            full_box(b"vmhd", 0, 1, bytes(8)),
            box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))),
            _table(frames, groups, steps, data_at),
        ),
    )
    movie_head = struct.pack(">IIII", 0, 0, CLOCK_HZ, length) + struct.pack(">IH10x", 0x10000, 0x100) + MATRIX
    return box(
        b"moov",
        full_box(b"mvhd", 0, 0, movie_head + bytes(24), struct.pack(">I", 2)),
        box(b"trak", full_box(b"tkhd", 0, 3, head, struct.pack(">II", width << 16, height << 16)), media),
    )


def _table(frames: Sequence[Frame], groups: Sequence[Sequence[Frame]], steps: Sequence[int], data_at: int) -> bytes:
    formats: dict[Init, int] = {}
    for frame in frames:
        formats.setdefault(frame.init, len(formats) + 1)
    runs = [(len(list(same)), step) for step, same in groupby(steps)]
    shifts = [(len(list(same)), shift) for shift, same in groupby(f.pts - f.dts for f in frames)]
    offsets, at = [], data_at
    for group in groups:
        offsets.append(at)
        at += sum(len(f.fragment) - PAYLOAD_AT for f in group)
    chunks, told = [], (0, 0)
    for number, group in enumerate(groups, 1):
        shape = (len(group), formats[group[0].init])
        if shape != told:
            chunks.append((number, *shape))
            told = shape
    sizes = [len(f.fragment) - PAYLOAD_AT for f in frames]
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", len(formats)), *(sample_entry(i) for i in formats)),
        full_box(b"stts", 0, 0, _rows(">II", runs)),
        *([full_box(b"ctts", 1, 0, _rows(">Ii", shifts))] if any(s for _, s in shifts) else []),
        full_box(b"stss", 0, 0, _rows(">I", [(n,) for n, f in enumerate(frames, 1) if f.key])),
        full_box(b"stsc", 0, 0, _rows(">III", chunks)),
        full_box(b"stsz", 0, 0, bytes(4), struct.pack(f">I{len(sizes)}I", len(sizes), *sizes)),
        full_box(b"stco", 0, 0, struct.pack(f">I{len(offsets)}I", len(offsets), *offsets)),
    )


def _rows(shape: str, rows: Iterable[tuple[int, ...]]) -> bytes:
    packed = [struct.pack(shape, *row) for row in rows]
    return struct.pack(">I", len(packed)) + b"".join(packed)


def sample_entry(init: Init) -> bytes:
    """Return the sample description (`avc1` with its parameter sets) out of an init segment."""
    at = init.segment.index(b"stsd") + 12
    return init.segment[at : at + int.from_bytes(init.segment[at : at + 4], "big")]
