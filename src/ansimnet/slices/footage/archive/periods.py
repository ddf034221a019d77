"""For how many days each camera's footage is kept: what the register says now, and what it ever said of what is there.

A period that was shortened holds for everything recorded until then, though the register forgets the camera or is put
back to a day before; a longer one holds for what is recorded from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.clock import Guard
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS, Term

FILE = "periods.json"


class Until(NamedTuple):
    """A period's last moment in force, as terms are ordered: the stamps of a wrong clock have an epoch of their own."""

    epoch: int
    at: datetime


class Periods:
    """What is known of the periods, on the disk beside what they are about."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.present: Mapping[CameraId, int] = {}
        """Cameras kept for fewer than 30 days, as the register says now."""
        self._shorter = self._read()

    def _read(self) -> dict[CameraId, dict[int, Until]]:
        """Return, for each camera, until when each shorter period was in force."""
        try:
            return msgspec.json.decode(self.disk.read(FILE), type=dict[CameraId, dict[int, Until]])
        except FileNotFoundError:
            return {}

    def take(self, present: Mapping[CameraId, int], terms: Sequence[Term], guard: Guard) -> None:
        """Take over what the register says now; what is shorter than before is remembered while `terms` are of then."""
        oldest = min(((t.epoch, t.hour_at) for t in terms), default=(guard.epoch, guard.now()))
        shorter = {c: {d: u for d, u in known.items() if u >= oldest} for c, known in self._shorter.items()}
        for camera_id, days in present.items():
            if self.of(camera_id) > days:
                shorter.setdefault(camera_id, {})[days] = Until(guard.epoch, guard.now())
        self.present = dict(present)
        shorter = {c: known for c, known in shorter.items() if known}
        if shorter != self._shorter:
            self.disk.replace(FILE, msgspec.json.encode(shorter))
            self._shorter = shorter

    def of(self, camera_id: CameraId) -> int:
        """Return for how many days what is recorded now is kept."""
        return self.present.get(camera_id, LAWFUL_DAYS)

    def shortest(self) -> int:
        """Return the shortest period that is or was in force for anything."""
        was = (d for known in self._shorter.values() for d in known)
        return min((LAWFUL_DAYS, *self.present.values(), *was))

    def days(self, camera_id: CameraId, term: Term) -> int:
        """Return for how many days a camera's term is kept."""
        now = min(term.days, self.of(camera_id))
        known = self._shorter.get(camera_id)
        if known is None:  # nearly every camera, asked for every hour in every sweep
            return now
        return min((now, *(d for d, u in known.items() if (term.epoch, term.hour_at) <= u)))

    def follow(self) -> None:
        """Take over what the sweeping process remembered."""
        self._shorter = self._read()
