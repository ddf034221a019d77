"""Key-encryption keys: a ring per centre. The newest wraps, each of them opens, so that one follows another unseen.

They come from a folder (files `kek`, `kek.2`, `kek.3` … of 32 bytes, 0600) or from a command of the operator's that
asks a key service and prints one key a line, newest first. Nothing here is ever logged.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault
from ansimnet.platform.files import create_once, make_folder, shred, sync_folder

KEK_BYTES = 32
"""AES-256."""
NAME = re.compile(r"kek(?:\.(\d+))?")
COMMAND_LIVES_S = 60.0
"""How long the answer of an operator's command is believed (ours: a key service is not asked once per file)."""
COMMAND_PATIENCE_S = 20.0
"""A key service that takes longer is taken to be away."""


class KeyBroken(Fault):
    """A key file cannot be unwrapped: the key-encryption key is another one, or the file is damaged."""


class Source(Protocol):
    """Where key-encryption keys come from."""

    def keks(self) -> Sequence[bytes]:
        """Return them, newest first, at least one.

        Raises:
            KeyBroken: there is none, it has the wrong length, or others may read it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """One key held in memory: for tests and for keys that come over an export."""

    kek: bytes

    def keks(self) -> Sequence[bytes]:
        """Return the one key."""
        return (checked(self.kek),)


def checked(kek: bytes) -> bytes:
    """Return a key-encryption key of the right length.

    Raises:
        KeyBroken: it has another.
    """
    if len(kek) != KEK_BYTES:
        raise KeyBroken(f"the key-encryption key must have {KEK_BYTES} bytes")
    return kek


class Folder:
    """Key-encryption keys as files. The first is drawn where there is none and nothing waits to be opened."""

    def __init__(self, folder: Path, *, used: Path | None = None) -> None:
        self.folder = folder
        self._used = used or folder
        self._stamp: object = None
        self._keks: tuple[bytes, ...] = ()
        make_folder(folder, 0o700)

    def files(self) -> list[Path]:
        """Return the key files, newest first."""
        found = [(int(m[1] or 1), p) for p in self.folder.iterdir() if (m := NAME.fullmatch(p.name))]
        return [p for _, p in sorted(found, reverse=True)]

    def keks(self) -> Sequence[bytes]:
        """Return the keys, newest first; read again whenever the folder has changed."""
        for _ in range(10):
            try:
                return self._read()
            except FileNotFoundError:  # one was retired between two looks
                continue
        raise KeyBroken(f"the key-encryption keys in `{self.folder}` do not hold still")

    def _read(self) -> Sequence[bytes]:
        files = self.files()
        if not files:
            if (self._used / "subjects").exists() or any(self._used.glob("*.key")):
                raise KeyBroken(f"the key-encryption key is missing from `{self.folder}`, and keys wait to be opened")
            create_once(self.folder / "kek", os.urandom(KEK_BYTES))
            files = self.files()
        stats = [(p, p.stat()) for p in files]
        stamp = tuple((p.name, s.st_ino, s.st_mtime_ns, s.st_mode) for p, s in stats)
        if stamp != self._stamp:
            for path, stat in stats:
                if stat.st_mode & 0o077:
                    raise KeyBroken(f"others may read `{path}`: chmod 600 it")
            self._keks = tuple(checked(p.read_bytes()) for p in files)
            self._stamp = stamp
        return self._keks

    def add(self) -> Path:
        """Draw a new key, which wraps from now on; the old ones still open."""
        newest = self.files()[0].suffix.lstrip(".") or "1"
        path = self.folder / f"kek.{int(newest) + 1}"
        create_once(path, os.urandom(KEK_BYTES))
        return path

    def retire(self) -> int:
        """Destroy every key but the newest; return how many there were."""
        old = self.files()[1:]
        for path in old:
            shred(path)
        sync_folder(self.folder)
        return len(old)


class Command:
    """Key-encryption keys from a program of the operator's, called with the centre's name as its last word.

    It prints one key a line, newest first, as 64 hex digits or base64, and ends with 0.
    """

    def __init__(self, command: str, centre: str) -> None:
        self._words = [*shlex.split(command), centre]
        self._lock = threading.Lock()
        self._asked_s = 0.0
        self._keks: tuple[bytes, ...] = ()

    def keks(self) -> Sequence[bytes]:
        """Return what the program said, at most a minute ago."""
        with self._lock:
            if not self._keks or monotonic_s() - self._asked_s > COMMAND_LIVES_S:
                self._keks = self._ask()
                self._asked_s = monotonic_s()
            return self._keks

    def _ask(self) -> tuple[bytes, ...]:
        try:
            said = subprocess.run(self._words, capture_output=True, timeout=COMMAND_PATIENCE_S, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            raise KeyBroken("the command for the key-encryption key failed") from None  # its words might hold the key
        keks = tuple(_read(line) for line in said.split())
        if not keks:
            raise KeyBroken("the command for the key-encryption key printed none")
        return keks


def _read(line: bytes) -> bytes:
    try:
        return checked(
            bytes.fromhex(line.decode()) if len(line) == 2 * KEK_BYTES else base64.b64decode(line, validate=True)
        )
    except (ValueError, binascii.Error):
        raise KeyBroken("the command for the key-encryption key printed something else") from None


class Ring:
    """Wraps keys (AES key wrap, RFC 3394) under the newest key-encryption key, and opens them under any."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.source.keks()

    def wrap(self, key: bytes) -> bytes:
        """Return a key wrapped under the newest key-encryption key."""
        return aes_key_wrap(self.source.keks()[0], key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key.

        Raises:
            KeyBroken: none of the key-encryption keys opens it.
        """
        for kek in self.source.keks():
            try:
                return aes_key_unwrap(kek, wrapped)
            except (InvalidUnwrap, ValueError):
                continue
        raise KeyBroken("a key does not open under any key-encryption key here")

    def newest_opens(self, wrapped: bytes) -> bool:
        """Tell whether the newest key-encryption key is the one it lies under."""
        try:
            aes_key_unwrap(self.source.keks()[0], wrapped)
        except (InvalidUnwrap, ValueError):
            return False
        return True


@contextmanager
def held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold a folder of keys: many may add keys side by side, who destroys or rewraps them is alone for that moment."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
