"""Opening, meeting and breaking: follow the ledger, keep the clocks, tell each breach once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from ansimnet.facts.duties import DutyBreached, DutyLapsed, DutyMet, DutyOpened, RuleChanged
from ansimnet.kernel.errors import Conflict, Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, FactId, named_id, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.duties import store
from ansimnet.slices.duties.model import Again, Change, Duty, Rule
from ansimnet.slices.duties.rules import TABLE, changed, due_at, in_force, may_change, next_duty, period_of

ACTOR = "system:duties"
AT_ONCE = 200
"""Breaches told in one transaction: each is a line of the ledger, and a worker that was away a day has many."""
MOST_PERIODS = 240
"""How many missed periods are caught up with: twenty years of months."""
_MOMENT = timedelta(microseconds=1)


class NoSuchRule(Fault):
    """A slice opened a duty under a rule that is in no table; the fact is parked for a person to look at."""


async def _rule(tx: Tx, name: str, at: datetime) -> Rule:
    rule = in_force(name, at, await store.changes(tx, name))
    if rule is None:
        raise NoSuchRule(f"no rule is called `{name}`")
    return rule


async def open_duty(
    tx: Tx, name: str, about: UUID, started_at: datetime, *, duty_id: UUID, until: datetime | None = None
) -> Duty | None:
    """Open a duty under the rule in force when it began; None where it is open already. Safe to run twice.

    Raises:
        NoSuchRule: no table has the rule.
    """
    rule = await _rule(tx, name, started_at)
    duty = Duty(
        duty_id=duty_id,
        rule=name,
        about=about,
        role=rule.role,
        clause=rule.clause,
        started_at=started_at,
        due_at=max(started_at, until) if until is not None else due_at(rule.limit, started_at),
    )
    return duty if await store.add_duty(tx, duty) else None


async def _open_and_tell(
    tx: Tx, name: str, about: UUID, started_at: datetime, duty_id: UUID, until: datetime | None
) -> None:
    duty = await open_duty(tx, name, about, started_at, duty_id=duty_id, until=until)
    if duty is not None:
        fact = DutyOpened(
            fact_id=FactId(uuid5(duty_id, "opened")), happened_at=started_at, duty_id=duty_id, rule=name, about=about,
            due_at=duty.due_at,
        )  # fmt: skip
        await ledger.append(tx, fact, actor=ACTOR)


async def take_in(tx: Tx, fact: Fact) -> None:
    """Do what a fact means for duties. The reader's transaction; safe to run twice."""
    match fact:
        case DutyOpened():
            await open_duty(tx, fact.rule, fact.about, fact.happened_at, duty_id=fact.duty_id, until=fact.due_at)
        case DutyMet():
            await met(tx, fact.rule, fact.about, fact.happened_at, duty_id=fact.duty_id, by=fact.by)
        case DutyLapsed():
            await store.lapse(tx, fact.rule, fact.about, fact.happened_at, fact.why)
        case _:
            await _follow(tx, fact)


async def _follow(tx: Tx, fact: Fact) -> None:
    """Apply the rules that follow this kind of fact by themselves."""
    for rule in TABLE:
        if fact.kind not in (rule.opens_on, *rule.met_on, *rule.lapses_on):
            continue
        about = getattr(fact, rule.about or "", None)
        if not isinstance(about, UUID):
            raise Fault(f"`{rule.name}` finds no id in `{fact.kind}`")
        if fact.kind in rule.lapses_on:
            await store.lapse(tx, rule.name, about, fact.happened_at, "ended")
        if fact.kind in rule.met_on:
            await met(tx, rule.name, about, fact.happened_at)
        if fact.kind == rule.opens_on:
            await _open_and_tell(tx, rule.name, about, fact.happened_at, uuid5(fact.fact_id, rule.name), None)


async def met(
    tx: Tx, name: str, about: UUID, at: datetime, *, duty_id: UUID | None = None, by: UUID | None = None
) -> None:
    """Meet what is owed, and begin the next round where the rule has one."""
    for duty in await store.meet(tx, name, about, at, duty_id=duty_id, by=by):
        rule = await _rule(tx, name, at)
        if rule.again is Again.AFTER_MET and duty.met_at is not None:
            await _open_and_tell(tx, name, about, duty.met_at, next_duty(duty.duty_id), None)


async def tell_breaches(db: Db, now: datetime) -> int:
    """Tell every limit that has passed, once each, and return how many. Any number of processes may do it at once."""
    told = 0
    while True:
        async with db.transaction() as tx:
            broken = await store.take_breached(tx, now, AT_ONCE)
            for duty in broken:
                fact = DutyBreached(
                    fact_id=FactId(uuid5(duty.duty_id, "breached")), happened_at=now, duty_id=duty.duty_id,
                    rule=duty.rule, about=duty.about, role=duty.role, due_at=duty.due_at, clause=duty.clause,
                )  # fmt: skip
                await ledger.append(tx, fact, actor=ACTOR)
        told += len(broken)
        if len(broken) < AT_ONCE:
            return told


async def open_periods(db: Db, now: datetime) -> None:
    """Open what the centre itself owes in this period of the calendar, and in each it slept through."""
    for rule in TABLE:
        if not rule.of_centre:
            continue
        async with db.transaction() as tx:
            unit = (await _rule(tx, rule.name, now)).limit.unit
            latest = await store.latest_start(tx, rule.name, db.centre_id)
            from_at, until_at = period_of(unit, now)
            for _ in range(MOST_PERIODS):
                if latest is not None and latest >= from_at:
                    break
                duty_id = named_id("duty", str(db.centre_id), rule.name, from_at.isoformat())
                await _open_and_tell(tx, rule.name, db.centre_id, from_at, duty_id, until_at)
                if latest is None:
                    break
                from_at, until_at = period_of(unit, from_at - _MOMENT)


async def change_rule(tx: Tx, change: Change, by: AccountId, now: datetime) -> None:
    """Put another limit or another answering role in force from an instant on.

    Raises:
        UnknownRule, LooserThanTheText, Refusal: see `rules.may_change`.
        Conflict: another change begins at that instant.
    """
    old = next((r for r in TABLE if r.name == change.rule), None)
    may_change(old, change, now)
    if not await store.add_change(tx, change, by, now):
        raise Conflict("another change of this rule begins then")
    fact = RuleChanged(
        fact_id=FactId(new_id()), happened_at=now, rule=change.rule, limit_count=change.limit.count,
        limit_unit=change.limit.unit, role=change.role, from_at=change.from_at, by=by,
    )  # fmt: skip
    await ledger.append(tx, fact, actor=f"account:{by}")


async def rules_at(tx: Tx, now: datetime) -> list[tuple[Rule, Rule | None]]:
    """Return every rule as it stands, and beside it the change that is to come."""
    changes = await store.changes(tx)
    out = []
    for known in TABLE:
        coming = [c for c in changes if c.rule == known.name and c.from_at > now]
        out.append((in_force(known.name, now, changes) or known, changed(known, coming[0]) if coming else None))
    return out
