"""What duties talks about: rules with their limits, and the duties opened under them. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

from ansimnet.kernel.permits import Role


class Said(NamedTuple):
    """One sentence in the two languages of the screens."""

    ko: str
    en: str


class Unit(StrEnum):
    """What a limit is counted in. Hours run from the instant, days and longer from the day after (see `due_at`)."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Again(StrEnum):
    """Whether a duty comes back."""

    ONCE = "once"
    AFTER_MET = "after_met"  # the next one begins when this one is met: "within three months of the last"
    CALENDAR = "calendar"  # one in every period of the calendar in Seoul: "at least once a quarter"


class State(StrEnum):
    """How a duty stands at an instant."""

    OPEN = "open"
    OVERDUE = "overdue"  # the limit passed and it is still owed
    MET = "met"
    MET_LATE = "met_late"
    LAPSED = "lapsed"  # the thing it was about is gone


@dataclass(frozen=True, slots=True)
class Limit:
    """How long: so many units. Never zero, never negative."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One clock of the city: on whose say, from which fact, how long, who answers, what a breach leads to.

    `opens_on` and `met_on` are kinds of facts that the engine follows by itself, `about` the field that names the
    thing; a rule without them is opened and met by `DutyOpened` and `DutyMet`. What is `of_centre` the centre itself
    owes in every period of the calendar. `by_slice`: the slice acts on the limit itself and tells it with each duty.
    `from_at` None is the table the program brings.
    """

    name: str
    says: Said
    clause: str
    source: Literal["text", "ours"]
    limit: Limit
    role: Role
    on_breach: Said
    again: Again = Again.ONCE
    of_centre: bool = False
    by_slice: bool = False
    opens_on: str | None = None
    met_on: tuple[str, ...] = ()
    lapses_on: tuple[str, ...] = ()
    about: str | None = None
    from_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a centre wants otherwise of a rule, from an instant on."""

    rule: str
    from_at: datetime
    limit: Limit
    role: Role
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something owed about a thing, from an instant until another. It never pauses."""

    duty_id: UUID
    rule: str
    about: UUID
    role: Role
    clause: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    lapsed_at: datetime | None = None
    breached_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """Return how it stands. What was done in time is met, however late we were told."""
        if self.met_at is not None:
            return State.MET if self.met_at < self.due_at else State.MET_LATE
        if self.lapsed_at is not None:
            return State.LAPSED
        return State.OVERDUE if now >= self.due_at else State.OPEN
