"""A month of the ledger folded into what the review and the release stand on. Reads sealed facts, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ansimnet.facts.dispatch import IncidentClosed, IncidentOpened
from ansimnet.facts.footage import ProvisionGiven, ProvisionRefused, ProvisionRequested
from ansimnet.facts.openness import DownloadMade
from ansimnet.facts.policy import AccessDecided, BreakGlassJustified, BreakGlassOpened
from ansimnet.facts.supervision import AlarmCleared, AlarmRaised
from ansimnet.kernel.clock import KST
from ansimnet.kernel.ids import CentreId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger.ranges import Sealed, sealed_after
from ansimnet.slices.policy.model import CentreKind, kind_of
from ansimnet.slices.policy.rules.release import MonthCounts, agency_of
from ansimnet.slices.policy.rules.review import Access, Download, Glass, Tally
from ansimnet.slices.policy.store import review as store

AFTER = timedelta(hours=1)
"""How long after its end an incident still explains a look: reports are written then (ours)."""

KINDS = frozenset(
    fact.kind
    for fact in (
        AccessDecided, BreakGlassOpened, BreakGlassJustified, DownloadMade, IncidentOpened, IncidentClosed, AlarmRaised,
        AlarmCleared, ProvisionRequested, ProvisionGiven, ProvisionRefused,
    )
)  # fmt: skip


@dataclass(slots=True)
class Folded:
    """What a month comes to."""

    tally: Tally = field(default_factory=Tally)
    counts: MonthCounts = field(default_factory=MonthCounts)
    glasses: dict[UUID, tuple[Sealed, datetime]] = field(default_factory=dict)
    justified: dict[UUID, datetime] = field(default_factory=dict)
    downloads: list[tuple[Sealed, UUID]] = field(default_factory=list)
    from_seq: int = 0
    through_seq: int = 0


def month_of(at: datetime) -> date:
    """Return the month an instant falls in, by the clock of Seoul.

    >>> from datetime import UTC
    >>> month_of(datetime(2026, 10, 31, 16, tzinfo=UTC))
    datetime.date(2026, 11, 1)
    """
    return at.astimezone(KST).date().replace(day=1)


def bounds(month: date) -> tuple[datetime, datetime]:
    """Return the first instant of a month and the first of the next, by the clock of Seoul."""
    after = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    start = datetime(month.year, month.month, 1, tzinfo=KST)
    return start, datetime(after.year, after.month, 1, tzinfo=KST)


def month_before(month: date, many: int = 1) -> date:
    """Return the month so many before.

    >>> month_before(date(2026, 1, 1))
    datetime.date(2025, 12, 1)
    """
    number = month.year * 12 + month.month - 1 - many
    return date(number // 12, number % 12 + 1, 1)


class _Situations:
    """Which persons stood in an incident or an alarm, and when."""

    def __init__(self) -> None:
        self.persons: dict[UUID, dict[UUID, datetime | None]] = {}
        self.about: dict[UUID, list[UUID]] = {}

    def opened(self, situation: str, persons: Iterable[str | None]) -> None:
        """Note that an incident or alarm with these persons stands."""
        key = UUID(situation)
        self.about[key] = [UUID(p) for p in persons if p is not None]
        for person in self.about[key]:
            self.persons.setdefault(person, {})[key] = None

    def closed(self, situation: str, at: datetime) -> None:
        """Note that it is over."""
        for person in self.about.get(UUID(situation), ()):
            self.persons[person][UUID(situation)] = at

    def stands(self, persons: Iterable[UUID], at: datetime) -> bool:
        """Return whether one of these persons stands in one, or did so just before."""
        return any(end is None or at <= end + AFTER for p in persons for end in self.persons.get(p, {}).values())


async def fold(tx: Tx, month: date, *, after_seq: int = 0) -> Folded:
    """Return a month folded from the sealed ledger of this centre; incidents that began before it count too.

    `after_seq` is where the month before began: entries below it are not read.
    """
    start, end = bounds(month)
    folded, situations = Folded(), _Situations()
    async for entry in sealed_after(tx, after_seq, KINDS):
        if entry.at >= end:
            continue
        _situation(situations, entry)
        if entry.at < start:
            continue
        folded.from_seq = folded.from_seq or entry.seq
        folded.through_seq = entry.seq
        _take(folded, situations, entry, tx.centre_id)
    return folded


def _situation(situations: _Situations, entry: Sealed) -> None:
    body = entry.body
    match entry.kind:
        case IncidentOpened.kind:
            situations.opened(body["incident_id"], (body.get("wearer_id"), body.get("protected_person_id")))
        case AlarmRaised.kind:
            situations.opened(body["alarm_id"], (body.get("wearer_id"), body.get("protected_person_id")))
        case IncidentClosed.kind:
            situations.closed(body["incident_id"], entry.at)
        case AlarmCleared.kind:
            situations.closed(body["alarm_id"], entry.at)
        case _:
            pass


def _take(folded: Folded, situations: _Situations, entry: Sealed, centre_id: UUID) -> None:
    body = entry.body
    match entry.kind:
        case AccessDecided.kind:
            access = access_of(entry, situations)
            if access is not None:
                folded.tally.take(access)
                folded.counts.take(access.role, access.purpose, access.clause, access.allowed)
        case BreakGlassOpened.kind:
            folded.glasses[UUID(body["ground_id"])] = (entry, datetime.fromisoformat(body["justify_by"]))
            folded.counts.break_glass += 1
        case BreakGlassJustified.kind:
            folded.justified.setdefault(UUID(body["ground_id"]), entry.at)
        case DownloadMade.kind:
            folded.downloads.append((entry, UUID(body["download_id"])))
        case ProvisionRequested.kind if body["to_centre"] == str(centre_id):
            folded.counts.provisions[_asker(body), "requested"] += 1
        case ProvisionGiven.kind if body["to_centre"] == str(centre_id):
            folded.counts.provisions[_asker(body), "given"] += 1
        case ProvisionRefused.kind if body["to_centre"] == str(centre_id):
            folded.counts.provisions[_asker(body), "refused"] += 1
        case _:
            pass


def _asker(body: dict[str, Any]) -> str:
    """Return the agency behind the centre that asked: the tracking centre is the Ministry of Justice's."""
    tracking = kind_of(CentreId(UUID(body["from_centre"]))) is CentreKind.TRACKING
    return agency_of(Role.TRACKING_CONTROLLER if tracking else Role.CENTRE_OPERATOR)


