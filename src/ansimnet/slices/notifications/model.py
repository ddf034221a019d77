"""Deliveries and the channels they go by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ansimnet.kernel.ids import DeliveryId


class Channel(StrEnum):
    """How somebody is reached."""

    WEB_PUSH = "web_push"
    SMS = "sms"
    VOICE = "voice"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to bring to one addressee by one channel. `about` is the warning or incident it carries."""

    delivery_id: DeliveryId
    about: UUID
    to: UUID
    channel: Channel
    content: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one browser takes pushes (W3C Push API). Keys base64url, unpadded."""

    endpoint: str
    p256dh: str
    auth: str
