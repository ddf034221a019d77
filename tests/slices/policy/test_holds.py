"""Holds: who, under which ground and case, until when; and nothing that is held is destroyed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.policy.conftest import NOW, Make

from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.grounds import NoReason
from ansimnet.slices.policy.store.orders import HoldRow

CLIP, OTHER = new_id(), new_id()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def place(db: Db, who: Account, **changes: Any) -> HoldRow:
    whole: dict[str, Any] = {
        "resources": [CLIP],
        "statute": "CRIM-PROC 184",
        "case_no": "2026-고합-77",
        "reason": "증거 보전",
        "until_at": NOW + 30 * DAY,
        "now": NOW,
    }
    async with db.transaction() as tx:
        return await queries.place_hold(tx, who, **{**whole, **changes})


@pytest.mark.requirement("CC-04")
async def test_a_hold_stands_for_what_it_names_until_its_end_or_its_release(dbs: Dbs, make: Make) -> None:
    court, officer = await make(dbs.city, Role.COURT_CLERK), await make(dbs.city, Role.PRIVACY_OFFICER)
    hold = await place(dbs.city, court)
    async with dbs.city.transaction() as tx:
        assert await queries.held(tx, CLIP, NOW)
        assert await queries.held(tx, [OTHER, CLIP], NOW)
        assert not await queries.held(tx, OTHER, NOW)
        assert not await queries.held(tx, CLIP, NOW + 30 * DAY), "it ends by itself"
        with pytest.raises(Refusal):
            await queries.renew_hold(tx, court, hold.hold_id, "재판이 길어짐", NOW + 91 * DAY, NOW)
        await queries.renew_hold(tx, court, hold.hold_id, "재판이 길어짐", NOW + 60 * DAY, NOW)
        assert await queries.held(tx, CLIP, NOW + 31 * DAY)
        [(row, said)] = await queries.holds_listed(tx)
        assert (row.renewals, said) == (1, {"case_no": "2026-고합-77", "reason": "증거 보전"})
        with pytest.raises(NoReason):
            await queries.ask_release(tx, court, hold.hold_id, " ", NOW)
        await queries.ask_release(tx, court, hold.hold_id, "확정", NOW + HOUR)
        await queries.confirm_hold(tx, officer, hold.hold_id, NOW + HOUR)
        assert not await queries.held(tx, CLIP, NOW + HOUR)
        with pytest.raises(Conflict):
            await queries.ask_release(tx, court, hold.hold_id, "다시", NOW + HOUR)
        with pytest.raises(NotFound):
            await queries.ask_release(tx, court, new_id(), "없음", NOW)
        kinds = await tx.all("select kind from ledger_entry where kind like 'policy.hold.%%'")
    assert len(kinds) == 4


@pytest.mark.requirement("CC-04")
async def test_one_person_lifts_no_hold_and_keeps_none_longer_than_the_rule(dbs: Dbs, make: Make) -> None:
    court, officer = await make(dbs.city, Role.COURT_CLERK), await make(dbs.city, Role.PRIVACY_OFFICER)
    second = await make(dbs.city, Role.INVESTIGATOR)
    hold, later = (await place(dbs.city, court)).hold_id, NOW + 20 * DAY
    async with dbs.city.transaction() as tx:
        with pytest.raises(Conflict, match="nothing was asked"):
            await queries.confirm_hold(tx, officer, hold, later)
        await queries.ask_release(tx, court, hold, "확정", later)
        assert await queries.held(tx, CLIP, later), "asking lifts nothing"
        [(row, _)] = await queries.holds_listed(tx)
        assert row.asked is not None
        assert (row.asked.change, row.asked.by, row.asked.reason) == ("release", court.account_id, "확정")
        await queries.note_same_person(tx, court.account_id, second.account_id)
        for one in (court, second):
            with pytest.raises(Forbidden, match="another person"):
                await queries.confirm_hold(tx, one, hold, later)
        with pytest.raises(Conflict, match="asked already"):
            await queries.ask_release(tx, officer, hold, "확정", later)
        with pytest.raises(Conflict, match="asked already"):
            await queries.renew_hold(tx, officer, hold, "재판이 길어짐", NOW + 60 * DAY, later)
        await queries.set_hold_aside(tx, officer, hold, later)
        assert await queries.renew_hold(tx, court, hold, "재판이 길어짐", NOW + 90 * DAY, later)
        assert not await queries.renew_hold(tx, court, hold, "상고", NOW + 100 * DAY, later), "longer than the rule"
        assert not await queries.held(tx, CLIP, NOW + 95 * DAY)
        await queries.confirm_hold(tx, officer, hold, later)
        assert await queries.held(tx, CLIP, NOW + 95 * DAY)
        [(row, _)] = await queries.holds_listed(tx)
    assert (row.renewals, row.asked) == (2, None)


@pytest.mark.requirement("CC-04")
@pytest.mark.parametrize(
    "changes",
    [
        {"statute": " "},
        {"case_no": " "},
        {"reason": " "},
        {"resources": []},
        {"until_at": NOW},
        {"until_at": NOW + 91 * DAY},
    ],
)
async def test_a_hold_without_ground_case_reason_scope_or_end_is_none(
    dbs: Dbs, make: Make, changes: dict[str, Any]
) -> None:
    court = await make(dbs.city, Role.COURT_CLERK)
    with pytest.raises(Refusal):
        await place(dbs.city, court, **changes)


async def test_who_may_not_hold_holds_nothing_and_an_order_it_names_is_in_force(dbs: Dbs, make: Make) -> None:
    for role in (Role.CENTRE_OPERATOR, Role.SHIFT_LEAD, Role.ADMINISTRATOR):
        with pytest.raises(Forbidden):
            await place(dbs.city, await make(dbs.city, role))
    court = await make(dbs.city, Role.COURT_CLERK)
    with pytest.raises(Forbidden, match="not in force"):
        await place(dbs.city, court, order_id=new_id())


@pytest.mark.requirement("CC-04")
async def test_whoever_destroys_first_is_waited_for_and_whoever_holds_first_wins(dbs: Dbs, make: Make) -> None:
    court = await make(dbs.city, Role.COURT_CLERK)
    asked, done = asyncio.Event(), asyncio.Event()

    async def destroy() -> bool:
        async with dbs.city.transaction() as tx:
            held = await queries.held(tx, CLIP, NOW)
            asked.set()
            await asyncio.sleep(0.2)
            assert not done.is_set(), "the hold waits until what is being destroyed is destroyed"
            return held

    async def hold() -> None:
        await asked.wait()
        await place(dbs.city, court)
        done.set()

    held, _ = await asyncio.gather(destroy(), hold())
    assert held is False
    async with dbs.city.transaction() as tx:
        assert await queries.held(tx, CLIP, NOW)
