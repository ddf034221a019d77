"""Writes what cameras send: cut on the event loop, sealed and written in a thread. The archive makes it durable."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg
import structlog
from prometheus_client import CollectorRegistry, Gauge

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.disk import NoSpace
from ansimnet.slices.footage.archive.model import Cause, Gap, OutOfTime, Segment
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.cutter import Cutter, Piece
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import CameraSource, MainSource, Sighting

log = structlog.get_logger(__name__)

NOTE_S = 2.0
"""How often gaps that ended are noted."""
GOING_S = 10.0
"""How often a gap that goes on is noted again, so that a crash does not take its cause along."""
MOST_WAITING_BYTES = 256 << 20
"""What may wait for the disk: 16 s of 250 sub-streams of 0.5 Mbit/s. Beyond it pieces are lost, and said so."""
RECENT_BYTES = 24 << 20
"""What one stream may keep in memory: 30 s of 6 Mbit/s; a runaway camera keeps fewer seconds."""

Seal = Callable[[CameraId, Track, Piece], bytes]
"""Signs a piece when it is recorded; called in the writer's thread, once a piece, in order."""
Sealed = Callable[[Segment, bytes], None]
"""Hears of each seal whose piece was written, in the writer's thread."""


class _Job(NamedTuple):
    camera_id: CameraId
    track: Track
    piece: Piece
    size: int


class Recording:
    """One stream being recorded: the newest seconds in memory, everything else on its way to the archive."""

    def __init__(self, recorder: Recorder, source: CameraSource, track: Track, keep_s: float) -> None:
        self.source = source
        self.track = track
        self.recent: deque[Piece] = deque()
        self._recorder = recorder
        self._keep = timedelta(seconds=keep_s)
        self._bytes = 0
        self._cutter = Cutter(recorder.archive.guard.now(), source.reason)

    def pieces(self) -> list[Piece]:
        """Return what is in memory, in order, the open piece last."""
        opened = self._cutter.open
        return [*self.recent, opened] if opened is not None else list(self.recent)

    def missing(self) -> Gap | None:
        """Return the gap that goes on."""
        return self._cutter.missing(self._recorder.archive.guard.now())

    def offer(self, frame: Frame) -> None:
        """Take a frame, which may have waited: in the ring, or for its privacy zones."""
        waited = timedelta(seconds=monotonic_s() - frame.at_s)
        self._take(self._cutter.push(frame, self._recorder.archive.guard.now() - waited))

    def pre_roll(self, after: datetime | None) -> None:
        """Take what the ring still holds before its current group; nothing that was recorded before (`after`)."""
        held = self.source.ring.since(0)
        older, now, now_s = (
            held[: len(held) - len(self.source.group)],
            self._recorder.archive.guard.now(),
            monotonic_s(),
        )
        for frame in older:
            if after is None or now - timedelta(seconds=now_s - frame.at_s) > after:
                self.offer(frame)

    def saw(self, sighting: Sighting) -> None:
        """Keep what analytics saw beside the pictures."""
        self._cutter.saw(sighting)

    def lost(self) -> None:
        """Close the piece: the source is silent, and says why."""
        self._take(self._cutter.close(Cause.CAMERA_LOST, self.source.reason))

    def stop(self, cause: Cause, detail: str = "") -> None:
        """Write what is open."""
        self._take(self._cutter.close(cause, detail))

    def _take(self, made: list[Piece | Gap]) -> None:
        for one in made:
            if isinstance(one, Gap):
                self._recorder.gap(self.source.camera.camera_id, self.track, one)
                continue
            self.recent.append(one)
            self._bytes += one.size
            while self.recent[0].end < one.end - self._keep or self._bytes > RECENT_BYTES:
                self._bytes -= self.recent.popleft().size
                if not self.recent:
                    break
            self._recorder.write(self.source.camera.camera_id, self.track, one)


