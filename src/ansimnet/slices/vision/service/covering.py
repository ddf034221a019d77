"""What cameras cover now: their set-up, senses and health against what living workers run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Tx
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.vision.model import SetupVersion
from ansimnet.slices.vision.rules.coverage import Covered, Watched, coverage
from ansimnet.slices.vision.store import workers

ALIVE = timedelta(seconds=15)
"""A worker speaks every five seconds; one that missed three is gone. Ours."""


async def coverage_of(
    tx: Tx, known: Mapping[CameraId, Camera], versions: Mapping[CameraId, SetupVersion], now: datetime
) -> dict[CameraId, list[Covered]]:
    """Return what each camera covers and why it does not cover the rest."""
    streamed = set(await cameras.with_stream(tx))
    listened = await cameras.listened(tx, now)
    heat = await cameras.heat_of(tx)
    runs: dict[str, set[str]] = {}
    for worker in await workers.workers(tx, now - ALIVE):
        for name in worker.cameras:
            runs.setdefault(name, set()).update(worker.behaviours)
    tried: set[str] = set()
    counting: set[str] = set()
    for model in await workers.models(tx):
        (tried if model.shadow else counting).update(model.behaviours)
    found = {}
    for camera_id, camera in known.items():
        mine = runs.get(str(camera_id))
        watched = Watched(
            frozenset(s.value for s in camera.senses),
            camera_id in listened,
            camera_id in streamed,
            camera.live,
            None if mine is None else frozenset(mine),
            heat[camera_id][1] if camera_id in heat else None,
        )
        found[camera_id] = coverage(versions[camera_id].setup, watched, tried - counting)
    return found
