"""What stands out in a month of looks, and why it is ranked where it is. Pure.

Each measure compares a seat with its own past and with seats of the same role; below the figures named `FEW_` there is
no usual to be far from, and nothing is said.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from ansimnet.slices.policy.model import Said, SeatMonth
from ansimnet.slices.policy.rules.review import (
    MOST_EVIDENCE,
    Anomaly,
    AnomalyKind,
    Download,
    Glass,
    Tally,
    robust_z,
)

CUT = 3.5
"""From here on a distance is told (Iglewicz & Hoaglin 1993, for the modified z-score)."""
CUT_DAY = 6.0
"""For the busiest of a month's days: some thirty are compared at once (ours)."""
CUT_SUBJECT = 4.5
"""For one person among all a seat looked up: some hundreds of pairs are compared at once (ours)."""
FEW_DAYS, FEW_MONTHS, FEW_PEERS, FEW_LOOKS, FEW_SUBJECTS = 20, 3, 4, 50, 5
"""Below these there is no usual to be far from (ours)."""
RARE_HOUR = 0.01
"""An hour of the day that holds less than this share of a seat's looks is unusual for it (ours)."""
SERIES, SERIES_WITHIN = 3, timedelta(minutes=10)
"""So many refusals within so long are a series: tried, refused, tried again (ours)."""
SAME_DAYS = 5
"""Somebody looked up on fewer days is no pattern (ours)."""
THIN_REASON, SAME_REASON = 10, 5
"""A reason of fewer letters, or one given word for word so many times, explains nothing (ours)."""


def anomalies(
    tally: Tally,
    history: Sequence[SeatMonth] = (),
    *,
    acquainted: Iterable[tuple[UUID, UUID]] = (),
    downloads: Iterable[Download] = (),
    glasses: Iterable[Glass] = (),
) -> list[Anomaly]:
    """Return what stands out in a month, first what breaks a rule, then by distance.

    `history` are the months before, of any seat; `acquainted` are (seat, person) pairs on file.
    """
    past: dict[UUID, list[SeatMonth]] = defaultdict(list)
    for month in history:
        past[month.account_id].append(month)
    found = [*_glasses(glasses), *_acquainted(tally, acquainted), *_downloads(downloads)]
    for seat in tally.seats.values():
        peers = [s for s in tally.seats.values() if s.role == seat.role and s.account_id != seat.account_id]
        mine = past[seat.account_id]
        found += _hours(tally, seat, mine, peers)
        found += _volume(tally, seat, mine, peers)
        found += _alone(tally, seat, mine, peers)
        found += _refused(tally, seat)
    found += _same_subject(tally)
    return sorted(found, key=lambda a: (not a.broken, -a.score, a.key))


def _glasses(glasses: Iterable[Glass]) -> list[Anomaly]:
    return [
        Anomaly(
            kind=AnomalyKind.BREAK_GLASS,
            account_id=g.account_id,
            role=g.role,
            subject=g.ground_id,
            value=1,
            score=1,
            seqs=(g.seq,),
            says=Said(
                "긴급 열람의 사유가 24시간 안에 소명되지 않았습니다",
                "a break-glass was not justified within 24 hours",
            ),
        )
        for g in glasses
        if not g.justified
    ]


def _acquainted(tally: Tally, pairs: Iterable[tuple[UUID, UUID]]) -> list[Anomaly]:
    found = []
    for account_id, subject in sorted(set(pairs)):
        seqs = tally.seen.get((account_id, subject))
        if seqs:
            seat = tally.seats[account_id]
            days = len(tally.pairs[account_id, subject])
            says = Said(
                f"아는 사이로 신고된 사람을 사건 없이 {days}일 열람했습니다",
                f"looked up a declared acquaintance on {days} days without an incident",
            )
            found.append(_of_seat(AnomalyKind.ACQUAINTED, seat, says, days, days, seqs, subject=subject))
    return found


