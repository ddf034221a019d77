"""What the archive talks about. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from ansimnet.kernel.errors import Conflict, Fault, NotFound, Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.model import Track

HOUR = timedelta(hours=1)
LAWFUL_DAYS = 30
"""The longest anything is kept without a hold (CC-04)."""
LONGEST = timedelta(seconds=30)
"""The longest segment: an hour with one in its last instant is 1 h 30 s from its first frame to its last."""
_NAME = re.compile(r"(\d{10})\.e(\d+)\.d(\d+)")


class Cause(StrEnum):
    """Why there is no picture of a time."""

    CAMERA_LOST = "camera-lost"
    CAMERA_FAULT = "camera-fault"
    RELAY_STOPPED = "relay-stopped"
    DISK_FULL = "disk-full"
    DISK_LOST = "disk-lost"
    CLOCK = "clock"
    DESTROYED = "destroyed"
    NEVER_RECORDED = "never-recorded"


class Destroyed(NotFound):
    """The key of these pictures was destroyed: nobody can see them again."""

    name = "destroyed"


class Expired(Destroyed):
    """These pictures are past their time."""

    name = "expired"


class ClockInDoubt(Conflict):
    """The clock is in doubt, and by one of its readings these pictures are past their time."""

    name = "clock-in-doubt"


class OutOfTime(Refusal):
    """A segment is recorded when it happens, begins before it ends, and lasts 30 s at most."""

    name = "out-of-time"


class Damaged(Fault):
    """A segment does not open under its key: its bytes were changed, or a power cut tore it."""


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """An hour of recording that dies at once.

    `hour_at` is the UTC hour; `epoch` numbers the stretch of the clock it was stamped by (`clock.Guard`); `days` is how
    long it may be kept, as it was when it was recorded: a longer period later does not make it live longer.
    """

    hour_at: datetime
    epoch: int
    days: int

    @property
    def name(self) -> str:
        """Return its name on the disk.

        >>> Term(datetime(2026, 3, 1, 4, tzinfo=UTC), 0, 30).name
        '2026030104.e0.d30'
        """
        return _named(self)

    @classmethod
    def read(cls, name: str) -> Term | None:
        """Return the term of a name, None where it is none.

        >>> Term.read("2026030104.e0.d30") == Term(datetime(2026, 3, 1, 4, tzinfo=UTC), 0, 30)
        True
        """
        return _read(name)


@lru_cache(maxsize=8192)  # ten times the hours of a month: names are asked for in every sweep
def _named(term: Term) -> str:
    return f"{term.hour_at:%Y%m%d%H}.e{term.epoch}.d{term.days}"


@lru_cache(maxsize=8192)
def _read(name: str) -> Term | None:
    m = _NAME.fullmatch(name)
    if m is None:
        return None
    at = m[1]
    try:
        hour_at = datetime(int(at[:4]), int(at[4:6]), int(at[6:8]), int(at[8:]), tzinfo=UTC)
    except ValueError:
        return None
    return Term(hour_at, int(m[2]), int(m[3]))


@dataclass(frozen=True, slots=True)
class Segment:
    """Some seconds of one track, and where they lie. `hold_id`: the copy that a hold keeps, under the hold's key."""

    camera_id: CameraId
    track: Track
    start: datetime
    end: datetime
    term: Term
    part: int
    offset: int
    size: int
    hold_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reel:
    """One file of segments: a track of a camera in one term. `part` counts on where a writer came back to the hour."""

    camera_id: CameraId
    term: Term
    track: Track
    part: int
    hold_id: UUID | None = None

    @property
    def folder(self) -> str:
        """Return the folder it lies in."""
        return reels_of(self.camera_id, self.term, self.hold_id)

    @property
    def path(self) -> str:
        """Return its file."""
        return f"{self.folder}/{self.track}.{self.part}.reel"


def reels_of(camera_id: CameraId, term: Term, hold_id: UUID | None = None) -> str:
    """Return the folder of a camera's term, or of what a hold keeps of it."""
    return f"{f'holds/{hold_id}' if hold_id else 'reels'}/{camera_id}/{term.name}"


def anchors_of(folder: str, track: Track) -> str:
    """Return the file, beside a track's reels, that says how the ledger took in their seals (`evidence.anchoring`)."""
    return f"{folder}/{track}.anchors"


@dataclass(frozen=True, slots=True)
class Gap:
    """There is no picture of `[start, end)`."""

    start: datetime
    end: datetime
    cause: Cause
    detail: str = ""


def hour_of(at: datetime) -> datetime:
    """Return the UTC hour an instant lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
