"""What an attacker does to a ledger: edit, drop, insert, reorder, truncate, fork; each clumsily and with care.

With care means that he makes numbers, links and hashes fit again as far as he can: all of them, but for signatures; in
a fork even those, with the stolen key, and he rewrites the witness file beside the database too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from evaluation._ledger_copies import Copy, Outside, export_of

from ansimnet.platform.ledger.canonical import entry_hash
from ansimnet.platform.ledger.checkpoints import Checkpoint, sign
from ansimnet.platform.ledger.keys import Signer
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.platform.ledger.rows import SealedRow


@dataclass(frozen=True, slots=True)
class Thief:
    """Who has the database, and in a fork also the signing key in use."""

    original: Copy
    outside: Outside
    signer: Signer


ROW_FIELDS = (
    "entry_id", "prev_hash", "hash", "sealed_at", "kind", "happened_at", "recorded_at", "actor", "subject_id",
    "key_year", "body", "payload", "payload_sha256", "seq", "entry_centre",
)  # fmt: skip
POINT_FIELDS = ("size", "root", "head_hash", "prev_checkpoint_hash", "key_id", "signed_at", "signature")
LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789가나다라"\\ '


def changed(value: Any, rng: Random) -> Any:
    """Return another value of the same sort: one byte, one letter, one unit away."""
    match value:
        case None:
            return bytes(32)
        case UUID():
            return UUID(int=value.int ^ 1 << rng.randrange(128))
        case datetime():
            return value + timedelta(microseconds=rng.choice([-1, 1]) * 10 ** rng.randrange(10))
        case bool() | int():
            return value + rng.choice([-1, 1]) * rng.randint(1, 1000)
        case bytes():
            if not value or rng.random() < 0.1:
                return value + bytes([rng.randrange(256)])
            at = rng.randrange(len(value))
            return value[:at] + bytes([value[at] ^ rng.randint(1, 255)]) + value[at + 1 :]
        case str():
            at = rng.randrange(len(value))
            other = rng.choice([c for c in LETTERS if c != value[at]])
            return value[:at] + other + value[at + 1 :]
    raise TypeError(type(value).__name__)


def _body(value: bytes, rng: Random) -> bytes:
    """Return another body that is still text: what a row of the database can be exported with."""
    return str(changed(value.decode(), rng)).encode()


def edited_row(row: SealedRow, name: str, rng: Random) -> SealedRow:
    """Return the row with one field changed; nulls become values of the column's type."""
    value = getattr(row, name)
    if name == "body":
        return replace(row, body=_body(value, rng))
    if value is None:
        filled = {"subject_id": uuid4(), "key_year": 2026, "payload": b"x", "payload_sha256": bytes(32)}
        other: Any = {name: filled[name]}
    elif name in ("subject_id", "key_year", "payload", "payload_sha256") and rng.random() < 0.2:
        other = {name: None}
    else:
        other = {name: changed(value, rng)}
    return replace(row, **other)


def rehashed(rows: list[SealedRow], first: int) -> list[SealedRow]:
    """Return rows whose numbers, links and hashes fit again from index `first` on."""
    done = rows[:first]
    prev = done[-1].hash if done else bytes(32)
    for row in rows[first:]:
        payload_sha = None if row.payload is None else hashlib.sha256(row.payload).digest()
        moved = replace(row, seq=len(done) + 1, prev_hash=prev, payload_sha256=payload_sha)
        prev = entry_hash(moved.header())
        done.append(replace(moved, hash=prev))
    return done


def edit(copy: Copy, rng: Random, thief: Thief) -> None:
    """Change one field of an entry or of a checkpoint, or one byte of the export."""
    way = rng.random()
    if way < 0.15:
        k = rng.randrange(len(copy.points))
        name = rng.choice(POINT_FIELDS)
        point = copy.points[k]
        value = getattr(point, name)
        other: Any = {name: bytes(32) if value is None else changed(value, rng)}
        copy.points[k] = replace(point, **other)
        return
    k = rng.randrange(len(copy.rows))
    if way < 0.35:  # with care: the content, and every hash after it
        name = rng.choice(("kind", "actor", "happened_at", "body", "payload"))
        if getattr(copy.rows[k], name) is None:
            name = "body"
        copy.rows = rehashed([*copy.rows[:k], edited_row(copy.rows[k], name, rng), *copy.rows[k + 1 :]], k)
        return
    copy.rows[k] = edited_row(copy.rows[k], rng.choice(ROW_FIELDS), rng)
    if way > 0.7:  # the same attack on the file: any byte of any line
        copy.export = changed_byte(export_of(thief.original, thief.outside), rng)


