"""What a camera's verdicts teach, and the guard against silencing what is true.

What is too improbable on this camera, at this place of its picture, is held: in a list, not lost. The threshold for it
never rises above an alarm that somebody confirmed, nor far without one; it falls back by itself as verdicts grow old;
and what would change much waits for a person.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.slices.vision.model import Platt, Sample
from ansimnet.slices.vision.rules import calibration
from ansimnet.slices.vision.rules.places import Stood, bias
from ansimnet.slices.vision.rules.words import PRIORITY, SOUNDS

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
NEEDED: dict[Behaviour, float] = {b: 0.0 if b in SOUNDS else math.log(1000) for b in Behaviour}
"""Nats at which an alarm is as likely true as false before anybody judged (rivals' operators believe fewer than half).
What is seen: where workers report, the event explains it a thousand times better than an ordinary day does. What is
heard: even odds, as its network was trained on."""
PRIOR: dict[Behaviour, Platt] = {b: Platt(1.0, -NEEDED[b]) for b in Behaviour}
"""Each behaviour's own sigmoid."""
BASE: dict[Behaviour, float] = {b: calibration.score_at(PRIOR[b], LEAST_PROBABLE[PRIORITY[b]]) for b in Behaviour}
"""Below this an alarm is held on a camera of which nothing was learnt."""
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
        base: the threshold on a camera of which nothing was learnt, nats.
        prior: its own sigmoid.
        current: the threshold in force on this camera.
    """
    fresh = [s for s in samples if now - s.judged_at <= HORIZON]
    used = [s for s in fresh if s.why is not Why.WRONG_PLACE]  # a wrong zone is drawn anew, not outshouted
    recent = [m for m in misses if now - m <= 2 * HALF_LIFE]
    if len(used) < FEWEST and not recent:
        return None
    stood = [_stood(s, now) for s in used]
    seen = [s.score + bias(s.x, s.y, stood[:i] + stood[i + 1 :]) for i, s in enumerate(used)]  # as if s were new
    judged = [(score, at.true, at.weight) for score, at in zip(seen, stood, strict=True)]
    platt = calibration.fit(judged, prior)
    confirmed = [score for score, at in zip(seen, stood, strict=True) if at.true]
    threshold = guarded(behaviour, calibration.score_at(platt, LEAST_PROBABLE[PRIORITY[behaviour]]), base, confirmed)
    threshold = max(base - MOST_LOWER, threshold - MISS_LOWERS * len(recent))
    return Learnt(
        threshold=threshold,
        platt=platt,
        trues=len(confirmed),
        falses=len(used) - len(confirmed),
        brier=calibration.brier([(calibration.probability(platt, score), true) for score, true, _ in judged]),
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


def place_bias(samples: Sequence[Sample], x: float, y: float, now: datetime) -> float:
    """Return what a camera's verdicts near a point of the picture add to a score, nats."""
    return bias(x, y, [_stood(s, now) for s in samples if s.why is not Why.WRONG_PLACE])


def _stood(s: Sample, now: datetime) -> Stood:
    return Stood(s.x, s.y, s.verdict is Verdict.TRUE, weight(now - s.judged_at))


def weight(age: timedelta) -> float:
    """Return how much a verdict counts, (0, 1]."""
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))
