"""What began without a second person is undone, or kept for a court alone; what was approved opens and dies."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from tests.slices.policy.approvals_kit import (
    CAMERA,
    DAY,
    HOUR,
    MINUTE,
    approve,
    ask,
    facts,
    grounds_of,
)
from tests.slices.policy.conftest import NOW, Make

from ansimnet.facts.policy import ApprovalAsked, RequestDestroyed, UrgentRejected
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Act, Masking, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.approvals import (
    NotUnderWay,
)
from ansimnet.slices.policy.rules import in_force
from ansimnet.slices.policy.rules.second import (
    GUARDED_ACTS,
    RULES_OF_TWO,
    RequestKind,
)

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
    court, officer = await make(dbs.city, Role.COURT_CLERK), await make(dbs.city, Role.PRIVACY_OFFICER)
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
        await queries.ask_release(tx, court, hold.hold_id, "재판이 끝남", at + HOUR)
        await queries.confirm_hold(tx, officer, hold.hold_id, at + HOUR)
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
    for who, act in ((other, Act.SEARCH_PERSON), (lead, Act.SEARCH_PERSON), (operator, Act.READ_FOOTAGE)):
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
