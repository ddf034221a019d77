"""Endless tasks that outlive what breaks them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

AGAIN_S = 1.0


async def forever(task: Callable[[], Awaitable[None]]) -> None:
    """Run an endless task; when it breaks, say so and start it again a second later."""
    while True:
        try:
            await task()
        except Exception:
            log.exception("task.broke", task=getattr(task, "__qualname__", "task"), again_in_s=AGAIN_S)
        await asyncio.sleep(AGAIN_S)
