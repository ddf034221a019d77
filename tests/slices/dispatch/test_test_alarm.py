"""A test alarm goes the whole way: own ledger, link, the city's ledger, link, own ledger."""

from __future__ import annotations

from tests.slices.dispatch.room import Room

from ansimnet.facts.dispatch import TestAlarmAnswered, TestAlarmRaised
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, FactId, new_id
from ansimnet.platform.db import Dbs
from ansimnet.slices.dispatch import jobs, service, store


async def test_raised_here_answered_there(dbs: Dbs) -> None:
    async with dbs.tracking.transaction() as tx:
        test_id = await service.raise_test_alarm(tx, now(), actor="system:test")
    raised = TestAlarmRaised(fact_id=FactId(new_id()), happened_at=now(), test_id=test_id, from_centre=TRACKING_CENTRE)
    async with dbs.city.transaction() as tx:
        await jobs.LINK_IN[TestAlarmRaised](tx, raised, TRACKING_CENTRE)
        row = await tx.one("select count(*) from ledger_entry where kind = %s", (TestAlarmAnswered.kind,))
        assert await store.last_test_alarm(tx) is None  # the city keeps nothing of it
    assert row == (1,)


async def test_the_answer_is_recorded_when_its_fact_is_read_here_and_the_first_one_counts(room: Room) -> None:
    async with room.dbs.tracking.transaction() as tx:
        test_id = await service.raise_test_alarm(tx, now(), actor="system:test")
        assert await store.last_test_alarm(tx) is None

    async def answered() -> object:
        answer = TestAlarmAnswered(
            fact_id=FactId(new_id()), happened_at=now(), test_id=test_id, to_centre=TRACKING_CENTRE
        )
        async with room.dbs.tracking.transaction() as tx:
            await jobs.LINK_IN[TestAlarmAnswered](tx, answer, CITY_CENTRE)
        await room.tell(answer)
        async with room.dbs.tracking.transaction() as tx:
            return await store.last_test_alarm(tx)

    first = await answered()
    assert first is not None
    assert await answered() == first
