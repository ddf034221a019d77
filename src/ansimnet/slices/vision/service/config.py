"""How cameras are set up: versions on the ledger, and what workers are given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from ansimnet.facts.vision import SetupChanged
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import AccountId, CameraId, FactId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.vision.model import Setup, SetupVersion
from ansimnet.slices.vision.rules import setups
from ansimnet.slices.vision.rules.ground import Ground, ground_of
from ansimnet.slices.vision.store import setups as store


async def setups_of(tx: Tx, ids: Collection[CameraId]) -> dict[CameraId, SetupVersion]:
    """Return the set-up in force of each camera; version 0 with the defaults where nobody set one up."""
    kept = await store.latest(tx, ids)
    found = {}
    for camera_id in ids:
        version, document, set_at = kept.get(camera_id, (0, None, None))
        setup = setups.DEFAULT if document is None else setups.of_json(document)
        found[camera_id] = SetupVersion(camera_id, version, setup, set_at)
    return found


async def setup_of(tx: Tx, camera_id: CameraId) -> SetupVersion:
    """Return the set-up in force of one camera."""
    return (await setups_of(tx, [camera_id]))[camera_id]


def ground(setup: Setup) -> Ground | None:
    """Return how a camera's picture lies on the map, None where nobody calibrated it."""
    return ground_of(setup.pairs) if setup.pairs else None


async def change(tx: Tx, camera_id: CameraId, after: int, setup: Setup, by: AccountId, now: datetime) -> SetupVersion:
    """Put a new version of a camera's set-up in force; workers have it within seconds.

    Args:
        after: the version that was on the screen when it was drawn.

    Raises:
        NotFound: no such camera is in service.
        BadZone, BadCalibration, Refusal: it makes no sense.
        Conflict: somebody else changed it meanwhile.
    """
    if camera_id not in await cameras.by_ids(tx, [camera_id]):
        raise NotFound("there is no such camera")
    setups.check(setup)
    ground(setup)
    before = await setup_of(tx, camera_id)
    document = setups.to_json(setup)
    if before.version != after or not await store.add_version(tx, camera_id, after + 1, document, by, now):
        raise Conflict("somebody else changed this camera meanwhile", todo="read it again", version=before.version)
    fact = SetupChanged(
        fact_id=FactId(new_id()),
        happened_at=now,
        camera_id=camera_id,
        version=after + 1,
        sha256=setups.hash_of(document),
        by=by,
    )
    await append(tx, fact, actor=f"account:{by}")
    return SetupVersion(camera_id, after + 1, setup, now)


async def for_workers(tx: Tx, now: datetime) -> list[dict[str, Any]]:
    """Return the configuration of every camera that has a stream, as workers read it.

    A microphone is there for a worker only while its site has a ground of its own.
    """
    listened = await cameras.listened(tx, now)
    with_stream = await cameras.with_stream(tx)
    known = await cameras.by_ids(tx, with_stream)
    versions = await setups_of(tx, list(known))
    heat = await cameras.heat_of(tx)
    tuned = await store.tunings(tx, ["in_force"])
    found = []
    for camera_id, camera in sorted(known.items(), key=lambda item: item[1].code):
        setup = versions[camera_id].setup
        senses = [s.value for s in camera.senses if s.value != "sound" or camera_id in listened]
        mine = [t for t in tuned if t.camera_id == camera_id]
        found.append(setups.for_worker(camera_id, setup, ground(setup), mine, senses, heat.get(camera_id)))
    return found
