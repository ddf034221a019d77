"""How many alarms operators are asked to judge: more than a person can look at are believed by nobody.

A bucket that fills evenly over the shift, so that a windy hour does not spend the night. What is held back stays in a
list; what endangers a life is never held.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ansimnet.facts.vision import Behaviour
from ansimnet.slices.vision.model import Budget
from ansimnet.slices.vision.rules.words import NEVER_HELD

DEFAULT = Budget(per_shift=96, shift_hours=8)
"""One in five minutes: with some 15 s each an operator gives it a twentieth of the shift. Ours."""
BURST = timedelta(hours=1)
"""How much may come at once: what an hour gives."""
SEAT_LASTS = timedelta(minutes=10)
"""Who asked for the list this recently sits there; the page asks every minute."""


def room(shown: Sequence[datetime], operators: int, budget: Budget, now: datetime) -> float:
    """Return how many alarms may be shown now. `shown`: when the ones of this shift were, oldest first."""
    per_s = budget.per_shift * max(1, operators) / (budget.shift_hours * 3600)
    full = max(1.0, per_s * BURST.total_seconds())
    tokens, last = full, now - timedelta(hours=budget.shift_hours)
    for at in shown:
        if at < last:
            continue  # before this shift
        tokens = min(full, tokens + per_s * (at - last).total_seconds()) - 1.0
        tokens, last = max(-full, tokens), at
    return min(full, tokens + per_s * max(0.0, (now - last).total_seconds()))


def held(behaviour: Behaviour, left: float) -> bool:
    """Return whether an alarm waits in the list of what was held back."""
    return behaviour not in NEVER_HELD and left < 1.0
