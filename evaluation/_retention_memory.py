"""Where most histories are played: a disk, its keys and an index in memory, which forget what was not synced."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.memory import InMemoryDisk, InMemoryIndex, Power


class Memory:
    """In memory."""

    def __init__(self, capacity: int) -> None:
        self.power = Power()
        self.disk = InMemoryDisk(capacity, self.power)
        self.keys = InMemoryDisk(power=self.power)
        self.index = InMemoryIndex(self.power)

    async def set_days(self, camera_id: CameraId, days: int | None) -> None:
        if days is None or days == 30:
            self.index.kept_days.pop(camera_id, None)
        else:
            self.index.kept_days[camera_id] = days

    async def hold(self, hold: Hold) -> UUID:
        self.index.standing[hold.hold_id] = hold
        return hold.hold_id

    async def release(self, hold_id: UUID) -> None:
        h = self.index.standing[hold_id]
        self.index.standing[hold_id] = Hold(h.hold_id, h.cameras, h.from_at, h.until_at, h.ends_at, over=True)

    async def standing(self) -> Mapping[UUID, Hold]:
        return {i: h for i, h in self.index.standing.items() if not h.over}

    async def back_up(self) -> tuple[object, object]:
        return self.index.snapshot(), {p: bytes(c) for p, c in self.disk.files.items() if p.startswith("reels/")}

    async def restore(self, backup: object, *, files: bool) -> None:
        assert isinstance(backup, tuple)
        self.index.restore(backup[0])
        if files:
            for path, content in backup[1].items():
                if path not in self.disk.files and len(content) < self.disk.free():
                    self.disk.replace(path, content)

    async def evictions(self) -> set[tuple[CameraId, str]]:
        return {
            (d.camera_id, d.term.name) for c in self.index.certificates if c.why == "disk-full" for d in c.died
        }  # fmt: skip

    async def warned_at(self) -> datetime | None:
        return min((at for _, at in self.index.filling), default=None)

    def lose_power(self, rng: random.Random) -> None:
        self.disk.lose_power(rng)
        self.keys.lose_power(rng)

    def fill(self, free: int | None) -> None:
        self.disk.other = 0
        if free is not None:
            self.disk.other = max(0, self.disk.free() - free)

    def key_files(self) -> list[bytes]:
        return [bytes(c) for p, c in self.keys.files.items() if p.endswith(".key")]
