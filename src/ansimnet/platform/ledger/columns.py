"""The quick walk along a chain: column by column with NumPy, hashes by OpenSSL, segments in several processes.

It proves that a stretch of the ledger is whole or it proves nothing: where anything at all is odd, `verify` walks row
by row and says what it is. PostgreSQL delivers a few thousand rows as one row of columns, each the concatenated raw
bytes; the canonical headers are laid out from them here, so that nothing the database computes is believed. Every
condition of the slow walk has its counterpart here (a test damages every column and compares the two).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet.platform.ledger.canonical import FORMAT
from ansimnet.platform.ledger.merkle import EMPTY_ROOT, Tree, fold

Bytes2 = NDArray[np.uint8]
"""Shape (rows, width)."""
SEGMENT = 1 << 15
"""Entries of one segment; a power of two, so that its subtrees are the whole tree's."""
CHUNK = 4096
"""Rows fetched at a time: some 4 MB."""
_EPOCH = np.datetime64("2000-01-01T00:00", "m")
"""What PostgreSQL counts microseconds from."""
_YEARS = (np.datetime64("0001-01-01", "m"), np.datetime64("9999-12-31", "m"))
_PAIRS = np.frombuffer("".join(f"{k:02d}" for k in range(100)).encode(), np.uint8).reshape(100, 2)
_TRIPLES = np.frombuffer("".join(f"{k:03d}" for k in range(1000)).encode(), np.uint8).reshape(1000, 3)
SUBJECT, YEAR, PAYLOAD, PAYLOAD_HASH = 1, 2, 4, 8
"""Bits of `flags`: which of the columns that may be null are not."""

COLUMNS = """
    select count(*), coalesce(bool_and(octet_length(prev_hash) = 32 and octet_length(hash) = 32
                                       and coalesce(octet_length(payload_sha256), 32) = 32
                                       and entry_centre is not distinct from centre_id), true),
        string_agg(int8send(seq), null), string_agg(uuid_send(entry_id), null),
        string_agg(prev_hash, null), string_agg(hash, null),
        string_agg(timestamptz_send(sealed_at), null), string_agg(timestamptz_send(happened_at), null),
        string_agg(timestamptz_send(recorded_at), null),
        string_agg(int4send(octet_length(kind)), null), string_agg(convert_to(kind, 'UTF8'), null),
        string_agg(int4send(octet_length(actor)), null), string_agg(convert_to(actor, 'UTF8'), null),
        string_agg(set_byte('\\x00'::bytea, 0, (subject_id is not null)::int + 2 * (key_year is not null)::int
                   + 4 * (payload is not null)::int + 8 * (payload_sha256 is not null)::int), null),
        string_agg(uuid_send(coalesce(subject_id, '00000000-0000-0000-0000-000000000000')), null),
        string_agg(int4send(coalesce(key_year, 0)), null),
        string_agg(int4send(octet_length(body)), null), string_agg(body, null),
        string_agg(int4send(coalesce(octet_length(payload), 0)), null),
        string_agg(coalesce(payload, ''::bytea), null),
        string_agg(coalesce(payload_sha256, decode(repeat('00', 32), 'hex')), null)
    from (select s.centre_id, s.seq, s.entry_id, s.prev_hash, s.hash, s.sealed_at, e.kind, e.happened_at, e.recorded_at,
                 e.actor, e.subject_id, e.key_year, e.body, e.payload, e.payload_sha256, e.centre_id as entry_centre
          from ledger_seal s left join ledger_entry e using (entry_id)
          where s.centre_id = %s and s.seq > %s and s.seq <= %s order by s.seq limit %s) as row
"""
"""One row of columns, in the order of the fields of `Columns`. Nulls vanish from a concatenation: lengths show them.

The delimiter is null: an empty one is put behind each value, and costs a tenth of it all.
"""


@dataclass(frozen=True, slots=True)
class Columns:
    """A stretch of sealed rows as PostgreSQL delivers it."""

    count: int
    well_formed: bool
    """Hashes have 32 bytes each and every entry is its seal's centre's."""
    seq: bytes
    entry_id: bytes
    prev_hash: bytes
    hash: bytes
    sealed_at: bytes
    happened_at: bytes
    recorded_at: bytes
    kind_len: bytes
    kind: bytes
    actor_len: bytes
    actor: bytes
    flags: bytes
    subject_id: bytes
    key_year: bytes
    body_len: bytes
    body: bytes
    payload_len: bytes
    payload: bytes
    payload_sha256: bytes


WIDTHS = {
    "seq": 8, "entry_id": 16, "prev_hash": 32, "hash": 32, "sealed_at": 8, "happened_at": 8, "recorded_at": 8,
    "kind_len": 4, "actor_len": 4, "flags": 1, "subject_id": 16, "key_year": 4, "body_len": 4, "payload_len": 4,
    "payload_sha256": 32,
}  # fmt: skip
"""Bytes a row of the columns that have a fixed width."""


