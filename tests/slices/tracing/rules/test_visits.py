"""A visit that a worker noted in parts is one visit again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.slices.tracing.rules.small_city import seen

from ansimnet.slices.tracing.rules.types import Verdict
from ansimnet.slices.tracing.rules.visits import beyond, visits

HIS, ANOTHERS = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)


@pytest.mark.requirement("TR-02")
def test_parts_that_follow_each_other_are_one_visit_that_began_as_the_first_and_left_as_the_last() -> None:
    parts = [
        seen(3, 10.0, id="a", looks=HIS, heading=0.0),
        seen(3, 20.4, id="b", looks=HIS, heading=90.0),
        seen(3, 24.0, id="c", looks=HIS, heading=180.0, lasts_s=3.0),
    ]
    ((visit,), of, said) = visits(parts, {"b": Verdict.HIM})
    assert (visit.id, visit.from_s, visit.until_s, visit.heading_deg) == ("a", 0.0, 24.0, 180.0)
    assert of == {"a": "a", "b": "a", "c": "a"}
    assert said == {"a": Verdict.HIM}


@pytest.mark.requirement("TR-02")
@pytest.mark.parametrize(
    ("second", "why"),
    [
        (seen(4, 20.0, id="b", looks=HIS), "another camera"),
        (seen(3, 20.0, id="b", looks=ANOTHERS), "another person"),
        (seen(3, 19.0, id="b", looks=HIS), "he was there twice at once"),
        (seen(3, 45.0, id="b", looks=HIS), "he was away"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_whatever_does_not_go_on_is_a_visit_of_its_own(second: object, why: str) -> None:
    found, of, _ = visits([seen(3, 10.0, id="a", looks=HIS), second], {})  # type: ignore[list-item]
    assert len(found) == 2, why
    assert of["b"] == "b"


@pytest.mark.requirement("TR-02")
def test_a_part_that_ended_by_itself_is_not_joined_and_two_side_by_side_stay_two() -> None:
    short = [seen(3, 5.0, id="a", looks=HIS, lasts_s=4.0), seen(3, 15.5, id="b", looks=HIS)]
    assert len(visits(short, {})[0]) == 2
    both = [
        seen(3, 10.0, id="a", looks=HIS), seen(3, 10.0, id="x", looks=ANOTHERS),
        seen(3, 20.2, id="b", looks=HIS), seen(3, 20.2, id="y", looks=ANOTHERS),
    ]  # fmt: skip
    assert visits(both, {})[1] == {"a": "a", "b": "a", "x": "x", "y": "x"}


@pytest.mark.requirement("TR-02")
def test_parts_of_which_different_things_were_said_are_never_joined() -> None:
    parts = [seen(3, 10.0, id="a", looks=HIS), seen(3, 20.2, id="b", looks=HIS)]
    found, _, said = visits(parts, {"a": Verdict.HIM, "b": Verdict.NOT_HIM})
    assert len(found) == 2
    assert said == {"a": Verdict.HIM, "b": Verdict.NOT_HIM}


@pytest.mark.requirement("TR-02")
def test_who_goes_the_other_way_is_not_who_was_cut() -> None:
    """His double comes the other way and is in view as his own part ends."""
    parts = [seen(3, 10.0, id="a", looks=HIS, heading=350.0), seen(3, 20.4, id="b", looks=HIS, heading=172.0)]
    assert visits(parts, {})[1] == {"a": "a", "b": "b"}


@pytest.mark.requirement("TR-02", "TR-05")
@pytest.mark.parametrize(
    ("from_s", "until_s", "on", "back"),
    [
        (110.0, 130.0, True, False),
        (70.0, 90.0, False, True),
        (80.0, 102.0, False, True),
        (105.0, 112.0, True, False),
        (90.0, 120.0, True, False),
        (101.0, 105.0, False, False),
    ],
    ids=["after it", "before it", "before it, views overlap", "after it, views overlap", "around it", "within it"],
)
def test_a_visit_lies_on_the_way_from_the_first_one_or_to_it_and_views_may_overlap(
    from_s: float, until_s: float, on: bool, back: bool
) -> None:
    first = seen(3, 110.0, lasts_s=10.0)
    visit = seen(4, until_s, lasts_s=until_s - from_s)
    assert (beyond(visit, first, backwards=False), beyond(visit, first, backwards=True)) == (on, back)
