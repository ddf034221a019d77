"""The working process: follows the ledger, runs jobs and timers, and carries facts over the link."""

from __future__ import annotations

import asyncio

from ansimnet.app.host import host
from ansimnet.platform import jobs
from ansimnet.platform.database import Database
from ansimnet.platform.ledger import run_readers
from ansimnet.platform.settings import Settings
from ansimnet.platform.tasks import forever


async def work(settings: Settings, database: Database) -> None:
    """Work until cancelled; each part that breaks is logged and started again."""
    async with host(settings, database, app="work") as hosted:
        dbs = hosted.context.dbs
        readers = [*hosted.parts.readers, *hosted.context.link.readers()]

        async def follow() -> None:
            await run_readers(dbs, readers)

        async def do_jobs() -> None:
            await jobs.work(dbs, hosted.context)

        await asyncio.gather(*(forever(part) for part in (follow, do_jobs, *hosted.parts.background)))
