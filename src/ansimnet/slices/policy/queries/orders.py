"""Orders of courts and prosecutors: entered, confirmed by a second pair of eyes, ended by time or withdrawal."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ansimnet.facts.policy import OrderChanged, OrderRegistered
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import FactId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.approvals import end_under
from ansimnet.slices.policy.queries.grounds import NoReason, end_ground, grant_ground
from ansimnet.slices.policy.rules.second import (
    CONFIRMS_ORDER,
    MOST_ORDER,
    ORDER_OPENS,
    REGISTERS_ORDER,
    RequestKind,
)
from ansimnet.slices.policy.store import accounts
from ansimnet.slices.policy.store import orders as rows
from ansimnet.slices.policy.store.orders import OrderRow
from ansimnet.slices.policy.store.requests import same_person


class OrderTwice(Conflict):
    """This issuer's order is registered already."""

    name = "order-twice"


class SecondEyes(Forbidden):
    """Another person confirms an order, one whose work it is."""

    name = "second-eyes"


OPENS = frozenset(a.value for a in ORDER_OPENS) | frozenset(k.value for k in RequestKind)
"""What an order can name: acts that it opens by itself, and requests that it carries."""


async def register_order(
    tx: Tx,
    account: Account,
    *,
    issuer: str,
    number: str,
    statute: str,
    opens: Collection[str],
    resources: Collection[UUID],
    from_at: datetime,
    until_at: datetime,
    reason: str,
    now: datetime,
    hidden_until_at: datetime | None = None,
) -> OrderRow:
    """Enter an order. It opens nothing before somebody else confirms it.

    Raises:
        Forbidden: this role enters no order of that issuer.
        Refusal: number, clause, scope or end is missing, or it opens what no order opens.
        OrderTwice: the number is there already.
    """
    if account.role not in REGISTERS_ORDER.get(issuer, frozenset()):
        raise Forbidden("this role enters no such order", detail_ko="이 역할은 이 명령을 등록하지 않습니다")
    if not number.strip() or not statute.strip() or not reason.strip():
        raise Refusal("an order has a number, a clause and a reason", detail_ko="번호, 조항, 까닭이 있어야 합니다")
    if not opens or not set(opens) <= OPENS or not 0 < len(set(resources)) <= 64:
        raise Refusal("an order names what it opens, and to whom", detail_ko="여는 것과 대상을 적으십시오")
    if not from_at < until_at <= from_at + MOST_ORDER or until_at <= now:
        raise Refusal("an order ends, within a year of its beginning", detail_ko="끝나는 때가 있어야 합니다")
    if hidden_until_at is not None and issuer != "court":
        raise Forbidden("a court alone delays disclosure", detail_ko="열람 고지는 법원만 늦출 수 있습니다")
    row = OrderRow(
        order_id=new_id(),
        issuer=issuer,
        statute=statute.strip(),
        opens=frozenset(opens),
        resources=frozenset(resources),
        from_at=from_at,
        until_at=until_at,
        hidden_until_at=hidden_until_at,
        registered_by=account.account_id,
        registered_at=now,
    )
    if not await rows.add_order(tx, row, number=number.strip(), reason=reason.strip()):
        raise OrderTwice(detail_ko="이미 등록된 명령입니다")
    await ledger.append(tx, _registered(row, number.strip(), now), actor=f"account:{account.account_id}")
    return row


def _registered(row: OrderRow, number: str, now: datetime) -> OrderRegistered:
    return OrderRegistered(
        fact_id=FactId(new_id()),
        happened_at=now,
        order_id=row.order_id,
        issuer=row.issuer,
        statute=row.statute,
        opens=tuple(sorted(row.opens)),
        resources=tuple(sorted(row.resources)),
        from_at=row.from_at,
        until_at=row.until_at,
        by=row.registered_by,
        number=number,
    )


