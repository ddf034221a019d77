"""What this machine's own workers note of tracks: they seal it themselves, to keys that they are given by the hour.

Nothing of a sighting is readable between a worker's memory and an approved search: what lies in its outbox and what is
taken from there is ciphertext already.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Db
from ansimnet.slices.tracing.model import KEPT, Block, hour_of
from ansimnet.slices.tracing.store import sightings
from ansimnet.slices.tracing.store.keys import HourKeys

AROUND = timedelta(minutes=5)
"""So long before an hour begins its key is there, and so long after its end: a note began seconds before. Ours."""


class Notes:
    """Keys for workers, and their sealed sightings taken in."""

    def __init__(self, db: Db, keys: HourKeys, clock: Clock) -> None:
        self._db = db
        self._keys = keys
        self._clock = clock

    async def keys(self, cameras: Collection[str]) -> dict[str, dict[str, str]]:
        """Return for each camera the public keys of the hours around now: YYYYMMDDHH (UTC) to base64."""
        now, ids = self._clock.now(), [CameraId(UUID(c)) for c in cameras]
        out: dict[str, dict[str, str]] = {str(c): {} for c in ids}
        for hour_at in sorted({hour_of(now - AROUND), hour_of(now), hour_of(now + AROUND)}):
            public = await asyncio.to_thread(self._keys.public, hour_at, ids, now)
            for camera_id, key in public.items():
                out[str(camera_id)][f"{hour_at:%Y%m%d%H}"] = base64.b64encode(key).decode()
        return out

    async def take(self, rows: Sequence[tuple[str, str, str, bytes]]) -> None:
        """Keep sealed sightings (id, camera, hour, ciphertext); return once committed. One that is known stays."""
        now = self._clock.now()
        blocks = [
            Block(UUID(name), CameraId(UUID(camera)), _hour(hour), 1, sealed) for name, camera, hour, sealed in rows
        ]
        kept = [b for b in blocks if now - KEPT < b.hour_at <= now + AROUND]  # older keys are destroyed
        async with self._db.transaction() as tx:
            await sightings.add(tx, kept, now)


def _hour(name: str) -> datetime:
    return datetime.strptime(name, "%Y%m%d%H").replace(tzinfo=UTC)
