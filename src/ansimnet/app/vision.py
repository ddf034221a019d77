"""The process that starts what watches the cameras. It loads no model: its children do, each a stranger."""

from __future__ import annotations

from ansimnet.kernel.clock import SystemClock
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet.platform.tasks import forever
from ansimnet.slices.tracing.wiring import notes
from ansimnet.slices.vision.wiring import watching


async def vision(settings: Settings, database: Database) -> None:
    """Watch the city's cameras until cancelled."""
    city = database.dbs(settings, app="vision").city
    async with city:
        clock = SystemClock()
        workers = watching(settings, city, clock, notes(settings, city, clock) if settings.vision_sightings else None)
        await forever(workers.run)
