"""Truth against alarms: what was a breach, what decided it, when it was told, and what was told for nothing.

Usable fix: delivered within 60 s of being taken, true error at most three class medians. Breach: truly 30 m deep or
more for 60 s or more, with two usable fixes in that stretch. Deciding: the second of them; for an approach the second
once each of the two has one in the stretch or in the minute before it: until then nobody can know where the other is.
Alarmed: an alarm (probable or certain) of that condition stands between the breach's first second and two minutes after
its last. False: an alarm in whose whole life, and the minute before it, the condition was at no second truly broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from evaluation._supervision_stage import HIM, Staged, Truth, seconds
from evaluation._supervision_world import Made

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, NoticeEnded, NoticeRaised, TriggerConfirmed
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import ConditionId

DEPTH_M, LASTS_S, GRACE_S, MINUTE_S = 30.0, 60.0, 120.0, 60.0
SHALLOW_M = (0.0, 10.0, 20.0)
"""Shallower breaches, shown beside as a curve."""
CLAIM_M = 300.0
"""A place that claims a worse radius places nobody (for what cannot be vouched for)."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm as somebody told it, in seconds of the story."""

    condition_id: ConditionId
    raised_s: float
    confirmed_s: float | None
    cleared_s: float | None


@dataclass(frozen=True, slots=True)
class Breach:
    """A true breach: where it begins and ends and when its deciding fix was heard."""

    condition_id: ConditionId
    from_s: float
    until_s: float
    decided_s: float


@dataclass(slots=True)
class Score:
    """Counts of one scenario."""

    staged: int = 0
    breaches: int = 0
    alarmed: int = 0
    confirmed: int = 0
    delays: list[float] = field(default_factory=list)
    false: int = 0
    undecided: int = 0
    shallow: dict[float, list[int]] = field(default_factory=lambda: {d: [0, 0] for d in SHALLOW_M})
    missed: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another's counts over."""
        self.staged += other.staged
        self.breaches += other.breaches
        self.alarmed += other.alarmed
        self.confirmed += other.confirmed
        self.delays += other.delays
        self.false += other.false
        self.undecided += other.undecided
        for d, (n, k) in other.shallow.items():
            self.shallow[d][0] += n
            self.shallow[d][1] += k
        self.missed += other.missed


def told_of(story: Staged, facts: Iterable[Fact]) -> list[Told]:
    """Return the alarms of a run of the engine."""
    found: dict[UUID, Told] = {}
    for f in facts:
        if isinstance(f, AlarmRaised) and f.condition_id is not None:
            found[f.alarm_id] = Told(f.condition_id, seconds(story, f.happened_at), None, None)
        elif isinstance(f, TriggerConfirmed) and f.alarm_id in found:
            t = found[f.alarm_id]
            found[f.alarm_id] = Told(t.condition_id, t.raised_s, seconds(story, f.happened_at), t.cleared_s)
        elif isinstance(f, AlarmCleared) and f.alarm_id in found:
            t = found[f.alarm_id]
            found[f.alarm_id] = Told(t.condition_id, t.raised_s, t.confirmed_s, seconds(story, f.happened_at))
    return list(found.values())


def stretches(truth: Truth, depth_m: float, lasts_s: float) -> list[tuple[float, float]]:
    """Return the spans in which a condition is truly broken so deep for so long."""
    deep = truth.breach_m >= depth_m
    edges = np.flatnonzero(np.diff(np.concatenate(([False], deep, [False])).astype(np.int8)))
    spans = [(float(truth.t[a]), float(truth.t[b - 1])) for a, b in edges.reshape(-1, 2)]
    return [(a, b) for a, b in spans if b - a >= lasts_s]


def breaches_of(story: Staged, depth_m: float) -> list[Breach]:
    """Return the breaches of a story, with their deciding fixes."""
    usable = [(seconds(story, m.fix.seen_at), seconds(story, m.fix.heard_at), m) for m in _once(story.made) if m.usable]
    found = []
    for condition_id, truth in story.truths.items():
        for a, b in stretches(truth, depth_m, LASTS_S):
            decided = _decided(usable, a, b, truth.parties)
            if decided is not None:
                found.append(Breach(condition_id, a, b, decided))
    return found


