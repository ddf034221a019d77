"""Small files that must appear whole, be read by their owner alone, or vanish for good."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int) -> None:
    """Create a folder and those above it, each with this mode (`mkdir` gives it to the last alone)."""
    if not folder.exists():
        make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)


def _draft(path: Path, content: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    return draft


def create_once(path: Path, content: bytes, mode: int = 0o600) -> bytes:
    """Write a small file unless it exists and return what it holds; safe among processes, synced before it appears."""
    make_folder(path.parent, 0o700 if mode == 0o600 else 0o755)
    if not path.exists():
        draft = _draft(path, content, mode)
        try:
            os.link(draft, path)  # fails where another process was first: its content stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(path.parent)
    return path.read_bytes()


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put other content under a name, whole or not at all; synced."""
    _draft(path, content, mode).replace(path)
    sync_folder(path.parent)


def shred(path: Path) -> bool:
    """Overwrite a file and remove it; False where it is gone already. The caller syncs the folder."""
    try:
        size = path.stat().st_size
        with path.open("r+b") as f:
            f.write(os.urandom(size))
            f.flush()
            os.fsync(f.fileno())
        path.unlink()
    except FileNotFoundError:
        return False
    return True
