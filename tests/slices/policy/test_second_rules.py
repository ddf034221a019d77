"""The rules of two, without a database: who may ask, who may answer, in what order, and what a request lacks."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.slices.policy.approvals_kit import (
    ASKER,
    DAY,
    HOUR,
    MINUTE,
    OTHER,
    THIRD,
    a_search,
)
from tests.slices.policy.conftest import NOW

from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.slices.policy.rules.asking import Area, Description, missing
from ansimnet.slices.policy.rules.second import (
    COARSE_M,
    MOST_WINDOW,
    RULES_OF_TWO,
    Person,
    RequestKind,
    RequestState,
    Second,
    Verb,
    answer,
    coarse,
)

# ------------------------------------------------------------------------------------------------- the rules


def a_second(**changes: Any) -> Second:
    whole = Second(
        kind=RequestKind.SEARCH,
        state=RequestState.WAITING,
        asked_by=ASKER,
        urgent=False,
        answer_by=NOW + 2 * HOUR,
        until_at=NOW + 4 * HOUR,
    )
    return replace(whole, **changes)


LEAD = Person(account_id=OTHER, role=Role.SHIFT_LEAD)


@pytest.mark.requirement("TR-04")
@pytest.mark.parametrize(
    ("request_", "verb", "who", "after", "came"),
    [
        (a_second(), Verb.APPROVE, LEAD, MINUTE, RequestState.APPROVED),
        (a_second(), Verb.REFUSE, LEAD, MINUTE, RequestState.REFUSED),
        (a_second(), Verb.APPROVE, replace(LEAD, account_id=ASKER), MINUTE, "own-request"),
        (a_second(), Verb.APPROVE, replace(LEAD, same_as_asker=True), MINUTE, "same-person"),
        (a_second(), Verb.APPROVE, replace(LEAD, role=Role.INVESTIGATOR), MINUTE, "not-an-approver"),
        (a_second(), Verb.APPROVE, None, MINUTE, "not-an-approver"),
        (a_second(), Verb.APPROVE, LEAD, 2 * HOUR, "too-late"),
        (a_second(), Verb.WITHDRAW, LEAD, MINUTE, "not-the-asker"),
        (a_second(), Verb.WITHDRAW, replace(LEAD, account_id=ASKER), MINUTE, RequestState.WITHDRAWN),
        (a_second(), Verb.PASS, None, 2 * HOUR - MINUTE, "not-yet-due"),
        (a_second(), Verb.PASS, None, 2 * HOUR, RequestState.EXPIRED),
        (a_second(urgent=True), Verb.PASS, None, 2 * HOUR, RequestState.REJECTED),
        (a_second(urgent=True), Verb.REFUSE, LEAD, MINUTE, RequestState.REJECTED),
        (a_second(urgent=True), Verb.WITHDRAW, replace(LEAD, account_id=ASKER), MINUTE, RequestState.REJECTED),
        (a_second(state=RequestState.APPROVED), Verb.APPROVE, LEAD, MINUTE, "already-answered"),
        (a_second(state=RequestState.REFUSED), Verb.APPROVE, LEAD, MINUTE, "already-answered"),
        (
            a_second(state=RequestState.APPROVED),
            Verb.WITHDRAW,
            replace(LEAD, account_id=ASKER),
            HOUR,
            RequestState.WITHDRAWN,
        ),
        (a_second(answer_by=NOW + 9 * HOUR), Verb.APPROVE, LEAD, 5 * HOUR, "too-late"),
    ],
)
def test_an_answer_comes_from_another_in_time_and_once(
    request_: Second, verb: Verb, who: Person | None, after: timedelta, came: RequestState | str
) -> None:
    assert answer(request_, verb, who, NOW + after) == came


def test_the_whole_table_of_two_lets_nobody_answer_for_himself_and_no_stranger() -> None:
    """Every kind x state x verb x role x identity: an approval is always somebody else's whose work it is."""
    for kind, state, verb, role, mine, urgent in itertools.product(
        RequestKind, RequestState, (Verb.APPROVE, Verb.REFUSE), Role, (True, False), (True, False)
    ):
        second = a_second(kind=kind, state=state, urgent=urgent)
        came = answer(second, verb, Person(account_id=ASKER if mine else OTHER, role=role), NOW + MINUTE)
        allowed = isinstance(came, RequestState)
        assert allowed == (not mine and role in RULES_OF_TWO[kind].approves and state is RequestState.WAITING)


def test_no_role_both_asks_and_approves_a_kind() -> None:
    for name, two in RULES_OF_TWO.items():
        assert not two.asks & two.approves, name
        assert two.asks
        assert two.approves
        assert two.answer_within > timedelta()
        assert all(two.clauses[kind] for kind in two.clauses if kind is not GroundKind.ORDER)
        assert Role.PROBATION_OFFICER not in two.asks | two.approves or name is not RequestKind.SHELTER_ADDRESS


