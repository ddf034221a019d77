"""A disk and an index in memory, for tests and evaluations that play a month in a millisecond.

The disk forgets as a real one does: what was not synced may be lost at a power cut, wholly, from the end, or sector by
sector, and a removed file may be there again. `Power` cuts at the n-th step of whatever shares it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.clock import Change
from ansimnet.slices.footage.archive.disk import NoSpace
from ansimnet.slices.footage.archive.index import HOLE, Certificate, Copied, Covered, Died, DiskState, Hold, Why
from ansimnet.slices.footage.archive.model import Gap, Term
from ansimnet.slices.footage.model import Track

SECTOR = 512
"""What a disk writes wholly or not at all."""


class PowerCut(BaseException):
    """The process ends here: nothing after it runs, no `finally` writes."""


class Power:
    """Cuts at a chosen step; afterwards nothing that shares it works until it is `restored`."""

    def __init__(self) -> None:
        self.steps = 0
        self.cut_at: int | None = None
        self.off = False

    def step(self) -> None:
        """Count a step that changes something.

        Raises:
            PowerCut: it is the chosen one, or the power is off.
        """
        if self.off:
            raise PowerCut
        self.steps += 1
        if self.steps == self.cut_at:
            self.off = True
            raise PowerCut

    def restored(self) -> None:
        """Switch on again."""
        self.off, self.cut_at = False, None


class InMemoryDisk:
    """A disk of `capacity` bytes. `other` bytes belong to somebody else."""

    lost: Collection[str] = ()

    def __init__(self, capacity: int = 1 << 30, power: Power | None = None) -> None:
        self.capacity = capacity
        self.other = 0
        self.power = power or Power()
        self.files: dict[str, bytearray] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        self._used = 0
        self._durable: dict[str, bytes] = {}
        self._unsynced: set[str] = set()

    # -- reading

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        content = self._file(path)
        return bytes(content[offset:] if size < 0 else content[offset : offset + size])

    def size(self, path: str) -> int:
        return len(self._file(path))

    def _file(self, path: str) -> bytearray:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def names(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder, ()))

    def free(self) -> int:
        return max(0, self.capacity - self.other - self._used)

    def total(self) -> int:
        return self.capacity

    # -- writing

    def append(self, path: str, content: bytes) -> int:
        if len(content) > self.free():
            raise NoSpace
        begins = len(self.files.get(path, b""))
        self._put(path, self.files.get(path, bytearray()) + content)
        self._unsynced.add(path)
        self.power.step()
        return begins

    def overwrite(self, path: str, offset: int, content: bytes) -> None:
        self._file(path)[offset : offset + len(content)] = content
        self._unsynced.add(path)
        self.power.step()

    def create(self, path: str, content: bytes) -> bytes:
        if path not in self.files:
            self.replace(path, content)
        return bytes(self.files[path])

    def replace(self, path: str, content: bytes) -> None:
        self.power.step()
        self._put(path, bytearray(content))
        self._durable[path] = bytes(content)
        self._unsynced.discard(path)
        self.power.step()

    def sync(self, paths: Collection[str]) -> None:
        for path in sorted(paths):
            self.power.step()
            if path in self.files:
                self._durable[path] = bytes(self.files[path])
            else:
                self._durable.pop(path, None)
            self._unsynced.discard(path)
        self.power.step()

    def remove(self, path: str) -> None:
        if path in self.files:
            self._take(path)
            self._unsynced.add(path)
            self.power.step()

    @contextmanager
    def held(self) -> Iterator[None]:
        yield

    def _put(self, path: str, content: bytearray) -> None:
        self._used += len(content) - len(self.files.get(path, b""))
        if path not in self.files:
            above = path
            while above:
                folder, _, name = above.rpartition("/")
                known = folder in self._folders
                self._folders.setdefault(folder, set()).add(name)
                if known and folder:
                    break
                above = folder
        self.files[path] = content

    def _take(self, path: str) -> None:
        self._used -= len(self.files.pop(path))
        above = path
        while above:
            folder, _, name = above.rpartition("/")
            self._folders[folder].discard(name)
            if self._folders[folder] or not folder:
                break
            del self._folders[folder]
            above = folder

    # -- losing power

    def lose_power(self, rng: random.Random) -> None:
        """Forget some of what was not synced."""
        for path in sorted(self._unsynced):
            now, before = self.files.get(path), self._durable.get(path)
            left = _torn(rng, None if now is None else bytes(now), before)
            if now is not None:
                self._take(path)
            if left is not None:
                self._put(path, bytearray(left))
                self._durable[path] = left
            else:
                self._durable.pop(path, None)
        self._unsynced.clear()


def _torn(rng: random.Random, now: bytes | None, before: bytes | None) -> bytes | None:
    """Return what a power cut leaves of a file: `now` as it was seen, `before` as it was last synced."""
    if now is None or rng.random() < 0.3:
        return before if rng.random() < 0.5 else now
    old = before or b""
    sectors = [
        (now if rng.random() < 0.5 else old)[at : at + SECTOR] for at in range(0, min(len(now), len(old)), SECTOR)
    ]
    left = b"".join(sectors)[: len(old)] if old else b""
    rest = now[len(old) :]
    written = rest[: rng.randint(0, len(rest))]
    if rng.random() < 0.3:  # the length was written, the bytes were not
        written += bytes(len(rest) - len(written))
    return left + written


NESTED = frozenset({"spans", "kept"})
"""What a copy of one level would share."""


class InMemoryIndex:
    """An index in memory. What a cut transaction did is undone."""

    def __init__(self, power: Power | None = None) -> None:
        self.power = power or Power()
        self.spans: dict[tuple[CameraId, Track], dict[Term, list[tuple[datetime, datetime]]]] = {}
        self.noted: dict[tuple[CameraId, Track], dict[datetime, Gap]] = {}
        self.firsts: dict[tuple[CameraId, Track], datetime] = {}
        self.kept_days: dict[CameraId, int] = {}
        self.standing: dict[UUID, Hold] = {}
        self.kept: dict[Copied, dict[Track, list[tuple[datetime, datetime]]]] = {}
        self.certificates: list[Certificate] = []
        self.listed: set[tuple[CameraId, Term, UUID | None]] = set()
        self.clock: list[Change] = []
        self.filling: list[tuple[datetime, datetime]] = []
        self.disk: DiskState | None = None

    def snapshot(self) -> Mapping[str, object]:
        """Return a copy of everything, as a backup of the database has it."""
        return {k: copy.copy(v) if k not in NESTED else copy.deepcopy(v) for k, v in vars(self).items() if k != "power"}

    def restore(self, snapshot: Mapping[str, object]) -> None:
        """Be as it was then."""
        for name, value in snapshot.items():
            setattr(self, name, copy.deepcopy(value) if name in NESTED else copy.copy(value))

    async def note(self, covered: Sequence[Covered]) -> None:
        self.power.step()
        for c in covered:
            terms = self.spans.setdefault((c.camera_id, c.track), {})
            terms[c.term] = rules.merged([*terms.get(c.term, []), (c.start, c.end)], HOLE)
            first = self.firsts.get((c.camera_id, c.track))
            self.firsts[c.camera_id, c.track] = c.start if first is None else min(first, c.start)

    async def note_gap(self, camera_id: CameraId, track: Track, gap: Gap) -> None:
        self.noted.setdefault((camera_id, track), {})[gap.start] = gap

    async def covered(
        self, camera_id: CameraId, track: Track, start: datetime, end: datetime
    ) -> list[tuple[datetime, datetime]]:
        spans = [span for found in self.spans.get((camera_id, track), {}).values() for span in found]
        spans += [s for (_, c, _), found in self.kept.items() if c == camera_id for s in found.get(track, [])]
        return rules.merged([(max(a, start), min(b, end)) for a, b in spans if a < end and b > start], HOLE)

    async def gaps(self, camera_id: CameraId, track: Track, start: datetime, end: datetime) -> list[Gap]:
        found = self.noted.get((camera_id, track), {})
        return [g for _, g in sorted(found.items()) if g.start < end and g.end > start]

    async def first(self, camera_id: CameraId, track: Track) -> datetime | None:
        return self.firsts.get((camera_id, track))

    async def agree(self, alive: Collection[tuple[CameraId, Term]]) -> datetime | None:
        known = set(alive)
        for (camera_id, _), terms in self.spans.items():
            for term in [t for t in terms if (camera_id, t) not in known]:
                del terms[term]
        ends = [b for terms in self.spans.values() for spans in terms.values() for _, b in spans]
        return max(ends, default=None)

    async def agree_kept(self, kept: Collection[Copied]) -> list[Copied]:
        self.kept = {copied: spans for copied, spans in self.kept.items() if copied in kept}
        return [copied for copied in kept if copied not in self.kept]

    async def days(self) -> Mapping[CameraId, int]:
        return dict(self.kept_days)

    async def holds(self) -> list[Hold]:
        return list(self.standing.values())

    @asynccontextmanager
    async def destroying(self, cameras: Collection[CameraId]) -> AsyncIterator[_Destroying]:
        """Nobody else is here: the certificates are taken in when the block ends well."""
        tx = _Destroying(tuple(self.standing.values()), self.listed)
        yield tx
        self.power.step()
        for hold_id, covered in tx.kept:
            for c in covered:
                tracks = self.kept.setdefault((hold_id, c.camera_id, c.term), {})
                tracks[c.track] = rules.merged([*tracks.get(c.track, []), (c.start, c.end)], HOLE)
        for certificate in tx.certificates:
            self.certificates.append(certificate)
            for died in certificate.died:
                self.listed.add((died.camera_id, died.term, died.hold_id))
                if died.hold_id is not None:
                    self.kept.pop((died.hold_id, died.camera_id, died.term), None)
                else:
                    for (camera_id, _), terms in self.spans.items():
                        if camera_id == died.camera_id:
                            terms.pop(died.term, None)
        self.power.step()

    async def tell_clock(self, change: Change, at: datetime) -> None:
        self.clock.append(change)

    async def tell_filling(self, full_at: datetime, at: datetime) -> None:
        self.filling.append((full_at, at))

    async def note_disk(self, state: DiskState) -> None:
        self.disk = state


class _Destroying:
    """A transaction of the index in memory."""

    def __init__(self, holds: Sequence[Hold], listed: set[tuple[CameraId, Term, UUID | None]]) -> None:
        self.holds = holds
        self.certificates: list[Certificate] = []
        self.kept: list[tuple[UUID, Sequence[Covered]]] = []
        self._listed = listed

    async def keep(self, hold_id: UUID, covered: Sequence[Covered]) -> None:
        self.kept.append((hold_id, covered))

    async def certify(self, why: Why, died: Sequence[Died], at: datetime) -> None:
        new = tuple(d for d in died if (d.camera_id, d.term, d.hold_id) not in self._listed)
        if new:
            self.certificates.append(Certificate(UUID(int=len(self._listed)), why, at, new, rules.root_of(new)))
