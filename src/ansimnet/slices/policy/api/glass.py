"""After a break-glass, over HTTP: its list, its justification, and the privacy officer's judgement."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import GroundId
from ansimnet.kernel.permits import Act, GroundKind, Role
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.approvals import home_of, may
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account, kind_of
from ansimnet.slices.policy.rules import RULES, citation
from ansimnet.slices.policy.store.glass import GlassRow, GlassWords

router = APIRouter(prefix="/api/v1", tags=["policy"])

State = Literal["open", "owed", "justified", "accepted", "rejected", "overdue"]


class GlassShown(BaseModel):
    """A break-glass with what was said of it, as its holder and the privacy officer see it."""

    ground_id: UUID
    short: str
    holder: str
    role: Role
    ground: str
    resources: list[UUID]
    opened_at: datetime
    until_at: datetime
    ended_at: datetime | None
    justify_by: datetime
    told_at: datetime | None
    reported_at: datetime | None
    state: State
    mine: bool
    reason: str | None
    justification: str | None
    judgement: str | None


class GlassesShown(BaseModel):
    """Newest first. `opens` says what breaking the glass would open to this account; empty for most."""

    grounds: list[GlassShown]
    opens: list[str]


def _state(glass: GlassRow, now: datetime) -> State:
    if glass.accepted is not None:
        return "accepted" if glass.accepted else "rejected"
    if glass.justified_at is not None:
        return "justified"
    if now >= glass.justify_by:
        return "overdue"
    return "open" if glass.ended_at is None and now < glass.until_at else "owed"


def _shown(glass: GlassRow, words: GlassWords, account: Account, now: datetime) -> GlassShown:
    return GlassShown(
        ground_id=glass.ground_id,
        short=f"BG-{glass.ground_id.hex[-4:].upper()}",
        holder=glass.holder,
        role=glass.role,
        ground=citation("PIPA 15(1)5"),
        resources=sorted(glass.resources),
        opened_at=glass.opened_at,
        until_at=glass.until_at,
        ended_at=glass.ended_at,
        justify_by=glass.justify_by,
        told_at=glass.told_at,
        reported_at=glass.reported_at,
        state=_state(glass, now),
        mine=glass.account_id == account.account_id,
        reason=words.reason,
        justification=words.justification,
        judgement=words.judgement,
    )


@router.get("/grounds")
async def list_break_glass(
    account: Annotated[Account, Depends(door(Act.JUSTIFY_ACCESS))],
    desk: TheDesk,
    kind: GroundKind = GroundKind.VITAL_INTEREST,
) -> GlassesShown:
    """The break-glasses of this account; to a privacy officer, those of the centre. Other kinds are not listed."""
    if kind is not GroundKind.VITAL_INTEREST:
        raise Refusal("only break-glass is listed here")
    now, db = desk.clock.now(), home_of(desk, account)
    if account.role is Role.PRIVACY_OFFICER:
        await may(desk, account, Act.JUSTIFY_ACCESS, None, "break-glass")
    async with db.transaction() as tx:
        found = await queries.break_glasses(tx, account, now)
    acts = RULES.breaks_glass(account.role, kind_of(account.centre_id))
    return GlassesShown(grounds=[_shown(g, w, account, now) for g, w in found], opens=sorted(acts))


class JustifyForm(Form):
    """What happened, and why nothing else would do."""

    justification: str = Field(min_length=1, max_length=2000)


class JudgeForm(Form):
    """Whether the justification holds, and why."""

    accepted: bool
    reason: str = Field(min_length=1, max_length=500)


@router.post("/grounds/{ground_id}/justify", status_code=204)
async def justify_break_glass(
    ground_id: UUID, form: JustifyForm, account: Annotated[Account, Depends(door(Act.JUSTIFY_ACCESS))], desk: TheDesk
) -> None:
    """Justify a break-glass of one's own, within 24 hours."""
    async with home_of(desk, account).transaction() as tx:
        await queries.justify_break_glass(tx, account, GroundId(ground_id), form.justification, desk.clock.now())


@router.post("/grounds/{ground_id}/close", status_code=204)
async def close_break_glass(
    ground_id: UUID, account: Annotated[Account, Depends(door(Act.JUSTIFY_ACCESS))], desk: TheDesk
) -> None:
    """Close one's own break-glass early: whatever it opened goes dark now."""
    async with home_of(desk, account).transaction() as tx:
        await queries.close_break_glass(tx, account, GroundId(ground_id), desk.clock.now())


@router.post("/grounds/{ground_id}/judge", status_code=204)
async def judge_break_glass(
    ground_id: UUID,
    form: JudgeForm,
    account: Annotated[Account, Depends(door(Act.JUSTIFY_ACCESS, step_up=True))],
    desk: TheDesk,
) -> None:
    """Accept or reject a justification, as the privacy officer."""
    await may(desk, account, Act.JUSTIFY_ACCESS, ground_id, "break-glass")
    async with home_of(desk, account).transaction() as tx:
        await queries.judge_break_glass(
            tx, account, GroundId(ground_id), accepted=form.accepted, words=form.reason, now=desk.clock.now()
        )
