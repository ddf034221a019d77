"""What there is of each camera: its oldest picture, and when that goes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.api.retention import SCREEN
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS
from ansimnet.slices.footage.store import walls as store
from ansimnet.slices.policy import queries as policy


class KeptCameraShown(BaseModel):
    """A camera of which something is kept. `code` null: it is no longer in service."""

    camera_id: UUID
    code: str | None
    name: str | None
    days: int
    oldest_at: datetime
    next_at: datetime


class KeptShown(BaseModel):
    """The cameras of which something is kept, what goes next first."""

    cameras: list[KeptCameraShown]


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    @api.get("/footage/retention/cameras")
    async def read_kept(account: Annotated[policy.Account, Depends(door(Act.HOLD_DATA))]) -> KeptShown:
        """Of each camera the oldest picture and the next destruction; what is held is copied and outlives it."""
        await policy.permit(
            desk.home(account), account, Act.HOLD_DATA, purpose=Purpose.INVESTIGATE, screen=SCREEN, now=desk.clock.now()
        )
        async with desk.home(account).transaction() as tx:
            rows = await store.kept(tx)
            known = await cameras.by_ids(tx, [r.camera_id for r in rows])
            shorter = await cameras.kept_shorter(tx, LAWFUL_DAYS)
        found = []
        for r in rows:
            c = known.get(r.camera_id)
            found.append(
                KeptCameraShown(
                    camera_id=r.camera_id,
                    code=None if c is None else c.code,
                    name=None if c is None else c.address,
                    days=shorter.get(r.camera_id, LAWFUL_DAYS),
                    oldest_at=r.oldest_at,
                    next_at=r.next_at,
                )
            )
        return KeptShown(cameras=found)

    return api