def columns_of(row: Sequence[Any]) -> Columns:
    """Return the columns of one answer to `COLUMNS`; of no rows where it found none."""
    return Columns(row[0], row[1], *(b"" if v is None else bytes(v) for v in row[2:]))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch found whole: where it began, every hash in it."""

    after: int
    prev: bytes
    hashes: bytes
    """32 bytes for each entry."""

    @property
    def count(self) -> int:
        """How many entries it has."""
        return len(self.hashes) // 32


def judge(c: Columns, centre_id: str, after: int) -> Stretch | None:
    """Return the stretch of the columns behind entry `after` if it is whole in itself, else None."""
    n = c.count
    if n == 0 or not c.well_formed or any(len(getattr(c, f)) != n * w for f, w in WIDTHS.items()):
        return None
    seq = np.frombuffer(c.seq, ">i8")
    if not np.array_equal(seq, np.arange(after + 1, after + n + 1)):
        return None
    if c.prev_hash[32:] != c.hash[:-32]:
        return None
    if len({c.entry_id[a : a + 16] for a in range(0, 16 * n, 16)}) != n:  # beyond a chunk the table's key forbids it
        return None
    flags = np.frombuffer(c.flags, np.uint8)
    if np.any(((flags & PAYLOAD) != 0) != ((flags & PAYLOAD_HASH) != 0)):
        return None
    sealed = np.flatnonzero(flags & PAYLOAD)
    payloads = _digests(c.payload, np.frombuffer(c.payload_len, ">i4"), sealed)
    bodies = _digests(c.body, np.frombuffer(c.body_len, ">i4"), None)
    if payloads is None or bodies is None:
        return None
    if len(sealed) and payloads != _rows(c.payload_sha256, 32)[sealed].tobytes():
        return None
    digests = _header_digests(c, centre_id, bodies, flags)
    if digests is None or digests.tobytes() != c.hash:
        return None
    return Stretch(after, c.prev_hash[:32], c.hash)


def _rows(raw: bytes, width: int) -> Bytes2:
    return np.frombuffer(raw, np.uint8).reshape(-1, width)


def _digests(joined: bytes, lengths: NDArray[np.int32], which: NDArray[np.int64] | None) -> bytes | None:
    """Return SHA-256 of some pieces of a concatenation, one after the other; None where the lengths do not fit it."""
    ends = np.cumsum(lengths, dtype=np.int64)
    if ends[-1] != len(joined) or np.any(lengths < 0):
        return None
    begins = ends - lengths
    if which is not None:
        begins, ends = begins[which], ends[which]
    pairs = zip(begins.tolist(), ends.tolist(), strict=True)
    return b"".join([sha256(joined[a:b]).digest() for a, b in pairs])


def _header_digests(c: Columns, centre_id: str, bodies: bytes, flags: NDArray[np.uint8]) -> Bytes2 | None:
    """Return the hash of each row's canonical header; None where a header needs escapes or has no such layout."""
    kinds, actors = _Texts.of(c.kind, c.kind_len), _Texts.of(c.actor, c.actor_len)
    sealed_at, happened_at, recorded_at = (_instants(raw) for raw in (c.sealed_at, c.happened_at, c.recorded_at))
    year, seq = np.frombuffer(c.key_year, ">i4").astype(np.int64), _numbers(c)
    if kinds is None or actors is None or sealed_at is None or happened_at is None or recorded_at is None:
        return None
    if np.any((kinds.lengths | actors.lengths) >> 15) or np.any(year >> 15):  # negative ones too
        return None
    entry_id, subject_id = _uuids(c.entry_id), _uuids(c.subject_id)
    body, payload, prev = _hex(bodies, 64), _hex(c.payload_sha256, 64), _hex(c.prev_hash, 64)
    has = (flags & (SUBJECT | YEAR | PAYLOAD_HASH)).astype(np.int64)
    layout = (((kinds.lengths << 15 | actors.lengths) << 15 | year) << 4 | has) << 5 | seq.lengths
    found = np.empty((c.count, 32), np.uint8)
    shapes, which = np.unique(layout, return_inverse=True)
    for k in range(len(shapes)):
        at = np.flatnonzero(which == k)
        bits, years = int(has[at[0]]), b"%d" % int(year[at[0]])
        parts: list[bytes | Bytes2] = [
            b'\x00{"actor":"', actors.taken(at), b'","body_sha256":"', body[at],
            f'","centre_id":"{centre_id}","entry_id":"'.encode(), entry_id[at],
            b'","happened_at":"', happened_at[at], b'","key_year":', years if bits & YEAR else b"null",
            b',"kind":"', kinds.taken(at), b'","payload_sha256":', *_quoted(payload[at], bits & PAYLOAD_HASH),
            b',"prev":"', prev[at], b'","recorded_at":"', recorded_at[at],
            b'","sealed_at":"', sealed_at[at], b'","seq":', seq.taken(at), b',"subject_id":',
            *_quoted(subject_id[at], bits & SUBJECT), f',"v":{FORMAT}}}'.encode(),
        ]  # fmt: skip
        lines, width = _joined(parts, len(at))
        digests = [sha256(lines[a : a + width]).digest() for a in range(0, len(lines), width)]
        found[at] = _rows(b"".join(digests), 32)
    return found