def _downloads(downloads: Iterable[Download]) -> list[Anomaly]:
    """Return downloads whose reason is missing, too thin, or always the same words."""
    bad: dict[UUID, list[Download]] = defaultdict(list)
    words: Counter[tuple[UUID, str]] = Counter()
    every = list(downloads)
    for d in every:
        words[d.account_id, (d.reason or "").strip()] += 1
    for d in every:
        said = (d.reason or "").strip()
        if len(said) < THIN_REASON or words[d.account_id, said] >= SAME_REASON:
            bad[d.account_id].append(d)
    return [
        Anomaly(
            kind=AnomalyKind.UNREASONED,
            account_id=account_id,
            role=some[0].role,
            value=len(some),
            score=len(some),
            seqs=tuple(d.seq for d in some[:MOST_EVIDENCE]),
            says=Said(
                f"내려받기 {len(some)}건의 사유가 없거나 되풀이됩니다",
                f"{len(some)} downloads without a reason of their own",
            ),
        )
        for account_id, some in bad.items()
    ]


def _hours(tally: Tally, seat: SeatMonth, mine: Sequence[SeatMonth], peers: Sequence[SeatMonth]) -> list[Anomaly]:
    """Compare this month's hours with the seat's own past; where it has little, with its peers' as well."""
    own = [sum(m.hours[h] for m in mine) for h in range(24)]
    others = [sum(p.hours[h] for p in peers) for h in range(24)]
    if sum(own) < FEW_LOOKS and (len(peers) < FEW_PEERS or sum(others) < FEW_LOOKS):
        return []
    weight = FEW_LOOKS if sum(others) else 0
    total = sum(own) + weight
    share = [(own[h] + weight * (others[h] / sum(others) if weight else 0)) / total for h in range(24)]
    rare = [h for h in range(24) if share[h] < RARE_HOUR]
    seen = sum(seat.hours[h] for h in rare)
    usual = seat.looks * sum(share[h] for h in rare)
    spread = max(1.0, math.sqrt(usual))
    score = (seen - usual) / spread
    if score < CUT:
        return []
    seqs = [s for h in rare for s in tally.hourly[seat.account_id, h]][:MOST_EVIDENCE]
    at = ", ".join(str(h) for h in rare if seat.hours[h])
    says = Said(
        f"이 자리가 거의 일하지 않던 시간({at}시)에 {seen}번 열람했습니다",
        f"{seen} looks at hours this seat hardly ever works (KST {at})",
    )
    return [_of_seat(AnomalyKind.HOURS, seat, says, seen, score, seqs, usual=usual, spread=spread)]


def _volume(tally: Tally, seat: SeatMonth, mine: Sequence[SeatMonth], peers: Sequence[SeatMonth]) -> list[Anomaly]:
    found = []
    days = [float(n) for m in mine for n in m.days.values()]
    if len(days) >= FEW_DAYS and seat.days:
        day, most = max(seat.days.items(), key=lambda d: (d[1], d[0]))
        score, usual, spread = robust_z(most, days)
        if score >= CUT_DAY:
            says = Said(
                f"{day:%m월 %d일} 하루에 {most}번 열람, 평소 하루 {usual:.0f}번",
                f"{most} looks on {day:%d %B}, usually {usual:.0f} a day",
            )
            seqs = tuple(tally.daily[seat.account_id, day])
            found.append(_of_seat(AnomalyKind.DAY, seat, says, most, score, seqs, usual=usual, spread=spread))
    if len(mine) >= FEW_MONTHS:
        score, usual, spread = robust_z(seat.looks, [m.looks for m in mine], share=0.1)
        if score >= CUT:
            says = Said(
                f"이달 {seat.looks}번 열람, 평소 한 달 {usual:.0f}번",
                f"{seat.looks} looks this month, usually {usual:.0f}",
            )
            found.append(_of_seat(AnomalyKind.MONTH, seat, says, seat.looks, score, usual=usual, spread=spread))
    if len(peers) >= FEW_PEERS:
        score, usual, spread = robust_z(seat.looks, [p.looks for p in peers], share=0.25)
        if score >= CUT:
            says = Said(
                f"같은 일을 하는 자리는 {usual:.0f}번, 이 자리는 {seat.looks}번 열람했습니다",
                f"{seat.looks} looks where seats of the same role have {usual:.0f}",
            )
            found.append(_of_seat(AnomalyKind.PEERS, seat, says, seat.looks, score, usual=usual, spread=spread))
    return found


