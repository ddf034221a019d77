"""The figures of the console's bottom bar: what is live, how fast the link and the seal are."""

from __future__ import annotations

import asyncio
from typing import Any

from ansimnet.app.host import Host


async def read(host: Host) -> dict[str, Any]:
    """Return the figures as of now; counts and times, no person in them."""
    context = host.context
    told = await asyncio.gather(*(figures() for figures in host.parts.status))
    async with context.dbs.tracking.transaction() as tx:
        seal = await tx.one(
            """select extract(epoch from percentile_cont(0.5) within group (order by s.sealed_at - e.recorded_at))
            from (select * from ledger_seal order by seq desc limit 50) s join ledger_entry e using (entry_id)"""
        )
        clock = await tx.one("select clock_timestamp()")
    now = context.clock.now()
    return {
        "cameras": None,
        "devices": None,
        "link_ms": context.link.last_ms,
        "seal_ms": None if seal is None or seal[0] is None else round(float(seal[0]) * 1000, 1),
        "clock_skew_ms": round(abs((clock[0] - now).total_seconds()) * 1000, 1) if clock else None,
        "last_test_alarm": None,
        "now": now,
    } | {k: v for part in told for k, v in part.items()}
