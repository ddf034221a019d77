"""The second person: nobody approves alone, late, twice, or for oneself."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.slices.policy.approvals_kit import (
    CAMERA,
    HOUR,
    MINUTE,
    approve,
    ask,
    facts,
    grounds_of,
)
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.policy import ApprovalAnswered, ApprovalAsked
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.approvals import (
    AlreadyAnswered,
    BadRequest,
    NoSecondPerson,
    NotAnAsker,
)
from ansimnet.slices.policy.queries.grounds import NoReason
from ansimnet.slices.policy.rules.second import (
    GUARDED_ACTS,
    RULES_OF_TWO,
    RequestKind,
)
from ansimnet.slices.policy.store.requests import RequestRow, same_person


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
    assert ground.acts == {Act.SEARCH_PERSON, Act.VIEW_STREAM, Act.UNMASK_TRACK, Act.EXPORT_DATA}
    assert ground.until_at == NOW + 4 * HOUR
    assert ground.request_id == asked.request_id
    async with dbs.city.transaction() as tx:
        assert await queries.approved(tx, asked.request_id, NOW + HOUR)
        assert not await queries.approved(tx, asked.request_id, NOW + 4 * HOUR), "it ends with its ground"
    [told] = await facts(dbs.city, ApprovalAsked)
    assert told.request_id == asked.request_id
    [answered] = await facts(dbs.city, ApprovalAnswered)
    assert (answered.outcome, answered.by, answered.role) == ("approved", lead.account_id, "shift_lead")


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
        await queries.note_same_person(tx, operator.account_id, lead.account_id)
    with pytest.raises(NoSecondPerson, match="belongs to the one who asked"):
        await approve(dbs.city, lead, asked.request_id)
    officer = await make(dbs.city, Role.PRIVACY_OFFICER)
    assert (await approve(dbs.city, officer, asked.request_id)).state == "approved"


async def test_accounts_of_one_person_are_joined_however_they_were_named(dbs: Dbs, make: Make) -> None:
    a, b, c = [await make(dbs.city, Role.SHIFT_LEAD) for _ in range(3)]
    async with dbs.city.transaction() as tx:
        await queries.note_same_person(tx, a.account_id, b.account_id)
        await queries.note_same_person(tx, c.account_id, b.account_id)
        assert await same_person(tx, a.account_id, c.account_id)
        with pytest.raises(NotFound):
            await queries.note_same_person(tx, a.account_id, AccountId(new_id()))


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
    with pytest.raises(NotAnAsker):  # its own centre shows no footage: there is nothing to search
        await ask(dbs.tracking, await make(dbs.tracking, Role.INVESTIGATOR))
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
