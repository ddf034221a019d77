"""The monthly review of who looked: counts, and what a person should look at first, with the reason. Pure.

Safeguards standard §8 wants the records of access examined at least once a month, and the reason of each download.
Every score is a distance from what is usual, in robust deviations (`robust_z`), so that a reader can work it out from
the three figures beside it. What breaks a rule outright needs no distance and stands above. No names, only seats.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from statistics import median
from uuid import UUID

from ansimnet.kernel.clock import KST
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.slices.policy.model import Said, SeatMonth

PERSON_ACTS = frozenset(
    {
        Act.READ_WEARER,
        Act.READ_TRACK,
        Act.READ_PROTECTED,
        Act.VIEW_STREAM,
        Act.UNMASK_TRACK,
        Act.SEARCH_PERSON,
        Act.READ_DISCLOSURE,
        Act.READ_SHELTER,
        Act.READ_FOOTAGE,
        Act.READ_CLIENT,
        Act.READ_CASE,
        Act.GRADE_PERSON,
        Act.FOLLOW_TRIP,
    }
)
"""Acts that look at a person."""
NAMED_ACTS = PERSON_ACTS - {Act.VIEW_STREAM, Act.UNMASK_TRACK, Act.READ_FOOTAGE, Act.SEARCH_PERSON}
"""Those whose resource is the person, not a camera."""

MAD_TO_SIGMA = 1.4826
"""A normal distribution's standard deviation per median absolute deviation."""
MOST_EVIDENCE = 20


class AnomalyKind(StrEnum):
    """What is unusual about it."""

    BREAK_GLASS = "break_glass_unjustified"
    ACQUAINTED = "acquaintance"
    UNREASONED = "download_without_reason"
    HOURS = "unusual_hours"
    DAY = "volume_day"
    MONTH = "volume_month"
    PEERS = "volume_peers"
    SUBJECT = "same_subject"
    NO_INCIDENT = "no_incident"
    REFUSED = "refused_series"


BROKEN = frozenset({AnomalyKind.BREAK_GLASS, AnomalyKind.ACQUAINTED, AnomalyKind.UNREASONED})
"""What breaks a rule, whatever is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One question and its answer, as the ledger has it. `incident`: one stood that touches a subject of it."""

    seq: int
    at: datetime
    account_id: UUID
    role: str
    act: str
    purpose: str
    clause: str
    allowed: bool
    subjects: tuple[UUID, ...] = ()
    incident: bool = False

    @property
    def look(self) -> bool:
        """Whether somebody looked at a person, whole lists too."""
        return self.allowed and self.act in PERSON_ACTS and self.purpose != Purpose.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One export, as far as the review needs it."""

    seq: int
    account_id: UUID
    role: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """A break-glass of the month. `justified`: in time."""

    seq: int
    account_id: UUID
    role: str
    ground_id: UUID
    justified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Something a person should look at, with the figures it was ranked by."""

    kind: AnomalyKind
    account_id: UUID
    role: str
    says: Said
    value: float
    usual: float | None = None
    spread: float | None = None
    score: float
    subject: UUID | None = None
    seqs: tuple[int, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether a rule is broken, rather than something unusual."""
        return self.kind in BROKEN

    @property
    def key(self) -> str:
        """A name that stays the same when the month is folded again."""
        words = f"{self.kind}|{self.account_id}|{self.subject}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def robust_z(value: float, others: Sequence[float], *, share: float = 0.0) -> tuple[float, float, float]:
    """Return how far a value lies above the others in robust deviations, their median, and one such deviation.

    The deviation is 1.4826 × the median absolute deviation, and never below what chance alone gives a count (its
    square root), nor below `share` of the median, nor below 1.

    >>> robust_z(40, [10, 12, 9, 11, 10])[1:]
    (10.0, 3.1622776601683795)
    """
    usual = float(median(others))
    mad = float(median(abs(o - usual) for o in others))
    spread = max(MAD_TO_SIGMA * mad, math.sqrt(max(usual, 0.0)), share * usual, 1.0)
    return (value - usual) / spread, usual, spread


class Tally:
    """Takes a month's accesses one by one and keeps what the review needs of them: counts, never a list of looks."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[UUID, str, str, str, bool]] = Counter()
        self.seats: dict[UUID, SeatMonth] = {}
        self.pairs: dict[tuple[UUID, UUID], dict[date, int]] = defaultdict(dict)
        self.seqs: dict[tuple[UUID, str], list[int]] = defaultdict(list)
        self.refusals: dict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
        self.hourly: dict[tuple[UUID, int], list[int]] = defaultdict(list)
        self.daily: dict[tuple[UUID, date], list[int]] = defaultdict(list)
        self.seen: dict[tuple[UUID, UUID], list[int]] = defaultdict(list)

    def take(self, a: Access) -> None:
        """Take one access."""
        self.counts[a.account_id, a.role, a.purpose, a.clause, a.allowed] += 1
        seat = self.seats.setdefault(a.account_id, SeatMonth(account_id=a.account_id, role=a.role))
        if not a.allowed:
            seat.refused += 1
            self.refusals[a.account_id].append((a.at, a.seq))
        if not a.look:
            return
        local = a.at.astimezone(KST)
        seat.looks += 1
        seat.hours[local.hour] += 1
        seat.days[local.date()] = seat.days.get(local.date(), 0) + 1
        _keep(self.hourly[a.account_id, local.hour], a.seq)
        _keep(self.daily[a.account_id, local.date()], a.seq)
        if a.act not in NAMED_ACTS or not a.subjects:
            return
        if not a.incident:
            if a.purpose == Purpose.RESPOND:
                seat.alone += 1
                _keep(self.seqs[a.account_id, "alone"], a.seq)
            for subject in a.subjects:
                self.pairs[a.account_id, subject].setdefault(local.date(), a.seq)
                _keep(self.seen[a.account_id, subject], a.seq)


def _keep(kept: list[int], seq: int) -> None:
    if len(kept) < MOST_EVIDENCE:
        kept.append(seq)


def seat_counts(tally: Tally) -> Mapping[str, int]:
    """Return what the first line of the review says: looks, refusals, seats."""
    return {
        "decisions": sum(tally.counts.values()),
        "refused": sum(n for (*_, allowed), n in tally.counts.items() if not allowed),
        "looks": sum(s.looks for s in tally.seats.values()),
        "seats": len(tally.seats),
    }
