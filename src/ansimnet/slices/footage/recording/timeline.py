"""What a span of recording looks like: recorded stretches, and gaps with their cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.slices.footage.archive.model import Gap

PENDING, PENDING_S = "being-written", 12.0
"""The newest pictures reach the index once their piece is cut (2 s, or a group of 4 s) and what was written is flushed
(`archive.opening.FLUSH_S`)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the timeline. `cause` None: recorded."""

    start: datetime
    end: datetime
    cause: str | None = None
    detail: str = ""


def stretches(gaps: Iterable[Gap], from_at: datetime, until: datetime, now: datetime) -> list[Stretch]:
    """Return the span up to now as stretches without hole or overlap, in order.

    Args:
        gaps: what is missing of the span, in order and without overlaps; all else is recorded.
    """
    until = min(until, now)
    out: list[Stretch] = []
    at = from_at
    for gap in gaps:
        start, end = max(gap.start, at), min(gap.end, until)
        if start >= end:
            continue
        if start > at:
            out.append(Stretch(at, start))
        fresh = end >= now - timedelta(seconds=1) and (now - start).total_seconds() <= PENDING_S
        out.append(Stretch(start, end, PENDING if fresh else gap.cause, "" if fresh else gap.detail))
        at = end
    if at < until:
        out.append(Stretch(at, until))
    return out
