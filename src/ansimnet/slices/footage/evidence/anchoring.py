"""Seals that the ledger takes in while they are made: every minute one root over all of them.

Whoever steals the recorder's key later can seal other pictures, but not have the ledger say so in time. Beside the
reels of a camera's hour lies, line by line, the way from its seals to that root; it dies with the hour, and holds copy
it. Leaves are SHA-256 of whole seals. Each camera's minute is a tree of its own (RFC 6962), whose roots are the leaves
of the tree that the ledger names.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
import structlog

from ansimnet.facts.footage import SealsAnchored
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db
from ansimnet.platform.ledger.merkle import Tree, inclusion_path
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import HOUR, Destroyed, Reel, Segment, Term, anchors_of, hour_of, reels_of
from ansimnet.slices.footage.archive.segments import micros, reels_in, walk
from ansimnet.slices.footage.model import Track

log = structlog.get_logger(__name__)

EVERY_S = 60.0
"""So much of a recording somebody with the stolen key could seal anew unseen; and one line of the ledger (ours)."""


class Anchor(msgspec.Struct, frozen=True):
    """One camera's minute: its seals' hashes, and the way from their root to the one in the ledger's entry.

    `until_us`: µs since 1970 at which the last of its pieces ends. Hashes are hex.
    """

    entry: UUID
    until_us: int
    index: int
    size: int
    path: list[str]
    leaves: list[str]


Run = tuple[CameraId, Track, Term]
"""What one line is written for: a stream in one hour."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A seal that waits for the ledger."""

    run: Run
    end: datetime
    digest: bytes


Tell = Callable[[bytes, int, int], Awaitable[UUID]]
"""Has the ledger say that there is a root, of so many streams and groups; returns the entry's id."""


def telling(db: Db, clock: Clock) -> Tell:
    """Return what tells a centre's ledger."""

    async def tell(root: bytes, streams: int, groups: int) -> UUID:
        fact = SealsAnchored(
            fact_id=FactId(new_id()), happened_at=clock.now(), root=root.hex(), streams=streams, groups=groups
        )
        async with db.transaction() as tx:
            await ledger.append(tx, fact, actor="system:footage")
        return fact.fact_id

    return tell


def leaf_of(digest: bytes) -> bytes:
    """Return the leaf hash of a 32-byte hash."""
    return hashlib.sha256(b"\x00" + digest).digest()


def tops_of(runs: Iterable[Sequence[bytes]]) -> list[bytes]:
    """Return the upper tree's leaves: one of each stream's seals."""
    return [leaf_of(Tree(map(leaf_of, digests)).root()) for digests in runs]


def path_of(tops: Sequence[bytes], index: int) -> list[bytes]:
    """Return the way of one stream to the root."""
    return inclusion_path(lambda a, b: Tree(tops[a:b]).root(), index, len(tops))


class Anchors:
    """Takes seals from the recorder's thread and anchors them. Pieces that a killed run left are found at the start."""

    def __init__(self, archive: Archive, tell: Tell) -> None:
        self.archive = archive
        self._tell = tell
        self._fresh: list[Taken] = []
        self._lock = threading.Lock()

    def add(self, segment: Segment, seal: bytes) -> None:
        """Take the seal of a piece that was just written. From any thread."""
        run = (segment.camera_id, segment.track, segment.term)
        with self._lock:
            self._fresh.append(Taken(run, segment.end, hashlib.sha256(seal).digest()))

    async def turn(self) -> int:
        """Have the ledger take in what is new; return how many seals. What fails is tried again in the next turn."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        if not fresh:
            return 0
        runs: dict[Run, list[Taken]] = {}
        for one in fresh:
            runs.setdefault(one.run, []).append(one)
        tops = tops_of([t.digest for t in taken] for taken in runs.values())
        try:
            entry = await self._tell(Tree(tops).root(), len(runs), len(fresh))
            await self.archive.off(self._write, entry, runs, tops)
        except (psycopg.OperationalError, DatabaseAway, Refusal, OSError) as error:
            log.warning("seals are not anchored yet", error=type(error).__name__, seals=len(fresh))
            with self._lock:
                self._fresh = fresh + self._fresh
            return 0
        return len(fresh)

    def _write(self, entry: UUID, runs: dict[Run, list[Taken]], tops: list[bytes]) -> None:
        """Write each stream's line beside its reels; a line that a power cut tore is ended by the next one."""
        paths = []
        for index, ((camera_id, track, term), taken) in enumerate(runs.items()):
            line = Anchor(
                entry=entry,
                until_us=micros(max(t.end for t in taken)),
                index=index,
                size=len(tops),
                path=[h.hex() for h in path_of(tops, index)],
                leaves=[t.digest.hex() for t in taken],
            )
            paths.append(anchors_of(reels_of(camera_id, term), track))
            self.archive.disk.append(paths[-1], b"\n" + msgspec.json.encode(line) + b"\n")
        self.archive.disk.sync(paths)

    def recover(self) -> int:
        """Take what a killed run wrote in the last two hours and did not anchor; return how many seals. Blocks."""
        disk, since, count = self.archive.disk, hour_of(self.archive.guard.now()) - HOUR, 0
        for camera_id, term in _folders(disk):
            if term.hour_at < since:
                continue
            for segment in _left(disk, camera_id, term):
                try:
                    seals = self.archive.read(segment).seals
                except Destroyed:
                    continue
                if seals:
                    self.add(segment, seals)
                    count += 1
        return count

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Anchor every minute until the block ends, and then what is left."""
        await self.archive.off(self.recover)
        task = asyncio.create_task(self._for_ever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.turn()

    async def _for_ever(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(EVERY_S)


def anchors_in(disk: Disk, folder: str, track: Track) -> list[Anchor]:
    """Return what anchors a track's seals in one folder, the first taken in first; torn lines are left out."""
    try:
        lines = disk.read(anchors_of(folder, track)).splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Anchor))
        except msgspec.MsgspecError:
            continue
    return found


def anchoring(anchors: Iterable[Anchor], seals: Iterable[bytes]) -> tuple[Anchor, ...]:
    """Return the anchors that some of these seals need: of each the first that names it."""
    wanted, found = {hashlib.sha256(s).hexdigest() for s in seals}, list[Anchor]()
    for anchor in anchors:
        mine = wanted.intersection(anchor.leaves)
        if mine:
            found.append(anchor)
            wanted -= mine
    return tuple(found)


def _folders(disk: Disk) -> Iterator[tuple[CameraId, Term]]:
    for camera in disk.names("reels"):
        for name in disk.names(f"reels/{camera}"):
            term = Term.read(name)
            if term is not None:
                yield CameraId(UUID(camera)), term


def _left(disk: Disk, camera_id: CameraId, term: Term) -> Iterator[Segment]:
    """Yield the segments behind the last anchored one of their track."""
    for reel in reels_in(disk, Reel(camera_id, term, Track.SUB, 0)):
        done = max((a.until_us for a in anchors_in(disk, reel.folder, reel.track)), default=0)
        yield from (s for s in walk(disk, reel) if micros(s.end) > done)
