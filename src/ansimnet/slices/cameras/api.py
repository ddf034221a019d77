"""Routes of the camera registry and of the map. City tenant; the tracking centre asks over the link."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.http import door
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import queries, service, store
from ansimnet.slices.cameras.model import Restriction, Sense, SoundGround
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account

MOST_LOOKED_UP = 8
"""Ours: whoever looks one camera up sees these, never the register."""
MAX_REASONS = 1_000
"""Reasons an answer lists; the report says how many there are in all."""


class RestrictionForm(BaseModel):
    """A place where no camera may be put."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    clause: str = Field(min_length=1, max_length=200)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(ge=5, le=500)
    owner: str = Field(min_length=1, max_length=100)
    close_by: date


class SoundGroundForm(BaseModel):
    """Why the kinds of sound at a camera may be told."""

    model_config = ConfigDict(extra="forbid")

    clause: str = Field(min_length=1, max_length=200)
    decision: str = Field(min_length=1, max_length=200)
    assessed_on: date
    sign_on: date
    until_at: AwareDatetime


def routes(dbs: Dbs, registry: Registry, map_data: MapData, clock: Clock) -> APIRouter:
    """Return the routes."""
    city = dbs.city
    api = APIRouter(prefix="/api/v1", tags=["cameras"])

    async def permit(account: Account, act: Act, resource: UUID | None = None) -> None:
        await policy.permit(
            dbs.of(account.centre_id),
            account,
            act,
            resource=resource,
            purpose=_purpose(account, city),
            screen="cameras",
            now=clock.now(),
        )

    @api.post("/cameras/imports")
    async def import_cameras(
        account: Annotated[Account, Depends(door(Act.IMPORT_CAMERAS))], file: UploadFile
    ) -> dict[str, Any]:
        """Take a register file, whole or not at all; the answer lists every refused row."""
        await permit(account, Act.IMPORT_CAMERAS)
        with tempfile.TemporaryDirectory() as folder:
            said = Path((file.filename or "").replace("\0", "")).name[-100:]  # the sender's words, never a place
            path = Path(folder) / (said if said.strip(".") else "register.csv")
            with path.open("wb") as out:
                while chunk := await file.read(1 << 20):
                    await asyncio.to_thread(out.write, chunk)
            report = await service.import_cameras(city, path, actor=f"account:{account.account_id}", now=clock.now())
        answer = asdict(report)
        for key in ("refusals", "remarks"):
            answer[f"{key}_in_all"] = len(answer[key])
            answer[key] = [{"line": line, "reason": why} for line, why in answer[key][:MAX_REASONS]]
        return answer

    @api.get("/cameras/points")
    async def points(account: Annotated[Account, Depends(door(Act.READ_CAMERAS))]) -> dict[str, Any]:
        """Every camera as columns: 100,000 of them are about 4 MB."""
        await permit(account, Act.READ_CAMERAS)
        async with city.transaction() as tx:
            ids, c = await store.load_columns(tx)
        azimuth = [None if a != a else round(a, 1) for a in c[:, 2].tolist()]
        return {
            "centre": str(city.centre_id),
            "count": len(ids),
            "cameras": {"id": ids, "lat": c[:, 0].tolist(), "lon": c[:, 1].tolist(), "azimuth": azimuth},
        }

    @api.get("/cameras/sees")
    async def sees(
        account: Annotated[Account, Depends(door(Act.READ_CAMERAS))],
        lat: Annotated[float, Query(ge=-90, le=90)],
        lon: Annotated[float, Query(ge=-180, le=180)],
        limit: Annotated[int, Query(ge=1, le=64)] = 16,
    ) -> dict[str, Any]:
        """The cameras that see a point, best first; `off_axis_deg` null: nobody recorded where it looks."""
        await permit(account, Act.READ_CAMERAS)
        found = await registry.sees(Point(lat, lon), limit=limit)
        return {
            "cameras": [asdict(f.camera) | {"distance_m": f.distance_m, "off_axis_deg": f.off_axis_deg} for f in found]
        }

    @api.get("/cameras/named")
    async def named(
        account: Annotated[Account, Depends(door(Act.READ_CAMERAS))],
        words: Annotated[str, Query(max_length=80)] = "",
        limit: Annotated[int, Query(ge=1, le=64)] = 20,
    ) -> dict[str, Any]:
        """Cameras by words of their code or address, as people call them; the first of all without any."""
        await permit(account, Act.READ_CAMERAS)
        async with city.transaction() as tx:
            return {"cameras": [asdict(c) for c in await store.find_named(tx, words.strip(), limit)]}

    @api.get("/cameras/look-up")
    async def look_up(
        account: Annotated[Account, Depends(door(Act.FIND_CAMERA))],
        words: Annotated[str, Query(max_length=80, pattern=r"\S.*\S", description="Two signs or more.")],
    ) -> dict[str, Any]:
        """Cameras to name in an order or a hold, by words of their code or address: nothing else of them.

        For whoever may not read the register; what it sees, how it is and where its stream comes from stay unsaid.
        """
        await policy.permit(
            dbs.of(account.centre_id),
            account,
            Act.FIND_CAMERA,
            purpose=Purpose.INVESTIGATE,
            screen="orders",
            now=clock.now(),
        )
        async with city.transaction() as tx:
            found = await store.find_named(tx, words.strip(), MOST_LOOKED_UP)
        return {"cameras": [{"camera_id": c.camera_id, "code": c.code, "address": c.address} for c in found]}

    async def keeper(account: Account) -> None:
        await policy.permit(
            city,
            account,
            Act.MANAGE_FACILITIES,
            purpose=Purpose.MAINTAIN,
            screen="blind-spots",
            now=clock.now(),
        )

    @api.get("/cameras/blind-spots")
    async def blind_spots(
        account: Annotated[Account, Depends(door(Act.MANAGE_FACILITIES))], sense: Sense = Sense.DAY
    ) -> dict[str, Any]:
        """Metres of street that no camera with this sense covers, what would help most, and restricted places.

        For the facility manager alone: it says where nobody looks.
        """
        await keeper(account)
        found = await registry.blind_map(sense)
        named = {t.camera_id for t in found.turns} | {c for g in found.gaps for c, _ in g.substitutes}
        async with city.transaction() as tx:
            cameras = await queries.by_ids(tx, named)
        gaps = [asdict(g) | {"open": g.open} for g in found.gaps]
        return asdict(found) | {"gaps": gaps, "named": [asdict(c) for c in cameras.values()]}

    @api.post("/cameras/restrictions", status_code=201)
    async def restrict(
        form: RestrictionForm, account: Annotated[Account, Depends(door(Act.MANAGE_FACILITIES))]
    ) -> dict[str, Any]:
        """Note a place where no camera may be put, by which clause, and who answers for its gap until when."""
        await keeper(account)
        made = Restriction(new_id(), **form.model_dump())
        async with city.transaction() as tx:
            await service.restrict(tx, made, account.account_id, clock.now())
        await service.answer_gaps(registry, clock.now())
        return {"restriction_id": made.restriction_id}

    async def installer(account: Account, camera_id: UUID) -> None:
        await policy.permit(
            city,
            account,
            Act.SET_UP_CAMERA,
            resource=camera_id,
            purpose=Purpose.MAINTAIN,
            screen="cameras",
            now=clock.now(),
        )

    @api.get("/cameras/{camera_id}/sound-ground")
    async def sound_ground(
        account: Annotated[Account, Depends(door(Act.SET_UP_CAMERA))], camera_id: UUID
    ) -> dict[str, Any]:
        """The ground by which this camera's sound may be listened to; null: it never is."""
        await installer(account, camera_id)
        async with city.transaction() as tx:
            found = await store.load_sound_grounds(tx, clock.now(), CameraId(camera_id))
        return {"ground": asdict(found[0]) if found else None}

    @api.put("/cameras/{camera_id}/sound-ground", status_code=201)
    async def permit_sound(
        form: SoundGroundForm, account: Annotated[Account, Depends(door(Act.SET_UP_CAMERA))], camera_id: UUID
    ) -> dict[str, Any]:
        """Note a site's own ground to tell kinds of sound, in memory alone: clause, decision, assessment, sign, end."""
        await installer(account, camera_id)
        now = clock.now()
        made = SoundGround(new_id(), CameraId(camera_id), from_at=now, **form.model_dump())
        async with city.transaction() as tx:
            await service.permit_sound(tx, made, account.account_id, now)
        return {"ground_id": made.ground_id}

    @api.delete("/cameras/{camera_id}/sound-ground")
    async def forbid_sound(
        account: Annotated[Account, Depends(door(Act.SET_UP_CAMERA))], camera_id: UUID
    ) -> dict[str, Any]:
        """End it: within seconds nobody listens any more."""
        await installer(account, camera_id)
        async with city.transaction() as tx:
            return {"ended": await service.forbid_sound(tx, CameraId(camera_id), account.account_id, clock.now())}

    @api.get("/cameras/{camera_id}")
    async def one(account: Annotated[Account, Depends(door(Act.READ_CAMERAS))], camera_id: UUID) -> dict[str, Any]:
        """One camera; never where its stream comes from."""
        await permit(account, Act.READ_CAMERAS)
        async with city.transaction() as tx:
            camera = (await queries.by_ids(tx, [CameraId(camera_id)])).get(CameraId(camera_id))
        if camera is None:
            raise NotFound("there is no such camera in service")
        return asdict(camera)

    @cache
    def style_data() -> dict[str, Any]:
        return _style_data(map_data)

    @api.get("/map/style-data")
    async def style(account: Annotated[Account, Depends(door(Act.READ_MAP))]) -> dict[str, Any]:
        """Streets, buildings, boundaries and places of the base map: no person, no camera."""
        await permit(account, Act.READ_MAP)
        return await asyncio.to_thread(style_data)

    return api


