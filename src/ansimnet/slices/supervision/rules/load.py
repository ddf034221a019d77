"""What a shift was asked to look at, and what came of it. Pure. (EM-19, EM-20)"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from math import ceil

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import KST
from ansimnet.slices.supervision.model import Seen

SHIFT_BEGINS = (time(6), time(14), time(22))
"""Three shifts of eight hours, Seoul time (ours: the hours of most curfews, 00:00 to 06:00, lie within one)."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many alarms there were, how many became certain, and what officers found; the rest nobody has judged.

    `room_true` and `room_false` are the verdicts of those who handled them; of the `both` that an officer judged too,
    `agreed` are the ones of one mind.
    """

    alarms: int = 0
    certain: int = 0
    confirmed: int = 0
    medical: int = 0
    false: int = 0
    room_true: int = 0
    room_false: int = 0
    both: int = 0
    agreed: int = 0

    @property
    def unjudged(self) -> int:
        return self.alarms - self.confirmed - self.medical - self.false

    @property
    def false_share(self) -> float | None:
        """The part of what was judged that was no violation; None where nothing was."""
        judged = self.alarms - self.unjudged
        return self.false / judged if judged else None


def shift_of(at: datetime) -> datetime:
    """Return when the shift began in which an instant lies.

    >>> shift_of(datetime(2026, 11, 21, 2, 14, tzinfo=KST)).isoformat()
    '2026-11-20T22:00:00+09:00'
    """
    local = at.astimezone(KST)
    begun = [t for t in SHIFT_BEGINS if t <= local.time()]
    day = local.date() if begun else local.date() - timedelta(days=1)
    return datetime.combine(day, begun[-1] if begun else SHIFT_BEGINS[-1], KST)


def _more(c: Count, s: Seen) -> Count:
    both = s.finding is not None and s.verdict is not None
    return replace(
        c,
        alarms=c.alarms + 1,
        certain=c.certain + s.certain,
        confirmed=c.confirmed + (s.finding == "confirmed"),
        medical=c.medical + (s.finding == "medical"),
        false=c.false + (s.finding == "false"),
        room_true=c.room_true + (s.verdict == "true"),
        room_false=c.room_false + (s.verdict == "false"),
        both=c.both + both,
        agreed=c.agreed + (both and (s.verdict == "false") == (s.finding == "false")),
    )


def by_shift(seen: Iterable[Seen], since: datetime, until: datetime) -> list[tuple[datetime, Count]]:
    """Return every shift from `since` to `until` with its alarms, newest first; quiet ones are there with none."""
    counts: dict[datetime, Count] = {}
    at = shift_of(since)
    while at <= until:
        counts[at] = Count()
        at = shift_of(at + timedelta(hours=8))
    for s in seen:
        begun = shift_of(s.raised_at)
        if begun in counts:
            counts[begun] = _more(counts[begun], s)
    return sorted(counts.items(), reverse=True)


def by_trigger(seen: Iterable[Seen]) -> dict[Trigger, Count]:
    """Return the alarms of each of the four triggers."""
    counts = {t: Count() for t in Trigger}
    for s in seen:
        counts[s.trigger] = _more(counts[s.trigger], s)
    return counts


def total(counts: Iterable[Count]) -> Count:
    """Return all of some counts together."""
    found = list(counts)
    return Count(**{f.name: sum(getattr(c, f.name) for c in found) for f in fields(Count)})


def waits_s(seen: Iterable[Seen]) -> list[float]:
    """Return how long each alarm waited to be acknowledged, seconds, shortest first; those nobody did are left out."""
    return sorted((s.acknowledged_at - s.raised_at).total_seconds() for s in seen if s.acknowledged_at is not None)


def quantile(values: Sequence[float], part: float) -> float | None:
    """Return a quantile of sorted values, the nearest that is one of them; None where there is none.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    if not values:
        return None
    return values[max(0, ceil(len(values) * part) - 1)]
