"""What a span of recording looks like: recorded stretches, and gaps with their cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansimnet.slices.footage.archive.model import Cause, Gap
from ansimnet.slices.footage.recording.cutter import HOLE_S

PENDING, PENDING_S = "being-written", 8.0
"""The newest pictures reach the index after their piece is cut (2 s, or a group of 4 s) and its batch is written."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the timeline. `cause` None: recorded."""

    start: datetime
    end: datetime
    cause: str | None = None
    detail: str = ""


def stretches(
    recorded: Iterable[tuple[datetime, datetime]],
    gaps: Iterable[Gap],
    from_at: datetime,
    until: datetime,
    now: datetime,
) -> list[Stretch]:
    """Return the span as stretches without hole or overlap, in order.

    Args:
        recorded: what the archive holds, in any order; holes of up to `HOLE_S` in it are none.
        gaps: what was noted as missing; where pictures exist after all, they win.
    """
    until = min(until, now)
    if until <= from_at:
        return []
    noted = sorted((g.start, g.end, g.cause, g.detail) for g in gaps)
    out: list[Stretch] = []
    at = from_at
    for start, end in _merged(recorded, from_at, until):
        if start > at:
            out += _hole(at, start, noted, now)
        out.append(Stretch(start, end))
        at = end
    if at < until:
        out += _hole(at, until, noted, now)
    return out


def _merged(
    recorded: Iterable[tuple[datetime, datetime]], from_at: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    hole = timedelta(seconds=HOLE_S)
    out: list[tuple[datetime, datetime]] = []
    for start, end in sorted(recorded):
        start, end = max(start, from_at), min(end, until)
        if start >= end:
            continue
        if out and start - out[-1][1] <= hole:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _hole(
    start: datetime, end: datetime, noted: Iterable[tuple[datetime, datetime, str, str]], now: datetime
) -> list[Stretch]:
    """Return a hole, told by what was noted; the earliest note wins where several overlap."""
    out: list[Stretch] = []
    at = start
    for since, until, cause, detail in noted:
        since, until = max(since, at), min(until, end)
        if since >= until:
            continue
        if since > at:
            out.append(_untold(at, since, now))
        out.append(Stretch(since, until, cause, detail))
        at = until
    if at < end:
        out.append(_untold(at, end, now))
    return out


def _untold(start: datetime, end: datetime, now: datetime) -> Stretch:
    fresh = (now - start).total_seconds() <= PENDING_S
    return Stretch(start, end, PENDING if fresh else Cause.NEVER_RECORDED)
