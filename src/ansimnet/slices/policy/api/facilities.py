"""What a facility manager answers for, by the administrator's hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import facilities
from ansimnet.slices.policy.service import Desk

router = APIRouter(prefix="/api/v1/accounts/{account_id}/facilities", tags=["policy"])
MOST_FACILITIES = 2_000
"""Named one by one (ours): a district's cameras."""


class FacilitiesForm(Form):
    """Which facilities, until when."""

    facilities: list[UUID] = Field(min_length=1, max_length=MOST_FACILITIES)
    until_at: datetime


class FacilitiesShown(BaseModel):
    """What somebody answers for. `until_at` null: for nothing."""

    facilities: list[UUID]
    until_at: datetime | None


async def _may(desk: Desk, account: Account) -> Db:
    db = desk.dbs.of(account.centre_id)
    await queries.permit(
        db, account, Act.MANAGE_ACCOUNTS, purpose=Purpose.OPERATE, screen="accounts", now=desk.clock.now()
    )
    return db


@router.get("")
async def read_facilities(
    account_id: UUID, account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS))], desk: TheDesk
) -> FacilitiesShown:
    """What a facility manager of this centre answers for."""
    db = await _may(desk, account)
    async with db.transaction() as tx:
        found = await facilities.facilities_of(tx, AccountId(account_id), desk.clock.now())
    if found is None:
        return FacilitiesShown(facilities=[], until_at=None)
    return FacilitiesShown(facilities=sorted(found.resources), until_at=found.until_at)


@router.put("", status_code=204)
async def assign_facilities(
    account_id: UUID,
    form: FacilitiesForm,
    account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS, step_up=True))],
    desk: TheDesk,
) -> None:
    """Let a facility manager answer for these instead of what was before; permits on those end at once."""
    db = await _may(desk, account)
    async with db.transaction() as tx:
        await facilities.assign_facilities(
            tx, AccountId(account_id), form.facilities, form.until_at, now=desk.clock.now(), by=account.account_id
        )


@router.delete("", status_code=204)
async def end_facilities(
    account_id: UUID, account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS, step_up=True))], desk: TheDesk
) -> None:
    """Let a facility manager answer for nothing any more."""
    db = await _may(desk, account)
    async with db.transaction() as tx:
        await facilities.end_facilities(tx, AccountId(account_id), now=desk.clock.now(), by=account.account_id)
