"""The room's decisions: tables for what the law and the scenario say, properties for what must hold always."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AlarmId, IncidentId, ProtectedPersonId, UnitId, WearerId
from ansimnet.slices.dispatch import rules
from ansimnet.slices.dispatch.model import AlarmSeen, CheckItem, Incident, OrderState, Police, State, Unit

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
HIM, HIS_TWIN = WearerId(UUID(int=1)), WearerId(UUID(int=2))
HER, ANOTHER = ProtectedPersonId(UUID(int=11)), ProtectedPersonId(UUID(int=12))

INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31, 23, 59, 59), timezones=st.just(UTC))
"""Three years with a leap day, every midnight and every new year among them."""


def incident(**more: Any) -> Incident:
    base: dict[str, Any] = {
        "incident_id": IncidentId(UUID(int=5)), "code": "I-2611-0001", "wearer_id": HIM, "protected_person_id": HER,
        "trigger": Trigger.APPROACH, "medical": Medical.NONE, "certain": True, "state": State.OPEN, "opened_at": NOON,
        "certain_at": NOON, "acknowledged_at": None, "resolved_at": None, "closed_at": None, "concurred_at": None,
        "outcome": None, "commander": None,
    }  # fmt: skip
    return Incident(**(base | more))


def alarm(**more: Any) -> AlarmSeen:
    base: dict[str, Any] = {
        "alarm_id": AlarmId(UUID(int=9)), "wearer_id": HIM, "protected_person_id": None, "trigger": Trigger.APPROACH,
        "medical": Medical.NONE, "certain": True, "happened_at": NOON,
    }  # fmt: skip
    return AlarmSeen(**(base | more))


def unit(number: int, *, age_s: float = 0, bound: bool = False, agency: str = "probation", at: datetime = NOON) -> Unit:
    where = IncidentId(UUID(int=5)) if bound else None
    return Unit(
        UnitId(UUID(int=number)), f"u{number}", agency, "", Point(37, 127), at - timedelta(seconds=age_s), where
    )


# ---------------------------------------------------------------------------------------------- merging (DI-09)


@pytest.mark.requirement("DI-09")
@pytest.mark.parametrize(
    ("wearer", "her", "state", "joins"),
    [
        (HIM, None, State.OPEN, True),
        (HIM, ANOTHER, State.OPEN, True),
        (HIM, HER, State.RESOLVED, True),
        (HIS_TWIN, HER, State.OPEN, True),
        (HIS_TWIN, ANOTHER, State.OPEN, False),
        (HIS_TWIN, None, State.OPEN, False),
        (HIM, HER, State.CLOSED, False),
        (HIM, HER, State.TAKEN_BACK, False),
    ],
)
def test_which_alarm_joins(wearer: WearerId, her: ProtectedPersonId | None, state: State, joins: bool) -> None:
    assert rules.joins(incident(state=state), alarm(wearer_id=wearer, protected_person_id=her)) is joins


def test_nobody_protected_is_no_common_person() -> None:
    assert not rules.joins(incident(protected_person_id=None), alarm(wearer_id=HIS_TWIN))


@pytest.mark.parametrize(
    ("standing", "joined", "anew"),
    [
        ({"certain": False}, {}, True),
        ({}, {}, False),
        ({"state": State.RESOLVED}, {}, True),
        ({"medical": Medical.ADVANCE}, {}, True),
        ({"medical": Medical.ADVANCE}, {"medical": Medical.ADVANCE}, False),
        ({"medical": Medical.AFTER}, {}, False),
        ({"protected_person_id": None}, {"protected_person_id": HER}, True),
        ({}, {"protected_person_id": ANOTHER}, False),
    ],
)
def test_what_starts_the_answer_anew(standing: dict[str, Any], joined: dict[str, Any], anew: bool) -> None:
    assert rules.calls_anew(incident(**standing), alarm(**joined)) is anew


# ---------------------------------------------------------------------------------------------- 112 and priority


@pytest.mark.requirement("EM-07")
@pytest.mark.parametrize(("certain", "medical"), list(product((True, False), Medical)))
def test_112_is_asked_on_every_trigger_but_a_stay_told_before(certain: bool, medical: Medical) -> None:
    assert rules.asks_police(certain, medical) is (certain and medical is not Medical.ADVANCE)


@pytest.mark.parametrize(
    ("certain", "medical", "trigger", "state", "priority"),
    [
        (True, Medical.NONE, Trigger.CURFEW, State.OPEN, 1),
        (True, Medical.AFTER, Trigger.APPROACH, State.OPEN, 1),
        (True, Medical.ADVANCE, Trigger.APPROACH, State.OPEN, 3),
        (False, Medical.NONE, Trigger.APPROACH, State.OPEN, 2),
        (False, Medical.NONE, Trigger.TAMPER, State.OPEN, 2),
        (False, Medical.NONE, Trigger.CURFEW, State.OPEN, 3),
        (True, Medical.NONE, Trigger.APPROACH, State.CLOSED, 4),
        (False, Medical.NONE, Trigger.APPROACH, State.TAKEN_BACK, 4),
    ],
)
def test_priorities(certain: bool, medical: Medical, trigger: Trigger, state: State, priority: int) -> None:
    assert rules.priority(certain, medical, trigger, state) == priority


# ---------------------------------------------------------------------------------------------- the nearest unit

UNITS = st.lists(
    st.builds(
        unit,
        st.integers(1, 12),
        age_s=st.sampled_from([0, 599, 600, 601, 86_400]),
        bound=st.booleans(),
        agency=st.sampled_from(["112", "probation"]),
    ),
    max_size=8,
    unique_by=lambda u: u.unit_id,
)
ETAS = st.dictionaries(
    st.integers(1, 12).map(lambda n: UnitId(UUID(int=n))), st.sampled_from([10.0, 20.0, float("inf")])
)


@given(UNITS, ETAS, st.sampled_from([None, "112", "probation"]), st.randoms())
def test_the_nearest_unit_does_not_depend_on_the_order_of_the_list(
    units: list[Unit], eta_s: dict[UnitId, float], agency: str | None, chance: Any
) -> None:
    shuffled = list(units)
    chance.shuffle(shuffled)
    able = [
        u
        for u in units
        if u.incident_id is None
        and (NOON - u.seen_at).total_seconds() <= 600
        and agency in (None, u.agency)
        and eta_s.get(u.unit_id, float("inf")) < float("inf")
    ]
    if not able:
        with pytest.raises(rules.NoUnitFree):
            rules.nearest(shuffled, eta_s, now=NOON, agency=agency)
        return
    chosen = rules.nearest(shuffled, eta_s, now=NOON, agency=agency)
    assert chosen in able
    assert all((eta_s[chosen.unit_id], chosen.unit_id) <= (eta_s[u.unit_id], u.unit_id) for u in able)


# ---------------------------------------------------------------------------------------------- day and night (DI-03)


@pytest.mark.requirement("DI-03")
@given(INSTANTS, st.sampled_from(Trigger), st.booleans(), st.sampled_from(Medical), st.booleans())
def test_no_decision_knows_office_hours(
    at: datetime, trigger: Trigger, certain: bool, medical: Medical, protected: bool
) -> None:
    """Whatever the room decides at noon it decides at any instant: midnight, new year, the leap day."""

    def decide(when: datetime) -> list[object]:
        seen = alarm(trigger=trigger, certain=certain, medical=medical, happened_at=when)
        running = incident(opened_at=when, certain_at=when, certain=not certain)
        units = [unit(1, at=when, age_s=500), unit(2, at=when), unit(3, at=when, age_s=700)]
        return [
            rules.joins(running, seen),
            rules.calls_anew(running, seen),
            rules.asks_police(certain, medical),
            rules.priority(certain, medical, trigger, State.OPEN),
            rules.nearest(units, {u.unit_id: 60.0 - u.unit_id.int for u in units}, now=when).unit_id,
            rules.checklist(trigger, protected, medical=medical),
            rules.blocks(running, rules.checklist(trigger, protected, medical=medical), None),
            rules.order_text("해담보호관찰소", "새빛로", "W-1", protected_code="P-1", trigger=trigger),
        ]

    assert decide(at) == decide(NOON)


@given(INSTANTS, st.integers(1, 20_000))
def test_numbers_carry_the_month_of_korea_and_never_collide(at: datetime, number: int) -> None:
    code = rules.code_of(number, at)
    local = at + timedelta(hours=9)
    assert code.startswith(f"I-{local:%y%m}-")
    assert code != rules.code_of(number + 10_000, at)


# ---------------------------------------------------------------------------------------------- procedure and closing


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("medical", list(Medical))
def test_every_procedure_is_known_required_and_ends_with_the_judgement(
    trigger: Trigger, protected: bool, medical: Medical
) -> None:
    items = rules.checklist(trigger, protected, medical=medical)
    names = [i.item for i in items]
    assert set(names) <= set(rules.CHECKLIST)
    assert all(i.required and i.done_at is None for i in items)
    assert len(set(names)) == len(names)
    assert names[-1] == "violation_judged"
    assert ("victim_safe" in names) is protected


def test_closing_needs_everything() -> None:
    items = [CheckItem("separated", True), CheckItem("victim_safe", True, NOON)]
    asked = Police(NOON, NOON, None, "1")
    assert rules.blocks(incident(), items, asked) == ["resolved", "separated", "concurrence"]
    done = [CheckItem("separated", True, NOON)]
    assert rules.blocks(incident(state=State.RESOLVED), done, None) == []
    assert rules.blocks(incident(state=State.RESOLVED, concurred_at=NOON), done, asked) == []
    with pytest.raises(Refusal, match="no outcome"):
        rules.check_closing(incident(state=State.RESOLVED), done, None, "whatever")
    for state in (State.CLOSED, State.TAKEN_BACK):
        with pytest.raises(rules.ClosingBlocked):
            rules.check_closing(incident(state=state), done, None, rules.OUTCOMES[0])
    rules.check_closing(incident(state=State.RESOLVED), done, None, rules.OUTCOMES[0])


@given(st.lists(st.sampled_from(OrderState), max_size=12))
def test_an_order_only_ever_moves_on_and_never_past_sending(wanted: list[OrderState]) -> None:
    lived = [OrderState.DRAFT]
    for state in wanted:
        try:
            rules.check_progress(lived[-1], state)
        except rules.OrderOutOfTurn:
            continue
        lived.append(state)
    order = list(OrderState)
    assert all(order.index(a) < order.index(b) for a, b in pairwise(lived))
    assert len(lived) == 1 or lived[1] is OrderState.SENT


# ---------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("trigger", list(Trigger))
def test_lines_speak_both_languages_and_name_codes_only(trigger: Trigger) -> None:
    line = rules.opened(alarm(trigger=trigger), "W-1043", "P-207")
    assert line.ko.startswith("W-1043 → P-207 ")
    assert line.en.startswith("W-1043 → P-207 ")
    assert rules.opened(alarm(certain=False), "W-1", None).ko.endswith("가능성")


def test_every_line_has_words_in_both_languages() -> None:
    for name, line in rules.LINES.items():
        assert line.ko, name
        assert line.en, name
        assert line.icon in {"alarm", "ours", "safe", "info", "doubt"}
    assert {s.value for s in OrderState} - {"draft", "sent"} <= set(rules.LINES)


def test_an_order_names_the_place_the_man_and_whom_to_keep_him_from() -> None:
    text = rules.order_text("해담보호관찰소", "새빛로", "W-1", protected_code="P-1", trigger=Trigger.APPROACH)
    assert text == (
        "해담보호관찰소 당직에게. 특정인 접근. 새빛로 부근에서 W-1 제지, 신병 확인. P-1와 분리. 현장 경찰과 합류."
    )
    assert "부근" not in rules.order_text("o", "", "W-1", protected_code=None, trigger=Trigger.TAMPER)
