"""What the notifications slice tells: each attempt to reach somebody, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, DeliveryId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecorded(Fact):
    kind: ClassVar[str] = "notifications.delivery.recorded.v1"
    delivery_id: DeliveryId
    about: UUID  # the warning, order or request it carries
    channel: str  # live | web_push | sms | voice | agency
    state: str  # acknowledged | failed | undeliverable
    attempt: int
    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAlarmTaken(Fact):
    """A district's centre reported an alarm to this hub, which tells these agencies. Its words go to them alone."""

    kind: ClassVar[str] = "notifications.hub-alarm.taken.v1"
    report_id: UUID
    agency_id: UUID
    account_id: AccountId
    alarm_kind: str
    told: tuple[UUID, ...]
    unreached: tuple[str, ...]
