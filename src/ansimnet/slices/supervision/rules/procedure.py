"""What a violation weighs, what may be asked of a court, and who may take which step. Pure. (EM-02 to EM-05)"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable
from datetime import datetime, time

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import AlarmId
from ansimnet.slices.supervision.model.procedure import Degree, Obliged, Outcome, Tally, Violation

MONTHS = {Degree.GRAVE: 4, Degree.SERIOUS: 2, Degree.ORDINARY: 1}
"""Months of extension that one violation bears at the most: proportionate to number and degree (EM-05). The ordinance
gives no scale; ours: three grave ones, or twelve ordinary ones, bear the whole year."""
MOST_MONTHS = 12
"""One extension lies within a year (Electronic Monitoring Act §14-2)."""


class NothingToAsk(Refusal):
    """No violation stands: none is confirmed, or every one is contested or waived."""

    name = "nothing-to-ask"


class OutOfProportion(Refusal):
    """More is asked than number and degree of the violations bear."""

    name = "out-of-proportion"


class BeyondThePetition(Refusal):
    """A court decides on what is petitioned, and no more."""

    name = "beyond-the-petition"


class SamePerson(Conflict):
    """Whoever found a violation does not decide what is contested of it."""

    name = "same-person"


def degree_of(trigger: Trigger, protects: bool) -> Degree:
    """Return the degree of a violation.

    Removal or damage is grave by the ordinance (EM-02). Ours: what threatens a person is serious, all else ordinary.

    >>> degree_of(Trigger.TAMPER, False).value
    'grave'
    """
    if trigger is Trigger.TAMPER:
        return Degree.GRAVE
    return Degree.SERIOUS if trigger is Trigger.APPROACH or protects else Degree.ORDINARY


def counts(v: Violation) -> bool:
    """Tell whether a violation counts in a petition: an officer confirmed it, and nothing contested is open or upheld.

    A medical finding waives it (EM-08); a contested one does not count until it is decided.
    """
    return v.finding == "confirmed" and (not v.contested or v.upheld is False)


def tally(violations: Iterable[Violation]) -> Tally:
    """Return the violations that count, by degree, oldest first."""
    found: dict[Degree, list[AlarmId]] = {d: [] for d in Degree}
    for v in sorted(violations, key=lambda v: (v.found_at, v.alarm_id)):
        if counts(v):
            found[degree_of(v.trigger, v.protects)].append(v.alarm_id)
    return Tally(*(tuple(found[d]) for d in (Degree.GRAVE, Degree.SERIOUS, Degree.ORDINARY)))


def most_months(t: Tally) -> int:
    """Return how many months of extension these violations bear, at the most."""
    borne = (
        len(t.grave) * MONTHS[Degree.GRAVE]
        + len(t.serious) * MONTHS[Degree.SERIOUS]
        + len(t.ordinary) * MONTHS[Degree.ORDINARY]
    )
    return min(borne, MOST_MONTHS)


def may_ask(t: Tally, months: int, conditions: Collection[Obliged]) -> None:
    """Check what a petition asks.

    Raises:
        NothingToAsk: no violation counts, or nothing is asked.
        OutOfProportion: more months than the violations bear.
    """
    if t.number == 0 or (months == 0 and not conditions):
        raise NothingToAsk
    if not 0 <= months <= most_months(t):
        raise OutOfProportion(f"{t.number} violations of these degrees bear {most_months(t)} months at the most")


def may_decide(
    outcome: Outcome, months: int, conditions: Collection[Obliged], asked: int, asked_conditions: Collection[Obliged]
) -> None:
    """Check that a recorded decision answers its petition: all of it, a part, or nothing.

    Raises:
        BeyondThePetition: it gives more than was asked, or its outcome contradicts it.
    """
    all_of_it = months == asked and set(conditions) == set(asked_conditions)
    within = 0 <= months <= asked and set(conditions) <= set(asked_conditions)
    nothing = months == 0 and not conditions
    fits = {Outcome.GRANTED: all_of_it, Outcome.PARTLY: within and not nothing and not all_of_it}
    if not fits.get(outcome, nothing):
        raise BeyondThePetition("granted is all that was asked, partly is less, rejected is nothing")


def extended(until_at: datetime, months: int) -> datetime:
    """Return the end of an order, so many calendar months later (Civil Act §160: a missing day is the month's last).

    >>> extended(datetime(2026, 8, 31, 0, 0, tzinfo=KST), 6).isoformat()
    '2027-02-28T00:00:00+09:00'
    """
    at = until_at.astimezone(KST)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return datetime.combine(at.date().replace(year=year, month=month + 1, day=day), time(at.hour, at.minute), KST)
