"""Routes of tracing: for people, and for the workers that see."""

from __future__ import annotations

from ansimnet.slices.tracing.api.desk import Desk, routes

__all__ = ["Desk", "routes"]
