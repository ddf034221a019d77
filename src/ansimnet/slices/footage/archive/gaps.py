"""What is missing of a time, with its cause, from what the index knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.index import HOLE, Index
from ansimnet.slices.footage.archive.model import Gap
from ansimnet.slices.footage.model import Track


async def missing(
    index: Index,
    camera_id: CameraId,
    track: Track,
    start: datetime,
    end: datetime,
    kept_from: datetime,
    more: Sequence[tuple[datetime, datetime]] = (),
) -> list[Gap]:
    """Return the time in `[start, end)` of which there are no pictures, each gap with its cause, in order.

    Args:
        kept_from: older than this everything is destroyed.
        more: spans that are recorded and not indexed yet.
    """
    covered = await index.covered(camera_id, track, start, end)
    noted = await index.gaps(camera_id, track, start, end)
    first = await index.first(camera_id, track)
    return rules.explain(rules.holes([*covered, *more], start, end, HOLE), noted, first, kept_from)
