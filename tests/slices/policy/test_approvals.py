"""The second person: nobody approves alone, late, twice, or for oneself; what began without one is undone."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.policy import ApprovalAnswered, ApprovalAsked, RequestDestroyed, UrgentRejected
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger.append import opened
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.model import Account, Ground
from ansimnet.slices.policy.queries.approvals import (
    AlreadyAnswered,
    BadRequest,
    NoSecondPerson,
    NotAnAsker,
    NotUnderWay,
)
from ansimnet.slices.policy.queries.grounds import NoReason
from ansimnet.slices.policy.rules import in_force
from ansimnet.slices.policy.rules.asking import Area, Asking, Description, missing
from ansimnet.slices.policy.rules.second import (
    COARSE_M,
    GUARDED_ACTS,
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
from ansimnet.slices.policy.store.requests import RequestRow, same_person

CAMERA, PERSON = new_id(), new_id()
ASKER, OTHER, THIRD = AccountId(new_id()), AccountId(new_id()), AccountId(new_id())
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_search(**changes: Any) -> Asking:
    whole = Asking(
        kind=RequestKind.SEARCH,
        resources=frozenset({CAMERA}),
        purpose=Purpose.INVESTIGATE,
        ground_kind=GroundKind.STATUTE,
        statute="PIPA 18(2)7",
        reason="골목에서 끌고 간 사람을 찾는다",
        until_at=NOW + 4 * HOUR,
        case_no="2026-형-4410",
        description=Description(clothes="검은 패딩, 흰 모자", vehicle="회색 승합차"),
        area=Area(lat=37.4979, lon=127.0276, radius_m=800),
        window=(NOW - HOUR, NOW + HOUR),
    )
    return replace(whole, **changes)


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


# ------------------------------------------------------------------------------------------------- on the database


Ask = Callable[..., Awaitable[RequestRow]]


@pytest.fixture
async def two(dbs: Dbs, make: Make) -> tuple[Account, Account]:
    return await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.SHIFT_LEAD)


async def ask(db: Db, who: Account, now: datetime = NOW, **changes: Any) -> RequestRow:
    return await queries.ask(db, who, a_search(**changes), now)


async def approve(db: Db, who: Account, request_id: UUID, now: datetime = NOW + MINUTE) -> RequestRow:
    async with db.transaction() as tx:
        return await queries.approve_request(tx, who, request_id, "확인함", now)


async def grounds_of(db: Db, request_id: UUID) -> list[Ground]:
    async with db.transaction() as tx:
        return await queries.grounds_about(tx, request_id)


async def facts(db: Db, kind: type) -> list[Any]:
    async with db.transaction() as tx:
        found = await tx.all(
            """select kind, entry_id, subject_id, key_year, body, payload from ledger_entry where kind = %s
               order by recorded_at""",
            (kind.kind,),  # type: ignore[attr-defined]
        )
    return [opened(k, e, s, y, bytes(b), None if p is None else bytes(p), db.keys) for k, e, s, y, b, p in found]


@pytest.mark.requirement("TR-04", "DI-08")
async def test_an_approved_search_has_a_scoped_ending_ground_for_its_asker_alone(
    dbs: Dbs, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator)
    assert await grounds_of(dbs.city, asked.request_id) == [], "asking opens nothing"
    await approve(dbs.city, lead, asked.request_id)
    [ground] = await grounds_of(dbs.city, asked.request_id)
    assert (ground.kind, ground.statute, ground.account_id) == (
        GroundKind.STATUTE,
        "PIPA 18(2)7",
        operator.account_id,
    )
    assert ground.resources == {CAMERA}
    assert ground.acts == {Act.SEARCH_PERSON}
    assert ground.until_at == NOW + 4 * HOUR
    assert ground.request_id == asked.request_id
    async with dbs.city.transaction() as tx:
        assert await queries.approved(tx, asked.request_id, NOW + HOUR)
        assert not await queries.approved(tx, asked.request_id, NOW + 4 * HOUR), "it ends with its ground"
    [told] = await facts(dbs.city, ApprovalAsked)
    assert told.request_id == asked.request_id
    [answered] = await facts(dbs.city, ApprovalAnswered)
    assert (answered.answer, answered.by, answered.role) == ("approved", lead.account_id, "shift_lead")


@pytest.mark.requirement("DI-08")
async def test_what_was_described_lies_sealed_and_in_no_plain_column(
    dbs: Dbs, two: tuple[Account, Account], urls: Any, cluster: Any
) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator)
    await approve(dbs.city, lead, asked.request_id)
    words = ("검은 패딩", "회색 승합차", "2026-형-4410", "끌고 간", "확인함", "37.4979")
    with psycopg.connect(cluster.superuser(urls)) as conn:
        tables = [r[0] for r in conn.execute("select tablename from pg_tables where schemaname = 'public'")]
        for table in tables:
            for (row,) in conn.execute(f"select t::text from {table} t").fetchall():
                assert not any(w in row for w in words), table
        for (body,) in conn.execute("select body from ledger_entry").fetchall():
            assert not any(w.encode() in bytes(body) for w in words)
    async with dbs.city.transaction() as tx:
        row = await queries.request_for(tx, lead, asked.request_id)
        typed, said = await queries.words_for(tx, row)
    assert typed is not None
    assert typed["clothes"] == "검은 패딩, 흰 모자"
    assert typed["case_no"] == "2026-형-4410"
    assert said == {"reason": "확인함"}
    [told] = await facts(dbs.city, ApprovalAsked)
    assert json.loads(told.content)["vehicle"] == "회색 승합차"


async def test_nobody_approves_his_own_nor_by_another_account_nor_by_a_role_that_does_not(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator)
    auditor = await make(dbs.city, Role.AUDITOR)
    with pytest.raises(NoSecondPerson, match="of one's own"):
        await approve(dbs.city, operator, asked.request_id)
    with pytest.raises(NoSecondPerson, match="this role"):
        await approve(dbs.city, auditor, asked.request_id)
    async with dbs.city.transaction() as tx:
        await queries.same_person(tx, operator.account_id, lead.account_id)
    with pytest.raises(NoSecondPerson, match="belongs to the one who asked"):
        await approve(dbs.city, lead, asked.request_id)
    officer = await make(dbs.city, Role.PRIVACY_OFFICER)
    assert (await approve(dbs.city, officer, asked.request_id)).state == "approved"


async def test_accounts_of_one_person_are_joined_however_they_were_named(dbs: Dbs, make: Make) -> None:
    a, b, c = [await make(dbs.city, Role.SHIFT_LEAD) for _ in range(3)]
    async with dbs.city.transaction() as tx:
        await queries.same_person(tx, a.account_id, b.account_id)
        await queries.same_person(tx, c.account_id, b.account_id)
        assert await same_person(tx, a.account_id, c.account_id)
        with pytest.raises(NotFound):
            await queries.same_person(tx, a.account_id, AccountId(new_id()))


async def test_a_disabled_approver_a_stranger_and_silence_answer_nothing(
    dbs: Dbs, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator)
    async with dbs.city.transaction() as tx:
        with pytest.raises(NoReason):
            await queries.approve_request(tx, lead, asked.request_id, "  ", NOW)
        with pytest.raises(NotFound):
            await queries.approve_request(tx, lead, new_id(), "확인", NOW)
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(NotFound):
            await queries.approve_request(tx, lead, asked.request_id, "다른 기관", NOW)
    async with dbs.city.transaction() as tx:
        await tx.execute("update policy_account set disabled_at = %s where account_id = %s", (NOW, lead.account_id))
    with pytest.raises(NotFound):
        await approve(dbs.city, lead, asked.request_id)


async def test_two_approvers_at_once_and_an_approval_beside_a_withdrawal_one_of_them_wins(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    officer = await make(dbs.city, Role.PRIVACY_OFFICER)

    async def withdraw(request_id: UUID) -> RequestRow:
        async with dbs.city.transaction() as tx:
            return await queries.withdraw_request(tx, operator, request_id, "필요 없어짐", NOW + MINUTE)

    for _ in range(6):
        asked = await ask(dbs.city, operator)
        came = await asyncio.gather(
            approve(dbs.city, lead, asked.request_id),
            approve(dbs.city, officer, asked.request_id),
            return_exceptions=True,
        )
        assert sorted(type(c).__name__ for c in came) == ["AlreadyAnswered", "RequestRow"]
        assert len(await grounds_of(dbs.city, asked.request_id)) == 1
    for _ in range(6):
        asked = await ask(dbs.city, operator)
        await asyncio.gather(
            approve(dbs.city, lead, asked.request_id), withdraw(asked.request_id), return_exceptions=True
        )
        grounds = await grounds_of(dbs.city, asked.request_id)
        assert all(g.ended_at is not None for g in grounds), "withdrawn, whoever came first: nothing stands"
        async with dbs.city.transaction() as tx:
            assert not await queries.approved(tx, asked.request_id, NOW + 2 * MINUTE)


async def test_unanswered_it_expires_and_comes_to_nothing(dbs: Dbs, two: tuple[Account, Account]) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator)
    late = NOW + RULES_OF_TWO[RequestKind.SEARCH].answer_within
    async with dbs.city.transaction() as tx:
        assert await queries.pass_time(tx, late - MINUTE) == 0
        assert await queries.pass_time(tx, late) == 1
        assert await queries.pass_time(tx, late) == 0
    with pytest.raises(AlreadyAnswered):
        await approve(dbs.city, lead, asked.request_id, late)
    assert await grounds_of(dbs.city, asked.request_id) == []


async def test_who_may_not_ask_is_refused_on_the_ledger_and_who_forgets_is_told_what(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    with pytest.raises(NotAnAsker):
        await ask(dbs.tracking, controller)
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select act, allowed, reasons from policy_question")
    assert row == ("search_person", False, ["role"])
    with pytest.raises(BadRequest) as told:
        await ask(dbs.city, two[0], case_no="", area=None)
    assert told.value.facts["lacks"] == ["no-case", "no-area"]


async def test_guarded_acts_are_granted_to_nobody_without_a_request_by_code_or_by_hand(dbs: Dbs) -> None:
    async with dbs.city.transaction() as tx:
        with pytest.raises(Forbidden, match="second person"):
            await queries.grant_ground(
                tx, GroundKind.ORDER, "x", resources=[CAMERA], until_at=NOW + HOUR, now=NOW, acts=[Act.SEARCH_PERSON]
            )
    for act in sorted(GUARDED_ACTS):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with dbs.city.transaction() as tx:
                await tx.execute(
                    """insert into policy_ground (ground_id, kind, statute, about, parties, from_at, until_at,
                           granted_at, acts) values (%s, 'order', 'x', '{}', '{}', %s, %s, %s, %s)""",
                    (new_id(), NOW, NOW + HOUR, NOW, [act.value]),
                )
    with pytest.raises(psycopg.errors.CheckViolation):
        async with dbs.city.transaction() as tx:
            await tx.execute(
                """insert into policy_request (request_id, kind, asked_by, asked_role, asked_at, purpose, ground_kind,
                       statute, resources, urgent, answer_by, until_at, key_year, state, decided_by, decided_at)
                   select %s, 'search', account_id, role, %s, 'investigate', 'statute', 'x', %s, false, %s, %s, 2026,
                       'approved', account_id, %s from policy_account limit 1""",
                (new_id(), NOW, [CAMERA], NOW + HOUR, NOW + HOUR, NOW),
            )
            raise psycopg.errors.CheckViolation("no account yet: nothing was inserted")


# ------------------------------------------------------------------------------------------------- urgent


@pytest.mark.requirement("TR-04")
async def test_an_urgent_search_begins_at_once_and_an_approval_keeps_it(dbs: Dbs, two: tuple[Account, Account]) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator, urgent=True)
    [ground] = await grounds_of(dbs.city, asked.request_id)
    assert ground.alive(NOW)
    async with dbs.city.transaction() as tx:
        await queries.register_output(tx, asked.request_id, "tracing.candidates", new_id(), NOW)
    await approve(dbs.city, lead, asked.request_id, NOW + 3 * HOUR)
    [same] = await grounds_of(dbs.city, asked.request_id)
    assert same == ground
    async with dbs.city.transaction() as tx:
        assert await queries.pass_time(tx, NOW + 2 * DAY) == 0
        assert await queries.destroy_undone(tx, NOW + 2 * DAY) == 0


@pytest.mark.parametrize("how", ["unanswered", "refused", "withdrawn"])
async def test_unapproved_everything_that_went_in_and_came_out_is_destroyed(
    dbs: Dbs, two: tuple[Account, Account], how: str
) -> None:
    operator, lead = two
    asked = await ask(dbs.city, operator, urgent=True)
    out = new_id()
    async with dbs.city.transaction() as tx:
        await queries.register_output(tx, asked.request_id, "tracing.candidates", out, NOW)
        await queries.register_output(tx, asked.request_id, "tracing.candidates", out, NOW)
    assert dbs.city.keys is not None
    assert dbs.city.keys.years(asked.request_id)
    at = NOW + DAY
    async with dbs.city.transaction() as tx:
        if how == "unanswered":
            assert await queries.pass_time(tx, at - MINUTE) == 0
            assert await queries.pass_time(tx, at) == 1
        elif how == "refused":
            await queries.refuse_request(tx, lead, asked.request_id, "근거 부족", at - HOUR)
        else:
            await queries.withdraw_request(tx, operator, asked.request_id, "찾았음", at - HOUR)
    [rejected] = await facts(dbs.city, UrgentRejected)
    assert (rejected.because, rejected.court_sealed) == (how, False)
    assert rejected.outputs == (f"tracing.candidates:{out}",)
    [ground] = await grounds_of(dbs.city, asked.request_id)
    assert ground.ended_at is not None
    async with dbs.city.transaction() as tx:
        assert await queries.destroy_rejected(tx, asked.request_id, at)
        await queries.output_destroyed(tx, asked.request_id, "tracing.candidates", out, at)
        assert await queries.destroy_rejected(tx, asked.request_id, at), "safe to run twice"
    assert dbs.city.keys.years(asked.request_id) == []
    [destroyed] = await facts(dbs.city, RequestDestroyed)
    assert destroyed.keys >= 1
    [told] = await facts(dbs.city, ApprovalAsked)
    assert told.content is None, "the ledger stands, its words are gone"
    async with dbs.city.transaction() as tx:
        row = await queries.request_for(tx, operator, asked.request_id)
        assert await queries.words_for(tx, row) == (None, None)
        tombs = await tx.all("select key_year from ledger_tombstone where subject_id = %s", (asked.request_id,))
        assert tombs, "and no backup brings its key back"
        with pytest.raises(NotUnderWay):
            await queries.register_output(tx, asked.request_id, "tracing.candidates", new_id(), at)


@pytest.mark.requirement("CC-04")
async def test_under_a_hold_it_is_kept_for_a_court_alone_and_goes_when_the_hold_ends(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    court = await make(dbs.city, Role.COURT_CLERK)
    out, at = new_id(), NOW + DAY
    asked = await ask(dbs.city, operator, urgent=True)
    async with dbs.city.transaction() as tx:
        await queries.register_output(tx, asked.request_id, "tracing.candidates", out, NOW)
        hold = await queries.place_hold(
            tx,
            court,
            resources=[out],
            statute="CPA 184",
            case_no="2026-고합-77",
            reason="증거 보전",
            until_at=NOW + 30 * DAY,
            now=NOW,
        )
    async with dbs.city.transaction() as tx:
        await queries.pass_time(tx, at)
        assert not await queries.destroy_rejected(tx, asked.request_id, at)
        row = await queries.request_for(tx, court, asked.request_id)
        typed, _ = await queries.words_for(tx, row)
        assert typed is not None
        for other in (operator, lead):
            with pytest.raises(NotFound):
                await queries.request_for(tx, other, asked.request_id)
    async with dbs.city.transaction() as tx:
        await queries.release_hold(tx, court, hold.hold_id, "재판이 끝남", at + HOUR)
        assert await queries.destroy_undone(tx, at + HOUR) == 1
    told = await facts(dbs.city, UrgentRejected)
    assert [(t.because, t.court_sealed) for t in told] == [("unanswered", True), ("hold-over", False)]
    assert dbs.city.keys is not None
    assert dbs.city.keys.years(asked.request_id) == []
    with pytest.raises(Refusal):
        async with dbs.city.transaction() as tx:
            await queries.request_for(tx, court, asked.request_id)


# ------------------------------------------------------------------------------------------------- with the table


# Each asks as another screen: a permit in memory is trusted for a second, and nobody listens for its end here.
async def look(db: Db, who: Account, act: Act, purpose: Purpose, now: datetime = NOW + 2 * MINUTE) -> Permit:
    return await queries.permit(db, who, act, resource=CAMERA, purpose=purpose, screen=f"{now}", now=now)


@pytest.mark.requirement("TR-04")
async def test_a_search_opens_to_its_asker_once_approved_and_dies_with_its_ground(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    operator, lead = two
    other = await make(dbs.city, Role.CENTRE_OPERATOR)
    asked = await ask(dbs.city, operator)
    with pytest.raises(Forbidden):
        await look(dbs.city, operator, Act.SEARCH_PERSON, Purpose.INVESTIGATE)
    await approve(dbs.city, lead, asked.request_id)
    held = await look(dbs.city, operator, Act.SEARCH_PERSON, Purpose.INVESTIGATE)
    assert held.resources == {CAMERA}
    for who, act in ((other, Act.SEARCH_PERSON), (lead, Act.SEARCH_PERSON), (operator, Act.VIEW_STREAM)):
        with pytest.raises(Forbidden):
            await look(dbs.city, who, act, Purpose.INVESTIGATE)
    async with dbs.city.transaction() as tx:
        await queries.withdraw_request(tx, operator, asked.request_id, "찾았음", NOW + 3 * MINUTE)
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
    assert after.revoked_at == NOW + 3 * MINUTE
    with pytest.raises(Forbidden):
        await look(dbs.city, operator, Act.SEARCH_PERSON, Purpose.INVESTIGATE, NOW + 4 * MINUTE)


async def test_an_urgent_original_opens_at_once_and_closes_unapproved(
    dbs: Dbs, make: Make, two: tuple[Account, Account]
) -> None:
    investigator = await make(dbs.city, Role.INVESTIGATOR)
    unmask: dict[str, Any] = {"kind": RequestKind.UNMASK, "until_at": NOW + 2 * HOUR, "urgent": True}

    async def original(now: datetime) -> Permit:
        return await queries.permit(
            dbs.city,
            investigator,
            Act.VIEW_STREAM,
            resource=CAMERA,
            purpose=Purpose.INVESTIGATE,
            masking=Masking.ORIGINAL,
            screen=f"{now}",
            now=now,
        )

    with pytest.raises(Forbidden):
        await original(NOW)
    asked = await ask(dbs.city, investigator, **unmask)
    held = await original(NOW + MINUTE)
    async with dbs.city.transaction() as tx:
        await queries.refuse_request(tx, two[1], asked.request_id, "근거 부족", NOW + 2 * MINUTE)
        after = (await store.read_permits(tx, [held.permit_id]))[held.permit_id]
    assert after.revoked_at is not None
    with pytest.raises(Forbidden):
        await original(NOW + 3 * MINUTE)


def test_the_table_of_two_and_the_table_of_rights_agree() -> None:
    """Who asks can use what is approved, and who approves may; a row of one without the other opens nothing."""
    book = in_force(NOW)
    for two in RULES_OF_TWO.values():
        for role in two.approves:
            assert any(role in ln.roles and Act.APPROVE in ln.acts for ln in book.lines), role
        for role, kind in itertools.product(two.asks, two.clauses):
            usable = [
                ln
                for ln in book.lines
                if role in ln.roles
                and ln.acts & two.acts
                and ln.purposes & two.purposes
                and ln.ground is kind
                and ln.second_person
                and (not ln.clauses or not two.clauses[kind] or two.clauses[kind] <= ln.clauses)
            ]
            assert usable, (two.kind, role, kind)
    guarded = {a for ln in book.lines if ln.second_person for a in ln.acts}
    assert guarded >= GUARDED_ACTS
    for ln in book.lines:
        assert ln.standing or ln.second_person or not ln.acts & GUARDED_ACTS, ln.name
