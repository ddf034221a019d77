"""Payload keys go when their term is over, by a timer; a hold wins."""

from __future__ import annotations

from datetime import date, timedelta

from tests.platform.ledger_kit import personal

from ansimnet.app import erasing
from ansimnet.facts.ledger import PayloadErased
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Act, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.jobs import REGISTRY, JobRun
from ansimnet.platform.ledger import append
from ansimnet.slices.policy.queries import create_account
from ansimnet.slices.policy.store.orders import HoldRow, add_hold, release_hold


async def written(dbs: Dbs) -> None:
    async with dbs.tracking.transaction() as tx:
        for _ in range(3):
            await append(tx, personal(), actor="system:test")


async def erasures(dbs: Dbs) -> int:
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select count(*) from ledger_entry where kind = %s", (PayloadErased.kind,))
    assert row is not None
    return int(row[0])


async def test_keys_go_on_the_day_their_term_is_over(dbs: Dbs) -> None:
    await written(dbs)
    year = now().year
    last, first = date(year + 2, 12, 31), date(year + 3, 1, 1)
    assert await erasing.erase_old(dbs.tracking, last) == erasing.Counts()
    assert await erasing.erase_old(dbs.tracking, first, dry=True) == erasing.Counts(keys=3, persons=3)
    assert await erasing.erase_old(dbs.tracking, first) == erasing.Counts(keys=3, persons=3)
    assert await erasing.erase_old(dbs.tracking, first) == erasing.Counts()
    assert await erasures(dbs) == 3


async def test_the_held_are_counted_and_keep_their_keys(dbs: Dbs) -> None:
    incident = new_id()
    async with dbs.tracking.transaction() as tx:
        by = await create_account(tx, login="po-1", role=Role.PRIVACY_OFFICER, display="보호01", now=now())
        await append(tx, personal(incident=incident), actor="system:test")
        hold = HoldRow(
            hold_id=new_id(), resources=frozenset({incident}), statute="cpa-215", order_id=None,
            placed_by=AccountId(by.account_id), placed_at=now(), until_at=now() + timedelta(days=1),
        )  # fmt: skip
        await add_hold(tx, hold, case_no="2026고합1", reason="증거보전")
    first = date(now().year + 3, 1, 1)
    assert await erasing.erase_old(dbs.tracking, first) == erasing.Counts(held=2)  # what it names, its own words
    assert await erasures(dbs) == 0
    async with dbs.tracking.transaction() as tx:
        await release_hold(tx, hold.hold_id, hold.placed_by, now())
    assert await erasing.erase_old(dbs.tracking, first) == erasing.Counts(keys=2, persons=2)


async def test_a_timer_does_it_every_day(dbs: Dbs) -> None:
    timer = REGISTRY.timers["ledger.erase-old"]
    assert (timer.every.total_seconds(), timer.act, len(timer.centres)) == (86_400, Act.RUN_JOB, 2)
    await written(dbs)
    await timer.handler(JobRun(dbs.tracking, None))
    assert await erasures(dbs) == 0  # their year is not over
