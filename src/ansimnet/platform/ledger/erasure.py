"""Erasing a person's payloads: the keys go, every hash, proof and signature stays.

The order is what makes it safe to be killed anywhere: the fact of the erasure and the tombstones (which key, known by
its fingerprint) commit first, then the keys are destroyed, and every start of the sealer destroys again whatever key a
tombstone names. So a key that a backup brought back is gone before anything can be read with it. A fact written later
about the same person gets a fresh key, which no tombstone names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import AsyncConnection

from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.append import append
from ansimnet.platform.ledger.keys import STATE, KeyStore

if TYPE_CHECKING:
    from ansimnet.platform.db import Db, Tx

KEPT_YEARS = 2
"""Access records are kept two years at least (안전성 확보조치 기준 §8①: sensitive data, or more than 50,000 people)."""

Held = Callable[["Tx", UUID], Awaitable[bool]]
"""Whether somebody's data is under a hold: a question only the policy slice can answer."""
Told = Callable[[tuple[int, ...]], Fact]
"""The fact of an erasure, given the years whose keys go."""


class OnHold(Refusal):
    """A hold forbids erasing this person's data."""

    kind = Kind.CONFLICT
    name = "on-hold"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    years: tuple[int, ...]
    destroyed: int


def term_over(year: int, today: date) -> bool:
    """Return whether the last day of a year is two years ago.

    >>> term_over(2023, date(2025, 12, 31)), term_over(2023, date(2026, 1, 1))
    (False, True)
    """
    return today >= date(year + KEPT_YEARS + 1, 1, 1)


async def erase(
    db: Db,
    subject_id: UUID,
    *,
    years: Collection[int] | None = None,
    held: Held,
    told: Told,
    actor: str,
    at: datetime,
) -> Erased:
    """Destroy the payload keys of a person's facts and return which; safe to run twice, and after a crash in between.

    Args:
        years: which years' keys; None is all there are. Keys of tables (year 0) are not the ledger's and stay.
        held: asked inside the transaction that decides.
        told: makes the fact that goes on the ledger with the decision; called only where there is a key to destroy.
        at: now.

    Raises:
        OnHold: a hold wins over erasure. Nothing is destroyed.
        Fault: this connection has no keys.
    """
    keys = db.keys
    if keys is None:
        raise Fault("erasing needs the key store")
    async with db.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"erase {subject_id}",))
        if await held(tx, subject_id):
            raise OnHold(todo="release the hold first", todo_ko="보존 조치를 먼저 해제하세요")
        prints = await entomb(tx, keys, subject_id, at, years=years)
        gone = tuple(sorted(prints))
        if gone:
            await append(tx, told(gone), actor=actor)
    destroyed = await asyncio.to_thread(_destroy, keys, subject_id, prints)
    return Erased(gone, destroyed)


async def entomb(
    tx: Tx, keys: KeyStore, subject_id: UUID, at: datetime, *, years: Collection[int] | None = None
) -> dict[int, str]:
    """Name the keys of a subject's facts that are to go, in the transaction that decides so; return year and print.

    The caller destroys them afterwards; where it does not live to, or a backup brings one back, `bury` does.
    """
    prints = await asyncio.to_thread(_prints, keys, subject_id, years)
    await tx.many(
        "insert into ledger_tombstone (centre_id, subject_id, key_year, fingerprint, erased_at)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing",
        [(tx.centre_id, subject_id, year, mark, at) for year, mark in sorted(prints.items())],
    )
    return prints


def _prints(keys: KeyStore, subject_id: UUID, years: Collection[int] | None) -> dict[int, str]:
    found = {}
    for year in keys.years(subject_id):
        if year != STATE and (years is None or year in years):
            mark = keys.fingerprint(subject_id, year)
            if mark is not None:
                found[year] = mark
    return found


def _destroy(keys: KeyStore, subject_id: UUID, prints: dict[int, str]) -> int:
    """Destroy those keys whose fingerprints are named; a later key of the same year stays."""
    return sum(
        keys.destroy(subject_id, year) for year, mark in prints.items() if keys.fingerprint(subject_id, year) == mark
    )


async def bury(conn: AsyncConnection[Any], centre_id: CentreId, keys: KeyStore) -> int:
    """Destroy every key a tombstone names that is there again, or still; return how many. The sealer's first act."""
    rows = await (
        await conn.execute(
            "select subject_id, key_year, fingerprint from ledger_tombstone where centre_id = %s", (centre_id,)
        )
    ).fetchall()
    return await asyncio.to_thread(lambda: sum(_destroy(keys, s, {y: mark}) for s, y, mark in rows))


async def due(db: Db, today: date) -> dict[UUID, list[int]]:
    """Return whose payload keys of which years have outlived the term, by the keys that exist."""
    keys = db.keys
    if keys is None:
        raise Fault("looking for old keys needs the key store")

    def look() -> dict[UUID, list[int]]:
        found = {s: [y for y in keys.years(s) if y != STATE and term_over(y, today)] for s in keys.subjects()}
        return {s: years for s, years in found.items() if years}

    return await asyncio.to_thread(look)
