"""What the relay must be told about rights. The only door between pictures and permits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.ids import CameraId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Masking, NoPermit
from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.turning import Turned

Span = tuple[datetime, datetime]
"""From, until."""


class BadTicket(Refusal):
    """This ticket is unknown, used, or too old."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-ticket"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera to pull. Its URLs hold its password and so stay out of every text form. `main_url` None: one stream.

    `zones`: the windows and homes that nobody may see; black in every picture that leaves the source. `turned`: what is
    known of a camera that turns, with zones that stand in the world. `listened_until`: the end of its site's own ground
    to be listened to; None: its sound is never set up. `heat_url`: the pictures of its heat sensor, where it has one.
    """

    camera_id: CameraId
    code: str
    name: str
    url: str = field(repr=False)
    zones: tuple[Polygon, ...] = ()
    main_url: str | None = field(default=None, repr=False)
    turned: Turned | None = None
    listened_until: datetime | None = None
    heat_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Portrait:
    """One instant of a recording in which whoever stands in `box` is clear, and nobody else."""

    at: datetime
    box: Box


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a right to recorded pictures reaches: these cameras, the first of them played, in [from_at, until).

    `portrait`: the one still that it opens besides, of somebody alone; such a right opens no other file.
    """

    cameras: tuple[Camera, ...]
    from_at: datetime
    until: datetime
    portrait: Portrait | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One viewer's right to one camera, live or recorded, as the relay holds it while the socket lives."""

    view_id: UUID
    permit_id: PermitId
    provision_id: ProvisionId | None
    camera: Camera
    viewer: str  # seat and centre, never a name
    masking: Masking
    may_mark: bool
    not_after: datetime
    marked: str | None = None
    mark_permit_id: PermitId | None = None
    recorded: Recorded | None = None  # None: the live picture
    sends: bool = False  # the right of a phone to bring pictures, not to take them

    @property
    def permits(self) -> frozenset[PermitId]:
        """Return every permit the view rests on; without one of them it ends."""
        return frozenset(p for p in (self.permit_id, self.mark_permit_id) if p is not None)


class End(StrEnum):
    """Why a view ended. The words of `ViewClosed.reason`."""

    LEFT = "left"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LEASE_LOST = "lease-lost"
    SOURCE_LOST = "source-lost"


@dataclass(frozen=True, slots=True)
class Lease:
    """What a re-reading of permits found: the end of each that is in force, by a reading `age_s` before the question.

    A gate that reads for itself has no such age; one that asks another relay is told how old its reading was.
    """

    ends: Mapping[PermitId, datetime]
    age_s: float = 0.0


class Gate(Protocol):
    """Rights, as the relay asks for them."""

    async def redeem(self, ticket: str) -> Held:
        """Use up a ticket. That the view was opened is committed before this returns.

        Raises:
            BadTicket, NoPermit, PermitOver: there is no right.
        """
        ...

    async def renew(self, permits: frozenset[PermitId]) -> Lease:
        """Return which permits are still in force, and until when. Failing to answer is losing the lease."""
        ...

    def endings(self) -> AsyncIterator[frozenset[PermitId]]:
        """Yield permits as they are revoked."""
        ...

    async def mark(self, held: Held, track: str) -> Held:
        """Return the right with one track clear; that it was marked is committed before this returns.

        Raises:
            NoPermit, PermitOver: this permit does not allow it.
        """
        ...

    async def closed(
        self, held: Held, end: End, *, frames: int, size: int, shed: int = 0, seen: Sequence[Span] = ()
    ) -> None:
        """Record the end of a view. `size` counts bytes, `shed` frames not sent; `seen`: what was shown of the past."""
        ...


class InMemoryGate:
    """A gate without a database: for tests, and for whoever embeds the relay elsewhere."""

    def __init__(self) -> None:
        self.tickets: dict[str, Held] = {}
        self.permits: dict[PermitId, datetime] = {}
        self.opened: list[Held] = []
        self.marked: list[tuple[PermitId, str]] = []
        self.ended: list[tuple[Held, End, int, int]] = []
        self.seen: list[Span] = []
        self.reachable = True
        self.marks_last: timedelta | None = None  # None: as long as the right to the picture
        self._endings: asyncio.Queue[frozenset[PermitId]] = asyncio.Queue()

    def issue(
        self,
        camera: Camera,
        not_after: datetime,
        *,
        masking: Masking = Masking.ORIGINAL,
        may_mark: bool = False,
        recorded: Recorded | None = None,
    ) -> tuple[str, PermitId]:
        """Return a fresh ticket and its permit."""
        ticket, permit = secrets.token_urlsafe(24), PermitId(new_id())
        self.permits[permit] = not_after
        self.tickets[ticket] = Held(
            view_id=new_id(),
            permit_id=permit,
            provision_id=ProvisionId(new_id()),
            camera=camera,
            viewer="seat 07",
            masking=masking,
            may_mark=may_mark,
            not_after=not_after,
            recorded=recorded,
        )
        return ticket, permit

    def revoke(self, permit: PermitId) -> None:
        """End a permit at once."""
        self.permits.pop(permit, None)
        self._endings.put_nowait(frozenset({permit}))

    def _answer(self) -> None:
        if not self.reachable:
            raise ConnectionError("unreachable")

    async def redeem(self, ticket: str) -> Held:
        self._answer()
        held = self.tickets.pop(ticket, None)
        if held is None:
            raise BadTicket
        self.opened.append(held)
        return held

    async def renew(self, permits: frozenset[PermitId]) -> Lease:
        self._answer()
        return Lease({p: self.permits[p] for p in permits if p in self.permits})

    async def endings(self) -> AsyncIterator[frozenset[PermitId]]:
        while True:
            yield await self._endings.get()

    async def mark(self, held: Held, track: str) -> Held:
        self._answer()
        if not held.may_mark:
            raise NoPermit("this permit does not allow marking a track")
        self.marked.append((held.permit_id, track))
        permit = PermitId(new_id())
        own = now() + self.marks_last if self.marks_last is not None else held.not_after
        self.permits[permit] = own
        end = min(held.not_after, own)
        return replace(held, masking=Masking.MARKED, marked=track, mark_permit_id=permit, not_after=end)

    async def closed(
        self, held: Held, end: End, *, frames: int, size: int, shed: int = 0, seen: Sequence[Span] = ()
    ) -> None:
        self._answer()
        self.seen += seen
        self.ended.append((held, end, frames, size))