def access_of(entry: Sealed, situations: _Situations | None = None) -> Access | None:
    """Return a decision's entry as the review takes it, or None where no account stands behind it."""
    body = entry.body
    if body["account_id"] is None:
        return None
    named = body.get("resources") or ([body["resource"]] if body["resource"] is not None else [])
    subjects = tuple(UUID(r) for r in named)
    return Access(
        seq=entry.seq,
        at=entry.at,
        account_id=UUID(body["account_id"]),
        role=body["role"],
        act=body["act"],
        purpose=body["purpose"],
        clause=next(iter(body.get("cites") or ()), ""),
        allowed=body["allowed"],
        subjects=subjects,
        incident=situations is not None and situations.stands(subjects, entry.at),
    )


def glasses_of(folded: Folded, now: datetime) -> list[Glass]:
    """Return the month's break-glasses; one whose time to be justified still runs is not held against anybody."""
    found = []
    for ground_id, (entry, justify_by) in folded.glasses.items():
        said = folded.justified.get(ground_id)
        found.append(
            Glass(
                seq=entry.seq,
                account_id=UUID(entry.body["account_id"]),
                role=entry.body["role"],
                ground_id=ground_id,
                justified=now < justify_by or (said is not None and said <= justify_by),
            )
        )
    return found


async def downloads_of(tx: Tx, folded: Folded) -> list[Download]:
    """Return the month's downloads with their reasons."""
    reasons = await store.reasons_of(tx, [d for _, d in folded.downloads])
    roles = {a: s.role for a, s in folded.tally.seats.items()}
    return [
        Download(
            seq=entry.seq,
            account_id=(by := UUID(entry.body["by"])),
            role=roles.get(by, Role.AUDITOR),
            reason=reasons.get(download_id),
        )
        for entry, download_id in folded.downloads
    ]
