"""Who may view a centre's footage: counted, given one by one, looked at again, resting when unused (CC-03)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ansimnet.facts.duties import DutyBreached
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Permit, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account, Relation
from ansimnet.slices.policy.queries import rights
from ansimnet.slices.policy.rules import in_force
from ansimnet.slices.policy.rules.agencies import FOOTAGE_ROLES, UNUSED_LASTS
from ansimnet.slices.policy.store import accounts as accounts_store
from ansimnet.slices.policy.store import rights as store

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
CAMERA = new_id()
Make = Callable[..., Awaitable[Account]]


async def view(db: Db, account: Account, now: datetime = NOW) -> Permit:
    return await queries.permit(
        db, account, Act.VIEW_STREAM, resource=CAMERA, purpose=Purpose.RESPOND, screen=f"wall-{new_id()}", now=now
    )


async def trigger(db: Db, now: datetime = NOW, cameras: tuple[UUID, ...] = (CAMERA,)) -> None:
    async with db.transaction() as tx:
        await queries.grant_ground(
            tx, GroundKind.TRIGGER, "PIPA 18(2)3", trigger="tamper", resources=cameras,
            until_at=now + timedelta(hours=1), now=now,
        )  # fmt: skip


async def facts(db: Db, kind: str) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(db.url) as conn:
        rows = await (
            await conn.execute(
                "select convert_from(body, 'utf8')::jsonb from ledger_entry where kind = %s order by recorded_at",
                (f"policy.footage-right.{kind}.v1",),
            )
        ).fetchall()
    return [r[0] for r in rows]


@pytest.fixture
def privacy(make: Make) -> Callable[[Db], Awaitable[Account]]:
    async def made(db: Db) -> Account:
        return await make(db, Role.PRIVACY_OFFICER)

    return made


Privacy = Callable[[Db], Awaitable[Account]]


def test_every_row_of_the_table_that_views_footage_asks_for_the_right() -> None:
    lines = in_force(NOW).lines
    asking = {ln.name for ln in lines if Relation.FOOTAGE_RIGHT in (*ln.needs, *ln.unless_lost)}
    assert {r for ln in lines if ln.name in asking for r in ln.roles} == FOOTAGE_ROLES
    viewing = {ln.name for ln in lines if ln.acts & {Act.VIEW_STREAM, Act.READ_FOOTAGE} and ln.roles & FOOTAGE_ROLES}
    assert viewing <= asking


@pytest.mark.requirement("CC-03")
@pytest.mark.parametrize("role", [Role.TRACKING_CONTROLLER, Role.AUDITOR])
async def test_whoever_joins_in_a_footage_role_has_the_right_and_nobody_else(dbs: Dbs, make: Make, role: Role) -> None:
    account = await make(dbs.tracking, role)
    async with dbs.tracking.transaction() as tx:
        found = await store.read_right(tx, account.account_id)
    assert (found is not None) == (role in FOOTAGE_ROLES)
    if found is not None:
        assert (found.how, found.stands, found.certified_at) == ("joining", True, NOW)
        await trigger(dbs.tracking)
        await view(dbs.tracking, account)


@pytest.mark.requirement("CC-03")
async def test_a_suspended_right_ends_the_picture_at_once_and_refuses_the_next(
    dbs: Dbs, make: Make, privacy: Privacy
) -> None:
    controller, officer = await make(dbs.tracking, Role.TRACKING_CONTROLLER), await privacy(dbs.tracking)
    await trigger(dbs.tracking)
    held = await view(dbs.tracking, controller)
    async with dbs.tracking.transaction() as tx:
        await rights.suspend(tx, controller.account_id, "by-hand", NOW, by=officer.account_id)
    assert (await queries.hold(dbs.tracking, held.permit_id)).revoked_at == NOW
    with pytest.raises(Forbidden) as refused:
        await view(dbs.tracking, controller, NOW + timedelta(seconds=2))
    reasons: Any = refused.value.facts["reasons"]
    assert "no-footage-right" in {r["name"] for r in reasons}
    assert any("열람권" in r["ko"] for r in reasons)
    (told,) = await facts(dbs.tracking, "suspended")
    assert (told["because"], told["permits"], told["by"]) == ("by-hand", 1, str(officer.account_id))
    async with dbs.tracking.transaction() as tx:
        await rights.grant(tx, officer, controller.account_id, "다시 근무", NOW)
    await view(dbs.tracking, controller, NOW + timedelta(seconds=3))


@pytest.mark.requirement("CC-03")
async def test_over_the_limit_a_right_begins_resting_and_one_more_needs_a_reason(
    dbs: Dbs, make: Make, privacy: Privacy
) -> None:
    officer = await privacy(dbs.city)
    async with dbs.city.transaction() as tx:
        await rights.decide_limit(tx, officer, 2, "세 교대 두 자리", NOW)
    first, second, third = [await make(dbs.city, Role.CENTRE_OPERATOR) for _ in range(3)]
    async with dbs.city.transaction() as tx:
        assert await store.count_standing(tx) == 2
        late = await store.read_right(tx, third.account_id)
        assert late is not None
        assert late.suspended_because == "over-limit"
    with pytest.raises(rights.OverTheLimit):
        async with dbs.city.transaction() as tx:
            await rights.grant(tx, officer, third.account_id, "  ", NOW)
    async with dbs.city.transaction() as tx:
        await rights.grant(tx, officer, third.account_id, "행사 기간 증원", NOW)
        assert await store.count_standing(tx) == 3
        await rights.suspend(tx, first.account_id, "by-hand", NOW)
        await rights.suspend(tx, second.account_id, "by-hand", NOW)
        await rights.grant(tx, officer, first.account_id, "", NOW)  # below the limit again: no reason asked


@pytest.mark.requirement("CC-03")
async def test_a_right_nobody_looked_at_again_is_suspended(dbs: Dbs, make: Make, privacy: Privacy) -> None:
    operator, officer = await make(dbs.city, Role.CENTRE_OPERATOR), await privacy(dbs.city)
    due = NOW + timedelta(days=92)
    breach = DutyBreached(
        fact_id=FactId(new_id()), happened_at=due, duty_id=new_id(), rule=rights.RECERTIFICATION,
        about=operator.account_id, role=Role.PRIVACY_OFFICER, due_at=due, clause="CC-03",
    )  # fmt: skip
    async with dbs.city.transaction() as tx:
        await rights.certify(tx, officer, operator.account_id, NOW + timedelta(days=80))
        await rights.breached(tx, breach, due)
        await rights.breached(tx, breach, due)  # read twice
        found = await store.read_right(tx, operator.account_id)
    assert found is not None
    assert found.suspended_because == "not-certified"
    assert len(await facts(dbs.city, "suspended")) == 1
    with pytest.raises(NotFound):
        async with dbs.city.transaction() as tx:
            await rights.certify(tx, officer, operator.account_id, due)


@pytest.mark.requirement("CC-03")
async def test_a_right_unused_for_ninety_days_rests_and_a_used_one_does_not(dbs: Dbs, make: Make) -> None:
    idle, busy = await make(dbs.tracking, Role.TRACKING_CONTROLLER), await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    lately = NOW + timedelta(days=60)
    await trigger(dbs.tracking, lately)
    await view(dbs.tracking, busy, lately)
    async with dbs.tracking.transaction() as tx:
        assert await rights.suspend_unused(tx, NOW + UNUSED_LASTS) == 0
        assert await rights.suspend_unused(tx, NOW + UNUSED_LASTS + timedelta(seconds=1)) == 1
        resting, standing = [await store.read_right(tx, a.account_id) for a in (idle, busy)]
    assert resting is not None
    assert resting.suspended_because == "unused"
    assert standing is not None
    assert (standing.stands, standing.used_at) == (True, lately)


@pytest.mark.requirement("CC-03")
async def test_whoever_leaves_or_moves_loses_it_and_whoever_moves_in_gets_it(dbs: Dbs, make: Make) -> None:
    leaver, mover = await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.CENTRE_OPERATOR)
    joiner = await make(dbs.city, Role.AUDITOR)
    async with dbs.city.transaction() as tx:
        await accounts_store.disable_account(tx, leaver.account_id, NOW)
        await rights.left(tx, leaver.account_id, "disabled", NOW)
        await tx.execute("update policy_account set role = 'auditor' where account_id = %s", (mover.account_id,))
        await tx.execute("update policy_account set role = 'shift_lead' where account_id = %s", (joiner.account_id,))
        for account in (mover, joiner):
            await rights.moved(tx, account.account_id, NOW)
            await rights.moved(tx, account.account_id, NOW)
        assert [r.account_id for r in await store.list_rights(tx)] == [joiner.account_id]
    assert [f["because"] for f in await facts(dbs.city, "ended")] == ["disabled", "moved"]


async def test_nobody_gives_it_to_oneself_or_to_a_role_without_footage(dbs: Dbs, make: Make, privacy: Privacy) -> None:
    lead, officer = await make(dbs.city, Role.SHIFT_LEAD), await privacy(dbs.city)
    async with dbs.city.transaction() as tx:
        with pytest.raises(rights.NotToOneself):
            await rights.certify(tx, lead, lead.account_id, NOW)
        await rights.suspend(tx, lead.account_id, "by-hand", NOW)
        with pytest.raises(rights.NotToOneself):
            await rights.grant(tx, lead, lead.account_id, "나", NOW)
        with pytest.raises(rights.NoFootageRole):
            await rights.grant(tx, lead, officer.account_id, "책임자", NOW)
        with pytest.raises(NotFound):
            await rights.grant(tx, officer, AccountId(new_id()), "없음", NOW)
        await rights.grant(tx, officer, lead.account_id, "복귀", NOW)
        with pytest.raises(Conflict):
            await rights.grant(tx, officer, lead.account_id, "복귀", NOW)


async def test_accounts_made_before_there_were_rights_go_on_and_are_given_one(dbs: Dbs, make: Make) -> None:
    controller = await make(dbs.tracking, Role.TRACKING_CONTROLLER)
    async with await psycopg.AsyncConnection.connect(dbs.tracking.url, autocommit=True) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("delete from policy_footage_right")
    async with dbs.tracking.transaction() as tx:
        old = Account(
            account_id=AccountId(new_id()), centre_id=tx.centre_id, login="old-seat",
            role=Role.TRACKING_CONTROLLER, display="관제01",
        )  # fmt: skip
        await accounts_store.add_account(tx, old, None, NOW)
        assert await store.stands(tx, old.account_id) is None  # nothing on file says no
        await rights.suspend_unused(tx, NOW)
        found = await store.read_right(tx, old.account_id)
    assert found is not None
    assert found.how == "joining"
    assert controller.account_id != old.account_id
