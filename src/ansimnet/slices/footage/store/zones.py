"""All SQL of privacy zones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from itertools import chain

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.platform.db import Tx

Polygon = tuple[tuple[float, float], ...]


async def lock(tx: Tx, camera_id: CameraId) -> None:
    """Let nobody else change this camera's zones before this transaction ends."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"zones {camera_id}",))


async def replace(tx: Tx, camera_id: CameraId, zones: Collection[Polygon], by: str, now: datetime) -> None:
    """Give a camera these zones and no others."""
    await tx.execute("delete from footage_privacy_zone where camera_id = %s", (camera_id,))
    for zone_id, zone in zip(sorted(new_id() for _ in zones), zones, strict=True):  # read back as they were given
        await tx.execute(
            """insert into footage_privacy_zone (zone_id, camera_id, corners, set_by, set_at)
               values (%s, %s, %s, %s, %s)""",
            (zone_id, camera_id, list(chain.from_iterable(zone)), by, now),
        )


async def of_camera(tx: Tx, camera_id: CameraId) -> tuple[Polygon, ...]:
    """Return the zones of one camera."""
    rows = await tx.all("select corners from footage_privacy_zone where camera_id = %s order by zone_id", (camera_id,))
    return tuple(_polygon(corners) for (corners,) in rows)


async def every(tx: Tx) -> dict[CameraId, tuple[Polygon, ...]]:
    """Return the zones of every camera that has any."""
    found: dict[CameraId, list[Polygon]] = defaultdict(list)
    for camera_id, corners in await tx.all(
        "select camera_id, corners from footage_privacy_zone order by camera_id, zone_id"
    ):
        found[CameraId(camera_id)].append(_polygon(corners))
    return {camera_id: tuple(zones) for camera_id, zones in found.items()}


def _polygon(corners: list[float]) -> Polygon:
    return tuple(zip(corners[::2], corners[1::2], strict=True))
