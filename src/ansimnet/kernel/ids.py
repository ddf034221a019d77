"""Identifiers. A DeviceId is never accepted where an AlarmId is meant."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from typing import NewType
from uuid import UUID, SafeUUID

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
    return _version_5(hashed.digest())


def named_under(*words: str) -> Callable[[bytes], UUID]:
    """Return what gives the ids of names that begin with these words: they are hashed once for all of them.

    >>> named_under("fix", "anklet-1")(b"noon/37.5/127.0") == named_id("fix", "anklet-1", "noon/37.5/127.0")
    True
    """
    begun = _named()
    begun.update(("/".join(words) + "/").encode())
    copy = begun.copy

    def of(rest: bytes) -> UUID:
        hashed = copy()
        hashed.update(rest)
        return _version_5(hashed.digest())

    return of


_CLEARED, _MARKED = ~(0xF << 76 | 0x3 << 62), 0x5 << 76 | 0x2 << 62
_blank, _set, _SAFETY = object.__new__, object.__setattr__, SafeUUID.unknown


def _version_5(digest: bytes) -> UUID:
    """Return the id of a SHA-1 digest. Its fields are set as `UUID` sets them, less the checks of what may come in."""
    found = _blank(UUID)
    _set(found, "int", int.from_bytes(digest[:16]) & _CLEARED | _MARKED)
    _set(found, "is_safe", _SAFETY)
    return found


TRACKING_CENTRE = CentreId(named_id("centre", "tracking"))
"""The embedded tracking centre (위치추적센터)."""
CITY_CENTRE = CentreId(named_id("centre", "city"))
"""The embedded smart-city centre (스마트시티센터)."""
