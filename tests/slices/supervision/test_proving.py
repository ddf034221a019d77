"""Every alarm is judged again from what the store kept with it, and says the same, bit for bit."""

from __future__ import annotations

from datetime import time, timedelta
from uuid import UUID

import pytest

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import named_id
from ansimnet.platform.db import Dbs
from ansimnet.slices.supervision.model import Sign
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.proof import OtherRule
from ansimnet.slices.supervision.service import clock, proving, register
from ansimnet.slices.supervision.service.proving import Step

from .made import NOON, ORIGIN
from .test_receive import WHO, World, report


async def steps_of(world: World) -> dict[UUID, list[Step]]:
    async with world.db.transaction() as tx:
        ids = [r[0] for r in await tx.all("select alarm_id from supervision_alarm")]
        return {a: await proving.prove(tx, a) for a in ids}


async def walk_in(world: World, from_s: int = 0) -> None:
    for i in range(60):
        await world.send(report(from_s + 5 * i, 600 - 7 * i))


def all_the_same(found: dict[UUID, list[Step]], *, steps: int) -> None:
    assert found
    told = [s for of in found.values() for s in of]
    assert len(told) == steps
    assert all(s.same for s in told), told


@pytest.mark.requirement("EM-14", "EM-19")
async def test_a_zone_entry_is_proven_step_by_step(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    await world.zone()
    await walk_in(world)
    all_the_same(await steps_of(world), steps=2)


@pytest.mark.requirement("EM-19")
async def test_a_whole_batch_and_a_late_one_are_proven_too(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    await world.zone()
    reports = [report(5 * i, 600 - 7 * i) for i in range(60)]
    await world.send(reports[0], reports[-1], heard_s=300)
    await world.send(*reports[1:-1], heard_s=310)
    found = await steps_of(world)
    all_the_same(found, steps=2)


@pytest.mark.requirement("EM-14", "EM-19")
async def test_a_zone_of_some_hours_is_found_by_the_clock_and_proven(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    await world.zone(since=time(12, 10), until=time(12, 40))
    for i in range(40):
        await world.send(report(15 * i, 10 + i % 3))
    assert await world.alarms() == []
    await clock.tick(world.db, NOON + timedelta(minutes=10, seconds=5))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    await clock.tick(world.db, NOON + timedelta(minutes=40, seconds=5))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed", "alarm.cleared"]
    all_the_same(await steps_of(world), steps=2)


@pytest.mark.requirement("EM-14")
async def test_tamper_approach_and_curfew_are_proven(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    await world.her_device()
    await world.set(
        trigger=Trigger.APPROACH, label="피해자", protected_person_id=world.her, warn_m=1000.0, alarm_m=300.0
    )
    curfew = await world.set(trigger=Trigger.CURFEW, label="주거지", centre=ORIGIN, radius_m=100.0)
    for i in range(40):
        await world.send(report(10 * i, 0, device="watch-1"), report(10 * i + 5, 2500 - 60 * i))
    night = NOON + timedelta(hours=12)
    for i in range(3):
        await world.send(report(12 * 3600 - 60 + 15 * i, 900))
    await clock.tick(world.db, night + timedelta(seconds=5))
    for i in range(3):
        await world.send(report(12 * 3600 + 30 + 15 * i, 900, signs=frozenset({Sign.STRAP})))
    found = await steps_of(world)
    async with world.db.transaction() as tx:
        triggers = {r[0] for r in await tx.all("select trigger from supervision_alarm")}
    assert triggers == {"approach", "curfew", "tamper"}
    all_the_same(found, steps=sum(len(s) for s in found.values()))
    async with world.db.transaction() as tx:  # the condition changes afterwards: what bound then is what is judged
        await register.end_condition(tx, curfew, actor=WHO, now=night + timedelta(minutes=5))
    all_the_same(await steps_of(world), steps=sum(len(s) for s in found.values()))


async def test_a_changed_fix_is_found_and_a_lost_one_said(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    await world.zone()
    await walk_in(world)
    async with world.db.transaction() as tx:
        await tx.execute("update supervision_fix set error_m = error_m + 0.001")
    (steps,) = (await steps_of(world)).values()
    assert not all(s.same for s in steps)
    async with world.db.transaction() as tx:
        await tx.execute("delete from supervision_fix")
    with pytest.raises(proving.NotKept):
        await steps_of(world)


async def test_another_rule_is_said_and_not_guessed(dbs: Dbs, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await World(dbs).begin()
    await world.zone()
    await walk_in(world)
    monkeypatch.setattr(limits, "RULE_VERSION", "supervision/none")
    with pytest.raises(OtherRule):
        await steps_of(world)
    async with world.db.transaction() as tx:
        with pytest.raises(proving.NotFound):
            await proving.prove(tx, named_id("test", "nothing"))
