"""Routes of set-ups: zones, calibration, behaviours, what is covered, and what verdicts taught."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.facts.vision import Behaviour
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Tx
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision.api.desk import Desk, cameras_of
from ansimnet.slices.vision.api.forms import (
    CameraShown,
    CamerasShown,
    CoveredShown,
    DecisionForm,
    GroundForm,
    GroundShown,
    HoursForm,
    PairForm,
    PictureShown,
    SetupForm,
    SetupShown,
    TuningShown,
    TuningsShown,
    VersionShown,
    VersionsShown,
    ZoneForm,
)
from ansimnet.slices.vision.model import Pair, SetupVersion, Tuning, Zone
from ansimnet.slices.vision.rules import setups as documents
from ansimnet.slices.vision.rules.coverage import REASONS, Covered
from ansimnet.slices.vision.rules.ground import Ground, ground_of
from ansimnet.slices.vision.rules.tuning import BASE
from ansimnet.slices.vision.service import config, covering, judging, learning
from ansimnet.slices.vision.store import setups as store

Reads = Annotated[policy.Account, Depends(door(Act.READ_STATUS))]
Tunes = Annotated[policy.Account, Depends(door(Act.TUNE_VISION))]
SCREEN = "vision-setup"
NO_GAP = frozenset({"covered", "day-only", "shadow", "switched-off", "no-sound"})
"""Reasons that somebody chose, and the sense that a camera never had: no one waits for these."""
State = Literal["proposed", "in_force", "replaced", "refused"]


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/vision")
    _cameras(api, desk)
    _setting(api, desk)
    _tuning(api, desk)
    return api


def _cameras(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.get("/cameras")
    async def list_cameras(account: Reads) -> CamerasShown:
        """Every camera with a stream: how it is set up, and how much it covers."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            ids = await cameras.with_stream(tx)
            return CamerasShown(cameras=[s.camera for s in await _shown(tx, desk, ids)])

    @api.get("/cameras/{camera_id}")
    async def read_setup(camera_id: UUID, account: Reads) -> SetupShown:
        """One camera's set-up, what it covers and why not, and what was learnt."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            return await _one(tx, desk, CameraId(camera_id))

    @api.get("/cameras/{camera_id}/versions")
    async def list_versions(camera_id: UUID, account: Reads) -> VersionsShown:
        """Every version of a camera's set-up, with the hash that the ledger keeps."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            kept = await store.versions(tx, CameraId(camera_id))
        found = []
        for version, document, by, at in kept:
            setup, sha256 = documents.of_json(document), documents.hash_of(document)
            found.append(
                VersionShown(
                    version=version,
                    set_by=by,
                    set_at=at,
                    sha256=sha256,
                    zones=len(setup.zones),
                    calibrated=bool(setup.pairs),
                    behaviours=sorted(setup.behaviours),
                    shadow=sorted(setup.shadow),
                )
            )
        return VersionsShown(versions=found)

    @api.post("/cameras/{camera_id}/picture")
    async def open_picture(camera_id: UUID, account: Tunes) -> PictureShown:
        """A one-use ticket to the camera's masked live picture, to draw on; ten minutes, on the ledger."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen=SCREEN)
        return desk.picture(await judging.picture(db, account, CameraId(camera_id), clock.now()))


def _setting(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.put("/cameras/{camera_id}/setup")
    async def put_setup(camera_id: UUID, form: SetupForm, account: Tunes) -> SetupShown:
        """Put a new version in force: zones, lines, hours, calibration, behaviours, trials. Workers follow."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            await config.change(tx, CameraId(camera_id), form.after, form.setup(), account.account_id, clock.now())
            return await _one(tx, desk, CameraId(camera_id))

    @api.post("/cameras/{camera_id}/ground")
    async def try_ground(camera_id: UUID, form: GroundForm, account: Tunes) -> GroundShown:
        """How the picture would lie on the map by these points; keeps nothing."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            if not await cameras_of(tx, [CameraId(camera_id)]):
                raise NotFound("there is no such camera")
        found = _ground(ground_of([Pair(p.x, p.y, p.lat, p.lon) for p in form.pairs]))
        assert found is not None
        return found


def _tuning(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.get("/tunings")
    async def list_tunings(account: Reads, state: State = "proposed") -> TuningsShown:
        """What verdicts taught: what waits for a person, or what is in force."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            return TuningsShown(tunings=await _tunings(tx, await store.tunings(tx, [state])))

    @api.post("/cameras/{camera_id}/tunings/{behaviour}/decision")
    async def decide_tuning(camera_id: UUID, behaviour: Behaviour, form: DecisionForm, account: Tunes) -> TuningsShown:
        """Put what verdicts propose in force, or refuse it."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            await learning.decide(tx, camera_id, behaviour, form.put_in_force, account.account_id, clock.now())
            return TuningsShown(tunings=await _tunings(tx, await store.tunings(tx, ["proposed"])))


# ------------------------------------------------------------------------------------------------- showing


async def _one(tx: Tx, desk: Desk, camera_id: CameraId) -> SetupShown:
    found = await _shown(tx, desk, [camera_id])
    if not found:
        raise NotFound("there is no such camera")
    return found[0]


async def _shown(tx: Tx, desk: Desk, ids: Collection[CameraId]) -> list[SetupShown]:
    known = await cameras_of(tx, ids)
    versions = await config.setups_of(tx, list(known))
    covered = await covering.coverage_of(tx, known, versions, desk.clock.now())
    only = next(iter(known)) if len(known) == 1 else None
    tuned = await _tunings(tx, await store.tunings(tx, ["in_force", "proposed"], only))
    return [
        _setup(c, versions[c.camera_id], covered[c.camera_id], [t for t in tuned if t.camera_id == c.camera_id])
        for c in sorted(known.values(), key=lambda c: c.code)
    ]


def _setup(camera: Camera, kept: SetupVersion, covered: list[Covered], tuned: list[TuningShown]) -> SetupShown:
    setup = kept.setup
    return SetupShown(
        camera=CameraShown(
            camera_id=camera.camera_id,
            code=camera.code,
            name=camera.address,
            lat=camera.lat,
            lon=camera.lon,
            senses=[s.value for s in camera.senses],
            live=camera.live,
            version=kept.version,
            calibrated=bool(setup.pairs),
            zones=len(setup.zones),
            covered=sum(c.covered for c in covered),
            shadow=sum(c.reason == "shadow" for c in covered),
            gaps=[_covered(c) for c in covered if c.reason not in NO_GAP],
        ),
        version=kept.version,
        set_at=kept.set_at,
        zones=[_zone(z) for z in setup.zones],
        pairs=[PairForm(x=p.x, y=p.y, lat=p.lat, lon=p.lon) for p in setup.pairs],
        behaviours=sorted(setup.behaviours),
        shadow=sorted(setup.shadow),
        ground=_ground(config.ground(setup)),
        coverage=[_covered(c) for c in covered],
        tunings=tuned,
    )


def _covered(c: Covered) -> CoveredShown:
    said = REASONS[c.reason]
    return CoveredShown(behaviour=c.behaviour, covered=c.covered, reason=c.reason, reason_ko=said.ko, reason_en=said.en)


def _zone(z: Zone) -> ZoneForm:
    return ZoneForm(
        id=z.zone_id,
        kind=cast(Literal["zone", "line"], z.kind),
        purpose=z.purpose,
        name=z.name,
        points=list(z.points),
        hours=[HoursForm(days=list(h.days), from_min=h.from_min, until_min=h.until_min) for h in z.hours],
        limits=dict(z.limits),
    )


def _ground(found: Ground | None) -> GroundShown | None:
    if found is None:
        return None
    return GroundShown(
        homography=list(found.homography),
        origin_lat=found.origin.lat,
        origin_lon=found.origin.lon,
        residual_m=round(found.residual_m, 3),
    )


async def _tunings(tx: Tx, found: list[Tuning]) -> list[TuningShown]:
    known = await cameras_of(tx, (t.camera_id for t in found))
    standing = await store.tunings(tx, ["in_force"])
    before = {(t.camera_id, t.behaviour, "proposed"): t.threshold for t in standing}
    return [
        TuningShown(
            camera_id=t.camera_id,
            camera_code=known[t.camera_id].code if t.camera_id in known else "",
            behaviour=t.behaviour,
            version=t.version,
            state=cast(State, t.state),
            threshold=t.threshold,
            threshold_before=before.get((t.camera_id, t.behaviour, t.state), BASE[t.behaviour]),
            slope=t.platt.slope,
            offset=t.platt.offset,
            trues=t.trues,
            falses=t.falses,
            brier=t.brier,
            brier_before=t.brier_before,
            kept_share=t.kept_share,
            made_at=t.made_at,
        )
        for t in found
    ]
