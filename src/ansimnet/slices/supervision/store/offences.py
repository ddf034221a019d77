"""Crimes during wear, as officers put them on file. Each row is written once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model.procedure import Crime
from ansimnet.slices.supervision.store.procedure import opened, sealed


@dataclass(frozen=True, slots=True)
class OffenceRow:
    """A crime during wear. `case_number` is the agency's; None where the wearer was erased."""

    offence_id: UUID
    offence: Crime
    committed_on: date
    case_number: str | None
    noted_at: datetime
    noted_by: UUID


async def add_offence(tx: Tx, wearer_id: UUID, row: OffenceRow) -> None:
    """Put one on file."""
    await tx.execute(
        "insert into supervision_offence"
        " (offence_id, wearer_id, offence, committed_on, case_number, noted_at, noted_by)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [
            row.offence_id, wearer_id, row.offence, row.committed_on,
            sealed(tx, wearer_id, "supervision_offence.case_number", row.case_number or ""), row.noted_at, row.noted_by,
        ],
    )  # fmt: skip


async def offences_of(tx: Tx, wearer_id: UUID) -> list[OffenceRow]:
    """Return a wearer's, newest first."""
    rows = await tx.all(
        "select offence_id, offence, committed_on, case_number, noted_at, noted_by from supervision_offence"
        " where wearer_id = %s order by committed_on desc, noted_at desc",
        [wearer_id],
    )
    return [
        OffenceRow(r[0], Crime(r[1]), r[2], opened(tx, wearer_id, "supervision_offence.case_number", r[3]), r[4], r[5])
        for r in rows
    ]


async def order_of(tx: Tx, wearer_id: UUID) -> tuple[datetime, datetime] | None:
    """Return from when until when an order runs, and let nobody else add to the file meanwhile; None: nobody."""
    return await tx.one(
        "select order_from_at, order_until_at from supervision_wearer where wearer_id = %s for update", [wearer_id]
    )


async def by_year(tx: Tx) -> list[tuple[int, int, int]]:
    """Return for each year in which there was one: the year, how many, and by how many wearers; the newest first."""
    rows = await tx.all(
        "select extract(year from committed_on)::int, count(*), count(distinct wearer_id) from supervision_offence"
        " group by 1 order by 1 desc"
    )
    return [(int(y), int(n), int(w)) for y, n, w in rows]
