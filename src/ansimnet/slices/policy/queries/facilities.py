"""Who answers for which facilities: ties of a facility manager, given for a year at most and told on the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from ansimnet.facts.policy import FacilitiesAssigned
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Relation
from ansimnet.slices.policy.queries.relations import assign
from ansimnet.slices.policy.store import accounts, relations

MOST = timedelta(days=366)
"""A year and a day: whoever answers for facilities is named anew with the year's plan (ours)."""


class Facilities(NamedTuple):
    """What somebody answers for."""

    resources: frozenset[UUID]
    until_at: datetime


async def facilities_of(tx: Tx, account_id: AccountId, now: datetime) -> Facilities | None:
    """Return what a facility manager answers for now, None where for nothing."""
    ties = await relations.standing(tx, account_id, Relation.OWN_FACILITY, now)
    if not ties:
        return None
    _, resources, until_at = ties[-1]
    return Facilities(resources or frozenset(), until_at)


async def assign_facilities(
    tx: Tx,
    account_id: AccountId,
    resources: Collection[UUID],
    until_at: datetime,
    *,
    now: datetime,
    by: AccountId | None,
) -> None:
    """Let a facility manager answer for these in place of whatever was before.

    Raises:
        NotFound: no facility manager of this centre is in use under that id.
        Refusal: it ends before it begins, or not within a year, or names nothing.
    """
    await _manager(tx, account_id)
    if not now < until_at <= now + MOST:
        raise Refusal("name a day within a year", detail_ko="한 해 안의 날을 고르십시오")
    if not resources:
        raise Refusal("name at least one facility", detail_ko="시설을 하나 이상 고르십시오")
    await _end(tx, account_id, now)
    await assign(tx, account_id, Relation.OWN_FACILITY, resources, from_at=now, until_at=until_at)
    await _tell(tx, account_id, len(set(resources)), until_at, now, by)


async def end_facilities(tx: Tx, account_id: AccountId, *, now: datetime, by: AccountId | None) -> None:
    """Let a facility manager answer for nothing any more. Safe to run twice.

    Raises:
        NotFound: no facility manager of this centre is in use under that id.
    """
    await _manager(tx, account_id)
    if await _end(tx, account_id, now):
        await _tell(tx, account_id, 0, None, now, by)


async def _manager(tx: Tx, account_id: AccountId) -> None:
    account = await accounts.lock_account(tx, account_id)
    if account is None or account.disabled_at is not None or account.role is not Role.FACILITY_MANAGER:
        raise NotFound("no facility manager is in use under that id")


async def _end(tx: Tx, account_id: AccountId, now: datetime) -> bool:
    """End every tie, and the permits that stood on them: what may still be seen is asked for anew."""
    ties = await relations.standing(tx, account_id, Relation.OWN_FACILITY, now)
    for relation_id, _, _ in ties:
        await relations.end_relation(tx, relation_id, now)
    if ties:
        await store.revoke(tx, now, "released", account_id=account_id)
    return bool(ties)


async def _tell(
    tx: Tx, account_id: AccountId, count: int, until_at: datetime | None, now: datetime, by: AccountId | None
) -> None:
    fact = FacilitiesAssigned(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, count=count, until_at=until_at, by=by
    )
    await ledger.append(tx, fact, actor="system:policy" if by is None else f"account:{by}")
