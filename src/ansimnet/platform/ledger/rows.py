"""Sealed rows as they stand in the database, and as an export writes them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.canonical import entry_header

BATCH_ROWS = 2000
"""Rows fetched at a time while walking the chain."""
ROW = """
    select s.centre_id, s.seq, s.entry_id, s.prev_hash, s.hash, s.sealed_at, e.kind, e.happened_at, e.recorded_at,
           e.actor, e.subject_id, e.key_year, e.body, e.payload, e.payload_sha256, e.centre_id
    from ledger_seal s left join ledger_entry e using (entry_id)
"""
_ROWS = ROW + "where s.centre_id = %s and s.seq > %s order by s.seq limit %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """A seal and its entry as they stand in the database; an entry that is gone leaves `kind` None."""

    centre_id: CentreId
    seq: int
    entry_id: UUID
    prev_hash: bytes
    hash: bytes
    sealed_at: datetime
    kind: str | None
    happened_at: datetime
    recorded_at: datetime
    actor: str
    subject_id: UUID | None
    key_year: int | None
    body: bytes
    payload: bytes | None
    payload_sha256: bytes | None
    entry_centre: UUID | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> SealedRow:
        """Return the row of one answer to `ROW`."""
        return cls(**dict(zip(cls.__slots__, row, strict=True)))

    def header(self) -> dict[str, str | int | None]:
        """Return the header this row's hash must be of."""
        assert self.kind is not None
        return entry_header(
            centre_id=self.centre_id,
            seq=self.seq,
            prev=self.prev_hash,
            entry_id=self.entry_id,
            kind=self.kind,
            happened_at=self.happened_at,
            recorded_at=self.recorded_at,
            sealed_at=self.sealed_at,
            actor=self.actor,
            subject_id=self.subject_id,
            key_year=self.key_year,
            body_sha256=hashlib.sha256(self.body).digest(),
            payload_sha256=self.payload_sha256,
        )


async def sealed_rows(conn: AsyncConnection[Any], centre_id: CentreId) -> AsyncIterator[SealedRow]:
    """Yield a centre's sealed rows in order, in batches. Duplicate numbers cannot be: the key forbids them."""
    after = -(1 << 62)
    while True:
        rows = await (await conn.execute(_ROWS, (centre_id, after, BATCH_ROWS))).fetchall()
        for r in rows:
            yield SealedRow.of(r)
        if len(rows) < BATCH_ROWS:
            return
        after = rows[-1][1]


def exported(row: SealedRow) -> dict[str, Any]:
    """Return the object an export and a proof hold for a row."""
    if row.kind is None:
        return {"type": "entry", "header": None, "hash": row.hash.hex(), "body": None, "payload": None}
    return {
        "type": "entry",
        "header": row.header() | {"centre_id": str(row.entry_centre)},  # whose the entry says it is
        "hash": row.hash.hex(),
        "body": row.body.decode(),
        "payload": None if row.payload is None else row.payload.hex(),
    }
