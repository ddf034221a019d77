"""When footage dies, which goes first where the disk is full, and why a time has no pictures. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.slices.footage.archive.index import Died, Hold
from ansimnet.slices.footage.archive.model import HOUR, LONGEST, Cause, Gap, Term

LEAD = timedelta(seconds=25)
"""A term is due this long before its first frame's time is over, so that a sweep every 20 s is never late. Its last
frame, one hour and one longest segment younger, is then 29 d 22 h 59 min 5 s old."""
SWEEP_S = 20.0
"""How often is swept."""
HELD_GRACE = timedelta(seconds=20)
"""A hold's copy outlives its end by this: whoever renewed it in the last instant has committed by then (ours)."""
RESERVE = 0.05
"""The share of the disk that stays free (ours): file systems slow down beyond, and a restart needs room."""
DAY_AHEAD = timedelta(hours=24)
HORIZON = timedelta(hours=30)
"""The alarm looks this far, so that a day is left when it is heard (ours: a quarter more, for rates that rise)."""


def due(term: Term, days: int, shift: timedelta) -> datetime:
    """Return when a term that is kept for so many days is destroyed.

    >>> from datetime import UTC
    >>> str(due(Term(datetime(2026, 3, 1, 4, tzinfo=UTC), 0, 30), 30, timedelta(0)))
    '2026-03-31 03:59:35+00:00'
    """
    return term.hour_at + timedelta(days=days) + shift - LEAD


def behind(term: Term) -> datetime:
    """Return the instant behind the last frame a term can hold."""
    return term.hour_at + HOUR + LONGEST


def held(holds: Iterable[Hold], camera_id: CameraId, term: Term) -> list[Hold]:
    """Return the holds that may keep something of a camera's term and are not released."""
    return [h for h in holds if not h.over and h.keeps(camera_id, term.hour_at, behind(term))]


def ended(hold: Hold, earliest: datetime, latest: datetime) -> bool:
    """Return whether what a hold keeps must go: by every reading its end is past, and whoever renewed it is done."""
    return hold.over or (earliest >= hold.ends_at and latest >= hold.ends_at + HELD_GRACE)


def to_free(free: int, total: int) -> int:
    """Return how many bytes must go so that the reserve is free and a tenth of it more; 0 while it is.

    >>> to_free(60, 1000), to_free(49, 1000)
    (0, 6)
    """
    reserve = int(total * RESERVE)
    return 0 if free >= reserve else reserve + reserve // 10 - free


def full_at(
    now: datetime, free: int, total: int, rate: float, dying: Sequence[tuple[datetime, int]]
) -> datetime | None:
    """Return when the reserve will be touched within the horizon, None where it will not.

    Args:
        rate: bytes written a second.
        dying: when terms are due and how many bytes each frees, in order.
    """
    room, at = free - int(total * RESERVE), now
    for due_at, size in (*dying, (now + HORIZON, 0)):
        until = min(max(due_at, at), now + HORIZON)
        needs = rate * (until - at).total_seconds()
        if needs > room:
            return at + timedelta(seconds=max(0.0, room / rate)) if rate > 0 else at
        room, at = int(room - needs) + size, until
        if until >= now + HORIZON:
            break
    return None


def rate(now: datetime, sizes: Mapping[tuple[CameraId, Term], int]) -> float:
    """Return the bytes written a second: over the whole hours of the last day, or this one where there is none."""
    whole: dict[datetime, int] = {}
    present = 0
    for (_, term), size in sizes.items():
        if term.hour_at + HOUR <= now and term.hour_at > now - DAY_AHEAD - HOUR:
            whole[term.hour_at] = whole.get(term.hour_at, 0) + size
        elif term.hour_at <= now < term.hour_at + HOUR:
            present += size
    if whole:
        return sum(whole.values()) / (max(whole) + HOUR - min(whole)).total_seconds()
    return present / max(60.0, (now - now.replace(minute=0, second=0, microsecond=0)).total_seconds())


def leaf(died: Died) -> bytes:
    """Return the leaf of a certificate's tree: SHA-256 over a zero byte and one line of text."""
    words = (
        died.camera_id, died.term.name, died.hold_id or "-", died.segments, died.size, died.digest.hex(),
    )  # fmt: skip
    return hashlib.sha256(b"\x00" + "|".join(map(str, words)).encode()).digest()


def root_of(died: Iterable[Died]) -> bytes:
    """Return the root of a certificate's tree (RFC 6962)."""
    return Tree(leaf(d) for d in died).root()


# ------------------------------------------------------------------------------------------------ gaps


def merged(spans: Iterable[tuple[datetime, datetime]], hole: timedelta) -> list[tuple[datetime, datetime]]:
    """Return spans in order, those less than `hole` apart as one."""
    out: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if out and start - out[-1][1] <= hole:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def holes(
    covered: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime, hole: timedelta
) -> list[tuple[datetime, datetime]]:
    """Return the time in `[start, end)` that nothing covers, holes shorter than `hole` apart."""
    out, at = list[tuple[datetime, datetime]](), start
    for a, b in merged(covered, hole):
        if a - at > hole:
            out.append((at, a))
        at = max(at, b)
    if end - at > hole:
        out.append((at, end))
    return out


def explain(
    empty: Iterable[tuple[datetime, datetime]], noted: Sequence[Gap], first: datetime | None, kept_from: datetime
) -> list[Gap]:
    """Return holes with their causes: what somebody noted, else by when they are.

    Before the first picture ever: never recorded. Older than anything is kept: destroyed. Else nobody was there.
    """
    out = list[Gap]()
    for start, end in empty:
        cuts = {start, end, *(t for g in noted for t in (g.start, g.end) if start < t < end)}
        cuts |= {t for t in (first, kept_from) if t is not None and start < t < end}
        edges = sorted(cuts)
        for a, b in pairwise(edges):
            gap = _why(a, b, noted, first, kept_from)
            if out and out[-1].end == a and (out[-1].cause, out[-1].detail) == (gap.cause, gap.detail):
                gap = Gap(out.pop().start, b, gap.cause, gap.detail)
            out.append(gap)
    return out


def _why(a: datetime, b: datetime, noted: Sequence[Gap], first: datetime | None, kept_from: datetime) -> Gap:
    said = next((g for g in reversed(noted) if g.start <= a and b <= g.end), None)
    if said is not None:
        return Gap(a, b, said.cause, said.detail)
    if first is None or b <= first:
        return Gap(a, b, Cause.NEVER_RECORDED)
    return Gap(a, b, Cause.DESTROYED if b <= kept_from else Cause.RELAY_STOPPED)


def digest_of(heads: Iterable[bytes]) -> bytes:
    """Return SHA-256 over the heads of records, in order: time, length and nonce of each, which no two share."""
    h = hashlib.sha256()
    for head in heads:
        h.update(head)
    return h.digest()
