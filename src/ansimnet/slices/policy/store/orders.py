"""Orders of courts and prosecutors, and holds, as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId, GroundId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.store.typed import seal, unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as it stands: registered → in_force → withdrawn. Its number is sealed beside it."""

    order_id: UUID
    issuer: str
    statute: str
    opens: frozenset[str]
    resources: frozenset[UUID]
    from_at: datetime
    until_at: datetime
    hidden_until_at: datetime | None
    registered_by: AccountId
    registered_at: datetime
    state: str = "registered"
    confirmed_by: AccountId | None = None
    ground_id: GroundId | None = None


_COLUMNS: LiteralString = """order_id, issuer, statute, opens, resources, from_at, until_at, hidden_until_at,
    registered_by, registered_at, state, confirmed_by, ground_id"""


def _order(r: Row) -> OrderRow:
    return OrderRow(
        order_id=r[0],
        issuer=r[1],
        statute=r[2],
        opens=frozenset(r[3]),
        resources=frozenset(r[4]),
        from_at=r[5],
        until_at=r[6],
        hidden_until_at=r[7],
        registered_by=AccountId(r[8]),
        registered_at=r[9],
        state=r[10],
        confirmed_by=None if r[11] is None else AccountId(r[11]),
        ground_id=None if r[12] is None else GroundId(r[12]),
    )


async def add_order(tx: Tx, order: OrderRow, *, number: str, reason: str) -> bool:
    """Enter an order; False where this centre has this issuer's number already."""
    year = order.registered_at.year
    digest = hashlib.sha256(f"{tx.centre_id}|{order.issuer}|{number}".encode()).digest()
    row = await tx.one(
        """insert into policy_order (order_id, issuer, statute, opens, resources, from_at, until_at, hidden_until_at,
               sealed, number_sha256, key_year, registered_by, registered_at, state)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'registered')
           on conflict (centre_id, issuer, number_sha256) do nothing returning 1""",
        (
            order.order_id,
            order.issuer,
            order.statute,
            sorted(order.opens),
            sorted(order.resources),
            order.from_at,
            order.until_at,
            order.hidden_until_at,
            seal(tx, order.order_id, year, {"number": number, "reason": reason}, "order"),
            digest,
            year,
            order.registered_by,
            order.registered_at,
        ),
    )
    return row is not None


async def lock_order(tx: Tx, order_id: UUID, *, write: bool = True) -> OrderRow | None:
    """Return an order as it is now; nobody changes it before this transaction ends."""
    sql: LiteralString = f"select {_COLUMNS} from policy_order where order_id = %s for "
    row = await tx.one(sql + ("update" if write else "share"), (order_id,))
    return None if row is None else _order(row)


async def list_orders(tx: Tx, limit: int = 200) -> list[tuple[OrderRow, dict[str, object] | None]]:
    """Return the orders of this centre with their numbers, newest first."""
    rows = await tx.all(
        f"select {_COLUMNS}, sealed, key_year from policy_order order by registered_at desc limit %s", (limit,)
    )
    return [(_order(r), unseal(tx, r[0], r[14], r[13], "order")) for r in rows]


async def confirm_order(tx: Tx, order_id: UUID, by: AccountId, ground_id: GroundId | None, now: datetime) -> None:
    """Put an order in force that the caller holds locked."""
    await tx.execute(
        """update policy_order set state = 'in_force', confirmed_by = %s, confirmed_at = %s, ground_id = %s
           where order_id = %s""",
        (by, now, ground_id, order_id),
    )


async def withdraw_order(tx: Tx, order_id: UUID, by: AccountId, now: datetime) -> None:
    """End an order that the caller holds locked."""
    await tx.execute(
        "update policy_order set state = 'withdrawn', ended_by = %s, ended_at = %s where order_id = %s",
        (by, now, order_id),
    )


# ------------------------------------------------------------------------------------------------- holds


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """What one person asked of a hold and another confirms. `until_at`: of a renewal, its new end."""

    change: str  # release | renewal
    by: AccountId
    at: datetime
    until_at: datetime | None
    reason: str | None = None  # None where it was not read, or its key was destroyed


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """Who keeps what, under which ground, until when. The case and the reason are sealed beside it."""

    hold_id: UUID
    resources: frozenset[UUID]
    statute: str
    order_id: UUID | None
    placed_by: AccountId
    placed_at: datetime
    until_at: datetime
    renewals: int = 0
    released_at: datetime | None = None
    covers: tuple[datetime, datetime] | None = None  # of what is recorded, only what was then; None: everything
    asked: HoldAsked | None = None


_HOLD: LiteralString = """hold_id, resources, statute, order_id, placed_by, placed_at, until_at, renewals,
    released_at, covers_from_at, covers_until_at, asked_change, asked_by, asked_at, asked_until_at"""


