"""Who is judged by numbers alone is judged as everybody: batches sifted, against the pure rules, on random stories."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.facts.supervision import PositionFollowed, ProtectedPositionFollowed
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import named_id
from ansimnet.slices.supervision.model import Condition, Estimate, Fix, Person, PersonId, Scene, Sign
from ansimnet.slices.supervision.rules import kept
from ansimnet.slices.supervision.rules.estimate import variance_of, variances_of
from ansimnet.slices.supervision.rules.judge import judge
from ansimnet.slices.supervision.rules.sift import Bound, loud_by_themselves, sift
from ansimnet.slices.supervision.rules.window import bound, spell
from ansimnet.slices.supervision.store.scene import quiet, worth_saving

from .made import HER, HIM, NOON, approach, at, curfew, fix, square, teaching, zone

NIGHTS = [curfew(time(12, 10), time(12, 40), radius_m=200.0), curfew(time(0), time(0), radius_m=900.0)]
"""Noon in Seoul is when the stories begin: one curfew begins and ends in them, one holds all day."""
STEPS = st.lists(
    st.tuples(
        st.floats(-60, 60), st.floats(-60, 60), st.sampled_from([2.0, 8.0, 20.0, 150.0]), st.booleans(),
        st.sampled_from([0.0, 0.0, 0.0, 0.0, 900.0]), st.integers(1, 5),
    ),
    max_size=50,
)  # fmt: skip


class Sifted:
    """What the store would hold, and batches taken as the service takes them."""

    def __init__(self, conditions: list[Condition]) -> None:
        self.scene = Scene({c.condition_id: c for c in conditions})
        self.bounds = {p: Bound.of(p, named_id("by"), 0.0, (), conditions) for p in (PersonId(HIM), PersonId(HER))}
        self.alone = 0

    def take(self, batch: list[Fix]) -> list[Fact]:
        """Return what a batch tells."""
        stored = {p: kept.pack(e) for p, e in self.scene.estimates.items()}
        people = {p: Person(named_id("by").bytes, stored.get(p)) for p in self.bounds}
        speak = {f.person_id: self.bounds[f.person_id] for f in batch}
        remembered = any(not quiet(w) for w in self.scene.watches.values())
        loud = set(speak) if remembered or self.scene.followed else set()
        left, loud = sift(speak, kept.rows_of(people), batch, loud | loud_by_themselves(batch))
        for person_id, now in kept.of_quiet(left, people).items():
            self.scene.estimates[person_id] = kept.unpack(person_id, now)
            self.alone += 1
        before = dict(self.scene.watches)
        told = judge(self.scene, [f for f in batch if f.person_id in loud])
        saved = {c: w for c, w in self.scene.watches.items() if c in before or worth_saving(None, w)}
        self.scene.watches = {c: w for c, w in saved.items() if not quiet(w)}
        return told


def believed(e: Estimate | None) -> Estimate | None:
    return kept.unpack(e.person_id, kept.pack(e)) if e is not None else None


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=60, deadline=None)
@given(STEPS, st.floats(-900, 900), st.floats(-500, 500), st.sampled_from([15.0, 60.0, 400.0]))
def test_a_sifted_batch_tells_and_leaves_what_the_rules_do(
    steps: list[tuple[float, float, float, bool, float, int]], x: float, y: float, every: float
) -> None:
    conditions: list[Condition] = [square(), teaching(), *NIGHTS[:1], approach(500.0, 200.0, at(400, 400))]
    plain, sifted = Scene({c.condition_id: c for c in conditions}), Sifted(conditions)
    batch: list[Fix] = []
    for i, (dx, dy, claim, hers, jump, length) in enumerate(steps):
        x, y = x + dx, y + dy
        batch.append(fix(every * i, x + jump, y, error_m=claim))
        if hers:
            batch.append(fix(every * i + 2, x / 2 + 300, y / 2 + 100, error_m=20.0, hers=True))
        if len(batch) >= length:
            assert sifted.take(batch) == judge(plain, batch)
            batch = []
            for person in (PersonId(HIM), PersonId(HER)):
                assert sifted.scene.estimates.get(person) == plain.estimates.get(person)
                assert believed(plain.estimates.get(person)) == plain.estimates.get(person)


@given(st.lists(st.one_of(st.floats(0, 5), st.floats(0, 20_000)), max_size=30))
def test_what_errors_are_worth_is_the_same_one_by_one_and_together(errors: list[float]) -> None:
    assert variances_of(np.array(errors)).tolist() == [variance_of(e) for e in errors]


def test_who_stays_away_is_judged_by_numbers_alone_and_whoever_enters_is_not() -> None:
    story = Sifted([zone(), NIGHTS[1]])
    for i in range(20):
        assert story.take([fix(15.0 * i, 600 + 5 * i)]) == []
    assert story.alone == 20
    told = [fact for i in range(80) for fact in story.take([fix(300 + 5.0 * i, 700 - 10 * i)])]
    assert {"supervision.alarm.raised.v1", "supervision.trigger.confirmed.v1"} <= {f.kind for f in told}
    assert any(isinstance(f, PositionFollowed) for f in told)
    assert not any(isinstance(f, ProtectedPositionFollowed) for f in told)


def test_signs_a_low_battery_and_an_old_fix_are_nothing_quiet() -> None:
    quiet_one = Sifted([zone()])
    quiet_one.take([fix(100, 2000)])
    assert quiet_one.alone == 1
    for loud in (fix(115, 2000, signs=frozenset({Sign.STRAP})), fix(130, 2000, battery=5.0)):
        quiet_one.take([loud])
    assert quiet_one.alone == 1
    rows = kept.rows_of(
        {PersonId(HIM): Person(named_id("by").bytes, kept.pack(quiet_one.scene.estimates[PersonId(HIM)]))}
    )
    _, loud_ones = sift({PersonId(HIM): quiet_one.bounds[PersonId(HIM)]}, rows, [fix(50, 2000)], set())
    assert loud_ones == {PersonId(HIM)}


@given(st.integers(0, 3 * 24 * 60))
def test_a_spell_is_as_long_as_the_duty_stays_the_same(minutes: int) -> None:
    night = curfew(time(22), time(6))
    instant: datetime = NOON + timedelta(minutes=minutes)
    since, until, binds = spell(night, instant)
    assert since <= instant < until
    assert binds == bound(night, instant) == bound(night, since) == bound(night, until - timedelta(seconds=1))
    assert bound(night, until) != binds or until - instant == timedelta(days=1)
