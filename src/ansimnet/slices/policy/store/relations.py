"""What ties accounts to what they answer for, as rows, and which places an account can see at this moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import AccountId, PermitId
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.slices.policy.model import Relation


async def add_relation(
    tx: Tx,
    relation_id: UUID,
    account_id: AccountId,
    relation: Relation,
    resources: Collection[UUID] | None,
    from_at: datetime,
    until_at: datetime,
) -> None:
    """Tie an account to ids, or to none (training), for a period."""
    await tx.execute(
        """insert into policy_relation (relation_id, account_id, relation, resources, from_at, until_at)
           values (%s, %s, %s, %s, %s, %s)""",
        (relation_id, account_id, relation, None if resources is None else list(resources), from_at, until_at),
    )


async def end_relation(tx: Tx, relation_id: UUID, now: datetime) -> AccountId | None:
    """End a tie; return whose it was, None where no such tie stands."""
    row = await tx.one(
        "update policy_relation set ended_at = %s where relation_id = %s and ended_at is null returning account_id",
        (now, relation_id),
    )
    return None if row is None else AccountId(row[0])


async def relations_of(tx: Tx, account_id: AccountId, now: datetime) -> list[tuple[Relation, frozenset[UUID] | None]]:
    """Return the ties of an account that stand now."""
    rows = await tx.all(
        """select relation, resources from policy_relation
           where account_id = %s and ended_at is null and from_at <= %s and until_at > %s""",
        (account_id, now, now),
    )
    return [(Relation(r[0]), None if r[1] is None else frozenset(r[1])) for r in rows]


async def standing(
    tx: Tx, account_id: AccountId, relation: Relation, now: datetime
) -> list[tuple[UUID, frozenset[UUID] | None, datetime]]:
    """Return the ties of one sort that stand now: their ids, what they tie to, until when."""
    rows = await tx.all(
        """select relation_id, resources, until_at from policy_relation
           where account_id = %s and relation = %s and ended_at is null and until_at > %s order by from_at""",
        (account_id, relation, now),
    )
    return [(r[0], None if r[1] is None else frozenset(r[1]), r[2]) for r in rows]


async def acts_held(tx: Tx, account_id: AccountId, acts: Collection[Act], now: datetime) -> frozenset[Act]:
    """Return which of these acts the account may do at this moment, under permits that stand."""
    rows = await tx.all(
        """select distinct unnest(acts) from policy_permit
           where account_id = %s and revoked_at is null and not_after > %s and acts && %s::text[]""",
        (account_id, now, list(acts)),
    )
    return frozenset(Act(r[0]) for r in rows) & frozenset(acts)


async def set_competent(tx: Tx, resource_id: UUID, office: str, now: datetime) -> str | None:
    """Say which office is competent for a resource; return the one that was, None where none was."""
    before = await tx.one("select office from policy_competence where resource_id = %s for update", (resource_id,))
    await tx.execute(
        """insert into policy_competence (resource_id, office, since) values (%s, %s, %s)
           on conflict (resource_id) do update set office = excluded.office, since = excluded.since""",
        (resource_id, office, now),
    )
    return None if before is None else str(before[0])


async def competent_for(tx: Tx, office: str) -> frozenset[UUID]:
    """Return what an office is competent for."""
    rows = await tx.all("select resource_id from policy_competence where office = %s", (office,))
    return frozenset(r[0] for r in rows)


async def permits_elsewhere(tx: Tx, resource_id: UUID, office: str, now: datetime) -> list[PermitId]:
    """Return the permits to a resource that people of other offices hold now."""
    rows = await tx.all(
        """select p.permit_id from policy_permit p join policy_account a using (account_id)
           where p.revoked_at is null and p.not_after > %s and a.office <> %s and p.resources @> array[%s]::uuid[]""",
        (now, office, resource_id),
    )
    return [PermitId(r[0]) for r in rows]
