"""Recorded pictures of a time, wherever they lie: the newest in memory, the rest in the archive."""

from __future__ import annotations

import asyncio
from datetime import datetime

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.model import Destroyed, Gap
from ansimnet.slices.footage.archive.segments import Body
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.recording.frames import Frames, join
from ansimnet.slices.footage.recording.recorder import Recorder
from ansimnet.slices.footage.relay.ring import Frame, Init

MOST_S = 600.0
"""The longest stretch read at once: ten minutes of 2 Mbit/s are 150 MB."""


class Window:
    """Reads the archive and the recorder's memory as one. Originals: whoever reads holds a permit and masks."""

    def __init__(self, archive: Archive, recorder: Recorder | None = None) -> None:
        self.archive = archive
        self.recorder = recorder
        self._inits: dict[tuple[bytes, bytes], Init] = {}

    async def frames(
        self, camera_id: CameraId, from_at: datetime, until: datetime, track: Track = Track.SUB
    ) -> Frames | None:
        """Return the pictures of `[from_at, until)`, with those needed to decode the first; None: there are none.

        Raises:
            ValueError: longer than ten minutes.
        """
        if (until - from_at).total_seconds() > MOST_S:
            raise ValueError("read ten minutes at a time")
        fresh = [] if self.recorder is None else self.recorder.pieces(camera_id, track)
        before = until if not fresh else min(until, fresh[0].start)
        pieces = [p for p in fresh if p.start < until and p.end > from_at]
        if from_at < before:
            pieces = await asyncio.to_thread(self._read, camera_id, track, from_at, before) + pieces
        found = join(camera_id, track, pieces)
        if found is None:
            return None
        cut = found.between(from_at, until)
        return cut if cut.frames else None

    def _read(self, camera_id: CameraId, track: Track, from_at: datetime, until: datetime) -> list[Piece]:
        found = []
        for segment in self.archive.everywhere(camera_id, track, from_at, until):
            try:
                body = self.archive.read(segment)
            except Destroyed:
                continue  # it died between the two looks
            found.append(self._piece(segment.start, segment.end, body))
        return found

    def _piece(self, start: datetime, end: datetime, body: Body) -> Piece:
        init = self._inits.setdefault((body.init.segment, body.init.sets), body.init)
        frames, at = [], 0
        for dts, pts, key, size in body.frames:
            frames.append(Frame(init, dts, pts, key, body.fragments[at : at + size], 0.0))
            at += size
        return Piece(start, end, tuple(frames), body.sightings)

    async def next_at(
        self, camera_id: CameraId, at: datetime, until: datetime, track: Track = Track.SUB
    ) -> datetime | None:
        """Return the first instant in `[at, until)` of which there are pictures."""
        fresh = [] if self.recorder is None else self.recorder.pieces(camera_id, track)
        found = at
        for gap in await self.gaps(camera_id, at, until, track):
            if gap.start <= found:
                found = gap.end
        starts = [max(p.start, at) for p in fresh if p.end > at and p.start < until]
        found = min([found, *starts])
        return found if found < until else None

    async def end_of(self, camera_id: CameraId, at: datetime, until: datetime, track: Track = Track.SUB) -> datetime:
        """Return the end of what is recorded from an instant on, in `(at, until]`."""
        for piece in [] if self.recorder is None else self.recorder.pieces(camera_id, track):
            if piece.start <= at < piece.end:
                return min(piece.end, until)
        ends = [g.start for g in await self.gaps(camera_id, at, until, track) if g.start > at]
        return min([until, *ends])

    async def gaps(
        self, camera_id: CameraId, from_at: datetime, until: datetime, track: Track = Track.SUB
    ) -> list[Gap]:
        """Return what is missing of `[from_at, until)`, with its cause."""
        return await self.archive.gaps(camera_id, track, from_at, until)
