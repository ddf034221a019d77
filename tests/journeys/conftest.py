"""Journeys: the whole system as real processes, with the simulated district's cameras, on free ports."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ansimnet.app.demo.stage import Stage, prepare, set_stage
from ansimnet.app.supervise import Running, system
from ansimnet_sim.world import World


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's own user can walk through."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-journey-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def small_world(scenario: str = "exclusion-zone") -> World:
    """Return a world that two shared cores can draw beside the system and a browser."""
    world = World(seed=7, scenario=scenario)
    world.fps, world.streamed, world.lead_s, world.people, world.cars = 6, 16, 12.0, 10, 2
    world.drive_mps = 60.0  # the way of a car is not what a journey shows
    return world


@asynccontextmanager
async def whole_system(place: Path, world: World) -> AsyncIterator[tuple[Stage, Running]]:
    """Start the city's cameras, the others, and every process of ours; stop all of it when the block ends."""
    stage = await set_stage(world, place, port=0, say=lambda _: None)
    try:
        async with system(
            stage.settings, say=lambda _: None, prepare=lambda db: prepare(stage, db, say=lambda _: None)
        ) as running:
            await running.ready()
            yield stage, running
    finally:
        await stage.night.close()
