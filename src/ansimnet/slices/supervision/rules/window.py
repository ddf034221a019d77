"""Curfew hours in local time. Korea has no summer time, but nothing here relies on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ansimnet.kernel.clock import KST
from ansimnet.slices.supervision.model import Curfew, Window


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


def bound(curfew: Curfew, at: datetime) -> bool:
    """Tell whether the wearer must be home at an instant."""
    return inside(curfew.window, at) and not any(s.from_at <= at < s.until_at for s in curfew.exceptions)


def turns(curfew: Curfew, after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (`after`, `until`] at which the duty to be home begins or ends, oldest first.

    Looks at most two days back from `until`: what turned earlier has turned again since.
    """
    found: set[datetime] = set()
    last = until.astimezone(KST).date()
    for back in range(3):
        found.update(span_of(curfew.window, last - timedelta(days=back)))
    for span in curfew.exceptions:
        found.update((span.from_at, span.until_at))
    return sorted(t for t in found if after < t <= until)


def spell(curfew: Curfew, at: datetime) -> tuple[datetime, datetime, bool]:
    """Return since and until when the duty to be home is as it is at an instant, [since, until), and whether it binds.

    No more than a day either way is looked at.
    """
    day = timedelta(days=1)
    since, until = turns(curfew, at - day, at), turns(curfew, at, at + day)
    return (since[-1] if since else at - day), (until[0] if until else at + day), bound(curfew, at)
