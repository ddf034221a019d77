"""Holds over HTTP: who keeps what from destruction, under which ground and case, until when (CC-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.errors import Refusal
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
    covers_from_at: AwareDatetime | None = Field(None, description="Of a camera's footage, only what was from here on.")
    covers_until_at: AwareDatetime | None = Field(None, description="And only what was before; both or neither.")

    @property
    def covers(self) -> tuple[datetime, datetime] | None:
        """Return the time of which recorded pictures are kept, None: all of it.

        Raises:
            Refusal: one end of it is missing.
        """
        if self.covers_from_at is None and self.covers_until_at is None:
            return None
        if self.covers_from_at is None or self.covers_until_at is None:
            raise Refusal("a hold covers a time with two ends", detail_ko="시작과 끝을 모두 적으십시오")
        return self.covers_from_at, self.covers_until_at


class RenewForm(AnswerForm):
    """Until when now, and why."""

    until_at: AwareDatetime


class HoldAskedShown(BaseModel):
    """What somebody asked of a hold: release | renewal. Another person confirms it."""

    change: str
    by: str
    at: datetime
    until_at: datetime | None
    reason: str | None
    mine: bool


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
    covers_from_at: datetime | None
    covers_until_at: datetime | None
    asked: HoldAskedShown | None


class HoldsShown(BaseModel):
    """The holds of this centre, those that stand first."""

    holds: list[HoldShown]


def _shown(
    row: HoldRow, said: dict[str, object] | None, names: dict[AccountId, str], account: Account, now: datetime
) -> HoldShown:
    stands = row.released_at is None and now < row.until_at
    asked = row.asked if stands else None
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
        stands=stands,
        covers_from_at=None if row.covers is None else row.covers[0],
        covers_until_at=None if row.covers is None else row.covers[1],
        asked=None
        if asked is None
        else HoldAskedShown(
            change=asked.change,
            by=names.get(asked.by, ""),
            at=asked.at,
            until_at=asked.until_at,
            reason=asked.reason,
            mine=asked.by == account.account_id,
        ),
    )


@router.post("/holds", status_code=201)
async def place_hold(
    form: HoldForm, account: Annotated[Account, Depends(door(Act.HOLD_DATA, step_up=True))], desk: TheDesk
) -> HoldShown:
    """Keep data of these persons or things from being destroyed, 90 days at most, to be renewed."""
    await may(desk, account, Act.HOLD_DATA, None, "holds")
    now = desk.clock.now()
    said_form = form.model_dump(exclude={"covers_from_at", "covers_until_at"})
    async with home_of(desk, account).transaction() as tx:
        row = await queries.place_hold(tx, account, now=now, covers=form.covers, **said_form)
    said: dict[str, object] = {"case_no": form.case_no.strip(), "reason": form.reason.strip()}
    return _shown(row, said, {account.account_id: account.login}, account, now)


@router.get("/holds")
async def list_holds(account: Annotated[Account, Depends(door(Act.HOLD_DATA))], desk: TheDesk) -> HoldsShown:
    """The holds of this centre."""
    await may(desk, account, Act.HOLD_DATA, None, "holds")
    now = desk.clock.now()
    async with home_of(desk, account).transaction() as tx:
        found = await queries.holds_listed(tx)
        names = await queries.logins(
            tx, {a for row, _ in found for a in (row.placed_by, row.asked and row.asked.by) if a}
        )
    return HoldsShown(holds=[_shown(row, said, names, account, now) for row, said in found])


Keeps = Annotated[Account, Depends(door(Act.HOLD_DATA, step_up=True))]


@router.post("/holds/{hold_id}/renew", status_code=204)
async def renew_hold(hold_id: UUID, form: RenewForm, account: Keeps, desk: TheDesk) -> None:
    """Let a hold last longer; beyond 90 days from its beginning another person confirms."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.renew_hold(tx, account, hold_id, form.reason, form.until_at, desk.clock.now())


@router.post("/holds/{hold_id}/release", status_code=204)
async def release_hold(hold_id: UUID, form: AnswerForm, account: Keeps, desk: TheDesk) -> None:
    """Ask that a hold be lifted; it stands until another person confirms."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.ask_release(tx, account, hold_id, form.reason, desk.clock.now())


@router.post("/holds/{hold_id}/confirm", status_code=204)
async def confirm_hold(hold_id: UUID, account: Keeps, desk: TheDesk) -> None:
    """Do what another person asked: lift the hold, and what it kept goes in its time; or let it last longer."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.confirm_hold(tx, account, hold_id, desk.clock.now())


@router.post("/holds/{hold_id}/leave", status_code=204)
async def leave_hold(hold_id: UUID, account: Keeps, desk: TheDesk) -> None:
    """Leave a hold as it is, whatever was asked of it."""
    await may(desk, account, Act.HOLD_DATA, hold_id, "holds")
    async with home_of(desk, account).transaction() as tx:
        await queries.set_hold_aside(tx, account, hold_id, desk.clock.now())
