"""Late fixes, in any order: what is told stands as if all had come in time, and nobody is told twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time
from itertools import groupby
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised
from ansimnet.kernel.facts import Fact
from ansimnet.slices.supervision.model import Fix, Scene
from ansimnet.slices.supervision.rules import replay
from ansimnet.slices.supervision.rules.judge import judge

from .made import approach, curfew, fix, zone

Step = tuple[int, float, int, bool]
"""How far from the corner (m), the claimed radius (m), how late it is heard (s), whether it is hers."""
STEPS = st.tuples(
    st.sampled_from([0, 200, 320, 400, 900]),
    st.sampled_from([2.0, 10.0, 40.0, 150.0]),
    st.sampled_from([0, 0, 0, 20, 50, 100, 300]),
    st.booleans(),
)


def walked(steps: Sequence[Step], every_s: int) -> list[Fix]:
    return [
        fix(every_s * i, east_m, error_m=error_m, heard_s=every_s * i + late_s, hers=hers)
        for i, (east_m, error_m, late_s, hers) in enumerate(steps)
    ]


def standing(facts: Sequence[Fact], until: datetime) -> dict[UUID, UUID | None]:
    """Return the alarms that stand at an instant, with their conditions."""
    stand: dict[UUID, UUID | None] = {}
    for f in facts:
        if f.happened_at > until:
            break
        if isinstance(f, AlarmRaised):
            assert f.alarm_id not in stand, "raised twice"
            stand[f.alarm_id] = f.condition_id
        elif isinstance(f, AlarmCleared):
            del stand[f.alarm_id]
    return stand


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=25))
@example([(320, 10.0, 50, False), (320, 40.0, 0, False), (0, 10.0, 50, False), (0, 10.0, 0, False)])  # taken back
@example([(320, 10.0, 20, False), (0, 10.0, 0, False), (320, 40.0, 0, False)])  # the newest is a suspect
def test_an_alarm_stands_after_every_report_as_if_all_known_had_come_in_time(steps: list[Step]) -> None:
    fixes = walked([(*s[:3], False) for s in steps], 15)
    facts = replay(fixes, [zone()])
    for heard_at in sorted({f.heard_at for f in fixes}):
        in_time = Scene({zone().condition_id: zone()})
        judge(in_time, [f for f in fixes if f.heard_at <= heard_at])
        assert len(standing(facts, heard_at)) == (in_time.watch(zone()).alarm_id is not None)


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=25), st.sampled_from([7, 15, 60]))
@example([(200, 150.0, 0, False), (320, 150.0, 0, False), (900, 10.0, 20, False), (0, 10.0, 0, False)], 15)
@example([(320, 10.0, 50, False), (0, 2.0, 20, False), (0, 2.0, 0, False)], 7)  # the mast says nothing of the curfew
@example([(320, 10.0, 0, False), (0, 10.0, 0, False), (200, 150.0, 50, False), (320, 10.0, 0, False),
          (0, 10.0, 20, False), (200, 40.0, 0, False)], 15)  # fmt: skip
def test_however_late_fixes_come_nobody_is_told_twice_and_two_who_meet_stand_at_the_end(
    steps: list[Step], every_s: int
) -> None:
    fixes = walked(steps, every_s)
    end = every_s * len(steps) + 320
    fixes += [fix(end + 15 * i + k, 0, error_m=10, hers=bool(k)) for i in range(4) for k in (0, 1)]
    facts = replay(fixes, [zone(), approach(400, 250), curfew(time(0), time(0), radius_m=150)])
    assert max(Counter(f.fact_id for f in facts).values()) == 1
    for heard_at, _ in groupby(facts, key=lambda f: f.happened_at):
        stand = standing(facts, heard_at)
        assert len(set(stand.values())) == len(stand)
    assert set(standing(facts, facts[-1].happened_at).values()) == {zone().condition_id, approach().condition_id}
