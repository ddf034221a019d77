"""What the terminal says of an archive, from its files alone: it answers though the database is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ansimnet.kernel.errors import Conflict
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.clock import STATE, Clocks, Guard, MachineClocks, confirm
from ansimnet.slices.footage.archive.disk import Disk, LocalDisk
from ansimnet.slices.footage.archive.holds import words_of
from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.opening import footage_dir, joined_disks, key_store, keys_dir
from ansimnet.slices.footage.archive.periods import Periods


class NoDoubt(Conflict):
    """The archive's clock is not in doubt: there is nothing to confirm."""

    name = "no-doubt"


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """How an archive stands. Sizes in bytes; `hours`: camera hours whose keys live; `next_at`: the next destruction."""

    folder: Path
    keys_folder: Path
    total: int
    free: int
    hours: int
    cameras: int
    oldest_at: datetime | None
    next_at: datetime | None
    holds: tuple[Hold, ...]
    doubt: str | None


def report(settings: Settings, clocks: Clocks | None = None) -> ArchiveReport:
    """Return how this machine's archive stands."""
    home, keys = LocalDisk(footage_dir(settings)), key_store(settings)
    disk = joined_disks(home, settings.footage_more_dirs)
    guard = _guard(home, clocks)
    periods = Periods(disk)
    alive = [(s.camera_id, t) for t in keys.terms() for s in keys.slots(t) if s.wrapped is not None]
    shift = guard.shift if guard is not None else None
    due = [rules.due(t, periods.days(c, t), shift(t.epoch)) for c, t in alive if shift is not None]
    return ArchiveReport(
        folder=home.root,
        keys_folder=keys_dir(settings),
        total=disk.total(),
        free=disk.free(),
        hours=len(alive),
        cameras=len({c for c, _ in alive}),
        oldest_at=min((t.hour_at for _, t in alive), default=None),
        next_at=min(due, default=None),
        holds=tuple(kept_holds(disk)),
        doubt=None if guard is None or guard.doubt is None else guard.doubt.value,
    )


def _guard(disk: LocalDisk, clocks: Clocks | None) -> Guard | None:
    """Return the clock as the archive last knew it, None where it never ran. Nothing is written."""
    try:
        disk.size(STATE)
    except FileNotFoundError:
        return None
    return Guard(disk, clocks or MachineClocks())


def kept_holds(disk: Disk) -> list[Hold]:
    """Return the holds that keep copies on a disk."""
    return [hold for name in disk.names("holds") if (hold := words_of(disk, name)) is not None]


def confirm_clock(settings: Settings, clocks: Clocks | None = None) -> None:
    """Say that this machine's clock is right as it is; the archive takes it within 20 s.

    Raises:
        NoDoubt: nobody doubts it.
    """
    disk = LocalDisk(footage_dir(settings))
    guard = _guard(disk, clocks)
    if guard is None or guard.doubt is None:
        raise NoDoubt
    confirm(disk, clocks or MachineClocks())


def change_kek(settings: Settings) -> tuple[int, int]:
    """Let a new key-encryption key of footage follow the present one; return how many keys and KEKs that changed."""
    return key_store(settings).change_kek()
