"""Ties on file: what an account answers for is looked up before the decision, and ends with its row."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.slices.policy.conftest import NOW, Make

from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Permit, PermitOver, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account, Relation
from ansimnet.slices.policy.queries import relations
from ansimnet.slices.policy.rules import RULES
from ansimnet.slices.policy.store import accounts

HOUR = timedelta(hours=1)


async def tie(db: Db, account: Account, relation: Relation, *resources: UUID) -> UUID:
    async with db.transaction() as tx:
        ids = None if relation is Relation.TRAINED else resources
        return await relations.assign(
            tx,
            account.account_id,
            relation,
            ids,
            from_at=NOW - HOUR,
            until_at=NOW + HOUR,
        )


def first_reason(refused: Forbidden) -> str:
    reasons: Any = refused.facts["reasons"]
    return str(reasons[0]["name"])


async def track(db: Db, account: Account, resource: UUID, *, after: timedelta = timedelta()) -> Permit:
    return await queries.permit(
        db,
        account,
        Act.READ_TRACK,
        resource=resource,
        purpose=Purpose.SUPERVISE,
        screen="test",
        now=NOW + after,
    )


async def test_an_officer_without_assignments_sees_the_centres_wearers_and_with_some_those_alone(
    dbs: Dbs, make: Make
) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER)
    mine, other = new_id(), new_id()
    assert (await track(dbs.tracking, officer, other)).resources == frozenset({other})
    await tie(dbs.tracking, officer, Relation.OWN_WEARER, mine)
    colleague = await make(dbs.tracking, Role.PROBATION_OFFICER)
    await tie(dbs.tracking, colleague, Relation.OWN_WEARER, other)
    assert (await track(dbs.tracking, officer, mine)).resources == frozenset({mine})
    with pytest.raises(Forbidden) as refused:
        await track(dbs.tracking, colleague, mine)
    assert first_reason(refused.value) == "no-own-wearer"
    # an assignment that has run out ties nobody any longer
    assert (await track(dbs.tracking, colleague, mine, after=2 * HOUR)).resources == frozenset({mine})


async def test_a_tie_that_ends_takes_its_permits_along(dbs: Dbs, make: Make) -> None:
    member, file = await make(dbs.tracking, Role.COMMITTEE_MEMBER), new_id()
    relation_id = await tie(dbs.tracking, member, Relation.TODAYS_SESSION, file)
    granted = await queries.permit(
        dbs.tracking, member, Act.GRADE_PERSON, resource=file, purpose=Purpose.PROTECT, screen="test", now=NOW
    )
    async with dbs.tracking.transaction() as tx:
        await relations.release(tx, relation_id, NOW)
    now_held = await queries.hold(dbs.tracking, granted.permit_id)
    with pytest.raises(PermitOver):
        now_held.check(Act.GRADE_PERSON, file, now=NOW)
    with pytest.raises(NotFound):
        async with dbs.tracking.transaction() as tx:
            await relations.release(tx, relation_id, NOW)


@pytest.mark.requirement("DI-01")
async def test_112_does_not_see_a_shelter_while_it_sees_the_offender(dbs: Dbs, make: Make) -> None:
    police, wearer, shelter = await make(dbs.tracking, Role.POLICE_112), new_id(), new_id()
    await ground(dbs.tracking, GroundKind.TRIGGER, "PIPA 18(2)3", wearer, trigger="approach")
    await ground(dbs.tracking, GroundKind.STATUTE, "PIPA 15(1)5", shelter, request_id=new_id())

    async def look(act: Act, resource: UUID, purpose: Purpose) -> Permit:
        return await queries.permit(
            dbs.tracking,
            police,
            act,
            resource=resource,
            purpose=purpose,
            screen="test",
            now=NOW,
        )

    seen = await look(Act.READ_TRACK, wearer, Purpose.RESPOND)
    with pytest.raises(Forbidden) as refused:
        await look(Act.READ_SHELTER, shelter, Purpose.PROTECT)
    assert first_reason(refused.value) == "offender-and-shelter-place"
    async with dbs.tracking.transaction() as tx:
        await queries.revoke(tx, seen.permit_id, "done", NOW, by=police.account_id)
    assert (await look(Act.READ_SHELTER, shelter, Purpose.PROTECT)).resources == frozenset({shelter})


async def ground(db: Db, kind: GroundKind, statute: str, resource: UUID, **more: Any) -> GroundId:
    async with db.transaction() as tx:
        return await queries.grant_ground(
            tx,
            kind,
            statute,
            resources=[resource],
            until_at=NOW + HOUR,
            now=NOW,
            **more,
        )


async def test_every_answer_says_which_version_of_the_table_gave_it(dbs: Dbs, make: Make) -> None:
    officer = await make(dbs.tracking, Role.PROBATION_OFFICER)
    await track(dbs.tracking, officer, new_id())
    with pytest.raises(Forbidden):
        await queries.permit(
            dbs.tracking, officer, Act.VIEW_STREAM, resource=new_id(), purpose=Purpose.RESPOND, screen="t", now=NOW
        )
    async with dbs.tracking.transaction() as tx:
        rows = await tx.all("select body from ledger_entry where kind = 'policy.access.decided.v1'")
    assert {json.loads(bytes(row[0]))["policy_version"] for row in rows} == {RULES.version}


async def test_an_officer_with_an_office_sees_that_offices_wearers_until_they_are_handed_over(
    dbs: Dbs, make: Make
) -> None:
    officer, director = [await make(dbs.tracking, r) for r in (Role.PROBATION_OFFICER, Role.OFFICE_DIRECTOR)]
    wearer, theirs = new_id(), new_id()
    async with dbs.tracking.transaction() as tx:
        for account in (officer, director):
            await accounts.move_account(tx, account.account_id, account.role, "동부보호관찰소")
        assert await queries.place_under(tx, wearer, "동부보호관찰소", NOW)
        assert await queries.place_under(tx, theirs, "서부보호관찰소", NOW)
        assert not await queries.place_under(tx, theirs, "서부보호관찰소", NOW)
    held = [await track(dbs.tracking, account, wearer) for account in (officer, director)]
    for account in (officer, director):
        with pytest.raises(Forbidden) as refused:
            await track(dbs.tracking, account, theirs)
        assert first_reason(refused.value) == "no-competent-district"
    async with dbs.tracking.transaction() as tx:
        await queries.place_under(tx, wearer, "서부보호관찰소", NOW)
    for permit in held:  # what was granted before ends with the handing over
        with pytest.raises(PermitOver):
            (await queries.hold(dbs.tracking, permit.permit_id)).check(Act.READ_TRACK, wearer, now=NOW)
    await tie(dbs.tracking, officer, Relation.OWN_WEARER, wearer)  # assigned in person, whichever the office
    assert (await track(dbs.tracking, officer, wearer)).resources == frozenset({wearer})
