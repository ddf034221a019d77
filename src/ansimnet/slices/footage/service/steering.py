"""Turning a camera: taken by priority, within its registered sector, each command on the ledger before it is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from ansimnet.facts.footage import PtzAsked, PtzPresetKept, PtzPresetRemoved, PtzTaken, PtzTurned
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Conflict, Kind, NotFound, Refusal
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId, FactId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import store as provisions
from ansimnet.slices.footage.model import Hold, State
from ansimnet.slices.footage.onvif import sector as sectors
from ansimnet.slices.footage.onvif.holding import LIFE_IN_DANGER, PRIORITY, NotHeld, may_take, until
from ansimnet.slices.footage.relay.optics import Optics, Pose
from ansimnet.slices.footage.service.driving import Driver
from ansimnet.slices.footage.service.onvif import Onvif, Turns, let_go, turns_of
from ansimnet.slices.footage.store import onvif as store
from ansimnet.slices.footage.store.onvif import PresetRow
from ansimnet.slices.policy import queries as policy

log = structlog.get_logger(__name__)

SCREEN = "ptz"
ACTOR = "system:footage"
PAUSE_S = 0.08
"""Between two commands: no hand is faster, and a device answers one in about this time."""
MOST_PRESETS = 64
"""A list that is still read by eye (ours); devices keep up to 300."""
BODY_M = 1.2
"""Where a person is looked at when somebody points at a place: the middle of a body."""


class TooFast(Refusal):
    """Commands come faster than a camera takes them."""

    kind = Kind.TOO_MANY
    name = "ptz-too-fast"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a camera was told, and until when it is held."""

    pose: Pose
    clipped: bool
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Joystick:
    """What a screen shows of a camera that turns. `pose` None: the device does not say."""

    turns: Turns
    hold: Hold | None
    presets: tuple[PresetRow, ...]
    pose: Pose | None
    moving: bool


