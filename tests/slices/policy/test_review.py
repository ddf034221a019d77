"""The monthly review finds what was planted in generated months, says why, and keeps still about quiet ones."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ansimnet.kernel.clock import KST
from ansimnet.kernel.ids import named_id
from ansimnet.slices.policy.rules.anomalies import SERIES, anomalies
from ansimnet.slices.policy.rules.review import (
    Access,
    Anomaly,
    AnomalyKind,
    Download,
    Glass,
    SeatMonth,
    Tally,
    robust_z,
    seat_counts,
)

OFFICERS, CONTROLLERS, SUBJECTS = 8, 6, 60
SEED = 20261101


def seat(role: str, n: int) -> UUID:
    return named_id("seat", role, str(n))


def person(n: int) -> UUID:
    return named_id("person", str(n))


class Month:
    """A month of a probation office and a control room: caseloads, shifts, chance refusals, incidents."""

    def __init__(self, first: date, seed: int) -> None:
        self.first, self.chance, self.seq = first, random.Random(seed), 0
        self.accesses: list[Access] = []
        for day in range(30):
            for n in range(OFFICERS):
                self._officer(day, n)
            for n in range(CONTROLLERS):
                self._controller(day, n)

    def at(self, day: int, hour: int) -> datetime:
        local = datetime(self.first.year, self.first.month, self.first.day, hour, tzinfo=KST) + timedelta(
            days=day, seconds=self.chance.randrange(3600)
        )
        return local.astimezone(UTC)

    def look(self, role: str, n: int, day: int, hour: int, subject: int | None = None, **change: Any) -> None:
        self.seq += 1
        words: dict[str, Any] = {
            "seq": self.seq, "at": self.at(day, hour), "account_id": seat(role, n), "role": role, "act": "read_track",
            "purpose": "supervise", "clause": "EM-ACT 15", "allowed": True,
            "subjects": () if subject is None else (person(subject),),
        }  # fmt: skip
        self.accesses.append(Access(**(words | change)))

    def _poisson(self, mean: float) -> int:
        level, n, p = 2.718281828**-mean, 0, 1.0
        while (p := p * self.chance.random()) > level:
            n += 1
        return n

    def _officer(self, day: int, n: int) -> None:
        if (self.first + timedelta(days=day)).weekday() >= 5:
            return  # an office works on weekdays
        caseload = range(n * 7, n * 7 + 7)
        for _ in range(self._poisson(9)):
            self.look("probation_officer", n, day, self.chance.randrange(9, 18), self.chance.choice(caseload))
        if self.chance.random() < 0.05:
            self.look("probation_officer", n, day, 11, self.chance.randrange(SUBJECTS), allowed=False, clause="")

    def _controller(self, day: int, n: int) -> None:
        start = (6, 14, 22)[(day // 4 + n) % 3]  # three shifts, changing every four days
        for _ in range(self._poisson(14)):
            hour = (start + self.chance.randrange(8)) % 24
            self.look("tracking_controller", n, day, hour, self.chance.randrange(SUBJECTS))
        for _ in range(self._poisson(0.8)):
            hour = (start + self.chance.randrange(8)) % 24
            subject = self.chance.randrange(SUBJECTS)
            self.look("tracking_controller", n, day, hour, subject, purpose="respond", incident=True)

    def tally(self) -> Tally:
        tally = Tally()
        for access in sorted(self.accesses, key=lambda a: a.at):
            tally.take(access)
        return tally


def past(seed: int) -> list[SeatMonth]:
    firsts = [date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]
    return [s for i, first in enumerate(firsts) for s in Month(first, seed + i).tally().seats.values()]


HISTORY = past(SEED)


def this_month(seed: int = 99) -> Month:
    return Month(date(2026, 10, 1), seed)


def kinds(found: list[Anomaly]) -> list[AnomalyKind]:
    return [a.kind for a in found]


@pytest.mark.requirement("EM-16")
def test_quiet_months_do_not_cry() -> None:
    cried = [anomalies(this_month(seed).tally(), HISTORY) for seed in range(100, 116)]
    assert sum(map(len, cried)) <= 1, [kinds(c) for c in cried]  # 16 months × 14 seats × 7 measures


def test_the_first_month_of_all_has_no_usual_to_be_far_from() -> None:
    assert anomalies(Tally()) == []
    lonely = Tally()
    for n in range(40):
        lonely.take(this_month().accesses[n])
    assert anomalies(lonely) == []


def test_a_nights_visit_of_a_day_seat_is_found() -> None:
    month = this_month()
    for k in range(6):
        month.look("probation_officer", 3, 10 + k, 3, 21 + k % 7)
    found = anomalies(month.tally(), HISTORY)
    assert kinds(found)[0] is AnomalyKind.HOURS
    assert found[0].account_id == seat("probation_officer", 3)
    assert found[0].value == 6
    assert "3" in found[0].says.en
    assert len(found[0].seqs) == 6


def test_a_day_and_a_month_out_of_the_ordinary_are_found() -> None:
    month = this_month()
    for k in range(45):
        month.look("tracking_controller", 2, 12, 10, k)
    found = anomalies(month.tally(), HISTORY)
    assert AnomalyKind.DAY in kinds(found)[:2]
    month = this_month()
    for day in range(30):
        for k in range(20):
            month.look("tracking_controller", 4, day, 9 + k % 12, k)
    found = anomalies(month.tally(), HISTORY)
    assert {AnomalyKind.MONTH, AnomalyKind.PEERS} <= set(kinds(found)[:4])
    assert {a.account_id for a in found[:4]} == {seat("tracking_controller", 4)}


def test_the_same_person_day_after_day_is_found_and_a_caseload_is_not() -> None:
    month = this_month()
    for day in range(28):
        month.look("tracking_controller", 1, day, 15, 7)
    found = anomalies(month.tally(), HISTORY)
    assert kinds(found)[0] is AnomalyKind.SUBJECT
    assert (found[0].account_id, found[0].subject) == (seat("tracking_controller", 1), person(7))


def test_looks_at_a_declared_acquaintance_break_a_rule_whatever_is_usual() -> None:
    month = this_month()
    month.look("probation_officer", 2, 5, 10, 15)
    pairs = [(seat("probation_officer", 2), person(15)), (seat("probation_officer", 5), person(59))]
    found = anomalies(month.tally(), HISTORY, acquainted=pairs)
    assert kinds(found) == [AnomalyKind.ACQUAINTED]
    assert found[0].broken
    assert found[0].subject == person(15)


def test_an_incident_excuses_a_look_at_an_acquaintance() -> None:
    tally = Tally()
    tally.take(Access(seq=1, at=datetime(2026, 10, 3, tzinfo=UTC), account_id=seat("x", 1), role="x", act="read_track",
                      purpose="respond", clause="c", allowed=True, subjects=(person(1),), incident=True))  # fmt: skip
    assert anomalies(tally, acquainted=[(seat("x", 1), person(1))]) == []


def test_answering_incidents_that_are_not_there_is_found() -> None:
    month = this_month()
    for k in range(7):
        month.look("tracking_controller", 0, 3 * k, 8, k, purpose="respond")
    assert kinds(anomalies(month.tally(), HISTORY))[0] is AnomalyKind.NO_INCIDENT


def test_refusals_one_after_another_are_a_series_and_scattered_ones_are_not() -> None:
    month = this_month()
    at = month.at(9, 11)
    for k in range(SERIES + 1):
        month.look("tracking_controller", 5, 9, 11, 30, allowed=False, clause="", at=at + timedelta(minutes=2 * k))
    found = anomalies(month.tally(), HISTORY)
    assert kinds(found) == [AnomalyKind.REFUSED]
    assert found[0].value == SERIES + 1


def test_an_unjustified_break_glass_and_downloads_without_reason_stand_above_everything() -> None:
    month = this_month()
    for k in range(60):
        month.look("tracking_controller", 2, 12, 10, k)
    glass = [
        Glass(seq=1, account_id=seat("p", 1), role="police_112", ground_id=person(1), justified=False),
        Glass(seq=2, account_id=seat("p", 1), role="police_112", ground_id=person(2), justified=True),
    ]
    took = [
        Download(seq=3, account_id=seat("a", 1), role="auditor", reason="확인"),
        Download(seq=4, account_id=seat("a", 2), role="auditor", reason="10월 접속기록 점검표에 붙임"),
        Download(seq=5, account_id=seat("a", 1), role="auditor", reason=None),
    ]
    found = anomalies(month.tally(), HISTORY, glasses=glass, downloads=took)
    assert kinds(found)[:2] == [AnomalyKind.UNREASONED, AnomalyKind.BREAK_GLASS]
    assert found[0].value == 2
    assert all(not a.broken for a in found[2:])
    assert found[2].kind is AnomalyKind.DAY


def test_every_planted_anomaly_of_one_bad_month_is_among_the_first_ten() -> None:
    month = this_month(7)
    for k in range(6):
        month.look("probation_officer", 3, 10 + k, 2, 21 + k % 7)
    for k in range(45):
        month.look("tracking_controller", 2, 12, 10, k)
    for day in range(28):
        month.look("tracking_controller", 1, day, 15, 7)
    for k in range(8):
        month.look("tracking_controller", 0, 3 * k, 8, k, purpose="respond")
    top = {(a.kind, a.account_id) for a in anomalies(month.tally(), HISTORY)[:10]}
    assert top >= {
        (AnomalyKind.HOURS, seat("probation_officer", 3)),
        (AnomalyKind.DAY, seat("tracking_controller", 2)),
        (AnomalyKind.SUBJECT, seat("tracking_controller", 1)),
        (AnomalyKind.NO_INCIDENT, seat("tracking_controller", 0)),
    }


def test_a_score_can_be_worked_out_from_the_figures_beside_it() -> None:
    month = this_month()
    for k in range(45):
        month.look("tracking_controller", 2, 12, 10, k)
    for a in anomalies(month.tally(), HISTORY):
        if a.kind in (AnomalyKind.DAY, AnomalyKind.MONTH, AnomalyKind.PEERS):
            assert a.usual is not None
            assert a.spread is not None
            assert a.score == pytest.approx((a.value - a.usual) / a.spread)


def test_robust_deviations_ignore_the_outlier_itself_and_never_collapse() -> None:
    assert robust_z(10, [10] * 9 + [900])[0] == 0
    assert robust_z(3, [0, 0, 0, 0]) == (3.0, 0.0, 1.0)


def test_the_order_in_which_accesses_come_changes_nothing_and_keys_stay() -> None:
    month = this_month()
    for day in range(28):
        month.look("tracking_controller", 1, day, 15, 7)
    straight = anomalies(month.tally(), HISTORY)
    again = anomalies(month.tally(), list(reversed(HISTORY)))
    assert [a.key for a in straight] == [a.key for a in again]
    counted = seat_counts(month.tally())
    assert counted["decisions"] == len(month.accesses)
    assert counted["seats"] == OFFICERS + CONTROLLERS
