"""A test alarm goes the whole way: own ledger, link, the city's ledger, link, own ledger."""

from __future__ import annotations

from ansimnet.facts.dispatch import TestAlarmAnswered, TestAlarmRaised
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import TRACKING_CENTRE, FactId, new_id
from ansimnet.platform.db import Dbs
from ansimnet.slices.dispatch import jobs, service, store


async def test_raised_here_answered_there(dbs: Dbs) -> None:
    async with dbs.tracking.transaction() as tx:
        test_id = await service.raise_test_alarm(tx, now(), actor="system:test")
        assert await store.last_test_alarm(tx) is None
    raised = TestAlarmRaised(fact_id=FactId(new_id()), happened_at=now(), test_id=test_id, from_centre=TRACKING_CENTRE)
    async with dbs.city.transaction() as tx:
        await jobs.LINK_IN[TestAlarmRaised](tx, raised, TRACKING_CENTRE)
        row = await tx.one("select count(*) from ledger_entry where kind = %s", (TestAlarmAnswered.kind,))
    assert row == (1,)
    async with dbs.tracking.transaction() as tx:
        await store.answer_test_alarm(tx, test_id, now())
        first = await store.last_test_alarm(tx)
        await store.answer_test_alarm(tx, test_id, now())
        assert await store.last_test_alarm(tx) == first is not None
    async with dbs.city.transaction() as tx:
        assert await store.last_test_alarm(tx) is None  # the city keeps nothing of it
