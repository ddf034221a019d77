"""Who holds a camera's joystick: by the priority of what he works on, for a while, taken over upwards only. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.errors import Conflict
from ansimnet.slices.footage.model import Hold

HOLD_LASTS = timedelta(seconds=60)
"""After the last command; ours: long enough to look at what was turned to, short enough for the next who needs it."""
LIFE_IN_DANGER = 5
"""Of whoever broke the glass for this very camera."""
PRIORITY = {Trigger.APPROACH: 4, Trigger.EXCLUSION_ZONE: 3, Trigger.TAMPER: 2, Trigger.CURFEW: 1}
"""By how near somebody is to harm: he is at her (4), where she lives (3), unwatched (2), out too late (1). Ours."""


class Held(Conflict):
    """Somebody else holds this camera, for something as urgent or more."""

    name = "ptz-held"


class NotHeld(Conflict):
    """You do not hold this camera, or no longer."""

    name = "ptz-not-held"


def may_take(present: Hold | None, account_id: UUID, priority: int, now: datetime) -> bool:
    """Return whether a camera can be taken: free, one's own already, or held for something less urgent.

    Raises:
        Held: somebody holds it for something as urgent or more.
    """
    if present is None or not present.alive(now) or present.account_id == account_id or priority > present.priority:
        return True
    raise Held(
        f"{present.holder} holds this camera",
        todo="ask for it, or wait until it is let go",
        detail_ko=f"{present.holder} 좌석이 조작 중입니다",
        todo_ko="넘겨 달라고 요청하거나 놓을 때까지 기다리십시오",
        holder=present.holder,
        priority=present.priority,
        until_at=present.until_at.isoformat(),
    )


def until(now: datetime, not_after: datetime) -> datetime:
    """Return until when a hold lasts that was used now: never beyond the right under it."""
    return min(now + HOLD_LASTS, not_after)
