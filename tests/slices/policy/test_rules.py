"""The table, enumerated: every allowed line is written here a second time; all else is a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CentreId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy import rules
from ansimnet.slices.policy.model import (
    Account,
    CentreKind,
    Decision,
    Ground,
    Line,
    Question,
    Reach,
    Relations,
    Statute,
)
from ansimnet.slices.policy.rules.table import BOTH, FOOTAGE_ACTS, NEVERS, TABLE, TRACKING
from ansimnet.slices.policy.rules.words import (
    ACT_WORDS,
    GROUND_WORDS,
    ORGANISATIONS,
    PURPOSE_WORDS,
    ROLE_WORDS,
)

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
THING, OWN = new_id(), new_id()
PHONES = {Role.VICTIM, Role.FIELD_UNIT}


def account(role: Role, home: CentreId, subject_id: UUID | None = None) -> Account:
    own = subject_id or (OWN if role in PHONES else None)
    return Account(
        account_id=AccountId(new_id()), centre_id=home, login="seat", role=role, display="관제07", subject_id=own
    )


def ground(kind: GroundKind, **more: Any) -> Ground:
    values: dict[str, Any] = {
        "ground_id": GroundId(new_id()),
        "kind": kind,
        "statute": "PIPA 18(2)3",
        "trigger": "exclusion_zone" if kind is GroundKind.TRIGGER else None,
        "resources": frozenset({THING, OWN}),
        "parties": frozenset({OWN}),
        "from_at": NOW - timedelta(minutes=1),
        "until_at": NOW + timedelta(minutes=59),
    }
    return Ground(**(values | more))


def ask(
    role: Role,
    act: Act,
    purpose: Purpose,
    grounds: list[Ground],
    *,
    home: CentreId = TRACKING_CENTRE,
    place: CentreId | None = None,
    resource: UUID | None = None,
    masking: Masking = Masking.MASKED,
    book: rules.Rulebook = rules.RULES,
) -> Decision:
    thing = resource or (OWN if role is Role.VICTIM or act is Act.SERVE_ORDER else THING)
    if act is Act.FOLLOW_LIVE and role in PHONES:
        thing = OWN
    q = Question(
        account=account(role, home),
        place=place or home,
        act=act,
        purpose=purpose,
        resources=None if act is Act.MANAGE_OWN else frozenset({thing}),
        masking=masking,
        now=NOW,
    )
    return book.decide(q, grounds)


T, C = "tracking", "city"
AT_HOME = (
    *(Role.TRACKING_CONTROLLER, Role.CENTRE_OPERATOR, Role.PROBATION_OFFICER, Role.POLICE_112, Role.FIELD_UNIT),
    *(Role.VICTIM, Role.AUDITOR, Role.ADMINISTRATOR),
)
"""The roles at the desks and phones of the two centres. All others have their answers in `cases/`."""
MATRIX = {
    # role, purpose, kind of ground, home -> acts. The second writing of the table; a change of law changes both.
    ("tracking_controller", "supervise", "statute", T): "acknowledge_alarm follow_live read_alarm read_cameras "
    "read_incident read_map read_status read_track read_wearer",
    ("tracking_controller", "respond", "statute", T): "acknowledge_alarm follow_live read_alarm read_cameras "
    "read_incident read_map read_protected read_status read_track read_wearer revoke_permit run_incident",
    ("tracking_controller", "operate", "statute", T): "read_cameras read_map read_status",
    ("tracking_controller", "protect", "statute", T): "read_protected",
    ("tracking_controller", "protect", "trigger", T): "read_protected",
    ("tracking_controller", "respond", "trigger", T): "extend_permit mark_recording read_protected read_provision "
    "request_footage unmask_track view_stream",
    ("tracking_controller", "investigate", "trigger", T): "view_stream",
    ("tracking_controller", "respond", "consent", T): "view_scene",
    ("probation_officer", "supervise", "statute", T): "carry_out_decision check_device follow_live judge_violation "
    "read_alarm read_map read_status read_track read_wearer register_order register_wearer report_violation",
    ("probation_officer", "respond", "statute", T): "follow_live read_alarm read_incident read_map read_status "
    "read_track read_wearer",
    ("probation_officer", "operate", "statute", T): "read_map read_status",
    ("probation_officer", "protect", "statute", T): "read_protected register_protected",
    ("police_112", "respond", "statute", T): "concur_closing follow_live justify_access read_alarm "
    "read_incident read_map read_status",
    ("police_112", "operate", "statute", T): "read_map read_status",
    ("police_112", "protect", "statute", T): "read_protected register_protected set_up_home",
    ("police_112", "respond", "trigger", T): "read_protected read_track read_wearer",
    ("police_112", "respond", "vital_interest", T): "read_protected read_track read_wearer",
    ("police_112", "respond", "vital_interest", C): "view_stream",
    ("field_unit", "respond", "statute", T): "follow_live read_map serve_order",
    ("field_unit", "operate", "statute", T): "read_map",
    ("field_unit", "respond", "trigger", T): "read_provision view_stream",
    ("victim", "own", "statute", T): "export_data follow_live manage_own read_home_clip read_map read_own "
    "receive_warning",
    ("victim", "operate", "statute", T): "read_map",
    ("victim", "own", "consent", T): "show_scene",
    ("centre_operator", "operate", "statute", C): "follow_live read_cameras read_map read_status",
    (
        "centre_operator",
        "respond",
        "statute",
        C,
    ): "acknowledge_alarm follow_live justify_access mark_recording read_alarm read_cameras "
    "read_incident read_map read_provision read_status revoke_permit run_incident",
    ("centre_operator", "respond", "trigger", C): "extend_permit read_footage request_footage steer_camera "
    "unmask_track view_stream",
    ("centre_operator", "investigate", "trigger", C): "view_stream",
    ("centre_operator", "respond", "vital_interest", C): "steer_camera view_stream",
    ("auditor", "audit", "statute", T): "export_data read_ledger read_status review_access",
    ("auditor", "audit", "statute", C): "export_data read_ledger read_status review_access",
    ("auditor", "operate", "statute", T): "read_status",
    ("auditor", "operate", "statute", C): "read_status",
    ("administrator", "operate", "statute", T): "manage_accounts manage_agencies read_map read_status",
    ("administrator", "operate", "statute", C): "import_cameras manage_accounts manage_agencies read_cameras read_map "
    "read_status set_up_camera tune_vision",
    ("probation_officer", "inform", "statute", T): "register_order request_disclosure",
    ("police_112", "respond", "statute", C): "justify_access read_cameras read_map",
    ("police_112", "operate", "statute", C): "read_cameras read_map",
    ("tracking_controller", "own", "statute", T): "manage_own",
    ("probation_officer", "own", "statute", T): "manage_own",
    ("police_112", "own", "statute", T): "manage_own",
    ("police_112", "own", "statute", C): "manage_own",
    ("field_unit", "own", "statute", T): "manage_own",
    ("centre_operator", "own", "statute", C): "manage_own",
    ("auditor", "own", "statute", T): "manage_own",
    ("auditor", "own", "statute", C): "manage_own",
    ("administrator", "own", "statute", T): "manage_own",
    ("administrator", "own", "statute", C): "manage_own",
}


@pytest.mark.requirement("EM-14", "EM-15", "CC-03")
def test_the_whole_space_answers_as_the_matrix_says() -> None:
    homes = {T: TRACKING_CENTRE, C: CITY_CENTRE}
    seen = 0
    for role, act, purpose, kind, (name, home) in product(AT_HOME, Act, Purpose, GroundKind, homes.items()):
        with_ground = ask(role, act, purpose, [ground(kind)], home=home)
        standing = ask(role, act, purpose, [], home=home).allowed
        expected = act.value in MATRIX.get((role.value, purpose.value, kind.value, name), "").split()
        duty = act.value in MATRIX.get((role.value, purpose.value, "statute", name), "").split()
        if kind is GroundKind.STATUTE:
            assert with_ground.allowed is expected, (role, act, purpose, kind, name)
            assert standing is (expected and (role, act) != (Role.TRACKING_CONTROLLER, Act.READ_PROTECTED))
        else:
            assert with_ground.allowed is (expected or standing), (role, act, purpose, kind, name)
        assert standing <= duty
        seen += 1
    assert seen == len(AT_HOME) * len(Act) * len(Purpose) * len(GroundKind) * 2


@pytest.mark.requirement("EM-14")
def test_a_guest_reaches_the_citys_data_by_a_trigger_given_to_its_centre_and_by_nothing_else() -> None:
    allowed = set()
    for role, act, purpose, kind in product(Role, Act, Purpose, GroundKind):
        given = ground(kind, for_centre=TRACKING_CENTRE)
        if ask(role, act, purpose, [given], place=CITY_CENTRE).allowed:
            allowed.add((role, act, purpose, kind))
        assert not ask(role, act, purpose, [ground(kind)], place=CITY_CENTRE).allowed
    assert allowed == {
        (role, act, purpose, GroundKind.TRIGGER)
        for role, act, purpose in [
            (Role.SHIFT_LEAD, Act.REQUEST_FOOTAGE, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.READ_PROVISION, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.EXTEND_PERMIT, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.MARK_RECORDING, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.VIEW_STREAM, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.UNMASK_TRACK, Purpose.RESPOND),
            (Role.SHIFT_LEAD, Act.VIEW_STREAM, Purpose.INVESTIGATE),
            (Role.TRACKING_CONTROLLER, Act.REQUEST_FOOTAGE, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.READ_PROVISION, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.EXTEND_PERMIT, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.MARK_RECORDING, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.VIEW_STREAM, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.UNMASK_TRACK, Purpose.RESPOND),
            (Role.TRACKING_CONTROLLER, Act.VIEW_STREAM, Purpose.INVESTIGATE),
            (Role.FIELD_UNIT, Act.VIEW_STREAM, Purpose.RESPOND),
            (Role.FIELD_UNIT, Act.READ_PROVISION, Purpose.RESPOND),
        ]
    }
    for role, act in product(Role, Act):  # the city is nobody's guest at the tracking centre
        given = ground(GroundKind.TRIGGER, for_centre=CITY_CENTRE)
        assert not ask(role, act, Purpose.RESPOND, [given], home=CITY_CENTRE, place=TRACKING_CENTRE).allowed


@pytest.mark.requirement("EM-14")
def test_even_a_table_with_a_line_too_many_gives_the_tracking_centre_no_footage_by_break_glass() -> None:
    mad = Line(
        name="mad",
        roles=frozenset(Role),
        acts=frozenset(Act),
        purposes=frozenset(Purpose),
        ground=GroundKind.VITAL_INTEREST,
        homes=TRACKING,
        places=BOTH,
        reach=Reach.SCOPE,
        cites=(),
        lasts=timedelta(minutes=5),
        masking=Masking.ORIGINAL,
    )
    standing = replace(mad, name="madder", ground=GroundKind.STATUTE, reach=Reach.CENTRE, standing=True)
    book = rules.Rulebook((*TABLE, mad, standing))
    every = [ground(k, for_centre=TRACKING_CENTRE) for k in GroundKind if k is not GroundKind.TRIGGER]
    for role, act, purpose, place in product(Role, FOOTAGE_ACTS, Purpose, (TRACKING_CENTRE, CITY_CENTRE)):
        answer = ask(role, act, purpose, every, place=place, book=book)
        assert not answer.allowed
        assert "footage-only-on-trigger" in answer.reasons
    assert ask(Role.VICTIM, Act.READ_TRACK, Purpose.OWN, every, book=book).allowed  # the table was really mad
    assert NEVERS[0].homes == TRACKING


def footage(grounds: list[Ground], **more: Any) -> Decision:
    return ask(Role.TRACKING_CONTROLLER, Act.VIEW_STREAM, Purpose.RESPOND, grounds, **more)


@pytest.mark.requirement("EM-14", "EM-15")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"until_at": NOW}, "ground-over"),
        ({"from_at": NOW + timedelta(seconds=1)}, "ground-over"),
        ({"ended_at": NOW}, "ground-over"),
        ({"trigger": "low_battery"}, "fifth-trigger"),
        ({"trigger": None}, "fifth-trigger"),
        ({"statute": "PIPA 15(1)5"}, "no-citation"),
        ({"statute": ""}, "no-citation"),
        ({"resources": frozenset()}, "out-of-scope"),
        ({"resources": None}, "out-of-scope"),
        ({"account_id": AccountId(new_id())}, "other-account"),
    ],
)
def test_a_flawed_ground_says_its_flaw(change: dict[str, object], reason: str) -> None:
    assert footage([ground(GroundKind.TRIGGER)]).allowed
    answer = footage([ground(GroundKind.TRIGGER, **change)])
    assert not answer.allowed
    assert reason in answer.reasons
    assert answer.todo.ko
    assert answer.todo.en
    assert len(answer.says) == len(answer.reasons)


@pytest.mark.requirement("EM-15")
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_trigger_has_a_clause_of_section_18_and_its_number(trigger: Trigger) -> None:
    statute = rules.statute_for(trigger)
    assert statute in {Statute.PIPA_18_2_3, Statute.PIPA_18_2_7}
    assert rules.cites_provision(statute)
    assert rules.trigger_number(trigger) in "①②③④"
    answer = footage([ground(GroundKind.TRIGGER, trigger=trigger.value, statute=statute.value)])
    assert answer.cites[0] == statute
    assert answer.not_after == NOW + timedelta(minutes=59)


@given(st.text(max_size=40))
def test_no_other_word_is_a_trigger_or_a_clause(word: str) -> None:
    if word not in {t.value for t in Trigger}:
        assert rules.trigger_of(word) is None
        assert not footage([ground(GroundKind.TRIGGER, trigger=word)]).allowed
    if word not in {"PIPA 18(2)3", "PIPA 18(2)7"}:
        assert not footage([ground(GroundKind.TRIGGER, statute=word)]).allowed


ids = st.sampled_from([THING, OWN, UUID(int=1), UUID(int=2)])
some_ground = st.builds(
    ground,
    st.sampled_from(GroundKind),
    statute=st.sampled_from([s.value for s in Statute] + [""]),
    trigger=st.sampled_from([None, "fifth", *[t.value for t in Trigger]]),
    resources=st.none() | st.frozensets(ids, max_size=3),
    about=st.frozensets(ids, max_size=1),
    parties=st.frozensets(ids, max_size=2),
    for_centre=st.sampled_from([None, TRACKING_CENTRE, CITY_CENTRE]),
    from_at=st.sampled_from([NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)]),
    until_at=st.sampled_from([NOW - timedelta(minutes=1), NOW + timedelta(minutes=30)]),
    ended_at=st.sampled_from([None, NOW]),
)


@pytest.mark.requirement("EM-14", "EM-15")
@given(
    st.sampled_from(Role),
    st.sampled_from(Act),
    st.sampled_from(Purpose),
    st.lists(some_ground, max_size=4),
    st.sampled_from([TRACKING_CENTRE, CITY_CENTRE]),
    st.sampled_from([TRACKING_CENTRE, CITY_CENTRE]),
    ids,
    st.sampled_from(Masking),
)
def test_whatever_is_on_file_an_answer_rests_on_a_living_ground_that_covers_it(
    role: Role,
    act: Act,
    purpose: Purpose,
    grounds: list[Ground],
    home: CentreId,
    place: CentreId,
    resource: UUID,
    masking: Masking,
) -> None:
    answer = ask(role, act, purpose, grounds, home=home, place=place, resource=resource, masking=masking)
    if not answer.allowed:
        assert answer.reasons
        assert all(r in rules.SAYS for r in answer.reasons)
        return
    line = rules.RULES.line(answer.line or "")
    assert role in line.roles
    assert act in line.acts
    assert purpose in line.purposes
    assert answer.not_after is not None
    assert NOW < answer.not_after <= NOW + timedelta(hours=12)
    assert answer.cites
    if act in FOOTAGE_ACTS and home == TRACKING_CENTRE:
        assert line.ground is GroundKind.TRIGGER
    if line.standing:
        assert home == place
        return
    (used,) = [g for g in grounds if g.ground_id == answer.ground_id]
    assert used.alive(NOW)
    assert used.kind is line.ground
    if used.kind is GroundKind.TRIGGER:
        assert used.trigger in {t.value for t in Trigger}
        assert used.statute in {"PIPA 18(2)3", "PIPA 18(2)7"}
        assert used.resources is not None
        assert answer.resources is not None
        assert answer.resources <= used.resources | used.about
    if home != place:
        assert used.for_centre == home


@pytest.mark.parametrize("role", [Role.VICTIM, Role.FIELD_UNIT])
def test_a_phone_reaches_its_own_and_nothing_else(role: Role) -> None:
    act = Act.READ_OWN if role is Role.VICTIM else Act.SERVE_ORDER
    purpose = Purpose.OWN if role is Role.VICTIM else Purpose.RESPOND
    mine = ask(role, act, purpose, [], resource=OWN)
    assert mine.resources == frozenset({OWN})
    stranger = ask(role, act, purpose, [], resource=THING)
    assert stranger.reasons == ("not-yours",)
    q = Question(
        account=account(role, TRACKING_CENTRE),
        place=TRACKING_CENTRE,
        act=act,
        purpose=purpose,
        resources=None,
        masking=Masking.MASKED,
        now=NOW,
    )
    assert rules.RULES.decide(q, ()).resources == frozenset({OWN})


def test_auditor_and_administrator_reach_no_person() -> None:
    personal = {
        Act.READ_WEARER,
        Act.READ_TRACK,
        Act.READ_ALARM,
        Act.READ_PROTECTED,
        Act.READ_INCIDENT,
        Act.FOLLOW_LIVE,
        *FOOTAGE_ACTS,
    }
    every = [ground(k) for k in GroundKind]
    for role, act, purpose, home in product(
        (Role.AUDITOR, Role.ADMINISTRATOR), personal, Purpose, (TRACKING_CENTRE, CITY_CENTRE)
    ):
        assert not ask(role, act, purpose, every, home=home).allowed


def test_an_error_is_a_refusal() -> None:
    class Broken(rules.Rulebook):
        def _decide(self, q: Question, grounds: tuple[Ground, ...], relations: Relations) -> Decision:
            raise KeyError("a bug")

    answer = footage([ground(GroundKind.TRIGGER)], book=Broken())
    assert (answer.allowed, answer.reasons) == (False, ("policy-error",))


def test_a_stranger_of_a_centre_gets_nothing() -> None:
    for act in Act:
        answer = ask(Role.TRACKING_CONTROLLER, act, Purpose.RESPOND, [], home=CentreId(new_id()))
        assert answer.reasons == ("unknown-centre",)


def test_a_refusal_names_the_role_or_purpose_that_would_do() -> None:
    by_role = ask(Role.AUDITOR, Act.RUN_INCIDENT, Purpose.RESPOND, [])
    assert "관제직원" in by_role.todo.ko
    by_purpose = ask(Role.AUDITOR, Act.READ_LEDGER, Purpose.RESPOND, [])
    assert "audit" in by_purpose.todo.en


def test_every_word_of_the_kernel_has_a_sentence_and_every_line_a_clause() -> None:
    assert set(ACT_WORDS) == set(Act)
    assert set(ROLE_WORDS) == set(ORGANISATIONS) == set(Role)
    assert set(PURPOSE_WORDS) == set(Purpose)
    assert set(GROUND_WORDS) == set(GroundKind)
    assert len({ln.name for ln in TABLE}) == len(TABLE)
    for line in TABLE:
        assert line.cites or line.ground is GroundKind.TRIGGER, line.name  # a trigger's ground brings its own clause
        assert not (line.standing and line.ground is not GroundKind.STATUTE), line.name
    assert all(kind in CentreKind for ln in TABLE for kind in ln.homes)
