"""All SQL of looks at recorded pictures and of bookmarks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import AccountId, CameraId
from ansimnet.platform.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A place on a camera's timeline. `words` in its author's own."""

    bookmark_id: UUID
    camera_id: CameraId
    at: datetime
    provision_id: UUID | None
    account_id: AccountId
    words: str
    placed_at: datetime


async def add_look(
    tx: Tx, view_id: UUID, camera_ids: Collection[CameraId], from_at: datetime, until_at: datetime, reason: str
) -> None:
    """Write what a view of recorded pictures can reach, and why."""
    await tx.execute(
        """insert into footage_look (view_id, camera_ids, from_at, until_at, reason) values (%s, %s, %s, %s, %s)""",
        (view_id, list(camera_ids), from_at, until_at, reason),
    )


async def look_cameras(tx: Tx, view_id: UUID) -> list[CameraId]:
    """Return the cameras of a view of recorded pictures; none for a live one."""
    row = await tx.one("select camera_ids from footage_look where view_id = %s", (view_id,))
    return [] if row is None else [CameraId(c) for c in row[0]]


async def add_bookmark(tx: Tx, b: Bookmark) -> None:
    """Write a bookmark."""
    await tx.execute(
        """insert into footage_bookmark (bookmark_id, camera_id, at, provision_id, account_id, words, placed_at)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        (b.bookmark_id, b.camera_id, b.at, b.provision_id, b.account_id, b.words, b.placed_at),
    )


async def bookmarks(tx: Tx, camera_id: UUID, from_at: datetime, until_at: datetime) -> list[Bookmark]:
    """Return a camera's bookmarks of a span, in order."""
    rows = await tx.all(
        """select bookmark_id, camera_id, at, provision_id, account_id, words, placed_at from footage_bookmark
           where camera_id = %s and at >= %s and at < %s order by at""",
        (camera_id, from_at, until_at),
    )
    return [
        Bookmark(
            bookmark_id=r[0],
            camera_id=CameraId(r[1]),
            at=r[2],
            provision_id=r[3],
            account_id=AccountId(r[4]),
            words=r[5],
            placed_at=r[6],
        )
        for r in rows
    ]


async def remove_bookmark(tx: Tx, bookmark_id: UUID, account_id: AccountId) -> CameraId | None:
    """Remove one's own bookmark; return its camera, None where there is no such."""
    row = await tx.one(
        "delete from footage_bookmark where bookmark_id = %s and account_id = %s returning camera_id",
        (bookmark_id, account_id),
    )
    return None if row is None else CameraId(row[0])


async def forget_bookmarks(tx: Tx, before: datetime) -> int:
    """Remove bookmarks on pictures that are no more; return how many."""
    rows = await tx.all("delete from footage_bookmark where at < %s returning 1", (before,))
    return len(rows)
