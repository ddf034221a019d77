"""What the cameras slice tells: imports, and cameras that fall silent or speak again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, CameraId


@dataclass(frozen=True, slots=True, kw_only=True)
class CamerasImported(Fact):
    kind: ClassVar[str] = "cameras.file.imported.v1"
    import_id: UUID
    accepted: int
    refused: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealthChanged(Fact):
    kind: ClassVar[str] = "cameras.health.changed.v1"
    camera_id: CameraId
    live: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPermitted(Fact):
    """From now on the kinds of sound at a camera may be told in memory, by that clause and decision, until then."""

    kind: ClassVar[str] = "cameras.sound.permitted.v1"
    ground_id: UUID
    camera_id: CameraId
    clause: str
    decision: str
    until_at: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundForbidden(Fact):
    """The ground to listen at a camera was ended before its time."""

    kind: ClassVar[str] = "cameras.sound.forbidden.v1"
    ground_id: UUID
    camera_id: CameraId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRestricted(Fact):
    """No camera may be put at a place, by that clause (CC-06); its gap is looked for from now on."""

    kind: ClassVar[str] = "cameras.place.restricted.v1"
    restriction_id: UUID
    clause: str
    by: AccountId
