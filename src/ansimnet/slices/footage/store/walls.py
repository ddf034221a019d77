"""All SQL of wall layouts, and of what is kept of each camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import AccountId, CameraId
from ansimnet.platform.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A layout. `tiles`: a camera's id, `map`, or an empty text, in tile order."""

    wall_id: UUID
    account_id: AccountId
    name: str
    shared: bool
    size: int
    tiles: tuple[str, ...]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class KeptRow:
    """What there is of a camera: since when, and when its oldest hour is over."""

    camera_id: CameraId
    oldest_at: datetime
    next_at: datetime


async def walls(tx: Tx, account_id: AccountId) -> list[Wall]:
    """Return an account's layouts and those its centre shares, by name."""
    rows = await tx.all(
        """select wall_id, account_id, name, shared, size, tiles, saved_at from footage_wall
           where account_id = %s or shared order by name, wall_id""",
        (account_id,),
    )
    return [
        Wall(wall_id=r[0], account_id=r[1], name=r[2], shared=r[3], size=r[4], tiles=tuple(r[5]), saved_at=r[6])
        for r in rows
    ]


async def save_wall(tx: Tx, wall: Wall) -> bool:
    """Write a layout, or write over one's own; False where the id is somebody else's."""
    row = await tx.one(
        """insert into footage_wall (wall_id, account_id, name, shared, size, tiles, saved_at)
           values (%s, %s, %s, %s, %s, %s, %s)
           on conflict (wall_id) do update set name = excluded.name, shared = excluded.shared, size = excluded.size,
               tiles = excluded.tiles, saved_at = excluded.saved_at
           where footage_wall.account_id = excluded.account_id returning wall_id""",
        (wall.wall_id, wall.account_id, wall.name, wall.shared, wall.size, list(wall.tiles), wall.saved_at),
    )
    return row is not None


async def drop_wall(tx: Tx, wall_id: UUID, account_id: AccountId) -> bool:
    """Remove one's own layout; False where there is none."""
    done = await tx.execute("delete from footage_wall where wall_id = %s and account_id = %s", (wall_id, account_id))
    return done.rowcount == 1


async def count_walls(tx: Tx, account_id: AccountId) -> int:
    """Return how many layouts an account has."""
    row = await tx.one("select count(*) from footage_wall where account_id = %s", (account_id,))
    return 0 if row is None else int(row[0])


async def kept(tx: Tx) -> list[KeptRow]:
    """Return what there is of each camera, holds apart."""
    rows = await tx.all(
        """select camera_id, min(lower(covers)), min(hour_at + days * interval '1 day') from footage_reel
           group by camera_id order by 3, 1"""
    )
    return [KeptRow(CameraId(r[0]), r[1], r[2]) for r in rows]
