"""The few things the archive does to a disk, and the two kinds of disk: the machine's, and one in memory that forgets.

Paths are relative, with slashes. What was appended or overwritten outlasts a power cut once `sync` has returned;
`create` and `replace` are durable when they return, and happen wholly or not at all.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import threading
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.platform.files import create_once, make_folder, replace_file, sync_folder

EACH = 32
"""More files than this are synced by one `syncfs(2)`: it costs one flush of the device, each `fsync` one of its own."""


COUNT_S = 10.0
"""How old the count of a limited folder may be: the sweeper looks every 20 s."""


class NoSpace(Refusal):
    """The disk of the footage is full."""

    kind = Kind.UNAVAILABLE
    name = "no-space"


class Disk(Protocol):
    """A folder to keep things in."""

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """Return bytes of a file; raises FileNotFoundError."""
        ...

    def size(self, path: str) -> int:
        """Return a file's length; raises FileNotFoundError."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return what a folder holds, sorted; nothing where there is no folder. Names beginning with a dot are ours."""
        ...

    def append(self, path: str, content: bytes) -> int:
        """Write at a file's end, made with its folders where there is none; return where it begins.

        Raises:
            NoSpace: nothing was written.
        """
        ...

    def overwrite(self, path: str, offset: int, content: bytes) -> None:
        """Write over bytes that are there; raises FileNotFoundError."""
        ...

    def create(self, path: str, content: bytes) -> bytes:
        """Write a small file unless it exists; return what it holds."""
        ...

    def replace(self, path: str, content: bytes) -> None:
        """Put other content under a name."""
        ...

    def sync(self, paths: Collection[str]) -> None:
        """Make files, with their folders, or their absence, outlast a power cut."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file, and the folders above that are empty then. Safe to run twice."""
        ...

    def free(self) -> int:
        """Return how many bytes may still be written."""
        ...

    def total(self) -> int:
        """Return how many bytes there are in all."""
        ...

    @property
    def lost(self) -> Collection[str]:
        """Return the names of what was part of this and does not answer any more; empty where all of it is there."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Be alone among processes and threads that ask for the same."""
        ...


class LocalDisk:
    """A folder on this machine, of which at most `most_bytes` are used."""

    lost: Collection[str] = ()

    def __init__(self, root: Path, most_bytes: int | None = None) -> None:
        self.root = root
        make_folder(root, 0o700)
        self._lock = threading.RLock()
        self._most = most_bytes
        self._used, self._counted_s = 0, -COUNT_S

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}"

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        with open(self._at(path), "rb", buffering=0) as f:
            if offset:
                f.seek(offset)
            return f.read(size)

    def size(self, path: str) -> int:
        return os.stat(self._at(path)).st_size  # noqa: PTH116 - asked for every segment, and a Path costs more

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(n for n in os.listdir(self._at(folder)) if not n.startswith("."))  # noqa: PTH208
        except FileNotFoundError:
            return []

    def append(self, path: str, content: bytes) -> int:
        if self._most is not None and self._room(self._most) < len(content):
            raise NoSpace
        self._used += len(content)
        handle = self._open_end(path)
        try:
            begins = os.fstat(handle).st_size
            try:
                written = os.write(handle, content)
            except OSError as e:
                if e.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise NoSpace from None
            if written < len(content):
                os.ftruncate(handle, begins)
                raise NoSpace
            return begins
        finally:
            os.close(handle)

    def _open_end(self, path: str) -> int:
        """Return a handle at a file's end; whoever clears empty folders meanwhile only makes us try again."""
        while True:
            try:
                return os.open(self._at(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            except FileNotFoundError:
                make_folder((self.root / path).parent, 0o700)

    def overwrite(self, path: str, offset: int, content: bytes) -> None:
        handle = os.open(self._at(path), os.O_WRONLY)
        try:
            os.pwrite(handle, content, offset)
        finally:
            os.close(handle)

    def create(self, path: str, content: bytes) -> bytes:
        return create_once(self.root / path, content)

    def replace(self, path: str, content: bytes) -> None:
        make_folder((self.root / path).parent, 0o700)
        replace_file(self.root / path, content)

    def sync(self, paths: Collection[str]) -> None:
        if len(paths) > EACH:
            self._sync_all()
            return
        folders: set[Path] = set()
        for path in paths:
            at = self.root / path
            with suppress(FileNotFoundError):
                handle = os.open(at, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            folders |= {p for p in at.parents if p == self.root or p.is_relative_to(self.root)}
        for folder in folders:
            with suppress(FileNotFoundError):
                sync_folder(folder)

    def _sync_all(self) -> None:
        """Flush this file system (`syncfs`, Linux), or every one where that is not to be had."""
        handle = os.open(self.root, os.O_RDONLY)
        try:
            if ctypes.CDLL(None).syncfs(handle) != 0:
                os.sync()
        except AttributeError:
            os.sync()
        finally:
            os.close(handle)

    def remove(self, path: str) -> None:
        at = self.root / path
        at.unlink(missing_ok=True)
        with suppress(OSError):  # the first that is not empty ends it
            for folder in at.parents:
                if folder == self.root:
                    return
                folder.rmdir()

    def free(self) -> int:
        free = shutil.disk_usage(self.root).free
        return free if self._most is None else min(free, self._room(self._most))

    def total(self) -> int:
        total = shutil.disk_usage(self.root).total
        return total if self._most is None else min(total, self._most)

    def _room(self, most: int) -> int:
        """Return what is left of so many bytes; other processes write here too, so it is counted anew at times."""
        if monotonic_s() - self._counted_s > COUNT_S:
            self._used = sum(_size(p) for p in self.root.rglob("*"))
            self._counted_s = monotonic_s()
        return max(0, most - self._used)

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
