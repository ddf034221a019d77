"""When a limit is over, which rule was in force, and what a centre may change. Pure: time is an argument."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import assert_never
from uuid import UUID, uuid5

from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import Refusal
from ansimnet.slices.duties.model import Again, Change, Limit, Rule, Unit
from ansimnet.slices.duties.rules.table import TABLE

__all__ = ["TABLE", "UnknownRule", "changed", "due_at", "following", "in_force", "may_change", "next_duty", "period_of"]

_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


class UnknownRule(Refusal):
    """No rule of this name was in force."""

    name = "unknown-rule"


class LooserThanTheText(Refusal):
    """A limit that a law or an ordinance sets may be shortened here, never lengthened."""

    name = "looser-than-the-text"


class KeptByItsSlice(Refusal):
    """This limit is acted on where it begins; another one on the list alone would be a second truth."""

    name = "kept-by-its-slice"


def _midnight_after(day: date) -> datetime:
    """Return the end of a day in Seoul: a period ends when its last day does (Civil Act 159)."""
    return datetime.combine(day + timedelta(days=1), time(), KST)


def _months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month where it has none (Civil Act 160(3))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_at(limit: Limit, started_at: datetime) -> datetime:
    """Return the instant at which a limit is over: what is done at it or after it is late.

    Minutes and hours run from the instant itself (Civil Act 156). Longer ones leave out the first day (157) and end
    with their last day in Seoul (159, 160). A last day on a holiday is not moved (161 would): ours, since these limits
    protect somebody else.

    >>> due_at(Limit(1, Unit.MONTH), datetime(2026, 1, 31, 9, tzinfo=KST)).isoformat()
    '2026-03-01T00:00:00+09:00'
    """
    unit = limit.unit
    match unit:
        case Unit.MINUTE:
            return started_at + timedelta(minutes=limit.count)
        case Unit.HOUR:
            return started_at + timedelta(hours=limit.count)
        case Unit.DAY:
            return _midnight_after(started_at.astimezone(KST).date() + timedelta(days=limit.count))
        case Unit.MONTH | Unit.QUARTER | Unit.YEAR:
            return _midnight_after(_months_later(started_at.astimezone(KST).date(), limit.count * _MONTHS[unit]))
    assert_never(unit)


def period_of(unit: Unit, at: datetime) -> tuple[datetime, datetime]:
    """Return the month, quarter or year of the calendar in Seoul that holds an instant: `[from_at, until_at)`.

    Raises:
        ValueError: a unit that the calendar does not divide the year by.
    """
    if unit not in _MONTHS:
        raise ValueError(f"the calendar has no periods of a {unit}")
    day, length = at.astimezone(KST).date(), _MONTHS[unit]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return datetime.combine(first, time(), KST), datetime.combine(_months_later(first, length), time(), KST)


def in_force(name: str, at: datetime, changes: Iterable[Change] = ()) -> Rule | None:
    """Return the rule as it stood at an instant: the newest change that had begun, else the program's own table."""
    known = next((r for r in TABLE if r.name == name), None)
    begun = [c for c in changes if c.rule == name and c.from_at <= at]
    if known is None or not begun:
        return known
    return changed(known, max(begun, key=_begins))


def changed(rule: Rule, change: Change) -> Rule:
    """Return a rule as a centre wants it."""
    return replace(rule, limit=change.limit, role=change.role, clause=change.clause, from_at=change.from_at)


def _begins(change: Change) -> datetime:
    return change.from_at


def may_change(old: Rule | None, new: Change, now: datetime) -> None:
    """Check that a centre may put this change in force.

    Raises:
        Refusal: a rule nobody follows, one that begins in the past, or a limit of none.
        LooserThanTheText: the text's limit would be lengthened.
        KeptByItsSlice: another limit for what its slice keeps itself.
    """
    if old is None:
        raise UnknownRule("there is no rule of this name")
    if new.from_at <= now:
        raise Refusal("a change begins after now: what is owed already keeps its limit")
    if old.by_slice and new.limit != old.limit:
        raise KeptByItsSlice(clause=old.clause)
    if new.limit.count < 1:
        raise Refusal("a limit is at least one")
    if old.again is Again.CALENDAR and new.limit.unit not in _MONTHS:
        raise Refusal("this duty is counted in months, quarters or years")
    if old.source == "text" and _longest(new.limit) > _longest(old.limit):
        raise LooserThanTheText(clause=old.clause)


def _longest(limit: Limit) -> timedelta:
    """Return the longest a limit can be, to compare two of different units: a day begun at its start, leap years."""
    days = {Unit.DAY: 1, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}
    match limit.unit:
        case Unit.MINUTE:
            return timedelta(minutes=limit.count)
        case Unit.HOUR:
            return timedelta(hours=limit.count)
        case Unit.DAY | Unit.MONTH | Unit.QUARTER | Unit.YEAR:
            return timedelta(days=days[limit.unit] * limit.count + 1)
    assert_never(limit.unit)


def next_duty(duty_id: UUID) -> UUID:
    """Return the id of the duty that follows a met one: the same whoever asks, so it begins once."""
    return uuid5(duty_id, "next")


def following(kinds: Sequence[Rule]) -> frozenset[str]:
    """Return the kinds of facts these rules follow by themselves."""
    return frozenset(k for r in kinds for k in (r.opens_on, *r.met_on, *r.lapses_on) if k is not None)
