"""The routes of footage, one file a topic."""

from __future__ import annotations

from fastapi import APIRouter

from ansimnet.slices.footage.api import (
    exports,
    health,
    inspection,
    kept,
    live,
    onvif,
    ptz,
    recordings,
    retention,
    uplinks,
    walls,
    zones,
)
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.service.exports import Exports
from ansimnet.slices.footage.service.onvif import Onvif
from ansimnet.slices.footage.service.recordings import LookingBack
from ansimnet.slices.footage.service.steering import Steering
from ansimnet.slices.footage.service.uplinks import Scenes

__all__ = ["Desk", "routes"]


def routes(desk: Desk, back: LookingBack, out: Exports, scenes: Scenes, devices: Onvif) -> APIRouter:
    """Return every route of the slice."""
    api = APIRouter(prefix="/api/v1", tags=["footage"])
    api.include_router(live.routes(desk))
    api.include_router(recordings.routes(recordings.Past(desk, back)))
    api.include_router(exports.routes(out))
    api.include_router(inspection.routes(desk))
    api.include_router(retention.routes(desk))
    api.include_router(kept.routes(desk))
    api.include_router(walls.routes(desk))
    api.include_router(health.routes(desk))
    api.include_router(zones.routes(desk.giver.db, desk.clock))
    api.include_router(uplinks.routes(scenes))
    api.include_router(onvif.routes(desk, devices))
    api.include_router(ptz.routes(desk, Steering(devices)))
    return api
