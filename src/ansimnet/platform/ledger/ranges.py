"""Stretches of the sealed ledger by kind, public bodies only: what folds of a month read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ansimnet.platform.ledger.append import body_of

if TYPE_CHECKING:
    from ansimnet.platform.db import Tx

PAGE = 5000
"""Entries fetched at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One sealed entry without its personal fields."""

    seq: int
    entry_id: UUID
    kind: str
    at: datetime
    actor: str
    subject_id: UUID | None
    body: dict[str, Any]


async def sealed_after(tx: Tx, seq: int, kinds: Collection[str]) -> AsyncIterator[Sealed]:
    """Yield the sealed entries of some kinds behind a number, in order."""
    while True:
        rows = await tx.all(
            """select s.seq, e.entry_id, e.kind, e.happened_at, e.actor, e.subject_id, e.body
               from ledger_seal s join ledger_entry e using (entry_id)
               where s.seq > %s and e.kind = any(%s) order by s.seq limit %s""",
            (seq, list(kinds), PAGE),
        )
        for r in rows:
            yield Sealed(
                seq=r[0], entry_id=r[1], kind=r[2], at=r[3], actor=r[4], subject_id=r[5], body=body_of(bytes(r[6]))
            )
        if len(rows) < PAGE:
            return
        seq = rows[-1][0]


async def seqs_of(tx: Tx, entry_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the sealed numbers of entries; what is not sealed yet is left out."""
    rows = await tx.all("select entry_id, seq from ledger_seal where entry_id = any(%s)", (list(entry_ids),))
    return {r[0]: int(r[1]) for r in rows}
