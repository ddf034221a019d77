"""The people of `ansimnet bench wearers`, and the simulated MQTT device: what they do is what the benchmark says."""

from __future__ import annotations

import math
from random import Random

import pytest
from benchmarks._wearers_people import (
    ALARM_M,
    BREACH_STEPS,
    FAR_M,
    STAY,
    WALK_M,
    WARN_M,
    ZONE_M,
    Person,
    people_of,
)
from benchmarks.wearers import DEVICES, PHONES_MIX

from ansimnet.kernel.geo import Point, distance_m
from ansimnet_sim.clients.mqtt import Line, NotTaken

from .test_mqtt import Door, batch, door

__all__ = ["door"]
ROUNDS = 60


def _wearers(people: list[Person]) -> list[Person]:
    return [p for p in people if not p.protected]


@pytest.mark.parametrize("mix", [DEVICES, PHONES_MIX])
def test_nobody_but_those_staged_comes_near_what_is_forbidden(mix: object) -> None:
    people = people_of(7, 1_000, mix, ROUNDS, 3)  # type: ignore[arg-type]
    homes = {p.name: Point(p.lat, p.lon) for p in people}
    assert WALK_M + ZONE_M < FAR_M - 500
    assert WALK_M + WARN_M < FAR_M
    for p in _wearers(people):
        if p.keeps_from is not None:
            assert distance_m(homes[p.name], homes[p.keeps_from]) == pytest.approx(FAR_M, rel=0.01)
        far = max(math.hypot(*p.truth_m(step)) for step in range(ROUNDS))
        assert far <= WALK_M + 1 or p.breach is not None


def test_a_staged_breach_goes_in_stays_and_comes_back_in_time() -> None:
    people = people_of(7, 1_000, DEVICES, ROUNDS, 3)
    staged = [p for p in people if p.breach is not None]
    assert len(staged) == 30
    for p in staged:
        assert p.breach is not None
        assert (p.breach.trigger == "approach") == (p.keeps_from is not None)
        reach = ALARM_M if p.breach.trigger == "approach" else ZONE_M
        ways = [p.truth_m(step) for step in range(ROUNDS)]
        inside = [s for s, (e, n) in enumerate(ways) if math.hypot(e - p.breach.east_m, n - p.breach.north_m) < reach]
        assert inside == list(range(inside[0], inside[-1] + 1))  # once
        assert len(inside) > STAY
        assert ways[0] == ways[p.breach.step + BREACH_STEPS] == ways[-1] == (0.0, 0.0)


def test_a_device_errs_as_it_claims() -> None:
    p = people_of(7, 10, DEVICES, ROUNDS, 3)[0]
    p.rests, p.breach, rng = True, None, Random(1)
    away = [distance_m(Point(p.lat, p.lon), Point(*p.place(0, rng))) for _ in range(2_000)]
    assert sum(a <= p.claim_m for a in away) / len(away) == pytest.approx(0.68, abs=0.04)


@pytest.mark.requirement("EM-19")
async def test_a_simulated_mqtt_device_is_answered_after_the_commit(door: Door) -> None:
    line = await Line.open("127.0.0.1", door.port, "anklet-1", door.world.key)
    await line.publish("positions", batch(3))
    assert await door.fixes() == 3
    await line.publish("positions", batch(3))  # the same again
    assert await door.fixes() == 3
    line.close()
    with pytest.raises(NotTaken):
        await line.publish("positions", batch(3, 3))
        await line.publish("positions", batch(3, 3))


async def test_a_simulated_device_with_a_wrong_key_is_sent_away(door: Door) -> None:
    with pytest.raises(NotTaken, match="code 5"):
        await Line.open("127.0.0.1", door.port, "anklet-1", "another")
