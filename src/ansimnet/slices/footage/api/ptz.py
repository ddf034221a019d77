"""Routes of turning a camera: take, move, stop, point at a place, presets, ask for it, let it go."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.api.onvif import sector_shown
from ansimnet.slices.footage.api.ptz_forms import (
    HoldShown,
    MovedShown,
    MoveForm,
    PointForm,
    PoseShown,
    PresetForm,
    PresetShown,
    PtzShown,
    TakeForm,
    TurnForm,
)
from ansimnet.slices.footage.model import Hold
from ansimnet.slices.footage.relay.optics import Optics, Pose
from ansimnet.slices.footage.service.steering import Moved, Steering
from ansimnet.slices.footage.store.onvif import PresetRow
from ansimnet.slices.policy import queries as policy

Sees = Annotated[policy.Account, Depends(door(Act.READ_CAMERAS))]
Steers = Annotated[policy.Account, Depends(door(Act.STEER_CAMERA))]


def _pose(optics: Optics, pose: Pose) -> PoseShown:
    return PoseShown(
        azimuth_deg=round(pose.azimuth_deg, 2),
        tilt_deg=round(pose.tilt_deg, 2),
        zoom=round(pose.zoom, 3),
        fov_deg=round(optics.fov_deg(pose.zoom), 2),
    )


def _hold(hold: Hold, account: policy.Account) -> HoldShown:
    return HoldShown(
        holder=hold.holder,
        mine=hold.account_id == account.account_id,
        priority=hold.priority,
        provision_id=hold.provision_id,
        taken_at=hold.taken_at,
        until_at=hold.until_at,
        asked_by=hold.asked_by,
    )


def _preset(preset: PresetRow) -> PresetShown:
    return PresetShown(**preset._asdict())


def routes(desk: Desk, steering: Steering) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/cameras/{camera_id}/ptz")

    async def shown(camera_id: UUID, moved: Moved) -> MovedShown:
        joystick_optics = await steering.optics(CameraId(camera_id))
        return MovedShown(pose=_pose(joystick_optics, moved.pose), clipped=moved.clipped, until_at=moved.until_at)

    @api.get("")
    async def read_ptz(camera_id: UUID, account: Sees) -> PtzShown:
        """What a camera may be turned to, who holds it, and where it looks; 404 for a fixed one."""
        await policy.permit(
            desk.giver.db, account, Act.READ_CAMERAS, purpose=Purpose.OPERATE, screen="ptz", now=desk.clock.now()
        )
        joystick = await steering.look(CameraId(camera_id))
        turning = sector_shown(joystick.turns)
        return PtzShown(
            camera_id=camera_id,
            sector=turning.sector,
            optics=turning.optics,
            hold=None if joystick.hold is None else _hold(joystick.hold, account),
            presets=[_preset(p) for p in joystick.presets],
            pose=None if joystick.pose is None else _pose(joystick.turns.optics, joystick.pose),
            moving=joystick.moving,
        )

    @api.post("/take")
    async def take_ptz(camera_id: UUID, account: Steers, form: TakeForm | None = None) -> HoldShown:
        """Take the joystick for a minute after each use; 409 `ptz-held` where somebody works on as urgent a thing."""
        wanted = None if form is None else form.provision_id
        return _hold(await steering.take(account, CameraId(camera_id), wanted), account)

    @api.post("/ask")
    async def ask_for_ptz(camera_id: UUID, account: Steers) -> HoldShown:
        """Ask whoever holds it to let it go."""
        return _hold(await steering.ask(account, CameraId(camera_id)), account)

    @api.post("/release", status_code=204)
    async def release_ptz(camera_id: UUID, account: Steers) -> None:
        """Let it go; it turns home."""
        await steering.release(account, CameraId(camera_id))

    @api.post("/move")
    async def move_ptz(camera_id: UUID, form: MoveForm, account: Steers) -> MovedShown:
        """Turn while a key is held: repeat once a second, then stop."""
        moved = await steering.move(account, CameraId(camera_id), form.pan, form.tilt, form.zoom)
        return await shown(camera_id, moved)

    @api.post("/stop")
    async def stop_ptz(camera_id: UUID, account: Steers) -> MovedShown:
        """Stop where it is."""
        return await shown(camera_id, await steering.stop(account, CameraId(camera_id)))

    @api.post("/turn")
    async def turn_ptz(camera_id: UUID, form: TurnForm, account: Steers) -> MovedShown:
        """Turn to a pose."""
        wish = Pose(form.azimuth_deg, form.tilt_deg, form.zoom)
        return await shown(camera_id, await steering.turn(account, CameraId(camera_id), wish))

    @api.post("/point")
    async def point_ptz(camera_id: UUID, form: PointForm, account: Steers) -> MovedShown:
        """Look at a place on the map."""
        place = Point(form.lat, form.lon)
        return await shown(camera_id, await steering.point(account, CameraId(camera_id), place, form.width_m))

    @api.post("/presets", status_code=201)
    async def keep_preset(camera_id: UUID, form: PresetForm, account: Steers) -> PresetShown:
        """Give the pose it has now a name."""
        name = form.name.strip() or form.name
        return _preset(await steering.keep_preset(account, CameraId(camera_id), name, home=form.home))

    @api.post("/presets/{preset_id}")
    async def recall_preset(camera_id: UUID, preset_id: UUID, account: Steers) -> MovedShown:
        """Turn to a preset."""
        return await shown(camera_id, await steering.recall(account, CameraId(camera_id), preset_id))

    @api.delete("/presets/{preset_id}", status_code=204)
    async def drop_preset(camera_id: UUID, preset_id: UUID, account: Steers) -> None:
        """Remove a preset, as whoever holds the camera."""
        await steering.drop_preset(account, CameraId(camera_id), preset_id)

    return api
