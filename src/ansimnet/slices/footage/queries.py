"""What other slices may ask about provisions. Ids, states and times; pictures come from the relay alone."""

from __future__ import annotations

from uuid import UUID

from ansimnet.kernel.ids import AlarmId, ProvisionId
from ansimnet.platform.db import Tx
from ansimnet.slices.footage import store
from ansimnet.slices.footage.model import Listed, OpenView, Provision, State

__all__ = ["Listed", "OpenView", "Provision", "State", "cameras_of", "of_alarm", "of_incident", "views_now"]


async def of_incident(tx: Tx, incident_id: UUID) -> Provision | None:
    """Return the provision that matters for an incident: one in force before one that is over, then the newest."""
    found = await store.of_incident(tx, incident_id)
    return next((p for p in found if p.open), found[0] if found else None)


async def of_alarm(tx: Tx, alarm_id: AlarmId) -> Provision | None:
    """Return the provision of an alarm."""
    return await store.of_alarm(tx, alarm_id)


async def cameras_of(tx: Tx, provision_id: ProvisionId) -> list[Listed]:
    """Return the cameras a provision opened, best first; those no longer listed come last, without a rank."""
    return await store.cameras_of(tx, provision_id)


async def views_now(tx: Tx, provision_id: ProvisionId) -> list[OpenView]:
    """Return who looks under a provision now: seats, never names. Known in the giving centre alone."""
    return await store.views_now(tx, provision_id)
