"""Fixes: written once, read by person and time, forgotten when due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor

from ansimnet.kernel.geo import Point
from ansimnet.platform.arrays import floats, ids, instants, texts
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.supervision.model import (
    Fix,
    PersonId,
    Sign,
)


async def add_fixes(tx: Tx, fixes: Sequence[Fix]) -> AsyncCursor[Row]:
    """Insert fixes; `added` reads which of them were new: a report sent again changes nothing.

    The centre is named, since its default would ask who is logged in for every row; ids come back only if some were
    there already.
    """
    points = [f.point for f in fixes]
    return await tx.execute(
        """
        with new as (
            insert into supervision_fix (fix_id, centre_id, device_id, person_id, seen_at, heard_at, lat, lon, error_m,
                                         speed_mps, course_deg, battery, signs)
            select n.fix_id, %s::uuid, n.device_id, n.person_id, n.seen_at, n.heard_at, n.lat, n.lon, n.error_m,
                   n.speed_mps, n.course_deg, n.battery, string_to_array(n.signs, ' ')
            from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::float8[],
                        %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::text[])
                 as n (fix_id, device_id, person_id, seen_at, heard_at, lat, lon, error_m, speed_mps, course_deg,
                       battery, signs)
            on conflict do nothing returning fix_id
        )
        select count(*), case when count(*) < %s then array_agg(fix_id) end from new
        """,
        [
            tx.centre_id,
            ids([f.fix_id for f in fixes]),
            ids([f.device_id for f in fixes]),
            ids([f.person_id for f in fixes]),
            instants([f.seen_at for f in fixes]),
            instants([f.heard_at for f in fixes]),
            floats([p.lat if p is not None else None for p in points]),
            floats([p.lon if p is not None else None for p in points]),
            floats([f.error_m for f in fixes]),
            floats([f.speed_mps for f in fixes]),
            floats([f.course_deg for f in fixes]),
            floats([f.battery for f in fixes]),
            texts([" ".join(sorted(f.signs)) if f.signs else "" for f in fixes]),
            len(fixes),
        ],
        binary=True,
    )


async def added(adding: AsyncCursor[Row], count: int) -> set[UUID] | None:
    """Return the ids of those fixes that were new; None where all `count` were, as mostly."""
    row = await adding.fetchone()
    assert row is not None
    return None if row[0] == count else set(row[1] or ())


_FIX = """
    select fix_id, device_id, person_id, seen_at, heard_at, lat, lon, error_m, speed_mps, course_deg, battery, signs
    from supervision_fix
"""


def _fix(r: tuple[Any, ...]) -> Fix:
    point = Point(r[5], r[6]) if r[5] is not None else None
    return Fix(r[0], r[1], r[2], r[3], r[4], point, r[7], r[8], r[9], r[10], frozenset(Sign(s) for s in r[11]))


async def fixes_between(
    tx: Tx, people: Iterable[PersonId], from_at: datetime, until_at: datetime, limit: int = 20_000
) -> list[Fix]:
    """Return the fixes of some people seen in [from, until), oldest first."""
    rows = await tx.all(
        _FIX + "where person_id = any(%s) and seen_at >= %s and seen_at < %s order by seen_at, fix_id limit %s",
        [list(people), from_at, until_at, limit],
    )
    return [_fix(r) for r in rows]


async def fixes_by_id(tx: Tx, fix_ids: Iterable[UUID]) -> list[Fix]:
    """Return some fixes, oldest first."""
    rows = await tx.all(_FIX + "where fix_id = any(%s) order by seen_at, fix_id", [list(fix_ids)])
    return [_fix(r) for r in rows]


async def cited_by(tx: Tx, alarm_id: UUID) -> list[Fix]:
    """Return the fixes that an alarm rests on, oldest first."""
    ids = await tx.all("select fix_id from supervision_alarm_fix where alarm_id = %s", [alarm_id])
    return await fixes_by_id(tx, [r[0] for r in ids])


async def last_fix(tx: Tx, person_id: PersonId) -> Fix | None:
    """Return the newest placed fix of a person."""
    row = await tx.one(_FIX + "where person_id = %s and lat is not null order by seen_at desc limit 1", [person_id])
    return _fix(row) if row is not None else None


async def forget_protected_fixes(tx: Tx, before: datetime) -> int:
    """Delete protected persons' fixes heard before an instant, unless an alarm cites them; return how many."""
    cursor = await tx.execute(
        """
        delete from supervision_fix f using supervision_device d
        where d.device_id = f.device_id and d.protected_person_id is not null and f.heard_at < %s
          and not exists (select 1 from supervision_alarm_fix a where a.fix_id = f.fix_id)
        """,
        [before],
    )
    return cursor.rowcount
