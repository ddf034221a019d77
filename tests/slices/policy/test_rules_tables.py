"""The files of the table: what a version must be before it decides, and how an editor's slip is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from evaluation._policy_cedar import Oracle
from evaluation._policy_space import NOW, Asked, around, every_tie
from evaluation.policy import told
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CentreId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy import rules
from ansimnet.slices.policy.model import Account, Ground, Hours, Line, Question, Relation, Relations, Side, Tie, kind_of
from ansimnet.slices.policy.rules import table
from ansimnet.slices.policy.rules.checks import SIDES, problems_of
from ansimnet.slices.policy.rules.reader import Problem, read_version
from ansimnet.slices.policy.rules.table import APARTS, NEVERS, NEWEST, TABLE, VERSIONS, load_all, load_version

SHIPPED = Path(str(table.TABLES)) / NEWEST.name
Edit = Callable[[str, str, str], tuple[Problem, ...]]


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Return how a copy of the shipped version fares once a text in one of its files is another, signed anew."""

    def change(file: str, old: str, new: str) -> tuple[Problem, ...]:
        folder = tmp_path / "edited"
        shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        sign(folder)
        return problems_of(read_version(folder))

    return change


def sign(folder: Path) -> None:
    head = folder / "version.toml"
    checksum = read_version(folder).checksum
    head.write_text(re.sub(r'checksum = "\w*"', f'checksum = "{checksum}"', head.read_text("utf-8")), "utf-8")


@pytest.mark.requirement("EM-14", "EM-15")
def test_the_shipped_versions_are_in_order_and_every_row_cites_a_clause() -> None:
    table.require_order()
    for version in VERSIONS:
        assert problems_of(version) == ()
        assert all(ln.cites for ln in version.lines)
        assert all(c in version.clauses for ln in version.lines for c in ln.cites)
    assert rules.RULES.version == NEWEST.label


@pytest.mark.requirement("EM-16")
def test_whoever_supervises_a_wearer_by_a_row_sees_his_track_by_it() -> None:
    """A wearer's page asks for both: the evaluation of leaks takes the second question there for one with the first."""
    for line in TABLE:
        if Purpose.SUPERVISE in line.purposes and Act.READ_WEARER in line.acts:
            assert Act.READ_TRACK in line.acts, line.name


def test_a_copy_without_a_change_is_in_order(edit: Edit) -> None:
    assert edit("version.toml", "summary", "summary") == ()


def test_a_file_from_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(SHIPPED, folder)
    for file in folder.glob("*.csv"):  # a byte-order mark and Windows line ends, as a spreadsheet saves them
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert problems_of(read_version(folder)) == ()


