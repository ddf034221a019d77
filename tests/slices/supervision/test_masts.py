"""Poor fixes of one mast share one error: heard again it is one witness, however often; two masts are two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import pytest

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, TriggerConfirmed
from ansimnet.slices.supervision.model import Condition, Fix, Scene
from ansimnet.slices.supervision.rules.judge import judge

from .made import NOON, approach, curfew, fix, zone

WORDS = {AlarmRaised: "raised", TriggerConfirmed: "confirmed", AlarmCleared: "cleared"}


def told(condition: Condition, fixes: Sequence[Fix]) -> list[tuple[float, str]]:
    """Return what is told of a story, with the second of the fix that told it."""
    scene, found = Scene({condition.condition_id: condition}), []
    for f in fixes:
        said = [WORDS[type(fact)] for fact in judge(scene, [f]) if type(fact) in WORDS]
        found += [((f.seen_at - NOON).total_seconds(), word) for word in said]
    return found


def stays(east_m: float, many: int = 10, every_s: float = 15.0) -> list[Fix]:
    return [fix(every_s * i, east_m, error_m=20) for i in range(many)]


@pytest.mark.requirement("EM-14", "EM-17")
def test_a_mast_in_a_zone_that_is_heard_five_times_says_no_more_than_once() -> None:
    one_mast = [fix(150 + 60 * i, 100 + 5 * i, error_m=150) for i in range(5)]
    assert told(zone(), stays(900) + one_mast) == []


@pytest.mark.requirement("EM-14", "EM-17")
@pytest.mark.parametrize(
    "inside",
    [
        [fix(150 + 60 * i, 100 - 60 * i, (70 * i) % 130, error_m=150) for i in range(5)],
        [fix(150 + 60 * i, 100 - 60 * i, error_m=15) for i in range(3)],
    ],
    ids=["several masts", "satellites"],
)
def test_two_witnesses_who_agree_are_believed_by_the_second(inside: list[Fix]) -> None:
    assert told(zone(), stays(900) + inside) == [(210, "raised"), (210, "confirmed")]


@pytest.mark.requirement("EM-18")
def test_a_mast_that_errs_does_not_bring_who_is_at_home_out_of_his_home() -> None:
    all_day = curfew(time(0), time(0), radius_m=100)
    home = stays(5, every_s=60.0)
    assert told(all_day, home + [fix(600 + 60 * i, 260 + 4 * i, error_m=120) for i in range(8)]) == []
    gone = [fix(600 + 60 * i, 260 + 60 * i, error_m=20) for i in range(3)]
    assert told(all_day, home + gone) == [(660, "raised"), (660, "confirmed")]


@pytest.mark.requirement("EM-14")
@pytest.mark.parametrize(("apart_m", "expected"), [(990, []), (940, [(30, "raised")])])
def test_a_warning_radius_alone_warns_only_where_there_is_hardly_a_doubt(
    apart_m: float, expected: list[tuple[float, str]]
) -> None:
    both = [f for i in range(12) for f in (fix(30 * i, apart_m, error_m=20), fix(30 * i + 1, 0, error_m=20, hers=True))]
    assert told(approach(1000, 300), both) == expected


def test_a_boast_is_taken_for_what_a_mast_would_be_worth() -> None:
    """Among poor fixes one that claims 2 m: it brings nobody into a zone by itself."""
    poor = [fix(60 * i, 700 + 80 * (i % 2), error_m=150) for i in range(6)]
    assert told(zone(), [*poor, fix(360, 380, error_m=2.0), fix(420, 700, error_m=150)]) == []


@pytest.mark.requirement("EM-14", "EM-17")
@pytest.mark.parametrize("spot_m", [420, 425])
def test_a_mast_beside_a_zone_heard_again_makes_no_outlier_believed(spot_m: float) -> None:
    one_mast = [fix(150 + 15 * i, spot_m + 5 * i, error_m=150) for i in range(5)]
    assert told(zone(), [*stays(700), *one_mast, fix(225, 150, error_m=100)]) == []


@pytest.mark.requirement("EM-18")
@pytest.mark.parametrize(("claims_m", "expected"), [(30, [(645, "raised")]), (60, [])], ids=["access point", "mast"])
def test_who_walks_out_of_his_home_is_told_as_soon_as_good_fixes_say_so_by_half(
    claims_m: float, expected: list[tuple[float, str]]
) -> None:
    walks = [
        fix(600, 0, error_m=20),
        fix(615, 60, error_m=20),
        *(fix(630 + 15 * i, 140, 60 * i, error_m=claims_m) for i in range(2)),
    ]
    assert told(curfew(time(0), time(0)), stays(5, every_s=60.0) + walks) == expected


@pytest.mark.requirement("EM-14", "EM-19")
def test_two_on_their_way_are_told_at_the_first_fix_that_says_so_by_a_quarter() -> None:
    """He jumps from beyond her warning radius into the smaller one: nothing before made that likely."""
    both = [
        f
        for i in range(4)
        for f in (fix(30 * i, 420 + 39 * (4 - i), error_m=25), fix(30 * i + 1, 0, error_m=25, hers=True))
    ]
    assert told(approach(400, 300), [*both, fix(120, 220, error_m=40)]) == [(120, "raised")]
    rests = [f for i in range(20) for f in (fix(30 * i, 470, error_m=25), fix(30 * i + 1, 0, error_m=25, hers=True))]
    assert told(approach(400, 300), [*rests, fix(600, 220, error_m=40)]) == []
