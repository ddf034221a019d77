from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansimnet_sim.city import City
from ansimnet_sim.people import Actor, Route
from ansimnet_sim.scenarios import SCENARIOS, Trigger
from ansimnet_sim.story import tell
from ansimnet_sim.world import BadWorld, TruthLog, World


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_story_crosses_when_it_says(haedam: City, name: str) -> None:
    story = tell(haedam, name, 7, 20.0)
    crossed = story.crossed_at_s()
    if name == "quiet-night":
        assert crossed is None
        return
    assert crossed is not None
    assert crossed == pytest.approx(20.0, abs=1.0)
    walk = [story.subject.actor.at(20.0 + s) for s in range(4, 36)]
    seen = [any(haedam.sees(c, p.x, p.y) for c in haedam.cameras) for p in walk]
    assert sum(seen) > 20  # the deciding walk is one that cameras see


@pytest.mark.parametrize("seed", [7, 11, 23])
def test_the_quiet_night_comes_near_and_breaks_nothing(haedam: City, seed: int) -> None:
    story = tell(haedam, "quiet-night", seed, 20.0)
    depths = [story.depth_m(w, c, t) for w in story.wearers for c in w.conditions for t in range(-600, 80, 2)]
    assert max(depths) < -15
    assert sum(d > -40 for d in depths) > 200
    assert {c.trigger for w in story.wearers for c in w.conditions} == {
        Trigger.EXCLUSION_ZONE,
        Trigger.CURFEW,
        Trigger.APPROACH,
    }


def test_a_story_is_a_function_of_its_seed(haedam: City) -> None:
    one, two = tell(haedam, "approach", 5, 20.0), tell(haedam, "approach", 5, 20.0)
    for t in (0.0, 12.5, 40.0):
        assert [(a.name, p) for a, p in one.everybody(t)] == [(a.name, p) for a, p in two.everybody(t)]


def test_conditions_speak_the_api(haedam: City) -> None:
    at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # half past midnight in Korea
    for name in SCENARIOS:
        story = tell(haedam, name, 7, 20.0)
        for c in story.subject.conditions:
            body = c.body(haedam, "00000000-0000-7000-8000-000000000000", at)
            assert body["trigger"] == c.trigger.value
            assert json.dumps(body)
    curfew = tell(haedam, "curfew", 7, 20.0).subject.conditions[0].body(haedam, None, at)
    assert (curfew["from"], curfew["until"]) == ("23:30", "05:30")


def test_an_actor_can_be_sent_elsewhere() -> None:
    actor = Actor("P", "victim", [(0.0, Route(((0.0, 0.0), (100.0, 0.0)), ((0.0, 0.0), (100.0, 100.0))))])
    assert actor.at(10.0).x == pytest.approx(10.0)
    end = actor.divert(10.0, [(10.0, 30.0)], 2.0)
    assert end == pytest.approx(25.0)
    assert actor.at(9.0).x == pytest.approx(9.0)
    assert (actor.at(20.0).x, actor.at(20.0).y) == pytest.approx((10.0, 20.0))
    assert actor.at(99.0).y == pytest.approx(30.0)


def test_a_world_is_saved_and_loaded(tmp_path: Path) -> None:
    world = World(seed=9, scenario="tamper", lead_s=12.5, fps=8)
    world.save(tmp_path / "world.json")
    again = World.load(tmp_path / "world.json")
    assert (again.seed, again.scenario, again.lead_s, again.fps, again.pair) == (9, "tamper", 12.5, 8, world.pair)
    assert again.streamed_codes() == world.streamed_codes()


@pytest.mark.parametrize("text", ["", "{}", '{"ansimnet_world": 2}', '{"ansimnet_world": 1, "scenario": "x"}', "[1]"])
def test_a_broken_world_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(BadWorld):
        World.load(tmp_path / "w.json")


def test_the_truth_log_is_one_line_per_thing(tmp_path: Path) -> None:
    log = TruthLog(tmp_path / "truth.jsonl")
    log.write("fix", datetime(2026, 1, 1, tzinfo=UTC), lat=1.0)
    log.write("fix", datetime(2026, 1, 1, tzinfo=UTC), lat=2.0)
    log.close()
    assert [json.loads(x)["lat"] for x in (tmp_path / "truth.jsonl").read_text().splitlines()] == [1.0, 2.0]
