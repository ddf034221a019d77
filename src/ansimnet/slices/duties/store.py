"""All SQL of the duties slice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.duties.model import Change, Duty, Limit, Unit

_DUTY: LiteralString = """duty_id, rule, about, role, clause, started_at, due_at, met_at, lapsed_at, breached_at"""


def _duty(row: Row) -> Duty:
    return Duty(
        duty_id=row[0],
        rule=row[1],
        about=row[2],
        role=Role(row[3]),
        clause=row[4],
        started_at=row[5],
        due_at=row[6],
        met_at=row[7],
        lapsed_at=row[8],
        breached_at=row[9],
    )


async def changes(tx: Tx, name: str | None = None) -> list[Change]:
    """Return what this centre changed of the table, oldest first; of one rule, or of all."""
    rows = await tx.all(
        """select rule, from_at, limit_count, limit_unit, role, clause from duties_rule
           where %s::text is null or rule = %s order by from_at""",
        (name, name),
    )
    return [Change(rule=r[0], from_at=r[1], limit=Limit(r[2], Unit(r[3])), role=Role(r[4]), clause=r[5]) for r in rows]


async def add_change(tx: Tx, change: Change, by: UUID, now: datetime) -> bool:
    """Put a change of a rule on file; False where one begins at that very instant already."""
    row = await tx.one(
        """insert into duties_rule (rule, from_at, limit_count, limit_unit, role, clause, decided_by, decided_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning 1""",
        (change.rule, change.from_at, change.limit.count, change.limit.unit, change.role, change.clause, by, now),
    )
    return row is not None


async def add_duty(tx: Tx, duty: Duty) -> bool:
    """Open a duty; False where it was opened before."""
    row = await tx.one(
        """insert into duties_duty (duty_id, rule, about, role, clause, started_at, due_at)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (duty_id) do nothing returning 1""",
        (duty.duty_id, duty.rule, duty.about, duty.role, duty.clause, duty.started_at, duty.due_at),
    )
    return row is not None


async def meet(
    tx: Tx, rule: str, about: UUID, at: datetime, *, duty_id: UUID | None = None, by: UUID | None = None
) -> list[Duty]:
    """Meet what was owed by this rule about this when it was done, or one duty of it; return what was met now."""
    rows = await tx.all(
        f"""update duties_duty set met_at = greatest(%s, started_at), met_by = %s
            where met_at is null and lapsed_at is null and rule = %s and about = %s
              and (%s::uuid is null or duty_id = %s) and started_at <= %s returning {_DUTY}""",
        (at, by, rule, about, duty_id, duty_id, at),
    )
    return [_duty(r) for r in rows]


async def lapse(tx: Tx, rule: str, about: UUID, at: datetime, why: str) -> int:
    """End what is owed about a thing that is gone; return how many."""
    cursor = await tx.execute(
        """update duties_duty set lapsed_at = %s, lapsed_why = %s
           where met_at is null and lapsed_at is null and rule = %s and about = %s""",
        (at, why, rule, about),
    )
    return cursor.rowcount


async def take_breached(tx: Tx, now: datetime, limit: int) -> list[Duty]:
    """Mark what is over at this instant and was not told before, and return it. Two timers take different ones."""
    rows = await tx.all(
        f"""update duties_duty set breached_at = %s where duty_id in
                (select duty_id from duties_duty
                 where met_at is null and lapsed_at is null and breached_at is null and due_at <= %s
                 order by due_at limit %s for update skip locked)
            returning {_DUTY}""",
        (now, now, limit),
    )
    return sorted((_duty(r) for r in rows), key=lambda d: (d.due_at, d.duty_id))


async def latest_start(tx: Tx, rule: str, about: UUID) -> datetime | None:
    """Return when the latest duty of this rule about this began."""
    row = await tx.one("select max(started_at) from duties_duty where rule = %s and about = %s", (rule, about))
    return None if row is None else row[0]


async def read_duties(
    tx: Tx, now: datetime, *, owed: bool, overdue: bool, role: Role | None, about: UUID | None, limit: int
) -> list[Duty]:
    """Return duties, what is due first on top; still owed ones, or overdue ones, or all."""
    rows = await tx.all(
        f"""select {_DUTY} from duties_duty
            where (not %s or (met_at is null and lapsed_at is null)) and (not %s or due_at <= %s)
              and (%s::text is null or role = %s) and (%s::uuid is null or about = %s)
            order by (met_at is not null or lapsed_at is not null), due_at, duty_id limit %s""",
        (owed or overdue, overdue, now, role, role, about, about, limit),
    )
    return [_duty(r) for r in rows]


async def count_owed(tx: Tx, now: datetime) -> tuple[int, int]:
    """Return how many duties are owed, and how many of them are overdue."""
    row = await tx.one(
        """select count(*), count(*) filter (where due_at <= %s) from duties_duty
           where met_at is null and lapsed_at is null""",
        (now,),
    )
    assert row is not None
    return int(row[0]), int(row[1])


async def due(tx: Tx, rule: str, about: Collection[UUID]) -> dict[UUID, datetime]:
    """Return until when these things are owed under a rule; a thing that owes nothing is left out."""
    rows = await tx.all(
        """select about, min(due_at) from duties_duty
           where rule = %s and about = any(%s) and met_at is null and lapsed_at is null group by about""",
        (rule, list(about)),
    )
    return {row[0]: row[1] for row in rows}
