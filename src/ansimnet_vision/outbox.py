"""What was decided and not yet taken by the server: one file for all workers of a machine, in SQLite.

A report is written here, to the disk, before anybody hears of it; the server's starter takes what is there, keeps it in
its own database and marks it. So neither the end of a worker nor that of the server loses a report, and the id, chosen
once, keeps it from counting twice. No picture, no face: a behaviour, a camera, a box and numbers. Sightings lie beside
them as ciphertext alone.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ansimnet_vision.sightings.seal import Sealed
from ansimnet_vision.types import Box, Report, Signal

KEPT_S = 120.0
"""What the server has taken is remembered so long, to know an event again after a change of process."""
SAME_S = 5.0
"""An event that began so soon after one was reported is that one, seen by another process."""
REACH = 0.15
"""Parts of the picture that somebody crosses in a second at most: a runner near a street camera."""
_TABLE = """create table if not exists report (
    id text primary key, camera_id text not null, behaviour text not null, at real not null, body text not null,
    taken integer not null default 0)"""
_SIGHTINGS = """create table if not exists sighting (
    id text primary key, camera_id text not null, hour text not null, sealed blob not null,
    taken integer not null default 0)"""


class Outbox:
    """The file, as workers use it."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute(_TABLE)
        self._db.execute(_SIGHTINGS)

    def put(self, reports: Sequence[Report]) -> None:
        """Keep reports; they are on the disk when this returns."""
        if not reports:
            return
        rows = [(r.id, r.camera_id, r.behaviour, r.at, json.dumps(asdict(r), ensure_ascii=False)) for r in reports]
        newest = max(r.at for r in reports)
        self._db.execute("begin immediate")
        self._db.executemany("insert or ignore into report values (?, ?, ?, ?, ?, 0)", rows)
        self._db.execute("delete from report where taken and at < ?", (newest - KEPT_S,))
        self._db.execute("commit")

    def note(self, sightings: Sequence[Sealed]) -> None:
        """Keep sightings, each sealed: nobody reads them here. What was taken is not kept."""
        self._db.execute("begin immediate")
        self._db.executemany(
            "insert or ignore into sighting values (?, ?, ?, ?, 0)",
            [(s.id, s.camera_id, s.hour, s.block) for s in sightings],
        )
        self._db.execute("delete from sighting where taken")
        self._db.execute("commit")

    def said(self, camera_id: str, after_s: float) -> list[tuple[str, float, Box]]:
        """Return behaviour, instant and box of what was reported of a camera after an instant."""
        found = self._db.execute("select body from report where camera_id = ? and at > ?", (camera_id, after_s))
        bodies = [json.loads(body) for (body,) in found]
        return [(b["behaviour"], b["at"], tuple(b["box"])) for b in bodies]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def same(signal: Signal, behaviour: str, at_s: float, box: Box) -> bool:
    """Return whether a signal is an event that another process has reported: of that kind, begun then, near there.

    >>> signal = Signal("intrusion", 103.0, 99.0, 4.0, None, (1,), (0.4, 0.4, 0.5, 0.6), {})
    >>> same(signal, "intrusion", 100.0, (0.42, 0.4, 0.52, 0.6)), same(signal, "fire", 100.0, (0.4, 0.4, 0.5, 0.6))
    (True, False)
    """
    away_s = signal.at_s - at_s
    if signal.behaviour != behaviour or signal.since_s > at_s + SAME_S:
        return False
    a, b = signal.box, box
    away = math.hypot((a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2)
    return away <= 0.1 + REACH * abs(away_s)