def changed_byte(content: bytes, rng: Random) -> bytes:
    """Return the content with one byte changed, gone or added."""
    at, way = rng.randrange(len(content)), rng.random()
    if way < 0.8:
        return content[:at] + bytes([content[at] ^ rng.randint(1, 255)]) + content[at + 1 :]
    if way < 0.9:
        return content[:at] + content[at + 1 :]
    return content[:at] + bytes([rng.randrange(256)]) + content[at:]


def drop(copy: Copy, rng: Random, thief: Thief) -> None:
    """Take entries or a checkpoint out of the middle or from the beginning."""
    if rng.random() < 0.15:
        del copy.points[rng.randrange(len(copy.points) - 1)]
        return
    first = rng.randrange(len(copy.rows) - 1)
    behind = min(len(copy.rows) - 1, first + rng.choice((1, 1, 1, 2, 5)))
    rest = copy.rows[:first] + copy.rows[behind:]
    copy.rows = rehashed(rest, first) if rng.random() < 0.5 else rest
    if rng.random() < 0.3:
        copy.points = [c for c in copy.points if c.size <= first]


def insert(copy: Copy, rng: Random, thief: Thief) -> None:
    """Put an entry in that never was: invented, or one that was, a second time."""
    at = rng.randrange(len(copy.rows) + 1)
    model = rng.choice(copy.rows)
    if rng.random() < 0.5:
        model = replace(model, entry_id=uuid4(), body=_body(model.body, rng), seq=at + 1)
    rows = [*copy.rows[:at], model, *copy.rows[at:]]
    careful = rng.random() < 0.6 and at < len(copy.rows)
    copy.rows = rehashed(rows, at) if careful else rows


def reorder(copy: Copy, rng: Random, thief: Thief) -> None:
    """Exchange two entries, with their numbers or without."""
    a, b = sorted(rng.sample(range(len(copy.rows)), 2))
    rows = list(copy.rows)
    rows[a], rows[b] = rows[b], rows[a]
    if rng.random() < 0.4:
        rows[a], rows[b] = replace(rows[a], seq=a + 1), replace(rows[b], seq=b + 1)
    copy.rows = rehashed(rows, a) if rng.random() < 0.5 else rows


def truncate(copy: Copy, rng: Random, thief: Thief) -> None:
    """Cut the end off, most times with its checkpoints, in the file sometimes anywhere."""
    left = rng.randrange(len(copy.rows))
    copy.rows = copy.rows[:left]
    if rng.random() < 0.8:
        copy.points = [c for c in copy.points if c.size <= left]
    if rng.random() < 0.3:
        good = export_of(thief.original, thief.outside)
        copy.export = good[: rng.randrange(len(good))]


def fork(copy: Copy, rng: Random, thief: Thief) -> None:
    """Write another history from somewhere on and sign it with the stolen key; rewrite the witness file beside it."""
    first = rng.randrange(thief.outside.kept[-1].size)
    rows = copy.rows[: first + rng.randint(1, len(copy.rows) - first)]
    rows[first] = replace(rows[first], entry_id=uuid4(), body=_body(rows[first].body, rng))
    for _ in range(rng.choice((0, 0, 1, 4))):
        rows.append(replace(rng.choice(copy.rows), entry_id=uuid4()))
    copy.rows = rehashed(rows, first)
    copy.points = resigned(copy, first, thief)
    copy.witness = list(copy.points)


def resigned(copy: Copy, first: int, thief: Thief) -> list[Checkpoint]:
    """Return checkpoints that fit the rows: the old ones over what is unchanged, then new ones with the stolen key."""
    points = [c for c in copy.points if c.size <= first]
    sizes = [c.size for c in copy.points if first < c.size < len(copy.rows)] + [len(copy.rows)]
    at = copy.points[-1].signed_at
    for size in sizes:
        tree = Tree(r.hash for r in copy.rows[:size])
        prev = points[-1].hash() if points else None
        head = copy.rows[size - 1].hash
        points.append(sign(thief.signer, thief.outside.centre_id, size, tree.root(), head, prev, at))
    return points


KINDS: dict[str, Callable[[Copy, Random, Thief], None]] = {
    "edit": edit, "drop": drop, "insert": insert, "reorder": reorder, "truncate": truncate, "fork": fork,
}  # fmt: skip
