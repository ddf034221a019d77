"""The route that plays an alarm again, and what it shows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api import shown
from ansimnet.slices.supervision.api.asking import asker
from ansimnet.slices.supervision.model import State
from ansimnet.slices.supervision.rules import explain
from ansimnet.slices.supervision.rules.frames import Frame
from ansimnet.slices.supervision.service.replaying import Played, play


class FrameShown(BaseModel):
    """What one fix did: where he was believed to be after it, and how sure that made it.

    `fix` is null where the protected person's fix was judged: her place is nobody's here.
    """

    at: datetime
    state: State
    probability: float
    lat: float | None
    lon: float | None
    error_m: float | None
    course_deg: float | None
    fix: shown.FixShown | None


class ProofShown(BaseModel):
    """Whether the rules give the same fact again, bit for bit."""

    fact: str
    fixes: int
    same: bool


class Replay(BaseModel):
    """An alarm as it went. `cited` are the wearer's fixes that it rests on; `proof` is null where it is gone."""

    alarm: shown.AlarmShown
    condition: shown.ConditionShown
    why: shown.Why
    cited: list[UUID]
    frames: list[FrameShown]
    proof: list[ProofShown] | None


def _frame(f: Frame) -> FrameShown:
    at = f.his.point if f.his is not None else None
    return FrameShown(
        at=f.at,
        state=f.state,
        probability=round(f.probability, 4),
        lat=at.lat if at is not None else None,
        lon=at.lon if at is not None else None,
        error_m=round(f.his.error_m, 1) if f.his is not None else None,
        course_deg=f.his.course_deg if f.his is not None else None,
        fix=shown.fix(f.fix) if f.fix is not None else None,
    )


def _replay(a: queries.Alarm, p: Played) -> Replay:
    state = State.CERTAIN if a.certain else State.PROBABLE
    ko, en = explain.why(a.trigger, state, a.probability, len(p.cited), a.error_m, None, a.medical)
    return Replay(
        alarm=shown.alarm(a),
        condition=shown.condition(p.condition),
        why=shown.Why(ko=ko, en=en),
        cited=p.cited,
        frames=[_frame(f) for f in p.frames],
        proof=None if p.proof is None else [ProofShown(fact=s.fact, fixes=s.fixes, same=s.same) for s in p.proof],
    )


def router(db: Db, clock: Clock) -> APIRouter:
    """Return the route."""
    api = APIRouter(prefix="/api/v1", tags=["supervision"])
    ask = asker(db, clock)

    @api.get("/alarms/{alarm_id}/replay")
    async def replay_alarm(alarm_id: UUID, account: Annotated[Account, Depends(door(Act.READ_TRACK))]) -> Replay:
        """An alarm as it went, fix by fix, with its proof; whoever it protects has no place in it."""
        async with db.transaction() as tx:
            a = await queries.alarm(tx, alarm_id)
        if a is None:
            raise NotFound
        permit = await ask(account, Act.READ_TRACK, Purpose.SUPERVISE, "replay", a.wearer_id)
        async with db.transaction() as tx:
            return _replay(a, await play(tx, permit, a, clock.now()))

    return api
