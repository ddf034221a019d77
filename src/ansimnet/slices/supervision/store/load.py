"""Counts for the load screens: no person is among them."""

from __future__ import annotations

from datetime import datetime

from ansimnet.facts.supervision import Trigger
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model import Seen


async def alarms_between(tx: Tx, since: datetime, until: datetime) -> list[Seen]:
    """Return every alarm raised from `since` to `until`, oldest first."""
    rows = await tx.all(
        "select trigger, raised_at, confirmed_at is not null, acknowledged_at, finding, verdict "
        "from supervision_alarm "
        "where raised_at between %s and %s order by raised_at",
        [since, until],
    )
    return [Seen(Trigger(r[0]), *r[1:]) for r in rows]


async def wearers_by_office(tx: Tx, now: datetime) -> dict[str, tuple[int, int]]:
    """Return for each office how many wearers are under an order in force, and how many of them nobody is assigned."""
    rows = await tx.all(
        """select office, count(*), count(*) filter (where not exists (
                 select 1 from supervision_assignment a where a.wearer_id = w.wearer_id and a.ended_at is null))
           from supervision_wearer w where order_until_at > %s group by 1 order by 1""",
        [now],
    )
    return {r[0]: (int(r[1]), int(r[2])) for r in rows}
