"""What other slices may ask about provisions, and the tickets that stand for a permit of theirs at the relay.

Ids, states and times; pictures come from the relay alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AlarmId, CameraId, PermitId, ProvisionId
from ansimnet.kernel.permits import Masking, Permit
from ansimnet.platform.db import Tx
from ansimnet.slices.footage import store
from ansimnet.slices.footage.model import Listed, OpenView, Provision, Span, State
from ansimnet.slices.footage.store import relays
from ansimnet.slices.footage.store.exports import offer_route
from ansimnet.slices.policy import queries as policy

__all__ = [
    "Listed",
    "OpenView",
    "Provision",
    "Span",
    "State",
    "Ticket",
    "account_to_json",
    "cameras_of",
    "hand",
    "hand_live",
    "hand_portrait",
    "hand_recorded",
    "of_alarm",
    "of_incident",
    "offer_route",
    "views_now",
]

STILL = timedelta(seconds=1)
"""A still's right reaches so far around its instant."""
_CENTRES = {TRACKING_CENTRE: "tracking", CITY_CENTRE: "city"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a viewer needs to connect."""

    ticket: str
    permit_id: PermitId
    not_after: datetime
    masking: Masking
    url: str | None  # of the worker that pulls the camera; None while none does


async def hand_live(tx: Tx, account: policy.Account, permit: Permit, camera_id: CameraId, now: datetime) -> Ticket:
    """Return a one-use ticket to a camera's live picture, everybody masked, under another slice's permit."""
    return await hand(tx, account, permit, camera_id, Masking.MASKED, now)


async def hand_recorded(
    tx: Tx,
    account: policy.Account,
    permit: Permit,
    camera_id: CameraId,
    from_at: datetime,
    until_at: datetime,
    reason: str,
    now: datetime,
) -> Ticket:
    """Return a one-use ticket to a span of a camera's recording, everybody masked, under another slice's permit."""
    said = {
        "cameras": [str(camera_id)],
        "from": from_at.isoformat(),
        "until": until_at.isoformat(),
        "reason": reason,
    }
    return await hand(tx, account, permit, camera_id, Masking.MASKED, now, recorded=said)


async def hand_portrait(
    tx: Tx,
    account: policy.Account,
    permit: Permit,
    lifted: Permit,
    camera_id: CameraId,
    at: datetime,
    box: tuple[float, float, float, float],
    name: str,
    reason: str,
    now: datetime,
) -> Ticket:
    """Return a one-use ticket to a recorded instant in which whoever stands in a box alone is clear.

    Args:
        permit: covers seeing this camera.
        lifted: covers lifting one mask on it.
        box: x1 y1 x2 y2 in parts of the picture.
        name: what the clear track is called on the ledger.
    """
    await policy.mark_track(tx, lifted, camera_id, name, now)
    said = {
        "cameras": [str(camera_id)],
        "from": (at - STILL).isoformat(),
        "until": (at + STILL).isoformat(),
        "reason": reason,
        "portrait": {"at": at.isoformat(), "box": list(box)},
    }
    mark = str(lifted.permit_id)
    return await hand(
        tx, account, permit, camera_id, Masking.MARKED, now, recorded=said, track=name, mark_permit_id=mark
    )


async def hand(
    tx: Tx, account: policy.Account, permit: Permit, camera_id: CameraId, masking: Masking, now: datetime, **more: Any
) -> Ticket:
    """Return a ticket that tells the relay who looks, how clearly, and what else it must know."""
    extras: dict[str, Any] = {
        "masking": masking.value,
        "viewer": f"{account.login}@{_CENTRES.get(account.centre_id, 'elsewhere')}",
        "account": account_to_json(account),
        **more,
    }
    ticket = await policy.issue_ticket(tx, permit, camera_id, extras, now)
    return Ticket(ticket, permit.permit_id, permit.not_after, masking, await relays.url_of(tx, camera_id))


def account_to_json(account: policy.Account) -> dict[str, Any]:
    """Return what the city may know of a viewer elsewhere: his seat and role, never a name."""
    return {
        "account_id": str(account.account_id),
        "centre_id": str(account.centre_id),
        "login": account.login,
        "role": account.role.value,
        "subject_id": None if account.subject_id is None else str(account.subject_id),
    }


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
