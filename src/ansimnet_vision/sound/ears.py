"""Every microphone of one worker: packets of the relay in, reports out. A camera that breaks breaks alone."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from ansimnet_vision.sound.cry import Spotter
from ansimnet_vision.sound.ear import Ear, listens
from ansimnet_vision.sound.network import Network
from ansimnet_vision.types import CameraConfig, Report

MOST_BROKEN = 3
"""So often a camera's sound may break before it is left alone until its configuration changes."""


class Sounded(msgspec.Struct, array_like=True, tag="s", frozen=True):
    """One packet of sound. `config`: of AAC, hex; `at`: seconds since 1970 when it came."""

    camera: bytes
    encoding: str
    clock_hz: int
    config: str
    at: float
    payload: bytes


class Ears:
    """The cameras that are listened to. `report` is called with what they hear, at once.

    `spotter`: of the cry for help.
    """

    def __init__(
        self, network: Network, report: Callable[[Sequence[Report]], None], spotter: Spotter | None = None
    ) -> None:
        self._network = network
        self._spotter = spotter
        self._report = report
        self._configs: dict[bytes, CameraConfig] = {}
        self._ears: dict[bytes, Ear] = {}
        self._broken: dict[bytes, int] = {}

    def set(self, configs: Sequence[CameraConfig]) -> None:
        """Listen to exactly those of the cameras that have a microphone with a ground; forget what others said."""
        wanted = {UUID(c.camera_id).bytes: c for c in configs if listens(c)}
        for key in [k for k in self._ears if self._configs.get(k) != wanted.get(k)]:
            self._ears.pop(key).forget()
        self._broken = {k: n for k, n in self._broken.items() if self._configs.get(k) == wanted.get(k)}
        self._configs = wanted

    def arrive(self, message: Sounded) -> None:
        """Take one packet; one of a camera that is not listened to is dropped unread."""
        config = self._configs.get(message.camera)
        if config is None or self._broken.get(message.camera, 0) >= MOST_BROKEN:
            return
        ear = self._ears.get(message.camera)
        if ear is None:
            ear = self._ears[message.camera] = Ear(config, self._network, spotter=self._spotter)
        try:
            reports = ear.packet(message.encoding, message.clock_hz, message.config, message.payload, message.at)
        except Exception:
            self._broken[message.camera] = self._broken.get(message.camera, 0) + 1
            print(f"sound of camera {config.camera_id}", file=sys.stderr)
            traceback.print_exc(file=sys.stderr)
            self._ears.pop(message.camera).forget()
            return
        if reports:
            self._report(reports)

    @property
    def listened(self) -> int:
        """Return how many cameras are listened to."""
        return len(self._configs)