class Recorder:
    """Records every stream it follows. `running` holds the writer's thread and notes gaps."""

    def __init__(
        self,
        archive: Archive,
        *,
        keep_s: float,
        seal: Seal | None = None,
        sealed: Sealed | None = None,
        most_waiting_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self.archive = archive
        self.recordings: dict[tuple[CameraId, Track], Recording] = {}
        self.waiting_bytes = 0
        self.written = 0
        self.lost_pieces = 0
        self._left: dict[tuple[CameraId, Track], datetime] = {}
        self._keep_s = keep_s
        self._seal = seal
        self._sealed = sealed
        self._most = most_waiting_bytes
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gaps: deque[tuple[CameraId, Track, Gap]] = deque()
        self._lock = threading.Lock()

    # --- what is recorded

    def follow(self, source: CameraSource, track: Track = Track.SUB) -> None:
        """Record a source from its ring's beginning on. Safe to call twice; a source that replaced another is taken."""
        key = (source.camera.camera_id, track)
        before = self.recordings.get(key)
        if before is not None and before.source is source:
            return
        if before is not None:
            self.leave(source.camera.camera_id, track)
        recording = self.recordings[key] = Recording(self, source, track, self._keep_s)
        recording.pre_roll(self._left.get(key))
        source.join(recording)

    def leave(self, camera_id: CameraId, track: Track = Track.SUB) -> None:
        """Stop recording a source. What it sent is written."""
        recording = self.recordings.pop((camera_id, track), None)
        if recording is not None:
            recording.source.leave(recording)
            recording.stop(Cause.RELAY_STOPPED)
            self._left[camera_id, track] = self.archive.guard.now()

    def keep(self, sources: Iterable[CameraSource]) -> None:
        """Record exactly these, always: sub-streams, and main streams while they are armed for an event."""
        wanted = {(s.camera.camera_id, Track.MAIN if isinstance(s, MainSource) else Track.SUB): s for s in sources}
        for (_, track), source in wanted.items():
            self.follow(source, track)
        for camera_id, track in self.recordings.keys() - wanted.keys():
            self.leave(camera_id, track)

    def tell(self, registry: CollectorRegistry) -> None:
        """Have the relay's metrics say how recording goes."""
        for name, words, value in (
            ("streams", "streams that are recorded", lambda: len(self.recordings)),
            ("waiting_bytes", "bytes that wait for the disk", lambda: self.waiting_bytes),
            ("written_segments", "segments written since the start", lambda: self.written),
            ("lost_segments", "segments that found no room or no time", lambda: self.lost_pieces),
        ):
            Gauge(f"ansimnet_recorder_{name}", words, registry=registry).set_function(value)

    def pieces(self, camera_id: CameraId, track: Track) -> list[Piece]:
        """Return what is in memory of a stream, in order; the last one may still grow."""
        recording = self.recordings.get((camera_id, track))
        return [] if recording is None else recording.pieces()

    # --- to the archive

    def write(self, camera_id: CameraId, track: Track, piece: Piece) -> None:
        """Queue a piece for the disk; one that finds the queue full is lost, and its gap is noted."""
        size = piece.size
        with self._lock:
            full = self.waiting_bytes + size > self._most
            if not full:
                self.waiting_bytes += size
        if full:
            self._lose(camera_id, track, piece, Cause.DISK_FULL, "the disk is too slow")
        else:
            self._jobs.put(_Job(camera_id, track, piece, size))

    def gap(self, camera_id: CameraId, track: Track, gap: Gap) -> None:
        """Queue a gap for the index."""
        self._gaps.append((camera_id, track, gap))

    def _lose(self, camera_id: CameraId, track: Track, piece: Piece, cause: Cause, detail: str) -> None:
        self.lost_pieces += 1
        self.gap(camera_id, track, Gap(piece.start, piece.end, cause, detail))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Write until the block ends, and then what is left."""
        writer = threading.Thread(target=self._write, name="recorder", daemon=True)
        writer.start()
        noting = asyncio.create_task(self._note_for_ever())
        try:
            yield
        finally:
            for camera_id, track in list(self.recordings):
                self.leave(camera_id, track)
            self._jobs.put(None)
            await asyncio.to_thread(writer.join)
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)
            with contextlib.suppress(psycopg.OperationalError, DatabaseAway):
                await self.note_gaps()

    def _write(self) -> None:
        """Write jobs in the thread until told to stop."""
        while (job := self._jobs.get()) is not None:
            try:
                self._put(job)
                self.written += 1
            except NoSpace:
                self._lose(job.camera_id, job.track, job.piece, Cause.DISK_FULL, "")
            except OutOfTime:
                self._lose(job.camera_id, job.track, job.piece, Cause.CLOCK, "")
            except Exception as error:
                log.exception("a segment could not be written", camera_id=str(job.camera_id))
                self._lose(job.camera_id, job.track, job.piece, Cause.RELAY_STOPPED, type(error).__name__)
            finally:
                with self._lock:
                    self.waiting_bytes -= job.size

    def _put(self, job: _Job) -> None:
        piece = job.piece
        seals = b"" if self._seal is None else self._seal(job.camera_id, job.track, piece)
        body = Body(
            init=piece.frames[0].init,
            frames=tuple(Mark(f.dts, f.pts, f.key, len(f.fragment)) for f in piece.frames),
            fragments=b"".join(f.fragment for f in piece.frames),
            sightings=piece.sightings,
            seals=seals,
        )
        segment = self.archive.put(job.camera_id, job.track, piece.start, piece.end, body)
        if seals and self._sealed is not None:
            self._sealed(segment, seals)

    async def _note_for_ever(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(NOTE_S)
            turn += 1
            if turn * NOTE_S % GOING_S == 0:
                for (camera_id, track), recording in self.recordings.items():
                    if (gap := recording.missing()) is not None:
                        self.gap(camera_id, track, gap)
            try:
                await self.note_gaps()
            except (psycopg.OperationalError, DatabaseAway) as error:
                log.warning("gaps are not noted yet", error=type(error).__name__)
            except Exception:
                log.exception("a gap could not be noted")
                self._gaps.popleft()

    async def note_gaps(self) -> None:
        """Note the gaps that wait."""
        while self._gaps:
            camera_id, track, gap = self._gaps[0]
            await self.archive.note_gap(camera_id, track, gap.start, gap.end, gap.cause, gap.detail)
            self._gaps.popleft()