def _purpose(account: Account, city: Db) -> Purpose:
    if account.role is Role.INVESTIGATOR:
        return Purpose.INVESTIGATE
    return Purpose.OPERATE if account.centre_id == city.centre_id else Purpose.RESPOND


def _style_data(map_data: MapData) -> dict[str, Any]:
    features: list[dict[str, Any]] = []
    streets = map_data.streets
    if streets is not None:
        places = [streets.place(i) for i in range(len(streets.x_m))]
        for u, v, rank, name in zip(streets.u, streets.v, streets.rank, streets.names, strict=True):
            line = [[round(places[n].lon, 6), round(places[n].lat, 6)] for n in (u, v)]
            features.append({
                "type": "Feature",
                "properties": {"class": f"r{rank}", "name": name},
                "geometry": {"type": "LineString", "coordinates": line},
            })  # fmt: skip
    every = [c for f in features for c in f["geometry"]["coordinates"]]
    bounds = (
        [min(c[0] for c in every), min(c[1] for c in every), max(c[0] for c in every), max(c[1] for c in every)]
        if every
        else None
    )
    rings = [[[round(p.lon, 6), round(p.lat, 6)] for p in ring] for ring in map_data.buildings]
    return {
        "bounds": bounds,
        "streets": {"type": "FeatureCollection", "features": features},
        "buildings": {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [r]}}
                for r in rings
            ],
        },
        "boundaries": map_data.boundaries,
        "places": [
            {"name": p.name, "kind": p.kind, "staffed": p.staffed, "lat": p.point.lat, "lon": p.point.lon}
            for p in map_data.places
        ],
    }
