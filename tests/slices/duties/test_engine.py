"""The engine on a real database: it follows the ledger, tells each breach once, and survives whatever stops it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.slices.duties.conftest import NOW, Follow, Tell, done, opened

from ansimnet.facts.duties import DutyBreached, DutyLapsed
from ansimnet.kernel.clock import KST, SimulatedClock
from ansimnet.kernel.ids import CITY_CENTRE, AccountId, FactId, new_id
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.jobs import JobRun
from ansimnet.slices.duties import jobs, service, store
from ansimnet.slices.duties.model import Change, Duty, Limit, State, Unit
from ansimnet.slices.duties.rules import TABLE, next_duty

HOUR = timedelta(hours=1)
RULE = "break-glass-justification"


async def all_of(db: Db, now: datetime, **where: Any) -> list[Duty]:
    wanted: dict[str, Any] = {"owed": False, "overdue": False, "role": None, "about": None, "limit": 500} | where
    async with db.transaction() as tx:
        return await store.read_duties(tx, now, **wanted)


async def breaches(db: Db) -> list[tuple[str, datetime]]:
    async with db.transaction() as tx:
        rows = await tx.all(
            "select body, happened_at from ledger_entry where kind = %s order by recorded_at", (DutyBreached.kind,)
        )
    return [(bytes(r[0]).decode(), r[1]) for r in rows]


async def test_a_duty_is_opened_met_in_time_and_quiet(dbs: Dbs, tell: Tell, follow: Follow) -> None:
    about = new_id()
    await tell(dbs.tracking, opened(RULE, about, NOW))
    await follow()
    (owed,) = await all_of(dbs.tracking, NOW, owed=True)
    assert (owed.rule, owed.about, owed.due_at) == (RULE, about, NOW + 24 * HOUR)
    await tell(dbs.tracking, done(RULE, about, NOW + HOUR))
    await follow()
    assert await service.tell_breaches(dbs.tracking, NOW + 25 * HOUR) == 0
    (met,) = await all_of(dbs.tracking, NOW)
    assert met.state(NOW + 25 * HOUR) is State.MET
    assert await all_of(dbs.city, NOW) == []


@pytest.mark.requirement("CC-03")
async def test_a_breach_is_told_once_within_the_minute_and_stays_owed(dbs: Dbs, tell: Tell, follow: Follow) -> None:
    about = new_id()
    await tell(dbs.tracking, opened(RULE, about, NOW))
    await follow()
    clock = SimulatedClock(NOW + 24 * HOUR - timedelta(seconds=31))
    run = JobRun(dbs.tracking, context=_With(clock))
    for _ in range(12):  # two minutes of the timer, out of step with the limit
        await jobs.breaches(run)
        clock.advance(timedelta(seconds=jobs.BREACHES_EVERY_S))
    ((body, at),) = [b for b in await breaches(dbs.tracking) if RULE in b[0]]
    assert timedelta() <= at - (NOW + 24 * HOUR) < timedelta(minutes=1)
    assert str(about) in body
    await tell(dbs.tracking, done(RULE, about, clock.now()))
    await follow()
    (late,) = await all_of(dbs.tracking, NOW, about=about)
    assert late.state(clock.now()) is State.MET_LATE


class _With:
    """What a job is run with: the one part of the context that the timer reads."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock


async def test_a_worker_that_was_away_tells_everything_once_when_it_is_back(dbs: Dbs) -> None:
    abouts = [new_id() for _ in range(service.AT_ONCE + 30)]
    async with dbs.city.transaction() as tx:
        for about in abouts:
            await service.take_in(tx, opened(RULE, about, NOW))
    back = NOW + timedelta(days=9)
    told = await asyncio.gather(*(service.tell_breaches(dbs.city, back) for _ in range(3)))
    assert sum(told) == len(abouts)
    assert len(await breaches(dbs.city)) == len(abouts)
    assert await service.tell_breaches(dbs.city, back) == 0


async def test_facts_read_twice_change_nothing(dbs: Dbs) -> None:
    about, opening = new_id(), opened(RULE, new_id(), NOW)
    opening = replace(opening, about=about)
    for _ in range(2):
        async with dbs.tracking.transaction() as tx:
            await service.take_in(tx, opening)
            await service.take_in(tx, done(RULE, about, NOW + HOUR))
    async with dbs.tracking.transaction() as tx:
        await service.take_in(tx, opening)
    (only,) = await all_of(dbs.tracking, NOW)
    assert only.met_at == NOW + HOUR


async def test_what_was_done_in_time_is_met_however_late_we_hear(dbs: Dbs) -> None:
    about = new_id()
    async with dbs.tracking.transaction() as tx:
        await service.take_in(tx, opened(RULE, about, NOW))
    await service.tell_breaches(dbs.tracking, NOW + 24 * HOUR)
    async with dbs.tracking.transaction() as tx:
        await service.take_in(tx, done(RULE, about, NOW + 23 * HOUR))
    (one,) = await all_of(dbs.tracking, NOW)
    assert (one.state(NOW + 25 * HOUR), one.breached_at) == (State.MET, NOW + 24 * HOUR)


