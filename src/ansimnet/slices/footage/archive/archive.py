"""The archive of one disk: segments in, segments out, and what is missing, with its cause."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.clock import Guard, is_present, term_at
from ansimnet.slices.footage.archive.disk import Disk, NoSpace
from ansimnet.slices.footage.archive.gaps import missing
from ansimnet.slices.footage.archive.index import HOLE, Covered, Hold, Index
from ansimnet.slices.footage.archive.keys import KeyStore
from ansimnet.slices.footage.archive.model import (
    HOUR,
    LONGEST,
    Cause,
    ClockInDoubt,
    Destroyed,
    Expired,
    Gap,
    OutOfTime,
    Reel,
    Segment,
    Term,
    hour_of,
)
from ansimnet.slices.footage.archive.periods import Periods
from ansimnet.slices.footage.archive.segments import Body, opened, packed, reel_of, reels_in, sealed, unpacked, walk
from ansimnet.slices.footage.model import Track


class Archive:
    """Encrypted segments on a disk. `put` and `read` may be called from any thread; the rest belongs to the loop."""

    def __init__(
        self, disk: Disk, keys: KeyStore, guard: Guard, index: Index,
        *, off: Callable[..., Awaitable[object]] = asyncio.to_thread,
    ) -> None:  # fmt: skip
        self.disk = disk
        self.keys = keys
        self.guard = guard
        self.index = index
        self.off = off
        """Runs what blocks beside the loop."""
        self.periods = Periods(disk)
        """How long each camera is kept; the sweeper reads it anew in every turn."""
        self.holds: Mapping[UUID, Hold] = {}
        """Holds whose copies may be read; read anew with them."""
        self._spare = int(disk.total() * rules.RESERVE) // 2  # copies for holds still find room when recording does not
        self._lock = threading.Lock()
        self._reels: dict[tuple[CameraId, Track], Reel] = {}
        self._fresh: list[Segment] = []
        self._ends: dict[tuple[CameraId, Track], datetime] = {}

    # -- in

    def put(self, camera_id: CameraId, track: Track, start: datetime, end: datetime, body: Body) -> Segment:
        """Seal and write a segment that was just recorded; `flush` makes it durable and known.

        Raises:
            OutOfTime: it is not of the present, or longer than 30 s.
            NoSpace: the disk is full; nothing was written.
            Destroyed: its hour was destroyed already.
        """
        if not timedelta(0) < end - start <= LONGEST or not is_present(self.guard, start):
            raise OutOfTime
        if self.disk.free() < self._spare:
            raise NoSpace
        term = term_at(self.guard, start, self.periods.of(camera_id))
        key = self.keys.key(camera_id, term, create=True)
        try:
            return self._append(Segment(camera_id, track, start, end, term, 0, 0, 0), key, body)
        except NoSpace:  # the disk of this reel is full, or lost: another reel may find room on another one
            with self._lock:
                self._reels.pop((camera_id, track), None)
            return self._append(Segment(camera_id, track, start, end, term, 0, 0, 0), key, body)

    def _append(self, segment: Segment, key: bytes, body: Body) -> Segment:
        with self._lock:
            reel = self._reel(segment.camera_id, segment.track, segment.term)
            segment = replace(segment, part=reel.part)
        record = sealed(key, segment, packed(body))
        with self._lock:
            offset = self.disk.append(reel.path, record)
            segment = replace(segment, offset=offset, size=len(record))
            self._fresh.append(segment)
        return segment

    def _reel(self, camera_id: CameraId, track: Track, term: Term) -> Reel:
        """Return the reel this process writes; one that another run left is not written on: its end may be torn."""
        reel = self._reels.get((camera_id, track))
        if reel is None or reel.term != term:
            reel = Reel(camera_id, term, track, 0)
            parts = [r.part for r in reels_in(self.disk, reel) if r.track is track]
            reel = Reel(camera_id, term, track, max(parts, default=-1) + 1)
            self._reels[camera_id, track] = reel
        return reel

    async def flush(self) -> int:
        """Make what was put outlast a power cut, and note it in the index; return how many segments there were.

        Where the index does not answer they are durable all the same, and noted by the next flush.
        """
        with self._lock:
            fresh = list(self._fresh)
        if fresh:
            await self.off(self.disk.sync, {reel_of(s).path for s in fresh})
            await self.index.note(self._follow_on(joined(fresh)))
            with self._lock:
                del self._fresh[: len(fresh)]
        return len(fresh)

    def _follow_on(self, covered: list[Covered]) -> list[Covered]:
        """Return spans that begin where the last flush ended, where nothing is missing between."""
        out = []
        for c in covered:
            at = (c.camera_id, c.track)
            last = self._ends.get(at)
            if last is not None and timedelta(0) < c.start - last <= HOLE:
                c = replace(c, start=last)
            self._ends[at] = c.end
            out.append(c)
        return out

    async def note_gap(
        self, camera_id: CameraId, track: Track, start: datetime, end: datetime | None, cause: Cause, detail: str = ""
    ) -> None:
        """Say why there are no pictures of a time; `end` None: it goes on, and is told again with its end."""
        await self.index.note_gap(camera_id, track, Gap(start, end or self.guard.now(), cause, detail))

    # -- out

    def segments(
        self, camera_id: CameraId, track: Track, start: datetime, end: datetime, *, hold_id: UUID | None = None
    ) -> list[Segment]:
        """Return the segments that touch `[start, end)`, in time; those of a hold's copy where it is named.

        From the files, so that the newest is there at once. What may not be read any more is not listed.
        """
        root = f"holds/{hold_id}" if hold_id else "reels"
        first, found = hour_of(start - LONGEST), list[Segment]()
        for name in self.disk.names(f"{root}/{camera_id}"):
            term = Term.read(name)
            if term is not None and first <= term.hour_at < end:
                for reel in reels_in(self.disk, Reel(camera_id, term, track, 0, hold_id)):
                    if reel.track is track:
                        found += [s for s in walk(self.disk, reel) if s.start < end and s.end > start]
        return sorted((s for s in found if self._may(s) is None), key=lambda s: (s.start, s.part, s.offset))

    def everywhere(self, camera_id: CameraId, track: Track, start: datetime, end: datetime) -> list[Segment]:
        """Return the segments that touch `[start, end)`, in time: where an hour is destroyed, those that holds keep."""
        found = self.segments(camera_id, track, start, end)
        have = {(s.start, s.end) for s in found}
        for hold in self.holds.values():
            if hold.keeps(camera_id, start, end):
                for s in self.segments(camera_id, track, start, end, hold_id=hold.hold_id):
                    if (s.start, s.end) not in have:
                        have.add((s.start, s.end))
                        found.append(s)
        return sorted(found, key=lambda s: (s.start, s.part, s.offset))

    def read(self, segment: Segment) -> Body:
        """Return what a segment holds.

        Raises:
            Expired: it is past its time, whatever the disk still holds.
            ClockInDoubt: by one reading of the clock it is.
            Destroyed: its key is gone.
            Damaged: its bytes do not open.
        """
        no = self._may(segment)
        if no is not None:
            raise no
        if segment.hold_id is not None:
            key = self.keys.held_key(segment.hold_id)
        else:
            key = self.keys.key(segment.camera_id, segment.term)
        try:
            record = self.disk.read(reel_of(segment).path, segment.offset, segment.size)
        except FileNotFoundError:
            raise Destroyed from None
        return unpacked(opened(key, segment, record))

    def _may(self, segment: Segment) -> Exception | None:
        """Return why a segment may not be read, None where it may."""
        if segment.hold_id is not None:
            hold = self.holds.get(segment.hold_id)
            if hold is None or hold.over:
                return Destroyed()
            earliest, latest = self.guard.bounds()
            over_at = hold.ends_at
        else:
            earliest, latest = self.guard.bounds(segment.term.epoch)
            over_at = self.due(segment.camera_id, segment.term)
            if self.guard.doubt is None:  # a wall clock a little off: it lives as long as its key (`JUMP_US`)
                latest = earliest
        if latest < over_at:
            return None
        return Expired() if earliest >= over_at else ClockInDoubt()

    def due(self, camera_id: CameraId, term: Term) -> datetime:
        """Return when a camera's term is destroyed."""
        return rules.due(term, self.periods.days(camera_id, term), self.guard.shift(term.epoch))

    async def gaps(self, camera_id: CameraId, track: Track, start: datetime, end: datetime) -> list[Gap]:
        """Return the time in `[start, end)` of which there are no pictures, each gap with its cause, in order."""
        with self._lock:
            fresh = [
                (max(s.start, start), min(s.end, end))
                for s in self._fresh
                if s.camera_id == camera_id and s.track is track and s.start < end and s.end > start
            ]
        if any(h.keeps(camera_id, start, end) for h in self.holds.values()):
            kept = await self.off(self.everywhere, camera_id, track, start, end)
            assert isinstance(kept, list)
            fresh += [(max(s.start, start), min(s.end, end)) for s in kept if s.hold_id is not None]
        kept_from = hour_of(self.guard.now() + rules.LEAD - timedelta(days=self.periods.of(camera_id))) + HOUR
        return await missing(self.index, camera_id, track, start, end, kept_from, fresh)


def joined(segments: Iterable[Segment]) -> list[Covered]:
    """Return what segments cover, those that follow on one another as one."""
    found: dict[tuple[CameraId, Track, Term], list[Covered]] = {}
    for s in segments:
        spans = found.setdefault((s.camera_id, s.track, s.term), [])
        last = spans[-1] if spans else None
        if last is not None and abs(s.start - last.end) <= HOLE:
            spans[-1] = Covered(
                s.camera_id, s.track, s.term, last.start, max(s.end, last.end), last.segments + 1, last.size + s.size
            )
        else:
            spans.append(Covered(s.camera_id, s.track, s.term, s.start, s.end, 1, s.size))
    return [span for spans in found.values() for span in spans]
