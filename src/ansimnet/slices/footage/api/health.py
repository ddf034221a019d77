"""The cameras' health over HTTP: how each is, why, and how much of the measured time it sent pictures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.model import WORDS
from ansimnet.slices.footage.store import archive as archives
from ansimnet.slices.footage.store import relays
from ansimnet.slices.policy import queries as policy

SCREEN = "camera-health"
HISTORY = timedelta(days=90)


class CameraHealthShown(BaseModel):
    """One camera now. Uptimes are shares of the time that was measured, null where none was."""

    camera_id: UUID
    code: str
    name: str
    lat: float
    lon: float
    live: bool
    reason: str
    ko: str
    en: str
    since: datetime | None
    uptime_24h: float | None
    uptime_90d: float | None
    measured_90d_s: float


class DiskWarning(BaseModel):
    """A disk of footage that needs a person. `full_at`: when the oldest footage will have to go early."""

    archive: str
    full_at: datetime | None
    clock_doubt: str | None


class HealthShown(BaseModel):
    """Every camera that a relay has ever tried to pull, and the disks that need somebody."""

    cameras: list[CameraHealthShown]
    disks: list[DiskWarning]


class SpellShown(BaseModel):
    """A time in one state. `until_at` null: it goes on."""

    from_at: datetime
    until_at: datetime | None
    live: bool
    reason: str


class SpellsShown(BaseModel):
    """What a camera went through in 90 days, oldest first; between two spells nobody measured."""

    spells: list[SpellShown]


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    async def may(account: policy.Account) -> None:
        if not desk.gives(account):
            raise NotFound("this centre has no cameras")
        await policy.permit(
            desk.giver.db, account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN, now=desk.clock.now()
        )

    @api.get("/footage/health")
    async def read_health(account: Annotated[policy.Account, Depends(door(Act.READ_STATUS))]) -> HealthShown:
        """How every camera is, since when, why, and how it has been."""
        await may(account)
        async with desk.giver.db.transaction() as tx:
            found = await relays.health(tx, desk.clock.now())
            known = await cameras.by_ids(tx, [h.camera_id for h in found])
            disks = await archives.disks(tx)
        return HealthShown(
            cameras=[
                CameraHealthShown(
                    camera_id=h.camera_id, code=c.code, name=c.address, lat=c.lat, lon=c.lon, live=h.live,
                    reason=h.reason, ko=WORDS.get(h.reason, (h.reason, ""))[0],
                    en=WORDS.get(h.reason, ("", h.reason))[1], since=h.since, uptime_24h=h.uptime_24h,
                    uptime_90d=h.uptime_90d, measured_90d_s=h.measured_90d_s,
                )
                for h in found
                if (c := known.get(h.camera_id)) is not None
            ],
            disks=[
                DiskWarning(archive=d.archive, full_at=d.full_at, clock_doubt=d.doubt)
                for d in disks
                if d.full_at is not None or d.doubt is not None
            ],
        )  # fmt: skip

    @api.get("/footage/health/{camera_id}")
    async def read_spells(
        camera_id: UUID, account: Annotated[policy.Account, Depends(door(Act.READ_STATUS))]
    ) -> SpellsShown:
        """What one camera went through."""
        await may(account)
        async with desk.giver.db.transaction() as tx:
            found = await relays.spells(tx, CameraId(camera_id), desk.clock.now() - HISTORY)
        return SpellsShown(
            spells=[SpellShown(from_at=a, until_at=b, live=live, reason=reason) for a, b, live, reason in found]
        )

    return api
