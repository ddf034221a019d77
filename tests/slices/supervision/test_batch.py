"""A million fixes at once are judged as one by one: the board against the pure rules, on random stories."""

from __future__ import annotations

from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, TriggerConfirmed
from ansimnet.kernel.ids import ConditionId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import Approach, Circle, Condition, Curfew, Exclusion, Fix, Polygon, Scene
from ansimnet.slices.supervision.rules.batch import PAIR, SHARED, SMALL, ZONE, columns_of, judge_many
from ansimnet.slices.supervision.rules.board import board_of
from ansimnet.slices.supervision.rules.judge import judge

from .made import HER, HIM, approach, at, curfew, fix, square

RING = Polygon((at(500, -200), at(900, -250), at(1000, 100), at(650, 300), at(450, 50)))
SHARED_ZONES = (Circle(at(300, 300), 150.0), RING, Circle(at(-4000, 0), 100.0))
METRES = st.floats(-1500, 1500, allow_nan=False)
CLAIMS = st.sampled_from([2.0, 8.0, 20.0, 35.0, 150.0, 400.0])
FIXES = st.lists(
    st.tuples(METRES, METRES, CLAIMS, st.sampled_from([5.0, 15.0, 60.0, 400.0]), st.booleans()), max_size=40
)
WALKS = st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60), CLAIMS), max_size=60)


def as_own(number: int) -> Exclusion:
    """Return a shared zone as a condition of his."""
    return Exclusion(ConditionId(named_id("test", "shared", str(number))), HIM, "", SHARED_ZONES[number])


def both(fixes: list[Fix]) -> tuple[list[tuple[object, str, str]], list[tuple[object, str, str]]]:
    """Return what the pure rules tell and what the board tells, in the same words."""
    all_day = curfew(time(0), time(0), radius_m=200.0)
    own: list[Condition] = [square(), all_day, approach(500.0, 200.0)]
    everything = own + [as_own(i) for i in range(len(SHARED_ZONES))]
    words = {AlarmRaised: "raised", TriggerConfirmed: "confirmed", AlarmCleared: "cleared"}
    scene = Scene({c.condition_id: c for c in everything})
    condition_of = {}
    one_by_one = []
    for f in fixes:
        for fact in judge(scene, [f]):
            if isinstance(fact, AlarmRaised):
                condition_of[fact.alarm_id] = str(fact.condition_id)
            if type(fact) in words:
                one_by_one.append((f.fix_id, condition_of[fact.alarm_id], words[type(fact)]))  # type: ignore[attr-defined]
    board = board_of([HIM, HER], own, SHARED_ZONES)
    known = [(0 if f.person_id == HIM else 1, f, f.point) for f in fixes if f.point is not None]
    told, _ = judge_many(board, columns_of(known))
    flat = [c for c in own if isinstance(c, Exclusion | Curfew)]
    at_once = []
    for number, kind, which, bits in told.tolist():
        name = {
            ZONE: lambda w: str(flat[w].condition_id),
            SHARED: lambda w: str(as_own(w).condition_id),
            PAIR: lambda w: str(own[2].condition_id),
        }[kind](which)
        at_once += [
            (known[number][1].fix_id, name, word)
            for bit, word in ((1, "raised"), (2, "confirmed"), (4, "cleared"))
            if bits & bit
        ]
    for i, person in enumerate((HIM, HER)):
        e = scene.estimates.get(person)  # type: ignore[call-overload]
        if e is not None:
            row = board.people[i]
            assert (e.lat, e.lon, e.pp, e.rest) == (row[1], row[2], row[5], row[12])
    return sorted(one_by_one, key=str), sorted(at_once, key=str)


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=60, deadline=None)
@given(FIXES)
def test_a_board_tells_what_the_rules_tell_whatever_devices_say(
    drawn: list[tuple[float, float, float, float, bool]],
) -> None:
    s, fixes = 0.0, []
    for x, y, claim, after, hers in drawn:
        s += after
        fixes.append(fix(s, x, y, error_m=claim, hers=hers))
    rules, board = both(fixes)
    assert rules == board


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=60, deadline=None)
@given(WALKS, st.floats(-800, 1200), st.floats(-500, 500), st.sampled_from([15.0, 60.0]))
def test_a_board_tells_what_the_rules_tell_of_walks(
    steps: list[tuple[float, float, float]], x: float, y: float, every: float
) -> None:
    fixes = []
    for i, (dx, dy, claim) in enumerate(steps):
        x, y = x + dx, y + dy
        fixes.append(fix(every * i, x, y, error_m=claim))
        if i % 3 == 0:
            fixes.append(fix(every * i + 2, x / 2, y / 2 + 100, error_m=20.0, hers=True))
    rules, board = both(fixes)
    assert rules == board


def test_a_board_knows_nothing_before_the_first_fix_and_is_told_in_pieces_alike() -> None:
    walk = [fix(5 * i, 700 - 7 * i) for i in range(120)]
    known = [(0, f, f.point) for f in walk if f.point is not None]
    whole, pieces = board_of([HIM], [square()]), board_of([HIM], [square()])
    told, likely = judge_many(whole, columns_of(known))
    apart = [judge_many(pieces, columns_of(known[i : i + 7])) for i in range(0, len(known), 7)]
    assert [r[2:] for r in told.tolist()] == [r[2:] for t, _ in apart for r in t.tolist()]
    assert np.array_equal(whole.people, pieces.people)
    assert sum(bits & 1 for *_, bits in told.tolist()) == 1
    assert (likely >= 0.1).any()


@pytest.mark.requirement("EM-19")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_at_once_in_any_order_of_memory_are_judged_as_one_by_one_who_looks_at_every_zone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = [WearerId(named_id("test", "board", str(i))) for i in range(40)]
    own: list[Condition] = [
        Exclusion(ConditionId(named_id("test", "own", str(i))), p, "", Circle(at(300 * (i % 8), 250 * (i // 8)), 120.0))
        for i, p in enumerate(people)
    ]
    for a, b in ((0, 9), (9, 30), (30, 2), (5, 6)):  # a chain of four, told in no order, and a pair
        key = ConditionId(named_id("test", "pair", str(a)))
        own.append(Approach(key, people[a], "", ProtectedPersonId(people[b]), 400.0, 150.0))
    place, fixes = rng.uniform(-200, 2500, (40, 2)), []
    for i in range(2 * SMALL // 40):
        place += rng.normal(0, 25, place.shape)
        for who in rng.permutation(40).tolist():
            east, north = place[who].tolist()
            fixes.append((who, fix(15.0 * i, east, north, error_m=float(rng.choice([8, 20, 60]))), at(east, north)))
    at_once, one_by_one = board_of(people, own, SHARED_ZONES), board_of(people, own, SHARED_ZONES)
    told, likely = judge_many(at_once, columns_of(fixes))
    found = []
    for i, one in enumerate(fixes):
        one_by_one.calm[:, :3] = 0.0  # so that every zone is looked at
        rows, _ = judge_many(one_by_one, columns_of([one]))
        found += [[i, *row[1:]] for row in rows.tolist()]
    assert found
    assert told.tolist() == found
    assert ((likely >= 0) & (likely <= 1)).all()
    for part in ("people", "watch", "pair_watch", "open_zone"):
        assert np.array_equal(getattr(at_once, part), getattr(one_by_one, part)), part
    held = at_once.open_zone >= 0
    assert np.array_equal(at_once.open_watch[held], one_by_one.open_watch[held])
