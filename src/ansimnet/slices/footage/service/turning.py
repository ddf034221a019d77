"""What a relay worker hears of cameras that are asked over ONVIF, and what it asks of them through the serving process.

The relay itself speaks no SOAP: its loop has pictures to send.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog

from ansimnet.kernel.clock import Clock, monotonic_s
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Db
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.store import onvif as store

log = structlog.get_logger(__name__)

CLOCKS_S = 60.0
"""Between two looks at what devices said of their clocks, which are asked once an hour."""
CLOCK_FRESH = timedelta(hours=3)
"""Three hours without an answer, and a device's clock counts as not known."""


class DeviceNews:
    """Commands to turn, clocks, and cold streams of the cameras that one worker pulls."""

    def __init__(self, db: Db, sources: Sources, clock: Clock) -> None:
        self.db = db
        self.clock = clock
        self._sources = sources
        self._asking: set[asyncio.Task[None]] = set()
        sources.on_cold = self.cold

    def cold(self, camera_id: CameraId, main: bool) -> None:
        """Have somebody ask the device for a key frame."""
        task = asyncio.create_task(self._ask(camera_id, main))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, camera_id: CameraId, main: bool) -> None:
        try:
            async with self.db.transaction() as tx:
                await store.tell_cold(tx, camera_id, main=main)
        except (psycopg.OperationalError, DatabaseAway) as error:  # the next group of pictures comes by itself
            log.warning("nobody was asked for a key frame", error=type(error).__name__)

    async def follow_turns(self) -> None:
        """Hide what a command may bring into the picture, from before the device has heard it. Runs for ever."""
        async for told in self.db.listen(store.TURNING):
            source = self._sources.cameras.get(CameraId(UUID(told))) if told else None
            if source is not None:
                source.turning.command(monotonic_s())

    async def read_clocks(self) -> None:
        """Take the clocks again and again. Runs for ever."""
        while True:
            try:
                await self.take_clocks()
            except (psycopg.OperationalError, DatabaseAway) as error:
                log.warning("the devices' clocks could not be read", error=type(error).__name__)
            await asyncio.sleep(CLOCKS_S)

    async def take_clocks(self) -> None:
        """Give each source what its device said of its clock, if that is not long ago."""
        async with self.db.transaction() as tx:
            told = await store.clocks(tx, self.clock.now() - CLOCK_FRESH)
        for camera_id, source in list(self._sources.cameras.items()):
            source.device_clock_off_s = told.get(camera_id)
