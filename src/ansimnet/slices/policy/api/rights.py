"""Who may view this centre's footage, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import rights
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store import rights as store

router = APIRouter(prefix="/api/v1", tags=["policy"])


class RightShown(BaseModel):
    """One person's right, as the list says it. When it is due stands with the duties."""

    account_id: UUID
    login: str
    display: str
    role: Role
    state: Literal["standing", "suspended"]
    because: str | None
    how: str
    granted_at: datetime
    certified_at: datetime
    used_at: datetime | None


class RightsShown(BaseModel):
    """Everybody who may view, how many stand, and how many the centre decided on."""

    rights: list[RightShown]
    standing: int
    most: int | None
    limit_reason: str | None
    now: datetime


class GrantForm(Form):
    """Why somebody is given the right (back). Needed where the limit is reached."""

    reason: str = Field("", max_length=300)


class LimitForm(Form):
    """How many people may view, and why no fewer."""

    most: int = Field(ge=1, le=10_000)
    reason: str = Field(min_length=1, max_length=300)


async def _may(desk: Desk, account: Account, act: Act) -> Db:
    db = desk.dbs.of(account.centre_id)
    await queries.permit(db, account, act, purpose=Purpose.OPERATE, screen="footage-rights", now=desk.clock.now())
    return db


@router.get("/footage-rights")
async def read_rights(account: Annotated[Account, Depends(door(Act.MANAGE_AGENCIES))], desk: TheDesk) -> RightsShown:
    """Who may view this centre's footage at all, those who may not any more on top."""
    db = await _may(desk, account, Act.MANAGE_AGENCIES)
    async with db.transaction() as tx:
        found, limit = await store.list_rights(tx), await store.read_limit(tx)
    return RightsShown(
        rights=[
            RightShown(
                account_id=r.account_id,
                login=r.login,
                display=r.display,
                role=r.role,
                state="standing" if r.stands else "suspended",
                because=r.suspended_because,
                how=r.how,
                granted_at=r.granted_at,
                certified_at=r.certified_at,
                used_at=r.used_at,
            )
            for r in found
        ],
        standing=sum(r.stands for r in found),
        most=None if limit is None else limit.most,
        limit_reason=None if limit is None else limit.reason,
        now=desk.clock.now(),
    )


@router.post("/footage-rights/limit", status_code=204)
async def decide_limit(
    form: LimitForm, account: Annotated[Account, Depends(door(Act.RECERTIFY, step_up=True))], desk: TheDesk
) -> None:
    """Decide how many people may view: the least the centre can work with."""
    db = await _may(desk, account, Act.RECERTIFY)
    async with db.transaction() as tx:
        await rights.decide_limit(tx, account, form.most, form.reason, desk.clock.now())


@router.post("/footage-rights/{account_id}/grant", status_code=204)
async def grant_right(
    account_id: UUID,
    form: GrantForm,
    account: Annotated[Account, Depends(door(Act.RECERTIFY, step_up=True))],
    desk: TheDesk,
) -> None:
    """Give one person the right, or give it back where it rests."""
    db = await _may(desk, account, Act.RECERTIFY)
    async with db.transaction() as tx:
        await rights.grant(tx, account, AccountId(account_id), form.reason, desk.clock.now())


@router.post("/footage-rights/{account_id}/certify", status_code=204)
async def certify_right(
    account_id: UUID, account: Annotated[Account, Depends(door(Act.RECERTIFY))], desk: TheDesk
) -> None:
    """Say that one person still needs the right; the next look is due in a quarter."""
    db = await _may(desk, account, Act.RECERTIFY)
    async with db.transaction() as tx:
        await rights.certify(tx, account, AccountId(account_id), desk.clock.now())


@router.post("/footage-rights/{account_id}/suspend", status_code=204)
async def suspend_right(
    account_id: UUID, account: Annotated[Account, Depends(door(Act.RECERTIFY))], desk: TheDesk
) -> None:
    """Let one person's right rest now: what that person looks at goes dark with it."""
    db = await _may(desk, account, Act.RECERTIFY)
    async with db.transaction() as tx:
        await rights.suspend(tx, AccountId(account_id), "by-hand", desk.clock.now(), by=account.account_id)
