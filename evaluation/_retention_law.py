"""What the law says of each recorded second, and whether the archive kept to it. It alone knows the true time.

Independent of the archive's own rules: it opens no module that decides when something dies. It holds what was recorded,
looks for the wrapped key's bytes anywhere on the disk of keys, and asks the archive to show the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.model import Segment

LATE = timedelta(seconds=60)
"""Readable longer than this after its days, while the service runs, is late."""
NEAR = timedelta(hours=2)
EARLY = timedelta(hours=1, minutes=1)
"""Gone sooner than this before its days is early: 29 d 22 h 59 min of thirty days."""


@dataclass(slots=True)
class Kept:
    """One recorded segment as the law sees it.

    `days`: the shortest term that was ever in force for it. `least`: the shortest that was in force in its hour, for
    which it may be kept no longer: an hour of a camera is kept as one.
    """

    segment: Segment
    camera_id: CameraId
    begins: datetime  # true time
    ends: datetime
    days: int
    least: int
    wrapped: bytes
    picture: bytes
    durable: bool = False
    lost: bool = False  # its run ended before it was durable: it may be there or not, and dies on time all the same
    evicted: bool = False
    destroyed: bool = False
    seen_dead: int = -1  # in which run of the machine it was looked at last since it died
    counted: set[str] = field(default_factory=set)

    @property
    def over(self) -> datetime:
        """Return when its time is over."""
        return self.begins + timedelta(days=self.days)

    @property
    def owed(self) -> datetime:
        """Return until when it must be there."""
        return self.ends + timedelta(days=min(self.days, self.least)) - EARLY


@dataclass(slots=True)
class LawHold:
    """A hold as it was placed: of which camera and stamped time, until which true time. `owes`: what it must keep."""

    hold_id: UUID
    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    ends: datetime
    owes: list[Kept] = field(default_factory=list)
    wrapped: bytes | None = None

    def names(self, kept: Kept) -> bool:
        """Return whether it names a segment."""
        s = kept.segment
        return s.camera_id == self.camera_id and s.end > self.from_at and s.start < self.until_at


@dataclass(slots=True)
class Score:
    """What went wrong, over however many histories."""

    late: int = 0
    early: int = 0
    readable_after_destroy: int = 0
    restored_frames: int = 0
    out_of_order: int = 0
    unwarned: int = 0
    faults: int = 0
    checks: int = 0
    segments: int = 0
    evicted: int = 0
    held: int = 0
    doubts: int = 0
    cuts: int = 0
    restores: int = 0
    examples: list[int] = field(default_factory=list)
    """Numbers of the histories in which something went wrong: with the seed they play again as they were."""

    def wrong(self) -> int:
        """Return how much broke the law."""
        return sum((
            self.late, self.early, self.readable_after_destroy, self.restored_frames, self.out_of_order,
            self.unwarned, self.faults,
        ))  # fmt: skip

    def add(self, other: Score) -> None:
        """Take another's counts in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def shown(archive: Archive, segment: Segment) -> bytes | None:
    """Return the picture the archive shows of a segment, None where it refuses."""
    try:
        return bytes(archive.read(segment).fragments)
    except (Refusal, Fault):
        return None


class Law:
    """Everything recorded in one history, and how the archive has treated it."""

    def __init__(self, keys: Callable[[], Iterable[bytes]], score: Score) -> None:
        self._keys = keys
        self.score = score
        self.kept: list[Kept] = []
        self.holds: dict[UUID, LawHold] = {}

    def alive(self, wrapped: bytes) -> bool:
        """Return whether a wrapped key lies anywhere on the disk of keys."""
        return any(wrapped in content for content in self._keys())

    def record(self, kept: Kept, at: datetime) -> None:
        """Take in what was recorded; holds that name its time owe it."""
        self.kept.append(kept)
        self.score.segments += 1
        for hold in self.holds.values():
            if at < hold.ends and hold.names(kept):
                hold.owes.append(kept)

    def hold(self, hold: LawHold) -> None:
        """Take in a hold: what it names and is alive is owed."""
        self.holds[hold.hold_id] = hold
        hold.owes = [k for k in self.kept if k.durable and not k.destroyed and hold.names(k) and self.alive(k.wrapped)]

    def shorten(self, camera_id: CameraId, days: int) -> None:
        """Take in that a camera's footage is kept for fewer days from now on; more days change nothing of the past."""
        for kept in self.kept:
            if kept.camera_id == camera_id:
                kept.days = min(kept.days, days)

    def _count(self, kept: Kept, what: str) -> None:
        if what not in kept.counted:
            kept.counted.add(what)
            setattr(self.score, what, getattr(self.score, what) + 1)

    async def check(
        self, archive: Archive, at: datetime, *, run: int, swept: bool, doubted: bool, off: timedelta
    ) -> None:
        """Look at everything.

        `run` counts the starts of the archive. `swept`: a sweep ended within the last 20 s, so that what must be gone
        is, and what went is certified. `doubted`: the clock is truly in doubt. `off`: how far the wall clock is off, by
        which the end of a hold, which is written in its time, moves.
        """
        self.score.checks += 1
        keys = b"|".join(self._keys())
        for kept in self.kept:
            if kept.destroyed and kept.seen_dead == run:
                continue  # nothing of it came back since
            key = kept.wrapped in keys
            if key and at < kept.owed - NEAR and self.score.checks % 8:
                continue  # far from every limit: looked at now and then
            picture = shown(archive, kept.segment)
            if kept.destroyed and (key or picture is not None):
                self._count(kept, "readable_after_destroy")
            if at > kept.over + LATE and (picture is not None or (key and swept and not doubted)):
                self._count(kept, "late")
            if (
                swept
                and at < kept.owed
                and kept.durable
                and not kept.evicted
                and (not key or (picture != kept.picture and not doubted))
            ):
                self._count(kept, "early")
            if not key:
                kept.destroyed = True
                kept.seen_dead = run
        for hold in self.holds.values():
            self._check_hold(hold, archive, at, keys, swept=swept, doubted=doubted, off=off)

    def _check_hold(
        self, hold: LawHold, archive: Archive, at: datetime, keys: bytes, *, swept: bool, doubted: bool, off: timedelta
    ) -> None:
        if swept and at < hold.ends - off and not doubted:
            for kept in hold.owes:
                s = kept.segment
                copies = archive.segments(s.camera_id, s.track, s.start, s.end, hold_id=hold.hold_id)
                if shown(archive, s) != kept.picture and kept.picture not in [shown(archive, c) for c in copies]:
                    self._count(kept, "early")
        if at > hold.ends + LATE + off:
            key = hold.wrapped is not None and hold.wrapped in keys
            copies = [
                c for k in hold.owes
                for c in archive.segments(
                    k.segment.camera_id, k.segment.track, k.segment.start, k.segment.end, hold_id=hold.hold_id
                )
            ]  # fmt: skip
            read = any(shown(archive, c) is not None for c in copies)
            if hold.owes and (read or (key and swept and not doubted)):
                self._count(hold.owes[0], "late")
