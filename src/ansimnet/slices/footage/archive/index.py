"""What the archive remembers beside its files: covered time, gaps, certificates; what it asks before it destroys.

Files alone decide what can be found and what dies. The index answers questions about long stretches, tells gaps with
their cause, and is where a destruction becomes a fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.clock import Change
from ansimnet.slices.footage.archive.model import Gap, Term
from ansimnet.slices.footage.model import Track

HOLE = timedelta(seconds=0.5)
"""A hole shorter than this is none: players stretch the last picture over it."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Some of what a reel holds: time without holes, segments and bytes that were added."""

    camera_id: CameraId
    track: Track
    term: Term
    start: datetime
    end: datetime
    segments: int
    size: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Footage that the law keeps: of these cameras, of this time (None: all of it), until an end.

    `over`: somebody released it. What it keeps is known by the ids of its resources, some of which may be no camera.
    """

    hold_id: UUID
    cameras: frozenset[CameraId]
    from_at: datetime | None
    until_at: datetime | None
    ends_at: datetime
    over: bool = False

    def spans(self, camera_id: CameraId, start: datetime, end: datetime) -> bool:
        """Return whether it names all of a camera's pictures of `[start, end)`."""
        begun = self.from_at is None or self.from_at <= start
        return camera_id in self.cameras and begun and (self.until_at is None or self.until_at >= end)

    def keeps(self, camera_id: CameraId, start: datetime, end: datetime) -> bool:
        """Return whether it names a camera's pictures of `[start, end)`."""
        return (
            camera_id in self.cameras
            and (self.from_at is None or end > self.from_at)
            and (self.until_at is None or start < self.until_at)
        )


def held_until(
    holds: Iterable[Hold], cameras: Iterable[CameraId], start: datetime, end: datetime, now: datetime
) -> datetime | None:
    """Return until when standing holds keep all that these cameras recorded in `[start, end)`; None: they do not."""
    standing = [h for h in holds if not h.over and h.ends_at > now]
    ends = [max((h.ends_at for h in standing if h.spans(c, start, end)), default=None) for c in cameras]
    return None if not ends or None in ends else min(e for e in ends if e is not None)


Copied = tuple[UUID, CameraId, Term]
"""Of which hold, camera and term there are copies."""


class Why(StrEnum):
    """Why footage was destroyed."""

    EXPIRED = "expired"
    DISK_FULL = "disk-full"
    HOLD_ENDED = "hold-ended"
    KEY_GONE = "key-gone"  # bytes were found whose key was destroyed before: a copy of them was put back


@dataclass(frozen=True, slots=True)
class Died:
    """A leaf of a certificate: what one key opened. `digest`: SHA-256 over the heads of its records, in order."""

    camera_id: CameraId
    term: Term
    hold_id: UUID | None
    segments: int
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one sweep destroyed, and when. `root`: Merkle tree (RFC 6962) over the leaves in their order."""

    certificate_id: UUID
    why: Why
    destroyed_at: datetime
    died: tuple[Died, ...]
    root: bytes


@dataclass(frozen=True, slots=True)
class DiskState:
    """How the disk stands. `full_at`: when footage younger than its time will have to go, None: not within a day."""

    noted_at: datetime
    total: int
    free: int
    terms: int
    oldest_at: datetime | None
    next_at: datetime | None
    full_at: datetime | None
    doubt: str | None


class Destroying(Protocol):
    """A transaction in which cameras' footage is destroyed; nobody can place a hold on them before it ends."""

    @property
    def holds(self) -> Sequence[Hold]:
        """Return every hold that is known to stand or to be released, as this transaction sees them."""
        ...

    async def keep(self, hold_id: UUID, covered: Sequence[Covered]) -> None:
        """Add what a hold's copies cover."""
        ...

    async def certify(self, why: Why, died: Sequence[Died], at: datetime) -> None:
        """Write a certificate of what no certificate lists yet, forget it, and tell the ledger."""
        ...


class Index(Protocol):
    """The archive's memory."""

    async def note(self, covered: Sequence[Covered]) -> None:
        """Add what was recorded."""
        ...

    async def note_gap(self, camera_id: CameraId, track: Track, gap: Gap) -> None:
        """Add a gap; one that begins at the same instant is replaced."""
        ...

    async def covered(
        self, camera_id: CameraId, track: Track, start: datetime, end: datetime
    ) -> list[tuple[datetime, datetime]]:
        """Return the time in `[start, end)` of which there are pictures, in order; those that holds keep among them."""
        ...

    async def gaps(self, camera_id: CameraId, track: Track, start: datetime, end: datetime) -> list[Gap]:
        """Return the noted gaps that touch `[start, end)`, in order."""
        ...

    async def first(self, camera_id: CameraId, track: Track) -> datetime | None:
        """Return the earliest instant ever noted of a track, destroyed or not; None: it was never recorded."""
        ...

    async def agree(self, alive: Collection[tuple[CameraId, Term]]) -> datetime | None:
        """Forget what was recorded in any other term; return the newest instant noted, None where nothing is."""
        ...

    async def agree_kept(self, kept: Collection[Copied]) -> list[Copied]:
        """Forget every other copy of a hold; return those of these that were not known."""
        ...

    async def days(self) -> Mapping[CameraId, int]:
        """Return the cameras whose footage is kept for fewer than 30 days."""
        ...

    async def holds(self) -> list[Hold]:
        """Return every hold that stands or was released within the last quarter."""
        ...

    def destroying(self, cameras: Collection[CameraId]) -> AbstractAsyncContextManager[Destroying]:
        """Open a transaction in which footage of these cameras is destroyed."""
        ...

    async def tell_clock(self, change: Change, at: datetime) -> None:
        """Tell that the clock became doubtful or was settled."""
        ...

    async def tell_filling(self, full_at: datetime, at: datetime) -> None:
        """Tell that the disk will be full within a day."""
        ...

    async def note_disk(self, state: DiskState) -> None:
        """Note how the disk stands."""
        ...