def _joined(parts: list[bytes | Bytes2], n: int) -> tuple[bytes, int]:
    """Return the parts side by side for each row, row after row, and the length of a row."""
    widths = [len(p) if isinstance(p, bytes) else p.shape[1] for p in parts]
    lines = np.empty((n, sum(widths)), np.uint8)
    left = 0
    for part, width in zip(parts, widths, strict=True):
        lines[:, left : left + width] = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part
        left += width
    return lines.tobytes(), left


def _quoted(values: Bytes2, present: int) -> list[bytes | Bytes2]:
    return [b'"', values, b'"'] if present else [b"null"]


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of different lengths in one run of bytes."""

    raw: NDArray[np.uint8]
    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, joined: bytes, lengths: bytes) -> _Texts | None:
        """Return texts that JSON writes as they are; None where one would need an escape."""
        raw, long = np.frombuffer(joined, np.uint8), np.frombuffer(lengths, ">i4").astype(np.int64)
        if long.sum() != len(raw) or np.any((raw < 0x20) | (raw == ord('"')) | (raw == ord("\\"))):
            return None
        return cls(raw, np.cumsum(long) - long, long)

    def taken(self, at: NDArray[np.int64]) -> Bytes2:
        """Return some texts, which all have one length."""
        found: Bytes2 = self.raw[self.begins[at][:, None] + np.arange(int(self.lengths[at[0]]))]
        return found


def _numbers(c: Columns) -> _Texts:
    """Return the numbers of entries, which follow one another, as text."""
    first = int.from_bytes(c.seq[:8], "big")
    texts = [b"%d" % k for k in range(first, first + c.count)]
    long = np.fromiter(map(len, texts), np.int64, c.count)
    return _Texts(np.frombuffer(b"".join(texts), np.uint8), np.cumsum(long) - long, long)


def _hex(raw: bytes, width: int) -> Bytes2:
    return _rows(raw.hex().encode(), width)


def _uuids(raw: bytes) -> Bytes2:
    digits = _hex(raw, 32)
    text = np.full((len(digits), 36), ord("-"), np.uint8)
    for a, b, at in ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24)):
        text[:, at : at + b - a] = digits[:, a:b]
    return text


def _instants(raw: bytes) -> Bytes2 | None:
    """Return `2026-11-02T03:04:05.678901Z` for microseconds since 2000; None beyond the years 1 to 9999."""
    us = np.frombuffer(raw, ">i8").astype(np.int64)
    if np.any(np.abs(us) > 1 << 60):  # infinity, or further than any year
        return None
    if np.all(us == us[0]):
        us = us[:1]
    minute, in_minute = np.divmod(us, 60_000_000)
    at = _EPOCH + minute.astype("m8[m]")
    if np.any((at < _YEARS[0]) | (at >= _YEARS[1])):
        return None
    minutes, which = np.unique(at, return_inverse=True)  # a minute holds many entries
    text = np.full((len(us), 27), ord("Z"), np.uint8)
    days = np.datetime_as_string(minutes, unit="m").astype("S16")
    text[:, :16] = _rows(days.tobytes(), 16)[which.ravel()]
    text[:, 16] = ord(":")
    second, left = np.divmod(in_minute.astype(np.int32), 1_000_000)
    upper, lower = np.divmod(left, 1_000)
    text[:, 17:19] = _PAIRS[second]
    text[:, 19] = ord(".")
    text[:, 20:23], text[:, 23:26] = _TRIPLES[upper], _TRIPLES[lower]
    return np.broadcast_to(text, (len(raw) // 8, 27)) if len(us) == 1 else text


# ------------------------------------------------------------------------------------------------- segments


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment found whole: what it follows, where it ends, and its share of the tree."""

    prev: bytes
    head: bytes
    count: int
    peaks: dict[int, tuple[list[bytes], bytes]]
    """For each size asked for, and for its end: the full subtrees inside it, largest first, and the hash there."""