def test_a_korean_word_stands_for_a_role(edit: Edit) -> None:
    assert edit("rows.csv", "lead-approves,shift_lead,", "lead-approves,관제책임자,") == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (
            "rows.csv",
            "auditor,auditor,read_ledger",
            "auditor,audittor,read_ledger",
            "`audittor` under `who` is unknown",
        ),
        (
            "rows.csv",
            "auditor,auditor,read_ledger",
            "auditor,auditor,read_legder",
            "`read_legder` under `may` is unknown",
        ),
        ("rows.csv", ",read_ledger,audit,duty", ",read_ledger,auditing,duty", "`auditing` under `why` is unknown"),
        ("rows.csv", "auditor,read_ledger,audit,duty", "auditor,read_ledger,audit,writ", "`writ` under `ground`"),
        ("rows.csv", ",audit,duty,centre,tracking city,", ",audit,duty,centre,mars,", "`mars` under `homes`"),
        ("rows.csv", "30 min,SAFEGUARDS 8,감사는 내용 없이", "30 min,,감사는 내용 없이", "`auditor` cites no clause"),
        (
            "rows.csv",
            "30 min,SAFEGUARDS 8,감사는 내용 없이",
            "30 min,SAFEGUARDS 88,감사는 내용 없이",
            "`SAFEGUARDS 88` is not in",
        ),
        (
            "rows.csv",
            "30 min,SAFEGUARDS 8,감사는 내용 없이",
            "soon,SAFEGUARDS 8,감사는 내용 없이",
            "`soon` is no length",
        ),
        ("rows.csv", "12 h,PIPA 31", "13 h,PIPA 31", "lasts longer than its ground may"),
        ("rows.csv", ",,5 min,PIPA 15(1)5,생명이", ",,30 min,PIPA 15(1)5,생명이", "lasts longer than its ground may"),
        ("rows.csv", "auditor-copies,auditor,export_data", "auditor,auditor,export_data", "`auditor` is there already"),
        (
            "rows.csv",
            "auditor-copies,auditor,export_data",
            "auditor-copies,auditor,read_ledger",
            "answers what `auditor` answers",
        ),
        ("rows.csv", "20:00-03:00", "20:00-20:00", "is no window"),
        ("rows.csv", "20:00-03:00", "night", "is no window"),
        ("rows.csv", ",own-client agreement,", ",own-cliente agreement,", "`own-cliente` under `needs`"),
        (
            "rows.csv",
            "operator-break-glass,centre_operator,",
            "operator-break-glass,disaster_room,",
            "`break-glass-for-rescuers` never allows",
        ),
        (
            "rows.csv",
            "auditor,auditor,read_ledger",
            "auditor,auditor,read_ledger read_track",
            "`no-person-for-keepers` never allows",
        ),
        (
            "rows.csv",
            "guard-client,guard_firm,read_client",
            "guard-client,guard_firm,read_client read_track",
            "`offender-and-victim-place` keeps apart",
        ),
        (
            "rows.csv",
            "shelter-own,shelter_staff,read_shelter",
            "shelter-own,shelter_staff,read_shelter read_client",
            "`victim-and-shelter-place` keeps apart",
        ),
        (
            "rows.csv",
            "counsellor-case,counsellor,read_case,support",
            "counsellor-case,counsellor,read_case,respond",
            "no purpose of the agency of `counsellor`",
        ),
        (
            "rows.csv",
            "committee-session,committee_member,grade_person,protect adjudicate,duty,centre",
            "committee-session,committee_member,grade_person,protect adjudicate,order,scope",
            "`order` is no ground of the agency",
        ),
        (
            "rows.csv",
            "view_stream read_footage,investigate,order,scope,city,,,footage-right,,yes",
            "view_stream read_footage,investigate,order,scope,city,,,footage-right,,",
            "shows the original picture",
        ),
        (
            "rows.csv",
            "clerk-records,court_clerk,record_decision,adjudicate,order,scope",
            "clerk-records,court_clerk,record_decision,adjudicate,order,centre",
            "a ground on file reaches",
        ),
        (
            "rows.csv",
            "administrator,administrator,manage_accounts read_status read_map,operate,duty,centre",
            "administrator,administrator,manage_accounts read_status read_map,operate,duty,scope",
            "a duty reaches",
        ),
        ("rows.csv", "an auditor reads the ledger without content", "", "a sentence in both languages is missing"),
        ("rows.csv", "name,who,may", "name,whom,may", "the first line is"),
        (
            "rows.csv",
            "scope,city,,,footage-right,,,,,5 min,PIPA 15(1)5",
            "scope,city,,,footage-right,,,,5 min,PIPA 15(1)5",
            "cells instead of",
        ),
        ("agencies.csv", "court,court_clerk", "court,auditor", "`court_clerk` belongs to no agency"),
        ("nevers.csv", "SAFEGUARDS 5; PIPA 29", "", "`no-person-for-keepers` cites no clause"),
        ("version.toml", '"privacy-officer"', '"legal-counsel"', "two different people review"),
        ("version.toml", "from_at = 2020-01-01T00:00:00+09:00", 'from_at = "soon"', "`from_at` is an instant"),
        ("version.toml", 'name = "2026-1"', 'name = "The New Table"', "`name` is"),
    ],
)
def test_a_slip_is_told_with_its_file(edit: Edit, file: str, old: str, new: str, what: str) -> None:
    problems = edit(file, old, new)
    assert any(what in str(p) for p in problems), [str(p) for p in problems]
    assert all(p.line > 0 for p in problems if p.file == "rows.csv" and "keeps apart" not in p.what)


def test_a_row_that_a_duty_makes_idle_is_told(edit: Edit) -> None:
    row = "lead-idle,shift_lead,read_cameras,respond,trigger,scope,tracking,,,,,,,,60 min,PIPA 25,쓸모 없다,idle\n"
    problems = edit("rows.csv", "lead-approves,", row + "lead-approves,")
    assert [p.what for p in problems] == ["`lead-idle` never decides: duties open all of it already"]


def test_what_was_edited_after_the_review_opens_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "2026-1"
    shutil.copytree(SHIPPED, folder)
    rows = folder / "rows.csv"
    rows.write_text(rows.read_text("utf-8").replace(",30 min,PIPA 31,", ",31 min,PIPA 31,", 1), "utf-8")
    version = load_version(folder)
    assert version.lines == ()
    assert {p.what.partition(" reviewed ")[0] for p in version.problems} == {"`legal-counsel`", "`privacy-officer`"}


