"""Which worker pulls which camera. Pure; every worker computes the same answer from the same list."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from ansimnet.kernel.ids import CameraId

MOST_CAMERAS = 250
"""Of one worker; measured: 200 cameras of 720p25 2 Mbit/s with a viewer each take half a core, 400 one to the full."""


def assign(cameras: Collection[CameraId], workers: int, most: int = MOST_CAMERAS) -> dict[CameraId, int]:
    """Return the worker of each camera, by the highest random weight; cameras no worker has room for are absent.

    A worker more or less moves only the cameras it takes or leaves; while nobody is full, a camera more moves none.
    """
    left = [most] * workers
    given: dict[CameraId, int] = {}
    for camera_id in sorted(cameras):
        ranked = sorted(range(workers), key=lambda worker: _weight(camera_id, worker), reverse=True)
        worker = next((w for w in ranked if left[w]), None)
        if worker is not None:
            left[worker] -= 1
            given[camera_id] = worker
    return given


def _weight(camera_id: CameraId, worker: int) -> bytes:
    return hashlib.blake2b(camera_id.bytes + worker.to_bytes(2, "big"), digest_size=8).digest()