def segment_of(stretches: Sequence[Stretch], sizes: frozenset[int]) -> Segment | None:
    """Return stretches that follow one another as one segment, or None where they do not."""
    for before, behind in pairwise(stretches):
        if behind.prev != before.hashes[-32:] or behind.after != before.after + before.count:
            return None
    hashes = b"".join([s.hashes for s in stretches])
    first, count = stretches[0].after, len(hashes) // 32
    levels = [hashes]
    while len(levels[-1]) >= 64:
        levels.append(_parents(levels[-1]))
    wanted = [s - first for s in sizes if first < s <= first + count]
    return Segment(
        stretches[0].prev,
        hashes[-32:],
        count,
        {first + r: (_peaks(levels, r), hashes[32 * r - 32 : 32 * r]) for r in {*wanted, count}},
    )


def _parents(level: bytes) -> bytes:
    pairs = len(level) // 64
    lines = np.empty((pairs, 65), np.uint8)
    lines[:, 0] = 1
    lines[:, 1:] = _rows(level[: 64 * pairs], 64)
    raw = lines.tobytes()
    return b"".join([sha256(raw[a : a + 65]).digest() for a in range(0, len(raw), 65)])


def _peaks(levels: list[bytes], size: int) -> list[bytes]:
    found = []
    for bit in range(size.bit_length() - 1, -1, -1):
        if size >> bit & 1:
            at = ((size >> bit) - 1) * 32
            found.append(levels[bit][at : at + 32])
    return found


class Joined:
    """Takes segments in order and knows the tree's root and the head at every size asked for."""

    def __init__(self) -> None:
        self.entries = 0
        self.head = bytes(32)
        self.roots: dict[int, tuple[bytes, bytes]] = {0: (EMPTY_ROOT, bytes(32))}
        self._left = Tree()  # of whole segments

    def take(self, segment: Segment) -> bool:
        """Add the next segment; False where it does not follow."""
        if segment.prev != self.head or self.entries % SEGMENT:
            return False
        for size, (peaks, head) in segment.peaks.items():
            self.roots[size] = (fold([*self._left.peaks, *peaks]), head)
        if segment.count == SEGMENT:
            self._left.add(segment.peaks[self.entries + SEGMENT][0][0])
        self.entries += segment.count
        self.head = segment.head
        return True


def encoded(rows: Sequence[dict[str, Any]]) -> Columns:
    """Return rows as PostgreSQL would deliver them: for checks that damage rows without a database.

    A row names the columns of `ledger_seal` and `ledger_entry`; `kind` None is an entry that is gone.
    """
    epoch = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    out: dict[str, list[bytes]] = {f.name: [] for f in fields(Columns)[2:]}
    well = True

    def moment(at: datetime | None) -> bytes:
        if at is None:
            return b""
        gone = at - epoch
        return (((gone.days * 86_400 + gone.seconds) * 1_000_000) + gone.microseconds).to_bytes(8, "big", signed=True)

    for r in rows:
        payload_sha, gone = r["payload_sha256"], r["kind"] is None
        well = well and len(r["prev_hash"]) == 32 == len(r["hash"]) and (payload_sha is None or len(payload_sha) == 32)
        well = well and r["entry_centre"] == r["centre_id"]
        kind, actor = (b"" if gone else r[name].encode() for name in ("kind", "actor"))
        body, payload = r["body"] or b"", r["payload"] or b""
        flags = (
            SUBJECT * (r["subject_id"] is not None) + YEAR * (r["key_year"] is not None)
            + PAYLOAD * (r["payload"] is not None) + PAYLOAD_HASH * (payload_sha is not None)
        )  # fmt: skip
        one = {
            "seq": r["seq"].to_bytes(8, "big", signed=True), "entry_id": r["entry_id"].bytes,
            "prev_hash": r["prev_hash"], "hash": r["hash"], "sealed_at": moment(r["sealed_at"]),
            "happened_at": moment(r["happened_at"]), "recorded_at": moment(r["recorded_at"]),
            "kind_len": b"" if gone else len(kind).to_bytes(4, "big"), "kind": kind,
            "actor_len": b"" if gone else len(actor).to_bytes(4, "big"), "actor": actor, "flags": bytes([flags]),
            "subject_id": r["subject_id"].bytes if r["subject_id"] is not None else bytes(16),
            "key_year": (r["key_year"] or 0).to_bytes(4, "big", signed=True),
            "body_len": b"" if gone else len(body).to_bytes(4, "big"), "body": body,
            "payload_len": len(payload).to_bytes(4, "big"), "payload": payload,
            "payload_sha256": payload_sha or bytes(32),
        }  # fmt: skip
        for name, value in one.items():
            out[name].append(value)
    return Columns(len(rows), well, **{name: b"".join(values) for name, values in out.items()})
