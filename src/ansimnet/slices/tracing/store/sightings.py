"""SQL of sealed blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Tx
from ansimnet.slices.tracing.model import Block


async def add(tx: Tx, blocks: Sequence[Block], now: datetime) -> None:
    """Keep sealed blocks; one that is known stays as it is."""
    await tx.many(
        """insert into tracing_block (block_id, camera_id, hour_at, tracks, sealed, received_at)
           values (%s, %s, %s, %s, %s, %s) on conflict (block_id) do nothing""",
        [(b.block_id, b.camera_id, b.hour_at, b.tracks, b.sealed, now) for b in blocks],
    )


async def of_hours(tx: Tx, hours: Collection[datetime], cameras: Collection[CameraId]) -> list[Block]:
    """Return the blocks of some cameras in some hours."""
    rows = await tx.all(
        """select block_id, camera_id, hour_at, tracks, sealed from tracing_block
           where hour_at = any(%s) and camera_id = any(%s) order by hour_at, camera_id""",
        (sorted(hours), list(cameras)),
    )
    return [Block(r[0], CameraId(r[1]), r[2], r[3], bytes(r[4])) for r in rows]


async def forget(tx: Tx, before: datetime) -> int:
    """Delete the blocks of hours before an instant; return how many. Their keys are destroyed first."""
    return len(await tx.all("delete from tracing_block where hour_at < %s returning 1", (before,)))
