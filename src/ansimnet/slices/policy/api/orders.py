"""Orders of courts and prosecutors, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.approvals import AnswerForm, home_of, may
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules import citation
from ansimnet.slices.policy.rules.second import CONFIRMS_ORDER, REGISTERS_ORDER
from ansimnet.slices.policy.store.orders import OrderRow

router = APIRouter(prefix="/api/v1", tags=["policy"])


class OrderForm(Form):
    """An order as it was served."""

    number: str = Field(min_length=1, max_length=60)
    issuer: Literal["court", "prosecution"]
    statute: str = Field(min_length=1, max_length=60)
    opens: list[str] = Field(min_length=1, max_length=16)
    resources: list[UUID] = Field(min_length=1, max_length=64)
    from_at: AwareDatetime
    until_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=500)
    hidden_until_at: AwareDatetime | None = None


class OrderShown(BaseModel):
    """An order in the register."""

    order_id: UUID
    number: str | None
    issuer: Literal["court", "prosecution"]
    statute: str
    opens: list[str]
    resources: list[UUID]
    from_at: datetime
    until_at: datetime
    state: Literal["registered", "in_force", "withdrawn", "over"]
    registered_by: str
    registered_at: datetime
    mine: bool
    may_confirm: bool


class OrdersShown(BaseModel):
    """The register, newest first."""

    orders: list[OrderShown]


def _shown(
    row: OrderRow, number: str | None, account: Account, names: dict[AccountId, str], now: datetime
) -> OrderShown:
    mine = row.registered_by == account.account_id
    over = now >= row.until_at and row.state != "withdrawn"
    state: Literal["registered", "in_force", "withdrawn", "over"] = "over"
    if not over:
        state = "withdrawn" if row.state == "withdrawn" else "in_force" if row.state == "in_force" else "registered"
    return OrderShown(
        order_id=row.order_id,
        number=number,
        issuer="court" if row.issuer == "court" else "prosecution",
        statute=citation(row.statute),
        opens=sorted(row.opens),
        resources=sorted(row.resources),
        from_at=row.from_at,
        until_at=row.until_at,
        state=state,
        registered_by=names.get(row.registered_by, ""),
        registered_at=row.registered_at,
        mine=mine,
        may_confirm=not mine and state == "registered" and account.role in CONFIRMS_ORDER,
    )


@router.post("/orders", status_code=201)
async def register_order(
    form: OrderForm, account: Annotated[Account, Depends(door(Act.REGISTER_ORDER, step_up=True))], desk: TheDesk
) -> OrderShown:
    """Enter an order; it opens nothing before a second pair of eyes confirms it."""
    await may(desk, account, Act.REGISTER_ORDER, None, "orders")
    now = desk.clock.now()
    async with home_of(desk, account).transaction() as tx:
        row = await queries.register_order(tx, account, now=now, **form.model_dump())
    return _shown(row, form.number.strip(), account, {account.account_id: account.login}, now)


@router.get("/orders")
async def list_orders(account: Annotated[Account, Depends(door(Act.REGISTER_ORDER))], desk: TheDesk) -> OrdersShown:
    """The register of orders, to those who enter them and those who confirm them."""
    enters = any(account.role in roles for roles in REGISTERS_ORDER.values())
    await may(desk, account, Act.REGISTER_ORDER if enters else Act.APPROVE, None, "orders")
    now = desk.clock.now()
    async with home_of(desk, account).transaction() as tx:
        found = await queries.orders_listed(tx)
        names = await queries.logins(tx, {row.registered_by for row, _ in found})
    return OrdersShown(
        orders=[_shown(row, None if said is None else str(said["number"]), account, names, now) for row, said in found]
    )


@router.post("/orders/{order_id}/confirm", status_code=204)
async def confirm_order(
    order_id: UUID, account: Annotated[Account, Depends(door(Act.APPROVE, step_up=True))], desk: TheDesk
) -> None:
    """Confirm an order as the second pair of eyes: its ground stands from its beginning to its end."""
    await may(desk, account, Act.APPROVE, order_id, "orders")
    async with home_of(desk, account).transaction() as tx:
        await queries.confirm_order(tx, account, order_id, desk.clock.now())


@router.post("/orders/{order_id}/withdraw", status_code=204)
async def withdraw_order(
    order_id: UUID,
    form: AnswerForm,
    account: Annotated[Account, Depends(door(Act.REGISTER_ORDER, step_up=True))],
    desk: TheDesk,
) -> None:
    """End an order now, with every request and permit that rests on it."""
    enters = any(account.role in roles for roles in REGISTERS_ORDER.values())
    await may(desk, account, Act.REGISTER_ORDER if enters else Act.APPROVE, order_id, "orders")
    async with home_of(desk, account).transaction() as tx:
        await queries.withdraw_order(tx, account, order_id, form.reason, desk.clock.now())
