"""A zone whose alarm was taken back is not believed by as little again for some days; an entry is told as ever."""

from __future__ import annotations

import math
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from ansimnet.kernel.ids import AlarmId, named_id
from ansimnet.slices.supervision.model import Approach, Exclusion, Fix, Scene
from ansimnet.slices.supervision.rules import limits, replay
from ansimnet.slices.supervision.rules.batch import columns_of, judge_many
from ansimnet.slices.supervision.rules.board import NEVER, board_of
from ansimnet.slices.supervision.rules.judge import judge
from ansimnet.slices.supervision.rules.watching import _bar
from ansimnet.slices.supervision.service import clock, incidents
from ansimnet.slices.supervision.store import alarms, notices
from ansimnet.slices.supervision.store import scene as scenes

from .made import HER, HIM, NOON, approach, curfew, fix, zone
from .test_masts import told
from .test_receive import World, report, world

__all__ = ["world"]
DAY = 86_400.0


def way(nearest_m: float = 300) -> list[float]:
    """Return how far east somebody is every 15 s who comes as near as this and goes again, m."""
    there = [900.0 - 20 * i for i in range(int((900 - nearest_m) / 20) + 1)]
    return there + there[::-1]


def passes(start_s: float, nearest_m: float = 300, error_m: float = 45) -> list[Fix]:
    """Return a walk towards a zone of 300 m, up to its edge and away again, by fixes that are not good."""
    return [fix(start_s + 15 * i, east, error_m=error_m) for i, east in enumerate(way(nearest_m))]


def words(condition: Exclusion | Approach, fixes: list[Fix], since_s: float = 0.0) -> list[str]:
    return [word for at, word in told(condition, fixes) if at >= since_s]


@pytest.mark.requirement("EM-14", "EM-19")
@pytest.mark.parametrize(("days", "again"), [(1, []), (2, []), (4, ["raised", "cleared"])])
def test_who_passes_by_is_told_of_once_in_some_days(days: int, again: list[str]) -> None:
    assert words(zone(), passes(0)) == ["raised", "cleared"]
    assert words(zone(), passes(0) + passes(days * DAY), days * DAY) == again


@pytest.mark.requirement("EM-14", "EM-19")
def test_each_one_more_asks_for_more_until_only_what_is_sure_is_told() -> None:
    bars = [_bar(limits.NEAR_FROM, 0.0, times, 60.0, limits.RULES) for times in range(1, 7)]
    assert bars == pytest.approx([0.35, 0.55, 0.75, 0.9, 0.9, 0.9])
    assert _bar(limits.NEAR_FROM, 0.0, 3, limits.TAKEN_BACK_FOR.total_seconds(), limits.RULES) == limits.NEAR_FROM
    beside = [fix(15 * i, 320 - 40 * math.sin(i / 40), 40 * math.sin(i / 7), error_m=35) for i in range(4000)]
    assert words(zone(), beside) == 4 * ["raised", "cleared"]  # in seventeen hours on the very edge
    rows, _ = judge_many(
        board_of([HIM], [zone()]), columns_of([(0, f, f.point) for f in beside if f.point is not None])
    )
    assert [bits for *_, bits in rows.tolist()] == 4 * [1, 4]
    goes_in = [fix(60_000 + 15 * i, 300 - 20 * i, error_m=15) for i in range(15)]
    told_of = told(zone(), beside + goes_in)
    assert [(at, word) for at, word in told_of if at >= 60_000] == [(60_030, "raised"), (60_030, "confirmed")]


@pytest.mark.requirement("EM-14")
def test_who_goes_in_is_told_of_before_he_is_30_m_deep_and_confirmed_at_the_same_fix() -> None:
    goes_in = passes(DAY, nearest_m=0, error_m=15)
    fresh = {word: at for at, word in told(zone(), goes_in)}
    again = {word: at for at, word in told(zone(), passes(0) + goes_in) if at >= DAY}
    assert again["raised"] <= DAY + 15 * (900 - 270) / 20
    assert again["confirmed"] == fresh["confirmed"]


