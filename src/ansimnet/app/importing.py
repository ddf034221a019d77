"""Files into the system, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ansimnet.app.host import map_folder
from ansimnet.kernel.clock import now
from ansimnet.platform.database import database
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras.wiring import ImportReport, import_cameras
from ansimnet.slices.footage.wiring import ZonesReport, import_zones


def map_of(settings: Settings) -> MapData:
    """Return the map of this installation."""
    return MapData(map_folder(settings))


def cameras(settings: Settings, file: Path, *, dry: bool, say: Callable[[str], None]) -> ImportReport:
    """Import a register into the city centre."""
    with database(settings, say=say) as db, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=None)

        async def run() -> ImportReport:
            async with db.dbs(settings, app="import") as dbs:
                return await import_cameras(
                    dbs.city, file, actor="system:import", now=now(), dry=dry,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                )  # fmt: skip

        return asyncio.run(run())


def zones(settings: Settings, file: Path, *, say: Callable[[str], None]) -> ZonesReport:
    """Take privacy zones of the city's cameras."""
    with database(settings, say=say) as db:

        async def run() -> ZonesReport:
            async with db.dbs(settings, app="import") as dbs:
                return await import_zones(dbs.city, file, actor="system:import", now=now())

        return asyncio.run(run())
