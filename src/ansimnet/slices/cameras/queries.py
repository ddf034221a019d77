"""What other slices may ask about cameras. Cameras are things: no personal data here, so no permit."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansimnet.facts.cameras import CameraHealthChanged
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import store
from ansimnet.slices.cameras.model import BlindMap, Camera, SeeingCamera, Sense, Source
from ansimnet.slices.cameras.rules import blindmap, lookup

__all__ = [
    "Camera",
    "Registry",
    "SeeingCamera",
    "Source",
    "by_code",
    "by_ids",
    "kept_shorter",
    "listened",
    "note_health",
    "source_of",
    "sources",
    "with_stream",
    "within",
]


@dataclass(slots=True)
class _Held:
    ids: list[CameraId]
    index: lookup.Lookup


class Registry:
    """The look-up of one centre, built on first use and again after each import."""

    def __init__(self, db: Db, map_data: MapData) -> None:
        self.db = db
        self.map_data = map_data
        self._held: _Held | None = None
        self._lock = asyncio.Lock()
        self._mapping = asyncio.Lock()

    async def sees(self, p: Point, *, limit: int = 16) -> list[SeeingCamera]:
        """Return the cameras that see a point, best first."""
        return (await self.sees_each([p], limit=limit))[0]

    async def sees_each(self, points: Sequence[Point], *, limit: int = 16) -> list[list[SeeingCamera]]:
        """Return for each point the cameras that see it, best first; one question to the database for all."""
        held = await self._load()
        found = [lookup.sees(held.index, p, limit=limit) for p in points]
        async with self.db.transaction() as tx:
            known = await store.load_cameras(tx, {held.ids[s.number] for sights in found for s in sights})
        return [
            [
                SeeingCamera(known[held.ids[s.number]], s.distance_m, s.off_axis_deg, s.cost)
                for s in sights
                if held.ids[s.number] in known
            ]
            for sights in found
        ]

    async def watch(self) -> None:
        """Forget the look-up whenever an import changed the registry. Runs for ever."""
        async for centre in self.db.listen("cameras_changed"):
            if centre == str(self.db.centre_id):
                self._held = None

    async def blind_map(self, sense: Sense) -> BlindMap:
        """Return what the cameras of one sense do not cover, and what would help: for the facility manager alone.

        Raises:
            NotFound: no streets are imported.
        """
        streets = self.map_data.streets
        if streets is None:
            raise NotFound("no streets are imported", todo="import the map's nodes and edges")
        async with self.db.transaction() as tx:
            ids, columns, without = await store.load_views(tx, sense)
            restrictions = await store.load_restrictions(tx)
        walls = lookup.walls_of(self.map_data.buildings)
        async with self._mapping:  # one at a time: a district takes a core for seconds
            return await asyncio.to_thread(
                blindmap.draw, streets, walls, ids, columns, sense=sense, without=without, restrictions=restrictions
            )

    async def _load(self) -> _Held:
        async with self._lock:
            if self._held is None:
                async with self.db.transaction() as tx:
                    ids, c = await store.load_columns(tx)
                walls = lookup.walls_of(self.map_data.buildings)
                index = await asyncio.to_thread(lookup.build, c[:, 0], c[:, 1], c[:, 2], c[:, 3], c[:, 4], walls=walls)
                self._held = _Held(ids, index)
            return self._held


async def by_ids(tx: Tx, ids: Iterable[CameraId]) -> dict[CameraId, Camera]:
    """Return the named cameras that are in service."""
    return await store.load_cameras(tx, ids)


async def within(tx: Tx, middle: Point, radius_m: float) -> list[Camera]:
    """Return the cameras in service that stand within so many metres of a point."""
    lat = radius_m / 110_500.0 + 1e-6  # metres in a degree of latitude where it is shortest: the box is never too small
    lon = lat / max(0.01, math.cos(math.radians(abs(middle.lat) + lat)))
    found = await store.load_box(tx, middle.lat - lat, middle.lon - lon, middle.lat + lat, middle.lon + lon)
    return [c for c in found if distance_m(Point(c.lat, c.lon), middle) <= radius_m]


async def by_code(tx: Tx, code: str) -> Camera | None:
    """Return the camera with this code."""
    return await store.find_by_code(tx, code)


async def sources(tx: Tx) -> list[Source]:
    """Return every camera that has a stream, with its addresses: for the relay alone."""
    return await store.load_sources(tx)


async def source_of(tx: Tx, camera_id: CameraId) -> Source | None:
    """Return one camera in service with its addresses: for whoever asks the device itself, at that host alone."""
    return next(iter(await store.load_sources(tx, camera_id)), None)


async def listened(tx: Tx, now: datetime) -> dict[CameraId, datetime]:
    """Return the cameras whose site has a ground of its own for sound in force, and its end: nobody else's is heard."""
    return {g.camera_id: g.until_at for g in reversed(await store.load_sound_grounds(tx, now))}


async def with_stream(tx: Tx) -> list[CameraId]:
    """Return every camera in service that has a stream: those that can be measured."""
    return await store.load_with_stream(tx)


async def heat_of(tx: Tx) -> dict[CameraId, tuple[float, float]]:
    """Return the cameras whose heat sensor sends pictures, with the degrees Celsius of their darkest and brightest."""
    return await store.load_heat(tx)


async def kept_shorter(tx: Tx, than_days: int) -> dict[CameraId, int]:
    """Return the cameras, removed ones too, whose footage is kept for fewer days than that, and how many."""
    return await store.load_kept_shorter(tx, than_days)


async def note_health(tx: Tx, camera_id: CameraId, live: bool, reason: str, *, now: datetime) -> None:
    """Note that a camera fell silent or speaks again; safe to repeat, told once per change."""
    if await store.save_health(tx, camera_id, live, reason, now):
        fact = CameraHealthChanged(
            fact_id=FactId(new_id()), happened_at=now, camera_id=camera_id, live=live, reason=reason
        )
        await append(tx, fact, actor="system:cameras")
