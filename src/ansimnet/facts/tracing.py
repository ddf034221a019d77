"""What the tracing slice tells: every search, every key it released, every hop, every end. Never a description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, PermitId


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAsked(Fact):
    """Somebody asked to search for a person or a vehicle; `request_id` waits for a second person (TR-04)."""

    kind: ClassVar[str] = "tracing.search.asked.v1"
    search_id: UUID
    request_id: UUID
    missing: bool
    by: AccountId
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysReleased(Fact):
    """Keys of sightings were released to a search: so many cameras' hours, committed before one of them is opened."""

    kind: ClassVar[str] = "tracing.keys.released.v1"
    search_id: UUID
    permit_id: PermitId
    cameras: tuple[UUID, ...]
    from_at: datetime
    until_at: datetime
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HopMade(Fact):
    """A search took a step. Where it led is under the request's own key.

    `step`: look, him, not_him, taken-back, ahead, picture, clip, live, handed-over, copies.
    """

    kind: ClassVar[str] = "tracing.hop.made.v1"
    subject: ClassVar[str | None] = "request_id"
    personal: ClassVar[frozenset[str]] = frozenset({"content"})
    request_id: UUID
    search_id: UUID
    number: int
    step: str
    permit_id: PermitId
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectHandedOver(Fact):
    """112 is to be told where whom a search looks for was last confirmed. `message` is the JSON it receives."""

    kind: ClassVar[str] = "tracing.subject.handed-over.v1"
    subject: ClassVar[str | None] = "request_id"
    personal: ClassVar[frozenset[str]] = frozenset({"message"})
    request_id: UUID
    search_id: UUID
    by: AccountId
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEnded(Fact):
    """A search ended: closed, withdrawn, refused, expired, rejected or lapsed. All that it found lies sealed."""

    kind: ClassVar[str] = "tracing.search.ended.v1"
    search_id: UUID
    request_id: UUID
    why: str
    hops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsDestroyed(Fact):
    """What a search found was destroyed: nobody approved it in time, or its term is over."""

    kind: ClassVar[str] = "tracing.findings.destroyed.v1"
    search_id: UUID
    request_id: UUID
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingsDestroyed(Fact):
    """The keys of hours whose 30 days are over were destroyed, and the blocks they opened."""

    kind: ClassVar[str] = "tracing.sightings.destroyed.v1"
    before_at: datetime
    keys: int
    blocks: int
