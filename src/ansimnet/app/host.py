"""Puts the slices together: one context for all of them, and what they bring as one whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path

from ansimnet.app import erasing, witnessing  # noqa: F401 - `erasing` brings a timer
from ansimnet.kernel import streets
from ansimnet.kernel.clock import SystemClock
from ansimnet.platform.database import Database
from ansimnet.platform.db import Dbs
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings

SLICES = (
    "policy",
    "notifications",
    "duties",
    "cameras",
    "footage",
    "vision",
    "tracing",
    "supervision",
    "protection",
    "dispatch",
)
"""Every slice of this build, in the order of leaning, lowest first."""

FACTS = (
    "supervision",
    "footage",
    "dispatch",
    "protection",
    "policy",
    "notifications",
    "cameras",
    "duties",
    "vision",
    "tracing",
    "openness",
    "ledger",
)


@dataclass(frozen=True, slots=True)
class Host:
    """One process's share of the product."""

    context: Context
    parts: Parts


def assemble(context: Context) -> Parts:
    """Return what all slices bring, in their order."""
    for name in FACTS:
        import_module(f"ansimnet.facts.{name}")
    whole = Parts()
    for name in SLICES:
        part: Parts = import_module(f"ansimnet.slices.{name}.wiring").parts(context)
        for field in fields(Parts):
            ours, theirs = getattr(whole, field.name), getattr(part, field.name)
            if isinstance(ours, dict):
                ours.update(theirs)
            else:
                ours.extend(theirs)
    return whole


@asynccontextmanager
async def host(settings: Settings, database: Database, *, app: str) -> AsyncIterator[Host]:
    """Open the database for the working roles and assemble the slices on it."""
    dbs: Dbs = database.dbs(settings, app=app)
    async with dbs:
        link = Link.of(settings, dbs)
        context = Context(settings, dbs, SystemClock(), MapData(map_folder(settings)), link)
        parts = assemble(context)
        link.wire(parts.link_out, parts.link_in, {**parts.link_asks, **witnessing.ASKS})
        await asyncio.to_thread(_warm, parts)
        try:
            yield Host(context, parts)
        finally:
            await link.close()


def _warm(parts: Parts) -> None:
    streets.warm()
    for compile_all in parts.warm:
        compile_all()


def map_folder(settings: Settings) -> Path:
    """Return where the imported map lies."""
    return settings.data_dir / "map"
