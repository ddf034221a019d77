"""Permits, break-glass and the ledger over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import GroundId, PermitId
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform.db import BIGINT, Db
from ansimnet.platform.http import door
from ansimnet.platform.ledger import pages
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account, HeldPermit
from ansimnet.slices.policy.rules import citation, trigger_number, what_is
from ansimnet.slices.policy.service import Desk

ENDING = timedelta(minutes=2)
"""From here on a permit's badge warns (console: permit badge)."""

router = APIRouter(prefix="/api/v1", tags=["policy"])


# ------------------------------------------------------------------------------------------------- permits, grounds


class ReasonForm(Form):
    """Why, in a sentence. It stays off the ledger."""

    reason: str = Field(min_length=1, max_length=500)


class BreakGlassForm(ReasonForm):
    """What must be seen because a life is in danger."""

    resources: list[UUID] = Field(min_length=1, max_length=16)


class PermitShown(BaseModel):
    """A permit as its badge says it."""

    permit_id: UUID
    short: str
    ground: str
    ground_kind: GroundKind
    act: str
    scope: str
    masking: str
    not_after: datetime
    granted_at: datetime
    state: Literal["in_use", "ending", "waiting", "ended", "revoked"]
    holder: str
    role: Role


def _badge(held: HeldPermit, now: datetime) -> PermitShown:
    p = held.permit
    act = sorted(p.acts)[0]
    streams = p.acts & {Act.VIEW_STREAM, Act.UNMASK_TRACK}
    ground = " · ".join(citation(c) for c in held.cites[:1])
    if held.trigger is not None:
        ground += f" · 사유 {trigger_number(held.trigger)}"
    return PermitShown(
        permit_id=p.permit_id,
        short=queries.short(p.permit_id, held.ground_kind),
        ground=ground,
        ground_kind=held.ground_kind,
        act=act,
        scope=f"카메라 {len(p.resources)}대" if streams and p.resources is not None else what_is(act).ko,
        masking=p.masking,
        not_after=p.not_after,
        granted_at=held.granted_at,
        state=_state(held, now),
        holder=held.holder,
        role=p.role,
    )


def _state(held: HeldPermit, now: datetime) -> Literal["in_use", "ending", "ended", "revoked"]:
    p = held.permit
    if p.revoked_at is not None:
        return "ended" if held.ended_reason in ("closed", "cleared", "expired") else "revoked"
    if now >= p.not_after:
        return "ended"
    return "ending" if p.not_after - now < ENDING else "in_use"


class PermitsShown(BaseModel):
    """The permits of one situation, newest first."""

    permits: list[PermitShown]


def _home(desk: Desk, account: Account) -> Db:
    return desk.dbs.of(account.centre_id)


@router.get("/permits")
async def read_permits(
    account: Annotated[Account, Depends(door(Act.READ_INCIDENT))],
    desk: TheDesk,
    incident_id: UUID | None = None,
    provision_id: UUID | None = None,
) -> PermitsShown:
    """The permits of an incident, or, at the city's centre, of a provision."""
    about = incident_id or provision_id
    if about is None:
        raise Refusal("say which incident or provision")
    act = Act.READ_INCIDENT if incident_id is not None else Act.READ_PROVISION
    now = desk.clock.now()
    db = _home(desk, account)
    await queries.permit(db, account, act, resource=about, purpose=Purpose.RESPOND, screen="permits", now=now)
    async with db.transaction() as tx:
        found = await queries.permits_about(tx, about)
    newest: dict[tuple[object, ...], HeldPermit] = {}
    for held in found:
        p = held.permit
        newest.setdefault((p.account_id, p.acts, p.ground_id, p.resources, p.masking), held)
    return PermitsShown(permits=[_badge(h, now) for h in newest.values()])


@router.post("/permits/{permit_id}/revoke", status_code=204)
async def revoke_permit(
    permit_id: UUID, form: ReasonForm, account: Annotated[Account, Depends(door(Act.REVOKE_PERMIT))], desk: TheDesk
) -> None:
    """End a permit now; whoever looks under it loses the picture."""
    db = _home(desk, account)
    now = desk.clock.now()
    await queries.permit(
        db, account, Act.REVOKE_PERMIT, resource=permit_id, purpose=Purpose.RESPOND, screen="permits", now=now
    )
    async with db.transaction() as tx:
        await queries.revoke(tx, PermitId(permit_id), form.reason, now, by=account.account_id)


class GroundShown(BaseModel):
    """A break-glass that was opened."""

    ground_id: UUID
    not_after: datetime


@router.post("/grounds")
async def open_break_glass(
    form: BreakGlassForm, account: Annotated[Account, Depends(door(Act.VIEW_STREAM))], desk: TheDesk
) -> GroundShown:
    """Break the glass for a life in danger: five minutes, what is named, reviewed within 24 hours."""
    now = desk.clock.now()
    ground_id = await queries.open_break_glass(
        _home(desk, account), account, resources=form.resources, reason=form.reason, now=now
    )
    return GroundShown(ground_id=ground_id, not_after=now + queries.BREAK_GLASS_LASTS)


@router.post("/grounds/{ground_id}/end", status_code=204)
async def end_ground(
    ground_id: UUID, form: ReasonForm, account: Annotated[Account, Depends(door(Act.REVOKE_PERMIT))], desk: TheDesk
) -> None:
    """End a ground now, with every permit under it."""
    db = _home(desk, account)
    now = desk.clock.now()
    await queries.permit(
        db, account, Act.REVOKE_PERMIT, resource=ground_id, purpose=Purpose.RESPOND, screen="permits", now=now
    )
    async with db.transaction() as tx:
        await queries.end_ground(tx, GroundId(ground_id), form.reason, now, actor=f"account:{account.account_id}")


# ------------------------------------------------------------------------------------------------- the ledger


@router.get("/ledger")
async def read_ledger(
    account: Annotated[Account, Depends(door(Act.READ_LEDGER))],
    desk: TheDesk,
    after_seq: Annotated[int | None, Query(ge=0, le=BIGINT)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    kind: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Sealed entries in order, no personal fields; without `after_seq` the newest. `kind=policy.` takes a slice's."""
    db = _home(desk, account)
    await queries.permit(db, account, Act.READ_LEDGER, purpose=Purpose.AUDIT, screen="ledger", now=desk.clock.now())
    async with db.transaction() as tx:
        entries = await pages.read_page(tx, after_seq=after_seq, limit=limit, kind=kind)
        head = await pages.read_head(tx)
    signed = head.root is not None and head.signature is not None
    return {
        "entries": [
            {"seq": e.seq, "at": e.at, "kind": e.kind, "actor": e.actor, "body": e.body, "hash": e.hash.hex()}
            for e in entries
        ],
        "head": {"seq": head.seq, "hash": head.hash.hex() if head.hash is not None else None},
        "checkpoint": {
            "size": head.size,
            "root": head.root.hex() if head.root is not None else None,
            "signature": head.signature.hex() if head.signature is not None else None,
            "signed_at": head.signed_at,
        }
        if signed
        else None,
    }
