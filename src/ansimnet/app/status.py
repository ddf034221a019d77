"""The figures of the console's bottom bar: what is live, how fast the link and the seal are."""

from __future__ import annotations

from typing import Any

from ansimnet.platform.parts import Context


class Status:
    """Counts of one machine; no person in them."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def read(self) -> dict[str, Any]:
        """Return the figures as of now."""
        dbs = self.context.dbs
        async with dbs.city.transaction() as tx:
            cameras = await tx.one(
                """select count(*) filter (where h.live), count(*) from camera_source s
                left join camera_health h using (camera_id)"""
            )
        async with dbs.tracking.transaction() as tx:
            devices = await tx.one(
                """select count(*) filter (where last_heard_at > now() - interval '4 minutes'), count(*)
                from supervision_device"""
            )
            seal = await tx.one(
                """select extract(epoch from percentile_cont(0.5) within group (order by s.sealed_at - e.recorded_at))
                from (select * from ledger_seal order by seq desc limit 50) s join ledger_entry e using (entry_id)"""
            )
        return {
            "cameras": {"live": cameras[0], "total": cameras[1]} if cameras else None,
            "devices": {"heard": devices[0], "total": devices[1]} if devices else None,
            "link_ms": self.context.link.last_ms,
            "seal_ms": None if seal is None or seal[0] is None else round(float(seal[0]) * 1000, 1),
            "clock_skew_ms": None,
            "last_test_alarm": None,
            "now": self.context.clock.now(),
        }
