"""What follows the ledger and what keeps time."""

from __future__ import annotations

from typing import cast

from ansimnet.facts.duties import DutyLapsed, DutyMet, DutyOpened
from ansimnet.kernel.clock import Clock, SystemClock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import Entry, Reader, fact_class
from ansimnet.slices.duties import service
from ansimnet.slices.duties.rules import TABLE, following

BREACHES_EVERY_S = 10
"""How often limits are looked at; a breach is told within a minute even where five turns are lost."""


async def _take(tx: Tx, entry: Entry) -> None:
    await service.take_in(tx, entry.fact)


def readers() -> list[Reader]:
    """Return one follower per centre, of everything that opens or meets a duty: one, so that it keeps their order."""
    kinds: set[type[Fact]] = {DutyOpened, DutyMet, DutyLapsed}
    kinds |= {found for kind in following(TABLE) if (found := fact_class(kind)) is not None}
    return [
        Reader(name="duties.follow", kinds=frozenset(kinds), centre=centre, handle=_take)
        for centre in (TRACKING_CENTRE, CITY_CENTRE)
    ]


@every(BREACHES_EVERY_S, "duties.breaches", act=Act.RUN_JOB)
async def breaches(run: JobRun) -> None:
    """Open what the calendar owes, and tell limits that have passed."""
    clock = cast(Clock, getattr(run.context, "clock", None) or SystemClock())
    await service.open_periods(run.db, clock.now())
    await service.tell_breaches(run.db, clock.now())
