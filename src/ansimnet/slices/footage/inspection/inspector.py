"""Looks at every camera of a relay worker in turn: one key frame about every half minute, measured elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from ansimnet.kernel.clock import Clock, monotonic_s
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Db
from ansimnet.slices.footage.inspection import keeping
from ansimnet.slices.footage.inspection.judging import Change, Watch, judge
from ansimnet.slices.footage.inspection.sun import light_at
from ansimnet.slices.footage.inspection.tally import Tally
from ansimnet.slices.footage.inspection.worker import MeasuringWorker
from ansimnet.slices.footage.recording.picture_worker import PicturesFailed
from ansimnet.slices.footage.relay.source import CameraSource

log = structlog.get_logger(__name__)

EVERY_S = 30.0
"""Between two looks at one camera. Ours: 250 cameras are then eight key frames a second, a tenth of a core."""
KEEP_S = 60.0
"""How often means are written, and what others decided is read."""
REFERENCES_S = 1_800.0
"""How often references are written: a restart forgets half an hour of learning."""
IDLE_S = 1.0


@dataclass(slots=True)
class _Seen:
    """One camera under inspection."""

    place: Point
    view_since: datetime | None
    watch: Watch
    tally: Tally = field(default_factory=Tally)
    dts: int = -1


class Inspector:
    """Inspects the sources of one worker, as they come and go. `cameras` is the relay's own table, read only."""

    def __init__(
        self, db: Db, cameras: Mapping[CameraId, CameraSource], clock: Clock, *, every_s: float = EVERY_S
    ) -> None:
        self.seen: dict[CameraId, _Seen] = {}
        self._db = db
        self._cameras = cameras
        self._clock = clock
        self._every_s = every_s
        self._worker = MeasuringWorker()
        self._kept_s = monotonic_s()
        self._references_s = monotonic_s()

    async def run(self) -> None:
        """Inspect for ever."""
        try:
            while True:
                await asyncio.sleep(IDLE_S)
                try:
                    await self.round()
                except Exception:
                    log.exception("a round of inspection failed")
        finally:
            self._worker.stop()

    async def round(self) -> None:
        """Look at each camera once, evenly over the time between two looks."""
        await self._meet()
        sources = [s for i, s in list(self._cameras.items()) if i in self.seen]
        for source in sources:
            began = monotonic_s()
            if source.camera.camera_id in self.seen:
                await self.look(source)
            if monotonic_s() - self._kept_s > KEEP_S:
                await self.keep()
            await asyncio.sleep(max(0.0, self._every_s / len(sources) - (monotonic_s() - began)))

    async def look(self, source: CameraSource) -> list[Change]:
        """Measure and judge one camera, and tell what changed. A picture is looked at once."""
        camera_id = source.camera.camera_id
        seen, at, reading = self.seen[camera_id], self._clock.now(), None
        if source.ready.is_set():
            group = source.group
            if not group or group[0].dts == seen.dts:
                return []
            seen.dts = group[0].dts
            try:
                reading = await self._worker.measure(group[0])
            except PicturesFailed:
                log.warning("a key frame was not measured", camera=source.camera.code)
            if reading is None:
                return []
        light = light_at(seen.place, at)
        known = seen.watch
        if source.camera.turned is not None:
            known = replace(known, references={})  # its view is meant to move: there is nothing to compare it with
        watch, values, changes = judge(known, reading, at, light, source.clock_error_s)
        if values is not None:
            seen.tally.add(values, at)
        if changes:
            await keeping.tell(self._db, camera_id, changes, at)
        seen.watch = watch  # only now: what could not be told is found again
        return changes

    async def keep(self) -> None:
        """Write what was measured, and take in what others decided: a view to be learnt anew."""
        self._kept_s, now = monotonic_s(), self._clock.now()
        references = []
        if self._kept_s - self._references_s > REFERENCES_S:
            self._references_s = self._kept_s
            references = [(i, light, r) for i, s in self.seen.items() for light, r in s.watch.references.items()]
        hours = {i: taken for i, s in self.seen.items() if (taken := s.tally.take())}
        await keeping.keep(self._db, hours, references, now)
        known = await keeping.load(self._db, list(self.seen))
        for camera_id, seen in list(self.seen.items()):
            now_known = known.get(camera_id)
            if now_known is None:
                del self.seen[camera_id]
                continue
            if now_known.view_since != seen.view_since:
                if seen.view_since is not None:
                    seen.watch = replace(seen.watch, references={})
                seen.view_since = now_known.view_since

    async def _meet(self) -> None:
        """Take in cameras that came, and let go of those that left."""
        for camera_id in self.seen.keys() - self._cameras.keys():
            del self.seen[camera_id]
        new = self._cameras.keys() - self.seen.keys()
        if new:
            for camera_id, known in (await keeping.load(self._db, new)).items():
                self.seen[camera_id] = _Seen(known.place, known.view_since, known.watch)
