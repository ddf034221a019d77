"""Timers of the register."""

from __future__ import annotations

from ansimnet.kernel.ids import CITY_CENTRE
from ansimnet.kernel.permits import Act
from ansimnet.platform.jobs import JobRun, every
from ansimnet.slices.cameras import service, store
from ansimnet.slices.cameras.queries import Registry

GAPS_EVERY_S = 600
"""How often the gaps of restricted places are looked at: they change with a camera's installation."""


@every(GAPS_EVERY_S, "cameras.answer-gaps", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def answer_gaps(run: JobRun) -> None:
    """Owe what is a gap, meet what is none any more. Safe to run twice."""
    async with run.db.transaction() as tx:
        restrictions = await store.load_restrictions(tx)
    if restrictions and run.context.map.streets is not None:
        await service.answer_gaps(Registry(run.db, run.context.map), run.context.clock.now())
