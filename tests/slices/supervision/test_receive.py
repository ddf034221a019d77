"""Batches against a real PostgreSQL: stored, judged and told in one transaction, each alarm exactly once."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ConditionId, DeviceId, ProtectedPersonId, WearerId, named_id
from ansimnet.platform.db import Dbs
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.model import Device, Exclusion, Sign, Window
from ansimnet.slices.supervision.service import clock, incidents, register
from ansimnet.slices.supervision.service.bindings import Bindings
from ansimnet.slices.supervision.service.receive import Message, Receipt, Report, Sender, receive, receive_together
from ansimnet.slices.supervision.store import scene as scenes

from .made import NOON, ORIGIN, at

WHO = "system:supervision"
GATEWAY = Sender(None, named_id("test", "gateway"))


class World:
    """One wearer with one device, on a fresh database."""

    def __init__(self, dbs: Dbs) -> None:
        self.db = dbs.tracking
        self.wearer = WearerId(named_id("none"))
        self.device = DeviceId(named_id("none"))
        self.her = ProtectedPersonId(named_id("test", "her"))

    async def begin(self) -> World:
        async with self.db.transaction() as tx:
            self.wearer = await register.register_wearer(
                tx, code="W-1", offence="sexual_violence", office="해담보호관찰소", order_number="2026-1",
                from_at=NOON - timedelta(days=30), until_at=NOON + timedelta(days=300), actor=WHO, now=NOON,
            )  # fmt: skip
            self.device, self.key = await register.bind_device(tx, self.wearer, "anklet-1", actor=WHO, now=NOON)
        return self

    async def set(self, **draft: Any) -> ConditionId:
        async with self.db.transaction() as tx:
            return await register.set_condition(tx, self.wearer, register.Draft(**draft), actor=WHO, now=NOON)

    async def zone(self, radius_m: float = 300, **more: Any) -> ConditionId:
        return await self.set(trigger=Trigger.EXCLUSION_ZONE, label="학교", centre=ORIGIN, radius_m=radius_m, **more)

    async def her_device(self, place: Point | None = None) -> None:
        async with self.db.transaction() as tx:
            await queries.bind_protected_device(tx, self.her, "watch-1", place=place, code="P-1", actor=WHO, now=NOON)

    async def send(self, *reports: Report, sender: Sender = GATEWAY, heard_s: float | None = None) -> Receipt:
        heard_at = NOON + timedelta(seconds=heard_s) if heard_s is not None else max(r.seen_at for r in reports)
        return await receive(self.db, sender, reports, heard_at)

    async def told(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        async with self.db.transaction() as tx:
            rows = await tx.all("select kind, body from ledger_entry order by recorded_at")
        facts = [(r[0].split(".", 1)[1].rsplit(".", 1)[0], msgspec.json.decode(bytes(r[1]))) for r in rows]
        return [(k, b) for k, b in facts if k in kinds or not kinds]

    async def alarms(self) -> list[str]:
        return [k for k, _ in await self.told("alarm.raised", "trigger.confirmed", "alarm.cleared")]


def report(s: float, east_m: float | None, north_m: float = 0.0, device: str = "anklet-1", **more: Any) -> Report:
    place = at(east_m, north_m) if east_m is not None else None
    return Report(
        index=0,
        device=device,
        seen_at=NOON + timedelta(seconds=s),
        lat=place.lat if place else None,
        lon=place.lon if place else None,
        error_m=more.pop("error_m", 15.0),
        **more,
    )


@pytest.fixture
async def world(dbs: Dbs) -> World:
    return await World(dbs).begin()


@pytest.mark.requirement("EM-19")
async def test_a_walk_into_a_zone_is_raised_and_confirmed_once(world: World) -> None:
    await world.zone()
    for i in range(60):
        await world.send(report(5 * i, 600 - 7 * i))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    followed = await world.told("position.followed")
    assert followed
    assert all(b["wearer_id"] == str(world.wearer) for _, b in followed)
    assert "lat" not in followed[0][1]  # places are personal: never in the open part


async def test_the_same_batch_twice_changes_nothing(world: World) -> None:
    await world.zone()
    batch = [report(5 * i, 600 - 7 * i) for i in range(60)]
    first = await world.send(*batch)
    told = await world.told()
    again = await world.send(*batch, *batch, heard_s=400)
    assert (first.accepted, again.accepted, again.duplicate) == (60, 0, 120)
    assert await world.told() == told


async def test_any_order_of_one_batch_gives_the_same_facts(world: World, dbs: Dbs) -> None:
    await world.zone()
    batch = [report(5 * i, 600 - 7 * i) for i in range(60)]
    random.Random(4).shuffle(batch)
    await world.send(*batch)
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]


async def test_a_late_burst_is_judged_and_told_once(world: World) -> None:
    await world.zone()
    track = [report(5 * i, 900 - 10 * i if i < 80 else 100 + 10 * (i - 80)) for i in range(160)]
    tunnel = track[55:110]
    for r in [*track[:55], *track[110:]]:
        await world.send(r)
    before = await world.alarms()
    receipt = await world.send(*tunnel, heard_s=850)
    after = await world.alarms()
    assert receipt.late == len(tunnel)
    assert before != after
    assert sorted(after) == ["alarm.cleared", "alarm.raised", "trigger.confirmed"]
    await world.send(*tunnel, heard_s=860)
    await world.send(report(412, 95), heard_s=870)
    assert await world.alarms() == after


async def test_two_batches_at_once_about_one_pair_raise_one_alarm(world: World) -> None:
    await world.her_device()
    await world.set(trigger=Trigger.APPROACH, protected_person_id=world.her, warn_m=1000, alarm_m=300)
    for i in range(40):
        his = report(10 * i, 1500 - 60 * i if i < 25 else 50)
        hers = report(10 * i + 1, 0, device="watch-1")
        await asyncio.gather(world.send(his), world.send(hers))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    kinds = {k for k, _ in await world.told()}
    assert {"position.followed", "protected-position.followed"} <= kinds


async def test_her_silent_device_is_judged_from_her_registered_place(world: World) -> None:
    await world.her_device(place=at(0))
    await world.set(trigger=Trigger.APPROACH, protected_person_id=world.her, warn_m=1000, alarm_m=300)
    for i in range(30):
        await world.send(report(10 * i, 1500 - 60 * i))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]


async def test_closing_ends_the_alarm_and_the_watch_rearms_only_after_clear(world: World) -> None:
    await world.zone()
    for i in range(4):
        await world.send(report(10 * i, 100))
    async with world.db.transaction() as tx:
        (alarm,) = await queries.alarms_open(tx)
        incident = named_id("test", "incident")
        await incidents.note_incident(tx, alarm.alarm_id, incident)
        await incidents.close_alarms(tx, [alarm.alarm_id], incident, NOON)
    for i in range(4, 10):
        await world.send(report(10 * i, 100))
    assert (await world.alarms()).count("alarm.raised") == 1
    for i in range(10, 30):
        await world.send(report(10 * i, 100 + 50 * (i - 9)))
    for i in range(30, 50):
        await world.send(report(10 * i, 1100 - 50 * (i - 29)))
    assert (await world.alarms()).count("alarm.raised") == 2
    async with world.db.transaction() as tx:
        assert [a.state for a in await queries.alarms_open(tx, every=True)] == ["certain", "closed"]


async def test_tamper_needs_no_condition_and_no_place(world: World) -> None:
    await world.send(report(0, 500))
    await world.send(report(10, None, signs=frozenset({Sign.STRAP})))
    await world.send(report(20, None, signs=frozenset({Sign.STRAP})))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    (_, body), *_ = await world.told("trigger.confirmed")
    assert body["trigger"] == "tamper"
    assert body["condition_id"] is None


async def test_refused_reports_do_not_hold_up_the_others(world: World) -> None:
    receipt = await world.send(
        report(0, 500),
        report(100, 500),
        report(0, 500, device="nobody"),
        report(1, None),
        report(2, 500, battery=400),
        heard_s=10,
    )
    assert receipt.accepted == 1
    assert [r.name for r in receipt.refused] == ["seen-ahead", "unknown-device", "no-place", "out-of-range"]


async def test_a_device_speaks_for_itself_alone(world: World) -> None:
    await world.her_device()
    sender = Sender(Device(world.device, "anklet-1", world.wearer, None))
    receipt = await world.send(report(0, 500), report(0, 10, device="watch-1"), sender=sender)
    assert receipt.accepted == 1
    assert receipt.refused[0].name == "unknown-device"


async def test_nothing_is_kept_outside_the_order(world: World) -> None:
    late = NOON + timedelta(days=301)
    receipt = await receive(world.db, GATEWAY, [Report(0, "anklet-1", late, 37.5, 127.0)], late)
    assert [r.name for r in receipt.refused] == ["no-order"]


async def test_silence_is_told_within_four_minutes_and_ends(world: World) -> None:
    await world.zone()
    await world.send(report(0, 800))
    now: datetime = NOON
    while not await world.told("notice.raised"):
        now += timedelta(seconds=5)
        await clock.tick(world.db, now)
    assert now - NOON <= timedelta(minutes=4)
    await clock.tick(world.db, now + timedelta(seconds=5))
    assert len(await world.told("notice.raised")) == 1
    await world.send(report(300, 800))
    assert [b["notice"] for _, b in await world.told("notice.ended")] == ["cannot_vouch"]


async def test_a_device_that_was_bound_and_never_heard_is_told_and_ends_when_it_speaks(world: World) -> None:
    await world.zone()
    await clock.tick(world.db, NOON + timedelta(minutes=3))
    assert await world.told("notice.raised") == []
    await clock.tick(world.db, NOON + timedelta(minutes=4))
    assert [b["notice"] for _, b in await world.told("notice.raised")] == ["silence"]  # no place of his is known
    await world.send(report(300, 60_000))
    assert [b["notice"] for _, b in await world.told("notice.ended")] == ["silence"]


async def test_a_device_bound_before_its_order_begins_is_waited_for_from_then(world: World) -> None:
    begins = NOON + timedelta(hours=2)
    async with world.db.transaction() as tx:
        other = await register.register_wearer(
            tx, code="W-2", offence="sexual_violence", office="해담보호관찰소", order_number="2026-2",
            from_at=begins, until_at=NOON + timedelta(days=300), actor=WHO, now=NOON,
        )  # fmt: skip
        await register.bind_device(tx, other, "anklet-2", actor=WHO, now=NOON)

    async def told_of_him(now: datetime) -> int:
        await clock.tick(world.db, now)
        return sum(b["wearer_id"] == str(other) for _, b in await world.told("notice.raised"))

    assert await told_of_him(begins + timedelta(minutes=3)) == 0
    assert await told_of_him(begins + timedelta(minutes=4)) == 1


async def test_a_device_that_is_bound_hides_no_silence_of_another(world: World) -> None:
    await world.zone()
    await world.send(report(0, 800))
    async with world.db.transaction() as tx:
        await register.bind_device(tx, world.wearer, "anklet-2", actor=WHO, now=NOON + timedelta(seconds=200))
    await clock.tick(world.db, NOON + timedelta(minutes=4))
    assert [b["notice"] for _, b in await world.told("notice.raised")] == ["cannot_vouch"]


async def test_another_device_of_his_or_hers_ends_a_silence(world: World) -> None:
    """A strap is changed, a watch is left for the phone: what no device of his places any more, a new one places."""
    await world.her_device()
    await world.set(
        trigger=Trigger.APPROACH, label="피해자", protected_person_id=world.her, warn_m=1000.0, alarm_m=300.0
    )
    await world.send(report(0, 0.0, device="watch-1"), report(0, 2500))
    for s in (240, 245):
        await clock.tick(world.db, NOON + timedelta(seconds=s))
    told = [(b["notice"], b["protected_person_id"]) for _, b in await world.told("notice.raised")]
    assert told == [("cannot_vouch", str(world.her))]
    async with world.db.transaction() as tx:
        await register.bind_device(tx, world.wearer, "anklet-2", actor=WHO, now=NOON + timedelta(seconds=250))
        await queries.bind_protected_device(
            tx, world.her, "phone-1", code="P-1", actor=WHO, now=NOON + timedelta(seconds=250)
        )
    await world.send(report(260, 2500, device="anklet-2"))
    assert len(await world.told("notice.ended")) == 1
    await clock.tick(world.db, NOON + timedelta(seconds=265))  # hers is silent still
    assert len(await world.told("notice.raised")) == 2
    await world.send(report(270, 2500, device="anklet-2"))
    assert len(await world.told("notice.ended")) == 1  # his says nothing of where she is
    await world.send(report(280, 0.0, device="phone-1"))
    assert len(await world.told("notice.ended")) == 2


async def test_what_she_repeats_beside_an_alarmed_wearer_keeps_nobody_elses_news_out(world: World) -> None:
    await world.her_device()
    await world.set(
        trigger=Trigger.APPROACH, label="피해자", protected_person_id=world.her, warn_m=1000.0, alarm_m=300.0
    )
    async with world.db.transaction() as tx:
        other = await register.register_wearer(
            tx, code="W-2", offence="sexual_violence", office="해담보호관찰소", order_number="2026-2",
            from_at=NOON - timedelta(days=30), until_at=NOON + timedelta(days=300), actor=WHO, now=NOON,
        )  # fmt: skip
        await register.bind_device(tx, other, "anklet-2", actor=WHO, now=NOON)
    hers = report(50, 0.0, device="watch-1")
    await world.send(report(0, 0.0, device="watch-1"), report(15, 50.0), report(30, 50.0), report(45, 50.0), hers)
    assert "trigger.confirmed" in await world.alarms()
    await world.send(report(0, 9000.0, device="anklet-2"))
    news = report(55, 9000.0, device="anklet-2")
    messages = [Message(GATEWAY, [said], NOON + timedelta(seconds=60)) for said in (hers, news)]
    repeated, new = await receive_together(world.db, Bindings(), messages)
    assert (repeated.duplicate, new.accepted) == (1, 1)


async def test_fixes_are_taken_while_the_clock_tells_that_a_whole_centre_is_silent(world: World) -> None:
    """Some people at a time: whoever the clock waits for keeps nobody else from being heard again."""
    async with world.db.transaction() as tx:
        for i in range(clock.AT_ONCE + 20):
            wearer = await register.register_wearer(
                tx, code=f"W-{i + 2}", offence="sexual_violence", office="해담보호관찰소", order_number=f"2026-{i + 2}",
                from_at=NOON - timedelta(days=30), until_at=NOON + timedelta(days=300), actor=WHO, now=NOON,
            )  # fmt: skip
            await register.bind_device(tx, wearer, f"anklet-{i + 2}", actor=WHO, now=NOON)
    names = [f"anklet-{i + 1}" for i in range(clock.AT_ONCE + 21)]
    for i, name in enumerate(names):  # the last to be heard is told of first
        await world.send(report(0.1 * i, 5000.0, device=name))
    now = NOON + timedelta(minutes=4)
    async with world.db.transaction() as holds:
        await holds.execute("select from supervision_person where person_id = %s for update", [world.wearer])
        ticking = asyncio.create_task(clock.tick(world.db, now))
        while len(await world.told("notice.raised")) < clock.AT_ONCE:
            await asyncio.sleep(0.02)
        assert (await world.send(report(240, 5000.0, device=names[-1]))).accepted == 1
        assert not ticking.done()
    await ticking
    assert len(await world.told("notice.raised")) == len(names)
    assert len(await world.told("notice.ended")) == 1


async def test_a_long_silence_is_looked_at_in_turn_until_it_is_graver(world: World) -> None:
    await world.zone()
    await world.send(report(0, 60_000))
    now = NOON
    kinds: list[str] = []
    while "cannot_vouch" not in kinds and now < NOON + timedelta(hours=3):
        now += timedelta(seconds=5)
        await clock.tick(world.db, now)
        kinds = [b["notice"] for _, b in await world.told("notice.raised")]
    assert kinds == ["silence", "cannot_vouch"]


@pytest.mark.requirement("EM-18")
async def test_a_curfew_that_begins_finds_who_is_outside(world: World) -> None:
    await world.set(trigger=Trigger.CURFEW, label="주거지", centre=ORIGIN, radius_m=100)
    midnight = NOON + timedelta(hours=12)
    for i in range(4):
        seen_at = midnight - timedelta(seconds=60 - 15 * i)
        p = at(2000)
        await receive(world.db, GATEWAY, [Report(0, "anklet-1", seen_at, p.lat, p.lon, 15.0)], seen_at)
        await clock.tick(world.db, seen_at)
    assert await world.alarms() == []
    await clock.tick(world.db, midnight + timedelta(seconds=1))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    await clock.tick(world.db, midnight + timedelta(hours=6, seconds=1))
    cleared = await world.told("alarm.cleared")
    assert [b["reason"] for _, b in cleared] == ["window_over"]


@pytest.mark.requirement("EM-14")
async def test_a_zone_of_some_hours_is_kept_with_them_and_needs_both(world: World) -> None:
    zone = await world.zone(since=time(22), until=time(6))
    async with world.db.transaction() as tx:
        kept = await scenes.condition_by_id(tx, zone)
    assert isinstance(kept, Exclusion)
    assert kept.window == Window(time(22), time(6))
    with pytest.raises(register.BadCondition):
        await world.zone(since=time(22))


async def test_her_fixes_are_forgotten_unless_an_alarm_cites_them(world: World) -> None:
    await world.her_device()
    await world.set(trigger=Trigger.APPROACH, protected_person_id=world.her, warn_m=500, alarm_m=300)
    await world.send(report(0, 5000, device="watch-1"))
    await world.send(report(600, 0, device="watch-1"), report(601, 100), report(611, 100), report(621, 100))
    assert await world.alarms() == ["alarm.raised", "trigger.confirmed"]
    assert await clock.forget(world.db, NOON + timedelta(hours=23)) == 0
    assert await clock.forget(world.db, NOON + timedelta(hours=25)) == 1


@pytest.mark.requirement("EM-08")
@pytest.mark.parametrize(("told_s", "medical"), [(-600, "advance"), (600, "after")])
async def test_a_medical_stay_counts_only_if_told_before_the_entry(world: World, told_s: float, medical: str) -> None:
    zone = await world.zone()
    stay = register.Stay(
        condition_id=zone,
        enters_at=NOON,
        leaves_at=NOON + timedelta(hours=1),
        place_coarse="해담동",
        accompanied_by="119",
    )

    async def tell() -> None:
        async with world.db.transaction() as tx:
            await register.tell_medical(tx, world.wearer, stay, actor=WHO, now=NOON + timedelta(seconds=told_s))

    if told_s < 0:
        await tell()
    for i in range(60):
        await world.send(report(5 * i, 600 - 7 * i))
    if told_s > 0:
        await tell()
    async with world.db.transaction() as tx:
        (alarm,) = await queries.alarms_open(tx)
    assert alarm.medical == medical
    assert alarm.priority == (4 if medical == "advance" else 2)