def _hold(r: Row) -> HoldRow:
    return HoldRow(
        hold_id=r[0],
        resources=frozenset(r[1]),
        statute=r[2],
        order_id=r[3],
        placed_by=AccountId(r[4]),
        placed_at=r[5],
        until_at=r[6],
        renewals=r[7],
        released_at=r[8],
        covers=None if r[9] is None else (r[9], r[10]),
        asked=None if r[11] is None else HoldAsked(r[11], AccountId(r[12]), r[13], r[14]),
    )


async def lock_ids(tx: Tx, ids: Collection[UUID]) -> None:
    """Let nobody else hold or destroy any of these ids before this transaction ends; in one order, so none deadlock."""
    for each in sorted(ids):
        await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"hold {tx.centre_id} {each}"])


async def add_hold(tx: Tx, hold: HoldRow, *, case_no: str, reason: str) -> None:
    """Put a hold on file."""
    year = hold.placed_at.year
    await tx.execute(
        """insert into policy_hold (hold_id, resources, statute, order_id, sealed, key_year, placed_by, placed_at,
               until_at, covers_from_at, covers_until_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            hold.hold_id,
            sorted(hold.resources),
            hold.statute,
            hold.order_id,
            seal(tx, hold.hold_id, year, {"case_no": case_no, "reason": reason}, "hold"),
            year,
            hold.placed_by,
            hold.placed_at,
            hold.until_at,
            *(hold.covers or (None, None)),
        ),
    )


async def lock_hold(tx: Tx, hold_id: UUID) -> HoldRow | None:
    """Return a hold as it is now; nobody changes it before this transaction ends."""
    row = await tx.one(f"select {_HOLD} from policy_hold where hold_id = %s for update", (hold_id,))
    return None if row is None else _hold(row)


async def ask_of_hold(tx: Tx, hold: HoldRow, asked: HoldAsked) -> None:
    """Keep what one person asks of a hold, until another confirms it or somebody sets it aside."""
    await tx.execute(
        """update policy_hold set asked_change = %s, asked_by = %s, asked_at = %s, asked_until_at = %s,
               asked_sealed = %s where hold_id = %s""",
        (
            asked.change,
            asked.by,
            asked.at,
            asked.until_at,
            seal(tx, hold.hold_id, hold.placed_at.year, {"reason": asked.reason}, "hold-asked"),
            hold.hold_id,
        ),
    )


async def set_aside(tx: Tx, hold_id: UUID) -> None:
    """Forget what was asked of a hold."""
    await tx.execute(
        """update policy_hold set asked_change = null, asked_by = null, asked_at = null, asked_until_at = null,
               asked_sealed = null where hold_id = %s""",
        (hold_id,),
    )


async def renew_hold(tx: Tx, hold_id: UUID, until_at: datetime) -> None:
    """Move a hold's end; a renewal that was asked for is answered by it."""
    await tx.execute(
        "update policy_hold set until_at = %s, renewals = renewals + 1 where hold_id = %s", (until_at, hold_id)
    )
    await set_aside(tx, hold_id)


async def release_hold(tx: Tx, hold_id: UUID, by: AccountId, now: datetime) -> None:
    """End a hold by hand."""
    await tx.execute("update policy_hold set released_at = %s, released_by = %s where hold_id = %s", (now, by, hold_id))


async def list_holds(tx: Tx, limit: int = 200) -> list[tuple[HoldRow, dict[str, object] | None]]:
    """Return the holds of this centre with case and reason, those that stand first."""
    rows = await tx.all(
        f"""select {_HOLD}, sealed, asked_sealed, key_year from policy_hold
            order by released_at is not null, placed_at desc limit %s""",
        (limit,),
    )
    found = []
    for r in rows:
        hold, (sealed, asked_sealed, year) = _hold(r), r[-3:]
        if hold.asked is not None:
            said = unseal(tx, hold.hold_id, year, asked_sealed, "hold-asked")
            hold = replace(hold, asked=replace(hold.asked, reason=None if said is None else str(said["reason"])))
        found.append((hold, unseal(tx, hold.hold_id, year, sealed, "hold")))
    return found


async def known_holds(tx: Tx, since: datetime) -> list[HoldRow]:
    """Return the holds that stand, and those that ended since an instant."""
    return [_hold(r) for r in await tx.all(f"select {_HOLD} from policy_hold where until_at > %s", (since,))]


async def held(tx: Tx, ids: Collection[UUID], now: datetime) -> bool:
    """Return whether a hold that stands now names any of these ids, or is one of them."""
    row = await tx.one(
        """select 1 from policy_hold where released_at is null and until_at > %(now)s
           and (resources && %(ids)s::uuid[] or hold_id = any(%(ids)s)) limit 1""",
        {"now": now, "ids": list(ids)},
    )
    return row is not None
