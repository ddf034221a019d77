"""What a worker of a rehearsal notes of those who pass: boxes of the cameras' own analytics, colours from the pixels.

The boxes need no weights; what is noted of each is read from the picture by the workers' own code. The server seals
it, as it does for machines that are not its own.
"""

from __future__ import annotations

from collections import deque
from typing import Any
from uuid import uuid4

import httpx
from av import VideoFrame

from ansimnet_sim.camera import HEIGHT, WIDTH, LiveCamera, Shot
from ansimnet_vision.sightings.gather import Gatherer, Part
from ansimnet_vision.sightings.noter import Describer
from ansimnet_vision.types import PERSON, VEHICLE, CameraConfig, Seen

GONE_S = 1.0
"""A track that was not in the picture for so long has left it."""
MOST = 2000
"""Tracks in one batch: the server refuses what is beyond (`tracing.service.intake.MOST`)."""
LEAST_VISIBLE = 0.35
"""A detector does not find whom a wall hides by more than two thirds. Ours."""


class Notes:
    """Sightings of all cameras. `told`: what was said of each, newest last; a scorer compares it with the pixels."""

    def __init__(self) -> None:
        self.told: deque[dict[str, Any]] = deque(maxlen=20_000)
        self._describe = Describer()
        self._gather: dict[str, Gatherer] = {}
        self._alive: dict[str, dict[int, float]] = {}
        self._waiting: list[dict[str, Any]] = []
        self._batch: dict[str, Any] | None = None
        """What was sent and not yet acknowledged: the server may have taken it, so it is sent again as it was."""

    def look(self, config: CameraConfig, camera: LiveCamera) -> None:
        """Take in the newest picture of a camera."""
        glimpse = camera.glimpse()
        if glimpse is None:
            return
        shot, rgb = glimpse
        at_s, seen = shot.at.timestamp(), [s for s in seen_in(config, shot) if s.score >= LEAST_VISIBLE]
        alive = self._alive.setdefault(config.camera_id, {})
        alive |= {s.track: at_s for s in seen}
        here = {n for n, last_s in alive.items() if at_s - last_s <= GONE_S}
        gather = self._gather.setdefault(config.camera_id, Gatherer())
        for part in gather.step(VideoFrame.from_ndarray(rgb, format="rgb24"), at_s, seen, here):
            self._note(config, part)

    def _note(self, config: CameraConfig, part: Part) -> None:
        if not part.crops:
            return
        told = self._describe(config, part).told()
        self._waiting.append(told)
        self.told.append(told | {"number": part.track})

    async def tell(self, client: httpx.AsyncClient) -> None:
        """Send what waits. A batch that nobody acknowledged is sent again under its own id: the server takes it once.

        Raises:
            httpx.HTTPError: no answer, or a refusal; call again.
        """
        if self._batch is None and self._waiting:
            self._batch = {"batch_id": str(uuid4()), "tracks": self._waiting[:MOST]}
            self._waiting = self._waiting[MOST:]
        if self._batch is not None:
            (await client.post("/ingest/tracing/sightings", json=self._batch)).raise_for_status()
            self._batch = None


def seen_in(config: CameraConfig, shot: Shot) -> list[Seen]:
    """Return what a camera's analytics say of a picture, as a detector would."""
    at_s, out = shot.at.timestamp(), []
    for track in shot.tracks:
        x1, y1, x2, y2 = track.box
        box = (_part(x1 / WIDTH), _part(y1 / HEIGHT), _part(x2 / WIDTH), _part(y2 / HEIGHT))
        if box[0] < box[2] and box[1] < box[3]:
            kind = PERSON if track.kind == "Human" else VEHICLE
            out.append(Seen(track.number, kind, box, track.visible, at_s, config.foot(box)))
    return out


def _part(value: float) -> float:
    return min(1.0, max(0.0, value))
