"""What holds keep: copies of the held segments under a key of the hold's own, so that the hour's key dies on time.

A copy begins as soon as the hold is known and goes on while more is recorded in its time. `hold.json` beside the copies
says what is held and until when, so that a hold is honoured though the database was restored to a day before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.disk import Disk, NoSpace
from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.model import HOUR, Damaged, Destroyed, Reel, Segment, Term, anchors_of, reels_of
from ansimnet.slices.footage.archive.segments import opened, reel_of, reels_in, sealed, walk
from ansimnet.slices.footage.model import Track

if TYPE_CHECKING:
    from ansimnet.slices.footage.archive.archive import Archive

AHEAD_BYTES = 512 << 20
"""Copied ahead in one turn: a few seconds' work, so that the next sweep is not late (ours)."""
WORDS = "hold.json"


def words_of(disk: Disk, name: str) -> Hold | None:
    """Return what the disk remembers of a hold, None where it keeps nothing."""
    try:
        return msgspec.json.decode(disk.read(f"holds/{name}/{WORDS}"), type=Hold)
    except FileNotFoundError:
        return None


class Keeper:
    """Copies what is held."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.disk, self.keys = archive.disk, archive.keys
        self._written: dict[UUID, Hold] = {}
        self._reels: dict[tuple[UUID, CameraId, Term, Track], Reel] = {}
        self._whole: set[tuple[Hold, CameraId, Term]] = set()

    def known(self, said: Iterable[Hold]) -> dict[UUID, Hold]:
        """Return the holds the index tells of, and those that only the disk remembers, by their ids."""
        holds = {h.hold_id: h for h in said}
        for hold_id in self.kept():
            if hold_id not in holds:
                hold = self._read(hold_id)
                if hold is not None:
                    holds[hold_id] = hold
        return holds

    def kept(self) -> list[UUID]:
        """Return the holds that keep something on this disk."""
        found = {UUID(name) for name in self.disk.names("holds")} | set(self.keys.holds())
        return sorted(found)

    def _read(self, hold_id: UUID) -> Hold | None:
        if hold_id not in self._written:
            hold = words_of(self.disk, str(hold_id))
            if hold is None:
                return None
            self._written[hold_id] = hold
        return self._written[hold_id]

    def _write(self, hold: Hold) -> None:
        if self._read(hold.hold_id) != hold:
            self.disk.replace(f"holds/{hold.hold_id}/{WORDS}", msgspec.json.encode(hold))
            self._written[hold.hold_id] = hold

    def forget(self, hold_id: UUID) -> None:
        """Remove the last of a hold whose key is destroyed and whose copies are gone."""
        self.disk.remove(f"holds/{hold_id}/{WORDS}")
        self.disk.sync([f"holds/{hold_id}/{WORDS}"])
        self.keys.drop_held(hold_id)
        self._written.pop(hold_id, None)
        self._reels = {k: v for k, v in self._reels.items() if k[0] != hold_id}
        self._whole = {k for k in self._whole if k[0].hold_id != hold_id}

    # -- copying

    def copy(self, holds: Iterable[Hold], camera_id: CameraId, term: Term, most: int | None = None) -> int:
        """Copy what holds keep of a camera's term and is not copied yet, synced; return the bytes.

        Raises:
            NoSpace: there is no room; what was copied stays.
        """
        return sum(self._copy(hold, camera_id, term, most) for hold in holds)

    def _copy(self, hold: Hold, camera_id: CameraId, term: Term, most: int | None) -> int:
        missing = self._missing(hold, camera_id, term)
        if not missing:
            self._copy_anchors(hold, camera_id, term)
            return 0
        try:
            key = self.keys.key(camera_id, term)
        except Destroyed:
            return 0
        self._write(hold)
        own, done, paths = self.keys.held_key(hold.hold_id, create=True), 0, set[str]()
        for segment in missing:
            if most is not None and done >= most:
                break
            record = self.disk.read(reel_of(segment).path, segment.offset, segment.size)
            try:
                plain = opened(key, segment, record)
            except Damaged:
                continue
            record = sealed(own, replace(segment, hold_id=hold.hold_id), plain)
            try:
                paths.add(self._append(hold.hold_id, segment, record))
            except NoSpace:  # the disk of this reel is full, or lost: another reel may find room on another one
                self._reels.pop((hold.hold_id, segment.camera_id, segment.term, segment.track), None)
                paths.add(self._append(hold.hold_id, segment, record))
            done += segment.size
        self.disk.sync(paths)
        for path in sorted(paths):
            self.disk.replace(f"{path}.ok", str(self.disk.size(path)).encode())
        self._copy_anchors(hold, camera_id, term)
        return done

    def _append(self, hold_id: UUID, segment: Segment, record: bytes) -> str:
        """Write a copy at the end of its reel; return the reel's path."""
        path = self._reel(hold_id, segment).path
        self.disk.append(path, record)
        return path

    def _copy_anchors(self, hold: Hold, camera_id: CameraId, term: Term) -> None:
        """Copy how the ledger took in the seals of what is kept, where more is known than was copied."""
        mine = reels_of(camera_id, term, hold.hold_id)
        for track in Track if self.disk.names(mine) else ():
            said, copied = (self._anchors(folder, track) for folder in (reels_of(camera_id, term), mine))
            if len(said) > len(copied):
                self.disk.replace(anchors_of(mine, track), said)

    def _anchors(self, folder: str, track: Track) -> bytes:
        try:
            return self.disk.read(anchors_of(folder, track))
        except FileNotFoundError:
            return b""

    def _reel(self, hold_id: UUID, segment: Segment) -> Reel:
        """Return the reel this run copies into; what another run left may be torn."""
        at = (hold_id, segment.camera_id, segment.term, segment.track)
        if at not in self._reels:
            reel = Reel(segment.camera_id, segment.term, segment.track, 0, hold_id)
            parts = [r.part for r in reels_in(self.disk, reel) if r.track is segment.track]
            self._reels[at] = replace(reel, part=max(parts, default=-1) + 1)
        return self._reels[at]

    def _missing(self, hold: Hold, camera_id: CameraId, term: Term) -> list[Segment]:
        """Return the segments a hold keeps of a camera's term that have no synced copy."""
        if (hold, camera_id, term) in self._whole:
            return []
        copied: set[tuple[Track, datetime, datetime]] = set()
        for reel in reels_in(self.disk, Reel(camera_id, term, Track.SUB, 0, hold.hold_id)):
            try:
                synced = int(self.disk.read(f"{reel.path}.ok"))
            except (FileNotFoundError, ValueError):
                continue
            copied |= {(s.track, s.start, s.end) for s in walk(self.disk, reel) if s.offset + s.size <= synced}
        found = [s for reel in reels_in(self.disk, Reel(camera_id, term, Track.SUB, 0)) for s in walk(self.disk, reel)]
        kept = [s for s in found if hold.keeps(camera_id, s.start, s.end)]
        missing = [s for s in kept if (s.track, s.start, s.end) not in copied]
        if not missing and rules.behind(term) + HOUR < self.archive.guard.now():  # nothing is added to it any more
            self._whole.add((hold, camera_id, term))
        return missing

    def whole(self, hold: Hold, camera_id: CameraId, term: Term) -> bool:
        """Return whether everything a hold keeps of a camera's term is copied."""
        return not self._missing(hold, camera_id, term)

    def ahead(self) -> int:
        """Copy what standing holds keep, the soonest due first, no more than a turn's share; return the bytes.

        Raises:
            NoSpace: there is no room now.
        """
        now = self.archive.guard.bounds()
        standing = [h for h in self.archive.holds.values() if not rules.ended(h, *now)]
        wanted = sorted(
            (self.archive.due(camera_id, term), camera_id, term)
            for camera_id in {c for h in standing for c in h.cameras}
            for term in map(Term.read, self.disk.names(f"reels/{camera_id}"))
            if term is not None
        )
        done = 0
        for _, camera_id, term in wanted:
            if done >= AHEAD_BYTES:
                break
            done += self.copy(rules.held(standing, camera_id, term), camera_id, term, AHEAD_BYTES - done)
        return done