class Steering:
    """The joysticks of a city's cameras. One of these a process that answers people."""

    def __init__(self, onvif: Onvif) -> None:
        self.db = onvif.db
        self.clock = onvif.clock
        self._driver = Driver(onvif)
        self._last_s: dict[CameraId, float] = {}

    # --- who holds it

    async def look(self, camera_id: CameraId) -> Joystick:
        """Return what a camera may be turned to, who holds it, and where it looks.

        Raises:
            NotFound: it does not turn.
        """
        async with self.db.transaction() as tx:
            turns = await self._turns(tx, camera_id)
            hold = await self._held(tx, camera_id)
            presets = await store.presets_of(tx, camera_id)
        try:
            pose, moving = await self._driver.pose(camera_id, turns)
        except Refusal:
            return Joystick(turns, hold, tuple(presets), None, False)
        return Joystick(turns, hold, tuple(presets), pose, moving)

    async def optics(self, camera_id: CameraId) -> Optics:
        """Return a camera's calibration."""
        async with self.db.transaction() as tx:
            return (await self._turns(tx, camera_id)).optics

    async def take(self, account: policy.Account, camera_id: CameraId, provision_id: UUID | None) -> Hold:
        """Take a camera, or keep it: free, one's own, or held for something less urgent.

        Raises:
            Forbidden: no ground opens this camera's joystick to this account.
            NotFound: it does not turn, or the provision does not show it.
            Held: somebody holds it for something as urgent or more.
        """
        now = self.clock.now()
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            await self._turns(tx, camera_id, lock=True)
            work, priority = await _work(tx, permit, camera_id, provision_id, now)
            present = await self._held(tx, camera_id)
            may_take(present, account.account_id, priority, now)
            if present is not None and present.account_id != account.account_id:
                await let_go(tx, present, "taken-over", now)
            hold = Hold(
                camera_id=camera_id,
                account_id=account.account_id,
                holder=account.login,
                permit_id=permit.permit_id,
                provision_id=work,
                priority=priority,
                taken_at=now if present is None or present.account_id != account.account_id else present.taken_at,
                until_at=until(now, permit.not_after),
            )
            await store.save_hold(tx, hold)
            fact = PtzTaken(
                fact_id=FactId(new_id()),
                happened_at=now,
                camera_id=camera_id,
                permit_id=permit.permit_id,
                provision_id=work,
                holder=hold.holder,
                priority=priority,
                until_at=hold.until_at,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
        return hold

    async def ask(self, account: policy.Account, camera_id: CameraId) -> Hold:
        """Ask whoever holds a camera to let it go; return the hold as it stands.

        Raises:
            Forbidden: who asks could not take it either.
            Conflict: nobody holds it, or he does himself.
        """
        now = self.clock.now()
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            await self._turns(tx, camera_id, lock=True)
            hold = await self._held(tx, camera_id)
            if hold is None or hold.account_id == account.account_id:
                raise Conflict("nobody else holds this camera", todo="take it")
            await store.save_hold(tx, replace(hold, asked_by=account.login))
            fact = PtzAsked(
                fact_id=FactId(new_id()),
                happened_at=now,
                camera_id=camera_id,
                permit_id=permit.permit_id,
                asker=account.login,
                holder=hold.holder,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
        return hold

    async def release(self, account: policy.Account, camera_id: CameraId) -> None:
        """Let a camera go; it returns to its home. Safe to run twice, and by who has lost the right to it meanwhile.

        Raises:
            Forbidden: who does not hold it could not take it either.
        """
        now = self.clock.now()
        async with self.db.transaction() as tx:
            turns = await self._turns(tx, camera_id, lock=True)
            hold = await self._held(tx, camera_id)
            own = hold is not None and hold.account_id == account.account_id
            if hold is not None and own:
                await let_go(tx, hold, "released", now)
        if own:
            await self._go_home(camera_id, turns)
        else:
            await self._permit(account, camera_id, now)

    async def end_over(self) -> None:
        """End holds whose time or right is over, and let their cameras go home. Safe to run twice."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            holds = await store.all_holds(tx)
        standing = await policy.hold_all(self.db, [h.permit_id for h in holds])
        for hold in holds:
            permit = standing.get(hold.permit_id)
            over = permit is None or permit.revoked_at is not None or now >= permit.not_after
            if not over and hold.alive(now):
                continue
            async with self.db.transaction() as tx:
                ptz = await store.load_ptz(tx, hold.camera_id, lock=True)
                if ptz is None or await store.load_hold(tx, hold.camera_id) != hold:
                    continue  # used, taken or no longer turning meanwhile
                turns = turns_of(ptz, await store.zones_of(tx, hold.camera_id))
                await let_go(tx, hold, "right-over" if over else "expired", now)
            await self._go_home(hold.camera_id, turns)

    # --- commands

    async def move(self, account: policy.Account, camera_id: CameraId, pan: float, tilt: float, zoom: float) -> Moved:
        """Turn while a joystick is held: at a share of full speed in [-1, 1] on each axis. To be repeated each second.

        The device is told the farthest lawful pose that way: it cannot run beyond it, whoever falls silent.

        Raises:
            Forbidden, NotFound, NotHeld, TooFast, NoPosition, OutsideSector, TooWide, DeviceSilent …: see their names.
        """
        turns, pose = await self._ready(account, camera_id)
        target = sectors.towards(turns.sector, turns.optics, pose, pan, tilt, zoom)
        moved = await self._turn(account, camera_id, "move", pose, target, max(abs(pan), abs(tilt), abs(zoom)))
        self._driver.halt_later(camera_id)
        return moved

    async def turn(self, account: policy.Account, camera_id: CameraId, wish: Pose, *, how: str = "turn") -> Moved:
        """Turn to a pose, or to the lawful one nearest to it. Raises as `move`."""
        turns, pose = await self._ready(account, camera_id)
        target = sectors.clip(turns.sector, turns.optics, wish)
        return await self._turn(account, camera_id, how, pose, target, 1.0)

    async def point(self, account: policy.Account, camera_id: CameraId, place: Point, width_m: float) -> Moved:
        """Look at a place on the map, so much of it across the picture.

        Raises:
            OutsideSector: the place is not in any lawful picture; and as `move`.
        """
        async with self.db.transaction() as tx:
            camera = (await cameras.by_ids(tx, [camera_id])).get(camera_id)
            turns = await self._turns(tx, camera_id)
        if camera is None:
            raise NotFound("there is no such camera in service")
        stands = Point(camera.lat, camera.lon)
        wish = turns.optics.towards(stands, place, above_m=BODY_M, width_m=width_m)
        sectors.checked_place(turns.sector, turns.optics, wish)
        return await self.turn(account, camera_id, wish, how="point")

    async def recall(self, account: policy.Account, camera_id: CameraId, preset_id: UUID) -> Moved:
        """Turn to a preset. Raises as `move`."""
        async with self.db.transaction() as tx:
            found = next((p for p in await store.presets_of(tx, camera_id) if p.preset_id == preset_id), None)
        if found is None:
            raise NotFound("there is no such preset")
        return await self.turn(account, camera_id, Pose(*found[3:]), how="preset")

    async def stop(self, account: policy.Account, camera_id: CameraId) -> Moved:
        """Stop where it is. Raises as `move`."""
        now = self.clock.now()
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            turns = await self._turns(tx, camera_id, lock=True)
            held = await self._use(tx, account, permit, camera_id, now)
        await self._driver.halt(camera_id)
        pose, _ = await self._driver.pose(camera_id, turns)
        return Moved(pose, clipped=False, until_at=held)

    # --- presets

    async def keep_preset(self, account: policy.Account, camera_id: CameraId, name: str, *, home: bool) -> PresetRow:
        """Give the pose a camera has now a name, as whoever holds it.

        Raises:
            OutsideSector: it looks outside its sector; and as `move`.
        """
        turns, pose = await self._ready(account, camera_id)
        if not sectors.holds(turns.sector, turns.optics, pose):
            raise sectors.OutsideSector("it looks outside its registered sector now")
        now, preset = self.clock.now(), PresetRow(new_id(), name, home, *pose)
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            await self._turns(tx, camera_id, lock=True)
            await self._use(tx, account, permit, camera_id, now)
            if len(await store.presets_of(tx, camera_id)) >= MOST_PRESETS:
                raise Conflict(f"{MOST_PRESETS} presets at most", detail_ko=f"프리셋은 {MOST_PRESETS}개까지입니다")
            await store.save_preset(tx, camera_id, preset, f"account:{account.account_id}", now)
            fact = PtzPresetKept(
                fact_id=FactId(new_id()),
                happened_at=now,
                camera_id=camera_id,
                preset_id=preset.preset_id,
                home=home,
                azimuth_deg=pose.azimuth_deg,
                tilt_deg=pose.tilt_deg,
                zoom=pose.zoom,
                by=account.account_id,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
        return preset

    async def drop_preset(self, account: policy.Account, camera_id: CameraId, preset_id: UUID) -> None:
        """Remove a preset, as whoever holds the camera.

        Raises:
            Forbidden, NotHeld; NotFound: there is none.
        """
        now = self.clock.now()
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            await self._turns(tx, camera_id, lock=True)
            await self._use(tx, account, permit, camera_id, now)
            if not await store.drop_preset(tx, camera_id, preset_id):
                raise NotFound("there is no such preset")
            fact = PtzPresetRemoved(
                fact_id=FactId(new_id()),
                happened_at=now,
                camera_id=camera_id,
                preset_id=preset_id,
                by=account.account_id,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")

    # --- inside

    async def _permit(self, account: policy.Account, camera_id: CameraId, now: datetime) -> Permit:
        return await policy.permit(
            self.db,
            account,
            Act.STEER_CAMERA,
            resource=camera_id,
            purpose=Purpose.RESPOND,
            screen=SCREEN,
            now=now,
        )

    async def _turns(self, tx: Tx, camera_id: CameraId, *, lock: bool = False) -> Turns:
        ptz = await store.load_ptz(tx, camera_id, lock=lock)
        if ptz is None:
            raise NotFound("this camera does not turn", todo="its sector is registered by who keeps it")
        return turns_of(ptz, await store.zones_of(tx, camera_id))

    async def _held(self, tx: Tx, camera_id: CameraId) -> Hold | None:
        """Return the hold that counts now."""
        hold = await store.load_hold(tx, camera_id)
        return hold if hold is not None and hold.alive(self.clock.now()) else None

    async def _own(self, tx: Tx, account: policy.Account, camera_id: CameraId) -> Hold:
        hold = await self._held(tx, camera_id)
        if hold is None or hold.account_id != account.account_id:
            raise NotHeld(todo="take it first")
        return hold

    async def _use(
        self, tx: Tx, account: policy.Account, permit: Permit, camera_id: CameraId, now: datetime
    ) -> datetime:
        """Prolong one's own hold and return its new end.

        Raises:
            NotHeld: it is not one's own, or no longer.
        """
        hold = await self._own(tx, account, camera_id)
        until_at = until(now, permit.not_after)
        await store.save_hold(tx, hold.used(permit.permit_id, until_at))
        return until_at

    async def _ready(self, account: policy.Account, camera_id: CameraId) -> tuple[Turns, Pose]:
        """Return what is registered of a camera one holds, and where it looks now."""
        await self._permit(account, camera_id, self.clock.now())
        async with self.db.transaction() as tx:
            turns = await self._turns(tx, camera_id)
            await self._own(tx, account, camera_id)
        at_s = monotonic_s()
        if at_s - self._last_s.get(camera_id, 0.0) < PAUSE_S:
            raise TooFast
        self._last_s[camera_id] = at_s
        pose, _ = await self._driver.pose(camera_id, turns)
        return turns, pose

    async def _turn(
        self,
        account: policy.Account,
        camera_id: CameraId,
        how: str,
        start: Pose,
        target: sectors.Target,
        speed: float,
    ) -> Moved:
        """Write a turn down, commit, and tell the device."""
        now = self.clock.now()
        permit = await self._permit(account, camera_id, now)
        async with self.db.transaction() as tx:
            turns = await self._turns(tx, camera_id, lock=True)
            sectors.checked_way(turns.sector, turns.optics, start, target.pose)
            until_at = await self._use(tx, account, permit, camera_id, now)
            await self._tell(tx, camera_id, how, target, permit.permit_id, f"account:{account.account_id}")
        await self._driver.turn(camera_id, turns, target.pose, speed)
        return Moved(target.pose, target.clipped, until_at)

    async def _tell(
        self, tx: Tx, camera_id: CameraId, how: str, target: sectors.Target, permit_id: PermitId | None, actor: str
    ) -> None:
        fact = PtzTurned(
            fact_id=FactId(new_id()),
            happened_at=self.clock.now(),
            camera_id=camera_id,
            permit_id=permit_id,
            how=how,
            azimuth_deg=round(target.pose.azimuth_deg, 2),
            tilt_deg=round(target.pose.tilt_deg, 2),
            zoom=round(target.pose.zoom, 3),
            clipped=target.clipped,
        )
        await append(tx, fact, actor=actor)
        await store.tell_turning(tx, camera_id)

    async def _go_home(self, camera_id: CameraId, turns: Turns) -> None:
        """Stop a camera that nobody holds, and send it home where it has one. What fails is told by its health."""
        try:
            await self._driver.halt(camera_id)
            async with self.db.transaction() as tx:
                home = next((p for p in await store.presets_of(tx, camera_id) if p.home), None)
            if home is None:
                return
            start, _ = await self._driver.pose(camera_id, turns)
            target = sectors.clip(turns.sector, turns.optics, Pose(*home[3:]))
            sectors.checked_way(turns.sector, turns.optics, start, target.pose)
            async with self.db.transaction() as tx:
                await self._turns(tx, camera_id, lock=True)
                if await self._held(tx, camera_id) is not None:
                    return  # somebody has taken it meanwhile
                await self._tell(tx, camera_id, "home", target, None, ACTOR)
            await self._driver.turn(camera_id, turns, target.pose, 1.0)
        except Refusal as refusal:
            log.info("ptz.stays", camera=str(camera_id), reason=refusal.name)


async def _work(
    tx: Tx, permit: Permit, camera_id: CameraId, wanted: UUID | None, now: datetime
) -> tuple[ProvisionId | None, int]:
    """Return what somebody works on with a camera, and how urgent that is.

    The provision he names; without one the glass he broke, or the most urgent provision that shows this camera.

    Raises:
        NotFound: no such provision in force shows it.
    """
    if wanted is None and await policy.broke(tx, permit.account_id, permit.ground_id):
        return None, LIFE_IN_DANGER
    here = [
        p
        for p in await provisions.all_open(tx)
        if p.state is State.GIVEN
        and not p.over(now)
        and (wanted is None or p.provision_id == wanted)
        and camera_id in {c.camera_id for c in await provisions.cameras_of(tx, p.provision_id)}
    ]
    if not here:
        raise NotFound("no provision in force shows this camera")
    best = max(here, key=lambda p: PRIORITY[Trigger(p.trigger)])
    return best.provision_id, PRIORITY[Trigger(best.trigger)]
