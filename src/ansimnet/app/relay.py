"""Relay processes: cameras in, pictures out. Of the database each knows one centre's role alone."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from ansimnet.kernel.clock import SystemClock
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.wiring import serving_gateway, serving_relay, serving_uplinks


async def relay(settings: Settings, database: Database, worker: int = 0) -> None:
    """Relay as one worker of several until cancelled or asked to stop; the end of every view is recorded first."""
    stop = _stop()
    city = database.dbs(settings, app="relay").city
    async with city, serving_relay(settings, city, SystemClock(), worker=worker, of=settings.relay_processes):
        await stop.wait()


async def uplink(settings: Settings, database: Database) -> None:
    """Take phones' pictures for the tracking centre until cancelled or asked to stop."""
    stop = _stop()
    tracking = database.dbs(settings, app="uplink").tracking
    async with tracking, serving_uplinks(settings, tracking, SystemClock()):
        await stop.wait()


async def gateway(settings: Settings, edge: str, port: int) -> None:
    """Fan out what one relay worker far away sends, until cancelled or asked to stop. No database is needed."""
    stop = _stop()
    async with serving_gateway(settings, edge, port):
        await stop.wait()


def _stop() -> asyncio.Event:
    """Return what is set when the process is asked to stop."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, ValueError):  # not the main thread
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
