"""The routes of footage, one file a topic."""

from __future__ import annotations

from fastapi import APIRouter

from ansimnet.slices.footage.api import live
from ansimnet.slices.footage.api.live import Desk

__all__ = ["Desk", "routes"]


def routes(desk: Desk) -> APIRouter:
    """Return every route of the slice."""
    api = APIRouter(prefix="/api/v1", tags=["footage"])
    api.include_router(live.routes(desk))
    return api
