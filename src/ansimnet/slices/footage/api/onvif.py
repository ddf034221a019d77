"""Routes of ONVIF set-up: how a camera is asked, what it said, who else answers on the network."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Permit, Purpose, Role
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.api.ptz_forms import (
    AnswerShown,
    DiscoveryShown,
    OnvifForm,
    OnvifListed,
    OnvifShown,
    OpticsForm,
    ProfileShown,
    SectorForm,
    TurningForm,
)
from ansimnet.slices.footage.onvif.sector import Sector
from ansimnet.slices.footage.relay.optics import Optics
from ansimnet.slices.footage.service.onvif import STATES, Onvif, SetUp, Turns
from ansimnet.slices.footage.store.onvif import Login
from ansimnet.slices.policy import queries as policy

SetsUp = Annotated[policy.Account, Depends(door(Act.SET_UP_CAMERA))]
SCREEN = "onvif"


def sector_shown(turns: Turns) -> TurningForm:
    """Return a registered sector as it was sent."""
    return TurningForm(
        optics=OpticsForm(**asdict(turns.optics)),
        sector=SectorForm(**asdict(turns.sector)),
        zones=[list(zone) for zone in turns.zones],
    )


def _turns(form: TurningForm) -> Turns:
    return Turns(
        Optics(**form.optics.model_dump()),
        Sector(**form.sector.model_dump()),
        tuple(tuple(zone) for zone in form.zones),
    )


def _shown(found: SetUp, camera: cameras.Camera | None) -> OnvifShown:
    row = found.row
    ko, en = STATES[row.state]
    return OnvifShown(
        camera_id=row.camera_id,
        code="" if camera is None else camera.code,
        name="" if camera is None else camera.address,
        host=found.host,
        port=row.port,
        user=found.user,
        own_login=row.login is not None,
        state=row.state,
        ko=ko,
        en=en,
        checked_at=row.checked_at,
        maker=row.maker,
        model=row.model,
        firmware=row.firmware,
        clock_off_s=row.clock_off_s,
        clock_at=row.clock_at,
        profiles=[ProfileShown(**{k: v for k, v in p._asdict().items() if k != "token"}) for p in row.profiles],
        turning=None if found.turns is None else sector_shown(found.turns),
    )


def routes(desk: Desk, onvif: Onvif) -> APIRouter:
    """Return the routes."""
    api = APIRouter()

    async def may(account: policy.Account, camera_id: UUID | None = None) -> Permit:
        purpose = Purpose.MAINTAIN if account.role is Role.FACILITY_MANAGER else Purpose.OPERATE
        return await policy.permit(
            desk.giver.db,
            account,
            Act.SET_UP_CAMERA,
            resource=camera_id,
            purpose=purpose,
            screen=SCREEN,
            now=desk.clock.now(),
        )

    async def one(camera_id: UUID) -> OnvifShown:
        found = await onvif.read(CameraId(camera_id))
        if found is None:
            raise NotFound("this camera is not set up for ONVIF")
        async with desk.giver.db.transaction() as tx:
            camera = (await cameras.by_ids(tx, [CameraId(camera_id)])).get(CameraId(camera_id))
        return _shown(found, camera)

    @api.get("/footage/onvif")
    async def read_onvif_cameras(account: SetsUp) -> OnvifListed:
        """Every camera that is set up, as far as it is one's own."""
        permit = await may(account)
        reach = permit.reach(Act.SET_UP_CAMERA, now=desk.clock.now())
        found = [s for s in await onvif.read_all() if reach is None or s.row.camera_id in reach]
        async with desk.giver.db.transaction() as tx:
            known = await cameras.by_ids(tx, [s.row.camera_id for s in found])
        return OnvifListed(cameras=[_shown(s, known.get(s.row.camera_id)) for s in found])

    @api.post("/footage/onvif/discovery")
    async def discover_cameras(account: SetsUp) -> DiscoveryShown:
        """Ask the camera network who is there: two seconds. Nobody who answers is contacted or added."""
        await may(account)
        answers = await onvif.discover()
        async with desk.giver.db.transaction() as tx:
            known = await cameras.by_ids(tx, [c for _, c in answers if c is not None])
        shown = [
            AnswerShown(
                host=a.host,
                port=a.port,
                name=a.name,
                hardware=a.hardware,
                elsewhere=a.says_host if a.says_host != a.host else None,
                camera_id=camera_id,
                code=known[camera_id].code if camera_id is not None and camera_id in known else None,
            )
            for a, camera_id in answers
        ]
        return DiscoveryShown(answers=sorted(shown, key=lambda s: (s.camera_id is None, s.host, s.port)))

    @api.get("/cameras/{camera_id}/onvif")
    async def read_onvif(camera_id: UUID, account: SetsUp) -> OnvifShown:
        """How one camera is asked, and what it said."""
        await may(account, camera_id)
        return await one(camera_id)

    @api.put("/cameras/{camera_id}/onvif")
    async def set_up_onvif(camera_id: UUID, form: OnvifForm, account: SetsUp) -> OnvifShown:
        """Say how a camera is asked and what it may be turned to; the whole of it, each time."""
        await may(account, camera_id)
        login = None if form.user is None or form.password is None else Login(form.user, form.password)
        await onvif.set_up(
            CameraId(camera_id),
            port=form.port,
            login=login,
            keep_login=form.user is not None and login is None,
            turns=None if form.turning is None else _turns(form.turning),
            by=account.account_id,
        )
        return await one(camera_id)

    @api.delete("/cameras/{camera_id}/onvif", status_code=204)
    async def drop_onvif(camera_id: UUID, account: SetsUp) -> None:
        """Ask a camera over ONVIF no more."""
        await may(account, camera_id)
        await onvif.drop(CameraId(camera_id), account.account_id)

    @api.post("/cameras/{camera_id}/onvif/check")
    async def check_onvif(camera_id: UUID, account: SetsUp) -> OnvifShown:
        """Ask the device for its clock, what it is and its streams, and keep the answers."""
        await may(account, camera_id)
        await onvif.check(CameraId(camera_id))
        return await one(camera_id)

    return api
