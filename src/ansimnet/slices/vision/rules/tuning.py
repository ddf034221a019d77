"""What a camera's verdicts teach, and the guard against silencing what is true.

A threshold is raised where verdicts say that low scores are false there. It never rises above an alarm that somebody
confirmed, nor far without one; it falls back by itself as verdicts grow old; and what would change much waits for a
person.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.slices.vision.model import Platt, Sample
from ansimnet.slices.vision.rules import calibration
from ansimnet.slices.vision.rules.words import PRIORITY

HALF_LIFE = timedelta(days=60)
"""A verdict counts half after two months: seasons change a picture. Ours."""
HORIZON = timedelta(days=365)
"""Confirmed alarms guard for a year, whatever their weight: each season is in it. Ours."""
MARGIN = 0.5
"""Nats that a threshold keeps below the lowest confirmed alarm: the next like it scores a little less. Ours."""
LEAST_PROBABLE = {1: 0.05, 2: 0.1, 3: 0.2, 4: 0.2}
"""By priority: below this probability an alarm is not worth a look. For a life in danger 19 false looks are. Ours."""
MOST_RAISE = {1: 1.5, 2: 2.5, 3: 4.0, 4: 4.0}
"""Nats above the behaviour's own threshold that verdicts may ever reach. Ours."""
UNPROVEN_RAISE = 1.0
"""The same on a camera where nobody ever confirmed one: it is unknown how a true one looks there. Ours."""
MISS_LOWERS = 0.5
MOST_LOWER = 2.0
"""Nats that each missed event lowers a threshold, and at most. Ours."""
LARGE = 1.0
"""A change beyond this many nats waits for a person, and every rise of priority 1. Ours."""
BASE: dict[Behaviour, float] = dict.fromkeys(Behaviour, math.log(1000))
"""Each behaviour's own threshold, nats, as the workers have it: the event explains what is seen a thousand times better
than an ordinary day does."""
PRIOR: dict[Behaviour, Platt] = {b: Platt(1.0, -BASE[b]) for b in Behaviour}
"""Each behaviour's own sigmoid: at its threshold an alarm is as likely true as false (rivals' operators believe fewer
than half)."""
FEWEST = 5
"""Verdicts before anything is learnt. Ours: fewer move the fit less than the prior holds it."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What follows from verdicts. `needs_person`: it is proposed, not put in force."""

    threshold: float
    platt: Platt
    trues: int
    falses: int
    brier: float | None
    brier_before: float | None
    kept_share: float
    needs_person: bool


def learn(
    behaviour: Behaviour,
    samples: Sequence[Sample],
    misses: Sequence[datetime],
    *,
    base: float,
    prior: Platt,
    current: float,
    now: datetime,
) -> Learnt | None:
    """Return what a camera's verdicts and missed events teach about a behaviour; None where they are too few.

    Args:
        base: the behaviour's own threshold, nats.
        prior: its own sigmoid.
        current: the threshold in force on this camera.
    """
    fresh = [s for s in samples if now - s.judged_at <= HORIZON]
    used = [s for s in fresh if s.why is not Why.WRONG_PLACE]  # a wrong zone is drawn anew, not outshouted
    recent = [m for m in misses if now - m <= 2 * HALF_LIFE]
    if len(used) < FEWEST and not recent:
        return None
    judged = [(s.score, s.verdict is Verdict.TRUE, weight(now - s.judged_at)) for s in used]
    platt = calibration.fit(judged, prior)
    confirmed = [s.score for s in fresh if s.verdict is Verdict.TRUE]
    threshold = guarded(behaviour, calibration.score_at(platt, LEAST_PROBABLE[PRIORITY[behaviour]]), base, confirmed)
    threshold = max(base - MOST_LOWER, threshold - MISS_LOWERS * len(recent))
    return Learnt(
        threshold=threshold,
        platt=platt,
        trues=len(confirmed),
        falses=sum(s.verdict is Verdict.FALSE for s in used),
        brier=calibration.brier([(calibration.probability(platt, s.score), s.verdict is Verdict.TRUE) for s in used]),
        brier_before=calibration.brier(
            [(calibration.probability(prior, s.score), s.verdict is Verdict.TRUE) for s in used]
        ),
        kept_share=sum(s >= threshold for s in confirmed) / len(confirmed) if confirmed else 1.0,
        needs_person=abs(threshold - current) > LARGE or (PRIORITY[behaviour] == 1 and threshold > current),
    )


def guarded(behaviour: Behaviour, wanted: float, base: float, confirmed: Sequence[float]) -> float:
    """Return the highest threshold up to `wanted` that silences nothing confirmed and never runs away."""
    most = MOST_RAISE[PRIORITY[behaviour]]
    if not confirmed:
        return max(base, min(wanted, base + min(UNPROVEN_RAISE, most)))
    return min(max(base, min(wanted, base + most)), min(confirmed) - MARGIN)


def weight(age: timedelta) -> float:
    """Return how much a verdict counts, (0, 1]."""
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))