def _of_seat(
    kind: AnomalyKind,
    seat: SeatMonth,
    says: Said,
    value: float,
    score: float,
    seqs: Iterable[int] = (),
    *,
    usual: float | None = None,
    spread: float | None = None,
    subject: UUID | None = None,
) -> Anomaly:
    """Return what stands out about one seat's month, beside what is usual."""
    return Anomaly(
        kind=kind, account_id=seat.account_id, role=seat.role, subject=subject, says=says, value=value, usual=usual,
        spread=spread, score=score, seqs=tuple(seqs),
    )  # fmt: skip


def _alone(tally: Tally, seat: SeatMonth, mine: Sequence[SeatMonth], peers: Sequence[SeatMonth]) -> list[Anomaly]:
    """Compare looks that answer an incident where there is none with the seat's past and its peers."""
    others = [m.alone for m in (*mine, *peers)]
    score, usual, spread = robust_z(seat.alone, others or [0])
    if score < CUT:
        return []
    says = Said(
        f"사건이 없는데 사건 대응으로 {seat.alone}번 열람했습니다",
        f"{seat.alone} looks to answer an incident where there was none",
    )
    seqs = tally.seqs[seat.account_id, "alone"]
    return [_of_seat(AnomalyKind.NO_INCIDENT, seat, says, seat.alone, score, seqs, usual=usual, spread=spread)]


def _refused(tally: Tally, seat: SeatMonth) -> list[Anomaly]:
    """Find the densest stretch of refusals."""
    times = sorted(tally.refusals[seat.account_id])
    first, best = 0, (0, 0)
    for last, (at, _) in enumerate(times):
        while at - times[first][0] > SERIES_WITHIN:
            first += 1
        best = max(best, (last - first + 1, first))
    many, first = best
    if many < SERIES:
        return []
    says = Said(f"10분 안에 {many}번 거절되고도 다시 시도했습니다", f"refused {many} times within ten minutes")
    seqs = (seq for _, seq in times[first : first + min(many, MOST_EVIDENCE)])
    return [_of_seat(AnomalyKind.REFUSED, seat, says, many, many, seqs, usual=0.0, spread=1.0)]


def _same_subject(tally: Tally) -> list[Anomaly]:
    """Find a person whom one seat looks up day after day without an incident, unlike everybody else it looks up."""
    by_role: dict[str, list[float]] = defaultdict(list)
    by_seat: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    for (account_id, subject), days in tally.pairs.items():
        by_role[tally.seats[account_id].role].append(len(days))
        by_seat[account_id].append((subject, len(days)))
    found = []
    for account_id, subjects in by_seat.items():
        seat = tally.seats[account_id]
        for subject, days_n in subjects:
            others = [float(n) for s, n in subjects if s != subject]
            if len(others) < FEW_SUBJECTS:
                others = list(by_role[seat.role])
                others.remove(days_n)
            if days_n < SAME_DAYS or len(others) < FEW_SUBJECTS:
                continue
            score, usual, spread = robust_z(days_n, others)
            if score >= CUT_SUBJECT:
                says = Said(
                    f"같은 사람을 사건 없이 {days_n}일 열람했습니다. 다른 사람은 {usual:.0f}일",
                    f"the same person on {days_n} days without an incident; others on {usual:.0f}",
                )
                seqs = tally.seen[account_id, subject]
                found.append(
                    _of_seat(
                        AnomalyKind.SUBJECT,
                        seat,
                        says,
                        days_n,
                        score,
                        seqs,
                        usual=usual,
                        spread=spread,
                        subject=subject,
                    )
                )
    return found
