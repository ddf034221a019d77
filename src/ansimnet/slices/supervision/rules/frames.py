"""An alarm played again, fix by fix: what was believed of the wearer, and how sure each fix made it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.slices.supervision.model import Condition, Estimate, Fix, MedicalNotice, PersonId, Scene, State
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.judge import judge

AFTER = timedelta(minutes=30)
"""How long after an alarm was raised its replay goes on where nobody closed it before (ours)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one fix did. `fix` is None where it was the protected person's: her place is in no frame."""

    at: datetime
    fix: Fix | None
    his: Estimate | None
    state: State
    probability: float


def frames(
    condition: Condition, fixes: Iterable[Fix], medical: Sequence[MedicalNotice] = (), *, since: datetime
) -> list[Frame]:
    """Return what the rules make of each fix seen from `since` on, in the order they were seen.

    The fixes before `since` warm the filter up. What was told when some of them had not come yet is on the ledger and
    may differ: `replay_alarm` proves that, this shows how it went.
    """
    scene = Scene({condition.condition_id: condition}, medical={condition.condition_id: list(medical)})
    him = PersonId(condition.wearer_id)
    shown: list[Frame] = []
    for fix in sorted(fixes, key=lambda f: (f.seen_at, f.fix_id)):
        judge(scene, [fix])
        if fix.seen_at < since:
            continue
        watch = scene.watch(condition)
        mine = fix if fix.person_id == him else None
        shown.append(Frame(fix.seen_at, mine, scene.estimates.get(him), watch.state, watch.probability))
    return shown


def window(first: datetime, raised_at: datetime, closed_at: datetime | None) -> tuple[datetime, datetime]:
    """Return the span an alarm is played over: from minutes before its first fix to its end, or half an hour on."""
    until = min(closed_at or raised_at + AFTER, raised_at + AFTER)
    return min(first, raised_at) - limits.WARM_UP, max(until, raised_at + timedelta(minutes=1))