def test_a_version_holds_from_its_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHIPPED, tmp_path / "2026-1")
    later = tmp_path / "2027-1"
    shutil.copytree(SHIPPED, later)
    rows, head = later / "rows.csv", later / "version.toml"
    rows.write_text(
        "".join(ln for ln in rows.read_text("utf-8").splitlines(keepends=True) if not ln.startswith("auditor,")),
        "utf-8",
    )
    text = head.read_text("utf-8").replace('"2026-1"', '"2027-1"').replace("2020-01-01T00", "2027-01-01T00")
    head.write_text(text, "utf-8")
    sign(later)
    old, new = load_all(tmp_path)
    assert (old.name, new.name, new.problems) == ("2026-1", "2027-1", ())
    books = tuple((v.since, rules.Rulebook(v.lines, v.nevers, v.aparts, v.label)) for v in (old, new))
    monkeypatch.setattr(rules, "_BOOKS", books)
    turn = datetime(2026, 12, 31, 15, tzinfo=UTC)  # midnight in Seoul
    asked = question(Role.AUDITOR, Act.READ_LEDGER, Purpose.AUDIT)
    assert rules.in_force(turn - timedelta(microseconds=1)).decide(asked, ()).allowed
    assert not rules.in_force(turn).decide(asked, ()).allowed
    assert rules.in_force(turn).version.startswith("2027-1:")
    before = rules.in_force(datetime(2019, 12, 31, 14, 59, 59, tzinfo=UTC))
    assert before.decide(asked, ()).reasons == ("role",)
    assert before.version == "none"


# ------------------------------------------------------------------------------------------------- properties


def question(
    role: Role,
    act: Act,
    purpose: Purpose,
    *,
    centre: CentreId = TRACKING_CENTRE,
    place: CentreId | None = None,
    masking: Masking = Masking.MASKED,
    now: datetime = NOW,
) -> Question:
    account = Account(
        account_id=AccountId(new_id()), centre_id=centre, login="seat", role=role, display="seat", subject_id=THING
    )
    return Question(
        account=account,
        place=place or centre,
        act=act,
        purpose=purpose,
        resources=frozenset({THING}),
        masking=masking,
        now=now,
    )


THING = new_id()
grounds = st.builds(
    Ground,
    ground_id=st.builds(lambda: GroundId(new_id())),
    kind=st.sampled_from(GroundKind),
    statute=st.sampled_from(sorted(NEWEST.clauses)),
    trigger=st.sampled_from([None, "approach", "tamper"]),
    resources=st.sampled_from([None, frozenset({THING})]),
    from_at=st.just(NOW - timedelta(hours=1)),
    until_at=st.sampled_from([NOW + timedelta(hours=1), NOW]),
    request_id=st.sampled_from([None, new_id()]),
)
ties = st.builds(
    lambda held, lost: Relations((*(Tie(r) for r in held), *(Tie(r, False) for r in lost - held))),
    st.frozensets(st.sampled_from(Relation)),
    st.frozensets(st.sampled_from(Relation)),
)
questions = st.builds(
    question,
    st.sampled_from(Role),
    st.sampled_from(Act),
    st.sampled_from(Purpose),
    centre=st.sampled_from([TRACKING_CENTRE, CITY_CENTRE]),
    place=st.sampled_from([None, TRACKING_CENTRE, CITY_CENTRE]),
    masking=st.sampled_from(Masking),
)


@given(questions)
def test_without_a_duty_in_the_table_the_answer_is_no(q: Question) -> None:
    duties = [ln for ln in TABLE if ln.standing and q.account.role in ln.roles and q.act in ln.acts]
    answer = rules.RULES.decide(q, ())
    assert answer.allowed <= bool(duties)
    assert not rules.NOTHING.decide(q, ()).allowed


@settings(max_examples=300)
@given(questions, st.lists(grounds, max_size=4), grounds, ties)
def test_one_ground_more_never_turns_a_yes_into_a_no(
    q: Question, some: list[Ground], more: Ground, known: Relations
) -> None:
    if rules.RULES.decide(q, some, known).allowed:
        assert rules.RULES.decide(q, [*some, more], known).allowed
        assert rules.RULES.decide(q, [more, *some], known).allowed


@settings(max_examples=300)
@pytest.mark.requirement("EM-14")
@given(questions, st.lists(grounds, max_size=4), ties)
def test_no_ground_opens_what_a_never_bars(q: Question, some: list[Ground], known: Relations) -> None:
    answer = rules.RULES.decide(q, some, known)
    if answer.allowed:
        line = rules.RULES.line(answer.line or "")
        home = next(k for k in line.homes if kind_of(q.account.centre_id) is k)
        for never in NEVERS:
            barred = q.act in never.acts and q.account.role in never.roles and home in never.homes
            assert not (barred and line.ground in never.grounds)


@settings(max_examples=200)
@given(questions, st.lists(grounds, max_size=3), ties, st.sampled_from(Relation))
def test_knowing_that_a_tie_is_lost_opens_nothing(
    q: Question, some: list[Ground], known: Relations, lost: Relation
) -> None:
    less = Relations((Tie(lost, False), *(t for t in known.ties if t.relation is not lost)))
    assert rules.RULES.decide(q, some, less).allowed <= rules.RULES.decide(q, some, known).allowed


