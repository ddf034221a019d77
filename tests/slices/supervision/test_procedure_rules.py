"""What a violation weighs, what may be asked of a court, and how many wearers one officer bears: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import AlarmId, WearerId, named_id
from ansimnet.slices.supervision.model.procedure import Degree, Obliged, Officer, Outcome, Tally, Violation
from ansimnet.slices.supervision.rules import caseload, procedure

from .made import NOON

OFFICERS = [named_id("test", f"officer-{i}") for i in range(4)]


def violation(i: int, trigger: Trigger, finding: str = "confirmed", **more: bool | None) -> Violation:
    contested, upheld = bool(more.get("contested")), more.get("upheld")
    at = NOON + timedelta(days=i)
    return Violation(AlarmId(named_id("test", f"alarm-{i}")), trigger, bool(more.get("protects")), at, finding,
                     contested, upheld)  # fmt: skip


@pytest.mark.requirement("EM-02")
@pytest.mark.parametrize(
    ("trigger", "protects", "degree"),
    [
        (Trigger.TAMPER, False, Degree.GRAVE),
        (Trigger.TAMPER, True, Degree.GRAVE),
        (Trigger.APPROACH, True, Degree.SERIOUS),
        (Trigger.EXCLUSION_ZONE, True, Degree.SERIOUS),
        (Trigger.EXCLUSION_ZONE, False, Degree.ORDINARY),
        (Trigger.CURFEW, False, Degree.ORDINARY),
    ],
)
def test_removal_is_grave_and_what_threatens_a_person_serious(trigger: Trigger, protects: bool, degree: Degree) -> None:
    assert procedure.degree_of(trigger, protects) is degree


@pytest.mark.requirement("EM-05", "EM-08")
def test_only_what_is_confirmed_and_not_contested_counts() -> None:
    found = [
        violation(0, Trigger.TAMPER),
        violation(1, Trigger.TAMPER, finding="false"),
        violation(2, Trigger.EXCLUSION_ZONE, finding="medical", protects=True),
        violation(3, Trigger.APPROACH, contested=True),  # open: does not count until decided
        violation(4, Trigger.APPROACH, contested=True, upheld=True),
        violation(5, Trigger.APPROACH, contested=True, upheld=False),
        violation(6, Trigger.CURFEW),
    ]
    t = procedure.tally(reversed(found))
    assert t == Tally((found[0].alarm_id,), (found[5].alarm_id,), (found[6].alarm_id,))
    assert t.number == 3
    assert procedure.most_months(t) == 4 + 2 + 1


@pytest.mark.requirement("EM-05")
@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20), st.integers(0, 9))
def test_what_may_be_asked_grows_with_number_and_degree_and_ends(g: int, s: int, o: int, more: int) -> None:
    def months(g: int, s: int, o: int) -> int:
        ids = [AlarmId(named_id("t", str(i))) for i in range(g + s + o)]
        return procedure.most_months(Tally(tuple(ids[:g]), tuple(ids[g : g + s]), tuple(ids[g + s :])))

    assert months(g, s, o) <= months(g + more, s, o) <= procedure.MOST_MONTHS
    assert months(g, s, o + 1) <= months(g, s + 1, o) <= months(g + 1, s, o)
    assert months(0, 0, 0) == 0


@pytest.mark.requirement("EM-04", "EM-05")
def test_a_petition_asks_no_more_than_the_violations_bear() -> None:
    one = Tally(grave=(AlarmId(named_id("t", "a")),))
    procedure.may_ask(one, 4, [])
    procedure.may_ask(one, 0, [Obliged.NIGHT])
    with pytest.raises(procedure.OutOfProportion):
        procedure.may_ask(one, 5, [])
    with pytest.raises(procedure.NothingToAsk):
        procedure.may_ask(one, 0, [])
    with pytest.raises(procedure.NothingToAsk):
        procedure.may_ask(Tally(), 0, [Obliged.NIGHT])


@pytest.mark.requirement("EM-04", "EM-05")
@pytest.mark.parametrize(
    ("outcome", "months", "conditions", "fits"),
    [
        (Outcome.GRANTED, 3, [Obliged.NIGHT], True),
        (Outcome.GRANTED, 2, [Obliged.NIGHT], False),
        (Outcome.PARTLY, 2, [Obliged.NIGHT], True),
        (Outcome.PARTLY, 0, [Obliged.NIGHT], True),
        (Outcome.PARTLY, 3, [Obliged.NIGHT], False),
        (Outcome.PARTLY, 4, [Obliged.NIGHT], False),
        (Outcome.PARTLY, 2, [Obliged.NIGHT, Obliged.OTHER], False),
        (Outcome.REJECTED, 0, [], True),
        (Outcome.REJECTED, 1, [], False),
    ],
)
def test_a_decision_answers_its_petition(outcome: Outcome, months: int, conditions: list[Obliged], fits: bool) -> None:
    def decide() -> None:
        procedure.may_decide(outcome, months, conditions, 3, [Obliged.NIGHT])

    if fits:
        decide()
    else:
        with pytest.raises(procedure.BeyondThePetition):
            decide()


def test_a_term_ends_at_the_same_hour_of_the_calendar() -> None:
    end = datetime(2028, 1, 31, 15, 0, tzinfo=UTC)  # midnight in Seoul, first of February
    assert procedure.extended(end, 12) == datetime(2029, 1, 31, 15, 0, tzinfo=UTC)
    assert procedure.extended(datetime(2026, 12, 30, 15, 0, tzinfo=UTC), 2) == datetime(2027, 2, 27, 15, 0, tzinfo=UTC)


def officer(i: int, *priors: int) -> Officer:
    return Officer(OFFICERS[i], tuple((WearerId(named_id("test", f"w-{i}-{k}")), n) for k, n in enumerate(priors)))


@pytest.mark.requirement("EM-09", "EM-10")
@pytest.mark.parametrize(
    ("held", "priors", "room"),
    [
        ([0] * 9, 0, True),
        ([0] * 10, 0, False),
        ([10, 12], 11, True),
        ([10, 12, 30], 0, False),
        ([10, 12], 0, True),
        ([10] + [0] * 5, 0, True),
        ([10] + [0] * 7, 0, False),
    ],
)
def test_ten_fill_a_caseload_and_three_with_many_priors(held: list[int], priors: int, room: bool) -> None:
    if room:
        caseload.may_take(officer(0, *held), priors)
    else:
        with pytest.raises(caseload.CaseloadFull):
            caseload.may_take(officer(0, *held), priors)


@pytest.mark.requirement("EM-09", "EM-10")
def test_a_proposal_leaves_nobody_out_while_there_is_room() -> None:
    free = {WearerId(named_id("test", f"free-{i}")): n for i, n in enumerate([0] * 9 + [10, 15])}
    officers = [officer(0, *[0] * 9), officer(1, 0, 0), officer(2)]
    found = caseload.propose(officers, free)
    assert set(found) >= set(free)
    loads: dict[UUID, int] = {}
    priors = dict(free) | {w: n for o in officers for w, n in o.wearers}
    for w, o in found.items():
        loads[o] = loads.get(o, 0) + caseload.weight(priors[w])
    assert max(loads.values()) <= caseload.BEARS
    assert all(found[w] == o.account_id for o in officers for w, _ in o.wearers)  # nobody is moved without need


@pytest.mark.requirement("EM-10")
def test_who_bears_too_many_is_relieved_and_what_fits_nowhere_left_out() -> None:
    over = officer(0, *[0] * 12)
    found = caseload.propose([over, officer(1)], {})
    moved = [w for w, o in found.items() if o != over.account_id]
    assert len(found) == 12
    assert len(moved) >= 2
    full = [officer(0, 10, 10, 10)]
    assert len(caseload.propose(full, {WearerId(named_id("test", "one-more")): 0})) == 3
