"""What the archive's tests share: clocks that are told what to say, pictures, an archive on any disk and index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.platform.ledger.keks import Given, Ring
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import Guard
from ansimnet.slices.footage.archive.disk import Disk, LocalDisk
from ansimnet.slices.footage.archive.index import Index
from ansimnet.slices.footage.archive.keys import KeyStore
from ansimnet.slices.footage.archive.memory import InMemoryDisk, InMemoryIndex
from ansimnet.slices.footage.archive.model import Segment
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.relay.ring import Init

START = datetime(2026, 3, 1, 9, 59, 0, tzinfo=UTC)
CAMERA, OTHER = CameraId(named_id("camera", "A-1")), CameraId(named_id("camera", "A-2"))
S, M, H, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RING = Ring(Given(bytes(range(32))))


@dataclass
class Clocks:
    """A machine's clocks; `offset` sets the wall clock wrong."""

    true: datetime = START
    booted: datetime = START - D
    offset: timedelta = timedelta(0)
    name: str = "first"
    synced: bool = False

    def wall(self) -> datetime:
        return self.true + self.offset

    def elapsed_s(self) -> float:
        return (self.true - self.booted).total_seconds()

    def boot(self) -> str:
        return self.name

    def synchronised(self) -> bool:
        return self.synced

    def now(self) -> datetime:
        """Be a database's clock too."""
        return self.wall()


async def direct(work: Callable[..., object], *args: object) -> object:
    return work(*args)


def body(words: bytes = b"picture") -> Body:
    return Body(Init("avc1.42c01e", 640, 360, b"init", b"sets"), (Mark(0, 0, True, len(words)),), words)


def open_on(disk: Disk, keys: Disk, index: Index, clocks: Clocks) -> Archive:
    store = KeyStore(keys, RING)
    terms = store.terms()
    return Archive(disk, store, Guard(disk, clocks, terms[-1] if terms else None), index, off=direct)


def on_files(folder: Path, index: Index, clocks: Clocks) -> Archive:
    return open_on(LocalDisk(folder / "footage"), LocalDisk(folder / "keys"), index, clocks)


def in_memory(clocks: Clocks, capacity: int = 1 << 20) -> Archive:
    return open_on(InMemoryDisk(capacity), InMemoryDisk(), InMemoryIndex(), clocks)


def record(
    archive: Archive, clocks: Clocks, camera_id: CameraId = CAMERA, words: bytes = b"picture", lasts: timedelta = 2 * S
) -> Segment:
    """Record what happens now, for a while."""
    start = archive.guard.now()
    clocks.true += lasts
    return archive.put(camera_id, Track.SUB, start, archive.guard.now(), body(words))