class Requests(RuleBasedStateMachine):
    """Any order of answers and passing time: what holds of the state whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.second = a_second()
        self.ended: RequestState | None = None
        self.approved_by: AccountId | None = None

    @rule(urgent=st.booleans(), minutes=st.integers(1, 300))
    def begin(self, urgent: bool, minutes: int) -> None:
        answer_by = self.now + timedelta(minutes=minutes)
        self.second = a_second(urgent=urgent, answer_by=answer_by, until_at=self.now + 5 * HOUR)
        self.ended = self.approved_by = None

    @rule(minutes=st.integers(1, 200))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        verb=st.sampled_from(list(Verb)),
        who=st.sampled_from([ASKER, OTHER, THIRD]),
        role=st.sampled_from([Role.SHIFT_LEAD, Role.PRIVACY_OFFICER, Role.INVESTIGATOR]),
        same=st.booleans(),
    )
    def do(self, verb: Verb, who: AccountId, role: Role, same: bool) -> None:
        before = self.second.state
        came = answer(self.second, verb, Person(account_id=who, role=role, same_as_asker=same), self.now)
        if not isinstance(came, RequestState):
            assert self.second.state == before
            return
        assert self.ended is None, "what has ended never moves again"
        if came is RequestState.APPROVED:
            assert before is RequestState.WAITING
            assert who != ASKER
            assert not same
            assert self.now < self.second.answer_by
            self.approved_by = who
        else:
            self.ended = came
        if came is RequestState.REJECTED:
            assert self.second.urgent
        if came is RequestState.EXPIRED:
            assert self.now >= self.second.answer_by
        self.second = replace(self.second, state=came)

    @invariant()
    def nothing_stands_unapproved(self) -> None:
        if self.second.state is RequestState.APPROVED:
            assert self.approved_by not in (None, ASKER)
        if self.second.urgent and self.ended is not None and self.approved_by is None:
            assert self.ended is RequestState.REJECTED, "what began without approval is undone, however it ends"


TestRequests = Requests.TestCase
TestRequests.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)


@pytest.mark.requirement("DI-08", "TR-04")
@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"case_no": " "}, "no-case"),
        ({"description": Description()}, "no-description"),
        ({"area": None}, "no-area"),
        ({"area": Area(lat=37.5, lon=127.0, radius_m=5_001)}, "no-area"),
        ({"window": None}, "no-window"),
        ({"window": (NOW, NOW + MOST_WINDOW + MINUTE)}, "no-window"),
        ({"window": (NOW, NOW)}, "no-window"),
        ({"statute": "PIPA 35"}, "no-citation"),
        ({"statute": ""}, "no-citation"),
        ({"ground_kind": GroundKind.CONSENT}, "ground-kind"),
        ({"ground_kind": GroundKind.VITAL_INTEREST}, "ground-kind"),
        ({"ground_kind": GroundKind.ORDER}, "no-order"),
        ({"purpose": Purpose.SUPERVISE}, "purpose"),
        ({"resources": frozenset()}, "no-scope"),
        ({"resources": frozenset(new_id() for _ in range(65))}, "no-scope"),
        ({"reason": "\t"}, "no-reason"),
        ({"until_at": NOW}, "no-end"),
        ({"until_at": NOW + DAY + MINUTE}, "no-end"),
    ],
)
def test_a_search_needs_case_ground_description_area_window_and_end(changes: dict[str, Any], lacks: str) -> None:
    assert missing(a_search(), Role.INVESTIGATOR, NOW) == []
    assert missing(a_search(**changes), Role.INVESTIGATOR, NOW) == [lacks]


def test_only_those_whose_work_it_is_ask_and_never_the_tracking_desk() -> None:
    for role in Role:
        lacks = missing(a_search(), role, NOW)
        assert (lacks == []) == (role in RULES_OF_TWO[RequestKind.SEARCH].asks)
    assert Role.TRACKING_CONTROLLER not in RULES_OF_TWO[RequestKind.SEARCH].asks
    assert "not-urgent" in missing(a_search(kind=RequestKind.WATCH_LIST, urgent=True), Role.INVESTIGATOR, NOW)


@given(lat=st.floats(-80, 80), lon=st.floats(-179, 179))
def test_a_coarse_place_is_a_fixed_square_at_least_500_m_wide(lat: float, lon: float) -> None:
    a, o = coarse(lat, lon)
    assert coarse(a, o) == (a, o), "the middle of a square lies in it"
    north_m = (a - lat) * 110_574.0
    east_m = (o - lon) * 111_320.0 * math.cos(math.radians(a))
    assert abs(north_m) <= COARSE_M / 2 + 1
    assert abs(east_m) <= COARSE_M / 2 * 1.01 + 1
    # one step to the side is another square whose middle is at least 500 m away
    step = COARSE_M / (111_320.0 * math.cos(math.radians(a)))
    assert coarse(a, min(o + 1.01 * step, 179.99)) != (a, o)
