"""Identifiers. A DeviceId is never accepted where an AlarmId is meant."""

from __future__ import annotations

import hashlib
import os
import time
from typing import NewType
from uuid import UUID

CentreId = NewType("CentreId", UUID)
AccountId = NewType("AccountId", UUID)
GroundId = NewType("GroundId", UUID)
PermitId = NewType("PermitId", UUID)
FactId = NewType("FactId", UUID)
SubjectId = NewType("SubjectId", UUID)  # a person whose payload has a key of its own
CameraId = NewType("CameraId", UUID)
ProvisionId = NewType("ProvisionId", UUID)
WearerId = NewType("WearerId", UUID)
DeviceId = NewType("DeviceId", UUID)
FixId = NewType("FixId", UUID)
ConditionId = NewType("ConditionId", UUID)
AlarmId = NewType("AlarmId", UUID)
NoticeId = NewType("NoticeId", UUID)
ProtectedPersonId = NewType("ProtectedPersonId", UUID)
WarningId = NewType("WarningId", UUID)
IncidentId = NewType("IncidentId", UUID)
OrderId = NewType("OrderId", UUID)
UnitId = NewType("UnitId", UUID)
DeliveryId = NewType("DeliveryId", UUID)

NAMESPACE = UUID("a451a3e7-0000-5000-8000-616e73696d6e")
"""Root of every id derived from a name."""
_named = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False).copy


def new_id() -> UUID:
    """Return a fresh UUIDv7 (RFC 9562): ordered by time, so index pages stay warm."""
    ms = time.time_ns() // 1_000_000  # noqa: TID251 - ids carry their own clock
    value = (ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def named_id(*words: str) -> UUID:
    """Return the id of a name, a UUIDv5 (RFC 9562): the same words give the same id everywhere.

    >>> from uuid import uuid5
    >>> named_id("centre", "city") == uuid5(NAMESPACE, "centre/city")
    True
    """
    hashed = _named()  # of the namespace, which `uuid5` would hash anew each time: every fix has such an id
    hashed.update("/".join(words).encode())
    value = int.from_bytes(hashed.digest()[:16])
    return UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x5 << 76 | 0x2 << 62)


TRACKING_CENTRE = CentreId(named_id("centre", "tracking"))
"""The embedded tracking centre (위치추적센터)."""
CITY_CENTRE = CentreId(named_id("centre", "city"))
"""The embedded smart-city centre (스마트시티센터)."""