def _once(made: Sequence[Made]) -> list[Made]:
    return list({m.fix.fix_id: m for m in made}.values())


def _decided(usable: Sequence[tuple[float, float, Made]], a: float, b: float, parties: int) -> float | None:
    inside = sorted(
        (heard, m.fix.person_id) for seen, heard, m in usable if a <= seen <= b and _hers_or_his(m, parties)
    )
    if len(inside) < 2:
        return None
    if parties == 1:
        return inside[1][0]
    recent = sorted((heard, m.fix.person_id) for seen, heard, m in usable if a - MINUTE_S <= seen <= b)
    known: dict[UUID, float] = {}
    for heard, person in recent:
        known.setdefault(person, heard)
    if len(known) < 2:
        return None
    both = max(known.values())
    return max(inside[1][0], both)


def _hers_or_his(m: Made, parties: int) -> bool:
    return parties == 2 or m.fix.person_id == HIM


def scored(story: Staged, alarms: Sequence[Told]) -> Score:
    """Return how the alarms of one story stand against its truth."""
    score = Score(staged=1)
    for breach in breaches_of(story, DEPTH_M):
        score.breaches += 1
        hit = _first(breach, alarms)
        if hit is None:
            score.missed.append(f"{story.name}/{story.seed}")
            continue
        score.alarmed += 1
        score.confirmed += hit.confirmed_s is not None
        score.delays.append(max(0.0, hit.raised_s - breach.decided_s))
    for depth in SHALLOW_M:
        for breach in breaches_of(story, depth):
            score.shallow[depth][0] += 1
            score.shallow[depth][1] += _first(breach, alarms) is not None
    score.false = sum(_false(story.truths[a.condition_id], a) for a in alarms)
    return score


def _first(breach: Breach, alarms: Sequence[Told]) -> Told | None:
    fit = [
        a
        for a in alarms
        if a.condition_id == breach.condition_id
        and a.raised_s <= breach.until_s + GRACE_S
        and (a.cleared_s is None or a.cleared_s >= breach.from_s)
    ]
    return min(fit, key=lambda a: a.raised_s) if fit else None


def _false(truth: Truth, a: Told) -> bool:
    until = a.cleared_s if a.cleared_s is not None else float(truth.t[-1])
    span = (truth.t >= a.raised_s - MINUTE_S) & (truth.t <= until)
    return not bool((truth.loose_m[span] >= 0).any())


@dataclass(frozen=True, slots=True)
class Vouching:
    """What became of the stretches in which nobody could say where the wearer is."""

    stretches: int
    longest_s: float
    """The longest time from the last place to the notice, or to the end of the stretch where none was told."""
    untold: int
    notices: int


def vouched(story: Staged, facts: Sequence[Fact]) -> Vouching:
    """Score the notices: each stretch of more than 240 s without a place delivered must be told within 240 s."""
    placed = sorted(
        (seconds(story, m.fix.heard_at), seconds(story, m.fix.seen_at))
        for m in _once(story.made)
        if m.fix.person_id == HIM and m.fix.point is not None and m.fix.error_m <= CLAIM_M
    )
    told = [(seconds(story, f.happened_at), f.notice_id) for f in facts if isinstance(f, NoticeRaised)]
    ended = {f.notice_id: seconds(story, f.happened_at) for f in facts if isinstance(f, NoticeEnded)}
    known = placed[0][1] if placed else 0.0
    count, longest, untold = 0, 0.0, 0
    for heard, seen in [*placed, (story.until_s, story.until_s)]:
        if heard - known > 240.0:
            count += 1
            first = min((t for t, n in told if t <= heard and ended.get(n, 1e12) > known + 1), default=None)
            longest = max(longest, (max(first, known) if first is not None else heard) - known)
            untold += first is None
        known = max(known, seen)
    return Vouching(count, longest, untold, len(told))


def instant(story: Staged) -> datetime:
    """Return the end of a story by the clock, which goes on where nothing is heard any more."""
    return max([story.start + timedelta(seconds=story.until_s), *(m.fix.heard_at for m in story.made)])
