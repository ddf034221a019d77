"""Holds over HTTP: who keeps what from destruction, under which ground and case, until when (CC-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
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
from ansimnet.slices.policy.store.orders import HoldRow

router = APIRouter(prefix="/api/v1", tags=["policy"])


class HoldForm(Form):
    """What is to be kept."""

    resources: list[UUID] = Field(min_length=1, max_length=64)
    statute: str = Field(min_length=1, max_length=60)
    case_no: str = Field(min_length=1, max_length=60)
    reason: str = Field(min_length=1, max_length=500)
    until_at: AwareDatetime
    order_id: UUID | None = None


class RenewForm(AnswerForm):
    """Until when now, and why."""

    until_at: AwareDatetime


class HoldShown(BaseModel):
    """A hold in the list."""

    hold_id: UUID
    resources: list[UUID]
    ground: str
    order_id: UUID | None
    case_no: str | None
    reason: str | None
    placed_by: str
    placed_at: datetime
    until_at: datetime
    renewals: int
    released_at: datetime | None
    stands: bool


class HoldsShown(BaseModel):
    """The holds of this centre, those that stand first."""

    holds: list[HoldShown]


def _shown(row: HoldRow, said: dict[str, object] | None, names: dict[AccountId, str], now: datetime) -> HoldShown:
    return HoldShown(
        hold_id=row.hold_id,
        resources=sorted(row.resources),
        ground=citation(row.statute),
        order_id=row.order_id,
        case_no=None if said is None else str(said["case_no"]),
        reason=None if said is None else str(said["reason"]),
        placed_by=names.get(row.placed_by, ""),
        placed_at=row.placed_at,
        until_at=row.until_at,
        renewals=row.renewals,
        released_at=row.released_at,
        stands=row.released_at is None and now < row.until_at,
    )


@router.post("/holds", status_code=201)
async def place_hold(
    form: HoldForm, account: Annotated[Account, Depends(door(Act.HOLD_DATA, step_up=True))], desk: TheDesk
) -> HoldShown:
    """Keep data of these persons or things from being destroyed, 90 days at most, to be renewed."""
    await may(desk, account, Act.HOLD_DATA, None, "holds")
    now = desk.clock.now()
    async with home_of(desk, account).transaction() as tx:
        row = await queries.place_hold(tx, account, now=now, **form.model_dump())
    said: dict[str, object] = {"case_no": form.case_no.strip(), "reason": form.reason.strip()}
    return _shown(row, said, {account.account_id: account.login}, now)


@router.get("/holds")
async def list_holds(account: Annotated[Account, Depends(door(Act.HOLD_DATA))], desk: TheDesk) -> HoldsShown:
    """The holds of this centre."""
    await may(desk, account, Act.HOLD_DATA, None, "holds")
    now = desk.clock.now()
    async with home_of(desk, account).transaction() as tx:
        found = await queries.holds_listed(tx)
        names = await queries.logins(tx, {row.placed_by for row, _ in found})
    return HoldsShown(holds=[_shown(row, said, names, now) for row, said in found])


@router.post("/holds/{hold_id}/renew", status_code=204)
async def renew_hold(
    hold_id: UUID,
    form: RenewForm,
    account: Annotated[Account, Depends(door(Act.HOLD_DATA, step_up=True))],
    desk: TheDesk,
) -> None:
    """Let a hold last longer."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.renew_hold(tx, account, hold_id, form.reason, form.until_at, desk.clock.now())


@router.post("/holds/{hold_id}/release", status_code=204)
async def release_hold(
    hold_id: UUID,
    form: AnswerForm,
    account: Annotated[Account, Depends(door(Act.HOLD_DATA, step_up=True))],
    desk: TheDesk,
) -> None:
    """End a hold; what it kept goes when its own time has come."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.release_hold(tx, account, hold_id, form.reason, desk.clock.now())
