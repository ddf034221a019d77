"""Taking sightings in: each block is sealed to its camera's and hour's public key before it is written anywhere.

What is acknowledged is committed. A batch that is sent again changes nothing.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.platform.db import Db
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.tracing.model import HOUR, KEPT, Block, hour_of
from ansimnet.slices.tracing.rules import sealing, tracks
from ansimnet.slices.tracing.rules.tracks import Track
from ansimnet.slices.tracing.store import sightings
from ansimnet.slices.tracing.store.keys import HourKeys

MOST = 2000
"""Tracks in one batch: a minute of a crowded square. Ours."""

LEAST_SEALED = 48
"""A sealed block is longer than its sender's key and its tag (32 + 16 bytes)."""


@dataclass(slots=True)
class Receipt:
    """What became of a batch. `refused`: which tracks, and why."""

    taken: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def bound_to(camera_id: CameraId, hour_at: datetime) -> bytes:
    """Return what a block is bound to: it opens for its own camera and hour alone."""
    return f"tracing|{camera_id}|{hour_at:%Y%m%d%H}".encode()


async def take(db: Db, keys: HourKeys, batch_id: UUID, said: Sequence[object], now: datetime) -> Receipt:
    """Take a batch of tracks; return only once what was taken is committed, sealed."""
    receipt, good = Receipt(), list[Track]()
    for index, one in enumerate(said):
        read = tracks.read(one, now) if index < MOST else f"a batch is of {MOST} tracks"
        if isinstance(read, str):
            receipt.refused.append((index, read))
        else:
            good.append(read)
    async with db.transaction() as tx:
        known = await cameras.by_ids(tx, {CameraId(t.camera_id) for t in good})
    strangers = [t for t in good if CameraId(t.camera_id) not in known]
    receipt.refused += [(-1, f"no camera in service: {t.camera_id}") for t in strangers]
    good = [t for t in good if CameraId(t.camera_id) in known]
    blocks = await asyncio.to_thread(_sealed, keys, batch_id, good, now)
    async with db.transaction() as tx:
        await sightings.add(tx, blocks, now)
    receipt.taken = len(good)
    return receipt


def _hour(track: Track) -> datetime:
    return hour_of(datetime.fromtimestamp(track.from_s, UTC))


def _place(track: Track) -> tuple[datetime, UUID]:
    return _hour(track), track.camera_id


def _sealed(keys: HourKeys, batch_id: UUID, good: list[Track], now: datetime) -> list[Block]:
    blocks = []
    for hour_at, of_hour in groupby(sorted(good, key=_place), key=_hour):
        by_camera = {CameraId(c): list(ts) for c, ts in groupby(of_hour, key=lambda t: t.camera_id)}
        public = keys.public(hour_at, by_camera.keys(), now)
        for camera_id, own in by_camera.items():
            sealed = sealing.seal(public[camera_id], tracks.pack(own), bound_to(camera_id, hour_at))
            block_id = named_id("tracing-block", str(batch_id), str(camera_id), f"{hour_at:%Y%m%d%H}")
            blocks.append(Block(block_id, camera_id, hour_at, len(own), sealed))
    return blocks


# ------------------------------------------------------------------------------------------------- sealed elsewhere


def keys_for(keys: HourKeys, chosen: Collection[CameraId], now: datetime) -> dict[CameraId, dict[str, str]]:
    """Return what a worker seals with: of each camera the public keys of the hour before, this one and the next.

    By hour as `YYYYMMDDHH` in UTC, each 32 bytes in base64.
    """
    found: dict[CameraId, dict[str, str]] = {camera_id: {} for camera_id in chosen}
    for n in (-1, 0, 1):
        hour_at = hour_of(now) + n * HOUR
        for camera_id, public in keys.public(hour_at, chosen, now).items():
            found[camera_id][f"{hour_at:%Y%m%d%H}"] = base64.b64encode(public).decode()
    return found


async def take_sealed(db: Db, said: Sequence[tuple[str, str, str, bytes]], now: datetime) -> list[str]:
    """Keep blocks that workers of this machine sealed: id, camera, hour as in `keys_for`, bytes. Return ids to forget.

    A block of no camera, or of an hour that is past its 30 days or to come, is forgotten and not kept.
    """
    blocks = []
    for block_id, camera_id, hour, sealed in said:
        hour_at = datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC)
        if now - KEPT < hour_at <= now + HOUR and len(sealed) > LEAST_SEALED:
            blocks.append(Block(UUID(block_id), CameraId(UUID(camera_id)), hour_at, 1, sealed))
    async with db.transaction() as tx:
        known = await cameras.by_ids(tx, {b.camera_id for b in blocks})
        await sightings.add(tx, [b for b in blocks if b.camera_id in known], now)
    return [one[0] for one in said]
