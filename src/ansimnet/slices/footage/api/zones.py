"""Routes of privacy zones: what of a camera's picture nobody may see.

Who keeps the camera draws and removes them. Who looks at it may hide more of it, never less.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Permit, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.forms import Form
from ansimnet.slices.footage.service.zones import MOST_CORNERS, MOST_ZONES, add_zones, set_zones
from ansimnet.slices.footage.store import zones as store
from ansimnet.slices.policy import queries as policy

SCREEN = "privacy-zones"
Corner = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]
Zone = Annotated[list[Corner], Field(min_length=3, max_length=MOST_CORNERS)]
Reads = Annotated[policy.Account, Depends(door(Act.READ_STATUS))]
Keeps = Annotated[policy.Account, Depends(door(Act.SET_UP_CAMERA))]
Hides = Annotated[policy.Account, Depends(door(Act.TUNE_VISION))]


class ZonesForm(Form):
    """Zones of a camera: polygons, corners in parts of the picture from the top left."""

    zones: list[Zone] = Field(max_length=MOST_ZONES)


class ZonesShown(BaseModel):
    """The zones of a camera."""

    camera_id: UUID
    code: str
    name: str
    zones: list[list[tuple[float, float]]]


class ZonesListed(BaseModel):
    """The cameras of whose picture something is hidden."""

    cameras: list[ZonesShown]


def routes(city: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    async def may(account: policy.Account, act: Act, camera_id: UUID | None = None) -> Permit:
        purpose = Purpose.MAINTAIN if account.role is Role.FACILITY_MANAGER else Purpose.OPERATE
        return await policy.permit(
            city, account, act, resource=camera_id, purpose=purpose, screen=SCREEN, now=clock.now()
        )

    async def shown(camera_id: UUID) -> ZonesShown:
        async with city.transaction() as tx:
            known = await cameras.by_ids(tx, [CameraId(camera_id)])
            zones = await store.of_camera(tx, CameraId(camera_id))
        if not known:
            raise NotFound("there is no such camera")
        return _shown(known[CameraId(camera_id)], zones)

    @api.get("/footage/privacy-zones")
    async def list_privacy_zones(account: Reads) -> ZonesListed:
        """Every camera of whose picture something is hidden, by its code."""
        await may(account, Act.READ_STATUS)
        async with city.transaction() as tx:
            zones = await store.every(tx)
            known = await cameras.by_ids(tx, zones)
        listed = [_shown(camera, zones[camera_id]) for camera_id, camera in known.items()]
        return ZonesListed(cameras=sorted(listed, key=lambda c: c.code))

    @api.get("/cameras/{camera_id}/privacy-zones")
    async def privacy_zones(camera_id: UUID, account: Reads) -> ZonesShown:
        """What is hidden of one camera's picture."""
        await may(account, Act.READ_STATUS)
        return await shown(camera_id)

    @api.put("/cameras/{camera_id}/privacy-zones")
    async def put_privacy_zones(camera_id: UUID, form: ZonesForm, account: Keeps) -> ZonesShown:
        """Give one's own camera these zones and no others. New pictures are black there within seconds."""
        await may(account, Act.SET_UP_CAMERA, camera_id)
        async with city.transaction() as tx:
            await set_zones(tx, CameraId(camera_id), _polygons(form), actor=_name(account), now=clock.now())
        return await shown(camera_id)

    @api.post("/cameras/{camera_id}/privacy-zones")
    async def add_privacy_zones(camera_id: UUID, form: ZonesForm, account: Hides) -> ZonesShown:
        """Hide more of a camera's picture, beside what is hidden already."""
        await may(account, Act.TUNE_VISION, camera_id)
        async with city.transaction() as tx:
            await add_zones(tx, CameraId(camera_id), _polygons(form), actor=_name(account), now=clock.now())
        return await shown(camera_id)

    return api


def _shown(camera: cameras.Camera, zones: Collection[store.Polygon]) -> ZonesShown:
    return ZonesShown(camera_id=camera.camera_id, code=camera.code, name=camera.address, zones=[list(z) for z in zones])


def _polygons(form: ZonesForm) -> list[store.Polygon]:
    return [tuple(z) for z in form.zones]


def _name(account: policy.Account) -> str:
    return f"account:{account.account_id}"
