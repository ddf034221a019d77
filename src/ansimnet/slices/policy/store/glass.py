"""Break-glass as rows: opened, told, justified, judged or reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId, GroundId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.store.typed import seal, unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassRow:
    """One break-glass. `holder` is the seat that broke it; what was typed is sealed beside it."""

    ground_id: GroundId
    account_id: AccountId
    role: Role
    resources: frozenset[UUID]
    opened_at: datetime
    until_at: datetime
    justify_by: datetime
    told_at: datetime | None = None
    unheard_at: datetime | None = None
    justified_at: datetime | None = None
    judged_at: datetime | None = None
    accepted: bool | None = None
    reported_at: datetime | None = None
    ended_at: datetime | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassWords:
    """What was typed: why it was broken, how that is justified, and what the privacy officer said."""

    reason: str | None
    justification: str | None
    judgement: str | None


_COLUMNS: LiteralString = """b.ground_id, b.account_id, b.role, b.resources, b.opened_at, b.until_at, b.justify_by,
    b.told_at, b.unheard_at, b.justified_at, b.judged_at, b.accepted, b.reported_at,
    (select ended_at from policy_ground g where g.ground_id = b.ground_id),
    (select login from policy_account a where a.account_id = b.account_id)"""


def _glass(r: Row) -> GlassRow:
    return GlassRow(
        ground_id=GroundId(r[0]),
        account_id=AccountId(r[1]),
        role=Role(r[2]),
        resources=frozenset(r[3]),
        opened_at=r[4],
        until_at=r[5],
        justify_by=r[6],
        told_at=r[7],
        unheard_at=r[8],
        justified_at=r[9],
        judged_at=r[10],
        accepted=r[11],
        reported_at=r[12],
        ended_at=r[13],
        holder=r[14] or "",
    )


async def add_glass(tx: Tx, glass: GlassRow, reason: str) -> None:
    """Write a break-glass down."""
    year = glass.opened_at.year
    await tx.execute(
        """insert into policy_break_glass (ground_id, account_id, role, resources, opened_at, until_at, justify_by,
               reason_sealed, key_year) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            glass.ground_id,
            glass.account_id,
            glass.role,
            sorted(glass.resources),
            glass.opened_at,
            glass.until_at,
            glass.justify_by,
            seal(tx, glass.ground_id, year, {"words": reason}, "reason"),
            year,
        ),
    )


async def lock_glass(tx: Tx, ground_id: GroundId) -> GlassRow | None:
    """Return a break-glass as it is now; nobody changes it before this transaction ends."""
    row = await tx.one(
        f"select {_COLUMNS} from policy_break_glass b where b.ground_id = %s for update of b", (ground_id,)
    )
    return None if row is None else _glass(row)


async def load_glass(tx: Tx, ground_id: GroundId) -> GlassRow | None:
    """Return a break-glass as it is."""
    row = await tx.one(f"select {_COLUMNS} from policy_break_glass b where b.ground_id = %s", (ground_id,))
    return None if row is None else _glass(row)


async def list_glass(tx: Tx, *, account_id: AccountId | None, limit: int = 200) -> list[tuple[GlassRow, GlassWords]]:
    """Return the break-glasses of one account, or of the centre, with what was typed, newest first."""
    rows = await tx.all(
        f"""select {_COLUMNS}, b.reason_sealed, b.justification_sealed, b.judgement_sealed, b.key_year
            from policy_break_glass b where %s::uuid is null or b.account_id = %s
            order by b.opened_at desc limit %s""",
        (account_id, account_id, limit),
    )
    found = []
    for r in rows:
        said = [
            unseal(tx, r[0], r[18], sealed, what)
            for sealed, what in zip(r[15:18], ("reason", "justification", "judgement"), strict=True)
        ]
        words = [None if w is None else str(w["words"]) for w in said]
        found.append((_glass(r), GlassWords(reason=words[0], justification=words[1], judgement=words[2])))
    return found


async def told(tx: Tx, ground_id: GroundId, now: datetime) -> bool:
    """Note the first time a privacy officer's screen was handed it; False where it was before."""
    row = await tx.one(
        "update policy_break_glass set told_at = %s where ground_id = %s and told_at is null returning 1",
        (now, ground_id),
    )
    return row is not None


async def unheard(tx: Tx, opened_before: datetime, now: datetime) -> list[GroundId]:
    """Note what nobody was told in time, once, and return it."""
    rows = await tx.all(
        """update policy_break_glass set unheard_at = %s
           where told_at is null and unheard_at is null and judged_at is null and opened_at <= %s
           returning ground_id""",
        (now, opened_before),
    )
    return [GroundId(r[0]) for r in rows]


async def justify(tx: Tx, glass: GlassRow, words: str, now: datetime) -> None:
    """Keep the justification of a break-glass that the caller holds locked."""
    sealed = seal(tx, glass.ground_id, glass.opened_at.year, {"words": words}, "justification")
    await tx.execute(
        "update policy_break_glass set justified_at = %s, justification_sealed = %s where ground_id = %s",
        (now, sealed, glass.ground_id),
    )


async def judge(tx: Tx, glass: GlassRow, by: AccountId, accepted: bool, words: str, now: datetime) -> None:
    """Keep what the privacy officer said of a break-glass that the caller holds locked."""
    sealed = seal(tx, glass.ground_id, glass.opened_at.year, {"words": words}, "judgement")
    await tx.execute(
        """update policy_break_glass set judged_at = %s, judged_by = %s, accepted = %s, judgement_sealed = %s
           where ground_id = %s""",
        (now, by, accepted, sealed, glass.ground_id),
    )


async def report(tx: Tx, ground_id: GroundId, now: datetime) -> bool:
    """Put it on the privacy officer's board; False where it stands there already."""
    row = await tx.one(
        "update policy_break_glass set reported_at = %s where ground_id = %s and reported_at is null returning 1",
        (now, ground_id),
    )
    return row is not None


async def overdue(tx: Tx, now: datetime) -> list[GlassRow]:
    """Return what was not justified in time and is not reported yet; nobody changes it before this transaction ends."""
    rows = await tx.all(
        f"""select {_COLUMNS} from policy_break_glass b
            where b.justified_at is null and b.reported_at is null and b.justify_by <= %s for update of b""",
        (now,),
    )
    return [_glass(r) for r in rows]
