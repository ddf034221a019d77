"""Several disks as one: what is recorded is spread by free space; a disk that is lost takes only its own part away.

Small files of the archive itself lie on the first disk, the home. A folder that was ours and whose mark is missing is a
disk that is not mounted: nothing is written into the empty folder that stands in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

import msgspec
import structlog

from ansimnet.slices.footage.archive.disk import Disk, NoSpace

log = structlog.get_logger(__name__)

T = TypeVar("T")
MARK, MEMBERS = "archive.disk", "disks.json"
"""On each further disk: whose it is. On the home: which disks there were."""


def known_disks(home: Disk) -> set[str]:
    """Return the names of the further disks that an archive had."""
    try:
        return set(msgspec.json.decode(home.read(MEMBERS), type=list[str]))
    except FileNotFoundError:
        return set()


class Disks:
    """One disk made of several; `others` by the names they are called by in words and files."""

    def __init__(self, home: Disk, others: Mapping[str, Disk], name: str) -> None:
        """Take the disks that are there; `name` is the archive's, which marks what is its."""
        self.home = home
        self.lost: set[str] = set()
        """Disks that were ours and do not answer, by name."""
        self._others = dict(others)
        self._at: dict[str, Disk] = {}
        known = known_disks(home)
        for called, disk in self._others.items():
            if self._mark(disk) != name and (called in known or self._mark(disk) is not None):
                self._lose(called, "its mark is missing, or another archive's")
            elif self._mark(disk) is None:
                disk.create(MARK, name.encode())
        self.lost |= known - set(self._others)
        home.replace(MEMBERS, msgspec.json.encode(sorted(known | set(self._others))))

    @staticmethod
    def _mark(disk: Disk) -> str | None:
        try:
            return disk.read(MARK).decode()
        except OSError:
            return None

    def _lose(self, called: str, why: str) -> None:
        if called not in self.lost:
            self.lost.add(called)
            log.critical("archive.disk_lost", disk=called, why=why)
            gone = self._others.get(called)
            self._at = {path: disk for path, disk in self._at.items() if disk is not gone}

    def _present(self) -> list[tuple[str, Disk]]:
        return [("home", self.home), *((c, d) for c, d in self._others.items() if c not in self.lost)]

    def _each(self, do: Callable[[Disk], T]) -> list[T]:
        """Return what every disk that is there answers; one that fails is lost, unless it is the home."""
        found = []
        for called, disk in self._present():
            try:
                found.append(do(disk))
            except NoSpace:
                raise
            except FileNotFoundError:
                continue
            except OSError as error:
                if disk is self.home:
                    raise
                self._lose(called, type(error).__name__)
        return found

    def _where(self, path: str) -> Disk:
        """Return the disk a file lies on; raises FileNotFoundError."""
        if not _spread(path) or path.endswith(".json"):
            return self.home
        disk = self._at.get(path)
        if disk is None:
            found = self._each(lambda d: (d.size(path), d)[1])
            if not found:
                raise FileNotFoundError(path)
            disk = self._at[path] = found[0]
        return disk

    def _on(self, path: str, do: Callable[[Disk], T]) -> T:
        """Return what the disk of a file answers; raises FileNotFoundError where that disk is lost."""
        disk = self._where(path)
        try:
            return do(disk)
        except FileNotFoundError:
            self._at.pop(path, None)
            raise
        except OSError as error:
            if disk is self.home:
                raise
            self._lose(next(c for c, d in self._others.items() if d is disk), type(error).__name__)
            raise FileNotFoundError(path) from None

    def _roomiest(self) -> Disk:
        return max(self._each(lambda d: (d.free(), d)), key=lambda pair: pair[0])[1]

    # -- as `disk.Disk` says

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        return self._on(path, lambda d: d.read(path, offset, size))

    def size(self, path: str) -> int:
        return self._on(path, lambda d: d.size(path))

    def names(self, folder: str) -> list[str]:
        if not _spread(folder):
            return self.home.names(folder)
        return sorted({name for names in self._each(lambda d: d.names(folder)) for name in names})

    def append(self, path: str, content: bytes) -> int:
        """Write at a file's end, a new file on the disk with the most room.

        Raises:
            NoSpace: the disk the file lies on is full, or lost: another file may find room elsewhere.
        """
        try:
            disk = self._where(path)
        except FileNotFoundError:
            disk = self._roomiest()
            self._at[path] = disk
        try:
            return self._on(path, lambda d: d.append(path, content))
        except FileNotFoundError:
            raise NoSpace from None

    def overwrite(self, path: str, offset: int, content: bytes) -> None:
        self._on(path, lambda d: d.overwrite(path, offset, content))

    def create(self, path: str, content: bytes) -> bytes:
        return self.home.create(path, content)

    def replace(self, path: str, content: bytes) -> None:
        try:
            disk = self._where(path)
        except FileNotFoundError:
            disk = self._at[path] = self._roomiest()
        disk.replace(path, content)

    def sync(self, paths: Collection[str]) -> None:
        at: dict[int, set[str]] = defaultdict(set)
        for path in paths:
            here = self._at.get(path) if _spread(path) else self.home
            for _, disk in self._present():
                if here is None or disk is here:  # a file that is gone: its absence is synced wherever it may have been
                    at[id(disk)].add(path)
        self._each(lambda d: d.sync(at[id(d)]) if at[id(d)] else None)

    def remove(self, path: str) -> None:
        self._at.pop(path, None)
        if _spread(path):
            self._each(lambda d: d.remove(path))
        else:
            self.home.remove(path)

    def free(self) -> int:
        return sum(self._each(lambda d: d.free()))

    def total(self) -> int:
        return sum(self._each(lambda d: d.total()))

    def held(self) -> AbstractContextManager[None]:
        return self.home.held()


def _spread(path: str) -> bool:
    """Return whether a file or folder may lie on any of the disks: what is recorded, and what holds keep of it.

    >>> _spread("reels"), _spread("holds"), _spread("holds/HOLD/CAMERA/TERM/sub.0.reel"), _spread("periods.json")
    (True, True, True, False)
    """
    return path.partition("/")[0] in ("reels", "holds")
