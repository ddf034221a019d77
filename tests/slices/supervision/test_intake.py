"""The way in of one process: what it remembers of who is bound by what is never believed over the rows it locks."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ansimnet.facts.supervision import Trigger
from ansimnet.platform.db import Dbs
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.supervision.service import register
from ansimnet.slices.supervision.service.intake import Intake
from ansimnet.slices.supervision.service.receive import Message, Receipt

from .made import NOON, ORIGIN
from .test_receive import GATEWAY, WHO, World, report


@pytest.fixture
async def world(dbs: Dbs) -> World:
    return await World(dbs).begin()


async def say(intake: Intake, s: float, east_m: float, device: str = "anklet-1") -> Receipt:
    heard_at = NOON + timedelta(seconds=s)
    return await intake.take(Message(GATEWAY, [report(s, east_m, device=device)], heard_at))


@pytest.mark.requirement("EM-19")
async def test_a_zone_that_is_set_binds_the_next_fix_and_one_that_ended_binds_none(world: World) -> None:
    intake = Intake(world.db)
    for i in range(4):
        assert (await say(intake, 15 * i, 10.0 * i)).accepted == 1
    assert await world.alarms() == []
    zone = await world.zone()
    await say(intake, 60, 40)
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    async with world.db.transaction() as tx:
        await register.end_condition(tx, zone, actor=WHO, now=NOON + timedelta(seconds=70))
    for i in range(5, 9):
        await say(intake, 15 * i, 10.0 * i)
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed", "alarm.cleared"]


async def test_a_batch_that_a_deadlock_undid_is_taken_once(world: World) -> None:
    await world.her_device()
    await world.set(
        trigger=Trigger.APPROACH, label="피해자", protected_person_id=world.her, warn_m=1000.0, alarm_m=300.0
    )
    intake = Intake(world.db)
    await say(intake, 0, 5000)
    first, last = sorted([world.wearer, world.her], key=lambda p: p.bytes)
    lock = "select from supervision_person where person_id = %s for update"
    async with world.db.transaction() as tx:  # in the order in which no batch locks them
        await tx.execute(lock, [last])
        batch = asyncio.create_task(say(intake, 15, 5000))
        async with world.db.transaction() as other:
            while not (await other.one("select count(*) from pg_locks where not granted") or (0,))[0]:
                await asyncio.sleep(0.01)
        await tx.execute(lock, [first])
    assert (await batch).accepted == 1


async def test_a_device_that_changed_hands_or_is_new_is_known_at_once(world: World) -> None:
    intake = Intake(world.db)
    assert (await say(intake, 0, 0)).accepted == 1
    assert [r.name for r in (await say(intake, 15, 0, device="anklet-2")).refused] == ["unknown-device"]
    async with world.db.transaction() as tx:
        await register.bind_device(tx, world.wearer, "anklet-2", actor=WHO, now=NOON)
    assert (await say(intake, 30, 0, device="anklet-2")).accepted == 1
    assert (await say(intake, 45, 0)).accepted == 1


async def test_what_is_said_while_conditions_change_is_taken_once_and_judged_by_one_of_them(world: World) -> None:
    intake = Intake(world.db)

    async def devices() -> list[Receipt]:
        return list(await asyncio.gather(*(say(intake, 15 * i, 2000.0 + i) for i in range(40))))

    async def officer() -> None:
        for i in range(6):
            await world.set(trigger=Trigger.EXCLUSION_ZONE, label=f"학교 {i}", centre=ORIGIN, radius_m=300)

    receipts, _ = await asyncio.gather(devices(), officer())
    assert [(r.accepted, r.duplicate) for r in receipts] == [(1, 0)] * 40
    async with world.db.transaction() as tx:
        row = await tx.one("select count(*) from supervision_fix")
    assert row == (40,)
    assert await world.alarms() == []


async def test_what_waits_while_others_are_committed_is_committed_together(world: World) -> None:
    intake = Intake(world.db)
    await say(intake, 0, 2000.0)
    receipts = await asyncio.gather(*(say(intake, 15.0 * i, 2000.0 + i) for i in range(1, 41)))
    assert [r.accepted for r in receipts] == [1] * 40
    async with world.db.transaction() as tx:
        row = await tx.one("select count(distinct xmin::text) from supervision_fix")
    assert row is not None
    assert row[0] <= 3  # the first alone, whoever came first after it, and all the others


async def test_what_waited_too_long_is_not_taken_and_taken_when_it_is_said_again(world: World) -> None:
    intake = Intake(world.db, patience_s=0.2)
    await say(intake, 0, 2000.0)
    async with world.db.transaction() as tx:
        await tx.execute("select from supervision_person where person_id = %s for update", [world.wearer])
        first = asyncio.create_task(say(intake, 15, 2010.0))
        async with world.db.transaction() as other:
            while not (await other.one("select count(*) from pg_locks where not granted") or (0,))[0]:
                await asyncio.sleep(0.01)
        second = asyncio.create_task(say(intake, 30, 2020.0))
        await asyncio.sleep(0.3)
    assert (await first).accepted == 1
    with pytest.raises(DatabaseAway):
        await second
    assert (await say(intake, 30, 2020.0)).accepted == 1


async def test_a_message_that_cannot_be_taken_keeps_none_of_those_that_wait_with_it(world: World) -> None:
    """A course that no float holds is a fault of ours where it gets so far; the others are taken in halves."""
    intake = Intake(world.db)
    await say(intake, 0, 2000.0)

    async def one(i: int) -> int | str:
        try:
            if i == 5:
                bad = [report(15.0 * i, 2000.0, course_deg="north")]
                return (await intake.take(Message(GATEWAY, bad, NOON + timedelta(seconds=15 * i)))).accepted
            return (await say(intake, 15.0 * i, 2000.0)).accepted
        except Exception as fault:
            return type(fault).__name__

    became = await asyncio.gather(*(one(i) for i in range(1, 12)))
    assert [b for b in became if b == 1] == [1] * 10
    assert isinstance(became[4], str)


async def test_a_group_that_is_partly_new_takes_what_is_new_and_a_second_lane_doubles_nothing(world: World) -> None:
    intake = Intake(world.db)
    heard_at = NOON + timedelta(hours=2)

    def message(first: int) -> Message:
        return Message(GATEWAY, [report(5.0 * i, 2000.0 + i) for i in range(first, first + 300)], heard_at)

    receipts = await asyncio.gather(*(intake.take(message(100 * k)) for k in range(6)))
    assert sum(r.accepted for r in receipts) == 800
    assert [r.accepted + r.duplicate for r in receipts] == [300] * 6
    again = await asyncio.gather(*(intake.take(message(100 * k)) for k in range(6)))
    assert [(r.accepted, r.duplicate) for r in again] == [(0, 300)] * 6
    async with world.db.transaction() as tx:
        assert await tx.one("select count(*) from supervision_fix") == (800,)