@pytest.mark.requirement("EM-14")
def test_an_alarm_that_was_confirmed_is_no_reason_to_believe_less() -> None:
    went_in = passes(0, nearest_m=0, error_m=15)
    assert words(zone(), went_in) == ["raised", "confirmed", "cleared"]
    assert words(zone(), went_in + passes(DAY), DAY) == ["raised", "cleared"]


def night(day: int, off_m: float, error_m: float = 30) -> list[Fix]:
    """Return half an hour of a night at home, told by an access point that lies so far off; good fixes around it."""
    s = day * DAY + DAY / 2
    before = [fix(s - 1800 + 60 * i, 5, error_m=20) for i in range(20)]
    by_it = [fix(s + 600 + 60 * i, off_m + (7 * i) % 20, (11 * i) % 25, error_m=error_m) for i in range(30)]
    return before + by_it + [fix(s + 2600 + 60 * i, 5, error_m=20) for i in range(10)]


@pytest.mark.requirement("EM-18")
def test_a_home_whose_access_point_lies_beside_it_is_told_of_once_in_some_days() -> None:
    week = [f for day in range(7) for f in night(day, 105)]
    nights = [(int(at // DAY), word) for at, word in told(curfew(), week)]
    assert nights == [(0, "raised"), (0, "cleared"), (4, "raised"), (4, "cleared")]


@pytest.mark.requirement("EM-18")
def test_who_leaves_that_home_is_told_of() -> None:
    gone = [fix(1.5 * DAY + 600 + 15 * i, 20 * i, error_m=20) for i in range(30)]
    alone = {word: at for at, word in told(curfew(), night(0, 5) + gone)}
    again = {word: at for at, word in told(curfew(), night(0, 105) + gone) if at > DAY}
    assert again["confirmed"] - alone["confirmed"] <= 60


@pytest.mark.requirement("EM-14")
def test_a_person_to_keep_away_from_is_guarded_as_before() -> None:
    """Only zones: two people move, and where they pass once says nothing of where they pass next."""
    hers = [fix(15 * i, 0.0, hers=True, start=NOON) for i in range(70)]
    later = [fix(DAY + 15 * i, 0.0, hers=True) for i in range(70)]

    def story(start_s: float, her: list[Fix]) -> list[Fix]:
        return sorted(passes(start_s, 300, 30) + her, key=lambda f: f.seen_at)

    first = words(approach(300.0, 300.0), story(0, hers))
    assert first
    assert words(approach(300.0, 300.0), story(0, hers) + story(DAY, later), DAY) == first


@pytest.mark.requirement("EM-19")
def test_many_at_once_remember_it_too_and_a_shared_zone_as_well() -> None:
    fixes = passes(0) + passes(DAY) + passes(4.5 * DAY)
    columns = columns_of([(0, f, f.point) for f in fixes if f.point is not None])
    own = board_of([HIM], [zone()])
    rows, _ = judge_many(own, columns)
    shared = board_of([HIM, HER], [approach(1.0, 1.0)], [zone().zone])
    others, _ = judge_many(shared, columns)
    one_by_one = told(zone(), fixes)
    seconds = [((fixes[number].seen_at - NOON).total_seconds(), bits) for number, _, _, bits in rows.tolist()]
    assert seconds == [(at, {"raised": 1, "cleared": 4}[word]) for at, word in one_by_one]
    assert others[:, [0, 3]].tolist() == rows[:, [0, 3]].tolist()
    assert len(seconds) == 4
    assert own.back[0, 0] > NEVER


@pytest.mark.requirement("EM-19")
def test_a_late_fix_forgets_nothing_of_it() -> None:
    walk = passes(DAY)
    late = [fix(DAY + 15 * 20 + 1, 520, error_m=45, heard_s=DAY + 15 * 29 + 2)]
    fixes = [*passes(0), *walk, *late]
    assert [f for f in replay(fixes, [zone()]) if f.happened_at > NOON + timedelta(days=1)] == []


async def test_it_is_kept_with_the_watch_and_forgotten_when_its_time_is_over(world: World) -> None:
    zone_id = await world.zone()

    async def walk(start_s: float) -> None:
        for i, east in enumerate(way()):
            await world.send(report(start_s + 15 * i, east, error_m=45.0))

    async def remembered() -> bool:
        async with world.db.transaction() as tx:
            found = await scenes.watch_of(tx, zone_id)
        return found is not None and found.taken_back_at is not None

    await walk(0)
    assert await world.alarms() == ["alarm.raised", "alarm.cleared"]
    assert await remembered()
    async with world.db.transaction() as tx:  # nobody is judged the long way for it alone
        await alarms.close(
            tx, [AlarmId(UUID(b["alarm_id"])) for _, b in await world.told("alarm.raised")], zone_id, NOON
        )
        assert await (await notices.ask_of_whom(tx, [world.wearer])).fetchall() == []
    await walk(DAY)
    assert await world.alarms() == ["alarm.raised", "alarm.cleared"]
    await world.send(report(2 * DAY, 5000.0))
    await clock.forget(world.db, NOON + timedelta(days=2))
    assert await remembered()
    await clock.forget(world.db, NOON + limits.TAKEN_BACK_FOR + timedelta(hours=1))
    assert not await remembered()


async def judged(world: World, verdict: str, hours: float) -> int:
    """Say of the only alarm whether it is real; return how many are remembered as taken back."""
    ((_, raised),) = await world.told("alarm.raised")
    async with world.db.transaction() as tx:
        by = named_id("test", "controller")
        await incidents.judge(tx, AlarmId(UUID(raised["alarm_id"])), verdict, by, NOON + timedelta(hours=hours))
        (row,) = await tx.all("select watch from supervision_watch")
    return int(msgspec.json.decode(row[0]).get("taken_back", 0))


@pytest.mark.requirement("EM-19")
async def test_a_persons_verdict_decides_whether_it_is_remembered_and_an_alarm_counts_once(world: World) -> None:
    await world.zone()
    for i, east in enumerate(way()):
        await world.send(report(15 * i, east, error_m=45.0))
    said = ("false", "false", "true", "false", "false", "true")
    assert [await judged(world, verdict, 1) for verdict in said] == [1, 1, 0, 1, 1, 0]
    for i, east in enumerate(way()):  # he was there: the next time he is told of as readily
        await world.send(report(DAY + 15 * i, east, error_m=45.0))
    assert len(await world.told("alarm.raised")) == 2


@pytest.mark.requirement("EM-19")
@pytest.mark.parametrize(("verdict", "times"), [("true", 0), ("false", 1)])
async def test_a_verdict_while_an_alarm_stands_outlives_its_end_and_late_fixes(
    world: World, verdict: str, times: int
) -> None:
    await world.zone()
    there, back = way()[:31], way()[31:]
    for i, east in enumerate(there):
        await world.send(report(15 * i, east, error_m=45.0))
    assert await world.alarms() == ["alarm.raised"]
    assert await judged(world, verdict, 15 * 30.5 / 3600) == times
    for i, east in enumerate(back):
        await world.send(report(15 * (31 + i), east, error_m=45.0))
    assert await world.alarms() == ["alarm.raised", "alarm.cleared"]
    await world.send(report(15 * 20 + 1, 520, error_m=45.0), heard_s=15 * 62)
    async with world.db.transaction() as tx:
        (row,) = await tx.all("select watch, rests_since is not null from supervision_watch")
    assert (msgspec.json.decode(row[0]).get("taken_back", 0), row[1]) == (times, True)


def test_the_scene_of_a_proof_carries_it() -> None:
    scene = Scene({zone().condition_id: zone()})
    judge(scene, passes(0))
    watch = scene.watch(zone())
    assert watch.taken_back_at is not None
    assert watch.state.value == "clear"
