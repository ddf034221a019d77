"""Every route of vision for people; workers have doors of their own (`ingest`)."""

from __future__ import annotations

from fastapi import APIRouter

from ansimnet.slices.vision.api import alarms, quality, setups
from ansimnet.slices.vision.api.desk import Desk

__all__ = ["Desk", "routes"]


def routes(desk: Desk) -> APIRouter:
    """Return every route of the slice."""
    api = APIRouter(prefix="/api/v1", tags=["vision"])
    api.include_router(alarms.routes(desk))
    api.include_router(setups.routes(desk))
    api.include_router(quality.routes(desk))
    return api
