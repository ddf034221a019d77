"""Short proofs about a long ledger: this entry is in it, this head goes on from that one (RFC 6962).

A proof is a JSON object that `tools/verify_ledger.py` checks without the ledger. Whoever asks for one pays a few
hundred hashes read from the database; the upper levels of the tree stay in memory, 64 bytes for every 256 entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ansimnet.kernel.errors import NotFound
from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.checkpoints import Checkpoint, stored_checkpoint
from ansimnet.platform.ledger.rows import ROW, SealedRow, exported

if TYPE_CHECKING:
    from uuid import UUID

    from ansimnet.platform.db import Db, Tx

BLOCK = 256
"""Leaves below the lowest level in memory."""
FETCH = 64 * BLOCK


class Forest:
    """The full subtrees of a growing tree, from 256 leaves upwards."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """How many leaves it knows."""
        return len(self._levels[0]) * BLOCK

    def add(self, root: bytes) -> None:
        """Take the root of the next 256 leaves."""
        height = 0
        self._levels[0].append(root)
        while len(self._levels[height]) % 2 == 0:
            if height + 1 == len(self._levels):
                self._levels.append([])
            self._levels[height + 1].append(merkle.node(*self._levels[height][-2:]))
            height += 1

    def full(self, first: int, behind: int) -> bytes | None:
        """Return the root over these leaves where they are one full subtree it knows."""
        width = behind - first
        if width < BLOCK or width & (width - 1) or first % width or behind > self.size:
            return None
        return self._levels[(width // BLOCK).bit_length() - 1][first // width]


@dataclass(frozen=True, slots=True)
class Grove:
    """A forest with the leaves of a few blocks: enough for one proof."""

    forest: Forest
    leaves: dict[int, bytes]
    """By block, 32 bytes a leaf."""

    def subtree(self, first: int, behind: int) -> bytes:
        """Return the root over leaves `[first, behind)`."""
        found = self.forest.full(first, behind)
        if found is not None:
            return found
        if first // BLOCK == (behind - 1) // BLOCK:
            at = first % BLOCK * 32
            raw = self.leaves[first // BLOCK][at : at + 32 * (behind - first)]
            return merkle.Tree(raw[k : k + 32] for k in range(0, len(raw), 32)).root()
        middle = first + (1 << ((behind - first - 1).bit_length() - 1))
        return merkle.node(self.subtree(first, middle), self.subtree(middle, behind))


_forests: WeakKeyDictionary[Db, Forest] = WeakKeyDictionary()


async def _hashes(tx: Tx, first: int, behind: int) -> bytes:
    row = await tx.one(
        "select string_agg(hash, ''::bytea) from (select hash from ledger_seal where centre_id = %s and seq > %s"
        " and seq <= %s order by seq) as s",
        (tx.centre_id, first, behind),
    )
    return b"" if row is None or row[0] is None else bytes(row[0])


async def _grove(db: Db, tx: Tx, size: int, *leaves: int) -> Grove:
    forest = _forests.setdefault(db, Forest())
    while forest.size + BLOCK <= size:
        known = forest.size
        raw = await _hashes(tx, known, min(known + FETCH, size // BLOCK * BLOCK))
        if not raw or len(raw) % (32 * BLOCK):
            raise NotFound("the ledger has fewer entries than were signed", todo="`ansimnet ledger verify`")
        if forest.size != known:  # another caller was here meanwhile
            continue
        for at in range(0, len(raw), 32 * BLOCK):
            forest.add(merkle.Tree(raw[k : k + 32] for k in range(at, at + 32 * BLOCK, 32)).root())
    blocks = {leaf // BLOCK for leaf in (*leaves, size - 1)}
    return Grove(forest, {b: await _hashes(tx, b * BLOCK, (b + 1) * BLOCK) for b in blocks})


async def checkpoint_at(tx: Tx, size: int | None) -> Checkpoint:
    """Return the newest checkpoint, or the one of this size.

    Raises:
        NotFound: there is none.
    """
    found = await stored_checkpoint(tx, size)
    if found is None:
        raise NotFound("there is no such checkpoint", todo="`GET /api/v1/ledger/heads` lists them")
    return found


async def prove_entry(db: Db, tx: Tx, entry: int | UUID, *, size: int | None = None) -> dict[str, Any]:
    """Return the proof that an entry is under a checkpoint: of this size, else the newest.

    The entry stands in it as an export writes it: public fields, and the ciphertext of the personal ones.

    Raises:
        NotFound: no such entry or checkpoint, or the entry is not signed yet.
    """
    point = await checkpoint_at(tx, size)
    column = "s.seq" if isinstance(entry, int) else "s.entry_id"
    row = await tx.one(f"{ROW} where s.centre_id = %s and {column} = %s", (tx.centre_id, entry))
    if row is None:
        raise NotFound("there is no such entry")
    sealed = SealedRow.of(row)
    if sealed.seq > point.size:
        raise NotFound("this entry is not signed yet", todo="ask again in 10 seconds")
    grove = await _grove(db, tx, point.size, sealed.seq - 1)
    return {
        "type": "inclusion",
        "v": 1,
        "centre_id": str(tx.centre_id),
        "entry": exported(sealed),
        "path": [h.hex() for h in merkle.inclusion_path(grove.subtree, sealed.seq - 1, point.size)],
        "checkpoint": point.object(),
    }


async def consistency(db: Db, tx: Tx, older: int, newer: int) -> list[bytes]:
    """Return the path from the tree of `older` leaves to that of `newer`; both were signed, or are 0."""
    if not 0 < older < newer:
        return []
    grove = await _grove(db, tx, newer, older - 1, older)
    return merkle.consistency_path(grove.subtree, older, newer)


async def prove_consistency(db: Db, tx: Tx, *, older: int, newer: int | None = None) -> dict[str, Any]:
    """Return the proof that a checkpoint goes on from an older one.

    Raises:
        NotFound: one of them does not exist, or the older is not older.
    """
    first, second = await checkpoint_at(tx, older), await checkpoint_at(tx, newer)
    if first.size > second.size:
        raise NotFound("the older checkpoint is the newer one")
    return {
        "type": "consistency",
        "v": 1,
        "centre_id": str(tx.centre_id),
        "older": first.object(),
        "newer": second.object(),
        "path": [h.hex() for h in await consistency(db, tx, first.size, second.size)],
    }