@given(questions, st.lists(grounds, max_size=3))
def test_a_ground_that_has_ended_carries_nothing(q: Question, some: list[Ground]) -> None:
    ended = [replace(g, ended_at=NOW) for g in some]
    assert rules.RULES.decide(q, ended, every_tie()).allowed == rules.RULES.decide(q, (), every_tie()).allowed


@settings(max_examples=300)
@given(questions, st.lists(grounds, max_size=3), st.frozensets(st.sampled_from(Side), min_size=1))
def test_nobody_joins_two_places_that_must_not_meet(q: Question, some: list[Ground], holding: frozenset[Side]) -> None:
    answer = rules.RULES.decide(q, some, replace(every_tie(), holding=holding))
    side = SIDES.get(q.act)
    if answer.allowed and side is not None:
        for rule in APARTS:
            other = rule.across(side)
            assert other not in holding or q.account.role in rule.joined_by


@pytest.mark.parametrize(
    ("hour", "minute", "left"), [(19, 59, None), (20, 0, 420), (23, 59, 181), (0, 0, 180), (2, 59, 1), (3, 0, None)]
)
def test_a_window_crosses_midnight(hour: int, minute: int, left: int | None) -> None:
    now = datetime(2026, 11, 21, (hour - 9) % 24, minute, tzinfo=UTC)
    assert Hours(20 * 60, 3 * 60).left(now) == (None if left is None else timedelta(minutes=left))


def test_a_permit_does_not_outlive_its_window() -> None:
    line = next(ln for ln in TABLE if ln.hours is not None)
    late = datetime(2026, 11, 21, 17, 50, tzinfo=UTC)  # 02:50 in Seoul, ten minutes before the window closes
    asked = question(Role.SCOUT, Act.READ_BOOKING, Purpose.ESCORT, centre=CITY_CENTRE, now=late)
    consent = Ground(
        ground_id=GroundId(new_id()),
        kind=GroundKind.CONSENT,
        statute="PIPA 15(1)1",
        resources=frozenset({THING}),
        from_at=NOW - timedelta(hours=1),
        until_at=NOW + timedelta(hours=8),
    )
    answer = rules.RULES.decide(asked, [consent], every_tie())
    assert answer.line == line.name
    assert answer.not_after == late + timedelta(minutes=10)


def test_a_list_is_narrowed_to_what_the_tie_covers() -> None:
    asked = replace(question(Role.PROBATION_OFFICER, Act.READ_TRACK, Purpose.SUPERVISE), resources=None)
    mine = frozenset({new_id(), new_id()})
    answer = rules.RULES.decide(asked, (), Relations((Tie(Relation.OWN_WEARER, True, mine),)))
    assert (answer.allowed, answer.resources) == (True, mine)
    nobody = rules.RULES.decide(asked, (), Relations((Tie(Relation.OWN_WEARER, True, frozenset()),)))
    assert nobody.reasons == ("no-own-wearer",)


# ------------------------------------------------------------------------------------------------- the oracle


def some_rows(seed: int, n: int) -> tuple[Line, ...]:
    return tuple(Random(seed).sample(TABLE, n))


@pytest.mark.requirement("EM-14", "EM-15", "EM-12", "DI-01")
def test_cedar_reads_the_rows_as_we_do() -> None:
    asked = list(around(some_rows(7, 25), False))
    theirs = Oracle(NEWEST.lines, NEWEST.nevers, NEWEST.aparts).answers(asked, lambda _: None)
    ours = [rules.RULES.decide(q.question(), q.situation.grounds, q.situation.relations) for q in asked]
    assert [o.allowed for o in ours] == [t is not None for t in theirs]
    assert all(t is None or o.line in t for o, t in zip(ours, theirs, strict=True))
    assert {o.allowed for o in ours} == {True, False}


def test_cedar_tells_a_falsified_row() -> None:
    line = rules.RULES.line("search-order")
    asked: list[Asked] = list(around((line,), False))
    theirs = Oracle(NEWEST.lines, NEWEST.nevers, NEWEST.aparts).answers(asked, lambda _: None)
    key = (Role.INVESTIGATOR, Act.SEARCH_PERSON)
    kept: dict[tuple[Role, Act], list[tuple[Asked, bool, str | None]]]
    kept = {key: [(q, t is not None, None) for q, t in zip(asked, theirs, strict=True)]}
    slack = replace(line, second_person=False)
    falsified = tuple(slack if ln is line else ln for ln in TABLE)
    assert told(falsified, frozenset({key}), kept)
    assert not told(TABLE, frozenset({key}), kept)