async def test_what_was_done_before_a_clock_began_does_not_meet_it(dbs: Dbs) -> None:
    about = new_id()
    async with dbs.tracking.transaction() as tx:
        await service.take_in(tx, opened(RULE, about, NOW))
        await service.take_in(tx, done(RULE, about, NOW - HOUR))
    (one,) = await all_of(dbs.tracking, NOW)
    assert one.state(NOW) is State.OPEN


async def test_the_next_inspection_is_due_three_months_after_the_last(dbs: Dbs) -> None:
    camera, first = new_id(), opened("camera-inspection", new_id(), NOW)
    first = replace(first, about=camera)
    async with dbs.city.transaction() as tx:
        await service.take_in(tx, first)
        await service.take_in(tx, done("camera-inspection", camera, NOW + timedelta(days=10)))
    met, following = sorted(await all_of(dbs.city, NOW), key=lambda d: d.started_at)
    assert met.state(NOW) is State.MET
    assert following.duty_id == next_duty(first.duty_id)
    assert following.due_at == datetime(2027, 3, 3, tzinfo=KST)  # begun on 2 December in Seoul


async def test_what_is_owed_about_a_thing_that_is_gone_lapses(dbs: Dbs) -> None:
    about = new_id()
    gone = DutyLapsed(fact_id=FactId(new_id()), happened_at=NOW + HOUR, rule=RULE, about=about, why="ended")
    async with dbs.tracking.transaction() as tx:
        await service.take_in(tx, opened(RULE, about, NOW))
        await service.take_in(tx, gone)
    assert await service.tell_breaches(dbs.tracking, NOW + 48 * HOUR) == 0
    (one,) = await all_of(dbs.tracking, NOW)
    assert one.state(NOW + 48 * HOUR) is State.LAPSED


async def test_a_limit_that_the_thing_itself_names_stands(dbs: Dbs) -> None:
    async with dbs.city.transaction() as tx:
        await service.take_in(tx, opened("agreement-renewal", new_id(), NOW, until=NOW + timedelta(days=30)))
    (one,) = await all_of(dbs.city, NOW)
    assert one.due_at == NOW + timedelta(days=30)


async def test_an_unknown_rule_is_parked_and_holds_nothing_up(dbs: Dbs, tell: Tell, follow: Follow) -> None:
    await tell(dbs.tracking, opened("tea-break", new_id(), NOW))
    await tell(dbs.tracking, opened(RULE, new_id(), NOW))
    await follow()
    assert [d.rule for d in await all_of(dbs.tracking, NOW)] == [RULE]
    async with dbs.tracking.transaction() as tx:
        assert len(await tx.all("select 1 from reader_parked where reader = 'duties.follow'")) == 1


# ------------------------------------------------------------------------------------------------- the calendar


async def test_a_centre_owes_its_review_once_a_month_and_for_each_it_slept_through(dbs: Dbs) -> None:
    await service.open_periods(dbs.city, NOW)
    await service.open_periods(dbs.city, NOW + HOUR)
    (november,) = await all_of(dbs.city, NOW)
    assert (november.rule, november.about) == ("access-review", CITY_CENTRE)
    assert november.due_at == datetime(2026, 12, 1, tzinfo=KST)
    await service.open_periods(dbs.city, datetime(2027, 2, 3, tzinfo=KST))
    assert sorted(d.due_at.astimezone(KST).month for d in await all_of(dbs.city, NOW)) == [1, 2, 3, 12]


async def test_a_change_touches_what_begins_later_alone(dbs: Dbs) -> None:
    old = next(r for r in TABLE if r.name == "bell-fault")
    by, from_at = AccountId(new_id()), NOW + HOUR
    async with dbs.city.transaction() as tx:
        await service.change_rule(
            tx, Change(rule=old.name, from_at=from_at, limit=Limit(2, Unit.DAY), role=old.role, clause="ours"), by, NOW
        )
        await service.take_in(tx, opened("bell-fault", before := new_id(), NOW))
        await service.take_in(tx, opened("bell-fault", after := new_id(), NOW + 2 * HOUR))
    due = {d.about: d.due_at for d in await all_of(dbs.city, NOW)}
    assert due == {before: NOW + 72 * HOUR, after: datetime(2026, 11, 25, tzinfo=KST)}
    async with dbs.city.transaction() as tx:
        shown = {r.name: (r.limit, c) for r, c in await service.rules_at(tx, NOW)}
    assert shown["bell-fault"][0] == old.limit
    assert shown["bell-fault"][1] is not None
    async with dbs.tracking.transaction() as tx:
        assert await store.changes(tx) == []  # another centre's table is its own


async def test_duties_are_not_deleted_and_changes_not_rewritten(dbs: Dbs) -> None:
    for sql in ("delete from duties_duty", "update duties_rule set limit_count = 9", "delete from duties_rule"):
        with pytest.raises(Exception, match="permission denied"):
            async with dbs.city.transaction() as tx:
                await tx.execute(sql)
