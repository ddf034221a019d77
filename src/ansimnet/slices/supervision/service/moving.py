"""A history moved whole between two installations: one sealed file, and one hash that both compute. (DI-E, EM-03)

The file: a line of JSON with the form and the salt, then parts of at most a megabyte, each compressed and sealed
(AES-256-GCM, a key by scrypt from a passphrase, the part's number as nonce, the last part marked). Inside: for every
table a line with its name, its rows, and at the end the hashes.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ansimnet.facts.supervision import HistoryMoved
from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.store import history

FORM = "ansimnet supervision history v1"
PART_BYTES = 1 << 20
SCRYPT_N = 1 << 17
"""Cost of a guess at the passphrase: 128 MiB and half a second (RFC 7914; OWASP's first recommendation)."""
LEAST_PASSPHRASE = 16
"""Characters (ours: the file travels, and guesses at it cost nothing but time)."""
OURS = "system:supervision"

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class NotEmpty(Conflict):
    """A history goes into an installation that has none."""

    name = "not-empty"


class BadHistory(Refusal):
    """The file is no history of ours, it was damaged, or the passphrase is another."""

    name = "bad-history"


class NotTheSame(Conflict):
    """What was taken over does not say the same as the file: nothing was kept."""

    name = "not-the-same"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows each table has, and the hash of it all."""

    tables: dict[str, int]
    sha256: str

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


class _Count:
    """Counts and hashes lines, table by table."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._hashes: dict[str, Any] = {}

    def add(self, table: str, line: bytes) -> None:
        self._rows[table] = self._rows.get(table, 0) + 1
        self._hashes.setdefault(table, hashlib.sha256()).update(line + b"\n")

    def whole(self) -> Moved:
        lines = [f"{t} {n} {self._hashes[t].hexdigest()}" for t, n in sorted(self._rows.items())]
        return Moved(dict(sorted(self._rows.items())), hashlib.sha256("\n".join(lines).encode()).hexdigest())


async def _lines(tx: Tx) -> AsyncIterator[tuple[str, bytes]]:
    for table in (*history.TABLES, history.FACTS):
        async for line in history.lines_out(tx, table):
            yield table, line


async def measure(tx: Tx) -> Moved:
    """Return how much there is, and its hash: the same wherever the same history lies."""
    count = _Count()
    async for table, line in _lines(tx):
        count.add(table, line)
    return count.whole()


async def export(db: Db, file: IO[bytes], passphrase: str, now: datetime) -> Moved:
    """Write the whole history of this centre, as it stands at one instant."""
    out = _Sealing(file, passphrase, now)
    count = _Count()
    async with db.transaction() as tx:
        await tx.execute("set transaction isolation level repeatable read")
        at = ""
        async for table, line in _lines(tx):
            if table != at:
                out.write(_encode({"table": table}))
                at = table
            count.add(table, line)
            out.write(line)
    moved = count.whole()
    out.write(_encode({"end": moved.sha256}))
    out.close()
    async with db.transaction() as tx:
        await _tell(tx, "out", moved, now)
    return moved


async def take_over(db: Db, file: IO[bytes], passphrase: str, now: datetime) -> Moved:
    """Take a whole history into empty tables, and read it back to prove that it says the same.

    Raises:
        NotEmpty: there is a history already.
        BadHistory: the file cannot be read to its end.
        NotTheSame: what was written does not read back the same; nothing is kept.
    """
    async with db.transaction() as tx:
        if await history.rows_there(tx):
            raise NotEmpty(todo="import into a fresh installation")
        said = await _read_in(tx, _opened(file, passphrase))
        for wearer_id, office in await history.places_of_wearers(tx):
            await policy.place_under(tx, wearer_id, office, now)
        moved = await measure(tx)
        if moved.sha256 != said:
            raise NotTheSame(f"the file says {said}, the tables say {moved.sha256}")
        await history.note_move(tx, new_id(), now, moved.sha256, moved.rows)
        await _tell(tx, "in", moved, now)
    return moved


async def _tell(tx: Tx, way: str, moved: Moved, now: datetime) -> None:
    fact = HistoryMoved(fact_id=FactId(new_id()), happened_at=now, way=way, sha256=moved.sha256, rows=moved.rows)
    await append(tx, fact, actor=OURS)


async def _read_in(tx: Tx, lines: Iterator[bytes]) -> str:
    """Insert what a file holds and return the hash that it says."""
    table, waiting = "", list[bytes]()
    for line in lines:
        if line.startswith((b'{"table":', b'{"end":')) and (word := _decode(line)):
            if waiting:
                await history.lines_in(tx, table, waiting)
            if "end" in word:
                return str(word["end"])
            table, waiting = word["table"], []
            if table not in (*history.TABLES, history.FACTS):
                raise BadHistory("it holds a table that this release does not know")
            continue
        waiting.append(line)
        if len(waiting) >= history.AT_ONCE:
            await history.lines_in(tx, table, waiting)
            waiting = []
    raise BadHistory("it has no end")


# ---------------------------------------------------------------------------------------------------------- the file


def _key(passphrase: str, salt: bytes) -> AESGCM:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Refusal(f"a passphrase has at least {LEAST_PASSPHRASE} characters")
    return AESGCM(Scrypt(salt=salt, length=32, n=SCRYPT_N, r=8, p=1).derive(passphrase.encode()))


class _Sealing:
    """Lines into sealed parts."""

    def __init__(self, file: IO[bytes], passphrase: str, now: datetime) -> None:
        salt = os.urandom(16)
        self._file, self._aead = file, _key(passphrase, salt)
        self._head = _encode({"form": FORM, "made_at": now, "salt": salt.hex()})
        file.write(self._head + b"\n")
        self._held: list[bytes] = []
        self._bytes = self._parts = 0

    def write(self, line: bytes) -> None:
        self._held.append(line)
        self._bytes += len(line)
        if self._bytes >= PART_BYTES:
            self._flush(last=False)

    def close(self) -> None:
        self._flush(last=True)

    def _flush(self, *, last: bool) -> None:
        plain = zlib.compress(b"".join(line + b"\n" for line in self._held))
        sealed = self._aead.encrypt(self._parts.to_bytes(12, "big"), plain, self._head + (b"end" if last else b""))
        self._file.write((len(sealed) << 1 | last).to_bytes(5, "big") + sealed)
        self._held, self._bytes, self._parts = [], 0, self._parts + 1


def _opened(file: IO[bytes], passphrase: str) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises:
        BadHistory: it was damaged, cut, put together otherwise, or sealed with another passphrase.
    """
    head = file.readline(1000).removesuffix(b"\n")
    try:
        words = _decode(head)
        salt = bytes.fromhex(words["salt"])
        if words["form"] != FORM:
            raise BadHistory
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        raise BadHistory from None
    aead, part, last = _key(passphrase, salt), 0, False
    while not last:
        size = int.from_bytes(file.read(5), "big")
        last = bool(size & 1)
        sealed = file.read(min(size >> 1, 64 * PART_BYTES))
        try:
            plain = zlib.decompress(aead.decrypt(part.to_bytes(12, "big"), sealed, head + (b"end" if last else b"")))
        except (InvalidTag, zlib.error, ValueError):
            raise BadHistory from None
        yield from plain.split(b"\n")[:-1]
        part += 1
