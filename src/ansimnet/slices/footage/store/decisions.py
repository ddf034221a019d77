"""All SQL of what reviewers decided about doubtful frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision: which doubt of an export, what, by whom and when. `box` x1 y1 x2 y2 where it widens."""

    number: int
    verdict: str
    box: tuple[float, float, float, float] | None
    decided_by: AccountId
    decided_at: datetime


async def decide(tx: Tx, export_id: UUID, row: DecisionRow) -> None:
    """Write a decision; the last one about a doubt counts."""
    await tx.execute(
        """insert into footage_doubt_decision (export_id, number, verdict, box, decided_by, decided_at)
           values (%s, %s, %s, %s, %s, %s)
           on conflict (centre_id, export_id, number) do update
               set verdict = excluded.verdict, box = excluded.box,
                   decided_by = excluded.decided_by, decided_at = excluded.decided_at""",
        (
            export_id,
            row.number,
            row.verdict,
            None if row.box is None else list(row.box),
            row.decided_by,
            row.decided_at,
        ),
    )


async def of_export(tx: Tx, export_id: UUID) -> list[DecisionRow]:
    """Return what was decided about an export's doubts, by their number."""
    rows = await tx.all(
        """select number, verdict, box, decided_by, decided_at from footage_doubt_decision
           where export_id = %s order by number""",
        (export_id,),
    )
    return [
        DecisionRow(number, verdict, None if box is None else (box[0], box[1], box[2], box[3]), AccountId(by), at)
        for number, verdict, box, by, at in rows
    ]


async def undecided(tx: Tx, export_id: UUID, doubts: int) -> int:
    """Return about how many of so many doubtful frames nobody has decided."""
    found = await tx.one(
        "select count(*) from footage_doubt_decision where export_id = %s and number < %s", (export_id, doubts)
    )
    return doubts - (0 if found is None else int(found[0]))
