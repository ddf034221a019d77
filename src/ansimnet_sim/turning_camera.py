"""A camera of the district that turns: its picture shows where its motors stand. Coarse while they run."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ansimnet_sim.camera import HEIGHT, WIDTH, LiveCamera, Shot, Studio
from ansimnet_sim.city import Camera, City
from ansimnet_sim.onvif_head import Axes, Head
from ansimnet_sim.people import Actor, Pose
from ansimnet_sim.raycast import Backdrop, render
from ansimnet_sim.scene import build_scene

COARSE = 4
"""A picture in motion is cast with a sixteenth of the rays: 0.1 s of a core against 0.8."""


class Reach(NamedTuple):
    """What the device's units mean: half a turn either way, tilts at -1 and +1, fields of view at zoom 0 and 1."""

    pan_deg: float = 180.0
    tilt_from_deg: float = -90.0
    tilt_until_deg: float = 30.0
    fov_tele_deg: float = 8.0


REACH = Reach()


def home_of(camera: Camera) -> Axes:
    """Return the motors' position that shows what the fixed camera showed."""
    span = REACH.tilt_until_deg - REACH.tilt_from_deg
    return 0.0, 2 * (-camera.pitch_deg - REACH.tilt_from_deg) / span - 1, 0.0


def turned(camera: Camera, at: Axes) -> Camera:
    """Return the camera as it looks with its motors at a position; zoom runs linear in the focal length.

    >>> from ansimnet_sim.city import Camera
    >>> c = Camera("HD-1", "", 0, 0, 5, 350, None, 60, 10, 50, "", "")
    >>> round(turned(c, home_of(c)).pitch_deg, 6), turned(c, (0.5, 0, 0)).azimuth_deg
    (10.0, 80.0)
    """
    pan, tilt, zoom = at
    wide, tele = (np.tan(np.radians(deg / 2)) for deg in (camera.fov_deg, REACH.fov_tele_deg))
    half = wide / (1 + zoom * (wide / tele - 1))
    pitch = -(REACH.tilt_from_deg + (REACH.tilt_until_deg - REACH.tilt_from_deg) * (tilt + 1) / 2)
    return replace(
        camera,
        azimuth_deg=(camera.azimuth_deg + pan * REACH.pan_deg) % 360,
        pitch_deg=pitch,
        fov_deg=float(2 * np.degrees(np.arctan(half))),
    )


class TurningCamera(LiveCamera):
    """A live camera on motors."""

    def __init__(self, city: City, camera: Camera, *, pair: int, fps: int, phase: float, cache: Path | None) -> None:
        super().__init__(city, camera, pair=pair, fps=fps, phase=phase, cache=cache)
        home = home_of(camera)
        self.head = Head(at=home, to=home)
        self._drawn = home
        self._fine: tuple[Axes, Future[Studio]] | None = None
        self._is_fine = True
        self._pool = ThreadPoolExecutor(1, f"turn {camera.code}")

    def shoot(self, number: int, at: datetime, actors: Iterable[tuple[Actor, Pose]]) -> Shot:
        self.prepare()
        here, moving = self.head.position(), self.head.moving()
        if here != self._drawn and (number % 2 == 0 or not moving):
            self._show(self._studio_at(here, COARSE), here, fine=False)
        elif not moving and not self._is_fine:
            self._refine(here)
        return super().shoot(number, at, actors)

    def _refine(self, here: Axes) -> None:
        """Draw the fine picture beside the camera's own thread, and show it if nobody has turned meanwhile."""
        if self._fine is None or self._fine[0] != here:
            self._fine = here, self._pool.submit(self._studio_at, here, 1)
        elif self._fine[1].done():
            self._show(self._fine[1].result(), here, fine=True)
            self._fine = None

    def _show(self, studio: Studio, at: Axes, *, fine: bool) -> None:
        with self._lock:
            self._studio = studio
        self._drawn, self._is_fine = at, fine

    def _studio_at(self, at: Axes, coarse: int) -> Studio:
        camera = turned(self.camera, at)
        scene = build_scene(self._city, camera)
        drawn = render(scene, WIDTH // coarse, HEIGHT // coarse, camera.number)
        if coarse > 1:
            rgb, depth = (plane.repeat(coarse, axis=0).repeat(coarse, axis=1) for plane in (drawn.rgb, drawn.depth))
            drawn = Backdrop(rgb.astype(np.uint8), depth.astype(np.float32))
        return Studio(camera, self._pair, scene, drawn)
