"""The device's side of turning: where it looks, turn, stop, and stop by itself when a joystick falls silent."""

from __future__ import annotations

import asyncio

import structlog

from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.onvif.sector import OutsideSector
from ansimnet.slices.footage.relay.optics import Pose
from ansimnet.slices.footage.service.onvif import Onvif, Turns
from ansimnet.slices.footage.store.onvif import OnvifRow

log = structlog.get_logger(__name__)

REPEAT_S = 1.5
"""A held joystick says so once a second; after half as long again without a word the camera is stopped."""
SLOWEST = 0.05
"""Of full speed; below it motors stutter."""


class NoPosition(Conflict):
    """The camera does not say where it looks, so nobody can say what it would show."""

    name = "position-unknown"


class Driver:
    """Tells devices what somebody with the right to it wants."""

    def __init__(self, onvif: Onvif) -> None:
        self._onvif = onvif
        self._halts: dict[CameraId, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def pose(self, camera_id: CameraId, turns: Turns) -> tuple[Pose, bool]:
        """Return where a camera looks, and whether it moves.

        Raises:
            NoPosition, NotFound, DeviceSilent …: it does not say.
        """
        async with self._onvif.db.transaction() as tx:
            device, row = await self._onvif.device(tx, camera_id)
        position = await device.position(_token(row))
        if position is None:
            raise NoPosition
        return turns.optics.pose(position.raw), position.moving

    async def turn(self, camera_id: CameraId, turns: Turns, pose: Pose, speed: float) -> None:
        """Turn to a pose that was found lawful, at a share of full speed.

        Raises:
            OutsideSector: the device cannot look there; and what the device says.
        """
        raw = turns.optics.raw(pose)
        if raw is None:
            raise OutsideSector("the device cannot look there")
        self._cancel(camera_id)
        async with self._onvif.db.transaction() as tx:
            device, row = await self._onvif.device(tx, camera_id)
        await device.turn(_token(row), raw, max(SLOWEST, min(1.0, speed)))

    async def halt(self, camera_id: CameraId) -> None:
        """Stop a camera where it is."""
        self._cancel(camera_id)
        async with self._onvif.db.transaction() as tx:
            device, row = await self._onvif.device(tx, camera_id)
        await device.stop(_token(row))

    def halt_later(self, camera_id: CameraId) -> None:
        """Stop a camera soon, unless another command comes before."""
        self._cancel(camera_id)
        loop = asyncio.get_running_loop()
        self._halts[camera_id] = loop.call_later(REPEAT_S, self._begin, camera_id)

    def _begin(self, camera_id: CameraId) -> None:
        task = asyncio.create_task(self._fall_silent(camera_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _fall_silent(self, camera_id: CameraId) -> None:
        try:
            await self.halt(camera_id)
        except Refusal as refusal:
            log.info("ptz.not_stopped", camera=str(camera_id), reason=refusal.name)

    def _cancel(self, camera_id: CameraId) -> None:
        timer = self._halts.pop(camera_id, None)
        if timer is not None:
            timer.cancel()


def _token(row: OnvifRow) -> str:
    """Return the profile whose head turns.

    Raises:
        Conflict: nobody has asked the device yet, or it has none.
    """
    token = next((p.token for p in row.profiles if p.turns), None)
    if token is None:
        raise Conflict("the device has not said that it turns", todo="check its set-up")
    return token
