"""Hours of curfews and zones in local time. Korea has no summer time, but nothing here relies on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ansimnet.kernel.clock import KST
from ansimnet.slices.supervision.model import Curfew, Exclusion, Span, Window

Timed = Exclusion | Curfew
"""What may hold at some hours alone."""


def span_of(window: Window, day: date) -> tuple[datetime, datetime]:
    """Return the window that begins on a local day as [from, until), UTC."""
    since = datetime.combine(day, window.since, KST)
    until = datetime.combine(day, window.until, KST)
    if window.until <= window.since:
        until = datetime.combine(day + timedelta(days=1), window.until, KST)
    return since.astimezone(UTC), until.astimezone(UTC)


def inside(window: Window, at: datetime) -> bool:
    """Tell whether an instant lies in the window. (EM-18)

    >>> from datetime import time
    >>> night = Window(time(22), time(6))
    >>> inside(night, datetime(2026, 11, 20, 21, 0, tzinfo=UTC))  # 06:00 in Seoul: over
    False
    >>> inside(night, datetime(2026, 11, 20, 20, 59, tzinfo=UTC))
    True
    """
    today = at.astimezone(KST).date()
    return any(a <= at < b for a, b in (span_of(window, today), span_of(window, today - timedelta(days=1))))


def bound(timed: Timed, at: datetime) -> bool:
    """Tell whether a condition holds at an instant: the wearer must be home, or stay out of the zone."""
    if timed.window is None:
        return True
    return inside(timed.window, at) and not any(s.from_at <= at < s.until_at for s in _lifted(timed))


def _lifted(timed: Timed) -> tuple[Span, ...]:
    return timed.exceptions if isinstance(timed, Curfew) else ()


def turns(timed: Timed, after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (`after`, `until`] at which a condition begins or ends to hold, oldest first.

    Looks at most two days back from `until`: what turned earlier has turned again since.
    """
    if timed.window is None:
        return []
    found: set[datetime] = set()
    last = until.astimezone(KST).date()
    for back in range(3):
        found.update(span_of(timed.window, last - timedelta(days=back)))
    for span in _lifted(timed):
        found.update((span.from_at, span.until_at))
    return sorted(t for t in found if after < t <= until)


def spell(timed: Timed, at: datetime) -> tuple[datetime, datetime, bool]:
    """Return since and until when a condition holds or does not, as at an instant, [since, until), and whether it does.

    No more than a day either way is looked at.
    """
    day = timedelta(days=1)
    since, until = turns(timed, at - day, at), turns(timed, at, at + day)
    return (since[-1] if since else at - day), (until[0] if until else at + day), bound(timed, at)
