"""For how many days each camera's footage is kept: what the register says now, and what it ever said of what is there.

A period that was shortened holds for everything recorded until then, though the register forgets the camera or is put
back to a day before; a longer one holds for what is recorded from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS, Term

FILE = "periods.json"


class Periods:
    """What is known of the periods, on the disk beside what they are about."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.present: Mapping[CameraId, int] = {}
        """Cameras kept for fewer than 30 days, as the register says now."""
        self._caps = self._read()

    def _read(self) -> dict[CameraId, dict[int, datetime]]:
        """Return, for each camera, until when each shorter period was in force."""
        try:
            return msgspec.json.decode(self.disk.read(FILE), type=dict[CameraId, dict[int, datetime]])
        except FileNotFoundError:
            return {}

    def take(self, present: Mapping[CameraId, int], now: datetime) -> None:
        """Take over what the register says now; what is shorter than before is remembered."""
        before = self.present
        self.present = dict(present)
        caps = {c: {d: at for d, at in known.items() if now - at < timedelta(days=LAWFUL_DAYS + 1)}
                for c, known in self._caps.items()}  # fmt: skip
        for camera_id in {*before, *present}:
            days = present.get(camera_id, LAWFUL_DAYS)
            if before.get(camera_id, LAWFUL_DAYS) > days:
                caps.setdefault(camera_id, {})[days] = now
        caps = {c: known for c, known in caps.items() if known}
        if caps != self._caps:
            self._caps = caps
            self.disk.replace(FILE, msgspec.json.encode(caps))

    def of(self, camera_id: CameraId) -> int:
        """Return for how many days what is recorded now is kept."""
        return self.present.get(camera_id, LAWFUL_DAYS)

    def shortest(self) -> int:
        """Return the shortest period that is or was in force for anything."""
        return min((LAWFUL_DAYS, *self.present.values(), *(d for known in self._caps.values() for d in known)))

    def days(self, camera_id: CameraId, term: Term) -> int:
        """Return for how many days a camera's term is kept."""
        caps = (d for d, at in self._caps.get(camera_id, {}).items() if term.hour_at <= at)
        return min((term.days, self.of(camera_id), *caps))

    def follow(self) -> None:
        """Take over what the sweeping process remembered."""
        self._caps = self._read()
