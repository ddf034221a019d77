"""The working process: seals the ledger, follows it, runs jobs and timers, and carries facts over the link."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ansimnet.app.host import host
from ansimnet.app.serve import _forever
from ansimnet.platform import jobs
from ansimnet.platform.database import Database, key_stores
from ansimnet.platform.ledger import Sealer, run_readers
from ansimnet.platform.settings import Settings

log = logging.getLogger("ansimnet.work")


async def work(settings: Settings, database: Database, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Work until cancelled; each part that breaks is logged and started again."""
    async with host(settings, database, app="work") as hosted:
        dbs = hosted.context.dbs
        sealer = Sealer(dbs.sealer, key_stores(settings), settings.data_dir / "ledger")
        readers = [*hosted.parts.readers, *hosted.context.link.readers()]

        async def follow() -> None:
            await run_readers(dbs, readers)

        async def do_jobs() -> None:
            await jobs.work(dbs, hosted.context)

        ready("working")
        await asyncio.gather(*(_forever(part) for part in (sealer.run, follow, do_jobs, *hosted.parts.background)))
