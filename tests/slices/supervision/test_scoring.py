"""The scorer of the evaluation sees what it must: a planted miss, a planted late alarm, a planted false one."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation._supervision_baseline import baseline
from evaluation._supervision_score import Told, breaches_of, instant, scored, told_of, vouched
from evaluation._supervision_stage import SCENARIOS, staged
from evaluation._supervision_truth import ground_from
from evaluation._supervision_world import BadErrors, ErrorWorld, Source

from ansimnet.slices.supervision.rules import replay

GROUND = ground_from(None, 3)
WORLD = ErrorWorld(every_s=(15.0,))


def test_a_miss_a_late_alarm_and_a_false_one_are_seen() -> None:
    story = next(s for k in range(9) if breaches_of(s := staged("source_mix", GROUND, WORLD, str(k)), 30.0))
    (breach,) = breaches_of(story, 30.0)
    none = scored(story, [])
    assert (none.breaches, none.alarmed, len(none.missed)) == (1, 0, 1)
    late = scored(story, [Told(breach.condition_id, breach.decided_s + 30, None, None)])
    assert late.alarmed == 1
    assert late.delays == [pytest.approx(30.0)]
    assert late.false == 0
    early = scored(story, [Told(breach.condition_id, 0.0, None, 5.0)])
    assert (early.alarmed, early.false) == (0, 1)


@pytest.mark.requirement("EM-14", "EM-19")
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_staged_breach_is_alarmed_by_the_rules(name: str) -> None:
    for seed in ("7000001", "7000002"):
        story = staged(name, GROUND, WORLD, seed)
        facts = replay([m.fix for m in story.made], story.conditions, until=instant(story))
        score = scored(story, told_of(story, facts))
        assert score.missed == []
        assert vouched(story, facts).longest_s <= 240
        assert scored(story, baseline(story)).staged == 1


def test_a_world_is_read_back_and_a_strange_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    world = ErrorWorld(wifi=Source(0.5, 3.0, 40.0, 1.0, 30.0, 0.3, 0.0), tight_share=0.1)
    world.save(file)
    assert ErrorWorld.load(file) == world
    file.write_text('{"supervision_world": 1, "nonsense": 3}', encoding="utf-8")
    with pytest.raises(BadErrors):
        ErrorWorld.load(file)
