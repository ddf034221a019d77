"""Limits: hours by the clock, longer ones by the calendar in Seoul; what a centre may change."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.duties import DECIDE_BEFORE, JUSTIFY_WITHIN
from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.slices.duties.model import Again, Change, Duty, Limit, Rule, State, Unit
from ansimnet.slices.duties.rules import (
    TABLE,
    KeptByItsSlice,
    LooserThanTheText,
    UnknownRule,
    due_at,
    in_force,
    may_change,
    next_duty,
    period_of,
)
from ansimnet.slices.policy.rules.agencies import KEY_LASTS

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
CALENDAR = (Unit.MONTH, Unit.QUARTER, Unit.YEAR)

instants = st.datetimes(datetime(2019, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
limits = st.builds(Limit, st.integers(1, 48), st.sampled_from(Unit))


def seoul(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=KST)


@pytest.mark.parametrize(
    ("limit", "started", "due"),
    [
        (Limit(24, Unit.HOUR), seoul(2026, 11, 22, 2, 14), seoul(2026, 11, 23, 2, 14)),
        (Limit(1, Unit.DAY), seoul(2026, 11, 22, 2, 14), seoul(2026, 11, 24)),  # the first day does not count
        (Limit(30, Unit.DAY), seoul(2026, 11, 22, 23, 59), seoul(2026, 12, 23)),
        (Limit(1, Unit.MONTH), seoul(2026, 1, 31, 9), seoul(2026, 3, 1)),  # February has no 31st: its last day
        (Limit(1, Unit.MONTH), seoul(2028, 1, 31, 9), seoul(2028, 3, 1)),  # a leap year: the 29th, to its end
        (Limit(3, Unit.MONTH), seoul(2026, 11, 30, 9), seoul(2027, 3, 1)),
        (Limit(1, Unit.QUARTER), seoul(2026, 11, 22, 9), seoul(2027, 2, 23)),
        (Limit(1, Unit.YEAR), seoul(2028, 2, 29, 9), seoul(2029, 3, 1)),
        (Limit(3, Unit.YEAR), seoul(2026, 12, 31, 23, 59), seoul(2030, 1, 1)),
        # 16:00 in UTC is the next day in Seoul already
        (Limit(1, Unit.DAY), datetime(2026, 11, 21, 16, tzinfo=UTC), seoul(2026, 11, 24)),
    ],
)
def test_a_limit_ends_where_the_civil_act_says(limit: Limit, started: datetime, due: datetime) -> None:
    assert due_at(limit, started) == due


@given(limits, instants)
def test_a_limit_lies_ahead_and_leaves_at_least_what_it_says(limit: Limit, started: datetime) -> None:
    shortest = {
        Unit.MINUTE: timedelta(minutes=1),
        Unit.HOUR: timedelta(hours=1),
        Unit.DAY: timedelta(days=1),
        Unit.MONTH: timedelta(days=28),
        Unit.QUARTER: timedelta(days=89),
        Unit.YEAR: timedelta(days=365),
    }
    assert due_at(limit, started) - started >= shortest[limit.unit] * min(limit.count, 1)


@given(limits, instants, instants)
def test_who_begins_later_is_due_no_earlier(limit: Limit, one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert due_at(limit, first) <= due_at(limit, second)


@given(limits, instants, st.integers(-12, 14))
def test_a_limit_does_not_depend_on_the_zone_somebody_writes(limit: Limit, started: datetime, hours: int) -> None:
    there = started.astimezone(timezone(timedelta(hours=hours)))
    assert due_at(limit, there) == due_at(limit, started)


@given(st.integers(1, 48), st.sampled_from((Unit.DAY, *CALENDAR)), instants)
def test_longer_limits_end_at_midnight_in_seoul(count: int, unit: Unit, started: datetime) -> None:
    due = due_at(Limit(count, unit), started).astimezone(KST)
    assert due.time() == time()


@given(st.integers(1, 60), instants)
def test_months_end_on_the_same_day_or_the_months_last(count: int, started: datetime) -> None:
    begun = started.astimezone(KST).date()
    last = (due_at(Limit(count, Unit.MONTH), started).astimezone(KST) - timedelta(days=1)).date()
    assert (last.year * 12 + last.month) - (begun.year * 12 + begun.month) == count
    assert last.day == min(begun.day, monthrange(last.year, last.month)[1])


@given(st.integers(1, 8), instants)
def test_a_quarter_is_three_months_and_a_year_twelve(count: int, started: datetime) -> None:
    months = due_at(Limit(3 * count, Unit.MONTH), started)
    assert due_at(Limit(count, Unit.QUARTER), started) == months
    assert due_at(Limit(count, Unit.YEAR), started) == due_at(Limit(12 * count, Unit.MONTH), started)


@given(st.sampled_from(CALENDAR), instants)
def test_every_instant_lies_in_one_period_and_the_next_begins_where_it_ends(unit: Unit, at: datetime) -> None:
    from_at, until_at = period_of(unit, at)
    assert from_at <= at < until_at
    assert period_of(unit, until_at)[0] == until_at
    assert period_of(unit, from_at) == (from_at, until_at)


def test_the_calendar_has_no_periods_of_days() -> None:
    with pytest.raises(ValueError):
        period_of(Unit.DAY, NOW)


# ------------------------------------------------------------------------------------------------- the clock


def duty(**what: Any) -> Duty:
    made = Duty(
        duty_id=new_id(), rule="access-review", about=new_id(), role=Role.AUDITOR, clause="-", started_at=NOW,
        due_at=NOW + timedelta(hours=24),
    )  # fmt: skip
    return replace(made, **what)


@given(st.timedeltas(timedelta(), timedelta(hours=48)), st.timedeltas(timedelta(), timedelta(hours=48)))
def test_a_duty_is_overdue_from_its_limit_on_and_never_pauses(met: timedelta, now: timedelta) -> None:
    at = NOW + now
    open_one = duty()
    assert open_one.state(at) is (State.OVERDUE if at >= open_one.due_at else State.OPEN)
    done = duty(met_at=NOW + met)
    assert done.state(at) is (State.MET if NOW + met < done.due_at else State.MET_LATE)
    told_late = duty(met_at=NOW + met, breached_at=NOW + timedelta(hours=24, seconds=9))
    assert told_late.state(at) is done.state(at)
    assert duty(lapsed_at=NOW).state(at) is State.LAPSED


def test_no_field_and_no_state_stands_for_a_pause() -> None:
    assert not [f for f in Duty.__dataclass_fields__ if "pause" in f or "suspend" in f]
    assert {s.value for s in State} == {"open", "overdue", "met", "met_late", "lapsed"}


@given(st.uuids())
def test_the_next_duty_has_one_id_and_another(duty_id: UUID) -> None:
    assert next_duty(duty_id) == next_duty(duty_id) != duty_id


# ------------------------------------------------------------------------------------------------- the table


def rule(name: str) -> Rule:
    return next(r for r in TABLE if r.name == name)


def test_every_rule_says_whose_it_is_and_what_a_breach_leads_to() -> None:
    assert len({r.name for r in TABLE}) == len(TABLE)
    for r in TABLE:
        assert r.clause
        assert r.says.ko
        assert r.says.en
        assert r.on_breach.ko
        assert r.on_breach.en
        assert r.limit.count >= 1, r.name
        assert (r.about is None) == (r.opens_on is None and not r.met_on), r.name
        if r.again is Again.CALENDAR:
            assert r.limit.unit in CALENDAR, r.name
        if r.of_centre:
            assert r.again is Again.CALENDAR, r.name


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("bell-fault-urgent", Limit(24, Unit.HOUR)),
        ("bell-records", Limit(3, Unit.YEAR)),
        ("bell-effect", Limit(1, Unit.YEAR)),
        ("footage-destruction", Limit(30, Unit.DAY)),
        ("camera-inspection", Limit(3, Unit.MONTH)),
        ("cpted-site-check", Limit(1, Unit.YEAR)),
        ("improvement-day", Limit(1, Unit.QUARTER)),
        ("monitor-check", Limit(1, Unit.MONTH)),
    ],
)
def test_the_clocks_of_the_requirements_are_rows(name: str, limit: Limit) -> None:
    assert (rule(name).limit, rule(name).source) == (limit, "text")


@given(st.lists(st.timedeltas(timedelta(days=-400), timedelta(days=400)), max_size=6, unique=True), instants)
def test_the_newest_change_that_has_begun_is_in_force(offsets: list[timedelta], at: datetime) -> None:
    old = rule("bell-fault")
    changes = [change("bell-fault", Limit(n + 1, Unit.HOUR), at + by) for n, by in enumerate(offsets)]
    begun = [c for c in changes if c.from_at <= at]
    want = max(begun, key=lambda c: c.from_at).limit if begun else old.limit
    found = in_force("bell-fault", at, changes)
    assert found is not None
    assert found.limit == want


LATER = NOW + timedelta(days=1)


def change(name: str, limit: Limit, from_at: datetime = LATER) -> Change:
    return Change(rule=name, from_at=from_at, limit=limit, role=Role.ADMINISTRATOR, clause="ours")


@pytest.mark.parametrize("limit", [Limit(25, Unit.HOUR), Limit(2, Unit.DAY), Limit(1, Unit.MONTH)])
def test_what_a_text_sets_is_never_lengthened(limit: Limit) -> None:
    old = rule("bell-fault-urgent")
    with pytest.raises(LooserThanTheText):
        may_change(old, change(old.name, limit), NOW)


@pytest.mark.parametrize("limit", [Limit(12, Unit.HOUR), Limit(24, Unit.HOUR), Limit(90, Unit.MINUTE)])
def test_what_a_text_sets_may_be_shortened_and_ours_may_be_anything(limit: Limit) -> None:
    old = rule("bell-fault-urgent")
    may_change(old, change(old.name, limit), NOW)
    ours = rule("bell-fault")
    may_change(ours, change(ours.name, Limit(10, Unit.DAY)), NOW)


def test_no_change_reaches_back_and_no_rule_is_invented() -> None:
    old = rule("bell-fault")
    for at in (NOW, NOW - timedelta(days=1)):
        with pytest.raises(Refusal, match="begins after now"):
            may_change(old, change(old.name, old.limit, at), NOW)
    with pytest.raises(UnknownRule):
        may_change(None, change("tea-break", old.limit), NOW)
    calendar = rule("access-review")
    with pytest.raises(Refusal, match="months, quarters or years"):
        may_change(calendar, change(calendar.name, Limit(7, Unit.DAY)), NOW)


@pytest.mark.parametrize(
    ("name", "kept"), [("break-glass-justification", JUSTIFY_WITHIN), ("agreement-renewal", DECIDE_BEFORE)]
)
def test_what_a_slice_keeps_itself_has_one_limit_and_only_who_answers_changes(name: str, kept: timedelta) -> None:
    old = rule(name)
    assert Limit(kept // timedelta(hours=1), Unit.HOUR) == old.limit or Limit(kept.days, Unit.DAY) == old.limit
    may_change(old, change(name, old.limit), NOW)
    with pytest.raises(KeptByItsSlice):
        may_change(old, change(name, replace(old.limit, count=old.limit.count + 1)), NOW)


def test_a_machines_key_still_works_on_the_day_its_replacement_is_overdue() -> None:
    registered_at = NOW
    assert due_at(rule("agency-key-rotation").limit, registered_at) < registered_at + KEY_LASTS