async def confirm_order(tx: Tx, account: Account, order_id: UUID, now: datetime) -> OrderRow:
    """Confirm an order as the second pair of eyes: its ground stands, from its beginning to its end.

    Raises:
        NotFound: there is no such order.
        SecondEyes: the one who entered it, the same person by another account, or a role that confirms none.
        Conflict: it is confirmed, withdrawn or over.
    """
    who = await accounts.lock_account(tx, account.account_id)
    row = await rows.lock_order(tx, order_id)
    if row is None or who is None or who.disabled_at is not None:
        raise NotFound("there is no such order")
    own = who.account_id == row.registered_by or await same_person(tx, who.account_id, row.registered_by)
    if own or who.role not in CONFIRMS_ORDER:
        raise SecondEyes(detail_ko="다른 담당자가 확인합니다")
    if row.state != "registered" or now >= row.until_at:
        raise Conflict("the order is confirmed, withdrawn or over", detail_ko="이미 처리되었거나 끝난 명령입니다")
    acts = frozenset(Act(a) for a in row.opens if a in {o.value for o in ORDER_OPENS})
    ground_id: GroundId | None = None
    if acts:
        ground_id = await grant_ground(
            tx,
            GroundKind.ORDER,
            row.statute,
            resources=row.resources,
            from_at=max(now, row.from_at),
            until_at=row.until_at,
            now=now,
            about=(row.order_id,),
            acts=acts,
            hidden_until_at=row.hidden_until_at,
            actor=f"account:{who.account_id}",
        )
    await rows.confirm_order(tx, order_id, who.account_id, ground_id, now)
    await _changed(tx, order_id, "confirmed", account, ground_id, now)
    found = await rows.lock_order(tx, order_id)
    assert found is not None
    return found


async def withdraw_order(tx: Tx, account: Account, order_id: UUID, reason: str, now: datetime) -> None:
    """End an order: its ground, every request that rests on it, and every permit under them, in this transaction.

    Raises:
        NoReason: nothing was said.
        NotFound: there is no such order.
        Forbidden: neither the one who entered it nor one who confirms orders.
        Conflict: it was withdrawn already.
    """
    if not reason.strip():
        raise NoReason(todo="say in one sentence why it ends")
    row = await rows.lock_order(tx, order_id)
    if row is None:
        raise NotFound("there is no such order")
    if account.account_id != row.registered_by and account.role not in CONFIRMS_ORDER:
        raise Forbidden("this role withdraws no order", detail_ko="이 역할은 명령을 거두지 않습니다")
    if row.state == "withdrawn":
        raise Conflict("the order was withdrawn already", detail_ko="이미 거둔 명령입니다")
    await rows.withdraw_order(tx, order_id, account.account_id, now)
    if row.ground_id is not None:
        await end_ground(tx, row.ground_id, "withdrawn", now, actor=f"account:{account.account_id}")
    await end_under(tx, order_id, account.account_id, now)
    await _changed(tx, order_id, "withdrawn", account, row.ground_id, now)


async def _changed(
    tx: Tx, order_id: UUID, change: str, account: Account, ground_id: GroundId | None, now: datetime
) -> None:
    fact = OrderChanged(
        fact_id=FactId(new_id()),
        happened_at=now,
        order_id=order_id,
        change=change,
        by=account.account_id,
        ground_id=ground_id,
    )
    await ledger.append(tx, fact, actor=f"account:{account.account_id}")


async def orders_listed(tx: Tx) -> list[tuple[OrderRow, dict[str, object] | None]]:
    """Return this centre's orders with their numbers, newest first."""
    return await rows.list_orders(tx)


async def order_in_force(tx: Tx, order_id: UUID, now: datetime) -> OrderRow | None:
    """Return an order that stands now: confirmed by a second pair of eyes, begun, neither over nor withdrawn."""
    row = await rows.lock_order(tx, order_id, write=False)
    if row is None or row.state != "in_force" or not row.from_at <= now < row.until_at:
        return None
    return row
