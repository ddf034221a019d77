"""The right to view a centre's footage at all: counted, given one by one, looked at again, resting when unused (CC-03).

It opens nothing by itself: what is viewed, why and until when is a permit's matter. Without it there is no permit.
"""

from __future__ import annotations

from datetime import datetime

from ansimnet.facts.duties import DutyBreached
from ansimnet.facts.policy import (
    FootageLimitDecided,
    FootageRightCertified,
    FootageRightEnded,
    FootageRightGranted,
    FootageRightSuspended,
)
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules.agencies import FOOTAGE_ROLES, NEEDS_RIGHT, UNUSED_LASTS, VIEWING
from ansimnet.slices.policy.store import accounts, rights

RECERTIFICATION = "footage-right-recertification"
"""The duty's name in the deadline engine's table."""


class OverTheLimit(Conflict):
    """The centre lets no more people view its footage; one more needs a reason."""

    name = "over-the-limit"


class NoFootageRole(Refusal):
    """This role's work has no footage in it."""

    name = "no-footage-role"


class NotToOneself(Refusal):
    """Nobody gives this right to oneself."""

    name = "not-to-oneself"


async def joined(tx: Tx, account: Account, now: datetime, *, actor: str = "system:policy") -> None:
    """Give a new colleague whose role views footage the right, due for another look in a quarter; or let it rest.

    Where the centre has decided on a limit and it is reached, the right begins suspended: somebody gives it by hand.
    """
    if account.role not in FOOTAGE_ROLES:
        return
    limit = await rights.read_limit(tx)
    over = limit is not None and await rights.count_standing(tx) >= limit.most
    await rights.add_right(tx, account.account_id, "joining", None, None, now)
    await _tell_granted(tx, account.account_id, "joining", over_limit=over, by=None, now=now, actor=actor)
    if over:
        await suspend(tx, account.account_id, "over-limit", now)


async def left(tx: Tx, account_id: AccountId, because: str, now: datetime) -> None:
    """End the right of somebody who left (disabled) or whose new role has no footage in it (moved)."""
    if not await rights.end(tx, account_id, because, now):
        return
    await _revoke(tx, account_id, f"footage right ended: {because}", now)
    fact = FootageRightEnded(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, because=because)
    await ledger.append(tx, fact, actor="system:policy")


async def moved(tx: Tx, account_id: AccountId, now: datetime) -> None:
    """Bring the right in line with the role an account has now: joiner, or leaver."""
    account = await accounts.lock_account(tx, account_id)
    if account is None or account.disabled_at is not None or account.role not in FOOTAGE_ROLES:
        await left(tx, account_id, "moved" if account is not None and account.disabled_at is None else "disabled", now)
        return
    found = await rights.read_right(tx, account_id, lock=True)
    if found is None or found.ended_at is not None:
        await joined(tx, account, now)


async def grant(tx: Tx, by: Account, account_id: AccountId, reason: str, now: datetime) -> None:
    """Give the right by hand, or back: to one person, by another, with a reason where the limit is reached.

    Raises:
        NotFound: no such account is in use here.
        NoFootageRole: its role has no footage in it.
        NotToOneself: one's own.
        OverTheLimit: as many view as the centre decided, and no reason is given.
    """
    account = await accounts.lock_account(tx, account_id)
    if account is None or account.disabled_at is not None:
        raise NotFound("no such account is in use")
    if account.role not in FOOTAGE_ROLES:
        raise NoFootageRole
    if account_id == by.account_id:
        raise NotToOneself
    found = await rights.read_right(tx, account_id, lock=True)
    if found is not None and found.stands:
        raise Conflict("this right stands already")
    limit = await rights.read_limit(tx)
    over = limit is not None and await rights.count_standing(tx) >= limit.most
    if over and not reason.strip():
        raise OverTheLimit(most=limit.most if limit is not None else 0, todo="say why one more is needed")
    await rights.add_right(tx, account_id, "granted", by.account_id, reason.strip() or None, now)
    actor = f"account:{by.account_id}"
    if found is not None and found.ended_at is None:  # it rested: whoever gives it back has looked again
        fact = FootageRightCertified(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, by=by.account_id)
        await ledger.append(tx, fact, actor=actor)
        return
    await _tell_granted(tx, account_id, "granted", over_limit=over, by=by.account_id, now=now, actor=actor)


async def _tell_granted(
    tx: Tx, account_id: AccountId, how: str, *, over_limit: bool, by: AccountId | None, now: datetime, actor: str
) -> None:
    fact = FootageRightGranted(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, how=how, over_limit=over_limit, by=by
    )
    await ledger.append(tx, fact, actor=actor)


async def certify(tx: Tx, by: Account, account_id: AccountId, now: datetime) -> None:
    """Write that somebody looked again and the account still needs its right; the next look is due in a quarter.

    Raises:
        NotFound: it has no right that stands.
        NotToOneself: one's own.
    """
    if account_id == by.account_id:
        raise NotToOneself
    found = await rights.read_right(tx, account_id, lock=True)
    if found is None or not found.stands:
        raise NotFound("no such right stands", todo="give it back with a reason if it is needed")
    await rights.certify(tx, account_id, by.account_id, now)
    fact = FootageRightCertified(fact_id=FactId(new_id()), happened_at=now, account_id=account_id, by=by.account_id)
    await ledger.append(tx, fact, actor=f"account:{by.account_id}")


async def suspend(tx: Tx, account_id: AccountId, because: str, now: datetime, *, by: AccountId | None = None) -> bool:
    """Let a right rest, and end every look under it at once; False where it rests already.

    Args:
        because: not-certified, unused, by-hand or over-limit.
    """
    if not await rights.suspend(tx, account_id, because, now):
        return False
    ended = await _revoke(tx, account_id, f"footage right suspended: {because}", now)
    fact = FootageRightSuspended(
        fact_id=FactId(new_id()), happened_at=now, account_id=account_id, because=because, permits=ended, by=by
    )
    await ledger.append(tx, fact, actor="system:policy" if by is None else f"account:{by}")
    return True


async def _revoke(tx: Tx, account_id: AccountId, reason: str, now: datetime) -> int:
    ids = await rights.living_permits(tx, account_id, NEEDS_RIGHT, now)
    return len(await store.revoke(tx, now, reason, permits=ids)) if ids else 0


async def breached(tx: Tx, fact: DutyBreached, now: datetime) -> None:
    """Suspend a right that nobody looked at again in time: what the rule says follows its breach."""
    if fact.rule == RECERTIFICATION:
        await suspend(tx, AccountId(fact.about), "not-certified", now)


async def suspend_unused(tx: Tx, now: datetime) -> int:
    """Let rights rest that nobody used for 90 days, and give those made before there were any; return how many rest."""
    rested = 0
    for account_id in await rights.unused_since(tx, VIEWING, now - UNUSED_LASTS):
        rested += await suspend(tx, account_id, "unused", now)
    for account_id in await rights.without_right(tx, FOOTAGE_ROLES):
        await moved(tx, account_id, now)
    return rested


async def decide_limit(tx: Tx, by: Account, most: int, reason: str, now: datetime) -> None:
    """Decide how many people may view this centre's footage. Who is over stays; one more needs a reason."""
    await rights.set_limit(tx, most, reason, by.account_id, now)
    fact = FootageLimitDecided(fact_id=FactId(new_id()), happened_at=now, most=most, by=by.account_id)
    await ledger.append(tx, fact, actor=f"account:{by.account_id}")
