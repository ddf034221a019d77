"""An alarm as it went: its frames, and whether it can still be proven. Nothing is changed by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import ConditionId, FixId, named_id
from ansimnet.kernel.permits import Act, Permit
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.model import Condition, PersonId, Wholeness
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.frames import Frame, frames, window
from ansimnet.slices.supervision.service.proving import Step, prove
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import scene as scenes


@dataclass(frozen=True, slots=True)
class Played:
    """An alarm with its condition, what each fix did, which of his it cites, and its proof; None where that is gone."""

    condition: Condition
    frames: list[Frame]
    cited: list[FixId]
    proof: list[Step] | None


async def play(tx: Tx, permit: Permit, a: queries.Alarm, now: datetime) -> Played:
    """Play an alarm again from the fixes that are kept.

    Raises:
        NoPermit: the permit does not cover this wearer's track.
    """
    permit.check(Act.READ_TRACK, a.wearer_id, now=now)
    condition = await scenes.condition_by_id(tx, a.condition_id) if a.condition_id is not None else None
    if condition is None:  # tamper is implied by the device
        condition = Wholeness(ConditionId(named_id("whole", str(a.device_id))), a.wearer_id, a.device_id)
    cited = await fix_store.cited_by(tx, a.alarm_id)
    first = min((f.seen_at for f in cited), default=a.raised_at)
    since, until = window(first, a.raised_at, a.closed_at)
    people = [PersonId(p) for p in (a.wearer_id, a.protected_person_id) if p is not None]
    found = await fix_store.fixes_between(tx, people, since - limits.WARM_UP, until)
    known = {f.fix_id: f for f in [*found, *cited]}
    try:
        proof = await prove(tx, a.alarm_id)
    except Refusal:  # judged by another rule, or no longer kept
        proof = None
    his = [f.fix_id for f in cited if f.person_id == PersonId(a.wearer_id)]
    return Played(condition, frames(condition, known.values(), since=since), his, proof)
