"""Checks of the archive, each switched off in turn: what the scorer must find out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from evaluation._retention_memory import Memory

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import keys, rules
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import Guard
from ansimnet.slices.footage.archive.holds import Keeper
from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.keys import KeyStore
from ansimnet.slices.footage.archive.memory import InMemoryDisk
from ansimnet.slices.footage.archive.model import Term
from ansimnet.slices.footage.archive.periods import Periods
from ansimnet.slices.footage.archive.sweep import Sweeper

_due, _bounds, _sync, _days = rules.due, Guard.bounds, InMemoryDisk.sync, Periods.days
_back_up, _restore, _turn_due = Memory.back_up, Memory.restore, Sweeper._due


def _pretend(_: KeyStore, term: Term, cameras: Collection[CameraId] | None = None) -> list[CameraId]:
    return list(cameras or ())


def _by_the_wall(self: Guard, epoch: int | None = None) -> tuple[datetime, datetime]:
    wall = self.clocks.wall()
    return wall, wall


def _keys_unsynced(self: InMemoryDisk, paths: Collection[str]) -> None:
    _sync(self, [p for p in paths if not p.endswith(".key")])


def _copies_unsynced(self: InMemoryDisk, paths: Collection[str]) -> None:
    _sync(self, [p for p in paths if not p.startswith("holds/")])


def _only_registered(self: Sweeper) -> list[tuple[Term, list[CameraId]]]:
    """Return what is due of cameras that the register knows: the mistake of Frigate #2502."""
    known = set(self.archive.periods.present)
    return [(term, [c for c in cameras if c in known or c.int == 1]) for term, cameras in _turn_due(self)]


async def _keys_in_the_backup(self: Memory) -> object:
    return *await _back_up(self), {p: bytes(c) for p, c in self.keys.files.items()}


async def _keys_come_back(self: Memory, backup: object, *, files: bool) -> None:
    await _restore(self, backup[:2], files=files)  # type: ignore[index]
    for path, content in backup[2].items():  # type: ignore[index]
        self.keys.replace(path, content)


def _known_to_the_database(self: Keeper, said: Iterable[Hold]) -> dict[Any, Hold]:
    return {h.hold_id: h for h in said}


PLANTS: dict[str, list[tuple[Any, str, Any]]] = {
    "key-not-destroyed": [(KeyStore, "destroy", _pretend)],
    "key-of-a-hold-not-destroyed": [
        (KeyStore, "destroy_held", lambda self, hold_id: True),
        (KeyStore, "drop_held", lambda self, hold_id: None),
    ],
    "destroyed-key-not-synced": [(InMemoryDisk, "sync", _keys_unsynced)],
    "shown-though-over": [(Archive, "_may", lambda self, segment: None)],
    "hold-ignored": [(rules, "held", lambda found, camera_id, term: [])],
    "hold-never-ends": [(rules, "ended", lambda hold, earliest, latest: False)],
    "copy-of-a-hold-not-synced": [(InMemoryDisk, "sync", _copies_unsynced)],
    "hold-forgotten-by-the-disk": [(Keeper, "known", _known_to_the_database)],
    "held-footage-evicted": [(Sweeper, "_holds", lambda self, camera_id, term: [])],
    "newest-evicted-first": [(Sweeper, "_order", staticmethod(lambda pair: (-pair[1].hour_at.timestamp(), pair[0])))],
    "evicted-with-room-left": [(rules, "RESERVE", 0.2)],
    "no-alarm-a-day-ahead": [(rules, "HORIZON", timedelta(hours=6))],
    "clock-guard-off": [(Guard, "bounds", _by_the_wall)],
    "clock-shift-forgotten": [(Guard, "shift", lambda self, epoch: timedelta(0))],
    "sweep-too-late": [(rules, "LEAD", timedelta(seconds=-60))],
    "destroyed-an-hour-early": [(rules, "due", lambda t, d, s: _due(t, d, s) - timedelta(minutes=2))],
    "longer-period-lengthens-life": [(Periods, "days", lambda self, camera_id, term: self.of(camera_id))],
    "deleted-camera-forgotten": [(Sweeper, "_due", _only_registered)],
    "keys-in-the-backup": [(Memory, "back_up", _keys_in_the_backup), (Memory, "restore", _keys_come_back)],
}
"""By name: what is replaced, and by what."""
REAL_PLANTS: dict[str, list[tuple[Any, str, Any]]] = {
    "keys-not-tagged": [(keys, "CACHE_TAG", b"a folder like any other")],
    **{
        name: PLANTS[name]
        for name in (
            "key-not-destroyed", "shown-though-over", "hold-ignored", "sweep-too-late", "deleted-camera-forgotten",
        )
    },
}  # fmt: skip
"""What is switched off on real files and tables too. Without its tag, any copy of folders has the folder of keys."""


@contextmanager
def planted(plants: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Let a check be off until the block ends."""
    before: list[tuple[Any, str, Callable[..., Any]]] = []
    try:
        for owner, attribute, value in plants:
            before.append((owner, attribute, vars(owner)[attribute]))
            setattr(owner, attribute, value)
        yield
    finally:
        for owner, attribute, value in reversed(before):
            setattr(owner, attribute, value)
