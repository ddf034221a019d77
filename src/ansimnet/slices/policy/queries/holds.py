"""Holds: data that nobody destroys, under a ground and a case, until a stated end (CC-04). A hold wins over erasure.

One person places a hold at once: evidence does not wait. Two people lift it, for what it kept is destroyed then, and
two keep it longer than the rule.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ansimnet.facts.policy import HoldChanged
from ansimnet.kernel import clock
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.approvals import same_person
from ansimnet.slices.policy.queries.grounds import NoReason
from ansimnet.slices.policy.rules.second import MOST_HOLD, PLACES_HOLD
from ansimnet.slices.policy.store import orders as rows
from ansimnet.slices.policy.store.orders import HoldAsked, HoldRow

__all__ = [
    "HoldRow",
    "ask_release",
    "confirm_hold",
    "held",
    "holds_against",
    "holds_listed",
    "place_hold",
    "renew_hold",
    "set_hold_aside",
]


async def place_hold(
    tx: Tx,
    account: Account,
    *,
    resources: Collection[UUID],
    statute: str,
    case_no: str,
    reason: str,
    until_at: datetime,
    now: datetime,
    order_id: UUID | None = None,
    covers: tuple[datetime, datetime] | None = None,
) -> HoldRow:
    """Keep data of these persons or things from being destroyed until an end.

    `covers`: of what is recorded of them (a camera's footage), only `[from, until)`; None: everything.

    Whoever is destroying one of them right now comes first; this waits, and holds what is left.

    Raises:
        Forbidden: this role holds nothing, or the order it names is not in force.
        Refusal: clause, case, reason, scope or end is missing.
    """
    if account.role not in PLACES_HOLD:
        raise Forbidden("this role holds no data", detail_ko="이 역할은 보존을 정하지 않습니다")
    if not statute.strip() or not case_no.strip() or not reason.strip() or not 0 < len(set(resources)) <= 64:
        raise Refusal(
            "a hold has a clause, a case, a reason and a scope", detail_ko="근거, 사건, 까닭, 대상을 적으십시오"
        )
    if covers is not None and not covers[0] < covers[1]:
        raise Refusal("a hold covers a time that ends after it begins", detail_ko="시작보다 뒤인 끝을 적으십시오")
    if not now < until_at <= now + MOST_HOLD:
        raise Refusal("a hold ends within 90 days, and is renewed", detail_ko="보존은 90일 안에 끝나고, 연장합니다")
    if order_id is not None:
        order = await rows.lock_order(tx, order_id, write=False)
        if order is None or order.state != "in_force" or not order.from_at <= now < order.until_at:
            raise Forbidden("the order is not in force", detail_ko="명령이 효력을 갖고 있지 않습니다")
    hold = HoldRow(
        hold_id=new_id(),
        resources=frozenset(resources),
        statute=statute.strip(),
        order_id=order_id,
        placed_by=account.account_id,
        placed_at=now,
        until_at=until_at,
        covers=covers,
    )
    await rows.lock_ids(tx, hold.resources)
    await rows.add_hold(tx, hold, case_no=case_no.strip(), reason=reason.strip())
    await _changed(tx, hold, "placed", hold.until_at, account.account_id, now)
    return hold


async def renew_hold(tx: Tx, account: Account, hold_id: UUID, reason: str, until_at: datetime, now: datetime) -> bool:
    """Let a standing hold last longer, for a reason: at once within 90 days of its beginning.

    Returns:
        Whether it lasts longer now; if not, another person is asked to confirm it.

    Raises:
        NoReason, NotFound, Forbidden, Conflict, Refusal: nothing said, none there, not this role's, over or asked of
        already, too long.
    """
    hold = await _standing(tx, account, hold_id, reason, now)
    if not hold.until_at < until_at <= now + MOST_HOLD:
        raise Refusal("a renewal ends later, within 90 days", detail_ko="더 늦게, 90일 안에 끝나야 합니다")
    if until_at > hold.placed_at + MOST_HOLD:
        await _ask(tx, hold, HoldAsked("renewal", account.account_id, now, until_at, reason.strip()))
        return False
    if hold.asked is not None:
        raise _asked_already()
    await rows.renew_hold(tx, hold_id, until_at)
    await _changed(tx, hold, "renewed", until_at, account.account_id, now)
    return True


async def ask_release(tx: Tx, account: Account, hold_id: UUID, reason: str, now: datetime) -> None:
    """Ask that a hold be lifted; it stands until another person confirms. Raises as `renew_hold`."""
    hold = await _standing(tx, account, hold_id, reason, now)
    await _ask(tx, hold, HoldAsked("release", account.account_id, now, None, reason.strip()))


async def confirm_hold(tx: Tx, account: Account, hold_id: UUID, now: datetime) -> None:
    """Do what another person asked of a hold: lift it, or let it last longer than the rule.

    What it kept is destroyed when its own time has come.

    Raises:
        NotFound, Forbidden, Conflict: none there; not this role's, or one's own asking; over, or nothing was asked.
    """
    hold = await _standing(tx, account, hold_id, "confirmed", now)
    asked = hold.asked
    if asked is None:
        raise Conflict("nothing was asked of this hold", detail_ko="이 보존에 청한 것이 없습니다")
    if account.account_id == asked.by or await same_person(tx, account.account_id, asked.by):
        raise Forbidden("another person confirms", detail_ko="청한 사람이 아닌 다른 사람이 확인합니다")
    if asked.until_at is None:
        await rows.release_hold(tx, hold_id, account.account_id, now)
        await _changed(tx, hold, "released", now, account.account_id, now)
    elif asked.until_at <= hold.until_at:
        raise Conflict("it lasts that long already", detail_ko="이미 그때까지입니다")
    else:
        await rows.renew_hold(tx, hold_id, asked.until_at)
        await _changed(tx, hold, "renewed", asked.until_at, account.account_id, now)


async def set_hold_aside(tx: Tx, account: Account, hold_id: UUID, now: datetime) -> None:
    """Leave a hold as it is: whoever asked takes it back, or another refuses. Raises as `confirm_hold`."""
    hold = await _standing(tx, account, hold_id, "set aside", now)
    if hold.asked is None:
        raise Conflict("nothing was asked of this hold", detail_ko="이 보존에 청한 것이 없습니다")
    await rows.set_aside(tx, hold_id)
    await _changed(tx, hold, "left", hold.until_at, account.account_id, now)


async def _ask(tx: Tx, hold: HoldRow, asked: HoldAsked) -> None:
    if hold.asked is not None:
        raise _asked_already()
    await rows.ask_of_hold(tx, hold, asked)
    await _changed(tx, hold, f"{asked.change}-asked", asked.until_at or hold.until_at, asked.by, asked.at)


def _asked_already() -> Conflict:
    return Conflict(
        "somebody asked already; confirm it or set it aside", detail_ko="이미 청한 것이 있습니다. 먼저 답하십시오"
    )


async def _standing(tx: Tx, account: Account, hold_id: UUID, reason: str, now: datetime) -> HoldRow:
    if not reason.strip():
        raise NoReason(todo="say in one sentence why")
    if account.role not in PLACES_HOLD:
        raise Forbidden("this role holds no data", detail_ko="이 역할은 보존을 정하지 않습니다")
    hold = await rows.lock_hold(tx, hold_id)
    if hold is None:
        raise NotFound("there is no such hold")
    if hold.released_at is not None or hold.until_at <= now:
        raise Conflict("the hold is over", detail_ko="이미 끝난 보존입니다")
    return hold


async def _changed(tx: Tx, hold: HoldRow, change: str, until_at: datetime, by: AccountId, now: datetime) -> None:
    fact = HoldChanged(
        fact_id=FactId(new_id()),
        happened_at=now,
        hold_id=hold.hold_id,
        change=change,
        resources=tuple(sorted(hold.resources)),
        statute=hold.statute,
        order_id=hold.order_id,
        until_at=until_at,
        by=by,
        covers_from_at=None if hold.covers is None else hold.covers[0],
        covers_until_at=None if hold.covers is None else hold.covers[1],
    )
    await ledger.append(tx, fact, actor=f"account:{by}")


async def held(tx: Tx, ids: UUID | Collection[UUID], now: datetime | None = None) -> bool:
    """Return whether a hold that stands names any of these persons or things: then nothing of theirs is destroyed.

    Ask in the transaction that destroys: nobody can place a hold on them before it ends. `now` defaults to the clock.
    """
    asked = frozenset({ids}) if isinstance(ids, UUID) else frozenset(ids)
    await rows.lock_ids(tx, asked)
    return await rows.held(tx, asked, clock.now() if now is None else now)


async def holds_against(tx: Tx, ids: Collection[UUID], since: datetime) -> list[HoldRow]:
    """Return the holds that stand or ended since an instant, whatever they name.

    Nobody can place one on these ids before this transaction ends: ask in the one that destroys what is theirs.
    """
    await rows.lock_ids(tx, ids)
    return await rows.known_holds(tx, since)


async def holds_listed(tx: Tx) -> list[tuple[HoldRow, dict[str, object] | None]]:
    """Return this centre's holds with case and reason, those that stand first."""
    return await rows.list_holds(tx)
