"""What other slices may ask: keeping an address of somebody they registered, in their own transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ansimnet.platform.db import Tx
from ansimnet.slices.notifications import store
from ansimnet.slices.notifications.model import Channel

__all__ = ["keep_phone", "reached_by"]


async def keep_phone(tx: Tx, subject_id: UUID, number: str, *, now: datetime) -> None:
    """Keep a phone number for text messages and calls. The number is sealed; nobody reads it back but the sender."""
    for channel in (Channel.SMS, Channel.VOICE):
        await store.save_address(tx, subject_id, channel, number, now)


async def reached_by(tx: Tx, about: UUID) -> list[tuple[str, str, datetime | None]]:
    """Return channel, state and end of every delivery about a thing."""
    rows = await tx.all(
        "select channel, state, ended_at from notifications_delivery where about = %s order by made_at", (about,)
    )
    return [(r[0], r[1], r[2]) for r in rows]
