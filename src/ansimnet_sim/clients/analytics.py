"""A worker of a rehearsal: the boxes that cameras' own analytics tell, through the real behaviours, to the real door.

No weights: what a detector would find, the simulated cameras say of themselves, as real ones do in their metadata. The
model's name begins with `simulated-`, so every alarm of it says so. Behaviours that need pictures or joints are not
covered, and it tells the server that.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import numpy as np

from ansimnet_sim.camera import HEIGHT, WIDTH, Shot
from ansimnet_sim.clients.sightings import Notes, seen_in
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_vision.behaviours import PLAIN, Watch, build
from ansimnet_vision.types import CameraConfig, Scene, Signal

FROM_BOXES = frozenset({"approach", "intrusion", "loitering", "crowding", "stalking"})
"""What boxes alone can tell; falls want joints, fire and covered lenses want pictures."""
LOOK_S = 0.2
TELL_S = 5.0
MODEL = f"simulated-boxes@{hashlib.sha256(b'onvif-analytics').hexdigest()[:8]}"
_LUMA = np.zeros((HEIGHT * 3 // 10, WIDTH * 3 // 10), np.uint8)
"""Nobody who is built here looks at it."""


class CameraAnalytics:
    """One machine that reports for all cameras of a district, by the key it was given.

    `ids`: the server's id of each camera's code; `client`: where the server answers; `notes`: what it notes of
    those who pass, None where nobody asked for that.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        key: str,
        cameras: CameraServer,
        ids: Mapping[str, str],
        notes: Notes | None = None,
    ) -> None:
        self.notes = notes
        self.cameras = cameras
        self.ids = dict(ids)
        self.reported = 0
        self._watches: dict[str, tuple[CameraConfig, Watch]] = {}
        self._seen: dict[str, int] = {}
        self._client = client
        self._client.headers["Authorization"] = f"Bearer {key}"

    async def run(self) -> None:
        """Watch until cancelled; a server that is away is asked again."""
        async with self._client:
            waited_s = TELL_S
            while True:
                with suppress(httpx.HTTPError):
                    if waited_s >= TELL_S:
                        await self.configure()
                        waited_s = 0.0
                    await self.look()
                await asyncio.sleep(LOOK_S)
                waited_s += LOOK_S

    async def configure(self) -> None:
        """Tell the server what this worker can do, and take the cameras' configurations."""
        state = {
            "cameras": sorted(self.ids.values()),
            "behaviours": sorted(FROM_BOXES),
            "not_covered": dict.fromkeys(sorted(PLAIN.keys() - FROM_BOXES), "a rehearsal has no pictures of its own"),
            "models": [],
        }
        answer = await self._client.post("/ingest/vision/state", json=state)
        answer.raise_for_status()
        for document in answer.json()["cameras"]:
            wanted = {b: sorted(set(document[b]) & FROM_BOXES) for b in ("behaviours", "shadow")}
            config = CameraConfig.of(document | wanted)
            known = self._watches.get(config.camera_id)
            if known is None or known[0] != config:
                self._watches[config.camera_id] = config, build(config)

    async def look(self) -> None:
        """Judge the newest picture of every camera, and report what became certain."""
        reports = []
        for code, camera_id in self.ids.items():
            mount = self.cameras.mounts[code]
            watched = self._watches.get(camera_id)
            if watched is None or mount.last is None or self._seen.get(code) == mount.last.number:
                continue
            shot = mount.last
            self._seen[code] = shot.number
            config, watch = watched
            reports += [_report(config, s) for s in watch.step(_scene(config, shot))]
            if self.notes is not None:
                await asyncio.to_thread(self.notes.look, config, mount.live)
        if reports:
            (await self._client.post("/ingest/vision/reports", json={"reports": reports})).raise_for_status()
            self.reported += len(reports)
        if self.notes is not None:
            await self.notes.tell(self._client)


def _scene(config: CameraConfig, shot: Shot) -> Scene:
    return Scene(at_s=shot.at.timestamp(), seen=tuple(seen_in(config, shot)), luma=_LUMA, moved=0.0)


def _report(config: CameraConfig, signal: Signal) -> dict[str, Any]:
    foot = config.foot(signal.box)
    return {
        "id": str(uuid4()),
        "camera_id": config.camera_id,
        "behaviour": signal.behaviour,
        "at": signal.at_s,
        "since": signal.since_s,
        "probability": signal.probability,
        "box": signal.box,
        "tracks": signal.tracks,
        "place": None if foot is None else config.place(foot),
        "evidence": {"score": signal.score, **signal.evidence},
        "model": MODEL,
        "shadow": signal.behaviour in config.shadow,
    }
