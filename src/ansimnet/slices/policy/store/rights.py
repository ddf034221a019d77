"""Who may view this centre's footage, one row a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from ansimnet.kernel.ids import AccountId, PermitId
from ansimnet.kernel.permits import Act, Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import open_text
from ansimnet.slices.policy.store.accounts import DISPLAY


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageRight:
    """One account's right, with the seat it belongs to. It stands while it is neither suspended nor ended."""

    account_id: AccountId
    how: str
    granted_at: datetime
    certified_at: datetime
    login: str
    display: str
    role: Role
    used_at: datetime | None = None
    suspended_at: datetime | None = None
    suspended_because: str | None = None
    ended_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether footage may be asked for at all."""
        return self.suspended_at is None and self.ended_at is None


_RIGHT: LiteralString = """r.account_id, r.how, r.granted_at, r.certified_at, a.login, a.display, a.role, r.used_at,
    r.suspended_at, r.suspended_because, r.ended_at"""


def _right(tx: Tx, row: Row) -> FootageRight:
    return FootageRight(
        account_id=AccountId(row[0]),
        how=row[1],
        granted_at=row[2],
        certified_at=row[3],
        login=row[4],
        display=open_text(tx, row[0], row[5], of=DISPLAY) or "",
        role=Role(row[6]),
        used_at=row[7],
        suspended_at=row[8],
        suspended_because=row[9],
        ended_at=row[10],
    )


async def add_right(
    tx: Tx, account_id: AccountId, how: str, by: AccountId | None, reason: str | None, now: datetime
) -> None:
    """Give the right, anew where it was suspended or had ended; whoever gives it has just looked."""
    await tx.execute(
        """insert into policy_footage_right (account_id, how, granted_at, granted_by, reason, certified_at,
               certified_by)
           values (%s, %s, %s, %s, %s, %s, %s)
           on conflict (account_id) do update set how = excluded.how, granted_at = excluded.granted_at,
               granted_by = excluded.granted_by, reason = excluded.reason, certified_at = excluded.certified_at,
               certified_by = excluded.certified_by, suspended_at = null, suspended_because = null, ended_at = null,
               ended_because = null""",
        (account_id, how, now, by, reason, now, by),
    )


async def read_right(tx: Tx, account_id: AccountId, *, lock: bool = False) -> FootageRight | None:
    """Return an account's right, ended ones too; with `lock` nobody changes it before this transaction ends."""
    sql: LiteralString = f"""select {_RIGHT} from policy_footage_right r join policy_account a using (account_id)
        where r.account_id = %s"""
    row = await tx.one(sql + " for update of r" if lock else sql, (account_id,))
    return None if row is None else _right(tx, row)


async def stands(tx: Tx, account_id: AccountId) -> bool | None:
    """Return whether an account's right stands; None where nobody ever gave one. Holds it so until the end."""
    row = await tx.one(
        "select suspended_at is null and ended_at is null from policy_footage_right where account_id = %s for share",
        (account_id,),
    )
    return None if row is None else bool(row[0])


async def list_rights(tx: Tx) -> list[FootageRight]:
    """Return every right that has not ended, suspended ones on top, then by who is due first."""
    rows = await tx.all(
        f"""select {_RIGHT} from policy_footage_right r join policy_account a using (account_id)
            where r.ended_at is null order by r.suspended_at is null, r.certified_at, a.login limit 1000"""
    )
    return [_right(tx, r) for r in rows]


async def count_standing(tx: Tx) -> int:
    """Return how many people may view this centre's footage now. Two who ask at once ask one after the other."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"footage rights {tx.centre_id}",))
    row = await tx.one("select count(*) from policy_footage_right where suspended_at is null and ended_at is null")
    assert row is not None
    return int(row[0])


async def certify(tx: Tx, account_id: AccountId, by: AccountId, now: datetime) -> None:
    """Write that somebody looked again."""
    await tx.execute(
        "update policy_footage_right set certified_at = %s, certified_by = %s where account_id = %s",
        (now, by, account_id),
    )


async def suspend(tx: Tx, account_id: AccountId, because: str, now: datetime) -> bool:
    """Let a right rest; False where it rests or has ended already."""
    row = await tx.one(
        """update policy_footage_right set suspended_at = %s, suspended_because = %s
           where account_id = %s and suspended_at is null and ended_at is null returning 1""",
        (now, because, account_id),
    )
    return row is not None


async def end(tx: Tx, account_id: AccountId, because: str, now: datetime) -> bool:
    """End a right; False where it has, or never was."""
    row = await tx.one(
        """update policy_footage_right set ended_at = %s, ended_because = %s
           where account_id = %s and ended_at is null returning 1""",
        (now, because, account_id),
    )
    return row is not None


async def unused_since(tx: Tx, acts: Collection[Act], before: datetime) -> list[AccountId]:
    """Note the last use of every standing right, and return those whose giving and last use lie before an instant."""
    await tx.execute(
        """update policy_footage_right r set used_at = p.used_at from
               (select account_id, max(granted_at) as used_at from policy_permit where acts && %s::text[] group by 1) p
           where r.account_id = p.account_id and r.used_at is distinct from p.used_at""",
        ([a.value for a in acts],),
    )
    rows = await tx.all(
        """select account_id from policy_footage_right
           where suspended_at is null and ended_at is null and greatest(granted_at, used_at) < %s""",
        (before,),
    )
    return [AccountId(r[0]) for r in rows]


async def without_right(tx: Tx, roles: Collection[Role]) -> list[AccountId]:
    """Return accounts in use whose role views footage and who never had a right: made before there were any."""
    rows = await tx.all(
        """select account_id from policy_account a where role = any(%s) and disabled_at is null
           and not exists (select 1 from policy_footage_right r where r.account_id = a.account_id)""",
        ([r.value for r in roles],),
    )
    return [AccountId(r[0]) for r in rows]


async def living_permits(tx: Tx, account_id: AccountId, acts: Collection[Act], now: datetime) -> list[PermitId]:
    """Return an account's permits for these acts that still run."""
    rows = await tx.all(
        """select permit_id from policy_permit
           where account_id = %s and revoked_at is null and not_after > %s and acts && %s::text[]""",
        (account_id, now, [a.value for a in acts]),
    )
    return [PermitId(r[0]) for r in rows]


@dataclass(frozen=True, slots=True)
class FootageLimit:
    """How many people a centre lets view its footage."""

    most: int
    reason: str
    decided_at: datetime


async def read_limit(tx: Tx) -> FootageLimit | None:
    """Return this centre's limit, or None where it decided none yet."""
    row = await tx.one("select most, reason, decided_at from policy_footage_limit")
    return None if row is None else FootageLimit(row[0], row[1], row[2])


async def set_limit(tx: Tx, most: int, reason: str, by: AccountId, now: datetime) -> None:
    """Write how many people may view."""
    await tx.execute(
        """insert into policy_footage_limit (centre_id, most, reason, decided_by, decided_at)
           values (%s, %s, %s, %s, %s)
           on conflict (centre_id) do update set most = excluded.most, reason = excluded.reason,
               decided_by = excluded.decided_by, decided_at = excluded.decided_at""",
        (tx.centre_id, most, reason, by, now),
    )
