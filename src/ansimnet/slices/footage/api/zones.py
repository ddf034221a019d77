"""Routes of privacy zones: what of a camera's picture nobody may see."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.footage.api.forms import Form
from ansimnet.slices.footage.service.zones import MOST_CORNERS, MOST_ZONES, set_zones
from ansimnet.slices.footage.store import zones as store
from ansimnet.slices.policy import queries as policy

Corner = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]
Zone = Annotated[list[Corner], Field(min_length=3, max_length=MOST_CORNERS)]
Keeper = Annotated[policy.Account, Depends(door(Act.MANAGE_FACILITIES))]


class ZonesForm(Form):
    """The zones of a camera: polygons, corners in parts of the picture from the top left."""

    zones: list[Zone] = Field(max_length=MOST_ZONES)


class ZonesShown(BaseModel):
    """The zones of a camera."""

    camera_id: UUID
    zones: list[list[tuple[float, float]]]


def routes(city: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/cameras/{camera_id}/privacy-zones")

    async def permit(account: policy.Account, camera_id: UUID) -> None:
        await policy.permit(
            city,
            account,
            Act.MANAGE_FACILITIES,
            resource=camera_id,
            purpose=Purpose.MAINTAIN,
            screen="privacy-zones",
            now=clock.now(),
        )

    async def shown(camera_id: UUID) -> ZonesShown:
        async with city.transaction() as tx:
            zones = await store.of_camera(tx, CameraId(camera_id))
        return ZonesShown(camera_id=camera_id, zones=[list(z) for z in zones])

    @api.get("")
    async def privacy_zones(camera_id: UUID, account: Keeper) -> ZonesShown:
        """The privacy zones of one's own camera."""
        await permit(account, camera_id)
        return await shown(camera_id)

    @api.put("")
    async def put_privacy_zones(camera_id: UUID, form: ZonesForm, account: Keeper) -> ZonesShown:
        """Give one's own camera these zones and no others. New pictures are black there within seconds."""
        await permit(account, camera_id)
        async with city.transaction() as tx:
            await set_zones(
                tx,
                CameraId(camera_id),
                [tuple(z) for z in form.zones],
                actor=f"account:{account.account_id}",
                now=clock.now(),
            )
        return await shown(camera_id)

    return api
