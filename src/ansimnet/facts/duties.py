"""What the deadline engine tells, and what any slice tells it: a duty was opened, met, given up, or broken.

Another slice that begins something with a deadline appends a `DutyOpened` in its own transaction and a `DutyMet` when
it is done; it names the rule and the thing, and the engine finds the rest (limit, clause, who answers) in its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact

JUSTIFY_WITHIN = timedelta(hours=24)
"""A break-glass is justified within a day (console: permit badge). Who broke it is told; the engine lists it."""
DECIDE_BEFORE = timedelta(days=30)
"""How long before its end an agreement's renewal must be decided (ours: a month's notice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyOpened(Fact):
    """A clock began to run at `happened_at`. It never pauses.

    `rule` is a name of the duty table; `about` the thing it concerns (a ground, an account, an agreement). `due_at`
    None asks the table: it is set where the thing itself says until when (an agreement's last day).
    """

    kind: ClassVar[str] = "duties.duty.opened.v1"
    duty_id: UUID
    rule: str
    about: UUID
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyMet(Fact):
    """What was owed was done at `happened_at`. Without `duty_id` every open duty of this rule about this is met."""

    kind: ClassVar[str] = "duties.duty.met.v1"
    rule: str
    about: UUID
    duty_id: UUID | None = None
    by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLapsed(Fact):
    """Nothing is owed any more, since the thing itself is gone: `why` is left | ended | replaced. No pause, an end."""

    kind: ClassVar[str] = "duties.duty.lapsed.v1"
    rule: str
    about: UUID
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBreached(Fact):
    """A limit passed with the duty still open. Told once; the duty stays owed."""

    kind: ClassVar[str] = "duties.duty.breached.v1"
    duty_id: UUID
    rule: str
    about: UUID
    role: str
    due_at: datetime
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanged(Fact):
    """A centre gave a rule another limit or another answering role, from an instant on."""

    kind: ClassVar[str] = "duties.rule.changed.v1"
    rule: str
    limit_count: int
    limit_unit: str
    role: str
    from_at: datetime
    by: UUID
